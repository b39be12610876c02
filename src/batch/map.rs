//! Functions of the singular values of every matrix of a batch, from the factors. Each is the one of the same name in
//! [`spectral`](crate::spectral), over [`for_each`]: formula, shapes, accuracy and the errors of an item are said there.

use super::choose::Choose;
use super::parts::{Factors, Target};
use super::run::{Run, Summary, for_each};
use super::view::{BatchMut, BatchRef};
use crate::error::Error;
use crate::factors::Tolerance;
use crate::scalar::Scalar;
use crate::spectral::{
    self, SecondOrderMap, SpectralFunction, SpectralMap, map_derivative_workspace_len, map_second_workspace_len,
};

/// Workspace of one item.
fn len<S: Scalar>(factors: &Factors<'_, S>) -> usize {
    let ((m, n), k) = factors.shape();
    map_derivative_workspace_len::<S>(m, n, k)
}

/// The numbers of all items.
fn numbers<S: Scalar>(factors: &Factors<'_, S>) -> core::ops::Range<usize> {
    0..factors.u.count()
}

/// X = U f(S) Vᴴ, item by item: [`map_into`](spectral::map_into). Workspace [`map_derivative_workspace_len`]: more than
/// the map takes, for [`Choose::choose`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::{Vectors, spectral::{SoftThreshold, map_derivative_workspace_len}};
/// use diffsvd::batch::{self, Batch, BatchMut, BatchSvd, PerItem, Run, Target};
/// let a = Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 }); // 1, 2 and 3 times the identity
/// let svd = BatchSvd::thin(&a)?;
/// let tau = [0.5, 1.0, 1.5];
/// let (mut x, mut work) = ([0.0; 12], vec![0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let target = Target::Overwrite(BatchMut::row_major(&mut x, 3, 2, 2)?);
/// batch::map_into(svd.factors(), &PerItem(|i| SoftThreshold(tau[i])), target, Run::new(&mut work))?.all()?;
/// assert_eq!((x[0], x[4], x[8]), (0.5, 1.0, 1.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map_into<S: Scalar, M, C>(
    factors: Factors<'_, S>,
    f: &C,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let items = (factors, target, numbers(&factors));
    for_each(items, len(&factors), run, |(factors, target, numbers), i, work| {
        let factors = factors.item(i)?;
        let f = f.choose(numbers.start + i, &factors, work)?;
        spectral::map_into(&factors, &f, target.item(i)?, work)
    })
}

/// Directions in which U f(S) Vᴴ is differentiated; see [`MapTangent`](spectral::MapTangent).
#[derive(Clone, Copy, Debug)]
pub struct MapTangent<'a, S: Scalar> {
    /// dA, m×n each.
    pub a: BatchRef<'a, S>,
    /// What a change of the parameters does to the k values of f; `None` for none.
    pub f: Option<BatchRef<'a, S::Real>>,
}

impl<'a, S: Scalar> MapTangent<'a, S> {
    /// The direction of item number `index`.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of `f` have gaps.
    ///
    /// ```
    /// # use diffsvd::batch::{Batch, MapTangent};
    /// let (a, f) = (Batch::from_fn(2, 2, 2, |item, _, _| item as f64), Batch::from_fn(2, 2, 1, |item, _, _| item as f64));
    /// let tangent = MapTangent { a: a.as_ref(), f: Some(f.as_ref()) };
    /// assert_eq!((tangent.item(1)?.a.get(0, 0), tangent.item(1)?.f), (Some(1.0), Some(&[1.0, 1.0][..])));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn item(&self, index: usize) -> Result<spectral::MapTangent<'a, S>, Error> {
        let f = self.f.map(|f| f.vector(index)).transpose()?;
        Ok(spectral::MapTangent { a: self.a.item(index)?, f })
    }
}

batched_struct!(MapTangent<'a, S> { a: "the tangent of A" a b, f: "the tangents of the values" c d });

/// Where the gradients of losses of U f(S) Vᴴ go; see [`MapGradient`](spectral::MapGradient).
#[derive(Debug)]
pub struct MapGradient<'a, S: Scalar> {
    /// gA, m×n each.
    pub a: Target<'a, S>,
    /// The cotangents of the k values of f, from which those of its parameters follow ([`parameter_cotangents`]). Not written where `None`.
    pub f: Option<BatchMut<'a, S::Real>>,
}

impl<S: Scalar> MapGradient<'_, S> {
    /// Where the gradient of item number `index` goes.
    ///
    /// # Errors
    /// [`Error::Count`] where there are not so many; [`Error::Layout`] where the entries of `f` have gaps.
    ///
    /// ```
    /// # use diffsvd::batch::{Batch, MapGradient, Target};
    /// let (mut a, mut f) = (Batch::<f64>::zeros(2, 2, 2), Batch::zeros(2, 2, 1));
    /// let mut gradient = MapGradient { a: Target::Overwrite(a.as_mut()), f: Some(f.as_mut()) };
    /// gradient.item(1)?.f.into_iter().for_each(|f| f.fill(1.0));
    /// assert_eq!(f.as_slice(), [0.0, 0.0, 1.0, 1.0]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn item(&mut self, index: usize) -> Result<spectral::MapGradient<'_, S>, Error> {
        let f = self.f.as_mut().map(|f| f.vector(index)).transpose()?;
        Ok(spectral::MapGradient { a: self.a.item(index)?, f })
    }
}

batched_struct!(MapGradient<'a, S> { a: "the gradient of A" a b, f: "the cotangents of the values" c d });

/// The tangents of U f(S) Vᴴ, item by item: [`map_jvp_into`](spectral::map_jvp_into). Workspace [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Polar, map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, MapTangent, Run, Same, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 }))?;
/// let a_dot = Batch::from_fn(3, 2, 2, |_, row, col| if row < col { 1.0 } else { 0.0 });
/// let (mut turn, mut work) = (Batch::zeros(3, 2, 2), vec![0.0; map_derivative_workspace_len::<f64>(2, 2, 2)]);
/// let (tangent, target) = (MapTangent { a: a_dot.as_ref(), f: None }, Target::Overwrite(turn.as_mut()));
/// batch::map_jvp_into(svd.factors(), &Same(Polar), tangent, target, Run::new(&mut work))?.all()?;
/// assert!(turn.get(1, 0, 1).is_some_and(|x| (x - 0.25).abs() < 1e-15)); // skew(dA)/s
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_jvp_into<S: Scalar, M, C>(
    factors: Factors<'_, S>,
    f: &C,
    tangent: MapTangent<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let items = (factors, tangent, target, numbers(&factors));
    for_each(items, len(&factors), run, |(factors, tangent, target, numbers), i, work| {
        let factors = factors.item(i)?;
        let f = f.choose(numbers.start + i, &factors, work)?;
        spectral::map_jvp_into(&factors, &f, &tangent.item(i)?, target.item(i)?, work)
    })
}

/// The gradients with respect to A and to the values of f, item by item: [`map_vjp_into`](spectral::map_vjp_into). Workspace
/// [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{SoftThreshold, map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, MapGradient, Run, Same, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 }))?;
/// let x_bar = Batch::from_fn(3, 2, 2, |_, row, col| if row < col { 1.0 } else { 0.0 });
/// let (mut ga, mut gf) = (Batch::zeros(3, 2, 2), Batch::zeros(3, 2, 1));
/// let mut work = vec![0.0; map_derivative_workspace_len::<f64>(2, 2, 2)];
/// let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: Some(gf.as_mut()) };
/// batch::map_vjp_into(svd.factors(), &Same(SoftThreshold(0.5)), x_bar.as_ref(), gradient, Run::new(&mut work))?.all()?;
/// assert_eq!((ga.get(1, 0, 1), ga.get(1, 1, 0)), (Some(0.875), Some(0.125))); // f′ herm(gX) + (f/s) skew(gX) at s = 2
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_vjp_into<S: Scalar, M, C>(
    factors: Factors<'_, S>,
    f: &C,
    x_bar: BatchRef<'_, S>,
    gradient: MapGradient<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let items = (factors, x_bar, gradient, numbers(&factors));
    for_each(items, len(&factors), run, |(factors, x_bar, gradient, numbers), i, work| {
        let factors = factors.item(i)?;
        let f = f.choose(numbers.start + i, &factors, work)?;
        spectral::map_vjp_into(&factors, &f, x_bar.item(i)?, gradient.item(i)?, work)
    })
}

/// The second derivatives along two directions, item by item: [`map_second_into`](spectral::map_second_into). Workspace
/// [`map_second_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Power, map_second_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Same, Target};
/// let one = Batch::from_fn(3, 1, 1, |_, _, _| 1.0_f64);
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 1, 1, |i, _, _| 1.0 + i as f64))?;
/// let (mut second, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; map_second_workspace_len::<f64>(1, 1, 1)]);
/// let (directions, target) = ([one.as_ref(); 2], Target::Overwrite(second.as_mut()));
/// batch::map_second_into(svd.factors(), &Same(Power(3.0)), directions, target, Run::new(&mut work))?.all()?;
/// assert!(second.get(1, 0, 0).is_some_and(|x| (x - 12.0).abs() < 1e-13)); // (a³)″ = 6 a
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_second_into<S: Scalar, M, C>(
    factors: Factors<'_, S>,
    f: &C,
    directions: [BatchRef<'_, S>; 2],
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SecondOrderMap<S::Real, M>>,
{
    second(factors, f, directions, (target, run), |factors, f, directions, target, work| {
        spectral::map_second_into(factors, f, directions, target, work)
    })
}

/// What the backward map of gX (the second direction) changes by along dA (the first), item by item:
/// [`map_vjp_tangent_into`](spectral::map_vjp_tangent_into). Workspace [`map_second_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::spectral::{Power, map_second_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Same, Target};
/// let (a_dot, x_bar) = (Batch::from_fn(3, 1, 1, |_, _, _| 1.0_f64), Batch::from_fn(3, 1, 1, |_, _, _| 0.5));
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 1, 1, |i, _, _| 1.0 + i as f64))?;
/// let (mut change, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; map_second_workspace_len::<f64>(1, 1, 1)]);
/// let (directions, target) = ([a_dot.as_ref(), x_bar.as_ref()], Target::Overwrite(change.as_mut()));
/// batch::map_vjp_tangent_into(svd.factors(), &Same(Power(3.0)), directions, target, Run::new(&mut work))?.all()?;
/// assert!(change.get(1, 0, 0).is_some_and(|x| (x - 6.0).abs() < 1e-13)); // gA = 3 a²/2 changes by 3 a
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_vjp_tangent_into<S: Scalar, M, C>(
    factors: Factors<'_, S>,
    f: &C,
    directions: [BatchRef<'_, S>; 2],
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SecondOrderMap<S::Real, M>>,
{
    second(factors, f, directions, (target, run), |factors, f, directions, target, work| {
        spectral::map_vjp_tangent_into(factors, f, directions, target, work)
    })
}

/// Either of the two second derivatives.
fn second<S: Scalar, C: Choose<S>>(
    factors: Factors<'_, S>,
    f: &C,
    [y, z]: [BatchRef<'_, S>; 2],
    (target, run): (Target<'_, S>, Run<'_, S>),
    derivative: impl Fn(
        &crate::Factors<'_, S>,
        &C::Map,
        [crate::MatRef<'_, S>; 2],
        crate::Target<'_, S>,
        &mut [S],
    ) -> Result<(), Error>
    + Sync,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let items = (factors, y, z, target, numbers(&factors));
    for_each(items, map_second_workspace_len::<S>(m, n, k), run, |(factors, y, z, target, numbers), i, work| {
        let factors = factors.item(i)?;
        let f = f.choose(numbers.start + i, &factors, work)?;
        derivative(&factors, &f, [y.item(i)?, z.item(i)?], target.item(i)?, work)
    })
}

/// The cotangents of the parameters of f from those of its values, p an item: [`parameter_cotangents`](spectral::parameter_cotangents). Where
/// all items share one f, theirs is the sum. No workspace, also for [`Choose::choose`].
///
/// # Errors
/// [`Error::Shape`], [`Error::Count`], [`Error::Layout`].
///
/// ```
/// use diffsvd::spectral::SoftThreshold;
/// use diffsvd::batch::{self, Batch, BatchMut, BatchRef, BatchSvd, Run, Same};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |i, row, col| if row == col { i as f64 } else { 0.0 }))?; // 0 and the identity
/// let (f_bar, mut tau_bar) = ([1.0, 2.0, 3.0, 4.0], [0.0; 2]);
/// let (f_bar, out) = (BatchRef::vectors(&f_bar, 2, 2)?, BatchMut::vectors(&mut tau_bar, 2, 1)?);
/// batch::parameter_cotangents(svd.factors(), &Same(SoftThreshold(0.5)), f_bar, out, Run::new(&mut []))?.all()?;
/// assert_eq!(tau_bar, [0.0, -7.0]); // −1 for each value above the threshold
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parameter_cotangents<S: Scalar, C>(
    factors: Factors<'_, S>,
    f: &C,
    f_bar: BatchRef<'_, S::Real>,
    cotangents: BatchMut<'_, S::Real>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralFunction<S::Real>>,
{
    let (k, parameters) = (factors.shape().1, C::Map::PARAMETERS);
    crate::matrix::check_shape("the cotangents of the values", f_bar.shape(), (k, 1))?;
    crate::matrix::check_shape("the cotangents of the parameters", cotangents.shape(), (parameters, 1))?;
    let items = (factors, f_bar, cotangents, numbers(&factors));
    for_each(items, 0, run, |(factors, f_bar, cotangents, numbers), i, work| {
        let factors = factors.item(i)?;
        let f = f.choose(numbers.start + i, &factors, work)?;
        spectral::parameter_cotangents(&f, factors.s, f_bar.vector(i)?, cotangents.vector(i)?);
        Ok(())
    })
}

/// A⁺, n×m an item: [`pinv_into`](spectral::pinv_into). Workspace [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::{Tolerance, spectral::map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 2, 1, |i, row, _| if row == 0 { 1.0 + i as f64 } else { 0.0 }))?;
/// let (mut pinv, mut work) = (Batch::zeros(3, 1, 2), vec![0.0; map_derivative_workspace_len::<f64>(2, 1, 1)]);
/// let (target, run) = (Target::Overwrite(pinv.as_mut()), Run::new(&mut work));
/// batch::pinv_into(svd.factors(), Tolerance::Default, target, run)?.all()?;
/// assert_eq!((pinv.get(1, 0, 0), pinv.get(1, 0, 1)), (Some(0.5), Some(0.0)));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn pinv_into<S: Scalar>(
    factors: Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, target), len(&factors), run, |(factors, target), i, work| {
        spectral::pinv_into(&factors.item(i)?, cutoff, target.item(i)?, work)
    })
}

/// The tangents of A⁺, item by item: [`pinv_jvp_into`](spectral::pinv_jvp_into). Workspace [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::{Tolerance, spectral::map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 1, 1, |i, _, _| 1.0 + i as f64))?;
/// let a_dot = Batch::from_fn(3, 1, 1, |_, _, _| 2.0);
/// let (mut tangent, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; map_derivative_workspace_len::<f64>(1, 1, 1)]);
/// let (target, run) = (Target::Overwrite(tangent.as_mut()), Run::new(&mut work));
/// batch::pinv_jvp_into(svd.factors(), Tolerance::Default, a_dot.as_ref(), target, run)?.all()?;
/// assert_eq!(tangent.get(1, 0, 0), Some(-0.5)); // −dA/a²
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn pinv_jvp_into<S: Scalar>(
    factors: Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    a_dot: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, a_dot, target), len(&factors), run, |(factors, a_dot, target), i, work| {
        spectral::pinv_jvp_into(&factors.item(i)?, cutoff, a_dot.item(i)?, target.item(i)?, work)
    })
}

/// The gradients of losses of A⁺, item by item: [`pinv_vjp_into`](spectral::pinv_vjp_into). Workspace [`map_derivative_workspace_len`].
///
/// # Errors
/// As there; [`Error::Count`].
///
/// ```
/// use diffsvd::{Tolerance, spectral::map_derivative_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Run, Target};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 1, 1, |i, _, _| 1.0 + i as f64))?;
/// let pinv_bar = Batch::from_fn(3, 1, 1, |_, _, _| 1.0);
/// let (mut ga, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; map_derivative_workspace_len::<f64>(1, 1, 1)]);
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// batch::pinv_vjp_into(svd.factors(), Tolerance::Default, pinv_bar.as_ref(), target, run)?.all()?;
/// assert_eq!(ga.get(1, 0, 0), Some(-0.25)); // −1/a²
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn pinv_vjp_into<S: Scalar>(
    factors: Factors<'_, S>,
    cutoff: Tolerance<S::Real>,
    pinv_bar: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each((factors, pinv_bar, target), len(&factors), run, |(factors, pinv_bar, target), i, work| {
        spectral::pinv_vjp_into(&factors.item(i)?, cutoff, pinv_bar.item(i)?, target.item(i)?, work)
    })
}
