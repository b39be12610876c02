//! Plane rotations, and the sink they are sent to.

use crate::kernel::{self, Order};
use crate::scalar::Real;

/// [c s; −s c] with c² + s² = 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation<R> {
    pub(crate) c: R,
    pub(crate) s: R,
}

/// The rotation that turns (f, g) into (r, 0), and r. Holds over the whole exponent range; c ≥ 0 is not promised.
pub(crate) fn annihilate<R: Real>(f: R, g: R) -> (Rotation<R>, R) {
    if g == R::zero() {
        return (Rotation { c: R::one(), s: R::zero() }, f);
    }
    if f == R::zero() {
        return (Rotation { c: R::zero(), s: R::one() }, g);
    }
    let squared = f * f + g * g;
    if squared > tiny::<R>() && squared < tiny::<R>().recip() {
        let r = squared.sqrt();
        return (Rotation { c: f / r, s: g / r }, r);
    }
    // Out of the range of the squares: bring the larger one to unit size, which is exact.
    let p = f.abs().larger(g.abs()).exponent();
    let (f, g) = (f.mul_pow2(-p), g.mul_pow2(-p));
    let r = (f * f + g * g).sqrt();
    (Rotation { c: f / r, s: g / r }, r.mul_pow2(p))
}

/// A square above this has full precision although its smaller term may have underflowed: 2⁻⁹¹⁸ for `f64`.
pub(crate) fn tiny<R: Real>() -> R {
    R::MIN_POSITIVE / (R::EPSILON * R::EPSILON)
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
    /// A wave of rotations of the columns (first + i, first + i + 1).
    fn rotate(&mut self, side: Side, first: usize, c: &[R], s: &[R], order: Order);
    /// Column `j` of V changes sign.
    fn negate(&mut self, j: usize);
    /// Columns `i < j` of both factors change places.
    fn swap(&mut self, i: usize, j: usize);
}

impl<R> Sink<R> for () {
    fn rotate(&mut self, _: Side, _: usize, _: &[R], _: &[R], _: Order) {}
    fn negate(&mut self, _: usize) {}
    fn swap(&mut self, _: usize, _: usize) {}
}

/// Column-major U and V. The rotations are real, so a complex matrix is a real one with twice the rows.
pub(crate) struct Columns<'a, R> {
    /// The reals of U and the number of reals in a column.
    pub(crate) u: (&'a mut [R], usize),
    /// The same of V.
    pub(crate) v: (&'a mut [R], usize),
}

impl<R: Real> Sink<R> for Columns<'_, R> {
    fn rotate(&mut self, side: Side, first: usize, c: &[R], s: &[R], order: Order) {
        let (columns, rows) = match side {
            Side::Left => &mut self.u,
            Side::Right => &mut self.v,
        };
        if let Some(columns) = columns.get_mut(first * *rows..) {
            kernel::rotate_columns(columns, *rows, c, s, order);
        }
    }

    fn negate(&mut self, j: usize) {
        let (v, rows) = &mut self.v;
        for x in v.iter_mut().skip(j * *rows).take(*rows) {
            *x = -*x;
        }
    }

    fn swap(&mut self, i: usize, j: usize) {
        for (columns, rows) in [&mut self.u, &mut self.v] {
            if let Some((left, right)) = columns.split_at_mut_checked(j * *rows) {
                for (x, y) in left.iter_mut().skip(i * *rows).zip(right.iter_mut().take(*rows)) {
                    core::mem::swap(x, y);
                }
            }
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
