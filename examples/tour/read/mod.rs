//! A matrix from a file, whatever its format.

mod csv;
mod matrix_market;
mod npy;

use std::path::Path;

use diffsvd::Mat;
use num_complex::Complex;

/// A real or a complex matrix, in double precision.
pub(crate) enum Matrix {
    Real(Mat<f64>),
    Complex(Mat<Complex<f64>>),
}

/// A matrix and what the user should know of the way it was read.
pub(crate) struct Input {
    pub(crate) matrix: Matrix,
    pub(crate) notes: Vec<String>,
}

impl Input {
    /// The parts are dropped where every entry is real.
    fn new(entries: &Mat<Complex<f64>>, complex: bool) -> Self {
        let (rows, cols) = (entries.rows(), entries.cols());
        let matrix = if complex {
            Matrix::Complex(entries.clone())
        } else {
            Matrix::Real(Mat::from_fn(rows, cols, |i, j| entries[(i, j)].re))
        };
        Input { matrix, notes: Vec::new() }
    }
}

/// The matrix in the file; the error says which line is wrong and what was expected there.
pub(crate) fn matrix(path: &Path) -> Result<Input, String> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let bytes = || std::fs::read(path).map_err(|error| error.to_string());
    parse(extension.as_deref(), bytes)
}

/// The matrix in the content of a file whose name ends like this.
pub(crate) fn parse(extension: Option<&str>, bytes: impl Fn() -> Result<Vec<u8>, String>) -> Result<Input, String> {
    let text = || String::from_utf8(bytes()?).map_err(|_| "not a text file (its bytes are not UTF-8)".to_owned());
    match extension {
        Some("npy") => npy::read(&bytes()?),
        Some("mtx") => matrix_market::read(&text()?),
        Some("csv") => csv::read(&text()?),
        _ => Err("the name must end in .npy, .mtx (Matrix Market) or .csv".to_owned()),
    }
}

/// The shape as it can be decomposed here: the SVD is dense, so there is a limit to what it is worth waiting for.
fn check_size(rows: usize, cols: usize) -> Result<(usize, usize), String> {
    const LARGEST: usize = 1 << 24;
    match rows.checked_mul(cols) {
        Some(entries) if entries <= LARGEST && rows <= LARGEST && cols <= LARGEST => Ok((rows, cols)),
        _ => Err(format!("{rows}×{cols} entries are too many for this example, which takes up to {LARGEST}")),
    }
}

/// A finite real number.
fn real(token: &str) -> Result<f64, String> {
    match token.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        Ok(_) => Err(format!("`{token}` is not finite")),
        Err(_) => Err(format!("expected a number, found `{token}`")),
    }
}
