//! The methods of a function of one number against their definitions, also those that no function over a matrix calls; and what a
//! compact factorization leaves out.

use diffsvd::spectral::{
    BestRank, Condition, Eigenvalue, Entropy, HardThreshold, Indicator, Inverse, KyFan, Log1p, LogDet, Order, PerValue,
    PerValueTwice, Polar, Power, RelativeSoftThreshold, Schatten, SecondOrderMap, SoftThreshold, SpectralFunction,
    SpectralLoss, SpectralMap, Tikhonov, TwiceDifferentiable, Values, WeightedSoftThreshold, Wiener,
};
use diffsvd::{Error, Mat, Svd, Tolerance};

use super::support::random::Random;

/// No two as near as 0.2, and none near a kink or a cut.
const POINTS: [f64; 4] = [0.15, 0.45, 0.9, 2.5];
/// Of differences of numbers of the size of 1 with divisors down to 0.2³.
const ROUNDING: f64 = 1e-12;
/// Of central differences with step 10⁻⁵ of functions whose third derivatives are below 10⁵ at the least point.
const CENTRAL: f64 = 1e-5;

fn assert_near(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {got} for {expected}");
}

/// f[a, b, c] by its definition.
fn second(f: &dyn Fn(f64) -> f64, [a, b, c]: [f64; 3]) -> f64 {
    ((f(a) - f(b)) / (a - b) - (f(b) - f(c)) / (b - c)) / (a - c)
}

fn check<F: TwiceDifferentiable<f64> + core::fmt::Debug>(f: F) {
    let odd = |x: f64| x.signum() * f.value(x.abs());
    let even = |x: f64| f.value(x.abs());
    for a in POINTS {
        let h = 1e-5;
        assert_near(f.quotient(a), f.value(a) / a, ROUNDING, &format!("{f:?}: f({a})/{a}"));
        assert_near(
            f.derivative(a),
            (f.value(a + h) - f.value(a - h)) / (2.0 * h),
            CENTRAL,
            &format!("{f:?}: f′({a})"),
        );
        let slope = (f.derivative(a + h) - f.derivative(a - h)) / (2.0 * h);
        assert_near(f.second_derivative(a), slope, CENTRAL, &format!("{f:?}: f″({a})"));
        for (kind, half) in [("odd", f.second_difference([a; 3])), ("even", f.even_second_difference([a; 3]))] {
            assert_near(half, f.second_derivative(a) / 2.0, ROUNDING, &format!("{f:?}: {kind} f[{a}, {a}, {a}]"));
        }
        for b in POINTS.into_iter().filter(|&b| b != a) {
            let what = format!("{f:?} at {a} and {b}");
            assert_near(f.divided_difference(a, b), (f.value(a) - f.value(b)) / (a - b), ROUNDING, &what);
            assert_near(f.divided_sum(a, b), (f.value(a) + f.value(b)) / (a + b), ROUNDING, &what);
        }
    }
    let signed = POINTS.map(|x| [x, -x]);
    for &a in signed.as_flattened() {
        for &b in signed.as_flattened().iter().filter(|&&b| b != a) {
            for &c in signed.as_flattened().iter().filter(|&&c| c != a && c != b) {
                let (x, what) = ([a, b, c], format!("{f:?} at {a}, {b} and {c}"));
                assert_near(f.second_difference(x), second(&odd, x), ROUNDING, &what);
                assert_near(f.even_second_difference(x), second(&even, x), ROUNDING, &what);
            }
        }
    }
}

#[test]
fn functions_by_definition() {
    check(SoftThreshold(0.3));
    check(HardThreshold(0.3));
    check(Tikhonov(0.5));
    check(Wiener(0.3));
    check(Power(2.0));
    check(Power(3.0));
    check(Power(0.5));
    check(Log1p(0.125));
    check(Inverse::above(0.0));
    check(Inverse::above(0.3));
    check(Polar);
    check(Indicator { cut: 0.3 });
}

/// A value at the cut is not above it.
#[test]
fn cuts_are_excluded() {
    assert_eq!([Indicator { cut: 0.5 }.value(0.5), HardThreshold(0.5).value(0.5)], [0.0; 2]);
    assert_eq!([Inverse::above(0.5).value(0.5), SoftThreshold(0.5).derivative(0.5)], [0.0; 2]);
}

/// Zeros that are not among the triplets count as zeros: ‖A‖ for p = 2, whose second derivative is known, and for p = 3.
#[test]
fn norms_of_compact_factors() {
    for (m, n) in [(4, 4), (6, 4), (4, 5)] {
        let mut random = Random::new(29);
        let a = random.with_singular_values::<f64>(m, n, &[2.0, 1.0]);
        let (h, whole) = (random.matrix::<f64>(m, n), Svd::thin(&a).unwrap());
        let compact = whole.clone().truncate(2);
        let inner: f64 = a.as_slice().iter().zip(h.as_slice()).map(|(a, h)| a * h).sum();
        let frobenius = Mat::from_fn(m, n, |i, j| (h[(i, j)] - a[(i, j)] * inner / 5.0) / 5.0_f64.sqrt());
        let images = [
            (compact.loss_hvp(&Schatten(2.0), &h).unwrap(), frobenius),
            (compact.loss_hvp(&Schatten(3.0), &h).unwrap(), whole.loss_hvp(&Schatten(3.0), &h).unwrap()),
        ];
        for (image, expected) in images {
            for (&x, &y) in image.as_slice().iter().zip(expected.as_slice()) {
                assert_near(x, y, 1e-13, &format!("{m}×{n}"));
            }
        }
    }
}

/// Between two values that are exactly zero the second derivative is 1/‖A‖ for p = 2, and none for a larger p.
#[test]
fn norms_at_zero_values() {
    let diagonal = [2.0, 1.0, 0.0, 0.0];
    let a = Mat::from_fn(4, 4, |i, j| if i == j { diagonal[i] } else { 0.0 });
    let (svd, h) = (Svd::thin(&a).unwrap(), Random::new(31).matrix::<f64>(4, 4));
    assert!(svd.loss_hvp(&KyFan(2), &h).is_ok(), "the last of the leading values is not zero");
    let corner = |p: f64| {
        let image = svd.loss_hvp(&Schatten(p), &h).unwrap();
        [(2, 2), (2, 3), (3, 2), (3, 3)].map(|at| (image[at], h[at]))
    };
    for (x, h) in corner(2.0) {
        assert_near(x, h / 5.0_f64.sqrt(), 1e-15, "p = 2");
    }
    for (x, _) in [2.5, 3.0].into_iter().flat_map(corner) {
        assert_near(x, 0.0, 1e-15, "p > 2");
    }
}

/// No rank is kept where no triplets are, and a weight of zero has no kink at zero.
#[test]
fn ends_of_the_parameters() {
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.0]])).unwrap();
    let identity = Mat::identity(2);
    assert_eq!(svd.clone().truncate(0).map_vjp(BestRank(0), &identity).unwrap(), Mat::zeros(2, 2));
    assert!(svd.map_vjp(WeightedSoftThreshold(&[0.5, 0.0]), &identity).is_ok());
    assert!(svd.map_vjp(WeightedSoftThreshold(&[2.0, 0.0]), &identity).is_err());
}

/// What a function over a matrix has asked for before, asked of the function itself.
#[test]
fn functions_refuse_what_they_are_not_made_for() {
    let at = |s| Values { s, shape: (s.len() + 1, s.len()) };
    let (distinct, tied, zero) = (at(&[3.0, 2.0]), at(&[2.0, 2.0]), at(&[0.0]));
    let derivative = Order::Derivative;
    assert!(matches!(at(&[0.0, 0.0]).require_distinct("", 0, 1), Err(Error::EqualSingularValues { .. })));
    assert!(SpectralFunction::check(&Wiener(-1.0), &distinct, Order::Value).is_err());
    assert!(TwiceDifferentiable::check_second(&Inverse::above(2.0), &distinct).is_err());
    assert!(TwiceDifferentiable::check_second(&Inverse::above(2.5), &distinct).is_ok());
    assert!(BestRank(1).check_second(&tied).is_err() && BestRank(1).check_second(&distinct).is_ok());
    assert!(RelativeSoftThreshold(0.5).check_at(&tied, derivative).is_err());
    assert!(RelativeSoftThreshold(0.0).check_at(&tied, derivative).is_ok());
    let refused = RelativeSoftThreshold(0.5).check_at(&zero, derivative);
    assert!(matches!(refused, Err(Error::ZeroSingularValue { .. })), "{refused:?}");
    assert!(RelativeSoftThreshold(0.0).check_at(&zero, derivative).is_ok());
    assert!(LogDet.gradient(&zero).is_err() && LogDet.check_at(&zero, derivative).is_err());
    assert!(Entropy::new().gradient(&distinct).unwrap().check_at(&zero, derivative).is_err());
    assert!(Condition.gradient(&tied).is_err() && Condition.gradient(&distinct).is_ok());
    assert!(Condition.gradient(&at(&[5.0, 4.0, 3.0, 1.0, 1.0])).is_err(), "the last two");
    assert!(Condition.gradient(&at(&[5.0, 4.0, 3.0, 3.0, 1.0])).is_ok());
}

/// What a function is where there are few values, or none at all.
#[test]
fn functions_of_one_value_or_two() {
    let at = |s| Values { s, shape: (s.len() + 1, s.len()) };
    assert_eq!(Tolerance::Default.absolute((4, 3), 20.0), 14.0 * f64::EPSILON * 20.0);
    assert_eq!([0, 1].map(|i| Condition.value_at(&at(&[4.0, 2.0]), i)), [0.5, -1.0]);
    assert_eq!((Condition.value_at(&at(&[2.0]), 0), Condition.difference(&at(&[2.0]), 0, 0)), (0.0, 0.0));
    assert_eq!(SoftThreshold(0.5).even_second_difference([0.0, 2.0, 0.0]), 1.5 / 4.0);
    assert_eq!(BestRank(1).sum(&at(&[2.0, 0.0, 0.0]), 1, 2), 0.0);
}

/// Where values are zero, and powers that are constant or linear.
#[test]
fn functions_of_zeros() {
    let zeros = Values { s: &[0.0, 0.0], shape: (3, 2) };
    assert_eq!(
        [Power(0.0).derivative(3.0), Power(0.0).second_derivative(3.0), Power(1.0).second_derivative(0.0)],
        [0.0; 3]
    );
    assert_eq!([1.0, 2.0].map(|p| Power(p).divided_sum(0.0, 0.0)), [1.0, 0.0]);
    assert_eq!((Power(2.0).parameter_derivative(0.0, 0), Wiener(0.5).divided_sum(0.0, 0.0)), (0.0, 0.0));
    assert_eq!(PerValue { value: &[0.0; 2], derivative: &[3.0; 2] }.sum(&zeros, 0, 1), 3.0);
    assert_eq!([0.0, 0.5].map(|weight| WeightedSoftThreshold(&[weight; 2]).sum(&zeros, 0, 1)), [1.0, 0.0]);
    let nothing = KyFan(0).gradient(&zeros).unwrap();
    assert!(nothing.check_at(&zeros, Order::Derivative).is_ok() && nothing.value_at(&zeros, 0) == 0.0);
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.0]])).unwrap();
    assert!(matches!(svd.map(Power(-1.0)), Err(Error::NonFinite { .. })), "1/0");
}

/// Of values that are close together: the mean of the derivatives where it agrees with them but for rounding, else the quotient.
#[test]
fn values_that_are_given_are_of_one_function_or_of_two() {
    let s = [1.0, 1.0 - 1e-6, 1.0 - 2e-6];
    let at = Values { s: &s, shape: (3, 3) };
    let difference = |value: [f64; 3], derivative: [f64; 3]| {
        PerValue { value: &value, derivative: &derivative }.difference(&at, 0, 1)
    };
    let second = |value: [f64; 3], derivative: [f64; 3], second: f64| {
        let first = PerValue { value: &value, derivative: &derivative };
        let points = [0, 1, 2].map(Eigenvalue::Plus);
        PerValueTwice { first, second: &[second; 3] }.second(&at, points)
    };
    // c s², with f[a, b] = c (a + b).
    for c in [0.05, 5.0] {
        let got = difference(s.map(|s| c * s * s), s.map(|s| 2.0 * c * s));
        assert_near(got / (c * (s[0] + s[1])), 1.0, 1e-15, "one function");
    }
    // The difference of the values is rounding: one is rounded up, the others down.
    let large = s.map(|s| 1e11 + (s + 2_f64.powi(-17) + 4e-7));
    assert!(large[0] - large[1] > 1e-5);
    assert_eq!((difference(large, [1.0; 3]), second(large, [1.0; 3], 3.0)), (1.0, 1.5));
    for (value, slope) in [([2.0, 1.0, 1.0], 3.0), ([2.0, 1.0, 1.0], 1e-9), ([1e11 + 1e3, 1e11, 1e11], 0.0)] {
        let quotient = (value[0] - value[1]) / (s[0] - s[1]);
        assert_near(difference(value, [slope; 3]) / quotient, 1.0, 1e-14, "two functions");
        assert_near(second(value, [slope; 3], 0.0) / (quotient / (s[0] - s[2])), 1.0, 1e-5, "two functions");
    }
}

#[test]
fn values_that_are_given_where_they_need_not_be_distinct() {
    let check = |s: &[f64], value: &[f64], second: &[f64]| {
        PerValueTwice { first: PerValue { value, derivative: &[1.0; 2] }, second }
            .check_second(&Values { s, shape: (2, 2) })
            .is_ok()
    };
    assert!(check(&[1.0, 1.0], &[0.0; 2], &[0.0; 2]), "the function that is zero");
    assert!(check(&[1.0, 0.0], &[1.0, 0.0], &[5.0, 0.0]) && !check(&[1.0, 0.0], &[1.0, 0.0], &[5.0, 1.0]));
}

#[test]
fn orientation() {
    let turned = |last: f64| Svd::thin(&Mat::from_rows(&[[0.0, 3.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, last]])).unwrap();
    assert!(turned(1.0).rotation().unwrap().is_reflected());
    assert!(!turned(-1.0).rotation().unwrap().is_reflected());
}

/// A product of reflections is one exactly where their number is odd.
#[test]
fn orientation_of_products_of_reflections() {
    let mut random = Random::new(37);
    for n in 1..=8 {
        for count in 0..12 {
            let mut q = Mat::<f64>::identity(n);
            for _ in 0..count {
                let v = random.matrix::<f64>(n, 1);
                let length: f64 = v.as_slice().iter().map(|x| x * x).sum();
                let reflection =
                    Mat::from_fn(n, n, |i, j| f64::from(u8::from(i == j)) - 2.0 * v[(i, 0)] * v[(j, 0)] / length);
                q = q.product(&reflection).unwrap();
            }
            let a = Mat::from_fn(n, n, |i, j| q[(i, j)] * (n - j) as f64);
            let reflected = Svd::thin(&a).unwrap().rotation().unwrap().is_reflected();
            assert_eq!(reflected, count % 2 == 1, "{count} reflections of order {n}");
        }
    }
}
