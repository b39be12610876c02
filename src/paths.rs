//! Every matrix every way: only with `RUSTFLAGS="--cfg diffsvd_paths"`, for the tests of the crate itself (`tests/paths`) and the count of sweeps.
//!
//! The shape of a matrix decides which algorithms it meets. Here the caller does, so that a matrix of any size can be sent along each
//! path and the results be compared. Not part of the interface of the crate.

use crate::diagonalize::qr_iteration;
use crate::error::Error;
use crate::matrix::MatRef;
use crate::plan::{Limits, Plan, Vectors, check_outputs};
use crate::scalar::{Real, Scalar};
use crate::svd::{FactorsMut, by_stages};
use crate::workspace::Store;

/// One way through the stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// What the shape decides, but never Jacobi.
    Stages,
    /// One-sided Jacobi where there is such a way for a matrix of this shape.
    Pairs,
    /// The same, of a matrix that is not square by way of A = Q R.
    TriangleInPairs,
    /// QR iteration, at any order.
    Iteration,
    /// Divide and conquer, at any order.
    Divide,
    /// A = Q R first, also of a square matrix.
    Triangular,
    /// No A = Q R, also of a tall matrix.
    Straight,
    /// A reduction in blocks of columns, all the way.
    Blocks,
    /// Divide and conquer after A = Q R and a reduction in blocks.
    DivideTriangularBlocks,
}

impl Path {
    /// All of them.
    pub const ALL: [Path; 9] = [
        Path::Stages,
        Path::Pairs,
        Path::TriangleInPairs,
        Path::Iteration,
        Path::Divide,
        Path::Triangular,
        Path::Straight,
        Path::Blocks,
        Path::DivideTriangularBlocks,
    ];

    fn plan<S: Scalar>(self, rows: usize, cols: usize, vectors: Vectors) -> Plan {
        let plan = Plan::new::<S>(rows, cols, vectors);
        let pairs = matches!(self, Path::Pairs | Path::TriangleInPairs);
        let plan = Plan { limits: Limits { pairs, ..plan.limits }, ..plan };
        let measured = plan.limits;
        let (divided, straight) = (Limits { divided_from: 1, ..measured }, Limits { banded: false, ..measured });
        let blocks = Limits { blocked_from: 0, reduced_at_once: 0, ..straight };
        match self {
            Path::Stages | Path::Pairs => plan,
            Path::TriangleInPairs => Plan { tall: true, limits: Limits { whole: false, ..measured }, ..plan },
            Path::Iteration => Plan { limits: Limits { divided_from: usize::MAX, ..straight }, ..plan },
            Path::Divide => Plan { limits: Limits { banded: false, ..divided }, ..plan },
            Path::Triangular => Plan { tall: true, limits: straight, ..plan },
            Path::Straight => Plan { tall: false, limits: straight, ..plan },
            Path::Blocks => Plan { limits: blocks, ..plan },
            Path::DivideTriangularBlocks => Plan { tall: true, limits: Limits { divided_from: 1, ..blocks }, ..plan },
        }
    }
}

/// Length of the workspace of [`svd_into`].
#[must_use]
pub fn workspace_len<S: Scalar>(path: Path, rows: usize, cols: usize, vectors: Vectors) -> usize {
    path.plan::<S>(rows, cols, vectors).workspace::<S>()
}

/// [`svd_into`](crate::svd_into) along this path. All but [`Path::Stages`] treat bidiagonal input as any other, without its relative accuracy.
///
/// # Errors
/// As there; an empty matrix has no path.
pub fn svd_into<S: Scalar>(
    path: Path,
    a: MatRef<'_, S>,
    vectors: Vectors,
    out: FactorsMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    check_outputs(a.shape(), vectors, out.u.shape(), out.s.len(), out.v.shape())?;
    let plan = path.plan::<S>(a.rows(), a.cols(), vectors);
    if plan.cols == 0 {
        return Err(Error::Shape { argument: "the matrix", got: a.shape(), expected: (1, 1) });
    }
    by_stages(a, &plan, out, &mut Store::new(work, plan.workspace::<S>())?)
}

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused) by QR
/// iteration, and returns the number of sweeps that it took.
///
/// # Errors
/// [`Error::NoConvergence`].
pub fn sweeps<R: Real>(d: &mut [R], e: &mut [R]) -> Result<usize, Error> {
    debug_assert!(e.len() >= d.len());
    qr_iteration(d, e, &mut ())
}
