//! Many reflectors at once: H₁ H₂ … H_k = I − V T Vᴴ with T upper triangular (Schreiber & Van Loan 1989, compact WY).
//!
//! The application to a matrix is then three matrix products in place of k passes over it.

use num_complex::Complex;

use crate::bidiagonal::{Apply, Tau};
use crate::kernel::columns::{axpy, multiply};
use crate::kernel::team::join;
use crate::kernel::{Arith, Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes, Task, get, padded, set};
use crate::scalar::Real;

/// Reflectors in one block.
pub(crate) const BLOCK: usize = 32;

/// Columns whose reflectors are found, and applied, one after the other.
pub(crate) const PANEL: usize = 8;

/// Work storage for the application to a matrix of `cols` columns: T and VᴴV, then VᴴC and T VᴴC.
pub(crate) const fn scratch_cols(cols: usize) -> usize {
    cols.saturating_add(BLOCK).saturating_mul(2)
}

/// The same for a matrix whose columns are cut into panels, each with its own.
pub(crate) const fn panels_scratch_cols(cols: usize) -> usize {
    let panels = panels(cols);
    scratch_cols(cols.div_ceil(panels)).saturating_mul(panels)
}

/// Panels of a matrix of `cols` columns: a power of two. Each of them computes T anew, a small part of its work if it is not too narrow.
const fn panels(cols: usize) -> usize {
    let mut panels = 1;
    while panels < 8 && cols / (2 * panels) >= 96 {
        panels *= 2;
    }
    panels
}

/// Which product of the reflectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Product {
    /// H₁ H₂ … H_k.
    Forward,
    /// Its adjoint.
    Adjoint,
}

/// Consecutive reflectors of one matrix.
#[derive(Clone, Copy)]
pub(crate) struct Reflectors<'a, R> {
    /// They stand in the columns from `column` on, zero above their rows.
    pub(crate) v: &'a [Lane<R>],
    /// Lanes in a plane of a column, and planes.
    pub(crate) depth: usize,
    pub(crate) parts: usize,
    /// The row of the first one.
    pub(crate) row: usize,
    pub(crate) tau: &'a [Tau<R>],
}

impl<'a, R: Real> Reflectors<'a, R> {
    /// All that stand in `v`: that of row j in column j.
    pub(crate) fn all(v: &'a Planes<'_, R>, tau: &'a [Tau<R>]) -> Self {
        Reflectors { v: v.data, depth: v.depth, parts: v.parts, row: 0, tau }
    }

    /// Those from `start` on, at most [`BLOCK`].
    fn block(&self, start: usize) -> Self {
        let end = self.tau.len().min(start + BLOCK);
        let v = &self.v[start * self.depth * self.parts..];
        Reflectors { v, row: self.row + start, tau: &self.tau[start..end], ..*self }
    }
}

/// What reflectors are applied to.
pub(crate) struct Target<'a, R> {
    pub(crate) c: Planes<'a, R>,
    /// Lanes of C beyond which VᴴC is known to be zero.
    pub(crate) filled: usize,
    /// Rows that stand elsewhere, where the reflectors are the unit vectors: those of the triangle that a block of rows is joined to.
    pub(crate) head: Option<BlockMut<'a, R>>,
}

/// C ← Q C with the product Q of all reflectors, where C is zero below its first `filled` rows.
/// `scratch` has [`padded`]([`BLOCK`]) rows and [`scratch_cols`] columns.
pub(crate) fn apply<R: Real>(
    level: Level,
    reflectors: Reflectors<'_, R>,
    c: &mut Planes<'_, R>,
    filled: usize,
    scratch: &mut [Lane<R>],
) {
    if reflectors.tau.len() <= PANEL && reflectors.depth == c.depth {
        return level.run(Apply { reflectors, c: c.reborrow() });
    }
    let starts = (0..reflectors.tau.len()).step_by(BLOCK).rev();
    let mut filled = filled.div_ceil(LANES);
    for start in starts {
        let target = Target { c: c.reborrow(), filled, head: None };
        apply_block(level, Product::Forward, reflectors.block(start), target, scratch);
        filled = c.depth;
    }
}

/// [`apply`] to one panel of columns of C after another, or at the same time. `scratch` has [`panels_scratch_cols`] columns.
pub(crate) fn apply_in_panels<R: Real>(
    level: Level,
    reflectors: Reflectors<'_, R>,
    c: Planes<'_, R>,
    filled: usize,
    scratch: &mut [Lane<R>],
) {
    let cols = c.data.len() / c.stride().max(1);
    spread_panels(level, reflectors, (c, cols), panels(cols), (filled, scratch));
}

fn spread_panels<R: Real>(
    level: Level,
    reflectors: Reflectors<'_, R>,
    (mut c, cols): (Planes<'_, R>, usize),
    panels: usize,
    (filled, scratch): (usize, &mut [Lane<R>]),
) {
    if panels == 1 {
        return apply(level, reflectors, &mut c, filled, scratch);
    }
    let (one, other) = scratch.split_at_mut(scratch.len() / 2);
    // The narrower half first, as the columns of no panel are more than their share.
    let middle = cols / 2;
    let (left, right) = c.split(middle);
    join(
        true,
        || spread_panels(level, reflectors, (left, middle), panels / 2, (filled, one)),
        || spread_panels(level, reflectors, (right, cols - middle), panels / 2, (filled, other)),
    );
}

/// The work storage of one block: T and VᴴV, then VᴴC and T VᴴC.
pub(crate) struct Workplace<'a, R> {
    t: &'a mut [Lane<R>],
    gram: &'a mut [Lane<R>],
    pub(crate) w: BlockMut<'a, R>,
    pub(crate) z: BlockMut<'a, R>,
    square: PlaneShape,
}

impl<'a, R: Real> Workplace<'a, R> {
    /// For `k` reflectors and `cols` columns of C.
    pub(crate) fn new(scratch: &'a mut [Lane<R>], parts: usize, k: usize, cols: usize) -> Self {
        let small = padded(BLOCK) / LANES;
        let (t, rest) = scratch.split_at_mut(small * parts * BLOCK);
        let (gram, rest) = rest.split_at_mut(small * parts * BLOCK);
        let (w, z) = rest.split_at_mut(small * parts * cols);
        let square = PlaneShape { top: 0, lanes: small, cols: k, depth: small, parts };
        let shape = PlaneShape { cols, ..square };
        let z = BlockMut { data: &mut z[..small * parts * cols], shape };
        Workplace { t, gram, w: BlockMut { data: w, shape }, z, square }
    }

    /// T of the reflectors.
    fn set_factor(&mut self, level: Level, v: Block<'_, R>, tau: &[Tau<R>]) {
        let mut gram = BlockMut { data: self.gram, shape: self.square };
        gram.set_gram(level, v, 0);
        level.run(TriangularFactor { t: self.t, depth: self.square.depth, gram: gram.as_block(), tau });
    }

    /// T of the reflectors whose VᴴV is known.
    pub(crate) fn set_factor_from(&mut self, level: Level, gram: Block<'_, R>, tau: &[Tau<R>]) {
        level.run(TriangularFactor { t: self.t, depth: self.square.depth, gram, tau });
    }

    /// Z ← −T W or its adjoint.
    pub(crate) fn multiply(&mut self, level: Level, product: Product) {
        let t = Block { data: self.t, shape: self.square };
        match product {
            Product::Adjoint => self.z.set_overlap(level, t, self.w.as_block()),
            Product::Forward => {
                self.z.data.fill([R::zero(); LANES]);
                self.z.add_product(level, &[t], self.w.as_block());
            }
        }
    }
}

/// The same for one block, and its adjoint.
pub(crate) fn apply_block<R: Real>(
    level: Level,
    product: Product,
    reflectors: Reflectors<'_, R>,
    target: Target<'_, R>,
    scratch: &mut [Lane<R>],
) {
    let Reflectors { v, depth, parts, row, tau } = reflectors;
    let Target { c, filled, head } = target;
    // Whole lanes: the rows above are zero in V.
    let top = row / LANES;
    let lanes = depth - top;
    let cols = c.data.len() / c.stride().max(1);
    let v = Block { data: v, shape: PlaneShape { top, lanes, cols: tau.len(), depth, parts } };
    let mut place = Workplace::new(scratch, parts, tau.len(), cols);
    place.set_factor(level, v, tau);
    // The columns of C may be longer than those of V.
    let c_shape = PlaneShape { top, lanes, cols, depth: c.depth, parts };
    let mut c = BlockMut { data: c.data, shape: c_shape };
    place.w.set_overlap(level, v.first_lanes(filled - top.min(filled)), c.as_block());
    if let Some(head) = &head {
        BlockMut { data: place.w.data, shape: PlaneShape { lanes: head.shape.lanes, ..place.w.shape } }
            .add(head.as_block());
    }
    place.multiply(level, product);
    if let Some(mut head) = head {
        head.add(place.z.as_block());
    }
    c.add_product(level, &[v], place.z.as_block());
}

/// −T from VᴴV: column j of T is −τⱼ T VᴴVⱼ above the diagonal and τⱼ on it.
struct TriangularFactor<'a, R> {
    t: &'a mut [Lane<R>],
    depth: usize,
    /// Only what is above the diagonal is looked at.
    gram: Block<'a, R>,
    tau: &'a [Tau<R>],
}

impl<R: Real> Task for TriangularFactor<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.gram.shape.parts == 1 { self.compute::<A, 1>() } else { self.compute::<A, 2>() }
    }
}

impl<R: Real> TriangularFactor<'_, R> {
    #[inline(always)]
    fn compute<A: Arith, const PARTS: usize>(self) {
        let TriangularFactor { t, depth, gram, tau } = self;
        t.fill([R::zero(); LANES]);
        let stride = depth * PARTS;
        let PlaneShape { top, depth: height, .. } = gram.shape;
        for (j, &[re, im]) in tau.iter().enumerate() {
            let (done, rest) = t.split_at_mut(j * stride);
            let column = &mut rest[..stride];
            let tau = Complex { re: -re, im: -im };
            let overlaps = &gram.data[j * height * PARTS..(j + 1) * height * PARTS];
            for (l, other) in done.chunks_exact(stride).enumerate() {
                let factor = multiply::<R, PARTS>(tau, get(overlaps, top * LANES + l, height));
                axpy::<A, R, PARTS>(column, factor, other, depth, 0);
            }
            set(column, j, depth, tau);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_are_as_many_as_are_worth_it() {
        for cols in 0..2000 {
            let panels = panels(cols);
            assert!([1, 2, 4, 8].contains(&panels), "{cols}: {panels}");
            assert!(panels == 1 || cols / panels >= 96, "{cols}: {panels} are too narrow");
            assert!(panels == 8 || cols / (2 * panels) < 96, "{cols}: {panels} are too few");
            // T and VᴴV beside two products with the columns of a panel.
            assert_eq!(panels_scratch_cols(cols), panels * 2 * (BLOCK + cols.div_ceil(panels)), "{cols}");
        }
    }
}
