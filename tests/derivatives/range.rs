//! Derivatives over the exponent range: those of c·A scale as they must, for every rule.
//!
//! With the factors (U, c s, V) of c A: dU and dV along dA scale with 1/c, ds with 1; the gradient of cotangents of U and V with 1/c,
//! that of cotangents of s with 1.

use crate::support::derivatives::{Parts, Triplets, all_rules, jvp, norm, relative_error, times, vjp};
use crate::support::entry::Entry;
use crate::support::random::Random;
use diffsvd::{AtEqual, Mat, Real, Rule, Scalar};
use num_complex::Complex;

const SPECTRA: [[f64; 4]; 5] =
    [[4.0, 3.0, 2.0, 1.0], [2.0, 2.0, 1.0, 0.5], [2.0, 1.0, 1.0, 1.0], [2.0, 2.0, 0.0, 0.0], [1.0, 0.999, 1e-3, 0.0]];

/// Powers of two, so that c s is exact, from 2^−largest to 2^largest: 1e-150 … 1e150 in double, 1e-18 … 1e18 in single precision.
fn scales<R: Real>(largest: i32) -> Vec<R> {
    let step = usize::try_from(largest / 6).expect("a small number");
    (-largest..=largest).step_by(step).map(|p| R::from_f64(1.0).mul_pow2(p)).collect()
}

fn finite<S: Scalar>(a: &Mat<S>) -> bool {
    a.as_slice().iter().all(|x| x.is_finite())
}

fn scaling<S: Entry>(largest: i32) {
    let mut random = Random::new(41);
    let tolerance = 32.0 * S::Real::EPSILON.to_f64();
    for ((m, n), s) in [(4, 4), (6, 4), (4, 6)].into_iter().flat_map(|shape| SPECTRA.map(|s| (shape, s))) {
        let triplets = Triplets::<S>::random(m, n, &s, &mut random);
        let vectors = Parts { u: Some(random.matrix(m, 4)), v: Some(random.matrix(n, 4)), ..Parts::default() };
        let values = Parts { s: Some((0..4).map(|_| random.entry()).collect()), ..Parts::default() };
        let a_dot = random.matrix::<S>(m, n);
        for rule in all_rules() {
            let plain = rule.at_equal == AtEqual::Plain;
            let reference = (
                vjp(&triplets.view(), &vectors, &rule),
                vjp(&triplets.view(), &values, &rule).expect("a gradient").a,
                jvp(&triplets.view(), &a_dot, &rule, &vectors),
            );
            for c in scales::<S::Real>(largest) {
                let scaled = Triplets { s: triplets.s.iter().map(|&s| s * c).collect(), ..triplets.clone() };
                let what = || format!("{} {m}×{n} c = {c:?} s = {s:?} {rule:?}", S::NAME);
                let close = |ours: &Mat<S>, expected: &Mat<S>| {
                    assert!(finite(ours), "{}", what());
                    let error = relative_error(ours, expected);
                    assert!(norm(expected) == S::Real::from_f64(0.0) || error <= tolerance, "{}: {error:e}", what());
                };
                close(&vjp(&scaled.view(), &values, &rule).expect("a gradient").a, &reference.1);
                let (gradient, tangent) =
                    (vjp(&scaled.view(), &vectors, &rule), jvp(&scaled.view(), &times(c, &a_dot), &rule, &vectors));
                match (&reference.0, &reference.2, gradient, tangent) {
                    (Ok(expected), Ok(dot), Ok(gradient), Ok(tangent)) => {
                        close(&times(c, &gradient.a), &expected.a);
                        close(tangent.u.as_ref().expect("dU"), dot.u.as_ref().expect("dU"));
                        close(tangent.v.as_ref().expect("dV"), dot.v.as_ref().expect("dV"));
                        let (ours, theirs) = (gradient.report, expected.report);
                        assert_eq!((ours.equal_pairs, ours.zeros), (theirs.equal_pairs, theirs.zeros), "{}", what());
                        let change = (ours.gauge_residual - theirs.gauge_residual).abs().to_f64();
                        assert!(change <= tolerance, "{}", what());
                    }
                    (Err(_), Err(_), Err(_), Err(_)) if plain => {}
                    other => panic!("{}: {other:?}", what()),
                }
            }
        }
    }
}

#[test]
fn derivatives_of_a_multiple_scale_as_they_must() {
    scaling::<f32>(60);
    scaling::<Complex<f32>>(60);
    scaling::<f64>(498);
    scaling::<Complex<f64>>(498);
}

/// The gauge residual does not depend on the size of the cotangents, up to the ends of the range.
#[test]
fn the_gauge_residual_holds_over_the_whole_range() {
    let mut random = Random::new(42);
    let triplets = Triplets::<Complex<f64>>::random(5, 4, &[2.0, 2.0, 1.0, 0.0], &mut random);
    let (gu, gv) = (random.matrix(5, 4), random.matrix(4, 4));
    let residual = |c: f64| {
        let bar = Parts { u: Some(times(c, &gu)), v: Some(times(c, &gv)), ..Parts::default() };
        vjp(&triplets.view(), &bar, &Rule::default()).expect("a gradient").report.gauge_residual
    };
    let expected = residual(1.0);
    assert!((0.1..1.0).contains(&expected), "{expected}");
    for c in [1e-290, 1e-200, 1e-100, 1e100, 1e200, 1e300] {
        assert!((residual(c) - expected).abs() <= 1e-14, "{c:e}: {}", residual(c));
    }
}

/// Finite for every A: neither subnormal gaps nor values make a NaN or an infinity of zero cotangents and moderate ones.
#[test]
fn every_rule_stays_finite_at_the_bottom_of_the_range() {
    let mut random = Random::new(43);
    let tiny = f64::from_bits(1);
    let spectra = [
        [1e-300, 1e-300 - 1e-312, 1e-310, tiny],
        [tiny * 4.0, tiny * 3.0, tiny, 0.0],
        [1.0, 1e-308, 1e-309, tiny],
        [f64::MIN_POSITIVE; 4],
        [0.0; 4],
    ];
    for s in spectra {
        let triplets = Triplets { s: s.to_vec(), ..Triplets::<Complex<f64>>::random(5, 4, &[1.0; 4], &mut random) };
        let small = |part: Mat<Complex<f64>>| times(1e-3, &part);
        let bar =
            Parts { u: Some(small(random.matrix(5, 4))), v: Some(small(random.matrix(4, 4))), ..Parts::default() };
        for rule in all_rules::<f64>() {
            for rule in [rule, rule.with_gap_tolerance(0.0).with_rank_tolerance(0.0)] {
                for bar in [&bar, &Parts { s: Some(vec![1.0; 4]), ..bar.zeros_like() }] {
                    match vjp(&triplets.view(), bar, &rule) {
                        Ok(gradient) => assert!(finite(&gradient.a), "{s:?} {rule:?}: {:?}", gradient.a),
                        Err(_) => assert_eq!(rule.at_equal, AtEqual::Plain),
                    }
                }
            }
        }
    }
}

/// A tolerance is relative to s₁, whatever the size of A.
#[test]
fn units_of_the_tolerance_are_those_of_the_largest_value() {
    let mut random = Random::new(44);
    for c in [1e-150, 1.0, 1e150] {
        let s = [c, c * (1.0 - 1e-10), c * 0.5];
        let triplets = Triplets { s: s.to_vec(), ..Triplets::<f64>::random(3, 3, &[1.0; 3], &mut random) };
        let bar = Parts { u: Some(random.matrix(3, 3)), ..Parts::default() };
        let pairs = |rule: Rule<f64>| vjp(&triplets.view(), &bar, &rule).expect("a gradient").report.equal_pairs;
        assert_eq!(pairs(Rule::default()), 0);
        assert_eq!(pairs(Rule::default().with_gap_tolerance(0.9e-10)), 0);
        assert_eq!(pairs(Rule::default().with_gap_tolerance(1.1e-10)), 1);
    }
}
