//! C ← C + α A B for strided matrices, by packed tiles.
//!
//! A block of A is copied to the stack so that the innermost loop reads it in order: its rows as lanes, real and imaginary
//! parts apart, conjugated on the way if need be (Goto & van de Geijn 2008). B is read where it lies, entry by entry. The tile of C stays in
//! registers. One loop serves every layout, every adjoint and every scalar type.
#![expect(
    unsafe_code,
    reason = "the packing buffer is written before it is read, and not cleared first; the entries of B are read in the innermost loop"
)]

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::slice;

use super::cast::reals_of;
use super::lanes::{add_scaled, each, lane_by_lane, sub_scaled};
use super::team::{join, threads};
use super::{Arith, LANES, Lane, Level, Task};
use crate::instances::Instances;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Scalar, Zero};

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

    fn transposed(self) -> Self {
        Operand { view: self.view.transpose(), ..self }
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
    let (m, n, depth) = (product.c.rows(), product.c.cols(), product.a.view.cols());
    // Packing costs more than it saves for the smallest.
    if LANES == 1 || m * n * depth <= SMALL || level == Level::Portable {
        return product.entry_by_entry();
    }
    // The columns of C are to be contiguous, if its rows are.
    let product = if product.c.row_stride() == 1 { product } else { product.transposed() };
    let high = product.c.rows().div_ceil(LANES).next_multiple_of(TALLEST).min(BLOCK_LANES);
    match high * depth.min(BLOCK_DEPTH) * S::PARTS {
        ..=FEW => with_buffers::<S, FEW, 0>(product, level),
        ..=SOME => with_buffers::<S, SOME, 0>(product, level),
        _ => with_buffers::<S, { BLOCK_DEPTH * BLOCK_LANES * 2 }, BLOCK_DEPTH>(product, level),
    }
}

/// A function of its own for each size of the buffers, since every page of them is touched as the function begins.
#[inline(never)]
fn with_buffers<S: Scalar, const LEN: usize, const ROWS: usize>(product: Product<'_, S>, level: Level) {
    let mut block = Aligned([const { MaybeUninit::uninit() }; LEN]);
    let mut rows = [const { MaybeUninit::uninit() }; ROWS];
    level.run(Packed { product, block: &mut block.0, rows: &mut rows });
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
const SMALL: usize = 64;

/// Columns of A in one block.
const BLOCK_DEPTH: usize = 128;
/// Lanes of rows of A in one block: a multiple of the lanes of every tile.
const BLOCK_LANES: usize = 12;
/// The most lanes of rows in a tile.
const TALLEST: usize = 4;
/// Lanes of the smaller buffers: a page, and the block of a matrix of 64×64 reals.
const FEW: usize = 64;
const SOME: usize = 512;
/// The most columns of C in a tile.
const WIDEST: usize = 4;

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

    /// Cᵀ ← α Bᵀ Aᵀ.
    fn transposed(self) -> Self {
        Product { c: self.c.transpose(), a: self.b.transposed(), b: self.a.transposed(), ..self }
    }
}

/// A product, and room for a block of A and for some rows of as many columns of B as a tile has.
struct Packed<'a, 'b, S: Scalar> {
    product: Product<'a, S>,
    block: &'b mut [MaybeUninit<Lane<S::Real>>],
    rows: &'b mut [MaybeUninit<[S; WIDEST]>],
}

impl<S: Scalar> Task for Packed<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        // Lanes and columns of a tile: its sums, and the operands on their way, fill the registers. Where a lane is half as long
        // there are twice as many. (Conditions that are constants: what is not taken is not compiled.)
        if const { S::PARTS == 1 && A::REGISTERS == 32 && size_of::<S::Real>() == 4 } {
            self.blocks::<A, 1, 4, 4>();
        } else if const { S::PARTS == 1 && (A::REGISTERS == 32 || size_of::<S::Real>() == 4) } {
            self.blocks::<A, 1, 2, 4>();
        } else if const { S::PARTS == 1 } {
            self.blocks::<A, 1, 1, 4>();
        } else if const { A::REGISTERS == 32 } {
            self.blocks::<A, 2, 2, 4>();
        } else if const { size_of::<S::Real>() == 4 } {
            self.blocks::<A, 2, 2, 2>();
        } else {
            self.blocks::<A, 2, 1, 2>();
        }
    }
}

impl<S: Scalar> Packed<'_, '_, S> {
    /// Block by block of A, column by column of tiles of C.
    #[inline(always)]
    fn blocks<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(self) {
        let Packed { mut product, block, rows: rows_of_b } = self;
        let (m, n, depth) = (product.c.rows(), product.c.cols(), product.a.view.cols());
        let block_rows = BLOCK_LANES / TALL * TALL * LANES;
        // A B̄ is the conjugate of Ā B: so B is always read as it is.
        let conjugate = product.a.conjugate != product.b.conjugate;
        let a = Operand { conjugate, ..product.a };
        for first in (0..depth).step_by(BLOCK_DEPTH) {
            let count = BLOCK_DEPTH.min(depth - first);
            for top in (0..m).step_by(block_rows) {
                let rows = block_rows.min(m - top);
                let a = pack::<A, S, PARTS, TALL>(block, a, (top, rows), (first, count));
                for left in (0..n).step_by(WIDE) {
                    let b = Sliver::<S, WIDE>::of(product.b.view, (first, count), left, rows_of_b);
                    for (t, a) in a.chunks_exact(count * TALL * PARTS).enumerate() {
                        let tile = multiply::<A, S, PARTS, TALL, WIDE>(a, &b);
                        product.store(top + t * TALL * LANES, left, &tile);
                    }
                }
            }
            product.keep = true;
        }
    }
}

impl<S: Scalar> Product<'_, S> {
    /// Adds a tile to C, or writes it there, as far as C reaches.
    #[inline(always)]
    fn store<const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        top: usize,
        left: usize,
        tile: &Tile<S::Real, PARTS, TALL, WIDE>,
    ) {
        let (alpha, keep) = (self.alpha, self.keep);
        let of_im = if self.b.conjugate { -alpha } else { alpha };
        for (j, column) in tile.iter().enumerate().take(self.c.cols() - left) {
            for (i, (re, im)) in column[0].iter().zip(&column[PARTS - 1]).enumerate() {
                let start = top + i * LANES;
                let rows = LANES.min(self.c.rows().saturating_sub(start));
                let sum = each(S::zero(), |r| S::from_parts(re[r] * alpha, im[r] * of_im));
                let target = self.c.contiguous_col(left + j).and_then(|column| column.get_mut(start..start + rows));
                match target {
                    Some(target) => add_leading(target, keep, &sum),
                    None => {
                        for (r, &sum) in sum.iter().enumerate().take(rows) {
                            let old = if keep { self.c.at(start + r, left + j) } else { S::zero() };
                            self.c.put(start + r, left + j, old + sum);
                        }
                    }
                }
            }
        }
    }
}

/// target ← sum, added to what is there if `keep`, as far as it reaches.
#[inline(always)]
fn add_leading<S: Scalar>(target: &mut [S], keep: bool, sum: &[S; LANES]) {
    if let Some(whole) = target.first_chunk_mut::<LANES>() {
        // A length that is known: vectors.
        *whole = if keep { each(S::zero(), |r| whole[r] + sum[r]) } else { *sum };
        return;
    }
    for (x, &sum) in target.iter_mut().zip(sum) {
        *x = if keep { *x + sum } else { sum };
    }
}

/// Starts at a cache line, so that no lane lies across two.
#[repr(align(64))]
struct Aligned<T>(T);

/// `WIDE` columns of `PARTS` planes of `TALL` lanes.
type Tile<R, const PARTS: usize, const TALL: usize, const WIDE: usize> = [[[Lane<R>; TALL]; PARTS]; WIDE];

/// Some rows of `WIDE` columns of B.
struct Sliver<'b, S, const WIDE: usize> {
    /// The first entry of each column.
    starts: [*const S; WIDE],
    /// From one row to the next.
    step: usize,
    rows: usize,
    borrowed: PhantomData<&'b S>,
}

impl<'b, S: Scalar, const WIDE: usize> Sliver<'b, S, WIDE> {
    /// `count` rows from `first` on, and the columns from `left` on; columns beyond the last are copies of that one.
    #[inline(always)]
    fn of(
        b: MatRef<'b, S>,
        (first, count): (usize, usize),
        left: usize,
        rows: &'b mut [MaybeUninit<[S; WIDEST]>],
    ) -> Self {
        let last = b.cols() - 1;
        let apart = b.row_stride() > 1 && b.col_stride() == 1 && left + WIDEST <= b.cols();
        if apart && count <= rows.len() {
            // Rows far apart, often by a power of two, would take one another's place in the cache. (Four entries are copied also for narrower tiles.)
            let from = b.transpose();
            for (row, l) in rows.iter_mut().zip(first..first + count) {
                let entries = from.contiguous_col(l).and_then(|row| row[left..].first_chunk());
                row.write(entries.copied().unwrap_or([S::zero(); WIDEST]));
            }
            // `count` rows have been written.
            let start = rows.as_ptr().cast::<S>();
            let starts = each(start, |j| start.wrapping_add(j));
            return Sliver { starts, step: WIDEST, rows: count, borrowed: PhantomData };
        }
        let (step, data) = (b.row_stride(), b.data().as_ptr());
        let starts = each(data, |j| data.wrapping_add(first * step + (left + j).min(last) * b.col_stride()));
        let rows = count.min(b.rows().saturating_sub(first));
        Sliver { starts, step, rows, borrowed: PhantomData }
    }
}

/// The tile A B of a packed sliver of A and one of B.
#[inline(always)]
fn multiply<A: Arith, S: Scalar, const PARTS: usize, const TALL: usize, const WIDE: usize>(
    a: &[Lane<S::Real>],
    b: &Sliver<'_, S, WIDE>,
) -> Tile<S::Real, PARTS, TALL, WIDE> {
    let mut tile = [[[[S::Real::zero(); LANES]; TALL]; PARTS]; WIDE];
    assert!(a.len() / (TALL * PARTS) <= b.rows);
    for (l, a) in a.chunks_exact(TALL * PARTS).enumerate() {
        lane_by_lane();
        for j in 0..WIDE {
            // SAFETY: entry (l, j) of the sliver, and l is one of its rows: an entry of the view, which all lie in its slice, or one
            // of the copies.
            let b = unsafe { *b.starts[j].add(l * b.step) };
            for i in 0..TALL {
                tile[j][0][i] = add_scaled::<A, _>(tile[j][0][i], a[i], b.re());
                if PARTS == 2 {
                    let (re, im) = (a[i], a[TALL + i]);
                    tile[j][0][i] = sub_scaled::<A, _>(tile[j][0][i], im, b.im());
                    tile[j][1][i] = add_scaled::<A, _>(tile[j][1][i], re, b.im());
                    tile[j][1][i] = add_scaled::<A, _>(tile[j][1][i], im, b.re());
                }
            }
        }
    }
    tile
}

/// Rows `top..top + rows` and columns `first..first + count` of A: slivers of `TALL` lanes of rows, zeros below the last
/// row; in a sliver column by column, real parts before imaginary ones.
#[inline(always)]
fn pack<'b, A: Arith, S: Scalar, const PARTS: usize, const TALL: usize>(
    buffer: &'b mut [MaybeUninit<Lane<S::Real>>],
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) -> &'b [Lane<S::Real>] {
    let written = rows.div_ceil(TALL * LANES) * count * TALL * PARTS;
    let buffer = &mut buffer[..written];
    for (sliver, lanes) in buffer.chunks_exact_mut(count * TALL * PARTS).enumerate() {
        for i in 0..TALL {
            let start = ((sliver * TALL + i) * LANES).min(rows);
            let (rows, columns) = ((top + start, (rows - start).min(LANES)), (first, count));
            let turned =
                rows.1 == LANES && a.view.col_stride() == 1 && turn::<A, S, PARTS, TALL>(lanes, i, a, rows.0, columns);
            if !turned {
                copy::<S, PARTS, TALL>(lanes, i, a, rows, columns);
            }
        }
    }
    // SAFETY: lane i of every column and part of every sliver has been written, by `turn` or by `copy`: all of the buffer.
    unsafe { slice::from_raw_parts(buffer.as_ptr().cast(), written) }
}

/// Lane i of a sliver from at most a lane of rows of A, column by column, zeros below them.
#[inline(always)]
fn copy<S: Scalar, const PARTS: usize, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: Operand<'_, S>,
    (top, rows): (usize, usize),
    (first, count): (usize, usize),
) {
    let zero = <S::Real as Zero>::zero();
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    for (l, column) in sliver.chunks_exact_mut(TALL * PARTS).enumerate().take(count) {
        let contiguous = a.view.contiguous_col(first + l).and_then(|column| column.get(top..top + rows));
        let entries: [S; LANES] = match contiguous.and_then(|column| column.first_chunk()) {
            Some(whole) => *whole,
            None => each(S::zero(), |r| if r < rows { a.view.at(top + r, first + l) } else { S::zero() }),
        };
        column[i].write(each(zero, |r| entries[r].re()));
        if PARTS == 2 {
            column[TALL + i].write(each(zero, |r| sign * entries[r].im()));
        }
    }
}

/// The same of a lane of rows that are contiguous, as in an adjoint: blocks of them with rows for columns.
/// Nothing, and `false`, where the scalar is not made of reals.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const PARTS: usize, const TALL: usize>(
    sliver: &mut [MaybeUninit<Lane<S::Real>>],
    i: usize,
    a: Operand<'_, S>,
    top: usize,
    (first, count): (usize, usize),
) -> bool {
    let zero = <S::Real as Zero>::zero();
    let sign = if a.conjugate { -S::Real::one() } else { S::Real::one() };
    let rows_of_a = a.view.transpose();
    let rows: [&[S::Real]; LANES] = each(&[][..], |r| {
        let row = rows_of_a.contiguous_col(top + r).and_then(|row| row.get(first..first + count));
        row.map_or(&[][..], reals_of)
    });
    let reals = count * PARTS;
    if rows.iter().any(|row| row.len() != reals) {
        return false;
    }
    // A lane of each real of the rows in turn, whose place in the sliver is known from its number.
    let mut put = |number: usize, lane: Lane<S::Real>| {
        let (l, part) = (number / PARTS, number % PARTS);
        let lane = if part == 1 { each(zero, |r| sign * lane[r]) } else { lane };
        sliver[(l * PARTS + part) * TALL + i].write(lane);
    };
    let whole = reals / 4 * 4;
    for at in (0..whole).step_by(4) {
        let mut lanes = [[zero; LANES]; 4];
        for half in (0..LANES).step_by(4) {
            let block = each([zero; 4], |r| each(zero, |c| rows[(half + r) % LANES][at + c]));
            for (lane, quarter) in lanes.iter_mut().zip(A::transpose(&block)) {
                lane[half..].iter_mut().zip(quarter).for_each(|(x, y)| *x = y);
            }
        }
        for (c, &lane) in lanes.iter().enumerate() {
            put(at + c, lane);
        }
    }
    for number in whole..reals {
        put(number, each(zero, |r| rows[r][number]));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Real;
    use num_complex::Complex;
    use std::vec::Vec;

    /// Every level against the definition, over sizes around the tiles and blocks, and over layouts.
    fn agree<S: Scalar>(entry: impl Fn(usize) -> S) {
        for (m, n, depth) in
            [(1, 1, 1), (8, 8, 8), (25, 9, 7), (3, 17, 130), (100, 5, 257), (5, 100, 257), (0, 3, 2), (4, 4, 0)]
        {
            let a: Vec<S> = (0..m * depth).map(&entry).collect();
            let b: Vec<S> = (0..n * depth).map(|i| entry(i + 7)).collect();
            let start: Vec<S> = (0..2 * m * n).map(|i| entry(i + 3)).collect();
            for layout in 0..24 {
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
                    // Columns, rows, or neither in one piece.
                    let (down, across) = [(1, m), (n, 1), (2 * n, 2)][layout / 8];
                    let target = MatMut::new(&mut c, m, n, down, across).unwrap();
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
