//! The scalar types under test, and the exact way from each of them to its double-double counterpart.

use diffsvd::{Mat, MatRef, Real, Scalar};
use num_complex::Complex;

use super::double_double::Dd;

/// A scalar type of the test suite.
pub(crate) trait Entry: Scalar {
    /// `Dd` or `Complex<Dd>`.
    type Wide: Entry<Real = Dd, Wide = Self::Wide>;
    /// As it is written in Rust.
    const NAME: &'static str;

    /// The same number in double-double precision, exactly.
    fn widen(self) -> Self::Wide;
}

/// The same real number in double-double precision, exactly.
pub(crate) fn widen_real<R: Real>(x: R) -> Dd {
    let hi = x.to_f64();
    let rest = x - R::from_f64(hi);
    Dd { hi, lo: if Scalar::is_finite(rest) { rest.to_f64() } else { 0.0 } }
}

macro_rules! entries {
    ($($real:ty, $name:literal, $complex:literal;)*) => {$(
        impl Entry for $real {
            type Wide = Dd;
            const NAME: &'static str = $name;
            fn widen(self) -> Dd {
                widen_real(self)
            }
        }
        impl Entry for Complex<$real> {
            type Wide = Complex<Dd>;
            const NAME: &'static str = $complex;
            fn widen(self) -> Complex<Dd> {
                Complex { re: widen_real(self.re), im: widen_real(self.im) }
            }
        }
    )*};
}
entries! {
    f32, "f32", "Complex<f32>";
    f64, "f64", "Complex<f64>";
    Dd, "Dd", "Complex<Dd>";
}

/// The entry nearest to `re + i im`; a real type drops `im`.
pub(crate) fn from_pair<S: Scalar>(re: f64, im: f64) -> S {
    S::from_parts(S::Real::from_f64(re), S::Real::from_f64(im))
}

/// The entry nearest to `re`.
pub(crate) fn from_f64<S: Scalar>(re: f64) -> S {
    from_pair(re, 0.0)
}

/// Entry (i, j) of a view that has it.
pub(crate) fn at<S: Scalar>(a: MatRef<'_, S>, i: usize, j: usize) -> S {
    a.get(i, j).expect("an entry inside of the matrix")
}

/// 2ᵖ A in double-double precision.
pub(crate) fn widen<S: Entry>(a: MatRef<'_, S>, p: i32) -> Mat<S::Wide> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| at(a, i, j).widen().scale_pow2(p))
}

/// Largest modulus of a part of an entry; zero for an empty matrix.
pub(crate) fn largest_part<S: Scalar>(a: MatRef<'_, S>) -> S::Real {
    let mut largest = num_traits::Zero::zero();
    for j in 0..a.cols() {
        for i in 0..a.rows() {
            largest = at(a, i, j).max_part().larger(largest);
        }
    }
    largest
}

/// The largest number of the type; of double-double, which has no more exponent than f64, one that f64 has too.
pub(crate) fn largest_number<R: Real>() -> R {
    let one = R::one();
    let below = R::EPSILON.larger(R::from_f64(f64::EPSILON)).smaller(R::EPSILON.mul_pow2(60));
    (one + (one - below)).mul_pow2(R::MAX_EXPONENT)
}
