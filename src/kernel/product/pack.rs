//! A block of A as lanes of rows, in the order in which the innermost loop reads it.
#![expect(unsafe_code, reason = "the buffer is written before it is read, and not cleared first")]

use core::mem::MaybeUninit;
use core::slice;

use super::super::cast::reals_of;
use super::super::lanes::each;
use super::super::{Arith, LANES, Lane};
use super::Operand;
use crate::scalar::{One, Scalar, Zero};

/// Rows `top..top + rows` and columns `first..first + count` of A: slivers of `TALL` lanes of rows, zeros below the last
/// row; in a sliver column by column, real parts before imaginary ones.
#[inline(always)]
pub(super) fn pack<'b, A: Arith, S: Scalar, const PARTS: usize, const TALL: usize>(
    buffer: &'b mut [MaybeUninit<Lane<S::Real>>],
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> &'b [Lane<S::Real>] {
    let written = rows.div_ceil(TALL * LANES) * count * TALL * PARTS;
    let buffer = &mut buffer[..written];
    for (sliver, lanes) in buffer.chunks_exact_mut(count * TALL * PARTS).enumerate() {
        for i in 0..TALL {
            let start = ((sliver * TALL + i) * LANES).min(rows);
            let (rows, columns) = ((top + start, (rows - start).min(LANES)), (first, count));
            let turned =
                rows.1 == LANES && a.view.col_stride() == 1 && turn::<A, S, PARTS, TALL>(lanes, i, a, rows.0, columns);
            if !turned {
                copy::<S, PARTS, TALL>(lanes, i, a, rows, columns);
            }
        }
    }
    // SAFETY: lane i of every column and part of every sliver has been written, by `turn` or by `copy`: all of the buffer.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), written) }
}

/// Lane i of a sliver from at most a lane of rows of A, column by column, zeros below them.
#[inline(always)]
fn copy<S: Scalar, const PARTS: usize, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) {
    let zero = <S::Real as Zero>::zero();
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    for (l, column) in sliver.chunks_exact_mut(TALL * PARTS).enumerate().take(count) {
        let contiguous = a.view.contiguous_col(first + l).and_then(|column| column.get(top..top + rows));
        let entries: [S; LANES] = match contiguous.and_then(|column| column.first_chunk()) {
            Some(whole) => *whole,
            None => each(S::zero(), |r| if r < rows { a.view.at(top + r, first + l) } else { S::zero() }),
        };
        column[i].write(each(zero, |r| entries[r].re()));
        if PARTS == 2 {
            column[TALL + i].write(each(zero, |r| sign * entries[r].im()));
        }
    }
}

/// The same of a lane of rows that are contiguous, as in an adjoint: blocks of them with rows for columns.
/// Nothing, and `false`, where the scalar is not made of reals.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const PARTS: usize, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: Operand<'_, S>,
    top: usize,
    (first, count): (usize, usize),
) -> bool {
    let zero = <S::Real as Zero>::zero();
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    let rows_of_a = a.view.transpose();
    let rows: [&[S::Real]; LANES] = each(&[][..], |r| {
        let row = rows_of_a.contiguous_col(top + r).and_then(|row| row.get(first..first + count));
        row.map_or(&[][..], reals_of)
    });
    let reals = count * PARTS;
    if rows.iter().any(|row| row.len() != reals) {
        return false;
    }
    // A lane of each real of the rows in turn, whose place in the sliver is known from its number.
    let mut put = |number: usize, lane: Lane<S::Real>| {
        let (l, part) = (number / PARTS, number % PARTS);
        let lane = if part == 1 { each(zero, |r| sign * lane[r]) } else { lane };
        sliver[(l * PARTS + part) * TALL + i].write(lane);
    };
    let whole = reals / 4 * 4;
    for at in (0..whole).step_by(4) {
        let mut lanes = [[zero; LANES]; 4];
        for half in (0..LANES).step_by(4) {
            let block = each([zero; 4], |r| each(zero, |c| rows[(half + r) % LANES][at + c]));
            for (lane, quarter) in lanes.iter_mut().zip(A::transpose(&block)) {
                lane[half..].iter_mut().zip(quarter).for_each(|(x, y)| *x = y);
            }
        }
        for (c, &lane) in lanes.iter().enumerate() {
            put(at + c, lane);
        }
    }
    (whole..reals).for_each(|number| put(number, each(zero, |r| rows[r][number])));
    true
}
