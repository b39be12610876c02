//! An n-dimensional view as batches of matrices with one stride each.

use std::borrow::Cow;
use std::ops::Range;

use diffsvd::batch::{BatchRef, Layout};

use crate::{Element, Error};

/// A tensor that is read: a slice whose first entry is that of index 0, the shape, and a stride for each dimension, in entries. Strides may be zero (broadcasting) and in
/// any order. The last two dimensions are rows and columns.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    data: &'a [T],
    shape: &'a [usize],
    strides: &'a [usize],
}

/// A batch, and the numbers of its matrices among all of the view.
pub type Numbered<'a, T> = (Range<usize>, BatchRef<'a, T>);

impl<'a, T: Element> View<'a, T> {
    /// Any strides.
    ///
    /// # Errors
    /// [`Error::View`] where an entry lies beyond the slice, or there is not one stride for each dimension.
    ///
    /// ```
    /// use diffsvd_strided::View;
    /// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    /// let transposed = View::new(&data, &[3, 2], &[1, 3])?;
    /// assert_eq!(transposed.to_vec(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// # Ok::<(), diffsvd_strided::Error>(())
    /// ```
    pub fn new(data: &'a [T], shape: &'a [usize], strides: &'a [usize]) -> Result<Self, Error> {
        let needed = reach(shape, strides).unwrap_or(usize::MAX);
        if needed > data.len() {
            return Err(Error::View { needed, got: data.len() });
        }
        Ok(View { data, shape, strides })
    }

    /// The shape.
    #[must_use]
    pub fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// The entries in row-major order.
    #[must_use]
    pub fn to_vec(&self) -> Vec<T> {
        self.offsets(self.shape.len()).filter_map(|offset| self.data.get(offset).copied()).collect()
    }

    /// The entries in row-major order, copied only where they do not lie so.
    #[must_use]
    pub fn entries(&self) -> Cow<'a, [T]> {
        let mut packed = 1;
        let in_order = self.shape.iter().zip(self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == packed;
            packed *= size;
            fits
        });
        if in_order || self.is_empty() { Cow::Borrowed(&self.data[..self.len()]) } else { Cow::Owned(self.to_vec()) }
    }

    /// The matrices, in row-major order of the leading dimensions, as few batches as have one stride each: with the numbers of the matrices in them.
    ///
    /// # Errors
    /// [`Error::Dimensions`] where there are no matrices.
    ///
    /// ```
    /// use diffsvd_strided::View;
    /// let data = [0.0; 24];
    /// assert_eq!(View::new(&data, &[2, 3, 2, 2], &[12, 4, 1, 2])?.batches()?.len(), 1); // six matrices, transposed
    /// assert_eq!(View::new(&data, &[3, 2, 2, 2], &[4, 12, 1, 2])?.batches()?.len(), 3); // the other way round: three pairs
    /// # Ok::<(), diffsvd_strided::Error>(())
    /// ```
    pub fn batches(&self) -> Result<Vec<Numbered<'a, T>>, Error> {
        let Dims { count, rows, cols } = Dims::of(self.shape)?;
        if count == 0 || rows == 0 || cols == 0 {
            return Ok(vec![(0..count, BatchRef::new(&[], Layout::row_major(count, rows, cols))?)]);
        }
        let inner = self.shape.len() - 2;
        let (outer, batch, batch_stride) = self.innermost(inner);
        let (row_stride, col_stride) = (self.strides[inner], self.strides[inner + 1]);
        let layout = Layout { count: batch, rows, cols, batch_stride, row_stride, col_stride };
        let numbers = (0..count).step_by(batch).map(|first| first..first + batch);
        let views = self.offsets(outer).map(|offset| BatchRef::new(&self.data[offset..], layout));
        numbers.zip(views).map(|(numbers, view)| Ok((numbers, view?))).collect()
    }

    /// The leading dimensions from the last of the `leading` on that make one with a single stride: how many are left, the length of the one, and its
    /// stride.
    fn innermost(&self, leading: usize) -> (usize, usize, usize) {
        let (mut outer, mut length, mut stride) = (leading, 1, 0);
        while let Some(next) = outer.checked_sub(1) {
            let (size, step) = (self.shape[next], self.strides[next]);
            if size != 1 && length != 1 && step != stride * length {
                break;
            }
            if length == 1 {
                stride = step;
            }
            (outer, length) = (next, length * size);
        }
        (outer, length, stride)
    }

    /// Where the parts with each index of the first `dimensions` dimensions begin, in row-major order.
    fn offsets(&self, dimensions: usize) -> impl Iterator<Item = usize> {
        let (shape, strides) = (&self.shape[..dimensions], &self.strides[..dimensions]);
        (0..shape.iter().product()).map(move |number: usize| {
            let places = shape.iter().zip(strides).rev();
            places.fold((number, 0), |(rest, offset), (&size, &stride)| (rest / size, offset + rest % size * stride)).1
        })
    }
}

/// Length that a slice needs; `None` where no slice could be so long, or the numbers of dimensions differ.
fn reach(shape: &[usize], strides: &[usize]) -> Option<usize> {
    if shape.len() != strides.len() {
        return None;
    }
    if shape.contains(&0) {
        return Some(0);
    }
    let steps = shape.iter().zip(strides);
    steps.into_iter().try_fold(1_usize, |last, (&size, &stride)| last.checked_add(stride.checked_mul(size - 1)?))
}

/// How many matrices, and of what shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    /// The product of the leading dimensions.
    pub count: usize,
    /// m.
    pub rows: usize,
    /// n.
    pub cols: usize,
}

impl Dims {
    /// Of a tensor of this shape.
    ///
    /// # Errors
    /// [`Error::Dimensions`] where there are fewer than two.
    pub fn of(shape: &[usize]) -> Result<Self, Error> {
        let [leading @ .., rows, cols] = shape else { return Err(Error::Dimensions { got: shape.len() }) };
        Ok(Dims { count: leading.iter().product(), rows: *rows, cols: *cols })
    }

    /// k = min(m, n).
    #[must_use]
    pub fn triplets(&self) -> usize {
        self.rows.min(self.cols)
    }

    /// Entries of all matrices.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.count * self.rows * self.cols
    }

    /// Where U, s and V of all matrices lie in one packed slice: all U row by row, then all s, then all V.
    #[must_use]
    pub fn packed(&self) -> [Range<usize>; 3] {
        let k = self.count * self.triplets();
        let (u, s) = (k * self.rows, k * self.rows + k);
        [0..u, u..s, s..s + k * self.cols]
    }
}
