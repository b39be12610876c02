//! Memory that is written and not read again soon: past the caches, so that what stood there is not fetched first.
#![cfg_attr(
    all(target_arch = "x86_64", not(miri)),
    expect(unsafe_code, reason = "instructions of the baseline that have no safe functions")
)]

#[cfg(all(target_arch = "x86_64", not(miri)))]
use super::interleave::is;
use crate::scalar::Real;

/// Writes past the caches; where there is no such instruction, as always. When it is dropped, what it wrote is there for other threads too.
#[derive(Debug)]
pub(crate) struct Stream(());

impl Stream {
    pub(crate) const fn new() -> Self {
        Stream(())
    }

    /// `to` ← `from`, of the same length.
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "the fence at its end is for all that goes through it")]
    pub(crate) fn copy<R: Real>(&mut self, to: &mut [R], from: &[R]) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        if is::<R, f32>() || is::<R, f64>() {
            return copy_by_lines(to, from);
        }
        to.copy_from_slice(from);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        // SAFETY: SSE is of the baseline, and a fence touches no memory.
        unsafe {
            core::arch::x86_64::_mm_sfence();
        }
    }
}

/// Whole lines of the cache past it, what is left at both ends as always. For `f32` and `f64`.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
fn copy_by_lines<R: Real>(to: &mut [R], from: &[R]) {
    use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_stream_si128};
    const LINE: usize = 64;
    let in_line = LINE / size_of::<R>();
    let start = to.as_ptr().align_offset(LINE).min(to.len());
    let end = to.len() - (to.len() - start) % in_line;
    to[..start].copy_from_slice(&from[..start]);
    to[end..].copy_from_slice(&from[end..]);
    for (to, from) in to[start..end].chunks_exact_mut(in_line).zip(from[start..end].chunks_exact(in_line)) {
        let (to, from) = (to.as_mut_ptr().cast::<__m128i>(), from.as_ptr().cast::<__m128i>());
        for quarter in 0..4 {
            // SAFETY: SSE2 is of the baseline; both are a line of 64 bytes without padding, and that which is written begins with a line of the cache.
            unsafe { _mm_stream_si128(to.add(quarter), _mm_loadu_si128(from.add(quarter))) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of every length, from and to every place in a line.
    fn copies<R: Real>() {
        let numbers: std::vec::Vec<R> = (0..1200).map(R::from_usize).collect();
        for (len, at) in (0..80).chain([211, 1100]).flat_map(|len| (0..17).map(move |at| (len, at))) {
            let from = &numbers[(at * 5) % 16..][..len];
            let mut to = std::vec![R::from_f64(-1.0); 1200];
            let mut stream = Stream::new();
            stream.copy(&mut to[at..at + len], from);
            drop(stream);
            assert_eq!(&to[at..at + len], from);
            assert!(to[..at].iter().chain(&to[at + len..]).all(|&x| x == R::from_f64(-1.0)), "{len} from {at} on");
        }
    }

    #[test]
    fn copies_are_what_was_copied() {
        copies::<f64>();
        copies::<f32>();
    }
}
