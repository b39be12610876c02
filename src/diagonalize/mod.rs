//! B = X diag(s) Yᵀ for a real upper bidiagonal B, by implicit QR iteration.
//!
//! Demmel & Kahan, *Accurate singular values of bidiagonal matrices* (1990): zero-shift sweeps where a shift would
//! cost relative accuracy, shifted sweeps elsewhere, each chased from the larger end to the smaller. Every singular
//! value of B is found to high relative accuracy, however small.

mod abreast;
mod bulge;
mod deflate;
mod divide;
mod iteration;
mod quotient;
mod sink;
mod sweep;
mod two_by_two;

use crate::error::Error;
use crate::kernel::team::Workers;
use crate::scalar::Real;

pub(crate) use abreast::{Matrix, Memory, abreast_lanes, qr_iterations};
pub(crate) use divide::{divide_and_conquer, divide_workspace_len};
use iteration::Iteration;
pub(crate) use sink::Columns;
use sink::Sink;

/// The most sweeps per singular value that any of the matrices of the tests has needed.
#[cfg(test)]
const WORST_SEEN: f64 = 4.0;

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused),
/// descending and non-negative, and sends everything done to the columns of X and Y to the sink. Returns the number of sweeps.
///
/// # Errors
/// [`Error::NoConvergence`] when the budget of sweeps is used up.
pub(crate) fn qr_iteration<R: Real>(d: &mut [R], e: &mut [R], sink: &mut impl Sink<R>) -> Result<usize, Error> {
    let mut iteration = Iteration::new(d, e);
    while let Some(sweep) = iteration.next(|side, j, rotation| sink.rotate(side, j, rotation))? {
        sink.sweep(sweep);
        iteration.swept();
    }
    Ok(iteration.finish(sink))
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
