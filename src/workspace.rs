//! The caller's workspace, handed out piece by piece.

use crate::error::Error;
use crate::kernel::{LANES, Planes, cast, spaced};
use crate::scalar::{Real, Scalar};

/// A cache line, and the widest vector.
pub(crate) const ALIGNMENT: usize = 64;

/// The larger of two lengths, in a constant.
pub(crate) const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The smaller of two lengths, in a constant.
pub(crate) const fn smaller(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Hands out pieces of a workspace.
pub(crate) struct Arena<'w, S> {
    rest: &'w mut [S],
}

impl<'w, S: Scalar> Arena<'w, S> {
    /// # Errors
    /// [`Error::Workspace`] unless `work` has at least `needed` entries.
    pub(crate) fn new(work: &'w mut [S], needed: usize) -> Result<Self, Error> {
        let got = work.len();
        match work.get_mut(..needed) {
            Some(rest) => Ok(Arena { rest }),
            None => Err(Error::Workspace { needed, got }),
        }
    }

    /// The next `len` entries; fewer only if the lengths asked for exceed what was announced to [`Arena::new`].
    pub(crate) fn take(&mut self, len: usize) -> &'w mut [S] {
        let rest = core::mem::take(&mut self.rest);
        let (piece, rest) = rest.split_at_mut(len.min(rest.len()));
        self.rest = rest;
        debug_assert_eq!(piece.len(), len);
        piece
    }

    /// All entries that are left.
    pub(crate) fn rest(self) -> &'w mut [S] {
        self.rest
    }

    /// The next entries as `count` arrays of `len` reals each.
    pub(crate) fn take_reals<const COUNT: usize>(&mut self, len: usize) -> [&'w mut [S::Real]; COUNT] {
        let entries = (COUNT * len).div_ceil(S::PARTS);
        let mut arrays = cast::as_reals(self.take(entries)).chunks_mut(len.max(1));
        core::array::from_fn(|_| arrays.next().unwrap_or_default())
    }
}

/// Hands out the work storage of the decomposition: planes, lanes and reals.
pub(crate) struct Store<'w, R> {
    rest: &'w mut [R],
}

impl<'w, R: Real> Store<'w, R> {
    /// # Errors
    /// [`Error::Workspace`] unless `work` has at least `needed` entries.
    pub(crate) fn new<S: Scalar<Real = R>>(work: &'w mut [S], needed: usize) -> Result<Self, Error> {
        let got = work.len();
        let reals = cast::as_reals(work.get_mut(..needed).unwrap_or_default());
        if reals.len() < needed * S::PARTS {
            return Err(Error::Workspace { needed, got });
        }
        let skip = reals.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT / size_of::<R>());
        Ok(Store { rest: reals.get_mut(skip..).unwrap_or_default() })
    }

    /// The next `COUNT` arrays of `len` reals each.
    pub(crate) fn reals<const COUNT: usize>(&mut self, len: usize) -> [&'w mut [R]; COUNT] {
        core::array::from_fn(|_| self.take(len))
    }

    /// The next `cols` columns of `rows` entries in `parts` planes.
    pub(crate) fn planes(&mut self, rows: usize, cols: usize, parts: usize) -> Planes<'w, R> {
        let depth = spaced::<R>(rows) / LANES;
        let (data, _) = self.take(depth * LANES * parts * cols).as_chunks_mut();
        Planes { data, depth, parts }
    }

    /// The same storage for a shorter time.
    pub(crate) fn reborrow(&mut self) -> Store<'_, R> {
        Store { rest: self.rest }
    }

    /// The next `len` reals as a storage of its own; it begins at a line of the cache if all that was taken before were whole lines.
    pub(crate) fn part(&mut self, len: usize) -> Store<'w, R> {
        Store { rest: self.take(len) }
    }

    /// All that is left.
    pub(crate) fn all(self) -> &'w mut [R] {
        self.rest
    }

    /// The next reals; fewer only if more is asked for than was announced to [`Store::new`].
    fn take(&mut self, len: usize) -> &'w mut [R] {
        let rest = core::mem::take(&mut self.rest);
        debug_assert!(len <= rest.len());
        let (piece, rest) = rest.split_at_mut(len.min(rest.len()));
        self.rest = rest;
        piece
    }
}
