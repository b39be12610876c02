//! Feature `ndarray`.

use super::{EMPTY, LAYOUTS, buffer, check, decomposes, entry, write};
use diffsvd::batch::{BatchMut, BatchRef, Layout};
use diffsvd::{Error, Mat, MatMut, MatRef, Scalar};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, ShapeBuilder, s};

fn array<S: Scalar>(rows: usize, cols: usize, column_major: bool) -> Array2<S> {
    Array2::from_shape_fn((rows, cols).set_f(column_major), |(i, j)| entry(i, j))
}

fn arrays_are_read_in_place<S: Scalar>() {
    for column_major in [false, true] {
        let a = array::<S>(3, 2, column_major);
        let view = MatRef::try_from(&a).unwrap();
        check(view, (3, 2), a.as_ptr());
        decomposes(view);
        check(MatRef::try_from(a.t()).unwrap().transpose(), (3, 2), a.as_ptr());
        check(MatRef::try_from(a.view()).unwrap().block(0, 0, 3, 1).unwrap(), (3, 1), a.as_ptr());
    }
    let rows = array::<S>(4, 2, false);
    check(MatRef::try_from(rows.slice(s![..3, ..])).unwrap(), (3, 2), rows.as_ptr());
    for (rows, cols) in EMPTY {
        assert_eq!(MatRef::try_from(&array::<S>(rows, cols, false)).unwrap().shape(), (rows, cols));
    }
}

fn repeated_rows_are_read_in_place<S: Scalar>() {
    let row = array::<S>(1, 3, false);
    let view = MatRef::try_from(row.broadcast((5, 3)).unwrap()).unwrap();
    assert_eq!((view.shape(), view.data().len()), ((5, 3), 3));
    assert_eq!(view.get(4, 2), Some(entry(0, 2)));
}

fn arrays_are_written_in_place<S: Scalar>() {
    for column_major in [false, true] {
        let mut a = Array2::<S>::zeros((3, 2).set_f(column_major));
        write(MatMut::try_from(&mut a).unwrap());
        assert_eq!(a, array(3, 2, false));
        let mut t = Array2::<S>::zeros((2, 3).set_f(column_major));
        write(MatMut::try_from(t.view_mut().reversed_axes()).unwrap());
        assert_eq!(t.t(), array(3, 2, false));
    }
}

fn what_has_no_slice_is_refused_and_copied<S: Scalar>() {
    let a = array::<S>(3, 4, false);
    let reversed = a.slice(s![..;-1, ..]);
    let error = MatRef::try_from(reversed).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a 3×4 matrix with strides (-4, 1) needs a copy (Mat::from): to be viewed in place its strides must not be negative"
    );
    assert_eq!(Mat::from(reversed)[(0, 3)], entry(2, 3));
    let part = a.slice(s![.., 1..3]);
    let error = MatRef::try_from(part).unwrap_err();
    assert!(matches!(error, Error::Strides { shape: (3, 2), strides: (4, 1), .. }));
    assert!(error.to_string().contains("leave no gaps") && error.to_string().contains("`block`"), "{error}");
    assert_eq!(Mat::from(&part)[(2, 1)], entry(2, 2));
    let same = MatRef::try_from(&a).unwrap().block(0, 1, 3, 2).unwrap();
    assert_eq!(same.get(2, 1), Some(entry(2, 2)));
    let mut a = a;
    assert!(MatMut::try_from(a.slice_mut(s![..;2, ..])).is_err(), "the rows between could be borrowed by another view");
}

fn our_views_become_arrays<S: Scalar>() {
    for layout @ (down, across, len) in LAYOUTS {
        let mut data = buffer::<S>(layout);
        let ours = MatRef::new(&data, 3, 2, down, across).unwrap();
        let view = ArrayView2::try_from(ours).unwrap();
        assert_eq!(view, array(3, 2, false));
        assert_eq!(view.as_ptr(), data.as_ptr());
        data.fill(S::zero());
        let ours = MatMut::new(&mut data, 3, 2, down, across).unwrap();
        ArrayViewMut2::try_from(ours).unwrap().assign(&array(3, 2, false));
        assert_eq!(data, buffer::<S>((down, across, len)));
    }
    let repeated =
        MatRef::new(&data_of_one::<S>(), 3, 2, 0, 0).map(|one| ArrayView2::try_from(one).unwrap().to_owned());
    assert_eq!(repeated.unwrap(), Array2::from_elem((3, 2), entry(0, 0)));
    for (rows, cols) in EMPTY {
        let ours = MatRef::<S>::new(&[], rows, cols, 17, usize::MAX).unwrap();
        assert_eq!(ArrayView2::try_from(ours).unwrap().dim(), (rows, cols));
        let ours = MatMut::<S>::new(&mut [], rows, cols, 17, 1).unwrap();
        assert_eq!(ArrayViewMut2::try_from(ours).unwrap().dim(), (rows, cols));
    }
    let beyond = MatRef::<S>::new(&[], usize::MAX, 0, 1, 1).unwrap();
    assert!(ArrayView2::try_from(beyond).unwrap_err().to_string().contains("too many entries"));
}

fn data_of_one<S: Scalar>() -> [S; 1] {
    [entry(0, 0)]
}

fn owned_matrices_go_both_ways<S: Scalar>() {
    let ours = Mat::<S>::from_fn(3, 2, entry);
    let theirs = Array2::try_from(ours.clone()).unwrap();
    assert_eq!(theirs, array(3, 2, false));
    for a in [
        theirs,
        array(3, 2, false),
        array(5, 2, true).slice_move(s![..3, ..]),
        array(4, 2, true).slice_move(s![..;-1, ..]),
    ] {
        let expected = Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)]);
        assert_eq!(Mat::from(a), expected);
    }
    // The last columns of a larger one: the entries that are kept do not begin the vector.
    let last = array::<S>(3, 4, true).slice_move(s![.., 1..3]);
    assert_eq!(Mat::from(last)[(0, 0)], entry(0, 1));
    for (rows, cols) in EMPTY {
        assert_eq!(Array2::try_from(Mat::from(array::<S>(rows, cols, true))).unwrap().dim(), (rows, cols));
    }
}

fn batches_go_both_ways<S: Scalar>() {
    let a = Array3::<S>::from_shape_fn((4, 3, 2), |(b, i, j)| entry(3 * b + i, j));
    let batch = BatchRef::try_from(&a).unwrap();
    assert_eq!((batch.count(), batch.shape(), batch.data().as_ptr()), (4, (3, 2), a.as_ptr()));
    assert_eq!(batch.item(2).unwrap().get(1, 1), Some(entry(7, 1)));
    assert_eq!(ArrayView3::try_from(batch).unwrap(), a);
    // Interleaved: the last axis counts the matrices.
    let interleaved = a.view().permuted_axes([1, 2, 0]).as_standard_layout().into_owned();
    let batch = BatchRef::try_from(interleaved.view().permuted_axes([2, 0, 1])).unwrap();
    assert_eq!((batch.layout().batch_stride, batch.item(3).unwrap().get(2, 0)), (1, Some(entry(11, 0))));
    assert_eq!(ArrayView3::try_from(batch).unwrap(), a);
    // The same matrix again and again.
    let one = a.index_axis(Axis(0), 1).to_owned();
    let batch = BatchRef::try_from(one.broadcast((9, 3, 2)).unwrap()).unwrap();
    assert_eq!((batch.layout(), batch.data().len()), (Layout::row_major(9, 3, 2).broadcast(9), 6));
    assert!(BatchRef::try_from(a.slice(s![.., ..2, ..])).is_err(), "gaps");
    assert!(BatchRef::try_from(a.slice(s![.., ..;-1, ..])).unwrap_err().to_string().contains("negative"));
}

fn batches_are_written_in_place<S: Scalar>() {
    let mut a = Array3::<S>::zeros((2, 3, 2));
    let mut batch = BatchMut::try_from(&mut a).unwrap();
    write(batch.item(1).unwrap());
    ArrayViewMut3::try_from(batch).unwrap().index_axis_mut(Axis(0), 0).fill(entry(9, 9));
    assert_eq!((a[(1, 2, 1)], a[(0, 2, 1)]), (entry(2, 1), entry(9, 9)));
}

mod of {
    super::super::for_scalars!(
        arrays_are_read_in_place,
        repeated_rows_are_read_in_place,
        arrays_are_written_in_place,
        what_has_no_slice_is_refused_and_copied,
        our_views_become_arrays,
        owned_matrices_go_both_ways,
        batches_go_both_ways,
        batches_are_written_in_place,
    );
}
