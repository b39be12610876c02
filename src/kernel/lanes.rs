//! The work storage: real and imaginary parts in separate planes, cut into lanes of a fixed width.
//!
//! A column is its real plane followed, for a complex matrix, by its imaginary plane; each plane is padded with zeros
//! to whole lanes. So one set of real loops serves all scalar types, no loop has a remainder, and a real rotation of two complex columns
//! is a rotation of two real columns of twice the length.

use num_complex::Complex;

use super::Arith;
use crate::scalar::Real;

/// Width of a lane: one AVX-512 register of `f64`. 1 where the target has no vectors and padding would only cost.
pub(crate) const LANES: usize = if cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    all(target_arch = "wasm32", target_feature = "simd128")
)) {
    8
} else {
    1
};

/// Half of a lane, where a register has that size.
pub(super) const HALF: usize = LANES.div_ceil(2);

/// A piece of a plane.
pub(crate) type Lane<R> = [R; LANES];

/// Rows rounded up to whole lanes.
pub(crate) const fn padded(rows: usize) -> usize {
    rows.div_ceil(LANES).saturating_mul(LANES)
}

/// Rows of a plane of the work storage, of numbers R: whole lanes, and a line of the cache more where that many would be a multiple of half of a
/// page. Planes that begin such a multiple after one another take one another's place in the caches.
pub(crate) const fn spaced<R>(rows: usize) -> usize {
    let padded = padded(rows);
    if LANES > 1 && padded > 0 && padded.is_multiple_of(HALF_PAGE / size_of::<R>()) {
        padded.saturating_add((LINE / size_of::<R>()).next_multiple_of(LANES))
    } else {
        padded
    }
}

const HALF_PAGE: usize = 2048;
const LINE: usize = 64;

/// At the start of the body of a loop over lanes. What is to become a vector is one lane; without this the compiler may turn the loop the other
/// way round and gather the same place of many lanes. No instruction comes of it.
#[inline(always)]
pub(crate) fn lane_by_lane() {
    core::hint::black_box(());
}

/// `core::array::from_fn` for the inside of a loop: that one may become a call, and what its closure borrows then leaves the registers.
#[inline(always)]
pub(crate) fn each<T: Copy, const N: usize>(first: T, mut entry: impl FnMut(usize) -> T) -> [T; N] {
    let mut all = [first; N];
    for (i, x) in all.iter_mut().enumerate() {
        *x = entry(i);
    }
    all
}

/// c + x a, by the instruction itself where it has registers of this size: the compiler may take a loop over several of them apart, number by number.
#[inline(always)]
pub(crate) fn add_scaled<A: Arith, R: Real, const W: usize>(c: [R; W], x: [R; W], a: R) -> [R; W] {
    let mut sum = c;
    A::add_scaled::<R, W, false>(&mut sum, &x, a);
    sum
}

/// c + x y, lane by lane.
#[inline(always)]
pub(crate) fn add_product<A: Arith, R: Real, const W: usize>(c: [R; W], x: [R; W], y: [R; W]) -> [R; W] {
    let mut sum = c;
    A::add_product::<R, W, false>(&mut sum, &x, &y);
    sum
}

/// c − x y, lane by lane.
#[inline(always)]
pub(crate) fn sub_product<A: Arith, R: Real, const W: usize>(c: [R; W], x: [R; W], y: [R; W]) -> [R; W] {
    let mut sum = c;
    A::add_product::<R, W, true>(&mut sum, &x, &y);
    sum
}

/// x a.
#[inline(always)]
pub(super) fn scaled<R: Real>(x: Lane<R>, a: R) -> Lane<R> {
    let mut product = x;
    for x in &mut product {
        *x *= a;
    }
    product
}

/// Lanes as registers, which are whole lanes or halves of them.
#[inline(always)]
pub(super) fn registers<R, const W: usize>(lanes: &[Lane<R>]) -> &[[R; W]] {
    lanes.as_flattened().as_chunks().0
}

/// The same, to be written.
#[inline(always)]
pub(super) fn registers_mut<R, const W: usize>(lanes: &mut [Lane<R>]) -> &mut [[R; W]] {
    lanes.as_flattened_mut().as_chunks_mut().0
}

/// The sum of a register, in pairs.
#[inline(always)]
pub(super) fn total<R: Real, const W: usize>(x: [R; W]) -> R {
    let mut x = x;
    let mut width = W;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            x[l] += x[l + width];
        }
    }
    x[0]
}

/// A matrix in the work storage.
#[derive(Debug)]
pub(crate) struct Planes<'a, R> {
    /// The columns, one after another.
    pub(crate) data: &'a mut [Lane<R>],
    /// Lanes in a plane.
    pub(crate) depth: usize,
    /// Planes in a column: 1, or 2 for a complex matrix.
    pub(crate) parts: usize,
}

impl<'a, R: Real> Planes<'a, R> {
    /// A single column.
    pub(crate) fn from_column(data: &'a mut [Lane<R>], parts: usize) -> Self {
        Planes { depth: data.len() / parts, data, parts }
    }

    /// Lanes in a column.
    #[inline(always)]
    pub(crate) fn stride(&self) -> usize {
        self.depth * self.parts
    }

    /// The same matrix for a shorter time.
    #[inline(always)]
    pub(crate) fn reborrow(&mut self) -> Planes<'_, R> {
        Planes { data: self.data, depth: self.depth, parts: self.parts }
    }

    /// The first `count` columns, and the others.
    #[inline(always)]
    pub(crate) fn split(self, count: usize) -> (Planes<'a, R>, Planes<'a, R>) {
        let (depth, parts) = (self.depth, self.parts);
        let (left, right) = self.data.split_at_mut((count * depth * parts).min(self.data.len()));
        (Planes { data: left, depth, parts }, Planes { data: right, depth, parts })
    }

    /// Column `j`.
    #[inline(always)]
    pub(crate) fn column(&mut self, j: usize) -> &mut [Lane<R>] {
        let stride = self.stride();
        &mut self.data[j * stride..(j + 1) * stride]
    }

    /// Entry (i, j); the imaginary part of a real matrix is zero.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize, j: usize) -> Complex<R> {
        let stride = self.stride();
        get(&self.data[j * stride..(j + 1) * stride], i, self.depth)
    }

    /// Writes entry (i, j).
    #[inline(always)]
    pub(crate) fn set(&mut self, i: usize, j: usize, value: Complex<R>) {
        let depth = self.depth;
        set(self.column(j), i, depth, value);
    }

    /// The matrix becomes rows `first..` of the identity.
    pub(crate) fn set_unit_rows(&mut self, first: usize) {
        self.data.fill([R::zero(); LANES]);
        let (depth, stride) = (self.depth, self.stride());
        for (i, column) in self.data.chunks_exact_mut(stride).skip(first).take(depth * LANES).enumerate() {
            column[i / LANES][i % LANES] = R::one();
        }
    }

    /// The matrix becomes [X 0; 0 I] with the n×n matrix X, plane by plane; a real X has no imaginary part.
    pub(crate) fn set_corner(&mut self, x: &Planes<'_, R>, n: usize) {
        self.set_unit_rows(0);
        let stride = self.stride();
        let columns = x.data.chunks_exact(x.stride()).zip(self.data.chunks_exact_mut(stride));
        for (from, column) in columns.take(n) {
            for (from, plane) in from.chunks_exact(x.depth).zip(column.chunks_exact_mut(self.depth)) {
                plane[..x.depth].copy_from_slice(from);
            }
        }
    }

    /// Column j becomes the unit vector of row `first` + j.
    pub(crate) fn set_unit_columns(&mut self, first: usize) {
        self.data.fill([R::zero(); LANES]);
        for (j, column) in self.data.chunks_exact_mut(self.depth * self.parts).enumerate() {
            let row = first + j;
            column[row / LANES][row % LANES] = R::one();
        }
    }
}

/// Whole lanes of the planes of a row vector; its entries keep their numbers.
pub(crate) struct RowPart<'a, R> {
    re: &'a mut [Lane<R>],
    /// Empty for a real vector.
    im: &'a mut [Lane<R>],
    /// Number of the first entry.
    first: usize,
}

impl<'a, R: Real> RowPart<'a, R> {
    /// All of a vector of `width` lanes.
    #[inline(always)]
    pub(crate) fn whole(x: &'a mut [Lane<R>], width: usize) -> Self {
        let (re, im) = x.split_at_mut(width);
        RowPart { re, im, first: 0 }
    }

    /// The lanes from `lane` on.
    pub(crate) fn starting_at(mut self, lane: usize) -> Self {
        self.split_off(lane);
        self
    }

    /// Takes the first `lanes` lanes, or as many as there are.
    pub(crate) fn split_off(&mut self, lanes: usize) -> Self {
        let first = self.first;
        let [re, im] = [&mut self.re, &mut self.im].map(|plane| {
            let lanes = lanes.min(plane.len());
            plane.split_off_mut(..lanes).unwrap_or_default()
        });
        self.first += lanes * LANES;
        RowPart { re, im, first }
    }

    #[inline(always)]
    pub(crate) fn get(&self, k: usize) -> Complex<R> {
        let (lane, l) = ((k - self.first) / LANES, (k - self.first) % LANES);
        Complex { re: self.re[lane][l], im: if self.im.is_empty() { R::zero() } else { self.im[lane][l] } }
    }

    #[inline(always)]
    pub(crate) fn set(&mut self, k: usize, value: Complex<R>) {
        let (lane, l) = ((k - self.first) / LANES, (k - self.first) % LANES);
        self.re[lane][l] = value.re;
        if !self.im.is_empty() {
            self.im[lane][l] = value.im;
        }
    }
}

/// Entry `i` of a column.
#[inline(always)]
pub(crate) fn get<R: Real>(column: &[Lane<R>], i: usize, depth: usize) -> Complex<R> {
    let (lane, l) = (i / LANES, i % LANES);
    let im = if column.len() > depth { column[depth + lane][l] } else { R::zero() };
    Complex { re: column[lane][l], im }
}

/// Writes entry `i` of a column.
#[inline(always)]
pub(crate) fn set<R: Real>(column: &mut [Lane<R>], i: usize, depth: usize, value: Complex<R>) {
    let (lane, l) = (i / LANES, i % LANES);
    column[lane][l] = value.re;
    if column.len() > depth {
        column[depth + lane][l] = value.im;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const DEPTH: usize = 3;
    /// More than there are rows.
    const COLUMNS: usize = DEPTH * LANES + 4;

    /// A number of its own for every entry.
    fn entry(i: usize, j: usize) -> Complex<f64> {
        Complex::new((1 + i + 100 * j) as f64, -((1 + i + 1000 * j) as f64))
    }

    fn storage(parts: usize) -> Vec<Lane<f64>> {
        vec![[7.0; LANES]; DEPTH * parts * COLUMNS]
    }

    #[test]
    fn entries_lie_plane_by_plane() {
        for parts in [1, 2] {
            let mut data = storage(parts);
            let mut planes = Planes { data: &mut data, depth: DEPTH, parts };
            let all = || (0..COLUMNS).flat_map(|j| (0..DEPTH * LANES).map(move |i| (i, j)));
            all().for_each(|(i, j)| planes.set(i, j, entry(i, j)));
            for (i, j) in all() {
                let value = entry(i, j);
                let lane = planes.stride() * j + i / LANES;
                assert_eq!(planes.data[lane][i % LANES], value.re);
                let im = if parts == 2 { value.im } else { 0.0 };
                assert!(parts == 1 || planes.data[lane + DEPTH][i % LANES] == im);
                assert_eq!(planes.get(i, j), Complex::new(value.re, im));
                assert_eq!(get(planes.column(j), i, DEPTH), Complex::new(value.re, im));
            }
            let (column, depth) = (planes.column(1).to_vec(), Planes::from_column(planes.column(1), parts).depth);
            assert_eq!((column.len(), depth), (DEPTH * parts, DEPTH));
            assert_eq!(planes.reborrow().split(COLUMNS + 1).0.data.len(), DEPTH * parts * COLUMNS);
            let (mut left, right) = planes.split(2);
            assert_eq!((left.data.len(), left.column(1).to_vec()), (2 * DEPTH * parts, column));
            assert_eq!((right.get(0, 0).re, right.depth, right.parts), (entry(0, 2).re, DEPTH, parts));
        }
    }

    #[test]
    fn parts_of_the_identity() {
        let unit = |is: bool| Complex::from(f64::from(u8::from(is)));
        for parts in [1, 2] {
            let (mut data, mut corner) = (storage(parts), vec![[3.0; LANES]; 2 * LANES]);
            let mut planes = Planes { data: &mut data, depth: DEPTH, parts };
            let holds = |planes: &Planes<'_, f64>, columns: usize, expected: &dyn Fn(usize, usize) -> Complex<f64>| {
                for (i, j) in (0..columns).flat_map(|j| (0..DEPTH * LANES).map(move |i| (i, j))) {
                    assert_eq!(planes.get(i, j), expected(i, j), "({i}, {j}), {parts}");
                }
            };
            planes.set_unit_rows(2);
            holds(&planes, COLUMNS, &|i, j| unit(i + 2 == j));
            planes.data.fill([7.0; LANES]);
            // A real one of LANES columns and two lanes of rows.
            planes.set_corner(&Planes { data: &mut corner, depth: 2, parts: 1 }, LANES);
            holds(&planes, COLUMNS, &|i, j| {
                if j < LANES { Complex::from(if i < 2 * LANES { 3.0 } else { 0.0 }) } else { unit(i == j) }
            });
            let (mut left, _) = planes.split(2 * LANES);
            left.data.fill([7.0; LANES]);
            left.set_unit_columns(1);
            holds(&left, 2 * LANES, &|i, j| unit(i == j + 1));
        }
    }

    #[test]
    fn entries_of_a_row_keep_their_numbers() {
        for parts in [1, 2] {
            let mut data = vec![[0.0; LANES]; 5 * parts];
            let value = |k: usize| Complex { im: if parts == 2 { entry(k, 1).im } else { 0.0 }, ..entry(k, 1) };
            let mut whole = RowPart::whole(&mut data, 5);
            (0..5 * LANES).for_each(|k| whole.set(k, entry(k, 1)));
            let mut rest = whole.starting_at(1);
            let mut first = rest.split_off(2);
            let last = 5 * LANES - 1;
            rest.set(last, entry(0, 2));
            first.set(LANES, entry(1, 2));
            assert!((LANES + 1..3 * LANES).all(|k| first.get(k) == value(k)));
            assert!((3 * LANES..last).all(|k| rest.get(k) == value(k)));
            assert_eq!((first.get(LANES).re, rest.get(last).re), (entry(1, 2).re, entry(0, 2).re));
            assert_eq!((rest.split_off(9).re.len(), rest.re.len(), rest.im.len()), (2, 0, 0));
            assert_eq!((data[1][0], data[5 * parts - 1][LANES - 1] < 0.0), (entry(1, 2).re, parts == 2));
        }
    }

    /// Whole lanes, which hold the rows, and no more than a line of the cache, or one lane, beyond.
    #[test]
    fn planes_do_not_take_one_anothers_place() {
        fn check<R>(rows: usize) {
            let spaced = spaced::<R>(rows);
            let more = (spaced - padded(rows)) * size_of::<R>();
            let line = LINE.max(LANES * size_of::<R>());
            assert!(spaced >= rows && spaced.is_multiple_of(LANES) && (more == 0 || more == line), "{rows}: {spaced}");
            let bytes = spaced * size_of::<R>();
            assert!(LANES == 1 || rows == 0 || !bytes.is_multiple_of(HALF_PAGE), "{rows}: {bytes} bytes");
        }
        for rows in 0..3000 {
            check::<f32>(rows);
            check::<f64>(rows);
            check::<[f64; 2]>(rows);
        }
    }
}
