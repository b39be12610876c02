//! The sections of the report.

use std::time::Instant;

use imaging::metrics::{psnr, ssim};
use imaging::picture::Picture;
use imaging::plot::{Axis, Panel, Scale as Axes, Series};
use imaging::report::{Report, Table, short};
use imaging::{Result, progress, random};

use crate::checks::{penrose, slopes};
use crate::edges::{Edge, Edged};
use crate::grid::relative;
use crate::kernel::Kernel;
use crate::{Scale, timing as times};

/// Where the conjugate gradients stop: relative residual, and steps.
const STOP: (f64, usize) = (1e-8, 300);

/// Penrose's conditions for square, rank-deficient and non-square numbers of channels.
pub(crate) fn periodic(report: &mut Report, scale: Scale) -> Result<()> {
    let Scale { channels: c, taps, size, seed } = scale;
    report.section("Periodic: one pseudoinverse for each frequency");
    report.text(&format!(
        "y = K∗x on {}×{}, filters of {taps}×{taps}, random kernels. A A⁺ y = y is to hold where A reaches every y; the other columns, Penrose's \
         conditions, always. All are relative.",
        size.0, size.1
    ));
    let mut table = Table::new([
        "channels in → out",
        "rank per frequency",
        "condition number",
        "A A⁺ y − y",
        "A A⁺ A x − A x",
        "A⁺ A A⁺ y − A⁺ y",
        "(A⁺A)² − A⁺A",
        "symmetry",
        "seconds",
    ]);
    let (few, rank) = ((3 * c).div_ceil(4), (5 * c).div_ceil(8));
    let cases = [(c, c, None), (c, c, Some(rank)), (c, few, None), (few, c, None), (few, c, Some(rank))];
    let bar = progress::bar("periodic", cases.len());
    for (out, into, rank) in cases {
        let check = penrose(&Kernel::random((out, into), taps, rank, seed), size, seed)?;
        let per_frequency = check.rank.0 as f64 / (check.rank.1 / out.min(into)) as f64;
        let cells = [check.reaches, check.inner, check.outer, check.projector, check.symmetry, check.seconds];
        let head = [format!("{into} → {out}"), format!("{per_frequency} of {}", out.min(into)), short(check.condition)];
        table.row(head.into_iter().chain(cells.map(short)));
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.table("periodic", &table)
}

/// The gradient with respect to the kernel beside differences.
pub(crate) fn gradient(report: &mut Report, scale: Scale) -> Result<()> {
    report.section("The gradient with respect to the kernel");
    report.text(
        "L = ½ ‖A⁺ y − t‖² for random y and t: through one least-squares problem for each frequency, beside central differences of L \
         along directions of length 1 in the taps.",
    );
    let mut table = Table::new(["direction", "gradient", "differences", "relative difference"]);
    let c = scale.channels;
    let bar = progress::bar("differences", 6);
    for (name, kernel) in [
        // The identity is in it: a random square kernel is nearly singular at some frequency, where differences show nothing.
        (format!("{c} → {c}"), Kernel::layer(c, scale.taps, 0.4, scale.seed)),
        (format!("{c} → {}", c.div_ceil(2)), Kernel::random((c.div_ceil(2), c), scale.taps, None, scale.seed)),
    ] {
        for slope in slopes(&kernel, scale.size, scale.seed, &mut || bar.inc(1))? {
            let numbers = [format!("{:.9e}", slope.analytic), format!("{:.9e}", slope.numeric), short(slope.error())];
            table.row([format!("{name}: {}", slope.name)].into_iter().chain(numbers));
        }
    }
    bar.finish_and_clear();
    report.table("gradient", &table)
}

/// Zeros beyond the edge, and cropped: the naive method and conjugate gradients.
pub(crate) fn edges(report: &mut Report, scale: Scale) -> Result<()> {
    let Scale { channels: c, taps, size, seed } = scale;
    report.section("Edges: conjugate gradients with the periodic pseudoinverse as preconditioner");
    report.text(
        "The naive method takes the field for a periodic one. *Error* is ‖x − A⁺y‖/‖A⁺y‖ against the preconditioned iteration run to its end; \
         *residual* ‖A x − y‖/‖y‖. The layer is the identity plus a random kernel; the other kernel is random alone.",
    );
    let mut table = Table::new([
        "kernel",
        "edge",
        "channels in → out",
        "naive: error",
        "residual",
        "CG: steps",
        "seconds",
        "preconditioned: steps",
        "seconds",
        "residual",
    ]);
    let few = (3 * c).div_ceil(4);
    let cases = [
        ("layer", Kernel::layer(c, taps, 0.4, seed), Edge::Zeros),
        ("layer", Kernel::layer(c, taps, 0.4, seed), Edge::Cropped),
        ("random", Kernel::random((c, few), taps, None, seed), Edge::Zeros),
        ("random", Kernel::random((few, c), taps, None, seed), Edge::Cropped),
    ];
    let (bar, mut panels) = (progress::bar("edges", cases.len()), Vec::new());
    for (name, kernel, edge) in cases {
        let (out, into) = kernel.channels();
        let a = Edged::new(&kernel, size, edge)?;
        let x = random::normals((into, size.0, size.1), 1.0, &mut random::stream(seed, 0x6564_6765));
        let y = a.apply(&x);
        let runs = [false, true].map(|preconditioned| {
            let start = Instant::now();
            (a.solve(&y, preconditioned, STOP), start.elapsed().as_secs_f64())
        });
        let (naive, [(plain, plain_time), (best, best_time)]) = (a.naive(&y), &runs);
        let words = if edge == Edge::Zeros { "zeros" } else { "cropped" };
        let steps = |solution: &crate::Solution| {
            let reached = solution.residuals.last().is_some_and(|&residual| residual <= STOP.0);
            format!("{}{}", if reached { "" } else { "> " }, solution.residuals.len() - 1)
        };
        let (naive, missed) = (relative(&naive, &best.x), relative(&a.apply(&naive), &y));
        let left = [short(naive), short(missed), steps(plain), short(*plain_time), steps(best), short(*best_time)];
        let head = [name.to_owned(), words.to_owned(), format!("{into} → {out}")];
        table.row(head.into_iter().chain(left).chain([short(relative(&a.apply(&best.x), &y))]));
        panels.push(panel(&format!("{name}, {words}, {into} → {out}"), &[("CG", plain), ("preconditioned", best)]));
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.table("edges", &table)?;
    report.figure("edges", "Relative residual of the normal equations against the steps", 2, &panels)
}

fn panel(title: &str, lines: &[(&str, &crate::Solution)]) -> Panel {
    let points =
        |solution: &crate::Solution| solution.residuals.iter().enumerate().map(|(i, &r)| (i as f64, r)).collect();
    Panel {
        title: title.to_owned(),
        x: Axis("steps".into(), Axes::Linear),
        y: Axis("relative residual".into(), Axes::Log),
        series: lines.iter().map(|&(name, solution)| Series { name: name.into(), points: points(solution) }).collect(),
    }
}

/// A picture that is blurred with zeros beyond its edge, and restored.
pub(crate) fn blurred(report: &mut Report, picture: &Picture) -> Result<()> {
    report.section("A picture");
    let (_, rows, cols) = picture.dim();
    let a = Edged::new(&Kernel::blur(9, 1.1), (rows, cols), Edge::Zeros)?;
    let y = a.apply(picture);
    let bar = progress::bar("a picture", 2);
    let naive = a.naive(&y);
    bar.inc(1);
    let solution = a.solve(&y, true, (1e-12, 2000));
    bar.finish_and_clear();
    let mut table = Table::new(["", "PSNR, dB", "SSIM"]);
    for (name, image) in [("blurred", &y), ("periodic pseudoinverse", &naive), ("preconditioned", &solution.x)] {
        let image = image.mapv(|x| x.clamp(0.0, 1.0));
        table.row([name.to_owned(), format!("{:.2}", psnr(&image, picture)), format!("{:.4}", ssim(&image, picture))]);
    }
    report.text(&format!(
        "A Gaussian blur (σ = 1.1, 9×9) that also mixes the colours, zeros beyond the edge, without noise; {} steps.",
        solution.residuals.len() - 1
    ));
    report.table("picture", &table)?;
    let sheet = [picture.clone(), y, naive, solution.x];
    report.pictures(
        "picture",
        "The picture, blurred, by the periodic pseudoinverse, by the preconditioned iteration",
        4,
        &sheet,
    )
}

/// All frequencies in one call beside a loop.
pub(crate) fn timing(report: &mut Report, scale: Scale) -> Result<()> {
    let threads = rayon::current_num_threads();
    report.section("Time of the pseudoinverses of all frequencies");
    report.text(&format!(
        "Milliseconds for the {} complex c×c matrices of a {}×{} grid, double precision, {threads} threads; the best of three runs in turn. The \
         loop is `Svd::thin(&a)?.pinv(…)?` for each frequency.",
        scale.size.0 * (scale.size.1 / 2 + 1),
        scale.size.0,
        scale.size.1
    ));
    let mut table = Table::new(["c", "loop", "batch", "ratio", "loop on threads", "batch on threads", "ratio"]);
    let sizes: Vec<usize> =
        [3, 4, 8, 16, 32].into_iter().filter(|&c| c < scale.channels).chain([scale.channels]).collect();
    let bar = progress::bar("time", sizes.len());
    for c in sizes {
        let time = times::measure(c, scale.taps, scale.size, scale.seed, 3)?;
        let pair = |looped: f64, batched: f64| [short(1e3 * looped), short(1e3 * batched), short(looped / batched)];
        let numbers =
            pair(time.looped, time.batched).into_iter().chain(pair(time.looped_on_threads, time.batched_on_threads));
        table.row([c.to_string()].into_iter().chain(numbers));
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.table("timing", &table)
}
