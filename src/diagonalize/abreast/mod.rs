//! QR iteration of several bidiagonal matrices side by side, one a place of a lane.
//!
//! The roots and quotients of a sweep wait for each other from row to row, and nothing else can be done meanwhile. So the sweeps of as many matrices as
//! a lane has places are chased together, their rotations are kept, and after some sweeps the columns of one matrix after the other are turned by them. Every
//! number is that of [`qr_iteration`](super::qr_iteration) of the matrix alone, to the last bit.

mod apply;
mod chase;

use super::iteration::Iteration;
use super::sink::{Columns, Sink};
use super::sweep::{Sweep, Turn};
use crate::error::Error;
use crate::kernel::{LANES, Lane, Level};
use crate::rotation::Rotation;
use crate::scalar::Real;

use apply::{Apply, Past};
use chase::{Chase, Normalize};

/// Sweeps of a matrix after which its columns are turned.
const KEPT: usize = 8;

/// The rotations of a step of the sweeps: c and s from the right, c and s from the left.
type Rotations<R> = [Lane<R>; 4];

/// Lanes of [`Memory`] for matrices of order n.
pub(crate) const fn abreast_lanes(n: usize) -> usize {
    n.saturating_mul(2 + 4 * KEPT)
}

/// What the matrices share.
pub(crate) struct Memory<'w, R> {
    d: &'w mut [Lane<R>],
    e: &'w mut [Lane<R>],
    rotations: &'w mut [Rotations<R>],
}

impl<'w, R: Real> Memory<'w, R> {
    /// For matrices of order n: cuts [`abreast_lanes`] lanes.
    pub(crate) fn carve(lanes: &'w mut [Lane<R>], n: usize) -> Self {
        let (d, rest) = lanes.split_at_mut(n);
        let (e, rest) = rest.split_at_mut(n);
        Memory { d, e, rotations: rest.as_chunks_mut().0 }
    }
}

/// A bidiagonal matrix and its bases, as [`qr_iteration`](super::qr_iteration) takes them.
pub(crate) struct Matrix<'a, R> {
    pub(crate) d: &'a mut [R],
    pub(crate) e: &'a mut [R],
    pub(crate) bases: Columns<'a, R>,
}

/// [`qr_iteration`](super::qr_iteration) of each matrix.
///
/// # Errors
/// As there, for each of them.
pub(crate) fn qr_iterations<R: Real>(
    matrices: [Option<Matrix<'_, R>>; LANES],
    memory: &mut Memory<'_, R>,
    level: Level,
) -> [Result<(), Error>; LANES] {
    let mut results = [Ok(()); LANES];
    let mut iterations = [const { None }; LANES];
    let mut bases = [const { None }; LANES];
    for (l, matrix) in matrices.into_iter().enumerate() {
        let Some(Matrix { d, e, bases: columns }) = matrix else { continue };
        iterations[l] = Some(Iteration::new(d, e));
        bases[l] = Some(Waiting { columns, place: l, past: [Past::default(); KEPT], count: 0 });
    }
    // Steps and sweeps since all columns were turned.
    let (mut used, mut kept) = (0, 0);
    loop {
        let mut sweeps = [const { None }; LANES];
        for (l, iteration) in iterations.iter_mut().enumerate() {
            let (Some(iteration), Some(waiting), Ok(())) = (iteration, &mut bases[l], results[l]) else { continue };
            let pair = |side, j, rotation| {
                waiting.turn(memory.rotations);
                waiting.columns.rotate(side, j, rotation);
            };
            match iteration.next(pair) {
                Ok(sweep) => sweeps[l] = sweep,
                Err(error) => results[l] = Err(error),
            }
        }
        let Some(longest) = sweeps.iter().flatten().map(|sweep| sweep.e.len()).max() else { break };
        if kept == KEPT {
            bases.iter_mut().flatten().for_each(|waiting| waiting.turn(memory.rotations));
            (used, kept) = (0, 0);
        }
        let taken = sweeps.each_ref().map(Option::is_some);
        for (sweep, waiting) in sweeps.iter().zip(&mut bases) {
            if let (Some(sweep), Some(waiting)) = (sweep, waiting) {
                waiting.keep(Past::of(sweep, used));
            }
        }
        let rotations = &mut memory.rotations[used..used + longest];
        chase_all(sweeps, (memory.d, memory.e), rotations, level);
        (used, kept) = (used + longest, kept + 1);
        for (iteration, taken) in iterations.iter_mut().zip(taken) {
            if let (Some(iteration), true) = (iteration, taken) {
                iteration.swept();
            }
        }
    }
    for (l, iteration) in iterations.into_iter().enumerate() {
        if let (Some(iteration), Some(waiting), Ok(())) = (iteration, &mut bases[l], results[l]) {
            waiting.turn(memory.rotations);
            iteration.finish(&mut waiting.columns);
        }
    }
    results
}

/// One sweep of each matrix.
fn chase_all<R: Real>(
    sweeps: [Option<Sweep<'_, R>>; LANES],
    (d, e): (&mut [Lane<R>], &mut [Lane<R>]),
    rotations: &mut [Rotations<R>],
    level: Level,
) {
    let mut sweeps = sweeps;
    let unshifted = sweeps.each_mut().map(|sweep| sweep.take_if(|sweep| sweep.shift == R::zero()));
    if sweeps.iter().any(Option::is_some) {
        level.run(Chase { sweeps, d, e, rotations });
    }
    // These are few.
    for (place, sweep) in unshifted.into_iter().enumerate() {
        if let Some(sweep) = sweep {
            sweep.chase(&mut Record { rotations, place });
        }
    }
    level.run(Normalize { rotations });
}

/// Keeps the rotations of one matrix.
struct Record<'a, R> {
    rotations: &'a mut [Rotations<R>],
    place: usize,
}

impl<R: Real> Turn<R> for Record<'_, R> {
    fn turn(&mut self, i: usize, right: Rotation<R>, left: Rotation<R>) {
        for (to, from) in self.rotations[i].iter_mut().zip([right.c, right.s, left.c, left.s]) {
            to[self.place] = from;
        }
    }
}

/// Bases that have not been turned yet by some of the sweeps.
struct Waiting<'a, R> {
    columns: Columns<'a, R>,
    /// The place of the matrix in a lane.
    place: usize,
    past: [Past; KEPT],
    count: usize,
}

impl<R: Real> Waiting<'_, R> {
    fn keep(&mut self, sweep: Past) {
        self.past[self.count] = sweep;
        self.count += 1;
    }

    /// Turns the columns by all that is kept.
    fn turn(&mut self, rotations: &[Rotations<R>]) {
        let Waiting { columns: Columns { u, v, level }, place, past, count } = self;
        let sweeps = &past[..core::mem::take(count)];
        if !sweeps.is_empty() {
            level.run(Apply { u: u.reborrow(), v: v.reborrow(), sweeps, rotations, place: *place });
        }
    }
}

#[cfg(test)]
mod tests;
