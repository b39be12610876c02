//! An image with missing pixels, restored: by two factors W·H, trained by Adam or by alternating least squares, by nuclear-norm completion
//! with thresholds found by gradient descent through its iterations, and by regression on random Fourier features.

mod factors;
mod fourier_features;
mod problem;
mod sections;
mod threshold;

use std::path::PathBuf;

use clap::Parser;
use imaging::options::{Common, Source};
use imaging::{Result, mask};

pub use factors::{Curve, alternate, descend, rows};
pub use fourier_features::regress;
pub use problem::{Outcome, Problem};
pub use threshold::{Descent, Forward, Unrolled, complete, learn};

/// Restores missing pixels: matrix factorization, nuclear-norm completion and a regression, side by side.
#[derive(Clone, Debug, Parser)]
#[command(name = "completion")]
pub struct Options {
    /// What every example has
    #[command(flatten)]
    pub common: Common,
    /// The picture
    #[command(flatten)]
    pub source: Source,
    /// All three channels side by side, in place of the luminance alone; takes three times as long
    #[arg(long)]
    pub colour: bool,
    /// Ranks r of the factors, in place of those of --size
    #[arg(long, value_name = "R,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    pub ranks: Option<Vec<u16>>,
    /// Ranks for alternating least squares; one sweep over a 512×512 picture takes a second or two for 100, about ten for 300
    #[arg(long, value_name = "R,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..))]
    pub als_ranks: Option<Vec<u16>>,
    /// Percentages of pixels that are missing
    #[arg(long, value_name = "P,…", value_delimiter = ',', default_values_t = [10, 40, 80], value_parser = clap::value_parser!(u8).range(1..=99))]
    pub missing: Vec<u8>,
    /// Steps of Adam on the factors
    #[arg(long, value_name = "N")]
    pub steps: Option<usize>,
}

/// How much is computed.
pub(crate) struct Plan {
    pub(crate) ranks: Vec<usize>,
    pub(crate) als_ranks: Vec<usize>,
    pub(crate) steps: usize,
    pub(crate) sweeps: usize,
    /// Iterations of the thresholding, and steps of the descent through them.
    pub(crate) unrolled: (usize, usize),
    pub(crate) features: usize,
    pub(crate) seed: u64,
}

impl Plan {
    fn of(options: &Options) -> Self {
        let size = options.common.size;
        let given = |ranks: &Option<Vec<u16>>, otherwise: &[usize]| {
            ranks.as_ref().map_or_else(|| otherwise.to_vec(), |ranks| ranks.iter().map(|&r| usize::from(r)).collect())
        };
        Plan {
            ranks: given(&options.ranks, size.pick(&[2, 4, 20], &[15, 30, 90, 150], &[50, 100, 300, 500])),
            als_ranks: given(&options.als_ranks, size.pick(&[4, 20], &[15, 30], &[50, 100])),
            steps: options.steps.unwrap_or(size.pick(150, 500, 1000)),
            sweeps: size.pick(4, 6, 6),
            unrolled: size.pick((8, 15), (12, 20), (15, 20)),
            features: size.pick(64, 256, 1024),
            seed: options.common.seed,
        }
    }
}

/// Writes the report.
pub fn run(options: &Options) -> Result<PathBuf> {
    let (size, seed, plan) = (options.common.size, options.common.seed, Plan::of(options));
    let picture = options.source.load_as(options.colour, size.pick(40, 160, 512), seed)?;
    let (_, rows, cols) = picture.dim();
    let scattered = options.missing.iter().map(|&percent| {
        let known = mask::scattered((rows, cols), f64::from(percent) / 100.0, seed);
        Problem::new(format!("{percent} % missing"), picture.clone(), known, seed)
    });
    let pixels = (rows * cols / 16).min(900);
    let block = Problem::new(
        format!("a block of {pixels} pixels missing"),
        picture.clone(),
        mask::block((rows, cols), pixels),
        seed,
    );
    let problems: Vec<Problem> = scattered.chain([block]).collect();
    let mut report = options.common.report("completion", "An image with missing pixels")?;
    sections::write(&mut report, &problems, &plan)?;
    report.finish()
}
