//! A differentiable SVD for tensors of candle, and functions of singular values whose gradients are exact, also where singular values are equal or zero.
//!
//! | you want | call |
//! |---|---|
//! | U, s and V | [`svd`]; by a rule of your choice and with a report [`svd_with`] |
//! | the singular values | [`svdvals`] |
//! | a layer: U max(S − τ, 0) Vᵀ, with a τ that may be trained | [`svt`] |
//! | a norm to add to a loss | [`nuclear_norm`] |
//! | A⁺, U Vᵀ, the best approximation of rank r | [`pinv`], [`polar`], [`low_rank`] |
//!
//! All take tensors of shape […, m, n], of f32 or f64, on the CPU. A function of the singular values is differentiated as that, by its divided differences, which do not know
//! whether two values are equal; U, s and V by a [`Rule`], which says what becomes of 1/(sⱼ − sᵢ) there.
//!
//! # One node
//!
//! U, s and V are one node of the graph, packed into one tensor and narrowed by candle's own operation, so the backward pass calls the rule once, with all three cotangents; the
//! packed tensor is all that is saved.
//!
//! ```
//! use candle_core::{Device, Var};
//! use diffsvd_candle::polar;
//!
//! let x = Var::new(&[[1.0, -1.0], [1.0, 1.0]], &Device::Cpu)?; // √2 twice
//! let gradients = polar(&x)?.sum_all()?.backward()?;
//! let gradient = gradients.get(&x).unwrap().flatten_all()?.to_vec1::<f64>()?;
//! assert!(gradient.iter().zip([1.0, 1.0, -1.0, 1.0]).all(|(a, b)| (a - b / 8_f64.sqrt()).abs() < 1e-14), "{gradient:?}");
//! # Ok::<(), candle_core::Error>(())
//! ```

mod functions;
mod op;

pub use diffsvd::{AtEqual, Rule, Tolerance};
pub use diffsvd_strided::{Gauge, Options, Report};
pub use functions::{Threshold, low_rank, nuclear_norm, pinv, polar, svd, svd_with, svdvals, svt};

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
