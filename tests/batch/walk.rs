//! `for_each` and `for_each_svd` in a caller's hands, and how batches are cut.

use diffsvd::batch::{BatchMut, BatchRef, Batched, Layout, Run, Target, for_each, fused};
use diffsvd::{Error, Tolerance};

/// The trace of each, from views, slices, an absent part and numbers.
#[test]
fn anything_with_a_part_for_each_item_can_be_walked_over() {
    let data: Vec<f64> = (0..40).map(f64::from).collect();
    let a = BatchRef::row_major(&data, 10, 2, 2).unwrap();
    let (weights, mut traces) = ([2.0; 10], [0.0; 10]);
    let absent: Option<BatchRef<'_, f64>> = None;
    let items = (a, &weights[..], &mut traces[..], absent, 0..10);
    let mut status = [Ok(0.0); 10];
    let run = Run::new(&mut []).record(&mut status);
    let done = for_each(items, 0, run, |(a, weights, traces, absent, numbers), i, _: &mut [f64]| {
        assert!(absent.is_none());
        let a = a.item(i)?;
        let trace = weights[i] * (a.get(0, 0).unwrap() + a.get(1, 1).unwrap());
        if numbers.start + i == 7 {
            return Err(Error::Overflow);
        }
        traces[i] = trace;
        Ok(trace)
    });
    let done = done.unwrap();
    assert_eq!((done.succeeded, done.failed, done.first.and_then(|first| first.item)), (9, 1, Some(7)));
    assert!((0..10).all(|i| i == 7 || (traces[i] == 2.0 * (8 * i + 3) as f64 && status[i] == Ok(traces[i]))));
    assert_eq!((traces[7], status[7]), (0.0, Err(Error::Overflow)));
}

#[test]
fn parts_of_different_length_are_refused() {
    let (a, mut b) = ([0.0_f64; 5], [0.0_f64; 4]);
    let refused = for_each((&a[..], &mut b[..]), 0, Run::<f64>::new(&mut []), |_, _, _| Ok(()));
    assert_eq!(refused, Err(Error::Count { argument: "an argument", got: 4, expected: 5 }));
}

#[test]
fn an_error_of_the_call_ends_the_walk() {
    let numbers = 0..100_usize;
    let outcome = for_each(numbers, 0, Run::<f64>::new(&mut []), |_, i, _| -> Result<(), Error> {
        assert!(i <= 3, "the walk went on");
        if i == 3 { Err(Error::Workspace { needed: 1, got: 0 }) } else { Ok(()) }
    });
    assert_eq!(outcome, Err(Error::Workspace { needed: 1, got: 0 }));
}

/// Ranks of many matrices, by the function of one.
#[test]
fn the_factors_of_each_are_handed_on() {
    for n in [3, 9] {
        let mut data = vec![0.0; 50 * n * n];
        for (i, matrix) in data.chunks_exact_mut(n * n).enumerate() {
            (0..i % n).for_each(|j| matrix[j * n + j] = 1.0 + j as f64);
        }
        let a = BatchRef::row_major(&data, 50, n, n).unwrap();
        let (mut ranks, mut work) = (vec![0; 50], vec![0.0; fused::for_each_workspace_len::<f64>(n, n, 0)]);
        let run = Run::new(&mut work);
        let done = fused::for_each_svd((a, &mut ranks[..]), 0, run, |ranks, i, factors, _| {
            ranks[i] = factors.rank(Tolerance::Default);
            Ok(())
        });
        assert_eq!(done.unwrap().succeeded, 50);
        assert!(ranks.iter().enumerate().all(|(i, &rank)| rank == i % n));
    }
}

#[test]
fn batches_are_cut_between_items() {
    let data: Vec<f64> = (0..24).map(f64::from).collect();
    for layout in [Layout::row_major(4, 2, 3), Layout::col_major(4, 2, 3), Layout::row_major(1, 2, 3).broadcast(4)] {
        let whole = BatchRef::new(&data, layout).unwrap();
        for at in 0..=5 {
            let (first, second) = whole.split(at);
            assert_eq!((first.count(), second.count()), (at.min(4), 4 - at.min(4)));
            for i in 0..4 {
                let part = if i < at { first.item(i) } else { second.item(i - at) };
                assert_eq!(part.unwrap().get(1, 2), whole.item(i).unwrap().get(1, 2));
            }
        }
    }
    let mut data = data;
    let layout = Layout { batch_stride: 7, ..Layout::row_major(3, 2, 3) };
    let (mut first, mut second) = BatchMut::new(&mut data, layout).unwrap().split(2);
    first.item(1).unwrap().set(1, 2, -1.0);
    second.item(0).unwrap().set(1, 2, -2.0);
    assert_eq!((data[12], data[19]), (-1.0, -2.0));
    // What is interleaved is written as a whole, or not at all.
    let interleaved = Layout { batch_stride: 1, row_stride: 12, col_stride: 4, ..Layout::row_major(4, 2, 3) };
    let whole = BatchMut::new(&mut data, interleaved).unwrap();
    assert!(!whole.can_split());
    let (mut first, second) = whole.split(2);
    assert_eq!((first.count(), second.count()), (2, 0));
    assert!(first.item(1).is_ok() && first.item(2).is_err());
}

/// What can be cut at any item, and what has to stay in one piece.
#[test]
fn what_can_be_cut_says_so() {
    let (read, mut written) = ([0.0; 12], [0.0; 12]);
    let packed = Layout::row_major(2, 2, 3);
    let interleaved = Layout { batch_stride: 1, row_stride: 6, col_stride: 2, ..packed };
    let between = Layout { batch_stride: 3, row_stride: 6, ..packed };
    assert!(BatchRef::new(&read, interleaved).unwrap().can_split(), "what is read may be looked at by many");
    let slice: &mut [f64] = &mut written;
    assert!((0..2).can_split() && (&read[..]).can_split() && slice.can_split());
    assert!(None::<BatchMut<'_, f64>>.can_split());
    for (layout, cut) in [(packed, true), (interleaved, false), (between, false), (interleaved.broadcast(1), true)] {
        let mut batch = BatchMut::new(&mut written, layout).unwrap();
        assert_eq!(batch.can_split(), cut, "{layout:?}");
        assert_eq!(Some(batch.reborrow()).can_split(), cut);
        for add in [false, true] {
            let batch = batch.reborrow();
            let target = if add { Target::Add(batch) } else { Target::Overwrite(batch) };
            assert_eq!((target.can_split(), target.shape()), (cut, (2, 3)));
        }
    }
    let nowhere = Layout { cols: 0, ..interleaved };
    assert!(BatchMut::new(&mut written, nowhere).unwrap().can_split(), "there is nothing to be cut");
    let (first, rest) = Batched::split(&[1, 2, 3][..], 1);
    assert_eq!((first, rest), (&[1][..], &[2, 3][..]));
}

#[test]
fn transposes_share_the_entries() {
    let mut data: Vec<f64> = (0..24).map(f64::from).collect();
    let layout = Layout { batch_stride: 7, ..Layout::row_major(3, 2, 3) };
    let a = BatchRef::new(&data, layout).unwrap();
    let t = a.transpose();
    assert_eq!((t.count(), t.shape()), (3, (3, 2)));
    for (item, row, col) in [(0, 0, 2), (1, 1, 0), (2, 1, 2)] {
        assert_eq!(t.item(item).unwrap().get(col, row), a.item(item).unwrap().get(row, col));
    }
    BatchMut::new(&mut data, layout).unwrap().transpose().item(2).unwrap().set(2, 1, -1.0);
    assert_eq!(data[2 * 7 + 3 + 2], -1.0);
}
