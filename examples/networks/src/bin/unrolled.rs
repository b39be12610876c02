//! The deep unrolling network for colour image compressed sensing, its low-rank step differentiated in six ways.

use std::process::ExitCode;

use clap::Parser;
use imaging::options;

fn main() -> ExitCode {
    options::finish(networks::unrolled::run(&networks::unrolled::Options::parse()))
}
