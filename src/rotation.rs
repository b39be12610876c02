//! Plane rotations.

use crate::scalar::Real;

/// [c s; −s c] with c² + s² = 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation<R> {
    pub(crate) c: R,
    pub(crate) s: R,
}

/// The rotation that turns (f, g) into (r, 0), and r. Holds over the whole exponent range; c ≥ 0 is not promised.
#[inline(always)]
pub(crate) fn annihilate<R: Real>(f: R, g: R) -> (Rotation<R>, R) {
    let squared = f * f + g * g;
    if squared > tiny::<R>() && squared < tiny::<R>().recip() {
        let r = squared.sqrt();
        let reciprocal = r.recip();
        return (Rotation { c: f * reciprocal, s: g * reciprocal }, r);
    }
    annihilate_extreme(f, g)
}

/// The same out of the range of the squares.
#[cold]
fn annihilate_extreme<R: Real>(f: R, g: R) -> (Rotation<R>, R) {
    if g == R::zero() {
        return (Rotation { c: R::one(), s: R::zero() }, f);
    }
    if f == R::zero() {
        return (Rotation { c: R::zero(), s: R::one() }, g);
    }
    // The larger one to unit size, which is exact.
    let p = f.abs().larger(g.abs()).exponent();
    let (f, g) = (f.mul_pow2(-p), g.mul_pow2(-p));
    let r = (f * f + g * g).sqrt();
    (Rotation { c: f / r, s: g / r }, r.mul_pow2(p))
}

/// A square above this has full precision although its smaller term may have underflowed: 2⁻⁹¹⁸ for `f64`.
pub(crate) fn tiny<R: Real>() -> R {
    R::MIN_POSITIVE / (R::EPSILON * R::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_at_every_size_of_the_arguments() {
        for f in [1.0, -3e-200, 5e-324, 1.7e308, -2e-308] {
            for g in [1.0, 4e-200, -1e-323, 1.2e308, 3e-309, 0.0] {
                let (rotation, r) = annihilate::<f64>(f, g);
                let Rotation { c, s } = rotation;
                assert!((c * c + s * s - 1.0).abs() < 4.0 * f64::EPSILON, "{f} {g}");
                let scale = f.abs().max(g.abs());
                assert!((c * (g / scale) - s * (f / scale)).abs() < 4.0 * f64::EPSILON, "{f} {g}");
                assert!(!r.is_nan());
            }
        }
    }
}
