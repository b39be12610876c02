//! Owned decompositions (feature `alloc`): a few lines a function over the core.

use alloc::vec;
use alloc::vec::Vec;

use crate::derivative::{
    Cotangent, Report, Rule, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into, vjp_workspace_len,
};
use crate::error::Error;
use crate::factors::{Factors, Tolerance, fix_phases};
use crate::kernel::{Operand, gemm};
use crate::mat::Mat;
use crate::matrix::MatRef;
use crate::plan::{Vectors, svd_workspace_len};
use crate::scalar::{One, Scalar, Zero};
use crate::spectral::condition;
use crate::svd::{FactorsMut, svd_into};

/// A = U diag(s) Vᴴ, with everything that follows from it.
///
/// ```
/// use diffsvd::{Cotangent, Mat, Rule, Svd};
///
/// let a = Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]); // both singular values are √20
/// let svd = Svd::thin(&a)?;
/// let cotangent = Cotangent { s: Some(&[1.0, 1.0]), ..Cotangent::default() }; // L = s₁ + s₂
/// let gradient = svd.vjp(&cotangent, &Rule::default())?;
/// assert!((gradient.a[(0, 1)] - 4.0 / 20_f64.sqrt()).abs() < 1e-14); // U Vᴴ = A/√20
/// assert_eq!((gradient.report.equal_pairs, gradient.report.gauge_residual), (1, 0.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Svd<S: Scalar> {
    pub(crate) u: Mat<S>,
    pub(crate) s: Vec<S::Real>,
    pub(crate) v: Mat<S>,
}

/// A gradient, and what the rule met on the way: what [`Svd::vjp`] returns.
#[derive(Clone, Debug)]
pub struct Gradient<S: Scalar> {
    /// gA, m×n.
    pub a: Mat<S>,
    /// Gauge residual and degeneracies.
    pub report: Report<S::Real>,
}

/// The tangents of the factors: what [`Svd::jvp`] returns.
#[derive(Clone, Debug)]
pub struct Tangent<S: Scalar> {
    /// dU, m×k.
    pub u: Mat<S>,
    /// ds, k values.
    pub s: Vec<S::Real>,
    /// dV, n×k.
    pub v: Mat<S>,
}

impl<S: Scalar> Svd<S> {
    /// U m×k, V n×k, k = min(m, n). See [`svd_into`] for accuracy, cost and errors.
    ///
    /// # Errors
    /// As [`svd_into`].
    ///
    /// ```
    /// # use diffsvd::{Error, Mat, Svd};
    /// let svd = Svd::thin(&Mat::from_rows(&[[3.0, 0.0], [0.0, 2.0], [4.0, 0.0]]))?;
    /// assert_eq!((svd.u().rows(), svd.u().cols(), svd.v().rows(), svd.s().len()), (3, 2, 2, 2));
    /// assert!(matches!(Svd::thin(&Mat::from_rows(&[[f64::INFINITY]])), Err(Error::NonFinite { nan: false, .. })));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn thin(a: &Mat<S>) -> Result<Self, Error> {
        Self::new(a.as_ref(), Vectors::Thin)
    }

    /// U m×m, V n×n.
    ///
    /// # Errors
    /// As [`svd_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let a = Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 2.0], [4.0, 0.0]]);
    /// let u = Svd::full(&a)?.u().clone(); // 3×3; its last column is orthogonal to those of A
    /// let outside: f64 = (0..3).map(|i| u[(i, 2)] * a[(i, 0)]).sum();
    /// assert!(u.cols() == 3 && outside.abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn full(a: &Mat<S>) -> Result<Self, Error> {
        Self::new(a.as_ref(), Vectors::Full)
    }

    /// The singular values alone, descending.
    ///
    /// # Errors
    /// As [`svd_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let s = Svd::values(&Mat::from_rows(&[[0.0, 2.0], [-3.0, 0.0]]))?;
    /// assert_eq!(s, [3.0, 2.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn values(a: &Mat<S>) -> Result<Vec<S::Real>, Error> {
        Ok(Self::new(a.as_ref(), Vectors::None)?.s)
    }

    /// Any view, any choice of vectors.
    ///
    /// # Errors
    /// As [`svd_into`].
    ///
    /// ```
    /// # use diffsvd::{MatRef, Svd, Vectors};
    /// let rows = [[3.0, 0.0, 0.0], [0.0, 2.0, 1.0]];
    /// let first = Svd::new(MatRef::from(&rows).block(0, 0, 2, 2)?, Vectors::Leading(1))?;
    /// assert_eq!((first.s(), first.u().cols()), (&[3.0][..], 1));
    /// let error = Svd::new(MatRef::from(&rows), Vectors::Leading(usize::MAX)).unwrap_err();
    /// assert!(error.to_string().starts_with("the number of leading triplets"));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn new(a: MatRef<'_, S>, vectors: Vectors) -> Result<Self, Error> {
        let (m, n) = a.shape();
        let (u_cols, values, v_cols) = vectors.lens((m, n));
        let mut svd = Svd { u: Mat::zeros(m, u_cols), s: vec![S::Real::zero(); values], v: Mat::zeros(n, v_cols) };
        let mut work = vec![S::zero(); svd_workspace_len::<S>(m, n, vectors)];
        let out = FactorsMut { u: svd.u.as_mut(), s: &mut svd.s, v: svd.v.as_mut() };
        svd_into(a, vectors, out, &mut work)?;
        Ok(svd)
    }

    /// U.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let svd = Svd::thin(&Mat::from_rows(&[[3.0, 1.0], [1.0, 2.0], [0.0, 1.0]]))?;
    /// let gram = svd.u().adjoint().product(svd.u())?; // UᴴU = I
    /// assert!((gram[(0, 0)] - 1.0_f64).abs() < 1e-14 && gram[(0, 1)].abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn u(&self) -> &Mat<S> {
        &self.u
    }

    /// The singular values, descending.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// assert_eq!(Svd::thin(&Mat::from_rows(&[[1.0, 0.0], [0.0, -2.0]]))?.s(), [2.0, 1.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn s(&self) -> &[S::Real] {
        &self.s
    }

    /// V, not Vᴴ.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let a = Mat::<f64>::from_rows(&[[3.0, 1.0], [1.0, 2.0], [0.0, 1.0]]);
    /// let svd = Svd::thin(&a)?;
    /// let av = a.product(svd.v())?; // A vⱼ = sⱼ uⱼ
    /// assert!((av[(1, 0)] - svd.s()[0] * svd.u()[(1, 0)]).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn v(&self) -> &Mat<S> {
        &self.v
    }

    /// Vᴴ.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let svd = Svd::thin(&Mat::from_rows(&[[3.0, 1.0], [1.0, 2.0], [0.0, 1.0]]))?;
    /// assert_eq!(svd.vh()[(0, 1)], svd.v()[(1, 0)]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn vh(&self) -> Mat<S> {
        self.v.adjoint()
    }

    /// The triplets as views: what the derivatives read. Columns of complete bases beyond the k-th are left out.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, spectral::Values};
    /// let svd = Svd::full(&Mat::<f64>::zeros(4, 2))?;
    /// let factors = svd.factors();
    /// assert_eq!((factors.u.shape(), factors.shape(), Values::of(&factors).count()), ((4, 2), (4, 2), 2));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn factors(&self) -> Factors<'_, S> {
        let k = self.s.len();
        Factors { u: self.u.as_ref().leading_cols(k), s: &self.s, v: self.v.as_ref().leading_cols(k) }
    }

    /// Number of singular values above the tolerance.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Tolerance};
    /// let svd = Svd::thin(&Mat::from_rows(&[[1.0, 2.0], [2.0, 4.001]]))?; // s₂/s₁ = 4e-5
    /// assert_eq!((svd.rank(Tolerance::Default), svd.rank(Tolerance::Relative(1e-3))), (2, 1));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn rank(&self, tolerance: Tolerance<S::Real>) -> usize {
        self.factors().rank(tolerance)
    }

    /// s₁/sₖ, the condition number in the 2-norm; infinite for a singular matrix, 1 for an empty one. k is the number of values here: of those that
    /// are left by [`truncate`](Self::truncate) or were asked for.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// assert_eq!(Svd::thin(&Mat::from_rows(&[[0.0, 0.5], [4.0, 0.0]]))?.condition_number(), 8.0);
    /// assert_eq!(Svd::thin(&Mat::<f64>::zeros(2, 2))?.condition_number(), f64::INFINITY);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn condition_number(&self) -> S::Real {
        match (self.s.first(), self.s.last()) {
            (Some(&first), Some(&last)) => condition(first, last),
            _ => S::Real::one(),
        }
    }

    /// U diag(s) Vᴴ; zeros where no vectors were asked for.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let a = Mat::<f64>::from_rows(&[[3.0, 1.0], [1.0, 2.0], [0.0, 1.0]]);
    /// let again = Svd::thin(&a)?.reconstruct();
    /// assert!((again[(2, 1)] - a[(2, 1)]).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn reconstruct(&self) -> Mat<S> {
        let Factors { u, s, v } = self.factors();
        let scaled = Mat::from_fn(u.rows(), u.cols(), |i, j| u.at(i, j).scale(s[j]));
        let mut product = Mat::zeros(u.rows(), v.rows());
        gemm(product.as_mut(), false, S::Real::one(), Operand::plain(scaled.as_ref()), Operand::adjoint(v));
        product
    }

    /// The leading `r` triplets; all of them where there are fewer.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 1.0], [1.0, 3.0]]))?; // s = (4, 2)
    /// let nearest = svd.truncate(1).reconstruct(); // of rank 1: 4 (1, 1)ᵀ(1, 1)/2
    /// assert!((nearest[(0, 0)] - 2.0).abs() < 1e-14 && (nearest[(0, 1)] - 2.0).abs() < 1e-14);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn truncate(mut self, r: usize) -> Self {
        let r = r.min(self.s.len());
        for basis in [&mut self.u, &mut self.v] {
            let cols = r.min(basis.cols);
            basis.data.truncate(basis.rows * cols);
            basis.cols = cols;
        }
        self.s.truncate(r);
        self
    }

    /// The same decomposition with the sign convention of [`fix_phases`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd};
    /// let a = Mat::<f64>::from_rows(&[[-3.0, 0.0], [0.0, -2.0]]);
    /// let svd = Svd::thin(&a)?.with_fixed_phases();
    /// assert_eq!((svd.u()[(0, 0)], svd.v()[(0, 0)]), (1.0, -1.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn with_fixed_phases(mut self) -> Self {
        // The shapes are those of one decomposition, which `fix_phases` accepts.
        let _ = fix_phases(self.u.as_mut(), self.v.as_mut());
        self
    }

    /// The gradient with respect to A of a loss of U, s and V: see [`vjp_into`].
    ///
    /// # Errors
    /// As [`vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Gradient, Mat, Rule, Svd};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 1.0]]))?.with_fixed_phases();
    /// // L = u₁₂ depends on the sign of u₁, which no small change of A reverses: dL = 3 dA₂₁/8 + dA₁₂/8.
    /// let gu = Mat::from_rows(&[[0.0, 0.0], [1.0, 0.0]]);
    /// let Gradient { a, report } = svd.vjp(&Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() }, &Rule::default())?;
    /// assert!((a[(1, 0)] - 3.0 / 8.0).abs() < 1e-15 && (a[(0, 1)] - 1.0 / 8.0).abs() < 1e-15);
    /// assert_eq!(report.gauge_residual, 0.0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp(&self, cotangent: &Cotangent<'_, S>, rule: &Rule<S::Real>) -> Result<Gradient<S>, Error> {
        let (factors, (m, n)) = (self.factors(), (self.u.rows, self.v.rows));
        let mut a = Mat::zeros(m, n);
        let mut work = vec![S::zero(); vjp_workspace_len::<S>(m, n, self.s.len())];
        let report = vjp_into(&factors, cotangent, rule, Target::Overwrite(a.as_mut()), &mut work)?;
        Ok(Gradient { a, report })
    }

    /// The tangents of U, s and V along `a_dot`: see [`jvp_into`].
    ///
    /// # Errors
    /// As [`jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Rule, Svd, Tangent};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 0.0], [0.0, 1.0]]))?;
    /// let a_dot = Mat::from_rows(&[[0.5, 0.0], [1.0, -0.25]]);
    /// let Tangent { u, s, v } = svd.jvp(&a_dot, &Rule::default())?;
    /// assert_eq!(s, [0.5, -0.25]); // dsᵢ = Re uᵢᴴ dA vᵢ
    /// let skew = u.adjoint().product(svd.u())?; // dUᴴ U = −Uᴴ dU
    /// assert!((skew[(0, 1)] + skew[(1, 0)]).abs() < 1e-15 && (v[(1, 0)].abs() - 1.0 / 8.0).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn jvp(&self, a_dot: &Mat<S>, rule: &Rule<S::Real>) -> Result<Tangent<S>, Error> {
        let (m, n, k) = (self.u.rows, self.v.rows, self.s.len());
        let mut tangent = Tangent { u: Mat::zeros(m, k), s: vec![S::Real::zero(); k], v: Mat::zeros(n, k) };
        let mut work = vec![S::zero(); jvp_workspace_len::<S>(m, n, k)];
        jvp_into(&self.factors(), a_dot.as_ref(), rule, tangent.views(), &mut work)?;
        Ok(tangent)
    }
}

impl<S: Scalar> Tangent<S> {
    /// Every part, to be written.
    pub(crate) fn views(&mut self) -> TangentMut<'_, S> {
        TangentMut { u: Some(self.u.as_mut()), s: Some(&mut self.s), v: Some(self.v.as_mut()), s_matrix: None }
    }
}
