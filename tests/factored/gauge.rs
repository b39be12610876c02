//! The freedom in the factors: what a projection removes, and how two decompositions are brought together.

use super::support::*;
use diffsvd::{Cotangent, Mat, PairMut, Report, Rule, Scalar, Svd, align, gauge_workspace_len, remove_gauge};

fn project<S: Scalar<Real = f64>>(svd: &Svd<S>, gu: &mut Mat<S>, gv: &mut Mat<S>) -> Report<f64> {
    let mut work = vec![S::zero(); gauge_workspace_len::<S>(svd.s().len())];
    remove_gauge(&svd.factors(), PairMut { u: gu.as_mut(), v: gv.as_mut() }, &Rule::default(), &mut work).unwrap()
}

pub(crate) fn projection<S: Scalar<Real = f64>>(a: &Mat<S>, r: usize, random: &mut Random) {
    let svd = Svd::thin(a).unwrap();
    let (gu, gv) = (random.matrix::<S>(a.rows(), r), random.matrix::<S>(a.cols(), r));
    let cotangent = |gu, gv| Cotangent { u: Some(gu), v: Some(gv), ..Cotangent::default() };
    let before = svd.vjp(&cotangent(gu.as_ref(), gv.as_ref()), &Rule::minimum_norm()).unwrap();

    let (mut pu, mut pv) = (gu.clone(), gv.clone());
    let report = project(&svd, &mut pu, &mut pv);
    assert!((report.gauge_residual - before.report.gauge_residual).abs() < 1e-14);
    assert_eq!((report.equal_pairs, report.zeros), (before.report.equal_pairs, before.report.zeros));
    // What is left belongs to a loss free of the gauge and has the same gradient; what went is orthogonal to it.
    let after = svd.vjp(&cotangent(pu.as_ref(), pv.as_ref()), &Rule::minimum_norm()).unwrap();
    assert!(after.report.gauge_residual < 1e-14, "{:?}", after.report);
    let (change, size) = (norm(&moved(&after.a, -1.0, &before.a)), norm(&gu) + norm(&gv));
    assert!(change < 1e-14 * size / smallest_divisor(&svd), "{change:e} at {:?}", svd.s());
    let (qu, qv) = (moved(&gu, -1.0, &pu), moved(&gv, -1.0, &pv));
    assert!((inner(&qu, &pu) + inner(&qv, &pv)).abs() < 1e-13 * (norm(&gu) + norm(&gv)));
    // Twice is once.
    let (mut twice_u, mut twice_v) = (pu.clone(), pv.clone());
    project(&svd, &mut twice_u, &mut twice_v);
    assert!(error(&twice_u, &pu) < 1e-13 && error(&twice_v, &pv) < 1e-13);
}

/// The smallest gap and the smallest value that do not count as zero, by which every rule divides.
fn smallest_divisor<S: Scalar<Real = f64>>(svd: &Svd<S>) -> f64 {
    let s = svd.s();
    let cut = (svd.u().rows().max(svd.v().rows()) + 10) as f64 * f64::EPSILON * s[0];
    let divisors = s.windows(2).map(|pair| pair[0] - pair[1]).chain(s.iter().copied());
    divisors.filter(|&x| x > cut).fold(1.0, f64::min)
}

fn every_spectrum<S: Scalar<Real = f64>>() {
    let mut random = Random(8);
    for (m, n) in [(4, 4), (6, 4), (4, 6)] {
        for values in [
            [4.0, 3.0, 2.0, 1.0],
            [3.0, 3.0, 3.0, 1.0],
            [2.0, 2.0, 1.0, 1.0],
            [2.0, 1.0, 0.0, 0.0],
            [2.0, 2.0, 0.0, 0.0],
        ] {
            for r in [4, 2, 1, 3] {
                projection(&random.with_values::<S>(m, n, &values), r, &mut random);
            }
        }
    }
}

#[test]
fn projection_real() {
    every_spectrum::<f64>();
}

#[test]
fn projection_complex() {
    every_spectrum::<C64>();
}

/// Two decompositions of one matrix, one of them turned by hand, come together; a lost direction is seen.
pub(crate) fn alignment<S: Scalar<Real = f64>>() {
    let mut random = Random(9);
    for values in [[4.0, 3.0, 2.0, 1.0], [3.0, 3.0, 3.0, 1.0], [2.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0]] {
        let a = random.with_values::<S>(4, 4, &values);
        let svd = Svd::thin(&a).unwrap();
        // Turned inside the blocks.
        let mut q = Mat::<S>::zeros(4, 4);
        let mut q_right = Mat::<S>::zeros(4, 4);
        let mut first = 0;
        while first < 4 {
            let len = (first..4).take_while(|&i| values[i] == values[first]).count();
            let (left, right) = (random.basis::<S>(len, len), random.basis::<S>(len, len));
            for i in 0..len {
                for j in 0..len {
                    q[(first + i, first + j)] = left[(i, j)];
                    q_right[(first + i, first + j)] = if values[first] == 0.0 { right[(i, j)] } else { left[(i, j)] };
                }
            }
            first += len;
        }
        let (mut u, mut v) = (svd.u().product(&q).unwrap(), svd.v().product(&q_right).unwrap());
        let mut work = vec![S::zero(); gauge_workspace_len::<S>(4)];
        let mut bring = |u: &mut Mat<S>, v: &mut Mat<S>| {
            align(&svd.factors(), PairMut { u: u.as_mut(), v: v.as_mut() }, &Rule::default(), &mut work).unwrap()
        };
        let cosine = bring(&mut u, &mut v);
        assert!((cosine - 1.0).abs() < 1e-14, "{values:?}: {cosine}");
        assert!(error(&u, svd.u()) < 1e-14 && error(&v, svd.v()) < 1e-14, "{values:?}");
        let swap = Mat::<S>::from_fn(4, 4, |i, j| if i == 3 - j { S::one() } else { S::zero() });
        let (mut u, mut v) = (svd.u().product(&swap).unwrap(), svd.v().product(&swap).unwrap());
        assert!(bring(&mut u, &mut v) < 1e-14);
        // By 60 degrees out of the blocks.
        let (cos, sin) = (0.5, 0.75_f64.sqrt());
        let tilt = Mat::<S>::from_fn(4, 4, |i, j| match (i, j) {
            (0, 0) | (3, 3) => S::from_parts(cos, 0.0),
            (0, 3) => S::from_parts(sin, 0.0),
            (3, 0) => S::from_parts(-sin, 0.0),
            _ => S::from_parts(if i == j { 1.0 } else { 0.0 }, 0.0),
        });
        let (mut u, mut v) = (svd.u().product(&tilt).unwrap(), svd.v().product(&tilt).unwrap());
        assert!((bring(&mut u, &mut v) - cos).abs() < 1e-14, "{values:?}");
    }
}

#[test]
fn alignment_real() {
    alignment::<f64>();
}

#[test]
fn alignment_complex() {
    alignment::<C64>();
}

#[test]
fn of_nothing_nothing_is_removed() {
    let svd = Svd::thin(&Mat::from_rows(&[[2.0, 1.0], [0.0, 1.0], [1.0, 0.0]])).unwrap();
    let (mut gu, mut gv) = (Mat::<f64>::zeros(3, 2), Mat::zeros(2, 2));
    assert_eq!(project(&svd, &mut gu, &mut gv), Report::default());
    assert_eq!((gu, gv), (Mat::zeros(3, 2), Mat::zeros(2, 2)));
}
