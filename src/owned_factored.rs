//! The factored rules on owned decompositions: a few lines a function over the core.

use alloc::vec;
use alloc::vec::Vec;

use crate::derivative::{
    BranchesMut, Convergence, Cotangent, Iteration, LineReport, PairMut, Partial, PartialReport, Report, Rule,
    SecondOrder, TangentMut, Target, align, branches_into, branches_workspace_len, full_jvp_into, full_vjp_into,
    full_workspace_len, gauge_workspace_len, partial_jvp_into, partial_vjp_into, partial_workspace_len, remove_gauge,
    vjp_tangent_into, vjp_tangent_workspace_len,
};
use crate::error::Error;
use crate::factors::Factors;
use crate::mat::Mat;
use crate::owned::{Gradient, Svd, Tangent};
use crate::scalar::{Scalar, Zero};

/// The branches of a decomposition along a line, and their derivatives: see [`branches_into`].
#[derive(Clone, Debug)]
pub struct Branches<S: Scalar> {
    /// U, m×k, in the basis that the direction asks for.
    pub u: Mat<S>,
    /// V, n×k, likewise.
    pub v: Mat<S>,
    /// dU.
    pub u_dot: Mat<S>,
    /// ds.
    pub s_dot: Vec<S::Real>,
    /// dV.
    pub v_dot: Mat<S>,
    /// What was met.
    pub report: LineReport,
}

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
        let PartialReport { report, convergence } =
            partial_vjp_into(&self.partial(a), cotangent, rule, target, &mut work)?;
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

    /// The analytic branches of U, s and V along A + t B, through equal and zero singular values: see [`branches_into`].
    ///
    /// # Errors
    /// As [`branches_into`].
    pub fn branches(&self, b: &Mat<S>, rule: &Rule<S::Real>) -> Result<Branches<S>, Error> {
        let (m, n, k) = (self.u.rows(), self.v.rows(), self.s.len());
        let (u, v) = (Mat::zeros(m, k), Mat::zeros(n, k));
        let (u_dot, v_dot) = (u.clone(), v.clone());
        let mut branches =
            Branches { u, v, u_dot, s_dot: vec![S::Real::zero(); k], v_dot, report: LineReport::default() };
        let out = BranchesMut {
            u: branches.u.as_mut(),
            v: branches.v.as_mut(),
            u_dot: branches.u_dot.as_mut(),
            s_dot: &mut branches.s_dot,
            v_dot: branches.v_dot.as_mut(),
        };
        let mut work = vec![S::zero(); branches_workspace_len::<S>(m, n)];
        branches.report = branches_into(&self.factors(), b.as_ref(), rule, out, &mut work)?;
        Ok(branches)
    }

    /// The same decomposition with phases and blocks turned as close as possible to `reference`, and the smallest cosine between the two: see
    /// [`align`]. For thin decompositions.
    ///
    /// # Errors
    /// As [`align`].
    pub fn aligned_to(mut self, reference: &Self, rule: &Rule<S::Real>) -> Result<(Self, S::Real), Error> {
        let mut work = vec![S::zero(); gauge_workspace_len::<S>(reference.s.len())];
        let pair = PairMut { u: self.u.as_mut(), v: self.v.as_mut() };
        let cosine = align(&reference.factors(), pair, rule, &mut work)?;
        Ok((self, cosine))
    }

    /// Removes from gU and gV, in place, what no loss free of the arbitrary choices in U and V has: see [`remove_gauge`].
    ///
    /// # Errors
    /// As [`remove_gauge`].
    pub fn remove_gauge(
        &self,
        gu: &mut Mat<S>,
        gv: &mut Mat<S>,
        rule: &Rule<S::Real>,
    ) -> Result<Report<S::Real>, Error> {
        let mut work = vec![S::zero(); gauge_workspace_len::<S>(self.s.len())];
        remove_gauge(&self.factors(), PairMut { u: gu.as_mut(), v: gv.as_mut() }, rule, &mut work)
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
