//! Products of matrices in the work storage: a complex product is a few real ones of its planes.

use super::product::{Operand, gemm_at};
use super::{LANES, Lane, Level};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::Real;

/// A block of a matrix in the work storage. Every block of one product has the same number of planes.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a, R> {
    /// From the first lane of the first column on.
    pub(crate) data: &'a [Lane<R>],
    pub(crate) shape: Shape,
}

/// The same, to be written.
pub(crate) struct BlockMut<'a, R> {
    pub(crate) data: &'a mut [Lane<R>],
    pub(crate) shape: Shape,
}

/// Rows and columns of a block, its first row, and the lanes in a plane of the whole matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) top: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) depth: usize,
    pub(crate) parts: usize,
}

impl Shape {
    /// Where plane `part` of the block begins, and the distance of its columns, in reals.
    fn place(self, part: usize) -> (usize, usize) {
        (self.depth * LANES * part + self.top, self.depth * LANES * self.parts)
    }
}

impl<'a, R: Real> Block<'a, R> {
    fn plane(&self, part: usize) -> MatRef<'a, R> {
        let (start, stride) = self.shape.place(part);
        let data = self.data.as_flattened().get(start..).unwrap_or(&[]);
        MatRef::new(data, self.shape.rows, self.shape.cols, 1, stride).unwrap_or(MatRef::empty())
    }
}

impl<R: Real> BlockMut<'_, R> {
    /// The same block, to be read.
    pub(crate) fn as_block(&self) -> Block<'_, R> {
        Block { data: self.data, shape: self.shape }
    }

    fn plane(&mut self, part: usize) -> MatMut<'_, R> {
        let (start, stride) = self.shape.place(part);
        let data = self.data.as_flattened_mut().get_mut(start..).unwrap_or_default();
        MatMut::new(data, self.shape.rows, self.shape.cols, 1, stride).unwrap_or(MatMut::empty())
    }

    /// C ← α A B, added to the old C if `keep`; the conjugate transpose of A if `adjoint`.
    pub(crate) fn set_product(
        &mut self,
        level: Level,
        (keep, alpha): (bool, R),
        (a, adjoint): (Block<'_, R>, bool),
        b: Block<'_, R>,
    ) {
        let (one, parts) = (R::one(), self.shape.parts);
        // The sign of the imaginary part of A.
        let s = if adjoint { -one } else { one };
        // Plane of C, of A, of B, sign: re = re re − im im, im = re im + im re.
        let terms = [(0, 0, 0, one), (0, 1, 1, -s), (1, 0, 1, one), (1, 1, 0, s)];
        for (term, (of_c, of_a, of_b, sign)) in terms.into_iter().enumerate() {
            if of_a.max(of_b).max(of_c) < parts {
                let a = if adjoint { Operand::adjoint(a.plane(of_a)) } else { Operand::plain(a.plane(of_a)) };
                let b = Operand::plain(b.plane(of_b));
                gemm_at(level, self.plane(of_c), keep || term % 2 == 1, alpha * sign, a, b);
            }
        }
    }
}
