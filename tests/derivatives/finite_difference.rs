//! Derivatives near degenerate spectra against differences, the relative gap swept over {1, 1e-2, …, 1e-12, 0}.
//!
//! `docs/derivatives.md`, section 7, says how differences are used: only of losses that do not depend on the gauge; with the
//! crate's own code in double-double arithmetic as the reference where plain differences are not good enough.
//!
//! Every error is along a random direction of unit norm, relative to the weight ‖G‖ of the loss and in units of (max(m, n) + 10) ε,
//! the default tolerance.
//! With δ the smallest gap that is not cut and the smallest singular value that is not zero, the bounds are:
//!
//! - `SEEN`/δ for every rule, while the gap is seen;
//! - `EXACT`/δ for the rules that are exact at equal values, once the gap counts as zero (δ is then that of the other values);
//! - |f(s)/s − f′(s)| (*reconstruct*) or |f′(s)| (*minimum norm*) in addition for the others.

use crate::support::derivatives::{Parts, Triplets, inner, jvp, minus, norm, plus, times, vjp, wide};
use crate::support::double_double::Dd;
use crate::support::entry::{Entry, widen_real};
use crate::support::losses::{Function, Loss, central_difference, reference};
use crate::support::random::Random;
use diffsvd::{Mat, Real, Rule, Scalar, Tolerance};
use num_complex::Complex;
use proptest::prelude::*;

const GAPS: [f64; 8] = [1.0, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 0.0];

/// Measured over 3000 problems a type: 0.2.
const SEEN: f64 = 0.5;
/// Measured: 0.75; it contains what a gap just below the tolerance would still have contributed.
const EXACT: f64 = 2.0;

/// A matrix of unit norm with a cluster of values on purpose.
#[derive(Clone, Copy, Debug)]
struct Problem {
    shape: (usize, usize),
    /// Values in the cluster.
    cluster: usize,
    /// Relative to s₁ = 1; 1 means values that are well apart.
    gap: f64,
    /// Where the cluster lies; below 1 there is one value above it.
    level: f64,
    /// The ratio of the values below the cluster, from the first one on; 0 makes them zero.
    ratio: f64,
    seed: u64,
}

impl Problem {
    fn values(&self) -> Vec<f64> {
        let above = usize::from(self.level < 1.0);
        let below = above + self.cluster;
        let step = self.gap.min(0.15 * self.level);
        let value = |i: usize| match i {
            i if i < above => 1.0,
            i if i < below => self.level - step * (i - above) as f64,
            i => self.level * 0.5 * self.ratio.powi((i - below + 1).try_into().expect("a small number")),
        };
        (0..self.shape.0.min(self.shape.1)).map(value).collect()
    }

    fn rank(&self) -> usize {
        self.values().iter().filter(|&&s| s > 0.0).count()
    }

    fn matrix<S: Scalar>(&self) -> Mat<S> {
        Random::new(self.seed).with_singular_values(self.shape.0, self.shape.1, &self.values())
    }
}

/// Tall, square and wide; clusters of two to four, at s₁ and below it; the others at ratios drawn from `ratio`.
fn problem(ratio: impl Strategy<Value = f64>) -> impl Strategy<Value = Problem> {
    let (gap, level) = (proptest::sample::select(&GAPS[..]), proptest::sample::select(vec![1.0, 0.5, 0.1]));
    (2..5_usize, 0..3_usize, 0..3_usize, 0..3_usize, gap, level, ratio, any::<u64>()).prop_map(
        |(cluster, others, longer, side, gap, level, ratio, seed)| {
            let k = cluster + others + usize::from(level < 1.0);
            let shape = [(k, k), (k + longer, k), (k, k + longer)][side];
            Problem { shape, cluster, gap, level, ratio, seed }
        },
    )
}

/// (max(m, n) + 10) ε.
fn unit<R: Real>(problem: &Problem) -> f64 {
    Tolerance::Default.absolute(problem.shape, R::from_f64(1.0)).to_f64()
}

/// One comparison of a rule with the reference.
struct Comparison {
    /// In units of (max(m, n) + 10) ε ‖G‖, the worse of backward and forward.
    error: f64,
    /// δ.
    divisor: f64,
    /// Whether a block of equal values was met, and its largest value.
    block: Option<f64>,
}

impl Comparison {
    fn new<S: Entry>(problem: &Problem, loss: Loss, rule: &Rule<S::Real>) -> Self {
        let (m, n) = problem.shape;
        let (a, g, b) = setting::<S>(problem, loss);
        let triplets = Triplets::of(&a);
        let bar = loss.cotangents(&g, &triplets);
        let gradient = vjp(&triplets.view(), &bar, rule).expect("a gradient");
        // A pair whose gap is cut although it is not quite zero leaves a residual of the size of the gap.
        let residual = gradient.report.gauge_residual.to_f64();
        assert!(residual <= 4.0 * unit::<S::Real>(problem), "gauge residual {residual}");
        let forward = bar.inner(&jvp(&triplets.view(), &b, rule, &bar).expect("tangents"));
        let reference = reference(loss, &g, &a, &b);
        let unit = unit::<S::Real>(problem) * norm(&g).to_f64();
        let error = |derivative: S::Real| (derivative.to_f64() - reference).abs() / unit;
        let tolerance = Tolerance::Default.absolute((m, n), triplets.s[0]).to_f64();
        let s: Vec<f64> = triplets.s.iter().map(|s| s.to_f64()).collect();
        let gaps: Vec<f64> = s.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let divisors = gaps.iter().chain(&s).copied().filter(|&x| x > tolerance);
        let block = (0..gaps.len()).find(|&i| gaps[i] <= tolerance && s[i] > tolerance).map(|i| s[i]);
        assert_eq!(block.is_some(), gradient.report.equal_pairs > 0, "{:?}", triplets.s);
        Comparison {
            error: error(inner(&gradient.a, &b)).max(error(forward)),
            divisor: divisors.fold(1.0, f64::min),
            block,
        }
    }

    /// Error over bound, where the rule misses the block by `miss`.
    fn ratio<R: Real>(&self, problem: &Problem, miss: impl Fn(f64) -> f64) -> f64 {
        let c = if self.block.is_some() { EXACT } else { SEEN };
        self.error / (c / self.divisor + self.block.map_or(0.0, miss) / unit::<R>(problem))
    }
}

/// The rules and losses that are exact at equal values.
fn exact_pairs<R: Real>() -> Vec<(Rule<R>, Loss)> {
    let mut pairs = vec![
        (Rule::reconstruct(), Loss::Spectral(Function::Identity)),
        (Rule::minimum_norm(), Loss::Spectral(Function::One)),
    ];
    for f in Function::ALL {
        pairs.push((Rule::reconstruct(), Loss::Block(f)));
        pairs.push((Rule::reconstruct(), Loss::Values(f)));
    }
    pairs
}

/// Worst ratio of error and bound.
fn worst_exact<S: Entry>(problem: &Problem) -> f64 {
    let cut = problem.cluster + usize::from(problem.level < 1.0);
    let projectors = [Loss::LeftProjector(cut), Loss::RightProjector(cut)].map(|loss| (Rule::minimum_norm(), loss));
    let all = exact_pairs().into_iter().chain(projectors);
    let ratio = |(rule, loss)| Comparison::new::<S>(problem, loss, &rule).ratio::<S::Real>(problem, |_| 0.0);
    all.map(ratio).fold(0.0, f64::max)
}

/// Losses U f(S) Vᴴ by rules that do not know f′.
fn worst_guess<S: Entry>(problem: &Problem, f: Function) -> f64 {
    let slope_error = |s: f64| (f.value(s) / s - f.derivative(s)).abs();
    let slope = |s: f64| f.derivative(s).abs();
    let loss = Loss::Spectral(f);
    let reconstruct = Comparison::new::<S>(problem, loss, &Rule::reconstruct());
    let minimum_norm = Comparison::new::<S>(problem, loss, &Rule::minimum_norm());
    reconstruct.ratio::<S::Real>(problem, slope_error).max(minimum_norm.ratio::<S::Real>(problem, slope))
}

/// Zero and hugely spread values below the cluster: the losses that remain differentiable, or linear, there.
fn worst_spread<S: Entry>(problem: &Problem) -> f64 {
    let rank = problem.rank();
    let mut losses = vec![Loss::Block(Function::Cube), Loss::Values(Function::Cube)];
    if problem.ratio > 0.0 {
        losses.push(Loss::Spectral(Function::Identity));
    } else {
        losses.extend([Loss::LeftProjector(rank), Loss::Truncated(Function::Identity, rank)]);
    }
    let rule = |loss| if matches!(loss, Loss::LeftProjector(_)) { Rule::minimum_norm() } else { Rule::reconstruct() };
    let ratio = |loss| Comparison::new::<S>(problem, loss, &rule(loss)).ratio::<S::Real>(problem, |_| 0.0);
    losses.into_iter().map(ratio).fold(0.0, f64::max)
}

/// Ratios between the values below the cluster that the type resolves, and zero.
fn spread(smallest: f64) -> impl Strategy<Value = f64> {
    proptest::sample::select(vec![0.0, 0.1, smallest.sqrt(), smallest])
}

/// Panics where a bound is missed.
fn near_degenerate<S: Entry>(problem: &Problem) {
    let worst = worst_exact::<S>(problem);
    assert!(worst <= 1.0, "{}: {worst} of the bound", S::NAME);
    for f in Function::ALL {
        let worst = worst_guess::<S>(problem, f);
        assert!(worst <= 1.0, "{} {f:?}: {worst} of the bound", S::NAME);
    }
}

fn zero_and_spread<S: Entry>(problem: &Problem) {
    let worst = worst_spread::<S>(problem);
    assert!(worst <= 1.0, "{}: {worst} of the bound", S::NAME);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn near_degenerate_spectra_single(problem in problem(Just(0.6))) {
        near_degenerate::<f32>(&problem);
        near_degenerate::<Complex<f32>>(&problem);
    }

    #[test]
    fn near_degenerate_spectra_double(problem in problem(Just(0.6))) {
        near_degenerate::<f64>(&problem);
        near_degenerate::<Complex<f64>>(&problem);
    }

    #[test]
    fn zero_and_spread_values_single(problem in problem(spread(1e-2))) {
        zero_and_spread::<f32>(&problem);
        zero_and_spread::<Complex<f32>>(&problem);
    }

    #[test]
    fn zero_and_spread_values_double(problem in problem(spread(1e-6))) {
        zero_and_spread::<f64>(&problem);
        zero_and_spread::<Complex<f64>>(&problem);
    }
}

/// The sweep itself, one line a gap: with `--nocapture` it prints the table of `docs/derivatives.md`, section 7.
#[test]
fn sweep_of_the_gap() {
    println!("| relative gap | plain | reconstruct, f = s + 0.1 | block cotangent | plain differences |");
    for gap in GAPS {
        let mut worst = [0.0_f64; 4];
        for seed in 0..20 {
            let problem = Problem { shape: (5, 4), cluster: 2, gap, level: 1.0, ratio: 0.6, seed };
            let of = |rule, loss| {
                let comparison = Comparison::new::<Complex<f64>>(&problem, loss, &rule);
                comparison.error * unit::<f64>(&problem)
            };
            let untouched = Rule::reconstruct().with_gap_tolerance(0.0);
            let guess = of(Rule::reconstruct(), Loss::Spectral(Function::Shifted));
            let exact = of(Rule::reconstruct(), Loss::Block(Function::Shifted));
            let plain = error_of_plain(&problem, Loss::Spectral(Function::Shifted), &untouched);
            let differences = error_of_differences::<Complex<f64>>(&problem, Loss::Spectral(Function::Shifted));
            for (worst, error) in worst.iter_mut().zip([plain, guess, exact, differences]) {
                *worst = worst.max(error);
            }
        }
        let [plain, guess, exact, differences] = worst;
        println!("| {gap:.0e} | {plain:.0e} | {guess:.0e} | {exact:.0e} | {differences:.0e} |");
        let seen = 20.0 * f64::EPSILON / gap;
        assert!(gap == 0.0 || plain <= seen, "{gap}: {plain}");
        assert!(gap == 0.0 || guess <= seen, "{gap}: {guess}");
        assert!(exact <= if gap == 0.0 { 1e-14 } else { seen }, "{gap}: {exact}");
        assert!(gap > 0.0 || (1e-3..0.1).contains(&guess), "f(s)/s for f′(s): {guess}");
        assert!(differences <= 1e-9, "{gap}: {differences}");
    }
}

/// The error of a rule that does not cut, where its gauge residual says nothing.
fn error_of_plain(problem: &Problem, loss: Loss, rule: &Rule<f64>) -> f64 {
    let (a, g, b) = setting::<Complex<f64>>(problem, loss);
    let triplets = Triplets::of(&a);
    let gradient = vjp(&triplets.view(), &loss.cotangents(&g, &triplets), rule).expect("a gradient");
    (inner(&gradient.a, &b) - reference(loss, &g, &a, &b)).abs() / norm(&g)
}

/// The matrix, the weight of the loss and a direction of unit norm.
fn setting<S: Scalar>(problem: &Problem, loss: Loss) -> (Mat<S>, Mat<S>, Mat<S>) {
    let (m, n) = problem.shape;
    let mut random = Random::new(!problem.seed);
    let (rows, cols) = loss.weight_shape(m, n);
    let (g, b) = (random.matrix(rows, cols), random.matrix::<S>(m, n));
    (problem.matrix(), g, times(S::Real::from_f64(1.0) / norm(&b), &b))
}

/// The error of differences in working precision: O(h²) + O(ε/h), at any gap, for they do not divide by it.
fn error_of_differences<S: Entry>(problem: &Problem, loss: Loss) -> f64 {
    let (a, g, b) = setting::<S>(problem, loss);
    let h = S::Real::from_f64(S::Real::EPSILON.to_f64().cbrt());
    let difference = central_difference(loss, &g, &a, &b, h).to_f64();
    (difference - reference(loss, &g, &a, &b)).abs() / norm(&g).to_f64()
}

/// The tangents of U and V themselves, at distinct values: with the phases of both ends turned so that Im(u₀ᴴu + v₀ᴴv) = 0, which is
/// the gauge of the rule, the difference quotient is dU and dV.
fn aligned_factors<S: Entry>(problem: &Problem) {
    let (a, _, b) = setting::<S>(problem, Loss::Values(Function::One));
    let triplets = Triplets::of(&a);
    let k = triplets.s.len();
    let like = Parts {
        u: Some(Mat::zeros(a.rows(), k)),
        s: Some(triplets.s.clone()),
        v: Some(Mat::zeros(a.cols(), k)),
        s_matrix: None,
    };
    let dot = jvp(&triplets.view(), &b, &Rule::reconstruct(), &like).expect("tangents");
    // The factors in double-double arithmetic, of which `triplets` are the rounded ones.
    let center = align(&Triplets::of(&wide(&a)), &widened(&triplets));
    let h = Dd::from(problem.gap.min(0.1)).mul_pow2(-30);
    let end = |t: Dd| align(&Triplets::of(&plus(&wide(&a), t, &wide(&b))), &center);
    let (plus_end, minus_end) = (end(h), end(-h));
    let quotient = |p: &Mat<S::Wide>, m: &Mat<S::Wide>| times(Dd::from(0.5) / h, &minus(p, m));
    // Both the rounding of the factors and that of the rule are divided by the gap, and the tangents are of size 1/gap.
    let gap = problem.gap.min(0.1);
    let bound = 4.0 * unit::<S::Real>(problem) / (gap * gap) + 1e-12;
    for (ours, p, m) in
        [(dot.u.expect("dU"), &plus_end.u, &minus_end.u), (dot.v.expect("dV"), &plus_end.v, &minus_end.v)]
    {
        let error = norm(&minus(&wide(&ours), &quotient(p, m))).to_f64();
        assert!(error <= bound, "{} {problem:?}: {error:e} > {bound:e}", S::NAME);
    }
    for ((ds, p), m) in dot.s.expect("ds").iter().zip(&plus_end.s).zip(&minus_end.s) {
        let error = ((*p - *m) / (h + h)).to_f64() - ds.to_f64();
        assert!(error.abs() <= unit::<S::Real>(problem) / gap, "{} {problem:?}: ds {error:e}", S::NAME);
    }
}

fn widened<S: Entry>(triplets: &Triplets<S>) -> Triplets<S::Wide> {
    let s = triplets.s.iter().map(|&s| widen_real(s)).collect();
    Triplets { u: wide(&triplets.u), s, v: wide(&triplets.v) }
}

/// Turns the phase of every triplet of `x` so that u₀ᴴu + v₀ᴴv is real and positive.
fn align<S: Scalar>(x: &Triplets<S>, to: &Triplets<S>) -> Triplets<S> {
    let overlap = |j: usize| {
        let of = |a: &Mat<S>, b: &Mat<S>| (0..a.rows()).fold(S::zero(), |sum, i| sum + a[(i, j)].conj() * b[(i, j)]);
        of(&x.u, &to.u) + of(&x.v, &to.v)
    };
    let turns: Vec<S> =
        (0..x.s.len()).map(|j| overlap(j).scale(S::Real::from_f64(1.0) / overlap(j).modulus())).collect();
    let turned = |basis: &Mat<S>| Mat::from_fn(basis.rows(), basis.cols(), |i, j| basis[(i, j)] * turns[j]);
    Triplets { u: turned(&x.u), s: x.s.clone(), v: turned(&x.v) }
}

#[test]
fn tangents_of_the_factors_at_distinct_values() {
    for (seed, &gap) in (0..40).flat_map(|seed| GAPS[..4].iter().map(move |gap| (seed, gap))) {
        for shape in [(4, 4), (6, 4), (4, 6)] {
            let problem = Problem { shape, cluster: 2, gap, level: 1.0, ratio: 0.6, seed };
            aligned_factors::<f64>(&problem);
            aligned_factors::<Complex<f64>>(&problem);
        }
    }
}
