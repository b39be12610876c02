//! Feature `faer`.

use super::{EMPTY, LAYOUTS, buffer, check, decomposes, entry, write};
use diffsvd::{Mat, MatMut, MatRef, Scalar};

fn matrix<S: Scalar>(rows: usize, cols: usize) -> faer::Mat<S> {
    faer::Mat::from_fn(rows, cols, entry)
}

fn views_are_read_in_place<S: Scalar>() {
    let data = buffer::<S>(LAYOUTS[0]);
    let theirs = faer::MatRef::from_row_major_slice(&data, 3, 2);
    let view = MatRef::try_from(theirs).unwrap();
    check(view, (3, 2), data.as_ptr());
    decomposes(view);
    check(MatRef::try_from(theirs.transpose()).unwrap().transpose(), (3, 2), data.as_ptr());
    check(MatRef::try_from(theirs.subrows(0, 2)).unwrap(), (2, 2), data.as_ptr());
    let data = buffer::<S>(LAYOUTS[1]);
    check(MatRef::try_from(faer::MatRef::from_column_major_slice(&data, 3, 2)).unwrap(), (3, 2), data.as_ptr());
    assert!(MatRef::try_from(theirs.reverse_rows()).unwrap_err().to_string().contains("not be negative"));
    assert!(MatRef::try_from(theirs.subcols(0, 1)).unwrap_err().to_string().contains("leave no gaps"));
    for (rows, cols) in EMPTY {
        assert_eq!(MatRef::try_from(&matrix::<S>(rows, cols)).unwrap().shape(), (rows, cols));
    }
}

/// A matrix of faer that is shared is taken where its columns leave no gaps, one that is lent to be written always.
fn owned_matrices_are_taken_in_place<S: Scalar>() {
    let whole_lines = 64;
    let a = matrix::<S>(whole_lines, 2);
    check(MatRef::try_from(&a).unwrap(), (whole_lines, 2), a.as_ptr());
    let a = matrix::<S>(3, 2);
    assert!(MatRef::try_from(&a).unwrap_err().to_string().contains("leave no gaps"));
    let mut a = a;
    let first = a.as_ptr();
    let view = MatMut::try_from(&mut a).unwrap();
    check(view.as_ref(), (3, 2), first);
    decomposes(view.as_ref());
    let mut a = faer::Mat::from_fn(3, 2, |_, _| S::zero());
    write(MatMut::try_from(&mut a).unwrap());
    assert_eq!(a, matrix(3, 2));
    for (rows, cols) in EMPTY.into_iter().chain([(3, 1), (1, 3), (whole_lines, 3)]) {
        assert_eq!(MatMut::try_from(&mut matrix::<S>(rows, cols)).unwrap().shape(), (rows, cols));
    }
}

fn views_are_written_in_place<S: Scalar>() {
    let mut data = buffer::<S>(LAYOUTS[1]);
    data.fill(S::zero());
    write(MatMut::try_from(faer::MatMut::from_column_major_slice_mut(&mut data, 3, 2)).unwrap());
    assert_eq!(data, buffer::<S>(LAYOUTS[1]));
    let halves = faer::MatMut::from_column_major_slice_mut(&mut data, 3, 2).split_at_row_mut(1);
    assert!(MatMut::try_from(halves.1).is_err(), "its gaps are the entries of the other half");
}

fn our_views_become_matrices<S: Scalar>() {
    for layout @ (down, across, len) in LAYOUTS {
        let mut data = buffer::<S>(layout);
        let view = faer::MatRef::from(MatRef::new(&data, 3, 2, down, across).unwrap());
        assert_eq!(view, matrix(3, 2));
        assert_eq!(view.as_ptr(), data.as_ptr());
        data.fill(S::zero());
        let mut view = faer::MatMut::from(MatMut::new(&mut data, 3, 2, down, across).unwrap());
        (0..6).for_each(|k| view[(k / 2, k % 2)] = entry(k / 2, k % 2));
        assert_eq!(data, buffer::<S>((down, across, len)));
    }
    for (rows, cols) in EMPTY {
        let ours = MatRef::<S>::new(&[], rows, cols, 17, usize::MAX).unwrap();
        assert_eq!(faer::MatRef::from(ours).shape(), (rows, cols));
        let ours = MatMut::<S>::new(&mut [], rows, cols, 17, 9).unwrap();
        assert_eq!(faer::MatMut::from(ours).shape(), (rows, cols));
    }
}

fn owned_matrices_go_both_ways<S: Scalar>() {
    let ours = Mat::<S>::from_fn(3, 2, entry);
    let theirs = faer::Mat::from(&ours);
    assert_eq!(theirs, matrix(3, 2));
    assert_eq!(Mat::from(&theirs), ours);
    assert_eq!(Mat::from(theirs.as_ref().reverse_rows())[(0, 1)], entry(2, 1));
}

mod of {
    super::super::for_scalars!(
        views_are_read_in_place,
        owned_matrices_are_taken_in_place,
        views_are_written_in_place,
        our_views_become_matrices,
        owned_matrices_go_both_ways,
    );
}
