//! Which instructions the machine has, found out once and handed down as a value.
//!
//! With `std` on x86-64 the environment variable `DIFFSVD_LEVEL` (`portable`, `avx2`) takes fewer instructions than there are: for tests,
//! and for results that are the same to the last bit on different machines.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "calling a function compiled for more instructions than the target's baseline")
)]

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use super::arith::Fused;
use super::arith::{Arith, Separate, Task};
#[cfg(target_arch = "x86_64")]
use super::arith::{avx2, avx512};

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

#[cfg(test)]
mod tests;
