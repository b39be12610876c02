//! One workspace of entries: real arrays are carved from it too, and fixed-size arrays make one up.
#![expect(
    unsafe_code,
    reason = "a slice of `Complex<R>` is twice as many `R`, and arrays of one type in a row are a slice"
)]

use core::any::TypeId;
use core::{ptr, slice};

use num_complex::Complex;

use crate::scalar::Scalar;

/// Whether `S` is its own real type or `num_complex::Complex` of it: the two layouts that this module knows.
const fn reals_per_entry<S: Scalar>() -> usize {
    S::PARTS
}

/// Whether the entries are reals one after another: `PARTS` for each, real part first.
pub(crate) fn is_reals<S: Scalar>() -> bool {
    let own = TypeId::of::<S>();
    match reals_per_entry::<S>() {
        1 => own == TypeId::of::<S::Real>(),
        2 => own == TypeId::of::<Complex<S::Real>>(),
        _ => false,
    }
}

/// The entries as reals: `PARTS` for each, real part first.
///
/// Empty for a scalar type that is neither a real type nor `Complex` of one, so that no foreign layout is ever assumed;
/// the length check of the caller then reports a short workspace.
pub(crate) fn as_reals<S: Scalar>(entries: &mut [S]) -> &mut [S::Real] {
    if !is_reals::<S>() {
        return &mut [];
    }
    let len = entries.len() * S::PARTS;
    // SAFETY: `S` is `S::Real` itself or `Complex<S::Real>`, which is `repr(C)` with two fields of that type: same
    // alignment, `PARTS` times the size, no padding, and every bit pattern of the one is valid for the other.
    // The result borrows `entries` exclusively for its whole life.
    unsafe { slice::from_raw_parts_mut(entries.as_mut_ptr().cast::<S::Real>(), len) }
}

/// The same of entries that are read.
pub(crate) fn reals_of<S: Scalar>(entries: &[S]) -> &[S::Real] {
    if !is_reals::<S>() {
        return &[];
    }
    // SAFETY: as in `as_reals`; the result borrows `entries` for its whole life.
    unsafe { slice::from_raw_parts(entries.as_ptr().cast::<S::Real>(), entries.len() * S::PARTS) }
}

/// The workspace of the derivatives of an M×N matrix with K triplets, of a length that the compiler knows: stable Rust cannot write
/// that length as the length of an array, but it can lay arrays of known lengths side by side.
#[repr(C)]
pub(crate) struct Blocks<S, const M: usize, const N: usize, const K: usize> {
    rows: [[S; K]; M],
    cols: [[S; K]; N],
    squares: [[[S; K]; K]; 2],
}

impl<S: Scalar, const M: usize, const N: usize, const K: usize> Blocks<S, M, N, K> {
    /// Entries in all.
    pub(crate) const LEN: usize = (M + N + 2 * K) * K;

    pub(crate) fn zeros() -> Self {
        let zero = S::zero();
        Blocks { rows: [[zero; K]; M], cols: [[zero; K]; N], squares: [[[zero; K]; K]; 2] }
    }

    /// All the entries as one slice.
    pub(crate) fn entries(&mut self) -> &mut [S] {
        const { assert!(size_of::<Self>() == Self::LEN * size_of::<S>()) };
        // SAFETY: a `repr(C)` struct of arrays of `S` is `LEN` entries one after another: every field starts at a multiple
        // of the alignment of `S`, so that there is no padding, which the size asserted above confirms. The pointer is
        // that of the whole struct, and the result borrows it exclusively for its whole life.
        unsafe { slice::from_raw_parts_mut(ptr::from_mut(self).cast::<S>(), Self::LEN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_reals_one_after_another() {
        let mut numbers = [1.0, 2.0, 3.0].map(|x| Complex::new(x, -x));
        let reals = [1.0, -1.0, 2.0, -2.0, 3.0, -3.0];
        assert!(is_reals::<Complex<f64>>() && is_reals::<f64>());
        assert_eq!(reals_of(&numbers), reals);
        assert_eq!(as_reals(&mut numbers), reals);
        let mut same = reals;
        assert_eq!((reals_of(&reals), &*as_reals(&mut same)), (&reals[..], &reals[..]));
    }

    #[test]
    fn blocks_are_as_long_as_their_matrices() {
        fn check<const M: usize, const N: usize, const K: usize>(len: usize) {
            let mut blocks = Blocks::<f32, M, N, K>::zeros();
            assert_eq!(blocks.entries(), std::vec![0.0; len]);
            blocks.entries().fill(1.0);
            assert!(
                blocks.rows.iter().chain(&blocks.cols).chain(blocks.squares.as_flattened()).all(|row| *row == [1.0; K])
            );
        }
        check::<5, 4, 3>(45);
        check::<2, 3, 2>(18);
    }
}
