//! Least squares for every matrix of a batch, from the factors: that of [`spectral`](crate::spectral), over [`for_each`].

use super::parts::{Factors, Target};
use super::run::{Run, Summary, for_each};
use super::view::BatchRef;
use crate::error::Error;
use crate::factors::Tolerance;
use crate::scalar::Scalar;
use crate::spectral;

/// x = A⁺ b with a right-hand side for each item; see [`LeastSquares`](spectral::LeastSquares).
///
/// Workspace of the first order: [`LeastSquares::workspace_len`](spectral::LeastSquares::workspace_len).
#[derive(Clone, Copy, Debug)]
pub struct LeastSquares<'a, S: Scalar> {
    /// b, m×p each.
    pub b: BatchRef<'a, S>,
    /// Singular values up to this count as zero.
    pub cutoff: Tolerance<S::Real>,
}

impl<S: Scalar> LeastSquares<'_, S> {
    fn len(&self, factors: &Factors<'_, S>) -> usize {
        let ((m, n), k) = factors.shape();
        spectral::LeastSquares::<S>::workspace_len(m, n, k, self.b.shape().1)
    }

    /// x, n×p an item.
    ///
    /// # Errors
    /// As [`solve_into`](spectral::LeastSquares::solve_into); [`Error::Count`].
    ///
    /// ```
    /// # use diffsvd::{Tolerance, spectral, batch::{Batch, BatchSvd, LeastSquares, Run, Target}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 1, |_, _, _| 1.0))?; // A = (1, 1)ᵀ: x is the mean of b
    /// let b = Batch::from_fn(2, 2, 1, |item, row, _| (10 * item + 2 * row) as f64);
    /// let mut work = vec![0.0; spectral::LeastSquares::<f64>::workspace_len(2, 1, 1, 1)];
    /// let (problem, mut x) = (LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default }, Batch::zeros(2, 1, 1));
    /// problem.solve_into(svd.factors(), Target::Overwrite(x.as_mut()), Run::new(&mut work))?.all()?;
    /// assert!((x.as_slice()[0] - 1.0_f64).abs() < 1e-14 && (x.as_slice()[1] - 11.0).abs() < 1e-14);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn solve_into(&self, factors: Factors<'_, S>, x: Target<'_, S>, run: Run<'_, S>) -> Result<Summary, Error> {
        let cutoff = self.cutoff;
        for_each((factors, self.b, x), self.len(&factors), run, |(factors, b, x), i, work| {
            spectral::LeastSquares { b: b.item(i)?, cutoff }.solve_into(&factors.item(i)?, x.item(i)?, work)
        })
    }

    /// dx along (dA, db), n×p an item.
    ///
    /// # Errors
    /// As [`jvp_into`](spectral::LeastSquares::jvp_into); [`Error::Count`].
    ///
    /// ```
    /// # use diffsvd::{Tolerance, spectral, batch::{Batch, BatchSvd, LeastSquares, Run, Target}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |_, _, _| 2.0))?; // x = b/a
    /// let [b, a_dot, b_dot] = [3.0, 1.0, 4.0].map(|x| Batch::from_fn(2, 1, 1, |_, _, _| x));
    /// let mut work = vec![0.0; spectral::LeastSquares::<f64>::workspace_len(1, 1, 1, 1)];
    /// let (problem, mut x_dot) = (LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default }, Batch::zeros(2, 1, 1));
    /// let (tangent, target) = ((a_dot.as_ref(), b_dot.as_ref()), Target::Overwrite(x_dot.as_mut()));
    /// problem.jvp_into(svd.factors(), tangent, target, Run::new(&mut work))?.all()?;
    /// assert_eq!(x_dot.as_slice(), [4.0 / 2.0 - 3.0 / 4.0; 2]);
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn jvp_into(
        &self,
        factors: Factors<'_, S>,
        tangent: (BatchRef<'_, S>, BatchRef<'_, S>),
        x_dot: Target<'_, S>,
        run: Run<'_, S>,
    ) -> Result<Summary, Error> {
        let cutoff = self.cutoff;
        let items = (factors, self.b, tangent, x_dot);
        for_each(items, self.len(&factors), run, |(factors, b, (a_dot, b_dot), x_dot), i, work| {
            let tangent = spectral::LeastSquaresTangent { a: a_dot.item(i)?, b: b_dot.item(i)? };
            let problem = spectral::LeastSquares { b: b.item(i)?, cutoff };
            problem.jvp_into(&factors.item(i)?, &tangent, x_dot.item(i)?, work)
        })
    }

    /// gA, m×n, and gb, m×p, from gx, n×p an item.
    ///
    /// # Errors
    /// As [`vjp_into`](spectral::LeastSquares::vjp_into); [`Error::Count`].
    ///
    /// ```
    /// # use diffsvd::{Tolerance, spectral, batch::{Batch, BatchSvd, LeastSquares, Run, Target}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |_, _, _| 2.0))?; // x = b/a
    /// let [b, x_bar, mut ga, mut gb] = [3.0, 1.0, 0.0, 0.0].map(|x| Batch::from_fn(2, 1, 1, |_, _, _| x));
    /// let mut work = vec![0.0; spectral::LeastSquares::<f64>::workspace_len(1, 1, 1, 1)];
    /// let problem = LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default };
    /// let gradient = (Target::Overwrite(ga.as_mut()), Target::Overwrite(gb.as_mut()));
    /// problem.vjp_into(svd.factors(), x_bar.as_ref(), gradient, Run::new(&mut work))?.all()?;
    /// assert_eq!((ga.as_slice(), gb.as_slice()), (&[-3.0 / 4.0; 2][..], &[1.0 / 2.0; 2][..]));
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn vjp_into(
        &self,
        factors: Factors<'_, S>,
        x_bar: BatchRef<'_, S>,
        gradient: (Target<'_, S>, Target<'_, S>),
        run: Run<'_, S>,
    ) -> Result<Summary, Error> {
        let cutoff = self.cutoff;
        let items = (factors, self.b, x_bar, gradient);
        for_each(items, self.len(&factors), run, |(factors, b, x_bar, (a_bar, b_bar)), i, work| {
            let gradient = spectral::LeastSquaresGradient { a: a_bar.item(i)?, b: b_bar.item(i)? };
            let problem = spectral::LeastSquares { b: b.item(i)?, cutoff };
            problem.vjp_into(&factors.item(i)?, x_bar.item(i)?, gradient, work)
        })
    }
}

/// A point and a direction for the second derivative of x = A⁺ b, item by item; see [`LeastSquaresSecondOrder`](spectral::LeastSquaresSecondOrder).
#[derive(Clone, Copy, Debug)]
pub struct LeastSquaresSecondOrder<'a, S: Scalar> {
    /// gx, n×p each.
    pub x_bar: BatchRef<'a, S>,
    /// dA, m×n each, and db, m×p each.
    pub tangent: (BatchRef<'a, S>, BatchRef<'a, S>),
    /// What gx changes by.
    pub x_bar_dot: BatchRef<'a, S>,
}

impl<S: Scalar> LeastSquares<'_, S> {
    /// What gA and gb change by, item by item. Workspace
    /// [`second_workspace_len`](spectral::LeastSquares::second_workspace_len).
    ///
    /// # Errors
    /// As [`vjp_tangent_into`](spectral::LeastSquares::vjp_tangent_into); [`Error::Count`].
    ///
    /// ```
    /// # use diffsvd::{Tolerance, spectral, batch::{Batch, BatchSvd, LeastSquares, LeastSquaresSecondOrder, Run, Target}};
    /// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |_, _, _| 2.0))?; // x = b/a
    /// let [b, one, none, mut ga, mut gb] = [3.0, 1.0, 0.0, 0.0, 0.0].map(|x| Batch::from_fn(2, 1, 1, |_, _, _| x));
    /// let tangent = (one.as_ref(), none.as_ref()); // along a
    /// let point = LeastSquaresSecondOrder { x_bar: one.as_ref(), tangent, x_bar_dot: none.as_ref() };
    /// let mut work = vec![0.0; spectral::LeastSquares::<f64>::second_workspace_len(1, 1, 1, 1)];
    /// let problem = LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default };
    /// let gradient = (Target::Overwrite(ga.as_mut()), Target::Overwrite(gb.as_mut()));
    /// problem.vjp_tangent_into(svd.factors(), point, gradient, Run::new(&mut work))?.all()?;
    /// assert_eq!((ga.as_slice(), gb.as_slice()), (&[2.0 * 3.0 / 8.0; 2][..], &[-1.0 / 4.0; 2][..])); // of −b/a² and 1/a
    /// # Ok::<(), diffsvd::batch::Failure>(())
    /// ```
    pub fn vjp_tangent_into(
        &self,
        factors: Factors<'_, S>,
        point: LeastSquaresSecondOrder<'_, S>,
        gradient: (Target<'_, S>, Target<'_, S>),
        run: Run<'_, S>,
    ) -> Result<Summary, Error> {
        let (((m, n), k), cutoff) = (factors.shape(), self.cutoff);
        let len = spectral::LeastSquares::<S>::second_workspace_len(m, n, k, self.b.shape().1);
        let items = (factors, (self.b, point.x_bar, point.x_bar_dot), point.tangent, gradient);
        for_each(items, len, run, |(factors, (b, x_bar, x_bar_dot), (a_dot, b_dot), (a_bar, b_bar)), i, work| {
            let tangent = spectral::LeastSquaresTangent { a: a_dot.item(i)?, b: b_dot.item(i)? };
            let (x_bar, x_bar_dot) = (x_bar.item(i)?, x_bar_dot.item(i)?);
            let point = spectral::LeastSquaresSecondOrder { x_bar, tangent, x_bar_dot };
            let gradient = spectral::LeastSquaresGradient { a: a_bar.item(i)?, b: b_bar.item(i)? };
            let problem = spectral::LeastSquares { b: b.item(i)?, cutoff };
            problem.vjp_tangent_into(&factors.item(i)?, &point, gradient, work)
        })
    }
}
