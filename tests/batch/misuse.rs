//! Calls that cannot be right: refused as a whole, with the numbers, before anything is written.

use diffsvd::batch::{
    self, BatchMut, BatchRef, Cotangent, Factors, FactorsMut, Layout, MapGradient, Run, Same, TangentMut, Target, fused,
};
use diffsvd::spectral::SoftThreshold;
use diffsvd::{Error, Rule, Vectors};

/// The message of an error.
fn text<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    outcome.expect_err("a misuse").to_string()
}

#[test]
fn views_are_checked() {
    let mut data = [0.0_f64; 30];
    let layout = Layout::row_major(5, 2, 3);
    assert!(BatchRef::new(&data, layout).is_ok());
    let short = text(BatchRef::new(&data[..29], layout));
    assert_eq!(short, "a slice of 29 elements is too short: 5 matrices of 2×3 with these strides need 30");
    let long = Layout { batch_stride: usize::MAX, ..layout };
    assert!(matches!(BatchRef::new(&data, long), Err(Error::BatchLength { needed: usize::MAX, got: 30, .. })));
    assert!(BatchRef::new(&data, layout.broadcast(1000)).is_ok(), "what is read may repeat");
    let repeated = text(BatchMut::new(&mut data, layout.broadcast(2)));
    assert_eq!(
        repeated,
        "the entries of 2 matrices of 2×3 with strides (batch 0, rows 3, columns 1) overlap: what is written needs places of its own"
    );
    for (batch_stride, row_stride, col_stride) in [(5, 3, 1), (6, 1, 1), (1, 5, 2), (6, 0, 1), (2, 3, 1)] {
        let overlapping = Layout { batch_stride, row_stride, col_stride, ..layout };
        assert!(matches!(BatchMut::new(&mut data, overlapping), Err(Error::BatchOverlap { .. })), "{overlapping:?}");
    }
    for (batch_stride, row_stride, col_stride) in [(6, 1, 2), (1, 15, 5), (2, 1, 10), (3, 15, 1)] {
        let nested = Layout { batch_stride, row_stride, col_stride, ..layout };
        assert!(BatchMut::new(&mut data, nested).is_ok(), "{nested:?}");
    }
    let once = Layout { rows: 1, row_stride: 0, ..layout }.broadcast(1);
    assert!(BatchMut::new(&mut data, once).is_ok(), "a stride that is never taken may be zero");
    assert!(BatchMut::<f64>::row_major(&mut [], 0, 7, 7).is_ok());
    assert!(BatchMut::<f64>::row_major(&mut [], 7, 0, 7).is_ok());
    // Empty matrices lie nowhere, whatever the strides.
    let far = Layout { cols: 0, batch_stride: usize::MAX, ..layout };
    assert!(BatchRef::<f64>::new(&[], far).is_ok_and(|a| a.item(4).is_ok_and(|a| a.shape() == (2, 0))));
    assert!(BatchMut::<f64>::new(&mut [], far).is_ok_and(|mut a| a.item(4).is_ok()));
    let a = BatchRef::new(&data, layout).unwrap();
    assert!(a.item(4).is_ok());
    assert_eq!(text(a.item(5)), "the batch has 5 items but must have 6");
    assert!(matches!(a.vector(0), Err(Error::Layout { .. })), "a 2×3 matrix is no vector");
}

/// The outputs of a 3×2 batch of four with one thing changed.
fn svd(count: usize, u_rows: usize, s_len: usize, status: usize, work: usize) -> Result<batch::Summary, Error> {
    let a = [1.0_f64; 24];
    let (mut u, mut s, mut v) = ([7.0; 64], [7.0; 32], [7.0; 32]);
    let mut status = vec![Ok(()); status];
    let mut work = vec![0.0; work];
    let out = FactorsMut {
        u: BatchMut::row_major(&mut u, count, u_rows, 2)?,
        s: BatchMut::vectors(&mut s, 4, s_len)?,
        v: BatchMut::row_major(&mut v, 4, 2, 2)?,
    };
    let run = Run::new(&mut work).record(&mut status);
    let outcome = batch::svd_into(BatchRef::row_major(&a, 4, 3, 2)?, Vectors::Thin, out, run);
    if outcome.is_err() {
        assert!(u.iter().chain(&s).chain(&v).all(|&x| x == 7.0), "an output was written");
    }
    outcome
}

#[test]
fn calls_are_checked() {
    let len = batch::svd_workspace_len::<f64>(3, 2, Vectors::Thin);
    assert!(svd(4, 3, 2, 4, len).is_ok());
    assert_eq!(text(svd(3, 3, 2, 4, len)), "s has 4 items but must have 3");
    assert_eq!(text(svd(4, 2, 2, 4, len)), "U is 2×2 but must be 3×2");
    assert_eq!(text(svd(4, 3, 3, 4, len)), "s is 3×1 but must be 2×1");
    assert_eq!(text(svd(4, 3, 2, 5, len)), "the status has 5 items but must have 4");
    let short = text(svd(4, 3, 2, 4, len - 1));
    assert_eq!(short, format!("workspace of {} elements is too short: {len} are needed", len - 1));
}

#[test]
fn derivatives_are_checked() {
    let (basis, s) = ([1.0, 0.0, 0.0, 1.0].repeat(4), [2.0, 1.0].repeat(4));
    let u = BatchRef::row_major(&basis, 4, 2, 2).unwrap();
    let factors = Factors { u, s: BatchRef::vectors(&s, 4, 2).unwrap(), v: u };
    let (mut ga, mut work) = ([7.0; 16], vec![0.0; batch::vjp_workspace_len::<f64>(2, 2, 2)]);
    let mut vjp = |cotangent: Cotangent<'_, f64>, count: usize, rows: usize| {
        let target = Target::Overwrite(BatchMut::row_major(&mut ga, count, rows, 2)?);
        batch::vjp_into(factors, cotangent, &Rule::default(), target, Run::new(&mut work))
    };
    let gs = Cotangent { s: Some(factors.s), ..Cotangent::default() };
    assert!(vjp(gs, 4, 2).is_ok());
    assert_eq!(text(vjp(gs, 3, 2)), "an argument has 3 items but must have 4");
    assert_eq!(text(vjp(gs, 4, 1)), "the gradient of A is 1×2 but must be 2×2");
    let gs = BatchRef::vectors(&s, 8, 1).unwrap();
    let other_count = Cotangent { s: Some(gs), u: Some(u), ..Cotangent::default() };
    assert_eq!(text(vjp(other_count, 4, 2)), "the cotangent of s has 8 items but must have 4");
    let strided = Layout { row_stride: 2, batch_stride: 0, ..Layout::vectors(4, 2) };
    let gaps = Cotangent { s: Some(BatchRef::new(&s, strided).unwrap()), ..Cotangent::default() };
    assert!(matches!(vjp(gaps, 4, 2), Err(Error::Layout { .. })), "the entries of gs have gaps");
}

/// What no item could have is an error of the call, also where there is no item.
#[test]
fn more_triplets_than_there_are() {
    for count in [0, 3] {
        let a = vec![1.0_f64; count * 4];
        let (mut u, mut s, mut v) = (vec![7.0; count * 6], vec![7.0; count * 3], vec![7.0; count * 6]);
        let mut work = [0.0; 1000];
        let out = FactorsMut {
            u: BatchMut::row_major(&mut u, count, 2, 3).unwrap(),
            s: BatchMut::vectors(&mut s, count, 3).unwrap(),
            v: BatchMut::row_major(&mut v, count, 2, 3).unwrap(),
        };
        let a = BatchRef::row_major(&a, count, 2, 2).unwrap();
        let outcome = batch::svd_into(a, Vectors::Leading(3), out, Run::new(&mut work));
        assert!(matches!(outcome, Err(Error::Parameter { value: 3.0, .. })), "{outcome:?}");
    }
}

/// Small matrices too, which go another way: no part of another shape is taken for one of this.
#[test]
fn every_part_of_a_derivative_has_its_shape() {
    let data = vec![1.0; 200];
    let batch = |rows: usize, cols: usize| BatchRef::row_major(&data, 4, rows, cols).unwrap();
    let factors = |u: (usize, usize), s: usize, v: (usize, usize)| Factors {
        u: batch(u.0, u.1),
        s: batch(s, 1),
        v: batch(v.0, v.1),
    };
    let right = factors((4, 3), 3, (3, 3));
    let wrong = [factors((4, 2), 3, (3, 3)), factors((4, 3), 3, (3, 2)), factors((4, 3), 2, (3, 3))];
    let mut work = vec![0.0; batch::vjp_workspace_len::<f64>(4, 3, 3)];
    let (mut ga, mut du) = ([7.0; 64], [7.0; 64]);
    let mut vjp = |factors, u: (usize, usize), s: usize, a: (usize, usize)| {
        let cotangent = Cotangent { u: Some(batch(u.0, u.1)), s: Some(batch(s, 1)), ..Cotangent::default() };
        let target = Target::Overwrite(BatchMut::row_major(&mut ga, 4, a.0, a.1)?);
        batch::vjp_into(factors, cotangent, &Rule::default(), target, Run::new(&mut work))
    };
    assert!(vjp(right, (4, 3), 3, (4, 3)).is_ok());
    for factors in wrong {
        assert!(matches!(vjp(factors, (4, 3), 3, (4, 3)), Err(Error::Shape { .. })), "{factors:?}");
    }
    for (u, s, a) in [((3, 4), 3, (4, 3)), ((4, 3), 2, (4, 3)), ((4, 3), 3, (3, 4))] {
        assert!(matches!(vjp(right, u, s, a), Err(Error::Shape { .. })), "{u:?} {s} {a:?}");
    }
    let mut work = vec![0.0; batch::jvp_workspace_len::<f64>(4, 3, 3)];
    let mut jvp = |a_dot: (usize, usize), u: (usize, usize)| {
        let u = Some(BatchMut::row_major(&mut du, 4, u.0, u.1)?);
        let tangent = TangentMut { u, ..TangentMut::default() };
        batch::jvp_into(right, batch(a_dot.0, a_dot.1), &Rule::default(), tangent, Run::new(&mut work))
    };
    assert!(jvp((4, 3), (4, 3)).is_ok());
    for (a_dot, u) in [((3, 4), (4, 3)), ((4, 3), (3, 3))] {
        assert!(matches!(jvp(a_dot, u), Err(Error::Shape { .. })), "{a_dot:?} {u:?}");
    }
}

#[test]
fn numbers_are_cut_anywhere() {
    assert_eq!(batch::Batched::split(5..8, usize::MAX), (5..8, 8..8));
}

#[test]
fn fused_functions_are_checked() {
    let data = vec![1.0; 48];
    let batch = |rows: usize, cols: usize| BatchRef::row_major(&data, 4, rows, cols).unwrap();
    let (mut ga, mut f, f_of) = ([7.0; 48], [7.0; 16], Same(SoftThreshold(0.5)));
    let mut work = vec![0.0; fused::workspace_len::<f64>(4, 3)];
    let mut vjp = |x_bar: (usize, usize), a: (usize, usize), k: usize| {
        let a = Target::Overwrite(BatchMut::row_major(&mut ga, 4, a.0, a.1)?);
        let gradient = MapGradient { a, f: Some(BatchMut::vectors(&mut f, 4, k)?) };
        fused::map_vjp_into(batch(4, 3), &f_of, batch(x_bar.0, x_bar.1), gradient, Run::new(&mut work))
    };
    assert!(vjp((4, 3), (4, 3), 3).is_ok());
    for (x_bar, a, k) in [((3, 4), (4, 3), 3), ((4, 3), (3, 4), 3), ((4, 3), (4, 3), 4)] {
        assert!(matches!(vjp(x_bar, a, k), Err(Error::Shape { .. })), "{x_bar:?} {a:?} {k}");
    }
}
