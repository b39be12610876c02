//! One eigenvalue after another, by the differential quotient-difference algorithm with shifts, dqds.
//!
//! The squares q of the diagonal and e of the superdiagonal of B are transformed until the last superdiagonal entry couples
//! nothing any more. Each transform takes its shift off all eigenvalues of B Bᵀ, and the sum σ of the shifts becomes the smallest one
//! (Fernando & Parlett 1994, Parlett & Marques 2000). All is positive, nothing cancels but in d − s, and so every singular value keeps
//! its relative accuracy. A transform costs a fraction of a QR sweep, and about three are needed for each value.
//!
//! - The last row is not dropped together with its superdiagonal entry: what is left is the leading block of B Bᵀ, whose last diagonal entry is
//!   qₙ₋₁ + eₙ₋₁. The entry eₙ₋₁ stays in its place and the next transform adds it to its last difference. Thus only the product eₙ₋₁ qₙ must be
//!   negligible, not eₙ₋₁.
//! - A shift that is too large makes a difference negative. If it is the last one, −δ, then σ + s − δ is a lower bound that is good to γ δ
//!   (Rutishauser); often so good that the row can be split off at once.
//! - Transforms go from one pair of arrays to the other, so that a failed one leaves nothing to undo.

use super::segment::{LARGEST_FRACTION, Segment};
use super::shift::Known;
use super::transform::{Pivots, Quotients, transform};
use crate::kernel::Arith;
use crate::rotation::tiny;
use crate::scalar::Real;

/// Transforms allowed per value, on the average. About 3 are needed.
const TRANSFORMS_PER_VALUE: usize = 30;

/// Two pairs of arrays. Rows below the segment under work hold eigenvalues in `q[0]`; above it, `q[0]` and `e[0]` hold the segments that wait,
/// zeros in `e[0]` separate them, and `e[1]` has, at the last row of each, its σ.
pub(super) struct Solver<'a, R> {
    q: [&'a mut [R]; 2],
    e: [&'a mut [R]; 2],
    /// Transforms that are still allowed.
    pub(super) budget: usize,
}

/// What eigenvalues may move by, relative to themselves, where a row is split off.
fn negligible<R: Real>() -> R {
    R::EPSILON * R::from_f64(0.5)
}

impl<'a, R: Real> Solver<'a, R> {
    /// For the array in the first pair; `e[1]` is zero.
    #[inline(always)]
    pub(super) fn new(q: [&'a mut [R]; 2], e: [&'a mut [R]; 2]) -> Self {
        let budget = TRANSFORMS_PER_VALUE * q[0].len();
        Solver { q, e, budget }
    }

    /// Overwrites `q[0]` by the eigenvalues, nearly in descending order, and returns the number of transforms; `None` if one of them is below the
    /// range, or the budget used up.
    #[inline(always)]
    pub(super) fn solve<A: Arith>(mut self) -> Option<usize> {
        let budget = self.budget;
        let mut end = self.q[0].len();
        while end > 0 {
            let start = (1..end).rev().find(|&k| self.e[0][k - 1] == R::zero()).unwrap_or(0);
            let mut segment = Segment::new(start, end, self.e[1][end - 1]);
            self.turn(&segment);
            while segment.end > segment.start + 2 {
                self.advance::<A>(&mut segment)?;
            }
            self.close(&segment)?;
            end = segment.start;
        }
        Some(budget - self.budget)
    }

    /// The smaller end last: read backwards, the matrix is the transpose.
    #[inline(always)]
    fn turn(&mut self, segment: &Segment<R>) {
        let (start, end) = (segment.start, segment.end);
        if self.q[0][start] * R::from_f64(1.5) < self.q[0][end - 1] {
            self.q[0][start..end].reverse();
            self.e[0][start..end - 1].reverse();
        }
    }

    /// The one or two rows that are left.
    #[inline(always)]
    fn close(&mut self, segment: &Segment<R>) -> Option<()> {
        let (last, now) = (segment.end - 1, segment.now);
        if segment.end == segment.start + 1 {
            self.q[0][last] = segment.value(self.q[now][last] + self.e[now][last]);
        } else if segment.end == segment.start + 2 {
            self.close_pair(segment)?;
        }
        Some(())
    }

    /// The eigenvalues of the last two rows, [a b; b c] with a = q₁ + e₁, b² = e₁ q₂ and c = q₂ + e₂; `None` if the smaller one is below the range.
    #[inline(always)]
    fn close_pair(&mut self, segment: &Segment<R>) -> Option<()> {
        let (last, now) = (segment.end - 1, segment.now);
        let (q, e) = (&self.q[now], &self.e[now]);
        let (q1, e1, q2, e2) = (q[last - 1], e[last - 1], q[last], e[last]);
        let (a, c) = (q1 + e1, q2 + e2);
        let difference = a - c;
        let root = (difference * difference + R::from_f64(4.0) * e1 * q2).sqrt();
        let large = (a + c + root) * R::from_f64(0.5);
        // The determinant is q₁ q₂ + a e₂.
        let small = q1 * (q2 / large) + a * (e2 / large);
        if segment.sigma == R::zero() && small < tiny::<R>() {
            return None;
        }
        self.q[0][last] = segment.value(small);
        self.q[0][last - 1] = segment.value(large);
        Some(())
    }

    /// Splits off what can be, or else transforms once.
    #[inline(always)]
    fn advance<A: Arith>(&mut self, segment: &mut Segment<R>) -> Option<()> {
        let Some(&coupling) = segment.pivots.couplings.get(segment.since) else {
            return self.transform::<A>(segment, R::zero());
        };
        let last = segment.end - 1;
        let bottom = self.q[segment.now][last] + self.e[segment.now][last];
        let root = coupling.sqrt();
        if root * bottom <= negligible::<R>() * (segment.sigma + bottom) {
            self.q[0][last] = segment.value(bottom);
            segment.split_off(1);
        } else if self.pair_is_apart(segment, bottom) {
            self.close_pair(segment)?;
            segment.split_off(2);
        } else {
            let others = segment.pivots.smallest_but(segment.since + 1).smaller(segment.bound - segment.sigma);
            let s = Known { last: bottom, coupling, root, others }.shift(segment.fraction);
            return self.transform::<A>(segment, if s > R::zero() { s } else { R::zero() });
        }
        Some(())
    }

    /// Whether the last two rows are coupled to no other: the same test, where the larger eigenvalue may be as large as the trace. (Together the others
    /// move by γ q, but by no more than the trace: the test bounds the former where the latter is not negligible itself.)
    #[inline(always)]
    pub(super) fn pair_is_apart(&self, segment: &Segment<R>, bottom: R) -> bool {
        let Some(coupling) = segment.pivots.couplings.get(segment.since + 1) else { return false };
        let (q, e) = (self.q[segment.now][segment.end - 2], self.e[segment.now][segment.end - 2]);
        coupling.sqrt() * (q * (q + e + bottom)).sqrt() <= negligible::<R>() * segment.sigma
    }

    /// One transform that succeeds, with the shift `s` or a smaller one.
    #[inline(always)]
    pub(super) fn transform<A: Arith>(&mut self, segment: &mut Segment<R>, s: R) -> Option<()> {
        let zero = R::zero();
        let rows = segment.start..segment.end;
        let mut s = s;
        let mut attempts = 0;
        loop {
            self.budget = self.budget.checked_sub(1)?;
            let [q0, q1] = self.q.each_mut().map(|q| &mut q[rows.clone()]);
            let [e0, e1] = self.e.each_mut().map(|e| &mut e[rows.clone()]);
            let (from, q, e) = if segment.now == 0 {
                (Quotients { q: q0, e: e0 }, q1, e1)
            } else {
                (Quotients { q: q1, e: e1 }, q0, e0)
            };
            let pivots = transform::<A, R>(from, q, e, s);
            let last = pivots.last[0];
            let others = pivots.smallest_but(1);
            if others >= zero && last >= zero {
                // Before any shift the eigenvalues themselves must be in the range, of which these are upper bounds.
                let least = R::one().mul_pow2(R::MIN_EXPONENT / 2);
                if segment.sigma + s == zero && others.smaller(last) < least {
                    return None;
                }
                self.accept(segment, pivots, s);
                return Some(());
            }
            attempts += 1;
            segment.bound = segment.bound.smaller(segment.sigma + s);
            if s == zero {
                return None;
            }
            // Then only the last one is negative.
            if others > zero {
                if pivots.couplings[0] * -last <= negligible::<R>() * segment.sigma {
                    self.accept(segment, pivots, s);
                    let row = segment.end - 1;
                    self.q[0][row] = segment.value(last);
                    segment.split_off(1);
                    return Some(());
                }
                // A lower bound, with room for its rounding.
                s = ((s + last) * (R::one() - R::from_f64(4.0) * R::EPSILON)).larger(zero);
            } else {
                segment.fraction *= R::from_f64(0.5);
                s *= segment.fraction;
            }
            if attempts > 4 {
                s = zero;
            }
        }
    }

    /// The transform with the shift `s` is the state from now on.
    #[inline(always)]
    fn accept(&mut self, segment: &mut Segment<R>, pivots: Pivots<R>, s: R) {
        let sigma = segment.sigma;
        segment.now = 1 - segment.now;
        segment.pivots = pivots;
        segment.since = 0;
        segment.fraction += (R::from_f64(LARGEST_FRACTION) - segment.fraction) * R::from_f64(0.25);
        segment.shifted(s);
        let squared = R::EPSILON * R::EPSILON;
        if pivots.smallest_e <= squared * R::from_f64(16.0) {
            self.split(segment, sigma, squared);
        }
    }

    /// Sets to zero what is negligible: √e changes no singular value by more than √(e/d) of itself, where d is the difference
    /// of the transform just done and e its input, nor by more than √(e/σ). What lies before the last such place waits.
    #[cold]
    fn split(&mut self, segment: &mut Segment<R>, sigma: R, squared: R) {
        let (start, now, old) = (segment.start, segment.now, 1 - segment.now);
        let negligible = |s: &Self, k: usize| s.e[old][k] <= squared * sigma.larger(s.q[now][k]);
        let Some(last) = (start..segment.end - 1).rev().find(|&k| negligible(self, k)) else { return };
        for k in start..=last {
            let off = if negligible(self, k) { R::zero() } else { self.e[now][k] };
            self.q[0][k] = self.q[now][k];
            self.e[0][k] = off;
            if off == R::zero() {
                self.e[1][k] = segment.value(R::zero());
            }
        }
        segment.start = last + 1;
    }
}
