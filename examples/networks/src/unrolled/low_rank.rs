//! The low-rank step: singular value thresholding of every channel, differentiated in six ways.

use candle_core::{D, Result, Tensor};
use diffsvd_candle::{AtEqual, Options, Rule, svd_with, svdvals, svt};

/// How the thresholding is differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As a function of the matrix, by divided differences of the thresholding.
    Exact,
    /// Through U, s and V, by the Moore-Penrose rule.
    MoorePenrose,
    /// Through U, s and V, by the paper's rule (SVD-inv).
    Paper,
    /// Through U, s and V, 1/(sⱼ² − sᵢ²) as a Taylor series of nine terms.
    Taylor,
    /// Through U, s and V, |1/(sⱼ² − sᵢ²)| s₁² at most 10⁶.
    Clip,
    /// Through U, s and V, 1/(sⱼ² − sᵢ²) whatever the values are.
    Plain,
}

impl Method {
    /// All, in the order of the tables.
    pub const ALL: [Method; 6] =
        [Method::Exact, Method::MoorePenrose, Method::Paper, Method::Taylor, Method::Clip, Method::Plain];

    /// As the tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Method::Exact => "exact (spectral)",
            Method::MoorePenrose => "Moore-Penrose",
            Method::Paper => "paper",
            Method::Taylor => "Taylor, 9 terms",
            Method::Clip => "clip, 1e6",
            Method::Plain => "plain",
        }
    }

    fn rule(self) -> Option<Rule<f64>> {
        match self {
            Method::Exact => None,
            Method::MoorePenrose => Some(Rule::minimum_norm()),
            Method::Paper => Some(Rule::published()),
            Method::Taylor => Some(Rule::new(AtEqual::Taylor(9))),
            Method::Clip => Some(Rule::new(AtEqual::Clip(1e6))),
            Method::Plain => Some(Rule::plain()),
        }
    }

    /// U max(S − σ(c) s₁, 0) Vᵀ of every matrix of `x`, for one number c.
    ///
    /// At equal s₁ and s₂ the largest singular value has a kink: all methods take the derivative s₁ has for the vectors that were computed.
    pub fn shrink(self, x: &Tensor, c: &Tensor) -> Result<Tensor> {
        let share = candle_nn::ops::sigmoid(c)?;
        self.with_threshold(x, |s| s.narrow(D::Minus1, 0, 1)?.broadcast_mul(&share))
    }

    /// U max(S − τ, 0) Vᵀ of every matrix of `x`, for a threshold that does not depend on it.
    pub fn shrink_at(self, x: &Tensor, threshold: f64) -> Result<Tensor> {
        self.with_threshold(x, |s| Tensor::full(threshold, 1, s.device())?.to_dtype(s.dtype()))
    }

    fn with_threshold(self, x: &Tensor, threshold: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        let Some(rule) = self.rule() else {
            return svt(x, &threshold(&svdvals(x)?)?.flatten_all()?);
        };
        let (u, s, v) = svd_with(x, &Options::default().rule(rule))?;
        let shrunk = s.broadcast_sub(&threshold(&s)?)?.relu()?;
        u.broadcast_mul(&shrunk.unsqueeze(D::Minus2)?)?.matmul(&v.t()?.contiguous()?)
    }
}
