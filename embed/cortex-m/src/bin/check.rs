//! Runs the checks and exits with the number of failures.
#![no_std]
#![no_main]

use semihosting::{io, process};

#[cortex_m_rt::entry]
fn main() -> ! {
    let Ok(mut out) = io::stdout() else { process::exit(125) };
    let failures = checks::run(&mut Console(&mut out)).unwrap_or(126);
    process::exit(failures.min(124).cast_signed())
}

/// `core::fmt` over the host's console.
struct Console<'a>(&'a mut io::Stdout);

impl core::fmt::Write for Console<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        io::Write::write_all(self.0, s.as_bytes()).map_err(|_| core::fmt::Error)
    }
}
