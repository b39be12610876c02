//! Views of the caller's memory: a slice, a shape, a row stride and a column stride.
//!
//! Entry (i, j) is `data[i * row_stride + j * column_stride]`. Row-major, column-major, sub-matrix and transpose are
//! choices of the strides; nothing is ever copied to make a view.

mod layout;
mod read;
mod write;

use crate::error::Error;
pub use read::MatRef;
pub use write::MatMut;

/// [`Error::Shape`] unless the two shapes are equal.
pub(crate) fn check_shape(argument: &'static str, got: (usize, usize), expected: (usize, usize)) -> Result<(), Error> {
    if got == expected { Ok(()) } else { Err(Error::Shape { argument, got, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_or_long_views_are_refused() {
        let mut data = [0.0_f64; 6];
        assert!(MatMut::new(&mut data, 2, 3, 1, 1).is_err(), "two entries share a place");
        assert!(MatMut::new(&mut data, 3, 2, 0, 1).is_err(), "the rows stand still");
        assert!(MatMut::new(&mut data, 3, 2, 1, 3).is_ok());
        assert!(MatRef::new(&data, 3, 2, 0, 1).is_ok(), "reading may repeat a row");
        assert!(MatRef::new(&data, 4, 2, 1, 3).is_err(), "one element too long");
        assert!(MatRef::new(&data, usize::MAX, 2, usize::MAX, 3).is_err(), "the index overflows");
        assert!(MatRef::<f64>::new(&[], 0, 5, 1, 1).is_ok(), "an empty matrix needs no memory");
    }

    #[test]
    fn blocks_and_transposes_share_the_entries() {
        let data: [f64; 12] = core::array::from_fn(|i| i as f64);
        let a = MatRef::row_major(&data, 3, 4).unwrap();
        let b = a.block(1, 2, 2, 2).unwrap().transpose();
        assert_eq!(b.get(0, 1), Some(10.0));
        assert_eq!(b.get(2, 0), None);
        assert!(a.block(2, 0, 2, 1).is_err());
        assert_eq!(a.block(3, 4, 0, 0).unwrap().shape(), (0, 0));
    }

    #[test]
    fn empty_views_of_any_strides_have_blocks() {
        let a = MatRef::<f64>::new(&[], usize::MAX, 0, 2, usize::MAX).unwrap();
        assert_eq!(a.block(usize::MAX, 0, 0, 0).unwrap().shape(), (0, 0));
        let a = MatMut::<f64>::new(&mut [], 0, usize::MAX, 1, 2).unwrap();
        assert_eq!(a.block(0, usize::MAX - 1, 0, 1).unwrap().shape(), (0, 1));
        let a = MatRef::<f64>::new(&[], 0, usize::MAX, 1, 2).unwrap();
        assert_eq!(a.trailing_cols(usize::MAX - 1).shape(), (0, 1));
    }
}
