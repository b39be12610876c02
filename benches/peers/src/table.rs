//! The results: rows of a CSV file, and an aligned table.

use crate::check::Errors;
use crate::measure::median;
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
    let best = cell[1..].iter().min_by(|x, y| x.ratio.total_cmp(&y.ratio));
    match best {
        Some(best) => {
            let _ = write!(text, "{:>12} {:<16}{:>6.2}x  |", micros(best.median()), best.contestant, best.ratio);
        }
        None => text.push_str(&" ".repeat(39)),
    }
    for row in &cell[1..] {
        let _ = write!(text, " {} {}", row.contestant, micros(row.median()));
    }
    text
}

pub fn heading() -> String {
    format!(
        "{:<9}{:<5}{:<13}{:>12}{:>12} {:<16}{:>7}  | µs of CPU time for each matrix (median of the rounds)",
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
