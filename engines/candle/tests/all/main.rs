//! The functions through candle's own graph: gradients against differences, at equal and at zero singular values, layouts, errors, training.
#![allow(missing_docs)]

mod common;
mod errors;
mod factors;
mod layouts;
mod spectral;
mod training;
