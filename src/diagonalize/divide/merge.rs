//! One merge of the divide and conquer: the singular value decompositions of two halves into that of the whole.
//!
//! With B₁ = X₁ (S₁ 0) Y₁ᵀ of n₁ × (n₁ + 1), B₂ = X₂ (S₂ 0) Y₂ᵀ below it, and the row (α, β) between them,
//!
//!   B = [B₁; α β; B₂] = diag(X₁, 1, X₂) · M · diag(Y₁, Y₂)ᵀ,
//!
//! M has the row z = (α · last row of Y₁, β · first row of Y₂), and S₁, S₂ on its diagonal (Gu & Eisenstat 1995,
//! section 2). The null vectors of the halves are rotated into one that M does not touch and one that belongs to the pole
//! zero. What remains is M = U diag(s) Vᵀ, and X ← diag(X₁, 1, X₂) U, Y ← diag(Y₁, Y₂) V, half by half.

use core::ops::Range;

use super::basis::Basis;
use super::poles::{self, FIELDS, Kind, Pole, Record};
use super::secular::Roots;
use super::vectors::{Left, Lowner, Right};
use crate::error::Error;
use crate::kernel::team::spread;
use crate::kernel::{LANES, Level, Operand, gemm_shared, padded};
use crate::matrix::MatRef;
use crate::scalar::Real;
use crate::workspace::Arena;

/// The part of B between rows `first` and `first` + `size`, which has `extra` columns more than rows, 0 or 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) size: usize,
    pub(super) extra: usize,
}

impl Block {
    /// The row between the halves: such that whole lanes of rows are above the lower half. The block is larger than a leaf.
    pub(super) fn middle(self) -> usize {
        let upper = (self.size.div_ceil(2) + LANES / 2) / LANES * LANES;
        self.first + upper - 1
    }

    /// What is above the middle row, and what is below.
    pub(super) fn halves(self) -> (Block, Block) {
        let (middle, end) = (self.middle(), self.first + self.size);
        let top = Block { first: self.first, size: middle - self.first, extra: 1 };
        (top, Block { first: middle + 1, size: end - middle - 1, extra: self.extra })
    }

    /// Rows of X and columns of the singular vectors.
    pub(super) fn rows(self) -> Range<usize> {
        self.first..self.first + self.size
    }

    /// Rows of Y.
    pub(super) fn columns(self) -> Range<usize> {
        self.first..self.first + self.size + self.extra
    }
}

/// Memory for the largest merge, used by all.
pub(super) struct Scratch<'w, R> {
    /// Columns of one half, on their way through a product.
    pub(super) gathered: &'w mut [R],
    /// The singular vectors of M.
    pub(super) vectors: &'w mut [R],
    records: &'w mut [Record<R>],
    /// σ, z, z² (then s), origins, offsets and, in the order of the rows of the vectors, σ and z.
    arrays: [&'w mut [R]; ARRAYS],
    /// Whether merges are shared out among threads.
    shared: bool,
}

const ARRAYS: usize = 7;

/// Reals of a [`Scratch`] for blocks of up to `n` rows.
pub(super) const fn scratch_len(n: usize) -> usize {
    let square = padded(n).saturating_mul(n);
    let lists = padded(n).saturating_mul(ARRAYS + FIELDS);
    square.saturating_add(gathered_len(n)).saturating_add(lists)
}

/// The rows of the larger half, in every column.
pub(super) const fn gathered_len(n: usize) -> usize {
    padded(n / 2 + LANES / 2 + 1).saturating_mul(n)
}

impl<'w, R: Real> Scratch<'w, R> {
    pub(super) fn carve(arena: &mut Arena<'w, R>, n: usize, shared: bool) -> Self {
        let vectors = arena.take(padded(n) * n);
        let gathered = arena.take(gathered_len(n));
        let arrays = core::array::from_fn(|_| arena.take(padded(n)));
        let (records, _) = arena.take(n * FIELDS).as_chunks_mut();
        Scratch { gathered, vectors, records, arrays, shared }
    }

    /// Whether merges are shared out among threads.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// One for each of two halves, of which the first has `size` rows: together they need less than the whole.
    pub(super) fn halves(&mut self, size: usize) -> [Scratch<'_, R>; 2] {
        let shared = self.shared;
        let half = |len: usize| (len / 2).next_multiple_of(LANES);
        let (gathered, more_gathered) = self.gathered.split_at_mut(half(self.gathered.len()));
        let (vectors, more_vectors) = self.vectors.split_at_mut(half(self.vectors.len()));
        let (records, more_records) = self.records.split_at_mut(size);
        let mut arrays: [[&mut [R]; ARRAYS]; 2] = Default::default();
        for (i, array) in self.arrays.iter_mut().enumerate() {
            let (one, other) = array.split_at_mut(padded(size));
            (arrays[0][i], arrays[1][i]) = (one, other);
        }
        let [arrays, more_arrays] = arrays;
        [
            Scratch { gathered, vectors, records, arrays, shared },
            Scratch {
                gathered: more_gathered,
                vectors: more_vectors,
                records: more_records,
                arrays: more_arrays,
                shared,
            },
        ]
    }
}

/// X, Y and the memory.
pub(super) struct Factors<'a, 'w, R> {
    pub(super) x: Basis<'a, R>,
    pub(super) y: Basis<'a, R>,
    pub(super) scratch: Scratch<'w, R>,
    pub(super) level: Level,
}

impl<R: Real> Factors<'_, '_, R> {
    /// Merges the halves of `block`: their singular values in `d`, between them α, and β in `e`. The new ones are left in
    /// `d`, in no particular order, and their vectors in the columns of X and Y.
    pub(super) fn merge(&mut self, block: Block, d: &mut [R], e: &[R]) -> Result<(), Error> {
        let middle = block.middle();
        let z = self.join(block, d[middle], e[middle]);
        self.load(block, d, (d[middle], e[middle]), z)?;
        let count = self.deflate(block);
        self.solve(count, &mut d[block.rows()])?;
        let kept = &self.scratch.records[..count];
        let row = |kind: Kind| kept.partition_point(|record| Pole::load(record).kind < kind);
        let (middle_row, mixed, bottom) = (row(Kind::Middle), row(Kind::Mixed), row(Kind::Bottom));
        let (upper, lower) = (block.first..middle + 1, middle + 1..block.first + block.size);

        self.right_vectors(count);
        let product = Product { first: block.first, count, size: block.size };
        product.apply(&mut self.y, upper.clone(), 0..bottom, &mut self.scratch)?;
        product.apply(&mut self.y, lower.start..lower.end + block.extra, middle_row..count, &mut self.scratch)?;
        self.left_vectors(count, middle_row);
        product.apply(&mut self.x, upper, 0..bottom, &mut self.scratch)?;
        product.apply(&mut self.x, lower, mixed..count, &mut self.scratch)
    }

    /// Rotates the null vectors of the halves into one of B, in the last column, and one that belongs to the middle
    /// row. Returns z₀ ≥ 0.
    fn join(&mut self, block: Block, alpha: R, beta: R) -> R {
        let (middle, end) = (block.middle(), block.first + block.size);
        self.x.column_mut(middle, middle..middle + 1).fill(R::one());
        let above = alpha * self.y.at(middle, middle);
        if block.extra == 0 {
            if above < R::zero() {
                self.y.column_mut(middle, block.columns()).iter_mut().for_each(|y| *y = -*y);
            }
            return above.abs();
        }
        let below = beta * self.y.at(middle + 1, end);
        let z = above.hypot(below);
        if z > R::zero() {
            self.y.rotate((middle, end), (above / z, below / z), block.columns());
        }
        z
    }

    /// Writes the records of all poles, the middle one first, the others ascending.
    fn load(&mut self, block: Block, d: &[R], (alpha, beta): (R, R), z: R) -> Result<(), Error> {
        let middle = block.middle();
        let records = &mut self.scratch.records[..block.size];
        let mut finite = z.is_finite();
        for (record, column) in records.iter_mut().zip(block.rows()) {
            let (kind, factor, row) =
                if column < middle { (Kind::Top, alpha, middle) } else { (Kind::Bottom, beta, middle + 1) };
            let pole = Pole { sigma: d[column], z: factor * self.y.at(row, column), column, kind };
            finite &= pole.sigma.is_finite() && pole.z.is_finite();
            pole.store(record);
        }
        Pole { sigma: R::zero(), z, column: middle, kind: Kind::Middle }.store(&mut records[middle - block.first]);
        records.swap(0, middle - block.first);
        if !finite {
            return Err(no_convergence(block.size));
        }
        poles::sort_by_sigma(&mut records[1..]);
        Ok(())
    }

    /// Deflates, and sorts what remains to the front. Returns its number.
    fn deflate(&mut self, block: Block) -> usize {
        let records = &mut self.scratch.records[..block.size];
        let (x, y) = (&mut self.x, &mut self.y);
        poles::deflate(records, |i, j, rotation, both| {
            y.rotate((i, j), rotation, block.columns());
            if both {
                x.rotate((i, j), rotation, block.rows());
            }
        });
        poles::sort_out(records)
    }

    /// The roots, in descending order, and the deflated singular values, to `d`; the records are left in the order of the
    /// rows of the vectors, with ẑ in the place of z.
    fn solve(&mut self, count: usize, d: &mut [R]) -> Result<(), Error> {
        let (kept, deflated) = self.scratch.records[..d.len()].split_at_mut(count);
        let [sigma, z, weight, origin, offset, row_sigma, row_z] = self.scratch.arrays.each_mut().map(|array| {
            let (array, _) = array.split_at_mut(padded(count));
            array[count..].fill(R::zero());
            array
        });
        for (i, record) in kept.iter().enumerate() {
            let pole = Pole::load(record);
            (sigma[i], weight[i]) = (pole.sigma, pole.z * pole.z);
        }
        let (origin, offset) = (&mut origin[..count], &mut offset[..count]);
        let shared = self.scratch.shared;
        let (level, grain) = (self.level, grain(count));
        spread(
            shared,
            level,
            grain,
            Roots { sigma: &sigma[..count], weight: &weight[..count], origin, offset, first: 0 },
        );
        let failures = offset.iter().filter(|offset| !offset.is_finite()).count();
        if failures > 0 {
            return Err(no_convergence(failures));
        }
        spread(shared, level, grain, Lowner { sigma, origin, offset, z, first: 0 });
        for (record, z) in kept.iter_mut().zip(&*z) {
            let pole = Pole::load(record);
            Pole { z: z.with_sign(pole.z), ..pole }.store(record);
        }
        poles::group(kept);
        for (i, record) in kept.iter().enumerate() {
            let pole = Pole::load(record);
            (row_sigma[i], row_z[i]) = (pole.sigma, pole.z);
        }
        let (roots, others) = d.split_at_mut(count);
        for (s, (o, mu)) in roots.iter_mut().rev().zip(origin.iter().zip(&*offset)) {
            *s = *o + *mu / (*o + (*o * *o + *mu).sqrt());
        }
        for (s, record) in others.iter_mut().zip(deflated) {
            *s = Pole::load(record).sigma;
        }
        Ok(())
    }

    /// V of M.
    fn right_vectors(&mut self, count: usize) {
        let lanes = padded(count) / LANES;
        let [_, _, head, origin, offset, sigma, z] = &mut self.scratch.arrays;
        let (v, _) = self.scratch.vectors.as_chunks_mut();
        spread(
            self.scratch.shared,
            self.level,
            grain(count),
            Right {
                sigma: &sigma.as_chunks().0[..lanes],
                z: &z.as_chunks().0[..lanes],
                origin: &origin[..count],
                offset: &offset[..count],
                v,
                head,
            },
        );
    }

    /// U of M in place of V.
    fn left_vectors(&mut self, count: usize, middle: usize) {
        let lanes = padded(count) / LANES;
        let [_, _, head, _, _, sigma, _] = &self.scratch.arrays;
        let (u, _) = self.scratch.vectors.as_chunks_mut();
        let left = Left { sigma: &sigma.as_chunks().0[..lanes], middle, head: &head[..count], u };
        spread(self.scratch.shared, self.level, grain(count), left);
    }
}

/// The product of one half of a basis with the vectors of M.
#[derive(Clone, Copy)]
struct Product {
    /// First column of the block, how many of its columns take part, and how many it has.
    first: usize,
    count: usize,
    size: usize,
}

impl Product {
    /// Replaces the given rows of the basis, which are zero but in the columns of the records `used` and the deflated ones: by
    /// the product of the former with their rows of the vectors, then the latter as they are.
    fn apply<R: Real>(
        self,
        basis: &mut Basis<'_, R>,
        rows: Range<usize>,
        used: Range<usize>,
        scratch: &mut Scratch<'_, R>,
    ) -> Result<(), Error> {
        let Product { first, count, size } = self;
        let stride = padded(rows.len());
        let records = used.clone().chain(count..size).map(|i| Pole::load(&scratch.records[i]).column);
        for (gathered, column) in scratch.gathered.chunks_exact_mut(stride).zip(records) {
            gathered[..rows.len()].copy_from_slice(basis.column(column, rows.clone()));
        }
        let a = MatRef::new(scratch.gathered, rows.len(), used.len(), 1, stride)?;
        let depth = padded(count);
        let vectors = scratch.vectors.get(used.start..).unwrap_or_default();
        let b = MatRef::new(vectors, used.len(), count, 1, depth)?;
        let mut c = basis.block(rows.clone(), first..first + count)?;
        if used.is_empty() {
            c.fill_with(|_, _| R::zero());
        } else {
            gemm_shared(scratch.shared, c, (false, R::one()), Operand::plain(a), Operand::plain(b));
        }
        let deflated = scratch.gathered.chunks_exact(stride).skip(used.len());
        for (column, gathered) in (first + count..first + size).zip(deflated) {
            basis.column_mut(column, rows.clone()).copy_from_slice(&gathered[..rows.len()]);
        }
        Ok(())
    }
}

/// Columns, or roots, of a piece that takes some ten microseconds: each meets all `count` poles a few times.
fn grain(count: usize) -> usize {
    (SHARED_TERMS / count.max(1)).next_multiple_of(LANES)
}

/// Terms of such a piece.
const SHARED_TERMS: usize = 1 << 15;

fn no_convergence(remaining: usize) -> Error {
    Error::NoConvergence { remaining, sweeps: super::secular::BUDGET }
}
