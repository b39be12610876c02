//! Lines over axes, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Result;

/// Whether an axis shows a number or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The number.
    Linear,
    /// Its logarithm; numbers that have none are left out.
    Log,
}

/// A name below or beside the axis, and its scale.
#[derive(Clone, Debug)]
pub struct Axis(pub String, pub Scale);

/// One line.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the legend says.
    pub name: String,
    /// x and y; where one of them cannot be shown the line is interrupted.
    pub points: Vec<(f64, f64)>,
}

/// One pair of axes with its lines.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above the axes.
    pub title: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// The lines; those of one place in the list have one colour in all panels.
    pub series: Vec<Series>,
}

/// Ten colours that stay apart for most colour-blind readers as well.
const COLOURS: [RGBColor; 10] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(127, 127, 127),
    RGBColor(188, 189, 34),
    RGBColor(0, 0, 0),
];
const PANEL: (u32, u32) = (560, 320);
/// Of a panel, for the legend on its right.
const LEGEND: u32 = 170;

/// The panels in rows of `across`.
pub fn svg(across: usize, panels: &[Panel]) -> Result<String> {
    let across = across.clamp(1, panels.len().max(1));
    let down = panels.len().div_ceil(across).max(1);
    let mut text = String::new();
    {
        let size = (PANEL.0 * across as u32, PANEL.1 * down as u32);
        let root = SVGBackend::with_string(&mut text, size).into_drawing_area();
        root.fill(&WHITE)?;
        for (area, panel) in root.split_evenly((down, across)).iter().zip(panels) {
            draw(area, panel)?;
        }
        root.present()?;
    }
    Ok(text)
}

fn draw(area: &DrawingArea<SVGBackend<'_>, Shift>, panel: &Panel) -> Result<()> {
    let lines: Vec<Vec<(f64, f64)>> = panel.series.iter().map(|series| placed(series, panel)).collect();
    let all = || lines.iter().flatten().filter(|(x, y)| x.is_finite() && y.is_finite());
    let (xs, ys) = (range(all().map(|p| p.0)), range(all().map(|p| p.1)));
    let (left, right) = area.split_horizontally(PANEL.0 - LEGEND);
    let mut chart = ChartBuilder::on(&left)
        .caption(&panel.title, ("sans-serif", 15))
        .margin(8)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(xs.0..xs.1, ys.0..ys.1)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(6)
        .y_labels(8)
        .x_desc(&panel.x.0)
        .y_desc(&panel.y.0)
        .x_label_formatter(&|&x| label(x, panel.x.1))
        .y_label_formatter(&|&y| label(y, panel.y.1))
        .draw()?;
    for (index, (series, line)) in panel.series.iter().zip(&lines).enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let mut pieces = line.split(|(x, y)| !x.is_finite() || !y.is_finite()).filter(|piece| !piece.is_empty());
        let style = colour.stroke_width(2);
        let first = LineSeries::new(pieces.next().unwrap_or_default().iter().copied(), style);
        chart.draw_series(first)?;
        let row = 36 + 18 * index as i32;
        right.draw(&PathElement::new([(0, row), (18, row)], style))?;
        right.draw(&Text::new(series.name.as_str(), (24, row - 6), ("sans-serif", 12)))?;
        for piece in pieces {
            chart.draw_series(LineSeries::new(piece.iter().copied(), style))?;
        }
        if line.len() <= 40 {
            let dots = line.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
            chart.draw_series(dots.map(|&point| Circle::new(point, 2, colour.filled())))?;
        }
    }
    Ok(())
}

/// Where the points lie on linear axes.
fn placed(series: &Series, panel: &Panel) -> Vec<(f64, f64)> {
    let place = |value: f64, scale| match scale {
        Scale::Linear => value,
        Scale::Log if value > 0.0 => value.log10(),
        Scale::Log => f64::NAN,
    };
    series.points.iter().map(|&(x, y)| (place(x, panel.x.1), place(y, panel.y.1))).collect()
}

/// From the smallest to the largest, with a little room.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return (0.0, 1.0);
    }
    let room = 0.04 * (high - low).max(0.1);
    (low - room, high + room)
}

fn label(value: f64, scale: Scale) -> String {
    match scale {
        Scale::Log => {
            let power = 10_f64.powf(value);
            if (1e-2..1e4).contains(&power) {
                format!("{power:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                format!("{power:.0e}")
            }
        }
        Scale::Linear if value.abs() >= 100.0 || value == 0.0 => format!("{value:.0}"),
        Scale::Linear => format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_shown_everywhere_is_interrupted() {
        let points = vec![(1.0, 1e-3), (10.0, 0.0), (100.0, 10.0), (1000.0, f64::NAN)];
        let panel = Panel {
            title: "title of the panel".into(),
            x: Axis("x".into(), Scale::Log),
            y: Axis("error".into(), Scale::Log),
            series: vec![Series { name: "a line".into(), points }],
        };
        let text = svg(2, &[panel.clone(), panel]).unwrap();
        assert!(text.starts_with("<svg") && text.contains("title of the panel") && text.contains("a line"));
        assert!(!text.contains("NaN") && !text.contains("inf"));
        assert_eq!(text.matches("<circle").count(), 4);
    }

    #[test]
    fn labels_are_short() {
        assert_eq!(
            [label(-5.0, Scale::Log), label(0.0, Scale::Log), label(0.25, Scale::Linear)],
            ["1e-5", "1", "0.25"]
        );
    }
}
