//! C ← C + α A B for strided matrices, by packed tiles.
//!
//! A block of A and a sliver of B are copied to the stack so that the innermost loop reads them in order: rows of A as
//! lanes, real and imaginary parts apart, conjugated on the way if need be (Goto & van de Geijn 2008). The tile of C stays in registers. One loop serves
//! every layout, every adjoint and every scalar type.
#![expect(unsafe_code, reason = "the packing buffers are written before they are read, and are not cleared first")]

use core::mem::MaybeUninit;
use core::slice;

use super::lanes::{add_scaled, each, lane_by_lane};
use super::team::{join, threads};
use super::{Arith, LANES, Lane, Level, Task};
use crate::instances::Instances;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};

/// A factor of a matrix product: a view, read with or without conjugation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a, S> {
    view: MatRef<'a, S>,
    conjugate: bool,
}

impl<'a, S: Scalar> Operand<'a, S> {
    /// The matrix as it is.
    pub(crate) fn plain(view: MatRef<'a, S>) -> Self {
        Operand { view, conjugate: false }
    }

    /// Its conjugate transpose.
    pub(crate) fn adjoint(view: MatRef<'a, S>) -> Self {
        Operand { view: view.transpose(), conjugate: true }
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> S {
        let x = self.view.at(i, j);
        if self.conjugate { x.conj() } else { x }
    }
}

/// C ← α A B, added to the old C if `keep`.
pub(crate) fn gemm<S: Scalar>(c: MatMut<'_, S>, keep: bool, alpha: S::Real, a: Operand<'_, S>, b: Operand<'_, S>) {
    debug_assert_eq!((c.rows(), c.cols()), (a.view.rows(), b.view.cols()));
    debug_assert_eq!(a.view.cols(), b.view.rows());
    S::Real::multiply(Product { c, keep, alpha, a, b }, Level::detect());
}

/// [`gemm`], panel by panel of C where that is `wanted`: each thread takes one.
pub(crate) fn gemm_shared<S: Scalar>(
    wanted: bool,
    c: MatMut<'_, S>,
    (keep, alpha): (bool, S::Real),
    a: Operand<'_, S>,
    b: Operand<'_, S>,
) {
    let terms = c.rows() * c.cols() * a.view.cols();
    if !wanted || terms < SHARED || c.cols() < 2 * NARROWEST || threads() == 1 {
        return gemm(c, keep, alpha, a, b);
    }
    let middle = (c.cols() / 2).next_multiple_of(WIDEST);
    let (left, right) = match c.split_cols(middle) {
        Ok(panels) => panels,
        Err(c) => return gemm(c, keep, alpha, a, b),
    };
    let of_left = Operand { view: b.view.leading_cols(middle), ..b };
    let of_right = Operand { view: b.view.trailing_cols(middle), ..b };
    join(
        true,
        || gemm_shared(true, left, (keep, alpha), a, of_left),
        || gemm_shared(true, right, (keep, alpha), a, of_right),
    );
}

/// Products of fewer terms are not shared out: a quarter of a millisecond.
const SHARED: usize = 1 << 21;
/// Columns of the narrowest panel, each of which packs A anew.
const NARROWEST: usize = 64;

/// Computes a product with the instructions of the given level.
pub(crate) fn compute<S: Scalar>(product: Product<'_, S>, level: Level) {
    // Packing costs more than it saves for the smallest.
    let small = product.c.rows() * product.c.cols() * product.a.view.cols() <= SMALL;
    if LANES == 1 || small || level == Level::Portable {
        product.entry_by_entry();
    } else {
        level.run(product);
    }
}

/// A product to be computed.
#[derive(Debug)]
pub(crate) struct Product<'a, S: Scalar> {
    c: MatMut<'a, S>,
    keep: bool,
    alpha: S::Real,
    a: Operand<'a, S>,
    b: Operand<'a, S>,
}

/// Products of at most this many terms are computed entry by entry.
const SMALL: usize = 216;

/// Columns of A and rows of B in one block.
const BLOCK_DEPTH: usize = 128;
/// Lanes of rows of A in one block.
const BLOCK_LANES: usize = 12;
/// The most columns of C in a tile.
const WIDEST: usize = 4;

impl<S: Scalar> Task for Product<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        // Lanes and columns of a tile: its sums, and the operands on their way, fill the registers.
        match (S::PARTS, A::REGISTERS) {
            (1, 32) => self.blocks::<A, 1, 2, 4>(),
            (1, _) => self.blocks::<A, 1, 1, 4>(),
            (_, 32) => self.blocks::<A, 2, 2, 4>(),
            _ => self.blocks::<A, 2, 1, 2>(),
        }
    }
}

impl<S: Scalar> Product<'_, S> {
    /// The definition, and the way of machines without vectors.
    fn entry_by_entry(mut self) {
        for j in 0..self.c.cols() {
            for i in 0..self.c.rows() {
                let sum = (0..self.a.view.cols()).fold(S::zero(), |sum, l| sum + self.a.at(i, l) * self.b.at(l, j));
                let old = if self.keep { self.c.at(i, j) } else { S::zero() };
                self.c.put(i, j, old + sum.scale(self.alpha));
            }
        }
    }

    /// Block by block of A, sliver by sliver of B, tile by tile of C.
    #[inline(always)]
    fn blocks<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(mut self) {
        let mut a_buffer = Aligned([const { MaybeUninit::uninit() }; BLOCK_DEPTH * BLOCK_LANES * 2]);
        let mut b_buffer = Aligned([const { MaybeUninit::uninit() }; BLOCK_DEPTH * WIDEST * 2]);
        let (m, n, depth) = (self.c.rows(), self.c.cols(), self.a.view.cols());
        let block_rows = BLOCK_LANES / TALL * TALL * LANES;
        for first in (0..depth.max(1)).step_by(BLOCK_DEPTH) {
            let count = BLOCK_DEPTH.min(depth - first);
            for top in (0..m).step_by(block_rows) {
                let rows = block_rows.min(m - top);
                let a = pack_a::<S, PARTS, TALL>(&mut a_buffer.0, self.a, (top, rows), (first, count));
                for left in (0..n).step_by(WIDE) {
                    let b = pack_b::<S, PARTS, WIDE>(&mut b_buffer.0, self.b, (first, count), left);
                    for (t, a) in a.chunks_exact((count * TALL * PARTS).max(1)).enumerate() {
                        let tile = multiply::<A, S::Real, PARTS, TALL, WIDE>(a, b);
                        self.store(top + t * TALL * LANES, left, &tile);
                    }
                    if count == 0 {
                        self.clear();
                    }
                }
            }
            self.keep = true;
        }
    }

    /// A product over nothing is zero.
    #[cold]
    fn clear(&mut self) {
        if !self.keep {
            self.c.fill_with(|_, _| S::zero());
        }
    }

    /// Adds a tile to C, or writes it there, as far as C reaches.
    #[inline(always)]
    fn store<const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        top: usize,
        left: usize,
        tile: &Tile<S::Real, PARTS, TALL, WIDE>,
    ) {
        let rows = (TALL * LANES).min(self.c.rows() - top);
        for (j, column) in tile.iter().enumerate().take(self.c.cols() - left) {
            let re = column[0].as_flattened();
            let im = column[PARTS - 1].as_flattened();
            let entry = |i: usize| S::from_parts(re[i], im[i]).scale(self.alpha);
            match self.c.contiguous_col(left + j) {
                Some(target) => {
                    let target = &mut target[top..top + rows];
                    if self.keep {
                        target.iter_mut().enumerate().for_each(|(i, x)| *x += entry(i));
                    } else {
                        target.iter_mut().enumerate().for_each(|(i, x)| *x = entry(i));
                    }
                }
                None => {
                    for i in 0..rows {
                        let old = if self.keep { self.c.at(top + i, left + j) } else { S::zero() };
                        self.c.put(top + i, left + j, old + entry(i));
                    }
                }
            }
        }
    }
}

/// Starts at a cache line, so that no lane lies across two.
#[repr(align(64))]
struct Aligned<T>(T);

/// `WIDE` columns of `PARTS` planes of `TALL` lanes.
type Tile<R, const PARTS: usize, const TALL: usize, const WIDE: usize> = [[[Lane<R>; TALL]; PARTS]; WIDE];

/// The tile A B of a packed sliver of A and one of B.
#[inline(always)]
fn multiply<A: Arith, R: Real, const PARTS: usize, const TALL: usize, const WIDE: usize>(
    a: &[Lane<R>],
    b: &[R],
) -> Tile<R, PARTS, TALL, WIDE> {
    let mut tile = [[[[R::zero(); LANES]; TALL]; PARTS]; WIDE];
    for (a, b) in a.chunks_exact(TALL * PARTS).zip(b.chunks_exact(WIDE * PARTS)) {
        lane_by_lane();
        for j in 0..WIDE {
            for i in 0..TALL {
                tile[j][0][i] = add_scaled::<A, R>(tile[j][0][i], a[i], b[j]);
                if PARTS == 2 {
                    let (re, im) = (a[i], a[TALL + i]);
                    tile[j][0][i] = add_scaled::<A, R>(tile[j][0][i], im, -b[WIDE + j]);
                    tile[j][1][i] = add_scaled::<A, R>(tile[j][1][i], re, b[WIDE + j]);
                    tile[j][1][i] = add_scaled::<A, R>(tile[j][1][i], im, b[j]);
                }
            }
        }
    }
    tile
}

/// Rows `top..top + rows` and columns `first..first + count` of A: slivers of `TALL` lanes of rows, zeros below the last
/// row; in a sliver column by column, real parts before imaginary ones.
#[inline(always)]
fn pack_a<'b, S: Scalar, const PARTS: usize, const TALL: usize>(
    buffer: &'b mut [MaybeUninit<Lane<S::Real>>],
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> &'b [Lane<S::Real>] {
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    let zero = <S::Real as Zero>::zero();
    let mut write = |sliver: usize, l: usize, i: usize, entries: [S; LANES]| {
        let at = (sliver * count + l) * TALL * PARTS + i;
        buffer[at].write(each(zero, |r| entries[r].re()));
        if PARTS == 2 {
            buffer[at + TALL].write(each(zero, |r| sign * entries[r].im()));
        }
    };
    let slivers = rows.div_ceil(TALL * LANES);
    for (sliver, i) in (0..slivers).flat_map(|sliver| (0..TALL).map(move |i| (sliver, i))) {
        let start = (sliver * TALL + i) * LANES;
        if a.view.row_stride() == 1 {
            for l in 0..count {
                let column = a.view.contiguous_col(first + l).unwrap_or(&[]);
                let column = &column[(top + start).min(top + rows)..top + rows];
                write(sliver, l, i, leading(column));
            }
        } else {
            // Row by row: each is read in order where the rows are contiguous, as in an adjoint.
            let rows_of_a = a.view.transpose();
            let inside = rows.saturating_sub(start).min(LANES);
            let block: [Option<&[S]>; LANES] = each(None, |r| {
                let row = if r < inside { rows_of_a.contiguous_col(top + start + r) } else { None };
                row.and_then(|row| row.get(first..first + count))
            });
            for l in 0..count {
                let entry = |r: usize| match block[r] {
                    Some(row) => row[l],
                    None if r < inside => a.view.at(top + start + r, first + l),
                    None => S::zero(),
                };
                write(sliver, l, i, each(S::zero(), entry));
            }
        }
    }
    let written = slivers * count * TALL * PARTS;
    // SAFETY: the loop above has written the lanes of every sliver, column and lane index: all before `written`.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), written) }
}

/// The first lane of a slice, zeros where it ends.
#[inline(always)]
fn leading<S: Scalar>(entries: &[S]) -> [S; LANES] {
    match entries.first_chunk() {
        Some(whole) => *whole,
        None => each(S::zero(), |r| entries.get(r).copied().unwrap_or_else(S::zero)),
    }
}

/// Rows `first..first + count` and `WIDE` columns from `left` on of B, zeros beyond the last column; row by row, real
/// parts before imaginary ones.
#[inline(always)]
fn pack_b<'b, S: Scalar, const PARTS: usize, const WIDE: usize>(
    buffer: &'b mut [MaybeUninit<S::Real>],
    b: Operand<'_, S>,
    (first, count): (usize, usize),
    left: usize,
) -> &'b [S::Real] {
    let len = count * WIDE * PARTS;
    let buffer = &mut buffer[..len];
    let sign = if b.conjugate { -S::Real::one() } else { S::Real::one() };
    let mut write = |l: usize, j: usize, entry: S| {
        buffer[l * WIDE * PARTS + j].write(entry.re());
        if PARTS == 2 {
            buffer[l * WIDE * PARTS + WIDE + j].write(sign * entry.im());
        }
    };
    if b.view.col_stride() == 1 {
        for l in 0..count {
            let row = b.view.transpose().contiguous_col(first + l).unwrap_or(&[]);
            let row = row.get(left..).unwrap_or(&[]);
            for j in 0..WIDE {
                write(l, j, row.get(j).copied().unwrap_or_else(S::zero));
            }
        }
    } else {
        for j in 0..WIDE {
            let inside = left + j < b.view.cols();
            let column = if inside { b.view.contiguous_col(left + j) } else { None };
            let column = column.map(|column| &column[first..first + count]);
            for l in 0..count {
                let entry = match column {
                    Some(column) => column[l],
                    None if inside => b.view.at(first + l, left + j),
                    None => S::zero(),
                };
                write(l, j, entry);
            }
        }
    }
    // SAFETY: the loop above has written every element of the `len` elements of `buffer`.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), len) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;
    use std::vec::Vec;

    /// Every level against the definition, over sizes around the tiles and blocks, and over layouts.
    fn agree<S: Scalar>(entry: impl Fn(usize) -> S) {
        for (m, n, depth) in [(1, 1, 1), (8, 8, 8), (25, 9, 7), (3, 17, 130), (100, 5, 257), (0, 3, 2), (4, 4, 0)] {
            let a: Vec<S> = (0..m * depth).map(&entry).collect();
            let b: Vec<S> = (0..n * depth).map(|i| entry(i + 7)).collect();
            let start: Vec<S> = (0..m * n).map(|i| entry(i + 3)).collect();
            for layout in 0..8 {
                let left = if layout & 1 == 0 {
                    Operand::plain(MatRef::col_major(&a, m, depth).unwrap())
                } else {
                    Operand::adjoint(MatRef::col_major(&a, depth, m).unwrap())
                };
                let right = if layout & 2 == 0 {
                    Operand::plain(MatRef::row_major(&b, depth, n).unwrap())
                } else {
                    Operand::adjoint(MatRef::row_major(&b, n, depth).unwrap())
                };
                let keep = layout & 4 == 0;
                let alpha = S::Real::from_f64(-0.5);
                let run = |level: Level| {
                    let mut c = start.clone();
                    let target = MatMut::col_major(&mut c, m, n).unwrap();
                    compute(Product { c: target, keep, alpha, a: left, b: right }, level);
                    c
                };
                let expected = run(Level::Portable);
                for level in Level::all() {
                    for (x, y) in run(level).iter().zip(&expected) {
                        let bound = S::Real::EPSILON.to_f64() * 4.0 * (depth as f64 + 1.0);
                        assert!((*x - *y).modulus().to_f64() <= bound, "{level:?} {m}×{n}×{depth} {layout}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        let wave = |i: usize| (i as f64 * 0.7).sin();
        let single = |i: usize| (i as f32 * 0.7).sin();
        agree(wave);
        agree(single);
        agree(|i| Complex::new(wave(i), wave(i + 1000)));
        agree(|i| Complex::new(single(i), single(i + 1000)));
    }
}
