//! All that depends on the processor: loops over many entries, and the choice of the instructions they are compiled for.
//!
//! A loop is written once over [`Lane`]s of the work storage and instantiated per instruction set by [`Level::run`]. The
//! portable instantiation is the definition and the oracle of the tests.

mod accumulate;
mod arith;
pub(crate) mod cast;
pub(crate) mod columns;
pub(crate) mod entry;
pub(crate) mod gather;
mod interleave;
mod lanes;
mod level;
mod planar;
mod prefetch;
mod product;
pub(crate) mod reflect;
#[cfg(target_arch = "x86_64")]
mod register;
pub(crate) mod root;
pub(crate) mod rotate;
mod stream;
pub(crate) mod team;
mod tile;
pub(crate) mod transpose;
pub(crate) mod vector;

#[cfg(test)]
pub(crate) use arith::Separate;
pub(crate) use arith::{Arith, Task};
use lanes::HALF;
pub(crate) use lanes::{
    LANES, Lane, Planes, RowPart, add_product, add_scaled, each, get, lane_by_lane, padded, set, spaced, sub_product,
};
pub(crate) use level::Level;
pub(crate) use planar::{Block, BlockMut, Shape as PlaneShape};
pub(crate) use prefetch::prefetch;
pub(crate) use product::{Operand, Product, compute, gemm, gemm_shared};
pub(crate) use stream::Stream;
