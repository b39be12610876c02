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

mod projected;

mod curvature;
mod lowering;
mod second;

mod filter;
mod inverse;
mod low_rank;
mod per_value;
mod polar;
mod power;
mod procrustes;
mod shrink;
mod weighted;

mod hermitian;
mod hermitian_second;
mod least_squares;
mod least_squares_second;
mod pinv;
mod projector;

mod loss;
mod measures;
mod norms;

#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod owned_second;
#[cfg(feature = "alloc")]
mod superpose;

pub use elementary::Elementary;
pub use filter::{Tikhonov, Wiener};
pub use function::{SpectralFunction, TwiceDifferentiable, parameter_cotangents};
pub use hermitian::{Hermitian, Side, hermitian_workspace_len};
pub use hermitian_second::hermitian_second_workspace_len;
pub use inverse::Inverse;
pub use least_squares::{LeastSquares, LeastSquaresGradient, LeastSquaresTangent};
pub use least_squares_second::LeastSquaresSecondOrder;
pub use loss::{SpectralLoss, loss_gradient_into, loss_hvp_into};
pub use low_rank::BestRank;
pub use map::{
    MapGradient, MapTangent, map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into, map_workspace_len,
};
#[cfg(feature = "alloc")]
pub(crate) use measures::condition;
pub use measures::{Condition, Entropy, EntropyGradient, LogDet};
pub use norms::{KyFan, LeadingWeights, Schatten, SchattenGradient, WeightedSum};
pub use per_value::{PerValue, PerValueTwice};
pub use pinv::{pinv_into, pinv_jvp_into, pinv_vjp_into};
pub use polar::Polar;
pub use power::{Log1p, Power};
pub use procrustes::Rotation;
pub use projector::Indicator;
pub use second::{map_second_into, map_second_workspace_len, map_vjp_tangent_into};
pub use shrink::{HardThreshold, RelativeSoftThreshold, SoftThreshold};
pub use spectrum::{Direction, Eigenvalue, Pointwise, SecondOrderMap, SpectralMap, Whole};
pub(crate) use spectrum::{differences_of, value_of};
#[cfg(feature = "alloc")]
pub use superpose::Superposition;
pub use values::{Order, Values};
pub use weighted::WeightedSoftThreshold;
