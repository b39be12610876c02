//! Batches of small matrices side by side.

use super::in_any_type;
use crate::factorization::within_bounds;
use crate::memory::{Many, Place};
use crate::outputs::{Output, decompose};
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use diffsvd::{Error, Mat, Svd, Vectors};

/// Each item within the bounds or with the error that it has alone, and the same to the last bit whatever its neighbours are.
pub fn lanes(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let (short, longer) = (1 + bytes.below(8), bytes.one_of(&[0, 0, 1, 5, 24]));
    let shape = if bytes.below(2) == 0 { (short, short + longer) } else { (short + longer, short) };
    let (count, place) = (1 + bytes.below(19), bytes.below(5));
    let vectors = bytes.one_of(&[Vectors::Thin, Vectors::None]);
    // A few different matrices in turn, so that the bytes last.
    let kinds: Vec<Mat<S>> = (0..count.min(4)).map(|_| bytes.matrix_of(shape.0, shape.1, false)).collect();
    let all: Vec<Mat<S>> = (0..count).map(|i| kinds[(i * i) % kinds.len()].clone()).collect();
    let out = decompose(&Many::holding(&all, Place::turn(place)), vectors, Place::turn(place + 1));
    for (i, kind) in kinds.iter().enumerate() {
        let item = (0..count).find(|item| (item * item) % kinds.len() == i);
        if let Some(item) = item {
            one(kind, vectors, &out, item);
        }
    }
}

fn one<S: Entry>(a: &Mat<S>, vectors: Vectors, out: &Output<S>, item: usize) {
    let alone = decompose(&Many::holding(std::slice::from_ref(a), Place::ColMajor), vectors, Place::RowMajor);
    assert_eq!(out.status[item], alone.status[0], "{} {a:?}: depends on its neighbours", S::NAME);
    match alone.status[0] {
        Ok(()) => {
            let of = |out: &Output<S>, i| (out.u.get(i), out.s.get(i), out.v.get(i));
            assert_eq!(of(out, item), of(&alone, 0), "{} {a:?}: depends on its neighbours", S::NAME);
            within_bounds(a, vectors, out, item, "drawn");
        }
        Err(error) => {
            // Where s₁ is on the verge of overflowing the rounding decides.
            if error != Error::Overflow {
                assert_eq!(Svd::new(a.as_ref(), vectors).map(drop), Err(error), "{} {a:?}", S::NAME);
            }
            out.u.assert_blank(item);
            out.s.assert_blank(item);
            out.v.assert_blank(item);
        }
    }
}
