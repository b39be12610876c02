//! X = U f(S) Vᴴ and its derivative, side by side: `spectral/frame.rs` for all k triplets.
//!
//! With L = Z V and P = Uᴴ L of a direction Z the derivative is
//!
//!   (U M + L diag(q)) Vᴴ,   M = D1∘H + D2∘K − P diag(q)
//!
//! for m > n, the same without q for m = n, and U (V Mᴴ + Zᴴ U diag(q))ᴴ with diag(q) P for m < n. The function itself is asked matrix by matrix.

use core::ops::ControlFlow;

use super::decompose::MOST;
use super::derivative::Factors;
use super::items::{Items, ItemsMut};
use super::product::{Conjugate, Operand, product};
use super::single::One;
use super::svd::Job;
use super::tile::{Carver, carve, flag, on_lanes, poison, scale_columns, tile_len};
use super::vector::{Lane, Number, mul, splat, zip};
use super::workspace_len;
use crate::error::Error;
use crate::kernel::{Arith, Task};
use crate::scalar::{One as _, Real, Scalar, Zero};
use crate::spectral::Values;

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
    let (k, longer) = if m < n { (m, n) } else { (n, m) };
    tile_len::<S>(1, k * (m + n + longer + k) + m * n, k * (k + 5))
}

/// U f(S) Vᴴ of each item, or its derivative along a direction.
pub(crate) fn map<'j, S: Scalar>(
    mut job: Job<'j, S>,
    factors: Factors<'j, S>,
    f: &'j mut dyn Evaluate<S::Real>,
    direction: Option<Direction<'j, S>>,
    image: Image<'j, S>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let needed = (spectral_tile_len::<S>(m, n), workspace_len::<S>(m, n));
    let (reals, _) = carve(core::mem::take(&mut job.work), needed)?;
    on_lanes!(S, 1, (level, reals), |tile| Spectral { job, tile, factors, f, direction, image });
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

/// The matrices of a tile.
struct Frame<'t, R, const W: usize> {
    /// (m, n), and the smaller of them.
    shape: (usize, usize),
    k: usize,
    u: &'t mut [Lane<R, W>],
    s: &'t mut [Lane<R, W>],
    v: &'t mut [Lane<R, W>],
    /// Z, then the result.
    z: &'t mut [Lane<R, W>],
    /// Z V, or Zᴴ U for m < n.
    l: &'t mut [Lane<R, W>],
    /// P, then M.
    p: &'t mut [Lane<R, W>],
    /// D1 and D2 of the pairs i ≥ j.
    table: &'t mut [Lane<R, W>],
    /// fᵢ or qᵢ, Re Pᵢᵢ, and what the coupling adds to the diagonal.
    values: &'t mut [Lane<R, W>],
    w: &'t mut [Lane<R, W>],
    extra: &'t mut [Lane<R, W>],
}

impl<S: Scalar, const W: usize> Task for Spectral<'_, S, W> {
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
            self.factors.gather::<A, W>((first, count), (&mut *frame.u, &mut *frame.s, &mut *frame.v), &factors);
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
        for lane in 0..live {
            if self.evaluate_one((first + lane, lane), frame, bad).is_err() {
                failed[lane] = S::Real::one();
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
        let regular = (0..k).all(|i| s[i].is_finite() && s[i] >= if i + 1 < k { s[i + 1] } else { zero });
        if !regular {
            One::new(&self.factors, item, shape).check()?;
        }
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

impl<R: Real, const W: usize> Frame<'_, R, W> {
    /// X = U diag(f) Vᴴ in the place of Z.
    #[inline(always)]
    fn compose<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        scale_columns(self.u, m * S::PARTS, self.values);
        let (u, v) = (Operand::new(&*self.u, m), Operand::new(&*self.v, n));
        product::<A, S, W>(self.z, ((m, n), k, false), (u, v.transpose()), Conjugate::Right);
    }

    /// L, P and the real part of its diagonal.
    #[inline(always)]
    fn project<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let (u, v, z) = (Operand::new(&*self.u, m), Operand::new(&*self.v, n), Operand::new(&*self.z, m));
        if n > k {
            product::<A, S, W>(self.l, ((n, k), m, false), (z.transpose(), u), Conjugate::Left);
            let l = Operand::new(&*self.l, n);
            product::<A, S, W>(self.p, ((k, k), n, false), (l.transpose(), v), Conjugate::Left);
        } else {
            product::<A, S, W>(self.l, ((m, k), n, false), (z, v), Conjugate::Neither);
            let l = Operand::new(&*self.l, m);
            product::<A, S, W>(self.p, ((k, k), m, false), (u.transpose(), l), Conjugate::Left);
        }
        for (j, w) in self.w.iter_mut().enumerate() {
            *w = self.p[(j * k + j) * S::PARTS];
        }
    }

    /// P becomes M + diag(extra).
    #[inline(always)]
    fn combine<S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let half = splat(R::from_f64(0.5));
        let mut at = 0;
        for j in 0..k {
            self.values[j] = self.table[start_of(j, k) + 1];
        }
        for j in 0..k {
            let (d1, q) = (self.table[at], self.table[at + 1]);
            at += 2;
            let entry = Number::load::<S>(self.p, j * k + j);
            let re = zip(mul(entry.re, d1), self.extra[j], |x, extra| x + extra);
            // A real type has no phase, and its quotient may be infinite.
            let im = if S::PARTS == 2 { mul(entry.im, q) } else { splat(R::zero()) };
            let mut turned = Number { re, im };
            if m != n {
                turned = turned.minus::<S>(entry.scale::<S>(q));
            }
            turned.store::<S>(self.p, j * k + j);
            for i in j + 1..k {
                let (d1, d2) = (self.table[at], self.table[at + 1]);
                at += 2;
                let (low, high) = (j * k + i, i * k + j);
                let (p, mirror) = (Number::load::<S>(self.p, low), Number::load::<S>(self.p, high));
                let even = p.plus::<S>(mirror.conj::<S>()).scale::<S>(mul(d1, half));
                let odd = p.minus::<S>(mirror.conj::<S>()).scale::<S>(mul(d2, half));
                let (mut below, mut above) = (even.plus::<S>(odd), even.minus::<S>(odd).conj::<S>());
                if m != n {
                    let (of_below, of_above) = if m > n { (j, i) } else { (i, j) };
                    below = below.minus::<S>(p.scale::<S>(self.values[of_below]));
                    above = above.minus::<S>(mirror.scale::<S>(self.values[of_above]));
                }
                below.store::<S>(self.p, low);
                above.store::<S>(self.p, high);
            }
        }
    }

    /// (U M + L diag(q)) Vᴴ, or U (V Mᴴ + L diag(q))ᴴ, in the place of Z.
    #[inline(always)]
    fn expand<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let ((m, n), k) = (self.shape, self.k);
        let (u, v, p) = (Operand::new(&*self.u, m), Operand::new(&*self.v, n), Operand::new(&*self.p, k));
        if m != n {
            scale_columns(self.l, m.max(n) * S::PARTS, self.values);
        }
        if n > k {
            product::<A, S, W>(self.l, ((n, k), k, true), (v, p.transpose()), Conjugate::Right);
            let l = Operand::new(&*self.l, n);
            product::<A, S, W>(self.z, ((m, n), k, false), (u, l.transpose()), Conjugate::Right);
        } else {
            product::<A, S, W>(self.l, ((m, k), k, m > k), (u, p), Conjugate::Neither);
            let l = Operand::new(&*self.l, m);
            product::<A, S, W>(self.z, ((m, n), k, false), (l, v.transpose()), Conjugate::Right);
        }
    }
}

/// Where column j of the table of pairs starts.
const fn start_of(j: usize, k: usize) -> usize {
    2 * (j * k - j * j.saturating_sub(1) / 2)
}
