//! Entries of slices that are known to have them.

use crate::scalar::Scalar;

/// Entry `at` of a slice that is known to have it; `get` rather than an index keeps the panic out of programs for bare metal.
#[inline]
pub(crate) fn read<S: Scalar>(slice: &[S], at: usize) -> S {
    debug_assert!(at < slice.len());
    slice.get(at).copied().unwrap_or_else(S::zero)
}

/// Writes entry `at` of a slice that is known to have it.
#[inline]
pub(crate) fn write<S: Scalar>(slice: &mut [S], at: usize, value: S) {
    debug_assert!(at < slice.len());
    if let Some(entry) = slice.get_mut(at) {
        *entry = value;
    }
}
