//! The derivations and the conventions, numbered as the code cites them.

#[doc = include_str!("../docs/conventions.md")]
pub mod conventions {}

#[doc = include_str!("../docs/derivatives.md")]
pub mod derivatives {}

#[doc = include_str!("../docs/spectral.md")]
pub mod spectral {}

#[doc = include_str!("../docs/batch.md")]
pub mod batch {}
