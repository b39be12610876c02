//! The tests of A = U diag(s) Vᴴ. One program, because every part of it needs the decomposition in six scalar types.

#[path = "../support/mod.rs"]
mod support;

mod accuracy;
mod bidiagonal;
mod contract;
mod divided;
mod errors;
mod owned;
mod range;
