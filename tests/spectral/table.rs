//! Every function U f(S) Vᴴ of one singular value, and of the index, that is exact at every gap.

use diffsvd::Real;
use diffsvd::spectral::{SpectralFunction, TwiceDifferentiable};

/// A test of each name, which calls the check for every scalar type.
macro_rules! for_every_type {
    ($($name:ident: $($check:ident)::+;)*) => {$(
        #[test]
        fn $name() {
            $($check)::+::<f64>();
            $($check)::+::<num_complex::Complex<f64>>();
            $($check)::+::<f32>();
            $($check)::+::<num_complex::Complex<f32>>();
        }
    )*};
}

/// Calls `$check((name, degree), f, the same f in double-double, …)`, f as a function of p: parameters of the size of a singular value, $c, are
/// scaled by 2ᵖ and exponents, $e, are not. The degree is that of the derivative: F′(2ᵖ A) = 2^(degree p) F′(A).
macro_rules! both {
    ($check:ident, $s:ty, $name:literal, $degree:literal, |$c:ident, $e:ident| $f:expr, $($rest:expr),*) => {{
        let f = |p: i32| {
            let $e = |x: f64| <<$s as diffsvd::Scalar>::Real as diffsvd::Real>::from_f64(x);
            let $c = |x: f64| diffsvd::Real::mul_pow2($e(x), p);
            let _ = (&$c, &$e);
            crate::erased::AnyMap::new($f)
        };
        let wide = {
            let $e = |x: f64| <crate::support::double_double::Dd as diffsvd::Real>::from_f64(x);
            let $c = $e;
            let _ = (&$c, &$e);
            crate::erased::AnyMap::new($f)
        };
        $check::<$s>(($name, $degree), &f, wide, $($rest),*);
    }};
}

/// `both!` for every function.
macro_rules! every_function {
    ($check:ident, $s:ty, $($rest:expr),*) => {{
        use crate::table::Knee;
        use diffsvd::spectral::*;
        both!($check, $s, "soft threshold", 0.0, |c, e| SoftThreshold(c(0.3125)), $($rest),*);
        both!($check, $s, "no threshold", 0.0, |c, e| SoftThreshold(c(0.0)), $($rest),*);
        both!($check, $s, "hard threshold", 0.0, |c, e| HardThreshold(c(0.25)), $($rest),*);
        both!($check, $s, "Tikhonov", -2.0, |c, e| Tikhonov(c(0.5)), $($rest),*);
        both!($check, $s, "Wiener", -1.0, |c, e| Wiener(c(0.5)), $($rest),*);
        both!($check, $s, "square", 1.0, |c, e| Power(e(2.0)), $($rest),*);
        both!($check, $s, "cube", 2.0, |c, e| Power(e(3.0)), $($rest),*);
        both!($check, $s, "root", -0.5, |c, e| Power(e(0.5)), $($rest),*);
        both!($check, $s, "reciprocal square", -3.0, |c, e| Power(e(-2.0)), $($rest),*);
        both!($check, $s, "logarithm", -1.0, |c, e| Log1p(c(0.125)), $($rest),*);
        both!($check, $s, "inverse", -2.0, |c, e| Inverse::above(c(0.0)), $($rest),*);
        both!($check, $s, "truncated inverse", -2.0, |c, e| Inverse::above(c(0.25)), $($rest),*);
        both!($check, $s, "polar", -1.0, |c, e| Polar, $($rest),*);
        both!($check, $s, "rank 4", 0.0, |c, e| BestRank(4), $($rest),*);
        both!($check, $s, "the user's own", 0.0, |c, e| Knee(c(1.0)), $($rest),*);
    }};
}

/// s³/(κ² + s²): a function of the user's own, with nothing but value and derivatives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knee<R>(pub(crate) R);

impl<R: Real> SpectralFunction<R> for Knee<R> {
    fn value(&self, s: R) -> R {
        let t = s / self.0;
        s * (t * t / (R::one() + t * t))
    }
    fn derivative(&self, s: R) -> R {
        let square = (s / self.0) * (s / self.0);
        square * (R::from_f64(3.0) + square) / ((R::one() + square) * (R::one() + square))
    }
}

impl<R: Real> TwiceDifferentiable<R> for Knee<R> {
    fn second_derivative(&self, s: R) -> R {
        let t = s / self.0;
        let sum = R::one() + t * t;
        (t + t) * (R::from_f64(3.0) - t * t) / (sum * sum * sum) / self.0
    }
}
