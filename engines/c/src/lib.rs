//! The C interface of diffsvd; `include/diffsvd.h` is its header, README.md its manual.
//!
//! Every function checks its arguments, returns a status code, and leaves a message for `diffsvd_last_error`. No panic crosses the boundary.
//! Files in the order of the flow: what C passes (`types`), codes and messages (`status`), pointers as views (`view`), the operations over
//! any scalar type (`operate`, with the named functions of `function`), and their instances for C (`exports`).
//!
#![doc = include_str!("../README.md")]

mod types;

mod status;

mod view;

mod function;
mod operate;

mod exports;

pub use exports::*;
pub use status::*;
pub use types::*;
