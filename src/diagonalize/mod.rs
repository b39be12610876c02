//! B = X diag(s) Yᵀ for a real upper bidiagonal B, by implicit QR iteration.
//!
//! Demmel & Kahan, *Accurate singular values of bidiagonal matrices* (1990): zero-shift sweeps where a shift would
//! cost relative accuracy, shifted sweeps elsewhere, each chased from the larger end to the smaller. Every singular
//! value of B is found to high relative accuracy, however small.

mod deflate;
mod divide;
mod quotient;
mod sink;
mod sweep;
mod two_by_two;

use crate::error::Error;
use crate::kernel::team::Workers;
use crate::scalar::Real;

use deflate::Bounds;
pub(crate) use divide::{divide_and_conquer, divide_workspace_len};
pub(crate) use sink::Columns;
use sink::{Side, Sink};
use sweep::{Seen, Sweep};
use two_by_two::two_by_two;

/// Sweeps allowed per singular value, on the average. About 2 are needed; the tests hold the worst ever seen to 4.
const SWEEPS_PER_VALUE: usize = 30;

/// The most sweeps per singular value that any of the matrices of the tests has needed.
#[cfg(test)]
const WORST_SEEN: f64 = 4.0;

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused),
/// descending and non-negative, and sends everything done to the columns of X and Y to the sink. Returns the number of sweeps.
///
/// # Errors
/// [`Error::NoConvergence`] when the budget of sweeps is used up.
pub(crate) fn qr_iteration<R: Real>(d: &mut [R], e: &mut [R], sink: &mut impl Sink<R>) -> Result<usize, Error> {
    let budget = SWEEPS_PER_VALUE * (d.len() + 1);
    let mut sweeps = 0;
    let negligible = deflate::negligible(d, e);
    // The unreduced block lo..=hi under work, and the end it is chased from; what the last sweep left, if all about it is known.
    let mut end = d.len();
    let mut previous = None;
    let mut flipped = false;
    let mut left = None;
    while end > 1 {
        let (lo, hi, bounds) = match left.take() {
            Some(Block { lo, hi, bounds }) => (lo, hi, Some(bounds)),
            None => (deflate::block_start(e, end - 1, negligible), end - 1, None),
        };
        end = hi + 1;
        if lo == hi {
            end = hi;
            continue;
        }
        if lo + 1 == hi {
            solve_pair(d, e, lo, sink);
            end = lo;
            continue;
        }
        if previous.is_none_or(|(l, h)| lo > h || hi < l) {
            flipped = d[lo].abs() < d[hi].abs();
        }
        previous = Some((lo, hi));
        let Some(bounds) = bounds.or_else(|| deflate::bounds(d, e, (lo, hi), flipped, negligible)) else { continue };
        if sweeps == budget {
            let remaining = e.iter().take(hi).filter(|e| **e != R::zero()).count();
            return Err(Error::NoConvergence { remaining, sweeps });
        }
        sweeps += 1;
        let shift = sweep::shift(d, e, (lo, hi), flipped, bounds);
        let mut seen = Seen::new(bounds);
        let (block_d, block_e) = (&mut d[lo..=hi], &mut e[lo..hi]);
        sink.sweep(Sweep { d: block_d, e: block_e, first: lo, flipped, shift, negligible, seen: &mut seen });
        left = left_over(d, e, (lo, hi), flipped, &seen);
    }
    make_positive(d, sink);
    sort(d, |i, j| sink.swap(i, j));
    Ok(sweeps)
}

/// An unreduced block without a negligible entry.
struct Block<R> {
    lo: usize,
    hi: usize,
    bounds: Bounds<R>,
}

/// The block lo..=hi after a sweep, without its last row if that has converged; `None` if more than one entry may be negligible.
fn left_over<R: Real>(
    d: &[R],
    e: &mut [R],
    (lo, hi): (usize, usize),
    flipped: bool,
    seen: &Seen<R>,
) -> Option<Block<R>> {
    if seen.split {
        return None;
    }
    if !seen.converged {
        return Some(Block { lo, hi, bounds: seen.bounds });
    }
    let (far, lo, hi) = if flipped { (lo, lo + 1, hi) } else { (hi - 1, lo, hi - 1) };
    e[far] = R::zero();
    let again = lo < hi && deflate::far_end_converged(d, e, (lo, hi), flipped);
    if again { None } else { Some(Block { lo, hi, bounds: seen.before }) }
}

/// [`qr_iteration`] for the singular values alone: by quotients and differences where all squares are in the range.
///
/// # Errors
/// As [`qr_iteration`].
pub(crate) fn values_alone<R: Real>(
    d: &mut [R],
    e: &mut [R],
    scratch: &mut [&mut [R]; 4],
    memory: &mut [R],
    workers: Workers<'_>,
) -> Result<(), Error> {
    if quotient::singular_values(d, e, scratch, memory, workers).is_none() {
        qr_iteration(d, e, &mut ())?;
    }
    Ok(())
}

/// A count that is kept among the numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small non-negative integer")]
#[inline(always)]
fn index<R: Real>(x: R) -> usize {
    x.to_f64() as usize
}

/// Finishes the 2×2 block at `lo` directly.
fn solve_pair<R: Real>(d: &mut [R], e: &mut [R], lo: usize, sink: &mut impl Sink<R>) {
    let pair = two_by_two(d[lo], e[lo], d[lo + 1]);
    (d[lo], e[lo], d[lo + 1]) = (pair.large, R::zero(), pair.small);
    sink.rotate(Side::Left, lo, pair.left);
    sink.rotate(Side::Right, lo, pair.right);
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
fn sort<R: Real>(d: &mut [R], mut swap: impl FnMut(usize, usize)) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;
    use std::vec::Vec;

    /// The singular values and the sweeps that they took.
    fn solve(d: &[f64], e: &[f64]) -> (Vec<f64>, usize) {
        let n = d.len();
        let (mut d, mut e) = (d.to_vec(), e.to_vec());
        e.resize(n, 0.0);
        let sweeps = qr_iteration(&mut d, &mut e, &mut ()).unwrap();
        (d, sweeps)
    }

    fn values(d: &[f64], e: &[f64]) -> Vec<f64> {
        solve(d, e).0
    }

    #[test]
    fn the_budget_is_far_away() {
        let mut noise = Noise(1);
        let mut random = || noise.unit();
        let mut worst = (0.0, 0, 0);
        for trial in 0..40_000 {
            let n = 3 + trial % 22;
            // Entries of one size, of sizes spread over up to 30 decades, graded either way, equal, and zeros among them.
            let spread = [0.0, 2.0, 8.0, 30.0][trial / 22 % 4];
            let grade = [0.0, -1.0, 1.0, 0.3][trial / 88 % 4];
            let plain = trial / 352 % 3;
            let mut entry = |i: usize| match (plain, random()) {
                (1, x) if x < 0.2 => 0.0,
                (2, x) if x < 0.6 => 1.0,
                (_, x) => (x - 0.5) * 10_f64.powf(spread * (random() - 0.5) + grade * i as f64),
            };
            let (d, e): (Vec<f64>, Vec<f64>) = (0..n).map(|i| (entry(i), entry(i))).unzip();
            let sweeps = solve(&d, &e).1;
            let per_value = sweeps as f64 / n as f64;
            if per_value > worst.0 {
                worst = (per_value, n, trial);
            }
        }
        assert!(worst.0 <= WORST_SEEN, "{worst:?}");
    }

    #[test]
    fn diagonal_input_is_sorted_and_nothing_else() {
        let d = [1e-300, -3.0, 5e-324, 1e308, 0.0];
        assert_eq!(values(&d, &[0.0; 4]), [1e308, 3.0, 1e-300, 5e-324, 0.0]);
    }

    #[test]
    fn graded_bidiagonal_to_high_relative_accuracy() {
        // Determinant and a known closed form: B with d = e = geometric has σ_min ≈ a tiny number that only relative
        // accuracy finds; the product of the singular values is |det B| in any case.
        let d: Vec<f64> = (0..12).map(|i| 10_f64.powi(-4 * i)).collect();
        let e: Vec<f64> = (0..11).map(|i| 10_f64.powi(-4 * i - 2)).collect();
        for reverse in [false, true] {
            let (mut d, mut e) = (d.clone(), e.clone());
            if reverse {
                d.reverse();
                e.reverse();
            }
            let s = values(&d, &e);
            let ratio: f64 = s.iter().zip(d.iter().rev()).map(|(s, d)| s / d).product::<f64>()
                * if reverse { d.iter().rev().zip(&d).map(|(a, b)| a / b).product::<f64>() } else { 1.0 };
            assert!((ratio - 1.0).abs() < 1e-13, "{ratio}");
        }
    }

    #[test]
    fn zero_on_the_diagonal_gives_an_exact_zero() {
        let s = values(&[1.0, 0.0, 2.0, 3.0], &[1.0, 1.0, 1.0]);
        assert!(s[3] < 1e-300, "{s:?}");
    }
}
