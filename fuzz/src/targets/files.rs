//! The files that the example `tour` reads.

use crate::diagnose;
use crate::read::{Matrix, parse};
use crate::support::drawn::Bytes;

/// Entries up to which the report is made too; larger ones are only read.
const SMALL: usize = 200;

/// A file of any content is read into a matrix, whose report can be made, or refused with a message.
pub fn files(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let extension = bytes.one_of(&["npy", "mtx", "csv"]);
    let content = bytes.rest();
    match parse(Some(extension), || Ok(content.to_vec())) {
        Ok(input) => {
            let (entries, finite) = match &input.matrix {
                Matrix::Real(a) => (a.as_slice().len(), a.as_slice().iter().all(|x| x.is_finite())),
                Matrix::Complex(a) => (a.as_slice().len(), a.as_slice().iter().all(|x| x.is_finite())),
            };
            if entries <= SMALL {
                match diagnose::report(&input.matrix) {
                    Ok(text) => assert!(!text.is_empty()),
                    // Entries near the end of the range may have no s₁.
                    Err(error) => assert!(!finite || error == diffsvd::Error::Overflow, "{error}"),
                }
            }
        }
        Err(message) => assert!(!message.is_empty()),
    }
}
