//! Prints bytes of code, bytes of stack and instructions of one operation.
#![no_std]
#![no_main]

use riscv_programs::RiscV;
use semihosting::{println, process};

#[unsafe(no_mangle)]
extern "C" fn rust_main() -> ! {
    let figures = figures::measure(&RiscV);
    println!("{}: {} {} {}", figures::OPERATION, RiscV.text(), figures.stack, figures.instructions);
    process::exit(0)
}
