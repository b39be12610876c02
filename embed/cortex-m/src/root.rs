//! The square roots of a Cortex-M7, which has both units: through core registers, since stable Rust knows of neither.

use core::arch::asm;

fn sqrt_f32(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: reads and writes the named registers only.
    unsafe {
        asm!("vmov s0, {x}", "vsqrt.f32 s0, s0", "vmov {x}, s0", x = inout(reg) bits, out("s0") _,
            options(pure, nomem, nostack, preserves_flags));
    }
    f32::from_bits(bits)
}

fn sqrt_f64(x: f64) -> f64 {
    let bits = x.to_bits();
    let (mut low, mut high) = (bits as u32, (bits >> 32) as u32);
    // SAFETY: as above.
    unsafe {
        asm!("vmov d0, {low}, {high}", "vsqrt.f64 d0, d0", "vmov {low}, {high}, d0",
            low = inout(reg) low, high = inout(reg) high, out("d0") _, options(pure, nomem, nostack, preserves_flags));
    }
    f64::from_bits(u64::from(high) << 32 | u64::from(low))
}

diffsvd::platform_sqrt!(f32: sqrt_f32, f64: sqrt_f64);
