//! The decomposition of a batch: to the last bit that of each matrix alone where both go the same way, within the same bounds where small
//! matrices go lane by lane, and never dependent on the neighbours.

use diffsvd::batch::{self, Run};
use diffsvd::{Mat, Real, Svd, Vectors};
use num_complex::Complex;

use crate::memory::{Many, Place};
use crate::outputs::{Output, decompose, matrices};
use crate::support::bounds::{Check, Reference};
use crate::support::entry::Entry;

/// Whether matrices of this shape may go lane by lane, with other roundings than one alone.
pub(crate) fn small(m: usize, n: usize) -> bool {
    m.min(n) > 0 && m.min(n) <= 8 && m.max(n) <= 32
}

fn check<S: Entry>(m: usize, n: usize, count: usize, turn: usize) {
    let all = matrices::<S>(count, m, n);
    let a = Many::holding(&all, Place::turn(turn));
    // 0×0 where there is no item.
    let (rows, cols) = a.as_ref().shape();
    for vectors in [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(rows.min(cols) / 2)] {
        let out = decompose(&a, vectors, Place::turn(turn / 5 + turn));
        assert_eq!((out.done.succeeded, out.done.failed), (count, 0));
        assert!(out.status.iter().all(Result::is_ok));
        for (i, a) in all.iter().enumerate() {
            let what = format!("{} {m}×{n} {vectors:?} item {i} of {count}", S::NAME);
            if small(m, n) {
                within_bounds(a, vectors, &out, i, &what);
            } else {
                let alone = Svd::new(a.as_ref(), vectors).expect("a finite matrix");
                let s = Mat::from_fn(alone.s().len(), 1, |i, _| alone.s()[i]);
                assert_eq!((&out.u.get(i), &out.s.get(i), &out.v.get(i)), (alone.u(), &s, alone.v()), "{what}");
            }
            // Alone in its batch, in another layout: not one bit may differ.
            let alone = decompose(&Many::holding(&all[i..=i], Place::turn(turn + 1)), vectors, Place::turn(turn + 2));
            let of = |out: &Output<S>, i| (out.u.get(i), out.s.get(i), out.v.get(i));
            assert_eq!(of(&out, i), of(&alone, 0), "{what}: depends on its neighbours");
        }
    }
}

/// What one matrix is held to.
pub(crate) fn within_bounds<S: Entry>(a: &Mat<S>, vectors: Vectors, out: &Output<S>, i: usize, what: &str) {
    let (u, s, v) = (out.u.get(i), out.s.get(i), out.v.get(i));
    let reference = Reference::new(a.as_ref());
    let s = s.as_slice();
    assert!(s.iter().all(|s| s.to_f64().is_sign_positive()) && s.windows(2).all(|s| s[0] >= s[1]), "{what}: {s:?}");
    let errors = if vectors == Vectors::None {
        crate::support::bounds::Errors { values: reference.values(s), ..Default::default() }
    } else {
        let k = s.len();
        reference.errors(&diffsvd::Factors { u: u.as_ref().leading_cols(k), s, v: v.as_ref().leading_cols(k) })
    };
    errors.assert(|| what.to_owned());
    assert!(Check::ALL.into_iter().all(|check| errors.get(check).is_finite()));
}

fn shapes<S: Entry>() {
    let shapes = [
        (0, 0),
        (0, 3),
        (3, 0),
        (1, 1),
        (1, 5),
        (5, 1),
        (2, 2),
        (3, 3),
        (4, 4),
        (4, 3),
        (3, 4),
        (8, 8),
        (16, 4),
        (4, 16),
        (32, 8),
        (9, 9),
        (10, 13),
        (13, 10),
        (40, 3),
        (3, 40),
        (16, 16),
    ];
    for (turn, (m, n)) in shapes.into_iter().enumerate() {
        check::<S>(m, n, 19, turn);
    }
    for count in [0, 1, 2, 7, 8, 9, 16, 17] {
        check::<S>(3, 2, count, count);
        check::<S>(2, 11, count, count + 3);
    }
}

#[test]
fn f32_batches_are_the_loop() {
    shapes::<f32>();
}
#[test]
fn f64_batches_are_the_loop() {
    shapes::<f64>();
}
#[test]
fn complex_f32_batches_are_the_loop() {
    shapes::<Complex<f32>>();
}
#[test]
fn complex_f64_batches_are_the_loop() {
    shapes::<Complex<f64>>();
}

#[test]
fn mid_sizes_are_the_loop() {
    check::<f32>(64, 64, 3, 0);
    check::<Complex<f64>>(32, 32, 3, 1);
    check::<f64>(100, 97, 2, 2);
    // Side by side for a while.
    check::<f32>(20, 19, 19, 3);
    check::<f64>(17, 17, 11, 4);
    check::<Complex<f32>>(18, 24, 10, 5);
    check::<Complex<f64>>(30, 21, 8, 6);
    for count in 1..=9 {
        check::<f64>(18, 17, count, count);
    }
}

/// The values alone: side by side those of the decomposition to the last bit, one by one those of each matrix alone.
#[test]
fn values_are_those_of_the_factors() {
    for (m, n) in [(2, 2), (4, 4), (5, 3), (12, 9)] {
        let all = matrices::<f64>(20, m, n);
        let a = Many::holding(&all, Place::RowMajor);
        let none = decompose(&a, Vectors::None, Place::RowMajor);
        if small(m, n) {
            assert_eq!(decompose(&a, Vectors::Thin, Place::RowMajor).s, none.s, "{m}×{n}");
        } else {
            let alone = |a: &Mat<f64>| Svd::values(a).expect("a finite matrix");
            assert!((0..20).all(|i| none.s.get(i).as_slice() == alone(&all[i])), "{m}×{n}");
        }
    }
}

/// One matrix, read a thousand times.
#[test]
fn a_stride_of_zero_repeats_a_matrix() {
    let one = matrices::<f64>(1, 3, 3);
    let (a, packed) = (Many::holding(&one, Place::RowMajor), batch::Layout::vectors(1000, 3));
    let repeated = batch::BatchRef::new(a.as_ref().data(), a.as_ref().layout().broadcast(1000)).unwrap();
    let mut s = vec![0.0; 3000];
    let mut work = vec![0.0; batch::singular_values_workspace_len::<f64>(3, 3)];
    let out = batch::BatchMut::new(&mut s, packed).unwrap();
    let done = batch::singular_values_into(repeated, out, Run::new(&mut work)).unwrap();
    assert_eq!(done.succeeded, 1000);
    assert!(s.chunks(3).all(|values| values == &s[..3]));
}

/// [`diffsvd::fix_phases`] over a batch.
#[test]
fn phases_are_fixed_in_each() {
    let all = matrices::<Complex<f64>>(9, 12, 10);
    let mut out = decompose(&Many::holding(&all, Place::RowMajor), Vectors::Thin, Place::Gaps);
    batch::fix_phases(out.u.as_mut(), out.v.as_mut(), Run::new(&mut [])).unwrap().all().unwrap();
    for (i, a) in all.iter().enumerate() {
        let alone = Svd::thin(a).unwrap().with_fixed_phases();
        assert_eq!((&out.u.get(i), &out.v.get(i)), (alone.u(), alone.v()));
    }
}
