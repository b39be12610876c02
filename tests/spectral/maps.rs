//! Functions of the singular values: value, derivative and parameters against 30-digit references at every gap.

use crate::erased::AnyMap;
use crate::support::derivatives::{inner, norm, plus, wide};
use crate::support::double_double::Dd;
use crate::support::entry::{Entry, widen_real};
use crate::support::random::Random;
use crate::support::spectra::Spectrum;
use crate::support::spectral::{GAPS, Point, difference, error, exactly_equal, paired, whole};
use crate::table::Knee;
use diffsvd::spectral::{
    BestRank, Elementary, HardThreshold, Inverse, Log1p, MapGradient, MapTangent, PerValue, Polar, Power,
    RelativeSoftThreshold, SoftThreshold, SpectralFunction, Tikhonov, WeightedSoftThreshold, Wiener,
    map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into, map_workspace_len, parameter_cotangents,
};
use diffsvd::{Error, Mat, MatMut, MatRef, Real, Svd, Target};
use num_complex::Complex;

/// What every error of value and derivative stays below, in units of max(m, n) ε (measured: 3.3 over the sweep, 4.6 over 400 drawn matrices of at least
/// four columns): for `f64` and 8 columns 1.4e-14.
const BOUND: f64 = 8.0;
/// Of the central differences: the rounding error of the double-double values over it stays below 1e-15.
const STEP: f64 = 1e-15;

macro_rules! every_type {
    ($($name:ident: $check:ident;)*) => {$(
        mod $name {
            use super::*;
            #[test]
            fn of_f64() {
                Point::<f64>::sweep(|at| every_function!($check, f64, at));
            }
            #[test]
            fn of_complex_f64() {
                Point::<Complex<f64>>::sweep(|at| every_function!($check, Complex<f64>, at));
            }
            #[test]
            fn of_f32() {
                Point::<f32>::sweep(|at| every_function!($check, f32, at));
            }
            #[test]
            fn of_complex_f32() {
                Point::<Complex<f32>>::sweep(|at| every_function!($check, Complex<f32>, at));
            }
        }
    )*};
}
every_type! {
    values_and_derivatives: check_reference;
    adjointness: check_adjoint;
    covariance: check_covariance;
    scaling: check_scaling;
}

/// Value, forward derivative against the same code in double-double arithmetic, and against central differences of its values.
pub(crate) fn check_reference<S: Entry>(
    (name, _): (&str, f64),
    f: &dyn Fn(i32) -> AnyMap<S::Real>,
    in_dd: AnyMap<Dd>,
    at: &Point<S>,
) {
    let (a, what, f) = (&at.a, &at.what, f(0));
    let z = at.random(99).matrix::<S>(a.rows(), a.cols());
    let (svd, reference) = (Svd::thin(a).unwrap(), Svd::thin(&wide(a)).unwrap());
    let derivative = svd.map_jvp(f, &z).unwrap();
    let exact = reference.map_jvp(in_dd, &wide(&z)).unwrap();
    for (kind, error) in [
        ("value", error(&svd.map(f).unwrap(), &reference.map(in_dd).unwrap(), 0.0)),
        ("derivative", error(&derivative, &exact, 0.0)),
        ("central difference", error(&derivative, &difference(in_dd, &wide(a), &wide(&z), STEP), 0.0)),
    ] {
        println!("{name}: {kind} {error:.2} at {what}");
        assert!(error <= BOUND, "{name}: error of the {kind} is {error:.1} max(m, n) ε at {what}");
    }
}

/// The backward map is the adjoint of the forward map, and, without coupling, the same map.
pub(crate) fn check_adjoint<S: Entry>(
    (name, _): (&str, f64),
    f: &dyn Fn(i32) -> AnyMap<S::Real>,
    _in_dd: AnyMap<Dd>,
    at: &Point<S>,
) {
    let (a, mut random) = (&at.a, at.random(5));
    let (y, z) = (random.matrix::<S>(a.rows(), a.cols()), random.matrix::<S>(a.rows(), a.cols()));
    let svd = Svd::thin(a).unwrap();
    let vjp = svd.map_vjp(f(0), &y).unwrap();
    assert_adjoint(&y, &svd.map_jvp(f(0), &z).unwrap(), &vjp, &z, &format!("{name}, {}", at.what));
    let itself = error(&svd.map_jvp(f(0), &y).unwrap(), &wide(&vjp), 0.0);
    assert!(itself <= 1.0, "{name}: self-adjoint to {itself:.1} max(m, n) ε only, {}", at.what);
}

/// F(Q A R) = Q F(A) R and F(Aᴴ) = F(A)ᴴ, for the derivative too.
pub(crate) fn check_covariance<S: Entry>(
    (name, _): (&str, f64),
    f: &dyn Fn(i32) -> AnyMap<S::Real>,
    _in_dd: AnyMap<Dd>,
    at: &Point<S>,
) {
    let (a, f, mut random) = (&at.a, f(0), at.random(11));
    let (m, n) = (a.rows(), a.cols());
    let (q, r, z) = (random.orthonormal::<S>(m, m), random.orthonormal::<S>(n, n), random.matrix::<S>(m, n));
    let turn = |x: &Mat<S>| q.product(x).unwrap().product(&r).unwrap();
    let svd = Svd::thin(a).unwrap();
    let expected = svd.map_vjp(f, &z).unwrap();
    let turned = Svd::thin(&turn(a)).unwrap().map_vjp(f, &turn(&z)).unwrap();
    let mirrored = Svd::thin(&a.adjoint()).unwrap().map_vjp(f, &z.adjoint()).unwrap();
    for (other, expected, how) in [(turned, turn(&expected), "A → QAR"), (mirrored.adjoint(), expected, "A → Aᴴ")]
    {
        let error = error(&other, &wide(&expected), 0.0);
        println!("{name}: {how} {error:.2} at {}", at.what);
        assert!(error <= 2.0 * BOUND, "{name}: {how} changes {error:.1} max(m, n) ε, {}", at.what);
    }
}

/// F′ at c A, with the parameters scaled, is c to the degree times F′ at A.
pub(crate) fn check_scaling<S: Entry>(
    (name, degree): (&str, f64),
    f: &dyn Fn(i32) -> AnyMap<S::Real>,
    _in_dd: AnyMap<Dd>,
    at: &Point<S>,
) {
    let z = at.random(13).matrix::<S>(at.a.rows(), at.a.cols());
    let unit = Svd::thin(&at.a).unwrap().map_vjp(f(0), &z).unwrap();
    for p in [at.exponent(degree), -at.exponent(degree)] {
        let scaled = Svd::thin(&times_power(&at.a, p)).unwrap().map_vjp(f(p), &z).unwrap();
        let error = error(&times_power(&scaled, -whole(degree * f64::from(p))), &wide(&unit), 0.0);
        println!("{name}: scaling {error:.2} at {}", at.what);
        assert!(error <= BOUND, "{name} at 2^{p}: {error:.1} max(m, n) ε, {}", at.what);
    }
}

/// 2ᵖ A.
pub(crate) fn times_power<S: Entry>(a: &Mat<S>, p: i32) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)].scale_pow2(p))
}

/// Weights of the spectrum [2, 1, 1 − 0.3 gap, 0.5, 0.125]: the nearly equal values share one.
const WEIGHTS: [f64; 5] = [0.125, 0.25, 0.25, 0.375, 1.0];

/// The map with coupling, and weights: every check, with s₁ alone.
pub(crate) fn check_whole<S: Entry>((m, n): (usize, usize), gap: f64, seed: u64) {
    let number = |x: f64| S::Real::from_f64(x);
    let s = [2.0, 1.0, 1.0 - 0.3 * gap, 0.5, 0.125];
    let a = Random::new(seed).with_singular_values::<S>(m, n, &s);
    let at = &Point { a, what: format!("{} {m}×{n}, gap {gap:e}, seed {seed}", S::NAME), seed, scale: 0.7 };
    let relative = |_| AnyMap::new(RelativeSoftThreshold(number(0.125)));
    let weights = |p| -> &'static [S::Real] { Box::leak(Box::new(WEIGHTS.map(|w| number(w).mul_pow2(p)))) };
    let weighted = |p| AnyMap::new(WeightedSoftThreshold(weights(p)));
    let relative_dd = AnyMap::new(RelativeSoftThreshold(Dd::from(0.125)));
    let weighted_dd = AnyMap::new(WeightedSoftThreshold(Box::leak(Box::new(WEIGHTS.map(Dd::from)))));
    let (name, other) = (("relative threshold", 0.0), ("weighted threshold", 0.0));
    check_reference(name, &relative, relative_dd, at);
    check_reference(other, &weighted, weighted_dd, at);
    check_covariance(name, &relative, relative_dd, at);
    check_covariance(other, &weighted, weighted_dd, at);
    check_scaling(name, &relative, relative_dd, at);
    check_scaling(other, &weighted, weighted_dd, at);
    check_adjoint(other, &weighted, weighted_dd, at);
    let (y, z) = (at.random(1).matrix::<S>(m, n), at.random(2).matrix::<S>(m, n));
    let svd = Svd::thin(&at.a).unwrap();
    let (jvp, vjp) = (svd.map_jvp(relative(0), &z).unwrap(), svd.map_vjp(relative(0), &y).unwrap());
    assert_adjoint(&y, &jvp, &vjp, &z, &at.what);
}

fn assert_adjoint<S: Entry>(y: &Mat<S>, jvp: &Mat<S>, vjp: &Mat<S>, z: &Mat<S>, what: &str) {
    let error = (inner(y, jvp) - inner(vjp, z)).abs() / (norm(y) * norm(jvp)).larger(norm(z) * norm(vjp));
    let error = error.to_f64() / S::Real::EPSILON.to_f64();
    assert!(error <= 20.0, "adjoint to {error:.1} ε only, {what}");
}

#[test]
fn thresholds_that_move_with_the_spectrum() {
    for (shape, gap) in crate::support::spectral::SHAPES.into_iter().flat_map(|shape| GAPS.map(|gap| (shape, gap))) {
        check_whole::<f64>(shape, gap, 13);
        check_whole::<Complex<f64>>(shape, gap, 13);
        check_whole::<f32>(shape, gap, 13);
        check_whole::<Complex<f32>>(shape, gap, 13);
    }
}

/// With fewer triplets the rest counts as zero: the same as with the zeros and any vectors for them.
fn check_compact<S: Entry>()
where
    S::Real: Elementary,
{
    let mut random = Random::new(19);
    for (m, n) in crate::support::spectral::SHAPES {
        let a = random.with_singular_values::<S>(m, n, &[1.0, 1.0, 0.5]);
        let z = random.matrix::<S>(m, n);
        let c = |x: f64| S::Real::from_f64(x);
        let whole = Svd::thin(&a).unwrap();
        let compact = whole.clone().truncate(3);
        let functions = [
            AnyMap::new(SoftThreshold(c(0.25))),
            AnyMap::new(SoftThreshold(c(0.0))),
            AnyMap::new(Tikhonov(c(0.5))),
            AnyMap::new(Log1p(c(0.5))),
            AnyMap::new(Power(c(2.0))),
            AnyMap::new(Inverse::above(c(0.25))),
            AnyMap::new(BestRank(3)),
            AnyMap::new(BestRank(9)),
            AnyMap::new(Knee(c(1.0))),
        ];
        for (i, f) in functions.into_iter().enumerate() {
            let (whole, compact) = (whole.map_jvp(f, &z), compact.map_jvp(f, &z));
            let error = error(&compact.unwrap(), &wide(&whole.unwrap()), 0.0);
            assert!(error <= BOUND, "{} {m}×{n}: function {i} is {error:.1} max(m, n) ε off", S::NAME);
        }
    }
}

#[test]
fn compact_factors_need_no_null_space_vectors() {
    check_compact::<f64>();
    check_compact::<Complex<f64>>();
    check_compact::<f32>();
    check_compact::<Complex<f32>>();
}

#[test]
fn without_a_threshold_the_derivative_is_the_identity() {
    for a in [exactly_equal::<f64>(6, 5), Mat::zeros(6, 5), Random::new(2).matrix(6, 5)] {
        let z = Random::new(1).matrix::<f64>(6, 5);
        for derivative in [
            Svd::thin(&a).unwrap().map_vjp(SoftThreshold(0.0), &z),
            Svd::thin(&a).unwrap().map_vjp(HardThreshold(0.0), &z),
            Svd::thin(&a).unwrap().map_vjp(BestRank(5), &z),
            Svd::thin(&a).unwrap().truncate(2).map_vjp(SoftThreshold(0.0), &z),
        ] {
            assert!(norm(&plus(&derivative.unwrap(), -1.0, &z)) < 3e-15 * norm(&z));
        }
    }
}

/// ∂⟨Y, F(A; p)⟩/∂p against central differences in p.
#[test]
fn gradients_of_the_parameters() {
    fn check<F: SpectralFunction<f64> + Copy, W: SpectralFunction<Dd> + Copy>(
        name: &str,
        f: F,
        in_dd: impl Fn(Dd) -> W,
        p: f64,
    ) {
        let (a, y) = (exactly_equal::<f64>(5, 6), Random::new(3).matrix::<f64>(5, 6));
        let (svd, reference) = (Svd::thin(&a).unwrap(), Svd::thin(&wide(&a)).unwrap());
        let (_, f_bar) = svd.map_vjp_with_values(f, &y).unwrap();
        let mut cotangent = [0.0];
        assert_eq!(F::PARAMETERS, 1);
        parameter_cotangents(&f, svd.s(), &f_bar, &mut cotangent);
        let loss = |h: f64| inner(&wide(&y), &reference.map(in_dd(Dd::from(p) + h.into())).unwrap());
        let slope = ((loss(1e-12) - loss(-1e-12)) * Dd::from(0.5e12)).hi;
        assert!((slope - cotangent[0]).abs() <= 1e-14 * slope.abs().max(1.0), "{name}: {slope} {}", cotangent[0]);
    }
    check("soft threshold", SoftThreshold(0.5), SoftThreshold, 0.5);
    check("hard threshold", HardThreshold(0.5), HardThreshold, 0.5);
    check("Tikhonov", Tikhonov(0.5), Tikhonov, 0.5);
    check("Wiener", Wiener(0.5), Wiener, 0.5);
    check("power", Power(1.5), Power, 1.5);
    check("logarithm", Log1p(0.5), Log1p, 0.5);
}

#[test]
fn gradients_of_the_fraction_and_of_the_weights() {
    let (a, y) = (Random::new(5).matrix::<f64>(5, 4), Random::new(3).matrix::<f64>(5, 4));
    let svd = Svd::thin(&a).unwrap();
    let slope = |loss: &dyn Fn(f64) -> f64| (loss(1e-6) - loss(-1e-6)) / 2e-6;

    let f = RelativeSoftThreshold(0.4);
    let (_, f_bar) = svd.map_vjp_with_values(f, &y).unwrap();
    let expected = slope(&|h| inner(&y, &svd.map(RelativeSoftThreshold(0.4 + h)).unwrap()));
    assert!((f.fraction_cotangent(svd.s(), &f_bar) - expected).abs() < 1e-8);

    let weights = [0.1, 0.2, 0.3, 9.0];
    let f = WeightedSoftThreshold(&weights);
    let (_, f_bar) = svd.map_vjp_with_values(f, &y).unwrap();
    let mut cotangent = [0.0; 4];
    f.weight_cotangents(svd.s(), &f_bar, &mut cotangent);
    for i in 0..4 {
        let moved = |h: f64| {
            let mut weights = weights;
            weights[i] += h;
            inner(&y, &svd.map(WeightedSoftThreshold(&weights)).unwrap())
        };
        assert!((cotangent[i] - slope(&moved)).abs() < 1e-8, "weight {i}");
    }
}

/// A tangent of the parameters passes through the k values, as its cotangent does.
#[test]
fn values_given_one_by_one() {
    let a = Random::new(5).matrix::<Complex<f64>>(4, 6);
    let (y, z) = (Random::new(6).matrix(4, 6), Random::new(7).matrix(4, 6));
    let svd = Svd::thin(&a).unwrap();
    let f = Wiener(0.5);
    let value: Vec<f64> = svd.s().iter().map(|&s| f.value(s)).collect();
    let derivative: Vec<f64> = svd.s().iter().map(|&s| f.derivative(s)).collect();
    let given = PerValue { value: &value, derivative: &derivative };
    assert_eq!(svd.map(given).unwrap(), svd.map(f).unwrap());
    let (one, other) = (svd.map_jvp(given, &z).unwrap(), svd.map_jvp(f, &z).unwrap());
    assert!(norm(&plus(&one, -1.0, &other)) < 1e-14);
    assert_adjoint(&y, &one, &svd.map_vjp(given, &y).unwrap(), &z, "given values");

    let equal = Svd::thin(&exactly_equal::<f64>(4, 4)).unwrap();
    let z = Random::new(1).matrix::<f64>(4, 4);
    let smooth = PerValue { value: &[1.0; 4], derivative: &[0.5; 4] };
    assert!(equal.map_jvp(smooth, &z).is_ok());
    let torn = PerValue { value: &[1.0, 1.0, 2.0, 2.0], derivative: &[0.5; 4] };
    assert!(matches!(equal.map_jvp(torn, &z), Err(Error::EqualSingularValues { first: 1, second: 2, .. })));
    let short = PerValue { value: &[1.0], derivative: &[0.5; 4] };
    assert!(matches!(equal.map(short), Err(Error::Shape { got: (1, 1), expected: (4, 1), .. })));
}

/// F_c(c A) follows from F(A) by c alone, at both ends of the exponent range.
#[test]
fn scaling_over_the_exponent_range() {
    let a = Random::new(4).with_singular_values::<f64>(5, 4, &paired(1e-6)[..4]);
    let z = Random::new(5).matrix::<f64>(5, 4);
    let unit = Svd::thin(&a).unwrap();
    let check = |name: &str, got: Mat<f64>, unit: &Mat<f64>, p: i32| {
        let back = Mat::from_fn(5, 4, |i, j| got[(i, j)].mul_pow2(p));
        let error = error(&back, &wide(unit), 0.0);
        assert!(error <= BOUND, "{name} at 2^{p}: {error:.1} max(m, n) ε");
    };
    for p in [-500, 0, 500] {
        let scaled = Mat::from_fn(5, 4, |i, j| a[(i, j)].mul_pow2(p));
        let svd = Svd::thin(&scaled).unwrap();
        let c = |x: f64| x.mul_pow2(p);
        let pairs = [
            ("soft", svd.map_vjp(SoftThreshold(c(0.75)), &z), unit.map_vjp(SoftThreshold(0.75), &z), 0),
            ("hard", svd.map_vjp(HardThreshold(c(0.75)), &z), unit.map_vjp(HardThreshold(0.75), &z), 0),
            (
                "relative",
                svd.map_vjp(RelativeSoftThreshold(0.75), &z),
                unit.map_vjp(RelativeSoftThreshold(0.75), &z),
                0,
            ),
            ("Tikhonov", svd.map_vjp(Tikhonov(c(0.5)), &z), unit.map_vjp(Tikhonov(0.5), &z), 2 * p),
            ("Wiener", svd.map_vjp(Wiener(c(0.5)), &z), unit.map_vjp(Wiener(0.5), &z), p),
            ("power", svd.map_vjp(Power(1.5), &z), unit.map_vjp(Power(1.5), &z), -p / 2),
            ("logarithm", svd.map_vjp(Log1p(c(0.5)), &z), unit.map_vjp(Log1p(0.5), &z), p),
            ("polar", svd.map_vjp(Polar, &z), unit.map_vjp(Polar, &z), p),
            ("inverse", svd.map_vjp(Inverse::above(0.0), &z), unit.map_vjp(Inverse::above(0.0), &z), 2 * p),
            ("rank", svd.map_vjp(BestRank(2), &z), unit.map_vjp(BestRank(2), &z), 0),
        ];
        for (name, got, unit, p) in pairs {
            // The fraction of s₁ needs s₁ > s₂, which the pair of gap 1e-6 has.
            check(name, got.unwrap(), &unit.unwrap(), p);
        }
    }
}

/// What is truly not differentiable says so, and says where.
#[test]
fn points_without_a_derivative_are_reported() {
    let diagonal = |d: [f64; 3]| Svd::thin(&Mat::from_fn(4, 3, |i, j| if i == j { d[i] } else { 0.0 })).unwrap();
    let z = Mat::from_fn(4, 3, |i, j| if i == j { 1.0 } else { 0.5 });
    let (distinct, zero, tied) = (diagonal([3.0, 2.0, 1.0]), diagonal([3.0, 2.0, 0.0]), diagonal([2.0, 2.0, 1.0]));
    for kinked in [distinct.map_vjp(SoftThreshold(2.0), &z), distinct.map_vjp(HardThreshold(2.0), &z)] {
        assert!(matches!(kinked, Err(Error::Parameter { name: "the threshold", value: 2.0, .. })), "{kinked:?}");
    }
    for singular in [
        zero.map_vjp(Polar, &z),
        zero.map_vjp(Power(0.5), &z),
        zero.map_vjp(Power(-1.0), &z),
        distinct.clone().truncate(2).map_vjp(Polar, &z),
    ] {
        assert!(matches!(singular, Err(Error::ZeroSingularValue { index: 2, value: 0.0, .. })), "{singular:?}");
    }
    for ok in [zero.map_vjp(Power(1.0), &z), zero.map_vjp(Log1p(1.0), &z), zero.map_vjp(Inverse::above(0.5), &z)] {
        assert!(ok.is_ok());
    }
    for (tie, first) in [
        (tied.map_vjp(BestRank(1), &z), 0),
        (tied.map_vjp(RelativeSoftThreshold(0.25), &z), 0),
        (tied.map_vjp(WeightedSoftThreshold(&[0.1, 0.2, 0.3]), &z), 0),
        (tied.map_vjp(WeightedSoftThreshold(&[0.1, 9.0, 9.0]), &z), 0),
        (diagonal([2.0, 0.0, 0.0]).map_vjp(BestRank(2), &z), 1),
    ] {
        let Err(Error::EqualSingularValues { first: got, second, .. }) = tie else { panic!("{tie:?}") };
        assert_eq!((got, second), (first, first + 1));
    }
    assert!(tied.map_vjp(BestRank(2), &z).is_ok() && tied.map_vjp(WeightedSoftThreshold(&[0.1, 0.1, 0.3]), &z).is_ok());
    let by_reference = &Tikhonov(0.0);
    for (name, refused) in [
        ("the threshold", distinct.map(SoftThreshold(f64::NAN))),
        ("the threshold", distinct.map(SoftThreshold(-1.0))),
        ("λ", distinct.map(Tikhonov(0.0))),
        ("λ", distinct.map(by_reference)),
        ("λ", distinct.map(Wiener(-1.0))),
        ("ε", distinct.map(Log1p(-1.0))),
        ("the exponent", distinct.map(Power(f64::INFINITY))),
    ] {
        assert!(matches!(refused, Err(Error::Parameter { name: got, .. }) if got == name), "{name}: {refused:?}");
    }
    let text = tied.map_vjp(BestRank(1), &z).unwrap_err().to_string();
    assert!(text.contains("best approximation of this rank") && text.contains('2'), "{text}");
}

/// A user's function with a corner between two singular values, and one with f(0) ≠ 0.
#[test]
fn functions_of_the_user() {
    struct Corner;
    impl SpectralFunction<f64> for Corner {
        fn value(&self, s: f64) -> f64 {
            if s > 1.0 { 3.0 * s - 2.0 } else { s }
        }
        fn derivative(&self, s: f64) -> f64 {
            if s > 1.0 { 3.0 } else { 1.0 }
        }
    }
    struct Shifted;
    impl SpectralFunction<f64> for Shifted {
        fn value(&self, s: f64) -> f64 {
            s + 0.1
        }
        fn derivative(&self, _s: f64) -> f64 {
            1.0
        }
    }
    for p in 2..45 {
        let half = 0.5_f64.powi(p);
        let difference = Corner.divided_difference(1.0 + half, 1.0 - half);
        assert!((difference - 2.0).abs() <= 4.0 * f64::EPSILON / half, "half gap 2^-{p}: {difference}");
    }
    // L = sum of the entries of U (S + 0.1) Vᴴ at A = [2 4; −4 2].
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]])).unwrap();
    let gradient = svd.map_vjp(Shifted, &Mat::from_fn(2, 2, |_, _| 1.0)).unwrap();
    for (got, published) in gradient.as_slice().iter().zip([1.0179, 1.0089, 0.9911, 1.0179]) {
        assert!((got - published).abs() < 5e-5);
    }
    let singular = Svd::thin(&Mat::from_rows(&[[1.0, 0.0], [0.0, 0.0]])).unwrap();
    let refused = singular.map_vjp(Shifted, &Mat::identity(2));
    assert!(matches!(refused, Err(Error::ZeroSingularValue { index: 1, .. })), "{refused:?}");
}

/// Divided differences of every function against double-double ones, from the widest gap to the narrowest.
#[test]
fn divided_differences_do_not_cancel() {
    fn check<F: SpectralFunction<f64>, W: SpectralFunction<Dd>>(name: &str, f: F, in_dd: W, bound: f64) {
        let mut random = Random::new(1);
        let mut worst = 0.0_f64;
        for i in 0..4000_u32 {
            let a = random.between(0.1, 2.0);
            let b = a * (1.0 - 10_f64.powf(-16.0 * f64::from(i) / 4000.0) * random.unit());
            let (x, y) = (Dd::from(a), Dd::from(b));
            for (got, exact) in [
                (f.divided_difference(a, b), in_dd.divided_difference(x, y)),
                (f.divided_sum(a, b), in_dd.divided_sum(x, y)),
                (f.quotient(b), in_dd.quotient(y)),
            ] {
                // Relative to the slopes of the function.
                let scale = exact.abs().hi.max(in_dd.quotient(x).abs().hi);
                worst = worst.max((Dd::from(got) - exact).abs().hi / scale);
            }
        }
        println!("{name}: {:.1} ε", worst / f64::EPSILON);
        assert!(worst <= bound * f64::EPSILON, "{name}: {:.1} ε", worst / f64::EPSILON);
    }
    check("soft threshold", SoftThreshold(0.5), SoftThreshold(0.5.into()), 3.0);
    check("hard threshold", HardThreshold(0.5), HardThreshold(0.5.into()), 3.0);
    check("Tikhonov", Tikhonov(0.5), Tikhonov(0.5.into()), 6.0);
    check("Wiener", Wiener(0.5), Wiener(0.5.into()), 6.0);
    check("power", Power(0.3), Power(Dd::from(0.3)), 6.0);
    check("negative power", Power(-2.5), Power(Dd::from(-2.5)), 6.0);
    check("logarithm", Log1p(0.125), Log1p(0.125.into()), 4.0);
    check("inverse", Inverse::above(0.05), Inverse::above(0.05.into()), 3.0);
    // By the default: quotient or quadrature.
    check("the user's own", Knee(1.0), Knee(Dd::from(1.0)), 40.0);
}

/// Strided views, dirty memory of exactly the stated length, targets that are added to, and every refusal.
#[test]
fn on_the_callers_memory() {
    type C = Complex<f64>;
    for (m, n) in [(5, 3), (3, 5), (4, 4)] {
        for k in [m.min(n), 2] {
            let mut random = Random::new(6);
            let a = random.with_singular_values::<C>(m, n, &[2.0, 1.0]);
            let (y, z) = (random.matrix::<C>(m, n), random.matrix::<C>(m, n));
            let svd = Svd::thin(&a).unwrap().truncate(k);
            let (factors, f) = (svd.factors(), Tikhonov(0.5));
            let dirty = |len: usize| vec![C::new(f64::NAN, f64::NAN); len];
            let rows: Vec<C> = (0..m * n).map(|i| z[(i / n, i % n)]).collect();
            let tangent =
                MapTangent { a: MatRef::row_major(&rows, m, n).unwrap(), f: Some(&[0.5, -2.0, 0.0, 0.0, 0.0][..k]) };
            let len = map_derivative_workspace_len::<C>(m, n, k);

            // Row-major, every second entry, on top of ones.
            let mut data = vec![C::new(1.0, 0.0); 2 * m * n];
            let target = Target::Add(MatMut::new(&mut data, m, n, 2 * n, 2).unwrap());
            map_jvp_into(&factors, &f, &tangent, target, &mut dirty(len)).unwrap();
            let dx = Mat::from_fn(m, n, |i, j| data[2 * (i * n + j)] - 1.0);
            assert!(data.iter().skip(1).step_by(2).all(|x| *x == C::new(1.0, 0.0)), "a gap was written to");

            let (mut ga, mut gf) = (Mat::zeros(m, n), vec![f64::NAN; k]);
            let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: Some(&mut gf) };
            map_vjp_into(&factors, &f, y.as_ref(), gradient, &mut dirty(len)).unwrap();
            let through_f = 0.5 * gf[0] - 2.0 * gf[1];
            let error = inner(&y, &dx) - inner(&ga, &z) - through_f;
            assert!(error.abs() < 1e-13, "{m}×{n}, {k}: {error:e}");

            let mut x = Mat::from_fn(m, n, |_, _| C::new(1.0, 0.0));
            let short = map_workspace_len::<C>(m, n, k);
            map_into(&factors, &f, Target::Add(x.as_mut()), &mut dirty(short)).unwrap();
            let ones = Mat::from_fn(m, n, |_, _| C::new(1.0, 0.0));
            assert!(norm(&plus(&plus(&x, -1.0, &ones), -1.0, &svd.map(f).unwrap())) < 1e-14);

            let before = ga.clone();
            for (refused, needed) in [
                (map_into(&factors, &f, Target::Overwrite(ga.as_mut()), &mut dirty(short - 1)), short),
                (map_jvp_into(&factors, &f, &tangent, Target::Overwrite(ga.as_mut()), &mut dirty(len - 1)), len),
            ] {
                assert_eq!(refused, Err(Error::Workspace { needed, got: needed - 1 }));
            }
            let bad =
                Mat::from_fn(m, n, |i, j| if (i, j) == (1, 2) { C::new(0.0, f64::INFINITY) } else { C::new(0.0, 0.0) });
            let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: None };
            let refused = map_vjp_into(&factors, &f, bad.as_ref(), gradient, &mut dirty(len));
            assert!(matches!(refused, Err(Error::NonFinite { row: 1, column: 2, nan: false, .. })), "{refused:?}");
            let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: Some(&mut gf[1..]) };
            let refused = map_vjp_into(&factors, &f, y.as_ref(), gradient, &mut dirty(len));
            assert!(
                matches!(refused, Err(Error::Shape { argument: "the cotangents of the values", .. })),
                "{refused:?}"
            );
            assert_eq!(ga, before, "a target was touched");
        }
    }
}

/// Singular values that are zero exactly (a product of small integers of rank 3), along directions that raise the rank.
fn check_zeros<S: Entry>()
where
    S::Real: Elementary,
{
    let mut random = Random::new(27);
    for (m, n) in crate::support::spectral::SHAPES {
        let mut small = |rows: usize, cols: usize| {
            Mat::<S>::from_fn(rows, cols, |_, _| {
                let (re, im) = (random.below(5) as f64 - 2.0, random.below(5) as f64 - 2.0);
                crate::support::entry::from_pair(re / 4.0, im / 4.0)
            })
        };
        let a = small(m, 3).product(&small(3, n)).unwrap();
        let z = random.matrix::<S>(m, n);
        let svd = Svd::thin(&a).unwrap();
        macro_rules! exact {
            ($name:literal, |$number:ident| $f:expr) => {
                let derivative = {
                    let $number = <S::Real as Real>::from_f64;
                    let _ = &$number;
                    svd.map_jvp(AnyMap::new($f), &z).unwrap()
                };
                let $number = <Dd as Real>::from_f64;
                let _ = &$number;
                let error = error(&derivative, &difference(AnyMap::new($f), &wide(&a), &wide(&z), STEP), 0.0);
                println!("{} {m}×{n}, {}: {error:.2}", S::NAME, $name);
                // The zeros come out as ε s₁, on which f″ acts: 8 for Wiener's filter.
                assert!(error <= 3.0 * BOUND, "{} {m}×{n}, {}: {error:.1} max(m, n) ε", S::NAME, $name);
            };
        }
        exact!("soft threshold", |c| SoftThreshold(c(0.125)));
        exact!("no threshold", |c| SoftThreshold(c(0.0)));
        exact!("hard threshold", |c| HardThreshold(c(0.125)));
        exact!("Tikhonov", |c| Tikhonov(c(0.5)));
        exact!("Wiener", |c| Wiener(c(0.5)));
        exact!("power", |c| Power(c(2.0)));
        exact!("logarithm", |c| Log1p(c(0.5)));
        exact!("rank 3", |c| BestRank(3));
        exact!("the user's own", |c| Knee(c(1.0)));
    }
}

#[test]
fn at_zero_singular_values() {
    check_zeros::<f64>();
    check_zeros::<Complex<f64>>();
    check_zeros::<f32>();
    check_zeros::<Complex<f32>>();
}

/// Thirty singular values in clusters of three, with a relative gap of 1e-9 inside.
fn check_larger<S: Entry>() {
    let mut random = Random::new(61);
    let s = Spectrum::Clusters { size: 3, gap: 1e-9 }.values(30, &mut random);
    let a = random.with_singular_values::<S>(40, 30, &s);
    let z = random.matrix::<S>(40, 30);
    let (svd, reference) = (Svd::thin(&a).unwrap(), Svd::thin(&wide(&a)).unwrap());
    let c = |x: f64| S::Real::from_f64(x);
    let pairs = [
        (
            svd.map_vjp(AnyMap::new(SoftThreshold(c(0.3))), &z),
            reference.map_vjp(AnyMap::new(SoftThreshold(widen_real(c(0.3)))), &wide(&z)),
        ),
        (
            svd.map_vjp(AnyMap::new(Tikhonov(c(0.5))), &z),
            reference.map_vjp(AnyMap::new(Tikhonov(Dd::from(0.5))), &wide(&z)),
        ),
        (svd.map_vjp(AnyMap::new(BestRank(15)), &z), reference.map_vjp(AnyMap::new(BestRank(15)), &wide(&z))),
        (svd.map_vjp(AnyMap::new(Knee(c(1.0))), &z), reference.map_vjp(AnyMap::new(Knee(Dd::from(1.0))), &wide(&z))),
    ];
    for (i, (got, exact)) in pairs.into_iter().enumerate() {
        let error = error(&got.unwrap(), &exact.unwrap(), 0.0);
        println!("{} 40×30, function {i}: {error:.2}", S::NAME);
        assert!(error <= 1.0, "{} 40×30, function {i}: {error:.1} max(m, n) ε", S::NAME);
    }
}

#[test]
fn larger_matrices() {
    check_larger::<f64>();
    check_larger::<Complex<f32>>();
}
