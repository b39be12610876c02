//! U, s and V of the W matrices of a tile.

use super::ahead::Ahead;
use super::closed::Closed;
use super::jacobi::{Columns, reciprocals};
use super::scale::Scales;
use super::tile::{LONGEST, MOST};
use crate::jacobi::complete;
use crate::kernel::vector::{Lane, any, entry_by_entry, map, mul_add, splat, squares, zip};
use crate::kernel::{Arith, Task};
use crate::scalar::{Real, Scalar, Zero};
use crate::scale::{exponent, reliable, unit_exponent};

/// What became of the W matrices, s aside.
pub(super) struct Outcome<R, const W: usize> {
    /// One where an entry is infinite or NaN.
    pub(super) bad: Lane<R, W>,
    /// One where the sweeps did not suffice.
    pub(super) unconverged: Lane<R, W>,
    /// One where s₁ is beyond the range.
    pub(super) overflow: Lane<R, W>,
}

impl<R: Real, const W: usize> Outcome<R, W> {
    /// One for each lane that failed.
    #[inline(always)]
    pub(super) fn failed(&self) -> Lane<R, W> {
        let or = |x: R, y: R| if x > R::zero() { x } else { y };
        zip(zip(self.bad, self.unconverged, or), self.overflow, or)
    }
}

impl<R: Real, const W: usize> Columns<'_, R, W> {
    /// The matrices that stand in the upper part of the columns, at least as many rows as columns, are decomposed: U stands
    /// there afterwards, V (if the columns have room for it) below, and s in place of the norms. What is needed next is asked for on the way.
    /// Real 2×2 matrices may go by the closed form, where that is reliable; nothing is asked for on their way.
    #[inline(always)]
    pub(super) fn decompose<A: Arith, S: Scalar<Real = R>, const CLOSED: bool>(
        &mut self,
        mut ahead: Option<Ahead<'_, R>>,
    ) -> Outcome<R, W> {
        let scales = self.prepare::<A, S>();
        let mut unconverged = splat(R::zero());
        if const { CLOSED } {
            let closed = Closed::of(self);
            if closed.everywhere() {
                closed.write(self);
            } else {
                A::call(Turn::<S, W> { columns: self, ahead: &mut ahead, unconverged: &mut unconverged });
                closed.write_some(self);
            }
        } else {
            unconverged = self.turn::<A, S>(&mut ahead);
        }
        for s in self.norms.iter_mut() {
            *s = scales.undo(*s);
        }
        let finite = |s: R| if s.is_finite() { R::zero() } else { R::one() };
        let overflow = self.norms.first().map_or(splat(R::zero()), |&s| map(s, finite));
        Outcome { bad: scales.bad, unconverged, overflow }
    }

    /// One-sided Jacobi: from columns at unit size to U, V and s. One for each lane that has not converged.
    #[inline(always)]
    fn turn<A: Arith, S: Scalar<Real = R>>(&mut self, ahead: &mut Option<Ahead<'_, R>>) -> Lane<R, W> {
        let unconverged = self.orthogonalize::<A, S>(ahead);
        self.measure::<A>();
        self.sort();
        self.normalize::<A, S>();
        unconverged
    }

    /// The conjugates of complex matrices.
    #[inline(always)]
    pub(super) fn conjugate(&mut self) {
        for column in self.data.chunks_exact_mut(self.len) {
            for [_, im] in column[..self.left].as_chunks_mut().0 {
                entry_by_entry();
                *im = map(*im, |x| -x);
            }
        }
    }

    /// Scales the matrices and sets V to the identity.
    #[inline(always)]
    fn prepare<A: Arith, S: Scalar<Real = R>>(&mut self) -> Scales<R, W> {
        let (len, left) = (self.len, self.left);
        for (j, column) in self.data.chunks_exact_mut(len).enumerate() {
            for (i, x) in column[left..].iter_mut().enumerate() {
                entry_by_entry();
                *x = splat(if i == j * S::PARTS { R::one() } else { R::zero() });
            }
        }
        Scales::apply::<A>(self, unit_exponent::<R>(left / S::PARTS))
    }

    /// The norms of the columns, also where squares underflow.
    #[inline(always)]
    fn measure<A: Arith>(&mut self) {
        let (len, left, least) = (self.len, self.left, reliable::<R>());
        for (norm, column) in self.norms.iter_mut().zip(self.data.chunks_exact(len)) {
            let squared = squares::<A, R, W>(&column[..left]);
            *norm = map(squared, R::sqrt);
            let small = map(squared, |x| if x > least { R::zero() } else { R::one() });
            if any(&small) {
                small_norms(&column[..left], &small, norm);
            }
        }
    }

    /// Divides the columns of U by their norms. No zero is negative afterwards.
    #[inline(always)]
    fn normalize<A: Arith, S: Scalar<Real = R>>(&mut self) {
        let (len, left, zero) = (self.len, self.left, splat(R::zero()));
        let mut small = zero;
        for (norm, column) in self.norms.iter().zip(self.data.chunks_exact_mut(len)) {
            let flagged = map(*norm, |s| if s * s > reliable::<R>() { R::zero() } else { R::one() });
            small = zip(small, flagged, R::larger);
            let reciprocal = zip(reciprocals(*norm), flagged, |r, flag| if flag > R::zero() { R::one() } else { r });
            for x in &mut column[..left] {
                entry_by_entry();
                *x = mul_add::<A, _, W>(*x, reciprocal, zero);
            }
            for x in &mut column[left..] {
                entry_by_entry();
                *x = zip(*x, zero, |x, zero| x + zero);
            }
        }
        if any(&small) {
            for l in (0..W).filter(|&l| small[l] > R::zero()) {
                self.complete_lane::<S>(l);
            }
        }
    }

    /// Columns that are zero or negligible are replaced by unit vectors that complete the basis, in one of the matrices.
    #[cold]
    #[inline(never)]
    fn complete_lane<S: Scalar<Real = R>>(&mut self, lane: usize) {
        let rows = self.left / S::PARTS;
        let mut basis = [[S::zero(); LONGEST]; MOST];
        let columns = self.data.chunks_exact_mut(self.len).zip(self.norms.iter());
        for (j, (column, norm)) in columns.enumerate().take(MOST) {
            let (done, rest) = basis.split_at_mut(j);
            let u = &mut rest[0][..rows];
            read(u, column, lane);
            let s = norm[lane];
            if s * s > reliable() {
                continue;
            }
            complete(u, s, done.iter().map(|column| &column[..rows]));
            for (entry, x) in column.chunks_exact_mut(S::PARTS).zip(u.iter()) {
                entry[0][lane] = x.re() + R::zero();
                if S::PARTS == 2 {
                    entry[1][lane] = x.im() + R::zero();
                }
            }
        }
    }
}

/// [`Columns::turn`] as a function of its own.
struct Turn<'c, 'w, 'a, S: Scalar, const W: usize> {
    columns: &'c mut Columns<'w, S::Real, W>,
    ahead: &'c mut Option<Ahead<'a, S::Real>>,
    unconverged: &'c mut Lane<S::Real, W>,
}

impl<S: Scalar, const W: usize> Task for Turn<'_, '_, '_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        *self.unconverged = self.columns.turn::<A, S>(self.ahead);
    }
}

/// One lane of a column.
fn read<S: Scalar, const W: usize>(u: &mut [S], column: &[Lane<S::Real, W>], lane: usize) {
    for (x, entry) in u.iter_mut().zip(column.chunks_exact(S::PARTS)) {
        let im = if S::PARTS == 2 { entry[1][lane] } else { S::Real::zero() };
        *x = S::from_parts(entry[0][lane], im);
    }
}

/// The norms of a column in the lanes where squares underflow.
#[cold]
#[inline(never)]
fn small_norms<R: Real, const W: usize>(column: &[Lane<R, W>], small: &Lane<R, W>, norm: &mut Lane<R, W>) {
    for l in (0..W).filter(|&l| small[l] > R::zero()) {
        let largest = column.iter().fold(R::zero(), |largest, x| largest.larger(x[l].abs()));
        let p = exponent(largest);
        let scaled = column.iter().map(|x| x[l].mul_pow2(-p));
        norm[l] = scaled.fold(R::zero(), |sum, x| sum + x * x).sqrt().mul_pow2(p);
    }
}
