//! Matrices of 96 columns and more: divide and conquer, on bidiagonal forms that are hard on purpose.

use super::in_any_type;
use crate::divided::holds;
use crate::support::banded::{Form, arrange};
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use crate::support::random::Random;
use diffsvd::{Mat, Scalar, Vectors};

/// Residual, orthogonality, order, and values beside those of another algorithm.
pub fn divide(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let n = 96 + bytes.below(40);
    let m = n + bytes.one_of(&[0, 0, 1, 7, 90]);
    let vectors = bytes.one_of(&[Vectors::Thin, Vectors::Full]);
    let a = if bytes.below(4) == 0 {
        let a = bytes.recipe_of(m, n).matrix::<S>();
        if bytes.below(2) == 0 { a } else { a.adjoint() }
    } else {
        dense::<S>(&band(bytes, n), bytes.bits())
    };
    if a.as_slice().iter().any(|x| *x != S::zero()) {
        holds("drawn", &a, vectors);
    }
}

/// A bidiagonal matrix in which a few kinds of entries take turns, split where the bytes say.
fn band<S: Scalar>(bytes: &mut Bytes<'_>, n: usize) -> Mat<S> {
    let (period, palette) = (1 + bytes.below(32), 1 + bytes.below(6));
    let kinds: Vec<[S; 2]> = (0..palette).map(|_| [bytes.wild(), bytes.wild()].map(S::from_real)).collect();
    let turns: Vec<usize> = (0..period).map(|_| bytes.below(palette)).collect();
    let ratio = bytes.one_of(&[1.0, 1.0, 0.9, 0.5, 1.1]);
    let grade = |i: usize| <S::Real as diffsvd::Real>::from_f64(f64::powf(ratio, i as f64));
    let part = |part: usize| -> Vec<S> { (0..n).map(|i| kinds[turns[i % period]][part].scale(grade(i))).collect() };
    arrange(&part(0), &part(1), Form::Upper)
}

/// The same bidiagonal form, but for rounding, in a matrix that is not banded: all rows after the first are reflected.
fn dense<S: Scalar>(b: &Mat<S>, seed: u64) -> Mat<S> {
    let mut random = Random::new(seed);
    let w = random.orthonormal::<S>(b.rows() - 1, 1);
    let two = <S::Real as diffsvd::Real>::from_f64(2.0);
    let dots: Vec<S> = (0..b.cols())
        .map(|j| (1..b.rows()).fold(S::zero(), |sum, i| sum + w[(i - 1, 0)].conj() * b[(i, j)]).scale(two))
        .collect();
    Mat::from_fn(b.rows(), b.cols(), |i, j| if i == 0 { b[(0, j)] } else { b[(i, j)] - w[(i - 1, 0)] * dots[j] })
}
