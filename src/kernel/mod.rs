//! Slice kernels: everything that touches more than a few entries at a time.
//!
//! The stages above call these functions and know nothing of CPUs. [`portable`] defines what each one computes
//! and is the oracle of the tests.

pub(crate) mod cast;
pub(crate) mod portable;
pub(crate) mod root;

pub(crate) use portable::{Operand, Order, axpy, bidiagonal_pass, dotc, gemm, rotate_columns, scale, sum_squares};
