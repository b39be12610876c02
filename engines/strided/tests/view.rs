//! Strided views as batches.
#![allow(missing_docs)]

use diffsvd_strided::{Dims, Error, View};

/// The entries of every matrix, as the batches give them and as the definition does.
fn check(shape: &[usize], strides: &[usize], batches: usize) {
    let length = shape.iter().zip(strides).map(|(size, stride)| (size - 1) * stride).sum::<usize>() + 1;
    let data: Vec<f64> = (0..u32::try_from(length).unwrap()).map(f64::from).collect();
    let view = View::new(&data, shape, strides).unwrap();
    let (mut got, found) = (Vec::new(), view.batches().unwrap());
    assert_eq!(found.len(), batches, "{shape:?} {strides:?}");
    for (numbers, batch) in found {
        assert_eq!(numbers.start * batch.shape().0 * batch.shape().1, got.len());
        for number in 0..numbers.len() {
            let (item, (rows, cols)) = (batch.item(number).unwrap(), batch.shape());
            got.extend((0..rows * cols).map(|e| item.get(e / cols, e % cols).unwrap()));
        }
    }
    assert_eq!(got, view.to_vec(), "{shape:?} {strides:?}");
    assert_eq!(*view.entries(), got);
}

#[test]
fn leading_dimensions_become_as_few_batches_as_have_one_stride() {
    check(&[3, 2], &[2, 1], 1);
    check(&[2, 3, 4, 5], &[60, 20, 5, 1], 1);
    check(&[2, 3, 5, 4], &[60, 20, 1, 5], 1); // transposed
    check(&[3, 2, 4, 5], &[20, 60, 5, 1], 3); // leading dimensions exchanged
    check(&[2, 1, 3, 4, 5], &[60, 7, 20, 5, 1], 1); // the stride of one item is of no importance
    check(&[2, 3, 4, 5], &[0, 20, 5, 1], 2); // repeated
    check(&[6, 4, 5], &[0, 5, 1], 1);
    check(&[2, 2, 2, 3], &[1, 2, 12, 4], 2); // interleaved
    check(&[2, 3, 3], &[9, 0, 1], 1); // one row, three times
    check(&[2, 2, 2, 2, 2], &[100, 50, 20, 2, 1], 4);
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |shape: &[usize], strides: &[usize]| View::new(&[0.0_f64; 6], shape, strides).unwrap_err();
    assert_eq!(refused(&[2, 4], &[4, 1]), Error::View { needed: 8, got: 6 });
    assert_eq!(refused(&[2, 3], &[1]), Error::View { needed: usize::MAX, got: 6 });
    assert_eq!(refused(&[2, 3], &[usize::MAX, 1]), Error::View { needed: usize::MAX, got: 6 });
    assert!(View::new(&[0.0_f64; 0], &[2, 0, 3], &[9, 9, 9]).unwrap().is_empty());
    assert_eq!(Dims::of(&[3]).unwrap_err(), Error::Dimensions { got: 1 });
}
