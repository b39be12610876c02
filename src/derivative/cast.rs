//! A rule in the numbers of another type: for engines whose tensors are of one type or another only at run time.

use super::rule::{AtEqual, Rule};
use crate::factors::Tolerance;
use crate::scalar::Real;

/// `x` in the other type.
fn number<R: Real, Q: Real>(x: R) -> Q {
    Q::from_f64(x.to_f64())
}

impl<R: Real> Tolerance<R> {
    /// The same tolerance in the numbers of another type. The default stays the default, which goes by that type's own ε.
    ///
    /// ```
    /// use diffsvd::Tolerance;
    /// assert_eq!(Tolerance::Relative(0.5_f64).cast::<f32>(), Tolerance::Relative(0.5_f32));
    /// ```
    #[must_use]
    pub fn cast<Q: Real>(self) -> Tolerance<Q> {
        match self {
            Tolerance::Default => Tolerance::Default,
            Tolerance::Relative(relative) => Tolerance::Relative(number(relative)),
        }
    }
}

impl<R: Real> AtEqual<R> {
    /// The same choice in the numbers of another type.
    ///
    /// ```
    /// use diffsvd::AtEqual;
    /// assert_eq!(AtEqual::Lorentzian(0.5_f64).cast::<f32>(), AtEqual::Lorentzian(0.5_f32));
    /// ```
    #[must_use]
    pub fn cast<Q: Real>(self) -> AtEqual<Q> {
        match self {
            AtEqual::Reconstruct => AtEqual::Reconstruct,
            AtEqual::MinimumNorm => AtEqual::MinimumNorm,
            AtEqual::Published => AtEqual::Published,
            AtEqual::Plain => AtEqual::Plain,
            AtEqual::Zeroing => AtEqual::Zeroing,
            AtEqual::Clip(bound) => AtEqual::Clip(number(bound)),
            AtEqual::Taylor(order) => AtEqual::Taylor(order),
            AtEqual::Lorentzian(width) => AtEqual::Lorentzian(number(width)),
        }
    }
}

impl<R: Real> Rule<R> {
    /// The same rule in the numbers of another type.
    ///
    /// ```
    /// use diffsvd::{AtEqual, Rule, Tolerance};
    /// let rule: Rule<f32> = Rule::<f64>::new(AtEqual::Clip(0.5)).with_gap_tolerance(0.25).cast();
    /// assert_eq!(rule, Rule::new(AtEqual::Clip(0.5_f32)).with_gap_tolerance(0.25));
    /// assert_eq!(rule.rank, Tolerance::Default);
    /// ```
    #[must_use]
    pub fn cast<Q: Real>(self) -> Rule<Q> {
        Rule { at_equal: self.at_equal.cast(), gap: self.gap.cast(), rank: self.rank.cast() }
    }
}
