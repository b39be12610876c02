//! Exponential, logarithm and power of a double-double number, to about 30 digits.

use diffsvd::Real;
use diffsvd::spectral::Elementary;
use num_traits::{One, Zero};

use super::double_double::Dd;

/// log 2.
const LN_2: Dd = Dd { hi: core::f64::consts::LN_2, lo: 2.319_046_813_846_299_6e-17 };

impl Elementary for Dd {
    /// Taylor's series of x/2⁹ and nine doublings, e^(2x) − 1 = e (e + 2) with e = eˣ − 1; multiples of log 2 apart.
    fn exp_m1(self) -> Self {
        let power = (self.hi / LN_2.hi).round();
        if !(-2000.0..2000.0).contains(&power) {
            return self.hi.exp_m1().into();
        }
        let rest = (self - LN_2 * power.into()).mul_pow2(-9);
        let mut e = (1..20).rev().fold(Dd::zero(), |sum, i| rest / f64::from(i).into() * (Dd::one() + sum));
        for _ in 0..9 {
            e = e * (e + 2.0.into());
        }
        if power == 0.0 {
            return e;
        }
        #[allow(clippy::cast_possible_truncation)]
        let power = power as i32;
        (e + Dd::one()).mul_pow2(power) - Dd::one()
    }

    /// One Newton step for eʸ − 1 = x from the result in `f64`, with the second-order term.
    fn ln_1p(self) -> Self {
        let guess = Dd::from(self.hi.ln_1p());
        if !guess.hi.is_finite() || guess.hi == 0.0 {
            return guess;
        }
        let e = guess.exp_m1();
        let step = (self - e) / (e + Dd::one());
        guess + (step - step * step.mul_pow2(-1))
    }

    fn ln(self) -> Self {
        if self <= Dd::zero() {
            return self.hi.ln().into();
        }
        let p = self.exponent();
        let (p, x) = if p == -1 { (0, self) } else { (p, self.mul_pow2(-p)) };
        (x - Dd::one()).ln_1p() + LN_2 * f64::from(p).into()
    }

    fn powf(self, exponent: Self) -> Self {
        if self.is_zero() || exponent.is_zero() {
            return self.hi.powf(exponent.hi).into();
        }
        (self.ln() * exponent).exp()
    }
}
