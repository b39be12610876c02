//! Batches in every layout, in memory whose other places must stay as they are.

use diffsvd::batch::{BatchMut, BatchRef, Layout};
use diffsvd::{Mat, Scalar};

use crate::support::entry::from_f64;

/// How the matrices lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    RowMajor,
    ColMajor,
    /// Gaps between entries, columns and matrices.
    Gaps,
    /// Entry (i, j) of all matrices together: structure of arrays.
    Interleaved,
    /// The columns of all matrices together: the batch stride is the middle one.
    Between,
}

impl Place {
    pub(crate) const ALL: [Place; 5] =
        [Place::RowMajor, Place::ColMajor, Place::Gaps, Place::Interleaved, Place::Between];

    pub(crate) fn turn(i: usize) -> Self {
        Self::ALL[i % Self::ALL.len()]
    }

    pub(crate) fn layout(self, count: usize, rows: usize, cols: usize) -> Layout {
        let packed = Layout::col_major(count, rows, cols);
        match self {
            Place::RowMajor => Layout::row_major(count, rows, cols),
            Place::ColMajor => packed,
            Place::Gaps => {
                let (row_stride, col_stride) = (2, 2 * rows + 1);
                Layout { row_stride, col_stride, batch_stride: col_stride * cols + 3, ..packed }
            }
            Place::Interleaved => Layout { batch_stride: 1, row_stride: count, col_stride: count * rows, ..packed },
            Place::Between => Layout { row_stride: 1, batch_stride: rows, col_stride: rows * count, ..packed },
        }
    }
}

/// Places before the first and behind the last entry.
const MARGIN: usize = 4;

/// Many matrices in their memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Many<S> {
    data: Vec<S>,
    layout: Layout,
}

/// What is in a place that nobody has written.
pub(crate) fn blank<S: Scalar>() -> S {
    from_f64(77.5)
}

impl<S: Scalar> Many<S> {
    /// Matrices that nobody has written yet.
    pub(crate) fn blank(count: usize, (rows, cols): (usize, usize), place: Place) -> Self {
        let layout = place.layout(count, rows, cols);
        Many { data: vec![blank(); layout.needed().expect("a small batch") + 2 * MARGIN], layout }
    }

    /// Vectors without gaps, but with gaps between them where the place has such.
    pub(crate) fn blank_vectors(count: usize, len: usize, place: Place) -> Self {
        let batch_stride = if place == Place::Gaps { len + 3 } else { len };
        let layout = Layout { batch_stride, ..Layout::vectors(count, len) };
        Many { data: vec![blank(); layout.needed().expect("a small batch") + 2 * MARGIN], layout }
    }

    /// These matrices.
    pub(crate) fn holding(matrices: &[Mat<S>], place: Place) -> Self {
        let shape = matrices.first().map_or((0, 0), |a| (a.rows(), a.cols()));
        let mut many = Self::blank(matrices.len(), shape, place);
        for (i, a) in matrices.iter().enumerate() {
            many.set(i, a);
        }
        many
    }

    /// These vectors.
    pub(crate) fn holding_vectors(vectors: &[Vec<S>]) -> Self {
        let len = vectors.first().map_or(0, Vec::len);
        let mut many = Self::blank_vectors(vectors.len(), len, Place::Gaps);
        for (i, v) in vectors.iter().enumerate() {
            many.set(i, &Mat::from_fn(len, 1, |row, _| v[row]));
        }
        many
    }

    pub(crate) fn set(&mut self, item: usize, a: &Mat<S>) {
        let mut batch = self.as_mut();
        let mut view = batch.item(item).expect("an item of the batch");
        for j in 0..a.cols() {
            for i in 0..a.rows() {
                view.set(i, j, a[(i, j)]);
            }
        }
    }

    pub(crate) fn as_ref(&self) -> BatchRef<'_, S> {
        BatchRef::new(&self.data[MARGIN..], self.layout).expect("a view that fits")
    }

    pub(crate) fn as_mut(&mut self) -> BatchMut<'_, S> {
        BatchMut::new(&mut self.data[MARGIN..], self.layout).expect("a view that fits and does not overlap")
    }

    /// Matrix number `item`.
    pub(crate) fn get(&self, item: usize) -> Mat<S> {
        let view = self.as_ref().item(item).expect("an item of the batch");
        Mat::from_fn(view.rows(), view.cols(), |i, j| view.get(i, j).expect("an entry of it"))
    }

    pub(crate) fn all(&self) -> Vec<Mat<S>> {
        (0..self.layout.count).map(|i| self.get(i)).collect()
    }

    /// # Panics
    /// If a place that is no entry has changed.
    pub(crate) fn assert_outside_untouched(&self) {
        let mut rest = self.clone();
        for i in 0..self.layout.count {
            rest.set(i, &Mat::from_fn(self.layout.rows, self.layout.cols, |_, _| blank()));
        }
        assert!(rest.data.iter().all(|x| *x == blank()), "a place outside of {:?} was written", self.layout);
    }

    /// # Panics
    /// If the item, or anything outside, is not as these.
    pub(crate) fn assert_are(&self, expected: &[Mat<S>], what: &str) {
        self.assert_outside_untouched();
        for (i, expected) in expected.iter().enumerate() {
            assert_eq!(&self.get(i), expected, "{what}: item {i} of {:?}", self.layout);
        }
    }

    /// # Panics
    /// Unless nothing was written to the item.
    pub(crate) fn assert_blank(&self, item: usize) {
        assert!(self.get(item).as_slice().iter().all(|x| *x == blank()), "item {item} was written");
    }
}
