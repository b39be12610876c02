//! numpy's arrays as the core's batches: all leading dimensions become one.

use diffsvd::Scalar;
use diffsvd::batch::{BatchRef, Layout};
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// An entry of a matrix that numpy and the core both know.
pub(crate) trait Entry: Scalar<Real: Element> + Element {}
impl<S: Scalar<Real: Element> + Element> Entry for S {}

/// What an item of the batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Matrix,
    Vector,
    Number,
}

impl Item {
    /// Dimensions of one.
    fn dimensions(self) -> usize {
        match self {
            Item::Matrix => 2,
            Item::Vector => 1,
            Item::Number => 0,
        }
    }
}

/// An argument: an array where it lies, or a copy of it where its entries cannot be reached by the core's three strides.
pub(crate) struct Input<'py, T: Element> {
    array: PyReadonlyArrayDyn<'py, T>,
    layout: Layout,
}

impl<'py, T: Entry> Input<'py, T> {
    /// # Errors
    /// `TypeError` for another type of entries, `ValueError` for too few dimensions.
    pub(crate) fn new(name: &str, any: &Bound<'py, PyAny>, item: Item) -> PyResult<Self> {
        let array = any
            .cast::<PyArrayDyn<T>>()
            .map_err(|_| PyTypeError::new_err(format!("{name} must be an array of {}", T::get_dtype(any.py()))))?;
        if array.ndim() < item.dimensions() {
            let (shape, needed) = (array.shape(), item.dimensions());
            return Err(PyValueError::new_err(format!(
                "{name} has shape {shape:?}: at least {needed} dimensions are needed"
            )));
        }
        if let Some(layout) = layout(array, item) {
            return Ok(Input { array: array.readonly(), layout });
        }
        let copied = any.call_method1("copy", ("C",))?.cast_into::<PyArrayDyn<T>>()?;
        let layout = layout(&copied, item).ok_or_else(|| PyTypeError::new_err(format!("{name} cannot be read")))?;
        Ok(Input { array: copied.readonly(), layout })
    }

    /// The leading dimensions.
    pub(crate) fn batch(&self, item: Item) -> &[usize] {
        let shape = self.array.shape();
        &shape[..shape.len() - item.dimensions()]
    }

    /// # Errors
    /// `ValueError` unless the leading dimensions are these.
    pub(crate) fn expect_batch(self, name: &str, item: Item, expected: &[usize]) -> PyResult<Self> {
        if self.batch(item) == expected {
            return Ok(self);
        }
        let got = self.batch(item);
        Err(PyValueError::new_err(format!("{name} has leading dimensions {got:?} but must have {expected:?}")))
    }

    /// What the core reads.
    pub(crate) fn view(&self) -> BatchRef<'_, T> {
        BatchRef::new(self.data(), self.layout)
            .unwrap_or_else(|_| unreachable!("the slice has the length of its layout"))
    }

    /// The entries, and how far those of the next item are.
    pub(crate) fn numbers(&self) -> (&[T], usize) {
        (self.data(), self.layout.batch_stride)
    }

    #[expect(unsafe_code, reason = "the core reads numpy's memory")]
    fn data(&self) -> &[T] {
        let len = self.layout.needed().unwrap_or(0);
        if len == 0 {
            return &[];
        }
        // SAFETY: `layout` accepts only strides that are whole entries and not negative, so the last entry of the array is entry
        // `len - 1` from its data pointer, which is aligned; the array is borrowed for reading as long as `self` lives.
        unsafe { std::slice::from_raw_parts(self.array.as_array().as_ptr(), len) }
    }
}

/// The layout of an array as a batch; none where three strides of whole entries, none negative, do not reach them.
fn layout<T: Element>(array: &Bound<'_, PyArrayDyn<T>>, item: Item) -> Option<Layout> {
    let size = isize::try_from(size_of::<T>()).ok()?;
    if !array.data().is_aligned() || array.strides().iter().any(|stride| stride % size != 0) {
        return None;
    }
    let (shape, dimensions) = (array.shape(), array.ndim() - item.dimensions());
    let count = shape[..dimensions].iter().product();
    let (rows, cols) = match shape[dimensions..] {
        [rows, cols] => (rows, cols),
        [len] => (len, 1),
        _ => (1, 1),
    };
    if array.len() == 0 {
        return Some(Layout::row_major(count, rows, cols));
    }
    let strides = array.strides().iter().map(|stride| usize::try_from(stride / size).ok());
    let strides = strides.zip(shape).map(|(stride, &len)| if len == 1 { Some(0) } else { stride });
    let strides: Vec<usize> = strides.collect::<Option<_>>()?;
    let batch_stride = one_stride(&shape[..dimensions], &strides[..dimensions])?;
    let (row_stride, col_stride) = match strides[dimensions..] {
        [row, col] => (row, col),
        [stride] if stride != 1 && rows > 1 => return None,
        _ => (1, 1),
    };
    Some(Layout { count, rows, cols, batch_stride, row_stride, col_stride })
}

/// The stride that takes these dimensions as one.
fn one_stride(shape: &[usize], strides: &[usize]) -> Option<usize> {
    let mut dimensions = shape.iter().zip(strides).filter(|&(&len, _)| len > 1).rev();
    let Some((&len, &innermost)) = dimensions.next() else { return Some(0) };
    let mut reached = innermost * len;
    for (&len, &stride) in dimensions {
        if stride != reached {
            return None;
        }
        reached *= len;
    }
    Some(innermost)
}

/// A result: a new array, row by row.
pub(crate) struct Output<'py, T: Element> {
    array: Bound<'py, PyArrayDyn<T>>,
}

impl<'py, T: Entry> Output<'py, T> {
    pub(crate) fn new(py: Python<'py>, batch: &[usize], item: &[usize]) -> Self {
        Output { array: PyArrayDyn::zeros(py, [batch, item].concat(), false) }
    }

    /// The entries, to be written without Python's lock.
    #[expect(unsafe_code, reason = "the core writes numpy's memory")]
    pub(crate) fn slice(&mut self) -> &mut [T] {
        // SAFETY: the array was made by `new`, contiguous, and nobody else knows it yet.
        unsafe { self.array.as_slice_mut() }.unwrap_or_default()
    }

    pub(crate) fn into_any(self) -> Bound<'py, PyAny> {
        self.array.into_any()
    }
}
