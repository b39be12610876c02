//! The innermost loop of every product of matrices: a tile of it, in registers.
#![expect(unsafe_code, reason = "the entries of B are read in the innermost loop")]

use core::marker::PhantomData;

use super::Arith;
use super::lanes::{LANES, each, lane_by_lane};
use crate::scalar::Real;

/// `WIDE` columns of `PARTS` planes of `TALL` registers of `W` reals.
pub(super) type Tile<R, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize> =
    [[[[R; W]; TALL]; PARTS]; WIDE];

/// Two lanes.
pub(super) const PAIR: usize = 2 * LANES;

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

/// Some columns of the left factor, as many registers of W reals to each as are asked for.
pub(super) trait Panel<R, const W: usize> {
    /// How many columns of this height there are.
    fn columns(&self, height: usize) -> usize;

    /// Column l.
    ///
    /// # Safety
    /// l is less than the number of [`columns`](Panel::columns) of this height.
    unsafe fn column(&self, l: usize, height: usize) -> &[[R; W]];
}

/// One after another.
impl<R, const W: usize> Panel<R, W> for &[[R; W]] {
    #[inline(always)]
    fn columns(&self, height: usize) -> usize {
        self.len() / height
    }

    #[inline(always)]
    unsafe fn column(&self, l: usize, height: usize) -> &[[R; W]] {
        // SAFETY: the slice has more than l times as many registers as a column.
        unsafe { self.get_unchecked(l * height..(l + 1) * height) }
    }
}

/// Where a matrix has them: from the first real on, `step` reals apart.
pub(super) struct InPlace<'a, R> {
    reals: &'a [R],
    step: usize,
    height: usize,
    columns: usize,
}

impl<'a, R> InPlace<'a, R> {
    /// `columns` columns of `height` reals; nothing where the slice ends before the last of them does.
    #[inline(always)]
    pub(super) fn new(reals: &'a [R], step: usize, (height, columns): (usize, usize)) -> Option<Self> {
        let last = columns.checked_sub(1)?.checked_mul(step)?;
        (last.checked_add(height)? <= reals.len()).then_some(InPlace { reals, step, height, columns })
    }
}

impl<R, const W: usize> Panel<R, W> for InPlace<'_, R> {
    #[inline(always)]
    fn columns(&self, height: usize) -> usize {
        if height * W <= self.height { self.columns } else { 0 }
    }

    #[inline(always)]
    unsafe fn column(&self, l: usize, height: usize) -> &[[R; W]] {
        // SAFETY: the last column, which is at least as high, ends within the slice, of reals as they lie in a register.
        unsafe { core::slice::from_raw_parts(self.reals.as_ptr().add(l * self.step).cast(), height) }
    }
}

/// Adds P B to the tile. Of each column of P come `TALL` registers of real parts, and then those of imaginary ones.
#[inline(always)]
pub(super) fn multiply<A: Arith, R: Real, const W: usize, const PARTS: usize, const TALL: usize, const WIDE: usize>(
    tile: &mut Tile<R, W, PARTS, TALL, WIDE>,
    p: &impl Panel<R, W>,
    b: &impl Right<R, WIDE>,
) {
    let columns = p.columns(TALL * PARTS);
    assert!(columns <= b.rows());
    for l in 0..columns {
        lane_by_lane();
        // SAFETY: there are as many.
        let p = unsafe { p.column(l, TALL * PARTS) };
        for (j, column) in tile.iter_mut().enumerate() {
            // SAFETY: there are no more columns of P than rows.
            let b = unsafe { b.entry(l, j) };
            if const { lanes_in_pairs::<A, R>() && W == LANES && TALL.is_multiple_of(2) } {
                add_column::<A, R, W, PARTS, TALL, PAIR>(column, p, b);
            } else {
                add_column::<A, R, W, PARTS, TALL, W>(column, p, b);
            }
        }
    }
}

/// Adds p b to a column of the tile, `N` reals at a time.
#[inline(always)]
fn add_column<A: Arith, R: Real, const W: usize, const PARTS: usize, const TALL: usize, const N: usize>(
    column: &mut [[[R; W]; TALL]; PARTS],
    p: &[[R; W]],
    b: [R; 2],
) {
    let (re, im) = p.as_flattened().split_at(TALL * W);
    let (re, im) = (re.as_chunks::<N>().0, im.as_chunks::<N>().0);
    for i in 0..TALL * W / N {
        let sum = &mut column[0].as_flattened_mut().as_chunks_mut::<N>().0[i];
        A::add_scaled::<R, N, false>(sum, &re[i], b[0]);
        if PARTS == 2 {
            A::add_scaled::<R, N, true>(sum, &im[i], b[1]);
            let sum = &mut column[1].as_flattened_mut().as_chunks_mut::<N>().0[i];
            A::add_scaled::<R, N, false>(sum, &re[i], b[1]);
            A::add_scaled::<R, N, false>(sum, &im[i], b[0]);
        }
    }
}

/// Whether two lanes are one register.
pub(super) const fn lanes_in_pairs<A: Arith, R>() -> bool {
    A::REGISTERS == 32 && size_of::<R>() * LANES == 32
}

/// The same of one lane of complex rows, where that and the lane of the imaginary parts are one register ([`lanes_in_pairs`]): what
/// the real parts of B add to both, and what the imaginary ones do.
#[inline(always)]
pub(super) fn multiply_pairs<A: Arith, R: Real, const W: usize, const WIDE: usize>(
    p: &[[R; W]],
    b: &impl Right<R, WIDE>,
) -> [[[R; PAIR]; 2]; WIDE] {
    let p = p.as_flattened().as_chunks::<PAIR>().0;
    assert!(p.len() <= b.rows());
    let mut sums = [[[R::zero(); PAIR]; 2]; WIDE];
    for (l, p) in p.iter().enumerate() {
        lane_by_lane();
        for (j, [by_re, by_im]) in sums.iter_mut().enumerate() {
            // SAFETY: there are no more of P than rows.
            let [re, im] = unsafe { b.entry(l, j) };
            A::add_scaled::<R, PAIR, false>(by_re, p, re);
            A::add_scaled::<R, PAIR, false>(by_im, p, im);
        }
    }
    sums
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither beyond the reals that are there, nor more registers than a column has.
    #[test]
    fn panels_in_place_fit_their_matrix() {
        let reals = [1.0; 18];
        let panel = |len: usize, columns| InPlace::new(&reals[..len], 10, (8, columns));
        assert!(panel(17, 2).is_none() && panel(18, 0).is_none() && InPlace::new(&reals, usize::MAX, (8, 3)).is_none());
        let panel = panel(18, 2).unwrap();
        assert_eq!([1, 2].map(|height| Panel::<f64, 8>::columns(&panel, height)), [2, 0]);
        assert_eq!([1, 2, 3].map(|height| Panel::<f64, 4>::columns(&panel, height)), [2, 2, 0]);
    }
}
