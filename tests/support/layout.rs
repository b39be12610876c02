//! Matrices in every layout, in memory whose other places must stay as they are.

use diffsvd::{Mat, MatMut, MatRef, Scalar};

use super::entry::{at, from_f64};

/// How the entries lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    RowMajor,
    ColMajor,
    /// Gaps between the entries of a column and between the columns.
    Strided,
    /// A block of a larger row-major matrix, seen transposed.
    TransposedBlock,
}

impl Layout {
    pub(crate) const ALL: [Layout; 4] = [Layout::RowMajor, Layout::ColMajor, Layout::Strided, Layout::TransposedBlock];

    /// Each in its turn.
    pub(crate) fn turn(i: usize) -> Self {
        Self::ALL[i % Self::ALL.len()]
    }
}

/// Places before the first and after the last entry.
const MARGIN: usize = 5;

/// A matrix in its memory.
#[derive(Clone, Debug)]
pub(crate) struct Buffer<S> {
    data: Vec<S>,
    rows: usize,
    cols: usize,
    layout: Layout,
}

impl<S: Scalar> Buffer<S> {
    /// Entries that nobody has written yet: NaN, so that whatever is read too early shows.
    pub(crate) fn unwritten(rows: usize, cols: usize, layout: Layout) -> Self {
        let len = match layout {
            Layout::RowMajor | Layout::ColMajor => rows * cols,
            Layout::Strided => cols * (3 * rows + 2),
            Layout::TransposedBlock => (cols + 2) * (rows + 3),
        };
        let data = (0..len + 2 * MARGIN).map(canary).collect();
        let mut buffer = Buffer { data, rows, cols, layout };
        buffer.fill(|_, _| from_f64(f64::NAN));
        buffer
    }

    /// The matrix in this layout.
    pub(crate) fn holding(a: &Mat<S>, layout: Layout) -> Self {
        let mut buffer = Self::unwritten(a.rows(), a.cols(), layout);
        buffer.fill(|i, j| a[(i, j)]);
        buffer
    }

    fn fill(&mut self, entry: impl Fn(usize, usize) -> S) {
        let (rows, cols) = (self.rows, self.cols);
        let mut view = self.as_mut();
        for j in 0..cols {
            for i in 0..rows {
                view.set(i, j, entry(i, j));
            }
        }
    }

    pub(crate) fn as_ref(&self) -> MatRef<'_, S> {
        let (m, n, data) = (self.rows, self.cols, &self.data[MARGIN..]);
        match self.layout {
            Layout::RowMajor => MatRef::row_major(data, m, n),
            Layout::ColMajor => MatRef::col_major(data, m, n),
            Layout::Strided => MatRef::new(data, m, n, 3, 3 * m + 2),
            Layout::TransposedBlock => {
                MatRef::row_major(data, n + 2, m + 3).and_then(|all| all.block(1, 2, n, m)).map(MatRef::transpose)
            }
        }
        .expect("a view that fits its memory")
    }

    pub(crate) fn as_mut(&mut self) -> MatMut<'_, S> {
        let (m, n, data) = (self.rows, self.cols, &mut self.data[MARGIN..]);
        match self.layout {
            Layout::RowMajor => MatMut::row_major(data, m, n),
            Layout::ColMajor => MatMut::col_major(data, m, n),
            Layout::Strided => MatMut::new(data, m, n, 3, 3 * m + 2),
            Layout::TransposedBlock => {
                MatMut::row_major(data, n + 2, m + 3).and_then(|all| all.block(1, 2, n, m)).map(MatMut::transpose)
            }
        }
        .expect("a view that fits its memory")
    }

    /// # Panics
    /// If a place that is no entry of the matrix has changed.
    pub(crate) fn assert_outside_untouched(&self) {
        let mut others = self.clone();
        others.fill_by_place();
        for (place, (x, expected)) in self.data.iter().zip(&others.data).enumerate() {
            let inside = *expected == from_f64(INSIDE);
            assert!(inside || *x == canary(place), "place {place} of {:?} has become {x:?}", self.layout);
        }
    }

    /// # Panics
    /// If any place has changed since [`Buffer::unwritten`].
    pub(crate) fn assert_unwritten(&self) {
        self.assert_outside_untouched();
        let view = self.as_ref();
        for j in 0..self.cols {
            for i in 0..self.rows {
                let x = at(view, i, j).re();
                assert!(x.partial_cmp(&x).is_none(), "entry ({i}, {j}) has become {x:?}");
            }
        }
    }

    fn fill_by_place(&mut self) {
        self.fill(|_, _| from_f64(INSIDE));
    }
}

/// Stands for an entry of the matrix; no canary equals it.
const INSIDE: f64 = -1.0;

/// What a place outside of the matrix holds.
fn canary<S: Scalar>(place: usize) -> S {
    from_f64((place % 1000) as f64 + 0.5)
}

/// A workspace of `len` entries, NaN, and canaries behind it.
#[derive(Clone, Debug)]
pub(crate) struct Workspace<S> {
    data: Vec<S>,
    len: usize,
}

impl<S: Scalar> Workspace<S> {
    pub(crate) fn new(len: usize) -> Self {
        let data = (0..len + 2 * MARGIN).map(|i| if i < len { from_f64(f64::NAN) } else { canary(i) }).collect();
        Workspace { data, len }
    }

    /// The workspace with more than is needed behind it.
    pub(crate) fn as_mut(&mut self) -> &mut [S] {
        &mut self.data
    }

    /// # Panics
    /// If anything behind the announced length has changed.
    pub(crate) fn assert_end_untouched(&self) {
        for (place, x) in self.data.iter().enumerate().skip(self.len) {
            assert!(*x == canary(place), "place {place} of a workspace of {} has become {x:?}", self.len);
        }
    }
}
