//! The branches along a line through equal and zero values, against finite differences of the branches as they are tracked.

use super::support::*;
use diffsvd::{Branches, Mat, Rule, Scalar, Svd};

/// The decomposition of A + t B with its columns in the order and with the phases of the branches; signed values.
fn tracked<S: Scalar<Real = f64>>(a: &Mat<S>, t: f64, b: &Mat<S>, start: &Branches<S>) -> (Mat<S>, Vec<f64>, Mat<S>) {
    let svd = Svd::thin(&moved(a, t, b)).unwrap();
    let (left, right) = (start.u.adjoint().product(svd.u()).unwrap(), start.v.adjoint().product(svd.v()).unwrap());
    let k = svd.s().len();
    let (mut u, mut s, mut v) = (start.u.clone(), vec![0.0; k], start.v.clone());
    let mut taken = vec![false; k];
    for j in 0..k {
        let overlap = |i: usize| left[(j, i)] + right[(j, i)];
        let best = (0..k)
            .filter(|&i| !taken[i])
            .max_by(|&x, &y| overlap(x).modulus().total_cmp(&overlap(y).modulus()))
            .unwrap();
        taken[best] = true;
        let phase = overlap(best).conj().scale(1.0 / overlap(best).modulus());
        assert!(overlap(best).modulus() > 1.9, "branch {j} is lost at {t}: {:?}", overlap(best));
        s[j] = svd.s()[best];
        (0..a.rows()).for_each(|i| u[(i, j)] = svd.u()[(i, best)] * phase);
        (0..a.cols()).for_each(|i| v[(i, j)] = svd.v()[(i, best)] * phase);
    }
    (u, s, v)
}

/// Central differences, or one-sided ones of second order.
fn difference<S: Scalar<Real = f64>>(
    a: &Mat<S>,
    b: &Mat<S>,
    start: &Branches<S>,
    s: &[f64],
    one_sided: bool,
) -> (Mat<S>, Vec<f64>, Mat<S>) {
    let h = 1e-4;
    let (second, weights) = if one_sided { (2.0 * h, [-1.5, 2.0, -0.5]) } else { (-h, [0.0, 0.5, -0.5]) };
    let (x, y) = (tracked(a, h, b, start), tracked(a, second, b, start));
    let combine = |start: &Mat<S>, x: &Mat<S>, y: &Mat<S>| {
        Mat::from_fn(x.rows(), x.cols(), |i, j| {
            start[(i, j)].scale(weights[0] / h) + x[(i, j)].scale(weights[1] / h) + y[(i, j)].scale(weights[2] / h)
        })
    };
    let values = (0..s.len()).map(|j| (weights[0] * s[j] + weights[1] * x.1[j] + weights[2] * y.1[j]) / h).collect();
    (combine(&start.u, &x.0, &y.0), values, combine(&start.v, &x.2, &y.2))
}

fn check<S: Scalar<Real = f64>>(m: usize, n: usize, values: &[f64], random: &mut Random) {
    let (a, b) = (random.with_values::<S>(m, n, values), random.matrix::<S>(m, n));
    let svd = Svd::thin(&a).unwrap();
    let branches = svd.branches(&b, &Rule::default()).unwrap();
    let name = format!("{m}×{n} {values:?} {:?}", branches.report);
    let zeros = values.iter().filter(|&&s| s == 0.0).count();
    assert_eq!((branches.report.zeros, branches.report.ties), (zeros, 0), "{name}");
    // The branches start at A …
    let scaled = Mat::from_fn(m, values.len(), |i, j| branches.u[(i, j)].scale(svd.s()[j]));
    assert!(norm(&moved(&outer(&scaled, &branches.v), -1.0, &a)) <= 1e-14 * norm(&a), "{name}");
    for basis in [&branches.u, &branches.v] {
        let gram = basis.adjoint().product(basis).unwrap();
        assert!(norm(&moved(&gram, -1.0, &Mat::identity(gram.rows()))) < 3e-14, "{name}");
    }
    // … and go where the decomposition goes.
    let (du, ds, dv) = difference(&a, &b, &branches, svd.s(), zeros > 0);
    for (exact, estimate) in branches.s_dot.iter().zip(&ds) {
        assert!((exact - estimate).abs() < 3e-6, "{name}: ds = {exact} against {estimate}");
    }
    for (exact, estimate) in [(&branches.u_dot, &du), (&branches.v_dot, &dv)] {
        let error = norm(&moved(exact, -1.0, estimate)) / norm(exact).max(1.0);
        assert!(error < 1e-5, "{name}: {error:e}");
    }
}

fn every_block<S: Scalar<Real = f64>>() {
    let mut random = Random(10);
    for (m, n) in [(5, 5), (7, 5), (5, 7)] {
        for values in [
            [5.0, 4.0, 3.0, 2.0, 1.0],
            [3.0, 3.0, 2.0, 1.5, 1.0],
            [3.0, 2.0, 2.0, 2.0, 1.0],
            [3.0, 3.0, 3.0, 1.0, 1.0],
            [2.0, 2.0, 2.0, 2.0, 2.0],
            [4.0, 3.0, 2.0, 1.0, 0.0],
            [3.0, 2.0, 1.0, 0.0, 0.0],
            [2.0, 2.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0],
        ] {
            check::<S>(m, n, &values, &mut random);
        }
    }
    check::<S>(1, 1, &[2.0], &mut random);
    check::<S>(3, 1, &[0.0], &mut random);
}

#[test]
fn branches_real() {
    every_block::<f64>();
}

#[test]
fn branches_complex() {
    every_block::<C64>();
}

#[test]
fn ties_to_first_order_are_reported() {
    // H on the block is 2 I there: nothing is resolved. One of two zeros stays.
    let a = Mat::from_fn(5, 4, |i, j| if i == j { [3.0, 3.0, 0.0, 0.0][i] } else { 0.0 });
    let b = Mat::from_fn(5, 4, |i, j| match (i, j) {
        (0, 0) | (1, 1) => 2.0_f64,
        (4, 2) => 0.7,
        _ => 0.0,
    });
    let branches = Svd::thin(&a).unwrap().branches(&b, &Rule::default()).unwrap();
    assert_eq!((branches.report.blocks, branches.report.zeros, branches.report.ties), (1, 2, 2));
    for (got, want) in branches.s_dot.iter().zip([2.0, 2.0, 0.7, 0.0]) {
        assert!((got - want).abs() < 1e-15, "{got} instead of {want}");
    }
    assert!(
        (branches.u[(4, 2)].abs() - 1.0).abs() < 1e-15,
        "the zero leaves along e₅, from outside of the given triplets"
    );
    let gram = branches.u.adjoint().product(&branches.u).unwrap();
    assert!(norm(&moved(&gram, -1.0, &Mat::identity(4))) < 1e-15);
    assert!(norm(&branches.u_dot) + norm(&branches.v_dot) < 1e-14);
}

#[test]
fn a_compact_decomposition_is_refused() {
    let svd = Svd::thin(&Mat::<f64>::identity(3)).unwrap().truncate(2);
    assert!(svd.branches(&Mat::identity(3), &Rule::default()).is_err());
}
