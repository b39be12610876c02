//! Which way a matrix goes through the stages, and how much memory that takes: one decision for both.

use crate::error::Error;
use crate::kernel::{LANES, Planes, cast, padded};
use crate::matrix::check_shape;
use crate::scalar::{Real, Scalar};

/// Which singular vectors are wanted. With k = min(m, n):
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vectors {
    /// None: the singular values alone, at a fraction of the cost.
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
}

impl Plan {
    pub(crate) const fn new(rows: usize, cols: usize, vectors: Vectors) -> Self {
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
            // Where the QR factorization costs less than what it saves (Chan 1982: m > 5/3 n).
            tall: rows > cols.saturating_add(cols / 3 * 2),
            vectors: !matches!(vectors, Vectors::None),
            left_cols,
        }
    }

    /// Entries of the workspace; saturates where no memory could hold it.
    pub(crate) const fn workspace<S: Scalar>(&self) -> usize {
        let (m, n) = (self.rows, self.cols);
        if n == 0 {
            return 0;
        }
        let (tall, short) = (padded(m), padded(n));
        let copy = tall.saturating_mul(if self.tall || self.left_cols < n { n } else { self.left_cols });
        let square = if self.tall { short.saturating_mul(n) } else { 0 };
        let left = if self.tall { tall.saturating_mul(self.left_cols) } else { 0 };
        let right = if self.vectors { short.saturating_mul(n) } else { 0 };
        let columns = tall.saturating_mul(3).saturating_add(short);
        let reals = n.saturating_mul(REALS_PER_COLUMN).div_ceil(S::PARTS);
        // Room to start at a cache line.
        let slack = ALIGNMENT.div_ceil(size_of::<S>());
        copy.saturating_add(square)
            .saturating_add(left)
            .saturating_add(right)
            .saturating_add(columns)
            .saturating_add(reals)
            .saturating_add(slack)
    }
}

/// d and e, four arrays of rotations, the scalars of three sets of reflectors.
const REALS_PER_COLUMN: usize = 2 + 4 + 6;

/// A cache line, and the widest vector.
const ALIGNMENT: usize = 64;

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
    Plan::new(rows, cols, vectors).workspace::<S>()
}

/// Hands out pieces of a workspace.
pub(crate) struct Arena<'w, S> {
    rest: &'w mut [S],
}

impl<'w, S: Scalar> Arena<'w, S> {
    /// # Errors
    /// [`Error::Workspace`] unless `work` has at least `needed` entries.
    pub(crate) fn new(work: &'w mut [S], needed: usize) -> Result<Self, Error> {
        let got = work.len();
        match work.get_mut(..needed) {
            Some(rest) => Ok(Arena { rest }),
            None => Err(Error::Workspace { needed, got }),
        }
    }

    /// The next `len` entries; fewer only if the lengths asked for exceed what was announced to [`Arena::new`].
    pub(crate) fn take(&mut self, len: usize) -> &'w mut [S] {
        let rest = core::mem::take(&mut self.rest);
        let (piece, rest) = rest.split_at_mut(len.min(rest.len()));
        self.rest = rest;
        debug_assert_eq!(piece.len(), len);
        piece
    }

    /// The next entries as `COUNT` arrays of `len` reals each.
    pub(crate) fn take_reals<const COUNT: usize>(&mut self, len: usize) -> [&'w mut [S::Real]; COUNT] {
        let entries = (COUNT * len).div_ceil(S::PARTS);
        let mut arrays = cast::as_reals(self.take(entries)).chunks_mut(len.max(1));
        core::array::from_fn(|_| arrays.next().unwrap_or_default())
    }
}

/// Hands out the work storage of the decomposition: planes, lanes and reals.
pub(crate) struct Store<'w, R> {
    rest: &'w mut [R],
}

impl<'w, R: Real> Store<'w, R> {
    /// # Errors
    /// [`Error::Workspace`] unless `work` has at least `needed` entries.
    pub(crate) fn new<S: Scalar<Real = R>>(work: &'w mut [S], needed: usize) -> Result<Self, Error> {
        let got = work.len();
        let reals = cast::as_reals(work.get_mut(..needed).unwrap_or_default());
        if reals.len() < needed * S::PARTS {
            return Err(Error::Workspace { needed, got });
        }
        let skip = reals.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT / size_of::<R>());
        Ok(Store { rest: reals.get_mut(skip..).unwrap_or_default() })
    }

    /// The next `COUNT` arrays of `len` reals each.
    pub(crate) fn reals<const COUNT: usize>(&mut self, len: usize) -> [&'w mut [R]; COUNT] {
        core::array::from_fn(|_| self.take(len))
    }

    /// The next `cols` columns of `rows` entries in `parts` planes.
    pub(crate) fn planes(&mut self, rows: usize, cols: usize, parts: usize) -> Planes<'w, R> {
        let depth = padded(rows) / LANES;
        let (data, _) = self.take(depth * LANES * parts * cols).as_chunks_mut();
        Planes { data, depth, parts }
    }

    /// The next reals; fewer only if more is asked for than was announced to [`Store::new`].
    fn take(&mut self, len: usize) -> &'w mut [R] {
        let rest = core::mem::take(&mut self.rest);
        debug_assert!(len <= rest.len());
        let (piece, rest) = rest.split_at_mut(len.min(rest.len()));
        self.rest = rest;
        piece
    }
}

/// The shapes of the outputs for an m×n matrix: (columns of U, length of s, columns of V).
pub(crate) fn check_outputs(
    shape: (usize, usize),
    vectors: Vectors,
    u: (usize, usize),
    s: usize,
    v: (usize, usize),
) -> Result<(), Error> {
    let (m, n) = shape;
    let k = m.min(n);
    let (u_cols, s_len, v_cols) = match vectors {
        Vectors::None => (0, k, 0),
        Vectors::Thin => (k, k, k),
        Vectors::Full => (m, k, n),
        Vectors::Leading(r) if r <= k => (r, r, r),
        Vectors::Leading(r) => {
            return Err(Error::Parameter {
                name: "the number of leading triplets",
                value: r as f64,
                must: "not exceed the smaller side of the matrix",
            });
        }
    };
    check_shape("s", (s, 1), (s_len, 1))?;
    if vectors == Vectors::None {
        return Ok(());
    }
    check_shape("U", u, (m, u_cols))?;
    check_shape("V", v, (n, v_cols))
}
