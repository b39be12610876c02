//! The forward rule of W matrices at once: `derivative/jvp.rs` for all k triplets, side by side.

use super::ahead::Beside;
use super::product::{Adjoint, product, product_beside};
use super::rule::{Pairs, Spectrum};
use super::tile::{imaginary, scale_columns};
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, Number, map, mul, splat, zip};
use crate::scalar::{Real, Scalar};

/// The matrices of a tile.
pub(super) struct Forward<'t, R, const W: usize> {
    /// (m, n), and the smaller of them.
    pub(super) shape: (usize, usize),
    pub(super) k: usize,
    pub(super) u: &'t mut [Lane<R, W>],
    pub(super) v: &'t mut [Lane<R, W>],
    /// dA.
    pub(super) a: &'t mut [Lane<R, W>],
    /// dA V, then dU; dAᴴ U, then dV.
    pub(super) z: &'t mut [Lane<R, W>],
    pub(super) w: &'t mut [Lane<R, W>],
    /// P = Uᴴ dA V, then what U is multiplied by; its adjoint, then what V is.
    pub(super) p: &'t mut [Lane<R, W>],
    pub(super) q: &'t mut [Lane<R, W>],
    /// ds.
    pub(super) s_dot: &'t mut [Lane<R, W>],
    /// S⁺.
    pub(super) reciprocals: &'t mut [Lane<R, W>],
}

impl<R: Real, const W: usize> Forward<'_, R, W> {
    /// Z = dA V, W = dAᴴ U where it is needed, P and ds.
    #[inline(always)]
    pub(super) fn project<A: Arith, S: Scalar<Real = R>>(&mut self, ahead: [Beside<'_, R>; 2]) {
        let ((m, n), k) = (self.shape, self.k);
        let (u, v, a) = (&*self.u, &*self.v, &*self.a);
        product_beside::<A, S, W>(self.z, ((m, k), n, false), (a, v), Adjoint::Neither, ahead[0]);
        if n > k {
            product::<A, S, W>(self.w, ((n, k), m, false), (a, u), Adjoint::Left);
        }
        product_beside::<A, S, W>(self.p, ((k, k), m, false), (u, &*self.z), Adjoint::Left, ahead[1]);
        for j in 0..k {
            self.s_dot[j] = Number::load::<S>(self.p, j * k + j).re;
        }
    }

    /// Replaces P and its adjoint, pair by pair, by the factors of U and V.
    #[inline(always)]
    pub(super) fn combine<S: Scalar<Real = R>>(&mut self, spectrum: &Spectrum<'_, R, W>) {
        let k = self.k;
        for j in 0..k {
            self.reciprocals[j] = spectrum.reciprocal(j);
        }
        for j in 0..k {
            self.combine_diagonal::<S>(j, spectrum);
        }
        if spectrum.distinct() {
            for (j, i) in (0..k).flat_map(|j| (j + 1..k).map(move |i| (j, i))) {
                self.combine_pair::<S>((j, i), &spectrum.distinct_pair(j, i), false);
            }
            return;
        }
        for j in 0..k {
            let mut linked = splat(R::one());
            for i in j + 1..k {
                linked = mul(linked, spectrum.linked_to_next(i - 1));
                self.combine_pair::<S>((j, i), &spectrum.pair(j, i, &linked), spectrum.one_sided());
            }
        }
    }

    /// Entries (i, j) and (j, i) of both, j < i.
    #[inline(always)]
    fn combine_pair<S: Scalar<Real = R>>(&mut self, (j, i): (usize, usize), pair: &Pairs<R, W>, one_sided: bool) {
        let k = self.k;
        let (below, above) = (Number::load::<S>(self.p, j * k + i), Number::load::<S>(self.p, i * k + j));
        // `pair` is that of (j, i); entry (i, j) has the gap with the other sign.
        let gaps = [zip(pair.block, pair.gap, |block, gap| block - gap), zip(pair.block, pair.gap, |b, g| b + g)];
        self.combine_entry::<S>((i, j), (below, above), (gaps[0], pair.sum));
        self.combine_entry::<S>((j, i), (above, below), (gaps[1], pair.sum));
        if one_sided {
            for (at, p) in [(j * k + i, below), (i * k + j, above)] {
                let entry = Number::load::<S>(self.p, at).plus::<S>(p.scale::<S>(pair.left));
                entry.store::<S>(self.p, at);
            }
        }
    }

    /// Entry (i, j) of both, p there and `mirror` at (j, i).
    #[inline(always)]
    fn combine_entry<S: Scalar<Real = R>>(
        &mut self,
        (i, j): (usize, usize),
        (p, mirror): (Number<R, W>, Number<R, W>),
        (gap, sum): (Lane<R, W>, Lane<R, W>),
    ) {
        let q = mirror.conj::<S>();
        let half = splat(R::from_f64(0.5));
        let even = p.plus::<S>(q).scale::<S>(half).scale::<S>(gap);
        let odd = p.minus::<S>(q).scale::<S>(half).scale::<S>(sum);
        self.write::<S>((i, j), (even.plus::<S>(odd), even.minus::<S>(odd)), (p, q));
    }

    /// Entry (j, j): the phase of a complex triplet.
    #[inline(always)]
    fn combine_diagonal<S: Scalar<Real = R>>(&mut self, j: usize, spectrum: &Spectrum<'_, R, W>) {
        let p = Number::load::<S>(self.p, j * self.k + j);
        let turn = imaginary(mul(p.im, spectrum.phase(self.reciprocals[j])));
        let back = imaginary(map(turn.im, |x| -x));
        self.write::<S>((j, j), (turn, back), (p, p.conj::<S>()));
    }

    /// Stores the entries, less the part −U Uᴴ dA V S⁺ of the projection, and the same for V, where there is a complement.
    #[inline(always)]
    fn write<S: Scalar<Real = R>>(
        &mut self,
        (i, j): (usize, usize),
        (mut left, mut right): (Number<R, W>, Number<R, W>),
        (p, q): (Number<R, W>, Number<R, W>),
    ) {
        let ((m, n), k, at) = (self.shape, self.k, j * self.k + i);
        if m > k {
            left = left.minus::<S>(p.scale::<S>(self.reciprocals[j]));
        }
        if n > k {
            right = right.minus::<S>(q.scale::<S>(self.reciprocals[j]));
        }
        left.store::<S>(self.p, at);
        right.store::<S>(self.q, at);
    }

    /// dU in the memory of Z and dV in that of W.
    #[inline(always)]
    pub(super) fn expand<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        (wants_u, wants_v): (bool, bool),
        ahead: [Beside<'_, R>; 2],
    ) {
        let ((m, n), k) = (self.shape, self.k);
        let parts = [(wants_u, &mut *self.z, &*self.u, &*self.p, m), (wants_v, &mut *self.w, &*self.v, &*self.q, n)];
        for ((wanted, target, basis, inside, rows), ahead) in parts.into_iter().zip(ahead) {
            if !wanted {
                continue;
            }
            if rows > k {
                scale_columns(target, rows * S::PARTS, self.reciprocals);
            }
            product_beside::<A, S, W>(target, ((rows, k), k, rows > k), (basis, inside), Adjoint::Neither, ahead);
        }
    }
}
