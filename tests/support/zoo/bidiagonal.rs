//! Bidiagonal matrices on which an algorithm without high relative accuracy, or without a zero shift, fails.

use diffsvd::{Mat, Scalar};

use super::super::entry::from_f64;
use super::super::random::Random;
use super::{Named, named};

/// The n×n upper bidiagonal matrix with diagonal `d` and superdiagonal `e`.
pub(crate) fn with_diagonals<S: Scalar>(d: &[f64], e: &[f64]) -> Mat<S> {
    Mat::from_fn(d.len(), d.len(), |i, j| match j.checked_sub(i) {
        Some(0) => from_f64(d[i]),
        Some(1) => from_f64(e[i]),
        _ => S::zero(),
    })
}

/// All kinds, n×n, upper.
pub(crate) fn bidiagonal<S: Scalar>(n: usize) -> Vec<Named<S>> {
    const DEMMEL_KAHAN: &str = "Demmel & Kahan, SIAM J. Sci. Stat. Comput. 11 (1990), section 7";
    let mut random = Random::new(0xb1d1 + n as u64);
    let mut all = Vec::new();
    let mut add = |name: &str, source, d: &dyn Fn(usize) -> f64, e: &dyn Fn(usize) -> f64| {
        let (d, e): (Vec<f64>, Vec<f64>) = ((0..n).map(d).collect(), (0..n).map(e).collect());
        all.push(named(name, source, with_diagonals(&d, &e)));
    };
    // A ratio that spreads n values over 30 decades of f64; the far end underflows in f32, which is a test too.
    let step = 10_f64.powf(-30.0 / n.max(1) as f64);
    let power = |i: usize| step.powf(i as f64);
    add("graded down", DEMMEL_KAHAN, &power, &power);
    add("graded up", DEMMEL_KAHAN, &|i| power(n - i), &|i| power(n - i));
    add("graded to the middle", DEMMEL_KAHAN, &|i| power(i.min(n - i)), &|i| power(i.min(n - i)));
    add("graded from the middle", DEMMEL_KAHAN, &|i| power(i.abs_diff(n / 2)), &|i| power(i.abs_diff(n / 2)));
    add("tiny diagonal", DEMMEL_KAHAN, &|i| if i + 1 == n { 1e-20 } else { 1.0 }, &|_| 1.0);
    add("tiny diagonal first", DEMMEL_KAHAN, &|i| if i == 0 { 1e-20 } else { 1.0 }, &|_| 1.0);
    add("off-diagonal dominates", DEMMEL_KAHAN, &|_| 1e-10, &|_| 1.0);
    add("off-diagonal tiny", DEMMEL_KAHAN, &|_| 1.0, &|_| 1e-10);
    add("ones", "Toeplitz; s = 2 cos(iπ/(2n+1))", &|_| 1.0, &|_| 1.0);
    add("zero diagonal", "nilpotent shift", &|_| 0.0, &|_| 1.0);
    add("zero at the end", "LAPACK dbdsqr, deflation of d(n) = 0", &|i| f64::from(u8::from(i + 1 < n)), &|_| 1.0);
    add("zero at the start", "LAPACK dbdsqr", &|i| f64::from(u8::from(i > 0)), &|_| 1.0);
    add("zero inside", "Golub & Van Loan, section 8.6.2", &|i| f64::from(u8::from(i != n / 2)), &|_| 1.0);
    add("every other zero", "Golub & Van Loan, section 8.6.2", &|i| (i % 2) as f64, &|_| 1.0);
    add("split", "zero superdiagonal entries", &|i| 1.0 + i as f64, &|i| (i % 2) as f64);
    add(
        "glued Wilkinson-like",
        "Demmel, Marques, Parlett & Vömel, LAPACK WN 163 (2005)",
        &|i| (i % 7).abs_diff(3) as f64 + 0.5,
        &|i| if i % 7 == 6 { 1e-7 } else { 1.0 },
    );
    let exponents: Vec<f64> = (0..2 * n).map(|_| random.between(-18.0, 18.0)).collect();
    let signs: Vec<f64> = (0..2 * n).map(|_| random.sign()).collect();
    let wild = |i: usize| signs[i] * 10_f64.powf(exponents[i]);
    add("random exponents", "LAPACK xCHKBD, type 16: exp of uniform", &wild, &|i| wild(n + i));
    let plain: Vec<f64> = (0..2 * n).map(|_| random.normal()).collect();
    add("random", "normal entries", &|i| plain[i], &|i| plain[n + i]);
    all
}
