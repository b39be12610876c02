//! Runs the checks and exits with the number of failures.
#![no_std]
#![no_main]

use cortex_m_programs as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    console::check()
}
