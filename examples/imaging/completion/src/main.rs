//! Matrix factorization and completion of an image with missing pixels.

use std::process::ExitCode;

use clap::Parser;
use imaging::options;

fn main() -> ExitCode {
    options::finish(completion::run(&completion::Options::parse()))
}
