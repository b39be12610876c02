//! The two products that a block of reflectors is made of, W ← Vᴴ C and C ← C + V Z, on the planes of the work storage as they lie.

use super::accumulate::{Accumulate, Left};
use super::team::Team;
use super::{LANES, Lane, Level};
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
pub(super) type Column<'a, R> = [&'a [Lane<R>]; 2];

impl<'a, R: Real> Block<'a, R> {
    /// At most `lanes` of them.
    pub(crate) fn first_lanes(self, lanes: usize) -> Self {
        Block { data: self.data, shape: Shape { lanes: lanes.min(self.shape.lanes), ..self.shape } }
    }

    /// `count` columns from `first` on.
    pub(crate) fn columns(self, first: usize, count: usize) -> Self {
        let Shape { depth, parts, .. } = self.shape;
        Block { data: &self.data[first * depth * parts..], shape: Shape { cols: count, ..self.shape } }
    }

    /// `count` lanes from `first` on of the planes.
    pub(crate) fn lanes(self, first: usize, count: usize) -> Self {
        let shape = Shape { top: self.shape.top + first, lanes: count, ..self.shape };
        Block { data: self.data, shape }
    }

    /// Lanes `from..from + count` of the planes of column `j`; of a real matrix the same one twice.
    #[inline(always)]
    pub(super) fn column(&self, j: usize, from: usize, count: usize) -> Column<'a, R> {
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

    /// Adds another block of its shape, or what of that lies in its lanes.
    pub(crate) fn add(&mut self, other: Block<'_, R>) {
        self.combine(other, |x, y| *x += y);
    }

    /// Becomes a copy of that block.
    pub(crate) fn set(&mut self, other: Block<'_, R>) {
        self.combine(other, |x, y| *x = y);
    }

    fn combine(&mut self, other: Block<'_, R>, change: impl Fn(&mut R, R)) {
        let Shape { top, lanes, cols, depth, parts } = self.shape;
        for j in 0..cols {
            for (part, from) in other.column(j, 0, lanes).into_iter().enumerate().take(parts) {
                let start = (j * parts + part) * depth + top;
                let entries = self.data[start..start + lanes].as_flattened_mut().iter_mut();
                entries.zip(from.as_flattened()).for_each(|(x, &y)| change(x, y));
            }
        }
    }

    /// W ← Vᴴ C. All rows of W are written; what V and C have in their last lanes below the last row is zero in one of them.
    pub(crate) fn set_overlap(&mut self, level: Level, v: Block<'_, R>, c: Block<'_, R>) {
        self.data.fill([R::zero(); LANES]);
        level.run(Accumulate { c: self, p: Left::Adjoint(v), b: c, upper: None });
    }

    /// W ← Vᴴ C on and above the diagonal, where C is the columns of V from `first` on.
    pub(crate) fn set_gram(&mut self, level: Level, v: Block<'_, R>, first: usize) {
        self.data.fill([R::zero(); LANES]);
        let c = v.columns(first, v.shape.cols - first);
        level.run(Accumulate { c: self, p: Left::Adjoint(v), b: c, upper: Some(first) });
    }

    /// C ← C + V Z for the columns V of all `blocks`.
    pub(crate) fn add_product(&mut self, level: Level, blocks: &[Block<'_, R>], z: Block<'_, R>) {
        level.run(Accumulate { c: self, p: Left::Plain(blocks), b: z, upper: None });
    }
}

impl<R: Real> BlockMut<'_, R> {
    /// [`BlockMut::add_product`] for one panel of columns after another, by a team.
    pub(crate) fn add_product_together(self, (team, level): (&Team, Level), blocks: &[Block<'_, R>], z: Block<'_, R>) {
        let Shape { cols, depth, parts, .. } = self.shape;
        let width = cols.div_ceil(PANELS).max(NARROWEST);
        let shape = |first: usize| Shape { cols: width.min(cols - first), ..self.shape };
        let mut panels = self.data.chunks_mut((width * depth * parts).max(1)).zip((0..cols).step_by(width));
        let mut panels: [Option<BlockMut<'_, R>>; PANELS] =
            core::array::from_fn(|_| panels.next().map(|(data, first)| BlockMut { data, shape: shape(first) }));
        let mut panels = panels.iter_mut().flatten().enumerate();
        let mut tasks: [Option<Accumulate<'_, '_, R>>; PANELS] = core::array::from_fn(|_| {
            let (i, c) = panels.next()?;
            let z = z.columns(i * width, c.shape.cols);
            Some(Accumulate { c, p: Left::Plain(blocks), b: z, upper: None })
        });
        team.share(level, &mut tasks);
    }
}

/// The most panels, and the columns of the narrowest.
const PANELS: usize = 8;
const NARROWEST: usize = 32;
