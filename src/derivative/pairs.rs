//! The pairs of distinct singular values, sixteen at a time: blocks of four rows and four columns, each with its mirror image.
//!
//! What a rule makes of entry (i, j) depends on it, on its mirror image, on sᵢ and on sⱼ. With rows for lanes, and the mirror image
//! transposed, all of it stands side by side. The results are those of one pair after the other, to the last bit.

use super::spectrum::Spectrum;
use crate::kernel::vector::{Lane, Number, entry_by_entry, map};
use crate::kernel::{Arith, Level, Task, each};
use crate::scalar::{Real, Scalar, Zero};

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
pub(super) fn each_portion<'a, R: Real>(
    spectrum: &'a Spectrum<'a, R>,
    r: usize,
    level: Level,
    (left, right): (bool, bool),
    mut visit: impl FnMut(Portion<'a, R>),
) {
    let k = spectrum.len();
    let side_by_side = k == r && level.has_vectors::<R>();
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
    fn run<A: Arith>(mut self) {
        self.pairs.blocks().for_each(|below| self.combine::<A, true>(below));
        self.pairs.part().into_iter().for_each(|below| self.combine::<A, false>(below));
    }
}

impl<S: Scalar> Backward<'_, S> {
    #[inline(always)]
    fn combine<A: Arith, const WHOLE: bool>(&mut self, below: usize) {
        entry_by_entry();
        let (pairs, columns, rows) = (self.pairs, self.pairs.values(self.pairs.top), self.pairs.values(below));
        let (mut low, mut mirror) = pairs.load::<A, S, WHOLE>(self.g, below);
        let (y, y_mirror) = pairs.load::<A, S, WHOLE>(self.q, below);
        for c in 0..WIDE {
            let (gap, sum) = halves(columns.s[c], rows.s);
            let (x, x_mirror, y, y_mirror) = (low[c], mirror[c], y[c], y_mirror[c]);
            let (of_u, of_v) = (x.minus::<S>(x_mirror), y.minus::<S>(y_mirror));
            let even = of_u.plus::<S>(of_v).scale::<S>(gap);
            let odd = of_u.minus::<S>(of_v).scale::<S>(sum);
            (low[c], mirror[c]) = (even.plus::<S>(odd), even.minus::<S>(odd));
            let (by_row, by_column) = (rows.reciprocals, [columns.reciprocals[c]; WIDE]);
            if pairs.left {
                low[c] = low[c].minus::<S>(x.scale::<S>(by_column));
                mirror[c] = mirror[c].minus::<S>(x_mirror.scale::<S>(by_row));
            }
            if pairs.right {
                low[c] = low[c].minus::<S>(y_mirror.scale::<S>(by_row));
                mirror[c] = mirror[c].minus::<S>(y.scale::<S>(by_column));
            }
        }
        pairs.store::<A, S, WHOLE>(self.g, below, &low, &mirror);
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
    fn run<A: Arith>(mut self) {
        self.pairs.blocks().for_each(|below| self.combine::<A, true>(below));
        self.pairs.part().into_iter().for_each(|below| self.combine::<A, false>(below));
    }
}

impl<S: Scalar> Forward<'_, S> {
    #[inline(always)]
    fn combine<A: Arith, const WHOLE: bool>(&mut self, below: usize) {
        entry_by_entry();
        let (pairs, columns, rows) = (self.pairs, self.pairs.values(self.pairs.top), self.pairs.values(below));
        let (mut of_u, mut of_u_mirror) = pairs.load::<A, S, WHOLE>(self.p, below);
        let (mut of_v, mut of_v_mirror) = (of_u, of_u_mirror);
        for c in 0..WIDE {
            let (gap, sum) = halves(columns.s[c], rows.s);
            let (x, x_mirror) = (of_u[c], of_u_mirror[c]);
            let even = x.plus::<S>(x_mirror).scale::<S>(gap);
            let odd = x.minus::<S>(x_mirror).scale::<S>(sum);
            // The mirror image has the gap, and the skew part, with the other sign.
            (of_u[c], of_v[c]) = (even.plus::<S>(odd), even.minus::<S>(odd));
            (of_u_mirror[c], of_v_mirror[c]) = (of_u[c].negative::<S>(), of_v[c].negative::<S>());
            let (by_row, by_column) = (rows.reciprocals, [columns.reciprocals[c]; WIDE]);
            if pairs.left {
                of_u[c] = of_u[c].minus::<S>(x.scale::<S>(by_column));
                of_u_mirror[c] = of_u_mirror[c].minus::<S>(x_mirror.scale::<S>(by_row));
            }
            if pairs.right {
                of_v[c] = of_v[c].minus::<S>(x_mirror.scale::<S>(by_column));
                of_v_mirror[c] = of_v_mirror[c].minus::<S>(x.scale::<S>(by_row));
            }
        }
        pairs.store::<A, S, WHOLE>(self.p, below, &of_u, &of_u_mirror);
        pairs.store::<A, S, WHOLE>(self.q, below, &of_v, &of_v_mirror);
    }
}

/// Four columns of four entries.
type Block<R> = [Number<R, WIDE>; WIDE];

/// Four singular values, and their reciprocals, as far as there are so many.
struct Values<R> {
    s: Lane<R, WIDE>,
    reciprocals: Lane<R, WIDE>,
}

/// 1/2(sⱼ − sᵢ) and 1/2(sⱼ + sᵢ): of one column, for each row.
#[inline(always)]
fn halves<R: Real>(column: R, rows: Lane<R, WIDE>) -> (Lane<R, WIDE>, Lane<R, WIDE>) {
    let half = R::from_f64(0.5);
    (map(rows, |row| half * (column - row).recip()), map(rows, |row| half * (column + row).recip()))
}

impl<R: Real> Pairs<'_, R> {
    /// The first rows of the blocks that lie within the matrix.
    #[inline(always)]
    fn blocks(&self) -> impl Iterator<Item = usize> + use<R> {
        let whole = if self.top + WIDE <= self.spectrum.len() { self.spectrum.len() / WIDE * WIDE } else { 0 };
        (self.first..whole).step_by(WIDE)
    }

    /// The first row of a block that reaches beyond its end.
    #[inline(always)]
    fn part(&self) -> Option<usize> {
        let k = self.spectrum.len();
        (!k.is_multiple_of(WIDE)).then_some(k / WIDE * WIDE)
    }

    #[inline(always)]
    fn values(&self, from: usize) -> Values<R> {
        let reciprocals =
            if self.left || self.right { self.spectrum.reciprocals_from(from) } else { [R::zero(); WIDE] };
        Values { s: self.spectrum.values_from(from), reciprocals }
    }

    /// Rows from `below` on of the four columns, and the adjoint of the mirror image of that block.
    #[inline(always)]
    fn load<A: Arith, S: Scalar<Real = R>, const WHOLE: bool>(
        &self,
        matrix: &[S],
        below: usize,
    ) -> (Block<R>, Block<R>) {
        let k = self.spectrum.len();
        (
            block::<S, WHOLE>(matrix, k, (below, self.top)),
            adjoint::<A, S>(&block::<S, WHOLE>(matrix, k, (self.top, below))),
        )
    }

    /// Puts both back; of a block on the diagonal the entries beside the diagonal.
    #[inline(always)]
    fn store<A: Arith, S: Scalar<Real = R>, const WHOLE: bool>(
        &self,
        matrix: &mut [S],
        below: usize,
        low: &Block<R>,
        mirror: &Block<R>,
    ) {
        let k = self.spectrum.len();
        if below == self.top {
            let diagonal: [S; WIDE] =
                each(S::zero(), |c| column(matrix, k, (below + c, below + c)).first().copied().unwrap_or_else(S::zero));
            put::<S, WHOLE>(matrix, k, (below, below), low);
            for (c, entry) in diagonal.into_iter().enumerate() {
                if let Some(x) = column_mut(matrix, k, (below + c, below + c)).first_mut() {
                    *x = entry;
                }
            }
            return;
        }
        put::<S, WHOLE>(matrix, k, (below, self.top), low);
        put::<S, WHOLE>(matrix, k, (self.top, below), &adjoint::<A, S>(mirror));
    }
}

/// The block whose first entry stands in this row and column of a matrix of k rows, zeros beyond its end.
#[inline(always)]
fn block<S: Scalar, const WHOLE: bool>(matrix: &[S], k: usize, (top, left): (usize, usize)) -> Block<S::Real> {
    let zero = S::Real::zero();
    let number =
        |entries: &[S; WIDE]| Number { re: each(zero, |r| entries[r].re()), im: each(zero, |r| entries[r].im()) };
    each(Number::zero(), |c| {
        let column = column(matrix, k, (top, left + c));
        if WHOLE {
            return column.first_chunk().map_or(Number::zero(), number);
        }
        number(&each(S::zero(), |r| column.get(r).copied().unwrap_or_else(S::zero)))
    })
}

/// Writes such a block, as far as the matrix reaches.
#[inline(always)]
fn put<S: Scalar, const WHOLE: bool>(matrix: &mut [S], k: usize, (top, left): (usize, usize), block: &Block<S::Real>) {
    for (c, number) in block.iter().enumerate() {
        let entries: [S; WIDE] = each(S::zero(), |r| S::from_parts(number.re[r], number.im[r]));
        let column = column_mut(matrix, k, (top, left + c));
        if WHOLE {
            if let Some(whole) = column.first_chunk_mut() {
                *whole = entries;
            }
        } else {
            column.iter_mut().zip(entries).for_each(|(x, entry)| *x = entry);
        }
    }
}

/// The conjugate transpose.
#[inline(always)]
fn adjoint<A: Arith, S: Scalar>(block: &Block<S::Real>) -> Block<S::Real> {
    let turned = |part: fn(&Number<S::Real, WIDE>) -> Lane<S::Real, WIDE>| {
        A::transpose(&each([S::Real::zero(); WIDE], |c| part(&block[c])))
    };
    let re = turned(|x| x.re);
    let im = if S::PARTS == 2 { turned(|x| x.im) } else { re };
    each(block[0], |c| Number { re: re[c], im: im[c] }.conj::<S>())
}

/// Column `left` of a matrix of k rows, from row `top` on.
#[inline(always)]
fn column<S>(matrix: &[S], k: usize, (top, left): (usize, usize)) -> &[S] {
    matrix.get(left * k + top..(left + 1) * k).unwrap_or_default()
}

/// The same, to be written.
#[inline(always)]
fn column_mut<S>(matrix: &mut [S], k: usize, (top, left): (usize, usize)) -> &mut [S] {
    matrix.get_mut(left * k + top..(left + 1) * k).unwrap_or_default()
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
