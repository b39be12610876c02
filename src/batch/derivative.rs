//! The derivatives of U, s and V of every matrix of a batch. Each function is the one of the same name for a single matrix, over
//! [`for_each`]: formula, shapes, accuracy and the errors of an item are said there.

use super::parts::{Cotangent, Factors, TangentMut, Target};
use super::run::{Run, Summary, for_each};
use super::view::{BatchMut, BatchRef};
use super::{lanes, small};
use crate::derivative as single;
use crate::derivative::{
    Convergence, Iteration, LineReport, PairMut, Partial, PartialReport, Report, Rule, branches_workspace_len,
    full_workspace_len, gauge_workspace_len, partial_workspace_len, vjp_tangent_workspace_len,
};
use crate::error::Error;
use crate::scalar::Scalar;
use crate::workspace::larger;

/// Length of the workspace of [`vjp_into`] for m×n matrices and k triplets, times the threads.
#[must_use]
pub const fn vjp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let one = single::vjp_workspace_len::<S>(rows, cols, triplets);
    if small::differentiates(rows, cols, triplets) { larger(one, lanes::workspace_len::<S>(rows, cols)) } else { one }
}

/// Length of the workspace of [`jvp_into`] for m×n matrices and k triplets, times the threads.
#[must_use]
pub const fn jvp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let one = single::jvp_workspace_len::<S>(rows, cols, triplets);
    if small::differentiates(rows, cols, triplets) { larger(one, lanes::workspace_len::<S>(rows, cols)) } else { one }
}

/// The gradients with respect to A of losses of U, s and V, item by item: [`vjp_into`](crate::vjp_into). The status of an item is its
/// [`Report`].
///
/// A cotangent with a batch stride of zero is the same for every item. Workspace [`vjp_workspace_len`], times the threads.
///
/// # Errors
/// As there; those of the shapes for the call, the others for an item.
///
/// ```
/// use diffsvd::{MatRef, Rule, batch::{self, BatchMut, BatchRef, Cotangent, Factors, Layout, Run, Target}};
/// // Twice the identity, of a hundred matrices: gA of L = s₁ + s₂ is U Vᴴ.
/// let (one, two, ones) = ([1.0, 0.0, 0.0, 1.0], [2.0, 2.0], [1.0, 1.0]);
/// let basis = BatchRef::new(&one, Layout::row_major(1, 2, 2).broadcast(100))?;
/// let factors = Factors { u: basis, s: BatchRef::new(&two, Layout::vectors(1, 2).broadcast(100))?, v: basis };
/// let gs = BatchRef::new(&ones, Layout::vectors(1, 2).broadcast(100))?;
/// let (mut ga, mut work) = (vec![0.0; 400], vec![0.0; batch::vjp_workspace_len::<f64>(2, 2, 2)]);
/// let target = Target::Overwrite(BatchMut::row_major(&mut ga, 100, 2, 2)?);
/// let cotangent = Cotangent { s: Some(gs), ..Cotangent::default() };
/// batch::vjp_into(factors, cotangent, &Rule::default(), target, Run::new(&mut work))?.all()?;
/// assert_eq!(ga[396..], one);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn vjp_into<S: Scalar>(
    factors: Factors<'_, S>,
    cotangent: Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S, Report<S::Real>>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = vjp_workspace_len::<S>(m, n, k);
    if small::takes_vjp(&factors, &cotangent, &target) {
        return small::vjp((factors, cotangent, target), rule, len, run);
    }
    for_each((factors, cotangent, target), len, run, |(factors, cotangent, target), i, work| {
        crate::vjp_into(&factors.item(i)?, &cotangent.item(i)?, rule, target.item(i)?, work)
    })
}

/// The tangents of U, s and V along dA, item by item: [`jvp_into`](crate::jvp_into). Workspace [`jvp_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, batch::{self, Batch, BatchSvd, Run, TangentMut}};
/// let svd = BatchSvd::thin(&Batch::from_fn(3, 2, 1, |i, row, _| if row == 0 { 1.0 + i as f64 } else { 0.0 }))?;
/// let a_dot = Batch::from_fn(3, 2, 1, |_, row, _| if row == 0 { 0.5 } else { 1.0 });
/// let (mut s_dot, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; batch::jvp_workspace_len::<f64>(2, 1, 1)]);
/// let tangent = TangentMut { s: Some(s_dot.as_mut()), ..TangentMut::default() };
/// batch::jvp_into(svd.factors(), a_dot.as_ref(), &Rule::default(), tangent, Run::new(&mut work))?.all()?;
/// assert_eq!(s_dot.as_slice(), [0.5; 3]); // dsᵢ = Re uᵢᴴ dA vᵢ
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn jvp_into<S: Scalar>(
    factors: Factors<'_, S>,
    a_dot: BatchRef<'_, S>,
    rule: &Rule<S::Real>,
    tangent: TangentMut<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = jvp_workspace_len::<S>(m, n, k);
    if small::takes_jvp(&factors, &a_dot, &tangent) {
        return small::jvp((factors, a_dot, tangent), rule, len, run);
    }
    for_each((factors, a_dot, tangent), len, run, |(factors, a_dot, tangent), i, work| {
        crate::jvp_into(&factors.item(i)?, a_dot.item(i)?, rule, tangent.item(i)?, work)
    })
}

/// A point and a direction for second derivatives, item by item; see [`SecondOrder`](crate::SecondOrder).
#[derive(Clone, Copy, Debug)]
pub struct SecondOrder<'a, S: Scalar> {
    /// The cotangents of the factors.
    pub cotangent: Cotangent<'a, S>,
    /// dA, m×n each.
    pub a_dot: BatchRef<'a, S>,
    /// What the cotangents change by.
    pub cotangent_dot: Cotangent<'a, S>,
}

/// What gA changes by, item by item: [`vjp_tangent_into`](crate::vjp_tangent_into). Workspace [`vjp_tangent_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, batch::{self, Batch, BatchSvd, Cotangent, Run, SecondOrder, Target}};
/// // L = s₁ of diag(2, 1), and of diag(3, 1): along the exchange of the axes s₁ grows by t²/(s₁ − s₂).
/// let diagonal = |i: usize, row: usize| if row == 0 { 2.0 + i as f64 } else { 1.0 };
/// let a = Batch::from_fn(2, 2, 2, |i, row, col| if row == col { diagonal(i, row) } else { 0.0 });
/// let svd = BatchSvd::thin(&a)?;
/// let a_dot = Batch::from_fn(2, 2, 2, |_, row, col| if row == col { 0.0 } else { 1.0 });
/// let gs = Batch::from_fn(2, 2, 1, |_, row, _| if row == 0 { 1.0 } else { 0.0 });
/// let cotangent = Cotangent { s: Some(gs.as_ref()), ..Cotangent::default() };
/// let point = SecondOrder { cotangent, a_dot: a_dot.as_ref(), cotangent_dot: Cotangent::default() };
/// let (mut product, mut work) = (Batch::zeros(2, 2, 2), vec![0.0; diffsvd::vjp_tangent_workspace_len::<f64>(2, 2, 2)]);
/// let (target, run) = (Target::Overwrite(product.as_mut()), Run::new(&mut work));
/// batch::vjp_tangent_into(svd.factors(), point, &Rule::default(), target, run)?.all()?;
/// assert_eq!((product.get(0, 0, 1), product.get(1, 0, 1)), (Some(1.0), Some(0.5)));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn vjp_tangent_into<S: Scalar>(
    factors: Factors<'_, S>,
    point: SecondOrder<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), k) = factors.shape();
    let len = vjp_tangent_workspace_len::<S>(m, n, k);
    let items = (factors, point.cotangent, point.a_dot, point.cotangent_dot, target);
    for_each(items, len, run, |(factors, cotangent, a_dot, cotangent_dot, target), i, work| {
        let (cotangent, a_dot, cotangent_dot) = (cotangent.item(i)?, a_dot.item(i)?, cotangent_dot.item(i)?);
        let point = crate::SecondOrder { cotangent, a_dot, cotangent_dot };
        crate::vjp_tangent_into(&factors.item(i)?, &point, rule, target.item(i)?, work)
    })
}

/// [`full_vjp_into`](crate::full_vjp_into) item by item: the cotangents of complete bases, m×m and n×n. Workspace [`full_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, Vectors, full_workspace_len, batch::{self, Batch, BatchSvd, Cotangent, Factors, Run, Target}};
/// let svd = BatchSvd::new(Batch::from_fn(2, 2, 1, |_, row, _| if row == 0 { 2.0 } else { 0.0 }).as_ref(), Vectors::Full)?;
/// let complete = Factors { u: svd.u().as_ref(), s: svd.values_of_all().as_ref(), v: svd.v().as_ref() };
/// let gu = Batch::from_fn(2, 2, 2, |_, row, col| if (row, col) == (1, 0) { 1.0 } else { 0.0 }); // L = u₂₁
/// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
/// let (mut ga, mut work) = (Batch::zeros(2, 2, 1), vec![0.0; full_workspace_len::<f64>(2, 1)]);
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// batch::full_vjp_into(complete, cotangent, &Rule::default(), target, run)?.all()?;
/// assert!(ga.get(1, 1, 0).is_some_and(|x: f64| (x.abs() - 0.5).abs() < 1e-15)); // ±1/s
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn full_vjp_into<S: Scalar>(
    factors: Factors<'_, S>,
    cotangent: Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S, Report<S::Real>>,
) -> Result<Summary, Error> {
    let ((m, n), _) = factors.shape();
    for_each(
        (factors, cotangent, target),
        full_workspace_len::<S>(m, n),
        run,
        |(factors, cotangent, target), i, work| {
            crate::full_vjp_into(&factors.item(i)?, &cotangent.item(i)?, rule, target.item(i)?, work)
        },
    )
}

/// [`full_jvp_into`](crate::full_jvp_into) item by item. Workspace [`full_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, Vectors, full_workspace_len, batch::{self, Batch, BatchSvd, Factors, Run, TangentMut}};
/// let svd = BatchSvd::new(Batch::from_fn(2, 2, 1, |_, row, _| if row == 0 { 2.0 } else { 0.0 }).as_ref(), Vectors::Full)?;
/// let complete = Factors { u: svd.u().as_ref(), s: svd.values_of_all().as_ref(), v: svd.v().as_ref() };
/// let a_dot = Batch::from_fn(2, 2, 1, |_, row, _| row as f64);
/// let (mut u_dot, mut work) = (Batch::zeros(2, 2, 2), vec![0.0; full_workspace_len::<f64>(2, 1)]);
/// let tangent = TangentMut { u: Some(u_dot.as_mut()), ..TangentMut::default() };
/// batch::full_jvp_into(complete, a_dot.as_ref(), &Rule::default(), tangent, Run::new(&mut work))?.all()?;
/// assert!(u_dot.get(1, 0, 1).is_some_and(|x: f64| (x.abs() - 0.5).abs() < 1e-15)); // u₂ turns as u₁ does
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn full_jvp_into<S: Scalar>(
    factors: Factors<'_, S>,
    a_dot: BatchRef<'_, S>,
    rule: &Rule<S::Real>,
    tangent: TangentMut<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let ((m, n), _) = factors.shape();
    for_each((factors, a_dot, tangent), full_workspace_len::<S>(m, n), run, |(factors, a_dot, tangent), i, work| {
        crate::full_jvp_into(&factors.item(i)?, a_dot.item(i)?, rule, tangent.item(i)?, work)
    })
}

/// r triplets of each matrix, the matrices themselves, and the limits of the iteration; see [`Partial`](crate::Partial).
#[derive(Clone, Copy, Debug)]
pub struct PartialFactors<'a, S: Scalar> {
    /// A, m×n each.
    pub a: BatchRef<'a, S>,
    /// The leading r triplets of each.
    pub factors: Factors<'a, S>,
    /// Tolerance and budget.
    pub iteration: Iteration<S::Real>,
}

/// [`partial_vjp_into`](crate::partial_vjp_into) item by item: r triplets and A alone. Workspace [`partial_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Iteration, Rule, Vectors, partial_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, Cotangent, PartialFactors, Run, Target};
/// let a = Batch::from_fn(2, 2, 2, |_, row, col| [[3.0, 0.0], [0.0, 1.0]][row][col]);
/// let svd = BatchSvd::new(a.as_ref(), Vectors::Leading(1))?; // one of two triplets
/// let partial = PartialFactors { a: a.as_ref(), factors: svd.factors(), iteration: Iteration::default() };
/// let gu = Batch::from_fn(2, 2, 1, |_, row, _| row as f64); // L = u₂₁
/// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
/// let (mut ga, mut work) = (Batch::zeros(2, 2, 2), vec![0.0; partial_workspace_len::<f64>(2, 2, 1)]);
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// batch::partial_vjp_into(partial, cotangent, &Rule::default(), target, run)?.all()?;
/// assert!(ga.get(1, 1, 0).is_some_and(|x: f64| (x.abs() - 3.0 / 8.0).abs() < 1e-15)); // ±s₁/(s₁² − s₂²)
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn partial_vjp_into<S: Scalar>(
    partial: PartialFactors<'_, S>,
    cotangent: Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S, PartialReport<S::Real>>,
) -> Result<Summary, Error> {
    let (((m, n), r), iteration) = (partial.factors.shape(), partial.iteration);
    let items = (partial.a, partial.factors, cotangent, target);
    for_each(items, partial_workspace_len::<S>(m, n, r), run, |(a, factors, cotangent, target), i, work| {
        let partial = Partial { a: a.item(i)?, factors: factors.item(i)?, iteration };
        crate::partial_vjp_into(&partial, &cotangent.item(i)?, rule, target.item(i)?, work)
    })
}

/// [`partial_jvp_into`](crate::partial_jvp_into) item by item. Workspace [`partial_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Iteration, Rule, Vectors, partial_workspace_len};
/// use diffsvd::batch::{self, Batch, BatchSvd, PartialFactors, Run, TangentMut};
/// let a = Batch::from_fn(2, 2, 2, |_, row, col| [[3.0, 0.0], [0.0, 1.0]][row][col]);
/// let svd = BatchSvd::new(a.as_ref(), Vectors::Leading(1))?; // one of two triplets
/// let partial = PartialFactors { a: a.as_ref(), factors: svd.factors(), iteration: Iteration::default() };
/// let a_dot = Batch::from_fn(2, 2, 2, |_, row, col| if row > col { 1.0 } else { 0.0 });
/// let (mut u_dot, mut work) = (Batch::zeros(2, 2, 1), vec![0.0; partial_workspace_len::<f64>(2, 2, 1)]);
/// let tangent = TangentMut { u: Some(u_dot.as_mut()), ..TangentMut::default() };
/// batch::partial_jvp_into(partial, a_dot.as_ref(), &Rule::default(), tangent, Run::new(&mut work))?.all()?;
/// assert!(u_dot.get(1, 1, 0).is_some_and(|x: f64| (x.abs() - 3.0 / 8.0).abs() < 1e-15)); // ±s₁/(s₁² − s₂²)
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn partial_jvp_into<S: Scalar>(
    partial: PartialFactors<'_, S>,
    a_dot: BatchRef<'_, S>,
    rule: &Rule<S::Real>,
    tangent: TangentMut<'_, S>,
    run: Run<'_, S, Convergence<S::Real>>,
) -> Result<Summary, Error> {
    let (((m, n), r), iteration) = (partial.factors.shape(), partial.iteration);
    let items = (partial.a, partial.factors, a_dot, tangent);
    for_each(items, partial_workspace_len::<S>(m, n, r), run, |(a, factors, a_dot, tangent), i, work| {
        let partial = Partial { a: a.item(i)?, factors: factors.item(i)?, iteration };
        crate::partial_jvp_into(&partial, a_dot.item(i)?, rule, tangent.item(i)?, work)
    })
}

/// Where the branches of every item go; see [`BranchesMut`](crate::BranchesMut).
#[derive(Debug)]
pub struct BranchesMut<'a, S: Scalar> {
    /// U, m×k each, and V, n×k each.
    pub vectors: (BatchMut<'a, S>, BatchMut<'a, S>),
    /// The tangents of U, s and V: all of them are wanted.
    pub tangents: (BatchMut<'a, S>, BatchMut<'a, S::Real>, BatchMut<'a, S>),
}

/// The branches of U, s and V along A + t B, item by item: [`branches_into`](crate::branches_into). Workspace [`branches_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, branches_workspace_len, batch::{self, Batch, BatchSvd, BranchesMut, Run}};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |_, row, col| if row == col { 1.0 } else { 0.0 }))?; // A = I
/// let b = Batch::from_fn(2, 2, 2, |_, row, col| if row == col { 0.0 } else { 1.0 });
/// let ([mut u, mut v, mut u_dot, mut v_dot], mut s_dot) = ([(); 4].map(|()| Batch::zeros(2, 2, 2)), Batch::zeros(2, 2, 1));
/// let tangents = (u_dot.as_mut(), s_dot.as_mut(), v_dot.as_mut());
/// let out = BranchesMut { vectors: (u.as_mut(), v.as_mut()), tangents };
/// let mut work = vec![0.0; branches_workspace_len::<f64>(2, 2)];
/// batch::branches_into(svd.factors(), b.as_ref(), &Rule::default(), out, Run::new(&mut work))?.all()?;
/// assert!(s_dot.get(1, 0, 0).is_some_and(|x: f64| (x - 1.0).abs() < 1e-15)); // the values part: ds = ±1
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn branches_into<S: Scalar>(
    factors: Factors<'_, S>,
    b: BatchRef<'_, S>,
    rule: &Rule<S::Real>,
    out: BranchesMut<'_, S>,
    run: Run<'_, S, LineReport>,
) -> Result<Summary, Error> {
    let ((m, n), _) = factors.shape();
    let items = (factors, b, out.vectors, out.tangents);
    for_each(items, branches_workspace_len::<S>(m, n), run, |(factors, b, (u, v), (u_dot, s_dot, v_dot)), i, work| {
        let (u, v, s_dot) = (u.item(i)?, v.item(i)?, s_dot.vector(i)?);
        let out = crate::BranchesMut { u, v, u_dot: u_dot.item(i)?, s_dot, v_dot: v_dot.item(i)? };
        crate::branches_into(&factors.item(i)?, b.item(i)?, rule, out, work)
    })
}

/// The gauge-invariant part of gU and gV in place, item by item: [`remove_gauge`](crate::remove_gauge). Workspace [`gauge_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Report, Rule, gauge_workspace_len, batch::{self, Batch, BatchSvd, Run}};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |_, row, col| if row == col { 1.0 } else { 0.0 }))?;
/// let (mut gu, mut gv) = (svd.u().clone(), Batch::zeros(2, 2, 2)); // UᴴgU = I is Hermitian: nothing to remove
/// let (mut status, mut work) = ([Ok(Report::default()); 2], vec![0.0; gauge_workspace_len::<f64>(2)]);
/// let run = Run::new(&mut work).record(&mut status);
/// batch::remove_gauge(svd.factors(), (gu.as_mut(), gv.as_mut()), &Rule::default(), run)?.all()?;
/// assert!(gu == *svd.u() && status[1].is_ok_and(|report| report.gauge_residual < 1e-15 && report.equal_pairs == 1));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn remove_gauge<S: Scalar>(
    factors: Factors<'_, S>,
    pair: (BatchMut<'_, S>, BatchMut<'_, S>),
    rule: &Rule<S::Real>,
    run: Run<'_, S, Report<S::Real>>,
) -> Result<Summary, Error> {
    let len = gauge_workspace_len::<S>(factors.shape().1);
    for_each((factors, pair), len, run, |(factors, (u, v)), i, work| {
        crate::remove_gauge(&factors.item(i)?, PairMut { u: u.item(i)?, v: v.item(i)? }, rule, work)
    })
}

/// U and V in place turned onto those of a reference, item by item: [`align`](crate::align). The status of an item is the smallest cosine.
/// Workspace [`gauge_workspace_len`].
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::{Rule, gauge_workspace_len, batch::{self, Batch, BatchSvd, Run}};
/// let svd = BatchSvd::thin(&Batch::from_fn(2, 2, 2, |i, row, col| if row == col { (3 + i - row) as f64 } else { 0.0 }))?;
/// let sign = |col| if col == 0 { -1.0 } else { 1.0 };
/// let turned = |x: &Batch<f64>| Batch::from_fn(2, 2, 2, |i, row, col| sign(col) * x.get(i, row, col).unwrap_or(0.0));
/// let (mut u, mut v) = (turned(svd.u()), turned(svd.v()));
/// let (mut cosines, mut work) = ([Ok(0.0); 2], vec![0.0; gauge_workspace_len::<f64>(2)]);
/// let run = Run::new(&mut work).record(&mut cosines);
/// batch::align(svd.factors(), (u.as_mut(), v.as_mut()), &Rule::default(), run)?.all()?;
/// assert_eq!((&u, cosines), (svd.u(), [Ok(1.0); 2]));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn align<S: Scalar>(
    reference: Factors<'_, S>,
    pair: (BatchMut<'_, S>, BatchMut<'_, S>),
    rule: &Rule<S::Real>,
    run: Run<'_, S, S::Real>,
) -> Result<Summary, Error> {
    let len = gauge_workspace_len::<S>(reference.shape().1);
    for_each((reference, pair), len, run, |(reference, (u, v)), i, work| {
        crate::align(&reference.item(i)?, PairMut { u: u.item(i)?, v: v.item(i)? }, rule, work)
    })
}
