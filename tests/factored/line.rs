//! The branches along a line through equal and zero values, against finite differences of the branches as they are tracked.

use super::support::*;
use diffsvd::{Branches, Mat, Real, Rule, Scalar, Svd};
use num_traits::Zero;

/// U, s and V.
type Triple<S> = (Mat<S>, Vec<<S as Scalar>::Real>, Mat<S>);

/// The decomposition of A + t B with its columns in the order and with the phases of the branches.
fn tracked<S: Scalar>(a: &Mat<S>, t: f64, b: &Mat<S>, start: &Branches<S>) -> Triple<S> {
    let svd = Svd::thin(&moved(a, t, b)).unwrap();
    let (left, right) = (start.u.adjoint().product(svd.u()).unwrap(), start.v.adjoint().product(svd.v()).unwrap());
    let k = svd.s().len();
    let (mut u, mut s, mut v) = (start.u.clone(), vec![S::Real::zero(); k], start.v.clone());
    let mut taken = vec![false; k];
    for j in 0..k {
        let overlap = |i: usize| left[(j, i)] + right[(j, i)];
        let size = |i: usize| overlap(i).modulus().to_f64();
        let best = (0..k).filter(|&i| !taken[i]).max_by(|&x, &y| size(x).total_cmp(&size(y))).unwrap();
        taken[best] = true;
        let phase = overlap(best).conj().scale(overlap(best).modulus().recip());
        assert!(size(best) > 1.9, "branch {j} is lost at {t}: {:?}", overlap(best));
        s[j] = svd.s()[best];
        (0..a.rows()).for_each(|i| u[(i, j)] = svd.u()[(i, best)] * phase);
        (0..a.cols()).for_each(|i| v[(i, j)] = svd.v()[(i, best)] * phase);
    }
    (u, s, v)
}

/// Central differences with step h, a power of two, or one-sided ones of second order.
fn difference<S: Scalar>(a: &Mat<S>, b: &Mat<S>, start: Triple<S>, branches: &Branches<S>, h: f64) -> Triple<S> {
    let one_sided = branches.report.zeros > 0;
    let (second, weights) = if one_sided { (2.0 * h, [-1.5, 2.0, -0.5]) } else { (-h, [0.0, 0.5, -0.5]) };
    let ends = [start, tracked(a, h, b, branches), tracked(a, second, b, branches)];
    let weights = weights.map(|weight| S::Real::from_f64(weight / h));
    let matrix = |part: fn(&Triple<S>) -> &Mat<S>| {
        Mat::from_fn(part(&ends[0]).rows(), part(&ends[0]).cols(), |i, j| {
            ends.iter().zip(weights).fold(S::zero(), |sum, (end, weight)| sum + part(end)[(i, j)].scale(weight))
        })
    };
    let value = |j: usize| ends.iter().zip(weights).fold(S::Real::zero(), |sum, (end, weight)| sum + end.1[j] * weight);
    (matrix(|end| &end.0), (0..ends[0].1.len()).map(value).collect(), matrix(|end| &end.2))
}

/// A step and the errors that it leaves: of ds, and of dU and dV.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    h: f64,
    values: f64,
    vectors: f64,
}

/// The error of the differences is h² and, as the vectors of a block turn at ε/h, ε/h².
const DOUBLE: Step = Step { h: 1.0 / 8192.0, values: 3e-6, vectors: 2e-5 };
pub(crate) const DOUBLE_DOUBLE: Step = Step { h: 1.0 / 67_108_864.0, values: 1e-13, vectors: 2e-13 };

pub(crate) fn check<S: Scalar>((m, n): (usize, usize), values: &[f64], random: &mut Random, step: Step) {
    let (a, b) = (random.with_values::<S>(m, n, values), random.matrix::<S>(m, n));
    let svd = Svd::thin(&a).unwrap();
    let branches = svd.branches(&b, &Rule::default()).unwrap();
    let name = format!("{m}×{n} {values:?} {:?}", branches.report);
    let zeros = values.iter().filter(|&&s| s == 0.0).count();
    assert_eq!((branches.report.zeros, branches.report.ties), (zeros, 0), "{name}");
    // The branches start at A …
    let epsilon = S::Real::EPSILON.to_f64();
    let scaled = Mat::from_fn(m, values.len(), |i, j| branches.u[(i, j)].scale(svd.s()[j]));
    assert!(norm(&moved(&outer(&scaled, &branches.v), -1.0, &a)) <= 50.0 * epsilon * norm(&a), "{name}");
    for basis in [&branches.u, &branches.v] {
        let gram = basis.adjoint().product(basis).unwrap();
        let defect = norm(&moved(&gram, -1.0, &Mat::identity(gram.rows()))) / epsilon;
        println!("orthonormal {defect:.2} at {name}");
        assert!(defect < 40.0, "{name}: {defect} ε");
    }
    // … move with it: d(U diag(s) Vᴴ) = B …
    let columns = |x: &Mat<S>, s: &[S::Real]| Mat::from_fn(x.rows(), x.cols(), |i, j| x[(i, j)].scale(s[j]));
    let along = outer(&columns(&branches.u_dot, svd.s()), &branches.v);
    let along = moved(&along, 1.0, &outer(&columns(&branches.u, &branches.s_dot), &branches.v));
    let along = moved(&along, 1.0, &outer(&columns(&branches.u, svd.s()), &branches.v_dot));
    let size = norm(&b) + (norm(&branches.u_dot) + norm(&branches.v_dot)) * norm(&a);
    let defect = norm(&moved(&along, -1.0, &b)) / (epsilon * size);
    println!("product {defect:.2} at {name}");
    assert!(defect < 12.0, "{name}: {defect} ε");
    // … and go where the decomposition goes.
    let start = (branches.u.clone(), svd.s().to_vec(), branches.v.clone());
    let (du, ds, dv) = difference(&a, &b, start, &branches, step.h);
    for (&exact, &estimate) in branches.s_dot.iter().zip(&ds) {
        assert!((exact - estimate).to_f64().abs() < step.values, "{name}: ds = {exact:?} against {estimate:?}");
    }
    for (exact, estimate) in [(&branches.u_dot, &du), (&branches.v_dot, &dv)] {
        let error = norm(&moved(exact, -1.0, estimate)) / norm(exact).max(1.0);
        // Where the direction hardly splits a block, dU is long and the differences are as much worse.
        let bound = step.vectors * (1.0 + norm(exact).powi(2) / 100.0);
        println!("vectors {:.4} at {name}", error / bound);
        assert!(error < bound, "{name}: {error:e}");
    }
}

fn every_block<S: Scalar>(step: Step) {
    let mut random = Random(10);
    for shape in [(5, 5), (7, 5), (5, 7)] {
        for values in [
            [5.0, 4.0, 3.0, 2.0, 1.0],
            [3.0, 3.0, 2.0, 1.5, 1.0],
            [3.0, 2.0, 2.0, 2.0, 1.0],
            [3.0, 3.0, 3.0, 1.0, 1.0],
            [2.0, 2.0, 2.0, 2.0, 2.0],
            [4.0, 3.0, 2.0, 1.0, 0.0],
            [3.0, 2.0, 1.0, 0.0, 0.0],
            [2.0, 2.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0],
        ] {
            check::<S>(shape, &values, &mut random, step);
        }
    }
    check::<S>((1, 1), &[2.0], &mut random, step);
    // Blocks behind several others, and more zeros than one.
    check::<S>((7, 6), &[6.0, 5.0, 4.0, 2.0, 2.0, 1.0], &mut random, step);
    check::<S>((7, 8), &[5.0, 4.0, 3.0, 2.0, 0.0, 0.0, 0.0], &mut random, step);
    check::<S>((3, 1), &[0.0], &mut random, step);
}

#[test]
fn branches_real() {
    every_block::<f64>(DOUBLE);
}

#[test]
fn branches_complex() {
    every_block::<C64>(DOUBLE);
}

#[test]
fn branches_in_31_digits() {
    every_block::<Dd>(DOUBLE_DOUBLE);
    every_block::<Complex<Dd>>(DOUBLE_DOUBLE);
}

#[test]
fn ties_to_first_order_are_reported() {
    // H on the block is 2 I there: nothing is resolved. One of two zeros stays.
    let a = Mat::from_fn(5, 4, |i, j| if i == j { [3.0, 3.0, 0.0, 0.0][i] } else { 0.0 });
    let b = Mat::from_fn(5, 4, |i, j| match (i, j) {
        (0, 0) | (1, 1) => 2.0_f64,
        (4, 2) => 0.7,
        _ => 0.0,
    });
    let branches = Svd::thin(&a).unwrap().branches(&b, &Rule::default()).unwrap();
    assert_eq!((branches.report.blocks, branches.report.zeros, branches.report.ties), (1, 2, 2));
    for (got, want) in branches.s_dot.iter().zip([2.0, 2.0, 0.7, 0.0]) {
        assert!((got - want).abs() < 1e-15, "{got} instead of {want}");
    }
    assert!(
        (branches.u[(4, 2)].abs() - 1.0).abs() < 1e-15,
        "the zero leaves along e₅, from outside of the given triplets"
    );
    let gram = branches.u.adjoint().product(&branches.u).unwrap();
    assert!(norm(&moved(&gram, -1.0, &Mat::identity(4))) < 1e-15);
    assert!(norm(&branches.u_dot) + norm(&branches.v_dot) < 1e-14);
}

#[test]
fn a_compact_decomposition_is_refused() {
    let svd = Svd::thin(&Mat::<f64>::identity(3)).unwrap().truncate(2);
    assert!(svd.branches(&Mat::identity(3), &Rule::default()).is_err());
}

/// Along B = 0 nothing moves, and everything equal stays so.
#[test]
fn nothing_moves_along_zero() {
    let a = Mat::<f64>::from_fn(5, 4, |i, j| if i == j { [3.0, 3.0, 0.0, 0.0][i] } else { 0.0 });
    let branches = Svd::thin(&a).unwrap().branches(&Mat::zeros(5, 4), &Rule::default()).unwrap();
    assert_eq!((branches.report.blocks, branches.report.zeros, branches.report.ties), (1, 2, 2));
    assert_eq!(branches.s_dot, [0.0; 4]);
    assert_eq!((branches.u_dot, branches.v_dot), (Mat::zeros(5, 4), Mat::zeros(4, 4)));
}

#[test]
fn zeros_that_leave_together_are_ties() {
    let svd = Svd::thin(&Mat::<f64>::zeros(3, 3)).unwrap();
    for (diagonal, ties) in [([1.0, 1.0, 1.0], 2), ([3.0, 2.0, 1.0], 0), ([2.0, 1.0, 1.0], 1)] {
        let b = Mat::from_fn(3, 3, |i, j| if i == j { diagonal[i] } else { 0.0 });
        let branches = svd.branches(&b, &Rule::default()).unwrap();
        assert_eq!((branches.report.zeros, branches.report.ties), (3, ties), "{diagonal:?}");
        assert!(branches.s_dot.iter().zip(diagonal).all(|(got, want)| (got - want).abs() < 1e-15), "{diagonal:?}");
    }
}

/// A square matrix has no complement, so that no rounding is divided by its least singular value: as by `jvp`, which knows this too. (Of a real
/// matrix: the phase of a complex triplet turns by the reciprocal of its value.)
#[test]
fn a_small_value_of_a_square_matrix() {
    let mut random = Random(12);
    let (a, b) = (random.with_values::<f64>(4, 4, &[2.0, 1.0, 0.5, 1e-9]), random.matrix::<f64>(4, 4));
    let svd = Svd::thin(&a).unwrap();
    let (branches, tangent) = (svd.branches(&b, &Rule::default()).unwrap(), svd.jvp(&b, &Rule::default()).unwrap());
    assert_eq!(branches.report, diffsvd::LineReport::default());
    assert!(error(&branches.u_dot, &tangent.u) < 1e-13 && error(&branches.v_dot, &tangent.v) < 1e-13);
}

/// Of the rule only the tolerances count: the one that refuses equal values is as good as any other.
#[test]
fn the_choice_at_equal_values_does_not_matter() {
    let mut random = Random(13);
    let (a, b) = (random.with_values::<f64>(5, 4, &[2.0, 2.0, 1.0, 0.0]), random.matrix::<f64>(5, 4));
    let svd = Svd::thin(&a).unwrap();
    let [plain, default] = [Rule::plain(), Rule::default()].map(|rule| svd.branches(&b, &rule).unwrap());
    assert_eq!((plain.u_dot, plain.s_dot, plain.v_dot), (default.u_dot, default.s_dot, default.v_dot));
}
