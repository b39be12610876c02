//! Exponential, logarithm and power: what the spectral functions need beyond the arithmetic of [`Real`].

use crate::scalar::Real;

/// A real type with exponential and logarithm, for [`Power`](crate::spectral::Power), [`Log1p`](crate::spectral::Log1p),
/// Schatten norms, log-determinant and entropy.
///
/// Implemented for `f32` and `f64` by the standard library, or by `libm` without it; with neither (`platform-sqrt` alone) there is no exponential
/// to implement it by, and what needs one does not compile. Closed divided differences call `exp_m1` and `ln_1p`, which must keep their
/// *relative* accuracy for arguments near zero.
///
/// ```
/// use diffsvd::spectral::Elementary;
/// assert_eq!((Elementary::ln_1p(1e-20), Elementary::exp_m1(1e-20_f32)), (1e-20, 1e-20)); // 1 + 10⁻²⁰ is rounded to 1
/// assert_eq!((Elementary::powf(8.0_f64, 2.0), Elementary::ln(1.0_f64), Elementary::exp(0.0_f32)), (64.0, 0.0, 1.0));
/// ```
pub trait Elementary: Real {
    /// eˣ − 1, accurate near zero.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// log(1 + x), accurate near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// log x.
    #[must_use]
    fn ln(self) -> Self;
    /// xʸ for x ≥ 0.
    #[must_use]
    fn powf(self, exponent: Self) -> Self;

    /// eˣ. What is provided loses digits far below x = 0, where nothing here asks for it.
    #[must_use]
    fn exp(self) -> Self {
        self.exp_m1() + Self::one()
    }
}

/// One method a line, from the functions of `platform`.
#[cfg(any(feature = "std", feature = "libm"))]
macro_rules! elementary {
    ($float:ident) => {
        impl Elementary for $float {
            #[inline]
            fn exp_m1(self) -> Self {
                platform::$float::exp_m1(self)
            }
            #[inline]
            fn ln_1p(self) -> Self {
                platform::$float::ln_1p(self)
            }
            #[inline]
            fn ln(self) -> Self {
                platform::$float::ln(self)
            }
            #[inline]
            fn powf(self, exponent: Self) -> Self {
                platform::$float::powf(self, exponent)
            }
            #[inline]
            fn exp(self) -> Self {
                platform::$float::exp(self)
            }
        }
    };
}
#[cfg(any(feature = "std", feature = "libm"))]
elementary!(f32);
#[cfg(any(feature = "std", feature = "libm"))]
elementary!(f64);

#[cfg(feature = "std")]
use std::primitive as platform;
#[cfg(all(not(feature = "std"), feature = "libm"))]
mod platform {
    pub(super) mod f32 {
        pub(in crate::spectral) use libm::{expf as exp, expm1f as exp_m1, log1pf as ln_1p, logf as ln, powf};
    }
    pub(super) mod f64 {
        pub(in crate::spectral) use libm::{exp, expm1 as exp_m1, log as ln, log1p as ln_1p, pow as powf};
    }
}
