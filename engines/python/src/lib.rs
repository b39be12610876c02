//! The native part of the Python package `diffsvd`: numpy's arrays, PyTorch's tensors and XLA's buffers as batches of the crate of the
//! same name.

mod function;
mod operations;
mod threads;
mod workspace;

mod arguments;
mod arrays;
mod dlpack;
mod errors;
mod kept;
mod layout;
mod python_functions;

mod xla;

use pyo3::prelude::*;
use pyo3::types::IntoPyDict;

#[pymodule]
fn _diffsvd(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("NotDifferentiableError", module.py().get_type::<errors::NotDifferentiableError>())?;
    module.add("XLA_TARGETS", xla::targets().into_py_dict(module.py())?)?;
    module.add_function(wrap_pyfunction!(dlpack::read_tensors, module)?)?;
    module.add_function(wrap_pyfunction!(kept::svd_kept, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::svd, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::svdvals, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::svd_vjp, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::svd_jvp, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::svd_vjp_tangent, module)?)?;
    module.add_function(wrap_pyfunction!(python_functions::spectral_map, module)?)
}
