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

/// Bytes of a batch from which memory is asked for ahead: a part of a third cache, of which others want theirs (`docs/measurements.md`).
const AHEAD_FROM: usize = 4 << 20;
/// Entries of matrices for which the processor itself is in time.
const IN_TIME: usize = 4;

/// Whether memory is asked for ahead for `count` items, each an m×n matrix and this many pairs of thin bases.
const fn far<S: Scalar>(count: usize, (m, n): (usize, usize), bases: usize) -> bool {
    let bytes = count.saturating_mul((m * n + bases * smaller(m, n) * (m + n)) * size_of::<S>());
    bytes > AHEAD_FROM && m * n > IN_TIME
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
    let far = far::<S>(a.count(), shape, 1);
    for_each_piece((a, out), len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(Some(()), |(a, out), work, told| {
            let vectors = with_vectors.then(|| (out.u.for_lanes(), out.v.for_lanes()));
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level, far };
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
    let far = far::<S>(items.0.u.count(), shape, 2);
    for_each_piece(items, len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(None, |(factors, cotangent, target), work, told| {
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level, far };
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
    let far = far::<S>(items.0.u.count(), shape, 2);
    for_each_piece(items, len, run, |piece| {
        let count = piece.log.count;
        piece.at_once(Some(()), |(factors, a_dot, tangent), work, told| {
            let job = lanes::Job { shape, count, work, failed: &mut |i, error| told.failed(i, error), level, far };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::view::BatchRef;

    /// Thin factors, complete ones of square matrices, and values alone.
    #[test]
    fn what_is_decomposed_side_by_side() {
        use Vectors::{Full, Leading, None, Thin};
        for (rows, cols, vectors) in [(4, 3, Thin), (2, 5, Thin), (2, 5, None), (1, 1, None), (3, 3, Full)] {
            assert!(decomposes(rows, cols, vectors), "{rows}×{cols} {vectors:?}");
        }
        for (rows, cols, vectors) in [(4, 3, Full), (2, 5, Full), (4, 3, Leading(2)), (9, 9, Thin), (9, 9, None)] {
            assert!(!decomposes(rows, cols, vectors), "{rows}×{cols} {vectors:?}");
        }
    }

    /// Thin factors with cotangents and tangents of all triplets go side by side, and nothing else does.
    #[test]
    fn what_goes_side_by_side() {
        let mut data = [1.0; 180];
        let shapes = [((4, 3), 3, true), ((2, 5), 2, true), ((4, 3), 2, false), ((9, 9), 9, false)];
        for ((m, n), k, taken) in shapes {
            let entries = data;
            let batch = |rows, cols| BatchRef::row_major(&entries, 2, rows, cols).unwrap();
            let factors = Factors { u: batch(m, k), s: batch(k, 1), v: batch(n, k) };
            let cotangent = Cotangent { u: Some(batch(m, k)), s: Some(batch(k, 1)), ..Cotangent::default() };
            let block = Cotangent { s_matrix: Some(batch(k, k)), ..cotangent };
            let target = Target::Overwrite(BatchMut::row_major(&mut data, 2, m, n).unwrap());
            assert_eq!(takes_vjp(&factors, &cotangent, &target), taken, "{m}×{n}, {k}");
            assert!(!takes_vjp(&factors, &block, &target));
            let mut tangent = TangentMut { v: Some(BatchMut::empty(2)), ..TangentMut::default() };
            assert!(!takes_jvp(&factors, &batch(m, n), &tangent), "of another shape");
            let mut v_dot = [0.0; 162];
            tangent.v = Some(BatchMut::row_major(&mut v_dot, 2, n, k).unwrap());
            assert_eq!(takes_jvp(&factors, &batch(m, n), &tangent), taken, "{m}×{n}, {k}");
            assert!(!takes_jvp(&factors, &batch(m + 1, n), &tangent), "dA of another shape");
        }
    }
}
