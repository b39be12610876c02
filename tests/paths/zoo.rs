//! Every kind of the zoo, from 0 to 50 rows (or as many as `DIFFSVD_ZOO` says) and some to 500, in all four scalar types, along every path: QR iteration, divide and conquer, with and
//! without A = Q R first, reduced at once and in blocks, Jacobi, side by side in lanes. Each result within the bounds beside the
//! double-double reference, and singular vectors the same along all paths where the gaps determine them.

use crate::along::along;
use crate::support::bounds::Reference;
use crate::support::entry::Entry;
use crate::support::layout::Layout;
use crate::support::random::Random;
use crate::support::run::{Run, check};
use crate::support::spectra::Spectrum;
use crate::support::zoo::{Named, zoo};
use diffsvd::batch::{self, BatchMut, BatchRef};
use diffsvd::paths::Path;
use diffsvd::{Factors, Mat, Real, Scalar, Vectors};
use num_complex::Complex;

const VECTORS: [Vectors; 3] = [Vectors::Thin, Vectors::None, Vectors::Full];

/// The matrix side by side with two others.
fn in_lanes<S: Entry>(a: &Mat<S>, reference: &Reference<S>, what: &str) {
    let (m, n) = (a.rows(), a.cols());
    let (k, count) = (m.min(n), 3);
    if k == 0 || k > 8 || m.max(n) > 32 {
        return;
    }
    let other = Random::new(3).matrix::<S>(m, n);
    let all = [other.as_slice(), a.as_slice(), other.as_slice()].concat();
    let (mut u, mut s, mut v) =
        (vec![S::zero(); 3 * m * k], vec![S::Real::from_f64(0.0); 3 * k], vec![S::zero(); 3 * n * k]);
    let mut work = vec![S::zero(); batch::svd_workspace_len::<S>(m, n, Vectors::Thin)];
    let out = batch::FactorsMut {
        u: BatchMut::col_major(&mut u, count, m, k).expect("a view that fits"),
        s: BatchMut::vectors(&mut s, count, k).expect("a view that fits"),
        v: BatchMut::col_major(&mut v, count, n, k).expect("a view that fits"),
    };
    let input = BatchRef::col_major(&all, count, m, n).expect("a view that fits");
    let done = batch::svd_into(input, Vectors::Thin, out, batch::Run::new(&mut work)).expect("shapes that match");
    assert_eq!(done.all(), Ok(()), "{what} in lanes");
    let part = |all: &[S], rows: usize| Mat::from_fn(rows, k, |i, j| all[rows * k + j * rows + i]);
    let (u, v) = (part(&u, m), part(&v, n));
    let factors = Factors { u: u.as_ref(), s: &s[k..2 * k], v: v.as_ref() };
    reference.errors(&factors).assert(|| format!("{what} in lanes"));
}

/// sin of the angle between the leading columns of the two bases, times the gap, in max(m, n) ε s₁: at most c of c max(m, n) ε s₁.
/// The worst that was measured, 1.58, rounded up: of matrices with one row, where it is the rounding of a phase. From 130 rows on it is below 0.1.
const ANGLE: f64 = 2.0;

/// The largest such error, and where.
#[derive(Debug, Default)]
struct Worst {
    error: f64,
    at: String,
}

impl Worst {
    fn visit(&mut self, error: f64, what: impl Fn() -> String) {
        assert!(error <= ANGLE, "{}: turned by {error:.2} max(m, n) ε s₁/gap", what());
        if error > self.error {
            (self.error, self.at) = (error, what());
        }
    }

    fn print(&self) {
        println!("singular vectors turned by at worst {:.2} max(m, n) ε s₁/gap: {}", self.error, self.at);
    }
}

/// The angles of singular vectors that are determined to more than a few digits.
fn same_vectors<S: Entry>(one: &Run<S>, other: &Run<S>, reference: &Reference<S>, what: &str, worst: &mut Worst) {
    let s: Vec<f64> = one.s.iter().map(|&s| (reference.scaled(s) / reference.largest()).to_f64()).collect();
    for i in 0..s.len() {
        let above = if i == 0 { f64::INFINITY } else { s[i - 1] - s[i] };
        // Below the last value there may be the zeros of a rectangular matrix.
        let gap = above.min(s[i] - s.get(i + 1).copied().unwrap_or(0.0));
        if gap < 1e4 * reference.unit() {
            continue;
        }
        for (one, other) in [(&one.u, &other.u), (&one.v, &other.v)] {
            let angle = sine(&column(one.as_ref(), i), &column(other.as_ref(), i));
            worst.visit(angle * gap / reference.unit(), || format!("{what}, vector {i}"));
        }
    }
}

fn column<S: Scalar>(a: diffsvd::MatRef<'_, S>, j: usize) -> Vec<S> {
    (0..a.rows()).map(|i| a.get(i, j).expect("an entry")).collect()
}

/// ‖y − x ⟨x, y⟩‖ of unit vectors.
fn sine<S: Scalar>(x: &[S], y: &[S]) -> f64 {
    let dot = x.iter().zip(y).fold(S::zero(), |sum, (&x, &y)| sum + x.conj() * y);
    let rest = x.iter().zip(y).map(|(&x, &y)| (y - x * dot).modulus_squared().to_f64());
    rest.sum::<f64>().sqrt()
}

/// One matrix every way: by each path with another choice of vectors in turn, or with all choices.
fn every_way<S: Entry>(animal: &Named<S>, turn: usize, all: bool, worst: &mut Worst) {
    let (a, what) = (&animal.matrix, format!("{} {} ({})", S::NAME, animal.name, animal.source));
    let reference = Reference::new(a.as_ref());
    let layouts = (Layout::turn(turn), Layout::turn(turn / 4));
    for &vectors in VECTORS.iter().skip(if all { 0 } else { turn % 3 }).take(if all { 3 } else { 1 }) {
        check(&animal.name, a, &reference, vectors, layouts);
    }
    if a.rows().min(a.cols()) == 0 {
        return;
    }
    in_lanes(a, &reference, &what);
    let mut first: Option<Run<S>> = None;
    for (i, path) in Path::ALL.into_iter().enumerate() {
        for (j, &vectors) in VECTORS.iter().enumerate() {
            if all || j == (turn + i) % 3 {
                let what = format!("{what} {path:?} {vectors:?}");
                let run = along(path, a, &reference, vectors, &what);
                if vectors != Vectors::None {
                    let first = first.get_or_insert_with(|| run.clone());
                    same_vectors(first, &run, &reference, &what, worst);
                }
            }
        }
    }
}

/// Rows up to which the zoo is gone through.
fn largest_order() -> usize {
    std::env::var("DIFFSVD_ZOO").ok().map_or(50, |text| text.parse().expect("a number"))
}

fn the_zoo<S: Entry>() {
    let mut worst = Worst::default();
    for n in 0..=largest_order() {
        for (turn, animal) in zoo::<S>(n).iter().enumerate() {
            every_way(animal, turn + n, n <= 10, &mut worst);
        }
    }
    worst.print();
}

#[test]
fn zoo_f32() {
    the_zoo::<f32>();
}
#[test]
fn zoo_f64() {
    the_zoo::<f64>();
}
#[test]
fn zoo_complex_f32() {
    the_zoo::<Complex<f32>>();
}
#[test]
fn zoo_complex_f64() {
    the_zoo::<Complex<f64>>();
}

/// A few of the zoo, larger, and spectra with clusters, so that merges of divide and conquer deflate and do not.
fn large<S: Entry>(n: usize, names: &[&str]) {
    let (all, mut worst) = (zoo::<S>(n), Worst::default());
    for (turn, name) in names.iter().enumerate() {
        let animal = all.iter().find(|animal| animal.name.starts_with(name)).expect("an animal of the zoo");
        every_way(animal, turn, false, &mut worst);
    }
    let mut random = Random::new(n as u64);
    let values = Spectrum::Clusters { size: 3, gap: 1e-7 }.values(n, &mut random);
    let clusters = random.with_singular_values::<S>(n, n, &values);
    every_way(&Named { name: format!("clusters {n}×{n}"), source: "latms", matrix: clusters }, 0, false, &mut worst);
    worst.print();
}

#[test]
fn large_f32() {
    large::<f32>(200, &["Kahan", "Wilkinson W+", "random exponents", "near underflow"]);
}
#[test]
fn large_f64() {
    large::<f64>(200, &["Kahan", "Wilkinson W+", "glued Wilkinson", "graded down", "near overflow", "Hadamard"]);
}
#[test]
fn large_complex_f32() {
    large::<Complex<f32>>(130, &["Frank", "prolate", "B ⊗ H"]);
}
#[test]
fn large_complex_f64() {
    large::<Complex<f64>>(130, &["Grcar", "Clement", "quaternions"]);
}

/// 500×500, by the two algorithms that find vectors.
#[test]
fn largest() {
    let mut random = Random::new(500);
    let values = Spectrum::Clusters { size: 4, gap: 1e-7 }.values(500, &mut random);
    let a = random.with_singular_values::<f64>(500, 500, &values);
    let reference = Reference::new(a.as_ref());
    let [one, other] = [Path::Iteration, Path::DivideTriangularBlocks]
        .map(|path| along(path, &a, &reference, Vectors::Thin, "500×500"));
    let mut worst = Worst::default();
    same_vectors(&one, &other, &reference, "500×500", &mut worst);
    worst.print();
}
