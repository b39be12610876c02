//! Functions of the singular values and their derivatives.

use crate::maps::{check_adjoint, check_covariance, check_reference, check_scaling, check_whole};
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use diffsvd::spectral::Elementary;
use num_complex::Complex;

/// Value and derivative against a double-double reference, adjointness, covariance and scaling of every function, at any gap.
pub fn spectral(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    // The real and the complex case, the wide and the narrow type; the property tests have all four.
    match bytes.below(2) {
        0 => check::<f64>(&mut bytes),
        _ => check::<Complex<f32>>(&mut bytes),
    }
}

fn check<S: Entry<Real: Elementary>>(bytes: &mut Bytes<'_>) {
    let kind = bytes.below(5);
    let case = bytes.case(4, 7);
    let at = case.point::<S>();
    match kind {
        0 => every_function!(check_adjoint, S, &at),
        1 => every_function!(check_covariance, S, &at),
        2 => every_function!(check_scaling, S, &at),
        3 => every_function!(check_reference, S, &at),
        _ => check_whole::<S>((7, 5), case.gap, case.seed),
    }
}
