//! The square root of `f32` and `f64`: of the standard library, of the platform, or of `libm`, in this order.
//!
//! All are correctly rounded (IEEE 754 asks for it), so the choice changes no result. It does change the speed: `libm` takes
//! the root bit by bit where it knows no instruction, 60 instructions for `f32` on a Cortex-M against 5.

#[cfg(all(not(feature = "std"), feature = "platform-sqrt"))]
pub(crate) use of_platform::{f32, f64};
#[cfg(feature = "std")]
pub(crate) use of_std::{f32, f64};
#[cfg(not(any(feature = "std", feature = "platform-sqrt")))]
pub(crate) use without_std::{f32, f64};

#[cfg(feature = "std")]
mod of_std {
    #[inline]
    pub(crate) fn f32(x: f32) -> f32 {
        x.sqrt()
    }
    #[inline]
    pub(crate) fn f64(x: f64) -> f64 {
        x.sqrt()
    }
}

/// What [`platform_sqrt!`](crate::platform_sqrt) defines.
#[cfg(all(not(feature = "std"), feature = "platform-sqrt"))]
#[expect(unsafe_code, reason = "the functions are in another crate, which the linker finds")]
mod of_platform {
    unsafe extern "Rust" {
        // SAFETY: only `platform_sqrt!` defines these names, with these signatures, around safe functions.
        safe fn __diffsvd_sqrt_f32(x: f32) -> f32;
        safe fn __diffsvd_sqrt_f64(x: f64) -> f64;
    }
    #[inline]
    pub(crate) fn f32(x: f32) -> f32 {
        __diffsvd_sqrt_f32(x)
    }
    #[inline]
    pub(crate) fn f64(x: f64) -> f64 {
        __diffsvd_sqrt_f64(x)
    }
}

/// Arm with hard floats has at least the single-precision unit, and that has `vsqrt.f32`.
#[cfg(all(not(any(feature = "std", feature = "platform-sqrt")), feature = "libm"))]
mod without_std {
    #[cfg(not(all(target_arch = "arm", target_abi = "eabihf")))]
    pub(crate) use libm::sqrtf as f32;

    #[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
    #[expect(unsafe_code, reason = "an instruction that stable Rust has no function for")]
    #[inline]
    pub(crate) fn f32(x: f32) -> f32 {
        let mut bits = x.to_bits();
        // Through core registers: the register class of the FPU is not open to stable Rust on these targets.
        // SAFETY: reads and writes the named registers only; every target with this ABI has the instruction.
        unsafe {
            core::arch::asm!(
                "vmov s0, {x}", "vsqrt.f32 s0, s0", "vmov {x}, s0",
                x = inout(reg) bits, out("s0") _, options(pure, nomem, nostack, preserves_flags),
            );
        }
        f32::from_bits(bits)
    }

    pub(crate) use libm::sqrt as f64;
}

/// Never built: `lib.rs` refuses this combination with a message; this keeps it the only one.
#[cfg(not(any(feature = "std", feature = "platform-sqrt", feature = "libm")))]
mod without_std {
    pub(crate) fn f32(x: f32) -> f32 {
        x
    }
    pub(crate) fn f64(x: f64) -> f64 {
        x
    }
}

/// Supplies the square roots of the platform, once in a program (feature `platform-sqrt`, without `std`).
///
/// The two functions must round correctly, or at least to one unit in the last place. A processor's instruction does:
///
/// ```
/// # mod fpu { pub fn sqrt_f32(x: f32) -> f32 { x.sqrt() } pub fn sqrt_f64(x: f64) -> f64 { x.sqrt() } }
/// diffsvd::platform_sqrt!(f32: fpu::sqrt_f32, f64: fpu::sqrt_f64);
/// ```
#[cfg(feature = "platform-sqrt")]
#[macro_export]
macro_rules! platform_sqrt {
    (f32: $f32:path, f64: $f64:path) => {
        const _: () = {
            #[unsafe(no_mangle)]
            extern "Rust" fn __diffsvd_sqrt_f32(x: f32) -> f32 {
                let root: fn(f32) -> f32 = $f32;
                root(x)
            }
            #[unsafe(no_mangle)]
            extern "Rust" fn __diffsvd_sqrt_f64(x: f64) -> f64 {
                let root: fn(f64) -> f64 = $f64;
                root(x)
            }
        };
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn roots_of_both_types() {
        assert_eq!([0.0, 2.25, 9.0].map(super::f32), [0.0, 1.5, 3.0]);
        assert_eq!([0.0, 2.25, 9.0].map(super::f64), [0.0, 1.5, 3.0]);
    }
}
