//! Matrices that are known to be hard, made by code, each with the place where it is described.

pub(crate) mod bidiagonal;
pub(crate) mod classical;
pub(crate) mod extreme;
pub(crate) mod prescribed;
pub(crate) mod structured;

use diffsvd::{Mat, Scalar};

use super::entry::from_f64;
use super::random::Random;

/// An animal of the zoo.
#[derive(Clone, Debug)]
pub(crate) struct Named<S> {
    pub(crate) name: String,
    /// Where the matrix comes from.
    pub(crate) source: &'static str,
    pub(crate) matrix: Mat<S>,
}

/// Every kind, about n×n, in the type `S`. For a complex type rows and columns are turned by random phases, which moves no singular value.
pub(crate) fn zoo<S: Scalar>(n: usize) -> Vec<Named<S>> {
    let mut all = classical::classical::<S>(n);
    all.extend(bidiagonal::bidiagonal(n));
    all.extend(structured::structured(n));
    all.extend(prescribed::prescribed(n));
    all.extend(extreme::extreme(n));
    let mut random = Random::new(0x200 + n as u64);
    for animal in &mut all {
        turn_phases(&mut animal.matrix, &mut random);
    }
    all
}

/// A ← Φ A Ψ with random unit diagonal Φ and Ψ; nothing for a real type.
pub(crate) fn turn_phases<S: Scalar>(a: &mut Mat<S>, random: &mut Random) {
    if S::PARTS == 1 {
        return;
    }
    let rows: Vec<S> = (0..a.rows()).map(|_| random.phase()).collect();
    let cols: Vec<S> = (0..a.cols()).map(|_| random.phase()).collect();
    for j in 0..a.cols() {
        for i in 0..a.rows() {
            if a[(i, j)] != S::zero() {
                a[(i, j)] = a[(i, j)] * rows[i] * cols[j];
            }
        }
    }
}

fn named<S: Scalar>(name: &str, source: &'static str, matrix: Mat<S>) -> Named<S> {
    let name = format!("{name} {}×{}", matrix.rows(), matrix.cols());
    Named { name, source, matrix }
}

fn dense<S: Scalar>(rows: usize, cols: usize, entry: impl Fn(usize, usize) -> f64) -> Mat<S> {
    Mat::from_fn(rows, cols, |i, j| from_f64(entry(i, j)))
}

/// The matrix with diagonals `d` (below, on and above the main one, by the offset −1, 0, 1) as functions of the row.
fn tridiagonal<S: Scalar>(n: usize, diagonal: impl Fn(i32, usize) -> f64) -> Mat<S> {
    dense(n, n, |i, j| match (i + 1).checked_sub(j) {
        Some(0) => diagonal(1, i),
        Some(1) => diagonal(0, i),
        Some(2) => diagonal(-1, i),
        _ => 0.0,
    })
}
