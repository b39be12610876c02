//! A real number that counts: the arithmetic of `f64`, and how many products, quotients and roots a piece of work takes.
//!
//! It joins the crate as any user's type does. What it counts is the algorithm: no clock, no noise.

use std::cell::Cell;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};

use diffsvd::Real;
use num_traits::{Num, One, Zero};

thread_local! {
    static OPERATIONS: Cell<u64> = const { Cell::new(0) };
}

/// How many products, quotients and roots `work` takes on this thread.
pub(crate) fn operations<T>(work: impl FnOnce() -> T) -> u64 {
    let before = OPERATIONS.get();
    std::hint::black_box(work());
    OPERATIONS.get() - before
}

fn count(x: f64) -> Counted {
    OPERATIONS.set(OPERATIONS.get() + 1);
    Counted(x)
}

/// A number.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub(crate) struct Counted(pub(crate) f64);

impl Neg for Counted {
    type Output = Self;
    fn neg(self) -> Self {
        Counted(-self.0)
    }
}

/// `a ∘ b` and `a ∘= b`, counted or not.
macro_rules! operators {
    ($($name:ident $method:ident $assign:ident $assign_method:ident $op:tt $make:expr;)*) => {$(
        impl $name for Counted {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                $make(self.0 $op other.0)
            }
        }
        impl $assign for Counted {
            fn $assign_method(&mut self, other: Self) {
                *self = *self $op other;
            }
        }
    )*};
}
operators! {
    Add add AddAssign add_assign + Counted;
    Sub sub SubAssign sub_assign - Counted;
    Mul mul MulAssign mul_assign * count;
    Div div DivAssign div_assign / count;
    Rem rem RemAssign rem_assign % count;
}

impl Zero for Counted {
    fn zero() -> Self {
        Counted(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}

impl One for Counted {
    fn one() -> Self {
        Counted(1.0)
    }
}

impl Num for Counted {
    type FromStrRadixErr = <f64 as Num>::FromStrRadixErr;
    fn from_str_radix(text: &str, radix: u32) -> Result<Self, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Counted)
    }
}

diffsvd::real_scalar!(Counted, |x: Counted| x.0.is_finite());

impl Real for Counted {
    const EPSILON: Self = Counted(f64::EPSILON);
    const MIN_POSITIVE: Self = Counted(f64::MIN_POSITIVE);
    const MAX_EXPONENT: i32 = <f64 as Real>::MAX_EXPONENT;
    const MIN_EXPONENT: i32 = <f64 as Real>::MIN_EXPONENT;

    fn from_f64(x: f64) -> Self {
        Counted(x)
    }
    fn to_f64(self) -> f64 {
        self.0
    }
    fn abs(self) -> Self {
        Counted(self.0.abs())
    }
    fn sqrt(self) -> Self {
        count(self.0.sqrt())
    }
    fn exponent(self) -> i32 {
        Real::exponent(self.0)
    }
    fn mul_pow2(self, p: i32) -> Self {
        Counted(Real::mul_pow2(self.0, p))
    }
}
