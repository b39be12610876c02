//! Complex arithmetic that holds over the whole exponent range.
//!
//! `num_complex` divides by |z|² and so fails beyond the square roots of the range: 1/(1e-200 + 1e-200 i) is
//! `inf + NaN i` there. Here the divisor is first brought to unit size by a power of two, which is exact, where its square would leave the range.

use num_complex::Complex;

use crate::rotation::tiny;
use crate::scalar::{Real, Scalar, Zero};

/// 1/z. Accurate to a few ε in modulus wherever the result is representable; infinite parts where z = 0.
#[inline(always)]
pub(crate) fn recip<R: Real>(z: Complex<R>) -> Complex<R> {
    let squared = z.modulus_squared();
    if squared > tiny() && squared < tiny::<R>().recip() {
        return Complex { re: z.re / squared, im: -z.im / squared };
    }
    extreme_recip(z)
}

/// [`recip`] where the square leaves the range.
#[cold]
fn extreme_recip<R: Real>(z: Complex<R>) -> Complex<R> {
    let size = z.max_part();
    if size == R::zero() {
        return Complex { re: R::one() / size, im: R::zero() };
    }
    let p = size.exponent();
    let w = z.scale_pow2(-p);
    let squared = w.modulus_squared();
    Complex { re: w.re / squared, im: -w.im / squared }.scale_pow2(-p)
}

/// z/|z|, of modulus 1 to a few ε; 1 where z = 0.
pub(crate) fn phase<S: Scalar>(z: S) -> S {
    let size = z.max_part();
    if size == S::Real::zero() {
        return S::one();
    }
    let w = z.scale_pow2(-size.exponent());
    let modulus = w.modulus();
    S::from_parts(w.re() / modulus, w.im() / modulus)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::One;

    #[test]
    fn reciprocal_at_both_ends_of_the_range() {
        for size in [1e-300, 1e-200, 1.0, 1e200, 1e300] {
            let z = Complex::new(3.0 * size, -4.0 * size);
            let error = z * recip(z) - Complex::one();
            assert!(error.modulus() < 4.0 * f64::EPSILON, "{size}: {error}");
        }
    }

    #[test]
    fn reciprocal_of_zero_is_infinite() {
        for sign in [1.0, -1.0] {
            let infinite = recip(Complex::new(sign * 0.0_f64, 0.0));
            assert_eq!((infinite.re, infinite.im), (f64::INFINITY, 0.0));
        }
    }

    #[test]
    fn phase_of_subnormal_and_of_zero() {
        let tiny = phase(Complex::new(5e-324, -5e-324));
        assert!((tiny.modulus() - 1.0).abs() < 2.0 * f64::EPSILON);
        assert_eq!(phase(Complex::new(0.0, 0.0)), Complex::one());
        assert_eq!(phase(-3.0_f32), -1.0);
    }
}
