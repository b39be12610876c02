//! What can go wrong, with the numbers in it.

use core::fmt;

/// Every failure of the crate. Small and `Copy`; the text of `Display` says what to do or where to look.
///
/// Unless a function says otherwise, its outputs are untouched when it returns an error; the workspace is not.
///
/// ```
/// use diffsvd::{Error, Mat, Svd};
/// let error = Svd::thin(&Mat::from_rows(&[[1.0, f64::NAN]])).unwrap_err();
/// assert_eq!(error, Error::NonFinite { argument: "the matrix", row: 0, column: 1, nan: true });
/// assert_eq!(error.to_string(), "entry (0, 1) of the matrix is NaN");
/// match error {
///     Error::NonFinite { .. } | Error::Overflow => {}                // the matrix itself
///     Error::NoConvergence { .. } | Error::Stalled { .. } => {}      // an iteration
///     Error::EqualSingularValues { .. } | Error::ZeroSingularValue { .. } => {} // no derivative here
///     Error::Workspace { needed, .. } => assert!(needed > 0),        // the caller's memory
///     _ => {}                                                        // the call, and what is added later
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// An argument has the wrong shape.
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Error, Mat, Rule, Svd};
    /// let svd = Svd::thin(&Mat::<f64>::identity(2))?;
    /// let error = svd.vjp(&Cotangent { s: Some(&[1.0; 3]), ..Cotangent::default() }, &Rule::default()).unwrap_err();
    /// assert_eq!(error, Error::Shape { argument: "the cotangent of s", got: (3, 1), expected: (2, 1) });
    /// # Ok::<(), Error>(())
    /// ```
    Shape {
        /// Which argument.
        argument: &'static str,
        /// Its shape, (rows, columns); a slice counts as a column.
        got: (usize, usize),
        /// The shape it must have.
        expected: (usize, usize),
    },
    /// A view does not fit into its slice, or two of its entries share one place.
    ///
    /// ```
    /// # use diffsvd::{Error, MatRef};
    /// let error = MatRef::row_major(&[0.0; 5], 2, 3).unwrap_err();
    /// assert_eq!(error, Error::Layout { shape: (2, 3), strides: (3, 1), len: 5 });
    /// ```
    Layout {
        /// (rows, columns).
        shape: (usize, usize),
        /// (row stride, column stride).
        strides: (usize, usize),
        /// Length of the slice.
        len: usize,
    },
    /// A matrix of another crate has no slice that a view could stand for. Copied it can be: `Mat::from`.
    ///
    /// ```
    /// let error = diffsvd::Error::Strides { shape: (2, 3), strides: (-3, 1), must: "not be negative" };
    /// assert!(error.to_string().starts_with("a 2×3 matrix with strides (-3, 1) needs a copy (Mat::from)"));
    /// ```
    Strides {
        /// (rows, columns).
        shape: (usize, usize),
        /// (row stride, column stride).
        strides: (isize, isize),
        /// What the strides must satisfy.
        must: &'static str,
    },
    /// A batch has the wrong number of items.
    ///
    /// ```
    /// # use diffsvd::{Error, batch::Batch};
    /// let error = Batch::<f64>::zeros(3, 2, 2).as_ref().item(3).unwrap_err();
    /// assert_eq!(error, Error::Count { argument: "the batch", got: 3, expected: 4 });
    /// ```
    Count {
        /// Which argument.
        argument: &'static str,
        /// Its number of items.
        got: usize,
        /// The number that it must have.
        expected: usize,
    },
    /// A slice is too short for its batch.
    ///
    /// ```
    /// # use diffsvd::{Error, batch::BatchRef};
    /// let error = BatchRef::row_major(&[0.0; 7], 2, 2, 2).unwrap_err();
    /// assert_eq!(error, Error::BatchLength { count: 2, shape: (2, 2), needed: 8, got: 7 });
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Error, batch::{BatchMut, Layout}};
    /// let error = BatchMut::new(&mut [0.0; 4], Layout::row_major(1, 2, 2).broadcast(3)).unwrap_err();
    /// assert_eq!(error, Error::BatchOverlap { count: 3, shape: (2, 2), strides: (0, 2, 1) });
    /// ```
    BatchOverlap {
        /// Number of matrices.
        count: usize,
        /// (rows, columns) of each.
        shape: (usize, usize),
        /// (batch stride, row stride, column stride).
        strides: (usize, usize, usize),
    },
    /// The workspace is too short.
    ///
    /// ```
    /// # use diffsvd::{Error, MatRef, Vectors, singular_values_into, svd_workspace_len};
    /// let error = singular_values_into(MatRef::from(&[[1.0; 3]; 3]), &mut [0.0; 3], &mut []).unwrap_err();
    /// assert_eq!(error, Error::Workspace { needed: svd_workspace_len::<f64>(3, 3, Vectors::None), got: 0 });
    /// ```
    Workspace {
        /// Needed length, in entries.
        needed: usize,
        /// Length of the slice that was passed.
        got: usize,
    },
    /// An entry, or a number that a function gives, is infinite or NaN.
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
    /// An iteration (implicit QR, or Jacobi for small matrices) used up its sweep budget; never seen for finite input.
    ///
    /// ```
    /// let error = diffsvd::Error::NoConvergence { remaining: 2, sweeps: 900 };
    /// assert!(error.to_string().ends_with("2 off-diagonal entries remain; please report the matrix"));
    /// ```
    NoConvergence {
        /// Number of off-diagonal entries that had not become negligible; of columns, where it was Jacobi.
        remaining: usize,
        /// Sweeps made.
        sweeps: usize,
    },
    /// The iteration for triplets that come without the rest did not reach its tolerance.
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Error, Mat, Rule, Svd};
    /// let second = Svd::thin(&Mat::from_rows(&[[0.0, 0.0], [0.0, 1.0]]))?.truncate(1); // of diag(2, 1), alone
    /// let (a, gu) = (Mat::from_rows(&[[2.0, 0.0], [0.0, 1.0]]), Mat::from_rows(&[[1.0], [0.0]]));
    /// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
    /// assert!(matches!(second.partial_vjp(&a, &cotangent, &Rule::default()), Err(Error::Stalled { column: 0, .. })));
    /// # Ok::<(), Error>(())
    /// ```
    Stalled {
        /// Index of the triplet, from 0.
        column: usize,
        /// Norm of its residual, relative to the right-hand side.
        residual: f64,
        /// Iterations made.
        iterations: usize,
    },
    /// The largest singular value is not representable in the type, although every entry of the matrix is.
    ///
    /// ```
    /// # use diffsvd::{Error, Mat, Svd};
    /// let a = Mat::from_fn(2, 2, |_, _| f64::MAX); // s₁ = 2 f64::MAX
    /// assert_eq!(Svd::thin(&a).unwrap_err(), Error::Overflow);
    /// ```
    Overflow,
    /// A derivative does not exist because two singular values are equal.
    ///
    /// ```
    /// # use diffsvd::{Error, Mat, Svd, spectral::BestRank};
    /// let svd = Svd::thin(&Mat::<f64>::identity(2))?;
    /// let error = svd.map_vjp(BestRank(1), &Mat::identity(2)).unwrap_err(); // which of the two to keep?
    /// assert!(matches!(error, Error::EqualSingularValues { first: 0, second: 1, value: 1.0, .. }));
    /// # Ok::<(), Error>(())
    /// ```
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
    ///
    /// ```
    /// # use diffsvd::{Error, Mat, Svd, spectral::Polar};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[1.0, 0.0], [0.0, 0.0]]))?;
    /// let error = svd.map_vjp(Polar, &Mat::identity(2)).unwrap_err();
    /// assert!(matches!(error, Error::ZeroSingularValue { index: 1, value: 0.0, .. }));
    /// # Ok::<(), Error>(())
    /// ```
    ZeroSingularValue {
        /// What was asked for.
        operation: &'static str,
        /// Index of the singular value, from 0.
        index: usize,
        /// Its value, zero or within the tolerance of it.
        value: f64,
    },
    /// A parameter is outside of its range.
    ///
    /// ```
    /// # use diffsvd::{Error, Mat, Rule, Svd};
    /// let rule = Rule::default().with_gap_tolerance(-1.0);
    /// let error = Svd::thin(&Mat::identity(2))?.jvp(&Mat::<f64>::identity(2), &rule).unwrap_err();
    /// assert_eq!(error, Error::Parameter { name: "the gap tolerance", value: -1.0, must: "be finite and not negative" });
    /// # Ok::<(), Error>(())
    /// ```
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must satisfy.
        must: &'static str,
    },
}

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
