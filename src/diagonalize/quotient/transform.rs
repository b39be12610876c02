//! One step of the algorithm: L U − s I = L̂ Û with the factors exchanged, by differences that are quotients.
//!
//! With d₁ = q₁ − s the differential form of the transform (Fernando & Parlett 1994) reads
//!
//!   q̂ₖ = dₖ + eₖ,   êₖ = eₖ qₖ₊₁/q̂ₖ,   dₖ₊₁ = dₖ qₖ₊₁/q̂ₖ − s,
//!
//! where the chain from one d to the next is a sum, a quotient, a product and a difference. Here dₖ is a fraction xₖ/yₖ:
//!
//!   yₖ₊₁ = xₖ + eₖ yₖ,   xₖ₊₁ = xₖ qₖ₊₁ − s yₖ₊₁,   q̂ₖ = yₖ₊₁/yₖ,   êₖ = eₖ qₖ₊₁ yₖ/yₖ₊₁,
//!
//! so that the chain is two fused products, a third as long, and the quotients are taken beside it. Each operation has the
//! relative error that it has above, and s is subtracted once a step in both: the transform is as accurate.

use crate::kernel::Arith;
use crate::rotation::tiny;
use crate::scalar::Real;

/// The array of one matrix: q₁ … qₙ and e₁ … eₙ, of which the last is what is added to the last entry of B Bᵀ (see `Segment`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotients<'a, R> {
    pub(super) q: &'a [R],
    pub(super) e: &'a [R],
}

/// What is left of the differences d of a transform, all positive if and only if s is below every eigenvalue; and of the
/// couplings γₖ₊₁ = r̂ₖ (1 + γₖ) with r̂ₖ = êₖ/q̂ₖ (see `shift`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pivots<R> {
    /// The smallest but for the last three.
    pub(super) smallest: R,
    /// The last three, the last one first; the largest number where there are fewer.
    pub(super) last: [R; 3],
    /// The last three couplings, the last one first.
    pub(super) couplings: [R; 3],
    /// The smallest eₖ of the array transformed, but for a few at the end.
    pub(super) smallest_e: R,
}

impl<R: Real> Pivots<R> {
    pub(super) fn start(d: R) -> Self {
        let none = R::one().mul_pow2(R::MAX_EXPONENT);
        Pivots { smallest: none, last: [d, none, none], couplings: [R::zero(); 3], smallest_e: none }
    }

    #[inline(always)]
    fn push(&mut self, d: R, coupling: R) {
        self.smallest = self.smallest.smaller(self.last[2]);
        self.last = [d, self.last[0], self.last[1]];
        self.couplings = [coupling, self.couplings[0], self.couplings[1]];
    }

    /// As it is when one before the last is negative: such differences stay so, and the rest need not be known.
    #[inline(always)]
    fn failed(self) -> Self {
        Pivots { smallest: -R::one(), ..self }
    }

    /// The smallest but for the last `count`, which is at most 3.
    #[inline(always)]
    pub(super) fn smallest_but(&self, count: usize) -> R {
        self.last[count.min(3)..].iter().fold(self.smallest, |min, d| min.smaller(*d))
    }
}

/// Steps between two looks at the size of the fraction.
const STRIDE: usize = 4;

/// Transforms `from`, of two rows or more, the largest of whose entries is about 1, with the shift `s`; the result goes to `q` and `e`, its last e is zero.
#[inline(always)]
pub(super) fn transform<A: Arith, R: Real>(from: Quotients<'_, R>, q: &mut [R], e: &mut [R], s: R) -> Pivots<R> {
    match by_fractions::<A, R>(from, q, e, s) {
        Some(pivots) => pivots,
        None => by_quotients::<R>(from, q, e, s),
    }
}

/// dₖ as x/y, and 1/y.
#[derive(Clone, Copy)]
struct Fraction<R> {
    x: R,
    y: R,
    inverse: R,
}

impl<R: Real> Fraction<R> {
    /// Whether squares of these numbers, and what four steps make of them, stay in the range.
    #[inline(always)]
    fn is_moderate(&self) -> bool {
        let low = R::one().mul_pow2(R::MIN_EXPONENT / 4);
        let high = R::one().mul_pow2(-R::MIN_EXPONENT / 4);
        self.y > low && self.y < high && self.x > R::one().mul_pow2(R::MIN_EXPONENT / 2)
    }

    #[inline(always)]
    fn is_negative(&self) -> bool {
        self.x < R::zero() || self.y < R::zero()
    }

    /// Whether nothing has underflowed on the way here. (y is not much less than x. From a moderate number the steps between two looks do not overflow.)
    #[inline(always)]
    fn is_precise(&self) -> bool {
        self.x > tiny()
    }

    /// The same number with y = 1.
    #[inline(always)]
    fn reduced(&self) -> Self {
        Fraction { x: self.x * self.inverse, y: R::one(), inverse: R::one() }
    }
}

/// `None` if a fraction has left the range.
#[inline(always)]
pub(super) fn by_fractions<A: Arith, R: Real>(
    from: Quotients<'_, R>,
    q: &mut [R],
    e: &mut [R],
    s: R,
) -> Option<Pivots<R>> {
    let n = from.q.len();
    let (from_q, from_e, to_q, to_e) = (&from.q[..n], &from.e[..n], &mut q[..n], &mut e[..n]);
    let mut d = Fraction { x: from_q[0] - s, y: R::one(), inverse: R::one() };
    let mut pivots = Pivots::start(d.x);
    let mut step = |k: usize, d: &mut Fraction<R>, pivots: &mut Pivots<R>| {
        let (off, next) = (from_e[k], from_q[k + 1]);
        pivots.smallest_e = pivots.smallest_e.smaller(off);
        let y = A::mul_add(off, d.y, d.x);
        let x = A::mul_add(-s, y, d.x * next);
        let inverse = y.recip();
        let per_q = d.y * inverse;
        let new_off = (off * per_q) * next;
        to_q[k] = y * d.inverse;
        to_e[k] = new_off;
        let ratio = new_off * per_q;
        pivots.push(x * inverse, A::mul_add(ratio, pivots.couplings[0], ratio));
        *d = Fraction { x, y, inverse };
    };
    let mut k = 0;
    // The last step is taken by itself: what it gives may be negative, or as small against s as it likes.
    while k + STRIDE + 1 < n {
        for k in k..k + STRIDE {
            step(k, &mut d, &mut pivots);
        }
        k += STRIDE;
        if !d.is_moderate() {
            if d.is_negative() {
                return Some(pivots.failed());
            }
            if !d.is_precise() {
                return None;
            }
            d = d.reduced();
        }
    }
    while k + 2 < n {
        step(k, &mut d, &mut pivots);
        k += 1;
    }
    if d.is_negative() {
        return Some(pivots.failed());
    }
    if !d.is_precise() {
        return None;
    }
    let smallest_e = pivots.smallest_e;
    step(k, &mut d, &mut pivots);
    pivots.smallest_e = smallest_e;
    if !(d.is_precise() || s * d.y > tiny()) {
        return None;
    }
    finish(from, q, e, &mut pivots);
    Some(pivots)
}

/// Adds what is left of the row that was split off.
#[inline(always)]
fn finish<R: Real>(from: Quotients<'_, R>, q: &mut [R], e: &mut [R], pivots: &mut Pivots<R>) {
    let last = from.q.len() - 1;
    pivots.last[0] += from.e[last];
    q[last] = pivots.last[0];
    e[last] = R::zero();
}

/// The same with a quotient in the chain, for which no fraction can leave the range.
#[cold]
pub(super) fn by_quotients<R: Real>(from: Quotients<'_, R>, q: &mut [R], e: &mut [R], s: R) -> Pivots<R> {
    let mut d = from.q[0] - s;
    let mut pivots = Pivots::start(d);
    let n = from.q.len();
    for k in 0..n - 1 {
        if k + 2 < n {
            pivots.smallest_e = pivots.smallest_e.smaller(from.e[k]);
        }
        q[k] = d + from.e[k];
        let ratio = from.q[k + 1] / q[k];
        e[k] = from.e[k] * ratio;
        d = d * ratio - s;
        let coupling = e[k] / q[k];
        pivots.push(d, coupling * (R::one() + pivots.couplings[0]));
    }
    finish(from, q, e, &mut pivots);
    pivots
}
