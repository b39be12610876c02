//! The picture: small multiples, logarithmic axes, labels at the ends of the lines.

use std::fmt::Write as _;

use crate::losses::Loss;
use crate::{Point, routes};

/// Size of one panel, and what lies around it.
const PANEL: (f64, f64) = (400.0, 190.0);
const MARGIN: (f64, f64) = (62.0, 92.0);
const LABELS: f64 = 150.0;
const BELOW: f64 = 44.0;

/// Decades of the axes; errors below the lowest are drawn on it.
const GAP_DECADES: f64 = 16.0;
const ERRORS: (f64, f64) = (-17.0, 1.0);
/// Where the gap 0 stands, beyond the last decade.
const AT_ZERO: f64 = 17.6;

/// Colour (Okabe & Ito 2008) and width of each line, in the order of the routes.
const STYLE: [(&str, f64); 9] = [
    ("#000000", 2.0),
    ("#8A8A8A", 1.6),
    ("#E69F00", 1.8),
    ("#CC79A7", 1.8),
    ("#D55E00", 1.8),
    ("#56B4E9", 1.8),
    ("#7A6F00", 1.8),
    ("#009E73", 2.2),
    ("#0072B2", 3.2),
];

pub(crate) fn svg(points: &[Point]) -> String {
    let (columns, rows) = (2.0, Loss::ALL.len() as f64);
    let (width, height) = (columns * (MARGIN.0 + PANEL.0 + LABELS), MARGIN.1 + rows * (PANEL.1 + BELOW) + 16.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    text(
        &mut out,
        (MARGIN.0, 26.0),
        "start",
        "font-size=\"19\" font-weight=\"bold\"",
        "When two singular values meet, what is left of the gradient?",
    );
    text(
        &mut out,
        (MARGIN.0, 47.0),
        "start",
        "font-size=\"13\" fill=\"#444444\"",
        "Relative error of the gradient in double precision against the relative gap of the two largest singular values. Worst of 15 random 6×4 matrices.",
    );
    for (row, loss) in Loss::ALL.into_iter().enumerate() {
        for complex in [false, true] {
            let column = f64::from(u8::from(complex));
            let origin = (MARGIN.0 + column * (MARGIN.0 + PANEL.0 + LABELS), MARGIN.1 + row as f64 * (PANEL.1 + BELOW));
            let mine: Vec<&Point> = points.iter().filter(|p| p.loss == loss && p.complex == complex).collect();
            let last = row + 1 == Loss::ALL.len();
            panel(&mut out, origin, &title(loss, complex), last);
            lines(&mut out, origin, &mine);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn title(loss: Loss, complex: bool) -> String {
    format!("{}, {} — {}", loss.name(), if complex { "complex" } else { "real" }, loss.title())
}

/// Frame, grid and ticks.
fn panel(out: &mut String, (x0, y0): (f64, f64), title: &str, last: bool) {
    text(out, (x0, y0 - 7.0), "start", "font-weight=\"bold\"", title);
    for decade in [1.0, -3.0, -7.0, -11.0, -15.0] {
        let y = y0 + y_of(decade);
        segment(out, (x0, y), (x0 + PANEL.0, y), "#dddddd", 1.0);
        text(out, (x0 - 6.0, y + 4.0), "end", "fill=\"#444444\"", &power(decade));
    }
    for decade in [0.0, 4.0, 8.0, 12.0, 16.0] {
        let x = x0 + x_of(decade);
        segment(out, (x, y0), (x, y0 + PANEL.1), "#eeeeee", 1.0);
        text(out, (x, y0 + PANEL.1 + 16.0), "middle", "fill=\"#444444\"", &power(-decade));
    }
    let x = x0 + x_of(AT_ZERO);
    segment(out, (x, y0), (x, y0 + PANEL.1), "#cccccc", 1.0);
    text(out, (x, y0 + PANEL.1 + 16.0), "middle", "font-weight=\"bold\"", "0");
    segment(out, (x0, y0 + PANEL.1), (x0 + x_of(GAP_DECADES + 0.5), y0 + PANEL.1), "#444444", 1.0);
    segment(out, (x0 + x_of(AT_ZERO - 0.5), y0 + PANEL.1), (x0 + x_of(AT_ZERO + 0.4), y0 + PANEL.1), "#444444", 1.0);
    segment(out, (x0, y0), (x0, y0 + PANEL.1), "#444444", 1.0);
    if last {
        text(out, (x0 + PANEL.0 / 2.0, y0 + PANEL.1 + 35.0), "middle", "fill=\"#444444\"", "relative gap (s₁ − s₂)/s₂");
    }
}

/// The curves, thickest on top, and their labels beside the value at gap 0.
fn lines(out: &mut String, (x0, y0): (f64, f64), points: &[&Point]) {
    let mut ends: Vec<(f64, usize)> = Vec::new();
    // What all rules have in common lies on top in the colour of the plain one, and the spectral route above all.
    let last = routes().len() - 1;
    for route in (1..last).chain([0, last]) {
        let (name, (colour, width)) = (routes()[route].0, STYLE[route]);
        let at = |p: &Point| (x0 + x_of(-p.gap.log10()), p.error.map(|error| y0 + y_of(error.max(1e-17).log10())));
        let mine = || points.iter().filter(|p| p.route == route);
        let path: Vec<String> = mine()
            .filter(|p| p.gap > 0.0)
            .map(|p| at(p))
            .filter_map(|(x, y)| y.map(|y| format!("{x:.1},{y:.1}")))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"><title>{name}</title></polyline>",
            path.join(" ")
        );
        let Some(zero) = mine().find(|p| p.gap == 0.0) else { continue };
        if let Some(error) = zero.error {
            let y = y0 + y_of(error.max(1e-17).log10());
            let x = x0 + x_of(AT_ZERO);
            let _ =
                writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\" fill=\"{colour}\"/>", 2.0 + width / 1.5);
            ends.push((y, route));
        } else {
            ends.push((y0, route));
        }
    }
    labels(out, (x0, y0), ends);
    let (x, y) = (x0 + x_of(7.4), y0 + y_of(-12.9));
    text(out, (x, y), "start", "font-size=\"11\" font-style=\"italic\"", "rules for U, s, V: ε/gap");
}

/// Each label as near to its line as the others allow.
fn labels(out: &mut String, (x0, y0): (f64, f64), mut ends: Vec<(f64, usize)>) {
    const STEP: f64 = 14.5;
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<f64> = ends.iter().map(|end| end.0).collect();
    for _ in 0..200 {
        for i in 1..places.len() {
            let overlap = STEP - (places[i] - places[i - 1]);
            if overlap > 0.0 {
                places[i - 1] -= overlap / 2.0;
                places[i] += overlap / 2.0;
            }
        }
        for place in &mut places {
            *place = place.clamp(y0 + 2.0, y0 + PANEL.1 + 2.0);
        }
    }
    let (from, to) = (x0 + x_of(AT_ZERO) + 5.0, x0 + PANEL.0 + 12.0);
    for (&(y, route), &place) in ends.iter().zip(&places) {
        let (colour, width) = STYLE[route];
        segment(out, (from, y), (to, place), colour, 0.8);
        let weight = if width > 2.0 { "font-weight=\"bold\"" } else { "" };
        text(out, (to + 4.0, place + 4.0), "start", &format!("fill=\"{colour}\" {weight}"), routes()[route].0);
    }
}

fn x_of(decades: f64) -> f64 {
    PANEL.0 * decades / (AT_ZERO + 0.4)
}

fn y_of(exponent: f64) -> f64 {
    PANEL.1 * (ERRORS.1 - exponent.clamp(ERRORS.0, ERRORS.1)) / (ERRORS.1 - ERRORS.0)
}

/// 10ⁿ.
fn power(n: f64) -> String {
    if n == 0.0 {
        return "1".into();
    }
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    "10".chars().chain(format!("{n}").chars().map(raised)).collect()
}

fn text(out: &mut String, (x, y): (f64, f64), anchor: &str, style: &str, content: &str) {
    let content = content.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {style}>{content}</text>");
}

fn segment(out: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
    let _ = writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>",
        from.0, from.1, to.0, to.1
    );
}
