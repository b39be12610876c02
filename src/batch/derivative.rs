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

/// Length of the workspace of [`vjp_into`] for m×n matrices and k triplets, times the threads.
#[must_use]
pub const fn vjp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let one = single::vjp_workspace_len::<S>(rows, cols, triplets);
    if small::differentiates(rows, cols, triplets) { longer(one, lanes::workspace_len::<S>(rows, cols)) } else { one }
}

const fn longer(a: usize, b: usize) -> usize {
    if a < b { b } else { a }
}

/// Length of the workspace of [`jvp_into`] for m×n matrices and k triplets, times the threads.
#[must_use]
pub const fn jvp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let one = single::jvp_workspace_len::<S>(rows, cols, triplets);
    if small::differentiates(rows, cols, triplets) { longer(one, lanes::workspace_len::<S>(rows, cols)) } else { one }
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
