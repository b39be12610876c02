//! The backward rule of W matrices at once: `derivative/vjp.rs` for all k triplets, side by side.

use super::ahead::Beside;
use super::product::{Adjoint, product, product_beside};
use super::rule::{Discarded, Pairs, Spectrum};
use super::tile::{clear, imaginary, scale_columns};
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, Number, map, mul, splat, zip};
use crate::scalar::{Real, Scalar};

/// The matrices of a tile.
pub(super) struct Backward<'t, R, const W: usize> {
    /// (m, n), and the smaller of them.
    pub(super) shape: (usize, usize),
    pub(super) k: usize,
    pub(super) u: &'t mut [Lane<R, W>],
    pub(super) v: &'t mut [Lane<R, W>],
    /// gU and gV, then what they become on the way.
    pub(super) x: &'t mut [Lane<R, W>],
    pub(super) y: &'t mut [Lane<R, W>],
    /// `UᴴgU`, then what stands between U and Vᴴ; `VᴴgV`.
    pub(super) g: &'t mut [Lane<R, W>],
    pub(super) q: &'t mut [Lane<R, W>],
    /// gs.
    pub(super) s_bar: &'t mut [Lane<R, W>],
    /// S⁺.
    pub(super) reciprocals: &'t mut [Lane<R, W>],
}

impl<R: Real, const W: usize> Backward<'_, R, W> {
    /// G = Uᴴ gU and Q = Vᴴ gV.
    #[inline(always)]
    pub(super) fn project<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        (has_u, has_v): (bool, bool),
        ahead: [Beside<'_, R>; 2],
    ) {
        let ((m, n), k) = (self.shape, self.k);
        let parts = [(has_u, &mut *self.g, &*self.u, &*self.x, m), (has_v, &mut *self.q, &*self.v, &*self.y, n)];
        for ((given, target, basis, part, rows), ahead) in parts.into_iter().zip(ahead) {
            if given {
                product_beside::<A, S, W>(target, ((k, k), rows, false), (basis, part), Adjoint::Left, ahead);
            } else {
                clear(target);
            }
        }
    }

    /// Discards (I − `UUᴴ`) gU in the columns whose singular value is zero, as S⁺ does, or (I − `VVᴴ`) gV if V leaves a complement. In
    /// the memory of the other cotangent, which is not needed any more.
    #[inline(always)]
    pub(super) fn discard_outside<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        (has_u, has_v): (bool, bool),
        spectrum: &Spectrum<'_, R, W>,
        discarded: &mut Discarded<R, W>,
    ) {
        let ((m, n), k) = (self.shape, self.k);
        let (given, rows, basis, inside, part, scratch) = if m > k {
            (has_u, m, &*self.u, &*self.g, &*self.x, &mut *self.y)
        } else {
            (has_v, n, &*self.v, &*self.q, &*self.y, &mut *self.x)
        };
        if !given {
            return;
        }
        product::<A, S, W>(scratch, ((rows, k), k, false), (basis, inside), Adjoint::Neither);
        for j in 0..k {
            let zero = spectrum.zero(j);
            for at in j * rows..(j + 1) * rows {
                discarded.add::<S>(Number::load::<S>(part, at).minus::<S>(Number::load::<S>(scratch, at)), zero);
            }
        }
    }

    /// Replaces G, pair by pair, by what stands between the bases.
    #[inline(always)]
    pub(super) fn combine<S: Scalar<Real = R>>(
        &mut self,
        spectrum: &Spectrum<'_, R, W>,
        discarded: &mut Discarded<R, W>,
    ) {
        let k = self.k;
        for j in 0..k {
            self.reciprocals[j] = spectrum.reciprocal(j);
        }
        for j in 0..k {
            self.combine_diagonal::<S>(j, spectrum, discarded);
        }
        if spectrum.distinct() {
            for (j, i) in (0..k).flat_map(|j| (j + 1..k).map(move |i| (j, i))) {
                let pair = spectrum.distinct_pair(j, i);
                self.combine_pair::<S>((j, i), &pair, None);
            }
            return;
        }
        for j in 0..k {
            let mut linked = splat(R::one());
            for i in j + 1..k {
                linked = mul(linked, spectrum.linked_to_next(i - 1));
                let pair = spectrum.pair(j, i, &linked);
                self.combine_pair::<S>((j, i), &pair, Some((discarded, spectrum.one_sided())));
            }
        }
    }

    /// Entry (j, j): the cotangent of the singular value, and of the phase of a complex triplet.
    #[inline(always)]
    fn combine_diagonal<S: Scalar<Real = R>>(
        &mut self,
        j: usize,
        spectrum: &Spectrum<'_, R, W>,
        discarded: &mut Discarded<R, W>,
    ) {
        let ((m, n), k, at) = (self.shape, self.k, j * self.k + j);
        let (g, q) = (Number::load::<S>(self.g, at), Number::load::<S>(self.q, at));
        let reciprocal = self.reciprocals[j];
        let mut value = Number { re: self.s_bar[j], im: splat(R::zero()) };
        if S::PARTS == 2 {
            let zero = spectrum.zero(j);
            let not_zero = map(zero, |zero| R::one() - zero);
            discarded.add::<S>(imaginary(zip(g.im, q.im, |x, y| x + y)), not_zero);
            discarded.add::<S>(imaginary(g.im), zero);
            discarded.add::<S>(imaginary(q.im), zero);
            value.im = mul(spectrum.phase(reciprocal), zip(g.im, q.im, |x, y| x - y));
        }
        if m > k {
            value = value.minus::<S>(g.scale::<S>(reciprocal));
        }
        if n > k {
            value = value.minus::<S>(q.conj::<S>().scale::<S>(reciprocal));
        }
        value.store::<S>(self.g, at);
    }

    /// Entries (b, a) and (a, b), a < b. Where the values may be equal, what is discarded, and whether the rule is one-sided.
    #[inline(always)]
    fn combine_pair<S: Scalar<Real = R>>(
        &mut self,
        (a, b): (usize, usize),
        pair: &Pairs<R, W>,
        equal: Option<(&mut Discarded<R, W>, bool)>,
    ) {
        let ((m, n), k) = (self.shape, self.k);
        let (low, high) = (a * k + b, b * k + a);
        let (g, g_mirror) = (Number::load::<S>(self.g, low), Number::load::<S>(self.g, high));
        let (q, q_mirror) = (Number::load::<S>(self.q, low), Number::load::<S>(self.q, high));
        let ((x, of_g), (y, of_q)) = (split::<S, W>(g, g_mirror), split::<S, W>(q, q_mirror));
        let (even, odd) = (x.plus::<S>(y), x.minus::<S>(y));
        let mut block = Number::zero();
        let mut one_sided = false;
        if let Some((discarded, is_one_sided)) = equal {
            // Each entry stands for its mirror image too.
            let two = R::one() + R::one();
            discarded.add::<S>(even, map(pair.equal, |equal| equal * two));
            discarded.add::<S>(x, map(pair.zero, |zero| zero * two));
            discarded.add::<S>(y, map(pair.zero, |zero| zero * two));
            discarded.count(pair.equal);
            // Zero, whatever its sign, where there is none: the same as without equal values in any matrix.
            block = of_g.plus::<S>(of_q).share::<S>(pair.block);
            one_sided = is_one_sided;
        }
        // `pair` is that of (a, b); this is entry (b, a), where the gap has the other sign.
        let even = block.minus::<S>(even.scale::<S>(pair.gap));
        let odd = odd.scale::<S>(pair.sum);
        let mut entry = even.plus::<S>(odd);
        let mut mirror = even.minus::<S>(odd).conj::<S>();
        if one_sided {
            entry = entry.plus::<S>(g.scale::<S>(pair.left));
            mirror = mirror.plus::<S>(g_mirror.scale::<S>(pair.left));
        }
        let (of_a, of_b) = (self.reciprocals[a], self.reciprocals[b]);
        if m > k {
            entry = entry.minus::<S>(g.scale::<S>(of_a));
            mirror = mirror.minus::<S>(g_mirror.scale::<S>(of_b));
        }
        if n > k {
            entry = entry.minus::<S>(q_mirror.conj::<S>().scale::<S>(of_b));
            mirror = mirror.minus::<S>(q.conj::<S>().scale::<S>(of_a));
        }
        entry.store::<S>(self.g, low);
        mirror.store::<S>(self.g, high);
    }

    /// gA = (U G + gU S⁺) Vᴴ or U (V Gᴴ + gV S⁺)ᴴ, with the parts that are not there left out: in the memory of gV, or of gU. And the memory of the longer
    /// basis, which is not needed any more.
    #[inline(always)]
    pub(super) fn expand<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        (has_u, has_v): (bool, bool),
        ahead: [Beside<'_, R>; 2],
    ) -> (&[Lane<R, W>], &mut [Lane<R, W>]) {
        let ((m, n), k) = (self.shape, self.k);
        let (g, u, v) = (&*self.g, &*self.u, &*self.v);
        if n > k {
            if has_v {
                scale_columns(self.y, n * S::PARTS, self.reciprocals);
            }
            product_beside::<A, S, W>(self.y, ((n, k), k, has_v), (v, g), Adjoint::Right, ahead[0]);
            product_beside::<A, S, W>(self.x, ((m, n), k, false), (u, &*self.y), Adjoint::Right, ahead[1]);
            return (&*self.x, &mut *self.v);
        }
        let beside = has_u && m > k;
        if beside {
            scale_columns(self.x, m * S::PARTS, self.reciprocals);
        }
        product_beside::<A, S, W>(self.x, ((m, k), k, beside), (u, g), Adjoint::Neither, ahead[0]);
        product_beside::<A, S, W>(self.y, ((m, n), k, false), (&*self.x, v), Adjoint::Right, ahead[1]);
        (&*self.y, &mut *self.u)
    }

    /// The same for a loss of s alone: U diag(gs) Vᴴ, in the memory of gU; that of gV is not needed.
    #[inline(always)]
    pub(super) fn expand_values<A: Arith, S: Scalar<Real = R>>(&mut self) -> (&[Lane<R, W>], &mut [Lane<R, W>]) {
        let ((m, n), k) = (self.shape, self.k);
        // (As `expand` does, so that the bits are the same.)
        let (scaled, rows) = if n > k { (&mut *self.v, n) } else { (&mut *self.u, m) };
        scale_columns(scaled, rows * S::PARTS, self.s_bar);
        product::<A, S, W>(self.x, ((m, n), k, false), (&*self.u, &*self.v), Adjoint::Right);
        (&*self.x, &mut *self.y)
    }
}

/// An entry of (X − Xᴴ)/2 and of (X + Xᴴ)/2. (A closure may become a call, whose vectors go through memory.)
#[inline(always)]
fn split<S: Scalar, const W: usize>(
    x: Number<S::Real, W>,
    mirror: Number<S::Real, W>,
) -> (Number<S::Real, W>, Number<S::Real, W>) {
    let (half, mirror) = (splat(S::Real::from_f64(0.5)), mirror.conj::<S>());
    (x.minus::<S>(mirror).scale::<S>(half), x.plus::<S>(mirror).scale::<S>(half))
}
