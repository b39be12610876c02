//! Every derivative of the factors over a batch, against the loop over single matrices.

use diffsvd::batch::{self, Cotangent, Factors, Layout, Run, TangentMut, Target};
use diffsvd::{Error, Mat, Real, Rule, Scalar, Vectors};
use num_complex::Complex;

use crate::factorization::small;
use crate::memory::{Many, Place, blank};
use crate::support::derivatives::{Parts, Triplets, minus, norm};
use crate::support::entry::Entry;
use crate::support::random::Random;

/// Factors of many matrices, given, not computed: some with equal and zero values.
pub(crate) struct Case<S: Entry> {
    pub(crate) shape: (usize, usize),
    pub(crate) place: Place,
    pub(crate) triplets: Vec<Triplets<S>>,
    u: Many<S>,
    s: Many<S::Real>,
    v: Many<S>,
}

impl<S: Entry> Case<S> {
    /// k triplets of `count` m×n matrices; complete bases where these are asked for.
    pub(crate) fn new(count: usize, (m, n): (usize, usize), k: usize, vectors: Vectors) -> Self {
        let mut random = Random::new((100 * m + 10 * n + k) as u64);
        let place = Place::turn(m + n + k);
        let triplets: Vec<Triplets<S>> = (0..count)
            .map(|i| {
                let value = |j: usize| match i % 4 {
                    1 => ((k - j) / 2) as f64, // equal in pairs, and a zero
                    2 if j + 1 == k => 0.0,
                    _ => (k - j) as f64 + 0.25,
                };
                let s: Vec<f64> = (0..k).map(value).collect();
                let (u, v) = if vectors == Vectors::Full { (m, n) } else { (k, k) };
                let (u, v) = (random.orthonormal(m, u), random.orthonormal(n, v));
                Triplets { u, s: s.into_iter().map(S::Real::from_f64).collect(), v }
            })
            .collect();
        let all = |basis: fn(&Triplets<S>) -> &Mat<S>| triplets.iter().map(|t| basis(t).clone()).collect::<Vec<_>>();
        let (u, v) = (Many::holding(&all(|t| &t.u), place), Many::holding(&all(|t| &t.v), place));
        let s = Many::holding_vectors(&triplets.iter().map(|t| t.s.clone()).collect::<Vec<_>>());
        Case { shape: (m, n), place, triplets, u, s, v }
    }

    pub(crate) fn count(&self) -> usize {
        self.triplets.len()
    }

    pub(crate) fn k(&self) -> usize {
        self.triplets[0].s.len()
    }

    pub(crate) fn factors(&self) -> Factors<'_, S> {
        Factors { u: self.u.as_ref(), s: self.s.as_ref(), v: self.v.as_ref() }
    }

    pub(crate) fn random(&self, rows: usize, cols: usize, seed: u64) -> Vec<Mat<S>> {
        let mut random = Random::new(seed);
        (0..self.count()).map(|_| random.matrix(rows, cols)).collect()
    }

    /// Outputs that nobody has written.
    pub(crate) fn blank(&self, rows: usize, cols: usize) -> Many<S> {
        Many::blank(self.count(), (rows, cols), self.place)
    }

    /// Runs the batch with every item recorded, and each matrix alone, and compares what they return.
    pub(crate) fn compare<T: Clone + PartialEq + std::fmt::Debug>(
        &self,
        len: usize,
        batch: impl FnOnce(Run<'_, S, T>) -> Result<batch::Summary, Error>,
        alone: impl Fn(usize, &mut [S]) -> Result<T, Error>,
    ) -> Vec<Result<T, Error>> {
        let mut status: Vec<Result<T, Error>> = vec![Err(Error::Overflow); self.count()];
        let mut work = vec![S::zero(); len];
        let done = batch(Run::new(&mut work).record(&mut status)).expect("shapes that match");
        let expected: Vec<_> = (0..self.count()).map(|i| alone(i, &mut work)).collect();
        let failed = expected.iter().filter(|outcome| outcome.is_err()).count();
        assert_eq!((done.succeeded, done.failed), (self.count() - failed, failed));
        assert_eq!(done.first.and_then(|first| first.item), expected.iter().position(Result::is_err));
        if small(self.shape.0, self.shape.1) {
            let errors =
                |all: &[Result<T, Error>]| all.iter().map(|one| one.as_ref().err().copied()).collect::<Vec<_>>();
            assert_eq!(errors(&status), errors(&expected));
        } else {
            assert_eq!(status, expected);
        }
        status
    }
}

/// Single outputs, where the loop writes what the batch is compared with.
pub(crate) fn blanks<S: Scalar>(count: usize, rows: usize, cols: usize) -> Vec<Mat<S>> {
    vec![Mat::from_fn(rows, cols, |_, _| blank()); count]
}

/// Relative difference of each item; bit for bit where both go the same way.
pub(crate) fn close<S: Scalar>(got: &Many<S>, expected: &[Mat<S>], (m, n): (usize, usize), what: &str) {
    got.assert_outside_untouched();
    if !small(m, n) {
        got.assert_are(expected, what);
        return;
    }
    for (i, expected) in expected.iter().enumerate() {
        let error = difference(&got.get(i), expected);
        // Gaps are 1 or none, and s₁ is at most 10; measured: 1.0.
        assert!(error <= 3.0, "{what}: item {i} {m}×{n} differs by {error} max(m, n) ε");
    }
}

/// ‖X − Y‖ relative to ‖Y‖, or to 1, in units of max(m, n) ε.
pub(crate) fn difference<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> f64 {
    let unit = x.rows().max(x.cols()).max(1) as f64 * S::Real::EPSILON.to_f64();
    norm(&minus(x, y)).to_f64() / norm(y).to_f64().max(1.0) / unit
}

const SHAPES: [(usize, usize); 7] = [(1, 1), (3, 3), (5, 3), (2, 6), (9, 9), (12, 10), (10, 12)];

fn vjp<S: Entry>() {
    let rules = [Rule::default(), Rule::minimum_norm(), Rule::published(), Rule::plain()];
    for (turn, (m, n)) in SHAPES.into_iter().enumerate() {
        for k in [m.min(n), m.min(n) / 2] {
            let case = Case::<S>::new(11, (m, n), k, Vectors::Thin);
            let parts: Vec<Parts<S>> = (0..case.count())
                .map(|i| {
                    let random = &mut Random::new(i as u64);
                    let s = (0..k).map(|_| S::Real::from_f64(random.normal())).collect();
                    let (u, v, s_matrix) = (random.matrix(m, k), random.matrix(n, k), random.matrix(k, k));
                    Parts { u: Some(u), s: Some(s), v: Some(v), s_matrix: Some(s_matrix) }
                })
                .collect();
            let matrices = |part: fn(&Parts<S>) -> &Option<Mat<S>>| {
                let all: Vec<_> = parts.iter().map(|parts| part(parts).clone().expect("a part")).collect();
                Many::holding(&all, Place::turn(turn))
            };
            let (gu, gv, gs_matrix) = (matrices(|p| &p.u), matrices(|p| &p.v), matrices(|p| &p.s_matrix));
            let gs = Many::holding_vectors(&parts.iter().map(|p| p.s.clone().expect("values")).collect::<Vec<_>>());
            for (choice, rule) in (0..16).zip(rules.iter().cycle()) {
                let wanted = |bit: usize| choice >> bit & 1 == 1;
                let cotangent = Cotangent {
                    u: wanted(0).then(|| gu.as_ref()),
                    s: wanted(1).then(|| gs.as_ref()),
                    v: wanted(2).then(|| gv.as_ref()),
                    s_matrix: wanted(3).then(|| gs_matrix.as_ref()),
                };
                let single = |i: usize| {
                    let whole = parts[i].as_cotangent();
                    diffsvd::Cotangent {
                        u: whole.u.filter(|_| wanted(0)),
                        s: whole.s.filter(|_| wanted(1)),
                        v: whole.v.filter(|_| wanted(2)),
                        s_matrix: whole.s_matrix.filter(|_| wanted(3)),
                    }
                };
                for add in [false, true] {
                    let mut ga = case.blank(m, n);
                    let alone = std::cell::RefCell::new(blanks(case.count(), m, n));
                    let target = if add { Target::Add(ga.as_mut()) } else { Target::Overwrite(ga.as_mut()) };
                    case.compare(
                        batch::vjp_workspace_len::<S>(m, n, k),
                        |run| batch::vjp_into(case.factors(), cotangent, rule, target, run),
                        |i, work| {
                            let mut alone = alone.borrow_mut();
                            let target = if add {
                                diffsvd::Target::Add(alone[i].as_mut())
                            } else {
                                diffsvd::Target::Overwrite(alone[i].as_mut())
                            };
                            diffsvd::vjp_into(&case.triplets[i].view(), &single(i), rule, target, work)
                        },
                    );
                    close(&ga, &alone.borrow(), (m, n), &format!("vjp {choice} {rule:?} {add}"));
                }
            }
        }
    }
}

#[test]
fn vjp_is_the_loop_f32() {
    vjp::<f32>();
}
#[test]
fn vjp_is_the_loop_f64() {
    vjp::<f64>();
}
#[test]
fn vjp_is_the_loop_complex_f32() {
    vjp::<Complex<f32>>();
}
#[test]
fn vjp_is_the_loop_complex_f64() {
    vjp::<Complex<f64>>();
}

fn jvp<S: Entry>() {
    for (m, n) in SHAPES {
        for k in [m.min(n), m.min(n) / 2] {
            let case = Case::<S>::new(10, (m, n), k, Vectors::Thin);
            for choice in 0..16 {
                tangents(&case, |bit| choice >> bit & 1 == 1);
            }
        }
    }
}

/// Those of U, s, V and S that are wanted; the others stay as they are.
fn tangents<S: Entry>(case: &Case<S>, wanted: impl Fn(usize) -> bool) {
    let ((m, n), k, count, rule) = (case.shape, case.k(), case.count(), Rule::minimum_norm());
    let directions = case.random(m, n, 5);
    let a_dot = Many::holding(&directions, Place::Between);
    let (mut du, mut dv, mut ds_matrix) = (case.blank(m, k), case.blank(n, k), case.blank(k, k));
    let mut ds = Many::blank_vectors(count, k, case.place);
    let tangent = TangentMut {
        u: wanted(0).then(|| du.as_mut()),
        s: wanted(1).then(|| ds.as_mut()),
        v: wanted(2).then(|| dv.as_mut()),
        s_matrix: wanted(3).then(|| ds_matrix.as_mut()),
    };
    let alone = std::cell::RefCell::new((
        blanks::<S>(count, m, k),
        vec![vec![blank::<S::Real>(); k]; count],
        blanks::<S>(count, n, k),
        blanks::<S>(count, k, k),
    ));
    case.compare(
        batch::jvp_workspace_len::<S>(m, n, k),
        |run| batch::jvp_into(case.factors(), a_dot.as_ref(), &rule, tangent, run),
        |i, work| {
            let (u, s, v, s_matrix) = &mut *alone.borrow_mut();
            let tangent = diffsvd::TangentMut {
                u: wanted(0).then(|| u[i].as_mut()),
                s: wanted(1).then_some(&mut s[i]),
                v: wanted(2).then(|| v[i].as_mut()),
                s_matrix: wanted(3).then(|| s_matrix[i].as_mut()),
            };
            diffsvd::jvp_into(&case.triplets[i].view(), directions[i].as_ref(), &rule, tangent, work)
        },
    );
    let (u, s, v, s_matrix) = &*alone.borrow();
    let s: Vec<_> = s.iter().map(|s| Mat::from_fn(k, 1, |i, _| s[i])).collect();
    close(&du, u, (m, n), "dU");
    close(&ds, &s, (m, n), "ds");
    close(&dv, v, (m, n), "dV");
    close(&ds_matrix, s_matrix, (m, n), "dS");
}

#[test]
fn jvp_is_the_loop() {
    jvp::<f32>();
    jvp::<f64>();
    jvp::<Complex<f32>>();
    jvp::<Complex<f64>>();
}

/// One cotangent for all items.
#[test]
fn a_cotangent_is_broadcast() {
    let case = Case::<f64>::new(20, (4, 3), 3, Vectors::Thin);
    let ones = [1.0, 2.0, 3.0];
    let gs = batch::BatchRef::new(&ones, Layout::vectors(1, 3).broadcast(20)).unwrap();
    let cotangent = Cotangent { s: Some(gs), ..Cotangent::default() };
    let mut ga = case.blank(4, 3);
    let mut work = vec![0.0; batch::vjp_workspace_len::<f64>(4, 3, 3)];
    let target = Target::Overwrite(ga.as_mut());
    batch::vjp_into(case.factors(), cotangent, &Rule::default(), target, Run::new(&mut work)).unwrap().all().unwrap();
    let parts = Parts { s: Some(ones.to_vec()), ..Parts::default() };
    let mut alone = blanks(20, 4, 3);
    for (alone, triplets) in alone.iter_mut().zip(&case.triplets) {
        let target = diffsvd::Target::Overwrite(alone.as_mut());
        diffsvd::vjp_into(&triplets.view(), &parts.as_cotangent(), &Rule::default(), target, &mut work).unwrap();
    }
    close(&ga, &alone, (4, 3), "broadcast");
}

/// Second order, complete bases, r triplets and A, branches, gauge and alignment: the loop, bit for bit.
fn others<S: Entry>() {
    for (m, n) in [(3, 3), (5, 3), (3, 6), (10, 9)] {
        second::<S>(m, n);
        full::<S>(m, n);
        partial::<S>(m, n);
        branches::<S>(m, n);
        gauge::<S>(m, n);
    }
}

#[test]
fn the_other_rules_are_the_loop() {
    others::<f64>();
    others::<Complex<f32>>();
}

fn second<S: Entry>(m: usize, n: usize) {
    let k = m.min(n);
    let case = Case::<S>::new(6, (m, n), k, Vectors::Thin);
    let [gu, gu_dot, a_dot] = [(m, k, 1), (m, k, 2), (m, n, 3)].map(|(m, n, seed)| case.random(m, n, seed));
    let [many_gu, many_gu_dot, many_a_dot] = [&gu, &gu_dot, &a_dot].map(|all| Many::holding(all, Place::Gaps));
    let only_u = |u| Cotangent { u: Some(u), ..Cotangent::default() };
    let point = batch::SecondOrder {
        cotangent: only_u(many_gu.as_ref()),
        a_dot: many_a_dot.as_ref(),
        cotangent_dot: only_u(many_gu_dot.as_ref()),
    };
    let (mut out, alone, rule) = (case.blank(m, n), std::cell::RefCell::new(blanks(6, m, n)), Rule::default());
    case.compare(
        diffsvd::vjp_tangent_workspace_len::<S>(m, n, k),
        |run| batch::vjp_tangent_into(case.factors(), point, &rule, Target::Overwrite(out.as_mut()), run),
        |i, work| {
            let point = diffsvd::SecondOrder {
                cotangent: of_u(&gu[i]),
                a_dot: a_dot[i].as_ref(),
                cotangent_dot: of_u(&gu_dot[i]),
            };
            let mut alone = alone.borrow_mut();
            let target = diffsvd::Target::Overwrite(alone[i].as_mut());
            diffsvd::vjp_tangent_into(&case.triplets[i].view(), &point, &rule, target, work)
        },
    );
    out.assert_are(&alone.borrow(), "second order");
}

fn of_u<S: Scalar>(u: &Mat<S>) -> diffsvd::Cotangent<'_, S> {
    diffsvd::Cotangent { u: Some(u.as_ref()), ..diffsvd::Cotangent::default() }
}

fn full<S: Entry>(m: usize, n: usize) {
    let case = Case::<S>::new(5, (m, n), m.min(n), Vectors::Full);
    let (gu, a_dot) = (case.random(m, m, 1), case.random(m, n, 2));
    let (many_gu, many_a_dot) = (Many::holding(&gu, Place::Gaps), Many::holding(&a_dot, Place::RowMajor));
    let (mut ga, mut du) = (case.blank(m, n), case.blank(m, m));
    let alone = std::cell::RefCell::new((blanks(5, m, n), blanks(5, m, m)));
    let (len, rule) = (diffsvd::full_workspace_len::<S>(m, n), Rule::default());
    let cotangent = Cotangent { u: Some(many_gu.as_ref()), ..Cotangent::default() };
    case.compare(
        len,
        |run| batch::full_vjp_into(case.factors(), cotangent, &rule, Target::Overwrite(ga.as_mut()), run),
        |i, work| {
            let cotangent = diffsvd::Cotangent { u: Some(gu[i].as_ref()), ..diffsvd::Cotangent::default() };
            let alone = &mut alone.borrow_mut().0;
            let target = diffsvd::Target::Overwrite(alone[i].as_mut());
            diffsvd::full_vjp_into(&case.triplets[i].view(), &cotangent, &rule, target, work)
        },
    );
    let tangent = TangentMut { u: Some(du.as_mut()), ..TangentMut::default() };
    case.compare(
        len,
        |run| batch::full_jvp_into(case.factors(), many_a_dot.as_ref(), &rule, tangent, run),
        |i, work| {
            let alone = &mut alone.borrow_mut().1;
            let tangent = diffsvd::TangentMut { u: Some(alone[i].as_mut()), ..diffsvd::TangentMut::default() };
            diffsvd::full_jvp_into(&case.triplets[i].view(), a_dot[i].as_ref(), &rule, tangent, work)
        },
    );
    ga.assert_are(&alone.borrow().0, "full vjp");
    du.assert_are(&alone.borrow().1, "full jvp");
}

fn partial<S: Entry>(m: usize, n: usize) {
    let (r, iteration, rule) = (m.min(n) / 2, diffsvd::Iteration::default(), Rule::default());
    let whole = Case::<S>::new(5, (m, n), m.min(n), Vectors::Thin);
    let a: Vec<_> = whole.triplets.iter().map(Triplets::product).collect();
    let (gv, many_a) = (whole.random(n, r, 1), Many::holding(&a, Place::Interleaved));
    let many_gv = Many::holding(&gv, Place::ColMajor);
    let cols = |m: batch::BatchRef<'_, S>| Many::holding(&owned(m.leading_cols(r)), Place::RowMajor);
    let (u, v) = (cols(whole.factors().u), cols(whole.factors().v));
    let s = Many::holding_vectors(&whole.triplets.iter().map(|t| t.s[..r].to_vec()).collect::<Vec<_>>());
    let factors = Factors { u: u.as_ref(), s: s.as_ref(), v: v.as_ref() };
    let partial = batch::PartialFactors { a: many_a.as_ref(), factors, iteration };
    let single = |i: usize| {
        let factors = whole.triplets[i].view().leading(r);
        diffsvd::Partial { a: a[i].as_ref(), factors, iteration }
    };
    let len = diffsvd::partial_workspace_len::<S>(m, n, r);
    let mut ga = whole.blank(m, n);
    let alone = std::cell::RefCell::new(blanks(5, m, n));
    let cotangent = Cotangent { v: Some(many_gv.as_ref()), ..Cotangent::default() };
    whole.compare(
        len,
        |run| batch::partial_vjp_into(partial, cotangent, &rule, Target::Overwrite(ga.as_mut()), run),
        |i, work| {
            let cotangent = diffsvd::Cotangent { v: Some(gv[i].as_ref()), ..diffsvd::Cotangent::default() };
            let mut alone = alone.borrow_mut();
            let target = diffsvd::Target::Overwrite(alone[i].as_mut());
            diffsvd::partial_vjp_into(&single(i), &cotangent, &rule, target, work)
        },
    );
    ga.assert_are(&alone.borrow(), "partial vjp");
    let mut dv = whole.blank(n, r);
    let alone = std::cell::RefCell::new(blanks(5, n, r));
    let tangent = TangentMut { v: Some(dv.as_mut()), ..TangentMut::default() };
    whole.compare(
        len,
        |run| batch::partial_jvp_into(partial, many_a.as_ref(), &rule, tangent, run),
        |i, work| {
            let mut alone = alone.borrow_mut();
            let tangent = diffsvd::TangentMut { v: Some(alone[i].as_mut()), ..diffsvd::TangentMut::default() };
            diffsvd::partial_jvp_into(&single(i), a[i].as_ref(), &rule, tangent, work)
        },
    );
    dv.assert_are(&alone.borrow(), "partial jvp");
}

fn owned<S: Scalar>(batch: batch::BatchRef<'_, S>) -> Vec<Mat<S>> {
    (0..batch.count()).map(|i| crate::support::derivatives::owned(batch.item(i).expect("an item"))).collect()
}

fn branches<S: Entry>(m: usize, n: usize) {
    let (k, rule) = (m.min(n), Rule::default());
    let case = Case::<S>::new(5, (m, n), k, Vectors::Thin);
    let b = case.random(m, n, 8);
    let many_b = Many::holding(&b, Place::RowMajor);
    let [mut u, mut v, mut du, mut dv] = [m, n, m, n].map(|rows| case.blank(rows, k));
    let mut ds = Many::blank_vectors(5, k, case.place);
    let alone = std::cell::RefCell::new([m, n, m, n].map(|rows| blanks::<S>(5, rows, k)));
    case.compare(
        diffsvd::branches_workspace_len::<S>(m, n),
        |run| {
            let vectors = (u.as_mut(), v.as_mut());
            let out = batch::BranchesMut { vectors, tangents: (du.as_mut(), ds.as_mut(), dv.as_mut()) };
            batch::branches_into(case.factors(), many_b.as_ref(), &rule, out, run)
        },
        |i, work| {
            let [u, v, u_dot, v_dot] = &mut *alone.borrow_mut();
            let (u, v, u_dot, v_dot) = (u[i].as_mut(), v[i].as_mut(), u_dot[i].as_mut(), v_dot[i].as_mut());
            let s_dot = &mut vec![blank(); k];
            let out = diffsvd::BranchesMut { u, v, u_dot, s_dot, v_dot };
            diffsvd::branches_into(&case.triplets[i].view(), b[i].as_ref(), &rule, out, work)
        },
    );
    for (many, alone) in [u, v, du, dv].iter().zip(&*alone.borrow()) {
        many.assert_are(alone, "branches");
    }
}

fn gauge<S: Entry>(m: usize, n: usize) {
    let (k, rule) = (m.min(n), Rule::default());
    let case = Case::<S>::new(5, (m, n), k, Vectors::Thin);
    let (gu, gv) = (case.random(m, k, 8), case.random(n, k, 9));
    let len = diffsvd::gauge_workspace_len::<S>(k);
    for aligned in [false, true] {
        let (mut u, mut v) = (Many::holding(&gu, case.place), Many::holding(&gv, Place::Gaps));
        let pair = (u.as_mut(), v.as_mut());
        let alone = std::cell::RefCell::new((gu.clone(), gv.clone()));
        let single = |i: usize, work: &mut [S], aligned: bool| {
            let (u, v) = &mut *alone.borrow_mut();
            let (factors, pair) = (case.triplets[i].view(), diffsvd::PairMut { u: u[i].as_mut(), v: v[i].as_mut() });
            if aligned {
                diffsvd::align(&factors, pair, &rule, work)
            } else {
                diffsvd::remove_gauge(&factors, pair, &rule, work).map(|report| report.gauge_residual)
            }
        };
        if aligned {
            case.compare(len, |run| batch::align(case.factors(), pair, &rule, run), |i, work| single(i, work, true));
        } else {
            let mut work = vec![S::zero(); len];
            batch::remove_gauge(case.factors(), pair, &rule, Run::new(&mut work)).unwrap().all().unwrap();
            (0..5).for_each(|i| _ = single(i, &mut work, false).expect("finite cotangents"));
        }
        u.assert_are(&alone.borrow().0, "gauge");
        v.assert_are(&alone.borrow().1, "gauge");
    }
}

/// The item with this number, alone.
fn only<B: batch::Batched>(parts: B, i: usize) -> B {
    parts.split(i).1.split(1).0
}

/// Gradient and tangents of each item with neighbours, with a neighbour that is not finite, and alone: the same to the last bit.
fn alone_or_not<S: Entry>(m: usize, n: usize) {
    let (k, rule) = (m.min(n), Rule::default());
    let case = Case::<S>::new(21, (m, n), k, Vectors::Thin);
    let (mut gu, mut a_dot) = (case.random(m, k, 1), case.random(m, n, 2));
    let len = batch::vjp_workspace_len::<S>(m, n, k).max(batch::jvp_workspace_len::<S>(m, n, k));
    let mut work = vec![S::zero(); len];
    let mut vjp = |factors, gu: &Many<S>, i: Option<usize>| {
        let count = i.map_or(21, |_| 1);
        let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
        let cotangent = i.map_or(cotangent, |i| only(cotangent, i));
        let mut ga = Many::blank(count, (m, n), case.place);
        let blank = diffsvd::Report { gauge_residual: S::Real::from_f64(9.0), equal_pairs: 0, zeros: 0 };
        let mut reports = vec![Ok(blank); count];
        let run = Run::new(&mut work).record(&mut reports);
        let _ = batch::vjp_into(factors, cotangent, &rule, Target::Overwrite(ga.as_mut()), run).expect("shapes");
        (ga.all(), reports)
    };
    let many = Many::holding(&gu, Place::RowMajor);
    let (whole, reports) = vjp(case.factors(), &many, None);
    for i in 0..21 {
        let (alone, report) = vjp(only(case.factors(), i), &many, Some(i));
        assert_eq!((&alone[0], report[0]), (&whole[i], reports[i]), "{} {m}×{n}: gradient {i}", S::NAME);
    }
    gu[6][(m - 1, k - 1)] = crate::support::entry::from_f64(f64::NAN);
    let (poisoned, outcome) = vjp(case.factors(), &Many::holding(&gu, Place::RowMajor), None);
    assert!(matches!(outcome[6], Err(Error::NonFinite { nan: true, .. })), "{:?}", outcome[6]);
    assert!(poisoned[6].as_slice().iter().all(|x| *x == blank()));
    assert!((0..21).filter(|&i| i != 6).all(|i| poisoned[i] == whole[i] && outcome[i] == reports[i]));

    let many = Many::holding(&a_dot, Place::Between);
    let mut jvp = |factors, a_dot: batch::BatchRef<'_, S>| {
        let mut dv = Many::blank(a_dot.count(), (n, k), case.place);
        let tangent = TangentMut { v: Some(dv.as_mut()), ..TangentMut::default() };
        let mut outcome = vec![Ok(()); a_dot.count()];
        let run = Run::new(&mut work).record(&mut outcome);
        let _ = batch::jvp_into(factors, a_dot, &rule, tangent, run).expect("shapes");
        (dv.all(), outcome)
    };
    let (whole, _) = jvp(case.factors(), many.as_ref());
    for (i, whole) in whole.iter().enumerate() {
        let (alone, outcome) = jvp(only(case.factors(), i), only(many.as_ref(), i));
        assert_eq!((&alone[0], outcome[0]), (whole, Ok(())), "{} {m}×{n}: tangent {i}", S::NAME);
    }
    a_dot[6][(m - 1, n - 1)] = crate::support::entry::from_f64(f64::INFINITY);
    let (poisoned, outcome) = jvp(case.factors(), Many::holding(&a_dot, Place::Between).as_ref());
    assert!(matches!(outcome[6], Err(Error::NonFinite { nan: false, .. })), "{:?}", outcome[6]);
    assert!(poisoned[6].as_slice().iter().all(|x| *x == blank()));
    assert!((0..21).filter(|&i| i != 6).all(|i| poisoned[i] == whole[i] && outcome[i].is_ok()));
}

/// NaN in the last entry of each cotangent is found.
fn refused<S: Entry>(m: usize, n: usize) {
    let (k, nan) = (m.min(n), f64::NAN);
    let case = Case::<S>::new(3, (m, n), k, Vectors::Thin);
    let (gu, gs, gv) = (case.random(m, k, 1), vec![vec![S::Real::from_f64(1.0); k]; 3], case.random(n, k, 2));
    for part in 0..3 {
        let (mut gu, mut gs, mut gv) = (gu.clone(), gs.clone(), gv.clone());
        match part {
            0 => gu[1][(m - 1, k - 1)] = crate::support::entry::from_f64(nan),
            1 => gs[1][k - 1] = S::Real::from_f64(nan),
            _ => gv[1][(n - 1, k - 1)] = crate::support::entry::from_f64(nan),
        }
        let [gu, gv] = [gu, gv].map(|all| Many::holding(&all, Place::ColMajor));
        let gs = Many::holding_vectors(&gs);
        let cotangent = Cotangent { u: Some(gu.as_ref()), s: Some(gs.as_ref()), v: Some(gv.as_ref()), s_matrix: None };
        let (mut ga, mut work) = (case.blank(m, n), vec![S::zero(); batch::vjp_workspace_len::<S>(m, n, k)]);
        let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
        let done = batch::vjp_into(case.factors(), cotangent, &Rule::default(), target, run).expect("shapes");
        let name = ["the cotangent of U", "the cotangent of s", "the cotangent of V"][part];
        let failure = done.first.expect("a failure");
        assert!(matches!(failure.error, Error::NonFinite { argument, .. } if argument == name), "{failure:?}");
        assert_eq!((failure.item, done.failed), (Some(1), 1));
        ga.assert_blank(1);
    }
}

#[test]
fn cotangents_that_are_not_finite_are_named() {
    for (m, n) in [(1, 1), (5, 3), (4, 7), (9, 9)] {
        refused::<f64>(m, n);
        refused::<Complex<f32>>(m, n);
    }
}

#[test]
fn derivatives_do_not_depend_on_the_neighbours() {
    for (m, n) in [(1, 1), (2, 2), (3, 3), (5, 3), (4, 7), (8, 8), (9, 9)] {
        alone_or_not::<f32>(m, n);
        alone_or_not::<f64>(m, n);
        alone_or_not::<Complex<f32>>(m, n);
        alone_or_not::<Complex<f64>>(m, n);
    }
}

/// Gradients where what was met is recorded, and where it is not: the same to the last bit.
fn recorded_or_not<S: Entry>(m: usize, n: usize) {
    let (k, rule) = (m.min(n), Rule::default());
    let case = Case::<S>::new(21, (m, n), k, Vectors::Thin);
    let (gu, gv) = (Many::holding(&case.random(m, k, 1), case.place), Many::holding(&case.random(n, k, 2), case.place));
    let s: Vec<S::Real> = (0..21 * k).map(|i| S::Real::from_f64((i as f64).sin())).collect();
    let gs = batch::BatchRef::vectors(&s, 21, k).expect("as many");
    let mut work = vec![S::zero(); batch::vjp_workspace_len::<S>(m, n, k)];
    let blank = diffsvd::Report { gauge_residual: S::Real::from_f64(9.0), equal_pairs: 0, zeros: 0 };
    for parts in 0..8 {
        let given = |part: usize| parts >> part & 1 == 1;
        let mut vjp = |recorded: bool| {
            let cotangent = Cotangent {
                u: given(0).then(|| gu.as_ref()),
                s: given(1).then_some(gs),
                v: given(2).then(|| gv.as_ref()),
                s_matrix: None,
            };
            let mut ga = Many::blank(21, (m, n), case.place);
            let mut reports = vec![Ok(blank); 21];
            let run = Run::new(&mut work);
            let run = if recorded { run.record(&mut reports) } else { run };
            let target = Target::Overwrite(ga.as_mut());
            batch::vjp_into(case.factors(), cotangent, &rule, target, run).expect("shapes").all().expect("finite");
            ga.all()
        };
        assert_eq!(vjp(true), vjp(false), "{} {m}×{n}: {parts:b}", S::NAME);
    }
}

#[test]
fn gradients_do_not_depend_on_reports() {
    for (m, n) in [(1, 1), (3, 3), (5, 3), (6, 2), (4, 7), (2, 9), (8, 8), (9, 9)] {
        recorded_or_not::<f32>(m, n);
        recorded_or_not::<f64>(m, n);
        recorded_or_not::<Complex<f32>>(m, n);
        recorded_or_not::<Complex<f64>>(m, n);
    }
}
