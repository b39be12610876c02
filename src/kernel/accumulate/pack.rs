//! A block of P in the order in which the innermost loop reads it.
#![expect(unsafe_code, reason = "the buffer is written before it is read, and not cleared first")]

use core::mem::MaybeUninit;
use core::slice;

use super::super::lanes::{each, registers};
use super::super::planar::Block;
use super::super::{Arith, LANES};
use super::{DEPTH, Left, PACKED, Part};
use crate::scalar::Real;

/// Room for a block.
pub(super) type Buffer<R> = [MaybeUninit<R>; PACKED * LANES];

impl<R: Real> Left<'_, R> {
    /// A block of P: `TALL` registers of each column, real parts before imaginary ones, and then the next `TALL` of them; at the end single ones.
    #[inline(always)]
    pub(super) fn pack<'b, A: Arith, const W: usize, const PARTS: usize, const TALL: usize>(
        &self,
        buffer: &'b mut Buffer<R>,
        part: Part,
    ) -> &'b [[R; W]] {
        let height = part.lanes * (LANES / W);
        let (whole, written) = (height / TALL * TALL, height * part.count * PARTS);
        let room = &mut buffer.as_chunks_mut::<W>().0[..written];
        let (slivers, rest) = room.split_at_mut(whole * part.count * PARTS);
        match self {
            Left::Plain(blocks) => {
                let columns = blocks.iter().flat_map(|v| (0..v.shape.cols).map(|l| v.column(l, part.lane, part.lanes)));
                for (l, column) in columns.skip(part.first).take(part.count).enumerate() {
                    for (plane, lanes) in column.into_iter().enumerate().take(PARTS) {
                        let (above, below) = registers::<R, W>(lanes).split_at(whole);
                        let l = l * PARTS + plane;
                        copy::<R, W, TALL>(slivers, above, (l, part.count * PARTS));
                        copy::<R, W, 1>(rest, below, (l, part.count * PARTS));
                    }
                }
            }
            Left::Adjoint(v) => {
                let size = part.count * PARTS;
                for (i, sliver) in slivers.chunks_exact_mut(TALL * size).enumerate() {
                    turn::<A, R, W, PARTS, TALL>(sliver, v, part, i * TALL);
                }
                for (i, sliver) in rest.chunks_exact_mut(size).enumerate() {
                    turn::<A, R, W, PARTS, 1>(sliver, v, part, whole + i);
                }
            }
        }
        // SAFETY: every register of every sliver has been written.
        unsafe { slice::from_raw_parts(room.as_ptr().cast(), written) }
    }
}

/// Registers of a plane of a column, to place `l` of `count` in each sliver.
#[inline(always)]
fn copy<R: Real, const W: usize, const TALL: usize>(
    slivers: &mut [[MaybeUninit<R>; W]],
    from: &[[R; W]],
    (l, count): (usize, usize),
) {
    for (sliver, from) in slivers.chunks_exact_mut(TALL * count).zip(from.chunks_exact(TALL)) {
        for (to, from) in sliver[l * TALL..(l + 1) * TALL].iter_mut().zip(from) {
            *to = each(MaybeUninit::uninit(), |c| MaybeUninit::new(from[c]));
        }
    }
}

/// A sliver of Vᴴ, from register `row` of the block on.
#[inline(always)]
fn turn<A: Arith, R: Real, const W: usize, const PARTS: usize, const TALL: usize>(
    sliver: &mut [[MaybeUninit<R>; W]],
    v: &Block<'_, R>,
    Part { lane, first, count, .. }: Part,
    row: usize,
) {
    // In place of columns beyond the last.
    let zeros = [R::zero(); DEPTH];
    for i in 0..TALL {
        for plane in 0..PARTS {
            let columns: [&[R]; W] = each(&[][..], |c| {
                let column = lane * LANES + (row + i) * W + c;
                if column < v.shape.cols {
                    &v.column(column, 0, v.shape.lanes)[plane].as_flattened()[first..first + count]
                } else {
                    &zeros[..count]
                }
            });
            let sign = if plane == 1 { -R::one() } else { R::one() };
            let mut put = |l: usize, lanes: [R; W]| {
                sliver[(l * PARTS + plane) * TALL + i] =
                    each(MaybeUninit::uninit(), |c| MaybeUninit::new(sign * lanes[c]));
            };
            if LANES == 1 {
                (0..count).for_each(|l| put(l, each(R::zero(), |c| columns[c][l])));
                continue;
            }
            let columns: [&[[R; 4]]; W] = each(&[][..], |c| &columns[c].as_chunks().0[..count / 4]);
            for l in (0..count).step_by(4) {
                let mut turned = [[R::zero(); W]; 4];
                for quarter in (0..W).step_by(4) {
                    let block = each([R::zero(); 4], |c| columns[(quarter + c) % W][l / 4]);
                    for (turned, row) in turned.iter_mut().zip(A::transpose(&block)) {
                        turned[quarter..].iter_mut().zip(row).for_each(|(x, y)| *x = y);
                    }
                }
                for (r, lanes) in turned.into_iter().enumerate() {
                    put(l + r, lanes);
                }
            }
        }
    }
}
