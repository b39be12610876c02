//! What is to be computed, and the interface of those who compute it.

use crate::number::{Normal, Number};
use diffsvd::{FactorsMut, MatMut, MatRef, Vectors, svd_into, svd_workspace_len};

#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Task {
    /// U, s and V.
    Thin,
    /// s alone.
    Values,
    /// (gU, gs, gV) ↦ gA.
    Vjp,
    /// dA ↦ (dU, ds, dV).
    Jvp,
    /// The SVD, and the SVD followed by the VJP.
    Gradient,
}

impl Task {
    pub const ALL: [Task; 5] = [Task::Thin, Task::Values, Task::Vjp, Task::Jvp, Task::Gradient];
    pub fn name(self) -> &'static str {
        ["thin", "values", "vjp", "jvp", "gradient"][self as usize]
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Shape {
    pub rows: usize,
    pub cols: usize,
    /// Number of different matrices; 1 means a single one, again and again.
    pub count: usize,
}

impl Shape {
    pub fn short(self) -> usize {
        self.rows.min(self.cols)
    }
    pub fn name(self) -> String {
        let batch = if self.count > 1 { format!("*{}", self.count) } else { String::new() };
        format!("{}x{}{batch}", self.rows, self.cols)
    }
}

/// Column-major matrices, one after another; the derivatives have the factors of the first ones and random (co)tangents.
pub struct Problem<S: Number> {
    pub task: Task,
    pub shape: Shape,
    pub a: Vec<S>,
    pub factors: Output<S>,
    /// gU, gs, gV, and the tangent of A.
    pub cotangent: Output<S>,
}

/// Stored results of every matrix: U, s and V (or Vᴴ), or their tangents; or gA, in `a`.
pub struct Output<S: Number> {
    pub u: Vec<S>,
    pub s: Vec<S::R>,
    pub v: Vec<S>,
    pub a: Vec<S>,
}

impl<S: Number> Output<S> {
    pub fn new(shape: Shape) -> Self {
        let Shape { rows: m, cols: n, count } = shape;
        let k = shape.short();
        let zeros = |len: usize| vec![S::default(); len * count];
        Output { u: zeros(m * k), s: vec![S::R::default(); k * count], v: zeros(n * k), a: zeros(m * n) }
    }

    /// The parts that belong to matrix `i`.
    pub fn slot(&mut self, i: usize, shape: Shape) -> Slot<'_, S> {
        let Shape { rows: m, cols: n, .. } = shape;
        let k = shape.short();
        Slot {
            u: &mut self.u[i * m * k..(i + 1) * m * k],
            s: &mut self.s[i * k..(i + 1) * k],
            v: &mut self.v[i * n * k..(i + 1) * n * k],
            a: &mut self.a[i * m * n..(i + 1) * m * n],
        }
    }
}

pub struct Slot<'a, S: Number> {
    pub u: &'a mut [S],
    pub s: &'a mut [S::R],
    pub v: &'a mut [S],
    pub a: &'a mut [S],
}

impl<S: Number> Problem<S> {
    pub fn new(task: Task, shape: Shape, seed: u64) -> Self {
        let mut normal = Normal(seed);
        let Shape { rows: m, cols: n, count } = shape;
        let k = shape.short();
        let a: Vec<S> = normal.vector(m * n * count);
        let mut factors = Output::new(shape);
        let mut cotangent = Output::new(shape);
        if matches!(task, Task::Vjp | Task::Jvp | Task::Gradient) {
            let mut work = vec![S::default(); svd_workspace_len::<S>(m, n, Vectors::Thin)];
            for i in 0..count {
                let slot = factors.slot(i, shape);
                let a = MatRef::col_major(&a[i * m * n..(i + 1) * m * n], m, n).expect("the matrix");
                let u = MatMut::col_major(slot.u, m, k).expect("U");
                let v = MatMut::col_major(slot.v, n, k).expect("V");
                svd_into(a, Vectors::Thin, FactorsMut { u, s: slot.s, v }, &mut work).expect("the factors");
            }
            cotangent = Output {
                u: normal.vector(m * k * count),
                s: normal.vector::<S>(k * count).into_iter().map(diffsvd::Scalar::re).collect(),
                v: normal.vector(n * k * count),
                a: normal.vector(m * n * count),
            };
        }
        Problem { task, shape, a, factors, cotangent }
    }

    pub fn matrix(&self, i: usize) -> &[S] {
        let len = self.shape.rows * self.shape.cols;
        &self.a[i * len..(i + 1) * len]
    }
}

/// One way to compute it. Everything it needs is allocated when it is made.
pub trait Contestant<S: Number> {
    fn name(&self) -> String;

    /// Whether it stores Vᴴ (k×n) rather than V (n×k).
    fn stores_adjoint(&self) -> bool {
        false
    }

    /// Matrix `i` of the problem, from untouched input to stored output. False if it failed.
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool;

    /// All matrices, `times` times. A library that has a batch of its own overrides this.
    fn sweep(&mut self, problem: &Problem<S>, out: &mut Output<S>, times: usize) -> bool {
        let mut good = true;
        for _ in 0..times {
            for i in 0..problem.shape.count {
                good &= self.run(std::hint::black_box(problem), i, out.slot(i, problem.shape));
            }
        }
        good
    }
}
