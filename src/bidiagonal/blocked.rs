//! The reduction of a large matrix, a few columns at a time: the updates of the trailing matrix are put off and then done
//! together, as a matrix product (Dongarra, Hammarling & Sorensen 1989). In between the trailing matrix is
//!
//!   A + Σ vᵢ tᵢᵀ + Σ wᵢ ūᵢᵀ,
//!
//! and each step reads A **once**, and does not write it: the pass that computes the t of the new v also collects z = A x for the row x
//! that becomes the new u, as in [`Reduce`](super::Reduce).

use super::{Reduce, Scratch, clear_above, load, pieces, row_product, zero};
use crate::kernel::gather::{Reading, combine, overlaps};
use crate::kernel::{Arith, Block, LANES, Lane, PlaneShape, Planes, RowPart, Task, get};
use crate::reflector::reflect;
use crate::scalar::Real;

/// Columns whose updates are put off together: v and w are the two halves of one product.
pub(crate) const PUT_OFF: usize = 16;

/// The updates that are put off: row vectors t and ū, columns w, and columns in between.
pub(crate) struct PutOff<'a, R> {
    pub(crate) t: Planes<'a, R>,
    pub(crate) u: Planes<'a, R>,
    pub(crate) w: Planes<'a, R>,
    /// The coefficients of [v w] for each trailing column: tᵢ and ūᵢ.
    pub(crate) factors: Planes<'a, R>,
    /// Row vectors.
    pub(crate) rows: [&'a mut [Lane<R>]; 2],
}

/// Reduces columns `first..first + PUT_OFF` of a matrix that has more. The updates of the others wait to be added: see
/// [`PutOff::waiting`].
pub(crate) struct ReduceBlock<'a, 'b, R> {
    pub(crate) task: Reduce<'a, R>,
    pub(crate) off: &'a mut PutOff<'b, R>,
}

impl<R: Real> Task for ReduceBlock<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.task.a.parts == 1 { self.reduce::<A, 1>() } else { self.reduce::<A, 2>() }
    }
}

impl<R: Real> ReduceBlock<'_, '_, R> {
    #[inline(always)]
    fn reduce<A: Arith, const PARTS: usize>(self) {
        let Reduce { mut a, first, mut p, b, scratch: Scratch { v, w: current, z, x, more }, workers } = self.task;
        let PutOff { t, u, w, rows: [t_row, r], .. } = self.off;
        let (depth, width) = (a.depth, x.len() / PARTS);
        let stride = depth * PARTS;
        for i in 0..PUT_OFF {
            let j = first + i;
            let (done, trailing) = a.reborrow().split(j + 1);
            let (done, column) = done.data.split_at_mut(j * stride);
            let right = LowRank::<R, PARTS>::new((w.data, depth), (u.data, width), i);
            let left = LowRank::new((&done[first * stride..], depth), (t.data, width), i);

            // Column j is up to date but for the last w.
            if i > 0 {
                column.copy_from_slice(current);
                right.last().add_column::<A>(column, j, j / LANES);
            }
            load(v, column, j, depth);
            let h = reflect::<A, R, PARTS>(v, j, depth);
            column.copy_from_slice(v);
            (b.d[j], b.tau_q[j]) = (h.beta, [h.tau.re, h.tau.im]);

            for row in [&mut **t_row, &mut **r] {
                row.fill([R::zero(); LANES]);
            }
            for put_off in [left, right] {
                put_off.add_overlap::<A>(t_row, v, j);
                put_off.add_row::<A>(r, j);
            }
            let q = -h.tau.conj();
            let [t_part, r_part] = [&mut **t_row, &mut **r].map(|row| RowPart::whole(row, width));
            let cut = pieces::cut((j + 1, b.d.len()), stride - j / LANES * PARTS, more);
            let step = Reading { v, z: &mut *z, t: t_part, r: r_part, q, depth, row: j };
            pieces::reading::<A, R, PARTS>(workers, cut, (trailing.data, j + 1), (step, more));
            clear_above(t_row, j + 1, width);
            clear_above(r, j + 1, width);
            t.column(i).copy_from_slice(t_row);

            // z = A x with x = r̄, and the next column.
            let (done, trailing) = a.data.split_at((j + 1) * stride);
            let left = LowRank::new((&done[first * stride..], depth), (t.data, width), i + 1);
            current.copy_from_slice(&trailing[..stride]);
            for put_off in [left, right] {
                put_off.add_product::<A>(z, r, j);
                put_off.add_column::<A>(current, j + 1, (j + 1) / LANES);
            }
            conjugate::<R, PARTS>(x, r, width);
            let alpha = get(x, j + 1, width);
            let g = reflect::<A, R, PARTS>(x, j + 1, width);
            (b.e[j], b.tau_p[j + 1]) = (g.beta, [g.tau.re, g.tau.im]);
            if let Some(p) = &mut p {
                p.column(j + 1).copy_from_slice(x);
            }
            conjugate::<R, PARTS>(r, x, width);
            let direct = |z: &mut [Lane<R>]| {
                combine::<A, R, PARTS>(z, trailing, |k| get(x, j + 1 + k, width), depth, j / LANES);
                for put_off in [left, right] {
                    put_off.add_product::<A>(z, r, j);
                }
            };
            row_product::<A, R, PARTS>(current, (z, depth), j + 1, (alpha, g), direct);
            u.column(i).copy_from_slice(r);
            w.column(i).copy_from_slice(z);
        }
    }
}

/// Σ hᵢ gᵢᵀ with columns h and row vectors g, as slices of the work storage.
#[derive(Clone, Copy)]
struct LowRank<'a, R, const PARTS: usize> {
    h: &'a [Lane<R>],
    depth: usize,
    g: &'a [Lane<R>],
    width: usize,
}

impl<'a, R: Real, const PARTS: usize> LowRank<'a, R, PARTS> {
    /// The first `count` terms.
    #[inline(always)]
    fn new((h, depth): (&'a [Lane<R>], usize), (g, width): (&'a [Lane<R>], usize), count: usize) -> Self {
        LowRank { h: &h[..count * depth * PARTS], depth, g: &g[..count * width * PARTS], width }
    }

    /// The last term.
    #[inline(always)]
    fn last(self) -> Self {
        let h = &self.h[self.h.len() - self.depth * PARTS..];
        LowRank { h, g: &self.g[self.g.len() - self.width * PARTS..], ..self }
    }

    /// y ← y + Σ hᵢ gᵢ\[k], lanes from `from` on.
    #[inline(always)]
    fn add_column<A: Arith>(self, y: &mut [Lane<R>], k: usize, from: usize) {
        let stride = self.width * PARTS;
        let g = |i: usize| get(&self.g[i * stride..(i + 1) * stride], k, self.width);
        combine::<A, R, PARTS>(y, self.h, g, self.depth, from);
    }

    /// r ← r + Σ hᵢ\[j] gᵢ, right of column j.
    #[inline(always)]
    fn add_row<A: Arith>(self, r: &mut [Lane<R>], j: usize) {
        let stride = self.depth * PARTS;
        let h = |i: usize| get(&self.h[i * stride..(i + 1) * stride], j, self.depth);
        combine::<A, R, PARTS>(r, self.g, h, self.width, (j + 1) / LANES);
    }

    /// t ← t + Σ (vᴴhᵢ) gᵢ, right of column j, for a v that begins in row j.
    #[inline(always)]
    fn add_overlap<A: Arith>(self, t: &mut [Lane<R>], v: &[Lane<R>], j: usize) {
        let mut weights = [zero::<R>(); PUT_OFF];
        overlaps::<A, R, PARTS>(v, self.h, self.depth, j / LANES, &mut weights);
        combine::<A, R, PARTS>(t, self.g, |i| weights[i], self.width, (j + 1) / LANES);
    }

    /// z ← z + Σ hᵢ gᵢᵀ r̄, from row j on, for an r that begins right of column j.
    #[inline(always)]
    fn add_product<A: Arith>(self, z: &mut [Lane<R>], r: &[Lane<R>], j: usize) {
        let mut weights = [zero::<R>(); PUT_OFF];
        overlaps::<A, R, PARTS>(r, self.g, self.width, (j + 1) / LANES, &mut weights);
        combine::<A, R, PARTS>(z, self.h, |i| weights[i], self.depth, j / LANES);
    }
}

/// y ← x̄.
#[inline(always)]
fn conjugate<R: Real, const PARTS: usize>(y: &mut [Lane<R>], x: &[Lane<R>], depth: usize) {
    y.copy_from_slice(x);
    if PARTS == 2 {
        for x in y[depth..].as_flattened_mut() {
            *x = -*x;
        }
    }
}

impl<R: Real> PutOff<'_, R> {
    /// w from lane `top` on, and the factors of columns `first..n`: A ← A + [v w] factors.
    pub(crate) fn waiting(&mut self, (first, n): (usize, usize), top: usize) -> [Block<'_, R>; 2] {
        let Planes { depth, parts, .. } = self.w;
        for k in first..n {
            for i in 0..PUT_OFF {
                let (t, u) = (self.t.get(k, i), self.u.get(k, i));
                self.factors.set(i, k - first, t);
                self.factors.set(PUT_OFF + i, k - first, u);
            }
        }
        let shape = PlaneShape { top, lanes: depth - top, cols: PUT_OFF, depth, parts };
        let small = self.factors.depth;
        let factors = PlaneShape { top: 0, lanes: small, cols: n - first, depth: small, parts };
        [Block { data: self.w.data, shape }, Block { data: self.factors.data, shape: factors }]
    }
}
