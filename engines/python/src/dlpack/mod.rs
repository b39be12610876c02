//! PyTorch's tensors where they lie, and new ones, by DLPack's exchange in C: no numpy, no Python between. All of `unsafe` that has to
//! do with tensors is here.

mod abi;
mod owned;

use std::ffi::CStr;
use std::ptr::NonNull;

use diffsvd::Scalar;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyType};

use abi::{COMPLEX, CPU, DataType, Exchange, FLOAT, Header, Tensor};
pub(crate) use owned::Owned;

/// The type of tensors, and how they are exchanged.
struct Tensors {
    kind: Py<PyType>,
    exchange: &'static Exchange,
}

// SAFETY: the table is constant, and what its functions do is done with Python's lock.
#[expect(unsafe_code, reason = "the boundary to PyTorch")]
unsafe impl Send for Tensors {}
#[expect(unsafe_code, reason = "the boundary to PyTorch")]
// SAFETY: as above.
unsafe impl Sync for Tensors {}

static TENSORS: PyOnceLock<Tensors> = PyOnceLock::new();

/// From now on tensors of this type are read and made beside numpy's arrays; false where the type does not offer the exchange.
#[pyfunction]
pub(crate) fn read_tensors(py: Python<'_>, kind: &Bound<'_, PyType>) -> PyResult<bool> {
    let Some(capsule) = kind.getattr_opt("__dlpack_c_exchange_api__")? else { return Ok(false) };
    let Ok(capsule) = capsule.cast_into::<PyCapsule>() else { return Ok(false) };
    let Some(exchange) = exchange(&capsule)? else { return Ok(false) };
    TENSORS.get_or_init(py, || Tensors { kind: kind.clone().unbind(), exchange });
    Ok(true)
}

/// The table of the version that is known here; none where there is only a newer one.
#[expect(unsafe_code, reason = "the boundary to PyTorch")]
fn exchange(capsule: &Bound<'_, PyCapsule>) -> PyResult<Option<&'static Exchange>> {
    const NAME: &CStr = c"dlpack_exchange_api";
    let mut header = capsule.pointer_checked(Some(NAME))?.as_ptr().cast_const().cast::<Header>();
    // SAFETY: a capsule of this name points to such a header; it and all older ones behind it live as long as the process, and one of
    // major version 1 is the beginning of the table of that version.
    unsafe {
        while let Some(Header { version, older }) = header.as_ref() {
            if version.major == abi::VERSION.major {
                let table: &'static Exchange = &*header.cast();
                return Ok((table.from_object.is_some() && table.to_object.is_some()).then_some(table));
            }
            header = *older;
        }
    }
    Ok(None)
}

/// Whether this is a tensor that is read here.
pub(crate) fn is_tensor(any: &Bound<'_, PyAny>) -> bool {
    TENSORS.get(any.py()).is_some_and(|Tensors { kind, .. }| {
        let kind = kind.bind(any.py());
        any.get_type().is(kind) || any.is_instance(kind).unwrap_or(false)
    })
}

/// What there is to know of a tensor in the CPU's memory.
pub(crate) struct Described<'py> {
    tensor: Tensor,
    /// It lends the shape and the entries.
    owner: Bound<'py, PyAny>,
}

impl<'py> Described<'py> {
    /// # Errors
    /// `ValueError` where it is not in the CPU's memory, PyTorch's own error where it has no memory with strides.
    #[expect(unsafe_code, reason = "the boundary to PyTorch")]
    pub(crate) fn new(any: &Bound<'py, PyAny>) -> PyResult<Self> {
        let read = TENSORS.get(any.py()).and_then(|tensors| tensors.exchange.from_object);
        let read = read.ok_or_else(|| PyTypeError::new_err("tensors cannot be read"))?;
        let mut tensor = std::mem::MaybeUninit::uninit();
        // SAFETY: the object is one of the type that the table came from; where the call does not fail, it has written the tensor.
        let tensor = unsafe {
            if read(any.as_ptr().cast(), tensor.as_mut_ptr()) != 0 {
                let error = PyErr::fetch(any.py());
                return Err(elsewhere(any).unwrap_or(error));
            }
            tensor.assume_init()
        };
        match tensor.device.kind {
            CPU => Ok(Described { tensor, owner: any.clone() }),
            _ => Err(elsewhere(any).unwrap_or_else(|| PyValueError::new_err("a tensor is not on the CPU"))),
        }
    }

    pub(crate) fn has_entries<T: Scalar>(&self) -> bool {
        self.tensor.dtype == data_type::<T>()
    }

    /// The length of each dimension, and its stride in entries.
    #[expect(unsafe_code, reason = "the boundary to PyTorch")]
    pub(crate) fn dimensions(&self) -> impl Iterator<Item = (usize, i64)> {
        let count = usize::try_from(self.tensor.dimensions).unwrap_or(0);
        // SAFETY: `shape` and `strides` have as many elements as there are dimensions, as long as the owner lives.
        let list = |start: *const i64| match NonNull::new(start.cast_mut()) {
            Some(start) if count > 0 => unsafe { std::slice::from_raw_parts(start.as_ptr(), count) },
            _ => &[],
        };
        let lengths = list(self.tensor.shape).iter().map(|&len| usize::try_from(len).unwrap_or(0));
        lengths.zip(list(self.tensor.strides).iter().copied())
    }

    /// Where the entries begin, in memory that the owner keeps.
    pub(crate) fn start<T>(&self) -> *const T {
        let offset = usize::try_from(self.tensor.byte_offset).unwrap_or(0);
        self.tensor.data.cast_const().cast::<u8>().wrapping_add(offset).cast()
    }

    pub(crate) fn into_owner(self) -> Bound<'py, PyAny> {
        self.owner
    }
}

/// Entries as DLPack names them.
fn data_type<T: Scalar>() -> DataType {
    let code = if size_of::<T>() > size_of::<T::Real>() { COMPLEX } else { FLOAT };
    DataType { code, bits: u8::try_from(8 * size_of::<T>()).unwrap_or(0), lanes: 1 }
}

/// The error of a tensor on another device.
fn elsewhere(any: &Bound<'_, PyAny>) -> Option<PyErr> {
    let device = any.getattr("device").ok()?;
    if device.getattr("type").ok()?.extract::<String>().ok()? == "cpu" {
        return None;
    }
    let text = format!("diffsvd works on the CPU, but a tensor is on {device}: move it with .cpu()");
    Some(PyValueError::new_err(text))
}

/// The tensor as its memory has it: one that is conjugated or negated lazily is copied.
pub(crate) fn resolved<'py>(any: &Bound<'py, PyAny>, is_complex: bool) -> PyResult<Bound<'py, PyAny>> {
    let py = any.py();
    let lazily = |name| any.call_method0(name)?.is_truthy();
    if lazily(intern!(py, "is_neg"))? || is_complex && lazily(intern!(py, "is_conj"))? {
        return any.call_method0("resolve_conj")?.call_method0("resolve_neg");
    }
    Ok(any.clone())
}

/// A copy, row by row.
pub(crate) fn copied<'py>(any: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let rows = any.call_method0("contiguous")?;
    if rows.is(any) { rows.call_method0("clone") } else { Ok(rows) }
}
