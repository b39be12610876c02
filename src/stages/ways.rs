//! Every way through the stages at every level, of matrices that are small: what only large ones meet is asked for by other limits.

use num_complex::Complex;
use std::vec::Vec;

use super::*;
use crate::matrix::MatMut;
use crate::noise::Noise;
use crate::plan::{Limits, Vectors};
use crate::scalar::Zero;
use crate::workspace::Store;

/// The plans of a matrix of this shape: tall or not, QR iteration or divide and conquer, at once or in blocks of columns, for one thread or for several. The
/// bytes of the matrix are just at the limits, or just beyond.
fn plans<S: Scalar>(m: usize, n: usize, vectors: Vectors) -> impl Iterator<Item = Plan> {
    let plan = Plan::new::<S>(m, n, vectors);
    let both = [false, true];
    let ways = both.into_iter().flat_map(move |tall| both.map(|divided| (tall || plan.tall, divided)));
    ways.flat_map(move |way| both.map(|blocks| (way, blocks))).flat_map(move |((tall, divided), blocks)| {
        both.map(|shared| {
            let (plan, measured) = (Plan { tall, ..plan }, plan.limits);
            let bytes = plan.reduced_rows() * plan.cols * size_of::<S>();
            let limits = Limits {
                divided_from: if divided { 1 } else { usize::MAX },
                blocked_from: if blocks { bytes - 1 } else { bytes },
                reduced_at_once: 0,
                shared_from: if shared { bytes } else { bytes + 1 },
                ..measured
            };
            Plan { limits, ..plan }
        })
    })
}

/// Entries between −1 and 1, with a column of zeros and two that are equal.
fn matrix<S: Scalar>(m: usize, n: usize) -> Vec<S> {
    let mut noise = Noise((m * 1000 + n) as u64);
    let mut a: Vec<S> = (0..m * n).map(|_| S::from_parts(noise.signed(), noise.signed())).collect();
    if n > 4 {
        a[2 * m..3 * m].fill(S::zero());
        a.copy_within(0..m, 3 * m);
    }
    a
}

/// The same behind a diagonal part, whose last row, row `k`, goes on with numbers at the end of the range: those of its reflector cannot be divided by.
fn with_a_tiny_row<S: Scalar>(m: usize, n: usize, k: usize) -> Vec<S> {
    let mut a = matrix::<S>(m, n);
    for (at, x) in a.iter_mut().enumerate() {
        let (i, j) = (at % m, at / m);
        *x = match (i.min(j), i == j, i == k) {
            (_, true, _) if i <= k => S::one(),
            (_, _, true) if j > k => x.scale_pow2(S::Real::MIN_EXPONENT + 1),
            (before, ..) if before <= k => S::zero(),
            _ => *x,
        };
    }
    a
}

/// U, s and V.
type Results<S> = (Vec<S>, Vec<<S as Scalar>::Real>, Vec<S>);

fn solve<S: Scalar>(a: &[S], (m, n): (usize, usize), (plan, vectors): (&Plan, Vectors), level: Level) -> Results<S> {
    let (u_cols, values, v_cols) = vectors.lens((m, n));
    let (mut u, mut s, mut v) =
        (std::vec![S::zero(); m * u_cols], std::vec![S::Real::zero(); values], std::vec![S::zero(); n * v_cols]);
    let needed = plan.workspace::<S>();
    // Nothing may be taken to be zero.
    let mut work = std::vec![S::from_real(S::Real::from_f64(f64::NAN)); needed];
    let mut store = Store::new(&mut work, needed).unwrap();
    let mut core = Core::carve(plan, S::PARTS, &mut store);
    core.level = level;
    core.load(MatRef::col_major(a, m, n).unwrap(), 0).unwrap();
    core.solve_dense().unwrap();
    let out = FactorsMut {
        u: MatMut::col_major(&mut u, m, u_cols).unwrap(),
        s: &mut s,
        v: MatMut::col_major(&mut v, n, v_cols).unwrap(),
    };
    core.write(0, out).unwrap();
    (u, s, v)
}

/// The largest entry of XᴴX − I for columns of so many entries; of many columns in every seventh of its columns.
fn loss<S: Scalar>(x: &[S], len: usize) -> f64 {
    let columns: Vec<&[S]> = x.chunks_exact(len).collect();
    let step = if columns.len() > 50 { 7 } else { 1 };
    let mut worst = 0.0_f64;
    for (j, y) in columns.iter().enumerate().step_by(step) {
        for (i, x) in columns.iter().enumerate() {
            let overlap = x.iter().zip(*y).fold(S::zero(), |sum, (x, &y)| sum + x.conj() * y);
            worst = worst.max((overlap - if i == j { S::one() } else { S::zero() }).modulus().to_f64());
        }
    }
    worst
}

/// The largest entry of A − U diag(s) Vᴴ.
fn residual<S: Scalar>(a: &[S], (m, n): (usize, usize), (u, s, v): &Results<S>) -> f64 {
    let mut worst = 0.0_f64;
    for (j, column) in a.chunks_exact(m).enumerate() {
        let mut rest = column.to_vec();
        for (k, &s) in s.iter().enumerate() {
            let factor = v[k * n + j].conj().scale(s);
            rest.iter_mut().zip(&u[k * m..]).for_each(|(x, &u)| *x -= u * factor);
        }
        worst = rest.iter().fold(worst, |worst, x| worst.max(x.modulus().to_f64()));
    }
    worst
}

fn all_ways<S: Scalar>(m: usize, n: usize, wanted: &[Vectors]) {
    all_ways_of(&matrix::<S>(m, n), (m, n), wanted);
}

/// Within the bounds that are promised, and the same values every way.
fn all_ways_of<S: Scalar>(a: &[S], (m, n): (usize, usize), wanted: &[Vectors]) {
    let bound = 3.0 * m.max(n) as f64 * S::Real::EPSILON.to_f64();
    let mut values: Option<Vec<S::Real>> = None;
    for (vectors, level) in wanted.iter().flat_map(|&vectors| Level::all().into_iter().map(move |l| (vectors, l))) {
        for plan in plans::<S>(m, n, vectors) {
            let what = || std::format!("{m}×{n} {vectors:?} {level:?} {plan:?}");
            let found = solve(a, (m, n), (&plan, vectors), level);
            let s = &found.1;
            let first = s[0].to_f64();
            assert!(s.is_sorted_by(|x, y| x >= y) && s[s.len() - 1] >= S::Real::zero(), "{}: {s:?}", what());
            for (x, y) in s.iter().zip(values.get_or_insert_with(|| s.clone())) {
                assert!((*x - *y).abs().to_f64() <= bound * first, "{}: {x:?} for {y:?}", what());
            }
            // (`max` passes over NaN.)
            assert!(found.0.iter().chain(&found.2).all(|x| x.is_finite()), "{}: bases that are not finite", what());
            let lost = if vectors == Vectors::None { 0.0 } else { loss(&found.0, m).max(loss(&found.2, n)) };
            assert!(lost <= bound, "{}: the bases lose {} of the bound", what(), lost / bound);
            if matches!(vectors, Vectors::Thin | Vectors::Full) {
                let error = residual(a, (m, n), &found) / first;
                assert!(error <= bound, "{}: {} of the bound", what(), error / bound);
            }
        }
    }
}

/// Without vectors, with those of the shorter side, all, and leading ones.
const WANTED: [Vectors; 4] = [Vectors::Thin, Vectors::None, Vectors::Full, Vectors::Leading(3)];

macro_rules! of_every_type {
    ($($name:ident: $scalar:ty;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn small() {
                all_ways::<$scalar>(5, 4, &WANTED);
                // Miri interprets: it has no time for more.
                if !cfg!(miri) {
                    all_ways::<$scalar>(36, 34, &WANTED[..3]);
                    all_ways::<$scalar>(19, 22, &WANTED[2..]);
                }
            }

            #[test]
            #[cfg_attr(miri, ignore = "hours")]
            fn a_tiny_row() {
                all_ways_of(&with_a_tiny_row::<$scalar>(36, 34, 10), (36, 34), &WANTED[..2]);
            }

            /// In blocks of rows.
            #[test]
            #[cfg_attr(miri, ignore = "hours")]
            fn high() {
                all_ways::<$scalar>(4, 530, &WANTED[..2]);
                all_ways::<$scalar>(260, 10, &WANTED[2..]);
            }

            /// With more columns than a block of reflectors.
            #[test]
            #[cfg_attr(miri, ignore = "hours")]
            fn high_and_wide() {
                all_ways::<$scalar>(270, 37, &WANTED[..1]);
            }
        }
    )*};
}
of_every_type! {
    single: f32;
    double: f64;
    complex_single: Complex<f32>;
    complex_double: Complex<f64>;
}

/// So large that the columns are cut into two pieces.
#[test]
#[cfg_attr(miri, ignore = "hours")]
fn in_two_pieces() {
    all_ways::<Complex<f64>>(100, 80, &WANTED[..2]);
}

#[test]
#[cfg_attr(miri, ignore = "hours")]
fn in_four_pieces() {
    all_ways::<f64>(160, 170, &WANTED[..2]);
}

/// As many as there are at most.
#[test]
#[cfg_attr(miri, ignore = "hours")]
fn in_eight_pieces() {
    all_ways::<Complex<f32>>(230, 225, &WANTED[..1]);
}
