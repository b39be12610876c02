//! A block of A as lanes of rows, in the order in which the innermost loop reads it.
#![expect(unsafe_code, reason = "the buffer is written before it is read, and not cleared first")]

use core::mem::MaybeUninit;
use core::slice;

use super::super::cast::reals_of;
use super::super::lanes::each;
use super::super::{Arith, LANES, Lane};
use super::Operand;
use crate::scalar::{One, Scalar, Zero};

/// Rows `top..top + rows` and columns `first..first + count` of A: slivers of `TALL` lanes of rows, anything below the last
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
            if a.view.col_stride() != 1 || !turn::<A, S, PARTS, TALL>(lanes, i, a, rows, columns) {
                copy::<S, PARTS, TALL>(lanes, i, a, rows, columns);
            }
        }
    }
    // SAFETY: lane i of every column and part of every sliver has been written, by `turn` or by `copy`: all of the buffer.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), written) }
}

/// Lane i of a sliver from at most a lane of rows of A, column by column. What stands below them becomes rows that no one looks at.
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
    let write = |column: &mut [MaybeUninit<Lane<S::Real>>], entries: &[S; LANES]| {
        column[i].write(each(zero, |r| entries[r].re()));
        if PARTS == 2 {
            column[TALL + i].write(each(zero, |r| sign * entries[r].im()));
        }
    };
    let mut columns = sliver.chunks_exact_mut(TALL * PARTS).take(count).enumerate();
    // A lane of each column in one piece, and from one to the next a step, as long as the slice has a lane.
    let (step, start) = (a.view.col_stride(), top + first * a.view.col_stride());
    let contiguous = if a.view.row_stride() == 1 { a.view.data().get(start..) } else { None };
    let mut rest = contiguous.unwrap_or_default();
    while let Some(entries) = rest.first_chunk() {
        let Some((_, column)) = columns.next() else { return };
        write(column, entries);
        rest = rest.get(step..).unwrap_or_default();
    }
    for (l, column) in columns {
        write(column, &each(S::zero(), |r| if r < rows { a.view.at(top + r, first + l) } else { S::zero() }));
    }
}

/// The same of a lane of rows that are contiguous, as in an adjoint: blocks of them with rows for columns.
/// (Below the last it is repeated.) Nothing, and `false`, where the scalar is not made of reals.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const PARTS: usize, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> bool {
    if rows == 0 {
        return false;
    }
    let zero = <S::Real as Zero>::zero();
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    let rows_of_a = a.view.transpose();
    let rows: [&[S::Real]; LANES] = each(&[][..], |r| {
        let row = rows_of_a.contiguous_col(top + r.min(rows - 1)).and_then(|row| row.get(first..first + count));
        row.map_or(&[][..], reals_of)
    });
    let reals = count * PARTS;
    if rows.iter().any(|row| row.len() != reals) {
        return false;
    }
    // A lane of each real of the rows in turn: number `c` of some that follow one another in the sliver.
    let put = |lanes: &mut [MaybeUninit<Lane<S::Real>>], c: usize, lane: Lane<S::Real>| {
        let lane = if c % PARTS == 1 { each(zero, |r| sign * lane[r]) } else { lane };
        lanes[c * TALL + i].write(lane);
    };
    let (fours, rest) = sliver.split_at_mut(reals / 4 * 4 * TALL);
    for (n, four) in fours.chunks_exact_mut(4 * TALL).enumerate() {
        let mut lanes = [[zero; LANES]; 4];
        for half in (0..LANES).step_by(4) {
            let block = each([zero; 4], |r| {
                // SAFETY: there are as many fours as each of the rows has, whose lengths are `reals`.
                unsafe { *rows[(half + r) % LANES].as_ptr().add(4 * n).cast::<[S::Real; 4]>() }
            });
            for (lane, quarter) in lanes.iter_mut().zip(A::transpose(&block)) {
                lane[half..].iter_mut().zip(quarter).for_each(|(x, y)| *x = y);
            }
        }
        for (c, &lane) in lanes.iter().enumerate() {
            put(four, c, lane);
        }
    }
    for c in 0..reals % 4 {
        put(rest, c, each(zero, |r| rows[r][reals / 4 * 4 + c]));
    }
    true
}
