//! The factored rules on owned decompositions: a few lines a function over the core.

use alloc::vec;

use crate::derivative::{
    Convergence, Cotangent, Iteration, Partial, Rule, SecondOrder, TangentMut, Target, full_jvp_into, full_vjp_into,
    full_workspace_len, partial_jvp_into, partial_vjp_into, partial_workspace_len, vjp_tangent_into,
    vjp_tangent_workspace_len,
};
use crate::error::Error;
use crate::factors::Factors;
use crate::owned::{Gradient, Mat, Svd, Tangent};
use crate::scalar::{Scalar, Zero};

impl<S: Scalar> Svd<S> {
    /// dgA, the tangent of the backward rule (Hessian-vector product): see [`vjp_tangent_into`].
    ///
    /// # Errors
    /// As [`vjp_tangent_into`].
    pub fn vjp_tangent(&self, point: &SecondOrder<'_, S>, rule: &Rule<S::Real>) -> Result<Mat<S>, Error> {
        let (m, n, k) = (self.u().rows(), self.v().rows(), self.s().len());
        let mut a = Mat::zeros(m, n);
        let mut work = vec![S::zero(); vjp_tangent_workspace_len::<S>(m, n, k)];
        vjp_tangent_into(&self.factors(), point, rule, Target::Overwrite(a.as_mut()), &mut work)?;
        Ok(a)
    }

    /// The gradient of a loss of these triplets where the rest of the decomposition of `a` was never computed: see
    /// [`partial_vjp_into`].
    ///
    /// # Errors
    /// As [`partial_vjp_into`].
    pub fn partial_vjp(
        &self,
        a: &Mat<S>,
        cotangent: &Cotangent<'_, S>,
        rule: &Rule<S::Real>,
    ) -> Result<(Gradient<S>, Convergence<S::Real>), Error> {
        let mut ga = Mat::zeros(a.rows(), a.cols());
        let mut work = vec![S::zero(); partial_workspace_len::<S>(a.rows(), a.cols(), self.s().len())];
        let target = Target::Overwrite(ga.as_mut());
        let (report, convergence) = partial_vjp_into(&self.partial(a), cotangent, rule, target, &mut work)?;
        Ok((Gradient { a: ga, report }, convergence))
    }

    /// The tangents of these triplets where the rest of the decomposition of `a` was never computed: see
    /// [`partial_jvp_into`].
    ///
    /// # Errors
    /// As [`partial_jvp_into`].
    pub fn partial_jvp(
        &self,
        a: &Mat<S>,
        a_dot: &Mat<S>,
        rule: &Rule<S::Real>,
    ) -> Result<(Tangent<S>, Convergence<S::Real>), Error> {
        let (m, n, r) = (a.rows(), a.cols(), self.s().len());
        let mut tangent = Tangent { u: Mat::zeros(m, r), s: vec![S::Real::zero(); r], v: Mat::zeros(n, r) };
        let mut work = vec![S::zero(); partial_workspace_len::<S>(m, n, r)];
        let convergence = partial_jvp_into(&self.partial(a), a_dot.as_ref(), rule, tangent.views(), &mut work)?;
        Ok((tangent, convergence))
    }

    /// The gradient of a loss of the complete bases of [`Svd::full`]: see [`full_vjp_into`].
    ///
    /// # Errors
    /// As [`full_vjp_into`]; [`Error::Shape`] unless this is a full decomposition.
    pub fn full_vjp(&self, cotangent: &Cotangent<'_, S>, rule: &Rule<S::Real>) -> Result<Gradient<S>, Error> {
        let (m, n) = (self.u().rows(), self.v().rows());
        let mut a = Mat::zeros(m, n);
        let mut work = vec![S::zero(); full_workspace_len::<S>(m, n)];
        let report = full_vjp_into(&self.complete(), cotangent, rule, Target::Overwrite(a.as_mut()), &mut work)?;
        Ok(Gradient { a, report })
    }

    /// The tangents of the complete bases of [`Svd::full`]: see [`full_jvp_into`].
    ///
    /// # Errors
    /// As [`full_jvp_into`]; [`Error::Shape`] unless this is a full decomposition.
    pub fn full_jvp(&self, a_dot: &Mat<S>, rule: &Rule<S::Real>) -> Result<Tangent<S>, Error> {
        let (m, n, k) = (self.u().rows(), self.v().rows(), self.s().len());
        let mut tangent = Tangent { u: Mat::zeros(m, m), s: vec![S::Real::zero(); k], v: Mat::zeros(n, n) };
        let mut work = vec![S::zero(); full_workspace_len::<S>(m, n)];
        full_jvp_into(&self.complete(), a_dot.as_ref(), rule, tangent.views(), &mut work)?;
        Ok(tangent)
    }

    /// U and V with all their columns.
    fn complete(&self) -> Factors<'_, S> {
        Factors { u: self.u().as_ref(), s: self.s(), v: self.v().as_ref() }
    }

    fn partial<'a>(&'a self, a: &'a Mat<S>) -> Partial<'a, S> {
        Partial { a: a.as_ref(), factors: self.factors(), iteration: Iteration::default() }
    }
}

impl<S: Scalar> Tangent<S> {
    /// Every part, to be written.
    fn views(&mut self) -> TangentMut<'_, S> {
        TangentMut { u: Some(self.u.as_mut()), s: Some(&mut self.s), v: Some(self.v.as_mut()), s_matrix: None }
    }
}
