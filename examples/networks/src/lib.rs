//! Worked examples of diffsvd with networks, on candle.
//!
//! | module | what it is |
//! |---|---|
//! | [`unrolled`] | the deep unrolling network for colour image compressed sensing, its low-rank step differentiated in six ways |
//! | [`equivariant`] | learning to reconstruct from measurements alone: measurement consistency, equivariance, supervision |
//! | [`layers`], [`patches`], [`train`] | convolutions, patches of pictures, and Adam, for both |
//!
//! Options, reports, pictures and metrics are those of `imaging`. A program is a `main` that parses the options and calls `run`; everything that a test checks is a
//! function of this library. `docs/examples.md` has what they print.

pub mod equivariant;
pub mod layers;
pub mod patches;
pub mod train;
pub mod unrolled;
