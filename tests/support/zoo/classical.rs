//! Named matrices of the literature.

use diffsvd::Scalar;

use super::{Named, dense, named, tridiagonal};

/// The named matrices, about n×n.
pub(crate) fn classical<S: Scalar>(n: usize) -> Vec<Named<S>> {
    const GALLERY: &str = "Higham, The Test Matrix Toolbox for MATLAB (1995)";
    let x = |i: usize| i as f64;
    let (sine, cosine) = 1.2_f64.sin_cos();
    let binomial = |i: usize, j: usize| (1..=j).fold(1.0, |b, k| b * (x(i) + x(k)) / x(k));
    let mut all = vec![
        named(
            "Kahan",
            "Kahan, Numerical linear algebra (1966)",
            dense(n, n, |i, j| sine.powf(x(i)) * if i == j { 1.0 } else { -cosine * f64::from(u8::from(j > i)) }),
        ),
        named("Hilbert", "Hilbert 1894; LAPACK xLAHILB", dense(n, n, |i, j| 1.0 / (x(i) + x(j) + 1.0))),
        named("Hilbert tall", "Hilbert 1894", dense(2 * n + 1, n, |i, j| 1.0 / (x(i) + x(j) + 1.0))),
        named(
            "Vandermonde",
            "Gautschi, Numer. Math. 24 (1975)",
            dense(n, n, |i, j| ((x(i) + 1.0) / x(n.max(1))).powf(x(j))),
        ),
        named("Pascal", GALLERY, dense(n.min(24), n.min(24), binomial)),
        named("Frank", "Frank, J. SIAM 6 (1958)", dense(n, n, |i, j| if j + 1 < i { 0.0 } else { x(n - i.max(j)) })),
        named(
            "Grcar",
            "Grcar, SAND89-8691 (1989)",
            dense(n, n, |i, j| if i == j + 1 { -1.0 } else { f64::from(u8::from(i <= j && j <= i + 3)) }),
        ),
        named(
            "Läuchli",
            "Läuchli, Numer. Math. 3 (1961)",
            dense(n + 1, n, |i, j| if i == 0 { 1.0 } else { 1e-8 * f64::from(u8::from(i == j + 1)) }),
        ),
        named(
            "Clement",
            "Clement, SIAM Review 1 (1959)",
            tridiagonal(n, |band, i| match band {
                1 => x(i + 1),
                -1 => x(n - i),
                _ => 0.0,
            }),
        ),
        named(
            "Wilkinson W+",
            "Wilkinson, The Algebraic Eigenvalue Problem (1965), p. 308",
            tridiagonal(n, |band, i| if band == 0 { (x(i) - (x(n) - 1.0) / 2.0).abs() } else { 1.0 }),
        ),
        named(
            "prolate",
            "Varah, Linear Algebra Appl. 187 (1993)",
            dense(n, n, |i, j| {
                let t = core::f64::consts::PI * x(i.abs_diff(j));
                if i == j { 0.5 } else { (0.5 * t).sin() / t }
            }),
        ),
        named(
            "companion",
            "of xⁿ + xⁿ⁻¹ − xⁿ⁻²/2 + xⁿ⁻³/3 − …; Higham, Accuracy and Stability (2002), section 28.6",
            dense(
                n,
                n,
                |i, j| if i == 0 { -(-1.0_f64).powf(x(j)) / x(j + 1) } else { f64::from(u8::from(i == j + 1)) },
            ),
        ),
    ];
    all.push(named(
        "Wilkinson W−",
        "Wilkinson 1965",
        tridiagonal(n, |band, i| if band == 0 { (x(n) - 1.0) / 2.0 - x(i) } else { 1.0 }),
    ));
    all
}
