//! The native part of the Python package `diffsvd`: numpy's arrays and XLA's buffers as batches of the crate of the same name.

mod function;
mod operations;
mod threads;

mod arguments;
mod arrays;
mod errors;
mod numpy_functions;

mod xla;

use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

#[pymodule]
fn _diffsvd(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("NotDifferentiableError", module.py().get_type::<errors::NotDifferentiableError>())?;
    module.add("XLA_TARGETS", xla::targets().into_py_dict(module.py())?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::svd, module)?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::svdvals, module)?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::svd_vjp, module)?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::svd_jvp, module)?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::svd_vjp_tangent, module)?)?;
    module.add_function(wrap_pyfunction!(numpy_functions::spectral_map, module)?)
}
