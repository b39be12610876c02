//! Four times four entries of one real or of two, rows for columns: how matrices get into lanes and out of them.
#![expect(
    unsafe_code,
    reason = "four places in memory after one check, and vector registers of a type that is known to be f32 or f64"
)]

use super::cast::{as_reals, is_reals, reals_of};
use super::entry::{read, write};
use super::lanes::{each, lane_by_lane};
use super::{Arith, Level, Task};
use crate::scalar::{Real, Scalar};

/// Four entries that lie one after another in each of four places: N reals, a quarter of them to an entry.
pub(crate) type Block<R, const N: usize> = [[R; N]; 4];

/// The block whose first entry is real number `start`, its columns `step` reals apart; `None` if the reals end before it does.
#[inline(always)]
pub(crate) fn block_at<R: Real, const N: usize>(reals: &[R], (start, step): (usize, usize)) -> Option<Block<R, N>> {
    let rest = reals.get(start..).filter(|rest| reaches::<N>(rest.len(), step))?;
    // SAFETY: the last of the four ends within `rest`.
    Some(each([R::zero(); N], |c| unsafe { *rest.as_ptr().add(c * step).cast() }))
}

/// Writes a block, if there is room for all of it.
#[inline(always)]
pub(crate) fn put_block<R: Real, const N: usize>(reals: &mut [R], (start, step): (usize, usize), block: &Block<R, N>) {
    let Some(rest) = reals.get_mut(start..).filter(|rest| reaches::<N>(rest.len(), step)) else { return };
    for (c, column) in block.iter().enumerate() {
        // SAFETY: the last of the four ends within `rest`.
        unsafe { *rest.as_mut_ptr().add(c * step).cast() = *column };
    }
}

/// Whether the last of four times N reals, `step` apart, ends within `len`.
#[inline(always)]
fn reaches<const N: usize>(len: usize, step: usize) -> bool {
    step.checked_mul(3).and_then(|last| last.checked_add(N)).is_some_and(|end| end <= len)
}

/// The definition.
#[inline(always)]
pub(super) fn plain<R: Real, const N: usize>(block: &Block<R, N>) -> Block<R, N> {
    let mut transposed = *block;
    for (i, row) in block.iter().enumerate() {
        for (l, &x) in row.iter().enumerate() {
            let (j, part) = (l / (N / 4), l % (N / 4));
            transposed[j][i * (N / 4) + part] = x;
        }
    }
    transposed
}

/// The conjugate transpose of a block, whose entries are complex where they are two reals.
#[inline(always)]
pub(crate) fn adjoint_block<A: Arith, R: Real, const N: usize>(block: &Block<R, N>) -> Block<R, N> {
    let turned = A::transpose(block);
    if N == 4 {
        return turned;
    }
    each(turned[0], |c| each(R::zero(), |l| if l % 2 == 1 { -turned[c][l] } else { turned[c][l] }))
}

/// The adjoint of a square matrix of k columns, which lie one after another.
pub(crate) fn adjoint<S: Scalar>(from: &[S], to: &mut [S], k: usize, level: Level) {
    let mut whole = 0;
    if level.has_vectors::<S::Real>() && is_reals::<S>() {
        whole = k / 4 * 4;
        level.run(Adjoint { from, to: &mut *to, k });
    }
    for j in 0..k {
        for i in if j < whole { whole } else { 0 }..k {
            write(to, j * k + i, read(from, i * k + j).conj());
        }
    }
}

/// The blocks that lie within the matrix.
struct Adjoint<'a, S> {
    from: &'a [S],
    to: &'a mut [S],
    k: usize,
}

impl<S: Scalar> Task for Adjoint<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let (from, to) = (reals_of(self.from), as_reals(self.to));
        if const { S::PARTS == 2 } {
            blocks::<A, S::Real, 8>(from, to, self.k);
        } else {
            blocks::<A, S::Real, 4>(from, to, self.k);
        }
    }
}

#[inline(always)]
fn blocks<A: Arith, R: Real, const N: usize>(from: &[R], to: &mut [R], k: usize) {
    let (parts, whole) = (N / 4, k / 4 * 4);
    for left in (0..whole).step_by(4) {
        for top in (0..whole).step_by(4) {
            lane_by_lane();
            let Some(block) = block_at(from, ((left * k + top) * parts, k * parts)) else { return };
            put_block(to, ((top * k + left) * parts, k * parts), &adjoint_block::<A, R, N>(&block));
        }
    }
}

/// Rows for columns with vectors; those of 64 bytes where `WIDE`.
///
/// # Safety
/// The machine has AVX2, and AVX-512 F where `WIDE`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn vectors<R: Real, const N: usize, const WIDE: bool>(block: &Block<R, N>) -> Block<R, N> {
    use core::any::TypeId;
    use core::mem::transmute_copy;
    let (single, double) = (TypeId::of::<R>() == TypeId::of::<f32>(), TypeId::of::<R>() == TypeId::of::<f64>());
    // SAFETY: `R` is `f64` or `f32` where that is asked for, and there are as many of them as the registers have; entries of two `f32` are moved as
    // one `f64`. The instructions by the promise of the caller.
    unsafe {
        match N {
            4 if double => transmute_copy(&of_f64(transmute_copy(block))),
            4 if single => transmute_copy(&of_f32(transmute_copy(block))),
            8 if single => transmute_copy(&of_f64(transmute_copy(block))),
            8 if double && WIDE => transmute_copy(&wide_of_pairs(transmute_copy(block))),
            8 if double => transmute_copy(&of_pairs(transmute_copy(block))),
            _ => plain(block),
        }
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

/// Entries of two `f64`, two registers to a row.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn of_pairs(rows: [[core::arch::x86_64::__m256d; 2]; 4]) -> [[core::arch::x86_64::__m256d; 2]; 4] {
    use core::arch::x86_64::{__m256d, _mm256_permute2f128_pd};
    let join = |x: __m256d, y: __m256d| [_mm256_permute2f128_pd::<0x20>(x, y), _mm256_permute2f128_pd::<0x31>(x, y)];
    let [a, b, c, d] = rows;
    let ([first, second], [third, fourth]) = (join(a[0], b[0]), join(a[1], b[1]));
    let ([more_first, more_second], [more_third, more_fourth]) = (join(c[0], d[0]), join(c[1], d[1]));
    [[first, more_first], [second, more_second], [third, more_third], [fourth, more_fourth]]
}

/// Entries of two `f64`, a register to a row.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn wide_of_pairs(rows: [core::arch::x86_64::__m512d; 4]) -> [core::arch::x86_64::__m512d; 4] {
    use core::arch::x86_64::{__m512d, _mm512_shuffle_f64x2};
    // The first and second half of both, and of what comes of it the first and third quarter, and the second and fourth.
    let halves = |x: __m512d, y: __m512d| [_mm512_shuffle_f64x2::<0x44>(x, y), _mm512_shuffle_f64x2::<0xee>(x, y)];
    let quarters = |x: __m512d, y: __m512d| [_mm512_shuffle_f64x2::<0x88>(x, y), _mm512_shuffle_f64x2::<0xdd>(x, y)];
    let [a, b, c, d] = rows;
    let ([low, high], [more_low, more_high]) = (halves(a, b), halves(c, d));
    let ([first, second], [third, fourth]) = (quarters(low, more_low), quarters(high, more_high));
    [first, second, third, fourth]
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::array::from_fn;
    use num_complex::Complex;

    struct Check<R, const N: usize>(Block<R, N>);

    impl<R: Real, const N: usize> Task for Check<R, N> {
        type Real = R;

        fn run<A: Arith>(self) {
            let turned = A::transpose(&self.0);
            assert_eq!(turned, plain(&self.0));
            let parts = N / 4;
            assert_eq!(turned[1][2 * parts..3 * parts], self.0[2][parts..2 * parts]);
        }
    }

    fn check<R: Real, const N: usize>() {
        for level in Level::all() {
            level.run(Check::<R, N>(from_fn(|i| from_fn(|j| R::from_usize(N * i + j)))));
        }
    }

    #[test]
    fn blocks_lie_where_they_are_put() {
        let mut reals = [0.0_f32; 30];
        let block = from_fn(|c| from_fn::<_, 8, _>(|l| (10 * c + l + 1) as f32));
        put_block(&mut reals, (2, 6), &block);
        assert_eq!(reals[..14], [0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0]);
        assert_eq!(reals[20..], [31.0, 32.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 0.0, 0.0]);
        assert_eq!(block_at::<_, 4>(&reals, (2, 6)), Some(from_fn(|c| from_fn(|l| (10 * c + l + 1) as f32))));
        let before = reals;
        for (start, step) in [(5, 6), (31, 0), (0, usize::MAX), (2, usize::MAX / 3), (0, 8)] {
            put_block(&mut reals, (start, step), &block);
            assert_eq!(block_at::<_, 8>(&reals, (start, step)), None);
        }
        assert_eq!(reals, before);
    }

    fn adjoints<S: Scalar>() {
        for k in [0, 1, 3, 4, 7, 8, 13] {
            let part = |i: usize, sign: f64| S::Real::from_f64(sign * i as f64);
            let from: std::vec::Vec<S> = (0..k * k).map(|i| S::from_parts(part(i, 1.0), part(i, 0.5))).collect();
            for level in Level::all() {
                let mut to = std::vec![S::zero(); k * k];
                adjoint(&from, &mut to, k, level);
                assert!((0..k * k).all(|at| to[at] == from[at % k * k + at / k].conj()), "{level:?} {k}");
            }
        }
    }

    #[test]
    fn adjoints_of_every_size() {
        adjoints::<f32>();
        adjoints::<f64>();
        adjoints::<Complex<f32>>();
        adjoints::<Complex<f64>>();
    }

    #[test]
    fn rows_for_columns() {
        check::<f64, 4>();
        check::<f32, 4>();
        check::<f64, 8>();
        check::<f32, 8>();
    }
}
