//! The tangent of the backward rule against finite differences of the backward rule, and its own symmetry.

use super::support::*;
use diffsvd::{Cotangent, Mat, Rule, Scalar, SecondOrder, Svd};

/// L = ‖U_r diag(w) U_rᴴ − T‖²/4·… written out: L = Re tr(Wᴴ U_r diag(sᵢ² + wᵢ) V_rᴴ), which depends on neither phase nor rotation of one triplet.
struct Loss<S> {
    w: Mat<S>,
    r: usize,
}

/// gU, gs, gV at one point, and the point.
struct Point<S: Scalar> {
    svd: Svd<S>,
    gu: Mat<S>,
    gs: Vec<S::Real>,
    gv: Mat<S>,
}

impl<S: Scalar<Real = f64>> Loss<S> {
    /// f(s) = s² + 0.3, so that the loss is Re tr(Wᴴ U f(S) Vᴴ).
    fn at(&self, a: &Mat<S>) -> Point<S> {
        let svd = Svd::thin(a).unwrap();
        let (u, v) = (leading(svd.u(), self.r), leading(svd.v(), self.r));
        let f = |j: usize| svd.s()[j] * svd.s()[j] + 0.3;
        let (wv, wu) = (self.w.product(&v).unwrap(), self.w.adjoint().product(&u).unwrap());
        let gu = Mat::from_fn(wv.rows(), self.r, |i, j| wv[(i, j)].scale(f(j)));
        let gv = Mat::from_fn(wu.rows(), self.r, |i, j| wu[(i, j)].scale(f(j)));
        let gs = (0..self.r)
            .map(|j| (0..u.rows()).map(|i| (u[(i, j)].conj() * wv[(i, j)]).re()).sum::<f64>() * 2.0 * svd.s()[j])
            .collect();
        Point { svd, gu, gs, gv }
    }

    fn gradient(&self, a: &Mat<S>) -> Mat<S> {
        let Point { svd, gu, gs, gv } = self.at(a);
        let cotangent = Cotangent { u: Some(gu.as_ref()), s: Some(&gs), v: Some(gv.as_ref()), s_matrix: None };
        let gradient = svd.vjp(&cotangent, &Rule::default()).unwrap();
        assert!(gradient.report.gauge_residual < 1e-13);
        gradient.a
    }

    /// The Hessian applied to `b`: tangents of the cotangents by hand, from (dU, ds, dV).
    fn hessian_product(&self, a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
        let Point { svd, gu, gs, gv } = self.at(a);
        let tangent = svd.jvp(b, &Rule::default()).unwrap();
        let (u, v, du, dv) = (svd.u(), svd.v(), leading(&tangent.u, self.r), leading(&tangent.v, self.r));
        let (s, ds) = (svd.s(), &tangent.s);
        let (wv, wu) = (self.w.product(v).unwrap(), self.w.adjoint().product(u).unwrap());
        let (wdv, wdu) = (self.w.product(&dv).unwrap(), self.w.adjoint().product(&du).unwrap());
        let (f, df) = (|j: usize| s[j] * s[j] + 0.3, |j: usize| 2.0 * s[j] * ds[j]);
        let dgu = Mat::from_fn(u.rows(), self.r, |i, j| wdv[(i, j)].scale(f(j)) + wv[(i, j)].scale(df(j)));
        let dgv = Mat::from_fn(v.rows(), self.r, |i, j| wdu[(i, j)].scale(f(j)) + wu[(i, j)].scale(df(j)));
        let dot = |x: &Mat<S>, y: &Mat<S>, j| (0..x.rows()).map(|i| (x[(i, j)].conj() * y[(i, j)]).re()).sum::<f64>();
        let dgs: Vec<f64> = (0..self.r)
            .map(|j| {
                let (value, change) = (dot(u, &wv, j), dot(&du, &wv, j) + dot(u, &wdv, j));
                2.0 * (ds[j] * value + s[j] * change)
            })
            .collect();
        let point = SecondOrder {
            cotangent: Cotangent { u: Some(gu.as_ref()), s: Some(&gs), v: Some(gv.as_ref()), s_matrix: None },
            a_dot: b.as_ref(),
            cotangent_dot: Cotangent { u: Some(dgu.as_ref()), s: Some(&dgs), v: Some(dgv.as_ref()), s_matrix: None },
        };
        svd.vjp_tangent(&point, &Rule::default()).unwrap()
    }

    fn check(&self, a: &Mat<S>, random: &mut Random) {
        let (b, c) = (random.matrix(a.rows(), a.cols()), random.matrix(a.rows(), a.cols()));
        let (hb, hc) = (self.hessian_product(a, &b), self.hessian_product(a, &c));
        let asymmetry = (inner(&c, &hb) - inner(&b, &hc)).abs() / (norm(&b) * norm(&hc));
        assert!(asymmetry < 1e-13, "the Hessian of {:?} is not symmetric: {asymmetry:e}", (a.rows(), a.cols(), self.r));
        let h = 1e-5;
        let difference = moved(&self.gradient(&moved(a, h, &b)), -1.0, &self.gradient(&moved(a, -h, &b)));
        let difference = Mat::from_fn(a.rows(), a.cols(), |i, j| difference[(i, j)].scale(0.5 / h));
        let error = error(&hb, &difference);
        assert!(error < 3e-8, "Hessian-vector product of {:?}: {error:e}", (a.rows(), a.cols(), self.r));
    }
}

fn every_shape<S: Scalar<Real = f64>>() {
    let mut random = Random(1);
    for (m, n, r) in [(4, 4, 4), (6, 4, 4), (4, 6, 4), (6, 4, 2), (4, 6, 2), (5, 5, 3), (1, 3, 1), (3, 3, 1)] {
        let k = m.min(n);
        let values: Vec<f64> = (0..k).map(|i| (k - i) as f64).collect();
        let a = random.with_values::<S>(m, n, &values);
        Loss { w: random.matrix(m, n), r }.check(&a, &mut random);
    }
}

#[test]
fn hessian_vector_products_real() {
    every_shape::<f64>();
}

#[test]
fn hessian_vector_products_complex() {
    every_shape::<C64>();
}

/// Second order needs no gap among the triplets that the loss leaves out.
fn behind_the_cut<S: Scalar<Real = f64>>() {
    let mut random = Random(2);
    for (m, n) in [(6, 5), (5, 6), (5, 5)] {
        for values in [[3.0, 2.0, 1.0, 1.0, 1.0], [3.0, 2.0, 0.0, 0.0, 0.0], [3.0, 2.0, 0.5, 0.5, 0.0]] {
            let a = random.with_values::<S>(m, n, &values);
            Loss { w: random.matrix(m, n), r: 2 }.check(&a, &mut random);
        }
    }
}

#[test]
fn equal_and_zero_values_behind_the_cut_real() {
    behind_the_cut::<f64>();
}

#[test]
fn equal_and_zero_values_behind_the_cut_complex() {
    behind_the_cut::<C64>();
}

#[test]
fn rules_for_comparison_are_refused() {
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 1.0], [0.0, 1.0]])).unwrap();
    let a_dot = Mat::identity(2);
    let point =
        SecondOrder { cotangent: Cotangent::default(), a_dot: a_dot.as_ref(), cotangent_dot: Cotangent::default() };
    for rule in [diffsvd::AtEqual::Clip(1e3), diffsvd::AtEqual::Taylor(9), diffsvd::AtEqual::Lorentzian(1e-6)] {
        assert!(svd.vjp_tangent(&point, &Rule::new(rule)).is_err());
    }
}
