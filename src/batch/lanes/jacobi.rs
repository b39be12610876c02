//! One-sided Jacobi on W matrices at once: the formulas of `fixed/jacobi.rs`, lane by lane and without branches.
//!
//! A column of the tile is one of W = A V on its way to U, and below it, where vectors are wanted, its column of V. A lane whose
//! pair is orthogonal, or whose matrix has converged, is turned by the angle zero, which changes no bit of it but the sign of a zero; the outputs
//! have no negative zeros, so what becomes of one matrix does not depend on its neighbours.

use super::vector::{Lane, Number, any, dot, entry_by_entry, map, mul, mul_add, mul_sub, splat, squares, zip};
use crate::kernel::Arith;
use crate::scalar::{One, Real, Scalar, Zero};

/// Sweeps allowed. About 5 are needed.
pub(super) const SWEEPS: usize = 40;

/// The columns of a tile.
pub(super) struct Columns<'w, R, const W: usize> {
    /// One after another.
    pub(super) data: &'w mut [Lane<R, W>],
    /// Lanes in a column, both parts of it.
    pub(super) len: usize,
    /// Lanes of it that belong to U.
    pub(super) left: usize,
    /// ‖x‖² of each column while they are turned, then ‖x‖.
    pub(super) norms: &'w mut [Lane<R, W>],
}

/// A rotation of two columns: x ← c x − z̄ y, y ← c y + z x.
struct Rotation<R, const W: usize> {
    c: Lane<R, W>,
    z: Number<R, W>,
}

impl<R: Real, const W: usize> Columns<'_, R, W> {
    /// Turns pairs until all columns are orthogonal, or the sweeps are used up. One for each lane that has not converged.
    #[inline(always)]
    pub(super) fn orthogonalize<A: Arith, S: Scalar<Real = R>>(&mut self) -> Lane<R, W> {
        let mut active = splat(R::one());
        for _ in 0..SWEEPS {
            let unsettled = self.sweep::<A, S>(&active);
            active = mul(active, unsettled);
            if !any(&active) {
                break;
            }
        }
        active
    }

    /// Turns each pair once. One for each lane in which a rotation was not small.
    #[inline(always)]
    fn sweep<A: Arith, S: Scalar<Real = R>>(&mut self, active: &Lane<R, W>) -> Lane<R, W> {
        let (len, left) = (self.len, self.left);
        for (square, column) in self.norms.iter_mut().zip(self.data.chunks_exact(len)) {
            *square = squares::<A, R, W>(&column[..left]);
        }
        let mut unsettled = splat(R::zero());
        let (mut rest, mut norms) = (&mut *self.data, &mut *self.norms);
        while let (Some((x, others)), Some((a, further))) = (rest.split_at_mut_checked(len), norms.split_first_mut()) {
            for (y, b) in others.chunks_exact_mut(len).zip(further.iter_mut()) {
                let g = dot::<A, S, W>(&x[..left], &y[..left]);
                pair::<A, S, W>((x, y), (a, b), g, (active, &mut unsettled, left));
            }
            (rest, norms) = (others, further);
        }
        unsettled
    }
}

/// Turns one pair.
#[inline(always)]
fn pair<A: Arith, S: Scalar, const W: usize>(
    (x, y): (&mut [Lane<S::Real, W>], &mut [Lane<S::Real, W>]),
    (a, b): (&mut Lane<S::Real, W>, &mut Lane<S::Real, W>),
    g: Number<S::Real, W>,
    (active, unsettled, left): (&Lane<S::Real, W>, &mut Lane<S::Real, W>, usize),
) {
    let rows = S::Real::from_f64((left / S::PARTS) as f64);
    let mut overlap = mul(g.re, g.re);
    if S::PARTS == 2 {
        overlap = mul_add::<A, _, W>(g.im, g.im, overlap);
    }
    let limit = S::Real::EPSILON * S::Real::EPSILON * rows;
    let mut busy = *active;
    for l in 0..W {
        busy[l] = if overlap[l] > limit * (a[l] * b[l]) { active[l] } else { S::Real::zero() };
    }
    if !any(&busy) {
        return;
    }
    let rotation = rotate::<A, S, W>((a, b), (&g, &overlap), (&busy, unsettled), rows);
    turn::<A, S, W>(x, y, &rotation);
}

/// The rotation, and what it makes of the norms.
#[inline(always)]
fn rotate<A: Arith, S: Scalar, const W: usize>(
    (a, b): (&mut Lane<S::Real, W>, &mut Lane<S::Real, W>),
    (g, overlap): (&Number<S::Real, W>, &Lane<S::Real, W>),
    (busy, unsettled): (&Lane<S::Real, W>, &mut Lane<S::Real, W>),
    rows: S::Real,
) -> Rotation<S::Real, W> {
    let (zero, one) = (S::Real::zero(), S::Real::one());
    let (two, four) = (one + one, S::Real::from_f64(4.0));
    let tight = rows * S::Real::from_f64(8.0);
    let (mut c, mut z, mut moved) = (*a, *g, *a);
    for l in 0..W {
        let d = b[l] - a[l];
        let root = A::mul_add(d, d, four * overlap[l]).sqrt();
        let sign = if d < zero { -two } else { two };
        let ratio = sign / (d.abs() + root);
        let t = if busy[l] > zero { ratio } else { zero };
        // Not t² |g|², which overflows where |g|² is at the edge of underflow.
        let (re, im) = (g.re[l] * t, g.im[l] * t);
        let squared = if S::PARTS == 2 { A::mul_add(im, im, re * re) } else { re * re };
        c[l] = one / (one + squared).sqrt();
        (z.re[l], z.im[l]) = (re * c[l], im * c[l]);
        moved[l] = t * overlap[l];
        // Each cosine between columns was at most 2δ and is changed by at most 2δ² a rotation, δ² = |τ|² max(a, b)/min(a, b).
        let (larger, smaller) = (a[l].larger(b[l]), a[l].smaller(b[l]));
        unsettled[l] = if squared * larger * tight <= S::Real::EPSILON * smaller { unsettled[l] } else { one };
    }
    *a = zip(*a, moved, |a, moved| (a - moved).larger(zero));
    *b = zip(*b, moved, |b, moved| (b + moved).larger(zero));
    Rotation { c, z }
}

/// x ← c x − z̄ y, y ← c y + z x.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const W: usize>(
    x: &mut [Lane<S::Real, W>],
    y: &mut [Lane<S::Real, W>],
    rotation: &Rotation<S::Real, W>,
) {
    let (c, z) = (rotation.c, rotation.z);
    if S::PARTS == 1 {
        for (x, y) in x.iter_mut().zip(y) {
            entry_by_entry();
            let (old_x, old_y) = (*x, *y);
            *x = mul_sub::<A, _, W>(z.re, old_y, mul(c, old_x));
            *y = mul_add::<A, _, W>(z.re, old_x, mul(c, old_y));
        }
        return;
    }
    for ([x_re, x_im], [y_re, y_im]) in x.as_chunks_mut().0.iter_mut().zip(y.as_chunks_mut().0) {
        entry_by_entry();
        let (a, b, p, q) = (*x_re, *x_im, *y_re, *y_im);
        *x_re = mul_sub::<A, _, W>(z.im, q, mul_sub::<A, _, W>(z.re, p, mul(c, a)));
        *x_im = mul_add::<A, _, W>(z.im, p, mul_sub::<A, _, W>(z.re, q, mul(c, b)));
        *y_re = mul_sub::<A, _, W>(z.im, b, mul_add::<A, _, W>(z.re, a, mul(c, p)));
        *y_im = mul_add::<A, _, W>(z.im, a, mul_add::<A, _, W>(z.re, b, mul(c, q)));
    }
}

impl<R: Real, const W: usize> Columns<'_, R, W> {
    /// Puts the columns into descending order of their norms, by a network of exchanges of neighbours.
    #[inline(always)]
    pub(super) fn sort(&mut self) {
        let count = self.norms.len();
        for round in 0..count {
            let mut j = round % 2;
            while j + 1 < count {
                self.exchange(j);
                j += 2;
            }
        }
    }

    /// Columns j and j + 1, in the lanes where the second is longer.
    #[inline(always)]
    fn exchange(&mut self, j: usize) {
        let zero = R::zero();
        let ([.., a], [b, ..]) = self.norms.split_at_mut(j + 1) else { return };
        let swap = zip(*a, *b, |a, b| if a < b { R::one() } else { zero });
        if !any(&swap) {
            return;
        }
        exchange(a, b, &swap);
        let (left, right) = self.data.split_at_mut((j + 1) * self.len);
        for (x, y) in left[j * self.len..].iter_mut().zip(right) {
            exchange(x, y, &swap);
        }
    }
}

/// x and y change places in the lanes that are not zero in `swap`.
#[inline(always)]
fn exchange<R: Real, const W: usize>(x: &mut Lane<R, W>, y: &mut Lane<R, W>, swap: &Lane<R, W>) {
    entry_by_entry();
    let (old_x, old_y) = (*x, *y);
    for l in 0..W {
        x[l] = if swap[l] > R::zero() { old_y[l] } else { old_x[l] };
        y[l] = if swap[l] > R::zero() { old_x[l] } else { old_y[l] };
    }
}

/// 1/x, lane by lane.
#[inline(always)]
pub(super) fn reciprocals<R: Real, const W: usize>(x: Lane<R, W>) -> Lane<R, W> {
    map(x, |x| R::one() / x)
}
