//! Memory that the next steps need, asked for in pieces on the way: for batches that the caches do not hold.

use core::slice::Chunks;

use crate::kernel::prefetch;

/// Entries in memory that a product asks for: of the next tile, and where its result goes.
pub(super) type Beside<'t, S> = [&'t [S]; 2];

/// Of the four products of a derivative nothing.
#[inline(always)]
pub(super) fn nothing<'t, S>() -> [Beside<'t, S>; 4] {
    [[&[]; 2]; 4]
}

/// Entries in memory that will be read or written soon.
#[derive(Clone, Debug)]
pub(super) struct Ahead<'t, S>([Chunks<'t, S>; 3]);

impl<'t, S> Ahead<'t, S> {
    /// To be asked for in this many pieces.
    #[inline(always)]
    pub(super) fn new(entries: [&'t [S]; 3], pieces: usize) -> Self {
        Ahead(entries.map(|entries| entries.chunks(entries.len() / pieces + 1)))
    }

    /// On the way of one product; `None` where there is nothing to be asked for.
    #[inline(always)]
    pub(super) fn beside_a_product([one, other]: Beside<'t, S>, pieces: usize) -> Option<Self> {
        (one.len() + other.len() > 0).then(|| Self::new([one, other, &[]], pieces))
    }

    /// Asks for the next piece. (Inlined, it would cost those who ask for nothing up to a tenth of their time.)
    #[inline(never)]
    pub(super) fn ask(&mut self) {
        for entries in &mut self.0 {
            if let Some(piece) = entries.next() {
                prefetch(piece);
            }
        }
    }
}
