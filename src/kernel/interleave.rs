//! Matrices into lanes and out of them: H rows of reals, four columns of them as four registers with a lane for each row, and the way back.
#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "vector registers of a type that is known to be f32 or f64, at a level that has them"
    )
)]

#[cfg(target_arch = "x86_64")]
use super::transpose::of_f64;
use crate::scalar::Real;

/// H rows of `len` reals, `step` apart: `visit` gets four columns at a time, with a lane for each row, and the number of the first. Returns how many
/// columns that were; the others are left to the caller. The definition.
#[inline(always)]
pub(super) fn plain_lanes<R: Real, const H: usize>(
    rows: &[R],
    (step, len): (usize, usize),
    mut visit: impl FnMut(usize, [[R; H]; 4]),
) -> usize {
    let mut all: [&[[R; 4]]; H] = [&[]; H];
    for (l, row) in all.iter_mut().enumerate() {
        *row = rows[l * step..l * step + len].as_chunks().0;
    }
    for number in 0..len / 4 {
        let mut lanes = [[R::zero(); H]; 4];
        for (l, row) in all.iter().enumerate() {
            for (lane, &x) in lanes.iter_mut().zip(&row[number]) {
                lane[l] = x;
            }
        }
        visit(4 * number, lanes);
    }
    len / 4 * 4
}

/// What is seldom done is not to stand among what is done often.
#[cfg(target_arch = "x86_64")]
#[cold]
#[inline(never)]
fn aside<T>(seldom: impl FnOnce() -> T) -> T {
    seldom()
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn is<R: 'static, T: 'static>() -> bool {
    core::any::TypeId::of::<R>() == core::any::TypeId::of::<T>()
}

/// Whether a register of 32 bytes, or of 64 where `WIDE`, has H lanes of `f32` or `f64`, and all of H rows lies in this memory.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn fits<R: Real, const H: usize, const WIDE: bool>(rows: &[R], (step, len): (usize, usize)) -> bool {
    let lanes = (is::<R, f32>() && (H == 8 || (WIDE && H == 16))) || (is::<R, f64>() && (H == 4 || (WIDE && H == 8)));
    let end = (H - 1).checked_mul(step).and_then(|last| last.checked_add(len));
    lanes && end.is_some_and(|end| end <= rows.len())
}

/// The same with registers of 32 bytes, or of 64 where `WIDE`, if such a register has H lanes. It leaves nothing: the last four columns end with the
/// rows, so that some may come twice, and of fewer than four the others mean nothing.
///
/// # Safety
/// The machine has AVX2, and AVX-512 F and DQ where `WIDE`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn lanes<R: Real, const H: usize, const WIDE: bool>(
    rows: &[R],
    (step, len): (usize, usize),
    mut visit: impl FnMut(usize, [[R; H]; 4]),
) -> usize {
    use core::mem::transmute_copy;
    // Of a row of less than four, four are read.
    if !fits::<R, H, WIDE>(rows, (step, len.max(4))) {
        return aside(|| plain_lanes(rows, (step, len), visit));
    }
    for number in 0..len.div_ceil(4) {
        let first = (4 * number).min(len.saturating_sub(4));
        // SAFETY: the reals are of the type that was asked for, and four of each of H rows are there; the instructions by the promise of the caller.
        let lanes = unsafe {
            let start = rows.as_ptr().add(first);
            match H {
                16 => transmute_copy(&sixteen_f32(start.cast(), step)),
                8 if is::<R, f32>() => transmute_copy(&eight_f32(start.cast(), step)),
                8 => transmute_copy(&eight_f64(start.cast(), step)),
                _ => transmute_copy(&four_f64(start.cast(), step)),
            }
        };
        visit(first, lanes);
    }
    len
}

/// # Safety
/// Four numbers can be read in each of four rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn four_f64(first: *const f64, step: usize) -> [core::arch::x86_64::__m256d; 4] {
    // SAFETY: by the promise of the caller.
    let row = |l: usize| unsafe { core::arch::x86_64::_mm256_loadu_pd(first.add(l * step)) };
    of_f64([row(0), row(1), row(2), row(3)])
}

/// # Safety
/// Four numbers can be read in each of eight rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn eight_f32(first: *const f32, step: usize) -> [core::arch::x86_64::__m256; 4] {
    use core::arch::x86_64::{_mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps};
    // SAFETY: by the promise of the caller.
    let four = |l: usize| unsafe { _mm_loadu_ps(first.add(l * step)) };
    let row = |l: usize| _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(four(l)), four(l + 4));
    halves_of_f32([row(0), row(1), row(2), row(3)])
}

/// Rows for columns in each half of the registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn halves_of_f32(rows: [core::arch::x86_64::__m256; 4]) -> [core::arch::x86_64::__m256; 4] {
    use core::arch::x86_64::{
        __m256, _mm256_castpd_ps, _mm256_castps_pd, _mm256_unpackhi_pd, _mm256_unpackhi_ps, _mm256_unpacklo_pd,
        _mm256_unpacklo_ps,
    };
    let pairs = |x: __m256, y: __m256| {
        let (x, y) = (_mm256_castps_pd(x), _mm256_castps_pd(y));
        [_mm256_castpd_ps(_mm256_unpacklo_pd(x, y)), _mm256_castpd_ps(_mm256_unpackhi_pd(x, y))]
    };
    let [a, b, c, d] = rows;
    let [first, second] = pairs(_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d));
    let [third, fourth] = pairs(_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d));
    [first, second, third, fourth]
}

/// # Safety
/// Four numbers can be read in each of sixteen rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn sixteen_f32(first: *const f32, step: usize) -> [core::arch::x86_64::__m512; 4] {
    use core::arch::x86_64::{_mm_loadu_ps, _mm512_castps128_ps512, _mm512_insertf32x4};
    // SAFETY: by the promise of the caller.
    let four = |l: usize| unsafe { _mm_loadu_ps(first.add(l * step)) };
    let row = |l: usize| {
        let start = _mm512_insertf32x4::<1>(_mm512_castps128_ps512(four(l)), four(l + 4));
        _mm512_insertf32x4::<3>(_mm512_insertf32x4::<2>(start, four(l + 8)), four(l + 12))
    };
    quarters_of_f32([row(0), row(1), row(2), row(3)])
}

/// Rows for columns in each quarter of the registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
#[inline]
fn quarters_of_f32(rows: [core::arch::x86_64::__m512; 4]) -> [core::arch::x86_64::__m512; 4] {
    use core::arch::x86_64::{
        __m512, _mm512_castpd_ps, _mm512_castps_pd, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd,
        _mm512_unpacklo_ps,
    };
    let pairs = |x: __m512, y: __m512| {
        let (x, y) = (_mm512_castps_pd(x), _mm512_castps_pd(y));
        [_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)), _mm512_castpd_ps(_mm512_unpackhi_pd(x, y))]
    };
    let [a, b, c, d] = rows;
    let [first, second] = pairs(_mm512_unpacklo_ps(a, b), _mm512_unpacklo_ps(c, d));
    let [third, fourth] = pairs(_mm512_unpackhi_ps(a, b), _mm512_unpackhi_ps(c, d));
    [first, second, third, fourth]
}

/// # Safety
/// Four numbers can be read in each of eight rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn eight_f64(first: *const f64, step: usize) -> [core::arch::x86_64::__m512d; 4] {
    use core::arch::x86_64::{
        __m512d, _mm256_loadu_pd, _mm512_castpd256_pd512, _mm512_insertf64x4, _mm512_shuffle_f64x2, _mm512_unpackhi_pd,
        _mm512_unpacklo_pd,
    };
    // SAFETY: by the promise of the caller.
    let four = |l: usize| unsafe { _mm256_loadu_pd(first.add(l * step)) };
    let row = |l: usize| _mm512_insertf64x4::<1>(_mm512_castpd256_pd512(four(l)), four(l + 2));
    // The first and third, and the second and fourth quarter of two registers.
    let join = |x: __m512d, y: __m512d| [_mm512_shuffle_f64x2::<0x88>(x, y), _mm512_shuffle_f64x2::<0xdd>(x, y)];
    let (a, b, c, d) = (row(0), row(1), row(4), row(5));
    let [first, third] = join(_mm512_unpacklo_pd(a, b), _mm512_unpacklo_pd(c, d));
    let [second, fourth] = join(_mm512_unpackhi_pd(a, b), _mm512_unpackhi_pd(c, d));
    [first, second, third, fourth]
}

/// The way back from [`plain_lanes`]: `columns` says what stands in four columns from its argument on. Returns how many columns are written; the
/// others are left to the caller. The definition.
#[inline(always)]
pub(super) fn plain_rows<R: Real, const H: usize>(
    rows: &mut [R],
    (step, len): (usize, usize),
    mut columns: impl FnMut(usize) -> [[R; H]; 4],
) -> usize {
    for number in 0..len / 4 {
        let lanes = columns(4 * number);
        for l in 0..H {
            for (x, lane) in rows[l * step + 4 * number..][..4].iter_mut().zip(&lanes) {
                *x = lane[l];
            }
        }
    }
    len / 4 * 4
}

/// The same with registers of 32 bytes, or of 64 where `WIDE`, if such a register has H lanes and a row four reals. It leaves nothing: some columns may be
/// asked for twice.
///
/// # Safety
/// The machine has AVX2, and AVX-512 F and DQ where `WIDE`.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn rows<R: Real, const H: usize, const WIDE: bool>(
    rows: &mut [R],
    (step, len): (usize, usize),
    mut columns: impl FnMut(usize) -> [[R; H]; 4],
) -> usize {
    use core::mem::transmute_copy;
    if len < 4 || !fits::<R, H, WIDE>(rows, (step, len)) {
        return aside(|| plain_rows(rows, (step, len), columns));
    }
    for number in 0..len.div_ceil(4) {
        let first = (4 * number).min(len - 4);
        let lanes = columns(first);
        // SAFETY: the reals are of the type that was asked for, and four of each of H rows are there; the instructions by the promise of the caller.
        unsafe {
            let start = rows.as_mut_ptr().add(first);
            match H {
                16 => f32_sixteen(transmute_copy(&lanes), start.cast(), step),
                8 if is::<R, f32>() => f32_eight(transmute_copy(&lanes), start.cast(), step),
                8 => f64_eight(transmute_copy(&lanes), start.cast(), step),
                _ => f64_four(transmute_copy(&lanes), start.cast(), step),
            }
        }
    }
    len
}

/// # Safety
/// Four numbers can be written in each of four rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn f64_four(lanes: [core::arch::x86_64::__m256d; 4], first: *mut f64, step: usize) {
    for (l, row) in of_f64(lanes).into_iter().enumerate() {
        // SAFETY: by the promise of the caller.
        unsafe { core::arch::x86_64::_mm256_storeu_pd(first.add(l * step), row) };
    }
}

/// # Safety
/// Four numbers can be written in each of eight rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn f32_eight(lanes: [core::arch::x86_64::__m256; 4], first: *mut f32, step: usize) {
    use core::arch::x86_64::{_mm_storeu_ps, _mm256_castps256_ps128, _mm256_extractf128_ps};
    for (l, rows) in halves_of_f32(lanes).into_iter().enumerate() {
        // SAFETY: by the promise of the caller.
        unsafe {
            _mm_storeu_ps(first.add(l * step), _mm256_castps256_ps128(rows));
            _mm_storeu_ps(first.add((l + 4) * step), _mm256_extractf128_ps::<1>(rows));
        }
    }
}

/// # Safety
/// Four numbers can be written in each of sixteen rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn f32_sixteen(lanes: [core::arch::x86_64::__m512; 4], first: *mut f32, step: usize) {
    use core::arch::x86_64::{_mm_storeu_ps, _mm512_castps512_ps128, _mm512_extractf32x4_ps};
    for (l, rows) in quarters_of_f32(lanes).into_iter().enumerate() {
        // SAFETY: by the promise of the caller.
        unsafe {
            _mm_storeu_ps(first.add(l * step), _mm512_castps512_ps128(rows));
            _mm_storeu_ps(first.add((l + 4) * step), _mm512_extractf32x4_ps::<1>(rows));
            _mm_storeu_ps(first.add((l + 8) * step), _mm512_extractf32x4_ps::<2>(rows));
            _mm_storeu_ps(first.add((l + 12) * step), _mm512_extractf32x4_ps::<3>(rows));
        }
    }
}

/// # Safety
/// Four numbers can be written in each of eight rows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
#[inline]
unsafe fn f64_eight(lanes: [core::arch::x86_64::__m512d; 4], first: *mut f64, step: usize) {
    use core::arch::x86_64::{
        __m512d, _mm256_storeu_pd, _mm512_castpd512_pd256, _mm512_extractf64x4_pd, _mm512_permutex2var_pd,
        _mm512_setr_epi64, _mm512_unpackhi_pd, _mm512_unpacklo_pd,
    };
    let [a, b, c, d] = lanes;
    // Rows l and l + 2 of two columns with those of the two others.
    let store = |l: usize, x: __m512d, y: __m512d| {
        let near = _mm512_permutex2var_pd(x, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), y);
        let far = _mm512_permutex2var_pd(x, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), y);
        // SAFETY: by the promise of the caller.
        unsafe {
            _mm256_storeu_pd(first.add(l * step), _mm512_castpd512_pd256(near));
            _mm256_storeu_pd(first.add((l + 2) * step), _mm512_extractf64x4_pd::<1>(near));
            _mm256_storeu_pd(first.add((l + 4) * step), _mm512_castpd512_pd256(far));
            _mm256_storeu_pd(first.add((l + 6) * step), _mm512_extractf64x4_pd::<1>(far));
        }
    };
    store(0, _mm512_unpacklo_pd(a, b), _mm512_unpacklo_pd(c, d));
    store(1, _mm512_unpackhi_pd(a, b), _mm512_unpackhi_pd(c, d));
}

#[cfg(test)]
mod tests {
    use crate::kernel::{Arith, Level, Task};
    use crate::scalar::Real;

    /// H rows, to the end of the memory.
    struct Rows<R, const H: usize>(core::marker::PhantomData<R>);

    impl<R: Real, const H: usize> Task for Rows<R, H> {
        type Real = R;

        fn run<A: Arith>(self) {
            for (step, len) in [(4, 4), (9, 9), (11, 8), (7, 3), (2, 1), (5, 0)] {
                // What lies behind the last row is not read, or not looked at.
                for behind in [0, 9] {
                    let rows: std::vec::Vec<R> = (0..(H - 1) * step + len + behind).map(R::from_usize).collect();
                    let mut met = std::vec![0; len];
                    let visited = A::lanes::<R, H>(&rows, (step, len), |first, lanes| {
                        for (c, l) in (first..len.min(first + 4)).flat_map(|c| (0..H).map(move |l| (c, l))) {
                            assert_eq!(lanes[c - first][l], rows[l * step + c]);
                            met[c] += 1;
                        }
                    });
                    assert!(visited >= len / 4 * 4 && met.iter().take(visited).all(|&met| met == H || met == 2 * H));
                    // And back; between the rows and behind them nothing is written.
                    let mut back: std::vec::Vec<R> = rows.iter().map(|&x| -x).collect();
                    let written = A::rows::<R, H>(&mut back, (step, len), |first| {
                        core::array::from_fn(|c| core::array::from_fn(|l| R::from_usize(l * step + first + c)))
                    });
                    assert!(written >= len / 4 * 4);
                    for (at, (&x, &y)) in rows.iter().zip(&back).enumerate() {
                        assert_eq!(y, if at % step < written && at / step < H { x } else { -x });
                    }
                }
            }
        }
    }

    #[test]
    fn lanes_of_rows() {
        for level in Level::all() {
            level.run(Rows::<f64, 4>(core::marker::PhantomData));
            level.run(Rows::<f64, 8>(core::marker::PhantomData));
            level.run(Rows::<f32, 8>(core::marker::PhantomData));
            level.run(Rows::<f32, 16>(core::marker::PhantomData));
        }
    }

    /// What does not is read one by one: registers of another size, and rows that end beyond the memory.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn rows_fit_registers_and_the_memory() {
        fn check<R: Real, const H: usize>([short, long]: [bool; 2]) {
            for (step, len) in [(4, 4), (9, 5), (3, 7), (5, 0)] {
                let needed = (H - 1) * step + len;
                for there in [needed - 1, needed, needed + 1] {
                    let rows = std::vec![R::zero(); there];
                    let fits =
                        [super::fits::<R, H, false>, super::fits::<R, H, true>].map(|fits| fits(&rows, (step, len)));
                    assert_eq!(
                        fits,
                        [short, long].map(|has| has && there >= needed),
                        "{H} rows, {step}, {len}, {there}"
                    );
                }
            }
            assert!(
                !super::fits::<R, H, true>(&[], (usize::MAX, 4)) && !super::fits::<R, H, true>(&[], (4, usize::MAX))
            );
        }
        check::<f32, 4>([false, false]);
        check::<f32, 8>([true, true]);
        check::<f32, 16>([false, true]);
        check::<f64, 4>([true, true]);
        check::<f64, 8>([false, true]);
        check::<f64, 16>([false, false]);
    }
}
