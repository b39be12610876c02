//! Each matrix of a tile is brought to the same size by a power of two of its own.

use super::jacobi::Columns;
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, any, entry_by_entry, map, mul, mul_add, splat, zip};
use crate::scalar::Real;

/// The factors of W matrices, each in two parts, since one does not reach over the whole exponent range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales<R, const W: usize> {
    /// The powers of two that the matrices were multiplied by, in two factors, and the reciprocals.
    to: [Lane<R, W>; 2],
    from: [Lane<R, W>; 2],
    /// One where the second factor is not 1.
    far: Lane<R, W>,
    /// One where an entry is infinite or NaN; the matrix counts as zero.
    pub(super) bad: Lane<R, W>,
}

impl<R: Real, const W: usize> Scales<R, W> {
    /// Looks at the entries and multiplies them. `unit` is the exponent that the largest part gets.
    #[inline(always)]
    pub(super) fn apply<A: Arith>(columns: &mut Columns<'_, R, W>, unit: i32) -> Self {
        let (zero, len, left) = (R::zero(), columns.len, columns.left);
        let (mut largest, mut poison) = (splat(zero), splat(zero));
        for &x in columns.data.chunks_exact(len).flat_map(|column| &column[..left]) {
            entry_by_entry();
            largest = zip(largest, x, |largest, x| largest.larger(x.abs()));
            poison = mul_add::<A, _, W>(x, splat(zero), poison);
        }
        let bad = map(poison, |poison| if poison == zero { zero } else { R::one() });
        if any(&bad) {
            silence(columns.data, &bad);
            largest = zip(largest, bad, |largest, bad| if bad > zero { zero } else { largest });
        }
        let scales = Self::of(&largest, bad, unit);
        let far = any(&scales.far);
        for column in columns.data.chunks_exact_mut(len) {
            for x in &mut column[..left] {
                entry_by_entry();
                *x = mul(*x, scales.to[0]);
                if far {
                    *x = mul(*x, scales.to[1]);
                }
            }
        }
        scales
    }

    #[inline(always)]
    fn of(largest: &Lane<R, W>, bad: Lane<R, W>, unit: i32) -> Self {
        let (zero, one) = (R::zero(), R::one());
        let size = one.mul_pow2(unit);
        let lowest = one.mul_pow2(unit - R::MAX_EXPONENT);
        let power = map(*largest, |x| if x == zero { size } else { power_below(x) });
        let far = map(power, |power| if power < lowest { one } else { zero });
        let to = map(power, |power| size / power);
        let from = map(power, |power| power * (one / size));
        let mut scales = Scales { to: [to, splat(one)], from: [from, splat(one)], far, bad };
        if any(&far) {
            scales.reach_far(largest, unit);
        }
        scales
    }

    /// Both factors of the lanes whose matrix is tiny.
    #[cold]
    #[inline(never)]
    fn reach_far(&mut self, largest: &Lane<R, W>, unit: i32) {
        for l in (0..W).filter(|&l| self.far[l] > R::zero()) {
            let shift = unit - largest[l].exponent();
            let power = |p: i32| R::one().mul_pow2(p);
            for (part, p) in [shift / 2, shift - shift / 2].into_iter().enumerate() {
                (self.to[part][l], self.from[part][l]) = (power(p), power(-p));
            }
        }
    }

    /// The singular values of the matrices themselves.
    #[inline(always)]
    pub(super) fn undo(&self, s: Lane<R, W>) -> Lane<R, W> {
        mul(mul(s, self.from[0]), self.from[1])
    }
}

/// Zeros in the lanes that are not finite.
#[cold]
#[inline(never)]
fn silence<R: Real, const W: usize>(tile: &mut [Lane<R, W>], bad: &Lane<R, W>) {
    for x in tile.iter_mut() {
        *x = zip(*x, *bad, |x, bad| if bad > R::zero() { R::zero() } else { x });
    }
}

/// 2^⌊log₂ x⌋ for x > 0, within a factor of two; any smaller number below the normal range of `f64`. Without a branch for types whose range
/// `f64` covers.
#[inline(always)]
pub(super) fn power_below<R: Real>(x: R) -> R {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    if R::MAX_EXPONENT <= <f64 as Real>::MAX_EXPONENT && R::MIN_EXPONENT >= <f64 as Real>::MIN_EXPONENT {
        R::from_f64(f64::from_bits(x.to_f64().to_bits() & EXPONENT))
    } else {
        R::one().mul_pow2(x.exponent())
    }
}
