//! Products of the matrices of a tile.

use super::ahead::{Ahead, Beside};
use super::tile::by_registers;
use crate::kernel::vector::{Lane, Number, entry_by_entry, zip};
use crate::kernel::{Arith, Task};
use crate::scalar::{Scalar, Zero};

/// Which operand of a product is taken as its adjoint.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Adjoint {
    Neither,
    Left,
    Right,
}

type Matrix<'t, R, const W: usize> = &'t [Lane<R, W>];

/// C ← A B, Aᴴ B or A Bᴴ, or C + that where `keep`; C has this shape, and an entry `depth` terms. No matrix has gaps between its columns.
#[inline(always)]
pub(super) fn product<A: Arith, S: Scalar, const W: usize>(
    c: &mut [Lane<S::Real, W>],
    extent: ((usize, usize), usize, bool),
    operands: (Matrix<'_, S::Real, W>, Matrix<'_, S::Real, W>),
    adjoint: Adjoint,
) {
    product_beside::<A, S, W>(c, extent, operands, adjoint, [&[]; 2]);
}

/// The same, and memory that is needed next is asked for on the way.
#[inline(always)]
pub(super) fn product_beside<A: Arith, S: Scalar, const W: usize>(
    c: &mut [Lane<S::Real, W>],
    (shape, depth, keep): ((usize, usize), usize, bool),
    (a, b): (Matrix<'_, S::Real, W>, Matrix<'_, S::Real, W>),
    adjoint: Adjoint,
    beside: Beside<'_, S::Real>,
) {
    // As many pieces as the loop over the blocks asks for.
    let blocks = if const { by_fours::<A, S>() } { (shape.0 / 4).max(1) } else { 1 };
    let ahead = Ahead::beside_a_product(beside, shape.1.div_ceil(2) * blocks);
    A::call(Product::<S, W> { c, shape, depth, keep, a, b, adjoint, ahead });
}

/// Whether blocks have four rows where there are as many.
const fn by_fours<A: Arith, S: Scalar>() -> bool {
    S::PARTS == 1 || A::REGISTERS == 32
}

struct Product<'t, S: Scalar, const W: usize> {
    c: &'t mut [Lane<S::Real, W>],
    shape: (usize, usize),
    depth: usize,
    keep: bool,
    a: Matrix<'t, S::Real, W>,
    b: Matrix<'t, S::Real, W>,
    adjoint: Adjoint,
    ahead: Option<Ahead<'t, S::Real>>,
}

impl<S: Scalar, const W: usize> Task for Product<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        // One register of the lanes at a time, so that the sums of a block stay in registers.
        by_registers!(self, S, A, W);
    }
}

impl<S: Scalar, const W: usize> Product<'_, S, W> {
    /// By registers of H lanes.
    #[inline(always)]
    fn registers<A: Arith, const H: usize>(mut self) {
        // By name, so that the compiler knows which one it is.
        match self.adjoint {
            Adjoint::Neither => self.by_columns::<A, H>(Adjoint::Neither),
            Adjoint::Left => self.by_columns::<A, H>(Adjoint::Left),
            Adjoint::Right => self.by_columns::<A, H>(Adjoint::Right),
        }
    }

    #[inline(always)]
    fn by_columns<A: Arith, const H: usize>(&mut self, adjoint: Adjoint) {
        if const { S::PARTS == 1 } && self.shape == (3, 3) {
            // Nothing is asked for: matrices as small as these come in time by themselves (`docs/measurements.md`).
            return self.block::<A, H, 3, 3>((0, 0), adjoint);
        }
        let mut j = 0;
        while j < self.shape.1 {
            self.ask();
            if j + 1 < self.shape.1 {
                self.columns::<A, H, 2>(j, adjoint);
            } else {
                self.columns::<A, H, 1>(j, adjoint);
            }
            j += 2;
        }
    }

    /// For the next piece of what is needed next.
    #[inline(always)]
    fn ask(&mut self) {
        if let Some(ahead) = &mut self.ahead {
            ahead.ask();
        }
    }

    /// Columns j to j + J.
    #[inline(always)]
    fn columns<A: Arith, const H: usize, const J: usize>(&mut self, j: usize, adjoint: Adjoint) {
        let mut i = 0;
        // As many sums as are needed for none to wait for the one before, and more for each entry that is read where there are registers for them.
        if const { by_fours::<A, S>() } {
            while i + 3 < self.shape.0 {
                if i > 0 {
                    self.ask();
                }
                self.block::<A, H, 4, J>((i, j), adjoint);
                i += 4;
            }
        }
        while i + 1 < self.shape.0 {
            self.block::<A, H, 2, J>((i, j), adjoint);
            i += 2;
        }
        if i < self.shape.0 {
            self.block::<A, H, 1, J>((i, j), adjoint);
        }
    }

    /// The entries from (i, j) to (i + I, j + J).
    #[inline(always)]
    fn block<A: Arith, const H: usize, const I: usize, const J: usize>(
        &mut self,
        (i, j): (usize, usize),
        adjoint: Adjoint,
    ) {
        let ((rows, cols), depth) = (self.shape, self.depth);
        // Not unrolled: the registers of a lane have the same code.
        for register in 0..core::hint::black_box(W / H).min(W / H) {
            let sums = match adjoint {
                Adjoint::Neither => {
                    let (a, b) =
                        (Across::<I, H, W, S>::new(self.a, i, rows), Along::<J, H, W, S>::new(self.b, j, depth));
                    sum::<A, S, H, I, J>(depth, |l| a.at(l, register), |l| b.at(l, register), adjoint)
                }
                Adjoint::Left => {
                    let (a, b) =
                        (Along::<I, H, W, S>::new(self.a, i, depth), Along::<J, H, W, S>::new(self.b, j, depth));
                    sum::<A, S, H, I, J>(depth, |l| a.at(l, register), |l| b.at(l, register), adjoint)
                }
                Adjoint::Right => {
                    let (a, b) =
                        (Across::<I, H, W, S>::new(self.a, i, rows), Across::<J, H, W, S>::new(self.b, j, cols));
                    sum::<A, S, H, I, J>(depth, |l| a.at(l, register), |l| b.at(l, register), adjoint)
                }
            };
            for q in 0..J {
                let column = &mut self.c[((j + q) * rows + i) * S::PARTS..][..I * S::PARTS];
                for (entry, sums) in column.chunks_exact_mut(S::PARTS).zip(&sums) {
                    entry_by_entry();
                    for (lane, x) in entry.iter_mut().zip([sums[q].re, sums[q].im]) {
                        let target = &mut lane.as_chunks_mut().0[register];
                        *target = if self.keep { zip(*target, x, |c, x| x + c) } else { x };
                    }
                }
            }
        }
    }
}

/// Σₗ aₗ bₗ of I rows and J columns.
#[inline(always)]
fn sum<A: Arith, S: Scalar, const H: usize, const I: usize, const J: usize>(
    depth: usize,
    a: impl Fn(usize) -> [Number<S::Real, H>; I],
    b: impl Fn(usize) -> [Number<S::Real, H>; J],
    adjoint: Adjoint,
) -> [[Number<S::Real, H>; J]; I] {
    let mut sums = [[Number::zero(); J]; I];
    for l in 0..depth {
        entry_by_entry();
        let (a, b) = (a(l), b(l));
        for (q, &b) in b.iter().enumerate() {
            for (sums, &a) in sums.iter_mut().zip(&a) {
                sums[q] = add_product::<A, S, H>(sums[q], a, b, adjoint);
            }
        }
    }
    sums
}

/// N columns of a matrix, read entry by entry.
struct Along<'t, const N: usize, const H: usize, const W: usize, S: Scalar>([&'t [Lane<S::Real, W>]; N]);

impl<'t, const N: usize, const H: usize, const W: usize, S: Scalar> Along<'t, N, H, W, S> {
    #[inline(always)]
    fn new(matrix: &'t [Lane<S::Real, W>], first: usize, rows: usize) -> Self {
        let len = rows * S::PARTS;
        let mut columns = [matrix; N];
        for (p, column) in columns.iter_mut().enumerate() {
            *column = &matrix[(first + p) * len..][..len];
        }
        Along(columns)
    }

    #[inline(always)]
    fn at(&self, l: usize, register: usize) -> [Number<S::Real, H>; N] {
        let mut entries = [Number::zero(); N];
        for (entry, column) in entries.iter_mut().zip(&self.0) {
            *entry = part::<S, W, H>(&column[l * S::PARTS..(l + 1) * S::PARTS], register);
        }
        entries
    }
}

/// N rows of a matrix, read column by column.
struct Across<'t, const N: usize, const H: usize, const W: usize, S: Scalar> {
    rows: &'t [Lane<S::Real, W>],
    column: usize,
}

impl<'t, const N: usize, const H: usize, const W: usize, S: Scalar> Across<'t, N, H, W, S> {
    #[inline(always)]
    fn new(matrix: &'t [Lane<S::Real, W>], first: usize, rows: usize) -> Self {
        Across { rows: &matrix[first * S::PARTS..], column: rows * S::PARTS }
    }

    #[inline(always)]
    fn at(&self, l: usize, register: usize) -> [Number<S::Real, H>; N] {
        let column = &self.rows[l * self.column..][..N * S::PARTS];
        let mut entries = [Number::zero(); N];
        for (p, entry) in entries.iter_mut().enumerate() {
            *entry = part::<S, W, H>(&column[p * S::PARTS..(p + 1) * S::PARTS], register);
        }
        entries
    }
}

/// One register of an entry.
#[inline(always)]
fn part<S: Scalar, const W: usize, const H: usize>(entry: &[Lane<S::Real, W>], register: usize) -> Number<S::Real, H> {
    let of = |lane: &Lane<S::Real, W>| lane.as_chunks().0[register];
    Number { re: of(&entry[0]), im: if S::PARTS == 2 { of(&entry[1]) } else { [S::Real::zero(); H] } }
}

/// c + a b.
#[inline(always)]
fn add_product<A: Arith, S: Scalar, const W: usize>(
    mut c: Number<S::Real, W>,
    a: Number<S::Real, W>,
    b: Number<S::Real, W>,
    adjoint: Adjoint,
) -> Number<S::Real, W> {
    A::add_product::<_, W, false>(&mut c.re, &a.re, &b.re);
    if S::PARTS == 1 {
        return c;
    }
    if adjoint == Adjoint::Neither {
        A::add_product::<_, W, true>(&mut c.re, &a.im, &b.im);
    } else {
        A::add_product::<_, W, false>(&mut c.re, &a.im, &b.im);
    }
    if adjoint == Adjoint::Right {
        A::add_product::<_, W, true>(&mut c.im, &a.re, &b.im);
    } else {
        A::add_product::<_, W, false>(&mut c.im, &a.re, &b.im);
    }
    if adjoint == Adjoint::Left {
        A::add_product::<_, W, true>(&mut c.im, &a.im, &b.re);
    } else {
        A::add_product::<_, W, false>(&mut c.im, &a.im, &b.re);
    }
    c
}
