//! Memory for the arguments of a call of C.

use crate::abi::{Abi, Arg};
use crate::memory::blank;
use crate::support::drawn::Bytes;
use diffsvd::Scalar;
use diffsvd::batch::{BatchMut, BatchRef, Layout};

/// The memory of an argument, not one entry longer than its layout reaches, so that AddressSanitizer sees what goes beyond.
#[derive(Clone, Debug)]
pub(super) struct Block<S: Scalar> {
    pub(super) entries: Vec<S>,
    pub(super) reals: Vec<S::Real>,
    pub(super) layout: Layout,
    pub(super) written: bool,
    /// Whether it may be left out, and is.
    pub(super) optional: bool,
    pub(super) left_out: bool,
}

impl<S: Abi> Block<S> {
    pub(super) fn new(layout: Layout, written: bool) -> Self {
        let entries = vec![blank(); layout.needed().expect("a small batch")];
        Block { entries, reals: Vec::new(), layout, written, optional: false, left_out: false }
    }

    /// Vectors of real numbers.
    pub(super) fn real(count: usize, len: usize, written: bool) -> Self {
        let layout = Layout { batch_stride: len + 2, ..Layout::vectors(count, len) };
        let reals = vec![blank(); layout.needed().expect("a small batch")];
        Block { entries: Vec::new(), reals, layout, written, optional: false, left_out: false }
    }

    pub(super) fn optional(self, left_out: bool) -> Self {
        Block { optional: true, left_out, ..self }
    }

    /// Filled from a few entries in turn.
    pub(super) fn filled(mut self, bytes: &mut Bytes<'_>) -> Self {
        let palette: Vec<S> = (0..5).map(|_| bytes.entry(true)).collect();
        self.entries.iter_mut().enumerate().for_each(|(i, x)| *x = palette[i * i % 5]);
        self.reals.iter_mut().enumerate().for_each(|(i, x)| *x = palette[i * i % 5].re());
        self
    }

    pub(super) fn arg(&mut self) -> Arg {
        let data =
            if self.reals.is_empty() { self.entries.as_mut_ptr().cast() } else { self.reals.as_mut_ptr().cast() };
        Arg { data: if self.left_out { std::ptr::null_mut() } else { data }, layout: self.layout }
    }

    pub(super) fn entry_bytes(&self) -> usize {
        if self.reals.is_empty() { size_of::<S>() } else { size_of::<S::Real>() }
    }

    pub(super) fn read(&self) -> BatchRef<'_, S> {
        BatchRef::new(&self.entries, self.layout).expect("a view that fits")
    }
    pub(super) fn read_real(&self) -> BatchRef<'_, S::Real> {
        BatchRef::new(&self.reals, self.layout).expect("a view that fits")
    }
    pub(super) fn write(&mut self) -> BatchMut<'_, S> {
        BatchMut::new(&mut self.entries, self.layout).expect("a view that fits")
    }
    pub(super) fn write_real(&mut self) -> BatchMut<'_, S::Real> {
        BatchMut::new(&mut self.reals, self.layout).expect("a view that fits")
    }
    pub(super) fn given<'a, T>(&'a self, view: impl FnOnce(&'a Self) -> T) -> Option<T> {
        (!self.left_out).then(|| view(self))
    }
    pub(super) fn given_mut<'a, T>(&'a mut self, view: impl FnOnce(&'a mut Self) -> T) -> Option<T> {
        if self.left_out { None } else { Some(view(self)) }
    }

    /// The same, NaN as NaN.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        let same = |x: S::Real, y: S::Real| x == y || (x.partial_cmp(&x).is_none() && y.partial_cmp(&y).is_none());
        let entries = self.entries.iter().zip(&other.entries);
        let reals = self.reals.iter().zip(&other.reals);
        entries.into_iter().all(|(x, y)| same(x.re(), y.re()) && same(x.im(), y.im()))
            && reals.into_iter().all(|(&x, &y)| same(x, y))
    }
}
