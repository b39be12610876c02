//! Many matrices.
mod lanes;
