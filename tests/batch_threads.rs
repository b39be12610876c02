//! Feature `rayon`: the results of a batch do not depend on the number of threads. A program of its own, so that the other tests of `batch` are
//! not built a second time for the feature.

use diffsvd::batch::{self, BatchMut, FactorsMut, Run, Same, Target, fused};
use diffsvd::spectral::SoftThreshold;
use diffsvd::{Error, Vectors};
use num_complex::Complex;

#[path = "batch/memory.rs"]
#[allow(dead_code, reason = "shared with the tests of one thread")]
mod memory;
#[path = "batch/outputs.rs"]
mod outputs;
mod support;

use memory::{Many, Place};
use outputs::{decompose, matrices};
use support::entry::Entry;

fn any_number<S: Entry>(count: usize, m: usize, n: usize) {
    let mut all = matrices::<S>(count, m, n);
    if count > 50 {
        for bad in [33, 34, count - 1] {
            all[bad] = diffsvd::Mat::from_fn(m, n, |_, _| support::entry::from_f64(f64::NAN));
        }
    }
    let a = Many::holding(&all, Place::RowMajor);
    let (m, n) = a.as_ref().shape();
    for place in [Place::Gaps, Place::Interleaved] {
        let expected = decompose(&a, Vectors::Thin, place);
        for threads in [1, 2, 3, 8] {
            let mut out = expected.clone();
            let k = m.min(n);
            out.u = Many::blank(count, (m, k), place);
            out.s = Many::blank_vectors(count, k, place);
            out.v = Many::blank(count, (n, k), place);
            out.status.fill(Err(Error::Overflow));
            let mut work = vec![S::zero(); threads * batch::svd_workspace_len::<S>(m, n, Vectors::Thin)];
            let factors = FactorsMut { u: out.u.as_mut(), s: out.s.as_mut(), v: out.v.as_mut() };
            let run = Run::new(&mut work).record(&mut out.status).threads(threads);
            out.done = batch::svd_into(a.as_ref(), Vectors::Thin, factors, run).unwrap();
            assert!(out == expected, "{} {count} of {m}×{n} on {threads} threads", S::NAME);
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for count in [0, 1, 2, 15, 16, 17, 333] {
        any_number::<f64>(count, 3, 3);
        any_number::<Complex<f32>>(count, 4, 2);
    }
    any_number::<f64>(70, 12, 10);
    any_number::<f64>(70, 17, 19);
}

/// Functions that ask for the number of the item get it, whichever piece it is in.
#[test]
fn items_keep_their_numbers() {
    for (m, n) in [(3, 3), (9, 9)] {
        let all = matrices::<f64>(200, m, n);
        let a = Many::holding(&all, Place::RowMajor);
        let tau = batch::PerItem(|i| SoftThreshold(i as f64 * 0.01));
        let run_with = |threads: usize| {
            let mut x = Many::<f64>::blank(200, (m, n), Place::RowMajor);
            let mut work = vec![0.0; threads * fused::workspace_len::<f64>(m, n)];
            let run = Run::new(&mut work).threads(threads);
            fused::map_into(a.as_ref(), &tau, Target::Overwrite(x.as_mut()), None, run).unwrap().all().unwrap();
            x
        };
        assert!(run_with(1) == run_with(2) && run_with(1) == run_with(5));
    }
}

/// The first failure is the first, on however many threads.
#[test]
fn the_early_exit_is_deterministic() {
    for (m, n) in [(3, 3), (9, 9)] {
        let mut all = matrices::<f64>(1000, m, n);
        for bad in [450, 451, 460, 900] {
            all[bad][(0, 0)] = f64::NAN;
        }
        let a = Many::holding(&all, Place::RowMajor);
        for threads in [1, 2, 5] {
            let mut s = vec![0.0; 1000 * n];
            let mut work = vec![0.0; threads * batch::singular_values_workspace_len::<f64>(m, n)];
            let run = Run::new(&mut work).threads(threads).stop_at_first_failure();
            let done =
                batch::singular_values_into(a.as_ref(), BatchMut::vectors(&mut s, 1000, n).unwrap(), run).unwrap();
            assert_eq!(done.all().unwrap_err().item, Some(450));
            assert!(s[..450 * n].chunks(n).enumerate().all(|(i, s)| i % 8 == 6 || s[0] > 0.0), "those before are done");
        }
    }
}

#[test]
fn each_thread_has_its_workspace() {
    let (a, mut x) = (vec![1.0; 900], vec![0.0; 900]);
    let len = fused::workspace_len::<f64>(3, 3);
    let mut work = vec![0.0; 3 * len - 1];
    let run = Run::new(&mut work).threads(3);
    let target = Target::Overwrite(BatchMut::row_major(&mut x, 100, 3, 3).unwrap());
    let a = batch::BatchRef::row_major(&a, 100, 3, 3).unwrap();
    let outcome = fused::map_into(a, &Same(SoftThreshold(0.1)), target, None, run);
    assert_eq!(outcome, Err(Error::Workspace { needed: 3 * len, got: 3 * len - 1 }));
}

/// More threads than items, of a function without workspace: no more take part than there is work for.
#[test]
fn as_many_threads_as_can_be_counted() {
    let (mut u, mut v) = ([0.6, -0.8, 0.6, -0.8], [1.0, 1.0]);
    let pair = (BatchMut::vectors(&mut u, 2, 2).unwrap(), BatchMut::vectors(&mut v, 2, 1).unwrap());
    let done = batch::fix_phases(pair.0, pair.1, Run::new(&mut []).threads(usize::MAX)).unwrap();
    assert_eq!((done.succeeded, u, v), (2, [-0.6, 0.8, -0.6, 0.8], [-1.0; 2]));
}
