//! QR iteration of one bidiagonal matrix, sweep by sweep: which block is swept next, from which end and with which shift.

use super::deflate::{self, Bounds};
use super::sink::{Side, Sink};
use super::sweep::{Seen, Sweep, shift};
use super::two_by_two::two_by_two;
use crate::error::Error;
use crate::rotation::Rotation;
use crate::scalar::Real;

/// Sweeps allowed per singular value, on the average. About 2 are needed; the tests hold the worst ever seen to 4.
const SWEEPS_PER_VALUE: usize = 30;

/// A bidiagonal matrix on its way to diagonal form.
pub(super) struct Iteration<'a, R> {
    d: &'a mut [R],
    /// As long as `d`; its last entry is not used.
    e: &'a mut [R],
    /// What may be set to zero wherever it stands.
    negligible: R,
    /// The rows from here on are done.
    end: usize,
    /// What the last sweep left, if all about it is known.
    left: Option<Block<R>>,
    /// The last block that was looked at, and the end it was chased from.
    previous: Option<(usize, usize)>,
    flipped: bool,
    seen: Seen<R>,
    sweeps: usize,
}

/// An unreduced block `lo..=hi` without a negligible entry.
struct Block<R> {
    lo: usize,
    hi: usize,
    bounds: Bounds<R>,
}

impl<'a, R: Real> Iteration<'a, R> {
    #[inline(always)]
    pub(super) fn new(d: &'a mut [R], e: &'a mut [R]) -> Self {
        let negligible = deflate::negligible(d, e);
        let seen = Seen::new(Bounds { smallest: R::zero(), largest: R::zero() });
        Iteration { end: d.len(), d, e, negligible, left: None, previous: None, flipped: false, seen, sweeps: 0 }
    }

    /// The next sweep, after which [`swept`](Self::swept) is to be called; `None` when the matrix is diagonal. What can be
    /// finished without a sweep is, pairs of rows by a rotation of both bases, which `pair` carries out.
    ///
    /// # Errors
    /// [`Error::NoConvergence`] when the budget of sweeps is used up.
    #[inline(always)]
    pub(super) fn next(&mut self, pair: impl FnMut(Side, usize, Rotation<R>)) -> Result<Option<Sweep<'_, R>>, Error> {
        let mut pair = pair;
        let (d, e, negligible) = (&mut *self.d, &mut *self.e, self.negligible);
        while self.end > 1 {
            let (lo, hi, bounds) = match self.left.take() {
                Some(Block { lo, hi, bounds }) => (lo, hi, Some(bounds)),
                None => (deflate::block_start(e, self.end - 1, negligible), self.end - 1, None),
            };
            self.end = hi + 1;
            if lo == hi {
                self.end = hi;
                continue;
            }
            if lo + 1 == hi {
                solve_pair(d, e, lo, &mut pair);
                self.end = lo;
                continue;
            }
            if self.previous.is_none_or(|(l, h)| lo > h || hi < l) {
                self.flipped = d[lo].abs() < d[hi].abs();
            }
            self.previous = Some((lo, hi));
            let flipped = self.flipped;
            let Some(bounds) = bounds.or_else(|| deflate::bounds(d, e, (lo, hi), flipped, negligible)) else {
                continue;
            };
            if self.sweeps == SWEEPS_PER_VALUE * (d.len() + 1) {
                let remaining = e.iter().take(hi).filter(|e| **e != R::zero()).count();
                return Err(Error::NoConvergence { remaining, sweeps: self.sweeps });
            }
            self.sweeps += 1;
            self.seen = Seen::new(bounds);
            let shift = shift(d, e, (lo, hi), flipped, bounds);
            let (d, e) = (&mut self.d[lo..=hi], &mut self.e[lo..hi]);
            return Ok(Some(Sweep { d, e, first: lo, flipped, shift, negligible, seen: &mut self.seen }));
        }
        Ok(None)
    }

    /// Looks at what the sweep has left: the block without its last row if that has converged, nothing if more than one entry may be negligible.
    #[inline(always)]
    pub(super) fn swept(&mut self) {
        let (Some((lo, hi)), seen) = (self.previous, self.seen) else { return };
        if seen.split {
            return;
        }
        if !seen.converged {
            self.left = Some(Block { lo, hi, bounds: seen.bounds });
            return;
        }
        let (far, lo, hi) = if self.flipped { (lo, lo + 1, hi) } else { (hi - 1, lo, hi - 1) };
        self.e[far] = R::zero();
        let again = lo < hi && deflate::far_end_converged(self.d, self.e, (lo, hi), self.flipped);
        self.left = if again { None } else { Some(Block { lo, hi, bounds: seen.before }) };
    }

    /// The values positive and descending, once there is no sweep to be done any more. Returns how many there were.
    #[inline(always)]
    pub(super) fn finish(self, sink: &mut impl Sink<R>) -> usize {
        make_positive(self.d, sink);
        sort(self.d, |i, j| sink.swap(i, j));
        self.sweeps
    }
}

/// Finishes the 2×2 block at `lo` directly.
fn solve_pair<R: Real>(d: &mut [R], e: &mut [R], lo: usize, turn: &mut impl FnMut(Side, usize, Rotation<R>)) {
    let pair = two_by_two(d[lo], e[lo], d[lo + 1]);
    (d[lo], e[lo], d[lo + 1]) = (pair.large, R::zero(), pair.small);
    turn(Side::Left, lo, pair.left);
    turn(Side::Right, lo, pair.right);
}

fn make_positive<R: Real>(d: &mut [R], sink: &mut impl Sink<R>) {
    for (j, d) in d.iter_mut().enumerate() {
        if *d < R::zero() {
            *d = -*d;
            sink.negate(j);
        } else {
            // −0 becomes 0.
            *d = d.abs();
        }
    }
}

/// Descending order by exchanges of `i < j`: at most n − 1 of them, since moving columns costs more than comparing.
pub(super) fn sort<R: Real>(d: &mut [R], mut swap: impl FnMut(usize, usize)) {
    for i in 0..d.len() {
        let mut largest = i;
        for j in i + 1..d.len() {
            if d[j] > d[largest] {
                largest = j;
            }
        }
        if largest != i {
            d.swap(i, largest);
            swap(i, largest);
        }
    }
}
