//! Proptest strategies: what `drawn` makes of random bytes.

use std::fmt::Debug;

use proptest::prelude::*;

use super::drawn::{Bytes, Recipe};
use super::spectral::Case;

/// More bytes than anything that is drawn takes.
const BYTES: usize = 64;

/// Whatever is drawn from bytes; shrinks towards bytes of zero.
pub(crate) fn drawn<T: Debug>(draw: impl Fn(&mut Bytes<'_>) -> T) -> impl Strategy<Value = T> {
    prop::collection::vec(any::<u8>(), BYTES).prop_map(move |bytes| draw(&mut Bytes::new(&bytes)))
}

/// See [`Bytes::gap`].
#[allow(clippy::redundant_closure_for_method_calls, reason = "the method is for one lifetime only")]
pub(crate) fn gap() -> impl Strategy<Value = f64> {
    drawn(|bytes| bytes.gap())
}

/// See [`Bytes::recipe`].
pub(crate) fn recipe(largest: usize) -> impl Strategy<Value = Recipe> {
    drawn(move |bytes| bytes.recipe(largest))
}

/// See [`Bytes::case`].
pub(crate) fn case(fewest: usize, most: usize) -> impl Strategy<Value = Case> {
    drawn(move |bytes| bytes.case(fewest, most))
}
