//! Which way a matrix goes through the stages, and how much memory that takes: one decision for both.

use crate::bidiagonal::{PIECES, PUT_OFF};
use crate::block::{BLOCK, PANEL, panels_scratch_cols, scratch_cols};
use crate::diagonalize::divide_workspace_len;
use crate::error::Error;
use crate::jacobi::pairs;
use crate::kernel::{LANES, padded, spaced};
use crate::matrix::{MatRef, check_shape};
use crate::scalar::Scalar;
use crate::tall::RowBlocks;
use crate::workspace::{ALIGNMENT, larger};

/// Which singular vectors are wanted. With k = min(m, n):
///
/// ```
/// # use diffsvd::{Mat, Svd, Vectors};
/// let a = Mat::from_rows(&[[3.0, 0.0], [0.0, 2.0], [4.0, 0.0]]); // s = (5, 2)
/// let columns = |vectors| Svd::new(a.as_ref(), vectors).map(|svd| (svd.u().cols(), svd.s().len(), svd.v().cols()));
/// assert_eq!((columns(Vectors::None)?, columns(Vectors::Thin)?), ((0, 2, 0), (2, 2, 2)));
/// assert_eq!((columns(Vectors::Full)?, columns(Vectors::Leading(1))?), ((3, 2, 2), (1, 1, 1)));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vectors {
    /// None: the singular values alone, at a fraction of the cost; as accurate as with vectors, but not the same to the last bit.
    None,
    /// U m×k and V n×k.
    #[default]
    Thin,
    /// U m×m and V n×n: complete orthonormal bases; the columns after k span the null spaces.
    Full,
    /// The leading r ≤ k triplets: U m×r, V n×r and r singular values.
    Leading(usize),
}

/// The path of one matrix, made from its shape alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Rows of the matrix that is decomposed, at least `cols`.
    pub(crate) rows: usize,
    /// Its columns, k.
    pub(crate) cols: usize,
    /// Whether that is Aᴴ, so that U and V change places.
    pub(crate) transposed: bool,
    /// Whether A = Q R comes first.
    pub(crate) tall: bool,
    /// Whether any singular vectors are wanted.
    pub(crate) vectors: bool,
    /// Columns of its left factor: 0, k or m.
    pub(crate) left_cols: usize,
    /// Where one algorithm takes over from another.
    pub(crate) limits: Limits,
}

/// Where one algorithm takes over from another: constants, but for the tests, which send every matrix every way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Order from which divide and conquer finds the vectors.
    pub(crate) divided_from: usize,
    /// Bytes of a matrix from which its reduction begins with blocks of columns.
    pub(crate) blocked_from: usize,
    /// Bytes of what is left for the end of that reduction.
    pub(crate) reduced_at_once: usize,
    /// Bytes of a matrix from which it is cut into pieces for several threads.
    pub(crate) shared_from: usize,
    /// Whether bidiagonal input is looked for.
    pub(crate) banded: bool,
    /// Whether matrices of few columns may go by one-sided Jacobi.
    pub(crate) pairs: bool,
    /// Whether its own columns may be turned where a matrix is not square.
    pub(crate) whole: bool,
}

impl Limits {
    /// For these numbers.
    const fn measured<R>() -> Self {
        Limits {
            divided_from: if size_of::<R>() == size_of::<f32>() { DIVIDED_FROM_SINGLE } else { DIVIDED_FROM },
            blocked_from: BLOCKED_FROM,
            reduced_at_once: REDUCED_AT_ONCE,
            shared_from: SHARED_FROM,
            banded: true,
            pairs: true,
            whole: true,
        }
    }
}

/// Whether A = Q R comes first. By operations it does from 5/3 as many rows as columns on (Chan 1982). With lanes the operations of a small matrix cost less
/// than the reflectors that wait for each other, of which A = Q R has one more for each column, so that it comes later; but not where the columns of R
/// may be turned in pairs (`docs/measurements.md`).
const fn is_tall(rows: usize, cols: usize, vectors: bool) -> bool {
    let (from, entries) =
        if vectors { (cols.saturating_mul(3), 100_000) } else { (cols.saturating_mul(2).saturating_add(96), 60_000) };
    let small = LANES > 1 && !(vectors && cols <= 16) && rows.saturating_mul(cols) <= entries;
    rows > if small { from } else { cols.saturating_add(cols / 3 * 2) }
}

impl Plan {
    pub(crate) const fn new<S: Scalar>(rows: usize, cols: usize, vectors: Vectors) -> Self {
        let transposed = rows < cols;
        let (rows, cols) = if transposed { (cols, rows) } else { (rows, cols) };
        let left_cols = match vectors {
            Vectors::None => 0,
            Vectors::Thin | Vectors::Leading(_) => cols,
            Vectors::Full => rows,
        };
        Plan {
            rows,
            cols,
            transposed,
            tall: is_tall(rows, cols, !matches!(vectors, Vectors::None)),
            vectors: !matches!(vectors, Vectors::None),
            left_cols,
            limits: Limits::measured::<S::Real>(),
        }
    }

    /// Entries of the workspace; saturates where no memory could hold it.
    pub(crate) const fn workspace<S: Scalar>(&self) -> usize {
        let number = (size_of::<S::Real>(), S::PARTS);
        if self.cols == 0 {
            return 0;
        }
        let stages = self.stages_len::<S>();
        if !self.whole_in_pairs(number) {
            return stages;
        }
        let columns = pairs::room((self.rows, self.cols), number).saturating_add(ALIGNMENT.div_ceil(size_of::<S>()));
        let complete = if self.thin() { 0 } else { self.completing().stages_len::<S>() };
        larger(larger(stages, columns), complete)
    }

    /// Entries for the stages alone.
    pub(crate) const fn stages_len<S: Scalar>(&self) -> usize {
        let (m, n) = (self.rows, self.cols);
        let (tall, short) = (spaced::<S::Real>(m), spaced::<S::Real>(n));
        let Stores { copy, square, rows, left, right, middle, joint } = self.stores();
        let blocks = padded(BLOCK).saturating_mul(self.scratch_cols(size_of::<S>()));
        let entries = tall
            .saturating_mul(copy.saturating_add(left).saturating_add(3))
            .saturating_add(short.saturating_mul(
                square.saturating_add(rows).saturating_add(right).saturating_add(joint).saturating_add(1),
            ))
            .saturating_add(blocks);
        let put_off = if self.trailing(0, size_of::<S>()) > self.limits.blocked_from {
            let rows = short.saturating_mul(2 * PUT_OFF + 2).saturating_add(padded(2 * PUT_OFF).saturating_mul(n));
            rows.saturating_add(spaced::<S::Real>(self.reduced_rows()).saturating_mul(PUT_OFF))
        } else {
            0
        };
        let turned = self.turned((size_of::<S::Real>(), S::PARTS));
        let pieces = spaced::<S::Real>(self.reduced_rows()).saturating_mul(self.more_pieces(size_of::<S>()));
        let entries = entries.saturating_add(put_off).saturating_add(pieces).saturating_add(turned);
        let divide = if self.divided() { divide_workspace_len(n) } else { 0 };
        let reals = n
            .saturating_mul(REALS_PER_COLUMN.saturating_add(2 * (self.row_blocks().count() - 1)))
            .saturating_add(short.saturating_mul(2).saturating_mul(middle))
            .saturating_add(divide);
        // Room to start at a cache line.
        let slack = ALIGNMENT.div_ceil(size_of::<S>());
        entries.saturating_add(reals.div_ceil(S::PARTS)).saturating_add(slack)
    }

    /// Whether the vectors are found by divide and conquer.
    pub(crate) const fn divided(&self) -> bool {
        self.vectors && self.cols >= self.limits.divided_from
    }

    /// Whether the left basis has storage of its own, beside the reflectors.
    pub(crate) const fn apart(&self) -> bool {
        self.tall || self.divided()
    }

    /// Whether reflectors are applied in blocks.
    pub(crate) const fn blocked(&self) -> bool {
        (self.tall && self.cols > PANEL) || self.row_blocks().count() > 1 || self.divided()
    }

    /// Whether one-sided Jacobi may take it, or its R, the pairs of its columns side by side. (One column has none.)
    const fn in_pairs(&self) -> bool {
        self.limits.pairs && self.cols > 1 && !self.divided()
    }

    /// Whether its own columns are turned, of numbers with so many bytes to a real and reals: up to where those of R, with the products with Q, are faster,
    /// or, without vectors, the reduction (`docs/measurements.md`).
    pub(crate) const fn whole_in_pairs(&self, (bytes, parts): (usize, usize)) -> bool {
        let (factor, few) = if self.vectors {
            (4 - parts, true)
        } else {
            (2, self.rows != self.cols && self.cols.saturating_mul(parts) <= 4)
        };
        let asked = self.rows == self.cols || self.limits.whole;
        let low = self.rows <= self.cols.saturating_mul(factor).saturating_add(8);
        asked && few && low && self.in_pairs() && pairs::room((self.rows, self.cols), (bytes, parts)) > 0
    }

    /// Entries of storage for the columns of R where those are turned.
    pub(crate) const fn turned(&self, number: (usize, usize)) -> usize {
        if self.tall && self.vectors && self.in_pairs() && !self.whole_in_pairs(number) {
            pairs::room((self.cols, self.cols), number)
        } else {
            0
        }
    }

    /// The plan by which the first columns of the left basis, where they are there, become a complete one: that of their A = Q R.
    pub(crate) const fn completing(&self) -> Self {
        let limits = Limits { pairs: false, ..self.limits };
        Plan { tall: true, transposed: false, limits, ..*self }
    }

    /// How the rows are cut for A = Q R.
    pub(crate) const fn row_blocks(&self) -> RowBlocks {
        if self.tall { RowBlocks::new(self.rows, self.cols) } else { RowBlocks::whole(self.rows) }
    }

    /// Columns that are reduced in blocks, before what is left fits the cache, where it is faster to update each column at
    /// once. An entry has `bytes` bytes.
    pub(crate) const fn reduced_in_blocks(&self, bytes: usize) -> usize {
        let mut cols = 0;
        if self.trailing(0, bytes) > self.limits.blocked_from {
            while cols + PUT_OFF < self.cols && self.trailing(cols, bytes) > self.limits.reduced_at_once {
                cols += PUT_OFF;
            }
        }
        cols
    }

    /// Whether the work on the matrix is cut into pieces that several threads can take. An entry has `bytes` bytes.
    pub(crate) const fn shared(&self, bytes: usize) -> bool {
        // On one thread the pieces cost up to a quarter of the time: who cannot have more does without.
        let threads = cfg!(feature = "rayon") && LANES > 1;
        threads && self.trailing(0, bytes) >= self.limits.shared_from
    }

    /// What becomes the first half of the columns of the matrix in the work storage, and the second half: some rows of them.
    pub(crate) fn halves<'a, S: Scalar>(&self, a: MatRef<'a, S>) -> Result<[MatRef<'a, S>; 2], Error> {
        let ((rows, cols), half) = (a.shape(), self.cols / 2);
        if self.transposed {
            Ok([a.block(0, 0, half, cols)?, a.block(half, 0, rows - half, cols)?])
        } else {
            Ok([a.block(0, 0, rows, half)?, a.block(0, half, rows, cols - half)?])
        }
    }

    /// Columns for the sums of the pieces of one step of the reduction, beside that of the first piece.
    pub(crate) const fn more_pieces(&self, bytes: usize) -> usize {
        if self.shared(bytes) { PIECES - 1 } else { 0 }
    }

    /// Columns of the work storage of blocks of reflectors: of both bases at the same time where they are shared out.
    pub(crate) const fn scratch_cols(&self, bytes: usize) -> usize {
        let (left, right) = (self.left_cols, self.cols);
        if !self.blocked() {
            0
        } else if self.shared(bytes) {
            panels_scratch_cols(left).saturating_add(panels_scratch_cols(right))
        } else {
            scratch_cols(larger(left, right))
        }
    }

    /// Bytes of the matrix that is left after `cols` columns.
    const fn trailing(&self, cols: usize, bytes: usize) -> usize {
        let (rows, left) = (self.reduced_rows().saturating_sub(cols), self.cols.saturating_sub(cols));
        rows.saturating_mul(left).saturating_mul(bytes)
    }

    /// Rows of the matrix that is reduced.
    pub(crate) const fn reduced_rows(&self) -> usize {
        if self.tall { self.cols } else { self.rows }
    }

    /// Whether the left factor has no more columns than A: then it is zero below its first rows before reflectors are applied to it;
    /// a complete basis has ones down to the last.
    pub(crate) const fn thin(&self) -> bool {
        self.left_cols <= self.cols
    }

    /// Columns of each matrix in the work storage.
    pub(crate) const fn stores(&self) -> Stores {
        let n = self.cols;
        let apart = self.apart();
        Stores {
            copy: if apart || self.left_cols < n { n } else { self.left_cols },
            square: if self.tall { n } else { 0 },
            rows: if self.vectors { n } else { 0 },
            left: if apart { self.left_cols } else { 0 },
            right: if self.divided() { n } else { 0 },
            middle: if self.divided() { n } else { 0 },
            joint: if self.row_blocks().count() > 1 { self.left_cols } else { 0 },
        }
    }
}

/// Columns of the matrices in the work storage; 0 for those that the path does not need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stores {
    /// A, then its reflectors, then, unless `left` is used, the left basis.
    pub(crate) copy: usize,
    /// R of a tall A = Q R, then its reflectors or its left basis.
    pub(crate) square: usize,
    /// The reflectors of the rows, then, unless `right` is used, the right basis.
    pub(crate) rows: usize,
    /// The left basis.
    pub(crate) left: usize,
    /// The right basis.
    pub(crate) right: usize,
    /// The two real factors of the bidiagonal matrix.
    pub(crate) middle: usize,
    /// What the reflectors of a block of rows have in common with the left basis.
    pub(crate) joint: usize,
}

/// Bytes of a matrix from which its reduction begins with blocks of columns, and of what is left for the end: what a second
/// cache of 1 MiB holds (`docs/measurements.md`).
const BLOCKED_FROM: usize = 3 << 20;
const REDUCED_AT_ONCE: usize = 1 << 20;

/// Bytes of a matrix from which several threads gain time (`docs/measurements.md`).
const SHARED_FROM: usize = 256 << 10;

/// Order from which divide and conquer is faster than QR iteration, and that in single precision (`docs/measurements.md`).
const DIVIDED_FROM: usize = 60;
const DIVIDED_FROM_SINGLE: usize = 72;

/// d and e, four arrays of scratch, the scalars of three sets of reflectors.
const REALS_PER_COLUMN: usize = 2 + 4 + 6;

/// Length of the workspace, in entries, that the SVD of an m×n matrix needs; O(mn) for thin vectors.
///
/// ```
/// use diffsvd::{Vectors, svd_workspace_len};
/// const LEN: usize = svd_workspace_len::<f32>(4, 3, Vectors::Thin);
/// let workspace = [0.0_f32; LEN];
/// # assert!(workspace.len() > 4 * 3);
/// ```
#[must_use]
pub const fn svd_workspace_len<S: Scalar>(rows: usize, cols: usize, vectors: Vectors) -> usize {
    Plan::new::<S>(rows, cols, vectors).workspace::<S>()
}

impl Vectors {
    /// (columns of U, length of s, columns of V) for an m×n matrix. Of more leading triplets than there are all: for them no memory is needed, since
    /// [`check_outputs`] refuses them.
    pub(crate) fn lens(self, (m, n): (usize, usize)) -> (usize, usize, usize) {
        let k = m.min(n);
        match self {
            Vectors::None => (0, k, 0),
            Vectors::Thin => (k, k, k),
            Vectors::Full => (m, k, n),
            Vectors::Leading(r) => (r.min(k), r.min(k), r.min(k)),
        }
    }
}

/// Whether the outputs for an m×n matrix have the right shapes.
pub(crate) fn check_outputs(
    shape: (usize, usize),
    vectors: Vectors,
    u: (usize, usize),
    s: usize,
    v: (usize, usize),
) -> Result<(), Error> {
    let ((m, n), (u_cols, s_len, v_cols)) = (shape, vectors.lens(shape));
    if let Vectors::Leading(r) = vectors
        && r > s_len
    {
        return Err(Error::Parameter {
            name: "the number of leading triplets",
            value: r as f64,
            must: "not exceed the smaller side of the matrix",
        });
    }
    check_shape("s", (s, 1), (s_len, 1))?;
    if vectors == Vectors::None {
        return Ok(());
    }
    check_shape("U", u, (m, u_cols))?;
    check_shape("V", v, (n, v_cols))
}

#[cfg(test)]
mod tests;
