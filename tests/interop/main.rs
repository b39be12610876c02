//! Matrices of ndarray, nalgebra and faer as views of this crate and back: the entries stay where they are.

mod faer;
mod nalgebra;
mod ndarray;

use diffsvd::{Mat, MatMut, MatRef, Scalar, Svd};
use num_complex::Complex;

/// Entry (i, j) tells its place, also in its imaginary part.
fn entry<S: Scalar>(i: usize, j: usize) -> S {
    let x = (1 + 10 * i + j) as f64;
    S::from_parts(diffsvd::Real::from_f64(x), diffsvd::Real::from_f64(-x))
}

/// A view has the shape, shows `entry` of (i, j) and begins where the foreign matrix begins.
fn check<S: Scalar>(view: MatRef<'_, S>, (rows, cols): (usize, usize), first: *const S) {
    assert_eq!(view.shape(), (rows, cols));
    for i in 0..rows {
        for j in 0..cols {
            assert_eq!(view.get(i, j), Some(entry(i, j)), "entry ({i}, {j})");
        }
    }
    if rows * cols > 0 {
        assert_eq!(view.data().as_ptr(), first, "the entries were moved");
    }
}

/// What is written through the view stands in the foreign matrix, which the caller then reads.
fn write<S: Scalar>(mut view: MatMut<'_, S>) {
    for i in 0..view.rows() {
        for j in 0..view.cols() {
            view.set(i, j, entry(i, j));
        }
    }
}

/// The same decomposition as of a copy, to the last bit.
fn decomposes<S: Scalar>(view: MatRef<'_, S>) {
    let copy = Mat::from_fn(view.rows(), view.cols(), |i, j| view.get(i, j).unwrap());
    let (of_view, of_copy) = (Svd::new(view, diffsvd::Vectors::Thin).unwrap(), Svd::thin(&copy).unwrap());
    assert_eq!(of_view.s(), of_copy.s());
    assert_eq!(of_view.u(), of_copy.u());
}

/// Layouts of one 3×2 matrix: (row stride, column stride, length of the slice).
const LAYOUTS: [(usize, usize, usize); 4] = [(2, 1, 6), (1, 3, 6), (5, 2, 13), (1, 7, 10)];

/// Shapes without entries.
const EMPTY: [(usize, usize); 3] = [(0, 0), (0, 4), (4, 0)];

/// A slice with the 3×2 matrix in one of the layouts.
fn buffer<S: Scalar>((down, across, len): (usize, usize, usize)) -> Vec<S> {
    let mut data = vec![S::zero(); len];
    write(MatMut::new(&mut data, 3, 2, down, across).unwrap());
    data
}

/// Every test of a module for every scalar type.
macro_rules! for_scalars {
    ($($test:ident),+ $(,)?) => {$(
        #[test]
        fn $test() {
            super::$test::<f32>();
            super::$test::<f64>();
            super::$test::<num_complex::Complex<f32>>();
            super::$test::<num_complex::Complex<f64>>();
        }
    )+};
}
use for_scalars;

#[test]
fn the_entries_differ_in_both_parts() {
    assert_eq!(entry::<Complex<f64>>(1, 2), Complex::new(13.0, -13.0));
}
