//! The trailing columns of a large matrix in pieces, so that several threads can take a step of the reduction together.
//!
//! A piece adds up its own z, and these are added in their order: the result depends on where the columns are cut, which the shape
//! decides, and not on who does which piece.

use core::iter::once;

use crate::kernel::columns::{Step, add, reduction_pass};
use crate::kernel::gather::{Reading, reading_pass};
use crate::kernel::team::Workers;
use crate::kernel::{Arith, LANES, Lane, RowPart, Task};
use crate::scalar::Real;

/// How large the pieces are beside each other. Who leads takes them from the front, others from the back: where they meet pieces are
/// small, so that nobody waits long.
const SIZES: [usize; 8] = [7, 5, 3, 1, 1, 3, 5, 7];

/// Of a matrix that is not large enough for them.
const FEW: [usize; 4] = [1; 4];
const TWO: [usize; 2] = [1; 2];

/// The most pieces.
pub(crate) const PIECES: usize = SIZES.len();

/// Matrices of 16, 8 and 4 times so many bytes are cut, by one list each: a step of smaller ones takes little more than to hand a piece over
/// (`docs/measurements.md`).
const BYTES: usize = 24 << 10;

/// How the columns are cut: as which of the lists, and the lanes of the row vectors.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    sizes: &'static [usize],
    lanes: usize,
}

/// How columns `first..n` with `stride` lanes each are cut; `None` where it is one piece.
#[inline(always)]
pub(super) fn cut<R: Real>((first, n): (usize, usize), stride: usize, more: &[Lane<R>]) -> Option<Cut> {
    let units = (n - first) * stride * size_of::<Lane<R>>() / BYTES;
    let sizes: &[usize] = match units {
        _ if more.is_empty() => return None,
        16.. => &SIZES,
        8.. => &FEW,
        4.. => &TWO,
        _ => return None,
    };
    Some(Cut { sizes, lanes: n.div_ceil(LANES) - first / LANES })
}

/// [`reduction_pass`] over columns from `first` on, z of which is set, in pieces.
#[inline(always)]
pub(super) fn reduction<A: Arith, R: Real, const PARTS: usize>(
    workers: Workers<'_>,
    cut: Option<Cut>,
    (columns, mut row, first): (&mut [Lane<R>], RowPart<'_, R>, usize),
    (mut step, more): (Step<'_, R>, &mut [Lane<R>]),
) {
    let Some(cut) = cut else {
        step.z.fill([R::zero(); LANES]);
        return reduction_pass::<A, R, PARTS>(columns, &mut row, first, &mut step);
    };
    let (stride, from) = (step.depth * PARTS, step.row / LANES);
    let starts = Starts { first, cut, stride };
    let count = share_reduction::<R, PARTS>(workers, starts, (columns, row), (&mut step, more));
    for z in more.chunks_exact(stride).take(count.saturating_sub(1)) {
        add::<R, PARTS>(step.z, z, step.depth, from);
    }
}

/// [`reading_pass`] in the same way.
#[inline(always)]
pub(super) fn reading<A: Arith, R: Real, const PARTS: usize>(
    workers: Workers<'_>,
    cut: Option<Cut>,
    (columns, first): (&[Lane<R>], usize),
    (mut step, more): (Reading<'_, R>, &mut [Lane<R>]),
) {
    let Some(cut) = cut else {
        step.z.fill([R::zero(); LANES]);
        return reading_pass::<A, R, PARTS>(columns, first, &mut step);
    };
    let (depth, from) = (step.depth, step.row / LANES);
    let starts = Starts { first, cut, stride: depth * PARTS };
    let (z, count) = share_reading::<R, PARTS>(workers, starts, columns, (step, more));
    for other in more.chunks_exact(starts.stride).take(count.saturating_sub(1)) {
        add::<R, PARTS>(z, other, depth, from);
    }
}

/// Where the pieces begin.
#[derive(Clone, Copy)]
struct Starts {
    /// The first column.
    first: usize,
    cut: Cut,
    /// Lanes in a column.
    stride: usize,
}

impl Starts {
    /// Of each piece, the lanes of the row vectors, counted from that of the first column, and the number of the first column.
    fn places(self) -> impl Iterator<Item = (usize, usize)> {
        let Starts { first, cut: Cut { sizes, lanes }, .. } = self;
        let whole: usize = sizes.iter().sum();
        let (mut size, mut end) = (0, 0);
        sizes.iter().filter_map(move |next| {
            size += next;
            let start = core::mem::replace(&mut end, lanes * size / whole);
            (end > start).then(|| (end - start, first.max((first / LANES + start) * LANES)))
        })
    }

    /// Lanes of the columns from `column` on up to those that begin `lanes` lanes of the row vectors later.
    fn len(self, lanes: usize, column: usize) -> usize {
        (lanes * LANES - column % LANES) * self.stride
    }
}

/// One piece of [`reduction_pass`].
struct ReductionPiece<'a, R, const PARTS: usize> {
    columns: &'a mut [Lane<R>],
    row: RowPart<'a, R>,
    first: usize,
    step: Step<'a, R>,
}

impl<R: Real, const PARTS: usize> Task for ReductionPiece<'_, R, PARTS> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        self.step.z.fill([R::zero(); LANES]);
        reduction_pass::<A, R, PARTS>(self.columns, &mut self.row, self.first, &mut self.step);
    }
}

/// Returns the number of pieces.
#[inline(never)]
fn share_reduction<R: Real, const PARTS: usize>(
    (team, level): Workers<'_>,
    starts: Starts,
    (columns, row): (&mut [Lane<R>], RowPart<'_, R>),
    (step, more): (&mut Step<'_, R>, &mut [Lane<R>]),
) -> usize {
    let (mut rest, mut row) = (columns, row.starting_at(starts.first / LANES));
    let mut places = starts.places();
    let mut zs = once(&mut *step.z).chain(more.chunks_exact_mut(starts.stride));
    let Step { w, v, q, depth, row: top, .. } = *step;
    let mut tasks: [Option<ReductionPiece<'_, R, PARTS>>; PIECES] = core::array::from_fn(|_| {
        let (lanes, first) = places.next().filter(|_| !rest.is_empty())?;
        let columns = rest.split_off_mut(..starts.len(lanes, first).min(rest.len()))?;
        let step = Step { w, v, z: zs.next()?, q, depth, row: top };
        Some(ReductionPiece { columns, row: row.split_off(lanes), first, step })
    });
    let count = tasks.iter().flatten().count();
    team.share(level, &mut tasks[..count]);
    count
}

/// One piece of [`reading_pass`].
struct ReadingPiece<'a, R, const PARTS: usize> {
    columns: &'a [Lane<R>],
    first: usize,
    step: Reading<'a, R>,
}

impl<R: Real, const PARTS: usize> Task for ReadingPiece<'_, R, PARTS> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        self.step.z.fill([R::zero(); LANES]);
        reading_pass::<A, R, PARTS>(self.columns, self.first, &mut self.step);
    }
}

/// Returns z of the first piece, and the number of pieces.
#[inline(never)]
fn share_reading<'a, R: Real, const PARTS: usize>(
    (team, level): Workers<'_>,
    starts: Starts,
    columns: &[Lane<R>],
    (step, more): (Reading<'a, R>, &mut [Lane<R>]),
) -> (&'a mut [Lane<R>], usize) {
    let mut rest = columns;
    let mut places = starts.places();
    let Reading { v, z: first_z, t, r, q, depth, row } = step;
    let (mut t, mut r) = (t.starting_at(starts.first / LANES), r.starting_at(starts.first / LANES));
    let mut zs = once(&mut *first_z).chain(more.chunks_exact_mut(starts.stride));
    let mut tasks: [Option<ReadingPiece<'_, R, PARTS>>; PIECES] = core::array::from_fn(|_| {
        let (lanes, first) = places.next().filter(|_| !rest.is_empty())?;
        let columns = rest.split_off(..starts.len(lanes, first).min(rest.len()))?;
        let step = Reading { v, z: zs.next()?, t: t.split_off(lanes), r: r.split_off(lanes), q, depth, row };
        Some(ReadingPiece { columns, first, step })
    });
    let count = tasks.iter().flatten().count();
    team.share(level, &mut tasks[..count]);
    (first_z, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_all_lanes_one_after_the_other() {
        for sizes in [&SIZES[..], &FEW, &TWO] {
            for (first, lanes) in (0..3 * LANES).flat_map(|first| (1..70).map(move |lanes| (first, lanes))) {
                let starts = Starts { first, cut: Cut { sizes, lanes }, stride: 1 };
                let mut lane = first / LANES;
                for (count, column) in starts.places() {
                    assert!(count > 0);
                    assert_eq!(column, first.max(lane * LANES), "{first} {lanes}");
                    lane += count;
                    assert_eq!(starts.len(count, column), lane * LANES - column);
                }
                assert_eq!(lane, first / LANES + lanes, "{first} {lanes}");
            }
        }
    }
}
