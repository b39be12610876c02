//! Decompositions at every level beside their definition, and what is left to others.

use super::*;
use crate::matrix::{MatMut, MatRef};
use crate::noise::Noise;
use crate::plan::{Vectors, svd_workspace_len};
use crate::svd::FactorsMut;
use crate::workspace::ALIGNMENT;
use num_complex::Complex;
use std::vec::Vec;

/// U, s and V, or nothing.
type Outputs<S> = Option<(Vec<S>, Vec<<S as Scalar>::Real>, Vec<S>)>;

/// Of the m×n matrix with these columns; where m < n, by its adjoint.
fn solved<S: Scalar>(entries: &[S], (m, n): (usize, usize), level: Level) -> Outputs<S> {
    let a = MatRef::col_major(entries, m, n).unwrap();
    let (k, long) = (m.min(n), m.max(n));
    let (mut u, mut s, mut v) =
        (std::vec![S::zero(); m * k], std::vec![S::Real::zero(); k], std::vec![S::zero(); n * k]);
    // What the stages have, in the worst place; where nothing is served (no lanes) that is less.
    let stages = svd_workspace_len::<S>(m, n, Vectors::Thin) * S::PARTS - ALIGNMENT / size_of::<S::Real>();
    let room = if LANES > 1 { stages } else { 64 * long * S::PARTS };
    let mut storage = std::vec![S::Real::zero(); room];
    let largest = crate::scale::largest_part(a, "the matrix").unwrap();
    let mut out = FactorsMut {
        u: MatMut::col_major(&mut u, m, k).unwrap(),
        s: &mut s,
        v: MatMut::col_major(&mut v, n, k).unwrap(),
    };
    let mut place = Given { a, adjoint: m < n, vectors: true, out: &mut out };
    let done = decompose(((long, k), largest), &mut place, (&mut storage, level));
    let mut alone = std::vec![S::Real::zero(); k];
    let mut out = FactorsMut { u: MatMut::empty(), s: &mut alone, v: MatMut::empty() };
    let mut place = Given { a, adjoint: m < n, vectors: false, out: &mut out };
    assert_eq!(decompose(((long, k), largest), &mut place, (&mut storage, level)), done);
    assert_eq!(alone, s, "without vectors the same, to the last bit");
    done.then_some((u, s, v))
}

/// Entries between −1 and 1, each column `ratio` times as large as the one before.
fn graded<S: Scalar>((m, n): (usize, usize), ratio: f64) -> Vec<S> {
    let mut noise = Noise((m + n) as u64);
    let size = |k: usize| (0..k / m).fold(1.0, |size, _| size * ratio);
    (0..m * n)
        .map(|k| {
            let [re, im] = [0, 1].map(|_| S::Real::from_f64(noise.signed::<f64>() * size(k)));
            S::from_parts(re, im)
        })
        .collect()
}

/// The largest errors of A − U diag(s) Vᴴ, over s₁, UᴴU − I and VᴴV − I, in units of max(m, n) ε.
fn error<S: Scalar>(a: &[S], (m, n): (usize, usize), (u, s, v): &(Vec<S>, Vec<S::Real>, Vec<S>)) -> f64 {
    // (`max` passes over NaN.)
    assert!(u.iter().chain(v).all(|x| x.is_finite()), "{m}×{n}: {s:?}");
    let modulus = |x: S| x.modulus_squared().to_f64().sqrt();
    let (mut worst, k) = (0.0_f64, s.len());
    for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
        let sum = (0..k).fold(S::zero(), |sum, k| sum + u[k * m + i].scale(s[k]) * v[k * n + j].conj());
        worst = worst.max(modulus(a[j * m + i] - sum) / s[0].to_f64());
    }
    for (basis, len) in [(u, m), (v, n)] {
        for (i, j) in (0..k).flat_map(|i| (0..k).map(move |j| (i, j))) {
            let sum = (0..len).fold(S::zero(), |sum, k| sum + basis[i * len + k].conj() * basis[j * len + k]);
            worst = worst.max(modulus(sum - if i == j { S::one() } else { S::zero() }));
        }
    }
    worst / (m.max(n) as f64 * S::Real::EPSILON.to_f64())
}

fn every_level_of<S: Scalar>(orders: core::ops::RangeInclusive<usize>) {
    for n in orders {
        for shape in [(n, n), (n + 1, n), (n, n + 3), (2 * n + 7, n)] {
            for ratio in [1.0, 0.25, 2.0] {
                // The last of many columns in f32 is not to be negligible.
                let ratio = if n > 12 { f64::cbrt(ratio) } else { ratio };
                let a = graded::<S>(shape, ratio);
                for level in Level::all() {
                    let what = || std::format!("{level:?}, {shape:?}, ratio {ratio}");
                    let found = solved(&a, shape, level).unwrap_or_else(|| panic!("{}", what()));
                    let error = error(&a, shape, &found);
                    assert!(error < 1.5, "{}: {error} max(m, n) ε", what());
                    assert!(found.1.is_sorted_by(|x, y| x >= y) && found.1[n - 1] > S::Real::zero());
                }
            }
        }
    }
}

#[test]
fn decompositions_are_right_with_all_instructions() {
    every_level_of::<f32>(2..=32);
    every_level_of::<f64>(2..=16);
    every_level_of::<Complex<f32>>(2..=16);
    every_level_of::<Complex<f64>>(2..=16);
}

#[test]
fn columns_without_a_direction_are_left_to_others() {
    for level in Level::all() {
        for n in [5, 8] {
            let mut a = graded::<f64>((n, n), 1.0);
            a[n..2 * n].fill(0.0);
            assert!(solved(&a, (n, n), level).is_none(), "a zero column");
            a[n..2 * n].fill(1e-150);
            assert!(solved(&a, (n, n), level).is_none(), "a negligible column");
            a[n..2 * n].fill(1e-40);
            assert!(solved(&a, (n, n), level).is_some(), "a short one");
        }
        assert!(solved(&[f64::MAX; 36], (6, 6), level).is_none(), "s₁ beyond the range");
    }
}

/// As many columns as are faster so, which depends on what a register holds.
#[test]
fn what_goes_in_pairs() {
    let most = |serves: fn(usize, Level) -> bool, level| (0..100).take_while(|&n| serves(n, level)).count();
    // Nothing is run with those that this machine may not have.
    #[cfg(target_arch = "x86_64")]
    let others = [Level::Avx2, Level::Avx512, Level::Avx512InHalves];
    #[cfg(not(target_arch = "x86_64"))]
    let others = [];
    for level in Level::all().into_iter().chain(others) {
        let found = [
            most(serves::<f32>, level),
            most(serves::<f64>, level),
            most(serves::<Complex<f32>>, level),
            most(serves::<Complex<f64>>, level),
        ];
        let expected = match (level.register_bytes(), level.bytes_at_once()) {
            _ if level == Level::Portable => [0; 4],
            (64, 64) => [33, 17, 17, 15],
            (64, _) => [17, 17, 13, 9],
            _ => [17, 9, 11, 9],
        };
        assert_eq!(found, expected, "{level:?}");
    }
}
