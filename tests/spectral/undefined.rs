//! Where a function, or its derivative, is no finite number: an error with the place, and nothing is written.

use diffsvd::spectral::{
    BestRank, Condition, Hermitian, KyFan, MapGradient, MapTangent, PerValue, Polar, Power, RelativeSoftThreshold,
    Side, SoftThreshold, SpectralFunction, Superposition, WeightedSum, map_jvp_into, map_vjp_into,
};
use diffsvd::{Error, Mat, Svd, Target, Tolerance};

const VALUES: &str = "the values of the function";
const DIFFERENCES: &str = "the divided differences of the function";

/// 1/s without a cut.
struct Reciprocal;
impl SpectralFunction<f64> for Reciprocal {
    fn value(&self, s: f64) -> f64 {
        1.0 / s
    }
    fn derivative(&self, s: f64) -> f64 {
        -1.0 / (s * s)
    }
}

/// A function that forgot a case.
struct Unknown;
impl SpectralFunction<f64> for Unknown {
    fn value(&self, s: f64) -> f64 {
        s
    }
    fn derivative(&self, s: f64) -> f64 {
        if s > 1.5 { f64::NAN } else { 1.0 }
    }
}

fn diagonal<const N: usize>(d: [f64; N]) -> Svd<f64> {
    Svd::thin(&Mat::from_fn(N, N, |i, j| if i == j { d[i] } else { 0.0 })).unwrap()
}

fn ones(n: usize) -> Mat<f64> {
    Mat::from_fn(n, n, |_, _| 1.0)
}

fn infinite(argument: &'static str, row: usize, column: usize) -> Error {
    Error::NonFinite { argument, row, column, nan: false }
}

#[test]
fn values_that_are_infinite_or_unknown() {
    let singular = diagonal([2.0, 0.0]);
    assert_eq!(singular.map(Power(-1.0)), Err(infinite(VALUES, 1, 0)));
    assert_eq!(singular.map(Reciprocal), Err(infinite(VALUES, 1, 0)));
    let hermitian = Hermitian { side: Side::Left, f: Reciprocal, complement: false };
    assert_eq!(singular.hermitian(&hermitian), Err(infinite(VALUES, 1, 0)));
    let given = PerValue { value: &[1.0, f64::NAN], derivative: &[0.0; 2] };
    assert_eq!(singular.map(given), Err(Error::NonFinite { argument: VALUES, row: 1, column: 0, nan: true }));
    // 1/s of a subnormal number.
    let tiny = diagonal([1e-309, 1e-310]);
    assert_eq!(tiny.pinv(Tolerance::Default), Err(infinite(VALUES, 0, 0)));
    assert_eq!(tiny.solve(&ones(2), Tolerance::Default), Err(infinite(VALUES, 0, 0)));
}

#[test]
fn derivatives_that_are_infinite_or_unknown() {
    let zero = |index| Error::ZeroSingularValue { operation: "the function of the singular values", index, value: 0.0 };
    assert_eq!(diagonal([2.0, 0.0]).map_jvp(Reciprocal, &ones(2)), Err(zero(1)));
    let slope = "the derivative of the function";
    let unknown = Error::NonFinite { argument: slope, row: 0, column: 0, nan: true };
    assert_eq!(diagonal([2.0, 1.0]).map_vjp(Unknown, &ones(2)), Err(unknown));
    // 1/(sᵢ + sⱼ) and 1/(sᵢ − sⱼ) of subnormal numbers.
    let tiny = diagonal([2e-309, 1e-309]);
    assert_eq!(tiny.map_jvp(Polar, &ones(2)), Err(infinite(DIFFERENCES, 1, 0)));
    assert_eq!(tiny.loss_hvp(&KyFan::spectral(), &ones(2)), Err(infinite(DIFFERENCES, 1, 0)));
    let hermitian = Hermitian { side: Side::Left, f: Reciprocal, complement: false };
    assert_eq!(tiny.hermitian_jvp(&hermitian, &ones(2)), Err(infinite(slope, 0, 0)));
    let (mut ga, mut gf, mut work) = (ones(2), [7.0; 2], [0.0; 100]);
    let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: Some(&mut gf) };
    let outcome = map_vjp_into(&tiny.factors(), &Polar, ones(2).as_ref(), gradient, &mut work);
    assert_eq!((outcome, ga, gf), (Err(infinite(DIFFERENCES, 1, 0)), ones(2), [7.0; 2]), "nothing is written");
    // Those of s are 1.
    assert_eq!(tiny.map_jvp(SoftThreshold(0.0), &ones(2)).unwrap(), ones(2));
}

#[test]
fn second_derivatives_that_are_infinite() {
    let (tiny, z) = (diagonal([2e-309, 1e-309]), ones(2));
    let is_refused = |outcome: Result<Mat<f64>, Error>| {
        let place = "the second derivative in the bases of U and V";
        assert!(matches!(outcome, Err(Error::NonFinite { argument, .. }) if argument == place), "{outcome:?}");
    };
    is_refused(tiny.map_second(Polar, &z, &z));
    is_refused(tiny.map_vjp_tangent(Polar, &z, &z));
    let factor = Hermitian::factor(Side::Left);
    is_refused(tiny.hermitian_second(&factor, &z, &z));
    is_refused(tiny.hermitian_vjp_tangent(&factor, &z, &z));
}

#[test]
fn numbers_of_the_caller() {
    let svd = diagonal([2.0, 1.0]);
    let weights = WeightedSum(&[1.0, f64::INFINITY]);
    assert_eq!(svd.loss(&weights), Err(infinite("the weights", 1, 0)));
    assert_eq!(svd.loss_gradient(&weights), Err(infinite("the weights", 1, 0)));
    let a_dot = ones(2);
    let tangent = MapTangent { a: a_dot.as_ref(), f: Some(&[1.0, f64::INFINITY]) };
    let (mut x, mut work) = (ones(2), [0.0; 100]);
    let target = Target::Overwrite(x.as_mut());
    let outcome = map_jvp_into(&svd.factors(), &SoftThreshold(0.5), &tangent, target, &mut work);
    assert_eq!((outcome, x), (Err(infinite("the tangents of the values", 1, 0)), ones(2)));
    // A value at zero that is not zero has no odd continuation.
    let given = PerValue { value: &[1.0; 2], derivative: &[0.0; 2] };
    for (second, defined) in [(1e-3, true), (0.0, false), (1e-17, false)] {
        let outcome = diagonal([1.0, second]).map_jvp(given, &ones(2));
        assert!(outcome.is_ok() == defined, "{second:e}: {outcome:?}");
        assert!(defined || matches!(outcome, Err(Error::ZeroSingularValue { index: 1, .. })), "{second:e}");
    }
}

#[test]
fn factors_that_are_not_those_of_the_function() {
    // τ = c s₁ where s₁ is a zero that was not given.
    let none = Svd::thin(&Mat::<f64>::zeros(2, 1)).unwrap().truncate(0);
    let outcome = none.map_jvp(RelativeSoftThreshold(0.5), &Mat::zeros(2, 1));
    assert!(matches!(outcome, Err(Error::ZeroSingularValue { index: 0, .. })), "{outcome:?}");
    // The rotation of a factorization that lost a triplet since.
    let svd = diagonal([2.0, 1.0]);
    let rotation = svd.rotation().unwrap();
    let outcome = svd.truncate(1).map(rotation);
    assert_eq!(outcome, Err(Error::Shape { argument: "s", got: (1, 1), expected: (2, 1) }));
}

#[test]
fn condition_of_singular_matrices() {
    for d in [[2.0, 0.0], [0.0, 0.0]] {
        let svd = diagonal(d);
        assert_eq!((svd.loss(&Condition), svd.condition_number()), (Ok(f64::INFINITY), f64::INFINITY), "{d:?}");
    }
}

#[test]
fn clouds_are_named() {
    let (good, bad) = (ones(3), Mat::from_fn(3, 3, |i, j| if (i, j) == (2, 1) { f64::INFINITY } else { 1.0 }));
    let outcome = |from, to| Superposition::new(from, to).err();
    assert_eq!(outcome(&bad, &good), Some(infinite("the first cloud", 2, 1)));
    assert_eq!(outcome(&good, &bad), Some(infinite("the second cloud", 2, 1)));
    let motion = Superposition::new(&Mat::identity(3), &Mat::identity(3)).unwrap();
    let outcome = motion.vjp(&good, &[0.0, f64::INFINITY, 0.0]).err();
    assert_eq!(outcome, Some(infinite("the cotangent of the translation", 1, 0)));
}

/// At the largest numbers the sum of two singular values is none.
#[test]
fn sums_out_of_range() {
    let scale = 2_f64.powi(-900);
    let (large, a_dot) = ([f64::MAX / 1.5, f64::MAX / 1.75], Mat::from_rows(&[[1.0, 2.0], [5.0, 3.0]]));
    let (here, there) = (diagonal(large), diagonal(large.map(|s| s * scale)));
    assert_eq!(here.map_jvp(SoftThreshold(0.0), &a_dot), Ok(a_dot.clone()));
    assert_eq!(here.map_jvp(BestRank(1), &a_dot), there.map_jvp(BestRank(1), &a_dot));
    let factor = Hermitian::factor(Side::Right);
    assert_eq!(here.hermitian_jvp(&factor, &a_dot), there.hermitian_jvp(&factor, &a_dot));
    assert_eq!(here.hermitian_vjp(&factor, &a_dot), there.hermitian_vjp(&factor, &a_dot));
}
