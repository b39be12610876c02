//! The pseudoinverse of a two-dimensional convolution.

use std::process::ExitCode;

use clap::Parser;
use imaging::options;

fn main() -> ExitCode {
    options::finish(conv_pinv::run(&conv_pinv::Options::parse()))
}
