//! Derivatives of the factors U, s and V, forward and backward.

mod align;
mod blocks;
mod cast;
mod cotangent;
mod coupled;
mod full;
mod gauge;
mod invariant;
mod jvp;
mod line;
mod line_null;
pub(crate) mod pairs;
mod partial;
pub(crate) mod rule;
mod second;
mod second_inner;
mod spectrum;
mod vector;
mod vjp;

pub use align::align;
pub use cotangent::{Cotangent, Target};
pub use full::{full_jvp_into, full_vjp_into, full_workspace_len};
pub use gauge::Report;
pub use invariant::{PairMut, gauge_workspace_len, remove_gauge};
pub use jvp::{TangentMut, jvp_into, jvp_workspace_len};
pub use line::{BranchesMut, LineReport, branches_into, branches_workspace_len};
pub use partial::{
    Convergence, Iteration, Partial, PartialReport, partial_jvp_into, partial_vjp_into, partial_workspace_len,
};
pub use rule::{AtEqual, Rule};
pub use second::{SecondOrder, vjp_tangent_into, vjp_tangent_workspace_len};
pub use vjp::{vjp_into, vjp_workspace_len};
