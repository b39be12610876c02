//! Accuracy, order, independence of the neighbours.

use super::*;
use crate::scalar::Zero;
use num_complex::Complex;
use std::println;

const SHAPES: [(usize, usize); 12] =
    [(1, 1), (2, 2), (3, 3), (5, 3), (4, 4), (8, 8), (16, 4), (3, 5), (32, 8), (1, 7), (6, 6), (7, 1)];

/// Hard matrices, one after another: random, of every rank, with equal values, graded, at both ends of the range.
pub(crate) fn zoo<S: Scalar>((m, n): (usize, usize)) -> Vec<S> {
    let mut noise = Noise(7 * m as u64 + n as u64);
    let int = |x: usize| i32::try_from(x).unwrap();
    let mut all: Vec<Vec<S>> = (0..20).map(|_| noise.scalars(m * n)).collect();
    let fill = |entry: &mut dyn FnMut(usize, usize) -> S| -> Vec<S> {
        (0..n).flat_map(|j| (0..m).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect()
    };
    for rank in 0..m.min(n) {
        let (x, y): (Vec<S>, Vec<S>) = (noise.scalars(m * rank), noise.scalars(n * rank));
        all.push(fill(&mut |i, j| (0..rank).fold(S::zero(), |sum, l| sum + x[l * m + i] * y[l * n + j])));
    }
    all.push(fill(&mut |i, j| if i == j { S::one() } else { S::zero() }));
    all.push(fill(&mut |i, j| if i + j == 1 { -S::one() } else { S::zero() }));
    all.push(fill(&mut |i, j| if (i, j) == (m - 1, n - 1) { S::one() } else { S::zero() }));
    all.push(fill(&mut |_, _| S::one()));
    for step in [-5, -20, -60, 30] {
        let a: Vec<S> = noise.scalars(m * n);
        all.push(fill(&mut |i, j| a[j * m + i].scale_pow2(step * int(j))));
        all.push(fill(&mut |i, j| a[j * m + i].scale_pow2(step * int(i))));
        all.push(fill(&mut |i, j| a[j * m + i].scale_pow2(step * int(i + j))));
        all.push(fill(&mut |i, j| a[i].scale_pow2(step * int(j))));
        all.push(fill(&mut |i, j| a[j * m + i].scale_pow2(if (i + j) % 2 == 0 { 8 * step } else { 0 })));
    }
    // Columns beside a large one, whose squares are at the end of the range.
    for p in [-8, -5, -2, 1, 4].map(|p| S::Real::MIN_EXPONENT / 2 + p) {
        let a: Vec<S> = noise.scalars(m * n);
        all.push(fill(&mut |i, j| a[j * m + i].scale_pow2(if j == 0 { 0 } else { p })));
    }
    let mut scaled = vec![];
    for p in [0, S::Real::MAX_EXPONENT - 8, S::Real::MIN_EXPONENT + 30, S::Real::MIN_EXPONENT - 8, 17] {
        for a in &all {
            let a: Vec<S> = a.iter().map(|x| x.scale_pow2(p)).collect();
            if a.iter().all(|x| x.is_finite()) {
                scaled.extend(a);
            }
        }
    }
    scaled
}

/// Residual and loss of orthogonality of one item, in units of max(m, n) ε s₁.
fn defect<S: Scalar>((m, n): (usize, usize), a: &[S], u: &[S], s: &[S::Real], v: &[S]) -> f64 {
    let k = m.min(n);
    let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64();
    let p = if s[0] == S::Real::zero() { 0 } else { -s[0].exponent() };
    let mut worst = 0.0_f64;
    let granularity = if p > 0 { S::Real::EPSILON.mul_pow2(S::Real::MIN_EXPONENT).mul_pow2(p).to_f64() } else { 0.0 };
    for i in 0..m {
        for j in 0..n {
            let sum = (0..k).fold(a[j * m + i].scale_pow2(p), |rest, l| {
                rest - (u[l * m + i] * v[l * n + j].conj()).scale(s[l].mul_pow2(p))
            });
            worst = worst.max(sum.modulus().to_f64() - 2.0 * granularity);
        }
    }
    for (basis, rows) in [(u, m), (v, n)] {
        for i in 0..k {
            for j in 0..=i {
                let start = if i == j { -S::one() } else { S::zero() };
                let dot = (0..rows).fold(start, |sum, l| sum + basis[i * rows + l].conj() * basis[j * rows + l]);
                worst = worst.max(dot.modulus().to_f64());
            }
        }
    }
    worst / unit
}

fn negative_zero<S: Scalar>(x: &S) -> bool {
    [x.re(), x.im()].iter().any(|x| *x == S::Real::zero() && x.to_f64().is_sign_negative())
}

fn contract<S: Scalar>(level: Level) -> f64 {
    let mut worst = 0.0_f64;
    for (m, n) in SHAPES {
        let (k, a) = (m.min(n), zoo::<S>((m, n)));
        let Factored { u, s, v, failures } = decompose(level, (m, n), &a, true);
        assert!(failures.is_empty(), "{failures:?}");
        assert!(!u.iter().chain(&v).any(negative_zero), "a negative zero");
        let values = decompose(level, (m, n), &a, false).s;
        assert!(same_bits(&s, &values), "values alone");
        for (b, item) in a.chunks(m * n).enumerate() {
            let s = &s[b * k..(b + 1) * k];
            let found = defect((m, n), item, &u[b * m * k..(b + 1) * m * k], s, &v[b * n * k..(b + 1) * n * k]);
            assert!(found < 2.5, "{level:?} {m}×{n}, item {b}: {found}, {item:?}");
            assert!(s.windows(2).all(|pair| pair[0] >= pair[1]) && s[k - 1] >= S::Real::zero(), "{s:?}");
            worst = worst.max(found);
        }
    }
    worst
}

#[test]
fn residual_orthogonality_and_order() {
    for level in Level::all() {
        println!("{level:?} f64 {:.2}", contract::<f64>(level));
        println!("{level:?} f32 {:.2}", contract::<f32>(level));
        println!("{level:?} c64 {:.2}", contract::<Complex<f64>>(level));
        println!("{level:?} c32 {:.2}", contract::<Complex<f32>>(level));
    }
}

fn independent<S: Scalar>(level: Level, (m, n): (usize, usize)) {
    let (k, a) = (m.min(n), zoo::<S>((m, n)));
    let all = decompose(level, (m, n), &a, true);
    let mut poisoned = a.clone();
    let count = a.len() / (m * n);
    for b in (0..count).step_by(3) {
        poisoned[b * m * n + b % (m * n)] =
            S::from_real(S::Real::from_f64(if b % 2 == 0 { f64::NAN } else { f64::INFINITY }));
    }
    let beside = decompose(level, (m, n), &poisoned, true);
    assert_eq!(
        beside.failures.iter().map(|&(item, _)| item).collect::<Vec<_>>(),
        (0..count).step_by(3).collect::<Vec<_>>()
    );
    for (b, item) in a.chunks(m * n).enumerate() {
        let (of_u, of_s, of_v) = (b * m * k..(b + 1) * m * k, b * k..(b + 1) * k, b * n * k..(b + 1) * n * k);
        let alone = decompose(level, (m, n), item, true);
        let same = |u: &[S], s: &[S::Real], v: &[S]| {
            same_bits(u, &all.u[of_u.clone()])
                && same_bits(s, &all.s[of_s.clone()])
                && same_bits(v, &all.v[of_v.clone()])
        };
        assert!(same(&alone.u, &alone.s, &alone.v), "item {b} alone");
        let (u, s, v) = (&beside.u[of_u.clone()], &beside.s[of_s.clone()], &beside.v[of_v.clone()]);
        if b % 3 == 0 {
            assert!(
                s.iter().chain(u.iter().map(|x| x.re()).collect::<Vec<_>>().iter()).all(|x| x.to_f64().is_nan()),
                "written"
            );
        } else {
            assert!(same(u, s, v), "item {b} beside a NaN");
        }
    }
}

#[test]
fn an_item_does_not_depend_on_its_neighbours() {
    for level in Level::all() {
        for shape in [(2, 2), (3, 3), (5, 3), (8, 8), (2, 4)] {
            independent::<f64>(level, shape);
            independent::<Complex<f32>>(level, shape);
        }
    }
}

/// Of orthogonal columns the values are the norms, whatever lies between them.
#[test]
fn values_of_diagonal_matrices() {
    let entries = [1.0, 3.0 * 2.0_f64.powi(-300), 5.0 * 2.0_f64.powi(-700), 0.0, 1.25 * 2.0_f64.powi(-900)];
    let a: Vec<f64> = (0..25).map(|i| if i % 6 == 0 { entries[i / 6] } else { 0.0 }).collect();
    for level in Level::all() {
        let s = decompose(level, (5, 5), &a, true).s;
        for (s, entry) in s.iter().zip([0, 1, 2, 4, 3].map(|i| entries[i])) {
            assert!((s - entry).abs() <= 4.0 * f64::EPSILON * entry, "{level:?}: {s} for {entry}");
        }
    }
}

#[test]
fn any_strides() {
    let (m, n, k, count) = (3, 4, 3, 21);
    let a: Vec<Complex<f64>> = Noise(3).scalars(m * n * count);
    let expected = decompose(Level::detect(), (m, n), &a, true);
    // Row-major input whose matrices interleave; outputs row-major, with gaps.
    let mut b = vec![Complex::zero(); a.len()];
    for item in 0..count {
        for i in 0..m {
            for j in 0..n {
                b[(i * n + j) * count + item] = a[item * m * n + j * m + i];
            }
        }
    }
    let mut work = vec![Complex::zero(); workspace_len::<Complex<f64>>(m, n)];
    let mut failed = |_, _| ControlFlow::Continue(());
    let (mut u, mut v, mut s) =
        (vec![Complex::zero(); count * m * k + 20], vec![Complex::zero(); count * (n * k + 5)], vec![0.0; count * k]);
    let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level: Level::detect(), far: true };
    let bases = (
        ItemsMut { data: &mut u, item: m * k, row: k, col: 1 },
        ItemsMut { data: &mut v, item: n * k + 5, row: k, col: 1 },
    );
    svd(
        job,
        Items { data: &b, item: 1, row: n * count, col: count },
        ItemsMut { data: &mut s, item: 1, row: count, col: 0 },
        Some(bases),
    )
    .unwrap();
    for item in 0..count {
        for l in 0..k {
            assert_eq!(s[l * count + item], expected.s[item * k + l]);
            assert!((0..m).all(|i| u[item * m * k + i * k + l] == expected.u[item * m * k + l * m + i]));
            assert!((0..n).all(|i| v[item * (n * k + 5) + i * k + l] == expected.v[item * n * k + l * n + i]));
        }
    }
}

#[test]
fn what_fails_says_why_and_where() {
    let nan = f64::NAN;
    let a = [
        1.0,
        0.0,
        0.0,
        nan,
        0.0,
        1.0,
        f64::MAX,
        f64::MAX,
        f64::MAX,
        f64::MAX,
        f64::MAX,
        f64::MAX,
        1.0,
        2.0,
        3.0,
        4.0,
        5.0,
        6.0,
    ];
    let found = decompose(Level::detect(), (2, 3), &a, false).failures;
    assert_eq!(found[0], (0, Error::NonFinite { argument: "the matrix", row: 1, column: 1, nan: true }));
    assert_eq!(found[1], (1, Error::Overflow));
    assert_eq!(found.len(), 2);
}
