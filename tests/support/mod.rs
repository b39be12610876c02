//! What the integration tests share. Each of them uses a part of it.
#![allow(dead_code)]

pub(crate) mod banded;
pub(crate) mod bounds;
pub(crate) mod derivatives;
pub(crate) mod double_double;
pub(crate) mod drawn;
pub(crate) mod elementary;
pub(crate) mod entry;
pub(crate) mod layout;
pub(crate) mod losses;
pub(crate) mod random;
pub(crate) mod run;
pub(crate) mod spectra;
pub(crate) mod spectral;
pub(crate) mod strategies;
pub(crate) mod sturm;
pub(crate) mod zoo;
