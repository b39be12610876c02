//! Against the QR iteration, over diagonals and superdiagonals that are hard for one reason or another.

use super::merge::gathered_len;
use super::*;
use crate::noise::Noise;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Diagonals and superdiagonals that are hard for one reason or another.
fn zoo(n: usize) -> Vec<(&'static str, Vec<f64>, Vec<f64>)> {
    let mut noise = Noise(7 + n as u64);
    let mut random = || noise.signed::<f64>();
    let list = |f: &mut dyn FnMut(usize) -> f64| (0..n).map(f).collect::<Vec<f64>>();
    let center = (n as f64 - 1.0) / 2.0;
    vec![
        ("random", list(&mut |_| random()), list(&mut |_| random())),
        ("chi", list(&mut |i| ((n - i) as f64).sqrt()), list(&mut |i| ((n - i) as f64 - 0.9).sqrt())),
        ("identity", list(&mut |_| 1.0), list(&mut |_| 0.0)),
        ("all equal", list(&mut |_| 1.0), list(&mut |_| 1.0)),
        ("zero", list(&mut |_| 0.0), list(&mut |_| 0.0)),
        ("nilpotent", list(&mut |_| 0.0), list(&mut |_| 1.0)),
        ("zeros on the diagonal", list(&mut |i| if i % 5 == 2 { 0.0 } else { random() }), list(&mut |_| random())),
        ("last zero", list(&mut |i| if i + 1 == n { 0.0 } else { 1.0 }), list(&mut |_| 0.5)),
        ("split", list(&mut |_| random()), list(&mut |i| if i % 7 == 3 { 0.0 } else { random() })),
        ("middle only", list(&mut |i| if i == n / 2 { 1.0 } else { 0.0 }), list(&mut |i| f64::from(i == n / 2))),
        ("tiny off", list(&mut |_| 1.0), list(&mut |_| 1e-15 * random())),
        ("clusters", list(&mut |i| 1.0 + (i % 3) as f64), list(&mut |_| 1e-9 * random())),
        ("tight clusters", list(&mut |i| (i % 2) as f64), list(&mut |_| 1e-14 * random())),
        ("wilkinson", list(&mut |i| (i as f64 - center).abs()), list(&mut |_| 1.0)),
        ("glued", list(&mut |i| (i as f64 % 21.0 - 10.0).abs()), list(&mut |i| if i % 21 == 20 { 1e-12 } else { 1.0 })),
        ("graded", list(&mut |i| 0.8_f64.powf(i as f64)), list(&mut |i| 0.8_f64.powf(i as f64))),
        ("graded up", list(&mut |i| 0.5_f64.powf((n - i) as f64)), list(&mut |i| 0.5_f64.powf((n - i) as f64))),
        ("steep", list(&mut |i| 1e-3_f64.powf(i.min(90) as f64)), list(&mut |i| 1e-3_f64.powf(i.min(90) as f64))),
        ("kahan", list(&mut |i| 0.9_f64.powf(i as f64)), list(&mut |i| -0.43 * 0.9_f64.powf(i as f64))),
        ("huge", list(&mut |_| 1e300 * random()), list(&mut |_| 1e300 * random())),
        ("small", list(&mut |_| 1e-300 * random()), list(&mut |_| 1e-300 * random())),
        ("underflowing", list(&mut |_| random()), list(&mut |_| 1e-312 * random())),
        ("ratios", list(&mut |_| 10_f64.powf(20.0 * random())), list(&mut |_| 10_f64.powf(20.0 * random()))),
        ("both scales", list(&mut |i| if i % 2 == 0 { 1.0 } else { 1e-30 }), list(&mut |_| random())),
        ("dominant off", list(&mut |_| 1e-8 * random()), list(&mut |_| 1.0)),
    ]
}

/// A decomposition and its columns.
struct Solved<R> {
    s: Vec<R>,
    x: Vec<R>,
    y: Vec<R>,
    stride: usize,
}

fn solve<R: Real>(d: &[f64], e: &[f64], level: Level, divide: bool) -> Solved<R> {
    let n = d.len();
    let depth = padded(n) / LANES;
    let (mut x, mut y) = (vec![[R::zero(); LANES]; depth * n], vec![[R::zero(); LANES]; depth * n]);
    let mut s: Vec<R> = d.iter().map(|x| R::from_f64(*x)).collect();
    let mut e: Vec<R> = e.iter().map(|x| R::from_f64(*x)).collect();
    let (u, v) = (Planes { data: &mut x, depth, parts: 1 }, Planes { data: &mut y, depth, parts: 1 });
    if divide {
        let mut work = vec![R::from_f64(f64::NAN); divide_workspace_len(n)];
        divide_and_conquer(&mut s, &mut e, (u, v), &mut work, (level, n.is_multiple_of(2))).unwrap();
    } else {
        let (mut u, mut v) = (u, v);
        u.set_unit_columns(0);
        v.set_unit_columns(0);
        qr_iteration(&mut s, &mut e, &mut Columns { u, v, level }).unwrap();
    }
    Solved { s, x: x.as_flattened().to_vec(), y: y.as_flattened().to_vec(), stride: depth * LANES }
}

/// Frobenius norm of QᵀQ − I.
fn orthogonality<R: Real>(q: &[R], stride: usize) -> f64 {
    let columns: Vec<&[R]> = q.chunks_exact(stride).collect();
    let mut sum = 0.0;
    for (i, a) in columns.iter().enumerate() {
        for (j, b) in columns.iter().enumerate().take(i + 1) {
            let dot = a.iter().zip(*b).map(|(a, b)| a.to_f64() * b.to_f64()).sum::<f64>();
            sum += (dot - f64::from(i == j)).powi(2);
        }
    }
    sum.sqrt()
}

/// Frobenius norm of B − X S Yᵀ, as that of B Y − X S, relative to the largest entry of B.
fn residual<R: Real>(d: &[f64], e: &[f64], solved: &Solved<R>) -> f64 {
    let n = d.len();
    let unit = d.iter().chain(&e[..n - 1]).fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
    let rounded = |x: f64| R::from_f64(x).to_f64() / unit;
    let columns = solved.x.chunks_exact(solved.stride).zip(solved.y.chunks_exact(solved.stride));
    let mut sum = 0.0;
    for (s, (x, y)) in solved.s.iter().zip(columns) {
        for i in 0..n {
            let next = if i + 1 < n { rounded(e[i]) * y[i + 1].to_f64() } else { 0.0 };
            sum += (rounded(d[i]) * y[i].to_f64() + next - s.to_f64() / unit * x[i].to_f64()).powi(2);
        }
    }
    sum.sqrt()
}

/// The largest of the checks in units of n ε s₁, and its name.
fn check<R: Real>(name: &str, d: &[f64], e: &[f64], level: Level) -> (f64, String) {
    let n = d.len();
    // The QR iteration wants the same unit.
    let unit = d.iter().chain(&e[..n - 1]).fold(f64::MIN_POSITIVE, |max, x| max.max(x.abs()));
    let p = Real::exponent(unit);
    let scaled = |list: &[f64]| list.iter().map(|x| x.mul_pow2(-p)).collect::<Vec<f64>>();
    let mut reference = solve::<R>(&scaled(d), &scaled(e), level, false);
    reference.s.iter_mut().for_each(|s| *s = s.mul_pow2(p));
    let solved = solve::<R>(d, e, level, true);
    assert!(solved.s.is_sorted_by(|a, b| a >= b) && solved.s[n - 1] >= R::zero(), "{name} {n}");
    for column in solved.x.chunks_exact(solved.stride).chain(solved.y.chunks_exact(solved.stride)) {
        assert!(column[n..].iter().all(|x| *x == R::zero()), "{name} {n}: padding");
    }
    let difference = |(a, b): (&R, &R)| (a.to_f64() - b.to_f64()).abs();
    let values = solved.s.iter().zip(&reference.s).map(difference).fold(0.0, f64::max) / unit;
    let s1 = (reference.s[0].to_f64() / unit).max(1e-3);
    let ulp = n as f64 * R::EPSILON.to_f64();
    let results = [
        ("X", orthogonality(&solved.x, solved.stride)),
        ("Y", orthogonality(&solved.y, solved.stride)),
        ("residual", residual(d, e, &solved) / s1),
        ("values", values / s1),
    ];
    let worst = results.iter().fold(results[0], |worst, result| if result.1 <= worst.1 { worst } else { *result });
    (worst.1 / ulp, std::format!("{name} n = {n} {level:?} {}", worst.0))
}

fn worst<R: Real>(levels: &[Level], sizes: &[usize], skip: &[&str]) -> (f64, String) {
    let mut worst = (0.0, String::new());
    for &level in levels {
        for &n in sizes {
            for (name, d, e) in zoo(n) {
                if skip.contains(&name) {
                    continue;
                }
                let result = check::<R>(name, &d, &e, level);
                std::println!("{:8.3} {}", result.0, result.1);
                worst = if result.0 <= worst.0 { worst } else { result };
            }
        }
    }
    worst
}

#[test]
fn halves_are_even_and_the_lower_one_begins_with_a_lane() {
    for size in LEAF + 1..400 {
        let block = Block { first: 2 * LANES, size, extra: 1 };
        let (top, bottom) = block.halves();
        assert!(bottom.first.is_multiple_of(LANES) && top.size.abs_diff(bottom.size) <= LANES + 1, "{size}");
        assert_eq!((top.first, bottom.first + bottom.size), (block.first, block.first + size));
        // The rows of either half in every column.
        let rows = top.columns().len().max(bottom.columns().len());
        assert!(padded(rows) * size <= gathered_len(size), "{size}");
    }
}

/// 3/2 n², and what is proportional to n: padding and lists.
#[test]
fn no_more_workspace_than_is_documented() {
    assert_eq!(divide_workspace_len(LEAF), 0);
    for n in LEAF + 1..1000 {
        let (len, square) = (divide_workspace_len(n), 3 * n * n / 2);
        assert!(len > square && len <= square + 40 * n, "{n}: {len}");
    }
}

/// The halves at the same time, and the roots and columns in pieces.
#[cfg(feature = "rayon")]
#[test]
fn two_threads_give_the_same_bits() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    // At 264 one half is as large as what is divided again, with room of its own, and the other is not.
    for (_, d, e) in [264, 300].into_iter().flat_map(|n| zoo(n).into_iter().take(2)) {
        let solve = || solve::<f64>(&d, &e, Level::detect(), true);
        let (alone, shared) = (solve(), pool.install(solve));
        assert!(alone.s == shared.s && alone.x == shared.x && alone.y == shared.y);
    }
}

const SIZES: [usize; 10] = [1, 2, 3, 19, 20, 21, 22, 49, 64, 101];

#[test]
fn decomposes_the_zoo_in_double_precision() {
    let (error, place) = worst::<f64>(&Level::all(), &SIZES, &[]);
    assert!(error <= 3.0, "{error} {place}");
}

#[test]
fn decomposes_the_zoo_in_single_precision() {
    let (error, place) = worst::<f32>(&Level::all(), &SIZES, &["huge", "small"]);
    assert!(error <= 3.0, "{error} {place}");
}

#[test]
fn large_matrices_are_no_less_accurate() {
    let (double, place) = worst::<f64>(&[Level::detect()], &[300], &[]);
    assert!(double <= 0.7, "{double} {place}");
    let (single, place) = worst::<f32>(&[Level::detect()], &[300], &["huge", "small"]);
    assert!(single <= 0.7, "{single} {place}");
}

#[test]
fn any_mixture_of_zeros_ones_and_near_ones() {
    let choices = [0.0, 1.0, -1.0, 1.0 + f64::EPSILON, 0.5, 1e-8, 1e-16, 3e-16, 1e-200];
    let mut noise = Noise(99);
    for trial in 0..400 {
        let n = 21 + trial % 23;
        let used = 2 + trial % (choices.len() - 1);
        let mut pick = || {
            let x = noise.signed::<f64>().abs() * used as f64;
            (0..used).find(|i| x < (*i + 1) as f64).map_or(1.0, |i| choices[i])
        };
        let d: Vec<f64> = (0..n).map(|_| pick()).collect();
        let e: Vec<f64> = (0..n).map(|_| pick()).collect();
        let (error, place) = check::<f64>("mixture", &d, &e, Level::detect());
        assert!(error <= 2.0, "{error} {place} {d:?} {e:?}");
    }
}

#[test]
fn a_number_that_is_none_is_an_error_and_no_endless_loop() {
    let mut d = vec![1.0; 60];
    let mut e = vec![0.5; 60];
    d[40] = f64::NAN;
    let mut bases = vec![[0.0; LANES]; 2 * 60 * padded(60) / LANES];
    let (x, y) = bases.split_at_mut(60 * padded(60) / LANES);
    let planes = |data| Planes { data, depth: padded(60) / LANES, parts: 1 };
    let mut work = vec![0.0; divide_workspace_len(60)];
    assert!(divide_and_conquer(&mut d, &mut e, (planes(x), planes(y)), &mut work, (Level::detect(), true)).is_err());
}
