//! Which way a matrix goes through the stages, and how much memory that takes: one decision for both.

use crate::error::Error;
use crate::kernel::cast;
use crate::matrix::check_shape;
use crate::scalar::Scalar;

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
            tall: rows > cols + cols / 3 * 2,
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
        let copy = m.saturating_mul(n);
        let factor = if self.tall { n.saturating_mul(n).saturating_add(n) } else { 0 };
        let bases = if self.vectors { m.saturating_mul(self.left_cols).saturating_add(n.saturating_mul(n)) } else { 0 };
        let scalars = n.saturating_mul(3).saturating_add(m.saturating_mul(2));
        let reals = n.saturating_mul(6).div_ceil(S::PARTS);
        copy.saturating_add(factor).saturating_add(bases).saturating_add(scalars).saturating_add(reals)
    }
}

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

    /// The next entries as `count` arrays of `len` reals each.
    pub(crate) fn take_reals<const COUNT: usize>(&mut self, len: usize) -> [&'w mut [S::Real]; COUNT] {
        let entries = (COUNT * len).div_ceil(S::PARTS);
        let mut arrays = cast::as_reals(self.take(entries)).chunks_mut(len.max(1));
        core::array::from_fn(|_| arrays.next().unwrap_or_default())
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
