//! Numbers, matrices and lists as text, cut where they would be too wide or too long.

use diffsvd::{Mat, Scalar};

/// Columns of a terminal that the output may fill.
const WIDTH: usize = 100;
/// Rows of a matrix that are printed.
const ROWS: usize = 10;
/// Singular values that are printed.
const VALUES: usize = 24;

/// How the entries of one matrix are written: all alike, by the size of the largest.
#[derive(Clone, Copy)]
enum Style {
    Fixed,
    Exponent,
}

impl Style {
    fn of<S: Scalar<Real = f64>>(a: &Mat<S>) -> Self {
        let largest = a.as_slice().iter().fold(0.0, |largest, x| f64::max(largest, x.max_part()));
        if largest == 0.0 || (0.01..1e5).contains(&largest) { Style::Fixed } else { Style::Exponent }
    }

    fn real(self, x: f64) -> String {
        let x = x + 0.0; // −0 is written as 0
        match self {
            Style::Fixed => {
                let text = format!("{x:.4}");
                if text == "-0.0000" { "0.0000".to_owned() } else { text }
            }
            Style::Exponent => format!("{x:.4e}"),
        }
    }

    fn entry<S: Scalar<Real = f64>>(self, x: S) -> String {
        if S::PARTS == 1 {
            return self.real(x.re());
        }
        let im = self.real(x.im());
        let sign = if im.starts_with('-') { "" } else { "+" };
        format!("{}{sign}{im}i", self.real(x.re()))
    }
}

/// A number with this many significant digits, in the shorter of the two notations.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    let size = x.abs();
    if x == 0.0 {
        return "0".to_owned();
    }
    if (1e-3..1e6).contains(&size) {
        let before = if size < 1.0 { 1 } else { format!("{:.0}", size.trunc()).len() };
        format!("{x:.*}", digits.saturating_sub(before))
    } else {
        format!("{x:.*e}", digits - 1)
    }
}

/// A small matrix on one line.
pub(crate) fn inline<S: Scalar<Real = f64>>(a: &Mat<S>) -> String {
    let style = Style::of(a);
    let row = |i| {
        let entries: Vec<String> = (0..a.cols()).map(|j| style.entry(a[(i, j)])).collect();
        format!("[{}]", entries.join(", "))
    };
    format!("[{}]", (0..a.rows()).map(row).collect::<Vec<_>>().join(", "))
}

/// The given indices of 0..count, with a gap (`None`) where some are left out.
fn cut(count: usize, room: usize) -> Vec<Option<usize>> {
    if count <= room {
        return (0..count).map(Some).collect();
    }
    let room = room.max(3);
    (0..room - 2).map(Some).chain([None, Some(count - 1)]).collect()
}

/// The entries in aligned columns, one line a row, without its middle where it is too large.
pub(crate) fn matrix<S: Scalar<Real = f64>>(a: &Mat<S>) -> Vec<String> {
    let style = Style::of(a);
    let entries = a.as_slice().iter().map(|&x| style.entry(x).chars().count());
    let width = entries.max().unwrap_or(0) + 2;
    let columns = cut(a.cols(), (WIDTH - 4) / width);
    let line = |row: Option<usize>| {
        let entry = |&column: &Option<usize>| match (row, column) {
            (Some(i), Some(j)) => format!("{:>width$}", style.entry(a[(i, j)])),
            (_, None) => "  …".to_owned(),
            (None, Some(_)) => format!("{:>width$}", "…"),
        };
        columns.iter().map(entry).collect()
    };
    cut(a.rows(), ROWS).into_iter().map(line).collect()
}

/// Values in lines of at most [`WIDTH`] columns, without the middle of a long list.
pub(crate) fn values(s: &[f64]) -> Vec<String> {
    const CELL: usize = 14;
    let cells: Vec<String> = cut(s.len(), VALUES)
        .into_iter()
        .map(|index| format!("{:>CELL$}", index.map_or("…".to_owned(), |i| significant(s[i], 7))))
        .collect();
    cells.chunks((WIDTH - 4) / CELL).map(<[String]>::concat).collect()
}

/// The lines as one text.
pub(crate) fn paragraph(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// A count with its noun.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
