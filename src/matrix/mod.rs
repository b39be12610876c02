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
    use std::vec::Vec;

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

    const NUMBERS: [f64; 12] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0];

    /// Rows, columns and strides of small matrices; some of them for Miri, which interprets.
    fn layouts() -> impl Iterator<Item = [usize; 4]> {
        let pairs = |end: usize| (0..end * end).map(move |i| [i / end, i % end]);
        let all = pairs(4).flat_map(move |[rows, cols]| pairs(7).map(move |[down, across]| [rows, cols, down, across]));
        all.step_by(if cfg!(miri) { 13 } else { 1 })
    }

    /// The place of each entry, row by row.
    fn places([rows, cols, down, across]: [usize; 4]) -> Vec<usize> {
        (0..rows).flat_map(|i| (0..cols).map(move |j| i * down + j * across)).collect()
    }

    fn entries(a: MatRef<'_, f64>) -> Vec<f64> {
        (0..a.rows()).flat_map(|i| (0..a.cols()).map(move |j| a.get(i, j).unwrap())).collect()
    }

    /// Those of the slice at these places.
    fn numbers_at(layout: [usize; 4]) -> Vec<f64> {
        places(layout).into_iter().map(|place| NUMBERS[place]).collect()
    }

    #[test]
    fn what_is_read_fits_the_slice() {
        for layout @ [rows, cols, down, across] in layouts() {
            let view = MatRef::new(&NUMBERS, rows, cols, down, across);
            assert_eq!(view.is_ok(), places(layout).into_iter().all(|place| place < 12), "{layout:?}");
            let Ok(a) = view else { continue };
            assert_eq!((a.rows(), a.cols(), a.shape()), (rows, cols, (rows, cols)));
            assert_eq!((a.row_stride(), a.col_stride(), a.data()), (down, across, &NUMBERS[..]));
            assert_eq!(entries(a), numbers_at(layout));
            assert_eq!(entries(a.transpose()), numbers_at([cols, rows, across, down]));
            assert!((0..4).all(|i| a.get(rows, i).is_none() && a.get(i, cols).is_none()));
            for at in 0..5 {
                assert_eq!(entries(a.leading_cols(at)), numbers_at([rows, at.min(cols), down, across]));
                let rest = a.block(0, at.min(cols), rows, cols.saturating_sub(at)).unwrap();
                assert_eq!(entries(a.trailing_cols(at)), entries(rest), "{layout:?} from column {at} on");
            }
            if rows > 0 && cols > 0 {
                let column = (down == 1).then(|| &NUMBERS[across * (cols - 1)..][..rows]);
                assert_eq!(a.contiguous_col(cols - 1), column, "{layout:?}");
            }
            let whole = a.as_one_column().map(entries);
            assert_eq!(whole, (down == 1 && across == rows).then(|| NUMBERS[..rows * cols].to_vec()), "{layout:?}");
        }
    }

    /// Places are apart where they ascend in one of the two orders.
    #[test]
    fn entries_that_are_written_do_not_share_a_place() {
        for layout @ [rows, cols, down, across] in layouts() {
            let mut data = NUMBERS;
            let view = MatMut::new(&mut data, rows, cols, down, across);
            let (by_rows, by_columns) = (places(layout), places([cols, rows, across, down]));
            let apart = [&by_rows, &by_columns].into_iter().any(|places| places.is_sorted_by(|x, y| x < y));
            assert_eq!(view.is_ok(), apart && by_rows.iter().all(|&place| place < 12), "{layout:?}");
            let Ok(mut a) = view else { continue };
            assert_eq!((a.rows(), a.cols(), a.shape()), (rows, cols, (rows, cols)));
            assert_eq!((a.row_stride(), a.col_stride()), (down, across));
            // (Outside of the matrix nothing is written.)
            (0..5).for_each(|i| (0..5).for_each(|j| a.set(i, j, -1.0)));
            assert_eq!(entries(a.as_ref()), std::vec![-1.0; rows * cols]);
            a.reborrow().transpose().fill_with(|j, i| (10 * i + j) as f64);
            assert!((0..rows).all(|i| (0..cols).all(|j| a.at(i, j) == (10 * i + j) as f64)));
            if rows > 0 && cols > 0 {
                assert_eq!(a.contiguous_col(cols - 1).map(|column| column.len()), (down == 1).then_some(rows));
                a.fill_column(cols - 1, core::iter::repeat_n(-2.0, rows));
                assert!((0..rows).all(|i| a.at(i, cols - 1) == -2.0));
            }
            let data = a.into_data();
            for (place, (x, y)) in data.iter().zip(NUMBERS).enumerate() {
                assert!(by_rows.contains(&place) || *x == y, "{layout:?}: {place} was written");
            }
        }
    }

    #[test]
    fn blocks_lie_within_the_matrix() {
        let ([rows, cols], mut data) = ([3, 4], NUMBERS);
        let a = MatRef::col_major(&NUMBERS, rows, cols).unwrap();
        for [i, j, height, width] in layouts() {
            let within = i + height <= rows && j + width <= cols;
            let block = a.block(i, j, height, width);
            let written = MatMut::col_major(&mut data, rows, cols).unwrap().block(i, j, height, width);
            assert_eq!((block.is_ok(), written.is_ok()), (within, within), "{height}×{width} at ({i}, {j})");
            let (Ok(block), Ok(written)) = (block, written) else { continue };
            assert_eq!((block.shape(), written.shape()), ((height, width), (height, width)));
            let expected: Vec<f64> =
                places([height, width, 1, rows]).iter().map(|&at| (i + j * rows + at) as f64).collect();
            assert_eq!((entries(block), entries(written.as_ref())), (expected.clone(), expected));
        }
    }

    #[test]
    fn columns_that_lie_apart_are_split() {
        for layout @ [rows, cols, down, across] in layouts() {
            for at in 0..5 {
                let mut data = NUMBERS;
                let Ok(a) = MatMut::new(&mut data, rows, cols, down, across) else { continue };
                let apart = at <= cols && across > rows.saturating_sub(1) * down;
                match a.split_cols(at) {
                    Ok((left, right)) => {
                        assert!(apart, "{layout:?} at {at}");
                        let whole = MatRef::new(&NUMBERS, rows, cols, down, across).unwrap();
                        assert_eq!(entries(left.as_ref()), entries(whole.leading_cols(at)));
                        assert_eq!(entries(right.as_ref()), entries(whole.trailing_cols(at)));
                        assert_eq!((left.cols(), right.cols()), (at, cols - at));
                    }
                    Err(a) => assert!(!apart && a.shape() == (rows, cols), "{layout:?} at {at}"),
                }
            }
        }
    }

    #[test]
    fn blocks_of_contiguous_columns_are_slices() {
        for [rows, cols, down, across] in layouts() {
            for [top, left, height, width] in
                layouts().filter(|&[_, _, height, width]| (1..4).contains(&height) && (1..4).contains(&width))
            {
                let mut data = NUMBERS;
                let Ok(mut a) = MatMut::new(&mut data, rows, cols, down, across) else { continue };
                let within = down == 1 && top + height <= rows && left + width <= cols;
                let (start, len) = (top + left * across, (width - 1) * across + height);
                let found = a.block_mut((top, left), (height, width)).map(|(entries, step)| (entries.to_vec(), step));
                assert_eq!(found, within.then(|| (NUMBERS[start..start + len].to_vec(), across)));
            }
        }
    }
}
