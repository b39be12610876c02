//! The reduction of a large matrix, a few columns at a time: the updates of the trailing matrix are put off and then done
//! together, as a matrix product (Dongarra, Hammarling & Sorensen 1989). In between the trailing matrix is
//!
//!   A + Σ vᵢ tᵢᵀ + Σ wᵢ ūᵢᵀ,
//!
//! and each step reads A **once**, and does not write it: the pass that computes the t of the new v also collects z = A x for the row x
//! that becomes the new u, as in [`Reduce`](super::Reduce).

use super::{Reduce, Scratch, clear_above, load, row_product, zero};
use crate::kernel::columns::axpy;
use crate::kernel::gather::{Reading, combine, overlaps, reading_pass};
use crate::kernel::{Arith, Block, LANES, Lane, PlaneShape, Planes, Task, get};
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
    #[inline(always)]
    fn run<A: Arith>(self) {
        if self.task.a.parts == 1 { self.reduce::<A, 1>() } else { self.reduce::<A, 2>() }
    }
}

impl<R: Real> ReduceBlock<'_, '_, R> {
    #[inline(always)]
    fn reduce<A: Arith, const PARTS: usize>(self) {
        let Reduce { mut a, first, mut p, b, scratch: Scratch { v, w: current, z, x } } = self.task;
        let PutOff { t, u, w, rows: [t_row, r], .. } = self.off;
        let (depth, width) = (a.depth, x.len() / PARTS);
        let (stride, breadth) = (depth * PARTS, width * PARTS);
        for i in 0..PUT_OFF {
            let j = first + i;
            let (done, trailing) = a.reborrow().split(j + 1);
            let (done, column) = done.data.split_at_mut(j * stride);
            let vs = &done[first * stride..];
            let (ts, us, ws) = (&t.data[..i * breadth], &u.data[..i * breadth], &w.data[..i * stride]);
            let entry = |data: &[Lane<R>], c: usize, k: usize| get(&data[c * breadth..(c + 1) * breadth], k, width);
            let height = |data: &[Lane<R>], c: usize, k: usize| get(&data[c * stride..(c + 1) * stride], k, depth);

            // Column j is up to date but for the last w.
            if i > 0 {
                column.copy_from_slice(current);
                axpy::<A, R, PARTS>(column, entry(us, i - 1, j), &ws[(i - 1) * stride..], depth, j / LANES);
            }
            load(v, column, j, depth);
            let h = reflect::<A, R, PARTS>(v, j, depth);
            column.copy_from_slice(v);
            (b.d[j], b.tau_q[j]) = (h.beta, [h.tau.re, h.tau.im]);

            // What the updates put off add to vᴴA and to row j.
            let from = j / LANES;
            let (mut of_v, mut of_w) = ([zero::<R>(); PUT_OFF], [zero::<R>(); PUT_OFF]);
            overlaps::<A, R, PARTS>(v, vs, depth, from, &mut of_v);
            overlaps::<A, R, PARTS>(v, ws, depth, from, &mut of_w);
            t_row.fill([R::zero(); LANES]);
            r.fill([R::zero(); LANES]);
            combine::<A, R, PARTS>(t_row, ts, |c| of_v[c], width, from);
            combine::<A, R, PARTS>(t_row, us, |c| of_w[c], width, from);
            combine::<A, R, PARTS>(r, ts, |c| height(vs, c, j), width, from);
            combine::<A, R, PARTS>(r, us, |c| height(ws, c, j), width, from);

            z.fill([R::zero(); LANES]);
            let (t_view, r_view) = (&mut **t_row, &mut **r);
            let q = -h.tau.conj();
            let step = &mut Reading { v, z: &mut *z, t: t_view, r: r_view, q, depth, width, row: j };
            reading_pass::<A, R, PARTS>(trailing.data, j + 1, step);
            clear_above(t_row, j + 1, width);
            clear_above(r, j + 1, width);
            t.column(i).copy_from_slice(t_row);

            // The same for z = A x, x = r̄, and for the next column.
            let vs = &a.data[first * stride..(j + 1) * stride];
            let ts = &t.data[..(i + 1) * breadth];
            add_put_off::<A, R, PARTS>(z, (vs, ts), (ws, us), r, (depth, width, j));
            let next = &a.data[(j + 1) * stride..(j + 2) * stride];
            current.copy_from_slice(next);
            let top = (j + 1) / LANES;
            combine::<A, R, PARTS>(current, vs, |c| entry(ts, c, j + 1), depth, top);
            combine::<A, R, PARTS>(current, ws, |c| entry(us, c, j + 1), depth, top);

            conjugate::<R, PARTS>(x, r, width);
            let alpha = get(x, j + 1, width);
            let g = reflect::<A, R, PARTS>(x, j + 1, width);
            (b.e[j], b.tau_p[j + 1]) = (g.beta, [g.tau.re, g.tau.im]);
            if let Some(p) = &mut p {
                p.column(j + 1).copy_from_slice(x);
            }
            let conjugated = u.column(i);
            conjugate::<R, PARTS>(conjugated, x, width);
            let us = &u.data[..i * breadth];
            let direct = |z: &mut [Lane<R>]| {
                for (k, column) in a.data[(j + 1) * stride..].chunks_exact(stride).enumerate() {
                    axpy::<A, R, PARTS>(z, get(x, j + 1 + k, width), column, depth, from);
                }
                conjugate::<R, PARTS>(r, x, width);
                add_put_off::<A, R, PARTS>(z, (vs, ts), (ws, us), r, (depth, width, j));
            };
            row_product::<A, R, PARTS>(current, (z, depth), j + 1, (alpha, g), direct);
            w.column(i).copy_from_slice(z);
        }
    }
}

/// z ← z + Σ vᵢ (tᵢᵀ r̄) + Σ wᵢ (ūᵢᵀ r̄), for the lengths of a column and of a row, below row `row`.
#[inline(always)]
fn add_put_off<A: Arith, R: Real, const PARTS: usize>(
    z: &mut [Lane<R>],
    (v, t): (&[Lane<R>], &[Lane<R>]),
    (w, u): (&[Lane<R>], &[Lane<R>]),
    r: &[Lane<R>],
    (depth, width, row): (usize, usize, usize),
) {
    let (mut of_t, mut of_u) = ([zero::<R>(); PUT_OFF], [zero::<R>(); PUT_OFF]);
    let from = (row + 1) / LANES;
    overlaps::<A, R, PARTS>(r, t, width, from, &mut of_t);
    overlaps::<A, R, PARTS>(r, u, width, from, &mut of_u);
    combine::<A, R, PARTS>(z, v, |c| of_t[c], depth, row / LANES);
    combine::<A, R, PARTS>(z, w, |c| of_u[c], depth, row / LANES);
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
