//! The tangent of the backward rule against finite differences of the backward rule in 31 digits, and its own symmetry.

use super::support::*;
use diffsvd::{
    AtEqual, Cotangent, Factors, Mat, Real, Rule, Scalar, SecondOrder, Svd, Target, vjp_into, vjp_tangent_into,
    vjp_tangent_workspace_len, vjp_workspace_len,
};
use num_traits::Zero;

/// L = Re tr(Wᴴ U_r f(S) V_rᴴ), which depends neither on phases nor on the values behind the cut.
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

/// f(s) = s² + 0.3.
fn value<R: Real>(s: R) -> R {
    s * s + R::from_f64(0.3)
}

/// Re xⱼᴴ yⱼ for column j.
fn dot<S: Scalar>(x: &Mat<S>, y: &Mat<S>, j: usize) -> S::Real {
    (0..x.rows()).fold(S::Real::zero(), |sum, i| sum + (x[(i, j)].conj() * y[(i, j)]).re())
}

impl<S: Scalar> Loss<S> {
    fn at(&self, a: &Mat<S>) -> Point<S> {
        let svd = Svd::thin(a).unwrap();
        let (u, v) = (leading(svd.u(), self.r), leading(svd.v(), self.r));
        let s = svd.s().to_vec();
        let (wv, wu) = (self.w.product(&v).unwrap(), self.w.adjoint().product(&u).unwrap());
        let gu = Mat::from_fn(wv.rows(), self.r, |i, j| wv[(i, j)].scale(value(s[j])));
        let gv = Mat::from_fn(wu.rows(), self.r, |i, j| wu[(i, j)].scale(value(s[j])));
        let gs = (0..self.r).map(|j| dot(&u, &wv, j) * (s[j] + s[j])).collect();
        Point { svd, gu, gs, gv }
    }

    fn gradient(&self, a: &Mat<S>) -> Mat<S> {
        let Point { svd, gu, gs, gv } = self.at(a);
        let cotangent = Cotangent { u: Some(gu.as_ref()), s: Some(&gs), v: Some(gv.as_ref()), s_matrix: None };
        let gradient = svd.vjp(&cotangent, &Rule::default()).unwrap();
        assert!(gradient.report.gauge_residual.to_f64() < 1e-13);
        gradient.a
    }

    /// The Hessian applied to `b`: tangents of the cotangents by hand, from (dU, ds, dV).
    fn hessian_product(&self, a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
        let Point { svd, gu, gs, gv } = self.at(a);
        let tangent = svd.jvp(b, &Rule::default()).unwrap();
        let (u, v) = (leading(svd.u(), self.r), leading(svd.v(), self.r));
        let (du, dv) = (leading(&tangent.u, self.r), leading(&tangent.v, self.r));
        let (s, ds) = (svd.s(), &tangent.s);
        let (wv, wu) = (self.w.product(&v).unwrap(), self.w.adjoint().product(&u).unwrap());
        let (wdv, wdu) = (self.w.product(&dv).unwrap(), self.w.adjoint().product(&du).unwrap());
        let df = |j: usize| (s[j] + s[j]) * ds[j];
        let changed = |x: &Mat<S>, dx: &Mat<S>| {
            Mat::from_fn(x.rows(), self.r, |i, j| dx[(i, j)].scale(value(s[j])) + x[(i, j)].scale(df(j)))
        };
        let (dgu, dgv) = (changed(&wv, &wdv), changed(&wu, &wdu));
        let dgs: Vec<S::Real> = (0..self.r)
            .map(|j| {
                let half = ds[j] * dot(&u, &wv, j) + s[j] * (dot(&du, &wv, j) + dot(&u, &wdv, j));
                half + half
            })
            .collect();
        let point = SecondOrder {
            cotangent: Cotangent { u: Some(gu.as_ref()), s: Some(&gs), v: Some(gv.as_ref()), s_matrix: None },
            a_dot: b.as_ref(),
            cotangent_dot: Cotangent { u: Some(dgu.as_ref()), s: Some(&dgs), v: Some(dgv.as_ref()), s_matrix: None },
        };
        svd.vjp_tangent(&point, &Rule::default()).unwrap()
    }

    /// Its central difference with step h, a power of two.
    fn difference(&self, a: &Mat<S>, b: &Mat<S>, h: f64) -> Mat<S> {
        let difference = moved(&self.gradient(&moved(a, h, b)), -1.0, &self.gradient(&moved(a, -h, b)));
        Mat::from_fn(a.rows(), a.cols(), |i, j| difference[(i, j)].scale(S::Real::from_f64(0.5 / h)))
    }
}

/// The product in double precision against differences in 31 digits, and against its own symmetry.
pub(crate) fn check<S, T>(a: &Mat<S>, r: usize, random: &mut Random)
where
    S: Scalar<Real = f64>,
    T: Scalar<Real = Dd>,
{
    let [w, b, c] = core::array::from_fn(|_| random.matrix::<S>(a.rows(), a.cols()));
    let loss = Loss { w: w.clone(), r };
    let (hb, hc) = (loss.hessian_product(a, &b), loss.hessian_product(a, &c));
    let name = format!("{}×{}, {r}", a.rows(), a.cols());
    let asymmetry = (inner(&c, &hb) - inner(&b, &hc)).abs() / (norm(&b) * norm(&hc));
    assert!(asymmetry < 1e-13, "the Hessian of {name} is not symmetric: {asymmetry:e}");
    // Step 2⁻³⁴: the error of the difference is 2⁻⁶⁸ and 2⁻¹⁰⁰/2⁻³⁴.
    let reference = Loss { w: lift::<S, T>(&w), r };
    let difference = reference.difference(&lift(a), &lift(&b), 2_f64.powi(-34));
    let error = error(&lift::<S, T>(&hb), &difference);
    assert!(error < 2e-13, "Hessian-vector product of {name}: {error:e}");
}

fn every_shape<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>() {
    let mut random = Random(1);
    for (m, n, r) in [(4, 4, 4), (6, 4, 4), (4, 6, 4), (6, 4, 2), (4, 6, 2), (5, 5, 3), (1, 3, 1), (3, 3, 1)] {
        let k = m.min(n);
        let values: Vec<f64> = (0..k).map(|i| (k - i) as f64).collect();
        let a = random.with_values::<S>(m, n, &values);
        check::<S, T>(&a, r, &mut random);
    }
}

#[test]
fn hessian_vector_products_real() {
    every_shape::<f64, Dd>();
}

#[test]
fn hessian_vector_products_complex() {
    every_shape::<C64, Complex<Dd>>();
}

/// Second order needs no gap among the triplets that the loss leaves out.
fn behind_the_cut<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>() {
    let mut random = Random(2);
    for (m, n) in [(6, 5), (5, 6), (5, 5)] {
        for values in [[3.0, 2.0, 1.0, 1.0, 1.0], [3.0, 2.0, 0.0, 0.0, 0.0], [3.0, 2.0, 0.5, 0.5, 0.0]] {
            let a = random.with_values::<S>(m, n, &values);
            check::<S, T>(&a, 2, &mut random);
        }
    }
}

#[test]
fn equal_and_zero_values_behind_the_cut_real() {
    behind_the_cut::<f64, Dd>();
}

#[test]
fn equal_and_zero_values_behind_the_cut_complex() {
    behind_the_cut::<C64, Complex<Dd>>();
}

#[test]
fn rules_for_comparison_are_refused() {
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 1.0], [0.0, 1.0]])).unwrap();
    let a_dot = Mat::identity(2);
    let point =
        SecondOrder { cotangent: Cotangent::default(), a_dot: a_dot.as_ref(), cotangent_dot: Cotangent::default() };
    for rule in [AtEqual::Clip(1e3), AtEqual::Taylor(9), AtEqual::Lorentzian(1e-6)] {
        assert!(svd.vjp_tangent(&point, &Rule::new(rule)).is_err());
    }
}

/// A decomposition with values of one's own, and cotangents of r triplets.
#[derive(Clone)]
struct Known<S: Scalar> {
    u: Mat<S>,
    s: Vec<S::Real>,
    v: Mat<S>,
    gu: Mat<S>,
    gs: Vec<S::Real>,
    gv: Mat<S>,
    block: Mat<S>,
}

impl<S: Scalar<Real = f64>> Known<S> {
    fn new((m, n): (usize, usize), s: &[f64], r: usize, random: &mut Random) -> Self {
        let (u, v) = (random.basis(m, s.len()), random.basis(n, s.len()));
        let (gu, gv, block) = (random.matrix(m, r), random.matrix(n, r), random.matrix(r, r));
        Known { u, s: s.to_vec(), v, gu, gs: (0..r).map(|_| random.unit()).collect(), gv, block }
    }

    fn factors(&self) -> Factors<'_, S> {
        Factors { u: self.u.as_ref(), s: &self.s, v: self.v.as_ref() }
    }

    fn of_vectors(&self) -> Cotangent<'_, S> {
        Cotangent { u: Some(self.gu.as_ref()), v: Some(self.gv.as_ref()), ..Cotangent::default() }
    }

    fn all(&self, block: bool) -> Cotangent<'_, S> {
        let s_matrix = block.then(|| self.block.as_ref());
        Cotangent { s: Some(&self.gs), s_matrix, ..self.of_vectors() }
    }

    fn gradient(&self, cotangent: &Cotangent<'_, S>, rule: &Rule<f64>) -> Mat<S> {
        let (m, n) = (self.u.rows(), self.v.rows());
        let (mut a, mut work) = (Mat::zeros(m, n), vec![S::zero(); vjp_workspace_len::<S>(m, n, self.s.len())]);
        vjp_into(&self.factors(), cotangent, rule, Target::Overwrite(a.as_mut()), &mut work).unwrap();
        a
    }

    fn tangent(&self, [g, g_dot]: [Cotangent<'_, S>; 2], a_dot: &Mat<S>, rule: &Rule<f64>) -> Mat<S> {
        let (m, n) = (self.u.rows(), self.v.rows());
        let (mut a, mut work) = (Mat::zeros(m, n), vec![S::zero(); vjp_tangent_workspace_len::<S>(m, n, self.s.len())]);
        let point = SecondOrder { cotangent: g, a_dot: a_dot.as_ref(), cotangent_dot: g_dot };
        vjp_tangent_into(&self.factors(), &point, rule, Target::Overwrite(a.as_mut()), &mut work).unwrap();
        a
    }
}

/// Where the cotangents are zero their tangents go through the backward rule. Along A itself the vectors stand still, and what they contribute falls
/// as 1/s. Both hold by every rule, whatever values are equal or zero, and with a block cotangent on either side; the second not where the first value that
/// is left out is equal to the last one that counts.
fn known_tangents<S: Scalar<Real = f64>>() {
    let mut random = Random(3);
    let spectra =
        [[5.0, 4.0, 3.0, 2.0, 1.0], [3.0, 2.0, 2.0, 2.0, 1.0], [3.0, 3.0, 1.0, 0.0, 0.0], [2.0, 1.0, 1.0, 1.0, 1.0]];
    let rules = [AtEqual::Reconstruct, AtEqual::MinimumNorm, AtEqual::Published, AtEqual::Zeroing].map(Rule::new);
    for ((shape, s), r) in
        [(6, 5), (5, 6), (5, 5)].into_iter().flat_map(|m| spectra.map(|s| (m, s))).flat_map(|x| [5, 2].map(|r| (x, r)))
    {
        let known = Known::<S>::new(shape, &s, r, &mut random);
        let a_dot = random.matrix(shape.0, shape.1);
        let zeros = Known {
            gu: Mat::zeros(shape.0, r),
            gs: vec![0.0; r],
            gv: Mat::zeros(shape.1, r),
            block: Mat::zeros(r, r),
            ..known.clone()
        };
        for (rule, block) in rules.iter().flat_map(|rule| [false, true].map(|block| (rule, block))) {
            let what = format!("{shape:?}, {s:?}, {r} of them, {:?}, block cotangent: {block}", rule.at_equal);
            let expected = known.gradient(&known.all(block), rule);
            let found = known.tangent([zeros.of_vectors(), known.all(block)], &a_dot, rule);
            assert!(error(&found, &expected) < 1e-13, "tangents of cotangents: {what}: {:e}", error(&found, &expected));
        }
        if r < 5 && s[r - 1] == s[r] {
            continue;
        }
        let scaled = Mat::from_fn(shape.0, 5, |i, j| known.u[(i, j)].scale(s[j]));
        let a = outer(&scaled, &known.v);
        for (rule, block) in rules.iter().flat_map(|rule| [false, true].map(|block| (rule, block))) {
            let what = format!("{shape:?}, {s:?}, {r} of them, {:?}, block cotangent: {block}", rule.at_equal);
            // (Beside a block cotangent the product is not reconstructed.)
            let other = if block && *rule == Rule::reconstruct() { Rule::minimum_norm() } else { *rule };
            let expected = known.gradient(&known.of_vectors(), &other);
            let found = known.tangent([known.all(block), zeros.of_vectors()], &a, rule);
            let error = norm(&moved(&found, 1.0, &expected)) / norm(&expected);
            assert!(error < 1e-13, "along A: {what}: {error:e}");
        }
    }
}

#[test]
fn known_tangents_real() {
    known_tangents::<f64>();
}

#[test]
fn known_tangents_complex() {
    known_tangents::<C64>();
}
