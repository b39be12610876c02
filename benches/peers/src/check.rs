//! Is it right? Asked of every contestant before it is timed.
//!
//! ‖A − U S Vᴴ‖ and ‖UᴴU − I‖ are probed with a few random vectors, in double precision: O(mn) rather than a product of
//! matrices, and independent of every library that is compared.

use crate::number::{Normal, Number};
use crate::problem::{Output, Problem, Task};
use num_complex::Complex;

type C = Complex<f64>;

/// The largest errors met, in units of max(m, n)·ε (times s₁ where they have its unit).
#[derive(Clone, Copy, Default, Debug)]
pub struct Errors {
    pub residual: f64,
    pub orthogonality: f64,
    /// Of the singular values, or of a derivative, against the reference.
    pub values: f64,
}

impl Errors {
    /// What is still called right; a wrong sign or a lost digit is far beyond.
    const LIMIT: f64 = 30.0;

    pub fn acceptable(&self) -> bool {
        [self.residual, self.orthogonality, self.values].iter().all(|e| *e <= Self::LIMIT)
    }
}

/// A column-major matrix, or its adjoint.
struct Wide {
    data: Vec<C>,
    rows: usize,
    cols: usize,
}

impl Wide {
    fn new<S: Number>(data: &[S], rows: usize, cols: usize) -> Self {
        Wide { data: data.iter().map(|x| x.wide()).collect(), rows, cols }
    }
    fn times(&self, x: &[C]) -> Vec<C> {
        let mut y = vec![C::default(); self.rows];
        for (column, x) in self.data.chunks_exact(self.rows).zip(x) {
            y.iter_mut().zip(column).for_each(|(y, a)| *y += a * x);
        }
        y
    }
    fn adjoint_times(&self, x: &[C]) -> Vec<C> {
        let dot = |column: &[C]| column.iter().zip(x).map(|(a, x)| a.conj() * x).sum();
        self.data.chunks_exact(self.rows).map(dot).collect()
    }
    fn adjoint(&self) -> Self {
        let data = (0..self.rows).flat_map(|i| (0..self.cols).map(move |j| (i, j)));
        let data = data.map(|(i, j)| self.data[i + j * self.rows].conj()).collect();
        Wide { data, rows: self.cols, cols: self.rows }
    }
}

fn norm(x: &[C]) -> f64 {
    x.iter().map(Complex::norm_sqr).sum::<f64>().sqrt()
}

fn difference(x: &[C], y: &[C]) -> f64 {
    norm(&x.iter().zip(y).map(|(x, y)| x - y).collect::<Vec<_>>())
}

/// Relative distance of two results in units of max(m, n)·ε.
fn apart<S: Number>(x: &[S], y: &[S], unit: f64) -> f64 {
    let (x, y): (Vec<C>, Vec<C>) = (x.iter().map(|x| x.wide()).collect(), y.iter().map(|y| y.wide()).collect());
    let e = difference(&x, &y) / (norm(&y).max(f64::MIN_POSITIVE) * unit);
    if e.is_nan() { f64::INFINITY } else { e }
}

fn apart_real<R: diffsvd::Real>(x: &[R], y: &[R], unit: f64) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let e =
        norm(&mut x.iter().zip(y).map(|(x, y)| (*x - *y).to_f64())) / (norm(&mut y.iter().map(|y| y.to_f64())) * unit);
    if e.is_nan() { f64::INFINITY } else { e }
}

/// Checks up to 20 matrices of the batch. `reference` is the result of diffsvd, with V and not Vᴴ.
pub fn errors<S: Number>(
    problem: &Problem<S>,
    out: &mut Output<S>,
    adjoint: bool,
    reference: &mut Output<S>,
) -> Errors {
    let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
    let unit = m.max(n) as f64 * diffsvd::Real::to_f64(<S::R as diffsvd::Real>::EPSILON);
    let mut worst = Errors::default();
    let step = problem.shape.count.div_ceil(20);
    for i in (0..problem.shape.count).step_by(step) {
        let (slot, truth) = (out.slot(i, problem.shape), reference.slot(i, problem.shape));
        let s: Vec<f64> = slot.s.iter().map(|s| diffsvd::Real::to_f64(*s)).collect();
        let mut note = Errors::default();
        if matches!(problem.task, Task::Thin | Task::Values | Task::Gradient) {
            let largest = diffsvd::Real::to_f64(truth.s[0]);
            let gaps = s.iter().zip(truth.s.iter()).map(|(s, t)| (s - diffsvd::Real::to_f64(*t)).abs());
            note.values = gaps.fold(0.0, f64::max) / (largest * unit);
            if s.iter().any(|s| s.is_nan()) {
                note.values = f64::INFINITY;
            }
        }
        if matches!(problem.task, Task::Thin | Task::Gradient) {
            let u = Wide::new(slot.u, m, k);
            let v = if adjoint { Wide::new(slot.v, k, n).adjoint() } else { Wide::new(slot.v, n, k) };
            let a = Wide::new(problem.matrix(i), m, n);
            for seed in 1..=3 {
                let x: Vec<C> = Normal(seed).vector(n);
                let scaled: Vec<C> = v.adjoint_times(&x).iter().zip(&s).map(|(x, s)| x * s).collect();
                let residual = difference(&a.times(&x), &u.times(&scaled)) / (norm(&x) * s[0] * unit);
                let y: Vec<C> = Normal(seed + 7).vector(k);
                let straight = |b: &Wide| difference(&b.adjoint_times(&b.times(&y)), &y) / (norm(&y) * unit);
                note.residual = note.residual.max(residual);
                note.orthogonality = note.orthogonality.max(straight(&u)).max(straight(&v));
                if (residual + straight(&u) + straight(&v)).is_nan() {
                    note.residual = f64::INFINITY;
                }
            }
        }
        if matches!(problem.task, Task::Vjp | Task::Jvp) {
            // The smallest gap or value: the derivative is worse conditioned by 1/gap.
            let spectrum = &problem.factors.s[i * k..(i + 1) * k];
            let spectrum: Vec<f64> = spectrum.iter().map(|s| diffsvd::Real::to_f64(*s)).collect();
            let gap = spectrum.windows(2).map(|s| s[0] - s[1]).fold(spectrum[k - 1], f64::min);
            let unit = unit * spectrum[0] / gap;
            note.values = if problem.task == Task::Vjp {
                apart(slot.a, truth.a, unit)
            } else {
                apart(slot.u, truth.u, unit).max(apart(slot.v, truth.v, unit)).max(apart_real(slot.s, truth.s, unit))
            };
        }
        worst.residual = worst.residual.max(note.residual);
        worst.orthogonality = worst.orthogonality.max(note.orthogonality);
        worst.values = worst.values.max(note.values);
    }
    worst
}
