//! The tests of the derivatives of U, s and V. One program, because every part of it needs the same rules in four scalar types.

#[path = "../support/mod.rs"]
mod support;

mod adjoint;
mod contract;
mod finite_difference;
mod properties;
mod published;
mod range;
mod rules;
mod tolerance;
