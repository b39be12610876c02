//! What can go wrong, with the numbers in it.

use core::fmt;

/// Every failure of the crate. Small and `Copy`; the text of `Display` says what to do or where to look.
///
/// Unless a function says otherwise, its outputs are untouched when it returns an error; the workspace is not.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// An argument has the wrong shape.
    Shape {
        /// Which argument.
        argument: &'static str,
        /// Its shape, (rows, columns); a slice counts as a column.
        got: (usize, usize),
        /// The shape it must have.
        expected: (usize, usize),
    },
    /// A view does not fit into its slice, or two of its entries share one place.
    Layout {
        /// (rows, columns).
        shape: (usize, usize),
        /// (row stride, column stride).
        strides: (usize, usize),
        /// Length of the slice.
        len: usize,
    },
    /// A matrix of another crate has no slice that a view could stand for. Copied it can be: `Mat::from`.
    Strides {
        /// (rows, columns).
        shape: (usize, usize),
        /// (row stride, column stride).
        strides: (isize, isize),
        /// What the strides must satisfy.
        must: &'static str,
    },
    /// A batch has the wrong number of items.
    Count {
        /// Which argument.
        argument: &'static str,
        /// Its number of items.
        got: usize,
        /// The number that it must have.
        expected: usize,
    },
    /// A slice is too short for its batch.
    BatchLength {
        /// Number of matrices.
        count: usize,
        /// (rows, columns) of each.
        shape: (usize, usize),
        /// Needed length of the slice.
        needed: usize,
        /// Length of the slice that was passed.
        got: usize,
    },
    /// Entries of a batch that is to be written share one place.
    BatchOverlap {
        /// Number of matrices.
        count: usize,
        /// (rows, columns) of each.
        shape: (usize, usize),
        /// (batch stride, row stride, column stride).
        strides: (usize, usize, usize),
    },
    /// The workspace is too short.
    Workspace {
        /// Needed length, in entries.
        needed: usize,
        /// Length of the slice that was passed.
        got: usize,
    },
    /// An entry is infinite or NaN.
    NonFinite {
        /// Which argument.
        argument: &'static str,
        /// Row of the entry, from 0.
        row: usize,
        /// Column of the entry, from 0.
        column: usize,
        /// Whether it is NaN (otherwise infinite).
        nan: bool,
    },
    /// The implicit QR iteration used up its sweep budget; never seen for finite input.
    NoConvergence {
        /// Number of off-diagonal entries that had not become negligible.
        remaining: usize,
        /// Sweeps made.
        sweeps: usize,
    },
    /// The iteration for triplets that come without the rest did not reach its tolerance.
    Stalled {
        /// Index of the triplet, from 0.
        column: usize,
        /// Norm of its residual, relative to the right-hand side.
        residual: f64,
        /// Iterations made.
        iterations: usize,
    },
    /// The largest singular value is not representable in the type, although every entry of the matrix is.
    Overflow,
    /// A derivative does not exist because two singular values are equal.
    EqualSingularValues {
        /// What was asked for.
        operation: &'static str,
        /// Index of the first of the two, from 0.
        first: usize,
        /// Index of the second, from 0.
        second: usize,
        /// Their common value.
        value: f64,
    },
    /// A derivative does not exist because a singular value is zero.
    ZeroSingularValue {
        /// What was asked for.
        operation: &'static str,
        /// Index of the singular value, from 0.
        index: usize,
        /// Its value, zero or within the tolerance of it.
        value: f64,
    },
    /// A parameter is outside of its range.
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must satisfy.
        must: &'static str,
    },
}

#[cfg(feature = "std")]
impl std::error::Error for Error {}
#[cfg(not(feature = "std"))]
impl core::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Shape { argument, got, expected } => {
                write!(f, "{argument} is {}×{} but must be {}×{}", got.0, got.1, expected.0, expected.1)
            }
            Error::Layout { shape, strides, len } => write!(
                f,
                "a {}×{} view with strides ({}, {}) does not fit a slice of {len} elements, or its entries overlap",
                shape.0, shape.1, strides.0, strides.1
            ),
            Error::Strides { shape, strides, must } => write!(
                f,
                "a {}×{} matrix with strides ({}, {}) needs a copy (Mat::from): to be viewed in place its strides must {must}",
                shape.0, shape.1, strides.0, strides.1
            ),
            Error::Count { argument, got, expected } => {
                write!(f, "{argument} has {got} items but must have {expected}")
            }
            Error::BatchLength { count, shape, needed, got } => write!(
                f,
                "a slice of {got} elements is too short: {count} matrices of {}×{} with these strides need {needed}",
                shape.0, shape.1
            ),
            Error::BatchOverlap { count, shape, strides } => write!(
                f,
                "the entries of {count} matrices of {}×{} with strides (batch {}, rows {}, columns {}) overlap: what is written needs places of its own",
                shape.0, shape.1, strides.0, strides.1, strides.2
            ),
            Error::Workspace { needed, got } => {
                write!(f, "workspace of {got} elements is too short: {needed} are needed")
            }
            Error::NonFinite { argument, row, column, nan } => {
                write!(f, "entry ({row}, {column}) of {argument} is {}", if nan { "NaN" } else { "infinite" })
            }
            Error::NoConvergence { remaining, sweeps } => {
                write!(
                    f,
                    "no convergence after {sweeps} sweeps: {remaining} off-diagonal entries remain; please report the matrix"
                )
            }
            Error::Stalled { column, residual, iterations } => write!(
                f,
                "the equations of triplet {column} (from 0) stand at residual {residual:e} after {iterations} iterations: its singular value must exceed all that are not given, and the smaller the gap the larger the budget"
            ),
            Error::Overflow => {
                write!(f, "the largest singular value exceeds the range of the type: scale the matrix down")
            }
            Error::EqualSingularValues { operation, first, second, value } => {
                write!(
                    f,
                    "{operation} is not differentiable: singular values {first} and {second} (from 0) are both {value}"
                )
            }
            Error::ZeroSingularValue { operation, index, value } => {
                write!(
                    f,
                    "{operation} is not differentiable: singular value {index} (from 0) is zero to working precision ({value:e})"
                )
            }
            Error::Parameter { name, value, must } => write!(f, "{name} = {value}: it must {must}"),
        }
    }
}
