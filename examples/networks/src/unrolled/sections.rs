//! The sections of the report.

use imaging::metrics::{psnr, ssim};
use imaging::plot::{Axis, Panel, Scale, Series};
use imaging::report::{Report, Table, short};
use imaging::{Result, progress};

use super::equal::{Survivor, error_of, survive};
use super::low_rank::Method;
use super::trial::{Outcome, Plan, Trial};
use crate::patches::Split;
use crate::train::Trained;

/// A network for each method and each sampling rate.
pub(super) fn sampled(report: &mut Report, split: &Split, plan: &Plan, percentages: &[u8]) -> Result<()> {
    report.section("Trained on patches");
    report.text(&format!(
        "{} iterations, {} channels, {} steps of {} patches of {p}×{p}; restored is a part of {n}×{n} that no patch touches. A step fails where the loss or a gradient is \
         not finite, or the rule refuses; it is left out.",
        plan.shape.iterations, plan.shape.channels, plan.schedule.steps, plan.batch, p = plan.patch, n = plan.part
    ));
    let mut panels = Vec::new();
    for &percent in percentages {
        let trial = Trial { split, plan: *plan, share: f64::from(percent) / 100.0 };
        let bar = progress::bar(&format!("{percent} % sampled"), Method::ALL.len() * plan.schedule.steps);
        let run = |method| trial.run(method, &|| bar.inc(1));
        let outcomes: Vec<Outcome> = Method::ALL.into_iter().map(run).collect::<Result<_>>()?;
        bar.finish_and_clear();
        one(report, &trial, percent, &outcomes)?;
        let curves = outcomes.iter().map(|outcome| &outcome.trained);
        panels.push(panel(&format!("{percent} % sampled"), plan, curves));
    }
    report.figure("losses", "Mean squared error in training against the step", 3, &panels)
}

fn one(report: &mut Report, trial: &Trial<'_>, percent: u8, outcomes: &[Outcome]) -> Result<()> {
    let (truth, shown) = (trial.split.part(), trial.shown());
    let mut table = Table::new(["method", "PSNR, dB", "SSIM", "loss at the end", "failed steps", "seconds"]);
    let picture = |psnr: f64, ssim: f64| [format!("{psnr:.2}"), format!("{ssim:.4}")];
    let [noise, likeness] = picture(psnr(&shown, &truth), ssim(&shown, &truth));
    table.row(["sampled pixels, zero elsewhere", &noise, &likeness, "", "", ""]);
    for (method, outcome) in Method::ALL.into_iter().zip(outcomes) {
        let Trained { failed, seconds, .. } = outcome.trained;
        let [noise, likeness] = picture(outcome.psnr, outcome.ssim);
        table.row([
            method.name().to_owned(),
            noise,
            likeness,
            small(outcome.trained.last()),
            failed.to_string(),
            short(seconds),
        ]);
    }
    report.text(&format!("**{percent} % of the pixels**"));
    report.table(&format!("sampled-{percent}"), &table)?;
    reasons(report, outcomes.iter().map(|outcome| &outcome.trained));
    let sheet: Vec<_> =
        [truth, shown].into_iter().chain(outcomes.iter().map(|outcome| outcome.picture.clone())).collect();
    let names: Vec<_> = Method::ALL.into_iter().map(Method::name).collect();
    let caption = format!(
        "{percent} % sampled. From the left, above and below: the picture, what is known, {}",
        names.join(", ")
    );
    report.pictures(&format!("sampled-{percent}"), &caption, 4, &sheet)
}

/// Why steps failed.
fn reasons<'a>(report: &mut Report, all: impl Iterator<Item = &'a Trained>) {
    for (method, trained) in Method::ALL.into_iter().zip(all) {
        if let Some(reason) = &trained.reason {
            report.text(&format!(
                "{}: the first failed step said: {}",
                method.name(),
                reason.lines().next().unwrap_or_default()
            ));
        }
    }
}

/// Flat patches, sampled along diagonals, through orthogonal weights.
pub(super) fn equal(report: &mut Report, plan: &Plan, percentages: &[u8]) -> Result<()> {
    report.section("Equal singular values on purpose");
    report.text(
        "Flat patches of random colours, of which one diagonal in p is known; the weights start orthogonal. So the matrices that are thresholded have p singular values that are \
         not zero, of at most two sizes. *Error* is that of the gradient of the low-rank step at such a matrix in single precision, against the exact route in double precision.",
    );
    let mut panels = Vec::new();
    let mut table = Table::new([
        "p",
        "method",
        "error of the gradient",
        "failed steps",
        "loss at the end",
        "PSNR of flat patches, dB",
    ]);
    let periods = periods(percentages);
    let bar = progress::bar("equal singular values", periods.len() * Method::ALL.len() * plan.schedule.steps);
    for period in periods {
        let run = |method| survive(*plan, period, method, &|| bar.inc(1));
        let survivors: Vec<Survivor> = Method::ALL.into_iter().map(run).collect::<Result<_>>()?;
        for (method, Survivor { trained, psnr }) in Method::ALL.into_iter().zip(&survivors) {
            let error = error_of(method, plan.patch, period, plan.seed)?;
            let error = if error.is_finite() { short(error) } else { "refused".to_owned() };
            let failed = format!("{} of {}", trained.failed, trained.losses.len());
            table.row([
                period.to_string(),
                method.name().to_owned(),
                error,
                failed,
                small(trained.last()),
                format!("{psnr:.2}"),
            ]);
        }
        panels.push(panel(&format!("p = {period}"), plan, survivors.iter().map(|survivor| &survivor.trained)));
    }
    bar.finish_and_clear();
    report.table("equal", &table)?;
    report.figure("equal", "Mean squared error on flat patches against the step", 3, &panels)
}

/// One diagonal in p: about the same share of the pixels.
fn periods(percentages: &[u8]) -> Vec<usize> {
    let mut periods: Vec<usize> = percentages.iter().map(|&percent| (100 / usize::from(percent)).max(2)).collect();
    periods.dedup();
    periods
}

fn small(loss: f64) -> String {
    if loss.is_finite() { format!("{loss:.2e}") } else { "–".to_owned() }
}

fn panel<'a>(title: &str, plan: &Plan, all: impl Iterator<Item = &'a Trained>) -> Panel {
    let line = |(method, trained): (Method, &Trained)| Series {
        name: method.name().into(),
        points: trained.curve(plan.schedule.steps.div_ceil(40)),
    };
    Panel {
        title: title.into(),
        x: Axis("step".into(), Scale::Linear),
        y: Axis("loss".into(), Scale::Log),
        series: Method::ALL.into_iter().zip(all).map(line).collect(),
    }
}
