//! Products of real matrices of at most a lane of rows, columns and terms: both factors as lanes of columns on the stack, C column by column.

use super::super::cast::{as_reals, is_reals, reals_of};
use super::super::lanes::{each, lane_by_lane};
use super::super::vector::mul_add;
use super::super::{Arith, LANES, Lane, Task};
use super::Product;
use super::tiles::add_leading;
use crate::matrix::MatRef;
use crate::scalar::{Real, Scalar, Zero};

/// A product of matrices that small.
pub(super) struct Eight<'a, 'b, S: Scalar>(&'b mut Product<'a, S>);

/// The columns of a factor, the rows as lanes; what stands below the last row is not looked at.
type Columns<R> = [Lane<R>; LANES];

impl<'a, 'b, S: Scalar> Eight<'a, 'b, S> {
    /// The product, if it is one for this.
    pub(super) fn of(product: &'b mut Product<'a, S>) -> Option<Self> {
        let (m, n, depth) = (product.c.rows(), product.c.cols(), product.a.view.cols());
        let takes = S::PARTS == 1 && is_reals::<S>() && m.max(n).max(depth) <= LANES && product.c.row_stride() == 1;
        takes.then_some(Eight(product))
    }
}

impl<S: Scalar> Task for Eight<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Product { mut c, keep, alpha, a, b } = self.0.reborrow();
        let (n, depth) = (c.cols(), a.view.cols());
        let (a, b) = (columns::<A, S>(a.view), columns::<A, S>(b.view));
        for (j, b) in b.iter().enumerate().take(n) {
            lane_by_lane();
            // (A length that is known, where all columns are there.)
            let sum = if depth < LANES { combination::<A, _>(&a[..depth], b) } else { combination::<A, _>(&a, b) };
            let sum = each(sum[0], |i| sum[i] * alpha);
            if let Some(column) = c.contiguous_col(j) {
                add_leading(as_reals(column), keep, &sum);
            }
        }
    }
}

/// Σ aₗ bₗ.
#[inline(always)]
fn combination<A: Arith, R: Real>(a: &[Lane<R>], b: &Lane<R>) -> Lane<R> {
    let mut sum = [R::zero(); LANES];
    for (&a, &b) in a.iter().zip(b) {
        sum = mul_add::<A, _, LANES>(a, [b; LANES], sum);
    }
    sum
}

#[inline(always)]
fn columns<A: Arith, S: Scalar>(view: MatRef<'_, S>) -> Columns<S::Real> {
    if view.row_stride() == 1 {
        return contiguous(view);
    }
    if view.col_stride() == 1 {
        return transposed::<A, S>(contiguous(view.transpose()));
    }
    let zero = S::Real::zero();
    let (rows, cols) = (view.rows(), view.cols());
    each([zero; LANES], |j| each(zero, |i| if i < rows && j < cols { view.at(i, j).re() } else { zero }))
}

/// Contiguous columns, each in one piece as long as the slice has a lane.
#[inline(always)]
fn contiguous<S: Scalar>(view: MatRef<'_, S>) -> Columns<S::Real> {
    let (zero, reals) = (S::Real::zero(), reals_of(view.data()));
    if view.shape() == (LANES, LANES)
        && view.col_stride() == LANES
        && let Some(all) = reals.as_chunks().0.first_chunk()
    {
        return *all;
    }
    each([zero; LANES], |j| {
        let rest = reals.get(j * view.col_stride()..).filter(|_| j < view.cols()).unwrap_or_default();
        match rest.first_chunk() {
            Some(column) => *column,
            None => each(zero, |i| rest.get(i).copied().unwrap_or(zero)),
        }
    })
}

#[inline(always)]
fn transposed<A: Arith, S: Scalar>(rows: Columns<S::Real>) -> Columns<S::Real> {
    let mut columns = rows;
    for top in (0..LANES).step_by(4) {
        for left in (0..LANES).step_by(4) {
            let block = each([rows[0][0]; 4], |r| each(rows[0][0], |c| rows[(top + r) % LANES][(left + c) % LANES]));
            for (c, column) in A::transpose(&block).into_iter().enumerate() {
                columns[(left + c) % LANES][top % LANES..].iter_mut().zip(column).for_each(|(x, y)| *x = y);
            }
        }
    }
    columns
}
