//! Four losses that have a gradient at every gap, by cotangents of U, s and V and as functions of A.

use diffsvd::spectral::{Hermitian, Indicator, Polar, Side, SoftThreshold, SpectralFunction};
use diffsvd::{Cotangent, Error, Mat, Real, Rule, Scalar, Svd};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loss {
    /// ⟨W, U max(S − 0.4, 0) Vᴴ⟩.
    SoftThreshold,
    /// ⟨W, U Vᴴ⟩.
    Polar,
    /// ⟨W, U (S + 0.1) Vᴴ⟩.
    Shifted,
    /// ⟨W, U₂ U₂ᴴ⟩, the projector on the two leading left singular vectors together.
    Projector,
}

const THRESHOLD: f64 = 0.4;
const SHIFT: f64 = 0.1;
/// Between the second and the third singular value.
const CUT: f64 = 0.75;

/// s + 0.1.
struct Shifted<R>(R);

impl<R: Real> SpectralFunction<R> for Shifted<R> {
    fn value(&self, s: R) -> R {
        s + self.0
    }
    fn derivative(&self, _s: R) -> R {
        R::from_f64(1.0)
    }
}

impl Loss {
    pub(crate) const ALL: [Loss; 4] = [Loss::SoftThreshold, Loss::Polar, Loss::Shifted, Loss::Projector];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Loss::SoftThreshold => "U max(S − τ, 0) Vᴴ",
            Loss::Polar => "U Vᴴ",
            Loss::Shifted => "U (S + 0.1) Vᴴ",
            Loss::Projector => "U₂ U₂ᴴ",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Loss::SoftThreshold => "singular value thresholding",
            Loss::Polar => "polar factor",
            Loss::Shifted => "shifted values",
            Loss::Projector => "projector on two vectors",
        }
    }

    pub(crate) fn weight_shape(self, m: usize, n: usize) -> (usize, usize) {
        if self == Loss::Projector { (m, m) } else { (m, n) }
    }

    /// f and f′.
    fn function(self, s: f64) -> (f64, f64) {
        match self {
            Loss::SoftThreshold if s > THRESHOLD => (s - THRESHOLD, 1.0),
            Loss::SoftThreshold => (0.0, 0.0),
            Loss::Polar | Loss::Projector => (1.0, 0.0),
            Loss::Shifted => (s + SHIFT, 1.0),
        }
    }

    /// No derivative of U or V.
    pub(crate) fn spectral_gradient<S: Scalar>(self, svd: &Svd<S>, weight: &Mat<S>) -> Result<Mat<S>, Error> {
        let real = <S::Real as Real>::from_f64;
        match self {
            Loss::SoftThreshold => svd.map_vjp(SoftThreshold(real(THRESHOLD)), weight),
            Loss::Polar => svd.map_vjp(Polar, weight),
            Loss::Shifted => svd.map_vjp(Shifted(real(SHIFT)), weight),
            Loss::Projector => {
                let f = Indicator { cut: real(CUT) };
                svd.hermitian_vjp(&Hermitian { side: Side::Left, f, complement: false }, weight)
            }
        }
    }

    /// As an automatic differentiation would: the cotangents of the factors, then a rule. `block` hands over that of S as a matrix.
    pub(crate) fn factored_gradient<S: Scalar<Real = f64>>(
        self,
        svd: &Svd<S>,
        weight: &Mat<S>,
        rule: &Rule<f64>,
        block: bool,
    ) -> Result<Mat<S>, Error> {
        if self == Loss::Projector {
            let (right, left) = (weight.product(svd.u())?, weight.adjoint().product(svd.u())?);
            let gu = Mat::from_fn(svd.u().rows(), 2, |i, j| right[(i, j)] + left[(i, j)]);
            let gs = Mat::zeros(2, 2);
            let s_matrix = if block { Some(gs.as_ref()) } else { None };
            let cotangent = Cotangent { u: Some(gu.as_ref()), s_matrix, ..Cotangent::default() };
            return Ok(svd.vjp(&cotangent, rule)?.a);
        }
        let (wv, wu) = (weight.product(svd.v())?, weight.adjoint().product(svd.u())?);
        let f: Vec<_> = svd.s().iter().map(|&s| self.function(s)).collect();
        let times_f = |w: &Mat<S>| Mat::from_fn(w.rows(), w.cols(), |i, j| w[(i, j)].scale(f[j].0));
        let (gu, gv, inside) = (times_f(&wv), times_f(&wu), svd.u().adjoint().product(&wv)?);
        let matrix = Mat::from_fn(f.len(), f.len(), |i, j| inside[(i, j)].scale(f[j].1));
        let vector: Vec<f64> = (0..f.len()).map(|j| matrix[(j, j)].re()).collect();
        let cotangent = Cotangent {
            u: Some(gu.as_ref()),
            s: if block { None } else { Some(&vector) },
            v: Some(gv.as_ref()),
            s_matrix: if block { Some(matrix.as_ref()) } else { None },
        };
        Ok(svd.vjp(&cotangent, rule)?.a)
    }
}
