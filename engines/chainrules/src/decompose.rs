//! The rules of the decomposition itself.

use chainrules_core::{Differentiable, JvpRule, VjpRule};
use diffsvd::{Cotangent, Real, Rule, Scalar, Svd};

use crate::value::{Matrix, Triplets, TripletsCotangent};
use crate::{Back, RuleError};

/// A ↦ (U, s, V), the thin decomposition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThinSvd<R> {
    /// What stands for 1/(sⱼ − sᵢ) where singular values are equal.
    pub rule: Rule<R>,
    /// Cotangents with a larger gauge residual are refused by the pullback.
    pub gauge_tolerance: R,
}

impl<R: Real> Default for ThinSvd<R> {
    /// The default rule; residuals up to √ε, beyond which no rounding error lies.
    fn default() -> Self {
        ThinSvd { rule: Rule::default(), gauge_tolerance: R::EPSILON.sqrt() }
    }
}

fn triplets<S: Scalar>(svd: &Svd<S>) -> Triplets<S> {
    Triplets { u: svd.u().clone(), s: svd.s().to_vec(), v: svd.v().clone() }
}

impl<S: Scalar> JvpRule<Matrix<S>> for ThinSvd<S::Real> {
    type Output = Triplets<S>;
    type Error = RuleError;

    fn jvp(&self, a: &Matrix<S>, a_dot: &Matrix<S>) -> Result<(Triplets<S>, Triplets<S>), RuleError> {
        let svd = Svd::thin(a)?;
        let dot = svd.jvp(a_dot, &self.rule)?;
        Ok((triplets(&svd), Triplets { u: dot.u, s: dot.s, v: dot.v }))
    }
}

impl<S: Scalar> VjpRule<Matrix<S>> for ThinSvd<S::Real> {
    type Output = Triplets<S>;
    type Error = RuleError;
    type Pullback<'a> = Back<'a, TripletsCotangent<S>, Matrix<S>>;

    fn vjp<'a>(&'a self, a: &'a Matrix<S>) -> Result<(Triplets<S>, Self::Pullback<'a>), RuleError> {
        let svd = Svd::thin(a)?;
        let value = triplets(&svd);
        let back = move |cotangent: TripletsCotangent<S>| {
            let gradient = svd.vjp(&cotangent.views(), &self.rule)?;
            let (residual, tolerance) = (gradient.report.gauge_residual, self.gauge_tolerance);
            if residual > tolerance {
                return Err(RuleError::GaugeDependent { residual: residual.to_f64(), tolerance: tolerance.to_f64() });
            }
            Ok(Matrix(gradient.a))
        };
        Ok((value, Box::new(back)))
    }
}

/// A ↦ s, descending. Where some are equal, the gradient of a symmetric function of them is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SingularValues;

impl<S> JvpRule<Matrix<S>> for SingularValues
where
    S: Scalar<Real: Differentiable<Tangent = S::Real, Cotangent = S::Real>>,
{
    type Output = Vec<S::Real>;
    type Error = RuleError;

    fn jvp(&self, a: &Matrix<S>, a_dot: &Matrix<S>) -> Result<(Vec<S::Real>, Vec<S::Real>), RuleError> {
        let svd = Svd::thin(a)?;
        Ok((svd.s().to_vec(), svd.jvp(a_dot, &Rule::default())?.s))
    }
}

impl<S> VjpRule<Matrix<S>> for SingularValues
where
    S: Scalar<Real: Differentiable<Tangent = S::Real, Cotangent = S::Real>>,
{
    type Output = Vec<S::Real>;
    type Error = RuleError;
    type Pullback<'a> = Back<'a, Vec<S::Real>, Matrix<S>>;

    fn vjp<'a>(&'a self, a: &'a Matrix<S>) -> Result<(Vec<S::Real>, Self::Pullback<'a>), RuleError> {
        let svd = Svd::thin(a)?;
        let value = svd.s().to_vec();
        let back = move |s: Vec<S::Real>| {
            let cotangent = Cotangent { s: Some(&s), ..Cotangent::default() };
            Ok(Matrix(svd.vjp(&cotangent, &Rule::default())?.a))
        };
        Ok((value, Box::new(back)))
    }
}
