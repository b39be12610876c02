//! The decomposition of every matrix of a batch.

use super::parts::FactorsMut;
use super::run::{Log, Run, Summary, for_each, for_each_piece};
use super::view::{BatchMut, BatchRef};
use super::{lanes, small};
use crate::abreast::{self, Several};
use crate::error::Error;
use crate::instances::Instances;
use crate::kernel::LANES;
use crate::matrix::MatRef;
use crate::plan::{Vectors, check_outputs};
use crate::scalar::Scalar;

/// Length of the workspace of [`svd_into`] for matrices of this shape, however many; times the number of threads.
#[must_use]
pub const fn svd_workspace_len<S: Scalar>(rows: usize, cols: usize, vectors: Vectors) -> usize {
    svd_workspace_len_for::<S>(usize::MAX, rows, cols, vectors)
}

/// [`svd_workspace_len`] for so many matrices: less for very few of middle size.
///
/// ```
/// use diffsvd::{Vectors, batch};
/// let len = |count| batch::svd_workspace_len_for::<f64>(count, 32, 32, Vectors::Thin);
/// assert!(len(1) == diffsvd::svd_workspace_len::<f64>(32, 32, Vectors::Thin) && len(1) <= len(1000));
/// ```
#[must_use]
pub const fn svd_workspace_len_for<S: Scalar>(count: usize, rows: usize, cols: usize, vectors: Vectors) -> usize {
    if small::decomposes(rows, cols, vectors) {
        lanes::workspace_len::<S>(rows, cols)
    } else if abreast::serves::<S>(count, (rows, cols), vectors) {
        abreast::workspace_len::<S>(rows, cols, vectors)
    } else {
        crate::svd_workspace_len::<S>(rows, cols, vectors)
    }
}

/// Length of the workspace of [`singular_values_into`] for matrices of this shape, however many; times the number of threads.
#[must_use]
pub const fn singular_values_workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    svd_workspace_len::<S>(rows, cols, Vectors::None)
}

/// Aᵢ = Uᵢ diag(sᵢ) Vᵢᴴ for every matrix of a batch: [`svd_into`](crate::svd_into) over it, with its accuracy.
///
/// Small matrices (min(m, n) ≤ 8, max(m, n) ≤ 32; thin vectors, or none, or full ones of a square matrix) are decomposed side by side, one a lane of the vector registers, by one-sided
/// Jacobi rotations. All others come out to the last bit as alone, one after another; where that helps, the QR iterations of eight of middle size go on
/// side by side.
///
/// What happens to an item does not depend on the others, nor on the number of threads. Nothing is written for an item that fails.
///
/// **Shapes.** `a` m×n; `out` as there, for each matrix. Any strides, interleaved matrices too; a batch stride of zero repeats a matrix of `a`.
///
/// **Cost.** Workspace [`svd_workspace_len`] (or [`svd_workspace_len_for`]), no allocation.
///
/// # Errors
/// [`Error::Shape`], [`Error::Layout`], [`Error::Count`], [`Error::Workspace`], [`Error::Parameter`] for the call; for an item [`Error::NonFinite`],
/// [`Error::Overflow`], [`Error::NoConvergence`] ([`Run::record`]).
///
/// ```
/// use diffsvd::{Vectors, batch::{self, BatchMut, BatchRef, FactorsMut, Run}};
///
/// let count = 1000;
/// let x: Vec<f64> = (0..count * 6).map(|i| ((i * 37) % 11) as f64).collect(); // 3×2, row by row
/// let (mut u, mut s, mut v) = (vec![0.0; count * 6], vec![0.0; count * 2], vec![0.0; count * 4]);
/// let mut work = vec![0.0; batch::svd_workspace_len::<f64>(3, 2, Vectors::Thin)];
/// let out = FactorsMut {
///     u: BatchMut::row_major(&mut u, count, 3, 2)?,
///     s: BatchMut::vectors(&mut s, count, 2)?,
///     v: BatchMut::row_major(&mut v, count, 2, 2)?,
/// };
/// let done = batch::svd_into(BatchRef::row_major(&x, count, 3, 2)?, Vectors::Thin, out, Run::new(&mut work))?;
/// assert_eq!(done.succeeded, count);
/// let norm = x[6..12].iter().map(|x| x * x).sum::<f64>();
/// assert!((s[2] * s[2] + s[3] * s[3] - norm).abs() < 1e-12 * norm); // of the second matrix
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn svd_into<S: Scalar>(
    a: BatchRef<'_, S>,
    vectors: Vectors,
    out: FactorsMut<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let (m, n) = a.shape();
    check_outputs((m, n), vectors, out.u.shape(), out.s.contiguous()?, out.v.shape())?;
    let len = svd_workspace_len_for::<S>(a.count(), m, n, vectors);
    if small::decomposes(m, n, vectors) {
        return small::svd(a, vectors != Vectors::None, out, len, run);
    }
    if abreast::serves::<S>(a.count(), (m, n), vectors) {
        return for_each_piece((a, out), len, run.in_groups(LANES), |piece| {
            S::Real::svd_of_several(
                &mut Items { items: &mut piece.items, log: &mut piece.log },
                ((m, n), vectors),
                piece.work,
            )
        });
    }
    for_each((a, out), len, run, |(a, out), i, work| crate::svd_into(a.item(i)?, vectors, out.item(i)?, work))
}

/// The matrices of a piece, and what becomes of them.
struct Items<'x, 'a, 'b, S: Scalar> {
    items: &'x mut (BatchRef<'a, S>, FactorsMut<'a, S>),
    log: &'x mut Log<'b, ()>,
}

impl<S: Scalar> Several<S> for Items<'_, '_, '_, S> {
    fn count(&self) -> usize {
        self.log.count
    }

    fn item(&mut self, i: usize) -> Result<(MatRef<'_, S>, crate::FactorsMut<'_, S>), Error> {
        let (a, out) = &mut *self.items;
        Ok((a.item(i)?, out.item(i)?))
    }

    fn tell(&mut self, i: usize, outcome: Result<(), Error>) -> Result<bool, Error> {
        self.log.record(i, outcome)
    }
}

/// The singular values of every matrix, k = min(m, n) each, within the bounds of [`svd_into`]: [`singular_values_into`](crate::singular_values_into) over
/// the batch. Of small matrices they are to the last bit those that come with vectors.
///
/// # Errors
/// As [`svd_into`].
///
/// ```
/// use diffsvd::batch::{self, BatchMut, BatchRef, Run};
/// let a = [3.0, 4.0, 0.0, 5.0]; // two 1×2 matrices
/// let (mut s, mut work) = ([0.0; 2], vec![0.0; batch::singular_values_workspace_len::<f64>(1, 2)]);
/// let a = BatchRef::row_major(&a, 2, 1, 2)?;
/// batch::singular_values_into(a, BatchMut::vectors(&mut s, 2, 1)?, Run::new(&mut work))?.all()?;
/// assert!(s.iter().all(|s| (s - 5.0_f64).abs() < 1e-14));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn singular_values_into<S: Scalar>(
    a: BatchRef<'_, S>,
    s: BatchMut<'_, S::Real>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    let count = a.count();
    svd_into(a, Vectors::None, FactorsMut { u: BatchMut::empty(count), s, v: BatchMut::empty(count) }, run)
}

/// [`fix_phases`](crate::fix_phases) for every matrix: the entry of largest modulus in each column of U becomes real and positive.
///
/// # Errors
/// As there.
///
/// ```
/// use diffsvd::batch::{self, BatchMut, Run};
/// let (mut u, mut v) = ([0.6, -0.8, 0.6, 0.8], [1.0, 1.0]); // two columns, and a number for each
/// let (u_view, v_view) = (BatchMut::vectors(&mut u, 2, 2)?, BatchMut::vectors(&mut v, 2, 1)?);
/// batch::fix_phases(u_view, v_view, Run::new(&mut []))?.all()?;
/// assert_eq!((u, v), ([-0.6, 0.8, 0.6, 0.8], [-1.0, 1.0]));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn fix_phases<S: Scalar>(u: BatchMut<'_, S>, v: BatchMut<'_, S>, run: Run<'_, S>) -> Result<Summary, Error> {
    for_each((u, v), 0, run, |(u, v), i, _| crate::fix_phases(u.item(i)?, v.item(i)?))
}
