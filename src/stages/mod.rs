//! The stages of the decomposition in their order, and the work storage that they share.

mod carve;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod ways;

use crate::banded::{self, Frame};
use crate::bidiagonal::{Bidiagonal, Form, PUT_OFF, PutOff, Reduce, ReduceBlock, Scratch, Tau};
use crate::block::{self, Reflectors, panels_scratch_cols};
use crate::diagonalize::{self, Columns};
use crate::error::Error;
use crate::jacobi::pairs::Turned;
use crate::kernel::team::{Team, join};
use crate::kernel::{Block, BlockMut, LANES, Lane, Level, PlaneShape, Planes};
use crate::matrix::{MatMut, MatRef};
use crate::plan::Plan;
use crate::scalar::{Real, Scalar};
use crate::scale;
use crate::svd::FactorsMut;
use crate::tall::{self, RowBlocks, Triangle};

/// The matrix on its way to U, s and V.
pub(crate) struct Core<'w, R> {
    plan: Plan,
    level: Level,
    d: &'w mut [R],
    e: &'w mut [R],
    /// Of the quotients of singular values alone, and of the rotations of a lower band.
    scratch: [&'w mut [R]; 4],
    tau_q: &'w mut [Tau<R>],
    tau_p: &'w mut [Tau<R>],
    tau_r: &'w mut [Tau<R>],
    /// v, w and z.
    columns: [&'w mut [Lane<R>]; 3],
    /// x.
    row: &'w mut [Lane<R>],
    /// z of the pieces.
    more: &'w mut [Lane<R>],
    // What each of these holds, and when, is said at `Stores`.
    copy: Planes<'w, R>,
    square: Planes<'w, R>,
    rows: Planes<'w, R>,
    left: Planes<'w, R>,
    right: Planes<'w, R>,
    /// X and Y of B = X diag(s) Yᵀ.
    middle: [Planes<'w, R>; 2],
    joint: Planes<'w, R>,
    /// How the rows of `copy` and `left` are cut.
    row_blocks: RowBlocks,
    divide: &'w mut [R],
    blocks: &'w mut [Lane<R>],
    /// The columns of R where they are turned in pairs.
    turned: &'w mut [R],
    put_off: PutOff<'w, R>,
}

impl<'w, R: Real> Core<'w, R> {
    /// Copies 2⁻ᵖ A, or its adjoint, to the work storage.
    pub(crate) fn load<S: Scalar<Real = R>>(&mut self, a: MatRef<'_, S>, p: i32) -> Result<(), Error> {
        let (n, blocks, shared) = (self.plan.cols, self.row_blocks, self.shared());
        for i in 0..blocks.count() {
            let (first, rows) = blocks.rows(i);
            let part = if self.plan.transposed { a.block(0, first, n, rows)? } else { a.block(first, 0, rows, n)? };
            let (left, right) = blocks.block(&mut self.copy, i).split(n / 2);
            let [one, other] = self.plan.halves(part)?;
            let adjoint = self.plan.transposed;
            join(shared, || scale::load(one, adjoint, p, left), || scale::load(other, adjoint, p, right));
        }
        Ok(())
    }

    /// A dense matrix: to bidiagonal form, to diagonal form, and back.
    pub(crate) fn solve_dense(&mut self) -> Result<(), Error> {
        let shared = self.shared();
        if self.plan.vectors {
            return Team::lead(shared, |team| {
                self.factor();
                if !self.turn_pairs() {
                    self.reduce(team);
                    if self.plan.divided() { self.divide()? } else { self.iterate()? }
                }
                if self.plan.tall {
                    self.form_left();
                }
                Ok(())
            });
        }
        Team::lead(shared, |team| {
            self.factor();
            self.reduce(team);
            self.values_alone(team)
        })
    }

    /// The beginning of [`solve_dense`](Self::solve_dense) of a matrix that is not tall and whose vectors are found by QR iteration: to bidiagonal form, with both bases.
    pub(crate) fn begin(&mut self) {
        Team::lead(false, |team| self.reduce(team));
        self.form();
    }

    /// What [`qr_iteration`](diagonalize::qr_iteration) then makes diagonal.
    pub(crate) fn matrix(&mut self) -> diagonalize::Matrix<'_, R> {
        let u = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow() };
        let bases = Columns { u, v: self.rows.reborrow(), level: self.level };
        diagonalize::Matrix { d: self.d, e: self.e, bases }
    }

    /// A tall A = Q R; R goes to `square`.
    fn factor(&mut self) {
        if !self.plan.tall {
            return;
        }
        let [v, ..] = &mut self.columns;
        let mut triangle = Triangle {
            level: self.level,
            blocks: self.row_blocks,
            a: &mut self.copy,
            r: &mut self.square,
            tau: self.tau_r,
            v,
            scratch: self.blocks,
        };
        triangle.compute();
    }

    /// R = X diag(s) Vᴴ by one-sided Jacobi where that serves. False, and R as it was, where it does not.
    fn turn_pairs(&mut self) -> bool {
        if self.turned.is_empty() {
            return false;
        }
        let r = Turned { a: self.square.reborrow(), d: &mut *self.d, v: self.rows.reborrow() };
        let done = r.decompose(self.turned, self.level);
        if done {
            self.set_left_corner();
        }
        done
    }

    /// [X 0; 0 I], X from `square`.
    fn set_left_corner(&mut self) {
        self.row_blocks.block(&mut self.left, 0).set_corner(&self.square, self.plan.cols);
    }

    /// Q [X; 0] from the X at the top of `left`.
    fn form_left(&mut self) {
        let mut form = tall::Form {
            level: self.level,
            blocks: self.row_blocks,
            v: &mut self.copy,
            tau: self.tau_r,
            c: &mut self.left,
            gram: &mut self.square,
            z: &mut self.joint,
            scratch: self.blocks,
        };
        form.compute(self.plan.thin());
    }

    /// Of a matrix with orthonormal columns: those that complete the basis.
    pub(crate) fn complete<S: Scalar<Real = R>>(&mut self, rest: MatMut<'_, S>) {
        self.factor();
        self.left.set_unit_rows(0);
        self.form_left();
        scale::unload(&self.left.reborrow().split(self.plan.cols).1, rest);
    }

    /// To bidiagonal form; the reflectors are left in `copy` (or `square`) and in `rows`.
    fn reduce(&mut self, team: &Team) {
        let level = self.level;
        self.tau_p[0] = [R::zero(); 2];
        if self.plan.vectors {
            self.rows.column(0).fill([R::zero(); LANES]);
        }
        let in_blocks = self.plan.reduced_in_blocks(size_of::<R>() * self.copy.parts);
        for first in (0..in_blocks).step_by(PUT_OFF) {
            let (task, off) = self.reduction(first, team);
            level.run(ReduceBlock { task, off });
            self.catch_up(first, team);
        }
        let (task, _) = self.reduction(in_blocks, team);
        level.run(task);
    }

    /// Whether the work is cut into pieces for several threads.
    fn shared(&self) -> bool {
        self.plan.shared(size_of::<R>() * self.copy.parts)
    }

    /// The reduction of the columns from `first` on.
    fn reduction<'a>(&'a mut self, first: usize, team: &'a Team) -> (Reduce<'a, R>, &'a mut PutOff<'w, R>) {
        let n = self.plan.cols;
        let a = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow().split(n).0 };
        // The columns of the square matrix are shorter than those of A.
        let len = a.stride();
        let [v, w, z] = self.columns.each_mut().map(|column| &mut column[..len]);
        let scratch = Scratch { v, w, z, x: &mut *self.row, more: &mut *self.more };
        let p = if self.plan.vectors { Some(self.rows.reborrow()) } else { None };
        let b = Bidiagonal { d: self.d, e: self.e, tau_q: self.tau_q, tau_p: self.tau_p };
        (Reduce { a, first, p, b, scratch, workers: (team, self.level) }, &mut self.put_off)
    }

    /// The updates that columns `first..first + PUT_OFF` put off.
    fn catch_up(&mut self, first: usize, team: &Team) {
        let (n, end) = (self.plan.cols, first + PUT_OFF);
        let a = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow().split(n).0 };
        let (depth, parts, top) = (a.depth, a.parts, first / LANES);
        let (v, c) = a.split(first).1.split(PUT_OFF);
        let [w, factors] = self.put_off.waiting((end, n), top);
        let v = Block { data: v.data, shape: w.shape };
        let shape = PlaneShape { top, lanes: depth - top, cols: n - end, depth, parts };
        BlockMut { data: c.data, shape }.add_product_together((team, self.level), &[v, w], factors);
    }

    /// The singular values of B; the matrix is not needed any more.
    fn values_alone(&mut self, team: &Team) -> Result<(), Error> {
        let memory = self.copy.data.as_flattened_mut();
        diagonalize::values_alone(self.d, self.e, &mut self.scratch, memory, (team, self.level))
    }

    /// Small matrices: the reflectors become the bases, and QR iteration turns them.
    fn iterate(&mut self) -> Result<(), Error> {
        self.form();
        let diagonalize::Matrix { d, e, mut bases } = self.matrix();
        diagonalize::qr_iteration(d, e, &mut bases)?;
        if self.plan.tall {
            self.set_left_corner();
        }
        Ok(())
    }

    /// The bases from the reflectors, in place.
    fn form(&mut self) {
        let (n, level) = (self.plan.cols, self.level);
        let mut q = if self.plan.tall { self.square.reborrow() } else { self.copy.reborrow() };
        let len = q.stride();
        let [v, ..] = &mut self.columns;
        q.reborrow().split(n).1.set_unit_columns(n);
        level.run(Form { q, tau: self.tau_q, v: &mut v[..len] });
        level.run(Form { q: self.rows.reborrow(), tau: self.tau_p, v: self.row });
    }

    /// Large matrices: divide and conquer, and the reflectors applied to what comes out.
    fn divide(&mut self) -> Result<(), Error> {
        let (n, level, shared) = (self.plan.cols, self.level, self.shared());
        let [x, y] = &mut self.middle;
        let bases = (x.reborrow(), y.reborrow());
        diagonalize::divide_and_conquer(self.d, self.e, bases, self.divide, (level, shared))?;
        let mut left = self.row_blocks.block(&mut self.left, 0);
        let q = if self.plan.tall { &self.square } else { &self.copy };
        let q = Reflectors::all(q, self.tau_q);
        let filled = if self.plan.thin() { n } else { left.depth * LANES };
        let (right, p) = (&mut self.right, Reflectors::all(&self.rows, self.tau_p));
        if !shared {
            left.set_corner(x, n);
            block::apply(level, q, &mut left, filled, self.blocks);
            right.set_corner(y, n);
            block::apply(level, p, right, n, self.blocks);
            return Ok(());
        }
        let [of_left, of_right] = [self.plan.left_cols, n].map(panels_scratch_cols);
        let of_left = self.blocks.len() / (of_left + of_right) * of_left;
        let (one, other) = self.blocks.split_at_mut(of_left);
        join(
            true,
            || {
                left.set_corner(x, n);
                block::apply_in_panels(level, q, left, filled, one);
            },
            || {
                right.set_corner(y, n);
                block::apply_in_panels(level, p, right.reborrow(), n, other);
            },
        );
        Ok(())
    }

    /// The left basis and the right one, once they are there.
    fn bases(&mut self) -> [Planes<'_, R>; 2] {
        let left = if self.plan.apart() { &mut self.left } else { &mut self.copy };
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
        self.row_blocks = RowBlocks::whole(self.plan.rows);
        let [left, ..] = &mut self.columns;
        let [c, s, ..] = &mut self.scratch;
        let mut frame =
            Frame { left: Planes::from_column(left, parts), right: Planes::from_column(self.row, parts), c, s };
        banded::extract((a, self.plan.transposed), band, p, (&mut *self.d, &mut *self.e), &mut frame);
        if !self.plan.vectors {
            return Team::lead(false, |team| self.values_alone(team));
        }
        // The fields of `bases`, borrowed beside the frame.
        let mut left = if self.plan.apart() { self.left.reborrow() } else { self.copy.reborrow() };
        let mut right = if self.plan.divided() { self.right.reborrow() } else { self.rows.reborrow() };
        frame.write((&mut left, self.plan.rows), (&mut right, self.plan.cols));
        let sink = &mut Columns { u: left, v: right, level: self.level };
        diagonalize::qr_iteration(self.d, self.e, sink)?;
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
            let (mut tall, short) = if self.plan.transposed { (out.v, out.u) } else { (out.u, out.v) };
            let cols = tall.cols();
            let blocks = self.row_blocks;
            let shared = self.shared();
            let [mut left, right] = self.bases();
            let write_left = || {
                for i in 0..blocks.count() {
                    let (first, rows) = blocks.rows(i);
                    scale::unload(&blocks.block(&mut left, i), tall.reborrow().block(first, 0, rows, cols)?);
                }
                Ok(())
            };
            let (written, ()) = join(shared, write_left, || scale::unload(&right, short));
            written?;
        }
        Ok(())
    }
}
