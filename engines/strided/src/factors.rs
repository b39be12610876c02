//! The decomposition of all matrices of a view, and the backward pass of U, s and V.

use std::ops::Range;

use diffsvd::batch::{self, BatchMut, BatchRef, Cotangent, Factors, FactorsMut, Run, Summary, Target};
use diffsvd::{Report, Rule, Vectors};

use crate::{Dims, Element, Error, View};

/// The first failure, counted from `first`, as an error.
pub(crate) fn all(summary: Result<Summary, diffsvd::Error>, first: usize) -> Result<(), Error> {
    summary?.all().map_err(|mut failure| {
        failure.item = failure.item.map(|item| first + item);
        Error::Matrix(failure)
    })
}

/// A workspace of `len` entries, for each thread.
pub(crate) fn workspace<T: Element>(len: usize) -> Vec<T> {
    vec![T::zero(); len.saturating_mul(threads())]
}

/// How a batch is run on this workspace.
pub(crate) fn run<T: Element, R>(work: &mut [T]) -> Run<'_, T, R> {
    let run = Run::new(work);
    #[cfg(feature = "rayon")]
    let run = run.threads(threads());
    run
}

fn threads() -> usize {
    #[cfg(feature = "rayon")]
    return rayon::current_num_threads();
    #[cfg(not(feature = "rayon"))]
    1
}

/// U, s and V of every matrix, packed.
pub(crate) fn decompose<T: Element>(x: &View<'_, T>) -> Result<Vec<T>, Error> {
    let dims @ Dims { rows: m, cols: n, .. } = Dims::of(x.shape())?;
    let (k, mut packed) = (dims.triplets(), vec![T::zero(); dims.packed()[2].end]);
    let mut all_of = Pieces(&mut packed);
    let [mut u, mut s, mut v] = dims.packed().map(|part| Pieces(all_of.take(part.len())));
    let mut work = workspace(batch::svd_workspace_len_for::<T>(dims.count, m, n, Vectors::Thin));
    for (numbers, a) in x.batches()? {
        let count = numbers.len();
        let (of_u, of_s, of_v) = (u.take(count * m * k), s.take(count * k), v.take(count * n * k));
        let out = FactorsMut {
            u: BatchMut::row_major(of_u, count, m, k)?,
            s: BatchMut::vectors(of_s, count, k)?,
            v: BatchMut::row_major(of_v, count, n, k)?,
        };
        all(batch::svd_into(a, Vectors::Thin, out, run(&mut work).stop_at_first_failure()), numbers.start)?;
    }
    Ok(packed)
}

/// The singular values alone.
pub(crate) fn values<T: Element>(x: &View<'_, T>) -> Result<Vec<T>, Error> {
    let dims @ Dims { rows: m, cols: n, .. } = Dims::of(x.shape())?;
    let (k, mut values) = (dims.triplets(), vec![T::zero(); dims.packed()[1].len()]);
    let (mut s, mut work) = (Pieces(&mut values), workspace(batch::singular_values_workspace_len::<T>(m, n)));
    for (numbers, a) in x.batches()? {
        let out = BatchMut::vectors(s.take(numbers.len() * k), numbers.len(), k)?;
        all(batch::singular_values_into(a, out, run(&mut work).stop_at_first_failure()), numbers.start)?;
    }
    Ok(values)
}

/// A slice that is handed out in pieces, from the front.
pub(crate) struct Pieces<'a, T>(pub(crate) &'a mut [T]);

impl<'a, T> Pieces<'a, T> {
    pub(crate) fn take(&mut self, count: usize) -> &'a mut [T] {
        let (first, rest) = std::mem::take(&mut self.0).split_at_mut(count);
        self.0 = rest;
        first
    }
}

/// The factors of the matrices with these numbers.
pub(crate) fn factors<'a, T: Element>(
    packed: &'a [T],
    dims: Dims,
    numbers: &Range<usize>,
) -> Result<Factors<'a, T>, Error> {
    let (Dims { rows: m, cols: n, .. }, k, count) = (dims, dims.triplets(), numbers.len());
    let [u, s, v] = dims.packed().map(|part| packed.get(part).unwrap_or_default());
    let part = |data: &'a [T], length: usize| data.get(numbers.start * length..).unwrap_or_default();
    Ok(Factors {
        u: BatchRef::row_major(part(u, m * k), count, m, k)?,
        s: BatchRef::vectors(part(s, k), count, k)?,
        v: BatchRef::row_major(part(v, n * k), count, n, k)?,
    })
}

/// gA of all matrices from the packed cotangents of U, s and V, and what was met. A part that is zero throughout is not there: a loss of s alone differentiates no
/// singular vector.
pub(crate) fn vjp<T: Element>(
    (packed, dims): (&[T], Dims),
    cotangent: &[T],
    rule: &Rule<f64>,
) -> Result<(Vec<T>, Vec<Report<T>>), Error> {
    let Dims { count, rows: m, cols: n } = dims;
    let k = dims.triplets();
    let [u, s, v] = dims.packed().map(|part| cotangent.get(part).filter(|part| part.iter().any(|x| !is_zero(x))));
    let cotangent = Cotangent {
        u: u.map(|u| BatchRef::row_major(u, count, m, k)).transpose()?,
        s: s.map(|s| BatchRef::vectors(s, count, k)).transpose()?,
        v: v.map(|v| BatchRef::row_major(v, count, n, k)).transpose()?,
        s_matrix: None,
    };
    let mut gradient = vec![T::zero(); dims.entries()];
    let nothing = Report { gauge_residual: T::zero(), equal_pairs: 0, zeros: 0 };
    let mut status = vec![Ok(nothing); count];
    let mut work = workspace(batch::vjp_workspace_len::<T>(m, n, k));
    let target = Target::Overwrite(BatchMut::row_major(&mut gradient, count, m, n)?);
    let run = run(&mut work).record(&mut status);
    all(batch::vjp_into(factors(packed, dims, &(0..count))?, cotangent, &rule.cast(), target, run), 0)?;
    Ok((gradient, status.into_iter().map(|status| status.unwrap_or(nothing)).collect()))
}

fn is_zero<T: Element>(x: &T) -> bool {
    *x == T::zero()
}
