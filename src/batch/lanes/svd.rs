//! The decomposition of a whole batch, tile by tile.

use core::ops::ControlFlow;

use super::decompose::Outcome;
use super::items::{Items, ItemsMut};
use super::jacobi::{Columns, SWEEPS};
use super::tile::{carve, on_lanes, tile_len};
use super::vector::Lane;
use crate::error::Error;
use crate::kernel::{Arith, Level, Task};
use crate::scalar::{Scalar, Zero};

/// What all calls have in common.
pub(crate) struct Job<'j, S> {
    /// (m, n).
    pub(crate) shape: (usize, usize),
    /// Number of items.
    pub(crate) count: usize,
    /// [`workspace_len`](super::workspace_len) entries.
    pub(crate) work: &'j mut [S],
    /// Told of each item that fails, in order.
    pub(crate) failed: &'j mut dyn FnMut(usize, Error) -> ControlFlow<()>,
    /// The instructions.
    pub(crate) level: Level,
}

/// A = U diag(s) Vᴴ for each item; s alone where `vectors` is `None`.
pub(crate) fn svd<S: Scalar>(
    mut job: Job<'_, S>,
    a: Items<'_, S>,
    s: ItemsMut<'_, S::Real>,
    vectors: Option<(ItemsMut<'_, S>, ItemsMut<'_, S>)>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let needed = (decomposition_tile_len::<S>(m, n), super::workspace_len::<S>(m, n));
    let (reals, _) = carve(core::mem::take(&mut job.work), needed)?;
    let (a, flipped) = if m < n { (a.transpose(), true) } else { (a, false) };
    let (rows, cols) = (m.max(n), m.min(n));
    let vectors = vectors.map(|(u, v)| if flipped { (v, u) } else { (u, v) });
    let batch = Batch { a, rows, cols, flipped, count: job.count, failed: job.failed };
    on_lanes!(S, level, reals, |tile| Thin { batch, tile, s, vectors });
    Ok(())
}

/// Entries of the memory of a tile of columns of A with those of V, and their norms.
pub(super) const fn decomposition_tile_len<S: Scalar>(m: usize, n: usize) -> usize {
    let k = if m < n { m } else { n };
    tile_len::<S>(k * (m + n), k)
}

/// Where the W matrices of a tile come from, and to whom their failures are told.
struct Batch<'j, S> {
    a: Items<'j, S>,
    /// Of the tile, at least as tall as wide.
    rows: usize,
    cols: usize,
    /// Whether `a` holds its adjoints.
    flipped: bool,
    count: usize,
    failed: &'j mut dyn FnMut(usize, Error) -> ControlFlow<()>,
}

impl<S: Scalar> Batch<'_, S> {
    /// Tells of the failure of a lane.
    #[cold]
    #[inline(never)]
    fn report<const W: usize>(
        &mut self,
        (item, lane): (usize, usize),
        outcome: &Outcome<S::Real, W>,
    ) -> ControlFlow<()> {
        let error = if outcome.bad[lane] > S::Real::zero() {
            let (a, shape) = (self.a, (self.rows, self.cols));
            let matrix = if self.flipped { a.get(item, shape).transpose() } else { a.get(item, shape) };
            matrix.check_finite("the matrix")
        } else if outcome.overflow[lane] > S::Real::zero() {
            Err(Error::Overflow)
        } else {
            Err(Error::NoConvergence { remaining: self.cols, sweeps: SWEEPS })
        };
        match error {
            Err(error) => (self.failed)(item, error),
            Ok(()) => ControlFlow::Continue(()),
        }
    }
}

struct Thin<'j, S: Scalar, const W: usize> {
    batch: Batch<'j, S>,
    tile: &'j mut [Lane<S::Real, W>],
    s: ItemsMut<'j, S::Real>,
    vectors: Option<(ItemsMut<'j, S>, ItemsMut<'j, S>)>,
}

impl<S: Scalar, const W: usize> Task for Thin<'_, S, W> {
    #[inline(always)]
    fn run<A: Arith>(mut self) {
        let _ = self.tiles::<A>();
    }
}

impl<S: Scalar, const W: usize> Thin<'_, S, W> {
    #[inline(always)]
    fn tiles<A: Arith>(&mut self) -> ControlFlow<()> {
        let Batch { rows, cols, flipped, count, .. } = self.batch;
        let left = rows * S::PARTS;
        let len = if self.vectors.is_some() { left + cols * S::PARTS } else { left };
        let (data, rest) = self.tile.split_at_mut(len * cols);
        let mut columns = Columns { data, len, left, norms: &mut rest[..cols] };
        let mut first = 0;
        while first < count {
            self.batch.a.gather((first, count), (rows, cols), (&mut *columns.data, len), flipped);
            let outcome = columns.decompose::<A, S>();
            let failed = outcome.failed();
            for lane in 0..W.min(count - first) {
                let at = (first + lane, lane);
                if failed[lane] > S::Real::zero() {
                    self.batch.report(at, &outcome)?;
                    continue;
                }
                self.s.scatter(at, (cols, 1), columns.norms, cols);
                if let Some((u, v)) = &mut self.vectors {
                    u.scatter(at, (rows, cols), columns.data, len);
                    v.scatter(at, (cols, cols), &columns.data[left..], len);
                }
            }
            first += W;
        }
        ControlFlow::Continue(())
    }
}
