//! Bidiagonal input, which goes to the QR iteration and to dqds as it is.

use super::in_any_type;
use crate::support::banded::{FORMS, arrange, promised_alone, relative_errors};
use crate::support::bounds::RELATIVE_CONSTANT_OF_SWEEPS;
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use crate::support::layout::Layout;
use crate::support::random::Random;
use crate::support::run::check_any;
use diffsvd::Vectors;

/// Each singular value to high relative accuracy; residual and orthogonality as for any other matrix.
pub fn bidiagonal(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let (form, phases, order) = (bytes.one_of(&FORMS), bytes.bits(), 1 + bytes.below(24));
    let mut random = Random::new(phases);
    let entry = |bytes: &mut Bytes<'_>, random: &mut Random| random.phase::<S>().scale(bytes.wild::<S::Real>());
    let d: Vec<S> = (0..order).map(|_| entry(bytes, &mut random)).collect();
    let e: Vec<S> = (0..order).map(|_| entry(bytes, &mut random)).collect();
    let a = arrange(&d, &e, form);
    let [alone, with_vectors] = relative_errors(&a);
    let what = || format!("{} {form:?} {d:?} {e:?}", S::NAME);
    assert!(alone <= promised_alone(&a), "{}: alone {alone} n ε", what());
    assert!(with_vectors <= RELATIVE_CONSTANT_OF_SWEEPS, "{}: with vectors {with_vectors} n ε", what());
    check_any(&a, Vectors::Full, (Layout::ColMajor, Layout::ColMajor));
}
