//! Functions of the singular values: value, derivative and parameters against 30-digit references at every gap.

mod support;

use diffsvd::spectral::{
    BestRank, HardThreshold, Inverse, Log1p, PerValue, Polar, Power, RelativeSoftThreshold, SoftThreshold,
    SpectralFunction, SpectralMap, Tikhonov, WeightedSoftThreshold, Wiener, parameter_cotangents,
};
use diffsvd::{Error, Mat, Real, Scalar, Svd};
use num_complex::Complex;
use num_traits::{One, Zero};
use support::double_double::Dd;
use support::entry::Entry;
use support::random::Random;
use support::spectral::{difference, error, exactly_equal, inner, norm, paired, plus, scaled, sweep, wide};

/// What every error of value and derivative stays below, in units of max(m, n) ε (measured: 3.3): for `f64` and 8 columns 7e-15.
const BOUND: f64 = 4.0;
/// Of the central differences: the rounding error of the double-double values over it stays below 1e-15.
const STEP: f64 = 1e-15;

/// A function of the user's own, with nothing but value and derivative.
#[derive(Clone, Copy, Debug)]
struct Knee;
impl<R: Real> SpectralFunction<R> for Knee {
    fn value(&self, s: R) -> R {
        s * s * s / (R::one() + s * s)
    }
    fn derivative(&self, s: R) -> R {
        let square = s * s;
        square * (R::from_f64(3.0) + square) / ((R::one() + square) * (R::one() + square))
    }
}

/// Calls `$check(name, f, the same f in double-double)`.
macro_rules! both {
    ($check:ident, $s:ty, $name:literal, |$number:ident| $f:expr) => {{
        let f = {
            let $number = |x: f64| <$s as Scalar>::Real::from_f64(x);
            let _ = &$number;
            $f
        };
        let wide = {
            let $number = |x: f64| Dd::from_f64(x);
            let _ = &$number;
            $f
        };
        $check::<$s, _, _, _, _>($name, f, wide);
    }};
}

macro_rules! every_function {
    ($check:ident, $s:ty) => {{
        both!($check, $s, "soft threshold", |c| SoftThreshold(c(0.3125)));
        both!($check, $s, "no threshold", |c| SoftThreshold(c(0.0)));
        both!($check, $s, "hard threshold", |c| HardThreshold(c(0.25)));
        both!($check, $s, "Tikhonov", |c| Tikhonov(c(0.5)));
        both!($check, $s, "Wiener", |c| Wiener(c(0.5)));
        both!($check, $s, "square", |c| Power(c(2.0)));
        both!($check, $s, "root", |c| Power(c(0.5)));
        both!($check, $s, "reciprocal square", |c| Power(c(-2.0)));
        both!($check, $s, "logarithm", |c| Log1p(c(0.125)));
        both!($check, $s, "inverse", |c| Inverse::above(c(0.0)));
        both!($check, $s, "truncated inverse", |c| Inverse::above(c(0.25)));
        both!($check, $s, "polar", |c| Polar);
        both!($check, $s, "rank 4", |c| BestRank(4));
        both!($check, $s, "the user's own", |c| Knee);
    }};
}

macro_rules! every_type {
    ($($name:ident: $check:ident;)*) => {$(
        mod $name {
            use super::*;
            #[test]
            fn of_f64() {
                every_function!($check, f64);
            }
            #[test]
            fn of_complex_f64() {
                every_function!($check, Complex<f64>);
            }
            #[test]
            fn of_f32() {
                every_function!($check, f32);
            }
            #[test]
            fn of_complex_f32() {
                every_function!($check, Complex<f32>);
            }
        }
    )*};
}
every_type! {
    values_and_derivatives: check_reference;
    adjointness: check_adjoint;
    covariance: check_covariance;
}

fn check_reference<S: Entry, M, F, MW, FW>(name: &str, f: F, in_dd: FW)
where
    F: SpectralMap<S::Real, M> + Copy,
    FW: SpectralMap<Dd, MW> + Copy,
{
    let mut worst = [(0.0, String::new()), (0.0, String::new()), (0.0, String::new())];
    sweep::<S>(|a, what| {
        let z = Random::new(99).matrix::<S>(a.rows(), a.cols());
        let (svd, reference) = (Svd::thin(a).unwrap(), Svd::thin(&wide(a)).unwrap());
        let derivative = svd.map_jvp(f, &z).unwrap();
        let exact = reference.map_jvp(in_dd, &wide(&z)).unwrap();
        let errors = [
            error(&svd.map(f).unwrap(), &reference.map(in_dd).unwrap(), 0.0),
            error(&derivative, &exact, 0.0),
            error(&derivative, &difference(in_dd, &wide(a), &wide(&z), STEP), 0.0),
        ];
        for (worst, error) in worst.iter_mut().zip(errors) {
            if !(error <= worst.0) {
                *worst = (error, what.clone());
            }
        }
    });
    for ((error, what), kind) in worst.into_iter().zip(["value", "derivative", "central difference"]) {
        println!("{name}: {kind} {error:.2} at {what}");
        assert!(error <= BOUND, "{name}: error of the {kind} is {error:.1} max(m, n) ε at {what}");
    }
}

fn check_adjoint<S: Entry, M, F, MW, FW>(name: &str, f: F, _in_dd: FW)
where
    F: SpectralMap<S::Real, M> + Copy,
    FW: SpectralMap<Dd, MW> + Copy,
{
    sweep::<S>(|a, what| {
        let mut random = Random::new(5);
        let (y, z) = (random.matrix::<S>(a.rows(), a.cols()), random.matrix::<S>(a.rows(), a.cols()));
        let svd = Svd::thin(a).unwrap();
        let (jvp, vjp) = (svd.map_jvp(f, &z).unwrap(), svd.map_vjp(f, &y).unwrap());
        let error = (inner(&y, &jvp) - inner(&vjp, &z)).abs() / (norm(&y) * norm(&jvp)).larger(norm(&z) * norm(&vjp));
        let error = error.to_f64() / S::Real::EPSILON.to_f64();
        assert!(error <= 20.0, "{name}: adjoint to {error:.1} ε only, {what}");
    });
}

/// F(Q A R) = Q F(A) R and F(Aᴴ) = F(A)ᴴ, for the derivative too.
fn check_covariance<S: Entry, M, F, MW, FW>(name: &str, f: F, _in_dd: FW)
where
    F: SpectralMap<S::Real, M> + Copy,
    FW: SpectralMap<Dd, MW> + Copy,
{
    sweep::<S>(|a, what| {
        let mut random = Random::new(11);
        let (m, n) = (a.rows(), a.cols());
        let (q, r, z) = (random.orthonormal::<S>(m, m), random.orthonormal::<S>(n, n), random.matrix::<S>(m, n));
        let turn = |x: &Mat<S>| q.product(x).unwrap().product(&r).unwrap();
        let svd = Svd::thin(a).unwrap();
        let expected = svd.map_vjp(f, &z).unwrap();
        let turned = Svd::thin(&turn(a)).unwrap().map_vjp(f, &turn(&z)).unwrap();
        let mirrored = Svd::thin(&a.adjoint()).unwrap().map_vjp(f, &z.adjoint()).unwrap();
        for (other, how) in [(turned, "A → QAR"), (mirrored.adjoint(), "A → Aᴴ")] {
            let expected = if how == "A → Aᴴ" { expected.clone() } else { turn(&expected) };
            let error = error(&other, &wide(&expected), 0.0);
            assert!(error <= 2.0 * BOUND, "{name}: {how} changes {error:.1} max(m, n) ε, {what}");
        }
    });
}
