//! How far apart the SVD leaves singular values that are exactly equal, or from zero those that are exactly zero, against the default
//! tolerance. With `--nocapture` it prints the figures that `docs/derivatives.md`, section 2, quotes.

use crate::support::entry::Entry;
use crate::support::random::Random;
use diffsvd::{Mat, Real, Rule, Svd, Tolerance};
use num_complex::Complex;

/// A matrix whose singular values are equal in blocks of `block` neighbours, up to the rounding of its entries.
struct Case<S> {
    name: &'static str,
    block: usize,
    a: Mat<S>,
}

fn cases<S: Entry>(n: usize, random: &mut Random) -> Vec<Case<S>> {
    let unitary = random.orthonormal::<S>(n, n);
    let unitary = Mat::from_fn(n, n, |i, j| unitary[(i, j)].scale(S::Real::from_f64(3.7)));
    let repeated = random.matrix::<S>(n, n);
    let repeated =
        |i: usize, j: usize| if i / n == j / n { repeated[(i % n, j % n)] } else { num_traits::Zero::zero() };
    let threefold: Vec<f64> = (0..n).map(|i| 0.8_f64.powf((i / 3) as f64)).collect();
    let half: Vec<f64> = (0..n).map(|i| if i < n.div_ceil(2) { 1.0 } else { 0.0 }).collect();
    vec![
        Case { name: "multiple of a unitary matrix", block: n, a: unitary },
        Case { name: "orthonormal columns, 2n×n", block: n, a: random.orthonormal(2 * n, n) },
        Case { name: "diag(B, B)", block: 2, a: Mat::from_fn(2 * n, 2 * n, repeated) },
        Case { name: "threefold values", block: 3, a: random.with_singular_values(n, n, &threefold) },
        Case { name: "threefold values, wide", block: 3, a: random.with_singular_values(n, n + n / 2, &threefold) },
        Case { name: "rank n/2, ones and zeros", block: n.div_ceil(2), a: random.with_singular_values(n, n, &half) },
    ]
}

/// Widest gap inside a block, in units of the default tolerance. A block of zeros counts from zero.
fn widest<S: Entry>(case: &Case<S>) -> f64 {
    let svd = Svd::thin(&case.a).expect("a finite matrix");
    let s = svd.s();
    let unit = Tolerance::Default.absolute((case.a.rows(), case.a.cols()), s[0]);
    let gaps = (1..s.len()).filter(|i| i % case.block != 0).map(|i| ((s[i - 1] - s[i]) / unit).to_f64());
    let zeros = s.iter().filter(|_| case.name.starts_with("rank")).skip(case.block).map(|&s| (s / unit).to_f64());
    gaps.chain(zeros).fold(0.0, f64::max)
}

/// The worst over all sizes, per case.
fn sweep<S: Entry>() {
    let sizes = [(2, 3000), (3, 2000), (4, 1000), (5, 600), (8, 300), (12, 100), (16, 50), (32, 8), (64, 2), (100, 1)];
    let mut random = Random::new(2024);
    let mut worst: Vec<(&str, f64, usize)> = Vec::new();
    for n in sizes.into_iter().flat_map(|(n, repeats)| core::iter::repeat_n(n, repeats)) {
        for case in cases::<S>(n, &mut random) {
            let gap = widest(&case);
            match worst.iter_mut().find(|w| w.0 == case.name) {
                Some(w) if w.1 >= gap => {}
                Some(w) => (w.1, w.2) = (gap, n),
                None => worst.push((case.name, gap, n)),
            }
        }
    }
    for (name, gap, n) in worst {
        println!("{:12} {name:30} {gap:.2} of the default tolerance, at n = {n}", S::NAME);
        assert!(gap <= 0.6, "{} {name} {n}: duplicates come out {gap} of the default tolerance apart", S::NAME);
    }
}

#[test]
fn duplicates_and_zeros_are_within_the_default_tolerance() {
    sweep::<f32>();
    sweep::<f64>();
    sweep::<Complex<f32>>();
    sweep::<Complex<f64>>();
}

/// A gap of ten tolerances is not touched: every rule gives, to the last bit, what it gives without any tolerance.
fn a_true_gap_is_left_alone<S: Entry>() {
    let mut random = Random::new(7);
    for (m, n) in [(2, 2), (5, 3), (4, 9)] {
        let gap = 10.0 * Tolerance::Default.absolute((m, n), S::Real::from_f64(1.0)).to_f64();
        let values: Vec<f64> = (0..m.min(n)).map(|i| if i == 0 { 1.0 } else { 1.0 - gap * i as f64 }).collect();
        let svd = Svd::thin(&random.with_singular_values::<S>(m, n, &values)).expect("a finite matrix");
        let a_dot = random.matrix::<S>(m, n);
        let exact = |rule: Rule<S::Real>| {
            rule.with_gap_tolerance(S::Real::from_f64(0.0)).with_rank_tolerance(S::Real::from_f64(0.0))
        };
        for rule in [Rule::reconstruct(), Rule::minimum_norm()] {
            let cut = svd.jvp(&a_dot, &rule).expect("a tangent");
            let uncut = svd.jvp(&a_dot, &exact(rule)).expect("a tangent");
            assert_eq!((cut.u, cut.s, cut.v), (uncut.u, uncut.s, uncut.v), "{} {m}×{n}", S::NAME);
        }
    }
}

#[test]
fn gaps_of_ten_tolerances_are_left_alone() {
    a_true_gap_is_left_alone::<f32>();
    a_true_gap_is_left_alone::<f64>();
    a_true_gap_is_left_alone::<Complex<f32>>();
    a_true_gap_is_left_alone::<Complex<f64>>();
}
