//! Links only if no panic path is left in the operation of this build: the handler calls a function that does not exist.
#![no_std]
#![no_main]

unsafe extern "C" {
    fn a_panic_path_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: never linked.
    unsafe { a_panic_path_is_left() }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    loop {
        figures::operate();
    }
}
