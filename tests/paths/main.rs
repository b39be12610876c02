//! Every matrix of the zoo every way, and the sweeps of the QR iteration: what `.ci/trust` runs, with the interface that
//! `RUSTFLAGS="--cfg diffsvd_paths"` opens. Without it this program is empty.
#![cfg(diffsvd_paths)]

#[path = "../support/mod.rs"]
mod support;

mod along;
mod sweeps;
mod zoo;
