//! The square roots of a RISC-V with the extensions F and D, of which stable Rust does not tell.

use core::arch::asm;

fn sqrt_f32(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: reads and writes the named registers only.
    unsafe {
        asm!("fmv.w.x ft0, {x}", "fsqrt.s ft0, ft0", "fmv.x.w {x}, ft0", x = inout(reg) bits, out("ft0") _,
            options(pure, nomem, nostack, preserves_flags));
    }
    f32::from_bits(bits)
}

fn sqrt_f64(x: f64) -> f64 {
    let mut bits = x.to_bits();
    // SAFETY: as above.
    unsafe {
        asm!("fmv.d.x ft0, {x}", "fsqrt.d ft0, ft0", "fmv.x.d {x}, ft0", x = inout(reg) bits, out("ft0") _,
            options(pure, nomem, nostack, preserves_flags));
    }
    f64::from_bits(bits)
}

diffsvd::platform_sqrt!(f32: sqrt_f32, f64: sqrt_f64);
