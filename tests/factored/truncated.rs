//! Losses of the leading r triplets: from the whole thin decomposition, and from the r triplets and A alone.

use super::support::*;
use diffsvd::{
    Cotangent, Error, Iteration, Mat, Partial, Real, Rule, Scalar, Svd, TangentMut, Target, Vectors, partial_jvp_into,
    partial_vjp_into, partial_workspace_len,
};

/// f(s) = s² + 0.3.
fn value<R: Real>(s: R) -> R {
    s * s + R::from_f64(0.3)
}

/// A cotangent of the leading r triplets that belongs to a loss free of phases: L = Re tr(Wᴴ U_r f(S) V_rᴴ).
fn cotangent<S: Scalar<Real = f64>>(svd: &Svd<S>, w: &Mat<S>, r: usize) -> (Mat<S>, Vec<f64>, Mat<S>) {
    let (wv, wu) = (w.product(&leading(svd.v(), r)).unwrap(), w.adjoint().product(&leading(svd.u(), r)).unwrap());
    let column = |x: &Mat<S>| Mat::from_fn(x.rows(), r, |i, j| x[(i, j)].scale(value(svd.s()[j])));
    let (gu, gv) = (column(&wv), column(&wu));
    let slope = |j: usize| (0..wv.rows()).map(|i| (svd.u()[(i, j)].conj() * wv[(i, j)]).re()).sum::<f64>();
    let gs = (0..r).map(|j| 2.0 * svd.s()[j] * slope(j));
    (gu, gs.collect(), gv)
}

/// U_r f(S) V_rᴴ.
fn product<S: Scalar>(a: &Mat<S>, r: usize) -> Mat<S> {
    let svd = Svd::thin(a).unwrap();
    let scaled = Mat::from_fn(a.rows(), r, |i, j| svd.u()[(i, j)].scale(value(svd.s()[j])));
    outer(&scaled, &leading(svd.v(), r))
}

/// Both rules at A: against differences in 31 digits, against each other, and adjoint to the forward rules.
pub(crate) fn check<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>(a: &Mat<S>, r: usize, random: &mut Random) {
    let (m, n, rule) = (a.rows(), a.cols(), Rule::default());
    let (w, b) = (random.matrix::<S>(m, n), random.matrix::<S>(m, n));
    let (whole, part) = (Svd::thin(a).unwrap(), Svd::new(a.as_ref(), Vectors::Leading(r)).unwrap());
    let (gu, gs, gv) = cotangent(&whole, &w, r);
    let g = Cotangent { u: Some(gu.as_ref()), s: Some(&gs[..]), v: Some(gv.as_ref()), s_matrix: None };
    let exact = whole.vjp(&g, &rule).unwrap();
    assert!(exact.report.gauge_residual < 1e-13);

    let difference = slope::<S, T>(a, &b, |a| product(a, r));
    let (slope, expected) = (inner(&exact.a, &b), inner(&lift::<S, T>(&w), &difference));
    let size = norm(&exact.a) * norm(&b);
    assert!((slope - expected).abs() < 1e-13 * size, "{m}×{n}, {r}: truncated vjp: {slope} against {expected}");

    let (gradient, convergence) = part.partial_vjp(a, &g, &rule).unwrap();
    assert!(
        error(&gradient.a, &exact.a) < 2e-14,
        "{}×{}, {r}: {:e}, {convergence:?}",
        m,
        n,
        error(&gradient.a, &exact.a)
    );
    let tangent = whole.jvp(&b, &rule).unwrap();
    let (partial, _) = part.partial_jvp(a, &b, &rule).unwrap();
    for (part, whole) in [(&partial.u, &tangent.u), (&partial.v, &tangent.v)] {
        let change = norm(&moved(part, -1.0, &leading(whole, r)));
        assert!(change < 2e-14 * norm(&b), "{m}×{n}, {r}: {change:e}, {convergence:?}");
    }
    let dual =
        inner(&gu, &partial.u) + inner(&gv, &partial.v) + gs.iter().zip(&partial.s).map(|(g, s)| g * s).sum::<f64>();
    assert!((dual - inner(&gradient.a, &b)).abs() < 1e-13 * norm(&gradient.a) * norm(&b));
}

fn every_shape<S: Scalar<Real = f64>, T: Scalar<Real = Dd>>() {
    let mut random = Random(3);
    for (m, n, r) in [(8, 5, 2), (5, 8, 2), (6, 6, 3), (9, 4, 4), (4, 9, 4), (6, 6, 6), (12, 10, 1)] {
        let values: Vec<f64> = (0..m.min(n)).map(|i| 2.0 * 0.8_f64.powf(i as f64)).collect();
        check::<S, T>(&random.with_values::<S>(m, n, &values), r, &mut random);
    }
    // Behind the cut values may be equal or zero.
    check::<S, T>(&random.with_values::<S>(7, 5, &[3.0, 2.0, 1.0, 1.0, 1.0]), 2, &mut random);
    check::<S, T>(&random.with_values::<S>(7, 5, &[3.0, 2.0, 0.0, 0.0, 0.0]), 2, &mut random);
}

#[test]
fn truncation_real() {
    every_shape::<f64, Dd>();
}

#[test]
fn truncation_complex() {
    every_shape::<C64, Complex<Dd>>();
}

#[test]
fn the_projectors_alone_are_wrong_by_tens_of_percent() {
    let mut random = Random(4);
    let a = random.with_values::<f64>(20, 16, &(0..16).map(|i| 0.9_f64.powi(i)).collect::<Vec<_>>());
    let (whole, part) = (Svd::thin(&a).unwrap(), Svd::thin(&a).unwrap().truncate(4));
    let (gu, gs, gv) = cotangent(&whole, &random.matrix(20, 16), 4);
    let g = Cotangent { u: Some(gu.as_ref()), s: Some(&gs[..]), v: Some(gv.as_ref()), s_matrix: None };
    let exact = whole.vjp(&g, &Rule::default()).unwrap().a;
    let projectors = part.vjp(&g, &Rule::default()).unwrap().a;
    let wrong = error(&projectors, &exact);
    println!("the projectors alone: {wrong:.2}");
    assert!(wrong > 0.3, "the projectors alone are wrong by {wrong}");
    assert!(error(&part.partial_vjp(&a, &g, &Rule::default()).unwrap().0.a, &exact) < 1e-13);
}

/// The number of iterations follows from the gap, and the error from the gap and the tolerance.
#[test]
fn iterations_against_gap() {
    let mut random = Random(5);
    for (gap, most) in [(1e-1, 60), (1e-2, 170), (1e-3, 500)] {
        let values: Vec<f64> = (0..60_u8)
            .map(|i| if i < 3 { 1.0 + 0.1 * f64::from(2 - i) } else { (1.0 - gap) * (1.0 - f64::from(i - 3) / 60.0) })
            .collect();
        let a = random.with_values::<f64>(80, 60, &values);
        let whole = Svd::thin(&a).unwrap();
        let (gu, gs, gv) = cotangent(&whole, &random.matrix(80, 60), 3);
        let g = Cotangent { u: Some(gu.as_ref()), s: Some(&gs[..]), v: Some(gv.as_ref()), s_matrix: None };
        let exact = whole.vjp(&g, &Rule::default()).unwrap().a;
        let (gradient, convergence) = whole.truncate(3).partial_vjp(&a, &g, &Rule::default()).unwrap();
        let error = error(&gradient.a, &exact);
        println!("{gap:e}: {} iterations, error {error:e}", convergence.iterations);
        assert!(convergence.iterations <= most && error < 1e-14 / gap, "{gap:e}: {convergence:?}, {error:e}");
    }
}

#[test]
fn a_gradient_is_added_to_what_is_there() {
    let a = Mat::from_fn(5, 4, |i, j| (1.0 + (3 * i + 5 * j) as f64).sin());
    let svd = Svd::new(a.as_ref(), Vectors::Leading(2)).unwrap();
    let gu = Mat::from_fn(5, 2, |i, j| (1 + i + j) as f64);
    let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
    let partial = Partial { a: a.as_ref(), factors: svd.factors(), iteration: Iteration::default() };
    let mut work = vec![0.0; partial_workspace_len::<f64>(5, 4, 2)];
    let (mut alone, mut sum) = (Mat::zeros(5, 4), Mat::from_fn(5, 4, |_, _| 7.0));
    partial_vjp_into(&partial, &cotangent, &Rule::default(), Target::Overwrite(alone.as_mut()), &mut work).unwrap();
    partial_vjp_into(&partial, &cotangent, &Rule::default(), Target::Add(sum.as_mut()), &mut work).unwrap();
    assert!(alone.as_slice().iter().any(|x| x.abs() > 0.1));
    assert!(sum.as_slice().iter().zip(alone.as_slice()).all(|(sum, x)| (sum - (7.0 + x)).abs() < 1e-13));
}

#[test]
fn triplets_that_do_not_lead_and_a_spent_budget_are_errors() {
    let a = Mat::from_fn(4, 4, |i, j| if i == j { [2.0, 1.0, 4.0, 3.0][i] } else { 0.0 });
    // The triplets of 2 and 1, though 4 and 3 are larger.
    let basis = leading(&Mat::<f64>::identity(4), 2);
    let s = [2.0, 1.0];
    let factors = diffsvd::Factors { u: basis.as_ref(), s: &s, v: basis.as_ref() };
    let gu = Mat::from_fn(4, 2, |i, j| (1 + i + j) as f64);
    let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
    let mut ga = Mat::from_fn(4, 4, |_, _| 7.0);
    let mut work = vec![0.0; partial_workspace_len::<f64>(4, 4, 2)];
    let mut attempt = |iteration, factors| {
        let partial = Partial { a: a.as_ref(), factors, iteration };
        let result =
            partial_vjp_into(&partial, &cotangent, &Rule::default(), Target::Overwrite(ga.as_mut()), &mut work);
        assert!(ga.as_slice().iter().all(|&x| x == 7.0), "the target is untouched");
        result
    };
    assert!(matches!(attempt(Iteration::default(), factors), Err(Error::Stalled { .. })));
    for tolerance in [0.0, 1.0, f64::NAN] {
        assert!(matches!(attempt(Iteration { tolerance, budget: 5 }, factors), Err(Error::Parameter { .. })));
    }

    let svd = Svd::thin(&a).unwrap();
    let factors = svd.factors().leading(2);
    match attempt(Iteration { tolerance: 1e-15, budget: 1 }, factors) {
        Err(Error::Stalled { iterations: 1, residual, .. }) => assert!(residual > 1e-3 && residual < 1.0),
        other => panic!("{other:?}"),
    }
}

/// Each column is solved to the tolerance relative to itself, however small it is beside the others.
#[test]
fn columns_of_very_different_size() {
    let mut random = Random(15);
    let (m, n, r) = (24, 20, 3);
    let values: Vec<f64> = (0..20).map(|i| 0.95_f64.powi(i)).collect();
    let a = random.with_values::<f64>(m, n, &values);
    let whole = Svd::thin(&a).unwrap();
    let part = whole.clone().truncate(r);
    let iteration = Iteration { tolerance: 1e-6, budget: 100 };
    // Directions B = G Vᵣᴴ or Uᵣ Gᴴ with G beyond the leading triplets, each column a ten-thousandth of the one before.
    let graded = |basis: &Mat<f64>, g: &Mat<f64>| {
        let leading = leading(basis, r);
        let inside = leading.product(&leading.adjoint().product(g).unwrap()).unwrap();
        Mat::from_fn(g.rows(), r, |i, j| (g[(i, j)] - inside[(i, j)]) * [1.0, 1e-4, 1e-8][j])
    };
    let left = outer(&graded(whole.u(), &random.matrix(m, r)), &leading(whole.v(), r));
    let right = outer(&leading(whole.u(), r), &graded(whole.v(), &random.matrix(n, r)));
    for b in [left, right] {
        let exact = whole.jvp(&b, &Rule::default()).unwrap();
        let (mut u, mut v) = (Mat::zeros(m, r), Mat::zeros(n, r));
        let partial = Partial { a: a.as_ref(), factors: part.factors(), iteration };
        let tangent = TangentMut { u: Some(u.as_mut()), v: Some(v.as_mut()), ..TangentMut::default() };
        let mut work = vec![0.0; partial_workspace_len::<f64>(m, n, r)];
        let convergence = partial_jvp_into(&partial, b.as_ref(), &Rule::default(), tangent, &mut work).unwrap();
        for j in 0..r {
            let column = |x: &Mat<f64>| Mat::from_fn(x.rows(), 1, |i, _| x[(i, j)]);
            let errors = [(&u, &exact.u), (&v, &exact.v)].map(|(x, exact)| error(&column(x), &column(exact)));
            println!("column {j}: {errors:?}, {convergence:?}");
            assert!(errors.iter().all(|&error| error < 5e-6), "column {j}: {errors:?}, {convergence:?}");
        }
    }
}
