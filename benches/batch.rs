//! Nanoseconds an item: `cargo bench --bench batch [-- FILTER...]`, for instance `-- thin/f64/3x3`.
//!
//! Each row is one operation on one shape, as a batch of 10³, 10⁴, 10⁵ and 10⁶ items (as far as they fit 10⁹ bytes), beside the loop over single matrices
//! on 10³: a batch costs what its items cost. With the feature `rayon` another column has 10⁵ items on two threads: what that gains by the clock, and, where
//! the system tells it, the CPU time of all threads in per cent of that of one thread alone, which on a busy machine is the better measure.
//! Wall-clock time, the least of a few. `cargo test --bench batch` runs every case once, on a few items.

use diffsvd::batch::{self, BatchMut, BatchRef, Cotangent, Factors, FactorsMut, MapGradient, Run, Same, Target, fused};
use diffsvd::spectral::SoftThreshold;
use diffsvd::{Error, MatMut, MatRef, Real, Rule, Scalar, Vectors, svd_into, svd_workspace_len};
use num_complex::Complex;
use std::time::Instant;

const OPERATIONS: [&str; 5] = ["thin", "values", "vjp", "svt", "svt_vjp"];
const SHAPES: [(usize, usize); 8] = [(2, 2), (3, 3), (4, 4), (8, 8), (16, 4), (16, 16), (32, 32), (64, 64)];
const COUNTS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Bytes of the matrices of a batch, all together.
const MOST: usize = 1_000_000_000;

/// A batch and room for every result.
struct Batch<S: Scalar> {
    count: usize,
    shape: (usize, usize),
    a: Vec<S>,
    u: Vec<S>,
    s: Vec<S::Real>,
    v: Vec<S>,
    /// The cotangents of U and V.
    g: [Vec<S>; 2],
    x: Vec<S>,
    work: Vec<S>,
}

impl<S: Scalar> Batch<S> {
    fn new(count: usize, (m, n): (usize, usize), threads: usize) -> Self {
        let (k, mut state) = (m.min(n), 1_u64);
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            S::Real::from_f64((state >> 11) as f64 * 2_f64.powi(-52) - 1.0)
        };
        let a = (0..count * m * n).map(|_| S::from_parts(next(), next())).collect();
        let zeros = |len: usize| vec![S::zero(); len * count];
        let len = [
            batch::svd_workspace_len::<S>(m, n, Vectors::Thin),
            batch::svd_workspace_len::<S>(m, n, Vectors::None),
            batch::vjp_workspace_len::<S>(m, n, k),
            fused::workspace_len::<S>(m, n),
        ];
        let work = vec![S::zero(); threads * len.into_iter().max().unwrap_or(0)];
        let s = vec![S::Real::from_f64(0.0); count * k];
        let (u, v, g) = (zeros(m * k), zeros(n * k), [const { Vec::new() }; 2]);
        let mut all = Batch { count, shape: (m, n), a, u, s, v, g, x: zeros(m * n), work };
        all.run("thin", 1).expect("a decomposition");
        all.g = [all.u.clone(), all.v.clone()];
        all
    }

    /// The operation on all items; by the loop over single matrices where `threads` is 0.
    fn run(&mut self, operation: &str, threads: usize) -> Result<(), Error> {
        let ((m, n), count, k) = (self.shape, self.count, self.shape.0.min(self.shape.1));
        if threads == 0 {
            return self.alone();
        }
        let a = BatchRef::col_major(&self.a, count, m, n)?;
        let (f, rule) = (Same(SoftThreshold(S::Real::from_f64(0.5))), Rule::default());
        let target = Target::Overwrite(BatchMut::col_major(&mut self.x, count, m, n)?);
        let s = BatchMut::vectors(&mut self.s, count, k)?;
        let done = match operation {
            "values" => batch::singular_values_into(a, s, on(&mut self.work, threads))?,
            "thin" => {
                let u = BatchMut::col_major(&mut self.u, count, m, k)?;
                let out = FactorsMut { u, s, v: BatchMut::col_major(&mut self.v, count, n, k)? };
                batch::svd_into(a, Vectors::Thin, out, on(&mut self.work, threads))?
            }
            "vjp" => {
                let (u, v) = (BatchRef::col_major(&self.u, count, m, k)?, BatchRef::col_major(&self.v, count, n, k)?);
                let factors = Factors { u, s: BatchRef::vectors(&self.s, count, k)?, v };
                let [gu, gv] = &self.g;
                let (gu, gv) = (BatchRef::col_major(gu, count, m, k)?, BatchRef::col_major(gv, count, n, k)?);
                let cotangent = Cotangent { u: Some(gu), s: Some(factors.s), v: Some(gv), s_matrix: None };
                batch::vjp_into(factors, cotangent, &rule, target, on(&mut self.work, threads))?
            }
            "svt" => fused::map_into(a, &f, target, None, on(&mut self.work, threads))?,
            _ => fused::map_vjp_into(a, &f, a, MapGradient { a: target, f: None }, on(&mut self.work, threads))?,
        };
        // A value may stand at the kink of the threshold, which has no derivative there: one in ten thousand in single precision.
        assert!(done.failed <= 1.max(self.count / 10_000), "{} of {} failed", done.failed, self.count);
        Ok(())
    }

    /// Thin factors by the function of one matrix.
    fn alone(&mut self) -> Result<(), Error> {
        let (m, n) = self.shape;
        let k = m.min(n);
        self.work.resize(svd_workspace_len::<S>(m, n, Vectors::Thin).max(self.work.len()), S::zero());
        let factors =
            self.u.chunks_exact_mut(m * k).zip(self.s.chunks_exact_mut(k)).zip(self.v.chunks_exact_mut(n * k));
        for (a, ((u, s), v)) in self.a.chunks_exact(m * n).zip(factors) {
            let out = diffsvd::FactorsMut { u: MatMut::col_major(u, m, k)?, s, v: MatMut::col_major(v, n, k)? };
            svd_into(MatRef::col_major(a, m, n)?, Vectors::Thin, out, &mut self.work)?;
        }
        Ok(())
    }
}

#[cfg(feature = "rayon")]
fn on<S: Scalar, T>(work: &mut [S], threads: usize) -> Run<'_, S, T> {
    Run::new(work).threads(threads)
}
#[cfg(not(feature = "rayon"))]
fn on<S: Scalar, T>(work: &mut [S], _threads: usize) -> Run<'_, S, T> {
    Run::new(work)
}

/// Nanoseconds an item: the least of a few runs that take a fifth of a second together.
fn time<S: Scalar>(batch: &mut Batch<S>, operation: &str, threads: usize) -> f64 {
    let (start, mut least, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < 3 || start.elapsed().as_millis() < 200 {
        let once = Instant::now();
        batch.run(operation, threads).expect("a result");
        least = least.min(once.elapsed().as_secs_f64());
        runs += 1;
    }
    least * 1e9 / batch.count as f64
}

/// CPU seconds of all threads so far, where the system tells.
fn cpu_seconds() -> Option<f64> {
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let nanoseconds = |path: std::path::PathBuf| -> Option<f64> {
        std::fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    Some(threads.flatten().filter_map(|thread| nanoseconds(thread.path())).sum::<f64>() * 1e-9)
}

/// CPU time of two threads in per cent of that of one, a fifth of a second of each in turn, so that both meet the same machine.
fn cpu_percent<S: Scalar>(batch: &mut Batch<S>, operation: &str) -> Option<f64> {
    let (mut spent, mut runs) = ([0.0; 2], [0.0; 2]);
    for turn in 0..6 {
        let (start, before) = (Instant::now(), cpu_seconds()?);
        while start.elapsed().as_millis() < 200 {
            batch.run(operation, turn % 2 + 1).expect("a result");
            runs[turn % 2] += 1.0;
        }
        spent[turn % 2] += cpu_seconds()? - before;
    }
    Some(spent[1] / runs[1] / (spent[0] / runs[0]) * 100.0)
}

fn row<S: Scalar>(name: &str, operation: &str, shape: (usize, usize)) {
    print!("{name:<20}");
    for count in COUNTS {
        if count * shape.0 * shape.1 * size_of::<S>() * 6 > MOST {
            print!("{:>10}", "-");
            continue;
        }
        print!("{:>10.1}", time(&mut Batch::<S>::new(count, shape, 1), operation, 1));
    }
    if operation == "thin" {
        print!("{:>10.1}", time(&mut Batch::<S>::new(1000, shape, 1), operation, 0));
    }
    if cfg!(feature = "rayon") {
        let count = 100_000.min(MOST / 6 / (shape.0 * shape.1 * size_of::<S>()));
        let mut batch = Batch::<S>::new(count, shape, 2);
        let (one, two) = (time(&mut batch, operation, 1), time(&mut batch, operation, 2));
        print!("   two threads: {two:.1} ns, {:.2} times as fast", one / two);
        if let Some(percent) = cpu_percent(&mut batch, operation) {
            print!(", {percent:.0} % of the CPU time");
        }
    }
    println!();
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    if timed {
        println!("{:<20}{:>10}{:>10}{:>10}{:>10}{:>10}", "ns an item", "10³", "10⁴", "10⁵", "10⁶", "alone");
    }
    for operation in OPERATIONS {
        for shape in SHAPES {
            for (scalar, run) in [
                ("f32", row::<f32> as fn(&str, &str, (usize, usize))),
                ("f64", row::<f64>),
                ("c32", row::<Complex<f32>>),
                ("c64", row::<Complex<f64>>),
            ] {
                let name = format!("{operation}/{scalar}/{}x{}", shape.0, shape.1);
                if timed && (filters.is_empty() || filters.iter().any(|filter| name.contains(*filter))) {
                    run(&name, operation, shape);
                }
            }
            if !timed {
                Batch::<Complex<f64>>::new(20, shape, 1).run(operation, 1).expect("a result");
            }
        }
    }
}
