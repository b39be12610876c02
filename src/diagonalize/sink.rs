//! What the diagonalization does to the columns of U and V.

use core::marker::PhantomData;

use super::sweep::{Sweep, Turn};
use crate::kernel::rotate::Rotate;
use crate::kernel::{Arith, Lane, Level, Planes, Task};
use crate::rotation::Rotation;
use crate::scalar::Real;

/// Which orthogonal factor a rotation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// U, the factor of the rows.
    Left,
    /// V, the factor of the columns.
    Right,
}

/// Receives what the diagonalization does to the columns of U and V. `()` receives nothing: singular values only.
pub(crate) trait Sink<R: Real> {
    /// Carries out a sweep, and its rotations.
    fn sweep(&mut self, sweep: Sweep<'_, R>);
    /// A rotation of the columns `j` and `j + 1`.
    fn rotate(&mut self, side: Side, j: usize, rotation: Rotation<R>);
    /// Column `j` of V changes sign.
    fn negate(&mut self, j: usize);
    /// Columns `i < j` of both factors change places.
    fn swap(&mut self, i: usize, j: usize);
}

impl<R: Real> Sink<R> for () {
    fn sweep(&mut self, sweep: Sweep<'_, R>) {
        sweep.chase(&mut ());
    }
    fn rotate(&mut self, _: Side, _: usize, _: Rotation<R>) {}
    fn negate(&mut self, _: usize) {}
    fn swap(&mut self, _: usize, _: usize) {}
}

impl<R: Real> Turn<R> for () {
    fn turn(&mut self, _: usize, _: Rotation<R>, _: Rotation<R>) {}
}

/// The columns of U and V in the work storage.
pub(crate) struct Columns<'a, R> {
    pub(crate) u: Planes<'a, R>,
    pub(crate) v: Planes<'a, R>,
    pub(crate) level: Level,
}

impl<R: Real> Sink<R> for Columns<'_, R> {
    fn sweep(&mut self, sweep: Sweep<'_, R>) {
        self.level.run(Turned { sweep, u: self.u.reborrow(), v: self.v.reborrow() });
    }

    fn rotate(&mut self, side: Side, j: usize, rotation: Rotation<R>) {
        let basis = match side {
            Side::Left => &mut self.u,
            Side::Right => &mut self.v,
        };
        let columns = neighbours::<R, 2>(basis, j, false);
        self.level.run(Rotate { columns, rotations: &[rotation] });
    }

    fn negate(&mut self, j: usize) {
        for x in self.v.column(j).as_flattened_mut() {
            *x = -*x;
        }
    }

    fn swap(&mut self, i: usize, j: usize) {
        for basis in [&mut self.u, &mut self.v] {
            let (mut left, mut right) = basis.reborrow().split(j);
            left.column(i).swap_with_slice(right.column(0));
        }
    }
}

/// `COUNT` columns from column `j` on, or, backwards, up to it.
#[inline(always)]
pub(super) fn neighbours<'a, R: Real, const COUNT: usize>(
    basis: &'a mut Planes<'_, R>,
    j: usize,
    backwards: bool,
) -> [&'a mut [Lane<R>]; COUNT] {
    let stride = basis.stride();
    let first = if backwards { j + 1 - COUNT } else { j };
    let mut rest = &mut basis.data[first * stride..(first + COUNT) * stride];
    let mut columns: [&mut [Lane<R>]; COUNT] = core::array::from_fn(|_| Default::default());
    for k in 0..COUNT {
        let (column, others) = core::mem::take(&mut rest).split_at_mut(stride);
        columns[if backwards { COUNT - 1 - k } else { k }] = column;
        rest = others;
    }
    columns
}

/// A sweep with the rotations of its columns.
struct Turned<'a, R> {
    sweep: Sweep<'a, R>,
    u: Planes<'a, R>,
    v: Planes<'a, R>,
}

impl<R: Real> Task for Turned<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Turned { sweep, u, v } = self;
        let Sweep { first, flipped, .. } = sweep;
        let steps = sweep.e.len();
        // Read backwards, rows are columns.
        let (rows, columns, start) = if flipped { (v, u, first + steps) } else { (u, v, first) };
        let none = [Rotation { c: R::one(), s: R::zero() }; 2];
        let mut late =
            Late::<A, R> { bases: [columns, rows], start, backwards: flipped, waiting: [none; 3], arith: PhantomData };
        sweep.chase(&mut late);
        late.finish(steps);
    }
}

/// The bases in [`Late`].
const COLUMNS: usize = 0;
const ROWS: usize = 1;

/// Turns the columns as the rotations come, later than the next root is begun and two steps together, those of one basis after an even number of steps
/// and those of the other after an odd one: so the columns have all that they need while the roots and quotients of the next steps, each of which
/// waits for the one before, are on their way, and the processor sees both at the same time.
struct Late<'a, A, R> {
    /// That of the columns of B, and that of the rows.
    bases: [Planes<'a, R>; 2],
    /// The first column that is turned.
    start: usize,
    backwards: bool,
    /// The rotations of the last steps, of the columns and of the rows.
    waiting: [[Rotation<R>; 2]; 3],
    arith: PhantomData<A>,
}

impl<A: Arith, R: Real> Turn<R> for Late<'_, A, R> {
    #[inline(always)]
    fn turn(&mut self, i: usize, right: Rotation<R>, left: Rotation<R>) {
        if i.is_multiple_of(2) {
            if i > 0 {
                self.apply::<COLUMNS, 3, 2>(i);
            }
        } else if i > 1 {
            self.apply::<ROWS, 3, 3>(i);
        }
        self.waiting = [self.waiting[1], self.waiting[2], [right, left]];
    }
}

impl<A: Arith, R: Real> Late<'_, A, R> {
    /// What still waits after the last step.
    #[inline(always)]
    fn finish(&mut self, steps: usize) {
        if steps.is_multiple_of(2) {
            self.apply::<COLUMNS, 3, 2>(steps);
            self.apply::<ROWS, 3, 2>(steps);
        } else {
            self.apply::<COLUMNS, 2, 1>(steps);
            if steps > 1 {
                self.apply::<ROWS, 3, 3>(steps);
            }
            self.apply::<ROWS, 2, 1>(steps);
        }
    }

    /// After so many steps: turns `COUNT` columns of one basis by the rotations, one fewer, from the step on that is `AGO` steps ago.
    #[inline(always)]
    fn apply<const SIDE: usize, const COUNT: usize, const AGO: usize>(&mut self, steps: usize) {
        let first = steps - AGO;
        let j = if self.backwards { self.start - first } else { self.start + first };
        let rotations = self.waiting.map(|step| step[SIDE]);
        let columns = neighbours::<R, COUNT>(&mut self.bases[SIDE], j, self.backwards);
        Rotate { columns, rotations: &rotations[3 - AGO..COUNT + 2 - AGO] }.run::<A>();
    }
}
