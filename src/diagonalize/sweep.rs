//! One implicit QR sweep over an unreduced block, with and without a shift, from either end.
//!
//! A sweep from the bottom is the same sweep on the matrix read backwards: reversing rows and columns of an upper
//! bidiagonal matrix and transposing gives an upper bidiagonal matrix again, with U and V exchanged. So each sweep
//! is written once, over a [`Chain`] that knows the direction.

use super::{Rotations, two_by_two};
use crate::rotation::{Rotation, annihilate};
use crate::scalar::Real;

/// A block d(0), e(0), d(1), …, d(last), read from its one end or from the other.
struct Chain<'a, 'w, R> {
    d: &'a mut [R],
    e: &'a mut [R],
    lo: usize,
    hi: usize,
    flipped: bool,
    rotations: &'a mut Rotations<'w, R>,
}

impl<R: Real> Chain<'_, '_, R> {
    fn last(&self) -> usize {
        self.hi - self.lo
    }
    /// Place of the i-th diagonal entry.
    #[inline]
    fn at(&self, i: usize) -> usize {
        if self.flipped { self.hi - i } else { self.lo + i }
    }
    /// Place of the i-th off-diagonal entry.
    #[inline]
    fn between(&self, i: usize) -> usize {
        if self.flipped { self.hi - 1 - i } else { self.lo + i }
    }
    #[inline]
    fn d(&self, i: usize) -> R {
        self.d[self.at(i)]
    }
    #[inline]
    fn e(&self, i: usize) -> R {
        self.e[self.between(i)]
    }
    #[inline]
    fn set_d(&mut self, i: usize, value: R) {
        let at = self.at(i);
        self.d[at] = value;
    }
    #[inline]
    fn set_e(&mut self, i: usize, value: R) {
        let between = self.between(i);
        self.e[between] = value;
    }
    /// Records the i-th rotations from the right and from the left (of the matrix as the chain reads it).
    #[inline]
    fn record(&mut self, i: usize, right: Rotation<R>, left: Rotation<R>) {
        let rotations = &mut *self.rotations;
        if self.flipped {
            // Read backwards, (x, y) is (y, x): the sine changes sign, and U and V are exchanged.
            let i = self.hi - self.lo - 1 - i;
            (rotations.left_c[i], rotations.left_s[i]) = (right.c, -right.s);
            (rotations.right_c[i], rotations.right_s[i]) = (left.c, -left.s);
        } else {
            (rotations.right_c[i], rotations.right_s[i]) = (right.c, right.s);
            (rotations.left_c[i], rotations.left_s[i]) = (left.c, left.s);
        }
    }
}

/// The shift of the next sweep: the smaller singular value of the 2×2 block at the far end, or zero where a shift
/// would lose the relative accuracy of the smallest singular value, of which `smallest` is a lower bound.
pub(super) fn shift<R: Real>(d: &[R], e: &[R], lo: usize, hi: usize, flipped: bool, smallest: R) -> R {
    let largest = (lo..hi).fold(d[hi].abs(), |max, i| max.larger(d[i].abs()).larger(e[i].abs()));
    let n = R::from_f64((hi - lo + 1) as f64);
    // A shifted sweep perturbs by ε σ_max: allowed while that is below 100 n ε of the smallest singular value.
    if n * R::from_f64(100.0) * (smallest / largest) <= R::one() {
        return R::zero();
    }
    let (near, corner) = if flipped {
        (d[hi], two_by_two(d[lo], e[lo], d[lo + 1]))
    } else {
        (d[lo], two_by_two(d[hi - 1], e[hi - 1], d[hi]))
    };
    let shift = corner.small.abs();
    // A shift that is lost against the first entry would only add rounding; so would one that dwarfs it.
    let ratio = shift / near.abs();
    let lost = R::EPSILON.sqrt();
    if ratio > lost && ratio < R::one() / lost { shift } else { R::zero() }
}

/// One sweep over the block lo..=hi; the rotations go to `rotations`, in the order of the columns.
pub(super) fn chase<R: Real>(
    d: &mut [R],
    e: &mut [R],
    lo: usize,
    hi: usize,
    flipped: bool,
    shift: R,
    rotations: &mut Rotations<'_, R>,
) {
    let mut chain = Chain { d, e, lo, hi, flipped, rotations };
    if shift == R::zero() {
        zero_shift(&mut chain);
    } else {
        shifted(&mut chain, shift);
    }
}

/// The zero-shift sweep: products and quotients only, so every entry keeps its relative accuracy.
fn zero_shift<R: Real>(chain: &mut Chain<'_, '_, R>) {
    let mut right = Rotation { c: R::one(), s: R::zero() };
    let mut left = right;
    let last = chain.last();
    for i in 0..last {
        let (next_right, r) = annihilate(chain.d(i) * right.c, chain.e(i));
        if i > 0 {
            chain.set_e(i - 1, left.s * r);
        }
        let (next_left, diagonal) = annihilate(left.c * r, chain.d(i + 1) * next_right.s);
        chain.set_d(i, diagonal);
        (right, left) = (next_right, next_left);
        chain.record(i, right, left);
    }
    let h = chain.d(last) * right.c;
    chain.set_d(last, h * left.c);
    chain.set_e(last - 1, h * left.s);
}

/// The shifted sweep: chases the bulge of `BᵀB` − shift² I.
fn shifted<R: Real>(chain: &mut Chain<'_, '_, R>, shift: R) {
    let last = chain.last();
    let first = chain.d(0);
    let mut f = (first.abs() - shift) * (R::one().with_sign(first) + shift / first);
    let mut g = chain.e(0);
    for i in 0..last {
        let (right, r) = annihilate(f, g);
        if i > 0 {
            chain.set_e(i - 1, r);
        }
        let (d, e, below) = (chain.d(i), chain.e(i), chain.d(i + 1));
        f = right.c * d + right.s * e;
        let e = right.c * e - right.s * d;
        let (left, r) = annihilate(f, right.s * below);
        let below = right.c * below;
        chain.set_d(i, r);
        f = left.c * e + left.s * below;
        chain.set_d(i + 1, left.c * below - left.s * e);
        if i + 1 < last {
            let beyond = chain.e(i + 1);
            g = left.s * beyond;
            chain.set_e(i + 1, left.c * beyond);
        }
        chain.record(i, right, left);
    }
    chain.set_e(last - 1, f);
}
