//! What the protocol asks of a rule: adjointness, agreement with differences, typed failures; and equal singular values.
#![expect(clippy::cast_precision_loss, reason = "small numbers of rows and columns")]

use chainrules_core::testing::{assert_adjoint_identity, assert_close, directional_central_difference};
use chainrules_core::{Differentiable, JvpRule, Pullback, VjpRule};
use diffsvd::spectral::{BestRank, KyFan, Polar, SoftThreshold, Wiener};
use diffsvd::{Error, Mat, Real, Scalar};
use diffsvd_chainrules::{Loss, Map, Matrix, Pinv, RuleError, SingularValues, ThinSvd, Triplets, TripletsCotangent};
use num_complex::Complex;

/// Tall, wide, square, one entry, none.
const SHAPES: [(usize, usize); 6] = [(5, 3), (3, 5), (4, 4), (1, 1), (0, 2), (2, 0)];

/// Entries without a pattern, the same in every run. A (salt 0) has 2, 3, … added to its diagonal: its singular values lie between 2.5 and
/// 6.5, at least 0.3 apart and 0.1 away from the threshold below.
fn matrix<S: Scalar>(rows: usize, cols: usize, salt: usize) -> Matrix<S> {
    Matrix(Mat::from_fn(rows, cols, |i, j| {
        let part = |k: usize| ((1 + i * 7 + j * 13 + salt * 29 + k * 31).pow(2) as f64 * 0.7).sin();
        let shift = if salt == 0 && i == j { 2.0 + i as f64 } else { 0.0 };
        S::from_parts(Real::from_f64(part(0) + shift), Real::from_f64(part(1)))
    }))
}

fn inner<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> f64 {
    x.as_slice().iter().zip(y.as_slice()).map(|(&x, &y)| (x.conj() * y).re().to_f64()).sum()
}

fn moved<S: Scalar>(a: &Matrix<S>, z: &Matrix<S>, h: f64) -> Matrix<S> {
    Matrix(Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)] + z[(i, j)].scale(Real::from_f64(h))))
}

/// Tolerances of adjointness and of differences, and the step.
fn bounds<S: Scalar>() -> (f64, f64, f64) {
    if S::Real::EPSILON.to_f64() > 1e-10 { (1e-4, 1e-2, 1e-2) } else { (1e-12, 1e-7, 1e-5) }
}

/// A rule from matrices to something with a pairing.
fn conforms<S: Scalar, R, Out>(
    rule: &R,
    cotangent: impl Fn(&Out) -> Out::Cotangent,
    pair: impl Fn(&Out::Tangent, &Out::Cotangent) -> f64,
    loss: impl Fn(&Out, &Out::Cotangent) -> f64,
) where
    Out: Differentiable,
    Out::Cotangent: Clone,
    R: JvpRule<Matrix<S>, Output = Out, Error = RuleError> + VjpRule<Matrix<S>, Output = Out, Error = RuleError>,
{
    let (adjoint, differences, step) = bounds::<S>();
    for (rows, cols) in SHAPES {
        let (a, z) = (matrix::<S>(rows, cols, 0), matrix::<S>(rows, cols, 1));
        let (value, dot) = rule.jvp(&a, &z).unwrap();
        let bar = cotangent(&value);
        let (_, pullback) = rule.vjp(&a).unwrap();
        let gradient = pullback.apply(bar.clone()).unwrap();
        assert_adjoint_identity(
            &dot,
            &bar,
            &z,
            &gradient,
            |dot, bar| pair(dot, bar),
            |z, g| inner(z, g),
            adjoint,
            adjoint,
        );
        let estimate: Result<f64, RuleError> = directional_central_difference(
            |h| Ok(loss(&rule.jvp(&moved(&a, &z, h), &z)?.0, &bar)),
            step,
            |up, down, width| (up - down) / width,
        );
        assert_close(pair(&dot, &bar), estimate.unwrap(), differences, differences);
    }
}

fn matrices_conform<S: Scalar>() {
    let r = |x: f64| -> S::Real { Real::from_f64(x) };
    let bar = |x: &Matrix<S>| matrix::<S>(x.rows(), x.cols(), 2);
    let pair = |x: &Matrix<S>, y: &Matrix<S>| inner(x, y);
    conforms::<S, _, _>(&Map::new(SoftThreshold(r(3.4))), bar, pair, pair);
    conforms::<S, _, _>(&Map::new(Wiener(r(3.0))), bar, pair, pair);
    conforms::<S, _, _>(&Map::new(Polar), bar, pair, pair);
    conforms::<S, _, _>(&Map::new(BestRank(1)), bar, pair, pair);
    conforms::<S, _, _>(&Pinv::<S::Real>::default(), bar, pair, pair);
}

fn values_conform<S>()
where
    S: Scalar<Real: Differentiable<Tangent = S::Real, Cotangent = S::Real>>,
{
    let pair = |x: &Vec<S::Real>, y: &Vec<S::Real>| x.iter().zip(y).map(|(&x, &y)| x.to_f64() * y.to_f64()).sum();
    let bar = |s: &Vec<S::Real>| (0..s.len()).map(|i| Real::from_f64(0.5 + i as f64)).collect::<Vec<_>>();
    conforms::<S, _, _>(&SingularValues, bar, pair, pair);
    let pair = |x: &S::Real, y: &S::Real| x.to_f64() * y.to_f64();
    conforms::<S, _, _>(&Loss(KyFan::nuclear()), |_| Real::from_f64(1.5), pair, pair);
}

/// A loss of U, s and V that does not depend on their phases: of the reconstruction.
fn triplets_conform<S: Scalar>() {
    let bar = |value: &Triplets<S>| {
        let (m, n, k) = (value.u.rows(), value.v.rows(), value.s.len());
        let g = matrix::<S>(m, n, 3); // L = Re⟨G, U diag(s) Vᴴ⟩
        let scaled = |basis: &Mat<S>| Mat::from_fn(basis.rows(), k, |i, j| basis[(i, j)].scale(value.s[j]));
        let (gv, gu) = (g.product(&value.v).unwrap(), g.adjoint().product(&value.u).unwrap());
        let s =
            (0..k).map(|j| (0..m).fold(S::zero(), |sum, i| sum + value.u[(i, j)].conj() * gv[(i, j)]).re()).collect();
        TripletsCotangent { u: Some(scaled(&gv)), s: Some(s), v: Some(scaled(&gu)), s_matrix: None }
    };
    let pair = |dot: &Triplets<S>, bar: &TripletsCotangent<S>| {
        let of_s = dot.s.iter().zip(bar.s.as_ref().unwrap()).map(|(&x, &y)| x.to_f64() * y.to_f64()).sum::<f64>();
        inner(&dot.u, bar.u.as_ref().unwrap()) + of_s + inner(&dot.v, bar.v.as_ref().unwrap())
    };
    let loss = |value: &Triplets<S>, _: &TripletsCotangent<S>| {
        let k = value.s.len();
        let us = Mat::from_fn(value.u.rows(), k, |i, j| value.u[(i, j)].scale(value.s[j]));
        inner(&matrix::<S>(us.rows(), value.v.rows(), 3), &us.product(&value.v.adjoint()).unwrap())
    };
    conforms::<S, _, _>(&ThinSvd::<S::Real>::default(), bar, pair, loss);
}

#[test]
fn real_and_complex_of_both_precisions() {
    macro_rules! all {
        ($($scalar:ty)+) => {$(
            matrices_conform::<$scalar>();
            values_conform::<$scalar>();
            triplets_conform::<$scalar>();
        )+};
    }
    all!(f32 f64 Complex<f32> Complex<f64>);
}

fn equal() -> Matrix<f64> {
    Matrix(Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]])) // both singular values are √20
}

#[test]
fn exact_at_equal_singular_values() {
    let (a, ones) = (equal(), Matrix(Mat::from_rows(&[[1.0, 1.0], [1.0, 1.0]])));
    let rule = Map::new(SoftThreshold(0.5));
    let gradient = rule.vjp(&a).unwrap().1.apply(ones.clone()).unwrap();
    // (1 − q) 1 + q W 1ᵀ W halves: as in closed form with W = A/√20 and q = 0.5/√20.
    let (s, q) = (20_f64.sqrt(), 0.5 / 20_f64.sqrt());
    let w = |i: usize, j: usize| a[(i, j)] / s;
    for i in 0..2 {
        for j in 0..2 {
            let reflected = (w(i, 0) + w(i, 1)) * (w(0, j) + w(1, j));
            assert!((gradient[(i, j)] - (1.0 - q * (1.0 - reflected) / 2.0)).abs() < 1e-15, "entry ({i}, {j})");
        }
    }
    let rule = Loss(KyFan::nuclear());
    let (_, pullback) = rule.vjp(&a).unwrap();
    assert!((pullback.apply(1.0).unwrap()[(0, 1)] - 4.0 / s).abs() < 1e-15);
}

#[test]
fn failures_are_typed() {
    let a = equal();
    let rule = Map::new(BestRank(1));
    let (x, pullback) = rule.vjp(&a).unwrap();
    assert!(matches!(pullback.apply(x), Err(RuleError::Svd(Error::EqualSingularValues { first: 0, second: 1, .. }))));
    assert!(matches!(rule.jvp(&a, &a), Err(RuleError::Svd(Error::EqualSingularValues { .. }))));
    let zero = Matrix(Mat::<f64>::zeros(2, 2));
    let rule = Map::new(Polar);
    assert!(matches!(rule.jvp(&zero, &zero), Err(RuleError::Svd(Error::ZeroSingularValue { .. }))));
    let nan = Matrix(Mat::from_rows(&[[f64::NAN]]));
    assert!(matches!(ThinSvd::<f64>::default().vjp(&nan).err(), Some(RuleError::Svd(Error::NonFinite { .. }))));
    let wide = Matrix(Mat::<f64>::zeros(2, 3));
    assert!(matches!(Loss(KyFan::nuclear()).jvp(&a, &wide), Err(RuleError::Svd(Error::Shape { .. }))));
}

/// The first entry of U at equal singular values depends on which basis was taken.
#[test]
fn a_loss_of_the_choice_of_vectors_is_refused() {
    let (a, rule) = (equal(), ThinSvd::<f64>::default());
    let (_, pullback) = rule.vjp(&a).unwrap();
    let u = Mat::from_rows(&[[1.0, 0.3], [0.2, 0.0]]);
    let error = pullback.apply(TripletsCotangent { u: Some(u.clone()), ..TripletsCotangent::default() }).unwrap_err();
    assert!(matches!(error, RuleError::GaugeDependent { residual, .. } if residual > 0.1));
    assert!(
        error.to_string().starts_with("the loss depends on the choice of singular vectors (gauge residual"),
        "{error}"
    );
    let lenient = ThinSvd { gauge_tolerance: 1.0, ..rule };
    let (_, pullback) = lenient.vjp(&a).unwrap();
    assert!(pullback.apply(TripletsCotangent { u: Some(u), ..TripletsCotangent::default() }).is_ok());
}
