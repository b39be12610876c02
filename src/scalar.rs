//! The numbers that the crate computes with: [`Real`] and [`Scalar`].
//!
//! Everything is written once over `S: Scalar`, whose modulus and singular values live in `S::Real`.
//! `f32`, `f64` and `num_complex::Complex` of any [`Real`] are provided. A user's own real type joins by
//! implementing [`Real`] and one line, [`real_scalar!`](crate::real_scalar):
//! the test suite does so with a double-double type and uses it as its reference.

use core::fmt::Debug;
use core::ops::Neg;

use num_complex::Complex;
use num_traits::NumAssign;
pub(crate) use num_traits::{One, Zero};

use crate::complex;
use crate::instances::Instances;
use crate::kernel::root;

/// A real floating-point number.
///
/// Arithmetic comes from `num_traits`; what is asked for here is the little that an SVD needs beyond it.
/// `sqrt` and `hypot` belong to the trait so that a platform can supply its own instruction.
///
/// ```
/// use diffsvd::Real;
///
/// assert_eq!((<f64 as Real>::EPSILON, <f32 as Real>::MIN_POSITIVE), (f64::EPSILON, f32::MIN_POSITIVE));
/// assert_eq!((<f64 as Real>::MIN_EXPONENT, <f64 as Real>::MAX_EXPONENT), (-1022, 1023));
/// assert_eq!((Real::exponent(-12.0_f64), Real::mul_pow2(3.0_f32, -2)), (3, 0.75)); // 8 ≤ 12 < 16
/// assert_eq!(Real::hypot(3e300_f64, 4e300), 5e300); // though the squares overflow
/// assert_eq!((<f32 as Real>::from_f64(0.1).to_f64(), Real::sqrt(2.25_f64), Real::abs(-1.0_f32)), (f64::from(0.1_f32), 1.5, 1.0));
/// ```
pub trait Real: Scalar<Real = Self> + Instances<Self> + Instances<Complex<Self>> + PartialOrd {
    /// Distance from 1 to the next larger number, ε: 2⁻⁵² for `f64`. Every bound and tolerance is a multiple of it.
    const EPSILON: Self;
    /// Smallest positive number of full precision: 2⁻¹⁰²² for `f64`.
    const MIN_POSITIVE: Self;
    /// Largest `p` for which 2ᵖ is finite: 1023 for `f64`.
    const MAX_EXPONENT: i32;
    /// Smallest `p` for which 2ᵖ has full precision: −1022 for `f64`.
    const MIN_EXPONENT: i32;

    /// The nearest number to `x`; `x` itself where that is a number of this type, as small whole numbers and powers of two are.
    fn from_f64(x: f64) -> Self;
    /// The nearest number to a count.
    #[must_use]
    fn from_usize(x: usize) -> Self {
        Self::from_f64(x as f64)
    }
    /// The nearest `f64`: a whole number below 2⁵³ itself, which the algorithms count on; error messages show it too.
    fn to_f64(self) -> f64;
    /// |x|.
    #[must_use]
    fn abs(self) -> Self;
    /// √x for x ≥ 0, correctly rounded or within one unit in the last place.
    #[must_use]
    fn sqrt(self) -> Self;
    /// ⌊log₂|x|⌋ for finite x ≠ 0, subnormal numbers included; unspecified otherwise.
    fn exponent(self) -> i32;
    /// x·2ᵖ: exact unless the result is subnormal or overflows, for any `p`.
    #[must_use]
    fn mul_pow2(self, p: i32) -> Self;

    /// x a + b, rounded once where there is an instruction for it. Called only where the machine has one.
    #[must_use]
    fn mul_add(self, a: Self, b: Self) -> Self {
        self * a + b
    }

    /// √(x² + y²) without spurious overflow or underflow; NaN where one of them is.
    #[must_use]
    #[inline]
    fn hypot(self, other: Self) -> Self {
        let squared = self * self + other * other;
        // Above this a square that underflowed is below rounding.
        let safe = Self::MIN_POSITIVE / (Self::EPSILON * Self::EPSILON);
        if squared > safe && squared < Self::one() / safe { squared.sqrt() } else { extreme_hypot(self, other) }
    }

    /// |x| with the sign of `sign`; the sign of a zero counts as positive.
    #[must_use]
    fn with_sign(self, sign: Self) -> Self {
        if sign < Self::zero() { -self.abs() } else { self.abs() }
    }

    /// The larger of two numbers.
    #[must_use]
    fn larger(self, other: Self) -> Self {
        if self < other { other } else { self }
    }

    /// The smaller of two numbers.
    #[must_use]
    fn smaller(self, other: Self) -> Self {
        if other < self { other } else { self }
    }
}

/// [`Real::hypot`] where a square leaves the range.
#[cold]
fn extreme_hypot<R: Real>(x: R, y: R) -> R {
    let (a, b) = (x.abs(), y.abs());
    let (big, small) = if a < b { (b, a) } else { (a, b) };
    if small <= big * R::EPSILON * R::from_f64(0.25) || !big.is_finite() {
        // Rounded to the larger one, and NaN from NaN.
        return big + small;
    }
    // 2ᵖ of the size of the larger operand: the division is exact, the squares neither overflow nor underflow.
    let p = big.exponent();
    let (x, y) = (big.mul_pow2(-p), small.mul_pow2(-p));
    (x * x + y * y).sqrt().mul_pow2(p)
}

/// An entry of a matrix: a [`Real`], or `Complex` of one.
///
/// ```
/// use diffsvd::{Complex, Scalar};
///
/// /// xᴴx, written once for real and complex columns.
/// fn squared_norm<S: Scalar>(x: &[S]) -> S::Real {
///     x.iter().fold(S::zero(), |sum, &x| sum + x.conj() * x).re()
/// }
/// let z = Complex::from_parts(3.0, -4.0);
/// assert_eq!((squared_norm(&[z, z]), squared_norm(&[1.0_f32, 2.0])), (50.0, 5.0));
/// assert_eq!((z.modulus(), z.im(), z.scale(0.5), z * z.recip()), (5.0, -4.0, Complex::new(1.5, -2.0), Complex::new(1.0, 0.0)));
/// assert!(z.is_finite() && !Scalar::is_finite(f64::NAN) && Complex::<f64>::PARTS == 2 * f64::PARTS);
/// ```
pub trait Scalar: Copy + Debug + NumAssign + Neg<Output = Self> + Send + Sync + 'static {
    /// The type of moduli and of singular values.
    type Real: Real + Instances<Self>;
    /// Number of reals in one entry: 1 or 2.
    const PARTS: usize;

    /// The entry with real part `re` and imaginary part `im`; a real type drops `im`.
    fn from_parts(re: Self::Real, im: Self::Real) -> Self;
    /// Real part.
    fn re(self) -> Self::Real;
    /// Imaginary part; zero for a real type.
    fn im(self) -> Self::Real;
    /// Complex conjugate.
    #[must_use]
    fn conj(self) -> Self;
    /// The entry times a real number.
    #[must_use]
    fn scale(self, factor: Self::Real) -> Self;
    /// |x| without spurious overflow or underflow.
    fn modulus(self) -> Self::Real;
    /// Whether every part is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// 1/x without spurious overflow or underflow.
    #[must_use]
    fn recip(self) -> Self;

    /// The entry with real part `re` and no imaginary part.
    fn from_real(re: Self::Real) -> Self {
        Self::from_parts(re, Self::Real::zero())
    }
    /// |x|², which overflows beyond the square root of the range.
    fn modulus_squared(self) -> Self::Real {
        self.re() * self.re() + self.im() * self.im()
    }
    /// max(|re|, |im|).
    fn max_part(self) -> Self::Real {
        self.re().abs().larger(self.im().abs())
    }
    /// x·2ᵖ, part by part.
    #[must_use]
    fn scale_pow2(self, p: i32) -> Self {
        Self::from_parts(self.re().mul_pow2(p), self.im().mul_pow2(p))
    }
}

/// Implements [`Scalar`](crate::Scalar) for a type that implements [`Real`](crate::Real).
///
/// Rust's coherence rules do not let one blanket implementation serve both real types and `Complex`; this line
/// stands in for it: `diffsvd::real_scalar!(MyReal, MyReal::is_finite);`, the second argument a function
/// `fn(MyReal) -> bool`. `tests/support/double_double.rs` shows a whole type.
///
/// ```
/// use diffsvd::Real;
/// # use num_traits::{Num, One, Zero};
/// /// A type of one's own, here an `f64` that knows its name. (Its arithmetic, by `core::ops` and `num_traits`, is left out.)
/// #[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
/// struct Named(f64);
/// # macro_rules! operation { ($($trait:ident $f:ident $by:ident $by_f:ident)*) => {$(
/// #     impl core::ops::$trait for Named { type Output = Self; fn $f(self, y: Self) -> Self { Named(core::ops::$trait::$f(self.0, y.0)) } }
/// #     impl core::ops::$by for Named { fn $by_f(&mut self, y: Self) { *self = core::ops::$trait::$f(*self, y) } }
/// # )*} }
/// # operation!(Add add AddAssign add_assign Sub sub SubAssign sub_assign Mul mul MulAssign mul_assign);
/// # operation!(Div div DivAssign div_assign Rem rem RemAssign rem_assign);
/// # impl core::ops::Neg for Named { type Output = Self; fn neg(self) -> Self { Named(-self.0) } }
/// # impl Zero for Named { fn zero() -> Self { Named(0.0) } fn is_zero(&self) -> bool { self.0 == 0.0 } }
/// # impl One for Named { fn one() -> Self { Named(1.0) } }
/// # impl Num for Named { type FromStrRadixErr = (); fn from_str_radix(_: &str, _: u32) -> Result<Self, ()> { Err(()) } }
/// impl Real for Named {
///     const EPSILON: Self = Named(f64::EPSILON);
///     const MIN_POSITIVE: Self = Named(f64::MIN_POSITIVE);
///     const MAX_EXPONENT: i32 = 1023;
///     const MIN_EXPONENT: i32 = -1022;
///     fn from_f64(x: f64) -> Self { Named(x) }
///     fn to_f64(self) -> f64 { self.0 }
///     fn abs(self) -> Self { Named(self.0.abs()) }
///     fn sqrt(self) -> Self { Named(self.0.sqrt()) }
///     fn exponent(self) -> i32 { Real::exponent(self.0) }
///     fn mul_pow2(self, p: i32) -> Self { Named(Real::mul_pow2(self.0, p)) }
/// }
/// diffsvd::real_scalar!(Named, |x: Named| x.0.is_finite());
///
/// let [s] = diffsvd::fixed::singular_values(&[[Named(3.0)], [Named(4.0)]])?;
/// assert!((s.0 - 5.0).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[macro_export]
macro_rules! real_scalar {
    ($real:ty, $is_finite:expr) => {
        $crate::real_scalar!(@scalar $real, $is_finite);
        impl $crate::Instances<$real> for $real {}
        impl $crate::Instances<$crate::Complex<$real>> for $real {}
    };
    (@scalar $real:ty, $is_finite:expr) => {
        impl $crate::Scalar for $real {
            type Real = $real;
            const PARTS: usize = 1;

            #[inline]
            fn from_parts(re: $real, _im: $real) -> $real {
                re
            }
            #[inline]
            fn re(self) -> $real {
                self
            }
            #[inline]
            fn im(self) -> $real {
                <$real as ::num_traits::Zero>::zero()
            }
            #[inline]
            fn conj(self) -> $real {
                self
            }
            #[inline]
            fn scale(self, factor: $real) -> $real {
                self * factor
            }
            #[inline]
            fn modulus(self) -> $real {
                $crate::Real::abs(self)
            }
            #[inline]
            fn is_finite(self) -> bool {
                ($is_finite)(self)
            }
            #[inline]
            fn recip(self) -> $real {
                <$real as ::num_traits::One>::one() / self
            }
            #[inline]
            fn modulus_squared(self) -> $real {
                self * self
            }
            #[inline]
            fn max_part(self) -> $real {
                $crate::Real::abs(self)
            }
            #[inline]
            fn scale_pow2(self, p: i32) -> $real {
                $crate::Real::mul_pow2(self, p)
            }
        }
    };
}

impl<R: Real> Scalar for Complex<R> {
    type Real = R;
    const PARTS: usize = 2;

    #[inline]
    fn from_parts(re: R, im: R) -> Self {
        Complex { re, im }
    }
    #[inline]
    fn re(self) -> R {
        self.re
    }
    #[inline]
    fn im(self) -> R {
        self.im
    }
    #[inline]
    fn conj(self) -> Self {
        Complex { re: self.re, im: -self.im }
    }
    #[inline]
    fn scale(self, factor: R) -> Self {
        Complex { re: self.re * factor, im: self.im * factor }
    }
    #[inline]
    fn modulus(self) -> R {
        self.re.hypot(self.im)
    }
    #[inline]
    fn is_finite(self) -> bool {
        Scalar::is_finite(self.re) && Scalar::is_finite(self.im)
    }
    #[inline]
    fn recip(self) -> Self {
        complex::recip(self)
    }
}

/// An IEEE number: `(float, its bits, number of stored significand bits, names for two functions)`.
macro_rules! ieee_real {
    ($float:ident, $bits:ident, $significand:expr, $power:ident, $far:ident) => {
        real_scalar!(@scalar $float, $float::is_finite);

        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_lossless,
            clippy::cast_sign_loss
        )]
        impl Real for $float {
            const EPSILON: Self = $float::EPSILON;
            const MIN_POSITIVE: Self = $float::MIN_POSITIVE;
            const MAX_EXPONENT: i32 = $float::MAX_EXP - 1;
            const MIN_EXPONENT: i32 = $float::MIN_EXP - 1;

            #[inline]
            fn from_f64(x: f64) -> Self {
                x as $float
            }
            #[inline]
            fn from_usize(x: usize) -> Self {
                x as $float
            }
            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline]
            fn abs(self) -> Self {
                $float::abs(self)
            }
            #[inline]
            fn sqrt(self) -> Self {
                root::$float(self)
            }
            #[cfg(feature = "std")]
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                $float::mul_add(self, a, b)
            }
            #[inline]
            fn exponent(self) -> i32 {
                let magnitude = self.abs().to_bits();
                let biased = (magnitude >> $significand) as i32;
                if biased == 0 {
                    // Subnormal: the position of the leading one of the significand.
                    let leading = $bits::BITS as i32 - 1 - magnitude.leading_zeros() as i32;
                    Self::MIN_EXPONENT - $significand + leading
                } else {
                    biased - Self::MAX_EXPONENT
                }
            }
            #[inline]
            fn mul_pow2(self, p: i32) -> Self {
                if (Self::MIN_EXPONENT..=Self::MAX_EXPONENT).contains(&p) { self * $power(p) } else { $far(self, p) }
            }
        }

        /// 2ᵖ within the exponent range.
        #[allow(clippy::cast_lossless, clippy::cast_sign_loss)]
        #[inline]
        fn $power(p: i32) -> $float {
            $float::from_bits(((p + <$float as Real>::MAX_EXPONENT) as $bits) << $significand)
        }

        /// x·2ᵖ where 2ᵖ itself is beyond the exponent range; out of line, since it hardly ever runs.
        ///
        /// Three factors reach from one end of the subnormal range to the other. Each is a third: where two of them leave a subnormal number the last makes
        /// it zero, so that no result is rounded twice.
        #[cold]
        #[inline(never)]
        fn $far(x: $float, p: i32) -> $float {
            let p = p.clamp(3 * <$float as Real>::MIN_EXPONENT, 3 * <$float as Real>::MAX_EXPONENT);
            let first = p / 3;
            let second = (p - first) / 2;
            x * $power(first) * $power(second) * $power(p - first - second)
        }
    };
}

ieee_real!(f32, u32, 23, power_f32, mul_far_power_f32);
ieee_real!(f64, u64, 52, power_f64, mul_far_power_f64);

#[cfg(test)]
mod tests {
    use super::Real;

    /// f64 holds every product exactly, and its conversion rounds once.
    #[test]
    fn multiplied_by_powers_of_two_is_rounded_once() {
        for p in -300..=300 {
            for exponent in -149..=127 {
                for significand in [1.0, 1.375, 1.0 + 11.0 * 2_f64.powi(-23), 2.0 - 2_f64.powi(-23)] {
                    let x = f32::from_f64(significand * 2_f64.powi(exponent));
                    let exact = f64::from(x) * 2_f64.powi(p);
                    assert_eq!(x.mul_pow2(p), f32::from_f64(exact), "{x:e}·2^{p}");
                }
            }
        }
    }

    #[test]
    fn a_hypotenuse_of_something_unknown_is_unknown() {
        for x in [0.0, 1.0, 1e300, f64::INFINITY, f64::NAN] {
            assert!(Real::hypot(x, f64::NAN).is_nan() && Real::hypot(f64::NAN, x).is_nan(), "{x}");
            assert!(x.is_nan() || Real::hypot(x, f64::NEG_INFINITY) == f64::INFINITY, "{x}");
        }
    }

    /// Beyond the squares the smaller one counts as long as it is not below rounding.
    #[test]
    fn a_hypotenuse_of_any_size_is_rounded() {
        for size in [1e-300, 1.0, 1e300] {
            assert!((Real::hypot(size, -size) / size - 2_f64.sqrt()).abs() <= f64::EPSILON, "{size}");
            for small in [8.0, 4.0, 2.0, 1.0, 0.5, 0.2] {
                assert_eq!(Real::hypot(-size, small * f64::EPSILON * size), size, "{small} ε of {size}");
            }
        }
    }

    #[test]
    fn the_sign_of_a_zero_is_positive() {
        for (sign, expected) in [(0.0, 3.0), (-0.0, 3.0), (2.0, 3.0), (-2.0, -3.0)] {
            assert_eq!((Real::with_sign(3.0, sign), Real::with_sign(-3.0, sign)), (expected, expected));
        }
    }
}
