#![doc = include_str!("../README.md")]

mod entry;

mod split;

mod decompose;
mod map;

pub use decompose::{Svd, nuclear_norm, singular_values, svd};
pub use entry::Entry;
pub use map::{low_rank, map, pinv, polar, svt};
