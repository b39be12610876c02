//! The core's errors as Python's exceptions, with the core's messages.

use diffsvd::Error;
use diffsvd::batch::Failure;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

pyo3::create_exception!(
    diffsvd,
    NotDifferentiableError,
    PyValueError,
    "The derivative that was asked for does not exist: two singular values are equal, or one is zero."
);

/// Text of a failure: the item by its indices, nothing of it where there is only one matrix.
pub(crate) fn message(failure: &Failure, batch: &[usize]) -> String {
    let error = &failure.error;
    match (failure.item, batch) {
        (None, _) | (_, []) => error.to_string(),
        (Some(item), [_]) => format!("item {item}: {error}"),
        (Some(mut item), _) => {
            let mut index = vec![0; batch.len()];
            for (index, &len) in index.iter_mut().zip(batch).rev() {
                (*index, item) = (item % len, item / len);
            }
            let index: Vec<_> = index.iter().map(ToString::to_string).collect();
            format!("item ({}): {error}", index.join(", "))
        }
    }
}

/// `LinAlgError` where an iteration does not converge, [`NotDifferentiableError`] where there is no derivative, else `ValueError`.
pub(crate) fn exception(py: Python<'_>, failure: &Failure, batch: &[usize]) -> PyErr {
    let text = message(failure, batch);
    match failure.error {
        Error::NoConvergence { .. } | Error::Stalled { .. } => lin_alg_error(py, text),
        Error::EqualSingularValues { .. } | Error::ZeroSingularValue { .. } => NotDifferentiableError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

fn lin_alg_error(py: Python<'_>, text: String) -> PyErr {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    match TYPE.import(py, "numpy.linalg", "LinAlgError") {
        Ok(kind) => PyErr::from_type(kind.clone(), text),
        Err(_) => PyRuntimeError::new_err(text),
    }
}
