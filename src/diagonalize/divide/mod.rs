//! B = X diag(s) Yᵀ for a real upper bidiagonal B, by divide and conquer (Gu & Eisenstat 1995).
//!
//! A row is taken out of the middle, the two halves are decomposed, and the halves are merged. Nearly all of the work is in
//! matrix products, about 8/3 n³ flops for both factors, and less the more singular vectors of the halves
//! turn out to be singular vectors of the whole. Small blocks are left to the QR iteration.
//!
//! All is relative to the largest entry of B: nothing smaller than a few ε of it is resolved. Where singular values
//! are wanted to high relative accuracy the QR iteration must be used.

mod basis;
mod merge;
mod poles;
mod secular;
#[cfg(test)]
mod tests;
mod vectors;

use super::iteration::sort;
use super::{Columns, qr_iteration};
use crate::error::Error;
use crate::kernel::team::{join, threads};
use crate::kernel::{LANES, Level, Planes, padded};
use crate::scalar::Real;
use crate::workspace::Arena;
use basis::Basis;
use merge::{Block, Factors, Scratch, scratch_len};

/// Blocks of at most this size are not divided. From 8 to 24 it makes no difference at larger sizes; at 24 itself a merge wins.
const LEAF: usize = 20;

/// Reals that [`divide_and_conquer`] needs for a matrix of order `n`: about 3/2 n². Saturates where no memory could hold it.
pub(crate) const fn divide_workspace_len(n: usize) -> usize {
    if n <= LEAF { 0 } else { scratch_len(n).saturating_add(LEAF_LEN.saturating_mul(trees(n))) }
}

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry unused),
/// descending and non-negative, `x` and `y` by X and Y, and `e` by nothing of use. The padding of `x` and `y` is zero.
///
/// `shared`: several threads may take part; the result is the same.
///
/// Residual, orthogonality and each singular value are accurate to a small multiple of n ε s₁.
/// Workspace: [`divide_workspace_len`].
///
/// # Errors
/// [`Error::NoConvergence`] when a budget of steps is used up, or an entry is not finite; [`Error::Workspace`].
pub(crate) fn divide_and_conquer<R: Real>(
    d: &mut [R],
    e: &mut [R],
    (mut x, mut y): (Planes<'_, R>, Planes<'_, R>),
    work: &mut [R],
    (level, shared): (Level, bool),
) -> Result<(), Error> {
    let n = d.len();
    let mut arena = Arena::new(work, divide_workspace_len(n))?;
    let largest = d.iter().chain(e.iter().take(n.saturating_sub(1))).fold(R::zero(), |max, x| max.larger(x.abs()));
    if n <= LEAF || largest == R::zero() {
        x.set_unit_columns(0);
        y.set_unit_columns(0);
    }
    if largest == R::zero() {
        d.fill(R::zero());
        return Ok(());
    }
    let p = largest.exponent();
    d.iter_mut().chain(&mut *e).for_each(|x| *x = x.mul_pow2(-p));
    if n <= LEAF {
        qr_iteration(d, e, &mut Columns { u: x, v: y, level })?;
    } else {
        // The matrices first: they start at a cache line if the workspace does.
        let scratch = Scratch::carve(&mut arena, n, shared);
        let factors = Factors { x: Basis::zeros(x), y: Basis::zeros(y), scratch, level };
        let mut tree = Tree { factors, leaves: arena.take(LEAF_LEN * trees(n)) };
        tree.solve(Block { first: 0, size: n, extra: 0 }, d, e)?;
        tree.sort(d);
    }
    for s in d {
        *s = s.mul_pow2(p);
    }
    Ok(())
}

/// Order from which the halves are decomposed at the same time.
const SPLIT_FROM: usize = 128;

/// Reals for a block that is not divided: d and e.
const LEAF_LEN: usize = 2 * (LEAF + 1);

/// Blocks of a matrix of order `n` that are decomposed at the same time: a power of two.
const fn trees(n: usize) -> usize {
    let (mut trees, mut size) = (1, n);
    while size >= SPLIT_FROM {
        trees *= 2;
        // No half is larger.
        size = size / 2 + LANES;
    }
    trees
}

/// The recursion.
struct Tree<'a, 'w, R> {
    factors: Factors<'a, 'w, R>,
    /// [`LEAF_LEN`] for each block that is decomposed at the same time.
    leaves: &'w mut [R],
}

impl<R: Real> Tree<'_, '_, R> {
    fn solve(&mut self, block: Block, d: &mut [R], e: &mut [R]) -> Result<(), Error> {
        if block.size <= LEAF {
            return self.leaf(block, d, e);
        }
        let (top, bottom) = block.halves();
        if self.factors.scratch.is_shared() && block.size >= SPLIT_FROM && threads() > 1 {
            self.solve_both(top, bottom, d, e)?;
        } else {
            self.solve(top, d, e)?;
            self.solve(bottom, d, e)?;
        }
        self.factors.merge(block, d, e)
    }

    /// Two blocks at the same time, which have neither rows nor columns in common. The matrices of the lower one are numbered from zero.
    fn solve_both(&mut self, top: Block, bottom: Block, d: &mut [R], e: &mut [R]) -> Result<(), Error> {
        let at = bottom.first;
        let level = self.factors.level;
        let (leaves, more_leaves) = self.leaves.split_at_mut(self.leaves.len() / 2);
        let [x, lower_x] = self.factors.x.corners(at);
        let [y, lower_y] = self.factors.y.corners(at);
        let [scratch, more_scratch] = self.factors.scratch.halves(top.first + top.size);
        let mut upper = Tree { factors: Factors { x, y, scratch, level }, leaves };
        let factors = Factors { x: lower_x, y: lower_y, scratch: more_scratch, level };
        let mut lower = Tree { factors, leaves: more_leaves };
        let ((d, lower_d), (e, lower_e)) = (d.split_at_mut(at), e.split_at_mut(at));
        let bottom = Block { first: 0, ..bottom };
        let (one, other) = join(true, || upper.solve(top, d, e), || lower.solve(bottom, lower_d, lower_e));
        one.and(other)
    }

    /// A block of its own. One with an extra column gets a row of zeros: a zero-shift sweep makes its singular value an
    /// exact zero, which is sorted last, and no rotation reaches that row.
    fn leaf(&mut self, block: Block, d: &mut [R], e: &[R]) -> Result<(), Error> {
        let Block { size, extra, .. } = block;
        let order = size + extra;
        let mut arena = Arena::new(self.leaves, LEAF_LEN)?;
        let (leaf_d, leaf_e) = (arena.take(order), arena.take(order));
        leaf_d[size..].fill(R::zero());
        leaf_d[..size].copy_from_slice(&d[block.rows()]);
        leaf_e[..size].copy_from_slice(&e[block.rows()]);
        let level = self.factors.level;
        let scratch = &mut self.factors.scratch;
        let mut u = square(scratch.gathered, order);
        let mut v = square(scratch.vectors, order);
        u.set_unit_columns(0);
        v.set_unit_columns(0);
        let sink = &mut Columns { u: u.reborrow(), v: v.reborrow(), level };
        qr_iteration(leaf_d, leaf_e, sink)?;
        d[block.rows()].copy_from_slice(&leaf_d[..size]);
        let (x, y) = (&mut self.factors.x, &mut self.factors.y);
        for j in 0..size {
            x.column_mut(block.first + j, block.rows()).copy_from_slice(&u.column(j).as_flattened()[..size]);
        }
        for j in 0..order {
            y.column_mut(block.first + j, block.columns()).copy_from_slice(&v.column(j).as_flattened()[..order]);
        }
        Ok(())
    }

    /// Descending order of the values, and of the columns of both bases with them.
    fn sort(&mut self, d: &mut [R]) {
        let Factors { x, y, scratch, .. } = &mut self.factors;
        let shared = scratch.is_shared();
        let copy = &mut scratch.vectors[..d.len()];
        copy.copy_from_slice(d);
        join(shared, || sort(d, |i, j| x.swap(i, j)), || sort(copy, |i, j| y.swap(i, j)));
    }
}

/// A square matrix at the start of a piece of memory.
fn square<R: Real>(memory: &mut [R], order: usize) -> Planes<'_, R> {
    let depth = padded(order) / LANES;
    let (lanes, _) = memory.as_chunks_mut();
    Planes { data: &mut lanes[..depth * order], depth, parts: 1 }
}
