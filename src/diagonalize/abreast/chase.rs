//! Shifted sweeps of several matrices, row by row together.

use super::Rotations;
use crate::diagonalize::bulge::{Bulge, Step, limits};
use crate::diagonalize::deflate::{Bounds, Watch};
use crate::diagonalize::sweep::{Seen, Sweep};
use crate::kernel::rotate::normalized;
use crate::kernel::vector::any;
use crate::kernel::{Arith, LANES, Lane, Task, each, lane_by_lane};
use crate::rotation::Rotation;
use crate::scalar::Real;

/// A sweep of each of some matrices; their rotations.
pub(super) struct Chase<'a, 's, R> {
    pub(super) sweeps: [Option<Sweep<'s, R>>; LANES],
    /// Memory for their rows, as many as the longest has, or more.
    pub(super) d: &'a mut [Lane<R>],
    pub(super) e: &'a mut [Lane<R>],
    /// As many as the longest has steps, or more.
    pub(super) rotations: &'a mut [Rotations<R>],
}

impl<R: Real> Task for Chase<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Chase { mut sweeps, d, e, rotations } = self;
        let mut steps = [R::zero(); LANES];
        let mut bulges = Bulges([[R::zero(); LANES]; 4]);
        let mut watches = Watches([[R::zero(); LANES]; 5]);
        let mut longest = 0;
        for (l, sweep) in sweeps.iter().enumerate() {
            let Some(sweep) = sweep else { continue };
            let count = sweep.e.len();
            load(sweep, d, e, l);
            steps[l] = R::from_usize(count);
            longest = longest.max(count);
            bulges.set(l, Bulge::new(d[0][l], e[0][l], sweep.shift));
            watches.set(l, Watch::new(d[0][l], sweep.negligible));
        }
        for i in 0..longest {
            lane_by_lane();
            let at = R::from_usize(i);
            let active = each(R::zero(), |l| if at < steps[l] { R::one() } else { R::zero() });
            let made = step(&mut bulges, (&d[i + 1], &e[i + 1]), &active);
            let [r, rho, rotation @ ..] = made;
            d[i] = rho;
            if i == 0 {
                watches.restart(&rho);
            } else {
                watches.see((&r, &rho), &active);
                e[i - 1] = r;
            }
            rotations[i] = rotation;
        }
        for (l, sweep) in sweeps.iter_mut().enumerate() {
            let Some(sweep) = sweep else { continue };
            let (Bulge { diagonal, f, .. }, count) = (bulges.get(l), sweep.e.len());
            (d[count][l], e[count - 1][l]) = (diagonal, f);
            store(sweep, d, e, l);
            *sweep.seen = Seen::after(watches.get(l), f, diagonal);
        }
    }
}

/// The rows of a block in the order of its sweep.
fn load<R: Real>(sweep: &Sweep<'_, R>, d: &mut [Lane<R>], e: &mut [Lane<R>], l: usize) {
    let count = sweep.e.len();
    if sweep.flipped {
        d.iter_mut().zip(sweep.d.iter().rev()).for_each(|(to, from)| to[l] = *from);
        e.iter_mut().zip(sweep.e.iter().rev()).for_each(|(to, from)| to[l] = *from);
    } else {
        d.iter_mut().zip(sweep.d.iter()).for_each(|(to, from)| to[l] = *from);
        e.iter_mut().zip(sweep.e.iter()).for_each(|(to, from)| to[l] = *from);
    }
    e[count][l] = R::zero();
}

/// The way back.
fn store<R: Real>(sweep: &mut Sweep<'_, R>, d: &[Lane<R>], e: &[Lane<R>], l: usize) {
    if sweep.flipped {
        sweep.d.iter_mut().rev().zip(d).for_each(|(to, from)| *to = from[l]);
        sweep.e.iter_mut().rev().zip(e).for_each(|(to, from)| *to = from[l]);
    } else {
        sweep.d.iter_mut().zip(d).for_each(|(to, from)| *to = from[l]);
        sweep.e.iter_mut().zip(e).for_each(|(to, from)| *to = from[l]);
    }
}

/// A [`Bulge`] of each matrix: diagonal, off, f and g.
#[derive(Clone, Copy)]
struct Bulges<R>([Lane<R>; 4]);

impl<R: Real> Bulges<R> {
    #[inline(always)]
    fn get(&self, l: usize) -> Bulge<R> {
        let [diagonal, off, f, g] = &self.0;
        Bulge { diagonal: diagonal[l], off: off[l], f: f[l], g: g[l] }
    }

    #[inline(always)]
    fn set(&mut self, l: usize, bulge: Bulge<R>) {
        let [diagonal, off, f, g] = &mut self.0;
        (diagonal[l], off[l], f[l], g[l]) = (bulge.diagonal, bulge.off, bulge.f, bulge.g);
    }
}

/// r, ρ and the rotations of a step.
type Made<R> = [Lane<R>; 6];

#[inline(always)]
fn note<R: Real>(made: &mut Made<R>, l: usize, step: &Step<R>) {
    let Step { r, rho, right, left } = step;
    let numbers = [*r, *rho, right.c, right.s, left.c, left.s];
    for (to, from) in made.iter_mut().zip(numbers) {
        to[l] = from;
    }
}

/// The next step of each sweep that has one.
#[inline(always)]
fn step<R: Real>(bulges: &mut Bulges<R>, (below, next): (&Lane<R>, &Lane<R>), active: &Lane<R>) -> Made<R> {
    let limits = limits();
    let before = *bulges;
    let mut made = [[R::zero(); LANES]; 6];
    let mut unfit = [R::zero(); LANES];
    for l in 0..LANES {
        let bulge = before.get(l);
        let squares = bulge.squares(below[l]);
        let (step, after) = bulge.step(&squares, next[l]);
        let on = active[l] != R::zero();
        unfit[l] = if squares.fit(limits) { R::zero() } else { active[l] };
        bulges.set(
            l,
            Bulge {
                diagonal: if on { after.diagonal } else { bulge.diagonal },
                off: if on { after.off } else { bulge.off },
                f: if on { after.f } else { bulge.f },
                g: if on { after.g } else { bulge.g },
            },
        );
        note(&mut made, l, &step);
    }
    if any(&unfit) {
        (*bulges, made) = carefully((*bulges, before), (below, next), made, unfit);
    }
    made
}

/// The step again, of those matrices whose squares may have left the range.
#[cold]
#[inline(never)]
fn carefully<R: Real>(
    (after, before): (Bulges<R>, Bulges<R>),
    (below, next): (&Lane<R>, &Lane<R>),
    made: Made<R>,
    unfit: Lane<R>,
) -> (Bulges<R>, Made<R>) {
    let (mut bulges, mut made) = (after, made);
    for l in 0..LANES {
        if unfit[l] != R::zero() {
            let (step, after) = before.get(l).careful_step(below[l], next[l]);
            bulges.set(l, after);
            note(&mut made, l, &step);
        }
    }
    (bulges, made)
}

/// A [`Watch`] of each matrix: what is negligible, μ, the bounds, and one where the block has split.
struct Watches<R>([Lane<R>; 5]);

impl<R: Real> Watches<R> {
    #[inline(always)]
    fn get(&self, l: usize) -> Watch<R> {
        let [negligible, mu, smallest, largest, split] = &self.0;
        let bounds = Bounds { smallest: smallest[l], largest: largest[l] };
        Watch { negligible: negligible[l], mu: mu[l], bounds, split: split[l] != R::zero() }
    }

    #[inline(always)]
    fn set(&mut self, l: usize, watch: Watch<R>) {
        let [negligible, mu, smallest, largest, split] = &mut self.0;
        (negligible[l], mu[l]) = (watch.negligible, watch.mu);
        (smallest[l], largest[l]) = (watch.bounds.smallest, watch.bounds.largest);
        split[l] = if watch.split { R::one() } else { R::zero() };
    }

    /// Row 0 of each.
    #[inline(always)]
    fn restart(&mut self, diagonal: &Lane<R>) {
        for (l, &diagonal) in diagonal.iter().enumerate() {
            self.set(l, Watch::new(diagonal, self.0[0][l]));
        }
    }

    /// The next row of each, which is there where `active` is one.
    #[inline(always)]
    fn see(&mut self, (beside, diagonal): (&Lane<R>, &Lane<R>), active: &Lane<R>) {
        let [_, mu, smallest, largest, split] = self.0;
        let mut now = self.0;
        for l in 0..LANES {
            let mut watch = self.get(l);
            let negligible = if watch.next(beside[l], diagonal[l]) { active[l] } else { R::zero() };
            let on = active[l] != R::zero();
            now[1][l] = if on { watch.mu } else { mu[l] };
            now[2][l] = if on { watch.bounds.smallest } else { smallest[l] };
            now[3][l] = if on { watch.bounds.largest } else { largest[l] };
            now[4][l] = split[l].larger(negligible);
        }
        self.0 = now;
    }
}

/// Brings the rotations to unit length.
pub(super) struct Normalize<'a, R> {
    pub(super) rotations: &'a mut [Rotations<R>],
}

impl<R: Real> Task for Normalize<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        for [c, s] in self.rotations.as_flattened_mut().as_chunks_mut().0 {
            lane_by_lane();
            for l in 0..LANES {
                let unit = normalized::<A, R>(Rotation { c: c[l], s: s[l] });
                (c[l], s[l]) = (unit.c, unit.s);
            }
        }
    }
}
