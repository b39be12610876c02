//! The pseudoinverse of y = K∗x with many channels: exact for periodic fields by one complex pseudoinverse for each frequency, and by
//! preconditioned conjugate gradients where there are edges; with the gradient with respect to K.

mod checks;
mod circular;
mod edges;
mod grid;
mod kernel;
mod sections;
mod timing;

use std::path::PathBuf;

use clap::Parser;
use imaging::Result;
use imaging::options::{Common, Source};

pub use checks::{Penrose, Slope, penrose, slopes};
pub use circular::{CUTOFF, Circular, loss, loss_gradient};
pub use edges::{Edge, Edged, Solution};
pub use grid::{Field, dot, norm, relative};
pub use kernel::Kernel;
pub use timing::{Times, measure};

/// The pseudoinverse of a two-dimensional convolution of many channels, with and without edges, and its gradient.
#[derive(Clone, Debug, Parser)]
#[command(name = "conv_pinv")]
pub struct Options {
    /// What every example has
    #[command(flatten)]
    pub common: Common,
    /// The picture that is blurred and restored
    #[command(flatten)]
    pub source: Source,
    /// Number of channels, in place of that of --size
    #[arg(long, value_name = "C", value_parser = clap::value_parser!(u16).range(1..=128))]
    pub channels: Option<u16>,
    /// Rows and columns of the filters, odd
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = odd)]
    pub taps: usize,
}

fn odd(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(taps) if taps % 2 == 1 && taps <= 15 => Ok(taps),
        _ => Err("an odd number from 1 to 15 is needed".into()),
    }
}

/// How much is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) channels: usize,
    pub(crate) taps: usize,
    pub(crate) size: (usize, usize),
    pub(crate) seed: u64,
}

/// Writes the report.
pub fn run(options: &Options) -> Result<PathBuf> {
    let size = options.common.size;
    let rows = size.pick(16, 64, 128);
    let channels = options.channels.map_or(size.pick(4, 16, 32), usize::from);
    let scale = Scale { channels, taps: options.taps, size: (rows, rows), seed: options.common.seed };
    if scale.taps > rows {
        return Err(
            format!("filters of {0}×{0} do not fit fields of {rows}×{rows}: take fewer --taps", scale.taps).into()
        );
    }
    let picture = options.source.load(size.pick(32, 96, 192), options.common.seed)?;
    let mut report = options.common.report("conv_pinv", "The pseudoinverse of a two-dimensional convolution")?;
    sections::periodic(&mut report, scale)?;
    sections::gradient(&mut report, scale)?;
    sections::edges(&mut report, scale)?;
    sections::blurred(&mut report, &picture)?;
    sections::timing(&mut report, scale)?;
    report.finish()
}
