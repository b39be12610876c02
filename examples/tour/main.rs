//! A tour of the crate: gradients through equal singular values, and a diagnosis of a matrix of your own.
//!
//!     cargo run --release --example tour              # the tour
//!     cargo run --release --example tour -- FILE      # the singular values and gradients of the matrix in FILE
//!
//! `builtin` is the tour, `diagnose` the report on a file, `loss` the loss that both differentiate, `read` the readers
//! and `text` the printing.

mod builtin;
mod diagnose;
mod loss;
mod read;
mod text;

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
The tour of diffsvd: a singular value decomposition that can be differentiated.

Usage: tour [FILE]
       cargo run --release --example tour -- [FILE]

Without FILE: the gradient of L = Σ Re of the entries of U (S + 0.1 I) Vᴴ by every rule, beside finite differences, for
a matrix with distinct singular values, one with equal and one with nearly equal ones, and two complex ones.

With FILE: singular values, rank, condition number, the gradient of the nuclear norm and a diagnosis of the gauge
(may U, s and V of this matrix be differentiated?) for the matrix in FILE, real or complex:
  .npy    NumPy: a two-dimensional array of floats, complex numbers, integers or booleans
  .mtx    Matrix Market: coordinate or array; real, complex, integer or pattern; any symmetry
  .csv    one row a line, entries like 1.5, -2e-3, 1+2i or (1-2j), separated by commas, semicolons or tabs;
          a first line of names and lines that start with # are skipped

Options: -h, --help  this text

Exit status: 0, 1 where the file cannot be read or decomposed, 2 for a wrong command line.
";

/// What went wrong: the message, and the exit status that it deserves.
struct Failure(String, u8);

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(text) => {
            // A reader that has seen enough, such as `head`, may have closed the pipe.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(Failure(message, status)) => {
            eprintln!("tour: {message}");
            ExitCode::from(status)
        }
    }
}

fn run(arguments: &[OsString]) -> Result<String, Failure> {
    if arguments.iter().any(|argument| argument == "-h" || argument == "--help") {
        return Ok(HELP.to_owned());
    }
    match arguments {
        [] => builtin::tour().map_err(|error| Failure(error.to_string(), 1)),
        [option] if option.to_string_lossy().starts_with('-') => {
            Err(Failure(format!("unknown option {}; --help lists what there is", option.display()), 2))
        }
        [file] => {
            let failure = |message| Failure(format!("{}: {message}", file.display()), 1);
            let input = read::matrix(Path::new(file)).map_err(failure)?;
            let report = diagnose::report(&input.matrix).map_err(|error| failure(error.to_string()))?;
            let notes = input.notes.iter().map(|note| format!("note: {note}\n"));
            Ok(notes.fold(format!("{}: {report}", file.display()), |text, note| text + &note))
        }
        _ => Err(Failure(format!("{} files given; one at a time, please", arguments.len()), 2)),
    }
}
