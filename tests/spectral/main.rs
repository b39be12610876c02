//! Functions of the singular values. One program, because every scalar type costs the compiler a whole decomposition.
//!
//! Each check is a function of one matrix. The files named after what is checked call it over the sweep of gaps, `properties`
//! with matrices that are drawn at random.

#[path = "../support/mod.rs"]
mod support;

#[macro_use]
mod table;

mod erased;
mod factors;
mod losses;
mod maps;
mod pointwise;
mod properties;
mod second;
mod second_factors;
mod second_whole;
mod undefined;
