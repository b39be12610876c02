//! The sections of the report.

use imaging::plot::{Axis, Panel, Scale, Series};
use imaging::report::{Report, Table, short};
use imaging::{Result, progress};

use super::inpainting::{Outcome, Plan};
use super::learn::Objective;
use super::toy::{Group, Restored, Toy};
use crate::patches::Split;
use crate::train::Trained;

/// Triangular pulses.
pub(super) fn toy(report: &mut Report, toy: &Toy) -> Result<()> {
    const RUNS: [(&str, Objective, Group); 4] = [
        ("measurement consistency", Objective::Measurements, Group::Shifts),
        ("and equivariance to shifts", Objective::Equivariant, Group::Shifts),
        ("and equivariance to permutations", Objective::Equivariant, Group::Permutations),
        ("supervised", Objective::Supervised, Group::Shifts),
    ];
    report.section("The toy: triangular pulses on a circle");
    report.text(&format!(
        "Signals of {} entries, {} random measurements of each, the same matrix A for all; three layers, {} steps of {} signals. PSNR over 256 signals that no training saw. \
         Shifts leave the set of pulses as it is, arbitrary permutations do not.",
        toy.size, toy.measurements, toy.schedule.steps, toy.batch
    ));
    let bar = progress::bar("triangular pulses", RUNS.len() * toy.schedule.steps);
    let mut all = vec![("A⁺ y", toy.inverted()?)];
    for (name, objective, group) in RUNS {
        all.push((name, toy.run(objective, group, &|| bar.inc(1))?));
    }
    bar.finish_and_clear();
    let mut table = Table::new(["", "PSNR, dB", "loss at the end", "failed steps", "seconds"]);
    for (name, restored) in &all {
        table.row(row(name, [format!("{:.2}", restored.psnr)], restored.trained.as_ref()));
    }
    report.table("toy", &table)?;
    let truth = toy.tested();
    let panels: Vec<Panel> = (0..2).map(|signal| pulse(signal, &truth, &all)).collect();
    report.figure("toy", "Two of the signals, and what was restored", 2, &panels)?;
    let curves = all.iter().filter_map(|(name, restored)| Some((*name, restored.trained.as_ref()?)));
    report.figure("toy-losses", "Loss against the step", 1, &[losses("triangular pulses", curves)])
}

fn row<const N: usize>(name: &str, figures: [String; N], trained: Option<&Trained>) -> Vec<String> {
    let of =
        |trained: &Trained| [format!("{:.2e}", trained.last()), trained.failed.to_string(), short(trained.seconds)];
    let rest = trained.map_or_else(|| [const { String::new() }; 3], of);
    std::iter::once(name.to_owned()).chain(figures).chain(rest).collect()
}

fn pulse(signal: usize, truth: &ndarray::Array2<f64>, all: &[(&str, Restored)]) -> Panel {
    let line = |name: &str, signals: &ndarray::Array2<f64>| Series {
        name: name.to_owned(),
        points: signals.row(signal).iter().enumerate().map(|(at, &x)| (at as f64, x)).collect(),
    };
    let restored = all.iter().map(|(name, restored)| line(name, &restored.signals));
    Panel {
        title: format!("signal {}", signal + 1),
        x: Axis("entry".into(), Scale::Linear),
        y: Axis("value".into(), Scale::Linear),
        series: std::iter::once(line("the signal", truth)).chain(restored).collect(),
    }
}

fn losses<'a>(title: &str, all: impl Iterator<Item = (&'a str, &'a Trained)>) -> Panel {
    let line = |(name, trained): (&str, &Trained)| Series {
        name: name.to_owned(),
        points: trained.curve(trained.losses.len().div_ceil(60)),
    };
    Panel {
        title: title.to_owned(),
        x: Axis("step".into(), Scale::Linear),
        y: Axis("loss".into(), Scale::Log),
        series: all.map(line).collect(),
    }
}

/// A picture with missing pixels.
pub(super) fn inpainting(report: &mut Report, split: &Split, plan: &Plan) -> Result<()> {
    const RUNS: [(&str, Objective); 3] = [
        ("measurement consistency", Objective::Measurements),
        ("and equivariance to shifts", Objective::Equivariant),
        ("supervised", Objective::Supervised),
    ];
    report.section("A picture with missing pixels");
    report.text(&format!(
        "{:.0} % of the pixels are missing, the same ones in every patch of {p}×{p}; four layers of convolutions with {} channels, {} steps of {} patches. Restored is a part of \
         {n}×{n} that no patch touches. Only the last row has seen pictures without missing pixels.",
        100.0 * plan.missing, plan.channels, plan.schedule.steps, plan.batch, p = plan.patch, n = plan.part
    ));
    let bar = progress::bar("missing pixels", RUNS.len() * plan.schedule.steps);
    let mut all = vec![("A⁺ y", plan.inverted(split)?)];
    for (name, objective) in RUNS {
        all.push((name, plan.run(split, objective, &|| bar.inc(1))?));
    }
    bar.finish_and_clear();
    let mut table = Table::new(["", "PSNR, dB", "SSIM", "loss at the end", "failed steps", "seconds"]);
    for (name, Outcome { psnr, ssim, trained, .. }) in &all {
        table.row(row(name, [format!("{psnr:.2}"), format!("{ssim:.4}")], trained.as_ref()));
    }
    report.table("inpainting", &table)?;
    let curves = all.iter().filter_map(|(name, outcome)| Some((*name, outcome.trained.as_ref()?)));
    report.figure("inpainting-losses", "Loss against the step", 1, &[losses("missing pixels", curves)])?;
    let sheet: Vec<_> =
        std::iter::once(split.part()).chain(all.iter().map(|(_, outcome)| outcome.picture.clone())).collect();
    let caption = "From the left: the picture, A⁺ y, by measurement consistency, by equivariance as well, supervised";
    report.pictures("inpainting", caption, 5, &sheet)
}
