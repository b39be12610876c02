//! All eigenvalues of B Bᵀ at the same time, one to a lane: Laguerre's iteration, and counts that prove what it gives.
//!
//! With the characteristic polynomial p of order n the iteration
//!
//!   t ← t − n p/(p′ ± √((n − 1)((n − 1) p′² − n p p″)))
//!
//! goes to the nearest eigenvalue without passing it, and close to a simple one the error becomes its cube (Li & Zeng 1994). Which
//! eigenvalue that is, the count of those below t says. The places begin apart; an eigenvalue that no place goes to gets the one of its number,
//! which is sent between its neighbours. When every place has its own and none moves by more than ∛ε, the eigenvalues below t (1 − δ) and
//! below t (1 + δ) are counted: at most i and more than i for the i-th (from 0) prove that it lies in between. For singular values of random
//! matrices that takes four to six evaluations; what is not proved after a few is left to the transforms: clusters, and wide ranges.

use super::super::index;
use super::places::{Array, PIECES, Proof, Seen, Steps, in_a_piece, share};
use super::polynomial::{self, Group};
use super::transform::Quotients;
use crate::kernel::team::Workers;
use crate::kernel::{Arith, Task};
use crate::scalar::Real;

/// Evaluations that may be needed.
const EVALUATIONS: usize = 9;

/// Evaluations after which half of the eigenvalues must have a place.
const SPREAD_AFTER: usize = 3;

/// Fewer eigenvalues the transforms find as fast.
const FEWEST: usize = 6;

/// Numbers that are enough for n eigenvalues in any registers.
#[cfg(test)]
pub(super) fn memory_len(n: usize) -> usize {
    3 * n.next_multiple_of(32) + 4 * n
}

/// Finds all eigenvalues of the array, none of which is above `largest`, ascending; the number of evaluations that it took.
///
/// `None`, with the array as it was, if they are not proved: so many entries have no room in `memory`, some are below [`polynomial::least`], or
/// the eigenvalues are too close together or too far apart.
#[inline(always)]
pub(super) fn eigenvalues<A: Arith, R: Real>(
    workers: Workers<'_>,
    (array, largest): (Quotients<'_, R>, R),
    memory: &mut [R],
    [to, nearest]: [&mut [R]; 2],
) -> Option<usize> {
    let n = array.q.len();
    let smallest = array.q.iter().chain(&array.e[..n - 1]).fold(R::one(), |min, x| min.smaller(*x));
    if smallest < polynomial::least() || n < FEWEST {
        return None;
    }
    let array = (array, polynomial::stride(smallest));
    // As many places at a time as two registers hold, if there are as many.
    macro_rules! by {
        ($width:literal, $registers:literal) => {
            Search::<R, $width, $registers>::new(workers, (array, largest), memory, [to, nearest])?.run::<A>()
        };
    }
    match (A::BYTES / size_of::<R>(), n) {
        (16, 17..) => by!(16, 2),
        (16, 9..) => by!(16, 1),
        (8, 9..) => by!(8, 2),
        (16 | 8, _) => by!(8, 1),
        // With more of them the transforms are as fast.
        (4, ..=24) => by!(4, 2),
        _ => None,
    }
}

/// A place next to an eigenvalue, and how many eigenvalues are below it.
type Bound<R> = [R; 2];

struct Search<'a, R, const W: usize, const G: usize> {
    workers: Workers<'a>,
    array: Array<'a, R>,
    largest: R,
    /// The places; their number is rounded up to whole groups.
    t: &'a mut [Group<R, W, G>],
    /// Where each of them goes, and to which eigenvalue.
    next: &'a mut [Group<R, W, G>],
    target: &'a mut [Group<R, W, G>],
    /// Of each eigenvalue the nearest places below and above.
    low: &'a mut [Bound<R>],
    high: &'a mut [Bound<R>],
    /// Where the place goes that is nearest to it, and how far; not far if there is none.
    estimate: &'a mut [R],
    way: &'a mut [R],
}

/// How far a place goes that there is not.
fn nowhere<R: Real>() -> R {
    R::one().mul_pow2(R::MAX_EXPONENT)
}

impl<'a, R: Real, const W: usize, const G: usize> Search<'a, R, W, G> {
    /// Whether there may be so many places that they are shared: not where few are taken at a time, nor where the transforms do what is large.
    const CAN_BE_MANY: bool = W >= 8 && G == 2;

    /// `None` where the memory is too small.
    #[inline(always)]
    fn new(
        workers: Workers<'a>,
        (array, largest): (Array<'a, R>, R),
        memory: &'a mut [R],
        [estimate, way]: [&'a mut [R]; 2],
    ) -> Option<Self> {
        let n = array.0.q.len();
        let long = n.next_multiple_of(W * G);
        let (places, rest) = memory.split_at_mut_checked(3 * long)?;
        let (bounds, _) = rest.as_chunks_mut().0.split_at_mut_checked(2 * n)?;
        let (t, places) = places.as_chunks_mut().0.as_chunks_mut().0.split_at_mut(long / (W * G));
        let (next, target) = places.split_at_mut(long / (W * G));
        let (low, high) = bounds.split_at_mut(n);
        Some(Search { workers, array, largest, t, next, target, low, high, estimate, way })
    }

    #[inline(always)]
    fn run<A: Arith>(mut self) -> Option<usize> {
        let n = self.estimate.len();
        self.begin();
        for evaluations in 1..=EVALUATIONS {
            let seen = self.evaluate::<A>();
            if seen.own == n {
                self.t.copy_from_slice(self.next);
                if seen.near && self.is_proved::<A>() {
                    self.estimate.copy_from_slice(&self.t.as_flattened().as_flattened()[..n]);
                    return Some(evaluations);
                }
            } else if evaluations >= SPREAD_AFTER && 2 * seen.own < n {
                return None;
            } else {
                self.share();
                self.spread();
            }
        }
        None
    }

    /// The squares of evenly spaced singular values, as those of a random matrix nearly are.
    #[inline(always)]
    fn begin(&mut self) {
        let (n, half) = (R::from_usize(self.estimate.len()), R::from_f64(0.5));
        let step = self.largest.sqrt() / n;
        for (i, t) in self.t.as_flattened_mut().as_flattened_mut().iter_mut().enumerate() {
            let root = (R::from_usize(i) + half) * step;
            *t = root * root;
        }
        self.low.fill([R::zero(); 2]);
        self.high.fill([self.largest, n]);
    }

    /// Takes a step from each place, which is not gone yet.
    #[inline(always)]
    fn evaluate<A: Arith>(&mut self) -> Seen {
        let (array, largest, groups) = (self.array, self.largest, self.t.len());
        let len = in_a_piece(groups, self.estimate.len());
        let mut seen = [Seen::NOTHING; PIECES];
        let places = self.t.chunks(len).zip(self.next.chunks_mut(len)).zip(self.target.chunks_mut(len));
        let pieces = places.zip(&mut seen).enumerate().map(|(i, (((t, next), target), seen))| {
            let first = i * len * W * G;
            Steps { array, largest, first, t, next, target, seen }
        });
        Self::each::<A, _>(self.workers, len < groups, pieces);
        seen.into_iter().fold(Seen::NOTHING, Seen::and)
    }

    /// Does the pieces, `several` or one.
    #[inline(always)]
    fn each<A: Arith, T: Task + Send>(workers: Workers<'_>, several: bool, pieces: impl Iterator<Item = T>) {
        if Self::CAN_BE_MANY && several { share(workers, pieces) } else { pieces.for_each(Task::run::<A>) }
    }

    /// Tells every eigenvalue of the places next to it.
    #[inline(always)]
    fn share(&mut self) {
        let n = self.estimate.len();
        let [t, next, target] = [&self.t, &self.next, &self.target].map(|places| places.as_flattened().as_flattened());
        self.way.fill(nowhere());
        for ((&t, &next), &target) in t.iter().zip(next).zip(target).take(n) {
            let way = (next - t).abs();
            if !(next > R::zero() && next <= self.largest) {
                continue;
            }
            // As a number, the target may be one before the first or one behind the last.
            let count = if next < t { target + R::one() } else { target };
            let c = index(count);
            if c < n && self.low[c][0] < t {
                self.low[c] = [t, count];
            }
            if c > 0 && self.high[c - 1][0] > t {
                self.high[c - 1] = [t, count];
            }
            let i = if next < t { c.wrapping_sub(1) } else { c };
            if i < n && way < self.way[i] {
                (self.way[i], self.estimate[i]) = (way, next);
            }
        }
        // What is below an eigenvalue is below the later ones too.
        for i in 1..n {
            if self.low[i][0] < self.low[i - 1][0] {
                self.low[i] = self.low[i - 1];
            }
            let i = n - i;
            if self.high[i - 1][0] > self.high[i][0] {
                self.high[i - 1] = self.high[i];
            }
        }
    }

    /// Sends each place to the eigenvalue of its number: to the estimate, or evenly between two places with others that have none.
    #[inline(always)]
    fn spread(&mut self) {
        let places = self.t.as_flattened_mut().as_flattened_mut();
        for (i, t) in places.iter_mut().enumerate().take(self.estimate.len()) {
            let ([low, below], [high, up_to]) = (self.low[i], self.high[i]);
            *t = if self.way[i] < nowhere() {
                self.estimate[i].larger(low).smaller(high)
            } else {
                let part = (R::from_usize(i) - below + R::from_f64(0.5)) / (up_to - below);
                let root = low.sqrt() + (high.sqrt() - low.sqrt()) * part;
                root * root
            };
        }
    }

    /// Whether each place is next to its eigenvalue, but for a few rounding errors.
    #[inline(always)]
    fn is_proved<A: Arith>(&self) -> bool {
        let (n, array, groups) = (self.estimate.len(), self.array, self.t.len());
        let len = in_a_piece(groups, n);
        let mut proved = [0; PIECES];
        let pieces = self.t.chunks(len).zip(&mut proved).enumerate().map(|(i, (t, proved))| {
            let first = i * len * W * G;
            Proof { array, first, t, proved }
        });
        Self::each::<A, _>(self.workers, len < groups, pieces);
        // Those behind the last eigenvalue have no more than n below them.
        proved.iter().sum::<usize>() == n && self.t[0][0][0] >= polynomial::least()
    }
}
