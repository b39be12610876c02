//! Proptest strategies: shapes and spectra that are degenerate on purpose.

use diffsvd::{Mat, Scalar};
use proptest::prelude::*;

use super::random::Random;
use super::spectra::Spectrum;
use super::spectral::{Case, Pattern};

/// Everything that a random matrix follows from. Small on purpose: a failing one prints as a line that can be pasted into a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) spectrum: Spectrum,
    pub(crate) seed: u64,
}

impl Recipe {
    /// min(m, n).
    pub(crate) fn k(&self) -> usize {
        self.rows.min(self.cols)
    }

    /// The singular values that are meant.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.spectrum.values(self.k(), &mut Random::new(self.seed))
    }

    /// A random matrix with these singular values, but for rounding.
    pub(crate) fn matrix<S: Scalar>(&self) -> Mat<S> {
        Random::new(!self.seed).with_singular_values(self.rows, self.cols, &self.values())
    }
}

/// 10⁻¹, …, 10⁻¹⁶, or exactly 0: the relative gaps of the sweeps.
pub(crate) fn gap() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(0.0), 5 => (1_i32..=16).prop_map(|p| 10_f64.powi(-p))]
}

/// Condition numbers, most of them beyond what the type resolves.
pub(crate) fn condition() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), Just(10.0), (1_i32..=30).prop_map(|p| 10_f64.powi(p))]
}

/// Any [`Spectrum`], the degenerate ones as often as the others.
pub(crate) fn spectrum() -> impl Strategy<Value = Spectrum> {
    prop_oneof![
        1 => Just(Spectrum::Zero),
        2 => Just(Spectrum::AllEqual),
        1 => condition().prop_map(|cond| Spectrum::OneLarge { cond }),
        1 => condition().prop_map(|cond| Spectrum::OneSmall { cond }),
        2 => condition().prop_map(|cond| Spectrum::Geometric { cond }),
        2 => condition().prop_map(|cond| Spectrum::Arithmetic { cond }),
        2 => condition().prop_map(|cond| Spectrum::LogUniform { cond }),
        6 => (2_usize..5, gap()).prop_map(|(size, gap)| Spectrum::Clusters { size, gap }),
        3 => (0_usize..6).prop_map(|rank| Spectrum::LowRank { rank }),
        2 => (1_i32..=30).prop_map(|p| Spectrum::TwoScales { tiny: 10_f64.powi(-p) }),
    ]
}

/// Recipes of at most `largest` rows and columns, empty ones among them.
pub(crate) fn recipe(largest: usize) -> impl Strategy<Value = Recipe> {
    (0..=largest, 0..=largest, spectrum(), any::<u64>()).prop_map(|(rows, cols, spectrum, seed)| Recipe {
        rows,
        cols,
        spectrum,
        seed,
    })
}

/// Shapes, gaps, degeneracies and scales for the functions of the singular values: `values` of them, up to four more rows or columns.
pub(crate) fn case(values: impl Strategy<Value = usize>) -> impl Strategy<Value = Case> {
    let pattern = prop_oneof![
        3 => Just(Pattern::Pairs),
        1 => Just(Pattern::Triple),
        1 => Just(Pattern::Quadruple),
        1 => Just(Pattern::Pair),
    ];
    let gap = prop_oneof![1 => Just(1.0), 16 => gap()];
    (values, 0_usize..5, 0_usize..3, pattern, gap, any::<u64>(), -1.0..1.0_f64).prop_map(
        |(k, longer, side, pattern, gap, seed, scale)| {
            let shape = [(k, k), (k + longer, k), (k, k + longer)][side];
            Case { shape, pattern, gap, seed, scale }
        },
    )
}
