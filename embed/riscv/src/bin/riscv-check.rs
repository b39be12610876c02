//! Runs the checks and exits with the number of failures.
#![no_std]
#![no_main]

use riscv_programs as _;

#[unsafe(no_mangle)]
extern "C" fn rust_main() -> ! {
    console::check()
}
