//! C ← C + P B on planes, for P = V or P = Vᴴ: lanes run down the columns of C.
//!
//! A block of P is copied to the stack in the order in which the innermost loop reads it; B is read where it lies. A tile of C stays in registers.

mod pack;

use core::mem::MaybeUninit;

use super::lanes::registers_mut;
use super::planar::{Block, BlockMut, Shape};
use super::tile::{Columns, lanes_in_pairs, multiply, multiply_pairs};
use super::{Arith, HALF, LANES, Task};
use crate::scalar::Real;

/// C ← C + P B.
pub(super) struct Accumulate<'a, 'b, R> {
    pub(super) c: &'a mut BlockMut<'b, R>,
    pub(super) p: Left<'a, R>,
    pub(super) b: Block<'a, R>,
    /// Row j + that many of column j and those above are wanted, and no others.
    pub(super) upper: Option<usize>,
}

/// P.
#[derive(Clone, Copy)]
pub(super) enum Left<'a, R> {
    /// The columns of all blocks.
    Plain(&'a [Block<'a, R>]),
    /// Vᴴ.
    Adjoint(Block<'a, R>),
}

impl<R> Left<'_, R> {
    /// Its columns; those of Vᴴ are as many as V has rows in whole lanes.
    #[inline(always)]
    fn cols(&self) -> usize {
        match self {
            Left::Plain(blocks) => blocks.iter().fold(0, |sum, v| sum + v.shape.cols),
            Left::Adjoint(v) => v.shape.lanes * LANES,
        }
    }
}

/// Lanes of a block of P: half of a first cache.
const PACKED: usize = 256;
/// Columns of a block of P, real and imaginary ones counted apart.
const DEPTH: usize = 64;

/// Registers of a column of a tile where they are few: with four columns, or two of complex numbers, enough sums to hide their latency.
const SHORT: usize = if LANES > 1 { 2 } else { 1 };

impl<R: Real> Task for Accumulate<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        // (Conditions that are constants: what is not taken is not compiled.)
        let real = self.c.shape.parts == 1;
        if const { A::REGISTERS == 32 } {
            if real {
                self.blocks::<A, LANES, 1, 4, 4, 8>();
            } else if const { size_of::<R>() == 4 } {
                self.blocks::<A, LANES, 2, 4, 4, 8>();
            } else {
                self.blocks::<A, LANES, 2, 2, 4, 8>();
            }
        } else if const { size_of::<R>() == 8 } {
            if real { self.blocks::<A, HALF, 1, SHORT, 4, 4>() } else { self.blocks::<A, HALF, 2, SHORT, 2, 2>() }
        } else if real {
            self.blocks::<A, LANES, 1, SHORT, 4, 8>();
        } else {
            self.blocks::<A, LANES, 2, SHORT, 2, 4>();
        }
    }
}

/// A block of P: some of its rows, in lanes, and columns.
#[derive(Clone, Copy)]
struct Part {
    lane: usize,
    lanes: usize,
    first: usize,
    count: usize,
}

impl<R: Real> Accumulate<'_, '_, R> {
    /// Tiles are `TALL` registers high and `WIDE` columns wide; where P has one register of rows, `FLAT` columns hide the latency of the sums.
    #[inline(always)]
    fn blocks<A: Arith, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize, const FLAT: usize>(
        mut self,
    ) {
        let mut buffer = [const { MaybeUninit::uninit() }; PACKED * LANES];
        let lanes = match self.p {
            Left::Plain(_) => self.c.shape.lanes,
            Left::Adjoint(v) => v.shape.cols.div_ceil(LANES),
        };
        let cols = self.p.cols();
        for first in (0..cols).step_by(DEPTH / PARTS) {
            let count = (cols - first).min(DEPTH / PARTS);
            let most = PACKED / (count * PARTS);
            for lane in (0..lanes).step_by(most) {
                let part = Part { lane, lanes: most.min(lanes - lane), first, count };
                let height = part.lanes * (LANES / W);
                if const { FLAT > WIDE } && height == 1 {
                    let pack = self.p.pack::<A, W, PARTS, 1>(&mut buffer, part);
                    self.columns::<A, W, PARTS, 1, FLAT>(pack, part);
                } else if const { TALL > 2 } && height < TALL {
                    let pack = self.p.pack::<A, W, PARTS, 2>(&mut buffer, part);
                    self.columns::<A, W, PARTS, 2, FLAT>(pack, part);
                } else {
                    let pack = self.p.pack::<A, W, PARTS, TALL>(&mut buffer, part);
                    self.columns::<A, W, PARTS, TALL, WIDE>(pack, part);
                }
            }
        }
    }

    /// What a block of P adds to all columns of C.
    #[inline(always)]
    fn columns<A: Arith, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &[[R; W]],
        part: Part,
    ) {
        let mut left = self.column_groups::<A, W, PARTS, TALL, WIDE>(pack, part, 0);
        if const { WIDE > 4 } {
            left = self.column_groups::<A, W, PARTS, TALL, 4>(pack, part, left);
        }
        if const { WIDE > 2 } {
            left = self.column_groups::<A, W, PARTS, TALL, 2>(pack, part, left);
        }
        self.column_groups::<A, W, PARTS, TALL, 1>(pack, part, left);
    }

    /// `WIDE` columns of C from number `left` on, the next, and so on, while there are so many. Returns the number of the next.
    #[inline(always)]
    fn column_groups<A: Arith, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &[[R; W]],
        part: Part,
        left: usize,
    ) -> usize {
        let mut left = left;
        while left + WIDE <= self.c.shape.cols {
            self.column_group::<A, W, PARTS, TALL, WIDE>(pack, part, left);
            left += WIDE;
        }
        left
    }

    /// `WIDE` columns of C.
    #[inline(always)]
    fn column_group<A: Arith, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &[[R; W]],
        Part { lane, lanes, first, count }: Part,
        left: usize,
    ) {
        let b = Columns::new(count, |j| {
            let [re, im] = self.b.column(left + j, 0, self.b.shape.lanes);
            [&re.as_flattened()[first..], &im.as_flattened()[first..]]
        });
        // Registers before those of this block, and of it: all, or those above the diagonal.
        let (before, mut height) = (lane * (LANES / W), lanes * (LANES / W));
        let whole = height / TALL * TALL;
        if let Some(rows) = self.upper {
            height = height.min((rows + left + WIDE).saturating_sub(before * W).div_ceil(W));
        }
        let (slivers, rest) = pack.split_at(whole * count * PARTS);
        for (i, sliver) in slivers.chunks_exact(TALL * count * PARTS).enumerate().take(height.div_ceil(TALL)) {
            self.tile::<A, W, PARTS, TALL, WIDE>(sliver, &b, before + i * TALL, left);
        }
        for (i, sliver) in rest.chunks_exact(count * PARTS).enumerate().take(height.saturating_sub(whole)) {
            self.tile::<A, W, PARTS, 1, WIDE>(sliver, &b, before + whole + i, left);
        }
    }

    /// `TALL` registers of `WIDE` columns of C.
    #[inline(always)]
    fn tile<A: Arith, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        sliver: &[[R; W]],
        b: &Columns<'_, R, WIDE>,
        row: usize,
        left: usize,
    ) {
        if const { PARTS == 2 && TALL == 1 && W == LANES && lanes_in_pairs::<A, R>() } {
            return self.tile_of_pairs::<A, W, WIDE>(sliver, b, row, left);
        }
        let Shape { top, depth, .. } = self.c.shape;
        let start = |j: usize, part: usize| (((left + j) * PARTS + part) * depth + top) * (LANES / W) + row;
        let data = registers_mut::<R, W>(self.c.data);
        let mut tile = [[[[R::zero(); W]; TALL]; PARTS]; WIDE];
        for (j, column) in tile.iter_mut().enumerate() {
            for (part, registers) in column.iter_mut().enumerate() {
                registers.copy_from_slice(&data[start(j, part)..][..TALL]);
            }
        }
        multiply::<A, R, W, PARTS, TALL, WIDE>(&mut tile, &sliver, b);
        for (j, column) in tile.iter().enumerate() {
            for (part, registers) in column.iter().enumerate() {
                data[start(j, part)..][..TALL].copy_from_slice(registers);
            }
        }
    }

    /// One lane of complex rows, where it is one register together with that of the imaginary parts.
    #[inline(always)]
    fn tile_of_pairs<A: Arith, const W: usize, const WIDE: usize>(
        &mut self,
        sliver: &[[R; W]],
        b: &Columns<'_, R, WIDE>,
        row: usize,
        left: usize,
    ) {
        let Shape { top, depth, .. } = self.c.shape;
        for (j, [by_re, by_im]) in multiply_pairs::<A, R, W, WIDE>(sliver, b).iter().enumerate() {
            let start = (left + j) * 2 * depth + top + row;
            let (re, im) = self.c.data[start..].split_at_mut(depth);
            for l in 0..LANES {
                re[0][l] += by_re[l] - by_im[LANES + l];
                im[0][l] += by_re[LANES + l] + by_im[l];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Lane, Level, PlaneShape};
    use std::vec::Vec;

    /// Numbers of both signs, other ones for each seed.
    fn wave<R: Real>(lanes: usize, seed: usize) -> Vec<Lane<R>> {
        let x = |i: usize| R::from_f64(((seed * 1000 + i) as f64 * 0.7).sin());
        (0..lanes).map(|lane| core::array::from_fn(|l| x(lane * LANES + l))).collect()
    }

    /// Entry (i, j) of a block.
    fn at<R: Real>(block: Block<'_, R>, i: usize, j: usize) -> [f64; 2] {
        let PlaneShape { top, depth, parts, .. } = block.shape;
        let part = |part: usize| block.data[(j * parts + part) * depth + top + i / LANES][i % LANES].to_f64();
        [part(0), if parts == 2 { part(1) } else { 0.0 }]
    }

    fn agree<R: Real>(parts: usize, (k, lanes, cols): (usize, usize, usize)) {
        let (small, depth, top) = (k.div_ceil(LANES), lanes + 2, 1);
        let shape = |cols| PlaneShape { top, lanes, cols, depth, parts };
        let factors = PlaneShape { top: 0, lanes: small, cols, depth: small, parts };
        let [v, c, w] =
            [(depth * k, 1), (depth * cols, 2), (small * cols, 3)].map(|(n, seed)| wave::<R>(n * parts, seed));
        let (v, c) = (Block { data: &v, shape: shape(k) }, Block { data: &c, shape: shape(cols) });
        let w = Block { data: &w, shape: factors };
        // P = Vᴴ, B = C; and P = V in two blocks, B = W.
        let blocks = [v.columns(0, k / 2), v.columns(k / 2, k - k / 2)];
        for (start, p, b, rows, depth) in
            [(w, Left::Adjoint(v), c, k, lanes * LANES), (c, Left::Plain(&blocks), w, lanes * LANES, k)]
        {
            let factor = |i: usize, l: usize| match p {
                Left::Adjoint(v) => {
                    let [re, im] = at(v, l, i);
                    [re, -im]
                }
                Left::Plain(_) => at(v, i, l),
            };
            for level in Level::all() {
                for upper in [None, Some(2), Some(4), Some(20)] {
                    let mut data = start.data.to_vec();
                    let c = &mut BlockMut { data: &mut data, shape: start.shape };
                    level.run(Accumulate { c, p, b, upper });
                    let after = Block { data: &data, shape: start.shape };
                    for (i, j) in (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j))) {
                        if upper.is_some_and(|first| i > first + j) {
                            continue;
                        }
                        let mut expected = at(start, i, j);
                        for l in 0..depth {
                            let ([a, b], [c, d]) = (factor(i, l), at(b, l, j));
                            expected[0] += a * c - b * d;
                            expected[1] += a * d + b * c;
                        }
                        let bound = R::EPSILON.to_f64() * 16.0 * (depth as f64 + 1.0);
                        for (x, y) in at(after, i, j).into_iter().zip(expected) {
                            assert!(
                                (x - y).abs() <= bound,
                                "{level:?}, {parts} parts, {k}, {lanes}, {cols}: {x} for {y}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        let sizes = [(1, 1, 1), (3, 2, 5), (9, 3, 6), (8, 4, 4), (47, 1, 2), (32, 6, 13), (32, 20, 13), (70, 9, 3)];
        // Miri interprets: the small ones are what it has time for.
        for size in sizes.into_iter().take(if cfg!(miri) { 3 } else { usize::MAX }) {
            for parts in [1, 2] {
                agree::<f64>(parts, size);
                agree::<f32>(parts, size);
            }
        }
    }
}
