//! The backward rule over a whole batch, tile by tile.

use core::ops::ControlFlow;

use super::ahead::{Beside, nothing};
use super::derivative::{Cotangent, Factors, Gradient, derivative_tile_len};
use super::items::{Places, ahead_of};
use super::rule::{Discarded, Spectrum};
use super::scale::power_below;
use super::single::One;
use super::svd::Job;
use super::tile::{Carver, carve, clear, flag, largest, on_lanes, poison, sum_of_squares};
use super::vjp::Backward;
use crate::derivative::{Report, Rule, Target};
use crate::error::Error;
use crate::kernel::vector::{Lane, any, map, splat, zip};
use crate::kernel::{Arith, Stream, Task};
use crate::scalar::{One as _, Real, Scalar, Zero};

/// [`vjp_into`](crate::vjp_into) for each item.
pub(crate) fn vjp<'j, S: Scalar>(
    mut job: Job<'j, S>,
    factors: Factors<'j, S>,
    cotangent: Cotangent<'j, S>,
    rule: &'j Rule<S::Real>,
    gradient: Gradient<'j, S>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let (reals, single) = carve(core::mem::take(&mut job.work), derivative_tile_len::<S>(m, n))?;
    on_lanes!(S, (level, reals), |tile| Vjp { job, tile, single, factors, cotangent, rule, gradient });
    Ok(())
}

struct Vjp<'j, S: Scalar, const W: usize> {
    job: Job<'j, S>,
    tile: &'j mut [Lane<S::Real, W>],
    single: &'j mut [S],
    factors: Factors<'j, S>,
    cotangent: Cotangent<'j, S>,
    rule: &'j Rule<S::Real>,
    gradient: Gradient<'j, S>,
}

impl<S: Scalar, const W: usize> Task for Vjp<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        let _ = self.tiles::<A>();
    }
}

impl<S: Scalar, const W: usize> Vjp<'_, S, W> {
    #[inline(always)]
    fn tiles<A: Arith>(&mut self) -> ControlFlow<()> {
        let (shape, count) = (self.job.shape, self.job.count);
        let ((m, n), k, p) = (shape, shape.0.min(shape.1), S::PARTS);
        let mut carver = Carver { rest: core::mem::take(&mut self.tile) };
        let s = carver.take(k);
        let mut tile = Backward {
            shape,
            k,
            u: carver.take(m * k * p),
            v: carver.take(n * k * p),
            x: carver.take(m.max(n) * k * p),
            y: carver.take(m.max(n) * k * p),
            g: carver.take(k * k * p),
            q: carver.take(k * k * p),
            s_bar: carver.take(k),
            reciprocals: carver.take(k),
        };
        let given = (self.cotangent.u.is_some(), self.cotangent.v.is_some());
        let refused = splat(if self.rule.check().is_err() { S::Real::one() } else { S::Real::zero() });
        let places = self.places();
        let mut stream = self.streams().then(Stream::new);
        for first in (0..count).step_by(W) {
            self.gather::<A>((first, count), (&mut *s, &mut tile), &places);
            let spectrum = Spectrum::new(s, shape, self.rule);
            let mut odd = zip(refused, spectrum.irregular(), S::Real::larger);
            odd = zip(odd, tile.not_finite::<A, S>(given), S::Real::larger);
            let unit = self.unit(&tile, given);
            let mut discarded = Discarded::new(unit);
            let mut size = splat(S::Real::zero());
            if self.gradient.report.is_some() {
                size = tile.size::<A, S>(given, unit);
            }
            let ahead = if self.job.far { self.ahead(first, &places) } else { nothing() };
            let values_only = !given.0 && !given.1 && self.gradient.report.is_none();
            let (gradient, scratch) = if values_only {
                tile.expand_values::<A, S>()
            } else {
                tile.project::<A, S>(given, [ahead[0], ahead[1]]);
                if self.gradient.report.is_some() && m != n && any(&spectrum.zero(k - 1)) {
                    tile.discard_outside::<A, S>(given, &spectrum, &mut discarded);
                }
                tile.combine::<S>(&spectrum, &mut discarded);
                tile.expand::<A, S>(given, [ahead[2], ahead[3]])
            };
            let range = (first, W.min(count - first));
            if self.gradient.keep {
                self.gradient.a.scatter_entries(range, gradient, &places.a, (&odd, true));
            } else if let Some(stream) = &mut stream {
                self.gradient.a.stream::<A, W>(range, gradient, (&places.a, &odd), (stream, scratch));
            } else {
                self.gradient.a.scatter::<A, W>(range, gradient, &places.a, &odd);
            }
            if self.gradient.report.is_some() || any(&odd) {
                for lane in 0..range.1 {
                    let zeros = (0..k).filter(|&i| spectrum.zero(i)[lane] > S::Real::zero()).count();
                    let met = (odd[lane] == S::Real::zero()).then(|| discarded.report(lane, size[lane], zeros));
                    self.tell(first + lane, met)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    #[inline(always)]
    fn gather<A: Arith>(
        &self,
        items: (usize, usize),
        (s, tile): (&mut [Lane<S::Real, W>], &mut Backward<'_, S::Real, W>),
        places: &Of,
    ) {
        self.factors.gather::<A, W>(items, [&mut *tile.u, s, &mut *tile.v], &places.factors);
        if let (Some(u), Some(places)) = (&self.cotangent.u, &places.u) {
            u.gather::<A, W>(items, tile.x, places);
        }
        match (&self.cotangent.s, &places.s) {
            (Some(s), Some(places)) => s.gather::<A, W>(items, tile.s_bar, places),
            _ => clear(tile.s_bar),
        }
        if let (Some(v), Some(places)) = (&self.cotangent.v, &places.v) {
            v.gather::<A, W>(items, tile.y, places);
        }
    }

    /// Whether the gradients go past the caches: those of complex matrices that are not too small, where it was measured to be faster (`docs/measurements.md`).
    fn streams(&self) -> bool {
        let (m, n) = self.job.shape;
        self.job.far && !self.gradient.keep && S::PARTS == 2 && m * n >= 32
    }

    /// What each of the four products asks for: the tile after the next, and where the results of the next one go, unless they go past the caches.
    #[inline(always)]
    fn ahead(&self, first: usize, places: &Of) -> [Beside<'_, S::Real>; 4] {
        let (next, later) = ((first + W, W), (first + 2 * W, W));
        let ([of_u, of_s, of_v], factors, given) = (&places.factors, &self.factors, &self.cotangent);
        let target = if self.streams() { &[] } else { self.gradient.a.view().ahead(next, &places.a) };
        [
            [factors.u.ahead(later, of_u), factors.s.ahead(later, of_s)],
            [factors.v.ahead(later, of_v), ahead_of(given.s, later, places.s.as_ref())],
            [ahead_of(given.u, later, places.u.as_ref()), target],
            [ahead_of(given.v, later, places.v.as_ref()), &[]],
        ]
    }

    /// What the rule met in an item, or that the item is left to the way of one matrix.
    fn tell(&mut self, item: usize, met: Option<Report<S::Real>>) -> ControlFlow<()> {
        match (met, &mut self.gradient.report) {
            (Some(met), Some(report)) => report(item, met),
            (Some(_), None) => {}
            (None, _) => self.alone(item)?,
        }
        ControlFlow::Continue(())
    }

    /// A power of two that brings the cotangents to unit size; 1 where nobody asks what was discarded.
    #[inline(always)]
    fn unit(&self, tile: &Backward<'_, S::Real, W>, given: (bool, bool)) -> Lane<S::Real, W> {
        let one = S::Real::one();
        if self.gradient.report.is_none() {
            return splat(one);
        }
        let (x, y) = tile.cotangents::<S>(given);
        map(largest(y, largest(x, splat(S::Real::zero()))), |largest| {
            let power = power_below(largest);
            let unit = one / power;
            if power > S::Real::MIN_POSITIVE && power.is_finite() { unit } else { one }
        })
    }

    fn places(&self) -> Of {
        let (shape @ (m, n), p) = (self.job.shape, S::PARTS);
        let k = m.min(n);
        Of {
            factors: self.factors.places(shape),
            u: self.cotangent.u.as_ref().map(|u| u.places((m, k), m * p)),
            s: self.cotangent.s.as_ref().map(|s| s.places((k, 1), k)),
            v: self.cotangent.v.as_ref().map(|v| v.places((n, k), n * p)),
            a: self.gradient.a.places(shape, m * p),
        }
    }

    /// An item that is left to the way of one matrix.
    #[cold]
    #[inline(never)]
    fn alone(&mut self, item: usize) -> ControlFlow<()> {
        let shape = self.job.shape;
        let one = One::new(&self.factors, item, shape);
        let target = self.gradient.a.get(item, shape);
        let target = if self.gradient.keep { Target::Add(target) } else { Target::Overwrite(target) };
        match one.vjp(&self.cotangent, (item, self.rule), target, self.single) {
            Ok(met) => {
                if let Some(report) = &mut self.gradient.report {
                    report(item, met);
                }
                ControlFlow::Continue(())
            }
            Err(error) => (self.job.failed)(item, error),
        }
    }
}

/// Where everything stands in the tile.
struct Of {
    factors: [Places; 3],
    u: Option<Places>,
    s: Option<Places>,
    v: Option<Places>,
    a: Places,
}

impl<R: Real, const W: usize> Backward<'_, R, W> {
    /// gU and gV where they are given.
    #[inline(always)]
    fn cotangents<S: Scalar<Real = R>>(&self, (has_u, has_v): (bool, bool)) -> (&[Lane<R, W>], &[Lane<R, W>]) {
        let ((m, n), k, p) = (self.shape, self.k, S::PARTS);
        (&self.x[..if has_u { m * k * p } else { 0 }], &self.y[..if has_v { n * k * p } else { 0 }])
    }

    /// One where a cotangent is infinite or NaN.
    #[inline(always)]
    fn not_finite<A: Arith, S: Scalar<Real = R>>(&self, given: (bool, bool)) -> Lane<R, W> {
        let (x, y) = self.cotangents::<S>(given);
        let start = poison::<A, _, W>(self.s_bar, splat(R::zero()));
        flag(poison::<A, _, W>(y, poison::<A, _, W>(x, start)))
    }

    /// ‖(gU, gV)‖² in this unit.
    #[inline(always)]
    fn size<A: Arith, S: Scalar<Real = R>>(&self, given: (bool, bool), unit: Lane<R, W>) -> Lane<R, W> {
        let (x, y) = self.cotangents::<S>(given);
        sum_of_squares::<A, _, W>(y, sum_of_squares::<A, _, W>(x, splat(R::zero()), unit), unit)
    }
}
