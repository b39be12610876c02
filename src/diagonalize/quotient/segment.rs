//! The rows under work, and what is known of them.

use super::transform::Pivots;
use crate::scalar::Real;

/// The rows start..end under work: B Bᵀ − σ I is the matrix of the array, plus e of the last row in its last diagonal entry.
pub(super) struct Segment<R> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which pair of arrays holds it.
    pub(super) now: usize,
    /// σ, and what was rounded off of it.
    pub(super) sigma: R,
    rest: R,
    /// The last transform.
    pub(super) pivots: Pivots<R>,
    /// Rows split off since; more than 2 where `pivots` says nothing.
    pub(super) since: usize,
    /// No eigenvalue is known to be above this.
    pub(super) bound: R,
    /// The part of a bound that is tried as a shift.
    pub(super) fraction: R,
}

/// Rows split off since a transform that never was.
const UNKNOWN: usize = 3;

impl<R: Real> Segment<R> {
    #[inline(always)]
    pub(super) fn new(start: usize, end: usize, sigma: R) -> Self {
        Segment {
            start,
            end,
            now: 0,
            sigma,
            rest: R::zero(),
            pivots: Pivots::start(R::zero()),
            since: UNKNOWN,
            bound: R::one().mul_pow2(R::MAX_EXPONENT),
            fraction: R::from_f64(LARGEST_FRACTION),
        }
    }

    #[inline(always)]
    pub(super) fn shifted(&mut self, s: R) {
        let sum = self.sigma + s;
        self.rest += if self.sigma < s { (s - sum) + self.sigma } else { (self.sigma - sum) + s };
        self.sigma = sum;
    }

    /// σ + x.
    #[inline(always)]
    pub(super) fn value(&self, x: R) -> R {
        self.sigma + (x + self.rest)
    }

    #[inline(always)]
    pub(super) fn split_off(&mut self, rows: usize) {
        self.end -= rows;
        self.since += rows;
        self.bound = R::one().mul_pow2(R::MAX_EXPONENT);
    }
}

/// The part of a bound on the smallest eigenvalue that is tried first.
pub(super) const LARGEST_FRACTION: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sum_of_the_shifts_rounds_off_is_kept() {
        let small = f64::EPSILON / 3.0;
        for (sigma, s, expected) in [(1.0, small, (1.0, small)), (small, 1.0, (1.0, small)), (1.0, 1.0, (2.0, 0.0))] {
            let mut segment = Segment::new(0, 1, sigma);
            segment.shifted(s);
            assert_eq!((segment.sigma, segment.rest), expected, "{sigma} {s}");
        }
        let mut segment = Segment::new(0, 1, 1.0);
        (0..300).for_each(|_| segment.shifted(small));
        assert!((segment.value(0.0) - 1.0 - 100.0 * f64::EPSILON).abs() <= f64::EPSILON);
    }
}
