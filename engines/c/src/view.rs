//! Pointers of C as views: not NULL, aligned, and what is written apart from everything else.
#![expect(unsafe_code, reason = "C passes pointers; here, and only here, they become references")]

use std::slice;

use diffsvd::Scalar;
use diffsvd::batch::{BatchMut, BatchRef, Layout};

use crate::status::{DIFFSVD_LAYOUT, DIFFSVD_OVERLAP, DIFFSVD_POINTER, Fault};
use crate::types::{In, Out};

/// The most arguments with memory of their own that a function has.
const MOST: usize = 16;

/// A span of memory that an argument claims.
#[derive(Clone, Copy)]
struct Span {
    name: &'static str,
    start: usize,
    end: usize,
    written: bool,
}

/// What the arguments of one call have claimed so far. A reference is made only of memory that no earlier one excludes.
#[derive(Default)]
pub(crate) struct Memory {
    spans: [Option<Span>; MOST],
    count: usize,
}

impl Memory {
    /// Claims `len` entries from `data` on.
    fn claim<T>(&mut self, name: &'static str, data: *const T, len: usize, written: bool) -> Result<(), Fault> {
        if len == 0 {
            return Ok(());
        }
        if data.is_null() || !data.is_aligned() {
            let what = if data.is_null() { "NULL" } else { "not aligned" };
            return Err(Fault::new(
                DIFFSVD_POINTER,
                format!("{name}: the pointer is {what}, but {len} entries are needed"),
            ));
        }
        let start = data.addr();
        let bytes = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes <= isize::MAX.unsigned_abs());
        let Some(end) = bytes.and_then(|bytes| start.checked_add(bytes)) else {
            return Err(Fault::new(DIFFSVD_LAYOUT, format!("{name}: no memory holds {len} entries")));
        };
        let span = Span { name, start, end, written };
        for other in self.spans.iter().flatten() {
            if (written || other.written) && span.start < other.end && other.start < span.end {
                let message =
                    format!("{} and {name} overlap in memory: what is written needs a span of its own", other.name);
                return Err(Fault::new(DIFFSVD_OVERLAP, message));
            }
        }
        self.spans[self.count] = Some(span);
        self.count += 1;
        Ok(())
    }

    /// An array to be written.
    ///
    /// # Safety
    /// `data` points to memory for `len` entries that nobody else uses during the call, unless it is refused. (What stands there, C decides: any bits are
    /// an entry, and the operations write before they read.)
    pub(crate) unsafe fn array<'a, T>(
        &mut self,
        name: &'static str,
        data: *mut T,
        len: usize,
    ) -> Result<&'a mut [T], Fault> {
        self.claim(name, data, len, true)?;
        // SAFETY: the caller's promise, and `claim` found the pointer good and no reference to this memory made before.
        Ok(if len == 0 { &mut [] } else { unsafe { slice::from_raw_parts_mut(data, len) } })
    }

    /// Matrices that are read.
    ///
    /// # Safety
    /// `of.data` points to memory for as many entries as the layout reaches, which nobody writes during the call.
    pub(crate) unsafe fn read<'a, S: Scalar>(
        &mut self,
        name: &'static str,
        of: In<S>,
    ) -> Result<BatchRef<'a, S>, Fault> {
        let len = needed(name, &of.layout)?;
        self.claim(name, of.data, len, false)?;
        // SAFETY: the caller's promise, and `claim` found the pointer good and no mutable reference to this memory made before.
        let data = if len == 0 { &[] } else { unsafe { slice::from_raw_parts(of.data, len) } };
        Ok(BatchRef::new(data, of.layout)?)
    }

    /// Matrices that are written.
    ///
    /// # Safety
    /// As [`array`](Self::array), with as many entries as the layout reaches.
    pub(crate) unsafe fn write<'a, S: Scalar>(
        &mut self,
        name: &'static str,
        of: Out<S>,
    ) -> Result<BatchMut<'a, S>, Fault> {
        let len = needed(name, &of.layout)?;
        // SAFETY: the caller's promise.
        Ok(BatchMut::new(unsafe { self.array(name, of.data, len) }?, of.layout)?)
    }

    /// Matrices that are read, if they are given.
    ///
    /// # Safety
    /// As [`read`](Self::read).
    pub(crate) unsafe fn read_given<'a, S: Scalar>(
        &mut self,
        name: &'static str,
        of: In<S>,
    ) -> Result<Option<BatchRef<'a, S>>, Fault> {
        // SAFETY: the caller's promise.
        if of.data.is_null() { Ok(None) } else { unsafe { self.read(name, of) }.map(Some) }
    }

    /// Matrices that are written, if they are given.
    ///
    /// # Safety
    /// As [`write`](Self::write).
    pub(crate) unsafe fn write_given<'a, S: Scalar>(
        &mut self,
        name: &'static str,
        of: Out<S>,
    ) -> Result<Option<BatchMut<'a, S>>, Fault> {
        // SAFETY: the caller's promise.
        if of.data.is_null() { Ok(None) } else { unsafe { self.write(name, of) }.map(Some) }
    }
}

fn needed(name: &'static str, layout: &Layout) -> Result<usize, Fault> {
    layout.needed().ok_or_else(|| Fault::new(DIFFSVD_LAYOUT, format!("{name}: the strides reach beyond any memory")))
}
