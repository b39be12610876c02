//! The two products that a block of reflectors is made of, W ← Vᴴ C and C ← C + V Z, on the planes of the work storage as they lie.

use super::accumulate::{Accumulate, Left};
use super::team::Workers;
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
    pub(crate) fn add_product_together(self, (team, level): Workers<'_>, blocks: &[Block<'_, R>], z: Block<'_, R>) {
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

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{close, noise};
    use super::super::team::Team;
    use super::*;
    use num_complex::Complex;
    use std::vec::Vec;

    /// Four columns of three lanes, below another one and above another one.
    const SHAPE: Shape = Shape { top: 1, lanes: 3, cols: 4, depth: 5, parts: 1 };

    fn shapes() -> [Shape; 2] {
        [1, 2].map(|parts| Shape { parts, ..SHAPE })
    }

    /// Lane `lane` of a plane.
    fn place(Shape { top, depth, parts, .. }: Shape, j: usize, part: usize, lane: usize) -> usize {
        (j * parts + part) * depth + top + lane
    }

    /// Entry (i, j).
    fn at(data: &[Lane<f64>], shape: Shape, i: usize, j: usize) -> Complex<f64> {
        let part = |part| data[place(shape, j, part, i / LANES)][i % LANES];
        Complex::new(part(0), if shape.parts == 2 { part(1) } else { 0.0 })
    }

    #[test]
    fn blocks_of_a_block() {
        for shape in shapes() {
            let data: Vec<Lane<f64>> = (0..4 * 5 * shape.parts).map(|lane| [lane as f64; LANES]).collect();
            let all = Block { data: &data, shape };
            let holds = |block: Block<'_, f64>, (left, cols): (usize, usize), (above, lanes): (usize, usize)| {
                let found = block.shape;
                assert_eq!((found.cols, found.lanes, found.depth, found.parts), (cols, lanes, 5, shape.parts));
                for (j, from) in (0..cols).flat_map(|j| (0..=lanes).map(move |from| (j, from))) {
                    let planes = block.column(j, from, lanes - from);
                    for (part, plane) in planes.into_iter().enumerate() {
                        let first = place(shape, left + j, part.min(shape.parts - 1), above + from);
                        assert_eq!(plane, &data[first..first + lanes - from]);
                    }
                }
            };
            holds(all, (0, 4), (0, 3));
            holds(all.columns(1, 3), (1, 3), (0, 3));
            holds(all.columns(3, 1).lanes(1, 2), (3, 1), (1, 2));
            holds(all.lanes(1, 2).lanes(1, 1), (0, 4), (2, 1));
            holds(all.first_lanes(2), (0, 4), (0, 2));
            holds(all.first_lanes(4), (0, 4), (0, 3));
        }
    }

    #[test]
    fn a_block_is_added_or_copied() {
        for shape in shapes() {
            let [before, other] = [1, 2].map(|seed| noise::<f64>(4 * 5 * shape.parts, seed));
            let [mut sum, mut copy] = [before.clone(), before.clone()];
            let from = Block { data: &other, shape };
            BlockMut { data: &mut sum, shape }.add(from);
            let mut to = BlockMut { data: &mut copy, shape };
            to.set(from);
            assert_eq!(to.as_block().column(3, 0, 3), from.column(3, 0, 3));
            for (at, x) in before.iter().enumerate() {
                let (y, inside) = (other[at], (1..4).contains(&(at % 5)));
                assert_eq!(sum[at], if inside { core::array::from_fn(|l| x[l] + y[l]) } else { *x });
                assert_eq!(copy[at], if inside { y } else { *x });
            }
        }
    }

    #[test]
    fn products_of_blocks() {
        for (shape, level) in
            shapes().into_iter().flat_map(|shape| Level::all().into_iter().map(move |level| (shape, level)))
        {
            let (parts, rows) = (shape.parts, 4_usize.div_ceil(LANES));
            let [v, c] = [1, 2].map(|seed| noise::<f64>(4 * 5 * parts, seed));
            let [v, c] = [&v, &c].map(|data| Block { data, shape });
            let small = Shape { top: 0, lanes: rows, cols: 4, depth: rows, parts };
            // What stood there does not matter.
            let [mut w, mut gram] = [(); 2].map(|()| noise::<f64>(4 * rows * parts, 3));
            BlockMut { data: &mut w, shape: small }.set_overlap(level, v, c);
            BlockMut { data: &mut gram, shape: Shape { cols: 3, ..small } }.set_gram(level, v, 1);
            for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                let of = |block: Block<'_, f64>| {
                    (0..3 * LANES).map(|l| at(v.data, shape, l, i).conj() * at(block.data, shape, l, j)).sum()
                };
                close(at(&w, small, i, j), of(c));
                if j > 0 && i <= j {
                    close(at(&gram, small, i, j - 1), of(v));
                }
            }
        }
    }

    /// To the last bit.
    #[test]
    fn panels_give_what_the_whole_gives() {
        for (parts, level) in
            [1, 2].into_iter().flat_map(|parts| Level::all().into_iter().map(move |level| (parts, level)))
        {
            for cols in [0, 5, NARROWEST, 2 * NARROWEST + 6] {
                let shape = |cols| Shape { top: 0, lanes: 2, cols, depth: 2, parts };
                let (rows, [v, c, z]) = (3_usize.div_ceil(LANES), [1, 2, 3]);
                let [v, c] = [(3, v), (cols, c)].map(|(cols, seed)| noise::<f64>(2 * parts * cols, seed));
                let z = noise::<f64>(rows * parts * cols, z);
                let blocks = [Block { data: &v, shape: shape(3) }];
                let z = Block { data: &z, shape: Shape { lanes: rows, depth: rows, ..shape(cols) } };
                let [mut whole, mut panels] = [c.clone(), c.clone()];
                BlockMut { data: &mut whole, shape: shape(cols) }.add_product(level, &blocks, z);
                let to = BlockMut { data: &mut panels, shape: shape(cols) };
                Team::lead(true, |team| to.add_product_together((team, level), &blocks, z));
                assert_eq!(panels, whole);
                assert!(cols == 0 || whole != c);
            }
        }
    }
}
