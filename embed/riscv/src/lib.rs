//! What the programs for RISC-V share: start-up, counter, the ends of the stack and of the code.
#![no_std]

use core::ptr::addr_of;

#[cfg(feature = "platform-sqrt")]
mod root;

core::arch::global_asm!(
    ".section .init,\"ax\"",
    ".global _start",
    "_start:",
    "  .option push",
    "  .option norelax",
    "  la gp, __global_pointer$",
    "  .option pop",
    "  la sp, _stack_top",
    // mstatus.FS turns the FPU on where there is one.
    "  li t0, 0x6000",
    "  csrs mstatus, t0",
    "  la t0, _sbss",
    "  la t1, _ebss",
    "1: bgeu t0, t1, 2f",
    "  sw zero, 0(t0)",
    "  addi t0, t0, 4",
    "  j 1b",
    "2: call rust_main",
    "3: j 3b",
);

unsafe extern "C" {
    static _stack_end: u32;
    static _stext: u32;
    static _etext: u32;
}

/// Under QEMU's `-icount` the counter of retired instructions is exact.
pub struct RiscV;

impl RiscV {
    /// Bytes of code in this program.
    pub fn text(&self) -> usize {
        // Only the addresses of the linker's symbols are taken.
        addr_of!(_etext) as usize - addr_of!(_stext) as usize
    }
}

impl figures::Machine for RiscV {
    fn instructions(&self) -> u32 {
        let count: usize;
        // SAFETY: reads a counter.
        unsafe { core::arch::asm!("csrr {}, minstret", out(reg) count) };
        count as u32
    }
    fn stack_end(&self) -> usize {
        addr_of!(_stack_end) as usize
    }
}
