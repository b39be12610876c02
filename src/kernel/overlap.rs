//! W ← Vᴴ C on planes: the sums run down the columns.

use super::lanes::{add_product, each, lane_by_lane, sub_product, total};
use super::planar::{Block, BlockMut, Column};
use super::{Arith, LANES, Task};
use crate::scalar::Real;

/// Lanes of V and C whose products are summed before they are added up: two columns of V and four of C fit the first cache.
const CHUNK: usize = 32;

/// W ← W + Vᴴ C.
pub(super) struct Overlap<'a, 'b, R> {
    pub(super) w: &'a mut BlockMut<'b, R>,
    pub(super) v: Block<'a, R>,
    pub(super) c: Block<'a, R>,
    /// Row j + that many of column j and those above are wanted, and no others.
    pub(super) upper: Option<usize>,
}

impl<R: Real> Task for Overlap<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        match (self.w.shape.parts, A::REGISTERS) {
            (1, 32) => self.chunks::<A, 1, 4, 4>(),
            (1, _) => self.chunks::<A, 1, 2, 2>(),
            (_, 32) => self.chunks::<A, 2, 2, 4>(),
            _ => self.chunks::<A, 2, 1, 2>(),
        }
    }
}

impl<R: Real> Overlap<'_, '_, R> {
    #[inline(always)]
    fn chunks<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(mut self) {
        let (lanes, cols, rows) = (self.v.shape.lanes, self.c.shape.cols, self.v.shape.cols);
        for from in (0..lanes).step_by(CHUNK) {
            let range = (from, CHUNK.min(lanes - from));
            let mut left = 0;
            while left < cols {
                let k = self.upper.map_or(rows, |first| rows.min(first + left + WIDE));
                if cols - left >= WIDE {
                    self.column_group::<A, PARTS, TALL, WIDE>(range, left, k);
                    left += WIDE;
                } else {
                    self.column_group::<A, PARTS, TALL, 1>(range, left, k);
                    left += 1;
                }
            }
        }
    }

    /// `WIDE` columns of W.
    #[inline(always)]
    fn column_group<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        range: (usize, usize),
        left: usize,
        k: usize,
    ) {
        let mut top = 0;
        while top < k {
            if k - top >= TALL {
                self.tile::<A, PARTS, TALL, WIDE>(range, (top, left));
                top += TALL;
            } else {
                self.tile::<A, PARTS, 1, WIDE>(range, (top, left));
                top += 1;
            }
        }
    }

    /// Adds what the lanes of the range contribute to `TALL` by `WIDE` entries of W.
    #[inline(always)]
    fn tile<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        (from, count): (usize, usize),
        (top, left): (usize, usize),
    ) {
        let v: [Column<'_, R>; TALL] = each([&[]; 2], |i| self.v.column(top + i, from, count));
        let c: [Column<'_, R>; WIDE] = each([&[]; 2], |j| self.c.column(left + j, from, count));
        let sums = overlap::<A, R, PARTS, TALL, WIDE>(v, c, count);
        let depth = self.w.shape.depth;
        for (j, sums) in sums.iter().enumerate() {
            for (i, &[re, im]) in sums.iter().enumerate() {
                let (start, lane, l) = ((left + j) * PARTS * depth, (top + i) / LANES, (top + i) % LANES);
                self.w.data[start + lane][l] += re;
                if PARTS == 2 {
                    self.w.data[start + depth + lane][l] += im;
                }
            }
        }
    }
}

/// Real and imaginary parts of vᵢᴴcⱼ.
#[inline(always)]
fn overlap<A: Arith, R: Real, const PARTS: usize, const TALL: usize, const WIDE: usize>(
    v: [Column<'_, R>; TALL],
    c: [Column<'_, R>; WIDE],
    count: usize,
) -> [[[R; 2]; TALL]; WIDE] {
    let mut re = [[[R::zero(); LANES]; TALL]; WIDE];
    let mut im = re;
    for l in 0..count {
        lane_by_lane();
        for j in 0..WIDE {
            for i in 0..TALL {
                re[j][i] = add_product::<A, R>(re[j][i], v[i][0][l], c[j][0][l]);
                if PARTS == 2 {
                    re[j][i] = add_product::<A, R>(re[j][i], v[i][1][l], c[j][1][l]);
                    im[j][i] = add_product::<A, R>(im[j][i], v[i][0][l], c[j][1][l]);
                    im[j][i] = sub_product::<A, R>(im[j][i], v[i][1][l], c[j][0][l]);
                }
            }
        }
    }
    // What adds up the lanes is not to decide how the loop above holds them.
    (re, im) = core::hint::black_box((re, im));
    let mut sums = [[[R::zero(); 2]; TALL]; WIDE];
    for j in 0..WIDE {
        for i in 0..TALL {
            sums[j][i][0] = total(re[j][i]);
            if PARTS == 2 {
                sums[j][i][1] = total(im[j][i]);
            }
        }
    }
    sums
}
