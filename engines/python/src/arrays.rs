//! numpy's arrays and PyTorch's tensors as the core's batches.

use diffsvd::Scalar;
use diffsvd::batch::{BatchRef, Layout};
use num_complex::Complex;
use numpy::{Element, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::dlpack::{self, Described, Owned};
use crate::layout::{Dimension, Item, layout};
use crate::workspace::Workspace;

/// An entry of a matrix that numpy and the core both know.
pub(crate) trait Entry: Workspace + Scalar<Real: Element> + Element {}
impl<S: Workspace + Scalar<Real: Element> + Element> Entry for S {}

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Numpy,
    Torch,
}

/// Keeps the memory of an argument.
#[allow(dead_code)] // What counts is that it is held.
enum Owner<'py, T: Element> {
    Array(PyReadonlyArrayDyn<'py, T>),
    Tensor(Bound<'py, PyAny>),
}

/// An argument: an array or a tensor where it lies, or a copy of it where its entries cannot be reached by the core's three strides.
pub(crate) struct Input<'py, T: Element> {
    start: *const T,
    layout: Layout,
    batch: Vec<usize>,
    owner: Owner<'py, T>,
}

impl<'py, T: Entry> Input<'py, T> {
    /// # Errors
    /// `TypeError` for another type of entries, `ValueError` for too few dimensions or a tensor that is not on the CPU.
    pub(crate) fn new(name: &str, any: &Bound<'py, PyAny>, item: Item) -> PyResult<Self> {
        let input = if dlpack::is_tensor(any) { Self::tensor(name, any, item) } else { Self::array(name, any, item) };
        input?.ok_or_else(|| PyTypeError::new_err(format!("{name} cannot be read")))
    }

    fn array(name: &str, any: &Bound<'py, PyAny>, item: Item) -> PyResult<Option<Self>> {
        let read = |any: &Bound<'py, PyAny>| {
            let array = any.cast::<PyArrayDyn<T>>().map_err(|_| wrong_type::<T>(name, any.py()))?;
            let size = isize::try_from(size_of::<T>()).unwrap_or(isize::MAX);
            let stride = |&bytes: &isize| usize::try_from(bytes / size).ok().filter(|_| bytes % size == 0);
            let dimensions = array.shape().iter().copied().zip(array.strides().iter().map(stride)).collect();
            Self::at((array.data(), Owner::Array(array.readonly())), name, dimensions, item)
        };
        match read(any)? {
            None => read(&any.call_method1("copy", ("C",))?),
            input => Ok(input),
        }
    }

    fn tensor(name: &str, any: &Bound<'py, PyAny>, item: Item) -> PyResult<Option<Self>> {
        let read = |any: &Bound<'py, PyAny>| {
            let tensor = Described::new(any)?;
            if !tensor.has_entries::<T>() {
                return Err(wrong_type::<T>(name, any.py()));
            }
            let dimensions = tensor.dimensions().map(|(len, stride)| (len, usize::try_from(stride).ok())).collect();
            Self::at((tensor.start(), Owner::Tensor(tensor.into_owner())), name, dimensions, item)
        };
        let any = dlpack::resolved(any, size_of::<T>() > size_of::<T::Real>())?;
        match read(&any)? {
            None => read(&dlpack::copied(&any)?),
            input => Ok(input),
        }
    }

    /// The entries from `start` on; none where the core cannot reach them.
    fn at(
        (start, owner): (*const T, Owner<'py, T>),
        name: &str,
        dimensions: Vec<Dimension>,
        item: Item,
    ) -> PyResult<Option<Self>> {
        let shape = |dimensions: &[Dimension]| dimensions.iter().map(|&(len, _)| len).collect::<Vec<_>>();
        let Some(leading) = dimensions.len().checked_sub(item.dimensions()) else {
            let (shape, needed) = (shape(&dimensions), item.dimensions());
            let text = format!("{name} has shape {shape:?}: at least {needed} dimensions are needed");
            return Err(PyValueError::new_err(text));
        };
        let layout = layout(&dimensions, item).filter(|_| start.is_aligned());
        Ok(layout.map(|layout| Input { start, layout, batch: shape(&dimensions[..leading]), owner }))
    }

    /// The leading dimensions.
    pub(crate) fn batch(&self) -> &[usize] {
        &self.batch
    }

    /// Where results go that belong to this.
    pub(crate) fn home(&self) -> Home {
        match self.owner {
            Owner::Array(_) => Home::Numpy,
            Owner::Tensor(_) => Home::Torch,
        }
    }

    /// # Errors
    /// `ValueError` unless the leading dimensions are these.
    pub(crate) fn expect_batch(self, name: &str, expected: &[usize]) -> PyResult<Self> {
        if self.batch == expected {
            return Ok(self);
        }
        let got = &self.batch;
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

    #[expect(unsafe_code, reason = "the core reads the memory of arrays and tensors")]
    fn data(&self) -> &[T] {
        let len = self.layout.needed().unwrap_or(0);
        if len == 0 || self.start.is_null() {
            return &[];
        }
        // SAFETY: `layout` accepts only strides that are whole entries and not negative, so the last entry of the array is entry
        // `len - 1` from its aligned start; the owner is held as long as `self` lives.
        unsafe { std::slice::from_raw_parts(self.start, len) }
    }
}

fn wrong_type<T: Element>(name: &str, py: Python<'_>) -> PyErr {
    PyTypeError::new_err(format!("{name} must be an array of {}", T::get_dtype(py)))
}

/// A type of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entries {
    F32,
    F64,
    C64,
    C128,
}

impl Entries {
    /// # Errors
    /// `TypeError` where it is none of them, or no array and no tensor; that of [`Described::new`].
    pub(crate) fn of(any: &Bound<'_, PyAny>) -> PyResult<Self> {
        let tensor = if dlpack::is_tensor(any) { Some(Described::new(any)?) } else { None };
        Ok(match tensor.as_ref() {
            tensor if are::<f64>(any, tensor) => Entries::F64,
            tensor if are::<f32>(any, tensor) => Entries::F32,
            tensor if are::<Complex<f64>>(any, tensor) => Entries::C128,
            tensor if are::<Complex<f32>>(any, tensor) => Entries::C64,
            _ => return Err(unsupported(any)),
        })
    }
}

fn are<T: Entry>(any: &Bound<'_, PyAny>, tensor: Option<&Described<'_>>) -> bool {
    tensor.map_or_else(|| any.is_instance_of::<PyArrayDyn<T>>(), Described::has_entries::<T>)
}

fn unsupported(any: &Bound<'_, PyAny>) -> PyErr {
    let what = any.getattr("dtype").map_or_else(|_| any.get_type().to_string(), |dtype| dtype.to_string());
    PyTypeError::new_err(format!("matrices must be float32, float64, complex64 or complex128, not {what}"))
}

/// A result: a new array or tensor, row by row.
pub(crate) enum Output<'py, T: Entry> {
    Array(Bound<'py, PyArrayDyn<T>>),
    Tensor(Owned<T>),
}

impl<'py, T: Entry> Output<'py, T> {
    pub(crate) fn new(py: Python<'py>, home: Home, batch: &[usize], item: &[usize]) -> Self {
        match home {
            Home::Numpy => Output::Array(PyArrayDyn::zeros(py, [batch, item].concat(), false)),
            Home::Torch => Output::Tensor(Owned::new(batch.iter().chain(item).copied())),
        }
    }

    /// The entries, to be written without Python's lock.
    #[expect(unsafe_code, reason = "the core writes numpy's memory")]
    pub(crate) fn slice(&mut self) -> &mut [T] {
        match self {
            // SAFETY: the array was made by `new`, contiguous, and nobody else knows it yet.
            Output::Array(array) => unsafe { array.as_slice_mut() }.unwrap_or_default(),
            Output::Tensor(tensor) => tensor.slice(),
        }
    }

    pub(crate) fn into_any(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Output::Array(array) => Ok(array.into_any()),
            Output::Tensor(tensor) => tensor.into_any(py),
        }
    }
}
