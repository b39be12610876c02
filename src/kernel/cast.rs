//! One workspace of entries serves the real arrays too.
#![expect(unsafe_code, reason = "a slice of `Complex<R>` is also a slice of twice as many `R`")]

use core::any::TypeId;
use core::slice;

use num_complex::Complex;

use crate::scalar::Scalar;

/// Whether `S` is its own real type or `num_complex::Complex` of it: the two layouts that this module knows.
const fn reals_per_entry<S: Scalar>() -> usize {
    S::PARTS
}

fn has_known_layout<S: Scalar>() -> bool {
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
    if !has_known_layout::<S>() {
        return &mut [];
    }
    let len = entries.len() * S::PARTS;
    // SAFETY: `S` is `S::Real` itself or `Complex<S::Real>`, which is `repr(C)` with two fields of that type: same
    // alignment, `PARTS` times the size, no padding, and every bit pattern of the one is valid for the other.
    // The result borrows `entries` exclusively for its whole life.
    unsafe { slice::from_raw_parts_mut(entries.as_mut_ptr().cast::<S::Real>(), len) }
}
