//! The loops of a product: block by block of A, sliver by sliver of B, tile by tile of C.
#![expect(unsafe_code, reason = "the entries of B are read in the innermost loop")]

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::Range;

use super::super::cast::{as_reals, is_reals, reals_of};
use super::super::lanes::{each, lane_by_lane};
use super::super::tile::{InPlace, Panel, Right, Tile, multiply};
use super::super::{Arith, LANES, Lane, Task};
use super::pack::pack;
use super::{BLOCK_DEPTH, BLOCK_LANES, Product, WIDEST, part};
use crate::matrix::MatRef;
use crate::scalar::{One, Real, Scalar, Zero};

/// A product, and room for a block of A and for some rows of as many columns of B as a tile has.
pub(super) struct Packed<'a, 'b, S: Scalar> {
    pub(super) product: &'b mut Product<'a, S>,
    pub(super) block: &'b mut [MaybeUninit<Lane<S::Real>>],
    pub(super) rows: &'b mut [MaybeUninit<[S; WIDEST]>],
}

impl<S: Scalar> Task for Packed<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        // Lanes and columns of a tile, of reals: its sums, and the operands on their way, fill the registers. Where a lane is half as long there are twice as
        // many. What is left below the tallest tiles takes lower ones. (Conditions that are constants: what is not taken is not compiled.)
        let lanes = (self.product.c.rows() * S::PARTS).div_ceil(LANES);
        let even = lanes / 2 * 2;
        // (Three lanes are not worth two tiles.)
        let fours = if lanes % 4 == 3 { lanes } else { lanes / 4 * 4 };
        if const { A::REGISTERS == 32 && size_of::<S::Real>() == 4 } {
            self.blocks::<A, 4, 8>(0..fours);
            self.blocks::<A, 2, 8>(fours..even);
            self.blocks::<A, 1, 8>(fours.max(even)..lanes);
        } else if const { A::REGISTERS == 32 && S::PARTS == 2 } {
            self.blocks::<A, 2, 8>(0..even);
            self.blocks::<A, 1, 8>(even..lanes);
        } else if const { A::REGISTERS == 32 } {
            self.blocks::<A, 4, 4>(0..fours);
            self.blocks::<A, 2, 4>(fours..even);
            self.blocks::<A, 1, 8>(fours.max(even)..lanes);
        } else if const { size_of::<S::Real>() == 4 } {
            self.blocks::<A, 2, 4>(0..even);
            self.blocks::<A, 1, 4>(even..lanes);
        } else {
            self.blocks::<A, 1, 4>(0..lanes);
        }
    }
}

impl<S: Scalar> Packed<'_, '_, S> {
    /// These lanes of rows of C by tiles of this size: block by block of A, column by column of tiles of C.
    #[inline(always)]
    fn blocks<A: Arith, const TALL: usize, const WIDE: usize>(&mut self, lanes: Range<usize>) {
        // (Its fields in registers, not behind a reference that what is written to C might change.)
        let mut product = self.product.reborrow();
        let (m, n, depth) = (product.c.rows(), product.c.cols(), product.a.view.cols());
        let entries = LANES / S::PARTS;
        let rows = lanes.start * entries..m.min(lanes.end * entries);
        let block_rows = BLOCK_LANES * S::PARTS / TALL * TALL * entries;
        for first in (0..depth).step_by(BLOCK_DEPTH) {
            let count = BLOCK_DEPTH.min(depth - first);
            for top in rows.clone().step_by(block_rows) {
                let rows = block_rows.min(rows.end - top);
                let a = pack::<A, S, TALL>(self.block, product.a.view, (top, rows), (first, count));
                for left in (0..n).step_by(WIDE / S::PARTS) {
                    let b = Sliver::<S, WIDE>::of(product.b.view, (first, count), left, self.rows);
                    for (t, a) in a.chunks_exact(count * TALL).enumerate() {
                        product.tile::<A, TALL, WIDE>((top + t * TALL * entries, left), &a, &b);
                    }
                }
            }
            product.keep = true;
        }
    }
}

/// Rows from the first on of a product with few columns: whole tiles, for which A is read where it lies.
pub(super) struct InPlaceRows<'a, 'b, S: Scalar> {
    product: &'b mut Product<'a, S>,
    rows: usize,
}

/// The most columns of C, of reals, for which that is worth it, and a multiple of the reals of every tile's column.
const FEW_COLUMNS: usize = 32;
const TILES: usize = 4 * LANES;

impl<'a, 'b, S: Scalar> InPlaceRows<'a, 'b, S> {
    /// As many rows of the product as are computed so, with their number, if there are enough.
    pub(super) fn of(product: &'b mut Product<'a, S>) -> Option<(Self, usize)> {
        let (m, n, a) = (product.c.rows() * S::PARTS, product.c.cols() * S::PARTS, product.a.view);
        let few = n <= FEW_COLUMNS && m >= 2 * TILES && a.row_stride() == 1 && is_reals::<S>();
        let rows = m / TILES * TILES / S::PARTS;
        few.then_some((InPlaceRows { product, rows }, rows))
    }
}

impl<S: Scalar> Task for InPlaceRows<'_, '_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if const { A::REGISTERS == 32 } {
            self.tiles::<A, 4, 4>();
        } else if const { size_of::<S::Real>() == 4 } {
            self.tiles::<A, 2, 4>();
        } else {
            self.tiles::<A, 1, 4>();
        }
    }
}

impl<S: Scalar> InPlaceRows<'_, '_, S> {
    #[inline(always)]
    fn tiles<A: Arith, const TALL: usize, const WIDE: usize>(self) {
        let mut product = self.product.reborrow();
        let (height, depth, a) = (TALL * LANES, product.a.view.cols(), product.a.view);
        let (reals, step) = (reals_of(a.data()), a.col_stride() * S::PARTS);
        for first in (0..depth).step_by(BLOCK_DEPTH) {
            let count = BLOCK_DEPTH.min(depth - first);
            for top in (0..self.rows).step_by(height / S::PARTS) {
                let from = reals.get(top * S::PARTS + first * step..).unwrap_or_default();
                let Some(panel) = InPlace::new(from, step, (height, count)) else { return };
                for left in (0..product.c.cols()).step_by(WIDE / S::PARTS) {
                    let b = Sliver::<S, WIDE>::of(product.b.view, (first, count), left, &mut []);
                    product.tile::<A, TALL, WIDE>((top, left), &panel, &b);
                }
            }
            product.keep = true;
        }
    }
}

impl<S: Scalar> Product<'_, S> {
    /// A tile of C: the reals of A times those of B. Two columns of it make up one of complex entries: X = A Re B and Y = A Im B.
    #[inline(always)]
    fn tile<A: Arith, const TALL: usize, const WIDE: usize>(
        &mut self,
        (top, left): (usize, usize),
        a: &impl Panel<S::Real, LANES>,
        b: &Sliver<'_, S, WIDE>,
    ) {
        let mut tile = [[[[S::Real::zero(); LANES]; TALL]; 1]; WIDE];
        multiply::<A, _, LANES, 1, TALL, WIDE>(&mut tile, a, b);
        // How the tile is stored is not to decide how the loop above holds it. (By reference: by value it is copied twice.)
        let mut sums = tile;
        core::hint::black_box(&mut sums);
        self.store((top, left), &sums);
    }

    /// Adds a tile to C, or writes it there, as far as C reaches.
    #[inline(always)]
    fn store<const TALL: usize, const WIDE: usize>(
        &mut self,
        (top, left): (usize, usize),
        tile: &Tile<S::Real, LANES, 1, TALL, WIDE>,
    ) {
        let signs = self.signs();
        let place = self.c.block_mut((top, left), (TALL * LANES / S::PARTS, WIDE / S::PARTS));
        let Some((target, stride)) = place.filter(|_| is_reals::<S>()) else {
            return self.store_part((top, left), signs, tile);
        };
        let target = as_reals(target);
        for (j, columns) in tile.chunks_exact(S::PARTS).enumerate() {
            for (i, (&x, &y)) in columns[0][0].iter().zip(&columns[S::PARTS - 1][0]).enumerate() {
                let sum = entries::<S>(x, y, signs);
                let start = j * stride * S::PARTS + i * LANES;
                // SAFETY: a lane of column j of the block, whose reals are all in `target`.
                let target = unsafe { &mut *target.as_mut_ptr().add(start).cast::<Lane<S::Real>>() };
                *target = if self.keep { each(target[0], |r| target[r] + sum[r]) } else { sum };
            }
        }
    }

    /// The same at the edges, and where the columns of C are not contiguous.
    #[inline(always)]
    fn store_part<const TALL: usize, const WIDE: usize>(
        &mut self,
        (top, left): (usize, usize),
        signs: Signs<S::Real>,
        tile: &Tile<S::Real, LANES, 1, TALL, WIDE>,
    ) {
        for (j, columns) in tile.chunks_exact(S::PARTS).enumerate().take(self.c.cols() - left) {
            for (i, (&x, &y)) in columns[0][0].iter().zip(&columns[S::PARTS - 1][0]).enumerate() {
                let sum = entries::<S>(x, y, signs);
                let start = top + i * LANES / S::PARTS;
                match self.c.contiguous_col(left + j).filter(|_| is_reals::<S>()) {
                    Some(column) => {
                        add_leading(as_reals(column.get_mut(start..).unwrap_or_default()), self.keep, &sum);
                    }
                    None => {
                        for r in 0..(LANES / S::PARTS).min(self.c.rows().saturating_sub(start)) {
                            let old = if self.keep { self.c.at(start + r, left + j) } else { S::zero() };
                            let sum = S::from_parts(sum[r * S::PARTS], sum[(r + 1) * S::PARTS - 1]);
                            self.c.put(start + r, left + j, old + sum);
                        }
                    }
                }
            }
        }
    }

    /// What makes α A B of X and Y. The conjugate of a product is the product of the conjugates; so if both are conjugated, X + iY is, and if one of
    /// them is, X − iY or its conjugate.
    #[inline(always)]
    fn signs(&self) -> Signs<S::Real> {
        let (alpha, one) = (self.alpha, S::Real::one());
        let turn = if self.a.conjugate == self.b.conjugate { one } else { -one };
        Signs { scale: [alpha, if self.a.conjugate { -alpha } else { alpha }], turn }
    }
}

/// The factors of both parts, and i or −i.
#[derive(Clone, Copy)]
struct Signs<R> {
    scale: [R; 2],
    turn: R,
}

/// A lane of reals of α A B from those of X and Y.
#[inline(always)]
fn entries<S: Scalar>(x: Lane<S::Real>, y: Lane<S::Real>, signs: Signs<S::Real>) -> Lane<S::Real> {
    if const { S::PARTS == 1 } {
        return each(x[0], |r| x[r] * signs.scale[0]);
    }
    let turn = [-signs.turn, signs.turn];
    each(x[0], |r| (x[r] + turn[r % 2] * y[(r ^ 1) % LANES]) * signs.scale[r % 2])
}

/// target ← sum, added to what is there if `keep`, as far as it reaches.
#[inline(always)]
pub(super) fn add_leading<R: Real>(target: &mut [R], keep: bool, sum: &Lane<R>) {
    if let Some(whole) = target.first_chunk_mut::<LANES>() {
        // A length that is known: vectors.
        *whole = if keep { each(sum[0], |r| whole[r] + sum[r]) } else { *sum };
        return;
    }
    for (x, &sum) in target.iter_mut().zip(sum) {
        lane_by_lane(); // (a few entries: no call of `memcpy`)
        *x = if keep { *x + sum } else { sum };
    }
}

/// Some rows of `WIDE` columns of B, real and imaginary ones counted apart.
struct Sliver<'b, S, const WIDE: usize> {
    /// The first entry of the column of each.
    starts: [*const S; WIDE],
    /// From one row to the next.
    step: usize,
    rows: usize,
    borrowed: PhantomData<&'b S>,
}

impl<'b, S: Scalar, const WIDE: usize> Sliver<'b, S, WIDE> {
    /// `count` rows from `first` on, and the columns of entries from `left` on; columns beyond the last are copies of that one.
    #[inline(always)]
    fn of(
        b: MatRef<'b, S>,
        (first, count): (usize, usize),
        left: usize,
        rows: &'b mut [MaybeUninit<[S; WIDEST]>],
    ) -> Self {
        let last = b.cols() - 1;
        let apart = WIDE / S::PARTS <= WIDEST && b.row_stride() > 1 && b.col_stride() == 1 && left + WIDEST <= b.cols();
        if apart && count <= rows.len() {
            // Rows far apart, often by a power of two, would take one another's place in the cache. (Four entries are copied also for narrower tiles.)
            let from = b.transpose();
            for (row, l) in rows.iter_mut().zip(first..first + count) {
                let entries = from.contiguous_col(l).and_then(|row| row[left..].first_chunk());
                row.write(entries.copied().unwrap_or([S::zero(); WIDEST]));
            }
            // `count` rows have been written.
            let start = rows.as_ptr().cast::<S>();
            let starts = each(start, |j| start.wrapping_add(j / S::PARTS));
            return Sliver { starts, step: WIDEST, rows: count, borrowed: PhantomData };
        }
        let (step, data) = (b.row_stride(), b.data().as_ptr());
        let starts = each(data, |j| data.wrapping_add(first * step + (left + j / S::PARTS).min(last) * b.col_stride()));
        let rows = count.min(b.rows().saturating_sub(first));
        Sliver { starts, step, rows, borrowed: PhantomData }
    }
}

impl<S: Scalar, const WIDE: usize> Right<S::Real, WIDE> for Sliver<'_, S, WIDE> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    unsafe fn entry(&self, l: usize, j: usize) -> [S::Real; 2] {
        // SAFETY: l is one of the rows of the sliver: an entry of the view, which all lie in its slice, or one of the copies.
        let b = unsafe { *self.starts[j].add(l * self.step) };
        [part(b, j % S::PARTS); 2]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_beyond_the_last_are_copies_of_that_one() {
        let entries: [f64; 15] = core::array::from_fn(|i| i as f64);
        let b = MatRef::col_major(&entries, 5, 3).unwrap();
        let sliver = Sliver::<f64, 4>::of(b, (1, 4), 1, &mut []);
        assert_eq!(sliver.starts.map(|start| start.addr() - entries.as_ptr().addr()), [6, 11, 11, 11].map(|i| 8 * i));
    }
}
