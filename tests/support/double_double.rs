//! A real number of about 31 digits as the unevaluated sum of two `f64`.
//!
//! It joins the crate as any user's type would, by [`Real`] and one line, and so the crate's own code,
//! run with it, is the reference for `f32` and `f64`. The operations are not inlined: one of them is as long as a loop body of
//! the kernels, and there are many loops to compile.
//!
//! Algorithms: Dekker 1971; Knuth, TAOCP 2, 4.2.2; names and error bounds of Joldes, Muller & Popescu,
//! *Tight and rigorous error bounds for basic building blocks of double-word arithmetic*, ACM TOMS 44 (2017).

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

use diffsvd::Real;
use num_traits::{Num, One, Zero};

/// hi + lo with |lo| ≤ half a unit in the last place of hi; lo = 0 where hi is not finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Dd {
    pub(crate) hi: f64,
    pub(crate) lo: f64,
}

/// a + b = s + e exactly (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// a·b = p + e exactly, unless e underflows.
fn two_prod(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

impl Dd {
    /// The sum of two numbers, the first not smaller than the second (Dekker).
    fn renormalized(a: f64, b: f64) -> Self {
        let hi = a + b;
        let lo = if hi.is_finite() { b - (hi - a) } else { 0.0 };
        Dd { hi, lo }
    }

    pub(crate) fn is_finite(self) -> bool {
        self.hi.is_finite()
    }
}

impl From<f64> for Dd {
    fn from(hi: f64) -> Self {
        Dd { hi, lo: 0.0 }
    }
}

impl Neg for Dd {
    type Output = Self;
    fn neg(self) -> Self {
        Dd { hi: -self.hi, lo: -self.lo }
    }
}

/// Relative error at most 3·2⁻¹⁰⁶ (Algorithm 6).
impl Add for Dd {
    type Output = Self;
    #[inline(never)]
    fn add(self, other: Self) -> Self {
        let (s, e) = two_sum(self.hi, other.hi);
        if !s.is_finite() {
            return s.into();
        }
        let (t, f) = two_sum(self.lo, other.lo);
        let sum = Self::renormalized(s, e + t);
        Self::renormalized(sum.hi, sum.lo + f)
    }
}

impl Sub for Dd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

/// Relative error at most 4·2⁻¹⁰⁶ (Algorithm 12).
impl Mul for Dd {
    type Output = Self;
    #[inline(never)]
    fn mul(self, other: Self) -> Self {
        let (p, e) = two_prod(self.hi, other.hi);
        if !p.is_finite() {
            return p.into();
        }
        let cross = self.hi.mul_add(other.lo, self.lo.mul_add(other.hi, self.lo * other.lo));
        Self::renormalized(p, cross + e)
    }
}

/// Relative error at most 10·2⁻¹⁰⁶ (Algorithm 18, with a full remainder).
impl Div for Dd {
    type Output = Self;
    #[inline(never)]
    fn div(self, other: Self) -> Self {
        let q = self.hi / other.hi;
        if !q.is_finite() || q == 0.0 || other.hi.is_infinite() {
            return q.into();
        }
        let rest = self - other * q.into();
        let rest = rest.hi / other.hi;
        Self::renormalized(q, if rest.is_finite() { rest } else { 0.0 })
    }
}

impl Rem for Dd {
    type Output = Self;
    fn rem(self, other: Self) -> Self {
        let q = self / other;
        let (hi, lo) = (q.hi.trunc(), q.lo.trunc());
        self - other * if hi == q.hi { Self::renormalized(hi, lo) } else { hi.into() }
    }
}

/// `a ∘= b` from `a ∘ b`.
macro_rules! assign {
    ($($name:ident $method:ident $op:tt;)*) => {$(
        impl $name for Dd {
            fn $method(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )*};
}
assign! {
    AddAssign add_assign +;
    SubAssign sub_assign -;
    MulAssign mul_assign *;
    DivAssign div_assign /;
    RemAssign rem_assign %;
}

impl Zero for Dd {
    fn zero() -> Self {
        0.0.into()
    }
    fn is_zero(&self) -> bool {
        self.hi == 0.0
    }
}

impl One for Dd {
    fn one() -> Self {
        1.0.into()
    }
}

impl Num for Dd {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    /// To the precision of `f64`.
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Dd::from)
    }
}

diffsvd::real_scalar!(Dd, Dd::is_finite);

impl Real for Dd {
    /// 2⁻¹⁰⁴: sum, difference and product are within it (4·2⁻¹⁰⁶ at most), the quotient within 2.5 of it.
    const EPSILON: Self = Dd { hi: 4.930_380_657_631_324e-32, lo: 0.0 };
    /// 2⁻⁹⁶⁰: a product of this size still has its error term, 2⁻¹⁰⁶ of it, above the smallest `f64`.
    const MIN_POSITIVE: Self = Dd { hi: 1.026_053_736_110_684e-289, lo: 0.0 };
    const MAX_EXPONENT: i32 = 1023;
    const MIN_EXPONENT: i32 = -960;

    fn from_f64(x: f64) -> Self {
        x.into()
    }
    fn to_f64(self) -> f64 {
        self.hi
    }
    fn abs(self) -> Self {
        if self.hi.is_sign_negative() { -self } else { self }
    }
    /// One Newton step from the root of `hi`: relative error below 4·2⁻¹⁰⁶ (Lefèvre, Louvet, Muller, Picot & Rideau 2023).
    #[inline(never)]
    fn sqrt(self) -> Self {
        let root = self.hi.sqrt();
        if root == 0.0 || !root.is_finite() {
            return root.into();
        }
        let rest = (-root).mul_add(root, self.hi) + self.lo;
        Self::renormalized(root, rest / (2.0 * root))
    }
    #[inline(never)]
    fn exponent(self) -> i32 {
        let p = Real::exponent(self.hi);
        // Just below a power of two hi is rounded up to it.
        let below = self.lo != 0.0 && (self.lo < 0.0) != (self.hi < 0.0);
        if below && Real::abs(self.hi) == 1.0.mul_pow2(p) { p - 1 } else { p }
    }
    #[inline(never)]
    fn mul_pow2(self, p: i32) -> Self {
        let hi = Real::mul_pow2(self.hi, p);
        if hi.is_finite() { Self::renormalized(hi, Real::mul_pow2(self.lo, p)) } else { hi.into() }
    }
}

/// A total order for sorting finite numbers.
pub(crate) fn descending(a: &Dd, b: &Dd) -> Ordering {
    b.partial_cmp(a).unwrap_or(Ordering::Equal)
}
