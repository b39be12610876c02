//! Singular-value precoding of many 4×4 channels: `cargo run --release --example mimo [-- --count 100000]`.
//!
//! One complex matrix H for each subcarrier of a wide band. The sender transmits V x, the receiver forms Uᴴ y: H = U S Vᴴ becomes four parallel channels
//! of gain sᵢ². The power P is poured over them like water, pᵢ = max(0, μ − 1/(ρ sᵢ²)) with Σ pᵢ = P, and the capacity is C = Σ log₂(1 + ρ pᵢ sᵢ²).
//!
//! Because the powers are optimal, dC/dsᵢ is the derivative at fixed pᵢ (the envelope theorem), and gH = U diag(dC/dsᵢ) Vᴴ needs no derivative of U or V: a
//! cotangent of s alone, for the whole band in one call. Checked against central differences in which the water is poured anew.

mod water;

use diffsvd::batch::{self, BatchMut, BatchRef, Cotangent, FactorsMut, Run, Target};
use diffsvd::{Rule, Vectors};
use num_complex::Complex;
use std::error::Error;
use std::time::Instant;
use water::{capacity, gradient, pour};

type C = Complex<f64>;

/// Antennas on either side.
const N: usize = 4;

/// Factors, capacities and gradients of a band.
struct Band {
    count: usize,
    h: Vec<C>,
    u: Vec<C>,
    s: Vec<f64>,
    v: Vec<C>,
    s_bar: Vec<f64>,
    h_bar: Vec<C>,
}

impl Band {
    /// Rayleigh fading: every path normal and independent, but for every eighth carrier, where all paths arrive along few directions.
    fn new(count: usize) -> Self {
        let mut random = Random(7);
        let mut h: Vec<C> = (0..count * N * N).map(|_| random.normal() * 0.5_f64.sqrt()).collect();
        for matrix in h.chunks_exact_mut(N * N).step_by(8) {
            for j in 2..N {
                (0..N).for_each(|i| matrix[i * N + j] = matrix[i * N + j % 2] * 0.9 + matrix[i * N + j] * 0.1);
            }
        }
        let (zeros, none) = (vec![0.0; count * N], vec![C::default(); count * N * N]);
        Band { count, h, u: none.clone(), s: zeros.clone(), v: none.clone(), s_bar: zeros, h_bar: none }
    }

    /// H = U S Vᴴ of every carrier.
    fn decompose(&mut self) -> Result<(), Box<dyn Error>> {
        let (mut work, count) = (vec![C::default(); batch::svd_workspace_len::<C>(N, N, Vectors::Thin)], self.count);
        let out = FactorsMut {
            u: BatchMut::row_major(&mut self.u, count, N, N)?,
            s: BatchMut::vectors(&mut self.s, count, N)?,
            v: BatchMut::row_major(&mut self.v, count, N, N)?,
        };
        let h = BatchRef::row_major(&self.h, count, N, N)?;
        Ok(batch::svd_into(h, Vectors::Thin, out, Run::new(&mut work))?.all()?)
    }

    /// gH of Σ C.
    fn differentiate(&mut self, snr: f64) -> Result<(), Box<dyn Error>> {
        for (s, bar) in self.s.chunks_exact(N).zip(self.s_bar.chunks_exact_mut(N)) {
            bar.copy_from_slice(&gradient(s, snr));
        }
        let (mut work, count) = (vec![C::default(); batch::vjp_workspace_len::<C>(N, N, N)], self.count);
        let factors = batch::Factors {
            u: BatchRef::row_major(&self.u, count, N, N)?,
            s: BatchRef::vectors(&self.s, count, N)?,
            v: BatchRef::row_major(&self.v, count, N, N)?,
        };
        let s_bar = BatchRef::vectors(&self.s_bar, count, N)?;
        let cotangent = Cotangent { s: Some(s_bar), ..Cotangent::default() };
        let target = Target::Overwrite(BatchMut::row_major(&mut self.h_bar, count, N, N)?);
        Ok(batch::vjp_into(factors, cotangent, &Rule::default(), target, Run::new(&mut work))?.all()?)
    }

    /// max |Uᴴ H V − S| over all carriers, relative to s₁: what one stream hears of the others.
    fn crosstalk(&self) -> f64 {
        let mut worst = 0.0_f64;
        for (item, h) in self.h.chunks_exact(N * N).enumerate() {
            let (u, v, s) = (&self.u[item * N * N..], &self.v[item * N * N..], &self.s[item * N..][..N]);
            for (row, column) in (0..N * N).map(|entry| (entry / N, entry % N)) {
                let mut heard = C::default();
                for (i, j) in (0..N * N).map(|entry| (entry / N, entry % N)) {
                    heard += u[i * N + row].conj() * h[i * N + j] * v[j * N + column];
                }
                let expected = if row == column { s[row] } else { 0.0 };
                worst = worst.max((heard - expected).norm() / s[0]);
            }
        }
        worst
    }
}

/// splitmix64 and Box & Muller.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2_f64.powi(-53)
    }
    fn normal(&mut self) -> C {
        C::from_polar((-2.0 * (1.0 - self.unit()).ln()).sqrt(), std::f64::consts::TAU * self.unit())
    }
}

/// Σ C of the band with H moved by `step` times a direction of unit size an entry.
fn moved(band: &Band, direction: &[C], step: f64, snr: f64) -> Result<Vec<f64>, Box<dyn Error>> {
    let h: Vec<C> = band.h.iter().zip(direction).map(|(h, d)| h + d * step).collect();
    let mut work = vec![C::default(); batch::singular_values_workspace_len::<C>(N, N)];
    let mut s = vec![0.0; band.count * N];
    let out = BatchMut::vectors(&mut s, band.count, N)?;
    batch::singular_values_into(BatchRef::row_major(&h, band.count, N, N)?, out, Run::new(&mut work))?.all()?;
    Ok(s.chunks_exact(N).map(|s| capacity(s, &pour(s, snr), snr)).collect())
}

/// The largest difference of Re⟨gH, D⟩ and (C(H + tD) − C(H − tD))/2t over all carriers, relative to the mean size of the former.
fn check(band: &Band, snr: f64) -> Result<f64, Box<dyn Error>> {
    let (mut random, step) = (Random(99), 1e-5);
    let direction: Vec<C> = (0..band.h.len()).map(|_| random.normal()).collect();
    let (ahead, behind) = (moved(band, &direction, step, snr)?, moved(band, &direction, -step, snr)?);
    let along = |(g, d): (&[C], &[C])| g.iter().zip(d).map(|(g, d)| (g.conj() * d).re).sum::<f64>();
    let exact: Vec<f64> = band.h_bar.chunks_exact(N * N).zip(direction.chunks_exact(N * N)).map(along).collect();
    let size = exact.iter().map(|x| x.abs()).sum::<f64>() / exact.len().max(1) as f64;
    let differences = ahead.iter().zip(&behind).map(|(a, b)| (a - b) / (2.0 * step));
    Ok(differences.zip(&exact).map(|(estimate, exact)| (estimate - exact).abs()).fold(0.0, f64::max) / size)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => 100_000,
        (Some("--count"), Some(count)) => count.parse()?,
        _ => return Err("mimo [--count CARRIERS]".into()),
    };
    let mut band = Band::new(count);
    let start = Instant::now();
    band.decompose()?;
    let time = start.elapsed();
    println!("{count} carriers, {N}×{N}: {:.0} ns each for U, s and V", time.as_secs_f64() * 1e9 / count.max(1) as f64);
    println!("crosstalk after precoding: {:.1e} of the strongest path", band.crosstalk());
    println!(
        "\n{:>9}{:>16}{:>16}{:>18}{:>16}",
        "SNR (dB)", "equal power", "water-filling", "gradient (ns)", "its error"
    );
    for decibels in [-10, 0, 10, 20, 30] {
        let snr = 10_f64.powf(f64::from(decibels) / 10.0) / N as f64;
        let mean = |power: fn(&[f64], f64) -> [f64; N]| {
            band.s.chunks_exact(N).map(|s| capacity(s, &power(s, snr), snr)).sum::<f64>() / count.max(1) as f64
        };
        let (equal, poured) = (mean(|_, _| [1.0; N]), mean(pour));
        let start = Instant::now();
        band.differentiate(snr)?;
        let time = start.elapsed().as_secs_f64() * 1e9 / count.max(1) as f64;
        let error = check(&band, snr)?;
        println!("{decibels:>9}{equal:>12.3} b/Hz{poured:>12.3} b/Hz{time:>18.0}{error:>16.1e}");
        // C″ jumps where the water reaches another channel, and so the difference quotient is good to the step alone there.
        if poured + 1e-12 < equal || error > 1e-3 {
            return Err("the powers or the gradient are wrong".into());
        }
    }
    Ok(())
}
