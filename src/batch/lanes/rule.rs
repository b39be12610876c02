//! What stands for the reciprocals of gaps and sums in each of W matrices: `derivative/rule.rs`, side by side.

use super::tile::MOST;
use crate::derivative::rule::{Class, PairAt};
use crate::derivative::{AtEqual, Report, Rule};
use crate::factors::Tolerance;
use crate::kernel::vector::{Lane, Number, any, map, splat, zip};
use crate::scalar::{Real, Scalar};

/// The singular values of W matrices with a rule.
pub(super) struct Spectrum<'t, R, const W: usize> {
    pub(super) s: &'t [Lane<R, W>],
    at_equal: AtEqual<R>,
    gap_tolerance: Lane<R, W>,
    rank_tolerance: Lane<R, W>,
    largest: Lane<R, W>,
}

/// The numbers of a pair, as in [`crate::derivative::rule::Pair`], and one where it counts as equal, or as zero.
pub(super) struct Pairs<R, const W: usize> {
    pub(super) gap: Lane<R, W>,
    pub(super) sum: Lane<R, W>,
    pub(super) block: Lane<R, W>,
    pub(super) left: Lane<R, W>,
    pub(super) equal: Lane<R, W>,
    pub(super) zero: Lane<R, W>,
}

impl<'t, R: Real, const W: usize> Spectrum<'t, R, W> {
    #[inline(always)]
    pub(super) fn new(s: &'t [Lane<R, W>], shape: (usize, usize), rule: &Rule<R>) -> Self {
        let largest = s.first().copied().unwrap_or(splat(R::zero()));
        let exact = rule.at_equal == AtEqual::Plain;
        let absolute = |tolerance: Tolerance<R>| {
            let wanted = if exact { R::zero() } else { tolerance.absolute(shape, R::one()) };
            map(largest, |s| (wanted * s).larger(R::MIN_POSITIVE))
        };
        let (gap_tolerance, rank_tolerance) = (absolute(rule.gap), absolute(rule.rank));
        Spectrum { s, at_equal: rule.at_equal, gap_tolerance, rank_tolerance, largest }
    }

    /// One where sᵢ counts as zero.
    #[inline(always)]
    pub(super) fn zero(&self, i: usize) -> Lane<R, W> {
        zip(self.s[i], self.rank_tolerance, |s, tolerance| if s <= tolerance { R::one() } else { R::zero() })
    }

    /// s⁺ᵢ: 1/sᵢ, or 0 where sᵢ counts as zero.
    #[inline(always)]
    pub(super) fn reciprocal(&self, i: usize) -> Lane<R, W> {
        zip(self.s[i], self.rank_tolerance, |s, tolerance| {
            let reciprocal = R::one() / s;
            if s <= tolerance { R::zero() } else { reciprocal }
        })
    }

    /// One where sᵢ and its successor count as equal.
    #[inline(always)]
    pub(super) fn linked_to_next(&self, i: usize) -> Lane<R, W> {
        let gap = zip(self.s[i], self.s[i + 1], |s, next| s - next);
        zip(gap, self.gap_tolerance, |gap, tolerance| if gap <= tolerance { R::one() } else { R::zero() })
    }

    /// Stands for 1/(2 sᵢ), which carries the phase of a complex triplet.
    #[inline(always)]
    pub(super) fn phase(&self, reciprocal: Lane<R, W>) -> Lane<R, W> {
        let half = if self.at_equal == AtEqual::Published { R::zero() } else { R::from_f64(0.5) };
        map(reciprocal, |x| x * half)
    }

    /// Whether a share of P goes into the left factor alone.
    #[inline(always)]
    pub(super) fn one_sided(&self) -> bool {
        self.at_equal == AtEqual::Published
    }

    /// Whether no two values count as equal and none as zero, in any of the matrices, so that [`Self::distinct_pair`] will do.
    #[inline(always)]
    pub(super) fn distinct(&self) -> bool {
        if !matches!(self.at_equal, AtEqual::Reconstruct | AtEqual::MinimumNorm | AtEqual::Plain) {
            return false;
        }
        let Some(last) = self.s.len().checked_sub(1) else { return true };
        let met = (0..last).fold(self.zero(last), |met, i| zip(met, self.linked_to_next(i), R::larger));
        !any(&met)
    }

    /// What [`Self::pair`] is then.
    #[inline(always)]
    pub(super) fn distinct_pair(&self, i: usize, j: usize) -> Pairs<R, W> {
        let none = splat(R::zero());
        let gap = zip(self.s[i], self.s[j], |s_i, s_j| (s_j - s_i).recip());
        let sum = zip(self.s[i], self.s[j], |s_i, s_j| (s_j + s_i).recip());
        Pairs { gap, sum, block: none, left: none, equal: none, zero: none }
    }

    /// The pair (i, j), i < j; `linked` is one where every neighbour between them counts as equal.
    #[inline(always)]
    pub(super) fn pair(&self, i: usize, j: usize, linked: &Lane<R, W>) -> Pairs<R, W> {
        // The common choices by name, so that the compiler knows which formula it is; the others one after another.
        match self.at_equal {
            AtEqual::Reconstruct => self.pair_by(AtEqual::Reconstruct, (i, j), linked),
            AtEqual::MinimumNorm | AtEqual::Plain => self.pair_by(AtEqual::MinimumNorm, (i, j), linked),
            other => self.pair_by(other, (i, j), linked),
        }
    }

    #[inline(always)]
    fn pair_by(&self, choice: AtEqual<R>, (i, j): (usize, usize), linked: &Lane<R, W>) -> Pairs<R, W> {
        let (zero, one) = (R::zero(), R::one());
        let none = splat(zero);
        let mut pairs = Pairs { gap: none, sum: none, block: none, left: none, equal: none, zero: none };
        let both = self.zero(i);
        for l in 0..W {
            let at = PairAt {
                values: (self.s[i][l], self.s[j][l]),
                largest: self.largest[l],
                linked: linked[l] > zero,
                zero: both[l] > zero && self.s[j][l] <= self.rank_tolerance[l],
            };
            let pair = choice.pair(at);
            (pairs.gap[l], pairs.sum[l], pairs.block[l], pairs.left[l]) = (pair.gap, pair.sum, pair.block, pair.left);
            pairs.equal[l] = if pair.class == Class::Equal { one } else { zero };
            pairs.zero[l] = if pair.class == Class::Zero { one } else { zero };
        }
        pairs
    }

    /// One where the values are not finite, descending and non-negative, or where the plain rule would have to refuse.
    #[inline(always)]
    pub(super) fn irregular(&self) -> Lane<R, W> {
        let mut irregular = splat(R::zero());
        let exact = self.at_equal == AtEqual::Plain;
        for i in 0..self.s.len() {
            let next = if i + 1 < self.s.len() { self.s[i + 1] } else { splat(R::zero()) };
            for l in 0..W {
                let fine = self.s[i][l] >= next[l] && self.s[i][l].is_finite();
                irregular[l] = if fine { irregular[l] } else { R::one() };
            }
            if exact {
                let linked = if i + 1 < self.s.len() { self.linked_to_next(i) } else { self.zero(i) };
                irregular = zip(zip(irregular, linked, R::larger), self.zero(i), R::larger);
            }
        }
        irregular
    }
}

/// What the backward rule leaves out.
pub(super) struct Discarded<R, const W: usize> {
    unit: Lane<R, W>,
    squares: Lane<R, W>,
    equal_pairs: Lane<R, W>,
}

impl<R: Real, const W: usize> Discarded<R, W> {
    /// `unit` is a power of two that brings the cotangents to unit size.
    #[inline(always)]
    pub(super) fn new(unit: Lane<R, W>) -> Self {
        Discarded { unit, squares: splat(R::zero()), equal_pairs: splat(R::zero()) }
    }

    /// `times` |x|², in the lanes where `times` is not zero.
    #[inline(always)]
    pub(super) fn add<S: Scalar<Real = R>>(&mut self, x: Number<R, W>, times: Lane<R, W>) {
        let scaled = x.scale::<S>(self.unit);
        let re = zip(scaled.re, scaled.re, |x, y| x * y);
        let squared = if S::PARTS == 2 { zip(re, scaled.im, |sum, im| sum + im * im) } else { re };
        self.squares = zip(self.squares, zip(times, squared, |x, y| x * y), |sum, x| sum + x);
    }

    #[inline(always)]
    pub(super) fn count(&mut self, equal: Lane<R, W>) {
        self.equal_pairs = zip(self.equal_pairs, equal, |count, equal| count + equal);
    }

    /// For the caller, of one matrix: `size` is ‖(gU, gV)‖² in the unit of the sum.
    pub(super) fn report(&self, lane: usize, size: R, zeros: usize) -> Report<R> {
        let gauge_residual = if size > R::zero() { (self.squares[lane] / size).sqrt() } else { R::zero() };
        let counted = self.equal_pairs[lane];
        // A small whole number.
        let equal_pairs = (0..MOST * MOST).take_while(|&pairs| R::from_f64(pairs as f64) < counted).count();
        Report { gauge_residual, equal_pairs, zeros }
    }
}
