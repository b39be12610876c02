//! The columns of one matrix, turned by the rotations of several sweeps.

use super::Rotations;
use crate::diagonalize::sink::neighbours;
use crate::diagonalize::sweep::Sweep;
use crate::kernel::rotate::turn;
use crate::kernel::{Arith, Planes, Task};
use crate::rotation::Rotation;
use crate::scalar::Real;

/// A sweep whose rotations are kept.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// Where they begin, and how many steps there are.
    at: usize,
    steps: usize,
    /// The first column of the block, and whether it was read backwards.
    first: usize,
    flipped: bool,
}

impl Past {
    pub(super) fn of<R>(sweep: &Sweep<'_, R>, at: usize) -> Self {
        Past { at, steps: sweep.e.len(), first: sweep.first, flipped: sweep.flipped }
    }
}

/// Turns both bases, one after the other, so that it is the columns of one that stay in the cache.
pub(super) struct Apply<'a, R> {
    pub(super) u: Planes<'a, R>,
    pub(super) v: Planes<'a, R>,
    pub(super) sweeps: &'a [Past],
    pub(super) rotations: &'a [Rotations<R>],
    /// The place of the matrix in the lanes.
    pub(super) place: usize,
}

impl<R: Real> Task for Apply<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Apply { u, v, sweeps, rotations, place } = self;
        // The rotations from the right are those of V; read backwards, of U.
        for (mut basis, of_right) in [(v, false), (u, true)] {
            for sweep in sweeps {
                let rotations = &rotations[sweep.at..sweep.at + sweep.steps];
                let half = if sweep.flipped == of_right { 0 } else { 2 };
                carry_out::<A, R>(&mut basis, sweep, rotations, (half, place));
            }
        }
    }
}

/// One sweep over one basis: so many of its steps at a time, then those that are left.
#[inline(always)]
fn carry_out<A: Arith, R: Real>(
    basis: &mut Planes<'_, R>,
    sweep: &Past,
    rotations: &[Rotations<R>],
    place: (usize, usize),
) {
    let (whole, rest) = rotations.as_chunks::<4>();
    let mut steps = 0;
    for rotations in whole {
        pass::<A, R, 4, 5>(basis, sweep, steps, (rotations, place));
        steps += 4;
    }
    for rotations in rest.as_chunks::<1>().0 {
        pass::<A, R, 1, 2>(basis, sweep, steps, (rotations, place));
        steps += 1;
    }
}

/// `STEPS` steps, of one more columns.
#[inline(always)]
fn pass<A: Arith, R: Real, const STEPS: usize, const COUNT: usize>(
    basis: &mut Planes<'_, R>,
    sweep: &Past,
    steps: usize,
    (rotations, (half, place)): (&[Rotations<R>; STEPS], (usize, usize)),
) {
    let j = if sweep.flipped { sweep.first + sweep.steps - steps } else { sweep.first + steps };
    let columns = neighbours::<R, COUNT>(basis, j, sweep.flipped);
    let rotations = rotations.each_ref().map(|step| Rotation { c: step[half][place], s: step[half + 1][place] });
    turn::<A, R, COUNT>(columns, &rotations);
}
