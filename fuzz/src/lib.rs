//! The fuzz targets: each makes a problem of the bytes, by the generator that the property tests use too, and asserts the contract with their checks.
//!
//! `bash .ci/fuzz` runs all of them for a minute each; `RUSTFLAGS="--cfg diffsvd_paths" cargo +nightly fuzz run driver` one of them for as long as
//! you like.

#[cfg(not(diffsvd_paths))]
compile_error!("some targets choose the algorithm: RUSTFLAGS=\"--cfg diffsvd_paths\" cargo +nightly fuzz …");

/// What the tests of the crate share.
#[path = "../../tests/support"]
#[allow(dead_code, reason = "the targets need a part of it")]
mod support {
    pub(crate) mod banded;
    pub(crate) mod bounds;
    pub(crate) mod derivatives;
    pub(crate) mod double_double;
    pub(crate) mod drawn;
    pub(crate) mod elementary;
    pub(crate) mod entry;
    pub(crate) mod layout;
    pub(crate) mod random;
    pub(crate) mod run;
    pub(crate) mod spectra;
    pub(crate) mod spectral;
    pub(crate) mod sturm;
}

// The checks of the tests, which are not compiled here.
macro_rules! of_the_tests {
    ($($(#[$attribute:meta])* $path:literal $module:ident;)*) => {$(
        $(#[$attribute])*
        #[path = $path]
        #[allow(dead_code, unused_imports, unused_macros, reason = "the targets need a part of it")]
        mod $module;
    )*};
}
of_the_tests! {
    "../../tests/derivatives/adjoint.rs" adjoint;
    "../../tests/paths/along.rs" along;
    "../../tests/spectral/erased.rs" erased;
    #[macro_use]
    "../../tests/spectral/table.rs" table;
    "../../tests/spectral/maps.rs" maps;
    "../../tests/batch/memory.rs" memory;
    "../../tests/batch/outputs.rs" outputs;
    "../../tests/batch/factorization.rs" factorization;
}

// The tour, whose modules know each other by these names.
#[path = "../../examples/tour/diagnose.rs"]
mod diagnose;
#[path = "../../examples/tour/loss.rs"]
#[allow(dead_code, reason = "the built-in tour is not here")]
mod loss;
#[path = "../../examples/tour/read/mod.rs"]
#[allow(dead_code, reason = "nothing is read from a path here")]
mod read;
#[path = "../../examples/tour/text.rs"]
#[allow(dead_code, reason = "the built-in tour is not here")]
mod text;

mod abi;
#[cfg(test)]
mod short;
mod targets;

pub use targets::{bidiagonal, c, derivatives, divide, driver, files, lanes, spectral, views};
