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

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;

    #[test]
    fn norms_at_every_size() {
        for p in [-1060, -600, 0, 600, 1020] {
            let unit = |x: f64| x.mul_pow2(p);
            assert_eq!(norm(&[unit(3.0), unit(-4.0)]), unit(5.0), "2^{p}");
            assert_eq!(norm(&[Complex::new(unit(2.0), unit(4.0)), Complex::new(unit(-4.0), 0.0)]), unit(6.0), "2^{p}");
        }
        assert_eq!([norm::<f64>(&[]), norm(&[0.0, 0.0])], [0.0; 2]);
        assert_eq!(norm(&[1.0, f64::NEG_INFINITY]), f64::INFINITY);
    }
}
