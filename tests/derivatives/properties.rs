//! Property tests of the backward and forward rules: adjointness and covariance for every rule, with shapes, spectra, parts of the cotangent,
//! tolerances and scales drawn at random. Differences over the gap sweep are in `finite_difference`.

use super::adjoint::{ADJOINT, cotangents, defect};
use crate::support::derivatives::{Parts, Triplets, all_rules, jvp, mul, norm, plus, times, vjp};
use crate::support::drawn::Recipe;
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectral::whole;
use crate::support::strategies::recipe;
use diffsvd::{AtEqual, Mat, Real, Rule, Scalar, Tolerance};
use num_complex::Complex;
use num_traits::One;
use proptest::prelude::*;

/// c of c max(m, n) ε, relative to ‖gA‖ or ‖g‖ over the smallest divisor, whichever is larger.
/// Measured over 1500 problems in four types: 2.5.
const BOUND: f64 = 5.0;

/// A recipe, fewer triplets than it has, fewer than these in the loss, the parts of the cotangent, and the exponent of c in A → cA.
#[derive(Clone, Copy, Debug)]
struct Problem {
    recipe: Recipe,
    compact: usize,
    truncated: usize,
    mask: u8,
    /// From −1 to 1.
    scale: f64,
}

impl Problem {
    fn triplets<S: Scalar>(&self, random: &mut Random) -> Triplets<S> {
        // 1/s² must not overflow in the norms that the checks take.
        let floor = if S::Real::MAX_EXPONENT < 200 { 1e-12 } else { 1e-100 };
        let s: Vec<f64> = self.recipe.values().into_iter().map(|s| if s < floor { 0.0 } else { s }).collect();
        let k = s.len() - self.compact.min(s.len());
        Triplets::random(self.recipe.rows, self.recipe.cols, &s[..k], random)
    }

    fn parts<S: Scalar>(&self, triplets: &Triplets<S>, random: &mut Random) -> Parts<S> {
        let r = triplets.s.len() - self.truncated.min(triplets.s.len());
        cotangents(self.recipe.rows, self.recipe.cols, r, self.mask, random)
    }
}

fn problem() -> impl Strategy<Value = Problem> {
    (recipe(9), 0_usize..3, 0_usize..4, 1_u8..16, -1.0..1.0_f64)
        .prop_map(|(recipe, compact, truncated, mask, scale)| Problem { recipe, compact, truncated, mask, scale })
}

fn adjointness<S: Entry>(problem: &Problem) {
    let mut random = Random::new(problem.recipe.seed);
    let triplets = problem.triplets::<S>(&mut random);
    for rule in all_rules() {
        let bar = problem.parts(&triplets, &mut random);
        let defect = defect(&triplets.view(), &bar, &rule, &mut random);
        assert!(defect <= ADJOINT, "{} {rule:?}: {defect} max(m, n) ε", S::NAME);
    }
}

/// What A → QAR, A → Aᴴ and A → cA make of a problem with given factors, and of its gradient.
fn covariance<S: Entry>(problem: &Problem) {
    let mut random = Random::new(problem.recipe.seed);
    let triplets = problem.triplets::<S>(&mut random);
    let (m, n) = (problem.recipe.rows, problem.recipe.cols);
    let (q, r) = (random.orthonormal::<S>(m, m), random.orthonormal::<S>(n, n));
    let behind = r.adjoint();
    let bar = problem.parts(&triplets, &mut random);
    let both = |parts: &Parts<S>, u: &dyn Fn(&Mat<S>) -> Mat<S>, v: &dyn Fn(&Mat<S>) -> Mat<S>| Parts {
        u: parts.u.as_ref().map(u),
        v: parts.v.as_ref().map(v),
        ..parts.clone()
    };
    let turned = Triplets { u: mul(&q, &triplets.u), s: triplets.s.clone(), v: mul(&behind, &triplets.v) };
    let turned_bar = both(&bar, &|u| mul(&q, u), &|v| mul(&behind, v));
    let mirrored = Triplets { u: triplets.v.clone(), s: triplets.s.clone(), v: triplets.u.clone() };
    let exchanged =
        Parts { u: bar.v.clone(), v: bar.u.clone(), s_matrix: bar.s_matrix.as_ref().map(Mat::adjoint), ..bar.clone() };
    let p = whole(0.4 * problem.scale * f64::from(S::Real::MAX_EXPONENT));
    let c = S::Real::one().mul_pow2(p);
    let scaled = Triplets { s: triplets.s.iter().map(|&s| s * c).collect(), ..triplets.clone() };
    let shrunk = Parts {
        s: bar.s.as_ref().map(|s| s.iter().map(|&s| s.mul_pow2(-p)).collect()),
        s_matrix: bar.s_matrix.as_ref().map(|s| times(S::Real::one().mul_pow2(-p), s)),
        ..bar.clone()
    };
    let a_dot = random.matrix::<S>(m, n);
    for rule in all_rules() {
        let gradient =
            |triplets: &Triplets<S>, bar: &Parts<S>| vjp(&triplets.view(), bar, &rule).map(|gradient| gradient.a);
        let Ok(unit) = gradient(&triplets, &bar) else {
            assert_eq!(rule.at_equal, AtEqual::Plain);
            continue;
        };
        // Clipping bounds a coefficient, not what is multiplied by it.
        let bound = if matches!(rule.at_equal, AtEqual::Clip(_)) { 60.0 * BOUND } else { BOUND };
        let divisor = smallest_divisor(&rule, &triplets);
        let size = norm(&unit).larger(bar.norm() / divisor);
        let same = |how: &str, other: &Mat<S>, expected: &Mat<S>| {
            let change = norm(&plus(other, -S::Real::one(), expected)) / size / S::Real::EPSILON;
            println!("{how} {:.2} at {} {rule:?}", change.to_f64() / m.max(n).max(1) as f64, S::NAME);
            assert!(change.to_f64() <= bound * m.max(n) as f64, "{} {rule:?}, {how}: {change:?} ε", S::NAME);
        };
        if size > S::Real::from_f64(0.0) {
            same("A → QAR", &gradient(&turned, &turned_bar).expect("a gradient"), &mul(&mul(&q, &unit), &r));
            // The published rule gives what stands at equal values to U alone.
            if rule.at_equal != AtEqual::Published {
                same("A → Aᴴ", &gradient(&mirrored, &exchanged).expect("a gradient").adjoint(), &unit);
            }
            let back = times(c, &gradient(&scaled, &shrunk).expect("a gradient"));
            same("A → cA", &back, &unit);
        }
        let dot = jvp(&triplets.view(), &a_dot, &rule, &bar).expect("tangents");
        let moved = jvp(&turned.view(), &mul(&mul(&q, &a_dot), &r), &rule, &turned_bar).expect("tangents");
        let expected = both(&dot, &|u| mul(&q, u), &|v| mul(&behind, v));
        let difference = [(&moved.u, &expected.u), (&moved.v, &expected.v)]
            .into_iter()
            .filter_map(|(x, y)| Some(norm(&plus(x.as_ref()?, -S::Real::one(), y.as_ref()?))));
        let change = difference.fold(S::Real::from_f64(0.0), Real::larger).to_f64();
        let size = dot.norm().larger(norm(&a_dot) / divisor).to_f64() * S::Real::EPSILON.to_f64();
        println!("forward {:.2} at {} {rule:?}", change / size.max(1e-300) / m.max(n).max(1) as f64, S::NAME);
        assert!(change <= bound * m.max(n) as f64 * size, "{} {rule:?}, forward: {change:e}", S::NAME);
    }
}

/// By what the rule divides at most: the smallest gap and the smallest value that do not count as zero.
fn smallest_divisor<S: Scalar>(rule: &Rule<S::Real>, triplets: &Triplets<S>) -> S::Real {
    let (s, zero) = (&triplets.s, S::Real::from_f64(0.0));
    let largest = s.first().copied().unwrap_or(zero);
    let cuts =
        matches!(rule.at_equal, AtEqual::Reconstruct | AtEqual::MinimumNorm | AtEqual::Published | AtEqual::Zeroing);
    let shape = (triplets.u.rows(), triplets.v.rows());
    let cut = if cuts { Tolerance::Default.absolute(shape, largest) } else { zero };
    let divisors = s.windows(2).map(|pair| pair[0] - pair[1]).chain(s.iter().copied());
    divisors.filter(|&x| x > cut).fold(S::Real::one(), Real::smaller)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forward_and_backward_are_adjoint(problem in problem()) {
        adjointness::<f32>(&problem);
        adjointness::<f64>(&problem);
        adjointness::<Complex<f32>>(&problem);
        adjointness::<Complex<f64>>(&problem);
    }

    #[test]
    fn gradients_turn_and_scale_with_the_matrix(problem in problem()) {
        covariance::<f32>(&problem);
        covariance::<f64>(&problem);
        covariance::<Complex<f32>>(&problem);
        covariance::<Complex<f64>>(&problem);
    }
}
