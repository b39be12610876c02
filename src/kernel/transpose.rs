//! Four times four reals, rows for columns: how matrices get into lanes and out of them.
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "vector registers of a type that is known to be f32 or f64, at a level that has them"
    )
)]

use crate::scalar::Real;

/// Four reals that lie one after another in each of four places.
pub(crate) type Block<R> = [[R; 4]; 4];

/// The definition.
#[inline(always)]
pub(super) fn plain<R: Real>(block: &Block<R>) -> Block<R> {
    let mut transposed = *block;
    for (i, row) in block.iter().enumerate() {
        for (j, &x) in row.iter().enumerate() {
            transposed[j][i] = x;
        }
    }
    transposed
}

/// The same with vectors.
///
/// # Safety
/// The machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn avx2<R: Real>(block: &Block<R>) -> Block<R> {
    use core::any::TypeId;
    use core::mem::transmute_copy;
    if TypeId::of::<R>() == TypeId::of::<f64>() {
        // SAFETY: `R` is `f64`; AVX2 by the promise of the caller.
        unsafe { transmute_copy(&of_f64(transmute_copy(block))) }
    } else if TypeId::of::<R>() == TypeId::of::<f32>() {
        // SAFETY: `R` is `f32`; AVX2 by the promise of the caller.
        unsafe { transmute_copy(&of_f32(transmute_copy(block))) }
    } else {
        plain(block)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn of_f64(rows: [core::arch::x86_64::__m256d; 4]) -> [core::arch::x86_64::__m256d; 4] {
    use core::arch::x86_64::{_mm256_permute2f128_pd, _mm256_unpackhi_pd, _mm256_unpacklo_pd};
    let [a, b, c, d] = rows;
    let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
    let (more_even, more_odd) = (_mm256_unpacklo_pd(c, d), _mm256_unpackhi_pd(c, d));
    [
        _mm256_permute2f128_pd::<0x20>(even, more_even),
        _mm256_permute2f128_pd::<0x20>(odd, more_odd),
        _mm256_permute2f128_pd::<0x31>(even, more_even),
        _mm256_permute2f128_pd::<0x31>(odd, more_odd),
    ]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn of_f32(rows: [core::arch::x86_64::__m128; 4]) -> [core::arch::x86_64::__m128; 4] {
    use core::arch::x86_64::{_mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};
    let [a, b, c, d] = rows;
    let (low, high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
    let (more_low, more_high) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
    [
        _mm_movelh_ps(low, more_low),
        _mm_movehl_ps(more_low, low),
        _mm_movelh_ps(high, more_high),
        _mm_movehl_ps(more_high, high),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Arith, Level, Task};

    struct Check<R>(Block<R>);

    impl<R: Real> Task for Check<R> {
        type Real = R;

        fn run<A: Arith>(self) {
            assert_eq!(A::transpose(&self.0), plain(&self.0));
            assert_eq!(A::transpose(&self.0)[1][2], self.0[2][1]);
        }
    }

    #[test]
    fn rows_for_columns() {
        for level in Level::all() {
            level.run(Check::<f64>(core::array::from_fn(|i| core::array::from_fn(|j| (4 * i + j) as f64))));
            level.run(Check::<f32>(core::array::from_fn(|i| core::array::from_fn(|j| (4 * i + j) as f32))));
        }
    }
}
