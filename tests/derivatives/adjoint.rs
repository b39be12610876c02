//! ⟨ȳ, J ẋ⟩ = ⟨Jᴴ ȳ, ẋ⟩ for every rule: the forward and the backward rule are each other's adjoint, to a few ε and without a step size.
//!
//! All rules are linear in ẋ and in ȳ, also where they are not the derivative of anything.

use crate::support::derivatives::{Parts, Triplets, all_rules, inner, jvp, norm, plus, relative_error, vjp};
use crate::support::entry::{Entry, at};
use crate::support::random::Random;
use diffsvd::{AtEqual, Error, Factors, Mat, MatMut, MatRef, Real, Rule, Scalar, Target, vjp_into, vjp_workspace_len};
use num_complex::Complex;
use num_traits::{One, Zero};

/// c of c · max(m, n) · ε, relative to ‖ȳ‖‖Jẋ‖ + ‖Jᴴȳ‖‖ẋ‖. Measured: 1.2. Where both ẋ and ȳ nearly lie where J vanishes, relative to ‖ȳ‖‖J‖‖ẋ‖.
pub(crate) const ADJOINT: f64 = 2.0;

/// (m, n, k): square, tall, wide, thin and compact, a row, a column, one entry, nothing.
const SHAPES: [(usize, usize, usize); 12] = [
    (4, 4, 4),
    (7, 4, 4),
    (4, 7, 4),
    (6, 5, 3),
    (5, 6, 3),
    (5, 5, 3),
    (1, 1, 1),
    (1, 5, 1),
    (5, 1, 1),
    (3, 0, 0),
    (0, 3, 0),
    (4, 3, 0),
];

/// Singular values that are distinct, equal, nearly equal, zero and spread.
const SPECTRA: [[f64; 4]; 9] = [
    [4.0, 3.0, 2.0, 1.0],
    [2.0, 2.0, 1.0, 0.5],
    [2.0, 1.0, 1.0, 1.0],
    [3.0, 3.0, 3.0, 3.0],
    [2.0, 2.0, 0.0, 0.0],
    [1.0, 0.5, 0.25, 0.0],
    [0.0, 0.0, 0.0, 0.0],
    [1.0, 0.999, 1e-3, 1e-3],
    [1.0, 1.0 - 1e-16, 0.5, 1e-17],
];

/// Random cotangents of the leading r triplets; `mask` says which parts there are.
pub(crate) fn cotangents<S: Scalar>(m: usize, n: usize, r: usize, mask: u8, random: &mut Random) -> Parts<S> {
    let s: Vec<S::Real> = (0..r).map(|_| random.entry::<S::Real>()).collect();
    Parts {
        u: (mask & 0b1 != 0).then(|| random.matrix(m, r)),
        s: (mask & 0b10 != 0).then_some(s),
        v: (mask & 0b100 != 0).then(|| random.matrix(n, r)),
        s_matrix: (mask & 0b1000 != 0).then(|| random.matrix(r, r)),
    }
}

/// The defect of one identity in units of max(m, n) ε, or the error in which both directions must agree.
pub(crate) fn defect<S: Scalar>(
    factors: &Factors<'_, S>,
    bar: &Parts<S>,
    rule: &Rule<S::Real>,
    random: &mut Random,
) -> f64 {
    let (m, n) = factors.shape();
    let a_dot = random.matrix(m, n);
    match (vjp(factors, bar, rule), jvp(factors, &a_dot, rule, bar)) {
        (Ok(gradient), Ok(dot)) => {
            let difference = (bar.inner(&dot) - inner(&gradient.a, &a_dot)).abs();
            let scale = bar.norm() * dot.norm() + norm(&gradient.a) * norm(&a_dot);
            assert!(Scalar::is_finite(scale), "{rule:?}: not finite at s = {:?}", factors.s);
            if difference == S::Real::zero() {
                return 0.0;
            }
            let relative = |scale| (difference / scale).to_f64() / (m.max(n) as f64 * S::Real::EPSILON.to_f64());
            let defect = relative(scale);
            if defect <= ADJOINT {
                return defect;
            }
            relative(bar.norm() * size_of_rule(factors, bar, rule, random) * norm(&a_dot))
        }
        (Err(backward), Err(forward)) => {
            assert_eq!(backward, forward, "{rule:?}");
            assert_eq!(rule.at_equal, AtEqual::Plain, "{rule:?}: {forward}");
            0.0
        }
        (backward, forward) => panic!("one direction is refused: {backward:?}, {forward:?}"),
    }
}

/// ‖J‖, as some directions show it: no rounding is smaller than that of Jẋ before what is small of it is left.
fn size_of_rule<S: Scalar>(
    factors: &Factors<'_, S>,
    bar: &Parts<S>,
    rule: &Rule<S::Real>,
    random: &mut Random,
) -> S::Real {
    let (m, n) = factors.shape();
    (0..16).fold(S::Real::zero(), |most, _| {
        let direction = random.matrix(m, n);
        jvp(factors, &direction, rule, bar).map_or(most, |dot| most.larger(dot.norm() / norm(&direction)))
    })
}

/// Of a matrix of two entries Jẋ has one component, of which anything may cancel: one case in three hundred.
#[test]
fn columns_of_two_entries() {
    let (mut random, mut worst) = (Random::new(14), 0.0_f64);
    for _ in 0..20_000 {
        let triplets = Triplets::<f32>::random(2, 1, &[0.7], &mut random);
        let bar = cotangents(2, 1, 1, 1, &mut random);
        worst = worst.max(defect(&triplets.view(), &bar, &Rule::reconstruct(), &mut random));
    }
    println!("two entries: at worst {worst:.2} max(m, n) ε");
    assert!(worst <= ADJOINT, "{worst} max(m, n) ε");
}

fn every_rule_and_shape<S: Entry>() {
    let (mut random, mut worst) = (Random::new(11), 0.0_f64);
    for (m, n, k) in SHAPES {
        for spectrum in SPECTRA {
            let triplets = Triplets::<S>::random(m, n, &spectrum[..k], &mut random);
            for rule in all_rules() {
                // Every combination of parts; all triplets, one less, one.
                for (mask, r) in (0..16).flat_map(|mask| [k, k.saturating_sub(1), 1.min(k)].map(|r| (mask, r))) {
                    let bar = cotangents(m, n, r, mask, &mut random);
                    let defect = defect(&triplets.view(), &bar, &rule, &mut random);
                    assert!(
                        defect <= ADJOINT,
                        "{} {m}×{n} k = {k} r = {r} parts {mask:04b} s = {spectrum:?} {rule:?}: {defect} max(m, n) ε",
                        S::NAME
                    );
                    worst = worst.max(defect);
                }
            }
        }
    }
    println!("{}: at worst {worst:.2} max(m, n) ε", S::NAME);
}

#[test]
fn forward_and_backward_are_adjoint_for_every_rule_shape_and_spectrum() {
    every_rule_and_shape::<f32>();
    every_rule_and_shape::<f64>();
    every_rule_and_shape::<Complex<f32>>();
    every_rule_and_shape::<Complex<f64>>();
}

/// With wide tolerances, blocks are chains whose values are not equal, and one of them may reach a zero value.
#[test]
fn forward_and_backward_are_adjoint_with_wide_tolerances() {
    let mut random = Random::new(12);
    for s in [[1.0, 0.95, 0.9, 0.85], [1.0, 0.5, 0.05, 0.0], [0.1, 0.08, 0.04, 0.0], [1.0, 0.1, 0.1, 0.04]] {
        for rule in all_rules::<f64>().map(|rule| rule.with_gap_tolerance(0.06).with_rank_tolerance(0.045)) {
            let triplets = Triplets::<Complex<f64>>::random(6, 5, &s, &mut random);
            for mask in [7, 8, 15] {
                let bar = cotangents(6, 5, 4, mask, &mut random);
                assert!(defect(&triplets.view(), &bar, &rule, &mut random) <= ADJOINT, "{s:?} {rule:?}");
            }
        }
    }
}

/// A larger problem, so that every path of the kernels is met.
fn large<S: Entry>() {
    let mut random = Random::new(13);
    for (m, n) in [(64, 64), (90, 37), (37, 90)] {
        let k = m.min(n);
        let s: Vec<f64> = (0..k).map(|i| 0.9_f64.powf((i / 2) as f64)).collect();
        let triplets = Triplets::<S>::random(m, n, &s, &mut random);
        for rule in [Rule::reconstruct(), Rule::minimum_norm(), Rule::published()] {
            for r in [k, k / 2, 3] {
                let bar = cotangents(m, n, r, 15, &mut random);
                let defect = defect(&triplets.view(), &bar, &rule, &mut random);
                assert!(defect <= ADJOINT, "{} {m}×{n} {rule:?}: {defect}", S::NAME);
            }
        }
    }
}

#[test]
fn forward_and_backward_are_adjoint_for_larger_matrices() {
    large::<f32>();
    large::<f64>();
    large::<Complex<f32>>();
    large::<Complex<f64>>();
}

/// The entries of `a` in a longer slice, at the strides of a row-major matrix with `gap` further entries between neighbours.
struct Strided<S> {
    data: Vec<S>,
    strides: (usize, usize),
}

impl<S: Scalar> Strided<S> {
    fn new(a: &Mat<S>, gap: usize) -> Self {
        let strides = ((a.cols() + 1) * (gap + 1), gap + 1);
        let mut strided = Strided { data: vec![S::from_real(S::Real::from_f64(77.0)); a.rows() * strides.0], strides };
        for i in 0..a.rows() {
            for j in 0..a.cols() {
                strided.data[i * strides.0 + j * strides.1] = a[(i, j)];
            }
        }
        strided
    }

    fn view(&self, rows: usize, cols: usize) -> MatRef<'_, S> {
        MatRef::new(&self.data, rows, cols, self.strides.0, self.strides.1).expect("a view that fits")
    }
}

/// Strided, row-major arguments and a strided target that is added to.
fn any_layout<S: Entry>() {
    let mut random = Random::new(14);
    let (m, n, k) = (6, 5, 5);
    let triplets = Triplets::<S>::random(m, n, &[2.0, 2.0, 1.0, 0.5, 0.0], &mut random);
    let bar = cotangents::<S>(m, n, k, 15, &mut random);
    let expected = vjp(&triplets.view(), &bar, &Rule::default()).expect("a gradient").a;
    let start = random.matrix::<S>(m, n);
    for gap in [0, 2] {
        let [u, v] = [&triplets.u, &triplets.v].map(|part| Strided::new(part, gap));
        let factors = Factors { u: u.view(m, k), s: &triplets.s, v: v.view(n, k) };
        let [gu, gv, gs] =
            [&bar.u, &bar.v, &bar.s_matrix].map(|part| Strided::new(part.as_ref().expect("a part"), gap));
        let mut cotangent = bar.as_cotangent();
        (cotangent.u, cotangent.v) = (Some(gu.view(m, k)), Some(gv.view(n, k)));
        cotangent.s_matrix = Some(gs.view(k, k));
        let mut work = vec![S::zero(); vjp_workspace_len::<S>(m, n, k)];
        let mut target = Strided::new(&start, gap);
        let untouched = target.data.iter().filter(|x| x.re().to_f64() == 77.0).count();
        let view = MatMut::new(&mut target.data, m, n, target.strides.0, target.strides.1).expect("a view that fits");
        vjp_into(&factors, &cotangent, &Rule::default(), Target::Add(view), &mut work).expect("a gradient");
        let sum = Mat::from_fn(m, n, |i, j| at(target.view(m, n), i, j));
        let error = relative_error(&sum, &plus(&start, S::Real::one(), &expected));
        assert!(error <= 8.0 * S::Real::EPSILON.to_f64(), "{} gap {gap}: {error}", S::NAME);
        assert_eq!(
            target.data.iter().filter(|x| x.re().to_f64() == 77.0).count(),
            untouched,
            "wrote between the entries"
        );
    }
}

#[test]
fn any_layout_and_accumulation() {
    any_layout::<f32>();
    any_layout::<f64>();
    any_layout::<Complex<f32>>();
    any_layout::<Complex<f64>>();
}

/// Overwriting does not read what was there.
#[test]
fn overwriting_forgets_what_was_there() -> Result<(), Error> {
    let mut random = Random::new(15);
    for (m, n) in [(3, 3), (5, 3), (3, 5)] {
        let triplets = Triplets::<f64>::random(m, n, &[2.0, 1.0, 1.0], &mut random);
        for r in 1..=3 {
            let bar = cotangents(m, n, r, 7, &mut random);
            let mut nan = vec![f64::NAN; m * n];
            let mut work = vec![f64::NAN; vjp_workspace_len::<f64>(m, n, 3)];
            let target = Target::Overwrite(MatMut::col_major(&mut nan, m, n)?);
            vjp_into(&triplets.view(), &bar.as_cotangent(), &Rule::default(), target, &mut work)?;
            assert_eq!(nan, vjp(&triplets.view(), &bar, &Rule::default())?.a.as_slice());
        }
    }
    Ok(())
}
