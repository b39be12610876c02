//! c ± x a and c ± x y on one vector register as the one instruction that it is, whatever the compiler would make of the loop that defines it: in a
//! tile it has the sums, the rows of P and the columns of B to choose from, and for some sizes it chose the columns, with a gather for each sum.
#![expect(unsafe_code, reason = "vector registers of a type that is known to be f32 or f64, at a level that has them")]

use core::any::TypeId;
use core::arch::x86_64::{
    _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_fnmadd_pd, _mm256_fnmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps,
    _mm256_set1_pd, _mm256_set1_ps, _mm256_storeu_pd, _mm256_storeu_ps, _mm512_fmadd_pd, _mm512_fmadd_ps,
    _mm512_fnmadd_pd, _mm512_fnmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_set1_pd, _mm512_set1_ps,
    _mm512_storeu_pd, _mm512_storeu_ps,
};

use crate::scalar::Real;

/// Adds x y to c entry by entry, or subtracts it where `SUB`, if they are registers of `f32` or `f64`: of 32 bytes, or of 64 where `WIDE`. Where not
/// `EACH`, y is one number for all entries of x. Says whether they are.
///
/// # Safety
/// The machine has AVX2 and FMA, and AVX-512 F where `WIDE`; y points to a register where `EACH`, and to a number otherwise.
#[inline(always)]
pub(super) unsafe fn add_product<R: Real, const W: usize, const WIDE: bool, const SUB: bool, const EACH: bool>(
    c: &mut [R; W],
    x: &[R; W],
    y: *const R,
) -> bool {
    let (c, x) = (c.as_mut_ptr(), x.as_ptr());
    let (single, double) = (TypeId::of::<R>() == TypeId::of::<f32>(), TypeId::of::<R>() == TypeId::of::<f64>());
    let (short, long) = (size_of::<[R; W]>() == 32, WIDE && size_of::<[R; W]>() == 64);
    // SAFETY: all point to so many bytes of the type that was asked for; the instructions are there by the promise of the caller.
    unsafe {
        if short && single {
            ps_256::<SUB, EACH>(c.cast(), x.cast(), y.cast());
        } else if short && double {
            pd_256::<SUB, EACH>(c.cast(), x.cast(), y.cast());
        } else if long && single {
            ps_512::<SUB, EACH>(c.cast(), x.cast(), y.cast());
        } else if long && double {
            pd_512::<SUB, EACH>(c.cast(), x.cast(), y.cast());
        } else {
            return false;
        }
    }
    true
}

macro_rules! fused {
    ($name:ident, $real:ty, $features:literal, $load:ident, $store:ident, $set:ident, $add:ident, $sub:ident) => {
        /// # Safety
        /// c and x point to a register of numbers, c to be written; y to one where `EACH`, and to a number otherwise.
        #[target_feature(enable = $features)]
        #[inline]
        unsafe fn $name<const SUB: bool, const EACH: bool>(c: *mut $real, x: *const $real, y: *const $real) {
            // SAFETY: by the promise of the caller.
            unsafe {
                let (sum, x, y) = ($load(c), $load(x), if EACH { $load(y) } else { $set(*y) });
                $store(c, if SUB { $sub(x, y, sum) } else { $add(x, y, sum) });
            }
        }
    };
}
fused!(ps_256, f32, "avx2,fma", _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_fnmadd_ps);
fused!(pd_256, f64, "avx2,fma", _mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_fnmadd_pd);
fused!(ps_512, f32, "avx512f", _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_fnmadd_ps);
fused!(pd_512, f64, "avx512f", _mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_fnmadd_pd);

#[cfg(test)]
mod tests {
    use crate::kernel::{Arith, Level, Task};
    use crate::scalar::Real;
    use core::array::from_fn;

    /// c ± x a and c ± x y, to the last bit with one rounding or with two.
    struct Check<R, const N: usize>([R; N]);

    impl<R: Real, const N: usize> Task for Check<R, N> {
        type Real = R;

        fn run<A: Arith>(self) {
            let (a, x): (R, [R; N]) = (R::from_f64(0.3), from_fn(|l| R::from_f64((l as f64 + 0.7).sqrt())));
            let (mut sum, mut difference) = (self.0, self.0);
            A::add_scaled::<R, N, false>(&mut sum, &x, a);
            A::add_scaled::<R, N, true>(&mut difference, &x, a);
            assert_eq!(sum, from_fn(|l| A::mul_add(x[l], a, self.0[l])));
            assert_eq!(difference, from_fn(|l| A::mul_add(-x[l], a, self.0[l])));
            assert_ne!(sum, difference);
            let y: [R; N] = from_fn(|l| R::from_f64((l as f64 - 2.3) / 3.0));
            let (mut sum, mut difference) = (self.0, self.0);
            A::add_product::<R, N, false>(&mut sum, &x, &y);
            A::add_product::<R, N, true>(&mut difference, &x, &y);
            assert_eq!(sum, from_fn(|l| A::mul_add(x[l], y[l], self.0[l])));
            assert_eq!(difference, from_fn(|l| A::mul_add(-x[l], y[l], self.0[l])));
            assert_ne!(sum, difference);
        }
    }

    fn check<R: Real, const N: usize>() {
        for level in Level::all() {
            level.run(Check::<R, N>(from_fn(R::from_usize)));
        }
    }

    #[test]
    fn every_size_is_the_definition() {
        check::<f32, 4>();
        check::<f32, 8>();
        check::<f32, 16>();
        check::<f64, 4>();
        check::<f64, 8>();
        check::<f64, 16>();
    }
}
