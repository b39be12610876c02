//! What every command line has.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::picture::{self, Picture};
use crate::report::Report;
use crate::{Result, scene};

/// How much is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Size {
    /// Seconds: what the tests run.
    Tiny,
    /// Less than a minute.
    Small,
    /// Minutes on two cores: the figures of the documentation.
    Default,
}

impl Size {
    /// One of three, by size.
    pub fn pick<T>(self, tiny: T, small: T, default: T) -> T {
        match self {
            Size::Tiny => tiny,
            Size::Small => small,
            Size::Default => default,
        }
    }
}

/// The options of every example.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// How much is computed
    #[arg(long, value_enum, default_value_t = Size::Default)]
    pub size: Size,
    /// Seed of all random numbers: the same seed gives the same report
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for the reports; each example writes into a folder of its own in it
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
}

impl Common {
    /// The report of the example of this name.
    pub fn report(&self, example: &str, title: &str) -> Result<Report> {
        Report::new(&self.out.join(example), title)
    }
}

/// Which picture to work on.
#[derive(Args, Clone, Debug, Default)]
pub struct Source {
    /// PNG, JPEG or TIFF file, scaled and cut to a square; without it a picture is generated
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Number of rows and columns of the picture, in place of that of --size
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(16..=4096))]
    pub pixels: Option<u16>,
}

impl Source {
    /// The picture in colour, with as many rows and columns as asked for, or `otherwise`.
    pub fn load(&self, otherwise: usize, seed: u64) -> Result<Picture> {
        let n = self.pixels.map_or(otherwise, usize::from);
        self.image.as_deref().map_or_else(|| Ok(scene::landscape(n, n, seed)), |path| picture::read(path, n, n))
    }

    /// The picture, or its luminance alone where no colour is wanted.
    pub fn load_as(&self, colour: bool, otherwise: usize, seed: u64) -> Result<Picture> {
        let picture = self.load(otherwise, seed)?;
        Ok(if colour { picture } else { picture::luminance(&picture) })
    }
}

/// Says where the report is, or why there is none.
pub fn finish(outcome: Result<PathBuf>) -> ExitCode {
    match outcome {
        Ok(report) => {
            // A reader that has seen enough, such as `head`, may have closed the pipe.
            let _ = writeln!(stdout().lock(), "{}", std::fs::read_to_string(&report).unwrap_or_default());
            eprintln!("written: {}", report.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
