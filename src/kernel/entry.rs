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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_written() {
        let mut numbers = [1.0, 2.0, 3.0];
        write(&mut numbers, 1, 5.0);
        assert_eq!(([0, 1, 2].map(|at| read(&numbers, at)), numbers), ([1.0, 5.0, 3.0], [1.0, 5.0, 3.0]));
    }
}
