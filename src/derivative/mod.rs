//! Derivatives of the factors U, s and V, forward and backward.

mod cotangent;
mod gauge;
mod jvp;
mod rule;
mod vjp;

pub use cotangent::{Cotangent, Target};
pub use gauge::Report;
pub use jvp::{TangentMut, jvp_into, jvp_workspace_len};
pub use rule::{AtEqual, Rule};
pub use vjp::{vjp_into, vjp_workspace_len};
