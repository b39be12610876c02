//! Plane rotations, and the sink they are sent to.

use crate::kernel::{Level, Order, Planes, Wave};
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

/// Brings c² + s² to 1 but for one rounding, by a Newton step for 1/√(c² + s²).
///
/// A sweep needs the rotations to a few units only, but the bases are multiplied by thousands of them: what c² + s² misses adds up, and not
/// by chance, since rounding is coarser above 1 than below. This halves the loss of orthogonality (`docs/accuracy.md`) at O(n) a sweep.
fn normalize<R: Real>(c: &mut [R], s: &mut [R]) {
    for (c, s) in c.iter_mut().zip(s) {
        // The larger square first: then both differences are exact.
        let (x, y) = if c.abs() < s.abs() { (*s, *c) } else { (*c, *s) };
        let half = ((R::one() - x * x) - y * y) * R::from_f64(0.5);
        *c += *c * half;
        *s += *s * half;
    }
}

/// Which orthogonal factor a rotation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// U, the factor of the rows.
    Left,
    /// V, the factor of the columns.
    Right,
}

/// Receives what the diagonalization does to the columns of U and V. `()` receives nothing: singular values only.
pub(crate) trait Sink<R> {
    /// A wave of rotations of the columns (first + i, first + i + 1). The sink may bring their c² + s² closer to 1.
    fn rotate(&mut self, side: Side, first: usize, c: &mut [R], s: &mut [R], order: Order);
    /// Column `j` of V changes sign.
    fn negate(&mut self, j: usize);
    /// Columns `i < j` of both factors change places.
    fn swap(&mut self, i: usize, j: usize);
}

impl<R> Sink<R> for () {
    fn rotate(&mut self, _: Side, _: usize, _: &mut [R], _: &mut [R], _: Order) {}
    fn negate(&mut self, _: usize) {}
    fn swap(&mut self, _: usize, _: usize) {}
}

/// The columns of U and V in the work storage. The rotations are real, so the planes of a complex column are just a longer one.
pub(crate) struct Columns<'a, R> {
    pub(crate) u: Planes<'a, R>,
    pub(crate) v: Planes<'a, R>,
    pub(crate) level: Level,
}

impl<R: Real> Sink<R> for Columns<'_, R> {
    fn rotate(&mut self, side: Side, first: usize, c: &mut [R], s: &mut [R], order: Order) {
        normalize(c, s);
        let basis = match side {
            Side::Left => &mut self.u,
            Side::Right => &mut self.v,
        };
        let stride = basis.stride();
        let columns = basis.data.get_mut(first * stride..).unwrap_or_default();
        self.level.run(Wave { columns, stride, c, s, order });
    }

    fn negate(&mut self, j: usize) {
        for x in self.v.column(j).as_flattened_mut() {
            *x = -*x;
        }
    }

    fn swap(&mut self, i: usize, j: usize) {
        for basis in [&mut self.u, &mut self.v] {
            let (mut left, mut right) = basis.reborrow().split(j);
            left.column(i).swap_with_slice(right.column(0));
        }
    }
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
