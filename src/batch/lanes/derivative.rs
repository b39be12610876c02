//! What both rules share: the batches that they read and write, and the memory of a tile.

use super::items::{Items, ItemsMut, Places};
use super::tile::tile_len;
use crate::derivative::Report;
use crate::kernel::Arith;
use crate::kernel::vector::Lane;
use crate::scalar::Scalar;
use crate::workspace::{larger, smaller};

/// Thin U, s (k×1) and V of each item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors<'a, S: Scalar> {
    pub(crate) u: Items<'a, S>,
    pub(crate) s: Items<'a, S::Real>,
    pub(crate) v: Items<'a, S>,
}

impl<S: Scalar> Factors<'_, S> {
    /// Where U, s and V stand in a tile.
    pub(super) fn places(&self, (m, n): (usize, usize)) -> [Places; 3] {
        let (k, p) = (m.min(n), S::PARTS);
        [self.u.places((m, k), m * p), self.s.places((k, 1), k), self.v.places((n, k), n * p)]
    }

    #[inline(always)]
    pub(super) fn gather<A: Arith, const W: usize>(
        &self,
        items: (usize, usize),
        [u, s, v]: [&mut [Lane<S::Real, W>]; 3],
        places: &[Places; 3],
    ) {
        self.u.gather::<A, W>(items, u, &places[0]);
        self.s.gather::<A, W>(items, s, &places[1]);
        self.v.gather::<A, W>(items, v, &places[2]);
    }
}

/// The cotangents of them; what is `None` is zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cotangent<'a, S: Scalar> {
    pub(crate) u: Option<Items<'a, S>>,
    pub(crate) s: Option<Items<'a, S::Real>>,
    pub(crate) v: Option<Items<'a, S>>,
}

/// Where the gradients go, and who is told what the rule met.
pub(crate) struct Gradient<'a, S: Scalar> {
    pub(crate) a: ItemsMut<'a, S>,
    /// Whether they are added to what is there.
    pub(crate) keep: bool,
    /// Called for each item that succeeds, in order.
    pub(crate) report: Option<&'a mut dyn FnMut(usize, Report<S::Real>)>,
}

/// Where the tangents go; what is `None` is not computed.
#[derive(Debug)]
pub(crate) struct Tangent<'a, S: Scalar> {
    pub(crate) u: Option<ItemsMut<'a, S>>,
    pub(crate) s: Option<ItemsMut<'a, S::Real>>,
    pub(crate) v: Option<ItemsMut<'a, S>>,
}

/// Entries of the memory of a tile for either rule.
pub(super) const fn derivative_tile_len<S: Scalar>(m: usize, n: usize) -> usize {
    let (k, longer) = (smaller(m, n), larger(m, n));
    tile_len::<S>(1, k * (m + n + 2 * longer + 2 * k) + m * n, 3 * k)
}
