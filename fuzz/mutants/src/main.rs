//! Mutation testing of the crate with one build: every mutant of `cargo mutants --list` becomes a switch that is turned on at run time.
//!
//!     mutants build ROOT LIST OUT ARGUMENTS...    writes and compiles the copy; ARGUMENTS are those of `cargo test`
//!     mutants run OUT SECONDS                     tries those not decided yet, with at most so many seconds of tests each
//!     mutants report OUT                          numbers, and the survivors

mod build;
mod emit;
mod run;
mod sites;

use std::error::Error;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["build", root, list, out, ..] => {
            build::Build::new(Path::new(root), Path::new(list), Path::new(out))?.run(&arguments[4..])
        }
        ["run", out, seconds] => run::run(Path::new(out), seconds.parse()?),
        ["report", out] => {
            run::report(Path::new(out));
            Ok(())
        }
        _ => Err("usage: mutants build ROOT LIST OUT ARGUMENTS... | run OUT SECONDS | report OUT".into()),
    }
}
