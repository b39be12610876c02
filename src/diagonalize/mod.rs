//! B = X diag(s) Yᵀ for a real upper bidiagonal B, by implicit QR iteration.
//!
//! Demmel & Kahan, *Accurate singular values of bidiagonal matrices* (1990): zero-shift sweeps where a shift would
//! cost relative accuracy, shifted sweeps elsewhere, each chased from the larger end to the smaller. Every singular
//! value of B is found to high relative accuracy, however small.

mod deflate;
mod divide;
mod sweep;
mod two_by_two;

use crate::error::Error;
use crate::kernel::Order;
use crate::rotation::{Side, Sink};
use crate::scalar::Real;

pub(crate) use divide::{divide_and_conquer, divide_workspace_len};
use two_by_two::two_by_two;

/// Sweeps allowed per singular value, on the average. About 2 are needed; the worst ever seen is in `docs/accuracy.md`.
const SWEEPS_PER_VALUE: usize = 30;

/// Rotations of one sweep, four arrays of the length of the diagonal.
pub(crate) struct Rotations<'a, R> {
    pub(crate) left_c: &'a mut [R],
    pub(crate) left_s: &'a mut [R],
    pub(crate) right_c: &'a mut [R],
    pub(crate) right_s: &'a mut [R],
}

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused),
/// descending and non-negative, and sends everything done to the columns of X and Y to the sink.
///
/// # Errors
/// [`Error::NoConvergence`] when the budget of sweeps is used up.
pub(crate) fn qr_iteration<R: Real>(
    d: &mut [R],
    e: &mut [R],
    rotations: &mut Rotations<'_, R>,
    sink: &mut impl Sink<R>,
) -> Result<(), Error> {
    let budget = SWEEPS_PER_VALUE * (d.len() + 1);
    let mut sweeps = 0;
    let negligible = deflate::negligible(d, e);
    // The unreduced block lo..=hi under work, and the end it is chased from.
    let mut end = d.len();
    let mut previous = None;
    let mut flipped = false;
    while end > 1 {
        let hi = end - 1;
        let lo = deflate::block_start(e, hi, negligible);
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
        let Some(smallest) = deflate::converged(d, e, lo, hi, flipped) else { continue };
        if sweeps == budget {
            let remaining = e.iter().take(hi).filter(|e| **e != R::zero()).count();
            return Err(Error::NoConvergence { remaining, sweeps });
        }
        sweeps += 1;
        let shift = sweep::shift(d, e, lo, hi, flipped, smallest);
        sweep::chase(d, e, (lo, hi), flipped, shift, rotations);
        let order = if flipped { Order::Descending } else { Order::Ascending };
        let count = hi - lo;
        sink.rotate(Side::Left, lo, &mut rotations.left_c[..count], &mut rotations.left_s[..count], order);
        sink.rotate(Side::Right, lo, &mut rotations.right_c[..count], &mut rotations.right_s[..count], order);
    }
    make_positive(d, sink);
    sort(d, sink);
    Ok(())
}

/// Finishes the 2×2 block at `lo` directly.
fn solve_pair<R: Real>(d: &mut [R], e: &mut [R], lo: usize, sink: &mut impl Sink<R>) {
    let pair = two_by_two(d[lo], e[lo], d[lo + 1]);
    (d[lo], e[lo], d[lo + 1]) = (pair.large, R::zero(), pair.small);
    sink.rotate(Side::Left, lo, &mut [pair.left.c], &mut [pair.left.s], Order::Ascending);
    sink.rotate(Side::Right, lo, &mut [pair.right.c], &mut [pair.right.s], Order::Ascending);
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

/// Descending order by exchanges: at most n − 1 of them, since moving columns costs more than comparing.
fn sort<R: Real>(d: &mut [R], sink: &mut impl Sink<R>) {
    for i in 0..d.len() {
        let mut largest = i;
        for j in i + 1..d.len() {
            if d[j] > d[largest] {
                largest = j;
            }
        }
        if largest != i {
            d.swap(i, largest);
            sink.swap(i, largest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn values(d: &[f64], e: &[f64]) -> Vec<f64> {
        let n = d.len();
        let (mut d, mut e) = (d.to_vec(), e.to_vec());
        e.resize(n, 0.0);
        let mut rotations = vec![0.0; 4 * n];
        let (left, right) = rotations.split_at_mut(2 * n);
        let ((left_c, left_s), (right_c, right_s)) = (left.split_at_mut(n), right.split_at_mut(n));
        qr_iteration(&mut d, &mut e, &mut Rotations { left_c, left_s, right_c, right_s }, &mut ()).unwrap();
        d
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
