//! What the report of `svd_inv` shows as tables.

use diffsvd::{Mat, Scalar};
use num_complex::Complex;

use super::cases::{Case, Number, distance, epsilon};
use super::gradient::{Loss, Route, errors, exact, gradient, numeric};
use imaging::Result;
use imaging::report::{Table, short};

/// The four entries of the gradient at both published matrices, by every rule.
pub(super) fn published() -> Result<Table> {
    let mut table = Table::new(["rule", "at [2 4; −4 2], f64", "f32", "at [2 4; −4 2.0001], f64", "f32"]);
    for route in Route::ALL {
        let cells = [Case::Published, Case::PublishedNear]
            .map(|case| [entries::<f64>(route, case), entries::<f32>(route, case)]);
        let cells = cells.into_iter().flatten().collect::<Result<Vec<_>>>()?;
        table.row(std::iter::once(route.name().to_owned()).chain(cells));
    }
    let quotient = |case: Case| Ok::<_, imaging::Error>(written(&numeric(Loss::Shifted, &case.matrix::<f64>(0)?)?));
    table.row(["difference quotients", &quotient(Case::Published)?, "", &quotient(Case::PublishedNear)?, ""]);
    Ok(table)
}

fn entries<S: Number<Double = f64>>(route: Route, case: Case) -> Result<String> {
    let a = case.matrix::<S>(0)?;
    Ok(gradient(Loss::Shifted, route, &a)
        .map_or_else(|_| "refused".to_owned(), |g| written(&Mat::from_fn(2, 2, |i, j| g[(i, j)].double()))))
}

fn written(g: &Mat<f64>) -> String {
    format!("[{:.4} {:.4}; {:.4} {:.4}]", g[(0, 0)], g[(0, 1)], g[(1, 0)], g[(1, 1)])
}

/// The relative error of every rule in every case.
fn fails<S: Number>(loss: Loss, seed: u64, seeds: u64) -> Result<Table> {
    let cases: Vec<Case> = Case::ALL.into_iter().filter(|&case| exists(loss, case)).collect();
    let mut table = Table::new(std::iter::once("rule".to_owned()).chain(cases.iter().map(|case| case.name())));
    let columns = cases.iter().map(|&case| errors::<S>(loss, case, seed, seeds)).collect::<Result<Vec<_>>>()?;
    for (index, route) in Route::ALL.into_iter().enumerate() {
        let cells = cases.iter().zip(&columns).map(|(&case, column)| cell(column[index], bound::<S>(case)));
        table.row(std::iter::once(route.name().to_owned()).chain(cells));
    }
    if epsilon::<S>() <= f64::EPSILON {
        let differences = cases.iter().map(|&case| difference::<S>(loss, case, seed)).collect::<Result<Vec<_>>>()?;
        table.row(std::iter::once("difference quotients".to_owned()).chain(differences));
    }
    Ok(table)
}

/// Whether the loss has a gradient there: f must vanish with the singular value.
fn exists(loss: Loss, case: Case) -> bool {
    loss == Loss::SoftThreshold || !matches!(case, Case::OneZero | Case::TwoZeros)
}

/// What the error of a correct rule stays below: a few ε, times what the smallest gap that is not zero multiplies it by.
fn bound<S: Scalar>(case: Case) -> f64 {
    let gap = match case {
        // Below this the values count as equal: the default tolerance of diffsvd for matrices of this size.
        Case::Gap(gap) if gap > 16.0 * epsilon::<S>() => gap,
        Case::PublishedNear => 5e-6,
        _ => 1.0,
    };
    100.0 * epsilon::<S>() / gap
}

fn cell(error: f64, bound: f64) -> String {
    let mark = if error > 0.1 {
        "✗ "
    } else if error > bound {
        "★ "
    } else {
        ""
    };
    if error.is_finite() { format!("{mark}{}", short(error)) } else { "✗ refused".to_owned() }
}

fn difference<S: Number>(loss: Loss, case: Case, seed: u64) -> Result<String> {
    let a = case.matrix::<S>(seed)?;
    let double = Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)].double());
    let (exact, numeric) = (exact(loss, &a)?, numeric(loss, &double)?);
    let numeric = Mat::from_fn(a.rows(), a.cols(), |i, j| S::from_double(numeric[(i, j)]));
    Ok(short(distance(&numeric, &exact)))
}

/// The scalar types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// f64.
    Real64,
    /// f32.
    Real32,
    /// `Complex<f64>`.
    Complex64,
    /// `Complex<f32>`.
    Complex32,
}

impl Kind {
    /// All, in the order of the report.
    pub const ALL: [Kind; 4] = [Kind::Real64, Kind::Real32, Kind::Complex64, Kind::Complex32];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Real64 => "real double",
            Kind::Real32 => "real single",
            Kind::Complex64 => "complex double",
            Kind::Complex32 => "complex single",
        }
    }
}

/// The worst relative error of every route over random matrices of the case; infinite where the rule refuses or gives no number.
pub fn errors_of(kind: Kind, loss: Loss, case: Case, seed: u64, seeds: u64) -> Result<Vec<f64>> {
    match kind {
        Kind::Real64 => errors::<f64>(loss, case, seed, seeds),
        Kind::Real32 => errors::<f32>(loss, case, seed, seeds),
        Kind::Complex64 => errors::<Complex<f64>>(loss, case, seed, seeds),
        Kind::Complex32 => errors::<Complex<f32>>(loss, case, seed, seeds),
    }
}

/// [`fails`] of this scalar type.
pub(super) fn fails_of(kind: Kind, loss: Loss, seed: u64, seeds: u64) -> Result<Table> {
    match kind {
        Kind::Real64 => fails::<f64>(loss, seed, seeds),
        Kind::Real32 => fails::<f32>(loss, seed, seeds),
        Kind::Complex64 => fails::<Complex<f64>>(loss, seed, seeds),
        Kind::Complex32 => fails::<Complex<f32>>(loss, seed, seeds),
    }
}
