//! The losses and the ways to their gradients.

use diffsvd::spectral::{SoftThreshold, SpectralFunction};
use diffsvd::{AtEqual, Cotangent, Mat, Real, Rule, Scalar, Svd};

use super::cases::{Case, Number, distance};
use imaging::Result;

/// L = the sum of the real parts of the entries of U f(S) Vᴴ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// f = s + 0.1, the published example. Not differentiable at zero, where f(0) ≠ 0.
    Shifted,
    /// f = max(s − 0.4, 0), singular value thresholding.
    SoftThreshold,
}

const SHIFT: f64 = 0.1;
const THRESHOLD: f64 = 0.4;

/// s + 0.1.
struct Shifted;

impl<R: Real> SpectralFunction<R> for Shifted {
    fn value(&self, s: R) -> R {
        s + R::from_f64(SHIFT)
    }
    fn derivative(&self, _s: R) -> R {
        R::from_f64(1.0)
    }
}

impl Loss {
    /// Both.
    pub const ALL: [Loss; 2] = [Loss::Shifted, Loss::SoftThreshold];

    /// The formula.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Shifted => "L = sum of U (S + 0.1 I) Vᴴ",
            Loss::SoftThreshold => "L = sum of U max(S − 0.4, 0) Vᴴ",
        }
    }

    /// For names of files.
    pub fn key(self) -> &'static str {
        match self {
            Loss::Shifted => "shifted",
            Loss::SoftThreshold => "threshold",
        }
    }

    /// f(s) and f′(s).
    fn function(self, s: f64) -> (f64, f64) {
        match self {
            Loss::Shifted => (s + SHIFT, 1.0),
            Loss::SoftThreshold if s > THRESHOLD => (s - THRESHOLD, 1.0),
            Loss::SoftThreshold => (0.0, 0.0),
        }
    }

    fn map_vjp<S: Scalar>(self, svd: &Svd<S>, ones: &Mat<S>) -> Result<Mat<S>, diffsvd::Error> {
        match self {
            Loss::Shifted => svd.map_vjp(Shifted, ones),
            Loss::SoftThreshold => svd.map_vjp(SoftThreshold(S::Real::from_f64(THRESHOLD)), ones),
        }
    }

    fn value<S: Scalar<Real = f64>>(self, a: &Mat<S>) -> Result<f64, diffsvd::Error> {
        let svd = Svd::thin(a)?;
        let x = match self {
            Loss::Shifted => svd.map(Shifted)?,
            Loss::SoftThreshold => svd.map(SoftThreshold(THRESHOLD))?,
        };
        Ok(x.as_slice().iter().map(|x| x.re()).sum())
    }
}

/// A way to the gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// 1/(sⱼ² − sᵢ²) whatever the values are.
    Plain,
    /// Both terms of a pair that tests equal are dropped.
    TensorFlow,
    /// |1/(sⱼ² − sᵢ²)| s₁² at most 10⁶.
    Clip,
    /// 1/(sⱼ² − sᵢ²) as a Taylor series of nine terms, for every pair.
    Taylor,
    /// The paper's rule as its code has it: values are compared for equality.
    Paper,
    /// The paper's rule with a tolerance in the place of equality.
    PaperTolerant,
    /// The Moore-Penrose solution of the joint system for dU and dV.
    MoorePenrose,
    /// The default of diffsvd: dA = d(U S Vᴴ) is kept.
    Reconstruct,
    /// The same with the cotangent of S as a matrix.
    Block,
    /// No derivative of U or V: the function as a whole.
    Exact,
}

impl Route {
    /// All, in the order of the tables.
    pub const ALL: [Route; 10] = [
        Route::Plain,
        Route::TensorFlow,
        Route::Clip,
        Route::Taylor,
        Route::Paper,
        Route::PaperTolerant,
        Route::MoorePenrose,
        Route::Reconstruct,
        Route::Block,
        Route::Exact,
    ];

    /// As the tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Route::Plain => "plain",
            Route::TensorFlow => "TensorFlow-like",
            Route::Clip => "clip, 1e6",
            Route::Taylor => "Taylor, 9 terms",
            Route::Paper => "paper, its code",
            Route::PaperTolerant => "paper, tolerance",
            Route::MoorePenrose => "Moore-Penrose",
            Route::Reconstruct => "reconstruct",
            Route::Block => "block cotangent",
            Route::Exact => "exact (spectral)",
        }
    }

    fn rule<R: Real>(self) -> Rule<R> {
        match self {
            Route::Plain => Rule::plain(),
            Route::TensorFlow => Rule::new(AtEqual::Zeroing).with_gap_tolerance(R::zero()),
            Route::Clip => Rule::new(AtEqual::Clip(R::from_f64(1e6))),
            Route::Taylor => Rule::new(AtEqual::Taylor(9)),
            Route::Paper => Rule::published().with_gap_tolerance(R::zero()).with_rank_tolerance(R::zero()),
            Route::PaperTolerant => Rule::published(),
            Route::MoorePenrose => Rule::minimum_norm(),
            Route::Reconstruct | Route::Block | Route::Exact => Rule::default(),
        }
    }
}

/// The gradient of the loss at A by this route.
pub fn gradient<S: Scalar>(loss: Loss, route: Route, a: &Mat<S>) -> Result<Mat<S>, diffsvd::Error> {
    let (svd, ones) = (Svd::thin(a)?, Mat::from_fn(a.rows(), a.cols(), |_, _| S::one()));
    if route == Route::Exact { loss.map_vjp(&svd, &ones) } else { factored(loss, route, &svd, &ones) }
}

/// As automatic differentiation does it: cotangents of U, S and V, then a rule.
fn factored<S: Scalar>(loss: Loss, route: Route, svd: &Svd<S>, ones: &Mat<S>) -> Result<Mat<S>, diffsvd::Error> {
    let f: Vec<(S::Real, S::Real)> = svd
        .s()
        .iter()
        .map(|&s| {
            let (value, slope) = loss.function(s.to_f64());
            (S::Real::from_f64(value), S::Real::from_f64(slope))
        })
        .collect();
    let (of_v, of_u) = (ones.product(svd.v())?, ones.adjoint().product(svd.u())?);
    let times_f = |w: &Mat<S>| Mat::from_fn(w.rows(), w.cols(), |i, j| w[(i, j)].scale(f[j].0));
    let (gu, gv, inside) = (times_f(&of_v), times_f(&of_u), svd.u().adjoint().product(&of_v)?);
    let matrix = Mat::from_fn(f.len(), f.len(), |i, j| inside[(i, j)].scale(f[j].1));
    let diagonal: Vec<S::Real> = (0..f.len()).map(|j| matrix[(j, j)].re()).collect();
    let block = route == Route::Block;
    let cotangent = Cotangent {
        u: Some(gu.as_ref()),
        s: (!block).then_some(diagonal.as_slice()),
        v: Some(gv.as_ref()),
        s_matrix: block.then(|| matrix.as_ref()),
    };
    Ok(svd.vjp(&cotangent, &route.rule())?.a)
}

/// The reference: the spectral formula in double precision for the very same matrix.
pub fn exact<S: Number>(loss: Loss, a: &Mat<S>) -> Result<Mat<S::Double>, diffsvd::Error> {
    gradient(loss, Route::Exact, &Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)].double()))
}

/// Central differences of the loss, entry by entry and part by part, in double precision; Richardson's extrapolation of two steps.
pub fn numeric<S: Scalar<Real = f64>>(loss: Loss, a: &Mat<S>) -> Result<Mat<S>, diffsvd::Error> {
    let along = |(i, j): (usize, usize), direction: S, step: f64| {
        let at = |step: f64| {
            let mut moved = a.clone();
            moved[(i, j)] += direction.scale(step);
            loss.value(&moved)
        };
        Ok::<_, diffsvd::Error>((at(step)? - at(-step)?) / (2.0 * step))
    };
    let mut gradient = Mat::zeros(a.rows(), a.cols());
    for entry in (0..a.cols()).flat_map(|j| (0..a.rows()).map(move |i| (i, j))) {
        for (re, im) in [(1.0, 0.0), (0.0, 1.0)].into_iter().take(S::PARTS) {
            const STEP: f64 = 1e-3;
            let direction = S::from_parts(re, im);
            let (wide, narrow) = (along(entry, direction, STEP)?, along(entry, direction, STEP / 2.0)?);
            gradient[entry] += direction.scale((4.0 * narrow - wide) / 3.0);
        }
    }
    Ok(gradient)
}

/// The worst relative error of every route over random matrices of the case; infinite where the rule refuses or gives no number.
pub fn errors<S: Number>(loss: Loss, case: Case, seed: u64, seeds: u64) -> Result<Vec<f64>> {
    let mut worst = vec![0.0_f64; Route::ALL.len()];
    for number in 0..if case.is_single() { 1 } else { seeds } {
        let a = case.matrix::<S>(seed + number)?;
        let exact = exact(loss, &a)?;
        for (route, worst) in Route::ALL.into_iter().zip(&mut worst) {
            let error = gradient(loss, route, &a).map_or(f64::INFINITY, |gradient| distance(&gradient, &exact));
            *worst = if error.is_finite() { worst.max(error) } else { f64::INFINITY };
        }
    }
    Ok(worst)
}
