//! One operation as a module without imports: `operate` runs it once, `stack` says how many bytes of the stack in linear memory it
//! takes. Its size is that of the module, its instructions are those of an interpreter's trace.
#![no_std]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Bytes below the frame that are painted: a part of the stack, so that a trace stays short.
const DEPTH: usize = 32 * 1024;

struct Wasm;

impl figures::Machine for Wasm {
    fn instructions(&self) -> u32 {
        0
    }
    fn stack_end(&self) -> usize {
        let here = 0_u32;
        (core::ptr::addr_of!(here) as usize - DEPTH) & !3
    }
}

/// The operation of this build.
#[unsafe(no_mangle)]
pub extern "C" fn operate() {
    figures::operate();
}

/// Bytes of stack that it takes.
#[unsafe(no_mangle)]
pub extern "C" fn stack() -> usize {
    figures::measure(&Wasm).stack
}
