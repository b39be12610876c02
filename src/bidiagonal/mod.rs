//! A = Q B Pᴴ with B real and upper bidiagonal, for a matrix in the work storage with at least as many rows as columns.
//!
//! Step j builds the reflector H_j that annihilates column j below the diagonal and the reflector G_j that annihilates
//! row j right of the first superdiagonal (Golub & Kahan 1965). The trailing matrix is read and written **once** per
//! step: the pass that applies the previous G and the current H also accumulates z = A x for the conjugated row x that is
//! about to become G, and A u follows from z because u = (x − β e₁)/(α − β)
//! (Howell, Demmel, Fulton, Hammarling & Marmol 2008).

mod blocked;
mod pieces;
mod small;

pub(crate) use blocked::{PUT_OFF, PutOff, ReduceBlock};
pub(crate) use pieces::PIECES;
pub(crate) use small::bidiagonalize;

use num_complex::Complex;

use crate::block::Reflectors;
use crate::complex;
use crate::kernel::columns::{Step, axpy, scale};
use crate::kernel::reflect::reflect_columns;
use crate::kernel::team::Workers;
use crate::kernel::{Arith, LANES, Lane, Planes, RowPart, Task, get, set};
use crate::reflector::{Reflector, reflect};
use crate::rotation::tiny;
use crate::scalar::Real;

/// τ of a reflector, real and imaginary part.
pub(crate) type Tau<R> = [R; 2];

fn zero<R: Real>() -> Complex<R> {
    Complex { re: R::zero(), im: R::zero() }
}

/// Where the bidiagonal matrix and the scalars of the reflectors go: each has one entry per column of A.
pub(crate) struct Bidiagonal<'a, R> {
    /// Diagonal of B.
    pub(crate) d: &'a mut [R],
    /// Superdiagonal of B; its last entry is set to zero.
    pub(crate) e: &'a mut [R],
    /// τ of the reflectors of Q.
    pub(crate) tau_q: &'a mut [Tau<R>],
    /// τ of the reflectors of P; its first entry is zero, since P leaves the first axis alone.
    pub(crate) tau_p: &'a mut [Tau<R>],
}

/// Columns that the reduction needs for itself: v, w and z like those of A, x like those of P.
pub(crate) struct Scratch<'a, R> {
    pub(crate) v: &'a mut [Lane<R>],
    pub(crate) w: &'a mut [Lane<R>],
    pub(crate) z: &'a mut [Lane<R>],
    pub(crate) x: &'a mut [Lane<R>],
    /// More z, for the pieces of a matrix that is cut; empty where it is not.
    pub(crate) more: &'a mut [Lane<R>],
}

/// Reduces `a`. On return its columns hold the reflectors of Q from the diagonal down, and the columns of `p`, if it is wanted, those of P:
/// the reflector of row j is in column j + 1, from the diagonal down.
pub(crate) struct Reduce<'a, R> {
    pub(crate) a: Planes<'a, R>,
    /// The columns before have been reduced.
    pub(crate) first: usize,
    pub(crate) p: Option<Planes<'a, R>>,
    pub(crate) b: Bidiagonal<'a, R>,
    pub(crate) scratch: Scratch<'a, R>,
    /// Who does the pieces of a step.
    pub(crate) workers: Workers<'a>,
}

impl<R: Real> Task for Reduce<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.a.parts == 1 { self.reduce::<A, 1>() } else { self.reduce::<A, 2>() }
    }
}

impl<R: Real> Reduce<'_, R> {
    #[inline(always)]
    fn reduce<A: Arith, const PARTS: usize>(mut self) {
        let Scratch { v, w, z, x, more } = self.scratch;
        let (depth, stride, n) = (self.a.depth, self.a.depth * PARTS, self.b.d.len());
        let width = x.len() / PARTS;
        let (mut w, mut z) = (w, z);
        w.fill([R::zero(); LANES]);
        x.fill([R::zero(); LANES]);
        for j in self.first..n {
            let (mut done, trailing) = self.a.reborrow().split(j + 1);
            let column = done.column(j);
            if j > self.first {
                axpy::<A, R, PARTS>(column, get(x, j, width).conj(), w, depth, j / LANES);
            }
            load(v, column, j, depth);
            let h = reflect::<A, R, PARTS>(v, j, depth);
            column.copy_from_slice(v);
            (self.b.d[j], self.b.tau_q[j]) = (h.beta, [h.tau.re, h.tau.im]);
            if j + 1 == n {
                self.b.e[j] = R::zero();
                break;
            }

            let cut = pieces::cut((j + 1, n), stride - j / LANES * PARTS, more);
            let step = Step { w, v, z: &mut *z, q: -h.tau.conj(), depth, row: j };
            let row = RowPart::whole(x, width);
            pieces::reduction::<A, R, PARTS>(self.workers, cut, (trailing.data, row, j + 1), (step, more));

            clear_above(x, j + 1, width);
            let alpha = get(x, j + 1, width);
            let g = reflect::<A, R, PARTS>(x, j + 1, width);
            (self.b.e[j], self.b.tau_p[j + 1]) = (g.beta, [g.tau.re, g.tau.im]);
            if let Some(p) = &mut self.p {
                p.column(j + 1).copy_from_slice(x);
            }
            let direct = |z: &mut [Lane<R>]| {
                for (k, column) in trailing.data.chunks_exact(stride).enumerate() {
                    axpy::<A, R, PARTS>(z, get(x, j + 1 + k, width), column, depth, (j + 1) / LANES);
                }
            };
            row_product::<A, R, PARTS>(&trailing.data[..stride], (z, depth), j + 1, (alpha, g), direct);
            core::mem::swap(&mut w, &mut z);
        }
    }
}

/// Copies a column, leaving zeros above `row`.
#[inline(always)]
fn load<R: Real>(v: &mut [Lane<R>], column: &[Lane<R>], row: usize, depth: usize) {
    v.copy_from_slice(column);
    clear_above(v, row, depth);
}

/// Zeros above `row`.
#[inline(always)]
fn clear_above<R: Real>(v: &mut [Lane<R>], row: usize, depth: usize) {
    for plane in v.chunks_exact_mut(depth) {
        plane[..row / LANES].fill([R::zero(); LANES]);
        plane[row / LANES][..row % LANES].fill(R::zero());
    }
}

/// w = −τ A u from z = A x: u = (x − β e₁)/(α − β), so A u = (z − β a₁)/(α − β); entries from row `top` on. `a_1` is the first column
/// of A; `direct` adds A u, where the quotient could overflow.
#[inline(always)]
fn row_product<A: Arith, R: Real, const PARTS: usize>(
    a_1: &[Lane<R>],
    (z, depth): (&mut [Lane<R>], usize),
    top: usize,
    (alpha, g): (Complex<R>, Reflector<R>),
    direct: impl FnOnce(&mut [Lane<R>]),
) {
    let from = top / LANES;
    if g.tau == zero() {
        z.fill([R::zero(); LANES]);
        return;
    }
    let mut factor = -g.tau;
    if g.beta.abs() < tiny() {
        z.fill([R::zero(); LANES]);
        direct(z);
    } else {
        axpy::<A, R, PARTS>(z, Complex::from(-g.beta), a_1, depth, from);
        let difference = Complex { re: alpha.re - g.beta, im: alpha.im };
        factor *= if PARTS == 1 { Complex::from(R::one() / difference.re) } else { complex::recip(difference) };
    }
    scale::<A, R, PARTS>(z, depth, from, factor);
    clear_above(z, top, depth);
}

/// The Householder reflectors of a few columns of A = Q R: those from `first` on, all of which have been updated by the reflectors before.
/// R goes to `r`; in `a` the reflectors are left from the diagonal down, zeros above.
pub(crate) struct Panel<'a, R> {
    /// The columns of the panel.
    pub(crate) a: Planes<'a, R>,
    pub(crate) first: usize,
    /// The same columns of R.
    pub(crate) r: Planes<'a, R>,
    pub(crate) tau: &'a mut [Tau<R>],
    /// Scratch column.
    pub(crate) v: &'a mut [Lane<R>],
}

impl<R: Real> Task for Panel<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.a.parts == 1 { self.factor::<A, 1>() } else { self.factor::<A, 2>() }
    }
}

impl<R: Real> Panel<'_, R> {
    #[inline(always)]
    fn factor<A: Arith, const PARTS: usize>(mut self) {
        let depth = self.a.depth;
        for (j, tau) in self.tau.iter_mut().enumerate() {
            let row = self.first + j;
            let (mut done, trailing) = self.a.reborrow().split(j + 1);
            let column = done.column(j);
            load(self.v, column, row, depth);
            let h = reflect::<A, R, PARTS>(self.v, row, depth);
            *tau = [h.tau.re, h.tau.im];
            for i in 0..row {
                self.r.set(i, j, get(column, i, depth));
            }
            self.r.set(row, j, Complex::from(h.beta));
            column.copy_from_slice(self.v);
            reflect_columns::<A, R, PARTS>(trailing.data, self.v, -h.tau.conj(), depth, row / LANES);
        }
    }
}

/// Turns reflectors into the matrix H₁ H₂ … itself, in place: column j, which holds the reflector, becomes column j of the product.
/// Columns without a reflector start as those of the identity.
pub(crate) struct Form<'a, R> {
    pub(crate) q: Planes<'a, R>,
    pub(crate) tau: &'a [Tau<R>],
    /// Scratch column.
    pub(crate) v: &'a mut [Lane<R>],
}

impl<R: Real> Task for Form<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.q.parts == 1 { self.form::<A, 1>() } else { self.form::<A, 2>() }
    }
}

impl<R: Real> Form<'_, R> {
    #[inline(always)]
    fn form<A: Arith, const PARTS: usize>(mut self) {
        let depth = self.q.depth;
        for (j, tau) in self.tau.iter().enumerate().rev() {
            let tau = Complex { re: tau[0], im: tau[1] };
            let (mut done, trailing) = self.q.reborrow().split(j + 1);
            let column = done.column(j);
            load(self.v, column, j, depth);
            reflect_columns::<A, R, PARTS>(trailing.data, self.v, -tau, depth, j / LANES);
            // e_j − τ v.
            column.copy_from_slice(self.v);
            scale::<A, R, PARTS>(column, depth, j / LANES, -tau);
            set(column, j, depth, Complex::from(R::one()) - tau);
        }
    }
}

/// C ← H₁ H₂ … C, one reflector after the other: for few of them. As [`block::apply`](crate::block::apply).
pub(crate) struct Apply<'a, 'b, R> {
    pub(crate) reflectors: Reflectors<'a, R>,
    pub(crate) c: Planes<'b, R>,
}

impl<R: Real> Task for Apply<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.c.parts == 1 { self.apply::<A, 1>() } else { self.apply::<A, 2>() }
    }
}

impl<R: Real> Apply<'_, '_, R> {
    #[inline(always)]
    fn apply<A: Arith, const PARTS: usize>(self) {
        let Reflectors { v, depth, tau, row, .. } = self.reflectors;
        for (j, &[re, im]) in tau.iter().enumerate().rev() {
            let v = &v[j * depth * PARTS..(j + 1) * depth * PARTS];
            reflect_columns::<A, R, PARTS>(self.c.data, v, Complex { re: -re, im: -im }, depth, (row + j) / LANES);
        }
    }
}
