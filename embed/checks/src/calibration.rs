//! A calibration loop as it runs on a sensor node: two inertial sensors look at the same world from different frames, and
//! the gains of one of them are unknown. Directions give the rotation between the frames (Kabsch); the rates of turn,
//! which need no gains, say how good that rotation is; the gradient through the rotation corrects the gains.

use core::fmt::{self, Write};

use diffsvd::fixed::Svd;
use diffsvd::{Error, Real};

type Vector = [f32; 3];
type Matrix = [Vector; 3];

/// Directions (gravity, magnetic field, in several poses) and rates of turn in the frame of the reference.
const DIRECTIONS: [Vector; 5] =
    [[0.0, 0.0, 1.0], [0.6, 0.0, 0.8], [0.36, 0.48, 0.8], [-0.8, 0.6, 0.0], [0.28, -0.96, 0.0]];
const RATES: [Vector; 3] = [[1.0, 0.2, -0.3], [0.1, -0.8, 0.5], [-0.4, 0.6, 0.9]];
/// What is to be found: the frame of the second sensor and its gains (the first is the unit).
const FRAME: Matrix = [[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]];
const GAINS: Vector = [1.0, 0.8, 1.25];

/// Steps allowed; the loop stops when the gradient is at rounding level.
const STEPS: usize = 200;

/// Runs the loop; returns the number of failures.
///
/// # Errors
/// Those of the writer.
pub fn run(out: &mut dyn Write) -> Result<u32, fmt::Error> {
    let (steps, gains) = match calibrate() {
        Ok(found) => found,
        Err(error) => {
            writeln!(out, "FAILED calibration: {error}")?;
            return Ok(1);
        }
    };
    let worst = gains.iter().zip(GAINS).fold(0.0_f32, |worst, (x, y)| worst.larger((x / y - 1.0).abs()));
    let parts = (worst.min(1.0) * 1e6) as u32;
    writeln!(out, "calibration: gains within {parts} parts per million of the truth after {steps} steps")?;
    Ok(u32::from(parts > 20))
}

/// Gradient descent on the two free gains, with the step of Barzilai and Borwein.
fn calibrate() -> Result<(usize, Vector), Error> {
    let readings = DIRECTIONS.map(|b| {
        let turned = transposed_product(&FRAME, &b);
        core::array::from_fn(|k| turned[k] / GAINS[k])
    });
    let turned_rates = RATES.map(|w| transposed_product(&FRAME, &w));
    let (mut gains, mut rate) = ([1.0; 3], 0.1);
    let mut previous = gradient(&gains, &readings, &turned_rates)?;
    for step in 0..STEPS {
        let change: Vector = core::array::from_fn(|k| -rate * previous[k]);
        gains = core::array::from_fn(|k| gains[k] + change[k]);
        let next = gradient(&gains, &readings, &turned_rates)?;
        let curvature: Vector = core::array::from_fn(|k| next[k] - previous[k]);
        let (along, square) = (dot(&change, &curvature), dot(&curvature, &curvature));
        if dot(&next, &next) < 1e-13 || along <= 0.0 {
            return Ok((step + 1, gains));
        }
        (rate, previous) = (along / square, next);
    }
    Ok((STEPS, gains))
}

/// The gradient with respect to the gains of L = ½ Σ ‖R w′ − w‖², R the rotation nearest to H = Σ b (G a)ᵀ.
fn gradient(gains: &Vector, readings: &[Vector; 5], turned_rates: &[Vector; 3]) -> Result<Vector, Error> {
    let mut h = [[0.0; 3]; 3];
    for (b, a) in DIRECTIONS.iter().zip(readings) {
        add_outer(&mut h, b, &core::array::from_fn(|k| gains[k] * a[k]));
    }
    let svd = Svd::tall(&h)?;
    let map = svd.rotation()?;
    let rotation = svd.map(map)?;
    let mut rotation_bar = [[0.0; 3]; 3];
    for (w, turned) in RATES.iter().zip(turned_rates) {
        let missed = core::array::from_fn(|i| dot(&rotation[i], turned) - w[i]);
        add_outer(&mut rotation_bar, &missed, turned);
    }
    let h_bar = svd.map_vjp(map, &rotation_bar)?;
    let mut gains_bar = [0.0; 3];
    for (b, a) in DIRECTIONS.iter().zip(readings) {
        let back = transposed_product(&h_bar, b);
        // The first gain is the unit.
        (1..3).for_each(|k| gains_bar[k] += back[k] * a[k]);
    }
    Ok(gains_bar)
}

fn dot(x: &Vector, y: &Vector) -> f32 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
}

/// Aᵀx.
fn transposed_product(a: &Matrix, x: &Vector) -> Vector {
    core::array::from_fn(|k| (0..3).fold(0.0, |sum, i| sum + a[i][k] * x[i]))
}

/// A ← A + x yᵀ.
fn add_outer(a: &mut Matrix, x: &Vector, y: &Vector) {
    for (row, x) in a.iter_mut().zip(x) {
        row.iter_mut().zip(y).for_each(|(a, y)| *a += x * y);
    }
}
