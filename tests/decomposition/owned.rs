//! What owned matrices and decompositions say of themselves.

use diffsvd::{Error, Mat, Svd, Tolerance, fix_phases};
use num_complex::Complex;

fn diagonal(d: [f64; 3]) -> Mat<f64> {
    Mat::from_fn(3, 3, |i, j| if i == j { d[i] } else { 0.0 })
}

#[test]
fn entries_in_and_out() {
    let entries = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let a = Mat::from_col_major(entries.clone(), 2, 3).unwrap();
    assert_eq!((a[(1, 0)], a[(0, 1)], a[(1, 2)]), (2.0, 3.0, 6.0));
    assert_eq!(a.into_vec(), entries);
    let error = Mat::from_col_major(entries, 2, 2);
    assert_eq!(error, Err(Error::Layout { shape: (2, 2), strides: (1, 2), len: 6 }));
}

/// A value at the tolerance is not above it, for `Svd` as for `Factors`.
#[test]
fn rank_at_the_tolerance() {
    let svd = Svd::thin(&diagonal([4.0, 1.0, 0.5])).unwrap();
    for (relative, rank) in [(0.0, 3), (0.125, 2), (0.1, 3), (0.25, 1), (1.0, 0)] {
        let tolerance = Tolerance::Relative(relative);
        assert_eq!((svd.rank(tolerance), svd.factors().rank(tolerance)), (rank, rank), "above {relative} s₁");
    }
    assert_eq!(svd.rank(Tolerance::Default), 3);
}

#[test]
fn condition_number() {
    let of = |d| Svd::thin(&diagonal(d)).unwrap().condition_number();
    assert_eq!((of([4.0, 1.0, 0.5]), of([1.0, 1.0, 0.0])), (8.0, f64::INFINITY));
    assert_eq!(Svd::thin(&Mat::<f64>::zeros(3, 0)).unwrap().condition_number(), 1.0);
}

/// The first of the largest entries of each column of U becomes real and positive; V is turned as far as it has a column for it.
#[test]
fn phases() {
    let c = Complex::new;
    let (i, zero) = (c(0.0, 1.0), c(0.0, 0.0));
    let u = Mat::from_rows(&[[c(0.6, 0.0), -i * 0.6, zero], [i * 0.8, zero, zero], [zero, i * 0.6, i]]);
    for cols in [2, 3] {
        let v = Mat::from_fn(2, cols, |row, col| if row == col { i } else { c(2.0, 0.0) });
        let (mut turned, mut follows) = (u.clone(), v.clone());
        fix_phases(turned.as_mut(), follows.as_mut()).unwrap();
        let expected = [[-i * 0.6, c(0.6, 0.0), zero], [c(0.8, 0.0), zero, zero], [zero, c(-0.6, 0.0), c(1.0, 0.0)]];
        assert_eq!(turned, Mat::from_rows(&expected));
        let turns = [-i, i, c(1.0, 0.0)];
        assert_eq!(follows, Mat::from_fn(2, cols, |row, col| v[(row, col)] * turns[col]));
    }
}
