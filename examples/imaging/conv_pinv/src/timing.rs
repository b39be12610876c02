//! The pseudoinverses of all frequencies in one call, beside a loop over the frequencies.

use std::hint::black_box;
use std::time::Instant;

use diffsvd::batch::{Batch, Run, Target, fused};
use diffsvd::{Mat, Svd, Tolerance};
use imaging::Result;
use rayon::prelude::*;

use crate::grid::{C, Grid};
use crate::kernel::Kernel;

/// Seconds for all frequencies.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// `Svd::thin(&a)?.pinv(…)?` for each, on one thread.
    pub looped: f64,
    /// The same loop, spread over the threads of the pool.
    pub looped_on_threads: f64,
    /// `batch::fused::pinv_into`, on one thread.
    pub batched: f64,
    /// The same on the threads of the pool.
    pub batched_on_threads: f64,
}

/// The best of a few runs of each, in turn.
pub fn measure(channels: usize, taps: usize, size: (usize, usize), seed: u64, runs: usize) -> Result<Times> {
    let kernel = Kernel::random((channels, channels), taps, None, seed);
    let matrices = kernel.spectrum(&Grid::new(size));
    let items: Vec<Mat<C>> = matrices
        .as_slice()
        .chunks(channels * channels)
        .map(|item| Mat::from_fn(channels, channels, |i, j| item[i + j * channels]))
        .collect();
    let threads = rayon::current_num_threads();
    let mut best = [f64::INFINITY; 4];
    for _ in 0..runs {
        let times = [
            timed(|| items.iter().try_for_each(one))?,
            timed(|| items.par_iter().try_for_each(one))?,
            timed(|| all(&matrices, 1))?,
            timed(|| all(&matrices, threads))?,
        ];
        best.iter_mut().zip(times).for_each(|(best, time)| *best = best.min(time));
    }
    let [looped, looped_on_threads, batched, batched_on_threads] = best;
    Ok(Times { looped, looped_on_threads, batched, batched_on_threads })
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().as_secs_f64())
}

fn one(a: &Mat<C>) -> Result<()> {
    black_box(Svd::thin(a)?.pinv(Tolerance::Default)?);
    Ok(())
}

fn all(matrices: &Batch<C>, threads: usize) -> Result<()> {
    let (count, (m, n)) = (matrices.count(), matrices.shape());
    let mut pinv = Batch::zeros(count, n, m);
    let mut work = vec![C::ZERO; fused::workspace_len::<C>(m, n) * threads];
    let run = Run::new(&mut work).threads(threads);
    fused::pinv_into(matrices.as_ref(), Tolerance::Default, Target::Overwrite(pinv.as_mut()), run)?.all()?;
    black_box(pinv);
    Ok(())
}
