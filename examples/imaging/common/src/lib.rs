//! The ground that the worked examples share.
//!
//! | module | what it is for |
//! |---|---|
//! | [`options`], [`progress`], [`report`], [`plot`] | the command line, a bar on long work, a folder with tables and figures |
//! | [`picture`], [`scene`], [`mask`], [`metrics`] | images in and out, the generated one, missing pixels, PSNR and SSIM |
//! | [`random`], [`fourier`], [`adam`] | streams of random numbers from one seed, FFT of planes, Adam |
//!
//! An example is a package of its own beside this one: its `main` parses the options and calls `run`, which writes a report;
//! everything that a test checks is a function of the example's library. `docs/examples.md` has what they print.

pub mod options;
pub mod plot;
pub mod progress;
pub mod report;

pub mod mask;
pub mod metrics;
pub mod picture;
pub mod scene;

pub mod adam;
pub mod fourier;
pub mod random;

/// Whatever went wrong: a file, an option, or a matrix.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;
