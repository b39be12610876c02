//! Householder reflectors H = I − τ v vᴴ with v₁ = 1, chosen so that Hᴴx = (β, 0, …, 0)ᵀ with real β.
//!
//! As in LAPACK's `larfg`, H is unitary but for complex x not Hermitian: τ carries the phase that makes β real,
//! so that the bidiagonal matrix is real even where A is complex.

use crate::kernel;
use crate::rotation::tiny;
use crate::scalar::{Real, Scalar, Zero};

/// What is left of a vector x once it has become a reflector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reflector<S: Scalar> {
    /// τ; zero where H is the identity.
    pub(crate) tau: S,
    /// β, of modulus ‖x‖.
    pub(crate) beta: S::Real,
}

/// Overwrites x by v (with its leading 1) and returns τ and β. An empty x gives the identity.
///
/// Holds over the whole exponent range. Where only x₁ is non-zero and real, H is exactly the identity:
/// bidiagonal input passes unchanged, to the last bit.
pub(crate) fn reflect<S: Scalar>(x: &mut [S]) -> Reflector<S> {
    let Some((&mut alpha, tail)) = x.split_first_mut() else {
        return Reflector { tau: S::zero(), beta: S::Real::zero() };
    };
    let rest = norm(tail);
    if rest == S::Real::zero() && alpha.im() == S::Real::zero() {
        x[0] = S::one();
        return Reflector { tau: S::zero(), beta: alpha.re() };
    }
    let size = alpha.modulus().hypot(rest);
    if size < tiny() {
        // 1/(α − β) could overflow and β could be subnormal: work at unit size, which is exact.
        let p = size.exponent();
        for entry in x.iter_mut() {
            *entry = entry.scale_pow2(-p);
        }
        let Reflector { tau, beta } = reflect(x);
        return Reflector { tau, beta: beta.mul_pow2(p) };
    }
    let beta = -size.with_sign(alpha.re());
    kernel::scale((alpha - S::from_real(beta)).recip(), tail);
    x[0] = S::one();
    Reflector { tau: S::from_parts((beta - alpha.re()) / beta, -alpha.im() / beta), beta }
}

/// ‖x‖₂ without spurious overflow or underflow.
pub(crate) fn norm<S: Scalar>(x: &[S]) -> S::Real {
    let squared = kernel::sum_squares(x);
    if squared > tiny() && squared < tiny::<S::Real>().recip() {
        return squared.sqrt();
    }
    let largest = x.iter().fold(S::Real::zero(), |max, x| max.larger(x.max_part()));
    if largest == S::Real::zero() || !Scalar::is_finite(largest) {
        return largest;
    }
    let p = largest.exponent();
    let squared = x.iter().fold(S::Real::zero(), |sum, x| sum + x.scale_pow2(-p).modulus_squared());
    squared.sqrt().mul_pow2(p)
}

/// c ← (I − t v vᴴ) c for every column of a column-major slice with columns of `rows` entries, of which the last `v.len()` are touched.
///
/// t = τ applies H, t = conj(τ) its adjoint.
pub(crate) fn apply_left<S: Scalar>(t: S, v: &[S], columns: &mut [S], rows: usize) {
    if t == S::zero() || rows < v.len() {
        return;
    }
    for column in columns.chunks_exact_mut(rows) {
        let touched = &mut column[rows - v.len()..];
        let dot = kernel::dotc(v, touched);
        kernel::axpy(-t * dot, v, touched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;

    /// Hᴴx − β e₁ relative to β.
    fn defect(x: &[Complex<f64>; 3]) -> f64 {
        let p = x.iter().fold(0.0, |max: f64, x| max.max(x.max_part())).exponent();
        let mut v = *x;
        let Reflector { tau, beta } = reflect(&mut v);
        let mut y = x.map(|x| x.scale_pow2(-p));
        apply_left(tau.conj(), &v, &mut y, 3);
        y[0] -= Complex::from(beta.mul_pow2(-p));
        y.iter().fold(0.0, |max: f64, y| max.max(y.modulus()))
    }

    #[test]
    fn annihilates_at_every_size() {
        let c = Complex::new;
        for size in [1e-310, 1e-160, 1.0, 1e150, 1e307] {
            let x = [c(size, -size), c(0.5 * size, 2.0 * size), c(0.0, size)];
            // A subnormal β is itself rounded to a multiple of 5e-324.
            let bound = 16.0 * f64::EPSILON + 5e-324 / size;
            assert!(defect(&x) < bound, "{size}: {}", defect(&x));
        }
        assert!(defect(&[c(0.0, 2.0), c(0.0, 0.0), c(0.0, 0.0)]) < 4.0 * f64::EPSILON);
        assert!(defect(&[c(0.0, 0.0), c(3.0, 0.0), c(0.0, 4.0)]) < 8.0 * f64::EPSILON);
        assert!(defect(&[c(1.0, 0.0), c(1e-170, 0.0), c(0.0, 1e-300)]) < 8.0 * f64::EPSILON);
    }

    #[test]
    fn a_real_multiple_of_the_first_axis_is_left_alone() {
        let mut x = [-3.0_f64, 0.0, 0.0];
        let h = reflect(&mut x);
        assert_eq!((h.tau, h.beta), (0.0, -3.0));
    }
}
