//! Learning to reconstruct from measurements alone (equivariant imaging: Chen, Tachella & Davies 2021): f = G∘A⁺ with the pseudoinverse of this crate and a small network G,
//! trained on measurement consistency, on equivariance as well, and with the signals themselves.

mod inpainting;
mod learn;
mod physics;
mod sections;
mod toy;

use std::path::PathBuf;

use clap::Parser;
use imaging::Result;
use imaging::options::{Common, Source};

pub use inpainting::{Outcome, Plan};
pub use learn::Objective;
pub use physics::{Inpainting, Physics, Sensing};
pub use toy::{Group, Restored, Toy};

use crate::patches::Split;
use crate::train::Schedule;

/// Learns to reconstruct from measurements alone: measurement consistency, equivariance and supervision side by side.
#[derive(Clone, Debug, Parser)]
#[command(name = "equivariant")]
pub struct Options {
    /// What every example has
    #[command(flatten)]
    pub common: Common,
    /// The picture
    #[command(flatten)]
    pub source: Source,
    /// Percentage of the pixels that is missing
    #[arg(long, value_name = "P", default_value_t = 40, value_parser = clap::value_parser!(u8).range(1..=95))]
    pub missing: u8,
    /// Measurements of the toy's signals of 64 entries
    #[arg(long, value_name = "M", default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub measurements: u8,
    /// Steps of training for the picture, for each loss
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
}

impl Options {
    /// The toy of this size.
    pub fn toy(&self) -> Toy {
        let steps = self.common.size.pick(1200, 2000, 5000);
        Toy {
            size: 64,
            measurements: usize::from(self.measurements),
            batch: 64,
            schedule: Schedule { steps, rate: 1e-3, decay: 0.05 },
            seed: self.common.seed,
        }
    }

    /// The picture's plan of this size.
    pub fn plan(&self) -> Plan {
        let size = self.common.size;
        let steps = self.steps.map_or(size.pick(60, 150, 500), |steps| steps as usize);
        Plan {
            patch: size.pick(16, 32, 32),
            part: size.pick(32, 64, 96),
            missing: f64::from(self.missing) / 100.0,
            channels: size.pick(8, 12, 16),
            batch: 4,
            schedule: Schedule { steps, rate: size.pick(5e-3, 4e-3, 3e-3), decay: 0.1 },
            seed: self.common.seed,
        }
    }
}

/// Writes the report.
pub fn run(options: &Options) -> Result<PathBuf> {
    let (plan, size, seed) = (options.plan(), options.common.size, options.common.seed);
    let split = Split::load(&options.source, size.pick(96, 160, 224), (plan.part, plan.patch), seed)?;
    let mut report = options.common.report("equivariant", "Learning to reconstruct from measurements alone")?;
    sections::toy(&mut report, &options.toy())?;
    sections::inpainting(&mut report, &split, &plan)?;
    report.finish()
}
