//! Property tests: every check of the factored rules, with shapes, spectra, cuts and scales drawn at random.

use super::support::*;
use super::{complete, covariance, gauge, line, second, truncated};
use diffsvd::Mat;
use proptest::prelude::*;

/// A matrix with r leading values apart from each other, and behind them a cluster of the given relative gap, or zeros.
#[derive(Clone, Copy, Debug)]
struct Spread {
    shape: (usize, usize),
    r: usize,
    /// 0 makes the cluster equal.
    gap: f64,
    /// Where it lies, relative to the last leading value; 0 for zeros.
    level: f64,
    seed: u64,
}

impl Spread {
    fn values(&self) -> Vec<f64> {
        let leading = |i: usize| 2.0 * 0.75_f64.powf(i as f64);
        let last = leading(self.r - 1) * self.level;
        let value = |i: usize| {
            if i < self.r { leading(i) } else { last * (1.0 - 0.1 * self.gap * (i - self.r) as f64) }
        };
        (0..self.shape.0.min(self.shape.1)).map(value).collect()
    }

    fn matrix<S: diffsvd::Scalar<Real = f64>>(&self) -> (Mat<S>, Random) {
        let mut random = Random(self.seed);
        (random.with_values(self.shape.0, self.shape.1, &self.values()), random)
    }
}

/// 1, 10⁻¹, …, 10⁻¹⁶, and none.
fn gap() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 4 => (0_i32..=16).prop_map(|p| 10_f64.powi(-p))]
}

fn spread() -> impl Strategy<Value = Spread> {
    let level = prop_oneof![3 => 0.2..0.8_f64, 1 => Just(0.0)];
    (1_usize..8, 1_usize..8, 0_usize..4, gap(), level, any::<u64>()).prop_map(|(m, n, cut, gap, level, seed)| Spread {
        shape: (m, n),
        r: 1 + cut % m.min(n),
        gap,
        level,
        seed,
    })
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(48))]

    /// The truncated rules, and those of r triplets and A alone: differences in 31 digits, adjointness.
    #[test]
    fn truncation(spread in spread()) {
        let (a, mut random) = spread.matrix::<f64>();
        truncated::check::<f64, Dd>(&a, spread.r, &mut random);
        let (a, mut random) = spread.matrix::<C64>();
        truncated::check::<C64, Complex<Dd>>(&a, spread.r, &mut random);
    }

    /// Hessian-vector products: differences of the backward rule in 31 digits, symmetry.
    #[test]
    fn second_order(spread in spread()) {
        let (a, mut random) = spread.matrix::<f64>();
        second::check::<f64, Dd>(&a, spread.r, &mut random);
        let (a, mut random) = spread.matrix::<C64>();
        second::check::<C64, Complex<Dd>>(&a, spread.r, &mut random);
    }

    /// Complete bases: null spaces of any dimension.
    #[test]
    fn complete_bases(spread in spread()) {
        let zeros = Spread { level: 0.0, ..spread };
        let (a, mut random) = zeros.matrix::<f64>();
        complete::check::<f64, Dd>(&a, spread.r, &mut random);
        let (a, mut random) = zeros.matrix::<C64>();
        complete::check::<C64, Complex<Dd>>(&a, spread.r, &mut random);
    }

    /// The gauge-invariant part of a cotangent.
    #[test]
    fn projection_of_cotangents(spread in spread(), cut in 1_usize..8) {
        let r = cut.min(spread.values().len());
        let (a, mut random) = spread.matrix::<f64>();
        gauge::projection(&a, r, &mut random);
        let (a, mut random) = spread.matrix::<C64>();
        gauge::projection(&a, r, &mut random);
    }

    /// A → QAR, A → Aᴴ, A → cA over the exponent range.
    #[test]
    fn covariance_of_every_rule(spread in spread(), exponent in -400..=400) {
        let (mut random, s) = (Random(spread.seed), spread.values());
        let problem = covariance::Problem::<f64>::random(spread.shape, &s, spread.r, &mut random);
        covariance::check(&problem, 0.1, exponent, &mut random);
        let problem = covariance::Problem::<C64>::random(spread.shape, &s, spread.r, &mut random);
        covariance::check(&problem, 0.1, exponent, &mut random);
    }
}

/// One of the degenerate spectra of the branches: blocks of any size, zeros among them.
fn blocks() -> impl Strategy<Value = Vec<f64>> {
    (1_usize..6, any::<u32>()).prop_map(|(k, equal)| {
        let mut value = 4.0;
        let mut values = Vec::new();
        for i in 0..k {
            // Two bits a value: most are equal to the one before, and the last ones may be zero.
            value *= if equal >> (2 * i) & 3 < 2 { 1.0 } else { 0.7 };
            values.push(if equal >> 31 == 1 && i + 2 > k { 0.0 } else { value });
        }
        values
    })
}

proptest! {
    #![proptest_config(config(24))]

    /// The branches along a line against differences of the tracked branches in 31 digits.
    #[test]
    fn branches(values in blocks(), longer in 0_usize..3, wide in any::<bool>(), seed in any::<u64>()) {
        let k = values.len();
        let shape = if wide { (k, k + longer) } else { (k + longer, k) };
        line::check::<Dd>(shape, &values, &mut Random(seed), line::DOUBLE_DOUBLE);
        line::check::<Complex<Dd>>(shape, &values, &mut Random(seed), line::DOUBLE_DOUBLE);
    }
}
