//! X = U f(S) Vᴴ and its derivative over a whole batch, tile by tile. The function itself is asked matrix by matrix.

use core::ops::ControlFlow;

use super::derivative::Factors;
use super::frame::Frame;
use super::items::{Items, ItemsMut};
use super::svd::Job;
use super::tile::{Carver, MOST, carve, flag, on_lanes, poison, tile_len};
use crate::error::Error;
use crate::kernel::vector::{Lane, splat};
use crate::kernel::{Arith, Task};
use crate::scalar::{One as _, Scalar, Zero};
use crate::spectral::Values;
use crate::workspace::{larger, smaller};

/// A function of the singular values of each item.
pub(crate) trait Evaluate<R> {
    /// Asked first: why there is nothing to be evaluated for this item.
    ///
    /// # Errors
    /// That of an item that has no factors.
    fn ready(&self, item: usize) -> Result<(), Error> {
        let _ = item;
        Ok(())
    }

    /// fᵢ.
    ///
    /// # Errors
    /// Those of the item.
    fn values(&mut self, item: usize, at: &Values<'_, R>, out: &mut [R]) -> Result<(), Error>;

    /// What the derivative takes.
    ///
    /// # Errors
    /// Those of the item.
    fn differences(&mut self, item: usize, at: &Values<'_, R>, numbers: Numbers<'_, R>) -> Result<(), Error>;
}

/// The numbers of one item.
#[derive(Debug)]
pub(crate) struct Numbers<'a, R> {
    /// Re(uᵢᴴ Z vᵢ).
    pub(crate) w: &'a [R],
    /// (D1, D2) of the pairs i ≥ j, column by column, with (f′, q) on the diagonal.
    pub(crate) table: &'a mut [[R; 2]],
    /// What adds to the diagonal of the middle: zeros, to which [`couple`](crate::spectral::SpectralMap::couple) may add.
    pub(crate) extra: &'a mut [R],
}

/// A direction of each item, and where its image goes.
pub(crate) struct Direction<'a, S: Scalar> {
    /// gX or dA.
    pub(crate) z: Items<'a, S>,
    pub(crate) name: &'static str,
    /// Where Re(uᵢᴴ Z vᵢ), the cotangents of the values of f, go.
    pub(crate) f: Option<ItemsMut<'a, S::Real>>,
}

/// Where the result goes, or is added to.
#[derive(Debug)]
pub(crate) struct Image<'a, S> {
    pub(crate) x: ItemsMut<'a, S>,
    pub(crate) keep: bool,
}

/// Entries of the memory of a tile.
pub(super) const fn spectral_tile_len<S: Scalar>(m: usize, n: usize) -> usize {
    let (k, longer) = (smaller(m, n), larger(m, n));
    tile_len::<S>(1, k * (m + n + longer + k) + m * n, k * (k + 5))
}

/// U f(S) Vᴴ of each item, or its derivative along a direction. The factors are those of a decomposition: s is finite, descending and not negative.
pub(crate) fn map<'j, S: Scalar>(
    mut job: Job<'j, S>,
    factors: Factors<'j, S>,
    f: &'j mut dyn Evaluate<S::Real>,
    direction: Option<Direction<'j, S>>,
    image: Image<'j, S>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let (reals, _) = carve(core::mem::take(&mut job.work), spectral_tile_len::<S>(m, n))?;
    on_lanes!(S, (level, reals), |tile| Spectral { job, tile, factors, f, direction, image });
    Ok(())
}

struct Spectral<'j, S: Scalar, const W: usize> {
    job: Job<'j, S>,
    tile: &'j mut [Lane<S::Real, W>],
    factors: Factors<'j, S>,
    f: &'j mut dyn Evaluate<S::Real>,
    direction: Option<Direction<'j, S>>,
    image: Image<'j, S>,
}

impl<S: Scalar, const W: usize> Task for Spectral<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        let _ = self.tiles::<A>();
    }
}

impl<S: Scalar, const W: usize> Spectral<'_, S, W> {
    #[inline(always)]
    fn tiles<A: Arith>(&mut self) -> ControlFlow<()> {
        let (shape @ (m, n), count, p) = (self.job.shape, self.job.count, S::PARTS);
        let k = m.min(n);
        let mut carver = Carver { rest: core::mem::take(&mut self.tile) };
        let mut frame = Frame {
            shape,
            k,
            s: carver.take(k),
            u: carver.take(m * k * p),
            v: carver.take(n * k * p),
            z: carver.take(m * n * p),
            l: carver.take(m.max(n) * k * p),
            p: carver.take(k * k * p),
            table: carver.take(k * (k + 1)),
            values: carver.take(k),
            w: carver.take(k),
            extra: carver.take(k),
        };
        let (factors, of_x) = (self.factors.places(shape), self.image.x.places(shape, m * p));
        let of_z = self.direction.as_ref().map(|direction| direction.z.places(shape, m * p));
        let of_f = self.direction.as_ref().and_then(|direction| Some(direction.f.as_ref()?.places((k, 1), k)));
        for first in (0..count).step_by(W) {
            let range = (first, W.min(count - first));
            self.factors.gather::<A, W>((first, count), [&mut *frame.u, &mut *frame.s, &mut *frame.v], &factors);
            if let (Some(direction), Some(of_z)) = (&self.direction, &of_z) {
                direction.z.gather::<A, W>((first, count), frame.z, of_z);
            }
            let start = splat(S::Real::zero());
            let bad = if of_z.is_some() { flag(poison::<A, _, W>(frame.z, start)) } else { start };
            if of_z.is_some() {
                frame.project::<A, S>();
            }
            let failed = self.evaluate(range, &mut frame, &bad);
            if of_z.is_some() {
                frame.combine::<S>();
                frame.expand::<A, S>();
            } else {
                frame.compose::<A, S>();
            }
            if self.image.keep {
                self.image.x.scatter_entries(range, frame.z, &of_x, (&failed, true));
            } else {
                self.image.x.scatter::<A, W>(range, frame.z, &of_x, &failed);
            }
            if let (Some(Direction { f: Some(f), .. }), Some(of_f)) = (&mut self.direction, &of_f) {
                f.scatter::<A, W>(range, frame.w, of_f, &failed);
            }
            for lane in (0..range.1).filter(|&lane| failed[lane] > S::Real::zero()) {
                if let Err(error) = self.evaluate_one((first + lane, lane), &mut frame, &bad) {
                    (self.job.failed)(first + lane, error)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Asks for the numbers of each item. One for each that failed.
    #[inline(never)]
    fn evaluate(
        &mut self,
        (first, live): (usize, usize),
        frame: &mut Frame<'_, S::Real, W>,
        bad: &Lane<S::Real, W>,
    ) -> Lane<S::Real, W> {
        let mut failed = splat(S::Real::zero());
        for (lane, failed) in failed.iter_mut().enumerate().take(live) {
            if self.evaluate_one((first + lane, lane), frame, bad).is_err() {
                *failed = S::Real::one();
            }
        }
        failed
    }

    fn evaluate_one(
        &mut self,
        (item, lane): (usize, usize),
        frame: &mut Frame<'_, S::Real, W>,
        bad: &Lane<S::Real, W>,
    ) -> Result<(), Error> {
        self.f.ready(item)?;
        let (zero, k, shape) = (S::Real::zero(), frame.k, frame.shape);
        let mut s = [zero; MOST];
        s.iter_mut().zip(frame.s.iter()).for_each(|(s, lanes)| *s = lanes[lane]);
        let at = Values { s: &s[..k], shape };
        let Some(direction) = &self.direction else {
            let mut values = [zero; MOST];
            self.f.values(item, &at, &mut values[..k])?;
            frame.values.iter_mut().zip(values).for_each(|(lanes, value)| lanes[lane] = value);
            return Ok(());
        };
        if bad[lane] > zero {
            direction.z.get(item, shape).check_finite(direction.name)?;
        }
        let mut table = [[zero; 2]; MOST * (MOST + 1) / 2];
        let (mut w, mut extra) = ([zero; MOST], [zero; MOST]);
        w.iter_mut().zip(frame.w.iter()).for_each(|(w, lanes)| *w = lanes[lane]);
        let numbers = Numbers { w: &w[..k], table: &mut table[..k * (k + 1) / 2], extra: &mut extra[..k] };
        self.f.differences(item, &at, numbers)?;
        for (lanes, numbers) in frame.table.chunks_exact_mut(2).zip(table) {
            (lanes[0][lane], lanes[1][lane]) = (numbers[0], numbers[1]);
        }
        frame.extra.iter_mut().zip(extra).for_each(|(lanes, extra)| lanes[lane] = extra);
        Ok(())
    }
}
