//! Feature `nalgebra`.

use super::{EMPTY, LAYOUTS, buffer, check, decomposes, entry, write};
use diffsvd::{Mat, MatMut, MatRef, Scalar};
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, SMatrix, Vector3};

fn matrix<S: Scalar>(rows: usize, cols: usize) -> DMatrix<S> {
    DMatrix::from_fn(rows, cols, entry)
}

fn matrices_are_read_in_place<S: Scalar>() {
    let a = matrix::<S>(3, 2);
    let view = MatRef::try_from(&a).unwrap();
    check(view, (3, 2), a.as_ptr());
    decomposes(view);
    let fixed = SMatrix::<S, 3, 2>::from_fn(entry);
    check(MatRef::try_from(&fixed).unwrap(), (3, 2), fixed.as_ptr());
    let vector = Vector3::from_fn(|i, j| entry::<S>(i, j));
    check(MatRef::try_from(&vector).unwrap(), (3, 1), vector.as_ptr());
    let row = vector.transpose();
    check(MatRef::try_from(&row).unwrap().transpose(), (3, 1), row.as_ptr());
    for (rows, cols) in EMPTY {
        assert_eq!(MatRef::try_from(&matrix::<S>(rows, cols)).unwrap().shape(), (rows, cols));
    }
}

fn views_are_read_in_place_where_they_have_a_slice<S: Scalar>() {
    let a = matrix::<S>(3, 4);
    check(MatRef::try_from(&a.columns(0, 2)).unwrap(), (3, 2), a.as_ptr());
    let error = MatRef::try_from(&a.rows(0, 2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a 2×4 matrix with strides (1, 3) needs a copy (Mat::from): to be viewed in place its strides must leave no gaps between \
         the entries (of a part of a matrix, convert the whole and take its `block`)"
    );
    assert!(MatRef::try_from(&a.columns_with_step(0, 2, 1)).is_err());
    assert_eq!(Mat::from(&a.rows(1, 2)), Mat::from_fn(2, 4, |i, j| entry(i + 1, j)));
    check(MatRef::try_from(&a).unwrap().block(0, 0, 2, 4).unwrap(), (2, 4), a.as_ptr());
}

fn matrices_are_written_in_place<S: Scalar>() {
    let mut a = DMatrix::<S>::zeros(3, 2);
    write(MatMut::try_from(&mut a).unwrap());
    assert_eq!(a, matrix(3, 2));
    let mut a = SMatrix::<S, 3, 4>::zeros();
    write(MatMut::try_from(&mut a.columns_mut(1, 2)).unwrap());
    assert_eq!((a[(2, 0)], a[(2, 1)], a[(2, 3)]), (S::zero(), entry(2, 0), S::zero()));
    assert!(MatMut::try_from(&mut a.rows_mut(1, 2)).is_err());
}

fn our_views_become_matrices<S: Scalar>() {
    for layout @ (down, across, len) in LAYOUTS {
        let mut data = buffer::<S>(layout);
        let view = DMatrixView::from(MatRef::new(&data, 3, 2, down, across).unwrap());
        assert_eq!(view, matrix(3, 2));
        assert_eq!(view.as_ptr(), data.as_ptr());
        data.fill(S::zero());
        DMatrixViewMut::from(MatMut::new(&mut data, 3, 2, down, across).unwrap()).copy_from(&matrix(3, 2));
        assert_eq!(data, buffer::<S>((down, across, len)));
    }
    let one = [entry::<S>(0, 0)];
    assert_eq!(DMatrixView::from(MatRef::new(&one, 3, 2, 0, 0).unwrap())[(2, 1)], entry(0, 0));
    for (rows, cols) in EMPTY {
        assert_eq!(DMatrixView::from(MatRef::<S>::new(&[], rows, cols, 17, usize::MAX).unwrap()).shape(), (rows, cols));
        assert_eq!(DMatrixViewMut::from(MatMut::<S>::new(&mut [], rows, cols, 17, 9).unwrap()).shape(), (rows, cols));
    }
    // A stride along an axis of one entry may be any number.
    let mut row = [entry::<S>(0, 0), entry(0, 1)];
    assert_eq!(DMatrixView::from(MatRef::new(&row, 1, 2, usize::MAX, 1).unwrap())[(0, 1)], entry(0, 1));
    assert_eq!(DMatrixViewMut::from(MatMut::new(&mut row, 1, 2, usize::MAX, 1).unwrap())[(0, 1)], entry(0, 1));
}

fn owned_matrices_go_both_ways<S: Scalar>() {
    let ours = Mat::<S>::from_fn(3, 2, entry);
    let theirs = DMatrix::from(ours.clone());
    assert_eq!(theirs, matrix(3, 2));
    assert_eq!((Mat::from(&theirs), Mat::from(theirs)), (ours.clone(), ours));
    assert_eq!(Mat::from(&SMatrix::<S, 2, 2>::from_fn(entry)), Mat::from_fn(2, 2, entry));
    for (rows, cols) in EMPTY {
        assert_eq!(DMatrix::from(Mat::from(matrix::<S>(rows, cols))).shape(), (rows, cols));
    }
}

mod of {
    super::super::for_scalars!(
        matrices_are_read_in_place,
        views_are_read_in_place_where_they_have_a_slice,
        matrices_are_written_in_place,
        our_views_become_matrices,
        owned_matrices_go_both_ways,
    );
}
