//! A = Q R of a tall matrix, one block of rows after another:
//!
//!   A₀ = Q₀ [R₀; 0],   [R₀; A₁] = Q₁ [R₁; 0],   [R₁; A₂] = Q₂ [R₂; 0],   …,   R = the last one.
//!
//! Each block stays in the cache while its reflectors are found, whatever the number of rows (Demmel, Grigori, Hoemmen & Langou 2012).
//! R is triangular, so the reflector of column j is zero in all rows of R but row j, where it is one: its V is [I; V], and only
//! the rows of the block are stored. In the same way Q [X; 0] needs one product for each block: where C is zero to begin
//! with, [X; C] − [I; V] T [I; V]ᴴ [X; C] = [X − T X; −V T X].

use num_complex::Complex;

use crate::bidiagonal::{Panel, Tau};
use crate::block::{self, BLOCK, PANEL, Product, Reflectors, Target, Workplace};
use crate::kernel::columns::multiply;
use crate::kernel::reflect::{Factor, reflect_columns_by};
use crate::kernel::{Arith, Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes, Task, padded};
use crate::reflector::reflect_below;
use crate::scalar::Real;
use crate::workspace::larger;

/// Rows of a block, of which a column fits the first cache several times, and a panel the second. Not a power of two, or the columns would take one
/// another's place there (`docs/measurements.md`).
const HEIGHT: usize = 520;
/// The most columns of which a block fits the second cache.
const WIDEST: usize = 256;

/// How the rows are cut: block after block in the work storage, each with all its columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowBlocks {
    rows: usize,
    /// Rows of all blocks but the last, whole lanes.
    height: usize,
}

impl RowBlocks {
    /// For A = Q R. At least two triangles high, since each block costs as much as one more.
    pub(crate) const fn new(rows: usize, cols: usize) -> Self {
        let height = larger(padded(cols).saturating_mul(2), HEIGHT);
        if LANES == 1 || cols > WIDEST || rows <= height { Self::whole(rows) } else { RowBlocks { rows, height } }
    }

    /// One block.
    pub(crate) const fn whole(rows: usize) -> Self {
        RowBlocks { rows, height: if rows == 0 { LANES } else { padded(rows) } }
    }

    pub(crate) const fn count(&self) -> usize {
        self.rows.div_ceil(self.height)
    }

    /// The first row of block `i`, and their number.
    pub(crate) fn rows(&self, i: usize) -> (usize, usize) {
        let first = i * self.height;
        (first, self.height.min(self.rows - first))
    }

    /// Block `i`.
    pub(crate) fn block<'a, R: Real>(&self, all: &'a mut Planes<'_, R>, i: usize) -> Planes<'a, R> {
        self.pair(all, i).1
    }

    /// Block 0, or nothing if that is block `i`, and block `i`.
    fn pair<'a, R: Real>(&self, all: &'a mut Planes<'_, R>, i: usize) -> (Planes<'a, R>, Planes<'a, R>) {
        let lanes_of_all_columns = all.data.len() / all.depth.max(1);
        let (first, rows) = self.rows(i);
        let (before, from) = all.data.split_at_mut(first / LANES * lanes_of_all_columns);
        let depth = if self.count() == 1 { all.depth } else { padded(rows) / LANES };
        let (height, parts) = (self.height / LANES, all.parts);
        let zeroth = &mut before[..if i == 0 { 0 } else { height * lanes_of_all_columns }];
        let block = &mut from[..depth * lanes_of_all_columns];
        (Planes { data: zeroth, depth: height, parts }, Planes { data: block, depth, parts })
    }
}

/// The factorization; the reflectors of each block take the place of its columns.
pub(crate) struct Triangle<'a, 'w, R> {
    pub(crate) level: Level,
    pub(crate) blocks: RowBlocks,
    pub(crate) a: &'a mut Planes<'w, R>,
    pub(crate) r: &'a mut Planes<'w, R>,
    /// τ of one block after another.
    pub(crate) tau: &'a mut [Tau<R>],
    /// Scratch column.
    pub(crate) v: &'a mut [Lane<R>],
    pub(crate) scratch: &'a mut [Lane<R>],
}

impl<R: Real> Triangle<'_, '_, R> {
    /// Panel by panel; where there are many columns, they go on to the later ones several panels at once.
    pub(crate) fn compute(&mut self) {
        self.r.set_unit_columns(0);
        let n = self.tau.len() / self.blocks.count();
        let panel = panel_width(n);
        let width = if n <= ONE_BY_ONE { panel } else { BLOCK };
        for i in 0..self.blocks.count() {
            for first in (0..n).step_by(width) {
                let end = n.min(first + width);
                for first in (first..end).step_by(panel) {
                    self.panel((i, n), first, end.min(first + panel));
                    self.update((i, n), first, end.min(first + panel), end);
                }
                self.update((i, n), first, end, n);
            }
        }
    }

    /// The reflectors of columns `first..end`.
    fn panel(&mut self, (i, n): (usize, usize), first: usize, end: usize) {
        let block = self.blocks.block(self.a, i);
        let a = block.split(first).1.split(end - first).0;
        let r = self.r.reborrow().split(first).1;
        let tau = &mut self.tau[i * n + first..i * n + end];
        if i == 0 || LANES == 1 {
            let v = &mut self.v[..a.stride()];
            self.level.run(Panel { a, first, r, tau, v });
        } else {
            self.level.run(PanelBelow { a, first, r, tau });
        }
    }

    /// Applies the reflectors of columns `first..middle` to columns `middle..end`.
    fn update(&mut self, (i, n): (usize, usize), first: usize, middle: usize, end: usize) {
        if middle == end {
            return;
        }
        let block = self.blocks.block(self.a, i);
        let (a, trailing) = block.split(first).1.split(middle - first);
        let c = trailing.split(end - middle).0;
        let tau = &self.tau[i * n + first..i * n + middle];
        let (row, head) = if i == 0 || LANES == 1 {
            (first, None)
        } else {
            let r = self.r.reborrow().split(middle).1.split(end - middle).0;
            let lanes = padded(middle - first) / LANES;
            let shape = PlaneShape { top: first / LANES, lanes, cols: end - middle, depth: r.depth, parts: r.parts };
            (0, Some(BlockMut { data: r.data, shape }))
        };
        let q = Reflectors { row, ..Reflectors::all(&a, tau) };
        let target = Target { filled: a.depth, c, head };
        block::apply_block(self.level, Product::Adjoint, q, target, self.scratch);
    }
}

/// Columns up to which each panel goes on to all later ones at once: VᴴV of a few of them together would cost more than it saves.
const ONE_BY_ONE: usize = 128;

/// Columns of a panel. Twice as many where one or two such panels do: each further one costs a passage through the block.
const fn panel_width(n: usize) -> usize {
    if n <= 2 * PANEL || (3 * PANEL < n && n <= 4 * PANEL) { 2 * PANEL } else { PANEL }
}

/// The reflectors of a few columns of a block that is joined to R, as [`Panel`].
struct PanelBelow<'a, R> {
    /// The columns of the panel.
    a: Planes<'a, R>,
    first: usize,
    /// The same columns of R.
    r: Planes<'a, R>,
    tau: &'a mut [Tau<R>],
}

impl<R: Real> Task for PanelBelow<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.a.parts == 1 { self.factor::<A, 1>() } else { self.factor::<A, 2>() }
    }
}

impl<R: Real> PanelBelow<'_, R> {
    #[inline(always)]
    fn factor<A: Arith, const PARTS: usize>(mut self) {
        let depth = self.a.depth;
        for (j, tau) in self.tau.iter_mut().enumerate() {
            let row = self.first + j;
            let (mut done, trailing) = self.a.reborrow().split(j + 1);
            let v = done.column(j);
            let h = reflect_below::<A, R, PARTS>(v, 0, depth, self.r.get(row, j));
            *tau = [h.tau.re, h.tau.im];
            self.r.set(row, j, Complex::from(h.beta));
            let joined = &mut Joined::<R, PARTS> { r: self.r.reborrow(), row, column: j + 1, t: -h.tau.conj() };
            reflect_columns_by::<A, R, PARTS>(trailing.data, v, depth, 0, joined);
        }
    }
}

/// The factor of a reflector [1; v] whose one meets a row of R, and what it does to that row.
struct Joined<'a, R, const PARTS: usize> {
    r: Planes<'a, R>,
    row: usize,
    /// The first column.
    column: usize,
    t: Complex<R>,
}

impl<R: Real, const PARTS: usize> Factor<R> for Joined<'_, R, PARTS> {
    #[inline(always)]
    fn of(&mut self, index: usize, dot: Complex<R>) -> Complex<R> {
        let entry = self.r.get(self.row, self.column + index);
        let factor = multiply::<R, PARTS>(self.t, dot + entry);
        self.r.set(self.row, self.column + index, entry + factor);
        factor
    }
}

/// Q [X; 0], the product of all reflectors with a matrix X that stands at the top of block 0.
pub(crate) struct Form<'a, 'w, R> {
    pub(crate) level: Level,
    pub(crate) blocks: RowBlocks,
    /// The reflectors.
    pub(crate) v: &'a mut Planes<'w, R>,
    pub(crate) tau: &'a [Tau<R>],
    /// [X 0; 0 I] of which block 0 is there already.
    pub(crate) c: &'a mut Planes<'w, R>,
    /// For VᴴV, n×n.
    pub(crate) gram: &'a mut Planes<'w, R>,
    /// For T VᴴC, of n rows and the columns of C.
    pub(crate) z: &'a mut Planes<'w, R>,
    pub(crate) scratch: &'a mut [Lane<R>],
}

impl<R: Real> Form<'_, '_, R> {
    /// Where C is zero below the rows of X before the last step if it is `thin`: where it has no more columns than X.
    pub(crate) fn compute(&mut self, thin: bool) {
        let n = self.tau.len() / self.blocks.count();
        // (Nothing of it is part of a program without vectors.)
        if LANES > 1 {
            (1..self.blocks.count()).rev().for_each(|i| self.below(i, n, thin));
        }
        let v = self.blocks.block(self.v, 0);
        let mut c = self.blocks.block(self.c, 0);
        let filled = if thin { n } else { self.blocks.rows(0).1 };
        block::apply(self.level, Reflectors::all(&v, &self.tau[..n]), &mut c, filled, self.scratch);
    }

    /// The reflectors of block `i`.
    fn below(&mut self, i: usize, n: usize, thin: bool) {
        let v = self.blocks.block(self.v, i);
        let shape = PlaneShape { top: 0, lanes: v.depth, cols: n, depth: v.depth, parts: v.parts };
        let v = Block { data: v.data, shape };
        let square = PlaneShape { lanes: self.gram.depth, depth: self.gram.depth, ..shape };
        BlockMut { data: self.gram.data, shape: square }.set_gram(self.level, v, 0);
        let (head, mut c) = self.blocks.pair(self.c, i);
        c.set_unit_rows(self.blocks.rows(i).0);
        let cols = c.data.len() / c.stride().max(1);
        let of_c = PlaneShape { cols, ..shape };
        for first in (0..n).step_by(BLOCK).rev() {
            let end = n.min(first + BLOCK);
            let tau = &self.tau[i * n + first..i * n + end];
            let mut place = Workplace::new(self.scratch, shape.parts, end - first, cols);
            let (top, lanes) = (first / LANES, padded(end - first) / LANES);
            // W = X + VᴴC − (what the later columns of V have in common with these) Z; Z and T with their signs changed.
            place.w.data.fill([R::zero(); LANES]);
            if !thin {
                let c = Block { data: c.data, shape: of_c };
                place.w.set_overlap(self.level, v.columns(first, end - first), c);
            }
            let rows = PlaneShape { top, lanes, ..of_c };
            let mut head = BlockMut { data: &mut *head.data, shape: PlaneShape { depth: head.depth, ..rows } };
            place.w.shape.lanes = lanes;
            place.w.add(head.as_block());
            let gram = Block { data: self.gram.data, shape: square }.lanes(top, lanes);
            let rows_of_z = PlaneShape { depth: self.z.depth, ..rows };
            for later in (end..n).step_by(BLOCK) {
                let count = BLOCK.min(n - later);
                let z = Block { data: self.z.data, shape: rows_of_z };
                let z = z.lanes(later / LANES - top, padded(count) / LANES);
                place.w.add_product(self.level, &[gram.columns(later, count)], z);
            }
            place.set_factor_from(self.level, gram.columns(first, end - first), tau);
            place.multiply(self.level, Product::Forward);
            head.add(place.z.as_block());
            BlockMut { data: self.z.data, shape: rows_of_z }.set(place.z.as_block());
        }
        let mut c = BlockMut { data: c.data, shape: of_c };
        let z = Block { data: self.z.data, shape: PlaneShape { depth: self.z.depth, lanes: self.z.depth, ..of_c } };
        for first in (0..n).step_by(BLOCK) {
            let count = BLOCK.min(n - first);
            let z = z.lanes(first / LANES, padded(count) / LANES);
            c.add_product(self.level, &[v.columns(first, count)], z);
        }
    }
}
