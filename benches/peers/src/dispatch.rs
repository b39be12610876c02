//! Which kernels MKL runs on a processor that is not Intel's.
//!
//! MKL asks `mkl_serv_get_cpu_true` for a function that says whether the maker of the processor is Intel; otherwise it stays
//! with its default kernels, however much the processor can do. That is what a user of such a machine gets, but it is up to
//! 1.5 times slower than its AVX-512 kernels on the same machine. The faster ones are the opponent here, unless
//! `--mkl plain` asks for what a user gets. On Intel's processors both are the same.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set by `--mkl plain`.
pub static PLAIN: AtomicBool = AtomicBool::new(false);

extern "C" fn is_intel() -> c_int {
    c_int::from(!PLAIN.load(Ordering::Relaxed) || vendor() == *b"GenuineIntel")
}

fn vendor() -> [u8; 12] {
    let mut name = [0; 12];
    #[cfg(target_arch = "x86_64")]
    {
        let leaf = std::arch::x86_64::__cpuid(0);
        for (part, word) in name.chunks_exact_mut(4).zip([leaf.ebx, leaf.edx, leaf.ecx]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
    }
    name
}

/// Stands before MKL's own function of this name.
#[unsafe(no_mangle)]
pub extern "C" fn mkl_serv_get_cpu_true() -> extern "C" fn() -> c_int {
    is_intel
}

/// Keeps the function in the executable.
#[used]
static KEEP: extern "C" fn() -> extern "C" fn() -> c_int = mkl_serv_get_cpu_true;
