//! One implicit QR sweep over an unreduced block, with and without a shift, from either end.
//!
//! A sweep from the bottom is the same sweep on the matrix read backwards: reversing rows and columns of an upper
//! bidiagonal matrix and transposing gives an upper bidiagonal matrix again, with U and V exchanged. So the block is
//! reversed, swept from the top, and reversed back.

use super::bulge::{Bulge, Step, limits};
use super::deflate::{Bounds, Watch, last_converged};
use super::two_by_two::smaller_value;
use crate::rotation::{Rotation, annihilate};
use crate::scalar::Real;

/// The shift of the next sweep: the smaller singular value of the 2×2 block at the far end, or zero where a shift
/// would lose the relative accuracy of the smallest singular value.
pub(super) fn shift<R: Real>(d: &[R], e: &[R], (lo, hi): (usize, usize), flipped: bool, bounds: Bounds<R>) -> R {
    let n = R::from_f64((hi - lo + 1) as f64);
    // A shifted sweep perturbs by ε σ_max: allowed while that is below 100 n ε of the smallest singular value.
    if n * R::from_f64(100.0) * (bounds.smallest / bounds.largest) <= R::one() {
        return R::zero();
    }
    let (near, shift) = if flipped {
        (d[hi], smaller_value(d[lo], e[lo], d[lo + 1]))
    } else {
        (d[lo], smaller_value(d[hi - 1], e[hi - 1], d[hi]))
    };
    // A shift that is lost against the first entry would only add rounding; so would one that dwarfs it.
    let ratio = shift / near.abs();
    if ratio > R::EPSILON.sqrt() && ratio < R::from_f64(16.0) { shift } else { R::zero() }
}

/// Takes the rotations of a sweep as they come.
pub(super) trait Turn<R> {
    /// The rotations of step i, of the columns i and i + 1 of the block from the right, and of its rows from the left.
    fn turn(&mut self, i: usize, right: Rotation<R>, left: Rotation<R>);
}

/// A sweep to be done over an unreduced block.
pub(crate) struct Sweep<'a, R> {
    /// The block.
    pub(super) d: &'a mut [R],
    pub(super) e: &'a mut [R],
    /// Its first column.
    pub(super) first: usize,
    /// From the bottom: the block is read backwards, which exchanges rows and columns.
    pub(super) flipped: bool,
    pub(super) shift: R,
    /// What is negligible wherever it stands.
    pub(super) negligible: R,
    /// What the sweep leaves.
    pub(super) seen: &'a mut Seen<R>,
}

/// A block after a sweep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<R> {
    /// Whether an entry beside the diagonal is negligible that is not the last one.
    pub(super) split: bool,
    /// Whether the last one is.
    pub(super) converged: bool,
    /// Of the block without its last row, and of all of it.
    pub(super) before: Bounds<R>,
    pub(super) bounds: Bounds<R>,
}

impl<R: Real> Seen<R> {
    /// Before the sweep.
    pub(super) fn new(bounds: Bounds<R>) -> Self {
        Seen { split: false, converged: false, before: bounds, bounds }
    }

    /// After it: all rows but the last one have been watched, which is (beside, diagonal).
    #[inline(always)]
    pub(super) fn after(watch: Watch<R>, beside: R, diagonal: R) -> Self {
        let mut last = watch;
        let converged = last.next(beside, diagonal) || last_converged(beside, diagonal);
        Seen { split: watch.split, converged, before: watch.bounds, bounds: last.bounds }
    }
}

impl<R: Real> Sweep<'_, R> {
    /// Does it; the columns come in their order, or backwards.
    #[inline(always)]
    pub(super) fn chase(self, turn: &mut impl Turn<R>) {
        let Sweep { d, e, flipped, shift, negligible, seen, .. } = self;
        if flipped {
            d.reverse();
            e.reverse();
        }
        let mut watch = Watch::new(d[0], negligible);
        if shift == R::zero() {
            zero_shift(d, e, &mut watch, turn);
        } else {
            shifted(d, e, shift, &mut watch, turn);
        }
        *seen = Seen::after(watch, e[e.len() - 1], d[d.len() - 1]);
        if flipped {
            d.reverse();
            e.reverse();
        }
    }
}

/// The zero-shift sweep: products and quotients only, so every entry keeps its relative accuracy.
#[inline(always)]
fn zero_shift<R: Real>(d: &mut [R], e: &mut [R], watch: &mut Watch<R>, turn: &mut impl Turn<R>) {
    let mut right = Rotation { c: R::one(), s: R::zero() };
    let mut left = right;
    let last = e.len();
    for i in 0..last {
        let (next_right, r) = annihilate(d[i] * right.c, e[i]);
        let (next_left, diagonal) = annihilate(left.c * r, d[i + 1] * next_right.s);
        d[i] = diagonal;
        let beside = left.s * r;
        if i > 0 {
            e[i - 1] = beside;
        }
        watch.see(i, beside, diagonal);
        (right, left) = (next_right, next_left);
        turn.turn(i, right, left);
    }
    let h = d[last] * right.c;
    d[last] = h * left.c;
    e[last - 1] = h * left.s;
}

/// What step i makes.
#[inline(always)]
fn note<R: Real>(
    i: usize,
    step: &Step<R>,
    (d, e): (&mut [R], &mut [R]),
    watch: &mut Watch<R>,
    turn: &mut impl Turn<R>,
) {
    let &Step { r, rho, right, left } = step;
    d[i] = rho;
    if i > 0 {
        e[i - 1] = r;
    }
    watch.see(i, r, rho);
    turn.turn(i, right, left);
}

/// The shifted sweep: chases the bulge of BᵀB − shift² I.
#[inline(always)]
fn shifted<R: Real>(d: &mut [R], e: &mut [R], shift: R, watch: &mut Watch<R>, turn: &mut impl Turn<R>) {
    let last = e.len();
    let limits = limits();
    let mut bulge = Bulge::new(d[0], e[0], shift);
    for i in 0..last {
        let below = d[i + 1];
        let next = if i + 1 < last { e[i + 1] } else { R::zero() };
        let squares = bulge.squares(below);
        if squares.fit(limits) {
            let (step, after) = bulge.step(&squares, next);
            bulge = after;
            note(i, &step, (&mut *d, &mut *e), watch, turn);
        } else {
            let (step, after) = bulge.careful_step(below, next);
            bulge = after;
            note(i, &step, (&mut *d, &mut *e), watch, turn);
        }
    }
    d[last] = bulge.diagonal;
    e[last - 1] = bulge.f;
}

#[cfg(test)]
mod tests {
    use super::super::deflate;
    use super::*;
    use std::vec::Vec;

    /// The shift of rows 3..=6 of a matrix that is read from both ends: the far end of all of them has the singular value 2.
    fn shift_of_four_rows(near: f64, smallest: f64) -> f64 {
        let bounds = Bounds { smallest, largest: 1.0 };
        let (d, e) = ([9.0, 9.0, 9.0, near, 5.0, 3.0, 2.0, 9.0], [9.0, 9.0, 9.0, 1.0, 1.0, 0.0, 9.0]);
        let forwards = shift::<f64>(&d, &e, (3, 6), false, bounds);
        let reversed = |list: &[f64]| list.iter().rev().copied().collect::<Vec<f64>>();
        let backwards = shift(&reversed(&d), &reversed(&e), (1, 4), true, bounds);
        assert_eq!(forwards, backwards);
        forwards
    }

    #[test]
    fn a_shift_is_taken_where_no_relative_accuracy_is_lost() {
        assert_eq!(shift_of_four_rows(1.0, 1.01 / 400.0), 2.0);
        assert_eq!(shift_of_four_rows(1.0, 0.99 / 400.0), 0.0);
        // Lost against the first entry, and far larger than it.
        assert_eq!(shift_of_four_rows(1e9, 0.1), 0.0);
        assert_eq!(shift_of_four_rows(1e7, 0.1), 2.0);
        assert_eq!(shift_of_four_rows(0.12, 0.1), 0.0);
        assert_eq!(shift_of_four_rows(-0.13, 0.1), 2.0);
    }

    #[test]
    fn the_last_entry_is_negligible_beside_the_last_value_or_the_whole() {
        let (even, graded) = (([1.0; 3], [1.0; 2]), ([1.0, 1e-10, 1.0], [1e-3, 1e-38]));
        for ((mut d, mut e), negligible, expected) in [(even, 0.0, false), (even, 10.0, true), (graded, 0.0, true)] {
            let mut seen = Seen::new(Bounds { smallest: 0.0, largest: 1.0 });
            Sweep { d: &mut d, e: &mut e, first: 0, flipped: false, shift: 0.0, negligible, seen: &mut seen }
                .chase(&mut ());
            assert_eq!(seen.converged, expected, "{negligible} {d:?} {e:?}");
        }
    }

    #[test]
    fn what_a_sweep_leaves_is_seen_as_if_it_were_looked_at_anew() {
        for (n, shift, flipped) in [(3, 0.0, false), (7, 0.0, true), (7, 0.3, false), (12, 0.2, true), (12, 0.1, false)]
        {
            let entry = |i: usize| 1.5 + (i as f64).sin();
            let (mut d, mut e): (Vec<f64>, Vec<f64>) = (0..n).map(|i| (entry(2 * i), entry(2 * i + 1))).unzip();
            e.truncate(n - 1);
            for _ in 0..3 {
                let nothing = Bounds { smallest: f64::NAN, largest: f64::NAN };
                let mut seen = Seen::new(nothing);
                Sweep { d: &mut d, e: &mut e, first: 0, flipped, shift, negligible: 0.0, seen: &mut seen }
                    .chase(&mut ());
                let fresh = deflate::bounds(&d, &mut e, (0, n - 1), flipped, 0.0).unwrap();
                let (lo, hi) = if flipped { (1, n - 1) } else { (0, n - 2) };
                let before = deflate::bounds(&d, &mut e, (lo, hi), flipped, 0.0).unwrap();
                assert!(!seen.split && !seen.converged);
                for (seen, fresh) in [(seen.bounds, fresh), (seen.before, before)] {
                    assert_eq!((seen.smallest, seen.largest), (fresh.smallest, fresh.largest), "{n} {shift} {flipped}");
                }
            }
        }
    }
}
