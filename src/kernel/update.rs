//! C ← C + V Z on planes: the lanes run down the columns.

use super::lanes::{add_scaled, lane_by_lane};
use super::planar::{Block, BlockMut, DEEPEST, Shape};
use super::{Arith, LANES, Lane, Task};
use crate::scalar::Real;

/// C ← C + V Z.
pub(super) struct Update<'a, 'b, R> {
    pub(super) c: &'a mut BlockMut<'b, R>,
    pub(super) blocks: &'a [Block<'a, R>],
    pub(super) z: Block<'a, R>,
}

/// Lanes of V that are copied together: one after another they stay in the first cache whatever the stride of V.
const PACKED: usize = 8;

/// [`PACKED`] lanes of the planes of all columns of V.
type Pack<R> = [[[Lane<R>; PACKED]; 2]; DEEPEST];

impl<R: Real> Task for Update<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        match (self.c.shape.parts, A::REGISTERS) {
            (1, 32) => self.chunks::<A, 1, 4, 4>(),
            (1, _) => self.chunks::<A, 1, 1, 4>(),
            (_, 32) => self.chunks::<A, 2, 2, 4>(),
            _ => self.chunks::<A, 2, 1, 2>(),
        }
    }
}

impl<R: Real> Update<'_, '_, R> {
    #[inline(always)]
    fn chunks<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(mut self) {
        let (lanes, cols) = (self.c.shape.lanes, self.c.shape.cols);
        let mut pack: Pack<R> = [[[[R::zero(); LANES]; PACKED]; 2]; DEEPEST];
        for from in (0..lanes).step_by(PACKED) {
            let count = PACKED.min(lanes - from);
            self.fill::<PARTS>(&mut pack, from, count);
            let mut left = 0;
            while left < cols {
                if cols - left >= WIDE {
                    self.column_group::<A, PARTS, TALL, WIDE>(&pack, (from, count), left);
                    left += WIDE;
                } else {
                    self.column_group::<A, PARTS, TALL, 1>(&pack, (from, count), left);
                    left += 1;
                }
            }
        }
    }

    /// Columns of V.
    #[inline(always)]
    fn depth(&self) -> usize {
        self.blocks.iter().fold(0, |sum, v| sum + v.shape.cols).min(DEEPEST)
    }

    #[inline(always)]
    fn fill<const PARTS: usize>(&self, pack: &mut Pack<R>, from: usize, count: usize) {
        let columns = self.blocks.iter().flat_map(|v| (0..v.shape.cols).map(move |l| v.column(l, from, count)));
        for (packed, column) in pack.iter_mut().zip(columns) {
            for part in 0..PARTS {
                packed[part][..count].copy_from_slice(column[part]);
            }
        }
    }

    /// `WIDE` columns of C.
    #[inline(always)]
    fn column_group<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &Pack<R>,
        (from, count): (usize, usize),
        left: usize,
    ) {
        let k = self.depth();
        let mut factors = [[[R::zero(); WIDE]; 2]; DEEPEST];
        for j in 0..WIDE {
            let column = self.z.column(left + j, 0, self.z.shape.lanes);
            for (part, plane) in column.into_iter().enumerate().take(PARTS) {
                for (factors, &z) in factors.iter_mut().zip(&plane.as_flattened()[..k]) {
                    factors[part][j] = z;
                }
            }
        }
        let mut top = 0;
        while top < count {
            if count - top >= TALL {
                self.tile::<A, PARTS, TALL, WIDE>(&pack[..k], &factors, (from, top), left);
                top += TALL;
            } else {
                self.tile::<A, PARTS, 1, WIDE>(&pack[..k], &factors, (from, top), left);
                top += 1;
            }
        }
    }

    /// `TALL` lanes of `WIDE` columns of C.
    #[inline(always)]
    fn tile<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &[[[Lane<R>; PACKED]; 2]],
        factors: &[[[R; WIDE]; 2]],
        (from, top): (usize, usize),
        left: usize,
    ) {
        let Shape { top: above, depth, .. } = self.c.shape;
        let start = |j: usize, part: usize| ((left + j) * PARTS + part) * depth + above + from + top;
        let mut tile = [[[[R::zero(); LANES]; TALL]; PARTS]; WIDE];
        for (j, column) in tile.iter_mut().enumerate() {
            for (part, lanes) in column.iter_mut().enumerate() {
                lanes.copy_from_slice(&self.c.data[start(j, part)..][..TALL]);
            }
        }
        for (packed, z) in pack.iter().zip(factors) {
            lane_by_lane();
            for j in 0..WIDE {
                let (re, im) = (z[0][j], z[1][j]);
                for i in 0..TALL {
                    let v = packed[0][top + i];
                    tile[j][0][i] = add_scaled::<A, R>(tile[j][0][i], v, re);
                    if PARTS == 2 {
                        let v_im = packed[1][top + i];
                        tile[j][0][i] = add_scaled::<A, R>(tile[j][0][i], v_im, -im);
                        tile[j][1][i] = add_scaled::<A, R>(tile[j][1][i], v, im);
                        tile[j][1][i] = add_scaled::<A, R>(tile[j][1][i], v_im, re);
                    }
                }
            }
        }
        for (j, column) in tile.iter().enumerate() {
            for (part, lanes) in column.iter().enumerate() {
                self.c.data[start(j, part)..][..TALL].copy_from_slice(lanes);
            }
        }
    }
}
