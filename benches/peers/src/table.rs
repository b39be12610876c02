//! The results: rows of a CSV file, and an aligned table.

use crate::check::Errors;
use crate::measure::median;
use crate::ours_fixed;
use crate::problem::{Shape, Task};
use std::fmt::Write as _;

/// One contestant in one cell.
#[derive(Clone)]
pub struct Row {
    pub task: Task,
    pub scalar: &'static str,
    pub shape: Shape,
    pub contestant: String,
    /// Microseconds for each matrix, round by round.
    pub micros: Vec<f64>,
    /// Its time over that of diffsvd in the same round, the median of all rounds.
    pub ratio: f64,
    pub errors: Errors,
}

impl Row {
    pub fn median(&self) -> f64 {
        median(self.micros.iter().copied())
    }
    fn least(&self) -> f64 {
        self.micros.iter().copied().fold(f64::INFINITY, f64::min)
    }
    pub fn is_ours(&self) -> bool {
        self.contestant.starts_with("diffsvd")
    }
}

pub const HEADER: &str =
    "task,scalar,rows,cols,count,contestant,median_us,min_us,rounds,ratio_to_diffsvd,residual,orthogonality,values";

pub fn csv(row: &Row) -> String {
    let (s, e) = (row.shape, row.errors);
    format!(
        "{},{},{},{},{},{},{:.6},{:.6},{},{:.4},{:.3},{:.3},{:.3}",
        row.task.name(),
        row.scalar,
        s.rows,
        s.cols,
        s.count,
        row.contestant,
        row.median(),
        row.least(),
        row.micros.len(),
        row.ratio,
        e.residual,
        e.orthogonality,
        e.values
    )
}

/// One line for a cell: our time, the best peer and its time, the ratio, and then everyone.
pub fn line(cell: &[Row]) -> String {
    let Some(ours) = cell.first() else { return String::new() };
    let mut text =
        format!("{:<9}{:<5}{:<13}{:>12}", ours.task.name(), ours.scalar, ours.shape.name(), micros(ours.median()));
    let best = best_peer(&cell[1..]);
    match best {
        Some(best) => {
            let _ = write!(text, "{:>12} {:<20}{:>6.2}x  |", micros(best.median()), best.contestant, best.ratio);
        }
        None => text.push_str(&" ".repeat(43)),
    }
    for row in &cell[1..] {
        let _ = write!(text, " {} {}", row.contestant, micros(row.median()));
    }
    text
}

pub fn heading() -> String {
    format!(
        "{:<9}{:<5}{:<13}{:>12}{:>12} {:<20}{:>7}  | µs of CPU time for each matrix (median of the rounds)",
        "task", "type", "shape", "diffsvd", "best peer", "", "ratio"
    )
}

fn micros(t: f64) -> String {
    match t {
        t if t < 10.0 => format!("{t:.3}"),
        t if t < 1000.0 => format!("{t:.1}"),
        t => format!("{t:.0}"),
    }
}

/// The fastest of those that are somebody else, or our own with more to do.
fn best_peer<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Option<&'r Row> {
    let others = rows.into_iter().filter(|row| row.contestant != ours_fixed::NAME);
    others.min_by(|x, y| x.ratio.total_cmp(&y.ratio))
}

/// A Markdown table of one task: for every shape and scalar our time, the best peer and its time, and the ratio (in brackets that of our own
/// with a size known to the compiler); lost cells as plainly as won ones. Empty where there are no rows of this task.
pub fn markdown(task: Task, rows: &[Row]) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.task == task).collect();
    let mut shapes: Vec<Shape> = vec![];
    let mut scalars: Vec<&str> = vec![];
    for row in &rows {
        (!shapes.contains(&row.shape)).then(|| shapes.push(row.shape));
        (!scalars.contains(&row.scalar)).then(|| scalars.push(row.scalar));
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("| {} | {} |\n|---|{}\n", task.name(), scalars.join(" | "), "---|".repeat(scalars.len()));
    for shape in shapes {
        let _ = write!(text, "| {} |", shape.name().replace('x', "×").replacen('*', ", ", 1));
        for scalar in &scalars {
            let of_cell = rows.iter().filter(|r| r.shape == shape && r.scalar == *scalar);
            let (ours, peers): (Vec<&&Row>, Vec<&&Row>) = of_cell.partition(|r| r.contestant == "diffsvd");
            let _ = match (ours.first(), best_peer(peers.iter().map(|row| **row))) {
                (Some(ours), Some(best)) => {
                    let (us, them) = (micros(ours.median()), micros(best.median()));
                    let fixed = peers.iter().find(|row| row.contestant == ours_fixed::NAME);
                    let fixed = fixed.map_or(String::new(), |fixed| format!(" ({:.2})", best.ratio / fixed.ratio));
                    write!(text, " {us} / {them} {}: **{:.2}**{fixed} |", best.contestant, best.ratio)
                }
                _ => write!(text, " – |"),
            };
        }
        text.push('\n');
    }
    text
}
