//! Learning to reconstruct from measurements alone.

use std::process::ExitCode;

use clap::Parser;
use imaging::options;

fn main() -> ExitCode {
    options::finish(networks::equivariant::run(&networks::equivariant::Options::parse()))
}
