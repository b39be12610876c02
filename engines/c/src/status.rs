//! Status codes, the message of the last failure, and the guard that every call goes through.
#![expect(non_camel_case_types, reason = "the names that C knows")]

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use diffsvd::Error;
use diffsvd::batch::{Failure, Summary};

/// What became of a call, or of one matrix of a batch; 0 is success.
pub type diffsvd_status = i32;
/// Success.
pub const DIFFSVD_OK: diffsvd_status = 0;
/// An argument has the wrong shape.
pub const DIFFSVD_SHAPE: diffsvd_status = 1;
/// Strides that reach beyond the memory, or with which entries to be written share a place.
pub const DIFFSVD_LAYOUT: diffsvd_status = 2;
/// Arguments with different numbers of matrices.
pub const DIFFSVD_COUNT: diffsvd_status = 3;
/// The workspace is too short.
pub const DIFFSVD_WORKSPACE: diffsvd_status = 4;
/// An entry is NaN or infinite.
pub const DIFFSVD_NON_FINITE: diffsvd_status = 5;
/// An iteration did not converge; never seen for the decomposition.
pub const DIFFSVD_NO_CONVERGENCE: diffsvd_status = 6;
/// The largest singular value is not representable.
pub const DIFFSVD_OVERFLOW: diffsvd_status = 7;
/// The derivative does not exist because singular values are equal.
pub const DIFFSVD_EQUAL_SINGULAR_VALUES: diffsvd_status = 8;
/// The derivative does not exist because a singular value is zero.
pub const DIFFSVD_ZERO_SINGULAR_VALUE: diffsvd_status = 9;
/// A parameter is out of its range.
pub const DIFFSVD_PARAMETER: diffsvd_status = 10;
/// A pointer is NULL, or not aligned.
pub const DIFFSVD_POINTER: diffsvd_status = 11;
/// An output's span of memory meets that of another argument.
pub const DIFFSVD_OVERLAP: diffsvd_status = 12;
/// A number that stands for a choice is none of them.
pub const DIFFSVD_UNKNOWN_CHOICE: diffsvd_status = 13;
/// There is no memory for a workspace that was left to the library.
pub const DIFFSVD_OUT_OF_MEMORY: diffsvd_status = 14;
/// A defect of the library; please report it.
pub const DIFFSVD_INTERNAL: diffsvd_status = 15;

/// Why a call fails.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: diffsvd_status,
    message: String,
}

impl Fault {
    pub(crate) fn new(code: diffsvd_status, message: String) -> Self {
        Fault { code, message }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Fault { code: code(&failure.error), message: failure.to_string() }
    }
}

/// The code of an error of the core.
pub(crate) fn code(error: &Error) -> diffsvd_status {
    match error {
        Error::Shape { .. } => DIFFSVD_SHAPE,
        Error::Layout { .. } | Error::BatchLength { .. } | Error::BatchOverlap { .. } => DIFFSVD_LAYOUT,
        Error::Count { .. } => DIFFSVD_COUNT,
        Error::Workspace { .. } => DIFFSVD_WORKSPACE,
        Error::NonFinite { .. } => DIFFSVD_NON_FINITE,
        Error::NoConvergence { .. } | Error::Stalled { .. } => DIFFSVD_NO_CONVERGENCE,
        Error::Overflow => DIFFSVD_OVERFLOW,
        Error::EqualSingularValues { .. } => DIFFSVD_EQUAL_SINGULAR_VALUES,
        Error::ZeroSingularValue { .. } => DIFFSVD_ZERO_SINGULAR_VALUE,
        Error::Parameter { .. } => DIFFSVD_PARAMETER,
        _ => DIFFSVD_INTERNAL,
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
}

/// Makes a call of C: a panic becomes a status, and a failure leaves its message.
pub(crate) fn guard(call: impl FnOnce() -> Result<Summary, Fault>) -> diffsvd_status {
    let outcome = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault::new(
            DIFFSVD_INTERNAL,
            format!("a defect of diffsvd, please report it: {}", what.unwrap_or("a panic")),
        ))
    });
    match outcome.and_then(|summary| summary.all().map_err(Fault::from)) {
        Ok(()) => DIFFSVD_OK,
        Err(fault) => {
            let message = CString::new(fault.message.replace('\0', " ")).unwrap_or_default();
            // During the exit of a thread its message is gone already.
            let _ = LAST.try_with(|last| last.replace(message));
            fault.code
        }
    }
}

/// The message of the last failure of this thread, which stands until the next.
pub(crate) fn last_error() -> *const c_char {
    LAST.try_with(|last| last.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}
