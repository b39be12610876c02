//! Small matrices: whether the engine for many side by side takes them, and their views as it takes them.

use super::lanes;
use super::parts::{Cotangent, Factors, FactorsMut, TangentMut, Target};
use super::run::{Run, Summary, for_each_piece};
use super::view::{BatchMut, BatchRef};
use crate::derivative::{Report, Rule};
use crate::error::Error;
use crate::kernel::Level;
use crate::plan::Vectors;
use crate::scalar::Scalar;
use crate::workspace::smaller;

/// Whether these vectors of an m×n matrix are found side by side.
pub(super) const fn decomposes(rows: usize, cols: usize, vectors: Vectors) -> bool {
    let thin = matches!(vectors, Vectors::None | Vectors::Thin) || matches!(vectors, Vectors::Full) && rows == cols;
    thin && lanes::serves(rows, cols)
}

/// Whether thin factors of k triplets may be differentiated side by side.
pub(super) const fn differentiates(rows: usize, cols: usize, triplets: usize) -> bool {
    lanes::serves(rows, cols) && triplets == smaller(rows, cols)
}

/// Whether the factors are the thin ones and a (co)tangent has all of their triplets; `parts` are its U, s and V. What is not like that goes one by
/// one, which is where wrong shapes are named.
fn are_thin<S: Scalar>(factors: &Factors<'_, S>, [u, s, v]: [Option<(usize, usize)>; 3], a: (usize, usize)) -> bool {
    let (shape @ (m, n), k) = factors.shape();
    let (left, values, right) = ((m, k), (k, 1), (n, k));
    differentiates(m, n, k)
        && a == shape
        && [factors.u.shape(), factors.v.shape(), factors.s.shape()] == [left, right, values]
        && factors.s.contiguous().is_ok()
        && [(u, left), (s, values), (v, right)].into_iter().all(|(part, of)| part.is_none_or(|part| part == of))
}

/// Thin factors, or the values alone. The shapes are known to be right.
pub(super) fn svd<S: Scalar>(
    a: BatchRef<'_, S>,
    with_vectors: bool,
    out: FactorsMut<'_, S>,
    len: usize,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let (shape, level) = (a.shape(), Level::detect());
    for_each_piece((a, out), len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(Some(()), |(a, out), work, told| {
            let vectors = with_vectors.then(|| (out.u.for_lanes(), out.v.for_lanes()));
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level };
            lanes::svd(job, a.for_lanes(), out.s.for_lanes(), vectors)
        })
    })
}

/// Whether [`vjp`] takes this.
pub(super) fn takes_vjp<S: Scalar>(
    factors: &Factors<'_, S>,
    cotangent: &Cotangent<'_, S>,
    target: &Target<'_, S>,
) -> bool {
    let parts = [cotangent.u.map(|u| u.shape()), cotangent.s.map(|s| s.shape()), cotangent.v.map(|v| v.shape())];
    cotangent.s_matrix.is_none()
        && cotangent.s.is_none_or(|s| s.contiguous().is_ok())
        && are_thin(factors, parts, target.shape())
}

/// The backward rule.
pub(super) fn vjp<S: Scalar>(
    items: (Factors<'_, S>, Cotangent<'_, S>, Target<'_, S>),
    rule: &Rule<S::Real>,
    len: usize,
    run: Run<'_, S, Report<S::Real>>,
) -> Result<Summary, Error> {
    let (shape, level) = (items.0.shape().0, Level::detect());
    for_each_piece(items, len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(None, |(factors, cotangent, target), work, told| {
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level };
            let mut report = |i, report| told.report(i, report);
            let keep = matches!(target, Target::Add(_));
            let (Target::Add(a) | Target::Overwrite(a)) = target;
            let report: Option<&mut dyn FnMut(usize, Report<S::Real>)> =
                if told.is_recorded() { Some(&mut report) } else { None };
            let gradient = lanes::Gradient { a: a.for_lanes(), keep, report };
            let cotangent = lanes::Cotangent {
                u: cotangent.u.map(|u| u.for_lanes()),
                s: cotangent.s.map(|s| s.for_lanes()),
                v: cotangent.v.map(|v| v.for_lanes()),
            };
            lanes::vjp(job, thin(factors), cotangent, rule, gradient)
        })
    })
}

/// Whether [`jvp`] takes this.
pub(super) fn takes_jvp<S: Scalar>(
    factors: &Factors<'_, S>,
    a_dot: &BatchRef<'_, S>,
    tangent: &TangentMut<'_, S>,
) -> bool {
    let parts = [
        tangent.u.as_ref().map(BatchMut::shape),
        tangent.s.as_ref().map(BatchMut::shape),
        tangent.v.as_ref().map(BatchMut::shape),
    ];
    tangent.s_matrix.is_none()
        && tangent.s.as_ref().is_none_or(|s| s.contiguous().is_ok())
        && are_thin(factors, parts, a_dot.shape())
}

/// The forward rule.
pub(super) fn jvp<S: Scalar>(
    items: (Factors<'_, S>, BatchRef<'_, S>, TangentMut<'_, S>),
    rule: &Rule<S::Real>,
    len: usize,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let (shape, level) = (items.0.shape().0, Level::detect());
    for_each_piece(items, len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(Some(()), |(factors, a_dot, tangent), work, told| {
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level };
            let tangent = lanes::Tangent {
                u: tangent.u.as_mut().map(BatchMut::for_lanes),
                s: tangent.s.as_mut().map(BatchMut::for_lanes),
                v: tangent.v.as_mut().map(BatchMut::for_lanes),
            };
            lanes::jvp(job, thin(factors), a_dot.for_lanes(), rule, tangent)
        })
    })
}

fn thin<'a, S: Scalar>(factors: &Factors<'a, S>) -> lanes::Factors<'a, S> {
    lanes::Factors { u: factors.u.for_lanes(), s: factors.s.for_lanes(), v: factors.v.for_lanes() }
}
