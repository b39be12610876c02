//! The singular values as a rule sees them: what counts as zero, which neighbours count as equal, and the numbers of every pair.

use core::ops::Range;

use super::rule::{AtEqual, Pair, PairAt, Rule};
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::kernel::each;
use crate::kernel::entry::read;
use crate::kernel::vector::{Lane, map};
use crate::scalar::{Real, Scalar};

/// The singular values together with a rule, its tolerances made absolute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spectrum<'a, R> {
    s: &'a [R],
    at_equal: AtEqual<R>,
    gap_tolerance: R,
    rank_tolerance: R,
    largest: R,
}

impl<'a, R: Real> Spectrum<'a, R> {
    /// # Errors
    /// [`Error::Parameter`] for a tolerance, bound or width that is negative or not finite;
    /// [`Error::EqualSingularValues`] and [`Error::ZeroSingularValue`] where [`AtEqual::Plain`] would divide by zero.
    pub(crate) fn new<S: Scalar<Real = R>>(
        factors: &Factors<'a, S>,
        rule: &Rule<R>,
        need: Need,
    ) -> Result<Self, Error> {
        rule.check()?;
        let largest = factors.largest();
        let exact = rule.at_equal == AtEqual::Plain;
        // Below the smallest normal number a reciprocal may not be representable.
        let absolute = |tolerance: Tolerance<R>| {
            let wanted = if exact { R::zero() } else { tolerance.absolute(factors.shape(), largest) };
            wanted.larger(R::MIN_POSITIVE)
        };
        let spectrum = Spectrum {
            s: factors.s,
            at_equal: rule.at_equal,
            gap_tolerance: absolute(rule.gap),
            rank_tolerance: absolute(rule.rank),
            largest,
        };
        if exact {
            spectrum.refuse_degenerate(need)?;
        }
        Ok(spectrum)
    }

    /// The rule beside a block cotangent, which brings what [`AtEqual::Reconstruct`] would have to guess.
    pub(crate) fn beside_block_cotangent(mut self) -> Self {
        if self.at_equal == AtEqual::Reconstruct {
            self.at_equal = AtEqual::MinimumNorm;
        }
        self
    }

    fn refuse_degenerate(&self, need: Need) -> Result<(), Error> {
        const OPERATION: &str = "the plain rule";
        let neighbours = self.s.len().saturating_sub(1);
        if let Some(first) = (0..need.leading.min(neighbours)).find(|&i| self.linked_to_next(i)) {
            let (second, value) = (first + 1, self.value(first).to_f64());
            return Err(Error::EqualSingularValues { operation: OPERATION, first, second, value });
        }
        if let Some(index) = (0..need.leading).find(|&i| need.reciprocals() && self.is_zero(i)) {
            return Err(Error::ZeroSingularValue { operation: OPERATION, index, value: self.value(index).to_f64() });
        }
        Ok(())
    }

    fn value(&self, i: usize) -> R {
        read(self.s, i)
    }

    /// s⁺ᵢ: 1/sᵢ, or 0 where sᵢ counts as zero.
    pub(crate) fn reciprocal(&self, i: usize) -> R {
        if self.is_zero(i) { R::zero() } else { R::one() / self.value(i) }
    }

    /// Whether sᵢ counts as zero.
    pub(crate) fn is_zero(&self, i: usize) -> bool {
        self.value(i) <= self.rank_tolerance
    }

    /// Whether sᵢ and its successor count as equal.
    pub(crate) fn linked_to_next(&self, i: usize) -> bool {
        self.value(i) - self.value(i + 1) <= self.gap_tolerance
    }

    /// Stands for 1/(2 sᵢ), which carries the phase of a complex triplet.
    pub(crate) fn phase(&self, i: usize) -> R {
        if self.at_equal == AtEqual::Published { R::zero() } else { self.reciprocal(i) / (R::one() + R::one()) }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.s.len()
    }

    /// W values from number `i` on, zeros beyond the last.
    #[inline(always)]
    pub(super) fn values_from<const W: usize>(&self, i: usize) -> Lane<R, W> {
        let values = self.s.get(i..).unwrap_or_default();
        match values.first_chunk() {
            Some(whole) => *whole,
            None => each(R::zero(), |l| values.get(l).copied().unwrap_or_else(R::zero)),
        }
    }

    /// W of [`reciprocal`](Self::reciprocal) from number `i` on.
    #[inline(always)]
    pub(super) fn reciprocals_from<const W: usize>(&self, i: usize) -> Lane<R, W> {
        map(self.values_from(i), |s| if s <= self.rank_tolerance { R::zero() } else { s.recip() })
    }

    /// Visits every pair (a, b) with a < r and a < b < k; `linked` is whether all neighbours between a and b are linked.
    #[inline]
    pub(super) fn each_pair(&self, (k, r): (usize, usize), visit: impl FnMut(usize, usize, bool)) {
        self.each_pair_of(0..r, k, visit);
    }

    /// Visits the same pairs of some rows a.
    #[inline]
    pub(super) fn each_pair_of(&self, rows: Range<usize>, k: usize, mut visit: impl FnMut(usize, usize, bool)) {
        for a in rows {
            // The first value that `a` is not linked to by way of those between.
            let end = (a + 1..k).find(|&b| !self.linked_to_next(b - 1)).unwrap_or(k);
            for b in a + 1..k {
                visit(a, b, b < end);
            }
        }
    }

    /// From which multiple of W on, `top` or more, all values are distinct from the W from `top` on (each from itself excepted), by a rule that
    /// divides by their gap and sum. The number of values where there is no such place, or where so few are better taken one by one.
    pub(super) fn distinct_from<const W: usize>(&self, top: usize) -> usize {
        let (k, end) = (self.len(), (top + W).min(self.len()));
        if k < 2 * W || !self.at_equal.divides_where_distinct() || self.is_zero(end - 1) {
            return k;
        }
        let linked = |b: usize| self.linked_to_next(b - 1);
        let free = (end..k).find(|&b| !linked(b)).unwrap_or(k);
        let inside = (top + 1..end).any(linked);
        if free == end && !inside { top } else { free.next_multiple_of(W).min(k) }
    }

    /// The pair (i, j), i < j; `linked` says whether every neighbour between them counts as equal.
    pub(crate) fn pair(&self, i: usize, j: usize, linked: bool) -> Pair<R> {
        let at = PairAt {
            values: (self.value(i), self.value(j)),
            largest: self.largest,
            linked,
            zero: self.is_zero(i) && self.is_zero(j),
        };
        self.at_equal.pair(at)
    }
}

/// What a derivative divides by, for the check of the plain rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// Triplets whose vectors are differentiated.
    leading: usize,
    /// Whether 1/sᵢ is needed: for the phase of a complex triplet, for the projector beside U, for that beside V.
    phase: bool,
    left: bool,
    right: bool,
}

impl Need {
    /// The vectors of the first `leading` triplets.
    pub(crate) fn vectors<S: Scalar>(factors: &Factors<'_, S>, leading: usize) -> Self {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        Need { leading, phase: S::PARTS == 2, left: k < m, right: k < n }
    }

    /// Less, where U or V does not take part; nothing where neither does.
    pub(crate) fn of_parts(self, u: bool, v: bool) -> Self {
        let leading = if u || v { self.leading } else { 0 };
        Need { leading, left: self.left && u, right: self.right && v, ..self }
    }

    fn reciprocals(self) -> bool {
        self.phase || self.left || self.right
    }
}
