//! Both rules against those of one matrix.

use super::contract::zoo;
use super::*;
use crate::batch::lanes::{Cotangent, Factors, Gradient, Tangent, jvp, vjp};
use crate::derivative::{self, AtEqual, Report, Rule, TangentMut, Target};
use crate::matrix::{MatMut, MatRef};
use num_complex::Complex;
use std::println;

const SHAPES: [(usize, usize); 9] = [(1, 1), (2, 2), (3, 3), (5, 3), (4, 4), (8, 8), (16, 4), (3, 5), (1, 7)];

fn rules<R: Real>() -> [Rule<R>; 8] {
    let number = R::from_f64;
    [
        Rule::reconstruct(),
        Rule::minimum_norm(),
        Rule::published(),
        Rule::plain(),
        Rule::new(AtEqual::Zeroing),
        Rule::new(AtEqual::Clip(number(100.0))),
        Rule::new(AtEqual::Taylor(9)),
        Rule::new(AtEqual::Lorentzian(number(1e-3))),
    ]
}

/// A batch with its factors, and random cotangents and directions.
struct Case<S: Scalar> {
    shape: (usize, usize),
    k: usize,
    count: usize,
    factored: Factored<S>,
    u_bar: Vec<S>,
    s_bar: Vec<S::Real>,
    v_bar: Vec<S>,
    a_dot: Vec<S>,
}

impl<S: Scalar> Case<S> {
    fn new((m, n): (usize, usize)) -> Self {
        let (k, mut a) = (m.min(n), zoo::<S>((m, n)));
        a.truncate(a.len() / 5 / (m * n) * (m * n));
        let (factored, count) = (decompose(Level::Portable, (m, n), &a, true), a.len() / (m * n));
        let mut noise = Noise(17);
        let (u_bar, v_bar) = (noise.scalars(count * m * k), noise.scalars(count * n * k));
        let (s_bar, a_dot) = (noise.scalars(count * k), noise.scalars(count * m * n));
        Case { shape: (m, n), k, count, factored, u_bar, s_bar, v_bar, a_dot }
    }

    fn items(&self) -> Factors<'_, S> {
        let ((m, n), k, f) = (self.shape, self.k, &self.factored);
        Factors { u: packed(&f.u, m, k), s: packed(&f.s, k, 1), v: packed(&f.v, n, k) }
    }

    fn factors(&self, b: usize) -> crate::factors::Factors<'_, S> {
        let ((m, n), k, f) = (self.shape, self.k, &self.factored);
        let (u, v) = (items(&f.u, m, k).get(b, (m, k)), items(&f.v, n, k).get(b, (n, k)));
        crate::factors::Factors { u, s: &f.s[b * k..(b + 1) * k], v }
    }

    /// What a rounding error may grow by: the largest reciprocal that is not cut, and 1.
    fn growth(&self, b: usize, rule: &Rule<S::Real>) -> f64 {
        let (s, (m, n)) = (self.factors(b).s, self.shape);
        let cut = (m.max(n) as f64 + 10.0) * S::Real::EPSILON.to_f64();
        let cut = if rule.at_equal == AtEqual::Plain { 0.0 } else { cut };
        let s: Vec<f64> = s.iter().map(|s| s.to_f64()).collect();
        let gaps = s.windows(2).map(|pair| pair[0] - pair[1]).chain(s.iter().copied());
        let least = gaps.filter(|&gap| gap > cut * s[0]).fold(f64::MAX, f64::min);
        1.0 + 1e6 / s[0] + 1.0 / least
    }
}

fn items<S>(data: &[S], rows: usize, cols: usize) -> Items<'_, S> {
    packed(data, rows, cols)
}

fn norm<S: Scalar>(x: &[S]) -> f64 {
    x.iter().fold(0.0, |norm, x| f64::hypot(norm, x.modulus().to_f64()))
}

fn distance<S: Scalar>(x: &[S], y: &[S]) -> f64 {
    let difference: Vec<S> = x.iter().zip(y).map(|(&x, &y)| x - y).collect();
    norm(&difference)
}

/// Which of gU, gs and gV are given.
const PARTS: [(bool, bool, bool); 4] =
    [(true, true, true), (true, false, false), (false, true, true), (false, true, false)];

/// Without reports (`told`) the way is another one for a loss of s alone.
fn backward<S: Scalar>(
    case: &Case<S>,
    level: Level,
    rule: &Rule<S::Real>,
    (parts, told): ((bool, bool, bool), bool),
) -> f64 {
    let ((m, n), k, count) = (case.shape, case.k, case.count);
    let mut gradient: Vec<S> = Noise(5).scalars(count * m * n);
    let before = gradient.clone();
    let mut work = vec![S::zero(); workspace_len::<S>(m, n)];
    let (mut failures, mut reports) = (vec![], vec![None; count]);
    let mut failed = |item, error| {
        failures.push((item, error));
        ControlFlow::Continue(())
    };
    let mut report = |item: usize, met: Report<S::Real>| reports[item] = Some(met);
    let keep = parts.0 && parts.1;
    let cotangent = Cotangent {
        u: parts.0.then_some(items(&case.u_bar, m, k)),
        s: parts.1.then_some(items(&case.s_bar, k, 1)),
        v: parts.2.then_some(items(&case.v_bar, n, k)),
    };
    let target = Gradient { a: packed_mut(&mut gradient, m, n), keep, report: told.then_some(&mut report) };
    let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level, far: true };
    vjp(job, case.items(), cotangent, rule, target).unwrap();
    let mut worst = 0.0_f64;
    let mut failures = failures.into_iter().peekable();
    for b in 0..count {
        let given = derivative::Cotangent {
            u: parts.0.then(|| items(&case.u_bar, m, k).get(b, (m, k))),
            s: parts.1.then(|| &case.s_bar[b * k..(b + 1) * k]),
            v: parts.2.then(|| items(&case.v_bar, n, k).get(b, (n, k))),
            s_matrix: None,
        };
        let mut expected = before[b * m * n..(b + 1) * m * n].to_vec();
        let matrix = MatMut::col_major(&mut expected, m, n).unwrap();
        let target = if keep { Target::Add(matrix) } else { Target::Overwrite(matrix) };
        let met = derivative::vjp_into(&case.factors(b), &given, rule, target, &mut work);
        let found = &gradient[b * m * n..(b + 1) * m * n];
        match met {
            Err(error) => {
                assert_eq!(failures.next(), Some((b, error)));
                assert!(same_bits(found, &before[b * m * n..(b + 1) * m * n]), "touched");
            }
            Ok(met) => {
                let size =
                    norm(&case.u_bar[b * m * k..(b + 1) * m * k]) + norm(&case.v_bar[b * n * k..(b + 1) * n * k]);
                let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64();
                if norm(&expected).is_finite() {
                    let error = distance(&expected, found) / (unit * (size * case.growth(b, rule) + norm(&expected)));
                    assert!(error < 1.0, "{level:?} {m}×{n} {rule:?} item {b}: {error}");
                    worst = worst.max(error);
                }
                if told {
                    let report = reports[b].expect("a report");
                    assert_eq!((report.equal_pairs, report.zeros), (met.equal_pairs, met.zeros));
                    let apart = (report.gauge_residual - met.gauge_residual).abs().to_f64();
                    assert!(apart <= 8.0 * unit, "{report:?} {met:?}");
                }
            }
        }
    }
    assert_eq!(failures.next(), None);
    worst
}

fn forward<S: Scalar>(case: &Case<S>, level: Level, rule: &Rule<S::Real>) -> f64 {
    let ((m, n), k, count) = (case.shape, case.k, case.count);
    let nan = S::from_real(S::Real::from_f64(f64::NAN));
    let (mut u, mut s, mut v) = (vec![nan; count * m * k], vec![nan.re(); count * k], vec![nan; count * n * k]);
    let mut work = vec![nan; workspace_len::<S>(m, n)];
    let mut failures = vec![];
    let mut failed = |item, error| {
        failures.push((item, error));
        ControlFlow::Continue(())
    };
    let tangent = Tangent {
        u: Some(packed_mut(&mut u, m, k)),
        s: Some(packed_mut(&mut s, k, 1)),
        v: Some(packed_mut(&mut v, n, k)),
    };
    let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level, far: true };
    jvp(job, case.items(), items(&case.a_dot, m, n), rule, tangent).unwrap();
    let mut worst = 0.0_f64;
    let mut failures = failures.into_iter();
    for b in 0..count {
        let (mut du, mut ds, mut dv) = (vec![nan; m * k], vec![nan.re(); k], vec![nan; n * k]);
        let out = TangentMut {
            u: Some(MatMut::col_major(&mut du, m, k).unwrap()),
            s: Some(&mut ds),
            v: Some(MatMut::col_major(&mut dv, n, k).unwrap()),
            s_matrix: None,
        };
        let a_dot: MatRef<'_, S> = items(&case.a_dot, m, n).get(b, (m, n));
        if let Err(error) = derivative::jvp_into(&case.factors(b), a_dot, rule, out, &mut work) {
            assert_eq!(failures.next(), Some((b, error)));
            continue;
        }
        let size = norm(&case.a_dot[b * m * n..(b + 1) * m * n]);
        let bound = m.max(n) as f64 * S::Real::EPSILON.to_f64() * (size * case.growth(b, rule) + norm(&du) + norm(&dv));
        if !bound.is_finite() {
            continue;
        }
        let apart = distance(&du, &u[b * m * k..(b + 1) * m * k])
            .max(distance(&ds, &s[b * k..(b + 1) * k]))
            .max(distance(&dv, &v[b * n * k..(b + 1) * n * k]));
        assert!(apart < bound, "{level:?} {m}×{n} {rule:?} item {b}: {}", apart / bound);
        worst = worst.max(apart / bound);
    }
    assert_eq!(failures.next(), None);
    worst
}

fn all<S: Scalar>(name: &str) {
    let mut worst = (0.0_f64, 0.0_f64);
    for shape in SHAPES {
        let case = Case::<S>::new(shape);
        for level in Level::all() {
            for rule in rules() {
                for choice in PARTS.into_iter().flat_map(|parts| [(parts, false), (parts, true)]) {
                    worst.0 = worst.0.max(backward(&case, level, &rule, choice));
                }
                worst.1 = worst.1.max(forward(&case, level, &rule));
            }
        }
    }
    println!("{name}: {worst:.2?}");
}

#[test]
fn each_rule_is_that_of_one_matrix() {
    all::<f64>("f64");
    all::<f32>("f32");
    all::<Complex<f64>>("c64");
    all::<Complex<f32>>("c32");
}

#[test]
fn what_is_not_finite_is_refused_item_by_item() {
    let (m, n, count) = (3, 3, 20);
    let a: Vec<f64> = Noise(1).scalars(count * 9);
    let mut factored = decompose(Level::detect(), (m, n), &a, true);
    let mut u_bar: Vec<f64> = Noise(2).scalars(count * 9);
    u_bar[4 * 9 + 5] = f64::NAN;
    factored.s.swap(7 * 3, 7 * 3 + 1);
    factored.s[9 * 3] = f64::INFINITY;
    let (mut gradient, mut work) = (vec![7.0; count * 9], vec![0.0; workspace_len::<f64>(m, n)]);
    let mut failures = vec![];
    let mut failed = |item, error| {
        failures.push((item, error));
        ControlFlow::Continue(())
    };
    let factors = Factors { u: packed(&factored.u, 3, 3), s: packed(&factored.s, 3, 1), v: packed(&factored.v, 3, 3) };
    let cotangent = Cotangent { u: Some(packed(&u_bar, 3, 3)), s: None, v: None };
    let target = Gradient { a: packed_mut(&mut gradient, 3, 3), keep: false, report: None };
    let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level: Level::detect(), far: true };
    vjp(job, factors, cotangent, &Rule::default(), target).unwrap();
    assert_eq!(failures.iter().map(|failure| failure.0).collect::<Vec<_>>(), [4, 7, 9]);
    assert_eq!(failures[0].1, Error::NonFinite { argument: "the cotangent of U", row: 2, column: 1, nan: true });
    for b in 0..count {
        let untouched = gradient[b * 9..(b + 1) * 9].iter().all(|&x| x == 7.0);
        assert_eq!(untouched, [4, 7, 9].contains(&b));
    }
}

/// Residuals of cotangents of any size: multiplied by a power of two they are the same.
fn residuals<S: Scalar>((m, n): (usize, usize)) {
    let case = Case::<S>::new((m, n));
    let of = |p: i32| {
        let scaled = |x: &[S]| x.iter().map(|x| x.scale_pow2(p)).collect::<Vec<S>>();
        let (u_bar, v_bar) = (scaled(&case.u_bar), scaled(&case.v_bar));
        let (mut gradient, mut work) = (vec![S::zero(); case.count * m * n], vec![S::zero(); workspace_len::<S>(m, n)]);
        let mut reports = vec![None; case.count];
        let mut report = |item: usize, met: Report<S::Real>| reports[item] = Some(met.gauge_residual);
        let mut failed = |_, error| panic!("{error}");
        let (u, v) = (Some(items(&u_bar, m, case.k)), Some(items(&v_bar, n, case.k)));
        let target = Gradient { a: packed_mut(&mut gradient, m, n), keep: false, report: Some(&mut report) };
        let (count, level) = (case.count, Level::detect());
        let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level, far: true };
        vjp(job, case.items(), Cotangent { u, s: None, v }, &Rule::default(), target).unwrap();
        reports
    };
    let expected = of(0);
    let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64();
    for p in [S::Real::MAX_EXPONENT - 12, S::Real::MIN_EXPONENT / 2 - 12, S::Real::MIN_EXPONENT + 12] {
        for (found, expected) in of(p).iter().zip(&expected) {
            let [found, expected] = [found, expected].map(|x| x.expect("a report").to_f64());
            assert!((found - expected).abs() <= 8.0 * unit, "{m}×{n} 2^{p}: {found} {expected}");
        }
    }
}

#[test]
fn residuals_do_not_depend_on_the_size() {
    for shape in [(3, 3), (5, 3), (4, 7)] {
        residuals::<f64>(shape);
        residuals::<Complex<f32>>(shape);
    }
}
