//! C ← C + α A B for strided matrices, by packed tiles; the smallest in registers.
//!
//! A block of A is copied to the stack so that the innermost loop reads it in order, its rows as lanes (Goto & van de Geijn 2008), unless there are too few
//! columns for that to be worth it. B is read where it lies, entry by entry. The tile of C stays in registers.
//! One loop serves every layout, every adjoint and every scalar type: complex entries of A are two reals one beside the other, and what the real
//! and the imaginary parts of B make of them is put together, conjugated if need be, where the tile is stored.

mod eight;
mod pack;
mod small;
mod tiles;

use core::mem::MaybeUninit;

use super::team::{join, threads};
use super::{LANES, Level};
use crate::instances::Instances;
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Scalar;
use eight::Eight;
use small::{MOST, Small};
use tiles::{InPlaceRows, Packed};

/// A factor of a matrix product: a view, read with or without conjugation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand<'a, S> {
    view: MatRef<'a, S>,
    conjugate: bool,
}

impl<'a, S: Scalar> Operand<'a, S> {
    /// The matrix as it is.
    pub(crate) fn plain(view: MatRef<'a, S>) -> Self {
        Operand { view, conjugate: false }
    }

    /// Its conjugate transpose.
    pub(crate) fn adjoint(view: MatRef<'a, S>) -> Self {
        Operand { view: view.transpose(), conjugate: true }
    }

    fn transposed(self) -> Self {
        Operand { view: self.view.transpose(), ..self }
    }

    #[inline(always)]
    fn at(&self, i: usize, j: usize) -> S {
        let x = self.view.at(i, j);
        if self.conjugate { x.conj() } else { x }
    }
}

/// C ← α A B, added to the old C if `keep`.
pub(crate) fn gemm<S: Scalar>(c: MatMut<'_, S>, keep: bool, alpha: S::Real, a: Operand<'_, S>, b: Operand<'_, S>) {
    debug_assert_eq!((c.rows(), c.cols()), (a.view.rows(), b.view.cols()));
    debug_assert_eq!(a.view.cols(), b.view.rows());
    S::Real::multiply(Product { c, keep, alpha, a, b }, Level::detect());
}

/// [`gemm`], panel by panel of C where that is `wanted`: each thread takes one.
pub(crate) fn gemm_shared<S: Scalar>(
    wanted: bool,
    c: MatMut<'_, S>,
    (keep, alpha): (bool, S::Real),
    a: Operand<'_, S>,
    b: Operand<'_, S>,
) {
    let terms = c.rows() * c.cols() * a.view.cols();
    if !wanted || terms < SHARED || c.cols() < 2 * NARROWEST || threads() == 1 {
        return gemm(c, keep, alpha, a, b);
    }
    let middle = (c.cols() / 2).next_multiple_of(WIDEST);
    let (left, right) = match c.split_cols(middle) {
        Ok(panels) => panels,
        Err(c) => return gemm(c, keep, alpha, a, b),
    };
    let of_left = Operand { view: b.view.leading_cols(middle), ..b };
    let of_right = Operand { view: b.view.trailing_cols(middle), ..b };
    join(
        true,
        || gemm_shared(true, left, (keep, alpha), a, of_left),
        || gemm_shared(true, right, (keep, alpha), a, of_right),
    );
}

/// Products of fewer terms are not shared out: a quarter of a millisecond.
const SHARED: usize = 1 << 21;
/// Columns of the narrowest panel, each of which packs A anew.
const NARROWEST: usize = 64;

/// Computes a product with the instructions of the given level.
pub(crate) fn compute<S: Scalar>(mut product: Product<'_, S>, level: Level) {
    let (m, n, depth) = (product.c.rows(), product.c.cols(), product.a.view.cols());
    if LANES == 1 || m * n * depth <= SMALL[S::PARTS - 1] || level == Level::Portable {
        return product.entry_by_entry();
    }
    // Packing costs more than it saves for the smallest.
    if m.max(n).max(depth) <= MOST {
        return level.run(Small(&mut product));
    }
    // The columns of C are to be contiguous, if its rows are. (The sums of a complex product are the same when it is transposed, but where one factor is
    // conjugated an imaginary part that cancels becomes 0 in place of −0, and the result is not to depend on the strides.)
    if product.c.row_stride() != 1 && S::PARTS == 1 {
        product = product.transposed();
    }
    if let Some(eight) = Eight::of(&mut product) {
        return level.run(eight);
    }
    if let Some((rows, count)) = InPlaceRows::of(&mut product) {
        level.run(rows);
        match product.below(count) {
            Some(rest) => product = rest,
            None => return,
        }
    }
    let lanes = (product.c.rows() * S::PARTS).div_ceil(LANES);
    let needed = lanes.next_multiple_of(TALLEST).min(BLOCK_LANES * S::PARTS) * depth.min(BLOCK_DEPTH);
    if needed <= FEW {
        with_buffers::<S, FEW, 0>(&mut product, level);
    } else if needed <= SOME {
        with_buffers::<S, SOME, 0>(&mut product, level);
    } else {
        with_buffers::<S, { BLOCK_DEPTH * BLOCK_LANES * 2 }, BLOCK_DEPTH>(&mut product, level);
    }
}

/// A function of its own for each size of the buffers, since every page of them is touched as the function begins.
#[inline(never)]
fn with_buffers<S: Scalar, const LEN: usize, const ROWS: usize>(product: &mut Product<'_, S>, level: Level) {
    let mut block = Aligned([const { MaybeUninit::uninit() }; LEN]);
    let mut rows = [const { MaybeUninit::uninit() }; ROWS];
    level.run(Packed { product, block: &mut block.0, rows: &mut rows });
}

/// The real or the imaginary part of an entry.
#[inline(always)]
fn part<S: Scalar>(x: S, part: usize) -> S::Real {
    if part == 0 { x.re() } else { x.im() }
}

/// A product to be computed.
#[derive(Debug)]
pub(crate) struct Product<'a, S: Scalar> {
    c: MatMut<'a, S>,
    keep: bool,
    alpha: S::Real,
    a: Operand<'a, S>,
    b: Operand<'a, S>,
}

/// Products of at most this many terms are computed entry by entry, of reals and of complex numbers.
const SMALL: [usize; 2] = [8, 27];

/// Columns of A in one block.
const BLOCK_DEPTH: usize = 128;
/// Lanes of rows of A in one block: a multiple of the lanes of every tile.
const BLOCK_LANES: usize = 12;
/// The most lanes of rows in a tile.
const TALLEST: usize = 4;
/// Lanes of the smaller buffers: a page, and the block of a matrix of 64×64 reals.
const FEW: usize = 64;
const SOME: usize = 512;
/// The most columns of C in a tile.
const WIDEST: usize = 4;

impl<S: Scalar> Product<'_, S> {
    /// The definition, and the way of machines without vectors.
    fn entry_by_entry(mut self) {
        for j in 0..self.c.cols() {
            for i in 0..self.c.rows() {
                let sum = (0..self.a.view.cols()).fold(S::zero(), |sum, l| sum + self.a.at(i, l) * self.b.at(l, j));
                let old = if self.keep { self.c.at(i, j) } else { S::zero() };
                self.c.put(i, j, old + sum.scale(self.alpha));
            }
        }
    }

    /// The same product, which is still there afterwards.
    #[inline(always)]
    fn reborrow(&mut self) -> Product<'_, S> {
        Product { c: self.c.reborrow(), ..*self }
    }

    /// The rows from this one on; `None` where there are none.
    fn below(self, row: usize) -> Option<Self> {
        let (rows, n, depth) = (self.c.rows() - row, self.c.cols(), self.a.view.cols());
        let a = Operand { view: self.a.view.block(row, 0, rows, depth).ok()?, ..self.a };
        let c = self.c.block(row, 0, rows, n).ok()?;
        (rows > 0).then_some(Product { c, a, ..self })
    }

    /// Cᵀ ← α Bᵀ Aᵀ.
    fn transposed(self) -> Self {
        Product { c: self.c.transpose(), a: self.b.transposed(), b: self.a.transposed(), ..self }
    }
}

/// Starts at a cache line, so that no lane lies across two.
#[repr(align(64))]
struct Aligned<T>(T);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Real;
    use num_complex::Complex;
    use std::vec::Vec;

    /// Every level against the definition, over sizes around the tiles and blocks, and over layouts. The strides of C change nothing.
    fn agree<S: Scalar>(entry: impl Fn(usize) -> S) {
        let shapes = [
            [(0, 3, 2), (4, 4, 0), (1, 1, 1), (4, 4, 4), (3, 4, 3)],
            [(8, 8, 8), (25, 9, 7), (3, 17, 130), (100, 3, 257), (5, 100, 257)],
            [(100, 5, 257), (96, 20, 30), (3, 4, 4), (2, 4, 4), (4, 3, 3)],
            [(5, 6, 7), (8, 1, 8), (7, 8, 5), (8, 5, 3), (1, 7, 6)],
        ];
        // Miri interprets: a few of them, in every fifth layout, are what it has time for.
        let (count, step) = if cfg!(miri) { (7, 5) } else { (20, 1) };
        for &(m, n, depth) in shapes.as_flattened().iter().take(count) {
            let a: Vec<S> = (0..m * depth).map(&entry).collect();
            let b: Vec<S> = (0..n * depth).map(|i| entry(i + 7)).collect();
            let apart: Vec<S> = b.iter().flat_map(|x| [*x, entry(1)]).collect();
            // Once for all strides: Miri draws the last bits of a sine anew each time.
            let old: Vec<S> = (0..m * n).map(|i| entry(i + 3)).collect();
            for layout in (0..16).step_by(step) {
                let left = if layout & 1 == 0 {
                    Operand::plain(MatRef::col_major(&a, m, depth).unwrap())
                } else if layout & 4 == 0 {
                    Operand::adjoint(MatRef::col_major(&a, depth, m).unwrap())
                } else {
                    Operand::adjoint(MatRef::row_major(&a, depth, m).unwrap())
                };
                let right = match (layout & 2, layout & 8) {
                    (0, 0) => Operand::plain(MatRef::row_major(&b, depth, n).unwrap()),
                    (_, 0) => Operand::adjoint(MatRef::row_major(&b, n, depth).unwrap()),
                    (0, _) => Operand::plain(MatRef::new(&apart, depth, n, 2 * n, 2).unwrap()),
                    (..) => Operand::adjoint(MatRef::new(&apart, n, depth, 2 * depth, 2).unwrap()),
                };
                let keep = layout & 4 == 0;
                let alpha = S::Real::from_f64(-0.5);
                // Columns, rows, or neither in one piece.
                let run = |level: Level, (down, across): (usize, usize)| {
                    let mut c: Vec<S> = std::vec![S::zero(); 2 * m * n];
                    let place = |i: usize| (i % m) * down + (i / m) * across;
                    (0..m * n).for_each(|i| c[place(i)] = old[i]);
                    let target = MatMut::new(&mut c, m, n, down, across).unwrap();
                    compute(Product { c: target, keep, alpha, a: left, b: right }, level);
                    let entries: Vec<S> = (0..m * n).map(|i| core::mem::replace(&mut c[place(i)], S::zero())).collect();
                    assert!(c.iter().all(|x| *x == S::zero()), "{level:?} {m}×{n}×{depth} {layout}: beside C");
                    entries
                };
                let expected = run(Level::Portable, (1, m));
                for level in Level::all() {
                    let results = [(1, m), (n, 1), (2 * n, 2)].map(|strides| run(level, strides));
                    assert!(results.iter().all(|c| *c == results[0]), "{level:?} {m}×{n}×{depth} {layout}");
                    for (x, y) in results[0].iter().zip(&expected) {
                        let bound = S::Real::EPSILON.to_f64() * 4.0 * (depth as f64 + 1.0);
                        assert!((*x - *y).modulus().to_f64() <= bound, "{level:?} {m}×{n}×{depth} {layout}");
                    }
                }
            }
        }
    }

    /// Panel by panel, on two threads: the same bits.
    #[cfg(feature = "rayon")]
    #[test]
    fn panels_give_what_the_whole_gives() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        for (m, n, depth) in [(90, 300, 80), (300, 130, 60), (300, 127, 60), (1, 300, 10)] {
            let a: Vec<f64> = (0..m * depth).map(wave).collect();
            let b: Vec<f64> = (0..n * depth).map(|i| wave(i + 7)).collect();
            let left = Operand::plain(MatRef::col_major(&a, m, depth).unwrap());
            let right = Operand::adjoint(MatRef::row_major(&b, n, depth).unwrap());
            let run = |wanted| {
                let mut c = std::vec![1.0; m * n];
                let target = MatMut::col_major(&mut c, m, n).unwrap();
                pool.install(|| gemm_shared(wanted, target, (true, 0.5), left, right));
                c
            };
            assert!(run(true) == run(false), "{m}×{n}×{depth}");
        }
    }

    fn wave(i: usize) -> f64 {
        (i as f64 * 0.7).sin()
    }

    fn single(i: usize) -> f32 {
        (i as f32 * 0.7).sin()
    }

    #[test]
    fn every_level_agrees_f64() {
        agree(wave);
    }

    #[test]
    fn every_level_agrees_f32() {
        agree(single);
    }

    #[test]
    fn every_level_agrees_complex_f64() {
        agree(|i| Complex::new(wave(i), wave(i + 1000)));
    }

    #[test]
    fn every_level_agrees_complex_f32() {
        agree(|i| Complex::new(single(i), single(i + 1000)));
    }
}
