//! Relative error of a gradient against the relative gap of two singular values, for every rule in use.
//!
//!     cargo run --release --example error_against_gap
//!
//! Four losses of A (6×4, s = 1 + gap, 1, ½, ¼), each differentiable at every gap, gap 0 included; real and complex; the worst of
//! 15 random matrices. The reference is the spectral formula in arithmetic of 31 digits for the very same matrix.
//! Writes `docs/figures/error_against_gap.csv` and `.svg`.

#[allow(dead_code)]
#[path = "../../tests/support/double_double.rs"]
mod double_double;
mod losses;
mod plot;

use std::fmt::Write as _;
use std::fs;

use diffsvd::{AtEqual, Mat, Real, Rule, Scalar, Svd};
use double_double::Dd;
use losses::Loss;
use num_complex::Complex;

/// A way to a gradient.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Route {
    /// Cotangents of U, s and V through a rule.
    Factored(Rule<f64>),
    /// The same with the cotangent of S as a matrix.
    Block,
    /// The gradient of the function as a whole: no derivative of U or V.
    Spectral,
}

/// The rules, with the names that the picture shows.
pub(crate) fn routes() -> [(&'static str, Route); 9] {
    // Other systems test for exact equality.
    let exact_test = |at_equal| Route::Factored(Rule::new(at_equal).with_gap_tolerance(0.0));
    [
        ("plain", Route::Factored(Rule::plain())),
        ("TensorFlow-like", exact_test(AtEqual::Zeroing)),
        ("clipped, |F| ≤ 1e6", Route::Factored(Rule::new(AtEqual::Clip(1e6)))),
        ("Taylor, 9 terms", Route::Factored(Rule::new(AtEqual::Taylor(9)))),
        ("paper, as published", exact_test(AtEqual::Published)),
        ("reconstruct", Route::Factored(Rule::reconstruct())),
        ("minimum norm", Route::Factored(Rule::minimum_norm())),
        ("block cotangent", Route::Block),
        ("spectral", Route::Spectral),
    ]
}

/// One measured point; an error of `None` where the rule refuses or gives no number.
pub(crate) struct Point {
    pub(crate) loss: Loss,
    pub(crate) complex: bool,
    pub(crate) route: usize,
    pub(crate) gap: f64,
    pub(crate) error: Option<f64>,
}

const SEEDS: u64 = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut points = Vec::new();
    let gaps = (0..=32).map(|half_decade| 10_f64.powf(-0.5 * f64::from(half_decade))).chain([0.0]);
    for gap in gaps {
        for loss in Loss::ALL {
            measure::<f64, Dd>(loss, gap, &mut points)?;
            measure::<Complex<f64>, Complex<Dd>>(loss, gap, &mut points)?;
        }
    }
    fs::write("docs/figures/error_against_gap.csv", table(&points)?)?;
    fs::write("docs/figures/error_against_gap.svg", plot::svg(&points))?;
    println!("docs/figures/error_against_gap.svg and .csv written: {} points", points.len());
    Ok(())
}

/// One row for each loss, scalar type and gap; one column for each rule.
fn table(points: &[Point]) -> Result<String, std::fmt::Error> {
    let mut csv = String::from("loss,scalar,relative gap");
    for (name, _) in routes() {
        write!(csv, ",\"{name}\"")?;
    }
    for row in points.chunks(routes().len()) {
        let Some(Point { loss, complex, gap, .. }) = row.first() else { continue };
        let scalar = if *complex { "complex" } else { "real" };
        write!(csv, "\n\"{}\",{scalar},{gap:.2e}", loss.name())?;
        for Point { error, .. } in row {
            write!(csv, ",{:.1e}", error.unwrap_or(f64::NAN))?;
        }
    }
    Ok(csv + "\n")
}

/// The worst error of every route for one loss and one gap.
fn measure<S, T>(loss: Loss, gap: f64, points: &mut Vec<Point>) -> Result<(), diffsvd::Error>
where
    S: Scalar<Real = f64>,
    T: Scalar<Real = Dd>,
{
    let mut errors = vec![Vec::new(); routes().len()];
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let a = random.with_values::<S>(6, 4, &[1.0 + gap, 1.0, 0.5, 0.25]);
        let weight = random.matrix::<S>(loss.weight_shape(6, 4));
        let lift = |x: &Mat<S>| {
            Mat::from_fn(x.rows(), x.cols(), |i, j| T::from_parts(x[(i, j)].re().into(), x[(i, j)].im().into()))
        };
        let exact = loss.spectral_gradient(&Svd::thin(&lift(&a))?, &lift(&weight))?;
        let svd = Svd::thin(&a)?;
        for ((_, route), errors) in routes().into_iter().zip(&mut errors) {
            let gradient = match route {
                Route::Factored(rule) => loss.factored_gradient(&svd, &weight, &rule, false),
                Route::Block => loss.factored_gradient(&svd, &weight, &Rule::default(), true),
                Route::Spectral => loss.spectral_gradient(&svd, &weight),
            };
            errors.push(gradient.map_or(f64::INFINITY, |gradient| relative_error(&lift(&gradient), &exact)));
        }
    }
    for (route, errors) in errors.into_iter().enumerate() {
        let error = errors.into_iter().filter(|error| error.is_finite()).reduce(f64::max);
        points.push(Point { loss, complex: S::PARTS == 2, route, gap, error });
    }
    Ok(())
}

fn relative_error<T: Scalar<Real = Dd>>(a: &Mat<T>, b: &Mat<T>) -> f64 {
    let squares = |x: &mut dyn Iterator<Item = T>| x.map(|x| x.modulus_squared().to_f64()).sum::<f64>();
    let difference = squares(&mut a.as_slice().iter().zip(b.as_slice()).map(|(&a, &b)| a - b));
    (difference / squares(&mut b.as_slice().iter().copied())).sqrt()
}

/// Uniform entries in (−1, 1), the same on every run.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 11) as f64) / ((1_u64 << 52) as f64) - 1.0
    }
    fn matrix<S: Scalar<Real = f64>>(&mut self, (rows, cols): (usize, usize)) -> Mat<S> {
        Mat::from_fn(rows, cols, |_, _| S::from_parts(self.unit(), self.unit()))
    }
    fn with_values<S: Scalar<Real = f64>>(&mut self, rows: usize, cols: usize, s: &[f64]) -> Mat<S> {
        let mut basis = |n| Svd::thin(&self.matrix::<S>((n, n))).map(|svd| svd.u().clone());
        let (Ok(u), Ok(v)) = (basis(rows), basis(cols)) else { return Mat::zeros(rows, cols) };
        Mat::from_fn(rows, cols, |i, j| {
            s.iter().enumerate().fold(S::zero(), |sum, (l, &s)| sum + (u[(i, l)] * v[(j, l)].conj()).scale(s))
        })
    }
}
