//! The copy pass: A, or Aᴴ, into the work storage, divided by a power of two.
//!
//! Every later stage may then square entries freely. The division is exact but for entries 2¹⁰²² times smaller than
//! the largest one, and it makes the result independent of the scale of A to the last bit.

use crate::error::Error;
use crate::kernel::{LANES, Planes};
use crate::matrix::MatRef;
use crate::scalar::{One, Real, Scalar, Zero};

/// Largest modulus of a part of any entry.
///
/// # Errors
/// [`Error::NonFinite`] with the position of the first entry that is infinite or NaN.
pub(crate) fn largest_part<S: Scalar>(a: MatRef<'_, S>) -> Result<S::Real, Error> {
    let mut largest = S::Real::zero();
    let mut finite = true;
    let mut visit = |x: &S| {
        finite &= x.is_finite();
        largest = largest.larger(x.max_part());
    };
    for j in 0..a.cols() {
        match a.contiguous_col(j) {
            Some(column) => column.iter().for_each(&mut visit),
            None => (0..a.rows()).for_each(|i| visit(&a.at(i, j))),
        }
    }
    if !finite {
        a.check_finite("the matrix")?;
    }
    Ok(largest)
}

/// Writes 2⁻ᵖ A (or 2⁻ᵖ Aᴴ) to the leading columns of `work`, its padding included.
pub(crate) fn load<S: Scalar>(a: MatRef<'_, S>, adjoint: bool, p: i32, work: &mut Planes<'_, S::Real>) {
    let view = if adjoint { a.transpose() } else { a };
    let (depth, rows) = (work.depth, view.rows());
    let sign = if adjoint { -S::Real::one() } else { S::Real::one() };
    let convert = |x: S| {
        let x = if p == 0 { x } else { x.scale_pow2(-p) };
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

/// The exponent that brings `largest` to [1, 2); 0 for a matrix of zeros.
pub(crate) fn exponent<R: Real>(largest: R) -> i32 {
    if largest == R::zero() { 0 } else { largest.exponent() }
}
