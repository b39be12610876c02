//! Memory that the next steps need, asked for in pieces on the way: for batches that the caches do not hold.

use core::slice::Chunks;

use crate::kernel::prefetch;

/// Reals in memory that a product asks for: of a later tile, and where the results of one go.
pub(super) type Beside<'t, R> = [&'t [R]; 2];

/// For the four products of a rule that asks for nothing.
#[inline(always)]
pub(super) const fn nothing<'t, R>() -> [Beside<'t, R>; 4] {
    [[&[]; 2]; 4]
}

/// Reals in memory that will be read or written soon.
#[derive(Clone, Debug)]
pub(super) struct Ahead<'t, R>([Chunks<'t, R>; 3]);

impl<'t, R> Ahead<'t, R> {
    /// To be asked for in this many pieces.
    #[inline(always)]
    pub(super) fn new(reals: [&'t [R]; 3], pieces: usize) -> Self {
        Ahead(reals.map(|reals| reals.chunks(reals.len() / pieces + 1)))
    }

    /// On the way of one product; `None` where there is nothing to be asked for.
    #[inline(always)]
    pub(super) fn beside_a_product([one, other]: Beside<'t, R>, pieces: usize) -> Option<Self> {
        (one.len() + other.len() > 0).then(|| Self::new([one, other, &[]], pieces))
    }

    /// Asks for the next piece. (Inlined, it would cost those who ask for nothing up to a tenth of their time.)
    #[inline(never)]
    pub(super) fn ask(&mut self) {
        for reals in &mut self.0 {
            if let Some(piece) = reals.next() {
                prefetch(piece);
            }
        }
    }
}
