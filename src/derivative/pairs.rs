//! The pairs of distinct singular values, sixteen at a time: blocks of four rows and four columns, each with its mirror image.
//!
//! What a rule makes of entry (i, j) depends on it, on its mirror image, on sᵢ and on sⱼ. With rows for lanes, and the mirror image
//! transposed, all of it stands side by side, the parts of complex entries as they lie. The results are those of one pair after the other, to the last bit.

use core::iter::StepBy;
use core::ops::Range;

use super::spectrum::Spectrum;
use crate::kernel::transpose::{adjoint_block, block_at, put_block};
use crate::kernel::vector::{Lane, entry_by_entry, map, mul, zip};
use crate::kernel::{Arith, Level, Task, cast, each, lane_by_lane};
use crate::scalar::{Real, Scalar};

/// Rows and columns of a block.
const WIDE: usize = 4;

/// What a rule takes at a time.
pub(super) enum Portion<'a, R> {
    /// Values a < b; whether all neighbours between them are linked.
    Pair(usize, usize, bool),
    /// Distinct ones, side by side.
    Pairs(Pairs<'a, R>),
}

/// Visits every pair (a, b) of k values, a < r and a < b: where r = k and the processor has vectors, those that are distinct side by side.
/// `complements`: whether U leaves one, and V.
#[inline(always)]
pub(super) fn each_portion<'a, S: Scalar>(
    spectrum: &'a Spectrum<'a, S::Real>,
    r: usize,
    level: Level,
    (left, right): (bool, bool),
    mut visit: impl FnMut(Portion<'a, S::Real>),
) {
    let k = spectrum.len();
    let side_by_side = k == r && level.has_vectors::<S::Real>() && cast::is_reals::<S>();
    for top in (0..r).step_by(WIDE) {
        let first = if side_by_side { spectrum.distinct_from::<WIDE>(top) } else { k };
        spectrum.each_pair_of(top..(top + WIDE).min(r), first, |a, b, linked| visit(Portion::Pair(a, b, linked)));
        if first < k {
            visit(Portion::Pairs(Pairs { spectrum, top, first, left, right }));
        }
    }
}

/// The pairs of the four values from `top` on with all those from `first` on, a multiple of four. They are distinct.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs<'a, R> {
    spectrum: &'a Spectrum<'a, R>,
    top: usize,
    first: usize,
    /// Whether U leaves a complement, and V.
    left: bool,
    right: bool,
}

/// What stands between U and `Vᴴ`, in place of G = `UᴴgU`; Q = `VᴴgV`.
pub(crate) struct Backward<'a, S: Scalar> {
    pub(super) pairs: Pairs<'a, S::Real>,
    pub(super) g: &'a mut [S],
    pub(super) q: &'a [S],
}

impl<S: Scalar> Task for Backward<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let (g, q) = (cast::as_reals(self.g), cast::reals_of(self.q));
        if const { S::PARTS == 2 } {
            backward::<A, S::Real, { 2 * WIDE }>(self.pairs, g, q);
        } else {
            backward::<A, S::Real, WIDE>(self.pairs, g, q);
        }
    }
}

/// What U and V are multiplied by, in place of P = `UᴴdA` V and of its adjoint.
pub(crate) struct Forward<'a, S: Scalar> {
    pub(super) pairs: Pairs<'a, S::Real>,
    pub(super) p: &'a mut [S],
    pub(super) q: &'a mut [S],
}

impl<S: Scalar> Task for Forward<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let (p, q) = (cast::as_reals(self.p), cast::as_reals(self.q));
        if const { S::PARTS == 2 } {
            forward::<A, S::Real, { 2 * WIDE }>(self.pairs, p, q);
        } else {
            forward::<A, S::Real, WIDE>(self.pairs, p, q);
        }
    }
}

#[inline(always)]
fn backward<A: Arith, R: Real, const N: usize>(pairs: Pairs<'_, R>, g: &mut [R], q: &[R]) {
    let (whole, part) = pairs.places();
    for below in whole {
        pairs.block::<N, true>(below).backward::<A>(g, q);
    }
    for below in part {
        pairs.block::<N, false>(below).backward::<A>(g, q);
    }
}

#[inline(always)]
fn forward<A: Arith, R: Real, const N: usize>(pairs: Pairs<'_, R>, p: &mut [R], q: &mut [R]) {
    let (whole, part) = pairs.places();
    for below in whole {
        pairs.block::<N, true>(below).forward::<A>(p, q);
    }
    for below in part {
        pairs.block::<N, false>(below).forward::<A>(p, q);
    }
}

impl<'a, R: Real> Pairs<'a, R> {
    /// The first rows of the blocks that lie within the matrix, and of those that reach beyond its end.
    #[inline(always)]
    fn places(&self) -> (StepBy<Range<usize>>, StepBy<Range<usize>>) {
        let k = self.spectrum.len();
        let middle = if self.top + WIDE <= k { k / WIDE * WIDE } else { self.first };
        ((self.first..middle).step_by(WIDE), (middle..k).step_by(WIDE))
    }

    #[inline(always)]
    fn block<const N: usize, const WHOLE: bool>(&self, below: usize) -> Block<'_, 'a, R, N, WHOLE> {
        entry_by_entry();
        Block { pairs: self, below, columns: self.values(self.top), rows: self.values(below) }
    }

    /// Four values from this one on; zeros for reciprocals that no one needs.
    #[inline(always)]
    fn values<const N: usize>(&self, from: usize) -> Values<R, N> {
        let reciprocals =
            if self.left || self.right { self.spectrum.reciprocals_from(from) } else { [R::zero(); WIDE] };
        let values = self.spectrum.values_from(from);
        Values { s: values, reciprocals: spread(reciprocals) }
    }
}

/// Four singular values, and their reciprocals for each real of as many entries; zeros where there are not so many.
struct Values<R, const N: usize> {
    s: Lane<R, WIDE>,
    reciprocals: Lane<R, N>,
}

/// One number of each of four entries, for each of their N reals.
#[inline(always)]
fn spread<R: Real, const N: usize>(numbers: Lane<R, WIDE>) -> Lane<R, N> {
    each(R::zero(), |l| numbers[l / (N / WIDE)])
}

/// Four columns of four entries, N reals.
type Entries<R, const N: usize> = [Lane<R, N>; WIDE];

/// The rows from `below` on of the four columns, and the mirror image of this block.
struct Block<'b, 'a, R, const N: usize, const WHOLE: bool> {
    pairs: &'b Pairs<'a, R>,
    below: usize,
    columns: Values<R, N>,
    rows: Values<R, N>,
}

impl<R: Real, const N: usize, const WHOLE: bool> Block<'_, '_, R, N, WHOLE> {
    /// Reals of an entry.
    const PARTS: usize = N / WIDE;

    #[inline(always)]
    fn backward<A: Arith>(&self, g: &mut [R], q: &[R]) {
        let Some(((mut low, mut mirror), (y, y_mirror))) = self.load::<A>(g).zip(self.load::<A>(q)) else { return };
        for c in 0..WIDE {
            entry_by_entry();
            let (gap, sum) = self.halves(c);
            let (x, x_mirror, y, y_mirror) = (low[c], mirror[c], y[c], y_mirror[c]);
            let (of_u, of_v) = (minus(x, x_mirror), minus(y, y_mirror));
            let (even, odd) = (mul(plus(of_u, of_v), gap), mul(minus(of_u, of_v), sum));
            (low[c], mirror[c]) = (plus(even, odd), minus(even, odd));
            let (by_row, by_column) = self.reciprocals(c);
            if self.pairs.left {
                low[c] = minus(low[c], mul(x, by_column));
                mirror[c] = minus(mirror[c], mul(x_mirror, by_row));
            }
            if self.pairs.right {
                low[c] = minus(low[c], mul(y_mirror, by_row));
                mirror[c] = minus(mirror[c], mul(y, by_column));
            }
        }
        self.store::<A>(g, low, &mirror);
    }

    #[inline(always)]
    fn forward<A: Arith>(&self, p: &mut [R], q: &mut [R]) {
        let Some((mut of_u, mut of_u_mirror)) = self.load::<A>(p) else { return };
        let (mut of_v, mut of_v_mirror) = (of_u, of_u_mirror);
        for c in 0..WIDE {
            entry_by_entry();
            let (gap, sum) = self.halves(c);
            let (x, x_mirror) = (of_u[c], of_u_mirror[c]);
            let (even, odd) = (mul(plus(x, x_mirror), gap), mul(minus(x, x_mirror), sum));
            // The mirror image has the gap, and the skew part, with the other sign.
            (of_u[c], of_v[c]) = (plus(even, odd), minus(even, odd));
            (of_u_mirror[c], of_v_mirror[c]) = (map(of_u[c], |x| -x), map(of_v[c], |x| -x));
            let (by_row, by_column) = self.reciprocals(c);
            if self.pairs.left {
                of_u[c] = minus(of_u[c], mul(x, by_column));
                of_u_mirror[c] = minus(of_u_mirror[c], mul(x_mirror, by_row));
            }
            if self.pairs.right {
                of_v[c] = minus(of_v[c], mul(x_mirror, by_column));
                of_v_mirror[c] = minus(of_v_mirror[c], mul(x, by_row));
            }
        }
        self.store::<A>(p, of_u, &of_u_mirror);
        self.store::<A>(q, of_v, &of_v_mirror);
    }

    /// 1/2(sⱼ − sᵢ) and 1/2(sⱼ + sᵢ): of one column, for each row.
    #[inline(always)]
    fn halves(&self, column: usize) -> (Lane<R, N>, Lane<R, N>) {
        let (s, half) = (self.columns.s[column], R::from_f64(0.5));
        let (gap, sum) = (map(self.rows.s, |row| (s - row).recip()), map(self.rows.s, |row| (s + row).recip()));
        (spread(map(gap, |x| half * x)), spread(map(sum, |x| half * x)))
    }

    /// s⁺ᵢ and s⁺ⱼ.
    #[inline(always)]
    fn reciprocals(&self, column: usize) -> (Lane<R, N>, Lane<R, N>) {
        (self.rows.reciprocals, [self.columns.reciprocals[column * Self::PARTS]; N])
    }

    /// The block of a matrix, and the adjoint of its mirror image. (Always there.)
    #[inline(always)]
    fn load<A: Arith>(&self, matrix: &[R]) -> Option<(Entries<R, N>, Entries<R, N>)> {
        let (top, below) = (self.pairs.top, self.below);
        Some((self.entries(matrix, (below, top))?, adjoint_block::<A, R, N>(&self.entries(matrix, (top, below))?)))
    }

    /// Puts both back; of a block on the diagonal the entries beside the diagonal.
    #[inline(always)]
    fn store<A: Arith>(&self, matrix: &mut [R], mut low: Entries<R, N>, mirror: &Entries<R, N>) {
        let (top, below) = (self.pairs.top, self.below);
        if below != top {
            self.put(matrix, (top, below), &adjoint_block::<A, R, N>(mirror));
        } else if let Some(old) = self.entries(matrix, (below, top)) {
            low = each(old[0], |c| each(R::zero(), |l| if l / Self::PARTS == c { old[c][l] } else { low[c][l] }));
        }
        self.put(matrix, (below, top), &low);
    }

    /// The entries from this row and column on, zeros beyond the end of the matrix.
    #[inline(always)]
    fn entries(&self, matrix: &[R], (top, left): (usize, usize)) -> Option<Entries<R, N>> {
        let (k, parts) = (self.pairs.spectrum.len(), Self::PARTS);
        if WHOLE {
            return block_at(matrix, ((left * k + top) * parts, k * parts));
        }
        Some(each([R::zero(); N], |c| {
            let column = matrix.get(((left + c) * k + top) * parts..(left + c + 1) * k * parts).unwrap_or_default();
            each(R::zero(), |l| column.get(l).copied().unwrap_or_else(R::zero))
        }))
    }

    /// Writes them, as far as the matrix reaches.
    #[inline(always)]
    fn put(&self, matrix: &mut [R], (top, left): (usize, usize), entries: &Entries<R, N>) {
        let (k, parts) = (self.pairs.spectrum.len(), Self::PARTS);
        if WHOLE {
            return put_block(matrix, ((left * k + top) * parts, k * parts), entries);
        }
        for (c, column) in entries.iter().enumerate().take(k - left) {
            let target = matrix.get_mut(((left + c) * k + top) * parts..(left + c + 1) * k * parts).unwrap_or_default();
            for (x, entry) in target.iter_mut().zip(column) {
                lane_by_lane(); // (a few entries: no call of `memcpy`)
                *x = *entry;
            }
        }
    }
}

#[inline(always)]
fn plus<R: Real, const N: usize>(x: Lane<R, N>, y: Lane<R, N>) -> Lane<R, N> {
    zip(x, y, |x, y| x + y)
}

#[inline(always)]
fn minus<R: Real, const N: usize>(x: Lane<R, N>, y: Lane<R, N>) -> Lane<R, N> {
    zip(x, y, |x, y| x - y)
}

#[cfg(test)]
mod tests {
    use crate::scalar::{Real, Scalar};
    use crate::{
        AtEqual, Cotangent, Factors, MatMut, MatRef, Rule, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into,
        vjp_workspace_len,
    };
    use num_complex::Complex;
    use std::vec::Vec;

    /// Entries of any kind: the rules are linear in the tangents and cotangents, and do not look at whether the bases are orthonormal.
    fn entries<S: Scalar>(count: usize, seed: f64) -> Vec<S> {
        let part = |i: usize, by: f64| S::Real::from_f64((seed + by * i as f64).sin());
        (0..count).map(|i| S::from_parts(part(i, 0.7), part(i, 1.3))).collect()
    }

    /// gA, dU and dV by a rule, one after the other.
    fn both<S: Scalar>((m, n): (usize, usize), s: &[S::Real], at_equal: AtEqual<S::Real>) -> Vec<S> {
        let (k, rule) = (s.len(), Rule::new(at_equal));
        let [u, v, gu, gv, a_dot] = [(m * k, 1.0), (n * k, 2.0), (m * k, 3.0), (n * k, 4.0), (m * n, 5.0)]
            .map(|(l, seed)| entries::<S>(l, seed));
        let col_major = |data, rows| MatRef::col_major(data, rows, k).unwrap();
        let factors = Factors { u: col_major(&u, m), s, v: col_major(&v, n) };
        let (mut ga, mut du, mut dv) = (entries(m * n, 0.0), entries(m * k, 0.0), entries(n * k, 0.0));

        let cotangent = Cotangent { u: Some(col_major(&gu, m)), v: Some(col_major(&gv, n)), ..Cotangent::default() };
        let mut work = entries(vjp_workspace_len::<S>(m, n, k), 0.0);
        let target = Target::Overwrite(MatMut::col_major(&mut ga, m, n).unwrap());
        vjp_into(&factors, &cotangent, &rule, target, &mut work).unwrap();

        let mut work = entries(jvp_workspace_len::<S>(m, n, k), 0.0);
        let tangent = TangentMut {
            u: Some(MatMut::col_major(&mut du, m, k).unwrap()),
            v: Some(MatMut::col_major(&mut dv, n, k).unwrap()),
            ..TangentMut::default()
        };
        jvp_into(&factors, MatRef::col_major(&a_dot, m, n).unwrap(), &rule, tangent, &mut work).unwrap();
        [ga, du, dv].concat()
    }

    /// A Lorentzian of no width is 1/x where x is not zero, and is worked out pair by pair.
    fn agree<S: Scalar>() {
        for k in [1, 4, 7, 8, 9, 12, 14, 16, 19] {
            let distinct: Vec<_> = (0..k).map(|i| S::Real::from_f64((2 * k - i) as f64)).collect();
            let mut spectra = [distinct.clone(), distinct.clone(), distinct.clone(), distinct];
            for (i, s) in spectra[1].iter_mut().enumerate().filter(|(i, _)| i % 8 > 4) {
                *s = S::Real::from_f64((2 * k - i / 8) as f64);
            }
            spectra[1].sort_by(|x, y| y.partial_cmp(x).unwrap());
            spectra[2].iter_mut().skip(k - k.min(6)).for_each(|s| *s = S::Real::from_f64(0.0));
            spectra[3].iter_mut().skip(k - 1).for_each(|s| *s = S::Real::from_f64(0.0));
            for s in &spectra {
                for shape in [(k, k), (k + 3, k), (k, k + 2)] {
                    let got = both::<S>(shape, s, AtEqual::MinimumNorm);
                    let expected = both::<S>(shape, s, AtEqual::Lorentzian(S::Real::from_f64(0.0)));
                    let largest = expected.iter().map(|x| x.max_part().to_f64()).fold(0.0, f64::max);
                    for (x, y) in got.iter().zip(&expected) {
                        let bound = 16.0 * S::Real::EPSILON.to_f64() * largest;
                        assert!((*x - *y).max_part().to_f64() <= bound, "{shape:?} {s:?}: {x:?} {y:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn sixteen_at_a_time_are_as_one_by_one() {
        agree::<f32>();
        agree::<f64>();
        agree::<Complex<f32>>();
        agree::<Complex<f64>>();
    }
}
