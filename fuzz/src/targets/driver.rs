//! `svd_into`: any matrix, any choice of vectors, any layouts.

use super::in_any_type;
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use crate::support::layout::Layout;
use crate::support::run::check_any;
use diffsvd::Vectors;

/// Any matrix of up to 20 rows and columns is decomposed within the bounds, or refused with the right error and nothing written.
pub fn driver(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let (input, output, kind) = (bytes.below(4), bytes.below(4), bytes.below(4));
    let largest = bytes.one_of(&[4, 8, 12, 20]);
    let a = bytes.matrix::<S>(largest, false);
    let r = bytes.below(a.rows().min(a.cols()) + 1);
    let vectors = [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(r)][kind];
    check_any(&a, vectors, (Layout::turn(input), Layout::turn(output)));
}
