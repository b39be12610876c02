//! What happens where two singular values are equal, or nearly so, or zero: the one place that decides.
//!
//! For each pair (i, j) the derivative of the factors is a 2×2 system whose eigenvalues are the gap sⱼ − sᵢ and the
//! sum sⱼ + sᵢ (`docs/derivatives.md`, section 1). A [`Rule`] says which numbers stand in for their reciprocals.

use crate::error::Error;
use crate::factors::{Tolerance, require_non_negative};
use crate::scalar::Real;

/// The choice at equal singular values.
///
/// ```
/// use diffsvd::{AtEqual, Cotangent, Error, Mat, Rule, Svd};
/// // L = ⟨G, U Vᴴ⟩ at A = 2 I, by gU = G V and gV = Gᴴ U. The exact gradient is skew(G)/2, f′ being 0.
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
/// let g = Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]);
/// let (gu, gv) = (g.product(svd.v())?, g.adjoint().product(svd.u())?);
/// let cotangent = Cotangent { u: Some(gu.as_ref()), v: Some(gv.as_ref()), ..Cotangent::default() };
/// let gradient = |choice| svd.vjp(&cotangent, &Rule::new(choice)).map(|gradient| gradient.a[(0, 1)]);
/// assert_eq!(gradient(AtEqual::MinimumNorm)?, 0.25); // exact
/// assert_eq!((gradient(AtEqual::Reconstruct)?, gradient(AtEqual::Published)?), (0.5, 0.5)); // exact for f ∝ s
/// assert_eq!(gradient(AtEqual::Zeroing)?, 0.0);
/// assert!(matches!(gradient(AtEqual::Plain), Err(Error::EqualSingularValues { .. })));
/// for comparison in [AtEqual::Clip(1e3), AtEqual::Taylor(9), AtEqual::Lorentzian(1e-6)] {
///     assert!(gradient(comparison)?.is_finite());
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AtEqual<R> {
    /// The theorems' rule made right for complex matrices and covariant under A → Aᴴ: keeps dA = d(U S Vᴴ) exactly.
    /// Exact for losses of the reconstruction type. The default.
    Reconstruct,
    /// The Moore-Penrose solution of the joint system of dU and dV: keeps `UᴴdU` and `VᴴdV` skew-Hermitian.
    /// Exact where f′ = 0, as for the polar factor, and beside a block cotangent.
    MinimumNorm,
    /// F, T and S⁺ as Zhang & Hu published them: T∘P goes into dU alone, and there is no phase term for complex matrices.
    Published,
    /// No remedy: an error where a divisor would be zero (or subnormal, so that the quotient overflows), and only there.
    Plain,
    /// Both terms of an equal pair are dropped, as TensorFlow-like systems do.
    Zeroing,
    /// |F| s₁² is limited to this bound, F = 1/(sⱼ² − sᵢ²).
    Clip(R),
    /// F is the Taylor series in (sⱼ/sᵢ)² up to this order (Wang et al. 2021, who take 9; at most 1000), for every pair.
    Taylor(usize),
    /// x ↦ x/(x² + w² s₁²) in place of 1/x, for gap and sum, with this relative width w (Liao et al. 2019, there absolute).
    Lorentzian(R),
}

/// A rule for the derivatives of U and V: the choice at equal values, and when values count as equal or as zero.
///
/// ```
/// use diffsvd::{AtEqual, Rule, Tolerance};
/// let rule = Rule::<f64>::minimum_norm().with_gap_tolerance(1e-12);
/// assert_eq!(rule.gap, Tolerance::Relative(1e-12));
/// assert_eq!((Rule::reconstruct(), Rule::<f64>::plain().at_equal), (Rule::<f64>::default(), AtEqual::Plain));
/// let paper = Rule::<f64>::published().with_gap_tolerance(0.0).with_rank_tolerance(1e-10);
/// assert_eq!((paper.at_equal, paper.rank), (AtEqual::Published, Tolerance::Relative(1e-10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule<R> {
    /// The choice at equal singular values.
    pub at_equal: AtEqual<R>,
    /// Neighbours that differ by at most this (relative to s₁) are equal; a chain of neighbours is one block.
    pub gap: Tolerance<R>,
    /// Singular values up to this (relative to s₁) are zero.
    pub rank: Tolerance<R>,
}

impl<R> Default for Rule<R> {
    /// [`AtEqual::Reconstruct`] with the default tolerances.
    fn default() -> Self {
        Self::new(AtEqual::Reconstruct)
    }
}

impl<R> Rule<R> {
    /// The given choice with the default tolerances.
    #[must_use]
    pub const fn new(at_equal: AtEqual<R>) -> Self {
        Rule { at_equal, gap: Tolerance::Default, rank: Tolerance::Default }
    }
    /// [`AtEqual::Reconstruct`].
    #[must_use]
    pub const fn reconstruct() -> Self {
        Self::new(AtEqual::Reconstruct)
    }
    /// [`AtEqual::MinimumNorm`].
    #[must_use]
    pub const fn minimum_norm() -> Self {
        Self::new(AtEqual::MinimumNorm)
    }
    /// [`AtEqual::Published`]. The published code tests for exact equality: `.with_gap_tolerance(0.0)` reproduces it.
    #[must_use]
    pub const fn published() -> Self {
        Self::new(AtEqual::Published)
    }
    /// [`AtEqual::Plain`].
    #[must_use]
    pub const fn plain() -> Self {
        Self::new(AtEqual::Plain)
    }
    /// The same rule with neighbours equal up to `relative` · s₁.
    #[must_use]
    pub fn with_gap_tolerance(self, relative: R) -> Self {
        Rule { gap: Tolerance::Relative(relative), ..self }
    }
    /// The same rule with singular values zero up to `relative` · s₁.
    #[must_use]
    pub fn with_rank_tolerance(self, relative: R) -> Self {
        Rule { rank: Tolerance::Relative(relative), ..self }
    }
}

impl<R: Real> Rule<R> {
    /// # Errors
    /// [`Error::Parameter`] for a tolerance, bound or width that is negative or not finite.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (name, tolerance) in [("the gap tolerance", self.gap), ("the rank tolerance", self.rank)] {
            if let Tolerance::Relative(value) = tolerance {
                require_non_negative(name, value)?;
            }
        }
        if let AtEqual::Clip(value) | AtEqual::Lorentzian(value) = self.at_equal {
            require_non_negative("the bound or width of the rule", value)?;
        }
        if let AtEqual::Taylor(order) = self.at_equal
            && order > MAX_TAYLOR_ORDER
        {
            let (name, value) = ("the order of the Taylor rule", order as f64);
            return Err(Error::Parameter { name, value, must: "not exceed 1000" });
        }
        Ok(())
    }
}

/// The numbers that stand for the reciprocals of a pair. With H = herm(P), K = skew(P):
///
///   `UᴴdU` ∋ (gap + block) H + sum K + left P,   `VᴴdV` ∋ (gap + block) H − sum K.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<R> {
    /// Stands for 1/(sⱼ − sᵢ): changes sign with the order of the pair.
    pub(crate) gap: R,
    /// Stands for 1/(sⱼ + sᵢ).
    pub(crate) sum: R,
    /// The share of H that [`AtEqual::Reconstruct`] adds to both.
    pub(crate) block: R,
    /// The share of P that [`AtEqual::Published`] adds to the left factor.
    pub(crate) left: R,
    pub(crate) class: Class,
}

/// How a pair was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing was cut.
    Distinct,
    /// Equal and not zero: the gap was cut.
    Equal,
    /// Both zero: gap and sum were cut.
    Zero,
}

/// A pair of singular values, the larger first, and what they count as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairAt<R> {
    pub(crate) values: (R, R),
    /// s₁.
    pub(crate) largest: R,
    /// Whether they and all between them count as equal.
    pub(crate) linked: bool,
    /// Whether both count as zero.
    pub(crate) zero: bool,
}

impl<R: Real> AtEqual<R> {
    /// Whether [`pair`](Self::pair) is the reciprocals of gap and sum, and nothing else, wherever the values are distinct.
    pub(super) fn divides_where_distinct(self) -> bool {
        !matches!(self, AtEqual::Clip(_) | AtEqual::Taylor(_) | AtEqual::Lorentzian(_))
    }

    /// The numbers of a pair. Without a branch on the values for a choice that the compiler knows, so that many pairs can be worked out side by
    /// side.
    #[inline(always)]
    pub(crate) fn pair(self, at: PairAt<R>) -> Pair<R> {
        let (zero, two) = (R::zero(), R::one() + R::one());
        let PairAt { values: (s_i, s_j), largest, linked, zero: both_zero } = at;
        let (gap, sum) = (s_j - s_i, s_j + s_i);
        let if_linked = |then: R, otherwise: R| if linked { then } else { otherwise };
        let (mut block, mut left) = (zero, zero);
        let mut class = if linked { Class::Equal } else { Class::Distinct };
        let (by_gap, by_sum) = match self {
            AtEqual::Reconstruct => {
                block = if_linked(sum.recip(), zero);
                (if_linked(zero, gap.recip()), sum.recip())
            }
            // The plain rule has refused wherever this pair could count: no vector takes part.
            AtEqual::MinimumNorm | AtEqual::Plain => (if_linked(zero, gap.recip()), sum.recip()),
            AtEqual::Published => {
                // T = 1/s, of the mean where the two differ within the tolerance.
                left = if_linked(two / sum, zero);
                (if_linked(zero, gap.recip()), if_linked(zero, sum.recip()))
            }
            AtEqual::Zeroing => (if_linked(zero, gap.recip()), if_linked(zero, sum.recip())),
            AtEqual::Clip(bound) => {
                // F = gap⁻¹ sum⁻¹ limited to bound/s₁², and F sum, F gap in its place; F < 0, also in the limit gap → 0.
                let size = largest * (largest / sum) / gap.abs();
                let limited = -size.smaller(bound);
                class = Class::Distinct;
                (limited * (sum / largest) / largest, limited * (gap / largest) / largest)
            }
            AtEqual::Taylor(order) => {
                // F ≈ −(1/sᵢ²) Σ r²ᵏ with r = sⱼ/sᵢ: F sum and F gap in units of 1/sᵢ.
                let r = s_j / s_i;
                let series = (0..order).fold(R::one(), |sum, _| sum * (r * r) + R::one());
                class = Class::Distinct;
                (-series * (R::one() + r) / s_i, series * (R::one() - r) / s_i)
            }
            AtEqual::Lorentzian(width) => {
                let broadened = |x: R| {
                    let x = x / largest;
                    let broad = (x + width * (width / x)).recip() / largest;
                    if x == zero { zero } else { broad }
                };
                class = Class::Distinct;
                (broadened(gap), broadened(sum))
            }
        };
        if both_zero {
            return Pair { gap: zero, sum: zero, block: zero, left: zero, class: Class::Zero };
        }
        Pair { gap: by_gap, sum: by_sum, block, left, class }
    }
}

/// Terms of the Taylor rule; its cost per pair grows with them.
const MAX_TAYLOR_ORDER: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// The rules for comparison by their definitions, for pairs of distinct values.
    #[test]
    fn reciprocals_by_definition() {
        let close = |x: f64, y: f64| (x - y).abs() <= 1e-14 * y.abs();
        for (s_i, s_j, largest) in [(4.0_f64, 3.0, 4.0), (1.5, 1.375, 7.0), (5.0, 0.25, 5.0)] {
            let pair =
                |rule: AtEqual<f64>| rule.pair(PairAt { values: (s_i, s_j), largest, linked: false, zero: false });
            let (gap, sum) = (s_j - s_i, s_j + s_i);
            for bound in [0.3, 1.0, 10.0, 1e3] {
                let f = -(1.0 / (gap * sum).abs()).min(bound / (largest * largest));
                let found = pair(AtEqual::Clip(bound));
                assert!(close(found.gap, f * sum) && close(found.sum, f * gap), "bound {bound}: {found:?}");
            }
            for order in [0_i32, 1, 2, 9] {
                let f = (0..=order).map(|k| (s_j / s_i).powi(2 * k)).sum::<f64>() / -(s_i * s_i);
                let found = pair(AtEqual::Taylor(order.unsigned_abs() as usize));
                assert!(close(found.gap, f * sum) && close(found.sum, f * gap), "order {order}: {found:?}");
            }
            for width in [0.0, 1e-3, 0.5, 2.0] {
                let broadened = |x: f64| x / (x * x + width * width * largest * largest);
                let found = pair(AtEqual::Lorentzian(width));
                assert!(close(found.gap, broadened(gap)) && close(found.sum, broadened(sum)), "{width}: {found:?}");
            }
            for rule in [AtEqual::Clip(0.5), AtEqual::Taylor(9), AtEqual::Lorentzian(0.5)] {
                let Pair { block, left, class, .. } = pair(rule);
                assert_eq!((block, left, class, rule.divides_where_distinct()), (0.0, 0.0, Class::Distinct, false));
            }
            for rule in
                [AtEqual::Reconstruct, AtEqual::MinimumNorm, AtEqual::Published, AtEqual::Plain, AtEqual::Zeroing]
            {
                let Pair { gap: by_gap, sum: by_sum, block, left, .. } = pair(rule);
                assert!(rule.divides_where_distinct() && close(by_gap, 1.0 / gap), "{rule:?}");
                assert_eq!((block, left), (0.0, 0.0), "{rule:?}");
                assert!(close(by_sum, 1.0 / sum), "{rule:?}");
            }
        }
    }

    #[test]
    fn orders_up_to_a_thousand() {
        let check = |order| Rule::<f64>::new(AtEqual::Taylor(order)).check().is_ok();
        assert_eq!([0, 999, 1000, 1001].map(check), [true, true, true, false]);
    }

    #[test]
    fn the_numbers_of_another_type() {
        let rule = Rule::<f64>::new(AtEqual::Taylor(3)).with_gap_tolerance(0.25);
        let narrow = Rule::new(AtEqual::Taylor(3)).with_gap_tolerance(0.25_f32);
        assert_eq!((rule.cast(), rule.with_rank_tolerance(0.5).cast()), (narrow, narrow.with_rank_tolerance(0.5)));
    }
}
