//! A block of A as lanes of its reals, in the order in which the innermost loop reads it: a complex entry is two of them, one beside the other.
#![expect(unsafe_code, reason = "the buffer is written before it is read, and not cleared first")]

use core::mem::MaybeUninit;
use core::slice;

use super::super::cast::{is_reals, reals_of};
use super::super::lanes::each;
use super::super::{Arith, LANES, Lane};
use super::part;
use crate::matrix::MatRef;
use crate::scalar::{Scalar, Zero};

/// Rows `top..top + rows` and columns `first..first + count` of A: slivers of `TALL` lanes of rows, anything below the last
/// row; in a sliver column by column.
#[inline(always)]
pub(super) fn pack<'b, A: Arith, S: Scalar, const TALL: usize>(
    buffer: &'b mut [MaybeUninit<Lane<S::Real>>],
    a: MatRef<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> &'b [Lane<S::Real>] {
    let entries = LANES / S::PARTS;
    let written = rows.div_ceil(TALL * entries) * count * TALL;
    let buffer = &mut buffer[..written];
    for (sliver, lanes) in buffer.chunks_exact_mut(count * TALL).enumerate() {
        for i in 0..TALL {
            let start = ((sliver * TALL + i) * entries).min(rows);
            let (rows, columns) = ((top + start, (rows - start).min(entries)), (first, count));
            let turned = a.col_stride() == 1
                && if const { S::PARTS == 2 } {
                    turn::<A, S, TALL, 8>(lanes, i, a, rows, columns)
                } else {
                    turn::<A, S, TALL, 4>(lanes, i, a, rows, columns)
                };
            if !turned {
                copy::<S, TALL>(lanes, i, a, rows, columns);
            }
        }
    }
    // SAFETY: lane i of every column of every sliver has been written, by `turn` or by `copy`: all of the buffer.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), written) }
}

/// Lane i of a sliver from at most a lane of rows of A, column by column. What stands below them becomes rows that no one looks at.
#[inline(always)]
fn copy<S: Scalar, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: MatRef<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) {
    let mut columns = sliver.chunks_exact_mut(TALL).take(count).enumerate();
    // A lane of each column in one piece, and from one to the next a step, as long as the slice has a lane.
    let (step, start) = (a.col_stride() * S::PARTS, (top + first * a.col_stride()) * S::PARTS);
    let contiguous = if a.row_stride() == 1 { reals_of(a.data()).get(start..) } else { None };
    let mut rest = contiguous.unwrap_or_default();
    while let Some(reals) = rest.first_chunk() {
        let Some((_, column)) = columns.next() else { return };
        column[i].write(*reals);
        rest = rest.get(step..).unwrap_or_default();
    }
    for (l, column) in columns {
        column[i].write(each(<S::Real as Zero>::zero(), |r| {
            let row = r / S::PARTS;
            if row < rows { part(a.at(top + row, first + l), r % S::PARTS) } else { S::Real::zero() }
        }));
    }
}

/// The same of a lane of rows that are contiguous, as in an adjoint: blocks of four entries of four of them with rows for columns, N reals to a row.
/// (Below the last it is repeated.) Nothing, and `false`, where the scalar is not made of reals.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const TALL: usize, const N: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: MatRef<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> bool {
    if rows == 0 || !is_reals::<S>() {
        return false;
    }
    let (zero, parts) = (<S::Real as Zero>::zero(), N / 4);
    let rows_of_a = a.transpose();
    let rows: [&[S::Real]; LANES] = each(&[][..], |r| {
        let row = rows_of_a.contiguous_col(top + r.min(rows - 1)).and_then(|row| row.get(first..first + count));
        row.map_or(&[][..], reals_of)
    });
    if rows.iter().any(|row| row.len() != count * parts) {
        return false;
    }
    let (fours, rest) = sliver.split_at_mut(count / 4 * 4 * TALL);
    for (n, four) in fours.chunks_exact_mut(4 * TALL).enumerate() {
        let mut lanes = [[zero; LANES]; 4];
        for start in (0..LANES / parts).step_by(4) {
            let block = each([zero; N], |r| {
                // SAFETY: there are as many fours of entries as each of the rows has, whose lengths have been compared.
                unsafe { *rows[(start + r) % LANES].as_ptr().add(N * n).cast::<[S::Real; N]>() }
            });
            for (lane, column) in lanes.iter_mut().zip(A::transpose(&block)) {
                lane[start * parts..].iter_mut().zip(column).for_each(|(x, y)| *x = y);
            }
        }
        for (c, lane) in lanes.into_iter().enumerate() {
            four[c * TALL + i].write(lane);
        }
    }
    for c in 0..count % 4 {
        let at = (count / 4 * 4 + c) * parts;
        rest[c * TALL + i].write(each(zero, |r| rows[r / parts][at + r % parts]));
    }
    true
}
