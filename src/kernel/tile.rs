//! The innermost loop of every product of matrices: a tile of it, in registers.
#![expect(unsafe_code, reason = "the entries of B are read in the innermost loop")]

use core::marker::PhantomData;

use super::Arith;
use super::lanes::{add_scaled, each, lane_by_lane, sub_scaled};
use crate::scalar::Real;

/// `WIDE` columns of `PARTS` planes of `TALL` registers of `W` reals.
pub(super) type Tile<R, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize> =
    [[[[R; W]; TALL]; PARTS]; WIDE];

/// Some rows of `WIDE` columns of the right factor.
pub(super) trait Right<R, const WIDE: usize> {
    /// How many rows.
    fn rows(&self) -> usize;

    /// Real and imaginary part of entry (l, j).
    ///
    /// # Safety
    /// l is less than [`rows`](Right::rows).
    unsafe fn entry(&self, l: usize, j: usize) -> [R; 2];
}

/// Adds P B to the tile. Of each column of P come `TALL` registers of real parts, and then those of imaginary ones.
#[inline(always)]
pub(super) fn multiply<A: Arith, R: Real, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
    tile: &mut Tile<R, W, PARTS, TALL, WIDE>,
    p: &[[R; W]],
    b: &impl Right<R, WIDE>,
) {
    assert!(p.len() / (TALL * PARTS) <= b.rows());
    for (l, p) in p.chunks_exact(TALL * PARTS).enumerate() {
        lane_by_lane();
        for (j, column) in tile.iter_mut().enumerate() {
            // SAFETY: there are no more chunks than rows.
            let b = unsafe { b.entry(l, j) };
            for i in 0..TALL {
                column[0][i] = add_scaled::<A, R, W>(column[0][i], p[i], b[0]);
                if PARTS == 2 {
                    let (re, im) = (p[i], p[TALL + i]);
                    column[0][i] = sub_scaled::<A, R, W>(column[0][i], im, b[1]);
                    column[1][i] = add_scaled::<A, R, W>(column[1][i], re, b[1]);
                    column[1][i] = add_scaled::<A, R, W>(column[1][i], im, b[0]);
                }
            }
        }
    }
}

/// Columns whose planes are slices of one length.
pub(super) struct Columns<'b, R, const WIDE: usize> {
    starts: [[*const R; 2]; WIDE],
    rows: usize,
    borrowed: PhantomData<&'b R>,
}

impl<'b, R: Real, const WIDE: usize> Columns<'b, R, WIDE> {
    /// `rows` entries of the planes of each column.
    #[inline(always)]
    pub(super) fn new(rows: usize, mut planes: impl FnMut(usize) -> [&'b [R]; 2]) -> Self {
        let starts = each([core::ptr::null(); 2], |j| {
            let [re, im] = planes(j);
            [re[..rows].as_ptr(), im[..rows].as_ptr()]
        });
        Columns { starts, rows, borrowed: PhantomData }
    }
}

impl<R: Real, const WIDE: usize> Right<R, WIDE> for Columns<'_, R, WIDE> {
    #[inline(always)]
    fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    unsafe fn entry(&self, l: usize, j: usize) -> [R; 2] {
        let [re, im] = self.starts[j];
        // SAFETY: both planes are slices of `rows` entries, which the columns borrow.
        unsafe { [*re.add(l), *im.add(l)] }
    }
}
