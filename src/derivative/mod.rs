//! Derivatives of the factors U, s and V, forward and backward.

mod jvp;
mod rule;
mod vjp;

pub use jvp::{TangentMut, jvp_into, jvp_workspace_len};
pub use rule::{AtEqual, Rule};
pub use vjp::{Cotangent, Report, Target, vjp_into, vjp_workspace_len};
