//! Least squares, Hermitian functions and losses of the singular values of every matrix of a batch, from the factors: those of
//! [`spectral`](crate::spectral), over [`for_each`].

use super::parts::{Factors, Target};
use super::run::{Run, Summary, for_each};
use super::view::BatchRef;
use crate::error::Error;
use crate::factors::Tolerance;
use crate::scalar::Scalar;
use crate::spectral::{
    self, Hermitian, SpectralFunction, SpectralLoss, TwiceDifferentiable, Values, hermitian_second_workspace_len,
    hermitian_workspace_len, map_derivative_workspace_len,
};

/// x = A⁺ b with a right-hand side for each item; see [`LeastSquares`](spectral::LeastSquares).
///
/// Workspace of all methods: [`LeastSquares::workspace_len`](spectral::LeastSquares::workspace_len).
#[derive(Clone, Copy, Debug)]
pub struct LeastSquares<'a, S: Scalar> {
    /// b, m×p each.
    pub b: BatchRef<'a, S>,
    /// Singular values up to this count as zero.
    pub cutoff: Tolerance<S::Real>,
}

impl<S: Scalar> LeastSquares<'_, S> {
    fn len(&self, factors: &Factors<'_, S>) -> usize {
        let (shape, k) = factors.shape();
        spectral::LeastSquares::<S>::workspace_len(shape, k, self.b.shape().1)
    }

    /// x, n×p an item.
    ///
    /// # Errors
    /// As [`solve_into`](spectral::LeastSquares::solve_into); [`Error::Count`].
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
    pub fn vjp_tangent_into(
        &self,
        factors: Factors<'_, S>,
        point: LeastSquaresSecondOrder<'_, S>,
        gradient: (Target<'_, S>, Target<'_, S>),
        run: Run<'_, S>,
    ) -> Result<Summary, Error> {
        let ((shape, k), cutoff) = (factors.shape(), self.cutoff);
        let len = spectral::LeastSquares::<S>::second_workspace_len(shape, k, self.b.shape().1);
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

/// Workspace of a Hermitian function of one item.
fn hermitian_len<S: Scalar>(factors: &Factors<'_, S>) -> usize {
    let ((m, n), k) = factors.shape();
    hermitian_workspace_len::<S>(m, n, k)
}

/// V g(S) Vᴴ or U g(S) Uᴴ, item by item: [`Hermitian::value_into`]. `g` says which, from the factors of the item; the projector on the range of each, for
/// example, is `|factors| Hermitian::range(factors, Side::Left, cutoff)`. Workspace [`hermitian_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn hermitian_into<S: Scalar, F: SpectralFunction<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, target), hermitian_len(&factors), run, |(factors, target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).value_into(&factors, target.item(i)?, work)
    })
}

/// The tangents of a Hermitian function, item by item: [`Hermitian::jvp_into`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn hermitian_jvp_into<S: Scalar, F: SpectralFunction<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    a_dot: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, a_dot, target), hermitian_len(&factors), run, |(factors, a_dot, target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).jvp_into(&factors, a_dot.item(i)?, target.item(i)?, work)
    })
}

/// The gradients of losses of a Hermitian function, item by item: [`Hermitian::vjp_into`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn hermitian_vjp_into<S: Scalar, F: SpectralFunction<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    y_bar: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, y_bar, target), hermitian_len(&factors), run, |(factors, y_bar, target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).vjp_into(&factors, y_bar.item(i)?, target.item(i)?, work)
    })
}

/// The second derivatives of a Hermitian function along two directions, item by item: [`Hermitian::second_into`]. Workspace
/// [`hermitian_second_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn hermitian_second_into<S: Scalar, F: TwiceDifferentiable<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    directions: (BatchRef<'_, S>, BatchRef<'_, S>),
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = hermitian_second_workspace_len::<S>(m, n, k);
    for_each((factors, directions, target), len, run, |(factors, (y, z), target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).second_into(&factors, [y.item(i)?, z.item(i)?], target.item(i)?, work)
    })
}

/// What the gradients of a Hermitian function change by along dA (the first of the two; the second is gY), item by item:
/// [`Hermitian::vjp_tangent_into`]. Workspace [`hermitian_second_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn hermitian_vjp_tangent_into<S: Scalar, F: TwiceDifferentiable<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    directions: (BatchRef<'_, S>, BatchRef<'_, S>),
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = hermitian_second_workspace_len::<S>(m, n, k);
    for_each((factors, directions, target), len, run, |(factors, (a_dot, y_bar), target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).vjp_tangent_into(&factors, (a_dot.item(i)?, y_bar.item(i)?), target.item(i)?, work)
    })
}

/// L(s) of every item: [`SpectralLoss::value`]. No workspace.
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::{batch::{self, Batch, BatchSvd, Run}, spectral::KyFan};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |i, row, col| if row == col { i as f64 } else { 0.0 }))?; // 0 and the identity
/// let mut norms = [7.0; 2];
/// batch::loss_values(svd.factors(), &KyFan::nuclear(), &mut norms, Run::new(&mut []))?.all()?;
/// assert_eq!(norms, [0.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn loss_values<S: Scalar, L: SpectralLoss<S::Real> + Sync>(
    factors: Factors<'_, S>,
    loss: &L,
    values: &mut [S::Real],
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, values), 0, run, |(factors, values), i, _| {
        let value = loss.value(&Values::of(&factors.item(i)?))?;
        values.iter_mut().skip(i).take(1).for_each(|slot| *slot = value);
        Ok(())
    })
}

/// The gradients of L(s) with respect to A, item by item: [`loss_gradient_into`](spectral::loss_gradient_into). Workspace
/// [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn loss_gradient_into<S: Scalar, L: SpectralLoss<S::Real> + Sync>(
    factors: Factors<'_, S>,
    loss: &L,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    for_each((factors, target), map_derivative_workspace_len::<S>(m, n, k), run, |(factors, target), i, work| {
        spectral::loss_gradient_into(&factors.item(i)?, loss, target.item(i)?, work)
    })
}

/// Hessian-vector products of L(s), item by item: [`loss_hvp_into`](spectral::loss_hvp_into). Workspace [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
pub fn loss_hvp_into<S: Scalar, L: SpectralLoss<S::Real> + Sync>(
    factors: Factors<'_, S>,
    loss: &L,
    a_dot: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = map_derivative_workspace_len::<S>(m, n, k);
    for_each((factors, a_dot, target), len, run, |(factors, a_dot, target), i, work| {
        spectral::loss_hvp_into(&factors.item(i)?, loss, a_dot.item(i)?, target.item(i)?, work)
    })
}
