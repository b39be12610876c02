//! Items that fail: which, why, and that nobody else notices.

use diffsvd::batch::{self, BatchMut, Cotangent, Factors, FactorsMut, Run, Same, Target, fused};
use diffsvd::spectral::{Polar, SoftThreshold};
use diffsvd::{Error, Mat, Rule, Scalar, Svd, Vectors};
use num_complex::Complex;

use crate::memory::{Many, Place};
use crate::outputs::{decompose, matrices};
use crate::support::entry::{Entry, from_pair};

/// NaN or infinity at every position of every item of a few tiles, in turn: the status says where, nothing is written for the item, and the
/// others are the same to the last bit.
fn poisoned<S: Entry>(m: usize, n: usize) {
    let count = 18;
    let clean = matrices::<S>(count, m, n);
    for vectors in [Vectors::None, Vectors::Thin] {
        let expected = decompose(&Many::holding(&clean, Place::RowMajor), vectors, Place::RowMajor);
        for (turn, place) in (0..m * n).step_by((m * n).div_ceil(90)).zip([0, 7, 3, 17, 12, 8].into_iter().cycle()) {
            let (i, j) = (turn / n, turn % n);
            let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][turn % 3];
            let bad = if S::PARTS == 2 && turn % 2 == 1 { from_pair::<S>(1.0, bad) } else { from_pair(bad, 1.0) };
            let mut all = clean.clone();
            all[place][(i, j)] = bad;
            let out = decompose(&Many::holding(&all, Place::RowMajor), vectors, Place::RowMajor);
            let alone = Svd::new(all[place].as_ref(), vectors).expect_err("an entry that is not finite");
            assert_eq!(out.status[place], Err(alone), "{} {m}×{n}", S::NAME);
            assert_eq!(out.done.first, Some(batch::Failure { item: Some(place), error: alone }));
            assert_eq!((out.done.succeeded, out.done.failed), (count - 1, 1));
            out.u.assert_blank(place);
            out.s.assert_blank(place);
            out.v.assert_blank(place);
            for other in (0..count).filter(|&other| other != place) {
                assert_eq!(out.status[other], Ok(()));
                assert_eq!(out.u.get(other), expected.u.get(other), "{} {m}×{n}: item {other} of U", S::NAME);
                assert_eq!(out.s.get(other), expected.s.get(other));
                assert_eq!(out.v.get(other), expected.v.get(other));
            }
        }
    }
}

#[test]
fn an_item_that_is_not_finite_is_named_and_harms_nobody() {
    for (m, n) in [(1, 1), (3, 3), (2, 5), (6, 4), (9, 9), (17, 18)] {
        poisoned::<f32>(m, n);
        poisoned::<f64>(m, n);
        poisoned::<Complex<f32>>(m, n);
        poisoned::<Complex<f64>>(m, n);
    }
}

/// Several failures, all of them recorded; the first is the one with the lowest number.
#[test]
fn every_failure_is_recorded() {
    for (m, n) in [(3, 3), (10, 9), (18, 17)] {
        let mut all = matrices::<f64>(40, m, n);
        for bad in [4, 5, 21, 39] {
            all[bad][(m - 1, 0)] = f64::NAN;
        }
        all[21] = Mat::from_fn(m, n, |_, _| f64::MAX);
        let out = decompose(&Many::holding(&all, Place::RowMajor), Vectors::Thin, Place::RowMajor);
        assert_eq!((out.done.succeeded, out.done.failed), (36, 4));
        assert_eq!(out.done.first.and_then(|first| first.item), Some(4));
        let failed: Vec<_> = (0..40).filter(|&i| out.status[i].is_err()).collect();
        assert_eq!(failed, [4, 5, 21, 39]);
        assert_eq!(out.status[21], Err(Error::Overflow), "s₁ is not representable");
    }
}

/// The early exit ends at the first failure; those before it are done.
#[test]
fn the_early_exit_names_the_first_failure() {
    for (m, n) in [(3, 3), (10, 9)] {
        let mut all = matrices::<f64>(60, m, n);
        let expected = decompose(&Many::holding(&all, Place::RowMajor), Vectors::None, Place::RowMajor);
        (all[37][(1, 2)], all[50][(0, 0)]) = (f64::NAN, f64::NAN);
        let a = Many::holding(&all, Place::RowMajor);
        let (mut s, mut status) = (Many::<f64>::blank_vectors(60, n, Place::RowMajor), vec![Err(Error::Overflow); 60]);
        let mut work = vec![0.0; batch::singular_values_workspace_len::<f64>(m, n)];
        let run = Run::new(&mut work).record(&mut status).stop_at_first_failure();
        let done = batch::singular_values_into(a.as_ref(), s.as_mut(), run).unwrap();
        let failure = done.all().unwrap_err();
        assert_eq!(failure.item, Some(37));
        assert_eq!(failure.to_string(), "item 37: entry (1, 2) of the matrix is NaN");
        let cause = std::error::Error::source(&failure).expect("the error of the item");
        assert_eq!(cause.to_string(), "entry (1, 2) of the matrix is NaN");
        assert_eq!((done.succeeded, done.failed), (37, 1));
        assert!((0..37).all(|i| status[i].is_ok() && s.get(i) == expected.s.get(i)));
        assert_eq!(status[50], Err(Error::Overflow), "what was not reached keeps its status");
        s.assert_blank(37);
    }
}

/// A derivative that does not exist is a matter of its item.
#[test]
fn a_rule_refuses_single_items() {
    for n in [3, 9] {
        let all: Vec<_> = (0..20).map(|i| Mat::from_fn(n, n, |r, c| diagonal(r, c, i, n))).collect();
        let svds: Vec<_> = all.iter().map(|a| Svd::thin(a).unwrap()).collect();
        let (u, v) =
            (Many::holding(&all_of(&svds, Svd::u), Place::Gaps), Many::holding(&all_of(&svds, Svd::v), Place::Gaps));
        let s = Many::holding_vectors(&svds.iter().map(|svd| svd.s().to_vec()).collect::<Vec<_>>());
        let factors = Factors { u: u.as_ref(), s: s.as_ref(), v: v.as_ref() };
        let mut ga = Many::<f64>::blank(20, (n, n), Place::RowMajor);
        let zero = diffsvd::Report { gauge_residual: 0.0, equal_pairs: 0, zeros: 0 };
        let (mut status, mut work) = (vec![Ok(zero); 20], vec![0.0; batch::vjp_workspace_len::<f64>(n, n, n)]);
        let cotangent = Cotangent { u: Some(u.as_ref()), ..Cotangent::default() };
        let target = Target::Overwrite(ga.as_mut());
        let run = Run::new(&mut work).record(&mut status);
        let done = batch::vjp_into(factors, cotangent, &Rule::plain(), target, run).unwrap();
        assert_eq!((done.succeeded, done.failed), (15, 5), "every fourth has two equal values");
        for (i, status) in status.iter().enumerate() {
            assert_eq!(matches!(status, Err(Error::EqualSingularValues { first: 0, .. })), i % 4 == 1, "{status:?}");
            if i % 4 == 1 {
                ga.assert_blank(i);
            }
        }
    }
}

fn diagonal(row: usize, col: usize, item: usize, n: usize) -> f64 {
    if row != col {
        0.0
    } else if item % 4 == 1 && row < 2 {
        20.0
    } else {
        (n - row) as f64
    }
}

fn all_of<S: Scalar>(svds: &[Svd<S>], part: fn(&Svd<S>) -> &Mat<S>) -> Vec<Mat<S>> {
    svds.iter().map(|svd| part(svd).clone()).collect()
}

/// Fused functions: the failure of a decomposition and that of a function.
#[test]
fn fused_functions_fail_item_by_item() {
    for (m, n) in [(3, 3), (9, 9)] {
        let mut all = matrices::<f64>(18, m, n);
        all[2][(0, 1)] = f64::INFINITY;
        let a = Many::holding(&all, Place::RowMajor);
        let mut x = Many::blank(18, (m, n), Place::Interleaved);
        let (mut status, mut work) = (vec![Ok(()); 18], vec![0.0; fused::workspace_len::<f64>(m, n)]);
        let run = Run::new(&mut work).record(&mut status);
        let target = Target::Overwrite(x.as_mut());
        let done = fused::map_into(a.as_ref(), &Same(SoftThreshold(0.5)), target, None, run).unwrap();
        assert_eq!((done.failed, done.first.and_then(|first| first.item)), (1, Some(2)));
        x.assert_blank(2);
        // The polar factor has no derivative where a singular value is zero.
        let mut ga = Many::blank(18, (m, n), Place::RowMajor);
        let gradient = batch::MapGradient { a: Target::Overwrite(ga.as_mut()), f: None };
        let x_bar = Many::holding(
            &matrices::<f64>(18, m, n).iter().map(|_| Mat::identity(n)).collect::<Vec<_>>(),
            Place::RowMajor,
        );
        let run = Run::new(&mut work).record(&mut status);
        let _ = fused::map_vjp_into(a.as_ref(), &Same(Polar), x_bar.as_ref(), gradient, run).unwrap();
        assert!(matches!(status[6], Err(Error::ZeroSingularValue { .. })), "{:?}", status[6]);
        assert!(matches!(status[2], Err(Error::NonFinite { row: 0, column: 1, nan: false, .. })));
        assert!(status[0].is_ok());
        ga.assert_blank(6);
    }
}

/// A direction that is not finite is that of its item, and named as by the function of one matrix.
#[test]
fn directions_that_are_not_finite_are_named() {
    for (m, n) in [(3, 3), (9, 9)] {
        let a = Many::holding(&matrices::<f64>(18, m, n), Place::RowMajor);
        let mut directions = vec![Mat::identity(n); 18];
        directions[17][(m - 1, 1)] = f64::NEG_INFINITY;
        let z = Many::holding(&directions, Place::RowMajor);
        let (mut x, mut work) =
            (Many::blank(18, (m, n), Place::RowMajor), vec![0.0; fused::workspace_len::<f64>(m, n)]);
        let (tangent, target) = (batch::MapTangent { a: z.as_ref(), f: None }, Target::Overwrite(x.as_mut()));
        let done = fused::map_jvp_into(a.as_ref(), &Same(SoftThreshold(0.5)), tangent, target, Run::new(&mut work));
        let error = Error::NonFinite { argument: "the tangent of A", row: m - 1, column: 1, nan: false };
        assert_eq!(done.unwrap().all(), Err(batch::Failure { item: Some(17), error }));
        x.assert_blank(17);
    }
}

/// A batch of nothing.
#[test]
fn an_empty_batch_is_done() {
    let mut work = vec![0.0; batch::svd_workspace_len::<f64>(3, 3, Vectors::Thin)];
    let a = batch::BatchRef::<f64>::row_major(&[], 0, 3, 3).unwrap();
    let out = FactorsMut {
        u: BatchMut::row_major(&mut [], 0, 3, 3).unwrap(),
        s: BatchMut::vectors(&mut [], 0, 3).unwrap(),
        v: BatchMut::row_major(&mut [], 0, 3, 3).unwrap(),
    };
    let done = batch::svd_into(a, Vectors::Thin, out, Run::new(&mut work)).unwrap();
    assert_eq!(done, batch::Summary::default());
}
