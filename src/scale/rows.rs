//! The copy passes of a matrix that lies row by row: four rows of four columns at a time, which change places in registers.

use crate::kernel::transpose::{block_at, put_block};
use crate::kernel::{Arith, LANES, Level, Planes, Task, cast, each, lane_by_lane};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{Scalar, Zero};

/// Rows and columns of a block.
const SIDE: usize = 4;

/// The rows and columns of a matrix that go in blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    rows: usize,
    cols: usize,
}

impl Blocks {
    pub(super) const NONE: Self = Blocks { rows: 0, cols: 0 };

    /// Of a matrix of this shape, its entries in a row `stride` apart.
    pub(super) fn of<S: Scalar>((rows, cols): (usize, usize), stride: usize, level: Level) -> Self {
        let serves = LANES > 1 && stride == 1 && cast::is_reals::<S>() && level.has_vectors::<S::Real>();
        if serves && rows >= SIDE && cols >= SIDE {
            Blocks { rows: rows / SIDE * SIDE, cols: cols / SIDE * SIDE }
        } else {
            Self::NONE
        }
    }

    /// How many entries of column j do.
    pub(super) fn of_column(self, j: usize) -> usize {
        if j < self.cols { self.rows } else { 0 }
    }
}

/// The whole blocks of a matrix into the work storage, times the first number of `scale`; the second is that of the imaginary parts beside it.
pub(super) struct Load<'a, 'w, S: Scalar> {
    pub(super) a: MatRef<'a, S>,
    pub(super) work: Planes<'w, S::Real>,
    pub(super) scale: (S::Real, S::Real),
}

impl<S: Scalar> Task for Load<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if const { S::PARTS == 2 } {
            load::<A, S, { 2 * SIDE }>(self);
        } else {
            load::<A, S, SIDE>(self);
        }
    }
}

#[inline(always)]
fn load<A: Arith, S: Scalar, const N: usize>(task: Load<'_, '_, S>) {
    let Load { a, work, scale: (factor, sign) } = task;
    let (step, entries) = (a.row_stride() * S::PARTS, cast::reals_of(a.data()));
    let (imaginary, len) = (work.depth * LANES, work.stride() * LANES);
    for (left, columns) in work.data.as_flattened_mut().chunks_exact_mut(SIDE * len).take(a.cols() / SIDE).enumerate() {
        for top in (0..a.rows() / SIDE * SIDE).step_by(SIDE) {
            lane_by_lane();
            let Some(block) = block_at::<_, N>(entries, (top * step + left * N, step)) else { break };
            let block = A::transpose(&block);
            let re = block.map(|column| each(S::Real::zero(), |l| column[l * S::PARTS] * factor));
            put_block::<_, SIDE>(columns, (top, len), &re);
            if S::PARTS == 2 {
                let im = block.map(|column| each(S::Real::zero(), |l| sign * (column[l * S::PARTS + 1] * factor)));
                put_block::<_, SIDE>(columns, (imaginary + top, len), &im);
            }
        }
    }
}

/// The whole blocks of a basis out of it.
pub(super) struct Unload<'a, 'w, S: Scalar> {
    pub(super) basis: &'a Planes<'w, S::Real>,
    pub(super) to: MatMut<'a, S>,
}

impl<S: Scalar> Task for Unload<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if const { S::PARTS == 2 } {
            unload::<A, S, { 2 * SIDE }>(self);
        } else {
            unload::<A, S, SIDE>(self);
        }
    }
}

#[inline(always)]
fn unload<A: Arith, S: Scalar, const N: usize>(task: Unload<'_, '_, S>) {
    let Unload { basis, to } = task;
    let ((rows, cols), step) = (to.shape(), to.row_stride() * S::PARTS);
    let (imaginary, len) = (basis.depth * LANES, basis.stride() * LANES);
    let entries = cast::as_reals(to.into_data());
    for (left, columns) in basis.data.as_flattened().chunks_exact(SIDE * len).take(cols / SIDE).enumerate() {
        for top in (0..rows / SIDE * SIDE).step_by(SIDE) {
            lane_by_lane();
            let Some(re) = block_at::<_, SIDE>(columns, (top, len)) else { break };
            let im = if S::PARTS == 2 { block_at::<_, SIDE>(columns, (imaginary + top, len)) } else { Some(re) };
            let Some(im) = im else { break };
            let block = each([S::Real::zero(); N], |c| {
                each(S::Real::zero(), |l| if l % S::PARTS == 0 { re[c][l / S::PARTS] } else { im[c][l / S::PARTS] })
            });
            put_block(entries, (top * step + left * N, step), &A::transpose(&block));
        }
    }
}
