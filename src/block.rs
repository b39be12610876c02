//! Many reflectors at once: H₁ H₂ … H_k = I − V T Vᴴ with T upper triangular (Schreiber & Van Loan 1989, compact WY).
//!
//! The application to a matrix is then three matrix products in place of k passes over it.

use num_complex::Complex;

use crate::bidiagonal::{Apply, Tau};
use crate::kernel::{Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes, padded};
use crate::scalar::Real;

/// Reflectors in one block.
pub(crate) const BLOCK: usize = 32;

/// Below this many, one after the other is faster, and needs no scratch.
pub(crate) const FEW: usize = 24;

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

/// C ← Q C or Qᴴ C for the reflectors in the columns of `v`, which are zero above the diagonal: column j is the reflector of row `first` + j.
/// `scratch` has [`padded`]([`BLOCK`]) rows and [`scratch_cols`] columns.
pub(crate) fn apply<R: Real>(
    level: Level,
    product: Product,
    v: &Planes<'_, R>,
    tau: &[Tau<R>],
    c: &mut Planes<'_, R>,
    scratch: &mut [Lane<R>],
) {
    if product == Product::Forward && tau.len() < FEW && v.depth == c.depth {
        return level.run(Apply { v, tau, c: c.reborrow() });
    }
    let starts = (0..tau.len()).step_by(BLOCK);
    let mut one = |start: usize| {
        let count = BLOCK.min(tau.len() - start);
        apply_block(level, product, v, (start, start), &tau[start..start + count], c, scratch);
    };
    match product {
        Product::Forward => starts.rev().for_each(&mut one),
        Product::Adjoint => starts.for_each(&mut one),
    }
}

/// The same for one block: the reflectors in the columns of `v` from `column` on, the first of which is that of row `row`.
pub(crate) fn apply_block<R: Real>(
    level: Level,
    product: Product,
    v: &Planes<'_, R>,
    (column, row): (usize, usize),
    tau: &[Tau<R>],
    c: &mut Planes<'_, R>,
    scratch: &mut [Lane<R>],
) {
    let (k, depth, parts) = (tau.len(), v.depth, v.parts);
    // Whole lanes: the rows above are zero in V.
    let top = row / LANES * LANES;
    let rows = depth * LANES - top;
    let cols = c.data.len() / c.stride().max(1);
    let small = padded(BLOCK) / LANES;
    let v = Block { data: &v.data[column * v.stride()..], shape: PlaneShape { top, rows, cols: k, depth, parts } };
    let square = PlaneShape { top: 0, rows: k, cols: k, depth: small, parts };
    let wide = PlaneShape { cols, ..square };
    let (t, rest) = scratch.split_at_mut(small * parts * BLOCK);
    let (gram, rest) = rest.split_at_mut(small * parts * BLOCK);
    let (w, z) = rest.split_at_mut(small * parts * cols);
    let (one, fresh) = (R::one(), false);

    let mut gram = BlockMut { data: gram, shape: square };
    gram.set_product(level, (fresh, one), (v, true), v);
    let mut factor = Planes { data: t, depth: small, parts };
    triangular_factor(&mut factor, &Planes { data: gram.data, depth: small, parts }, tau);
    let t = Block { data: factor.data, shape: square };

    // The columns of C may be longer than those of V.
    let c_shape = PlaneShape { top, rows, cols, depth: c.depth, parts };
    let mut c = BlockMut { data: c.data, shape: c_shape };
    let mut w = BlockMut { data: w, shape: wide };
    w.set_product(level, (fresh, one), (v, true), c.as_block());
    let mut z = BlockMut { data: z, shape: wide };
    z.set_product(level, (fresh, one), (t, product == Product::Adjoint), w.as_block());
    c.set_product(level, (true, -one), (v, false), z.as_block());
}

/// T from VᴴV: column j is −τⱼ T VᴴVⱼ above the diagonal and τⱼ on it.
fn triangular_factor<R: Real>(t: &mut Planes<'_, R>, gram: &Planes<'_, R>, tau: &[Tau<R>]) {
    t.data.fill([R::zero(); LANES]);
    for (j, &[re, im]) in tau.iter().enumerate() {
        let tau = Complex { re, im };
        for i in 0..j {
            let zero = Complex { re: R::zero(), im: R::zero() };
            let sum = (i..j).fold(zero, |sum, l| sum + t.get(i, l) * gram.get(l, j));
            t.set(i, j, -tau * sum);
        }
        t.set(j, j, tau);
    }
}
