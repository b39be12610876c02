//! One implicit QR sweep over an unreduced block, with and without a shift, from either end.
//!
//! A sweep from the bottom is the same sweep on the matrix read backwards: reversing rows and columns of an upper
//! bidiagonal matrix and transposing gives an upper bidiagonal matrix again, with U and V exchanged. So the block is
//! reversed, swept from the top, and reversed back.

use super::Rotations;
use super::two_by_two::smaller_value;
use crate::rotation::{Rotation, annihilate, tiny};
use crate::scalar::Real;

/// The shift of the next sweep: the smaller singular value of the 2×2 block at the far end, or zero where a shift
/// would lose the relative accuracy of the smallest singular value, of which `smallest` is a lower bound.
pub(super) fn shift<R: Real>(d: &[R], e: &[R], lo: usize, hi: usize, flipped: bool, smallest: R) -> R {
    let largest = (lo..hi).fold(d[hi].abs(), |max, i| max.larger(d[i].abs()).larger(e[i].abs()));
    let n = R::from_f64((hi - lo + 1) as f64);
    // A shifted sweep perturbs by ε σ_max: allowed while that is below 100 n ε of the smallest singular value.
    if n * R::from_f64(100.0) * (smallest / largest) <= R::one() {
        return R::zero();
    }
    let (near, shift) = if flipped {
        (d[hi], smaller_value(d[lo], e[lo], d[lo + 1]))
    } else {
        (d[lo], smaller_value(d[hi - 1], e[hi - 1], d[hi]))
    };
    // A shift that is lost against the first entry would only add rounding; so would one that dwarfs it.
    let ratio = shift / near.abs();
    if ratio > R::EPSILON.sqrt() && ratio < R::from_f64(16.0) { shift } else { R::zero() }
}

/// One sweep over the block lo..=hi; the rotations go to the first hi − lo places of `rotations`, in the order of the columns.
pub(super) fn chase<R: Real>(
    d: &mut [R],
    e: &mut [R],
    (lo, hi): (usize, usize),
    flipped: bool,
    shift: R,
    rotations: &mut Rotations<'_, R>,
) {
    let count = hi - lo;
    let (d, e) = (&mut d[lo..=hi], &mut e[lo..hi]);
    if flipped {
        d.reverse();
        e.reverse();
    }
    if shift == R::zero() {
        zero_shift(d, e, rotations);
    } else {
        shifted(d, e, shift, rotations);
    }
    if flipped {
        d.reverse();
        e.reverse();
        rotations.read_backwards(count);
    }
}

impl<R: Real> Rotations<'_, R> {
    #[inline(always)]
    fn record(&mut self, i: usize, right_c: R, right_s: R, left_c: R, left_s: R) {
        self.right_c[i] = right_c;
        self.right_s[i] = right_s;
        self.left_c[i] = left_c;
        self.left_s[i] = left_s;
    }

    /// Read backwards, (x, y) is (y, x), so that the sine changes sign, and U and V are exchanged.
    fn read_backwards(&mut self, count: usize) {
        for (left, right, sign) in
            [(&mut *self.left_c, &mut *self.right_c, R::one()), (&mut *self.left_s, &mut *self.right_s, -R::one())]
        {
            for (i, right) in right[..count].iter_mut().enumerate() {
                core::mem::swap(&mut left[count - 1 - i], right);
            }
            for x in left[..count].iter_mut().chain(&mut right[..count]) {
                *x *= sign;
            }
        }
    }
}

/// The zero-shift sweep: products and quotients only, so every entry keeps its relative accuracy.
fn zero_shift<R: Real>(d: &mut [R], e: &mut [R], rotations: &mut Rotations<'_, R>) {
    let mut right = Rotation { c: R::one(), s: R::zero() };
    let mut left = right;
    let last = e.len();
    for i in 0..last {
        let (next_right, r) = annihilate(d[i] * right.c, e[i]);
        if i > 0 {
            e[i - 1] = left.s * r;
        }
        let (next_left, diagonal) = annihilate(left.c * r, d[i + 1] * next_right.s);
        d[i] = diagonal;
        (right, left) = (next_right, next_left);
        rotations.record(i, right.c, right.s, left.c, left.s);
    }
    let h = d[last] * right.c;
    d[last] = h * left.c;
    e[last - 1] = h * left.s;
}

/// The shifted sweep: chases the bulge of BᵀB − shift² I.
///
/// Step i rotates the row pair (f, g) from the right to (r, 0), which also turns the row (diagonal, off), and then from
/// the left what that puts below the diagonal. The second rotation acts on (f d + g o, g b)/r, r = √(f² + g²), whose direction does not need r:
/// the two square roots are taken side by side, one division serves all, and the chain from one step to the next is
/// half as long. The state is in plain variables so that it stays in registers.
fn shifted<R: Real>(d: &mut [R], e: &mut [R], shift: R, rotations: &mut Rotations<'_, R>) {
    let last = e.len();
    let safe = tiny::<R>().sqrt();
    let huge = safe.recip();
    let mut diagonal = d[0];
    let mut off = e[0];
    let mut f = (diagonal.abs() - shift) * (R::one().with_sign(diagonal) + shift / diagonal);
    let mut g = off;
    for i in 0..last {
        let below = d[i + 1];
        let next = if i + 1 < last { e[i + 1] } else { R::zero() };
        let (near, far) = (f * diagonal + g * off, g * below);
        let (first, second) = (f * f + g * g, near * near + far * far);
        let (turned, lower) = (f * off - g * diagonal, f * below);
        if first.smaller(second) > safe && first.larger(second) < huge {
            let (r, rho) = (first.sqrt(), second.sqrt());
            let both = (r * rho).recip();
            let (per_r, per_rho) = (rho * both, r * both);
            if i > 0 {
                e[i - 1] = r;
            }
            d[i] = rho * per_r;
            rotations.record(i, f * per_r, g * per_r, near * per_rho, far * per_rho);
            f = (near * turned + far * lower) * both;
            diagonal = (near * lower - far * turned) * both;
            let scaled = next * per_rho;
            (g, off) = (far * scaled, near * scaled);
        } else {
            // A square might leave the range: one rotation after the other.
            let (right, r) = annihilate(f, g);
            let turned = right.c * off - right.s * diagonal;
            let (left, rho) = annihilate(right.c * diagonal + right.s * off, right.s * below);
            let lower = right.c * below;
            if i > 0 {
                e[i - 1] = r;
            }
            d[i] = rho;
            rotations.record(i, right.c, right.s, left.c, left.s);
            f = left.c * turned + left.s * lower;
            diagonal = left.c * lower - left.s * turned;
            (g, off) = (left.s * next, left.c * next);
        }
    }
    d[last] = diagonal;
    e[last - 1] = f;
}
