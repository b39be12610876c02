//! A new tensor, whose memory is the package's until PyTorch takes it over.

use std::ffi::c_void;
use std::ptr::null_mut;

use diffsvd::Scalar;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::abi::{CPU, Device, Managed, Tensor, VERSION};
use super::{TENSORS, data_type};

/// Entries, all zero at first, row by row.
pub(crate) struct Owned<T: Scalar> {
    /// Real and imaginary parts one after the other: zeros of a real type come from the system without being written.
    parts: Vec<T::Real>,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

/// What is handed over: a managed tensor, with what it owns behind it.
#[repr(C)]
struct Leaked<T: Scalar> {
    managed: Managed,
    _owned: Owned<T>,
}

impl<T: Scalar> Owned<T> {
    pub(crate) fn new(shape: impl Iterator<Item = usize>) -> Self {
        let shape: Vec<i64> = shape.map(|len| i64::try_from(len).unwrap_or(i64::MAX)).collect();
        let mut strides = vec![1; shape.len()];
        for i in (1..shape.len()).rev() {
            strides[i - 1] = strides[i] * shape[i].max(1);
        }
        let len: usize = shape.iter().map(|&len| usize::try_from(len).unwrap_or(0)).product();
        Owned { parts: vec![T::zero().re(); len * (size_of::<T>() / size_of::<T::Real>())], shape, strides }
    }

    #[expect(unsafe_code, reason = "complex numbers are pairs of real ones")]
    pub(crate) fn slice(&mut self) -> &mut [T] {
        let len = self.parts.len() / (size_of::<T>() / size_of::<T::Real>());
        // SAFETY: an entry is one real number or two of them in turn, aligned as they are, and every bit pattern is one; `parts` has
        // as many as `len` entries take.
        unsafe { std::slice::from_raw_parts_mut(self.parts.as_mut_ptr().cast(), len) }
    }

    /// The tensor for Python.
    #[expect(unsafe_code, reason = "the boundary to PyTorch")]
    pub(crate) fn into_any(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let write = TENSORS.get(py).and_then(|tensors| tensors.exchange.to_object);
        let write = write.ok_or_else(|| PyTypeError::new_err("tensors cannot be made"))?;
        let mut object: *mut c_void = null_mut();
        // SAFETY: the function takes a tensor over, and with it the box, which `delete` frees when the last reference is gone; it
        // returns a new reference unless it fails.
        unsafe {
            if write(self.leak(), &raw mut object) != 0 {
                return Err(PyErr::fetch(py));
            }
            Bound::from_owned_ptr_or_err(py, object.cast())
        }
    }

    /// The entries are where they are: only the vectors that hold them are moved.
    fn leak(mut self) -> *mut Managed {
        let entries = self.parts.as_mut_ptr();
        let tensor = Tensor {
            data: if self.parts.is_empty() { null_mut() } else { entries.cast() },
            device: Device { kind: CPU, id: 0 },
            dimensions: i32::try_from(self.shape.len()).unwrap_or(0),
            dtype: data_type::<T>(),
            shape: self.shape.as_mut_ptr(),
            strides: self.strides.as_mut_ptr(),
            byte_offset: 0,
        };
        let managed = Managed { version: VERSION, context: null_mut(), deleter: Some(delete::<T>), flags: 0, tensor };
        Box::into_raw(Box::new(Leaked { managed, _owned: self })).cast()
    }
}

/// Called by PyTorch when the tensor is not needed any more, from any thread.
///
/// # Safety
/// `managed` comes from [`Owned::leak`] and is not used any more.
#[expect(unsafe_code, reason = "the boundary to PyTorch")]
unsafe extern "C" fn delete<T: Scalar>(managed: *mut Managed) {
    // SAFETY: that of the caller: this is the box that was leaked.
    unsafe {
        drop(Box::from_raw(managed.cast::<Leaked<T>>()));
    }
}
