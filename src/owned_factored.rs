//! The factored rules on owned decompositions: a few lines a function over the core.

use alloc::vec;
use alloc::vec::Vec;

use crate::derivative::{
    BranchesMut, Convergence, Cotangent, Iteration, LineReport, PairMut, Partial, PartialReport, Report, Rule,
    SecondOrder, Target, align, branches_into, branches_workspace_len, full_jvp_into, full_vjp_into,
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
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Mat, Rule, SecondOrder, Svd};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
    /// let a_dot = Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]);
    /// let cotangent = Cotangent { s: Some(&[1.0, 0.0]), ..Cotangent::default() }; // L = s₁ = 2 + t² + … along a_dot
    /// let point = SecondOrder { cotangent, a_dot: a_dot.as_ref(), cotangent_dot: Cotangent::default() };
    /// assert!((svd.vjp_tangent(&point, &Rule::default())?[(0, 1)] - 1.0).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Mat, Rule, Svd, Vectors};
    /// let a = Mat::<f64>::from_rows(&[[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0], [0.2, 0.0, 0.1]]);
    /// let gu = Mat::from_rows(&[[1.0], [0.0], [0.0], [0.0]]); // L = u₁₁
    /// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
    /// let first = Svd::new(a.as_ref(), Vectors::Leading(1))?;
    /// let (gradient, convergence) = first.partial_vjp(&a, &cotangent, &Rule::default())?;
    /// let exact = Svd::thin(&a)?.vjp(&cotangent, &Rule::default())?; // which knows all three triplets
    /// let sign = (exact.a[(1, 0)] * gradient.a[(1, 0)]).signum(); // u₁ is determined up to its sign
    /// assert!((gradient.a[(1, 0)] - sign * exact.a[(1, 0)]).abs() < 1e-14 && convergence.iterations <= 3);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Rule, Svd};
    /// let a = Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 1.0]]);
    /// let first = Svd::thin(&a)?.truncate(1);
    /// let (tangent, _) = first.partial_jvp(&a, &Mat::from_rows(&[[0.5, 0.0], [1.0, 0.0]]), &Rule::default())?;
    /// // dA₂₁ turns u₁ by s₁/(s₁² − s₂²) = 3/8 towards the second axis, which is not among the triplets.
    /// assert!((tangent.s[0] - 0.5).abs() < 1e-15 && (tangent.u[(1, 0)].abs() - 3.0 / 8.0).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Mat, Rule, Svd};
    /// let svd = Svd::full(&Mat::<f64>::from_rows(&[[1.0], [2.0], [2.0]]))?; // U is 3×3
    /// // L = ‖second row of U₂‖²/2 = (1 − a₂²/‖a‖²)/2, U₂ the null space of Aᴴ: a function of its span.
    /// let gu = Mat::from_fn(3, 3, |i, j| if i == 1 && j > 0 { svd.u()[(i, j)] } else { 0.0 });
    /// let gradient = svd.full_vjp(&Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() }, &Rule::default())?;
    /// assert!((gradient.a[(1, 0)] + 2.0 * 5.0 / 81.0).abs() < 1e-15 && gradient.report.gauge_residual < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Rule, Svd};
    /// let svd = Svd::full(&Mat::<f64>::from_rows(&[[2.0], [0.0]]))?;
    /// let tangent = svd.full_jvp(&Mat::from_rows(&[[0.0], [1.0]]), &Rule::default())?;
    /// let u = svd.u(); // both columns turn by dA₂₁/s = 1/2: dU = U [0 −½; ½ 0] up to signs
    /// assert!((tangent.u[(1, 0)] * u[(0, 0)] - 0.5).abs() < 1e-15 && (tangent.u[(0, 1)] * u[(1, 1)] + 0.5).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Branches, Mat, Rule, Svd};
    /// // A = I: any basis is one of singular vectors; along B = [0 1; 1 0] it must be (1, ±1)/√2, with ds = ±1.
    /// let svd = Svd::thin(&Mat::<f64>::identity(2))?;
    /// let Branches { u, s_dot, report, .. } = svd.branches(&Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]), &Rule::default())?;
    /// assert!((s_dot[0] - 1.0).abs() < 1e-15 && (s_dot[1] + 1.0).abs() < 1e-15);
    /// assert!((u[(0, 0)].abs() - 0.5_f64.sqrt()).abs() < 1e-15 && report.blocks == 1);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Rule, Svd};
    /// let [here, there] = [1.0, 1.0 + 1e-9].map(|s| Svd::thin(&Mat::<f64>::from_rows(&[[0.0, s], [2.0, 0.0]])));
    /// let (here, reversed) = (here?, there?.with_fixed_phases());
    /// let (aligned, cosine) = reversed.aligned_to(&here, &Rule::default())?; // for differences of U and V
    /// assert!((cosine - 1.0).abs() < 1e-8 && (aligned.u()[(0, 1)] - here.u()[(0, 1)]).abs() < 1e-8);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Mat, Rule, Svd};
    /// let svd = Svd::thin(&Mat::<f64>::identity(2))?; // any rotation of U and V together will do
    /// let (mut gu, mut gv) = (svd.u().clone(), Mat::zeros(2, 2)); // UᴴgU = I is Hermitian: nothing to remove
    /// assert!(svd.remove_gauge(&mut gu, &mut gv, &Rule::default())?.gauge_residual < 1e-15);
    /// assert_eq!((gu, gv), (svd.u().clone(), Mat::zeros(2, 2)));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
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
