//! The two products that a block of reflectors is made of, on the planes of the work storage as they lie:
//! W ← Vᴴ C, whose sums run down the columns, and C ← C + V Z, whose lanes do.
//!
//! V has few columns. A tile of the result stays in registers; what is read again and again fits the caches.

use super::lanes::{add_product, add_scaled, sub_product, total};
use super::{Arith, LANES, Lane, Level, Task};
use crate::scalar::Real;

/// A block of a matrix in the work storage. Every block of one product has the same number of planes.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a, R> {
    /// From the first lane of the first column on.
    pub(crate) data: &'a [Lane<R>],
    pub(crate) shape: Shape,
}

/// The same, to be written.
pub(crate) struct BlockMut<'a, R> {
    pub(crate) data: &'a mut [Lane<R>],
    pub(crate) shape: Shape,
}

/// Lanes and columns of a block, its first lane, and the lanes in a plane of the whole matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) top: usize,
    pub(crate) lanes: usize,
    pub(crate) cols: usize,
    pub(crate) depth: usize,
    pub(crate) parts: usize,
}

/// Lanes `first..` of the planes of a column.
type Column<'a, R> = [&'a [Lane<R>]; 2];

impl<'a, R: Real> Block<'a, R> {
    /// At most `lanes` of them.
    pub(crate) fn first_lanes(self, lanes: usize) -> Self {
        Block { data: self.data, shape: Shape { lanes: lanes.min(self.shape.lanes), ..self.shape } }
    }

    /// Lanes `from..from + count` of the planes of column `j`; of a real matrix the same one twice.
    #[inline(always)]
    fn column(&self, j: usize, from: usize, count: usize) -> Column<'a, R> {
        let Shape { top, depth, parts, .. } = self.shape;
        let plane = |part: usize| {
            let start = (j * parts + part) * depth + top + from;
            &self.data[start..start + count]
        };
        [plane(0), plane(parts - 1)]
    }
}

impl<R: Real> BlockMut<'_, R> {
    /// The same block, to be read.
    pub(crate) fn as_block(&self) -> Block<'_, R> {
        Block { data: self.data, shape: self.shape }
    }

    /// W ← Vᴴ C. All rows of W are written; what V and C have in their last lanes below the last row is zero in one of them.
    pub(crate) fn set_overlap(&mut self, level: Level, v: Block<'_, R>, c: Block<'_, R>) {
        self.data.fill([R::zero(); LANES]);
        level.run(Overlap { w: self, v, c });
    }

    /// C ← C + V Z for the columns V of all `blocks`, at most [`DEEPEST`].
    pub(crate) fn add_product(&mut self, level: Level, blocks: &[Block<'_, R>], z: Block<'_, R>) {
        level.run(Update { c: self, blocks, z });
    }
}

/// Most columns of V.
pub(crate) const DEEPEST: usize = 32;

/// Lanes of V and C whose products are summed before they are added up: two columns of V and four of C fit the first cache.
const CHUNK: usize = 32;

struct Overlap<'a, 'b, R> {
    w: &'a mut BlockMut<'b, R>,
    v: Block<'a, R>,
    c: Block<'a, R>,
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
        let (lanes, cols, k) = (self.v.shape.lanes, self.c.shape.cols, self.v.shape.cols);
        for from in (0..lanes).step_by(CHUNK) {
            let range = (from, CHUNK.min(lanes - from));
            let mut left = 0;
            while left < cols {
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
        let v: [Column<'_, R>; TALL] = core::array::from_fn(|i| self.v.column(top + i, from, count));
        let c: [Column<'_, R>; WIDE] = core::array::from_fn(|j| self.c.column(left + j, from, count));
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

struct Update<'a, 'b, R> {
    c: &'a mut BlockMut<'b, R>,
    blocks: &'a [Block<'a, R>],
    z: Block<'a, R>,
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
        let mut top = 0;
        while top < count {
            if count - top >= TALL {
                self.tile::<A, PARTS, TALL, WIDE>(pack, (from, top), left);
                top += TALL;
            } else {
                self.tile::<A, PARTS, 1, WIDE>(pack, (from, top), left);
                top += 1;
            }
        }
    }

    /// `TALL` lanes of `WIDE` columns of C.
    #[inline(always)]
    fn tile<A: Arith, const PARTS: usize, const TALL: usize, const WIDE: usize>(
        &mut self,
        pack: &Pack<R>,
        (from, top): (usize, usize),
        left: usize,
    ) {
        let k = self.depth();
        let Shape { top: above, depth, .. } = self.c.shape;
        let start = |j: usize, part: usize| ((left + j) * PARTS + part) * depth + above + from + top;
        let z: [[&[R]; 2]; WIDE] = core::array::from_fn(|j| {
            self.z.column(left + j, 0, self.z.shape.lanes).map(|plane| &plane.as_flattened()[..k])
        });
        let mut tile = [[[[R::zero(); LANES]; TALL]; PARTS]; WIDE];
        for (j, column) in tile.iter_mut().enumerate() {
            for (part, lanes) in column.iter_mut().enumerate() {
                lanes.copy_from_slice(&self.c.data[start(j, part)..][..TALL]);
            }
        }
        for (l, packed) in pack[..k].iter().enumerate() {
            for j in 0..WIDE {
                let (re, im) = (z[j][0][l], z[j][1][l]);
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
