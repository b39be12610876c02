//! Prints bytes of code, bytes of stack and instructions of one operation.
#![no_std]
#![no_main]

use cortex_m_programs::CortexM;
use semihosting::{println, process};

#[cortex_m_rt::entry]
fn main() -> ! {
    let machine = CortexM::start();
    let figures = figures::measure(&machine);
    println!("{}: {} {} {}", figures::OPERATION, machine.text(), figures.stack, figures.instructions);
    process::exit(0)
}
