//! What the programs for Cortex-M share.
#![no_std]

use core::ptr::addr_of;

#[cfg(feature = "platform-sqrt")]
mod root;

/// SysTick at 25 MHz, 40 ns a tick. Under QEMU's `-icount shift=5` an instruction takes 32 ns.
pub struct CortexM;

const CSR: *mut u32 = 0xE000_E010 as *mut u32;
const RELOAD: *mut u32 = 0xE000_E014 as *mut u32;
const CURRENT: *mut u32 = 0xE000_E018 as *mut u32;

unsafe extern "C" {
    static _stack_end: u32;
    static __stext: u32;
    static __etext: u32;
}

impl CortexM {
    /// Starts the counter.
    pub fn start() -> Self {
        // SAFETY: the registers of SysTick, which nobody else uses.
        unsafe {
            RELOAD.write_volatile(0x00FF_FFFF);
            CURRENT.write_volatile(0);
            CSR.write_volatile(0b101);
        }
        CortexM
    }

    /// Bytes of code in this program.
    pub fn text(&self) -> usize {
        // Only the addresses of the linker's symbols are taken.
        addr_of!(__etext) as usize - addr_of!(__stext) as usize
    }

    /// Ticks since the start, which wrap after 2²⁴.
    pub fn ticks(&self) -> u32 {
        // SAFETY: as above.
        0x00FF_FFFF - (unsafe { CURRENT.read_volatile() } & 0x00FF_FFFF)
    }
}

impl figures::Machine for CortexM {
    fn instructions(&self) -> u32 {
        self.ticks() + self.ticks() / 4
    }
    fn stack_end(&self) -> usize {
        addr_of!(_stack_end) as usize
    }
}
