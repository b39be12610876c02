//! The arithmetic that a stage is written over, and its instantiation for each instruction set.
//!
//! A stage is written once, generic over the arithmetic, and instantiated here: the compiler turns its loops over [`Lane`](super::Lane)s into the vectors of
//! the instruction set. That is all a level needs; where the compiler does it badly (`register`, `transpose`, `interleave`), instructions by hand stand
//! beside the loop that defines them.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling a function compiled for more instructions than the target's baseline")
)]

use super::interleave;
#[cfg(target_arch = "x86_64")]
use super::register;
use super::transpose::{self, Block};
use super::vector::{mul_add, mul_sub};
use crate::scalar::Real;

/// How a product is added: fused where there is an instruction for it.
pub(crate) trait Arith: Copy {
    /// Vector registers of 64 bytes that a loop may count on: sets the size of the tiles of a product.
    const REGISTERS: usize;

    /// Bytes of a register, for what depends on it.
    const BYTES: usize = 16;

    /// a b + c.
    fn mul_add<R: Real>(a: R, b: R, c: R) -> R;

    /// Runs a part of a task as a function of its own, compiled once for all the tasks that have this part.
    fn call<T: Task>(part: T);

    /// c ← c + x a, or c − x a where `SUB`: one instruction where a register has this size.
    #[inline(always)]
    fn add_scaled<R: Real, const W: usize, const SUB: bool>(c: &mut [R; W], x: &[R; W], a: R) {
        plain::<Self, R, W, SUB>(c, x, [a; W]);
    }

    /// c ← c + x y entry by entry, or c − x y where `SUB`: the same.
    #[inline(always)]
    fn add_product<R: Real, const W: usize, const SUB: bool>(c: &mut [R; W], x: &[R; W], y: &[R; W]) {
        plain::<Self, R, W, SUB>(c, x, *y);
    }

    /// Rows for columns.
    #[inline(always)]
    fn transpose<R: Real, const N: usize>(block: &Block<R, N>) -> Block<R, N> {
        transpose::plain(block)
    }

    /// H rows of `len` reals, `step` apart: `visit` gets four columns at a time, with a lane for each row, and the number of the first. Returns how many
    /// columns that were; the others are left to the caller. The last four may end with the rows, so that some come twice; of fewer than four columns
    /// the others mean nothing.
    #[inline(always)]
    fn lanes<R: Real, const H: usize>(
        rows: &[R],
        step_len: (usize, usize),
        visit: impl FnMut(usize, [[R; H]; 4]),
    ) -> usize {
        interleave::plain_lanes(rows, step_len, visit)
    }

    /// The way back: `columns` says what stands in four columns from its argument on, some of which may be asked for twice. Returns how many columns
    /// are written; the others are left to the caller.
    #[inline(always)]
    fn rows<R: Real, const H: usize>(
        rows: &mut [R],
        step_len: (usize, usize),
        columns: impl FnMut(usize) -> [[R; H]; 4],
    ) -> usize {
        interleave::plain_rows(rows, step_len, columns)
    }
}

/// The definition of [`Arith::add_product`], and with y of one number that of [`Arith::add_scaled`].
#[inline(always)]
fn plain<A: Arith, R: Real, const W: usize, const SUB: bool>(c: &mut [R; W], x: &[R; W], y: [R; W]) {
    *c = if SUB { mul_sub::<A, R, W>(*x, y, *c) } else { mul_add::<A, R, W>(*x, y, *c) };
}

/// Two roundings. The definition, and the arithmetic of machines without a fused instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Separate;

/// One rounding, one instruction, with this many registers of 64 bytes.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fused<const REGISTERS: usize>;

impl Arith for Separate {
    const REGISTERS: usize = 8;

    #[inline(always)]
    fn mul_add<R: Real>(a: R, b: R, c: R) -> R {
        a * b + c
    }

    #[inline(never)]
    fn call<T: Task>(part: T) {
        part.run::<Self>();
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl<const REGISTERS: usize> Arith for Fused<REGISTERS> {
    const REGISTERS: usize = REGISTERS;
    #[cfg(target_arch = "x86_64")]
    const BYTES: usize = if REGISTERS == 32 { 64 } else { 32 };

    #[inline(always)]
    fn mul_add<R: Real>(a: R, b: R, c: R) -> R {
        a.mul_add(b, c)
    }

    #[inline(always)]
    fn call<T: Task>(part: T) {
        // SAFETY: only `Level::run` uses this arithmetic, with as many registers as the level has that it found.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            if REGISTERS == 8 { avx2(part) } else { avx512(part) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        fused::<T, REGISTERS>(part);
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn add_scaled<R: Real, const W: usize, const SUB: bool>(c: &mut [R; W], x: &[R; W], a: R) {
        // SAFETY: only `Level::run` uses this arithmetic, with as many registers as the level has that it found.
        let done = unsafe {
            if const { REGISTERS == 32 } {
                register::add_product::<R, W, true, SUB, false>(c, x, &raw const a)
            } else {
                register::add_product::<R, W, false, SUB, false>(c, x, &raw const a)
            }
        };
        if !done {
            plain::<Self, R, W, SUB>(c, x, [a; W]);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn add_product<R: Real, const W: usize, const SUB: bool>(c: &mut [R; W], x: &[R; W], y: &[R; W]) {
        // SAFETY: as above.
        let done = unsafe {
            if const { REGISTERS == 32 } {
                register::add_product::<R, W, true, SUB, true>(c, x, y.as_ptr())
            } else {
                register::add_product::<R, W, false, SUB, true>(c, x, y.as_ptr())
            }
        };
        if !done {
            plain::<Self, R, W, SUB>(c, x, *y);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn transpose<R: Real, const N: usize>(block: &Block<R, N>) -> Block<R, N> {
        // SAFETY: only `Level::run` uses this arithmetic, with as many registers as the level has that it found.
        unsafe {
            if const { REGISTERS == 32 } {
                transpose::vectors::<R, N, true>(block)
            } else {
                transpose::vectors::<R, N, false>(block)
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn lanes<R: Real, const H: usize>(
        rows: &[R],
        step_len: (usize, usize),
        visit: impl FnMut(usize, [[R; H]; 4]),
    ) -> usize {
        // SAFETY: as above, and AVX-512 for those that have as many registers.
        unsafe {
            if const { REGISTERS == 32 } {
                interleave::lanes::<R, H, true>(rows, step_len, visit)
            } else {
                interleave::lanes::<R, H, false>(rows, step_len, visit)
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn rows<R: Real, const H: usize>(
        rows: &mut [R],
        step_len: (usize, usize),
        columns: impl FnMut(usize) -> [[R; H]; 4],
    ) -> usize {
        // SAFETY: as above.
        unsafe {
            if const { REGISTERS == 32 } {
                interleave::rows::<R, H, true>(rows, step_len, columns)
            } else {
                interleave::rows::<R, H, false>(rows, step_len, columns)
            }
        }
    }
}

/// A piece of work that is compiled for every instruction set. `run` and what it calls in its loops are
/// `inline(always)`, so that they become part of the function that has the instructions.
pub(crate) trait Task {
    /// The numbers that it computes with.
    type Real: Real;

    /// Does the work.
    fn run<A: Arith>(self);
}

#[cfg(target_arch = "aarch64")]
#[inline(never)]
pub(super) fn fused<T: Task, const REGISTERS: usize>(task: T) {
    task.run::<Fused<REGISTERS>>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
pub(super) fn avx2<T: Task>(task: T) {
    task.run::<Fused<8>>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
#[inline(never)]
pub(super) fn avx512<T: Task>(task: T) {
    task.run::<Fused<32>>();
}
