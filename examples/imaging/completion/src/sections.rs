//! The report.

use std::time::Instant;

use imaging::picture::{self, Picture};
use imaging::plot::{Axis, Panel, Scale, Series};
use imaging::report::{Report, Table, short};
use imaging::{Result, progress};
use rayon::prelude::*;

use crate::factors::{Curve, alternate, descend};
use crate::problem::{Outcome, Problem};
use crate::threshold::{Descent, complete, learn};
use crate::{Plan, fourier_features};

/// All that was made of one problem.
struct Results {
    outcomes: Vec<Outcome>,
    /// Of Adam, by rank.
    curves: Vec<(usize, Curve)>,
}

/// Section by section, each of them as soon as it is there.
pub(crate) fn write(report: &mut Report, problems: &[Problem], plan: &Plan) -> Result<()> {
    report.text(
        "RMSE over the missing pixels and over the known ones (what the method makes of them); PSNR and SSIM of the whole picture with the \
         known pixels put back. W·H by Adam at a learning rate of 0.01 has no penalty; by least squares it has that of the last threshold found. The \
         thresholds, and the bandwidth of the Fourier features, were chosen by a tenth of the known pixels that was kept back.",
    );
    let descents = thresholds(problems, plan)?;
    report.section("The thresholds");
    report.figure(
        "thresholds",
        "Left: RMSE over the pixels kept back, while the thresholds are chosen; right: the thresholds found",
        2,
        &of_descent(problems, &descents),
    )?;
    let mut all = Vec::new();
    for (problem, descent) in problems.iter().zip(&descents) {
        let results = solve(problem, descent, plan)?;
        report.section(&problem.name);
        report.table(&key(problem), &table(&results.outcomes))?;
        pictures(report, problem, &results)?;
        all.push(results);
    }
    let panels = |of: fn(&Problem, &Results) -> Panel| -> Vec<Panel> {
        problems.iter().zip(&all).map(|(problem, results)| of(problem, results)).collect()
    };
    report.section("Against r");
    let caption = "RMSE over the missing pixels against r; a line across is a method without r";
    report.figure("rank", caption, 2, &panels(against_rank))?;
    report.section("Against the step of Adam");
    report.figure("steps", "RMSE over the missing pixels while W and H are trained", 2, &panels(against_step))
}

/// Gradient descent through the iterations, a problem for each thread.
fn thresholds(problems: &[Problem], plan: &Plan) -> Result<Vec<Descent>> {
    let bar = progress::bar("thresholds", problems.len() * (plan.unrolled.1 + 1));
    let descents = problems.par_iter().map(|problem| {
        let (rows, cols) = (problem.truth.dim().1, problem.truth.dim().2);
        // Far too much for what is nearly complete, too little for what is not: the descent is to find out.
        let first = 0.01 * (rows.max(cols)) as f64;
        learn(problem, plan.unrolled, first, &|| bar.inc(1))
    });
    let descents = descents.collect::<Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(descents)
}

/// Every method on one problem.
fn solve(problem: &Problem, descent: &Descent, plan: &Plan) -> Result<Results> {
    let mut outcomes = vec![problem.filled_with_mean()];
    let mut curves = Vec::new();
    let bar = progress::bar(&format!("{}: Adam", problem.name), plan.ranks.len() * (plan.steps + 1));
    for &rank in &plan.ranks {
        let (outcome, curve) = descend(problem, rank, plan.steps, plan.seed, &|| bar.inc(1));
        outcomes.push(outcome);
        curves.push((rank, curve));
    }
    bar.finish_and_clear();
    let ridge = descent.thresholds.1.last().copied().unwrap_or(1.0);
    let bar = progress::bar(&format!("{}: least squares", problem.name), plan.als_ranks.len() * plan.sweeps);
    for &rank in &plan.als_ranks {
        outcomes.push(alternate(problem, rank, (plan.sweeps, ridge), plan.seed, &|| bar.inc(1))?.0);
    }
    bar.finish_and_clear();
    let (before, after) = &descent.thresholds;
    outcomes.push(complete(problem, "nuclear norm, first threshold", before, Instant::now())?);
    outcomes.push(complete(problem, "nuclear norm, thresholds found", after, Instant::now())?);
    let bar = progress::bar(&format!("{}: features", problem.name), 5);
    outcomes.push(fourier_features::regress(problem, plan.features, plan.seed, &|| bar.inc(1))?);
    bar.finish_and_clear();
    Ok(Results { outcomes, curves })
}

/// A name for files.
fn key(problem: &Problem) -> String {
    problem
        .name
        .split_whitespace()
        .take_while(|&word| word != "missing")
        .filter(|&word| word != "%")
        .collect::<Vec<_>>()
        .join("-")
}

fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(["method", "r", "RMSE missing", "RMSE known", "PSNR, dB", "SSIM", "seconds"]);
    for outcome in outcomes {
        table.row([
            outcome.method.clone(),
            outcome.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string()),
            format!("{:.4}", outcome.rmse_missing),
            format!("{:.4}", outcome.rmse_known),
            format!("{:.2}", outcome.psnr),
            format!("{:.4}", outcome.ssim),
            short(outcome.seconds),
        ]);
    }
    table
}

/// The best of a method.
fn best<'a>(outcomes: &'a [Outcome], method: &str) -> Option<&'a Outcome> {
    outcomes.iter().filter(|o| o.method.starts_with(method)).min_by(|a, b| a.rmse_missing.total_cmp(&b.rmse_missing))
}

fn pictures(report: &mut Report, problem: &Problem, results: &Results) -> Result<()> {
    let mut pictures: Vec<Picture> = vec![problem.truth.clone(), problem.shown()];
    let mut words =
        vec![format!("{}. From the left, above and below: the picture", problem.name), "what is known".to_owned()];
    for method in ["W·H, Adam", "W·H, least squares", "nuclear norm, thresholds", "Fourier features"] {
        if let Some(outcome) = best(&results.outcomes, method) {
            pictures.push(outcome.picture.clone());
            let rank = outcome.rank.map_or_else(String::new, |rank| format!(", r = {rank}"));
            words.push(format!("{}{rank} ({:.1} dB)", outcome.method, outcome.psnr));
        }
    }
    let (_, rows, cols) = problem.truth.dim();
    // The part with the house, and with the missing block.
    let part = |picture: &Picture| picture::cut(picture, (rows * 3 / 10, cols / 8), (rows / 2, cols / 2));
    let parts: Vec<Picture> = pictures.iter().map(part).collect();
    report.pictures(&format!("{}-part", key(problem)), &words.join(", "), 3, &parts)
}

fn against_rank(problem: &Problem, results: &Results) -> Panel {
    let of = |method: &str| -> Vec<(f64, f64)> {
        let outcomes = results.outcomes.iter().filter(|outcome| outcome.method == method);
        outcomes.filter_map(|outcome| Some((outcome.rank? as f64, outcome.rmse_missing))).collect()
    };
    let ranks = of("W·H, Adam");
    let (low, high) = (ranks.first().map_or(1.0, |p| p.0), ranks.last().map_or(1.0, |p| p.0));
    let across = |method: &str| {
        let value = best(&results.outcomes, method).map_or(f64::NAN, |outcome| outcome.rmse_missing);
        vec![(low, value), (high, value)]
    };
    let lines = [
        ("W·H, Adam", ranks.clone()),
        ("W·H, least squares", of("W·H, least squares")),
        ("nuclear norm, first threshold", across("nuclear norm, first")),
        ("nuclear norm, thresholds found", across("nuclear norm, thresholds")),
        ("Fourier features", across("Fourier features")),
        ("mean", across("mean")),
    ];
    let series = lines.into_iter().map(|(name, points)| Series { name: name.into(), points }).collect();
    Panel { title: problem.name.clone(), x: Axis("r".into(), Scale::Log), y: Axis("RMSE".into(), Scale::Log), series }
}

fn against_step(problem: &Problem, results: &Results) -> Panel {
    let line = |(rank, curve): &(usize, Curve)| Series {
        name: format!("r = {rank}"),
        points: curve.iter().skip(1).map(|&(step, _, missing)| (step as f64, missing)).collect(),
    };
    Panel {
        title: problem.name.clone(),
        x: Axis("step".into(), Scale::Log),
        y: Axis("RMSE".into(), Scale::Log),
        series: results.curves.iter().map(line).collect(),
    }
}

fn of_descent(problems: &[Problem], descents: &[Descent]) -> Vec<Panel> {
    let lines = |of: &dyn Fn(&Descent) -> Vec<f64>| {
        let line = |(problem, descent): (&Problem, &Descent)| Series {
            name: problem.name.clone(),
            points: of(descent).into_iter().enumerate().map(|(i, value)| (i as f64, value)).collect(),
        };
        problems.iter().zip(descents).map(line).collect::<Vec<Series>>()
    };
    let panel = |title: &str, x: &str, y: &str, series| Panel {
        title: title.into(),
        x: Axis(x.into(), Scale::Linear),
        y: Axis(y.into(), Scale::Log),
        series,
    };
    vec![
        panel("pixels kept back", "step of the descent", "RMSE", lines(&|descent| descent.losses.clone())),
        panel("thresholds", "iteration", "threshold", lines(&|descent| descent.thresholds.1.clone())),
    ]
}
