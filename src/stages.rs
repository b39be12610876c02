//! The stages of the decomposition in their order, and the work storage that they share.

use crate::banded::{self, Frame};
use crate::bidiagonal::{Bidiagonal, Form, PUT_OFF, Panel, PutOff, Reduce, ReduceBlock, Scratch, Tau};
use crate::block::{self, BLOCK, PANEL, Product, Reflectors, scratch_cols};
use crate::diagonalize::{self, Rotations, divide_workspace_len};
use crate::error::Error;
use crate::kernel::{Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes};
use crate::matrix::{MatMut, MatRef};
use crate::plan::Plan;
use crate::rotation::Columns;
use crate::scalar::{Real, Scalar};
use crate::svd::FactorsMut;
use crate::workspace::Store;

/// The matrix on its way to U, s and V.
pub(crate) struct Core<'w, R> {
    plan: Plan,
    level: Level,
    d: &'w mut [R],
    e: &'w mut [R],
    rotations: Rotations<'w, R>,
    tau_q: &'w mut [Tau<R>],
    tau_p: &'w mut [Tau<R>],
    tau_r: &'w mut [Tau<R>],
    /// v, w and z.
    columns: [&'w mut [Lane<R>]; 3],
    /// x.
    row: &'w mut [Lane<R>],
    // What each of these holds, and when, is said at `Stores`.
    pub(crate) copy: Planes<'w, R>,
    square: Planes<'w, R>,
    rows: Planes<'w, R>,
    left: Planes<'w, R>,
    right: Planes<'w, R>,
    /// X and Y of B = X diag(s) Yᵀ.
    middle: [Planes<'w, R>; 2],
    divide: &'w mut [R],
    blocks: &'w mut [Lane<R>],
    put_off: PutOff<'w, R>,
}

impl<'w, R: Real> Core<'w, R> {
    pub(crate) fn carve(plan: &Plan, parts: usize, store: &mut Store<'w, R>) -> Self {
        let (m, n) = (plan.rows, plan.cols);
        let stores = plan.stores();
        let copy = store.planes(m, stores.copy, parts);
        let square = store.planes(n, stores.square, parts);
        let rows = store.planes(n, stores.rows, parts);
        let left = store.planes(m, stores.left, parts);
        let right = store.planes(n, stores.right, parts);
        let middle = core::array::from_fn(|_| store.planes(n, stores.middle, 1));
        let columns = core::array::from_fn(|_| store.planes(m, 1, parts).data);
        let row = store.planes(n, 1, parts).data;
        let blocked = if plan.blocked() { scratch_cols(plan.left_cols.max(n)) } else { 0 };
        let blocks = store.planes(BLOCK, blocked, parts).data;
        let put_off = if plan.reduced_in_blocks(size_of::<R>() * parts) > 0 { PUT_OFF } else { 0 };
        let put_off = PutOff {
            t: store.planes(n, put_off, parts),
            u: store.planes(n, put_off, parts),
            w: store.planes(plan.reduced_rows(), put_off, parts),
            factors: store.planes(2 * PUT_OFF, if put_off == 0 { 0 } else { n }, parts),
            rows: core::array::from_fn(|_| store.planes(n, put_off.min(1), parts).data),
        };
        let [d, e, left_c, left_s, right_c, right_s] = store.reals(n);
        let [tau_q, tau_p, tau_r] = store.reals::<3>(2 * n).map(|taus| taus.as_chunks_mut().0);
        let [divide] = store.reals(if plan.divided() { divide_workspace_len(n) } else { 0 });
        let rotations = Rotations { left_c, left_s, right_c, right_s };
        Core {
            plan: *plan,
            level: Level::detect(),
            d,
            e,
            rotations,
            tau_q,
            tau_p,
            tau_r,
            columns,
            row,
            copy,
            square,
            rows,
            left,
            right,
            middle,
            divide,
            blocks,
            put_off,
        }
    }

    /// A dense matrix: to bidiagonal form, to diagonal form, and back.
    pub(crate) fn solve_dense(&mut self) -> Result<(), Error> {
        if self.plan.tall {
            self.triangularize();
        }
        self.reduce();
        if !self.plan.vectors {
            return diagonalize::values_alone(self.d, self.e, &mut self.rotations, self.level);
        }
        if self.plan.divided() {
            self.divide()?;
        } else {
            self.iterate()?;
        }
        if self.plan.tall {
            let q = Reflectors::all(&self.copy, &self.tau_r[..self.plan.cols]);
            block::apply(self.level, q, &mut self.left, self.plan.filled(), self.blocks);
        }
        Ok(())
    }

    /// A = Q R, panel by panel, which is made of narrower panels that stay in the cache; R goes to `square`.
    fn triangularize(&mut self) {
        let n = self.plan.cols;
        self.square.set_unit_columns(0);
        for first in (0..n).step_by(BLOCK) {
            let end = n.min(first + BLOCK);
            for first in (first..end).step_by(PANEL) {
                self.panel(first, end.min(first + PANEL));
                self.update(first, end.min(first + PANEL), end);
            }
            self.update(first, end, n);
        }
    }

    /// The reflectors of columns `first..end`.
    fn panel(&mut self, first: usize, end: usize) {
        let a = self.copy.reborrow().split(first).1.split(end - first).0;
        let r = self.square.reborrow().split(first).1;
        let [v, ..] = &mut self.columns;
        self.level.run(Panel { a, first, r, tau: &mut self.tau_r[first..end], v });
    }

    /// Applies the reflectors of columns `first..middle` to columns `middle..end`.
    fn update(&mut self, first: usize, middle: usize, end: usize) {
        if middle < end {
            let (a, trailing) = self.copy.reborrow().split(first).1.split(middle - first);
            let mut trailing = trailing.split(end - middle).0;
            let tau = &self.tau_r[first..middle];
            let filled = a.depth;
            let q = Reflectors { row: first, ..Reflectors::all(&a, tau) };
            block::apply_block(self.level, Product::Adjoint, q, &mut trailing, filled, self.blocks);
        }
    }

    /// To bidiagonal form; the reflectors are left in `copy` (or `square`) and in `rows`.
    fn reduce(&mut self) {
        let level = self.level;
        self.tau_p[0] = [R::zero(); 2];
        if self.plan.vectors {
            self.rows.column(0).fill([R::zero(); LANES]);
        }
        let in_blocks = self.plan.reduced_in_blocks(size_of::<R>() * self.copy.parts);
        for first in (0..in_blocks).step_by(PUT_OFF) {
            let (task, off) = self.reduction(first);
            level.run(ReduceBlock { task, off });
            self.catch_up(first);
        }
        let (task, _) = self.reduction(in_blocks);
        level.run(task);
    }

    /// The reduction of the columns from `first` on.
    fn reduction(&mut self, first: usize) -> (Reduce<'_, R>, &mut PutOff<'w, R>) {
        let n = self.plan.cols;
        let a = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow().split(n).0 };
        // The columns of the square matrix are shorter than those of A.
        let len = a.stride();
        let [v, w, z] = self.columns.each_mut().map(|column| &mut column[..len]);
        let scratch = Scratch { v, w, z, x: &mut *self.row };
        let p = if self.plan.vectors { Some(self.rows.reborrow()) } else { None };
        let b = Bidiagonal { d: self.d, e: self.e, tau_q: self.tau_q, tau_p: self.tau_p };
        (Reduce { a, first, p, b, scratch }, &mut self.put_off)
    }

    /// The updates that columns `first..first + PUT_OFF` put off.
    fn catch_up(&mut self, first: usize) {
        let (n, end) = (self.plan.cols, first + PUT_OFF);
        let a = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow().split(n).0 };
        let (depth, parts, top) = (a.depth, a.parts, first / LANES);
        let (v, c) = a.split(first).1.split(PUT_OFF);
        let [w, factors] = self.put_off.waiting((end, n), top);
        let v = Block { data: v.data, shape: w.shape };
        let shape = PlaneShape { top, lanes: depth - top, cols: n - end, depth, parts };
        BlockMut { data: c.data, shape }.add_product(self.level, &[v, w], factors);
    }

    /// Small matrices: the reflectors become the bases in place, and QR iteration turns them.
    fn iterate(&mut self) -> Result<(), Error> {
        let (n, level) = (self.plan.cols, self.level);
        let mut q = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow() };
        let len = q.stride();
        let [v, ..] = &mut self.columns;
        q.reborrow().split(n).1.set_unit_columns(n);
        level.run(Form { q: q.reborrow(), tau: self.tau_q, v: &mut v[..len] });
        level.run(Form { q: self.rows.reborrow(), tau: self.tau_p, v: self.row });
        let sink = &mut Columns { u: q, v: self.rows.reborrow(), level };
        diagonalize::qr_iteration(self.d, self.e, &mut self.rotations, sink)?;
        if self.plan.tall {
            spread(&self.square, n, &mut self.left);
        }
        Ok(())
    }

    /// Large matrices: divide and conquer, and the reflectors applied to what comes out.
    fn divide(&mut self) -> Result<(), Error> {
        let (n, level) = (self.plan.cols, self.level);
        let [x, y] = &mut self.middle;
        diagonalize::divide_and_conquer(self.d, self.e, x.reborrow(), y.reborrow(), self.divide, level)?;
        spread(x, n, &mut self.left);
        let q = if self.plan.tall { &self.square } else { &self.copy };
        block::apply(level, Reflectors::all(q, self.tau_q), &mut self.left, self.plan.filled(), self.blocks);
        spread(y, n, &mut self.right);
        block::apply(level, Reflectors::all(&self.rows, self.tau_p), &mut self.right, n, self.blocks);
        Ok(())
    }

    /// The left basis and the right one, once they are there.
    fn bases(&mut self) -> [Planes<'_, R>; 2] {
        let apart = self.plan.tall || self.plan.divided();
        let left = if apart { &mut self.left } else { &mut self.copy };
        let right = if self.plan.divided() { &mut self.right } else { &mut self.rows };
        [left.reborrow(), right.reborrow()]
    }

    /// A bidiagonal matrix: no reflectors, only phases and the rotations of a lower band.
    pub(crate) fn solve_band<S: Scalar<Real = R>>(
        &mut self,
        a: MatRef<'_, S>,
        band: banded::Band,
        p: i32,
    ) -> Result<(), Error> {
        let parts = self.copy.parts;
        let [left, ..] = &mut self.columns;
        let mut frame = Frame {
            left: Planes::from_column(left, parts),
            right: Planes::from_column(self.row, parts),
            c: &mut *self.rotations.left_c,
            s: &mut *self.rotations.left_s,
        };
        banded::extract(a, self.plan.transposed, band, p, (&mut *self.d, &mut *self.e), &mut frame);
        let apart = self.plan.tall || self.plan.divided();
        let (d, e) = (&mut *self.d, &mut *self.e);
        if !self.plan.vectors {
            return diagonalize::values_alone(d, e, &mut self.rotations, self.level);
        }
        // The fields of `bases`, borrowed beside the frame.
        let mut left = if apart { self.left.reborrow() } else { self.copy.reborrow() };
        let mut right = if self.plan.divided() { self.right.reborrow() } else { self.rows.reborrow() };
        frame.write((&mut left, self.plan.rows), (&mut right, self.plan.cols));
        let sink = &mut Columns { u: left, v: right, level: self.level };
        diagonalize::qr_iteration(d, e, &mut self.rotations, sink)?;
        Ok(())
    }

    /// Copies the results out; nothing is written before the last possible error.
    pub(crate) fn write<S: Scalar<Real = R>>(&mut self, p: i32, out: FactorsMut<'_, S>) -> Result<(), Error> {
        let unscale = |d: &R| d.mul_pow2(p);
        if self.d.first().is_some_and(|d| !unscale(d).is_finite()) {
            return Err(Error::Overflow);
        }
        for (s, d) in out.s.iter_mut().zip(&*self.d) {
            *s = unscale(d);
        }
        if self.plan.vectors {
            let (tall, short) = if self.plan.transposed { (out.v, out.u) } else { (out.u, out.v) };
            let [left, right] = self.bases();
            copy_out(&left, tall);
            copy_out(&right, short);
        }
        Ok(())
    }
}

/// The leading columns of a basis.
fn copy_out<S: Scalar>(basis: &Planes<'_, S::Real>, mut to: MatMut<'_, S>) {
    let stride = basis.stride();
    for (j, column) in basis.data.chunks_exact(stride).take(to.cols()).enumerate() {
        let (re, im) = column.as_flattened().split_at(basis.depth * LANES);
        let entry = |i: usize| S::from_parts(re[i], if S::PARTS == 2 { im[i] } else { re[i] });
        match to.contiguous_col(j) {
            Some(target) => target.iter_mut().enumerate().for_each(|(i, x)| *x = entry(i)),
            None => (0..to.rows()).for_each(|i| to.put(i, j, entry(i))),
        }
    }
}

/// Copies the n×n matrix `from` to the top left of `to`, [X 0; 0 I], plane by plane; a real matrix gets no imaginary part.
fn spread<R: Real>(from: &Planes<'_, R>, n: usize, to: &mut Planes<'_, R>) {
    to.set_unit_columns(0);
    let (depth, stride) = (from.depth, to.stride());
    let columns = from.data.chunks_exact(from.stride()).zip(to.data.chunks_exact_mut(stride));
    for (from, column) in columns.take(n) {
        for (from, plane) in from.chunks_exact(depth).zip(column.chunks_exact_mut(to.depth)) {
            plane[..depth].copy_from_slice(from);
        }
    }
}
