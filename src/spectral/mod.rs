//! Functions of the singular values, X = U f(S) Vᴴ, with derivatives that are exact at equal and at zero singular values.
//!
//! `docs/spectral.md` has the table of all functions, with formula, where each is differentiable, and its error.

mod elementary;
mod values;

mod divided;
mod function;
mod spectrum;

mod frame;
mod map;

mod filter;
mod inverse;
mod low_rank;
mod polar;
mod power;
mod shrink;

#[cfg(feature = "alloc")]
mod owned;

pub use elementary::Elementary;
pub use filter::{Tikhonov, Wiener};
pub use function::{SpectralFunction, TwiceDifferentiable, parameter_cotangents};
pub use inverse::Inverse;
pub use low_rank::BestRank;
pub use map::{
    MapGradient, MapTangent, map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into, map_workspace_len,
};
pub use polar::Polar;
pub use power::{Log1p, Power};
pub use shrink::{HardThreshold, RelativeSoftThreshold, SoftThreshold, WeightedSoftThreshold};
pub use spectrum::{Direction, Eigenvalue, PerValue, Pointwise, SecondOrderMap, SpectralMap, Whole};
pub use values::{Order, Values};
