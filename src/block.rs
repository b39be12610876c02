//! Many reflectors at once: H₁ H₂ … H_k = I − V T Vᴴ with T upper triangular (Schreiber & Van Loan 1989, compact WY).
//!
//! The application to a matrix is then three matrix products in place of k passes over it.

use num_complex::Complex;

use crate::bidiagonal::{Apply, Tau};
use crate::kernel::{Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes, padded};
use crate::scalar::Real;

/// Reflectors in one block.
pub(crate) const BLOCK: usize = 32;

/// Columns whose reflectors are found, and applied, one after the other.
pub(crate) const PANEL: usize = 8;

/// Work storage for the application to a matrix of `cols` columns: T and VᴴV, then VᴴC and T VᴴC.
pub(crate) const fn scratch_cols(cols: usize) -> usize {
    cols.saturating_add(BLOCK).saturating_mul(2)
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
        apply_block(level, Product::Forward, reflectors.block(start), c, filled, scratch);
        filled = c.depth;
    }
}

/// The same for one block, and its adjoint. `filled` counts lanes; beyond them VᴴC is known to be zero.
pub(crate) fn apply_block<R: Real>(
    level: Level,
    product: Product,
    reflectors: Reflectors<'_, R>,
    c: &mut Planes<'_, R>,
    filled: usize,
    scratch: &mut [Lane<R>],
) {
    let Reflectors { v, depth, parts, row, tau } = reflectors;
    let k = tau.len();
    // Whole lanes: the rows above are zero in V.
    let top = row / LANES;
    let lanes = depth - top;
    let cols = c.data.len() / c.stride().max(1);
    let small = padded(BLOCK) / LANES;
    let v = Block { data: v, shape: PlaneShape { top, lanes, cols: k, depth, parts } };
    let square = PlaneShape { top: 0, lanes: small, cols: k, depth: small, parts };
    let wide = PlaneShape { cols, ..square };
    let (t, rest) = scratch.split_at_mut(small * parts * BLOCK);
    let (gram, rest) = rest.split_at_mut(small * parts * BLOCK);
    let (w, z) = rest.split_at_mut(small * parts * cols);

    let mut gram = BlockMut { data: gram, shape: square };
    gram.set_overlap(level, v, v);
    let mut factor = Planes { data: t, depth: small, parts };
    triangular_factor(&mut factor, &Planes { data: gram.data, depth: small, parts }, tau);
    let t = Block { data: factor.data, shape: square };

    // The columns of C may be longer than those of V.
    let c_shape = PlaneShape { top, lanes, cols, depth: c.depth, parts };
    let mut c = BlockMut { data: c.data, shape: c_shape };
    let mut w = BlockMut { data: w, shape: wide };
    w.set_overlap(level, v.first_lanes(filled - top.min(filled)), c.as_block());
    let mut z = BlockMut { data: &mut z[..small * parts * cols], shape: wide };
    match product {
        Product::Adjoint => z.set_overlap(level, t, w.as_block()),
        Product::Forward => {
            z.data.fill([R::zero(); LANES]);
            z.add_product(level, &[t], w.as_block());
        }
    }
    c.add_product(level, &[v], z.as_block());
}

/// −T from VᴴV: column j of T is −τⱼ T VᴴVⱼ above the diagonal and τⱼ on it.
fn triangular_factor<R: Real>(t: &mut Planes<'_, R>, gram: &Planes<'_, R>, tau: &[Tau<R>]) {
    t.data.fill([R::zero(); LANES]);
    for (j, &[re, im]) in tau.iter().enumerate() {
        let tau = Complex { re, im };
        for i in 0..j {
            let zero = Complex { re: R::zero(), im: R::zero() };
            let sum = (i..j).fold(zero, |sum, l| sum + t.get(i, l) * gram.get(l, j));
            t.set(i, j, -tau * sum);
        }
        t.set(j, j, -tau);
    }
}
