//! The matrices of a batch in the caller's memory, and the way from there into a tile and back: four reals of four matrices at a time
//! where the entries of a matrix lie one after another, otherwise one by one.

use super::tile::by_registers;
use super::tile::{LONGEST, MOST};
use crate::kernel::vector::{Lane, any, entry_by_entry};
use crate::kernel::{Arith, Stream, Task, cast};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{Scalar, Zero};

/// Matrices at a fixed distance: entry (i, j) of item b is `data[b * item + i * row + j * col]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items<'a, S> {
    pub(crate) data: &'a [S],
    pub(crate) item: usize,
    pub(crate) row: usize,
    pub(crate) col: usize,
}

/// The same, to be written.
#[derive(Debug)]
pub(crate) struct ItemsMut<'a, S> {
    pub(crate) data: &'a mut [S],
    pub(crate) item: usize,
    pub(crate) row: usize,
    pub(crate) col: usize,
}

impl<'a, S: Scalar> Items<'a, S> {
    /// Those from number `first` on.
    pub(crate) fn from(self, first: usize) -> Self {
        Items { data: self.data.get(first * self.item..).unwrap_or_default(), ..self }
    }

    /// The transposes.
    pub(super) fn transpose(self) -> Self {
        Items { row: self.col, col: self.row, ..self }
    }

    /// One of the matrices.
    pub(super) fn get(&self, item: usize, (rows, cols): (usize, usize)) -> MatRef<'a, S> {
        let data = self.data.get(item * self.item..).unwrap_or_default();
        MatRef::new(data, rows, cols, self.row, self.col).unwrap_or(MatRef::empty())
    }

    /// W matrices from number `first` on into a tile with these places; beyond the last of `count` that one is repeated.
    #[inline(always)]
    pub(super) fn gather<A: Arith, const W: usize>(
        &self,
        (first, count): (usize, usize),
        tile: &mut [Lane<S::Real, W>],
        places: &Places,
    ) {
        if !places.packed || first + W > count {
            self.gather_entries((first, count), tile, places);
        } else {
            A::call(Gather { from: *self, first, tile, places });
        }
    }

    /// The reals of `count` matrices from number `first` on, or of as many as there are, where they lie one after another.
    #[inline(always)]
    pub(super) fn ahead(&self, (first, count): (usize, usize), places: &Places) -> &'a [S::Real] {
        if !places.packed || self.item != places.count {
            return &[];
        }
        let end = self.data.len().min((first + count) * self.item);
        cast::reals_of(self.data.get(first * self.item..end).unwrap_or_default())
    }

    #[inline(never)]
    fn gather_entries<const W: usize>(
        &self,
        (first, count): (usize, usize),
        tile: &mut [Lane<S::Real, W>],
        places: &Places,
    ) {
        for (i, j, place) in places.entries::<S>() {
            let offset = i * self.row + j * self.col;
            for (l, lane) in tile[place].iter_mut().enumerate() {
                *lane = self.data[(first + l).min(count - 1) * self.item + offset].re();
            }
            if S::PARTS == 2 {
                for (l, lane) in tile[place + 1].iter_mut().enumerate() {
                    *lane = self.data[(first + l).min(count - 1) * self.item + offset].im();
                }
            }
        }
    }

    /// Where the entries of such matrices stand in a tile whose columns have `len` lanes.
    pub(super) fn places(&self, shape: (usize, usize), len: usize) -> Places {
        Places::new::<S>(shape, (self.row, self.col), len)
    }
}

/// Where the entries of a matrix stand in a tile.
pub(super) struct Places {
    /// Of real number r of a packed matrix; beyond them, the place of the first.
    order: [u16; MOST * LONGEST * 2],
    /// Whether the entries lie one after another in the caller's memory, column by column or row by row.
    packed: bool,
    shape: (usize, usize),
    count: usize,
    len: usize,
}

impl Places {
    fn new<S: Scalar>(shape: (usize, usize), (row, col): (usize, usize), len: usize) -> Self {
        let (rows, cols) = shape;
        let mut order = [0; MOST * LONGEST * 2];
        let by_columns = (row == 1 || rows == 1) && (col == rows || cols == 1);
        let by_rows = (col == 1 || cols == 1) && (row == cols || rows == 1);
        for (r, place) in order.iter_mut().enumerate().take(rows * cols * S::PARTS) {
            let (e, part) = (r / S::PARTS, r % S::PARTS);
            let (i, j) = if by_columns { (e % rows, e / rows) } else { (e / cols, e % cols) };
            *place = u16::try_from(j * len + i * S::PARTS + part).unwrap_or_default();
        }
        // A foreign layout of entries is never taken for reals.
        let packed = (by_columns || by_rows) && cast::is_reals::<S>();
        Places { order, packed, shape, count: rows * cols, len }
    }

    /// Of the real numbers r to r + 4.
    #[inline(always)]
    fn four(&self, r: usize) -> &[u16; 4] {
        self.order[r..].first_chunk().unwrap_or(&[0; 4])
    }

    /// Row, column and place of each entry.
    fn entries<S: Scalar>(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let ((rows, cols), len) = (self.shape, self.len);
        (0..cols).flat_map(move |j| (0..rows).map(move |i| (i, j, j * len + i * S::PARTS)))
    }
}

impl<S: Scalar> ItemsMut<'_, S> {
    /// Those from number `first` on.
    pub(crate) fn from(self, first: usize) -> Self {
        ItemsMut { data: self.data.get_mut(first * self.item..).unwrap_or_default(), ..self }
    }

    /// One of the matrices.
    pub(super) fn get(&mut self, item: usize, (rows, cols): (usize, usize)) -> MatMut<'_, S> {
        let data = self.data.get_mut(item * self.item..).unwrap_or_default();
        MatMut::new(data, rows, cols, self.row, self.col).unwrap_or(MatMut::empty())
    }

    /// Where the entries of such matrices stand in a tile whose columns have `len` lanes.
    pub(super) fn places(&self, shape: (usize, usize), len: usize) -> Places {
        Places::new::<S>(shape, (self.row, self.col), len)
    }

    /// The same matrices, to be read.
    #[inline(always)]
    pub(super) fn view(&self) -> Items<'_, S> {
        Items { data: &*self.data, item: self.item, row: self.row, col: self.col }
    }

    /// The `live` first matrices of a tile into those from number `first` on, but for those that are not zero in `failed`.
    #[inline(always)]
    pub(super) fn scatter<A: Arith, const W: usize>(
        &mut self,
        (first, live): (usize, usize),
        tile: &[Lane<S::Real, W>],
        places: &Places,
        failed: &Lane<S::Real, W>,
    ) {
        if !places.packed || live < W || any(failed) {
            self.scatter_entries((first, live), tile, places, (failed, false));
        } else {
            let to = cast::as_reals(self.data.get_mut(first * self.item..).unwrap_or_default());
            A::call(Scatter::<S, W> { to, step: self.item * S::PARTS, tile, places });
        }
    }

    /// The same past the caches, where whole lines of them are written; `scratch` has room for a tile of such matrices.
    #[inline(always)]
    pub(super) fn stream<A: Arith, const W: usize>(
        &mut self,
        (first, live): (usize, usize),
        tile: &[Lane<S::Real, W>],
        (places, failed): (&Places, &Lane<S::Real, W>),
        (stream, scratch): (&mut Stream, &mut [Lane<S::Real, W>]),
    ) {
        let len = places.count * S::PARTS;
        if !places.packed || live < W || any(failed) || self.item != places.count {
            return self.scatter::<A, W>((first, live), tile, places, failed);
        }
        let scratch = scratch[..len].as_flattened_mut();
        A::call(Scatter::<S, W> { to: scratch, step: len, tile, places });
        stream.copy(&mut cast::as_reals(self.data)[first * len..][..W * len], scratch);
    }

    /// The same as `scatter`, or, where `keep`, added to what is there.
    #[inline(never)]
    pub(super) fn scatter_entries<const W: usize>(
        &mut self,
        (first, live): (usize, usize),
        tile: &[Lane<S::Real, W>],
        places: &Places,
        (failed, keep): (&Lane<S::Real, W>, bool),
    ) {
        for l in (0..live).filter(|&l| failed[l] == S::Real::zero()) {
            let start = (first + l) * self.item;
            for (i, j, place) in places.entries::<S>() {
                let im = if S::PARTS == 2 { tile[place + 1][l] } else { S::Real::zero() };
                let x = S::from_parts(tile[place][l], im);
                let target = &mut self.data[start + i * self.row + j * self.col];
                *target = if keep { *target + x } else { x };
            }
        }
    }
}

/// W packed matrices into a tile.
struct Gather<'t, S: Scalar, const W: usize> {
    from: Items<'t, S>,
    first: usize,
    tile: &'t mut [Lane<S::Real, W>],
    places: &'t Places,
}

impl<S: Scalar, const W: usize> Task for Gather<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        by_registers!(self, S, A, W);
    }
}

impl<S: Scalar, const W: usize> Gather<'_, S, W> {
    /// By registers of H lanes.
    #[inline(always)]
    fn registers<A: Arith, const H: usize>(self) {
        let Gather { from, first, tile, places } = self;
        let data = cast::reals_of(from.data);
        let (step, len) = (from.item * S::PARTS, places.count * S::PARTS);
        for register in 0..W / H {
            let items = data.get((first + H * register) * step..).unwrap_or_default();
            let met = A::lanes::<_, H>(items, (step, len), |first, lanes| {
                entry_by_entry();
                // Backwards: of less than four numbers, those that mean nothing go where the first one will be.
                for (lanes, &place) in lanes.iter().zip(places.four(first)).rev() {
                    tile[usize::from(place)].as_chunks_mut().0[register] = *lanes;
                }
            });
            for r in met..len {
                let lanes = &mut tile[usize::from(places.order[r])].as_chunks_mut::<H>().0[register];
                for (l, x) in lanes.iter_mut().enumerate() {
                    *x = items[l * step + r];
                }
            }
        }
    }
}

/// [`Items::ahead`] where there are such matrices.
#[inline(always)]
pub(super) fn ahead_of<'a, S: Scalar>(
    part: Option<Items<'a, S>>,
    items: (usize, usize),
    places: Option<&Places>,
) -> &'a [S::Real] {
    match (part, places) {
        (Some(part), Some(places)) => part.ahead(items, places),
        _ => &[],
    }
}

/// The way back.
struct Scatter<'t, S: Scalar, const W: usize> {
    to: &'t mut [S::Real],
    /// Reals from one matrix to the next.
    step: usize,
    tile: &'t [Lane<S::Real, W>],
    places: &'t Places,
}

impl<S: Scalar, const W: usize> Task for Scatter<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        by_registers!(self, S, A, W);
    }
}

impl<S: Scalar, const W: usize> Scatter<'_, S, W> {
    /// By registers of H lanes.
    #[inline(always)]
    fn registers<A: Arith, const H: usize>(self) {
        let Scatter { to, step, tile, places } = self;
        let len = places.count * S::PARTS;
        for register in 0..W / H {
            let items = to.get_mut(H * register * step..).unwrap_or_default();
            let written = A::rows::<_, H>(items, (step, len), |first| {
                entry_by_entry();
                let mut lanes = [[S::Real::zero(); H]; 4];
                for (lanes, &place) in lanes.iter_mut().zip(places.four(first)) {
                    *lanes = tile[usize::from(place)].as_chunks().0[register];
                }
                lanes
            });
            for r in written..len {
                let lanes = &tile[usize::from(places.order[r])].as_chunks::<H>().0[register];
                for (l, &x) in lanes.iter().enumerate() {
                    items[l * step + r] = x;
                }
            }
        }
    }
}
