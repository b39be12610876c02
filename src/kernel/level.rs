//! Which instructions the machine has, found out once and handed down as a value.
//!
//! A stage is written once, generic over the arithmetic, and instantiated here for each instruction set: the compiler
//! turns its loops over [`Lane`](super::Lane)s into the vectors of that set. That is all a level needs;
//! where the compiler does it badly (`register`, `transpose`, `interleave`), instructions by hand stand beside the loop that defines them.
//! With `std` on x86-64 the environment variable `DIFFSVD_LEVEL` (`portable`, `avx2`) takes fewer instructions than there are: for tests,
//! and for results that are the same to the last bit on different machines.
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

/// An instruction set that this machine is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// What every machine of the target has, two roundings a product: the definition.
    Portable,
    /// The baseline of the target has a fused multiply-add (AArch64).
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// x86-64 with AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// x86-64 with AVX-512 F, VL, DQ and BW.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// The same instructions on a processor that computes them in two halves (Zen 4), as far as it says so.
    #[cfg(target_arch = "x86_64")]
    Avx512InHalves,
}

/// The features of [`Level::Avx2`] and [`Level::Avx512`], asked from the machine (`std`) or from the compiler.
#[cfg(target_arch = "x86_64")]
macro_rules! has {
    ($($feature:tt),+) => {{
        #[cfg(feature = "std")]
        { true $(&& std::arch::is_x86_feature_detected!($feature))+ }
        #[cfg(not(feature = "std"))]
        { cfg!(all($(target_feature = $feature),+)) }
    }};
}

impl Level {
    /// The best level of this machine, asked for once.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub(crate) fn detect() -> Self {
        use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static FOUND: AtomicU8 = AtomicU8::new(0);
        match FOUND.load(Relaxed) {
            1 => Level::Portable,
            2 => Level::Avx2,
            3 => Level::Avx512,
            4 => Level::Avx512InHalves,
            _ => {
                let level = Self::ask();
                FOUND.store(level as u8 + 1, Relaxed);
                level
            }
        }
    }

    /// What the machine has, or less if the environment asks for it.
    #[cfg(target_arch = "x86_64")]
    #[cold]
    fn ask() -> Self {
        let has = Self::of_the_machine();
        #[cfg(feature = "std")]
        if let Some(wanted) = std::env::var_os("DIFFSVD_LEVEL") {
            return match wanted.to_str() {
                Some("portable") => Level::Portable,
                Some("avx2") if has != Level::Portable => Level::Avx2,
                _ => has,
            };
        }
        has
    }

    #[cfg_attr(not(feature = "std"), allow(clippy::ifs_same_cond, reason = "the compiler's answers may be the same"))]
    #[cfg(target_arch = "x86_64")]
    fn of_the_machine() -> Self {
        if has!("avx512f", "avx512vl", "avx512dq", "avx512bw", "fma", "avx2") {
            if computes_in_halves() { Level::Avx512InHalves } else { Level::Avx512 }
        } else if has!("avx2", "fma") {
            Level::Avx2
        } else {
            Level::Portable
        }
    }

    /// The best level of this machine.
    #[cfg(target_arch = "aarch64")]
    pub(crate) fn detect() -> Self {
        Level::Neon
    }

    /// The best level of this machine.
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub(crate) fn detect() -> Self {
        Level::Portable
    }

    /// Bytes of a register.
    pub(crate) const fn register_bytes(self) -> usize {
        match self {
            Level::Portable => <Separate as Arith>::BYTES,
            #[cfg(target_arch = "aarch64")]
            Level::Neon => <Fused<8> as Arith>::BYTES,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => <Fused<8> as Arith>::BYTES,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx512InHalves => <Fused<32> as Arith>::BYTES,
        }
    }

    /// Bytes that an instruction computes with at the same time.
    pub(crate) const fn bytes_at_once(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512InHalves => self.register_bytes() / 2,
            _ => self.register_bytes(),
        }
    }

    /// Whether it has vectors of these numbers beyond the baseline of the target, with fused products.
    pub(crate) fn has_vectors<R>(self) -> bool {
        self != Level::Portable && size_of::<R>() <= size_of::<f64>()
    }

    /// Runs the task with the instructions of this level.
    #[inline]
    pub(crate) fn run<T: Task>(self, task: T) {
        // A constant, so that the other levels are not even compiled: no instruction takes numbers that are longer.
        if const { size_of::<T::Real>() > size_of::<f64>() } {
            return task.run::<Separate>();
        }
        match self {
            Level::Portable => task.run::<Separate>(),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => task.run::<Fused<8>>(),
            // SAFETY: the value exists only where `detect` found the features.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx512InHalves => unsafe { avx512(task) },
        }
    }

    /// Every level of this machine, the definition first: what the tests compare.
    #[cfg(test)]
    pub(crate) fn all() -> std::vec::Vec<Self> {
        let mut all = std::vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        if matches!(Level::detect(), Level::Avx512 | Level::Avx512InHalves) {
            all.push(Level::Avx2);
        }
        if Level::detect() != Level::Portable {
            all.push(Level::detect());
        }
        all
    }
}

/// Whether the processor says that what it computes at once has 32 bytes and not 64: bits 2 (FP256) and 3 (FP512) of AMD's Performance Optimization
/// Identifiers. A processor that does not say is believed to compute all at once, and so is every one without `std`.
#[cfg(target_arch = "x86_64")]
fn computes_in_halves() -> bool {
    #[cfg(all(feature = "std", not(miri)))]
    {
        use std::arch::x86_64::__cpuid;
        const IDENTIFIERS: u32 = 0x8000_001a;
        // SAFETY: a processor with AVX-512 has the instruction, and programs may use it where the standard library does.
        #[allow(unused_unsafe, reason = "older compilers want it")]
        let said = unsafe { if __cpuid(0x8000_0000).eax < IDENTIFIERS { 0 } else { __cpuid(IDENTIFIERS).eax } };
        said & 0b1100 == 0b0100
    }
    #[cfg(not(all(feature = "std", not(miri))))]
    false
}

#[cfg(target_arch = "aarch64")]
#[inline(never)]
fn fused<T: Task, const REGISTERS: usize>(task: T) {
    task.run::<Fused<REGISTERS>>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[inline(never)]
fn avx2<T: Task>(task: T) {
    task.run::<Fused<8>>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
#[inline(never)]
fn avx512<T: Task>(task: T) {
    task.run::<Fused<32>>();
}

#[cfg(test)]
mod tests;
