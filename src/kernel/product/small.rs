//! Products of matrices of at most four rows and columns: all three of them in registers.

use super::super::lanes::{each, lane_by_lane};
use super::super::vector::{Number, mul_add, mul_sub};
use super::super::{Arith, Task};
use super::{Operand, Product};
use crate::scalar::{Scalar, Zero};

/// The most rows and columns.
pub(super) const MOST: usize = 4;

/// A product of matrices that small.
pub(super) struct Small<'a, 'b, S: Scalar>(pub(super) &'b mut Product<'a, S>);

impl<S: Scalar> Task for Small<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Product { mut c, keep, alpha, a, b } = self.0.reborrow();
        let (m, n, depth) = (c.rows(), c.cols(), a.view.cols());
        let columns: [Number<S::Real, MOST>; MOST] = each(Number::zero(), |l| column(a, (m, depth), l));
        for j in 0..n.min(MOST) {
            lane_by_lane();
            let entries = entries(b, (depth, n), j);
            let mut sum = Number::zero();
            for l in 0..MOST {
                let x = entries[l];
                let (re, im) = ([x.re(); MOST], [x.im(); MOST]);
                sum.re = mul_add::<A, _, MOST>(columns[l].re, re, sum.re);
                if S::PARTS == 2 {
                    sum.re = mul_sub::<A, _, MOST>(columns[l].im, im, sum.re);
                    sum.im = mul_add::<A, _, MOST>(columns[l].re, im, sum.im);
                    sum.im = mul_add::<A, _, MOST>(columns[l].im, re, sum.im);
                }
            }
            let sum = sum.scale::<S>([alpha; MOST]);
            let sum: [S; MOST] = each(S::zero(), |i| S::from_parts(sum.re[i], sum.im[i]));
            match c.contiguous_col(j).and_then(<[S]>::first_chunk_mut) {
                Some(column) => *column = if keep { each(S::zero(), |i| column[i] + sum[i]) } else { sum },
                None => {
                    for (i, &sum) in sum.iter().enumerate().take(m) {
                        let old = if keep { c.at(i, j) } else { S::zero() };
                        c.put(i, j, old + sum);
                    }
                }
            }
        }
    }
}

/// Column j of an m×n factor in lanes, zeros below its end and beside it.
#[inline(always)]
fn column<S: Scalar>(a: Operand<'_, S>, shape: (usize, usize), j: usize) -> Number<S::Real, MOST> {
    let (zero, entries) = (S::Real::zero(), entries(a, shape, j));
    Number { re: each(zero, |i| entries[i].re()), im: each(zero, |i| entries[i].im()) }
}

/// The same as entries.
#[inline(always)]
fn entries<S: Scalar>(a: Operand<'_, S>, (m, n): (usize, usize), j: usize) -> [S; MOST] {
    if j >= n {
        return [S::zero(); MOST];
    }
    match a.view.contiguous_col(j).and_then(<[S]>::first_chunk) {
        Some(column) if a.conjugate => each(S::zero(), |i| column[i].conj()),
        Some(column) => *column,
        None => each(S::zero(), |i| if i < m { a.at(i, j) } else { S::zero() }),
    }
}
