//! Complete bases: what is well defined of their cotangents, and the residual of the rest.

use super::support::*;
use diffsvd::{Cotangent, Mat, Rule, Scalar, Svd};

fn beyond<S: Scalar>(a: &Mat<S>, first: usize) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols() - first, |i, j| a[(i, j + first)])
}

/// L = Re tr(W U₂U₂ᴴ) + Re tr(Z V₂V₂ᴴ) + Re tr(Tᴴ U₁ diag(s) V₁ᴴ), U₂ and V₂ from column `r` on.
struct Loss<S> {
    w: Mat<S>,
    z: Mat<S>,
    t: Mat<S>,
    r: usize,
}

/// U₂U₂ᴴ and V₂V₂ᴴ.
fn projectors<S: Scalar>(a: &Mat<S>, r: usize) -> [Mat<S>; 2] {
    let svd = Svd::full(a).unwrap();
    [svd.u(), svd.v()].map(|basis| outer(&beyond(basis, r), &beyond(basis, r)))
}

impl<S: Scalar<Real = f64>> Loss<S> {
    /// Its derivative along B by differences in 31 digits.
    fn slope<T: Scalar<Real = Dd>>(&self, a: &Mat<S>, b: &Mat<S>) -> f64 {
        let difference = |side: usize| slope::<S, T>(a, b, |a| projectors(a, self.r)[side].clone());
        let along = |w: &Mat<S>, side| inner(&lift::<S, T>(&w.adjoint()), &difference(side));
        along(&self.w, 0) + along(&self.z, 1) + inner(&self.t, b)
    }

    fn cotangent(&self, svd: &Svd<S>) -> (Mat<S>, Vec<f64>, Mat<S>) {
        let k = svd.s().len();
        let side = |w: &Mat<S>, t: &Mat<S>, basis: &Mat<S>, other: &Mat<S>| {
            let (direct, mirrored) = (w.product(basis).unwrap(), w.adjoint().product(basis).unwrap());
            let reconstruction = t.product(&leading(other, k)).unwrap();
            Mat::from_fn(basis.rows(), basis.cols(), |i, j| {
                let projector = if j < self.r { S::zero() } else { direct[(i, j)] + mirrored[(i, j)] };
                projector + if j < k { reconstruction[(i, j)].scale(svd.s()[j]) } else { S::zero() }
            })
        };
        let (gu, gv) = (side(&self.w, &self.t, svd.u(), svd.v()), side(&self.z, &self.t.adjoint(), svd.v(), svd.u()));
        let tv = self.t.product(svd.v()).unwrap();
        let gs = (0..k).map(|j| (0..tv.rows()).map(|i| (svd.u()[(i, j)].conj() * tv[(i, j)]).re()).sum());
        (gu, gs.collect(), gv)
    }
}

/// Against differences in 31 digits, and adjoint to the forward rule.
pub(crate) fn check<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>(a: &Mat<S>, r: usize, random: &mut Random) {
    let (m, n, rule) = (a.rows(), a.cols(), Rule::default());
    let loss = Loss { w: random.matrix::<S>(m, m), z: random.matrix(n, n), t: random.matrix(m, n), r };
    let svd = Svd::full(a).unwrap();
    let (gu, gs, gv) = loss.cotangent(&svd);
    let g = Cotangent { u: Some(gu.as_ref()), s: Some(&gs[..]), v: Some(gv.as_ref()), s_matrix: None };
    let gradient = svd.full_vjp(&g, &rule).unwrap();
    assert!(gradient.report.gauge_residual < 1e-14, "{m}×{n}: {:?}", gradient.report);

    // Along directions that keep the rank where the null space is larger than the shape demands.
    let b = if r < m.min(n) { a.product(&random.matrix(n, n)).unwrap() } else { random.matrix(m, n) };
    let (slope, expected) = (inner(&gradient.a, &b), loss.slope::<T>(a, &b));
    let size = norm(&gradient.a) * norm(&b);
    assert!((slope - expected).abs() < 1e-13 * size, "{m}×{n}, {r}: {slope} against {expected}");

    let tangent = svd.full_jvp(&b, &rule).unwrap();
    let dual =
        inner(&gu, &tangent.u) + inner(&gv, &tangent.v) + gs.iter().zip(&tangent.s).map(|(g, s)| g * s).sum::<f64>();
    assert!((dual - slope).abs() < 1e-13 * norm(&gradient.a) * norm(&b), "adjointness: {dual} against {slope}");
    let skew = svd.u().adjoint().product(&tangent.u).unwrap();
    assert!(
        r < m.min(n) || norm(&moved(&skew, 1.0, &skew.adjoint())) < 1e-13 * norm(&skew).max(1.0),
        "dU leaves the tangent space"
    );
}

fn every_shape<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>() {
    let mut random = Random(6);
    for (m, n) in [(5, 3), (3, 5), (4, 4), (6, 1)] {
        let values: Vec<f64> = (0..m.min(n)).map(|i| 3.0 - i as f64).map(|s| s.max(0.5)).collect();
        check::<S, T>(&random.with_values::<S>(m, n, &values), m.min(n), &mut random);
    }
    for (m, n) in [(6, 4), (4, 6), (4, 4)] {
        check::<S, T>(&random.with_values::<S>(m, n, &[2.0, 1.0, 0.0, 0.0]), 2, &mut random);
    }
}

#[test]
fn losses_of_the_null_spaces_real() {
    every_shape::<f64, Dd>();
}

#[test]
fn losses_of_the_null_spaces_complex() {
    every_shape::<C64, Complex<Dd>>();
}

#[test]
fn a_loss_of_single_null_space_vectors_is_reported() {
    let mut random = Random(7);
    let svd = Svd::full(&random.matrix::<f64>(6, 3)).unwrap();
    let gu = Mat::from_fn(6, 6, |i, j| if (i, j) == (0, 4) { 1.0 } else { 0.0 });
    let gradient = svd.full_vjp(&Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() }, &Rule::default()).unwrap();
    assert!(gradient.report.gauge_residual > 0.1, "{:?}", gradient.report);
    assert!(Svd::thin(&random.matrix::<f64>(6, 3)).unwrap().full_vjp(&Cotangent::default(), &Rule::default()).is_err());
}

/// The residual is relative to all that was given, so that the size of the cotangents does not matter, and nothing is no residual.
#[test]
fn the_residual_is_a_ratio() {
    let mut random = Random(11);
    for (m, n) in [(6, 3), (3, 6), (4, 4)] {
        let svd = Svd::full(&random.matrix::<C64>(m, n)).unwrap();
        let (gu, gv) = (random.matrix::<C64>(m, m), random.matrix::<C64>(n, n));
        let residual = |size: f64| {
            let (gu, gv) = (moved(&Mat::zeros(m, m), size, &gu), moved(&Mat::zeros(n, n), size, &gv));
            let cotangent = Cotangent { u: Some(gu.as_ref()), v: Some(gv.as_ref()), ..Cotangent::default() };
            svd.full_vjp(&cotangent, &Rule::default()).unwrap().report.gauge_residual
        };
        let [small, one, large] = [0.125, 1.0, 8.0].map(residual);
        assert!(one > 0.05 && one < 1.0, "{m}×{n}: {one}");
        assert!((small - one).abs() < 1e-14 && (large - one).abs() < 1e-14, "{m}×{n}: {small}, {one}, {large}");
        assert_eq!(residual(0.0), 0.0);
    }
}

/// The parts of the residual are orthogonal: skew(U₂ᴴgU₂), and what the thin rule discards, the phases of U₁ and V₁.
#[test]
fn the_residual_of_both_parts() {
    let mut random = Random(14);
    let svd = Svd::full(&random.matrix::<C64>(5, 3)).unwrap();
    let (i, zero) = (C64::new(0.0, 1.0), C64::new(0.0, 0.0));
    // ‖(gU, gV)‖ times the residual.
    let discarded = |phases: f64, null: f64| {
        let k = Mat::from_fn(5, 5, |row, col| match (row, col) {
            (0..3, _) if row == col => i.scale(phases * (1.0 + row as f64)),
            (3, 4) => C64::new(null, 0.5 * null),
            (4, 3) => C64::new(-null, 0.5 * null),
            _ => zero,
        });
        let (gu, gv) = (svd.u().product(&k).unwrap(), svd.v().product(&Mat::from_fn(3, 3, |i, j| k[(i, j)])).unwrap());
        let cotangent = Cotangent { u: Some(gu.as_ref()), v: Some(gv.as_ref()), ..Cotangent::default() };
        let residual = svd.full_vjp(&cotangent, &Rule::default()).unwrap().report.gauge_residual;
        residual * (28.0 * phases * phases + 2.5 * null * null).sqrt()
    };
    let (phases, null) = (discarded(1.0, 0.0), discarded(0.0, 1.0));
    assert!(phases > 1.0 && (null - 2.5_f64.sqrt()).abs() < 1e-14, "all of it: {phases}, {null}");
    for (p, n) in [(0.5, 3.0), (4.0, 0.25)] {
        let both = discarded(p, n);
        assert!((both - (phases * p).hypot(null * n)).abs() < 1e-13, "{both} at {p}, {n}");
    }
}
