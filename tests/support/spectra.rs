//! Singular values that are equal, nearly equal, zero, tiny or hugely spread on purpose.
//!
//! Property tests and fuzz targets draw a [`Spectrum`] and a seed; the values follow from them.

use super::random::Random;

/// How the singular values lie. From `OneLarge` to `LogUniform` they are the modes 1 to 5 of LAPACK's test-matrix generator `latms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spectrum {
    /// All zero.
    Zero,
    /// All one: a unitary matrix.
    AllEqual,
    /// 1, and the rest 1/`cond`.
    OneLarge { cond: f64 },
    /// 1 but for the last, 1/`cond`.
    OneSmall { cond: f64 },
    /// From 1 to 1/`cond` in equal ratios.
    Geometric { cond: f64 },
    /// From 1 to 1/`cond` in equal steps.
    Arithmetic { cond: f64 },
    /// Uniform logarithms between 1 and 1/`cond`.
    LogUniform { cond: f64 },
    /// Blocks of `size` values that differ by the relative gap `gap`; 0 makes them equal.
    Clusters { size: usize, gap: f64 },
    /// Random, of numerical rank `rank` (at most all): the rest are zero.
    LowRank { rank: usize },
    /// One huge ratio: half of the values near 1, the others near `tiny`.
    TwoScales { tiny: f64 },
}

impl Spectrum {
    /// `k` values, descending, the largest 1 (or 0).
    pub(crate) fn values(self, k: usize, random: &mut Random) -> Vec<f64> {
        let t = |i: usize| if k < 2 { 0.0 } else { i as f64 / (k - 1) as f64 };
        let mut s: Vec<f64> = (0..k)
            .map(|i| match self {
                Spectrum::Zero => 0.0,
                Spectrum::AllEqual => 1.0,
                Spectrum::OneLarge { cond } => {
                    if i == 0 {
                        1.0
                    } else {
                        1.0 / cond
                    }
                }
                Spectrum::OneSmall { cond } => {
                    if i + 1 == k {
                        1.0 / cond
                    } else {
                        1.0
                    }
                }
                Spectrum::Geometric { cond } => cond.powf(-t(i)),
                Spectrum::Arithmetic { cond } => 1.0 - t(i) * (1.0 - 1.0 / cond),
                Spectrum::LogUniform { cond } => cond.powf(-random.unit()),
                Spectrum::Clusters { size, gap } => {
                    let (block, place) = (i / size.max(1), i % size.max(1));
                    0.7_f64.powf(block as f64) * (1.0 - gap * place as f64)
                }
                Spectrum::LowRank { rank } => {
                    if i < rank {
                        random.between(0.2, 1.0)
                    } else {
                        0.0
                    }
                }
                Spectrum::TwoScales { tiny } => random.between(0.5, 1.0) * if 2 * i < k { 1.0 } else { tiny },
            })
            .collect();
        s.sort_by(|a, b| b.total_cmp(a));
        s
    }
}
