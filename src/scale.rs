//! The copy passes: A, or Aᴴ, into the work storage, divided by a power of two, and the bases out of it.
//!
//! Every later stage may then square entries freely. The division is exact but for entries 2¹⁰²² times smaller than
//! the largest one, and it makes the result independent of the scale of A to the last bit.

use crate::error::Error;
use crate::kernel::{LANES, Lane, Planes, cast};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};

/// Largest modulus of a part of any entry.
///
/// # Errors
/// [`Error::NonFinite`] with the position of the first entry that is infinite or NaN.
pub(crate) fn largest_part<S: Scalar>(a: MatRef<'_, S>) -> Result<S::Real, Error> {
    let mut seen = Seen { largest: [S::Real::zero(); LANES], finite: [S::Real::zero(); LANES] };
    // Along whichever side lies in one piece.
    let view = if a.row_stride() == 1 { a } else { a.transpose() };
    for j in 0..view.cols() {
        match view.contiguous_col(j) {
            Some(column) if cast::is_reals::<S>() => seen.visit(cast::reals_of(column)),
            _ => (0..view.rows()).for_each(|i| seen.visit(&[view.at(i, j).re(), view.at(i, j).im()])),
        }
    }
    if seen.finite.iter().any(|x| *x != S::Real::zero()) {
        a.check_finite("the matrix")?;
    }
    Ok(seen.largest.iter().fold(S::Real::zero(), |max, x| max.larger(*x)))
}

/// What was seen at each place of the lanes: the largest modulus, and zero if all were finite.
struct Seen<R> {
    largest: Lane<R>,
    finite: Lane<R>,
}

impl<R: Real> Seen<R> {
    fn visit(&mut self, reals: &[R]) {
        let (lanes, rest) = reals.as_chunks::<LANES>();
        for lane in lanes.iter().map(|lane| &lane[..]).chain([rest]) {
            for ((largest, finite), &x) in self.largest.iter_mut().zip(&mut self.finite).zip(lane) {
                *largest = largest.larger(x.abs());
                // NaN from an infinity or a NaN, and it stays.
                *finite += x * R::zero();
            }
        }
    }
}

/// Writes 2⁻ᵖ A (or 2⁻ᵖ Aᴴ) to the leading columns of `work`, its padding included.
pub(crate) fn load<S: Scalar>(a: MatRef<'_, S>, adjoint: bool, p: i32, mut work: Planes<'_, S::Real>) {
    let view = if adjoint { a.transpose() } else { a };
    let (depth, rows) = (work.depth, view.rows());
    let sign = if adjoint { -S::Real::one() } else { S::Real::one() };
    // One factor, where that is a number of the type.
    let factor = S::Real::one().mul_pow2(-p);
    let whole = (S::Real::MIN_EXPONENT..=S::Real::MAX_EXPONENT).contains(&-p);
    let convert = |x: S| {
        let x = if whole { x.scale(factor) } else { x.scale_pow2(-p) };
        (x.re(), sign * x.im())
    };
    for j in 0..view.cols() {
        let (re, im) = work.column(j).as_flattened_mut().split_at_mut(depth * LANES);
        re[rows..].fill(S::Real::zero());
        im.iter_mut().skip(rows).for_each(|x| *x = S::Real::zero());
        let mut write = |i: usize, x: S| {
            let parts = convert(x);
            re[i] = parts.0;
            if S::PARTS == 2 {
                im[i] = parts.1;
            }
        };
        match view.contiguous_col(j) {
            Some(source) => source.iter().enumerate().for_each(|(i, &x)| write(i, x)),
            None => (0..rows).for_each(|i| write(i, view.at(i, j))),
        }
    }
}

/// Copies the leading columns of a basis out.
pub(crate) fn unload<S: Scalar>(basis: &Planes<'_, S::Real>, mut to: MatMut<'_, S>) {
    let stride = basis.stride();
    for (j, column) in basis.data.chunks_exact(stride).take(to.cols()).enumerate() {
        let (re, im) = column.as_flattened().split_at(basis.depth * LANES);
        let entry = |i: usize| S::from_parts(re[i], if S::PARTS == 2 { im[i] } else { re[i] });
        match to.contiguous_col(j) {
            Some(target) => target.iter_mut().enumerate().for_each(|(i, x)| *x = entry(i)),
            None => (0..to.rows()).for_each(|i| to.put(i, j, entry(i))),
        }
    }
}

/// The exponent that brings `largest` to [1, 2); 0 for a matrix of zeros.
pub(crate) fn exponent<R: Real>(largest: R) -> i32 {
    if largest == R::zero() { 0 } else { largest.exponent() }
}
