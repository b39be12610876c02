//! The slice that the entries of a foreign matrix fill, if they fill one.
#![expect(unsafe_code, reason = "matrices of other crates are pointers with strides; here they become slices")]

use core::slice;

use crate::error::Error;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;

/// Why a matrix is refused.
const FORWARD: &str = "not be negative";
const DENSE: &str = "leave no gaps between the entries (of a part of a matrix, convert the whole and take its `block`)";

/// Lengths and strides of N axes, as another crate gives them.
#[derive(Clone, Copy)]
pub(super) struct Axes<const N: usize> {
    pub(super) lens: [usize; N],
    pub(super) strides: [isize; N],
}

impl<const N: usize> Axes<N> {
    /// Our strides, and how many entries from the first on they fill without a gap.
    ///
    /// An axis of one entry or none gets the stride 1: what other crates give there is not always a number that means something.
    fn span(self) -> Result<([usize; N], usize), Error> {
        let mut strides = [1; N];
        if self.lens.contains(&0) {
            return Ok((strides, 0));
        }
        let mut steps = [(0, 1); N];
        for axis in (0..N).filter(|&axis| self.lens[axis] > 1) {
            strides[axis] = usize::try_from(self.strides[axis]).map_err(|_| self.error(FORWARD))?;
            steps[axis] = (strides[axis], self.lens[axis]);
        }
        steps.sort_unstable();
        let mut filled = 1_usize;
        for (stride, len) in steps {
            if stride > filled {
                return Err(self.error(DENSE));
            }
            filled += stride * (len - 1);
        }
        Ok((strides, filled))
    }

    /// The last two axes are the rows and the columns.
    fn error(self, must: &'static str) -> Error {
        let of_matrix = |axis: usize| (self.lens[N - axis], self.strides[N - axis]);
        let ((rows, down), (cols, across)) = (of_matrix(2), of_matrix(1));
        Error::Strides { shape: (rows, cols), strides: (down, across), must }
    }

    /// The entries as a slice, and our strides.
    ///
    /// # Safety
    /// Every entry, `first` plus a sum of index times stride, is one of an allocation, can be read for `'a`, and is not written meanwhile.
    pub(super) unsafe fn slice<'a, S>(self, first: *const S) -> Result<(&'a [S], [usize; N]), Error> {
        let (strides, len) = self.span()?;
        // SAFETY: each of these `len` places is one of the entries, because they leave no gap; where there is none the pointer is not used.
        let data = if len == 0 { &[] } else { unsafe { slice::from_raw_parts(first, len) } };
        Ok((data, strides))
    }

    /// The entries as a slice to be written, and our strides.
    ///
    /// # Safety
    /// Every entry, `first` plus a sum of index times stride, is one of an allocation, and is neither read nor written by others for `'a`.
    pub(super) unsafe fn slice_mut<'a, S>(self, first: *mut S) -> Result<(&'a mut [S], [usize; N]), Error> {
        let (strides, len) = self.span()?;
        // SAFETY: each of these `len` places is one of the entries, because they leave no gap; where there is none the pointer is not used.
        let data = if len == 0 { &mut [] } else { unsafe { slice::from_raw_parts_mut(first, len) } };
        Ok((data, strides))
    }
}

impl Axes<2> {
    /// The matrix.
    ///
    /// # Safety
    /// As [`slice`](Self::slice).
    pub(super) unsafe fn mat_ref<'a, S: Scalar>(self, first: *const S) -> Result<MatRef<'a, S>, Error> {
        // SAFETY: the same conditions.
        let (data, [row_stride, col_stride]) = unsafe { self.slice(first) }?;
        MatRef::new(data, self.lens[0], self.lens[1], row_stride, col_stride)
    }

    /// The matrix, to be written.
    ///
    /// # Safety
    /// As [`slice_mut`](Self::slice_mut).
    pub(super) unsafe fn mat_mut<'a, S: Scalar>(self, first: *mut S) -> Result<MatMut<'a, S>, Error> {
        // SAFETY: the same conditions.
        let (data, [row_stride, col_stride]) = unsafe { self.slice_mut(first) }?;
        MatMut::new(data, self.lens[0], self.lens[1], row_stride, col_stride)
    }
}

/// Strides that other crates accept: 1 along an axis of one entry, where ours may be any number. A matrix without entries gets
/// 1 along an axis of length 0 and 0 along the other, with which no length of a slice is too short.
pub(super) fn plain_strides<const N: usize>(lens: [usize; N], strides: [usize; N]) -> [usize; N] {
    let empty = lens.contains(&0);
    core::array::from_fn(|axis| match lens[axis] {
        0 => 1,
        _ if empty => 0,
        1 => 1,
        _ => strides[axis],
    })
}
