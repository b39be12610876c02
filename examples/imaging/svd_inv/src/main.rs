//! The published rule and its rivals at equal, nearly equal and distinct singular values.

use std::process::ExitCode;

use clap::Parser;
use imaging::options;

fn main() -> ExitCode {
    options::finish(svd_inv::run(&svd_inv::Options::parse()))
}
