//! One SVG a task: above, time against n for the square matrices, one panel a scalar; below, the ratio to the best peer for
//! every shape. Written by hand: a dependency would be larger than this file.

use crate::problem::{Shape, Task};
use crate::table::Row;
use std::fmt::Write as _;

const COLOURS: [(&str, &str); 10] = [
    ("diffsvd", "#000000"),
    ("faer", "#e69f00"),
    ("nalgebra", "#009e73"),
    ("nalgebra-static", "#66c2a5"),
    ("openblas gesdd", "#0072b2"),
    ("openblas gesvd", "#7fb8e0"),
    ("mkl gesdd", "#d55e00"),
    ("mkl gesvd", "#f4a582"),
    ("formula on openblas", "#0072b2"),
    ("formula on mkl", "#d55e00"),
];
const SCALARS: [(&str, &str); 4] = [("f32", "#0072b2"), ("f64", "#000000"), ("c32", "#e69f00"), ("c64", "#d55e00")];

/// Panels: their left edges are `LEFT + i * STEP`.
const LEFT: f64 = 60.0;
const STEP: f64 = 250.0;
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 220.0;

/// A logarithmic axis from `low` at `start` to `high` at `end`.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    /// Around these values, to the next power of `base`.
    fn around(values: impl Iterator<Item = f64>, base: f64, start: f64, end: f64) -> Self {
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = (base.powf((low.log(base) + 0.01).floor()), base.powf((high.log(base) - 0.01).ceil()));
        Axis { low, high: high.max(low * base), start, end }
    }
    fn at(&self, x: f64) -> f64 {
        self.start + (x / self.low).ln() / (self.high / self.low).ln() * (self.end - self.start)
    }
    fn powers(&self, base: f64) -> impl Iterator<Item = f64> {
        let (low, high) = (self.low, self.high);
        std::iter::successors(Some(low), move |x| Some(x * base)).take_while(move |x| *x < high * 1.01)
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, content: &str) {
    let _ = writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{content}</text>"#);
}

fn line(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) {
    let _ = writeln!(svg, r#"<path d="M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}" stroke="{colour}" fill="none"/>"#);
}

fn curve(svg: &mut String, points: &[(f64, f64)], colour: &str, width: f64) {
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let path = path.join("L");
    let _ = writeln!(svg, r#"<path d="M{path}" stroke="{colour}" stroke-width="{width}" fill="none"/>"#);
    for (x, y) in points {
        let _ = writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{width}" fill="{colour}"/>"#);
    }
}

/// Nothing where there are no rows of this task.
pub fn svg(task: Task, rows: &[Row]) -> Option<String> {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.task == task).collect();
    if rows.is_empty() || task == Task::Gradient {
        return None;
    }
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1060 640" font-family="sans-serif" font-size="11"><rect width="1060" height="640" fill="#ffffff"/>
"##,
    );
    let square = |row: &&&Row| row.shape.rows == row.shape.cols && row.shape.count == 1;
    for (place, (scalar, _)) in SCALARS.iter().enumerate() {
        let panel: Vec<&Row> = rows.iter().filter(square).filter(|r| r.scalar == *scalar).copied().collect();
        if !panel.is_empty() {
            times(&mut svg, &panel, LEFT + STEP * place as f64, &format!("{} {scalar}", task.name()));
        }
    }
    legend(&mut svg, &rows);
    ratios(&mut svg, &rows);
    svg.push_str("</svg>\n");
    Some(svg)
}

fn times(svg: &mut String, rows: &[&Row], left: f64, title: &str) {
    let x = Axis::around(rows.iter().map(|r| r.shape.rows as f64), 2.0, left, left + WIDTH);
    let y = Axis::around(rows.iter().map(|r| r.median()), 10.0, 30.0 + HEIGHT, 30.0);
    text(svg, (left + WIDTH / 2.0, 20.0), "middle", &format!("{title}: time for each n×n matrix"));
    for n in x.powers(2.0) {
        line(svg, (x.at(n), 30.0), (x.at(n), 30.0 + HEIGHT), "#eeeeee");
        text(svg, (x.at(n), 44.0 + HEIGHT), "middle", &n.to_string());
    }
    for t in y.powers(10.0) {
        line(svg, (left, y.at(t)), (left + WIDTH, y.at(t)), "#dddddd");
        text(svg, (left - 4.0, y.at(t) + 4.0), "end", &label(t));
    }
    // diffsvd last, so that it lies on top.
    for (name, colour) in COLOURS.iter().rev() {
        let mut points: Vec<(usize, f64)> =
            rows.iter().filter(|r| r.contestant == *name).map(|r| (r.shape.rows, r.median())).collect();
        points.sort_by_key(|p| p.0);
        let points: Vec<_> = points.iter().map(|(n, t)| (x.at(*n as f64), y.at(*t))).collect();
        if !points.is_empty() {
            curve(svg, &points, colour, if *name == "diffsvd" { 2.4 } else { 1.2 });
        }
    }
}

/// Microseconds, a power of ten, in the unit that suits.
fn label(t: f64) -> String {
    match t {
        t if t < 0.99 => format!("{:.0} ns", t * 1e3),
        t if t < 999.0 => format!("{t:.0} µs"),
        t if t < 999e3 => format!("{:.0} ms", t * 1e-3),
        t => format!("{:.0} s", t * 1e-6),
    }
}

fn legend(svg: &mut String, rows: &[&Row]) {
    let mut left = LEFT;
    for (name, colour) in COLOURS {
        if rows.iter().any(|r| r.contestant == name) {
            line(svg, (left, 285.0), (left + 20.0, 285.0), colour);
            text(svg, (left + 24.0, 289.0), "start", name);
            left += 40.0 + 6.2 * name.len() as f64;
        }
    }
}

/// Best peer over diffsvd for every shape: above 1 diffsvd is faster.
fn ratios(svg: &mut String, rows: &[&Row]) {
    let mut shapes: Vec<Shape> = rows.iter().map(|r| r.shape).collect();
    shapes.sort_by_key(|s| (s.count > 1, s.rows != s.cols, s.rows, s.cols));
    shapes.dedup();
    let best = |scalar: &str, shape: Shape| {
        let peers = rows.iter().filter(|r| r.scalar == scalar && r.shape == shape && !r.is_ours());
        peers.map(|r| r.ratio).min_by(f64::total_cmp)
    };
    let all = SCALARS.iter().flat_map(|(scalar, _)| shapes.iter().filter_map(|s| best(scalar, *s)));
    let (top, bottom, right) = (325.0, 560.0, LEFT + 3.0 * STEP + WIDTH);
    let y = Axis::around(all.chain([0.9, 2.1]), 2.0, bottom, top);
    text(svg, (LEFT, top - 10.0), "start", "time of the best peer over that of diffsvd (above 1: diffsvd is faster)");
    for ratio in y.powers(2.0) {
        let shade = if ratio == 1.0 { "#000000" } else { "#dddddd" };
        line(svg, (LEFT, y.at(ratio)), (right, y.at(ratio)), shade);
        text(svg, (LEFT - 4.0, y.at(ratio) + 4.0), "end", &label_ratio(ratio));
    }
    let step = (right - LEFT) / shapes.len() as f64;
    for (place, shape) in shapes.iter().enumerate() {
        let x = LEFT + step * (place as f64 + 0.5);
        let name = shape.name();
        let _ = writeln!(svg, r#"<text transform="translate({x:.1} 572) rotate(35)">{name}</text>"#);
        for (offset, (scalar, colour)) in SCALARS.iter().enumerate() {
            if let Some(ratio) = best(scalar, *shape) {
                let x = x + step * 0.17 * (offset as f64 - 1.5);
                let (from, to) = (y.at(1.0), y.at(ratio));
                let (y0, h, w) = (from.min(to), (from - to).abs().max(0.5), step * 0.15);
                let _ =
                    writeln!(svg, r#"<rect x="{x:.1}" y="{y0:.1}" width="{w:.1}" height="{h:.1}" fill="{colour}"/>"#);
            }
        }
    }
    for (place, (scalar, colour)) in SCALARS.iter().enumerate() {
        let x = right - 200.0 + 50.0 * place as f64;
        let _ = writeln!(svg, r#"<rect x="{x:.1}" y="{:.1}" width="10" height="10" fill="{colour}"/>"#, top - 19.0);
        text(svg, (x + 14.0, top - 10.0), "start", scalar);
    }
}

fn label_ratio(ratio: f64) -> String {
    if ratio < 1.0 { format!("1/{:.0}", 1.0 / ratio) } else { format!("{ratio:.0}") }
}
