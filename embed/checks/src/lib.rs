//! The checks that every target runs: same vectors, same bits as the host, defects within the documented bounds.
#![no_std]

use core::fmt::{self, Write};

use num_complex::Complex;

mod calibration;
mod vectors;

pub use calibration::run as calibrate;

use vectors::Outcome;

/// What the host computed, in the order of the vectors.
static HOST: &[Outcome] = &include!(concat!(env!("OUT_DIR"), "/host.rs"));

/// The documented bound, 3 max(m, n) ε s₁, in hundredths.
const DEFECT: u32 = 300;
/// Both derivatives round a few products each.
const ADJOINTNESS: u32 = 800;

/// Runs all checks; returns the number of failures.
///
/// # Errors
/// Those of the writer.
pub fn run(out: &mut dyn Write) -> Result<u32, fmt::Error> {
    let (mut failures, mut count, mut worst) = (0, 0, (0, 0));
    let mut printed = Ok(());
    let finished = vectors::all(&mut |case, outcome| {
        let host = HOST.get(count);
        count += 1;
        worst = (worst.0.max(outcome.defect), worst.1.max(outcome.adjointness));
        let mut expect = |right: bool, what: &str| {
            if !right {
                failures += 1;
                printed = printed.and(writeln!(out, "FAILED {case}: {what}"));
            }
        };
        expect(host.is_some_and(|host| host.factors == outcome.factors), "s, U, V by Jacobi differ from the host's");
        expect(host.is_some_and(|host| host.derivatives == outcome.derivatives), "derivatives differ from the host's");
        expect(outcome.distance <= DEFECT, "the two ways to the singular values disagree");
        expect(outcome.defect <= DEFECT, "residual or orthogonality beyond 3 max(m, n) ε s₁");
        expect(outcome.adjointness <= ADJOINTNESS, "vjp is not the adjoint of jvp");
    });
    printed?;
    let refused = [
        vectors::refuses::<f32>(),
        vectors::refuses::<f64>(),
        vectors::refuses::<Complex<f32>>(),
        vectors::refuses::<Complex<f64>>(),
    ];
    for (right, what) in [
        (finished.is_ok(), "a decomposition returned an error"),
        (count == HOST.len(), "not every vector was run"),
        (refused == [true; 4], "NaN or infinity was not refused with its place"),
    ] {
        if !right {
            failures += 1;
            writeln!(out, "FAILED: {what}")?;
        }
    }
    writeln!(out, "{count} matrices, bits compared with the host's: {failures} failures")?;
    writeln!(
        out,
        "worst defect {}.{:02} max(m, n) ε s₁, worst adjointness {}.{:02} max(m, n) ε",
        worst.0 / 100,
        worst.0 % 100,
        worst.1 / 100,
        worst.1 % 100
    )?;
    Ok(failures)
}
