//! Norms and other scalar functions: value, gradient and Hessian-vector product.

use super::erased::AnyLoss;
use super::maps::times_power;
use crate::support::derivatives::{inner, norm, plus, wide};
use crate::support::double_double::Dd;
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectral::{Case, Pattern, Point, SHAPES, error, exactly_equal, scaled, whole};
use diffsvd::spectral::{Condition, Elementary, Entropy, KyFan, LogDet, Schatten, SpectralLoss, WeightedSum};
use diffsvd::{Error, Mat, Real, Scalar, Svd};
use num_complex::Complex;

/// What every error stays below, in units of max(m, n) ε (measured: 4.9 over the sweeps, 10.0 over 20,000 random cases).
const BOUND: f64 = 16.0;
const STEP: f64 = 1e-15;

/// Calls `check((name, degree), loss, the same in double-double, (spectrum, case))`; the degree is that of the gradient.
macro_rules! both {
    ($s:ty, $name:literal, $degree:literal, |$number:ident| $f:expr, $spectrum:expr, $case:expr) => {{
        let loss = {
            let $number = |x: f64| <$s as Scalar>::Real::from_f64(x);
            let _ = &$number;
            $f
        };
        let wide = {
            let $number = |x: f64| Dd::from_f64(x);
            let _ = &$number;
            $f
        };
        check::<$s>(($name, $degree), AnyLoss(&loss), AnyLoss(&wide), ($spectrum, $case));
    }};
}

/// A pair that is equal up to `gap`, after a single value and before two more.
fn pair_inside(gap: f64) -> [f64; 5] {
    [2.0, 1.0, 1.0 - 0.3 * gap, 0.5, 0.125]
}
/// Two pairs.
fn pairs(gap: f64) -> [f64; 5] {
    crate::support::spectral::paired(gap)
}

/// Every scalar function at the shape, gap, directions and scale of a case.
pub(crate) fn every_loss<S: Entry>(case: &Case)
where
    S::Real: Elementary,
{
    both!(S, "nuclear norm", 0.0, |c| KyFan::nuclear(), pairs, case);
    both!(S, "spectral norm", 0.0, |c| KyFan::spectral(), pair_inside, case);
    both!(S, "Ky Fan norm", 0.0, |c| KyFan(3), pair_inside, case);
    both!(S, "weighted sum", 0.0, |c| WeightedSum(&[c(4.0), c(-1.0), c(-1.0), c(0.0), c(2.0)]), pair_inside, case);
    both!(S, "Schatten norm", 0.0, |c| Schatten(c(3.0)), pairs, case);
    both!(S, "Frobenius norm", 0.0, |c| Schatten(c(2.0)), pairs, case);
    both!(S, "Schatten norm below 2", 0.0, |c| Schatten(c(1.25)), pairs, case);
    both!(S, "log-determinant", -1.0, |c| LogDet, pairs, case);
    both!(S, "condition number", -1.0, |c| Condition, pair_inside, case);
    both!(S, "entropy", -1.0, |c| Entropy::new(), pairs, case);
    both!(S, "effective rank", -1.0, |c| Entropy::effective_rank(), pairs, case);
}

fn sweep_every_loss<S: Entry>()
where
    S::Real: Elementary,
{
    for shape in SHAPES {
        for gap in [1.0, 1e-1, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 0.0] {
            every_loss::<S>(&Case { shape, pattern: Pattern::Pairs, gap, seed: 21, scale: 0.7 });
        }
    }
}

#[test]
fn of_f64() {
    sweep_every_loss::<f64>();
}
#[test]
fn of_complex_f64() {
    sweep_every_loss::<Complex<f64>>();
}
#[test]
fn of_f32() {
    sweep_every_loss::<f32>();
}
#[test]
fn of_complex_f32() {
    sweep_every_loss::<Complex<f32>>();
}

fn check<S: Entry>(
    (name, degree): (&str, f64),
    loss: AnyLoss<'_, S::Real>,
    in_dd: AnyLoss<'_, Dd>,
    (spectrum, case): (fn(f64) -> [f64; 5], &Case),
) {
    let (m, n) = case.shape;
    let a = Random::new(case.seed).with_singular_values::<S>(m, n, &spectrum(case.gap));
    let at = Point { a, what: format!("{} {name}, {case:?}", S::NAME), seed: case.seed, scale: case.scale };
    check_derivatives(&at, loss, in_dd);
    check_symmetries(&at, loss, degree);
}

/// Value, gradient and Hessian-vector product against double-double ones and their central differences; the Hessian is symmetric.
fn check_derivatives<S: Entry>(at: &Point<S>, loss: AnyLoss<'_, S::Real>, in_dd: AnyLoss<'_, Dd>) {
    let (Point { a, what, .. }, mut random) = (at, at.random(1));
    let (m, n) = (a.rows(), a.cols());
    let (y, z) = (random.matrix::<S>(m, n), random.matrix::<S>(m, n));
    let moved = |h: f64| Svd::thin(&plus(&wide(a), h.into(), &wide(&z))).unwrap();
    let svd = Svd::thin(a).unwrap();
    let epsilon = S::Real::EPSILON.to_f64() * m.max(n) as f64;

    let (value, exact) = (svd.loss(&loss).unwrap().to_f64(), moved(0.0).loss(&in_dd).unwrap().hi);
    let gradient = svd.loss_gradient(&loss).unwrap();
    let size = norm(&gradient).to_f64() * norm(a).to_f64();
    assert!((value - exact).abs() <= 4.0 * epsilon * exact.abs().max(size), "{what}: {value} {exact}");
    let reference = error(&gradient, &moved(0.0).loss_gradient(&in_dd).unwrap(), 0.0);
    println!("gradient {reference:.2} at {what}");
    assert!(reference <= BOUND, "{what}: error of the gradient is {reference:.1} max(m, n) ε");

    let slope = moved(STEP).loss(&in_dd).unwrap() - moved(-STEP).loss(&in_dd).unwrap();
    let slope = slope.hi * 0.5 / STEP;
    let got = inner(&gradient, &z).to_f64();
    let size = norm(&gradient).to_f64() * norm(&z).to_f64();
    assert!((got - slope).abs() <= 12.0 * epsilon * size, "{what}: slope {got} for {slope}");

    let hessian = svd.loss_hvp(&loss, &z).unwrap();
    let gradient = |h: f64| moved(h).loss_gradient(&in_dd).unwrap();
    let difference = scaled(&plus(&gradient(STEP), Dd::from(-1.0), &gradient(-STEP)), 0.5 / STEP);
    for (kind, exact) in [("difference", &difference), ("reference", &moved(0.0).loss_hvp(&in_dd, &wide(&z)).unwrap())]
    {
        let error = error(&hessian, exact, 0.0);
        println!("Hessian {kind} {error:.2} at {what}");
        assert!(error <= BOUND, "{what}: error of the Hessian product is {error:.1} max(m, n) ε");
    }
    let other = svd.loss_hvp(&loss, &y).unwrap();
    let (one, other) = (inner(&y, &hessian), inner(&other, &z));
    let size = norm(&y) * norm(&hessian);
    assert!((one - other).abs().to_f64() <= 20.0 * epsilon * size.to_f64(), "{what}: not symmetric");
}

/// A → QAR, A → Aᴴ and A → cA, of gradient and Hessian-vector product.
fn check_symmetries<S: Entry>(at: &Point<S>, loss: AnyLoss<'_, S::Real>, degree: f64) {
    let (Point { a, what, .. }, mut random) = (at, at.random(2));
    let (m, n) = (a.rows(), a.cols());
    let (q, r, z) = (random.orthonormal::<S>(m, m), random.orthonormal::<S>(n, n), random.matrix::<S>(m, n));
    let both = |a: &Mat<S>, z: &Mat<S>| {
        let svd = Svd::thin(a).unwrap();
        [svd.loss_gradient(&loss).unwrap(), svd.loss_hvp(&loss, z).unwrap()]
    };
    let turn = |x: &Mat<S>| q.product(x).unwrap().product(&r).unwrap();
    let (unit, turned, mirrored) = (both(a, &z), both(&turn(a), &turn(&z)), both(&a.adjoint(), &z.adjoint()));
    for order in 0..2 {
        let degree = degree - order as f64;
        let (unit, p) = (&unit[order], at.exponent(2.0));
        let scaled = times_power(&both(&times_power(a, p), &z)[order], -whole(degree * f64::from(p)));
        for (how, other, expected) in [
            ("A → QAR", &turned[order], &turn(unit)),
            ("A → Aᴴ", &mirrored[order].adjoint(), unit),
            ("A → cA", &scaled, unit),
        ] {
            let error = error(other, &wide(expected), 0.0);
            println!("derivative {order} {how} {error:.2} at {what}");
            assert!(error <= 2.0 * BOUND, "{what}: {how} changes derivative {order} by {error:.1} max(m, n) ε");
        }
    }
}

fn diagonal(d: [f64; 3]) -> Svd<f64> {
    Svd::thin(&Mat::from_fn(3, 4, |i, j| if i == j { d[i] } else { 0.0 })).unwrap()
}

fn gradient_of(svd: &Svd<f64>, loss: &impl SpectralLoss<f64>) -> [f64; 3] {
    let gradient = svd.loss_gradient(loss).unwrap();
    // Of a diagonal matrix of positive numbers the gradient is diagonal, up to the sign of the vectors.
    [0, 1, 2].map(|i| gradient[(i, i)].abs())
}

/// The subgradient of smallest norm: a tied block shares its weight, a zero value has none.
#[test]
fn subgradients_at_ties_and_zeros() {
    let close = |got: [f64; 3], expected: [f64; 3]| {
        assert!(got.iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-14), "{got:?} for {expected:?}");
    };
    close(gradient_of(&diagonal([2.0, 2.0, 2.0]), &KyFan(1)), [1.0 / 3.0; 3]);
    close(gradient_of(&diagonal([2.0, 2.0, 2.0]), &KyFan(2)), [2.0 / 3.0; 3]);
    close(gradient_of(&diagonal([2.0, 1.0, 1.0]), &KyFan(2)), [1.0, 0.5, 0.5]);
    close(gradient_of(&diagonal([2.0, 1.0, 0.0]), &KyFan::nuclear()), [1.0, 1.0, 0.0]);
    close(gradient_of(&diagonal([2.0, 0.0, 0.0]), &KyFan(2)), [1.0, 0.0, 0.0]);
    close(gradient_of(&diagonal([0.0; 3]), &KyFan::nuclear()), [0.0; 3]);
    close(gradient_of(&diagonal([2.0, 1.0, 0.0]), &Schatten(1.0)), [1.0, 1.0, 0.0]);
    close(gradient_of(&diagonal([3.0, 2.0, 1.0]), &KyFan(0)), [0.0; 3]);
    close(gradient_of(&diagonal([3.0, 2.0, 1.0]), &KyFan(7)), [1.0; 3]);
}

/// At a tie the subgradient g of a norm satisfies ⟨g, A⟩ = ‖A‖ and ‖B‖ ≥ ⟨g, B⟩ for every B.
#[test]
fn subgradients_support_the_norm() {
    let a = exactly_equal::<f64>(5, 5);
    let svd = Svd::thin(&a).unwrap();
    let mut random = Random::new(3);
    for loss in [KyFan(1), KyFan(2), KyFan(3), KyFan::nuclear()] {
        let g = svd.loss_gradient(&loss).unwrap();
        assert!((inner(&g, &a) - svd.loss(&loss).unwrap()).abs() < 1e-14);
        for _ in 0..50 {
            let b = random.matrix::<f64>(5, 5);
            assert!(inner(&g, &b) <= Svd::thin(&b).unwrap().loss(&loss).unwrap() + 1e-12);
        }
    }
}

#[test]
fn points_without_a_derivative_are_reported() {
    let z = Mat::from_fn(3, 4, |i, j| (i + 2 * j) as f64 - 2.0);
    let (tied, zero) = (diagonal([2.0, 1.0, 1.0]), diagonal([2.0, 1.0, 0.0]));
    for (refused, first) in [
        (tied.loss_hvp(&KyFan(2), &z), 1),
        (diagonal([2.0, 2.0, 1.0]).loss_hvp(&KyFan::spectral(), &z), 0),
        (tied.loss_gradient(&WeightedSum(&[1.0, 1.0, 2.0])), 1),
        (tied.loss_gradient(&Condition), 1),
        (diagonal([2.0, 2.0, 1.0]).loss_gradient(&Condition), 0),
    ] {
        let Err(Error::EqualSingularValues { first: got, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(got, first);
    }
    for refused in [
        zero.loss_hvp(&KyFan::nuclear(), &z),
        zero.loss_hvp(&Schatten(1.5), &z),
        zero.loss_gradient(&WeightedSum(&[1.0; 3])),
        zero.loss_gradient(&LogDet),
        zero.loss_gradient(&Condition),
        zero.loss_gradient(&Entropy::new()),
        zero.clone().truncate(2).loss_gradient(&LogDet),
    ] {
        assert!(matches!(refused, Err(Error::ZeroSingularValue { index: 2, value: 0.0, .. })), "{refused:?}");
    }
    let nothing = diagonal([0.0; 3]);
    assert!(matches!(nothing.loss_gradient(&Schatten(2.0)), Err(Error::ZeroSingularValue { index: 0, .. })));
    assert!(matches!(nothing.loss(&Entropy::new()), Err(Error::ZeroSingularValue { index: 0, .. })));
    assert!(matches!(zero.loss(&LogDet), Err(Error::ZeroSingularValue { index: 2, .. })));
    assert!(matches!(zero.loss(&Schatten(0.5)), Err(Error::Parameter { value: 0.5, .. })));
    assert!(zero.loss_hvp(&Schatten(2.0), &z).is_ok() && zero.loss_hvp(&Schatten(3.0), &z).is_ok());
    assert!(zero.loss_hvp(&WeightedSum(&[1.0, 2.0, 0.0]), &z).is_ok());
    assert!((zero.loss(&Entropy::effective_rank()).unwrap() - 3.0 / 4_f64.powf(1.0 / 3.0)).abs() < 1e-14);
}

#[test]
fn empty_and_single() {
    let empty = Svd::thin(&Mat::<f64>::zeros(0, 3)).unwrap();
    assert_eq!(empty.loss(&KyFan::nuclear()), Ok(0.0));
    assert_eq!(empty.loss(&Schatten(2.0)), Ok(0.0));
    assert_eq!(empty.loss(&Condition), Ok(1.0));
    assert_eq!(empty.loss(&LogDet), Ok(0.0));
    assert_eq!(empty.loss_gradient(&KyFan::nuclear()).unwrap().rows(), 0);
    assert_eq!(empty.loss_gradient(&Schatten(2.0)).unwrap().rows(), 0);
    let single = Svd::thin(&Mat::<f64>::from_rows(&[[3.0], [4.0]])).unwrap();
    assert_eq!(single.loss_gradient(&Condition).unwrap(), Mat::zeros(2, 1));
    assert_eq!(single.loss_hvp(&Condition, &Mat::zeros(2, 1)).unwrap(), Mat::zeros(2, 1));
}

/// Every norm is of degree 1 and every measure of degree 0 over the exponent range.
#[test]
fn scaling_over_the_exponent_range() {
    let a = Random::new(4).matrix::<f64>(5, 4);
    let unit = Svd::thin(&a).unwrap();
    for p in [-900, -500, 500, 900] {
        let svd = Svd::thin(&Mat::from_fn(5, 4, |i, j| a[(i, j)].mul_pow2(p))).unwrap();
        let degree_one = |loss: &dyn Fn(&Svd<f64>) -> f64| {
            let (got, unit) = (loss(&svd).mul_pow2(-p), loss(&unit));
            assert!((got - unit).abs() <= 1e-14 * unit, "2^{p}: {got} for {unit}");
        };
        degree_one(&|svd| svd.loss(&KyFan(2)).unwrap());
        degree_one(&|svd| svd.loss(&Schatten(3.0)).unwrap());
        degree_one(&|svd| {
            svd.loss(&Entropy::effective_rank()).unwrap().mul_pow2(if svd.s()[0] == unit.s()[0] { 0 } else { p })
        });
        degree_one(&|svd| svd.loss(&Condition).unwrap().mul_pow2(if svd.s()[0] == unit.s()[0] { 0 } else { p }));
        let (one, other) = (svd.loss_gradient(&Schatten(3.0)).unwrap(), unit.loss_gradient(&Schatten(3.0)).unwrap());
        assert!(norm(&plus(&one, -1.0, &other)) < 1e-14);
    }
}

/// The functions that `f32` and `f64` bring along, against double-double ones.
#[test]
fn elementary_functions() {
    let mut random = Random::new(8);
    for _ in 0..2000 {
        let x = random.sign() * 10_f64.powf(random.between(-18.0, 1.5));
        let y = x.abs();
        let pairs = [
            (Elementary::exp_m1(x), Dd::from(x).exp_m1()),
            (Elementary::ln_1p(y), Dd::from(y).ln_1p()),
            (Elementary::ln(y), Dd::from(y).ln()),
            (Elementary::exp(x), Dd::from(x).exp()),
            (Elementary::powf(y, 1.75), Dd::from(y).powf(1.75.into())),
        ];
        for (i, (got, exact)) in pairs.into_iter().enumerate() {
            let error = (Dd::from(got) - exact).abs().hi;
            assert!(error <= 2.0 * f64::EPSILON * exact.abs().hi, "function {i} at {x:e}");
        }
    }
}
