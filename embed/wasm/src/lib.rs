//! The checks as a module without imports: `run` returns the number of failures, `text` and `text_len` say where the report is.
#![no_std]

use core::cell::UnsafeCell;
use core::fmt::{self, Write};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Room for the report.
struct Report(UnsafeCell<([u8; 65536], usize)>);

// SAFETY: a module without threads.
unsafe impl Sync for Report {}

static REPORT: Report = Report(UnsafeCell::new(([0; 65536], 0)));

struct Writer<'a>(&'a mut [u8], &'a mut usize);

impl Write for Writer<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let end = *self.1 + s.len();
        self.0.get_mut(*self.1..end).ok_or(fmt::Error)?.copy_from_slice(s.as_bytes());
        *self.1 = end;
        Ok(())
    }
}

/// Runs everything; the number of failures.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    // SAFETY: only this function writes, and it is not entered twice.
    let (text, len) = unsafe { &mut *REPORT.0.get() };
    let mut out = Writer(text, len);
    checks::run(&mut out).and_then(|bits| Ok(bits + checks::calibrate(&mut out)?)).unwrap_or(126)
}

/// Where the report is.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    REPORT.0.get().cast()
}

/// Its length in bytes.
#[unsafe(no_mangle)]
pub extern "C" fn text_len() -> usize {
    // SAFETY: as in `run`.
    unsafe { (*REPORT.0.get()).1 }
}
