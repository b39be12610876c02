//! Decompositions of batches that own their entries (feature `alloc`): a few lines a function over the core. With the feature `rayon` they use every thread of the
//! current pool.

use alloc::vec;
use alloc::vec::Vec;

use super::choose::Choose;
use super::map::{MapGradient, MapTangent};
use super::mat::Batch;
use super::parts::{Cotangent, Factors, FactorsMut, TangentMut, Target};
use super::run::{Failure, Run, Summary};
use super::view::BatchRef;
use super::{decompose, derivative, functions, map};
use crate::derivative::{Report, Rule};
use crate::error::Error;
use crate::factors::Tolerance;
use crate::plan::Vectors;
use crate::scalar::{Scalar, Zero};
use crate::spectral::{SpectralLoss, SpectralMap, map_derivative_workspace_len};

/// Aᵢ = Uᵢ diag(sᵢ) Vᵢᴴ of every matrix of a batch, with what follows from it. An item that fails is an error of the whole; for a status of each
/// item, call the functions of [`batch`](super) on the views.
///
/// ```
/// use diffsvd::{batch::{Batch, BatchSvd, Same}, spectral::SoftThreshold};
/// let a = Batch::from_fn(1000, 3, 3, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 });
/// let svd = BatchSvd::thin(&a)?;
/// let x = svd.map(&Same(SoftThreshold(0.5)))?;
/// assert_eq!((svd.s(999)[0], x.get(999, 1, 1)), (1000.0, Some(999.5)));
/// assert_eq!((svd.u().shape(), svd.v().count(), svd.factors().shape()), ((3, 3), 1000, ((3, 3), 3)));
/// assert_eq!(svd.values_of_all(), &BatchSvd::values(&a)?); // of small matrices to the last bit
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct BatchSvd<S: Scalar> {
    u: Batch<S>,
    s: Batch<S::Real>,
    v: Batch<S>,
}

/// Gradients, and what the rule met on the way: what [`BatchSvd::vjp`] returns.
#[derive(Clone, Debug)]
pub struct BatchGradient<S: Scalar> {
    /// gA, m×n each.
    pub a: Batch<S>,
    /// Gauge residual and degeneracies of each item.
    pub reports: Vec<Report<S::Real>>,
}

/// The tangents of the factors: what [`BatchSvd::jvp`] returns.
#[derive(Clone, Debug)]
pub struct BatchTangent<S: Scalar> {
    /// dU, m×k each.
    pub u: Batch<S>,
    /// ds, k×1 each.
    pub s: Batch<S::Real>,
    /// dV, n×k each.
    pub v: Batch<S>,
}

/// Calls with `len` entries of workspace for each thread; a failure of an item is one of the whole.
fn call<S: Scalar, T>(
    len: usize,
    function: impl FnOnce(Run<'_, S, T>) -> Result<Summary, Error>,
) -> Result<(), Failure> {
    #[cfg(feature = "rayon")]
    let threads = rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    let threads = 1;
    let mut work = vec![S::zero(); len.saturating_mul(threads)];
    let run = Run::new(&mut work).stop_at_first_failure();
    #[cfg(feature = "rayon")]
    let run = run.threads(threads);
    function(run)?.all()
}

impl<S: Scalar> BatchSvd<S> {
    /// Thin factors: U m×k, V n×k.
    ///
    /// # Errors
    /// The first item that fails: see [`svd_into`](super::svd_into).
    pub fn thin(a: &Batch<S>) -> Result<Self, Failure> {
        Self::new(a.as_ref(), Vectors::Thin)
    }

    /// The singular values alone, k×1 each.
    ///
    /// # Errors
    /// The first item that fails.
    pub fn values(a: &Batch<S>) -> Result<Batch<S::Real>, Failure> {
        Ok(Self::new(a.as_ref(), Vectors::None)?.s)
    }

    /// Any view, any choice of vectors.
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{Vectors, batch::{BatchRef, BatchSvd}};
    /// let data = [3.0, 0.0, 0.0, 4.0, 0.0, 0.0]; // two 3×1 matrices
    /// let svd = BatchSvd::new(BatchRef::row_major(&data, 2, 3, 1)?, Vectors::Full)?;
    /// assert_eq!((svd.u().shape(), svd.s(1)), ((3, 3), &[4.0][..]));
    /// let error = BatchSvd::new(BatchRef::row_major(&data, 2, 3, 1)?, Vectors::Leading(usize::MAX)).unwrap_err();
    /// assert!(error.to_string().starts_with("the number of leading triplets"));
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn new(a: BatchRef<'_, S>, vectors: Vectors) -> Result<Self, Failure> {
        let (count, (m, n)) = (a.count(), a.shape());
        let (u_cols, values, v_cols) = vectors.lens((m, n));
        let mut svd = BatchSvd {
            u: Batch::zeros(count, m, u_cols),
            s: Batch::zeros(count, values, 1),
            v: Batch::zeros(count, n, v_cols),
        };
        let out = FactorsMut { u: svd.u.as_mut(), s: svd.s.as_mut(), v: svd.v.as_mut() };
        call(decompose::svd_workspace_len::<S>(m, n, vectors), |run| decompose::svd_into(a, vectors, out, run))?;
        Ok(svd)
    }

    /// U of every item.
    #[must_use]
    pub fn u(&self) -> &Batch<S> {
        &self.u
    }

    /// The singular values of one item; none outside of the batch.
    ///
    /// ```
    /// # use diffsvd::batch::{Batch, BatchSvd};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -4.0][i]))?;
    /// assert_eq!((svd.s(1), svd.s(usize::MAX)), (&[4.0][..], &[][..]));
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    #[must_use]
    pub fn s(&self, item: usize) -> &[S::Real] {
        let k = self.s.rows;
        if item < self.s.count { self.s.data.get(item * k..(item + 1) * k).unwrap_or_default() } else { &[] }
    }

    /// The singular values of every item, k×1 each.
    #[must_use]
    pub fn values_of_all(&self) -> &Batch<S::Real> {
        &self.s
    }

    /// V (not Vᴴ) of every item.
    #[must_use]
    pub fn v(&self) -> &Batch<S> {
        &self.v
    }

    /// The triplets as views: what the derivatives read.
    #[must_use]
    pub fn factors(&self) -> Factors<'_, S> {
        Factors { u: self.u.as_ref(), s: self.s.as_ref(), v: self.v.as_ref() }.triplets()
    }

    /// (count, (m, n), k).
    fn size(&self) -> (usize, (usize, usize), usize) {
        (self.u.count, (self.u.rows, self.v.rows), self.s.rows)
    }

    /// One m×n matrix an item, that `write` fills.
    fn filled(
        &self,
        write: impl FnOnce(Target<'_, S>, Run<'_, S>) -> Result<Summary, Error>,
    ) -> Result<Batch<S>, Failure> {
        let (count, (m, n), k) = self.size();
        let mut x = Batch::zeros(count, m, n);
        call(map_derivative_workspace_len::<S>(m, n, k), |run| write(x.target(), run))?;
        Ok(x)
    }

    /// The gradients of losses of U, s and V: see [`vjp_into`](super::vjp_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{Rule, batch::{Batch, BatchGradient, BatchSvd, Cotangent}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
    /// let gs = Batch::from_fn(2, 1, 1, |_, _, _| 1.0); // L = s
    /// let cotangent = Cotangent { s: Some(gs.as_ref()), ..Cotangent::default() };
    /// let BatchGradient { a, reports } = svd.vjp(cotangent, &Rule::default())?;
    /// assert_eq!((a.as_slice(), reports[1].zeros), (&[1.0, -1.0][..], 0));
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn vjp(&self, cotangent: Cotangent<'_, S>, rule: &Rule<S::Real>) -> Result<BatchGradient<S>, Failure> {
        let (count, (m, n), k) = self.size();
        let mut a = Batch::zeros(count, m, n);
        let blank = Report { gauge_residual: S::Real::zero(), equal_pairs: 0, zeros: 0 };
        let mut status = vec![Ok(blank); count];
        call(derivative::vjp_workspace_len::<S>(m, n, k), |run| {
            derivative::vjp_into(self.factors(), cotangent, rule, a.target(), run.record(&mut status))
        })?;
        Ok(BatchGradient { a, reports: status.into_iter().flatten().collect() })
    }

    /// The tangents of U, s and V: see [`jvp_into`](super::jvp_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{Rule, batch::{Batch, BatchSvd, BatchTangent}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
    /// let BatchTangent { u, s, .. } = svd.jvp(&Batch::from_fn(2, 1, 1, |_, _, _| 2.0), &Rule::default())?;
    /// assert_eq!((s.as_slice(), u.get(1, 0, 0)), (&[2.0, -2.0][..], Some(0.0)));
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn jvp(&self, a_dot: &Batch<S>, rule: &Rule<S::Real>) -> Result<BatchTangent<S>, Failure> {
        let (count, (m, n), k) = self.size();
        let (u, s, v) = (Batch::zeros(count, m, k), Batch::zeros(count, k, 1), Batch::zeros(count, n, k));
        let mut tangent = BatchTangent { u, s, v };
        let out = TangentMut {
            u: Some(tangent.u.as_mut()),
            s: Some(tangent.s.as_mut()),
            v: Some(tangent.v.as_mut()),
            s_matrix: None,
        };
        call(derivative::jvp_workspace_len::<S>(m, n, k), |run| {
            derivative::jvp_into(self.factors(), a_dot.as_ref(), rule, out, run)
        })?;
        Ok(tangent)
    }

    /// X = U f(S) Vᴴ: see [`map_into`](super::map_into).
    ///
    /// # Errors
    /// The first item that fails.
    pub fn map<M, C: Choose<S, Map: SpectralMap<S::Real, M>>>(&self, f: &C) -> Result<Batch<S>, Failure> {
        self.filled(|target, run| map::map_into(self.factors(), f, target, run))
    }

    /// The tangents of U f(S) Vᴴ: see [`map_jvp_into`](super::map_jvp_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{batch::{Batch, BatchSvd, Same}, spectral::SoftThreshold};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, 0.25][i]))?;
    /// let x_dot = svd.map_jvp(&Same(SoftThreshold(0.5)), &Batch::from_fn(2, 1, 1, |_, _, _| 2.0))?;
    /// assert_eq!(x_dot.as_slice(), [2.0, 0.0]); // above the threshold, and below
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn map_jvp<M, C: Choose<S, Map: SpectralMap<S::Real, M>>>(
        &self,
        f: &C,
        a_dot: &Batch<S>,
    ) -> Result<Batch<S>, Failure> {
        let tangent = MapTangent { a: a_dot.as_ref(), f: None };
        self.filled(|target, run| map::map_jvp_into(self.factors(), f, tangent, target, run))
    }

    /// The gradients with respect to A of losses of U f(S) Vᴴ: see [`map_vjp_into`](super::map_vjp_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{batch::{Batch, BatchSvd, Same}, spectral::SoftThreshold};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, 0.25][i]))?;
    /// let gradient = svd.map_vjp(&Same(SoftThreshold(0.5)), &Batch::from_fn(2, 1, 1, |_, _, _| 2.0))?;
    /// assert_eq!(gradient.as_slice(), [2.0, 0.0]);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn map_vjp<M, C: Choose<S, Map: SpectralMap<S::Real, M>>>(
        &self,
        f: &C,
        x_bar: &Batch<S>,
    ) -> Result<Batch<S>, Failure> {
        self.filled(|a, run| map::map_vjp_into(self.factors(), f, x_bar.as_ref(), MapGradient { a, f: None }, run))
    }

    /// A⁺, n×m each: see [`pinv_into`](super::pinv_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{Tolerance, batch::{Batch, BatchSvd}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [4.0, 0.0][i]))?;
    /// assert_eq!(svd.pinv(Tolerance::Default)?.as_slice(), [0.25, 0.0]);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn pinv(&self, cutoff: Tolerance<S::Real>) -> Result<Batch<S>, Failure> {
        let (count, (m, n), k) = self.size();
        let mut x = Batch::zeros(count, n, m);
        call(map_derivative_workspace_len::<S>(m, n, k), |run| {
            map::pinv_into(self.factors(), cutoff, x.target(), run)
        })?;
        Ok(x)
    }

    /// The gradients with respect to A of losses of A⁺: see [`pinv_vjp_into`](super::pinv_vjp_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{Tolerance, batch::{Batch, BatchSvd}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [2.0, 1.0][i]))?;
    /// let gradient = svd.pinv_vjp(Tolerance::Default, &Batch::from_fn(2, 1, 1, |_, _, _| 1.0))?;
    /// assert_eq!(gradient.as_slice(), [-0.25, -1.0]); // −1/a²
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn pinv_vjp(&self, cutoff: Tolerance<S::Real>, pinv_bar: &Batch<S>) -> Result<Batch<S>, Failure> {
        self.filled(|target, run| map::pinv_vjp_into(self.factors(), cutoff, pinv_bar.as_ref(), target, run))
    }

    /// L(s) of every item: see [`loss_values`](super::loss_values).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{batch::{Batch, BatchSvd}, spectral::KyFan};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -2.0][i]))?;
    /// assert_eq!(svd.loss(&KyFan::nuclear())?, [3.0, 2.0]);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn loss<L: SpectralLoss<S::Real> + Sync>(&self, loss: &L) -> Result<Vec<S::Real>, Failure> {
        let mut values = vec![S::Real::zero(); self.s.count];
        call(0, |run| functions::loss_values(self.factors(), loss, &mut values, run))?;
        Ok(values)
    }

    /// The gradients of L(s): see [`loss_gradient_into`](super::loss_gradient_into).
    ///
    /// # Errors
    /// The first item that fails.
    ///
    /// ```
    /// # use diffsvd::{batch::{Batch, BatchSvd}, spectral::KyFan};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -2.0][i]))?;
    /// assert_eq!(svd.loss_gradient(&KyFan::nuclear())?.as_slice(), [1.0, -1.0]);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn loss_gradient<L: SpectralLoss<S::Real> + Sync>(&self, loss: &L) -> Result<Batch<S>, Failure> {
        self.filled(|target, run| functions::loss_gradient_into(self.factors(), loss, target, run))
    }
}
