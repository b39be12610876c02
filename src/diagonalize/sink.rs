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
        self.level.run(Rotate { columns, rotations: &[[rotation.c, rotation.s]] });
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
fn neighbours<'a, R: Real, const COUNT: usize>(
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
            Late::<A, R> { rows, columns, start, backwards: flipped, waiting: [none; 2], arith: PhantomData };
        sweep.chase(&mut late);
        if steps.is_multiple_of(2) { late.apply::<3>(steps) } else { late.apply::<2>(steps) }
    }
}

/// Turns the columns as the rotations come, two steps together and later than the next root is begun: so the columns have all that they need
/// while the roots and quotients of the next steps, each of which waits for the one before, are on their way.
struct Late<'a, A, R> {
    rows: Planes<'a, R>,
    columns: Planes<'a, R>,
    /// The first column that is turned.
    start: usize,
    backwards: bool,
    /// The rotations of the last two steps, of the columns and of the rows.
    waiting: [[Rotation<R>; 2]; 2],
    arith: PhantomData<A>,
}

impl<A: Arith, R: Real> Turn<R> for Late<'_, A, R> {
    #[inline(always)]
    fn turn(&mut self, i: usize, right: Rotation<R>, left: Rotation<R>) {
        if i > 0 && i.is_multiple_of(2) {
            self.apply::<3>(i);
        }
        self.waiting = [self.waiting[1], [right, left]];
    }
}

impl<A: Arith, R: Real> Late<'_, A, R> {
    /// The rotations of the last steps before step `i`, one fewer than `COUNT`.
    #[inline(always)]
    fn apply<const COUNT: usize>(&mut self, i: usize) {
        let i = i + 1 - COUNT;
        let j = if self.backwards { self.start - i } else { self.start + i };
        for (side, basis) in [&mut self.columns, &mut self.rows].into_iter().enumerate() {
            let rotations = self.waiting.map(|step| [step[side].c, step[side].s]);
            let columns = neighbours::<R, COUNT>(basis, j, self.backwards);
            Rotate { columns, rotations: &rotations[3 - COUNT..] }.run::<A>();
        }
    }
}
