//! The tests of `batch`: the functions of one matrix over many, in every layout, with failing items among them.

#[path = "../support/mod.rs"]
mod support;

mod memory;
mod outputs;

mod derivatives;
mod factorization;
mod functions;
mod misuse;
mod owned;
mod status;
mod walk;
