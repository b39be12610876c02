//! What both benchmarks run: one matrix, one operation, everything allocated beforehand, and a check of the answer.

use diffsvd::{
    Cotangent, Error, Factors, FactorsMut, MatMut, MatRef, Real, Rule, Scalar, TangentMut, Target, Vectors, jvp_into,
    jvp_workspace_len, svd_into, svd_workspace_len, vjp_into, vjp_workspace_len,
};
use num_complex::Complex;

/// One operation on one matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Task {
    Thin,
    Values,
    Vjp,
    Jvp,
}

const TASKS: [(&str, Task); 4] =
    [("thin", Task::Thin), ("values", Task::Values), ("vjp", Task::Vjp), ("jvp", Task::Jvp)];
const SCALARS: [&str; 4] = ["f32", "f64", "c32", "c64"];
const SHAPES: [(usize, usize); 10] =
    [(2, 2), (3, 3), (4, 4), (8, 8), (16, 16), (32, 32), (64, 64), (128, 128), (200, 20), (20, 200)];

/// A benchmark that is ready to run.
pub(crate) trait Case {
    /// The operation, once.
    fn run(&mut self) -> Result<(), Error>;
    /// Runs it and panics if the answer is wrong.
    fn check(&mut self);
}

/// All names, `task/scalar/shape`, that contain one of the filters (every name where there is no filter).
pub(crate) fn names(filters: &[String]) -> Vec<String> {
    let mut names = vec![];
    for (task, _) in TASKS {
        for scalar in SCALARS {
            names.extend(SHAPES.iter().map(|(m, n)| format!("{task}/{scalar}/{m}x{n}")));
        }
    }
    names.retain(|name| filters.is_empty() || filters.iter().any(|filter| name.contains(filter)));
    names
}

/// The benchmark of that name.
pub(crate) fn build(name: &str) -> Option<Box<dyn Case>> {
    let mut parts = name.split('/');
    let (task, scalar, shape) = (parts.next()?, parts.next()?, parts.next()?);
    let task = TASKS.iter().find(|(word, _)| *word == task)?.1;
    let (rows, cols) = shape.split_once('x')?;
    let shape = (rows.parse().ok()?, cols.parse().ok()?);
    Some(match scalar {
        "f32" => Box::new(Bench::<f32>::new(task, shape)),
        "f64" => Box::new(Bench::<f64>::new(task, shape)),
        "c32" => Box::new(Bench::<Complex<f32>>::new(task, shape)),
        "c64" => Box::new(Bench::<Complex<f64>>::new(task, shape)),
        _ => return None,
    })
}

/// Numbers in (−1, 1): a linear congruence modulo 2⁶⁴ (Knuth's MMIX).
fn random<S: Scalar>(seed: u64, len: usize) -> Vec<S> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        S::Real::from_f64((state >> 11) as f64 * 2_f64.powi(-52) - 1.0)
    };
    (0..len).map(|_| S::from_parts(next(), next())).collect()
}

/// U, s, V and A, or their (co)tangents.
struct Parts<S: Scalar> {
    u: Vec<S>,
    s: Vec<S::Real>,
    v: Vec<S>,
    a: Vec<S>,
}

impl<S: Scalar> Parts<S> {
    fn random(seed: u64, (m, n): (usize, usize)) -> Self {
        let k = m.min(n);
        Parts {
            u: random(seed, m * k),
            s: random::<S::Real>(seed + 1, k),
            v: random(seed + 2, n * k),
            a: random(seed + 3, m * n),
        }
    }
    /// Re⟨self, other⟩ over all parts, or without `a`, or of `a` alone.
    fn inner(&self, other: &Self, of_a: bool) -> f64 {
        let dot = |x: &[S], y: &[S]| -> f64 { x.iter().zip(y).map(|(x, y)| (x.conj() * *y).re().to_f64()).sum() };
        let values = self.s.iter().zip(&other.s).map(|(x, y)| (*x * *y).to_f64()).sum::<f64>();
        if of_a { dot(&self.a, &other.a) } else { dot(&self.u, &other.u) + values + dot(&self.v, &other.v) }
    }
}

struct Bench<S: Scalar> {
    task: Task,
    shape: (usize, usize),
    given: Parts<S>,
    /// A (co)tangent: all four parts.
    direction: Parts<S>,
    out: Parts<S>,
    work: Vec<S>,
}

impl<S: Scalar> Bench<S> {
    fn new(task: Task, shape: (usize, usize)) -> Self {
        let (m, n) = shape;
        let k = m.min(n);
        let len = svd_workspace_len::<S>(m, n, Vectors::Thin)
            .max(vjp_workspace_len::<S>(m, n, k))
            .max(jvp_workspace_len::<S>(m, n, k));
        let work = vec![S::zero(); len];
        let parts = |seed| Parts::random(seed, shape);
        let mut bench = Bench { task, shape, given: parts(1), direction: parts(11), out: parts(21), work };
        if matches!(task, Task::Vjp | Task::Jvp) {
            bench.decompose(Vectors::Thin).expect("a decomposition");
            std::mem::swap(&mut bench.given, &mut bench.out);
            bench.given.a.clone_from(&bench.out.a);
        }
        bench
    }

    fn decompose(&mut self, vectors: Vectors) -> Result<(), Error> {
        let ((m, n), k) = (self.shape, self.given.s.len());
        let out = if vectors == Vectors::None {
            FactorsMut { u: MatMut::empty(), s: &mut self.out.s, v: MatMut::empty() }
        } else {
            let u = MatMut::col_major(&mut self.out.u, m, k)?;
            FactorsMut { u, s: &mut self.out.s, v: MatMut::col_major(&mut self.out.v, n, k)? }
        };
        svd_into(MatRef::col_major(&self.given.a, m, n)?, vectors, out, &mut self.work)
    }

    fn derive(&mut self, backward: bool) -> Result<(), Error> {
        let ((m, n), k, rule) = (self.shape, self.given.s.len(), Rule::default());
        let (given, direction, out) = (&self.given, &self.direction, &mut self.out);
        let (u, v) = (MatRef::col_major(&given.u, m, k)?, MatRef::col_major(&given.v, n, k)?);
        let factors = Factors { u, s: &given.s, v };
        if backward {
            let u = Some(MatRef::col_major(&direction.u, m, k)?);
            let v = Some(MatRef::col_major(&direction.v, n, k)?);
            let cotangent = Cotangent { u, s: Some(&direction.s), v, s_matrix: None };
            let target = Target::Overwrite(MatMut::col_major(&mut out.a, m, n)?);
            vjp_into(&factors, &cotangent, &rule, target, &mut self.work).map(|_| ())
        } else {
            let u = Some(MatMut::col_major(&mut out.u, m, k)?);
            let v = Some(MatMut::col_major(&mut out.v, n, k)?);
            let tangent = TangentMut { u, s: Some(&mut out.s), v, s_matrix: None };
            jvp_into(&factors, MatRef::col_major(&direction.a, m, n)?, &rule, tangent, &mut self.work)
        }
    }

    /// max |A − U S Vᴴ| over all entries, relative to s₁.
    fn residual(&self) -> f64 {
        let ((m, n), out) = (self.shape, &self.out);
        let mut worst = 0.0_f64;
        for j in 0..n {
            for i in 0..m {
                let mut rest = self.given.a[i + j * m];
                for (l, s) in out.s.iter().enumerate() {
                    rest -= (out.u[i + l * m] * out.v[j + l * n].conj()).scale(*s);
                }
                worst = worst.max(rest.modulus().to_f64());
            }
        }
        worst / out.s[0].to_f64()
    }

    /// |Σ sᵢ² − ‖A‖²|, relative to ‖A‖².
    fn defect(&self) -> f64 {
        let squares: f64 = self.given.a.iter().map(|x| x.modulus_squared().to_f64()).sum();
        (self.out.s.iter().map(|s| s.to_f64().powi(2)).sum::<f64>() - squares).abs() / squares
    }

    /// |⟨ȳ, J ẋ⟩ − ⟨Jᴴ ȳ, ẋ⟩|, relative to the norms of J ẋ and ȳ.
    fn asymmetry(&mut self) -> f64 {
        self.derive(true).and_then(|()| self.derive(false)).expect("a derivative");
        let (direction, out) = (&self.direction, &self.out);
        let size = (direction.inner(direction, false) * out.inner(out, false)).sqrt();
        (direction.inner(out, false) - direction.inner(out, true)).abs() / size
    }
}

impl<S: Scalar> Case for Bench<S> {
    fn run(&mut self) -> Result<(), Error> {
        match self.task {
            Task::Thin => self.decompose(Vectors::Thin),
            Task::Values => self.decompose(Vectors::None),
            Task::Vjp => self.derive(true),
            Task::Jvp => self.derive(false),
        }
    }

    fn check(&mut self) {
        self.run().expect("a result");
        let unit = self.shape.0.max(self.shape.1) as f64 * S::Real::EPSILON.to_f64();
        let (error, bound) = match self.task {
            Task::Thin => (self.residual(), 3.0),
            Task::Values => (self.defect(), 6.0),
            Task::Vjp | Task::Jvp => (self.asymmetry(), 6.0),
        };
        assert!(error <= bound * unit, "{:?} of {:?}: error {:.1} max(m, n) ε", self.task, self.shape, error / unit);
    }
}
