//! Every rule for the gradient through a singular value decomposition, at the two published matrices and at random ones, in four
//! scalar types: where each is right, and where it fails.

mod cases;
mod gradient;
mod tables;

use std::path::PathBuf;

use clap::Parser;

use imaging::Result;
use imaging::options::Common;
use imaging::plot::{Axis, Panel, Scale, Series};
use imaging::progress;

pub use cases::Case;
pub use gradient::{Loss, Route};
pub use tables::{Kind, errors_of};

/// Gradients of losses of U f(S) Vᴴ by every rule in use, beside Moore-Penrose, exact and difference quotients.
///
/// For two published matrices and for random ones, real and complex, single and double precision.
#[derive(Clone, Debug, Parser)]
#[command(name = "svd_inv")]
pub struct Options {
    /// What every example has
    #[command(flatten)]
    pub common: Common,
}

/// Writes the report.
pub fn run(options: &Options) -> Result<PathBuf> {
    let seed = options.common.seed;
    let seeds = options.common.size.pick(2, 5, 15);
    let mut report =
        options.common.report("svd_inv", "Gradients through a singular value decomposition, by every rule")?;
    report.section("The two published matrices");
    report.text(
        "L = the sum of the entries of U (S + 0.1 I) Vᴴ. Both singular values of [[2, 4], [−4, 2]] are √20; those of \
         [[2, 4], [−4, 2.0001]] differ in the sixth digit. A rule that is right gives nearly the same gradient for both.",
    );
    report.table("published", &tables::published()?)?;
    report.section("Where each rule fails");
    report.text(&format!(
        "Relative error of the gradient, ‖g − exact‖/‖exact‖; the worst of {seeds} random matrices (the two published ones stand as \
         they are). *refused*: the rule divides by zero and says so. A cell without a star is right within the accuracy of its scalar \
         type and of its gap, ★ is off by more than that, and ✗ by more than a tenth. The reference is the spectral formula in double \
         precision; for double precision the last row is how far it is from difference quotients."
    ));
    let bar = progress::bar("tables", Loss::ALL.len() * 4);
    for loss in Loss::ALL {
        report.text(&format!("**{}**", loss.name()));
        for kind in Kind::ALL {
            report.text(kind.name());
            report.table(
                &format!("{}-{}", loss.key(), kind.name().replace(' ', "-")),
                &tables::fails_of(kind, loss, seed, seeds)?,
            )?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let caption = "Relative error of the gradient of the sum of the entries of U max(S − 0.4, 0) Vᴴ against the relative gap of two \
                   singular values of a 6×4 matrix, in four scalar types: the worst of the random matrices. In double precision the exact route is the reference itself";
    report.section("Against the gap");
    report.figure("gap", caption, 2, &against_the_gap(seed, seeds)?)?;
    report.finish()
}

/// Four panels: the error of each rule against the gap.
fn against_the_gap(seed: u64, seeds: u64) -> Result<Vec<Panel>> {
    Kind::ALL.into_iter().map(|kind| panel(kind, seed, seeds)).collect()
}

fn panel(kind: Kind, seed: u64, seeds: u64) -> Result<Panel> {
    let gaps: Vec<f64> = (0..=16).map(|decade| 10_f64.powi(-decade)).collect();
    let mut lines = vec![Vec::new(); Route::ALL.len()];
    let bar = progress::bar(kind.name(), gaps.len());
    for &gap in &gaps {
        let errors = errors_of(kind, Loss::SoftThreshold, Case::Gap(gap), seed, seeds)?;
        // A number that a logarithm can show: what is exactly right is drawn at the bottom.
        lines.iter_mut().zip(errors).for_each(|(line, error)| line.push((gap, error.max(1e-17))));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let named = |(route, points): (&Route, _)| Series { name: route.name().into(), points };
    let series = Route::ALL.iter().zip(lines).map(named).collect();
    let [x, y] = ["relative gap", "relative error"].map(|name| Axis(name.into(), Scale::Log));
    Ok(Panel { title: kind.name().into(), x, y, series })
}
