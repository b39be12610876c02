//! The memory of a tile, and passes over the whole of a matrix.

use crate::error::Error;
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, Number, entry_by_entry, map, mul, mul_add, splat, zip};
use crate::scalar::{Real, Scalar};
use crate::workspace::{ALIGNMENT, Store};

/// Largest number of columns that the lanes take, and of rows.
pub(super) const MOST: usize = 8;
pub(super) const LONGEST: usize = 32;

/// Matrices in a tile: one register of 64 bytes for each real number of theirs, or two, which hide the latency of the roots and divisions
/// of a few columns.
pub(crate) const fn lanes<S: Scalar>(registers: usize) -> usize {
    let one = if size_of::<S::Real>() == 4 { 16 } else { 8 };
    one * registers
}

/// Registers for each real number of the matrices that are decomposed: two where eight lanes are few. Measured: 32 numbers of single precision at once take longer than 16.
pub(crate) const fn registers<S: Scalar>(k: usize) -> usize {
    if k <= 4 && size_of::<S::Real>() > 4 { 2 } else { 1 }
}

/// Runs a task for the lanes of one register, or of as many as `$registers` says. The type is asked in constants, so that what it never
/// needs is not compiled.
macro_rules! on_lanes {
    (@cut $lanes:literal, ($level:expr, $reals:expr), |$tile:ident| $task:expr) => {{
        let ($tile, _) = $reals.as_chunks_mut::<$lanes>();
        $level.run($task);
    }};
    ($scalar:ty, ($level:expr, $reals:expr), |$tile:ident| $task:expr) => {
        if const { $crate::batch::lanes::tile::lanes::<$scalar>(1) == 16 } {
            on_lanes!(@cut 16, ($level, $reals), |$tile| $task)
        } else {
            on_lanes!(@cut 8, ($level, $reals), |$tile| $task)
        }
    };
    ($scalar:ty, $registers:expr, ($level:expr, $reals:expr), |$tile:ident| $task:expr) => {
        if const { $crate::batch::lanes::tile::lanes::<$scalar>(1) == 16 } {
            on_lanes!(@cut 16, ($level, $reals), |$tile| $task)
        } else if $registers == 2 {
            on_lanes!(@cut 16, ($level, $reals), |$tile| $task)
        } else {
            on_lanes!(@cut 8, ($level, $reals), |$tile| $task)
        }
    };
}
pub(super) use on_lanes;

/// By registers of the lanes, as long as the arithmetic has them.
macro_rules! by_registers {
    ($task:expr, $scalar:ty, $arith:ty, $lanes:expr) => {
        if const { $lanes >= 16 && <$arith>::BYTES == 16 * size_of::<<$scalar as Scalar>::Real>() } {
            $task.registers::<$arith, 16>()
        } else if const { $lanes >= 8 && <$arith>::BYTES == 8 * size_of::<<$scalar as Scalar>::Real>() } {
            $task.registers::<$arith, 8>()
        } else {
            $task.registers::<$arith, 4>()
        }
    };
}
pub(super) use by_registers;

/// Entries of the workspace for a tile of `numbers` entries and `reals` real numbers a matrix.
pub(super) const fn tile_len<S: Scalar>(registers: usize, numbers: usize, reals: usize) -> usize {
    (lanes::<S>(registers) * (numbers * S::PARTS + reals)).div_ceil(S::PARTS) + ALIGNMENT.div_ceil(size_of::<S>())
}

/// The memory of the tile, and what else there is.
pub(super) fn carve<S: Scalar>(work: &mut [S], tile: usize) -> Result<(&mut [S::Real], &mut [S]), Error> {
    let (work, rest) = work.split_at_mut(tile.min(work.len()));
    Ok((Store::new(work, tile)?.all(), rest))
}

/// Hands out the lanes of a tile.
pub(super) struct Carver<'t, R, const W: usize> {
    pub(super) rest: &'t mut [Lane<R, W>],
}

impl<'t, R, const W: usize> Carver<'t, R, W> {
    pub(super) fn take(&mut self, len: usize) -> &'t mut [Lane<R, W>] {
        let rest = core::mem::take(&mut self.rest);
        let (piece, rest) = rest.split_at_mut(len.min(rest.len()));
        self.rest = rest;
        piece
    }
}

/// f(… f(f(start, x₁), x₂) …, xₙ) for an f that does not care for the order, four entries side by side, which do not wait for each other.
#[inline(always)]
fn fold<R: Real, const W: usize>(
    matrix: &[Lane<R, W>],
    start: Lane<R, W>,
    f: impl Fn(Lane<R, W>, Lane<R, W>) -> Lane<R, W>,
    join: impl Fn(Lane<R, W>, Lane<R, W>) -> Lane<R, W>,
) -> Lane<R, W> {
    let (chunks, rest) = matrix.as_chunks::<4>();
    let (mut a, mut b, mut c, mut d) = (start, splat(R::zero()), splat(R::zero()), splat(R::zero()));
    for chunk in chunks {
        entry_by_entry();
        (a, b, c, d) = (f(a, chunk[0]), f(b, chunk[1]), f(c, chunk[2]), f(d, chunk[3]));
    }
    for &x in rest {
        entry_by_entry();
        a = f(a, x);
    }
    join(join(a, b), join(c, d))
}

/// NaN where an entry is infinite or NaN, else zero.
#[inline(always)]
pub(super) fn poison<A: Arith, R: Real, const W: usize>(matrix: &[Lane<R, W>], start: Lane<R, W>) -> Lane<R, W> {
    fold(matrix, start, |poison, x| mul_add::<A, _, W>(x, splat(R::zero()), poison), add)
}

/// The largest modulus of a part.
#[inline(always)]
pub(super) fn largest<R: Real, const W: usize>(matrix: &[Lane<R, W>], start: Lane<R, W>) -> Lane<R, W> {
    let larger = |largest, x| zip(largest, x, |largest: R, x: R| largest.larger(x.abs()));
    fold(matrix, start, larger, larger)
}

/// Σ |unit x|².
#[inline(always)]
pub(super) fn sum_of_squares<A: Arith, R: Real, const W: usize>(
    matrix: &[Lane<R, W>],
    start: Lane<R, W>,
    unit: Lane<R, W>,
) -> Lane<R, W> {
    let square = |sum, x| {
        let x = mul(x, unit);
        mul_add::<A, _, W>(x, x, sum)
    };
    fold(matrix, start, square, add)
}

#[inline(always)]
fn add<R: Real, const W: usize>(x: Lane<R, W>, y: Lane<R, W>) -> Lane<R, W> {
    zip(x, y, |x, y| x + y)
}

/// Column j ← its multiple by `factors[j]`, for columns of `len` lanes.
#[inline(always)]
pub(super) fn scale_columns<R: Real, const W: usize>(matrix: &mut [Lane<R, W>], len: usize, factors: &[Lane<R, W>]) {
    for (column, &factor) in matrix.chunks_exact_mut(len).zip(factors) {
        for x in column {
            entry_by_entry();
            *x = mul(*x, factor);
        }
    }
}

/// Zeros everywhere.
#[inline(always)]
pub(super) fn clear<R: Real, const W: usize>(matrix: &mut [Lane<R, W>]) {
    for x in matrix {
        entry_by_entry();
        *x = splat(R::zero());
    }
}

/// One where x is not zero (NaN included).
#[inline(always)]
pub(super) fn flag<R: Real, const W: usize>(x: Lane<R, W>) -> Lane<R, W> {
    map(x, |x| if x == R::zero() { R::zero() } else { R::one() })
}

/// i x for real x.
#[inline(always)]
pub(super) fn imaginary<R: Real, const W: usize>(x: Lane<R, W>) -> Number<R, W> {
    Number { re: splat(R::zero()), im: x }
}
