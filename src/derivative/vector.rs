//! Plain loops over one column: what lies beside the matrix products of the iterations, and does not count beside them.

use crate::scalar::{Real, Scalar, Zero};

/// Re Σ conj(xᵢ) yᵢ.
pub(super) fn inner<S: Scalar>(x: &[S], y: &[S]) -> S::Real {
    x.iter().zip(y).fold(S::Real::zero(), |sum, (&x, &y)| sum + x.re() * y.re() + x.im() * y.im())
}

/// ‖x‖₂ without spurious overflow or underflow.
pub(super) fn norm<S: Scalar>(x: &[S]) -> S::Real {
    let largest = x.iter().fold(S::Real::zero(), |max, x| max.larger(x.max_part()));
    if largest == S::Real::zero() || !Scalar::is_finite(largest) {
        return largest;
    }
    let p = largest.exponent();
    let squared = x.iter().fold(S::Real::zero(), |sum, x| sum + x.scale_pow2(-p).modulus_squared());
    squared.sqrt().mul_pow2(p)
}

/// y ← y + a x.
pub(super) fn add_scaled<S: Scalar>(a: S::Real, x: &[S], y: &mut [S]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y += x.scale(a);
    }
}

/// x ← a x.
pub(super) fn scale<S: Scalar>(a: S::Real, x: &mut [S]) {
    for x in x {
        *x = x.scale(a);
    }
}
