//! A million rigid alignments with their gradients: `cargo run --release --example kabsch [-- --count 1000000 --threads 2]`.
//!
//! Each pair is a cloud of points and the same cloud turned, and with noise; every fourth is a mirror image besides, for which U Vᵀ is a reflection and
//! not the answer. The rotation R = U diag(1, 1, det(U Vᵀ)) Vᵀ of M = Qᵀ P = U S Vᵀ is Kabsch's; it is found for a batch of pairs at a time, and so is the
//! gradient of L = ½ ‖R − R₀‖² with respect to every point, through M and through the singular values, which are equal or nearly so
//! for round clouds. No U, s or V is stored.
//!
//! `--threads` needs the feature `rayon`; the results are the same to the last bit.

mod clouds;
mod progress;

use clouds::{Clouds, POINTS};
use diffsvd::batch::{BatchMut, BatchRef, MapGradient, Rotations, Run, Target, fused};
use progress::Progress;
use std::error::Error;
use std::time::{Duration, Instant};

/// Pairs of one batch: their matrices stay in the cache.
const BATCH: usize = 8192;

/// The command line.
struct Options {
    count: usize,
    threads: usize,
}

/// What is found for the pairs of a batch.
struct Results {
    /// M = Qᵀ P, R, and their cotangents, 3×3 each, row by row.
    m: Vec<f64>,
    r: Vec<f64>,
    r_bar: Vec<f64>,
    m_bar: Vec<f64>,
    work: Vec<f64>,
    threads: usize,
}

/// Sums over all pairs, and the time of each part.
#[derive(Default)]
struct Totals {
    pairs: usize,
    mirrored: usize,
    /// Σ ‖R − R₀‖² and the largest.
    squares: f64,
    worst: f64,
    /// Σ ‖gP‖², so that the gradients are used.
    gradients: f64,
    align: Duration,
    differentiate: Duration,
}

impl Results {
    fn new(threads: usize) -> Self {
        let zeros = || vec![0.0; 9 * BATCH];
        let work = vec![0.0; threads * fused::workspace_len::<f64>(3, 3)];
        Results { m: zeros(), r: zeros(), r_bar: zeros(), m_bar: zeros(), work, threads }
    }

    /// R of every M.
    fn align(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        let m = BatchRef::row_major(&self.m, count, 3, 3)?;
        let target = Target::Overwrite(BatchMut::row_major(&mut self.r, count, 3, 3)?);
        Ok(fused::map_into(m, &Rotations, target, None, run(&mut self.work, self.threads))?.all()?)
    }

    /// gM from gR.
    fn differentiate(&mut self, count: usize) -> Result<(), Box<dyn Error>> {
        let (m, r_bar) = (BatchRef::row_major(&self.m, count, 3, 3)?, BatchRef::row_major(&self.r_bar, count, 3, 3)?);
        let a = Target::Overwrite(BatchMut::row_major(&mut self.m_bar, count, 3, 3)?);
        let run = run(&mut self.work, self.threads);
        Ok(fused::map_vjp_into(m, &Rotations, r_bar, MapGradient { a, f: None }, run)?.all()?)
    }
}

#[cfg(feature = "rayon")]
fn run(work: &mut [f64], threads: usize) -> Run<'_, f64> {
    Run::new(work).threads(threads)
}
#[cfg(not(feature = "rayon"))]
fn run(work: &mut [f64], _threads: usize) -> Run<'_, f64> {
    Run::new(work)
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Options { count: 1_000_000, threads: 1 };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or("a flag without its number")?.parse()?;
            match flag.as_str() {
                "--count" => options.count = value,
                "--threads" if cfg!(feature = "rayon") || value == 1 => options.threads = value,
                "--threads" => return Err("--threads: run with --features rayon".into()),
                _ => return Err(format!("{flag}: neither --count nor --threads").into()),
            }
        }
        Ok(options)
    }
}

/// The pairs from number `first` on: generated, aligned, differentiated, and compared with what they were made from.
fn batch(first: usize, count: usize, results: &mut Results, totals: &mut Totals) -> Result<(), Box<dyn Error>> {
    let clouds = Clouds::generate(first, count);
    clouds.covariances(&mut results.m);
    let start = Instant::now();
    results.align(count)?;
    totals.align += start.elapsed();
    for ((bar, r), truth) in results.r_bar.iter_mut().zip(&results.r).zip(&clouds.rotations) {
        *bar = r - truth;
    }
    let start = Instant::now();
    results.differentiate(count)?;
    totals.differentiate += start.elapsed();
    for (i, bar) in results.r_bar[..9 * count].chunks_exact(9).enumerate() {
        let square = bar.iter().map(|x| x * x).sum::<f64>();
        totals.squares += square;
        totals.worst = totals.worst.max(square.sqrt());
        totals.mirrored += usize::from(Clouds::mirrored(first + i));
    }
    totals.gradients += clouds.gradient_squares(&results.m_bar);
    totals.pairs += count;
    Ok(())
}

/// The gradient of L with respect to one point of one pair by central differences, beside that of the formula.
fn check(item: usize) -> Result<(f64, f64), Box<dyn Error>> {
    let (mut results, step) = (Results::new(1), 1e-5);
    let mut loss = |shift: f64| -> Result<f64, Box<dyn Error>> {
        let mut clouds = Clouds::generate(item, 1);
        clouds.from[0] += shift;
        clouds.covariances(&mut results.m);
        results.align(1)?;
        Ok(results.r.iter().zip(&clouds.rotations).map(|(r, truth)| 0.5 * (r - truth).powi(2)).sum())
    };
    let estimate = (loss(step)? - loss(-step)?) / (2.0 * step);
    let clouds = Clouds::generate(item, 1);
    clouds.covariances(&mut results.m);
    results.align(1)?;
    for ((bar, r), truth) in results.r_bar.iter_mut().zip(&results.r).zip(&clouds.rotations) {
        *bar = r - truth;
    }
    results.differentiate(1)?;
    Ok((clouds.point_gradients(&results.m_bar, 0)[0], estimate))
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    println!("gradient of one coordinate: formula, and central differences");
    for item in [0, 1, 3, 4] {
        let (exact, estimate) = check(item)?;
        println!("{:>14.9} {estimate:>14.9}{}", exact, if Clouds::mirrored(item) { "   (mirrored)" } else { "" });
        if (exact - estimate).abs() > 1e-7 * (1.0 + exact.abs()) {
            return Err("the gradient is not that of the differences".into());
        }
    }
    let (mut results, mut totals) = (Results::new(options.threads), Totals::default());
    let mut progress = Progress::new(options.count);
    for first in (0..options.count).step_by(BATCH) {
        batch(first, BATCH.min(options.count - first), &mut results, &mut totals)?;
        progress.at(totals.pairs);
    }
    progress.finish();
    report(&totals);
    Ok(())
}

fn report(totals: &Totals) {
    let pairs = totals.pairs.max(1) as f64;
    let rate = |time: Duration| (pairs / time.as_secs_f64() / 1e6, time.as_secs_f64() * 1e9 / pairs);
    println!("{} pairs of {POINTS} points, {} of them mirrored", totals.pairs, totals.mirrored);
    println!("‖R − R₀‖: {:.2e} in the mean, {:.2e} at most", (totals.squares / pairs).sqrt(), totals.worst);
    println!("‖gP‖: {:.2e} in the mean", (totals.gradients / pairs).sqrt());
    for (name, time) in [("rotations", totals.align), ("gradients", totals.differentiate)] {
        let (millions, nanoseconds) = rate(time);
        println!("{name}: {millions:.2} million a second, {nanoseconds:.0} ns each");
    }
}
