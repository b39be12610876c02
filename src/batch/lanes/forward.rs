//! The forward rule over a whole batch, tile by tile.

use core::ops::ControlFlow;

use super::ahead::{Beside, nothing};
use super::derivative::{Factors, Tangent, derivative_tile_len};
use super::items::{Items, ItemsMut, Places, ahead_of};
use super::jvp::Forward;
use super::rule::Spectrum;
use super::single::One;
use super::svd::Job;
use super::tile::{Carver, MOST, carve, flag, on_lanes, poison};
use crate::derivative::{Rule, TangentMut};
use crate::error::Error;
use crate::kernel::vector::{Lane, any, splat, zip};
use crate::kernel::{Arith, Task};
use crate::scalar::{One as _, Real, Scalar, Zero};

/// [`jvp_into`](crate::jvp_into) for each item.
pub(crate) fn jvp<'j, S: Scalar>(
    mut job: Job<'j, S>,
    factors: Factors<'j, S>,
    a_dot: Items<'j, S>,
    rule: &'j Rule<S::Real>,
    tangent: Tangent<'j, S>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let (reals, single) = carve(core::mem::take(&mut job.work), derivative_tile_len::<S>(m, n))?;
    on_lanes!(S, (level, reals), |tile| Jvp { job, tile, single, factors, a_dot, rule, tangent });
    Ok(())
}

struct Jvp<'j, S: Scalar, const W: usize> {
    job: Job<'j, S>,
    tile: &'j mut [Lane<S::Real, W>],
    single: &'j mut [S],
    factors: Factors<'j, S>,
    a_dot: Items<'j, S>,
    rule: &'j Rule<S::Real>,
    tangent: Tangent<'j, S>,
}

impl<S: Scalar, const W: usize> Task for Jvp<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        let _ = self.tiles::<A>();
    }
}

impl<S: Scalar, const W: usize> Jvp<'_, S, W> {
    #[inline(always)]
    fn tiles<A: Arith>(&mut self) -> ControlFlow<()> {
        let (shape, count) = (self.job.shape, self.job.count);
        let ((m, n), k, p) = (shape, shape.0.min(shape.1), S::PARTS);
        let mut carver = Carver { rest: core::mem::take(&mut self.tile) };
        let s = carver.take(k);
        let mut tile = Forward {
            shape,
            k,
            u: carver.take(m * k * p),
            v: carver.take(n * k * p),
            a: carver.take(m * n * p),
            z: carver.take(m * k * p),
            w: carver.take(n * k * p),
            p: carver.take(k * k * p),
            q: carver.take(k * k * p),
            s_dot: carver.take(k),
            reciprocals: carver.take(k),
        };
        let (factors, of_a) = (self.factors.places(shape), self.a_dot.places(shape, m * p));
        let of_u = self.tangent.u.as_ref().map(|u| u.places((m, k), m * p));
        let of_s = self.tangent.s.as_ref().map(|s| s.places((k, 1), k));
        let of_v = self.tangent.v.as_ref().map(|v| v.places((n, k), n * p));
        let wanted = (self.tangent.u.is_some(), self.tangent.v.is_some());
        let refused = splat(if self.rule.check().is_err() { S::Real::one() } else { S::Real::zero() });
        for first in (0..count).step_by(W) {
            self.factors.gather::<A, W>((first, count), [&mut *tile.u, &mut *s, &mut *tile.v], &factors);
            self.a_dot.gather::<A, W>((first, count), tile.a, &of_a);
            let spectrum = Spectrum::new(s, shape, self.rule);
            let finite = flag(poison::<A, _, W>(tile.a, splat(S::Real::zero())));
            let odd = zip(zip(refused, spectrum.irregular(), S::Real::larger), finite, S::Real::larger);
            let ahead = if self.job.far { self.ahead(first, (&factors, &of_a), [&of_u, &of_v]) } else { nothing() };
            tile.project::<A, S>([ahead[0], ahead[1]]);
            if wanted.0 || wanted.1 {
                tile.combine::<S>(&spectrum);
                tile.expand::<A, S>(wanted, [ahead[2], ahead[3]]);
            }
            let range = (first, W.min(count - first));
            let outputs = [(&mut self.tangent.u, &*tile.z, &of_u), (&mut self.tangent.v, &*tile.w, &of_v)];
            for (target, matrix, places) in outputs {
                if let (Some(target), Some(places)) = (target, places) {
                    target.scatter::<A, W>(range, matrix, places, &odd);
                }
            }
            if let (Some(target), Some(places)) = (&mut self.tangent.s, &of_s) {
                target.scatter::<A, W>(range, tile.s_dot, places, &odd);
            }
            if any(&odd) {
                for lane in (0..range.1).filter(|&lane| odd[lane] > S::Real::zero()) {
                    self.alone(first + lane)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// What each of the four products asks for: the tile after the next, and where the results of the next one go.
    #[inline(always)]
    fn ahead(
        &self,
        first: usize,
        ([of_u, of_s, of_v], of_a): (&[Places; 3], &Places),
        targets: [&Option<Places>; 2],
    ) -> [Beside<'_, S::Real>; 4] {
        let (next, later, factors) = ((first + W, W), (first + 2 * W, W), &self.factors);
        let [u, v] = [(&self.tangent.u, targets[0]), (&self.tangent.v, targets[1])]
            .map(|(target, places)| ahead_of(target.as_ref().map(ItemsMut::view), next, places.as_ref()));
        [
            [factors.u.ahead(later, of_u), factors.s.ahead(later, of_s)],
            [factors.v.ahead(later, of_v), &[]],
            [self.a_dot.ahead(later, of_a), u],
            [&[], v],
        ]
    }

    /// An item that is left to the way of one matrix.
    #[cold]
    #[inline(never)]
    fn alone(&mut self, item: usize) -> ControlFlow<()> {
        let ((m, n), k) = (self.job.shape, self.job.shape.0.min(self.job.shape.1));
        let mut s = [S::Real::zero(); MOST];
        let tangent = TangentMut {
            u: self.tangent.u.as_mut().map(|u| u.get(item, (m, k))),
            s: self.tangent.s.is_some().then_some(&mut s[..k]),
            v: self.tangent.v.as_mut().map(|v| v.get(item, (n, k))),
            s_matrix: None,
        };
        let one = One::new(&self.factors, item, (m, n));
        match one.jvp(self.a_dot.get(item, (m, n)), self.rule, tangent, self.single) {
            Ok(()) => {
                if let Some(target) = &mut self.tangent.s {
                    target.get(item, (k, 1)).fill_with(|i, _| s[i]);
                }
                ControlFlow::Continue(())
            }
            Err(error) => (self.job.failed)(item, error),
        }
    }
}
