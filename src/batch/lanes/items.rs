//! The matrices of a batch in the caller's memory, and the way from there into a tile and back.

use super::vector::{Lane, entry_by_entry};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Scalar, Zero};

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
    /// The transposes.
    pub(super) fn transpose(self) -> Self {
        Items { row: self.col, col: self.row, ..self }
    }

    /// One of the matrices.
    pub(super) fn get(&self, item: usize, (rows, cols): (usize, usize)) -> MatRef<'a, S> {
        let data = self.data.get(item * self.item..).unwrap_or_default();
        MatRef::new(data, rows, cols, self.row, self.col).unwrap_or(MatRef::empty())
    }

    /// W matrices from number `first` on into a tile whose columns have `len` lanes; beyond the last of `count` that one is repeated.
    #[inline(always)]
    pub(super) fn gather<const W: usize>(
        &self,
        (first, count): (usize, usize),
        (rows, cols): (usize, usize),
        (tile, len): (&mut [Lane<S::Real, W>], usize),
        conjugate: bool,
    ) {
        let sign = if conjugate { -S::Real::one() } else { S::Real::one() };
        let extent = (rows - 1) * self.row + (cols - 1) * self.col + 1;
        let mut items = [self.data; W];
        for l in 0..W {
            let start = (first + l).min(count - 1) * self.item;
            items[l] = &self.data[start..start + extent];
        }
        for (j, column) in tile.chunks_exact_mut(len).take(cols).enumerate() {
            for (i, entry) in column.chunks_exact_mut(S::PARTS).take(rows).enumerate() {
                entry_by_entry();
                let at = i * self.row + j * self.col;
                for l in 0..W {
                    entry_by_entry();
                    entry[0][l] = items[l][at].re();
                }
                if S::PARTS == 2 {
                    for l in 0..W {
                        entry_by_entry();
                        entry[1][l] = sign * items[l][at].im();
                    }
                }
            }
        }
    }
}

impl<S: Scalar> ItemsMut<'_, S> {
    /// The transposes.
    pub(super) fn transpose(self) -> Self {
        ItemsMut { row: self.col, col: self.row, ..self }
    }

    /// One of the matrices.
    pub(super) fn get(&mut self, item: usize, (rows, cols): (usize, usize)) -> MatMut<'_, S> {
        let data = self.data.get_mut(item * self.item..).unwrap_or_default();
        MatMut::new(data, rows, cols, self.row, self.col).unwrap_or(MatMut::empty())
    }

    /// One lane of a packed matrix into matrix number `item`, or, where `keep`, added to it.
    #[inline(always)]
    pub(super) fn add<const W: usize>(
        &mut self,
        (item, lane): (usize, usize),
        (rows, cols): (usize, usize),
        tile: &[Lane<S::Real, W>],
        keep: bool,
    ) {
        if !keep {
            return self.scatter((item, lane), (rows, cols), tile, rows * S::PARTS);
        }
        let mut target = self.get(item, (rows, cols));
        for (e, entry) in tile.chunks_exact(S::PARTS).take(rows * cols).enumerate() {
            entry_by_entry();
            let im = if S::PARTS == 2 { entry[1][lane] } else { S::Real::zero() };
            let (i, j) = (e % rows, e / rows);
            target.put(i, j, target.at(i, j) + S::from_parts(entry[0][lane], im));
        }
    }

    /// One lane of a tile whose columns have `column_len` lanes into matrix number `item`.
    #[inline(always)]
    pub(super) fn scatter<const W: usize>(
        &mut self,
        (item, lane): (usize, usize),
        (rows, cols): (usize, usize),
        tile: &[Lane<S::Real, W>],
        column_len: usize,
    ) {
        let start = item * self.item;
        let extent = (rows - 1) * self.row + (cols - 1) * self.col + 1;
        let Some(target) = self.data.get_mut(start..start + extent) else { return };
        for (j, column) in tile.chunks(column_len).take(cols).enumerate() {
            for (i, entry) in column.chunks_exact(S::PARTS).take(rows).enumerate() {
                entry_by_entry();
                let im = if S::PARTS == 2 { entry[1][lane] } else { S::Real::zero() };
                target[i * self.row + j * self.col] = S::from_parts(entry[0][lane], im);
            }
        }
    }
}
