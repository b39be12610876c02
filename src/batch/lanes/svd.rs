//! The decomposition of a whole batch, tile by tile.

use core::ops::ControlFlow;

use super::ahead::Ahead;
use super::decompose::Outcome;
use super::items::{Items, ItemsMut, Places};
use super::jacobi::{Columns, SWEEPS, rounds};
use super::tile::{carve, on_lanes, registers, tile_len};
use crate::error::Error;
use crate::kernel::vector::{Lane, any};
use crate::kernel::{Arith, Level, Task};
use crate::scalar::{Scalar, Zero};
use crate::workspace::smaller;

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
    /// Whether the batch is more than the caches hold, so that memory is asked for ahead.
    pub(crate) far: bool,
}

/// A = U diag(s) Vᴴ for each item; s alone where `vectors` is `None`.
pub(crate) fn svd<S: Scalar>(
    mut job: Job<'_, S>,
    a: Items<'_, S>,
    s: ItemsMut<'_, S::Real>,
    vectors: Option<(ItemsMut<'_, S>, ItemsMut<'_, S>)>,
) -> Result<(), Error> {
    let ((m, n), level) = (job.shape, job.level);
    let (reals, _) = carve(core::mem::take(&mut job.work), decomposition_tile_len::<S>(m, n))?;
    let (a, flipped) = if m < n { (a.transpose(), true) } else { (a, false) };
    let (rows, cols) = (m.max(n), m.min(n));
    let vectors = vectors.map(|(u, v)| if flipped { (v, u) } else { (u, v) });
    let batch = Batch { a, rows, cols, flipped, count: job.count, far: job.far, failed: job.failed };
    on_lanes!(S, registers::<S>(cols), (level, reals), |tile| Thin { batch, tile, s, vectors });
    Ok(())
}

/// Entries of the memory of a tile of columns of A with those of V, and their norms.
pub(super) const fn decomposition_tile_len<S: Scalar>(m: usize, n: usize) -> usize {
    let k = smaller(m, n);
    tile_len::<S>(registers::<S>(k), k * (m + n), k)
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
    far: bool,
    failed: &'j mut dyn FnMut(usize, Error) -> ControlFlow<()>,
}

impl<S: Scalar> Batch<'_, S> {
    /// Tells of the lanes that failed.
    #[cold]
    #[inline(never)]
    fn report<const W: usize>(
        &mut self,
        (first, live): (usize, usize),
        outcome: &Outcome<S::Real, W>,
    ) -> ControlFlow<()> {
        let failed = outcome.failed();
        for lane in (0..live).filter(|&lane| failed[lane] > S::Real::zero()) {
            if let Err(error) = self.error((first + lane, lane), outcome) {
                (self.failed)(first + lane, error)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// What one of them met.
    fn error<const W: usize>(&self, (item, lane): (usize, usize), outcome: &Outcome<S::Real, W>) -> Result<(), Error> {
        if outcome.bad[lane] > S::Real::zero() {
            let matrix = self.a.get(item, (self.rows, self.cols));
            let matrix = if self.flipped { matrix.transpose() } else { matrix };
            matrix.check_finite("the matrix")
        } else if outcome.overflow[lane] > S::Real::zero() {
            Err(Error::Overflow)
        } else {
            Err(Error::NoConvergence { remaining: self.cols, sweeps: SWEEPS })
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
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        // (A condition that is a constant for complex numbers.)
        let _ = if S::PARTS == 1 && (self.batch.rows, self.batch.cols) == (2, 2) {
            self.tiles::<A, true>()
        } else {
            self.tiles::<A, false>()
        };
    }
}

impl<S: Scalar, const W: usize> Thin<'_, S, W> {
    #[inline(always)]
    fn tiles<A: Arith, const CLOSED: bool>(&mut self) -> ControlFlow<()> {
        let Batch { rows, cols, flipped, count, far, .. } = self.batch;
        let left = rows * S::PARTS;
        let len = if self.vectors.is_some() { left + cols * S::PARTS } else { left };
        let (data, rest) = core::mem::take(&mut self.tile).split_at_mut(len * cols);
        let mut columns = Columns { data, len, left, norms: &mut rest[..cols] };
        let places = self.batch.a.places((rows, cols), len);
        let of_s = self.s.places((cols, 1), cols);
        let of_vectors = self.vectors.as_ref().map(|(u, v)| (u.places((rows, cols), len), v.places((cols, cols), len)));
        for first in (0..count).step_by(W) {
            self.batch.a.gather::<A, W>((first, count), columns.data, &places);
            if flipped && S::PARTS == 2 {
                columns.conjugate();
            }
            let ahead = far.then(|| self.ahead(first, (&places, of_vectors.as_ref())));
            let outcome = columns.decompose::<A, S, CLOSED>(ahead);
            let (failed, range) = (outcome.failed(), (first, W.min(count - first)));
            self.s.scatter::<A, W>(range, columns.norms, &of_s, &failed);
            if let (Some((u, v)), Some((of_u, of_v))) = (&mut self.vectors, &of_vectors) {
                u.scatter::<A, W>(range, columns.data, of_u, &failed);
                v.scatter::<A, W>(range, &columns.data[left..], of_v, &failed);
            }
            if any(&failed) {
                self.batch.report(range, &outcome)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The next tile, and where the bases of this one go, in pieces for the rounds of three sweeps.
    #[inline(always)]
    fn ahead(&self, first: usize, (places, of_vectors): (&Places, Option<&(Places, Places)>)) -> Ahead<'_, S::Real> {
        let a = self.batch.a.ahead((first + W, W), places);
        let [u, v] = match (&self.vectors, of_vectors) {
            (Some((u, v)), Some((of_u, of_v))) => [u.view().ahead((first, W), of_u), v.view().ahead((first, W), of_v)],
            _ => [&[][..]; 2],
        };
        Ahead::new([a, u, v], 3 * rounds(self.batch.cols))
    }
}
