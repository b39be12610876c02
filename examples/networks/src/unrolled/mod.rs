//! The deep unrolling network for colour image compressed sensing: three channels, sampled pixels, iterations of x-step, low-rank step and multiplier step, with the
//! low-rank step differentiated by the exact spectral route and by the rules that have been proposed for U, s and V.

mod equal;
mod low_rank;
mod network;
mod sections;
mod trial;

use std::path::PathBuf;

use clap::Parser;
use imaging::Result;
use imaging::options::{Common, Source};

pub use equal::{Survivor, error_of, survive};
pub use low_rank::Method;
pub use network::{Network, Shape};
pub use trial::{Outcome, Plan, Trial};

use crate::layers::Init;
use crate::patches::Split;
use crate::train::Schedule;

/// Trains the deep unrolling network with the low-rank step differentiated in six ways, side by side.
#[derive(Clone, Debug, Parser)]
#[command(name = "unrolled")]
pub struct Options {
    /// What every example has
    #[command(flatten)]
    pub common: Common,
    /// The picture
    #[command(flatten)]
    pub source: Source,
    /// Percentages of pixels that are sampled
    #[arg(long, value_name = "P,…", value_delimiter = ',', default_values_t = [10, 30, 50], value_parser = clap::value_parser!(u8).range(1..=99))]
    pub sampling: Vec<u8>,
    /// Steps of training, for each method and percentage
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// Channels inside of the stacks of convolutions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(3..))]
    pub channels: Option<u16>,
}

impl Options {
    fn plan(&self) -> Plan {
        let size = self.common.size;
        let steps = self.steps.map_or(size.pick(40, 60, 120), |steps| steps as usize);
        let channels = self.channels.map_or(size.pick(6, 8, 12), usize::from);
        Plan {
            shape: Shape { iterations: size.pick(2, 2, 3), channels, init: Init::Normal(1.0) },
            schedule: Schedule { steps, rate: size.pick(5e-3, 4e-3, 3e-3), decay: 0.1 },
            patch: size.pick(16, 32, 32),
            batch: size.pick(2, 4, 4),
            part: size.pick(32, 64, 96),
            seed: self.common.seed,
        }
    }
}

/// Writes the report.
pub fn run(options: &Options) -> Result<PathBuf> {
    let (plan, size, seed) = (options.plan(), options.common.size, options.common.seed);
    let split = Split::load(&options.source, size.pick(96, 160, 224), (plan.part, plan.patch), seed)?;
    let mut report =
        options.common.report("unrolled", "A deep unrolling network for colour image compressed sensing")?;
    sections::sampled(&mut report, &split, &plan, &options.sampling)?;
    // A flat patch is soon learned.
    let short = Schedule { steps: plan.schedule.steps.div_ceil(4), ..plan.schedule };
    sections::equal(&mut report, &Plan { schedule: short, ..plan }, &options.sampling)?;
    report.finish()
}
