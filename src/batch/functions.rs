//! Hermitian functions and losses of the singular values of every matrix of a batch, from the factors: those of
//! [`spectral`](crate::spectral), over [`for_each`].

use super::parts::{Factors, Target};
use super::run::{Run, Summary, for_each};
use super::view::BatchRef;
use crate::error::Error;
use crate::scalar::Scalar;
use crate::spectral::{
    self, Hermitian, SpectralFunction, SpectralLoss, TwiceDifferentiable, Values, hermitian_second_workspace_len,
    hermitian_workspace_len, map_derivative_workspace_len,
};

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
///
/// ```
/// use diffsvd::{Tolerance, spectral::{Hermitian, Side, hermitian_workspace_len}};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |i, row, col| if row == i && col == 1 { 3.0 } else { 0.0 }))?; // of rank 1
/// let (mut onto, mut work) = (Batch::zeros(2, 2, 2), vec![0.0; hermitian_workspace_len::<f64>(2, 2, 2)]);
/// let range = |factors: &diffsvd::Factors<'_, f64>| Hermitian::range(factors, Side::Left, Tolerance::Default);
/// batch::hermitian_into(svd.factors(), range, Target::Overwrite(onto.as_mut()), Run::new(&mut work))?.all()?;
/// assert_eq!(onto.as_slice(), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]); // A A⁺
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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

/// The tangents of a Hermitian function, item by item: [`Hermitian::jvp_into`]. Workspace [`hermitian_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Hermitian, Side, hermitian_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
/// let (a_dot, mut tangent) = (Batch::from_fn(2, 1, 1, |_, _, _| 1.0), Batch::zeros(2, 1, 1));
/// let mut work = vec![0.0; hermitian_workspace_len::<f64>(1, 1, 1)];
/// let (target, run) = (Target::Overwrite(tangent.as_mut()), Run::new(&mut work));
/// batch::hermitian_jvp_into(svd.factors(), |_| Hermitian::factor(Side::Left), a_dot.as_ref(), target, run)?.all()?;
/// assert_eq!(tangent.as_slice(), [1.0, -1.0]); // of |a|
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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

/// The gradients of losses of a Hermitian function, item by item: [`Hermitian::vjp_into`]. Workspace [`hermitian_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Hermitian, Side, hermitian_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
/// let (y_bar, mut ga) = (Batch::from_fn(2, 1, 1, |_, _, _| 2.0), Batch::zeros(2, 1, 1));
/// let mut work = vec![0.0; hermitian_workspace_len::<f64>(1, 1, 1)];
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// batch::hermitian_vjp_into(svd.factors(), |_| Hermitian::factor(Side::Left), y_bar.as_ref(), target, run)?.all()?;
/// assert_eq!(ga.as_slice(), [2.0, -2.0]); // of 2 |a|
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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
///
/// ```
/// use diffsvd::spectral::{Hermitian, Power, Side, hermitian_second_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
/// let (one, mut second) = (Batch::from_fn(2, 1, 1, |_, _, _| 1.0), Batch::zeros(2, 1, 1));
/// let mut work = vec![0.0; hermitian_second_workspace_len::<f64>(1, 1, 1)];
/// let (directions, target) = ([one.as_ref(); 2], Target::Overwrite(second.as_mut()));
/// let square = |_: &diffsvd::Factors<'_, f64>| Hermitian { side: Side::Left, f: Power(2.0), complement: false };
/// batch::hermitian_second_into(svd.factors(), square, directions, target, Run::new(&mut work))?.all()?;
/// assert!(second.as_slice().iter().all(|x| (x - 2.0_f64).abs() < 1e-14)); // (a²)″
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn hermitian_second_into<S: Scalar, F: TwiceDifferentiable<S::Real>>(
    factors: Factors<'_, S>,
    g: impl Fn(&crate::Factors<'_, S>) -> Hermitian<F> + Sync,
    [y, z]: [BatchRef<'_, S>; 2],
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = hermitian_second_workspace_len::<S>(m, n, k);
    for_each((factors, y, z, target), len, run, |(factors, y, z, target), i, work| {
        let factors = factors.item(i)?;
        g(&factors).second_into(&factors, [y.item(i)?, z.item(i)?], target.item(i)?, work)
    })
}

/// What the gradients of a Hermitian function change by along dA (the first of the two; the second is gY), item by item:
/// [`Hermitian::vjp_tangent_into`]. Workspace [`hermitian_second_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Hermitian, Power, Side, hermitian_second_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
/// let (one, mut change) = (Batch::from_fn(2, 1, 1, |_, _, _| 1.0), Batch::zeros(2, 1, 1));
/// let mut work = vec![0.0; hermitian_second_workspace_len::<f64>(1, 1, 1)];
/// let (directions, target) = ((one.as_ref(), one.as_ref()), Target::Overwrite(change.as_mut()));
/// let square = |_: &diffsvd::Factors<'_, f64>| Hermitian { side: Side::Left, f: Power(2.0), complement: false };
/// batch::hermitian_vjp_tangent_into(svd.factors(), square, directions, target, Run::new(&mut work))?.all()?;
/// assert!(change.as_slice().iter().all(|x| (x - 2.0_f64).abs() < 1e-14)); // of gA = 2 a
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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
///
/// ```
/// use diffsvd::spectral::{KyFan, map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [3.0, -3.0][i]))?;
/// let (mut ga, mut work) = (Batch::zeros(2, 1, 1), vec![0.0; map_derivative_workspace_len::<f64>(1, 1, 1)]);
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// batch::loss_gradient_into(svd.factors(), &KyFan::nuclear(), target, run)?.all()?;
/// assert_eq!(ga.as_slice(), [1.0, -1.0]); // of |a|
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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
///
/// ```
/// use diffsvd::spectral::{LogDet, map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 1, 1, |i, _, _| [2.0, 1.0][i]))?;
/// let (a_dot, mut product) = (Batch::from_fn(2, 1, 1, |_, _, _| 1.0), Batch::zeros(2, 1, 1));
/// let mut work = vec![0.0; map_derivative_workspace_len::<f64>(1, 1, 1)];
/// let (target, run) = (Target::Overwrite(product.as_mut()), Run::new(&mut work));
/// batch::loss_hvp_into(svd.factors(), &LogDet, a_dot.as_ref(), target, run)?.all()?;
/// assert_eq!(product.as_slice(), [-0.5, -2.0]); // (log a²)″ = −2/a²
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
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
