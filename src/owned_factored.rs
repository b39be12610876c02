//! The factored rules on owned decompositions: a few lines a function over the core.

use alloc::vec;

use crate::derivative::{Rule, SecondOrder, Target, vjp_tangent_into, vjp_tangent_workspace_len};
use crate::error::Error;
use crate::owned::{Mat, Svd};
use crate::scalar::Scalar;

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
}
