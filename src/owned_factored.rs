//! The factored rules on owned decompositions: a few lines a function over the core.

use alloc::vec;

use crate::derivative::{
    Convergence, Cotangent, Iteration, Partial, Rule, SecondOrder, TangentMut, Target, partial_jvp_into,
    partial_vjp_into, partial_workspace_len, vjp_tangent_into, vjp_tangent_workspace_len,
};
use crate::error::Error;
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
        let out = TangentMut {
            u: Some(tangent.u.as_mut()),
            s: Some(&mut tangent.s),
            v: Some(tangent.v.as_mut()),
            s_matrix: None,
        };
        let convergence = partial_jvp_into(&self.partial(a), a_dot.as_ref(), rule, out, &mut work)?;
        Ok((tangent, convergence))
    }

    fn partial<'a>(&'a self, a: &'a Mat<S>) -> Partial<'a, S> {
        Partial { a: a.as_ref(), factors: self.factors(), iteration: Iteration::default() }
    }
}
