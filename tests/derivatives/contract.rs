//! What the derivatives promise their caller: every error with its numbers, outputs untouched by them, the report, values alone.

use crate::support::derivatives::{Parts, Triplets, all_rules, jvp, mul, norm, relative_error, scale_columns, vjp};
use crate::support::entry::Entry;
use crate::support::random::Random;
use diffsvd::{
    AtEqual, Error, Factors, Mat, MatRef, Rule, Target, Tolerance, jvp_into, jvp_workspace_len, vjp_into,
    vjp_workspace_len,
};
use num_complex::Complex;
use num_traits::Zero;

const M: usize = 5;
const N: usize = 4;
const K: usize = 3;

/// Compact factors of a 5×4 matrix with three triplets, and cotangents (or places for tangents) of every part.
struct Setting {
    triplets: Triplets<f64>,
    parts: Parts<f64>,
    a_dot: Mat<f64>,
    rule: Rule<f64>,
    work: usize,
}

impl Setting {
    fn new() -> Self {
        let mut random = Random::new(51);
        Setting {
            triplets: Triplets::random(M, N, &[3.0, 2.0, 1.0], &mut random),
            parts: Parts {
                u: Some(random.matrix(M, K)),
                s: Some(vec![1.0, 2.0, 3.0]),
                v: Some(random.matrix(N, K)),
                s_matrix: Some(random.matrix(K, K)),
            },
            a_dot: random.matrix(M, N),
            rule: Rule::default(),
            work: 1000,
        }
    }

    /// The error of the backward rule, after a look at the target.
    fn vjp_error(&self) -> Error {
        let mut target = Mat::from_fn(M, N, |_, _| 7.0);
        let before = target.clone();
        let mut work = vec![0.0; self.work];
        let result = vjp_into(
            &self.triplets.view(),
            &self.parts.as_cotangent(),
            &self.rule,
            Target::Overwrite(target.as_mut()),
            &mut work,
        );
        assert_eq!(target, before, "the target was touched");
        result.expect_err("an error")
    }

    /// The error of the forward rule, after a look at the tangents.
    fn jvp_error(&self) -> Error {
        let mut out = self.parts.clone();
        let mut work = vec![0.0; self.work];
        let a_dot = self.a_dot.as_ref();
        let result = jvp_into(&self.triplets.view(), a_dot, &self.rule, out.as_tangent(), &mut work);
        assert_eq!(format!("{out:?}"), format!("{:?}", self.parts), "the tangents were touched");
        result.expect_err("an error")
    }

    fn both_fail_with(&self, expected: Error) {
        assert_eq!(self.vjp_error(), expected);
        assert_eq!(self.jvp_error(), expected);
    }
}

#[test]
fn the_setting_is_right_as_it_stands() -> Result<(), Error> {
    let setting = Setting::new();
    vjp(&setting.triplets.view(), &setting.parts, &setting.rule)?;
    jvp(&setting.triplets.view(), &setting.a_dot, &setting.rule, &setting.parts)?;
    Ok(())
}

/// A change of one of the factors, and the error that it must give.
type Broken = (fn(&mut Triplets<f64>), Error);

#[test]
fn wrong_factors() {
    let shape = |argument, got, expected| Error::Shape { argument, got, expected };
    let value = |value| Error::Parameter {
        name: "a singular value",
        value,
        must: "be non-negative and not exceed the one before it",
    };
    let not_finite = |row, nan| Error::NonFinite { argument: "s", row, column: 0, nan };
    let broken: [Broken; 9] = [
        (|x| x.u = Mat::zeros(M, K + 1), shape("U", (M, K + 1), (M, K))),
        (|x| x.v = Mat::zeros(N, K - 1), shape("V", (N, K - 1), (N, K))),
        (|x| x.s.push(0.5), shape("U", (M, K), (M, K + 1))),
        (|x| *x = Triplets { u: Mat::zeros(M, 5), s: vec![1.0; 5], v: Mat::zeros(N, 5) }, shape("s", (5, 1), (4, 1))),
        (|x| x.s[1] = f64::NAN, not_finite(1, true)),
        (|x| x.s[0] = f64::INFINITY, not_finite(0, false)),
        (|x| x.s[2] = f64::NEG_INFINITY, not_finite(2, false)),
        (|x| x.s[2] = -1e-300, value(-1e-300)),
        (|x| x.s[2] = 2.5, value(2.5)),
    ];
    for (breaking, expected) in broken {
        let mut setting = Setting::new();
        breaking(&mut setting.triplets);
        setting.both_fail_with(expected);
    }
}

/// A change of one shape, the part that is found wrong, its shape, and the shape that it must have.
type Misfit = (fn(&mut Setting), &'static str, (usize, usize), (usize, usize));

#[test]
fn wrong_shapes() {
    let changes: [Misfit; 8] = [
        (|x| x.parts.u = Some(Mat::zeros(M - 1, K)), "of U", (M - 1, K), (M, K)),
        (|x| x.parts.u = Some(Mat::zeros(M, K + 1)), "of U", (M, K + 1), (M, K)),
        (|x| x.parts.u = Some(Mat::zeros(M, 2)), "of V", (N, K), (N, 2)),
        (|x| x.parts.v = Some(Mat::zeros(N, 2)), "of V", (N, 2), (N, K)),
        (|x| x.parts.v = Some(Mat::zeros(N + 1, K)), "of V", (N + 1, K), (N, K)),
        (|x| x.parts.s_matrix = Some(Mat::zeros(K, 2)), "of S", (K, 2), (K, K)),
        (|x| x.parts.s = Some(vec![1.0; 2]), "of s", (2, 1), (K, 1)),
        (|x| x.parts.s = Some(vec![1.0; 4]), "of s", (4, 1), (K, 1)),
    ];
    for (change, part, got, expected) in changes {
        let mut setting = Setting::new();
        change(&mut setting);
        for (error, direction) in [(setting.vjp_error(), "cotangent"), (setting.jvp_error(), "tangent")] {
            let message = error.to_string();
            let shapes = format!("is {}×{} but must be {}×{}", got.0, got.1, expected.0, expected.1);
            assert_eq!(message, format!("the {direction} {part} {shapes}"));
        }
    }
    let mut setting = Setting::new();
    setting.a_dot = Mat::zeros(N, M);
    assert_eq!(setting.jvp_error().to_string(), "the tangent of A is 4×5 but must be 5×4");
    let (x, mut target, mut work) = (Setting::new(), Mat::<f64>::zeros(M, M), vec![0.0; 1000]);
    let target = Target::Add(target.as_mut());
    let error =
        vjp_into(&x.triplets.view(), &x.parts.as_cotangent(), &x.rule, target, &mut work).expect_err("an error");
    assert_eq!(error.to_string(), "the gradient of A is 5×5 but must be 5×4");
}

#[test]
fn a_workspace_one_too_short() {
    let mut setting = Setting::new();
    let needed = vjp_workspace_len::<f64>(M, N, K);
    setting.work = needed - 1;
    assert_eq!(setting.vjp_error(), Error::Workspace { needed, got: needed - 1 });
    let needed = jvp_workspace_len::<f64>(M, N, K);
    setting.work = needed - 1;
    assert_eq!(setting.jvp_error(), Error::Workspace { needed, got: needed - 1 });
    // Lengths that no memory could hold saturate instead of overflowing.
    assert_eq!(vjp_workspace_len::<f64>(usize::MAX, 2, 2), usize::MAX);
    assert_eq!(jvp_workspace_len::<f64>(usize::MAX, usize::MAX, usize::MAX), usize::MAX);
}

/// One matrix among the parts.
type Part = fn(&mut Parts<f64>) -> &mut Option<Mat<f64>>;

/// NaN and both infinities at every position of every cotangent and of dA.
#[test]
fn entries_that_are_not_finite() {
    for (bad, nan) in [(f64::NAN, true), (f64::INFINITY, false), (f64::NEG_INFINITY, false)] {
        let with = |part: &Mat<f64>, at: (usize, usize)| {
            Mat::from_fn(part.rows(), part.cols(), |i, j| if (i, j) == at { bad } else { part[(i, j)] })
        };
        for (row, column) in (0..M).flat_map(|i| (0..N).map(move |j| (i, j))) {
            let mut setting = Setting::new();
            setting.a_dot = with(&setting.a_dot, (row, column));
            assert_eq!(setting.jvp_error(), Error::NonFinite { argument: "the tangent of A", row, column, nan });
        }
        let parts: [(Part, &'static str); 3] = [
            (|x| &mut x.u, "the cotangent of U"),
            (|x| &mut x.v, "the cotangent of V"),
            (|x| &mut x.s_matrix, "the cotangent of S"),
        ];
        for (part, argument) in parts {
            let rows = part(&mut Setting::new().parts).as_ref().expect("a part").rows();
            for (row, column) in (0..rows).flat_map(|i| (0..K).map(move |j| (i, j))) {
                let mut setting = Setting::new();
                let matrix = part(&mut setting.parts);
                *matrix = matrix.as_ref().map(|matrix| with(matrix, (row, column)));
                assert_eq!(setting.vjp_error(), Error::NonFinite { argument, row, column, nan });
            }
        }
        for row in 0..K {
            let mut setting = Setting::new();
            setting.parts.s.as_mut().expect("gs")[row] = bad;
            let expected = Error::NonFinite { argument: "the cotangent of s", row, column: 0, nan };
            assert_eq!(setting.vjp_error(), expected);
        }
    }
}

/// An imaginary part counts.
#[test]
fn imaginary_parts_that_are_not_finite() {
    let mut random = Random::new(52);
    let triplets = Triplets::<Complex<f64>>::random(3, 3, &[3.0, 2.0, 1.0], &mut random);
    let mut gu = random.matrix(3, 3);
    gu[(2, 1)] = Complex::new(0.0, f64::NAN);
    let error =
        vjp(&triplets.view(), &Parts { u: Some(gu), ..Parts::default() }, &Rule::default()).expect_err("an error");
    assert_eq!(error, Error::NonFinite { argument: "the cotangent of U", row: 2, column: 1, nan: true });
}

#[test]
fn parameters_out_of_range() {
    let must = "be finite and not negative";
    let mut rules = Vec::new();
    for value in [-1e-300, f64::INFINITY, f64::NEG_INFINITY] {
        rules.push((Rule::default().with_gap_tolerance(value), "the gap tolerance", value, must));
        rules.push((Rule::default().with_rank_tolerance(value), "the rank tolerance", value, must));
        for at_equal in [AtEqual::Clip(value), AtEqual::Lorentzian(value)] {
            rules.push((Rule::new(at_equal), "the bound or width of the rule", value, must));
        }
    }
    rules.push((Rule::new(AtEqual::Taylor(1001)), "the order of the Taylor rule", 1001.0, "not exceed 1000"));
    for (rule, name, value, must) in rules {
        Setting { rule, ..Setting::new() }.both_fail_with(Error::Parameter { name, value, must });
    }
    let rule = Rule::default().with_gap_tolerance(f64::NAN);
    let error = Setting { rule, ..Setting::new() }.vjp_error();
    assert_eq!(error.to_string(), "the gap tolerance = NaN: it must be finite and not negative");
}

/// The plain rule refuses exactly where one of its quotients has a zero divisor.
fn plain_refusals<S: Entry>() {
    let mut random = Random::new(53);
    let spectra =
        [[3.0, 2.0, 1.0], [2.0, 2.0, 1.0], [2.0, 1.0, 1.0], [2.0, 1.0, 0.0], [2.0, 0.0, 0.0], [1.0; 3], [0.0; 3]];
    let cases = [(3, 3), (5, 3), (3, 5), (4, 4)].into_iter().flat_map(|shape| spectra.map(|s| (shape, s)));
    for (((m, n), s), (mask, r)) in cases.flat_map(|case| (0..16).flat_map(move |i| [1, 2, 3].map(|r| (case, (i, r)))))
    {
        let triplets = Triplets::<S>::random(m, n, &s, &mut random);
        let (u, v) = (mask & 0b1 != 0, mask & 0b10 != 0);
        let gs = (0..r).map(|_| random.entry()).collect();
        let bar = Parts {
            u: u.then(|| random.matrix(m, r)),
            v: v.then(|| random.matrix(n, r)),
            s: (mask & 0b100 != 0 || mask & 0b1011 == 0).then_some(gs),
            s_matrix: (mask & 0b1000 != 0).then(|| random.matrix(r, r)),
        };
        let equal = (0..r.min(2)).any(|i| s[i] == s[i + 1]);
        // 1/s stands beside the projectors and, as 1/(2s), carries the phase.
        let divides = S::PARTS == 2 || (u && m > 3) || (v && n > 3);
        let zero = (0..r).any(|i| s[i] == 0.0);
        let refused = (u || v) && (equal || (zero && divides));
        let a_dot = random.matrix(m, n);
        let what = format!("{} {m}×{n} s = {s:?} r = {r} parts {mask:04b}", S::NAME);
        let (backward, forward) =
            (vjp(&triplets.view(), &bar, &Rule::plain()), jvp(&triplets.view(), &a_dot, &Rule::plain(), &bar));
        assert_eq!((backward.is_err(), forward.is_err()), (refused, refused), "{what}");
        match backward {
            Ok(gradient) => assert!(gradient.a.as_slice().iter().all(|x| x.is_finite()), "{what}"),
            Err(Error::EqualSingularValues { first, second, value, .. }) => {
                assert_eq!((second, s[first], s[second]), (first + 1, value, value), "{what}");
            }
            Err(Error::ZeroSingularValue { index, value, .. }) => assert_eq!((s[index], value), (0.0, 0.0), "{what}"),
            Err(other) => panic!("{what}: {other}"),
        }
    }
}

#[test]
fn the_plain_rule_refuses_where_it_would_divide_by_zero_and_nowhere_else() {
    plain_refusals::<f32>();
    plain_refusals::<f64>();
    plain_refusals::<Complex<f32>>();
    plain_refusals::<Complex<f64>>();
}

/// Values alone: exactly U diag(gs) Vᴴ by every rule, also at repeated and zero values.
fn values_alone<S: Entry>() {
    let mut random = Random::new(54);
    for s in [[3.0, 2.0, 1.0], [2.0, 2.0, 2.0], [2.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0; 3]] {
        for (m, n) in [(3, 3), (6, 3), (3, 6), (5, 4)] {
            let triplets = Triplets::<S>::random(m, n, &s, &mut random);
            let gs: Vec<S::Real> = (0..3).map(|_| random.entry()).collect();
            let expected = mul(&scale_columns(&triplets.u, &gs), &triplets.v.adjoint());
            let bar = Parts { s: Some(gs), ..Parts::default() };
            for rule in all_rules() {
                let gradient = vjp(&triplets.view(), &bar, &rule).expect("a gradient");
                let error = relative_error(&gradient.a, &expected);
                assert!(error <= 4.0 * diffsvd::Real::to_f64(<S::Real as diffsvd::Real>::EPSILON), "{rule:?}: {error}");
                assert_eq!(gradient.report.gauge_residual, S::Real::zero());
            }
        }
    }
}

#[test]
fn values_alone_need_no_derivative_of_the_vectors() {
    values_alone::<f32>();
    values_alone::<f64>();
    values_alone::<Complex<f32>>();
    values_alone::<Complex<f64>>();
}

/// Pairs of equal values and zeros met.
#[test]
fn the_report_counts() {
    let mut random = Random::new(55);
    let cases = [
        ([4.0, 3.0, 2.0, 1.0], [0, 0, 0], 0),
        ([2.0, 2.0, 1.0, 0.0], [1, 1, 1], 1),
        ([2.0, 2.0, 2.0, 1.0], [3, 3, 2], 0),
        ([3.0, 1.0, 1.0, 1.0], [3, 3, 0], 0),
        ([2.0, 2.0, 0.0, 0.0], [1, 1, 1], 2),
        ([0.0; 4], [0, 0, 0], 4),
        // Noise of a few units in the last place counts as equal, and as zero.
        ([1.0, 1.0 - 2e-16, 3e-16, 0.0], [1, 1, 1], 2),
    ];
    for (s, pairs, zeros) in cases {
        let triplets = Triplets::<f64>::random(6, 5, &s, &mut random);
        // Pairs beyond the r leading triplets of the cotangents are not met.
        for (r, pairs) in [4, 3, 1].into_iter().zip(pairs) {
            let bar = Parts { u: Some(random.matrix(6, r)), ..Parts::default() };
            for rule in [Rule::reconstruct(), Rule::minimum_norm(), Rule::published(), Rule::new(AtEqual::Zeroing)] {
                let report = vjp(&triplets.view(), &bar, &rule).expect("a gradient").report;
                assert_eq!((report.equal_pairs, report.zeros), (pairs, zeros), "{s:?} r = {r} {rule:?}");
            }
        }
    }
}

/// The gauge residual is at rounding level exactly for losses that do not depend on the gauge.
#[test]
fn the_gauge_residual_tells_whether_there_is_a_gradient() {
    let mut random = Random::new(56);
    for s in [[3.0, 2.0, 1.0, 0.5], [2.0, 2.0, 2.0, 0.5], [2.0, 2.0, 0.0, 0.0]] {
        let triplets = Triplets::<Complex<f64>>::random(6, 5, &s, &mut random);
        let residual = |u: Option<Mat<_>>, v: Option<Mat<_>>| {
            let bar = Parts { u, v, ..Parts::default() };
            vjp(&triplets.view(), &bar, &Rule::default()).expect("a gradient").report.gauge_residual
        };
        // L = Re⟨G, U f(S) Vᴴ⟩ with f(0) = 0.
        let g = random.matrix(6, 5);
        let gu = scale_columns(&mul(&g, &triplets.v), &triplets.s);
        let gv = scale_columns(&mul(&g.adjoint(), &triplets.u), &triplets.s);
        let invariant = residual(Some(gu), Some(gv.clone()));
        assert!(invariant <= 1e-15, "{invariant}");
        // Half of it, and an arbitrary cotangent, depend on the phases of complex triplets, whatever the values.
        let half = residual(None, Some(gv));
        let arbitrary = residual(Some(random.matrix(6, 4)), Some(random.matrix(5, 4)));
        assert!((0.05..=1.0).contains(&half) && (0.05..=1.0).contains(&arbitrary), "{half} {arbitrary}");
    }
    // A real matrix with distinct values leaves signs alone, on which no derivative depends.
    let triplets = Triplets::<f64>::random(6, 5, &[3.0, 2.0, 1.0, 0.5], &mut random);
    let bar = Parts { u: Some(random.matrix(6, 4)), ..Parts::default() };
    assert_eq!(vjp(&triplets.view(), &bar, &Rule::default()).expect("a gradient").report.gauge_residual, 0.0);
}

/// Empty matrices, and cotangents of nothing, give empty and zero gradients.
#[test]
fn nothing_to_differentiate() -> Result<(), Error> {
    for (m, n) in [(0, 0), (0, 3), (3, 0), (3, 2)] {
        let factors = Factors::<f64> { u: MatRef::new(&[], m, 0, 1, 0)?, s: &[], v: MatRef::new(&[], n, 0, 1, 0)? };
        let gradient = vjp(&factors, &Parts::default(), &Rule::default())?;
        assert_eq!(norm(&gradient.a), 0.0);
        assert_eq!(gradient.report, diffsvd::Report::default());
        jvp(&factors, &Mat::zeros(m, n), &Rule::default(), &Parts::default())?;
    }
    let mut random = Random::new(57);
    let triplets = Triplets::<f64>::random(3, 3, &[1.0, 1.0, 0.0], &mut random);
    assert_eq!(norm(&vjp(&triplets.view(), &Parts::default(), &Rule::plain())?.a), 0.0);
    let no_columns = Parts { u: Some(Mat::zeros(3, 0)), ..Parts::default() };
    assert_eq!(norm(&vjp(&triplets.view(), &no_columns, &Rule::plain())?.a), 0.0);
    Ok(())
}

/// The rank is counted by the tolerance that the rules use.
#[test]
fn the_rank_by_tolerance() {
    let triplets = Triplets::<f64>::random(5, 4, &[1.0, 1e-3, 1e-14, 1e-15], &mut Random::new(58));
    let rank = |tolerance| triplets.view().rank(tolerance);
    assert_eq!(rank(Tolerance::Default), 3);
    assert_eq!(rank(Tolerance::Relative(0.0)), 4);
    assert_eq!(rank(Tolerance::Relative(0.5)), 1);
}
