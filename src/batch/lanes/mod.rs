//! Small matrices, one a lane: W of them side by side in structure-of-arrays form, decomposed and differentiated together.
//!
//! # What the rest of `batch` calls
//!
//! Every matrix of a batch is an [`Items`] (or [`ItemsMut`]): a slice and the distances from item to item, row to row and column to
//! column; entry (i, j) of item b is `data[b * item + i * row + j * col]`. s is an array of items of k×1.
//!
//! | call | does |
//! |---|---|
//! | `serves(rows, cols)` | whether the lanes take this shape: min ≤ 8, max ≤ 32 (`const`) |
//! | `workspace_len::<S>(rows, cols)` | entries of `work`, for every call below and any number of items (`const`) |
//! | [`svd()`]`(job, a, s, vectors)` | thin U, s, V; s alone, the same to the last bit, where `vectors` is `None` |
//! | [`vjp()`]`(job, factors, cotangent, rule, gradient)` | `vjp_into` for each item, r = k, no block cotangent; reports where wanted |
//! | [`jvp()`]`(job, factors, a_dot, rule, tangent)` | `jvp_into` for each item, r = k, no block tangent |
//! | [`map`]`(job, factors, f, direction, image)` | `map_into`, or with a direction `map_jvp_into` or `map_vjp_into`, for each item |
//!
//! `job` is the shape, the number of items, the workspace, the level of instructions and whether memory is asked for ahead. Its `failed` is called
//! once for each item that fails, in order; the outputs of that item are untouched. `Break` ends the work after the tile. The views are in range by the
//! caller's check; the result of an item depends on nothing but that item.

mod ahead;
mod backward;
mod closed;
mod decompose;
mod derivative;
mod forward;
mod frame;
mod items;
mod jacobi;
mod jvp;
mod product;
mod rule;
mod scale;
mod single;
mod spectral;
mod svd;
// Without std they would only be the same again, at minutes of compiling.
#[cfg(all(test, feature = "std"))]
mod tests;
mod tile;
mod vjp;

use crate::derivative::{jvp_workspace_len, vjp_workspace_len};
use crate::scalar::Scalar;
use crate::workspace::{larger, smaller};
use tile::{LONGEST, MOST};

pub(crate) use backward::vjp;
pub(crate) use derivative::{Cotangent, Factors, Gradient, Tangent};
pub(crate) use forward::jvp;
pub(crate) use items::{Items, ItemsMut};
pub(crate) use spectral::{Direction, Evaluate, Image, Numbers, map};
pub(crate) use svd::{Job, svd};

/// Whether the lanes take this shape.
pub(crate) const fn serves(rows: usize, cols: usize) -> bool {
    let (long, short) = (larger(rows, cols), smaller(rows, cols));
    short >= 1 && short <= MOST && long <= LONGEST
}

/// Matrices of this shape that are decomposed side by side.
pub(crate) const fn together<S: Scalar>(rows: usize, cols: usize) -> usize {
    tile::lanes::<S>(tile::registers::<S>(smaller(rows, cols)))
}

/// Entries of the workspace of every call.
pub(crate) const fn workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let k = smaller(rows, cols);
    let (vjp, jvp) = (vjp_workspace_len::<S>(rows, cols, k), jvp_workspace_len::<S>(rows, cols, k));
    let derivative = derivative::derivative_tile_len::<S>(rows, cols) + larger(vjp, jvp);
    let svd = svd::decomposition_tile_len::<S>(rows, cols);
    let spectral = spectral::spectral_tile_len::<S>(rows, cols);
    larger(larger(svd, derivative), spectral)
}
