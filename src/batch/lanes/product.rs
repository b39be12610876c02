//! Products of the matrices of a tile.

use super::vector::{Lane, Number, entry_by_entry, mul_add, mul_sub};
use crate::kernel::{Arith, Task};
use crate::scalar::{Real, Scalar};

/// A matrix of a tile, in the order in which a product reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'t, R, const W: usize> {
    data: &'t [Lane<R, W>],
    /// Entries from one row to the next, and from one column to the next.
    row: usize,
    col: usize,
}

impl<'t, R: Real, const W: usize> Operand<'t, R, W> {
    /// A matrix whose columns have `rows` entries.
    #[inline(always)]
    pub(super) fn new(data: &'t [Lane<R, W>], rows: usize) -> Self {
        Operand { data, row: 1, col: rows }
    }

    /// Its transpose.
    #[inline(always)]
    pub(super) fn transpose(self) -> Self {
        Operand { row: self.col, col: self.row, ..self }
    }
}

/// Which operand of a product is conjugated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Conjugate {
    Neither,
    Left,
    Right,
}

/// C ← A B, or C + A B where `keep`, for a C whose columns have `shape.0` entries; `depth` terms an entry.
#[inline(always)]
pub(super) fn product<A: Arith, S: Scalar, const W: usize>(
    c: &mut [Lane<S::Real, W>],
    (shape, depth, keep): ((usize, usize), usize, bool),
    (a, b): (Operand<'_, S::Real, W>, Operand<'_, S::Real, W>),
    conjugate: Conjugate,
) {
    A::call(Product::<S, W> { c, shape, depth, keep, a, b, conjugate });
}

struct Product<'t, S: Scalar, const W: usize> {
    c: &'t mut [Lane<S::Real, W>],
    shape: (usize, usize),
    depth: usize,
    keep: bool,
    a: Operand<'t, S::Real, W>,
    b: Operand<'t, S::Real, W>,
    conjugate: Conjugate,
}

impl<S: Scalar, const W: usize> Task for Product<'_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        // By name, so that the compiler knows which one it is; a real type has only one.
        match self.conjugate {
            Conjugate::Left if S::PARTS == 2 => self.all::<A>(Conjugate::Left),
            Conjugate::Right if S::PARTS == 2 => self.all::<A>(Conjugate::Right),
            _ => self.all::<A>(Conjugate::Neither),
        }
    }
}

impl<S: Scalar, const W: usize> Product<'_, S, W> {
    #[inline(always)]
    fn all<A: Arith>(&mut self, conjugate: Conjugate) {
        let mut j = 0;
        while j + 1 < self.shape.1 {
            self.columns::<A, 2>(j, conjugate);
            j += 2;
        }
        if j < self.shape.1 {
            self.columns::<A, 1>(j, conjugate);
        }
    }

    /// Columns j to j + J.
    #[inline(always)]
    fn columns<A: Arith, const J: usize>(&mut self, j: usize, conjugate: Conjugate) {
        let mut i = 0;
        while i + 1 < self.shape.0 {
            self.block::<A, 2, J>((i, j), conjugate);
            i += 2;
        }
        if i < self.shape.0 {
            self.block::<A, 1, J>((i, j), conjugate);
        }
    }

    /// The entries from (i, j) to (i + I, j + J).
    #[inline(always)]
    fn block<A: Arith, const I: usize, const J: usize>(&mut self, (i, j): (usize, usize), conjugate: Conjugate) {
        let mut sums = [[Number::zero(); J]; I];
        for l in 0..self.depth {
            entry_by_entry();
            let mut left = [Number::zero(); I];
            for (p, left) in left.iter_mut().enumerate() {
                *left = Number::load::<S>(self.a.data, (i + p) * self.a.row + l * self.a.col);
            }
            let mut right = [Number::zero(); J];
            for (q, right) in right.iter_mut().enumerate() {
                *right = Number::load::<S>(self.b.data, l * self.b.row + (j + q) * self.b.col);
            }
            for (sums, &left) in sums.iter_mut().zip(&left) {
                for (sum, &right) in sums.iter_mut().zip(&right) {
                    *sum = add_product::<A, S, W>(*sum, left, right, conjugate);
                }
            }
        }
        for (p, sums) in sums.into_iter().enumerate() {
            for (q, mut sum) in sums.into_iter().enumerate() {
                entry_by_entry();
                let at = (j + q) * self.shape.0 + i + p;
                if self.keep {
                    sum = sum.plus::<S>(Number::load::<S>(self.c, at));
                }
                sum.store::<S>(self.c, at);
            }
        }
    }
}

/// c + a b.
#[inline(always)]
fn add_product<A: Arith, S: Scalar, const W: usize>(
    c: Number<S::Real, W>,
    a: Number<S::Real, W>,
    b: Number<S::Real, W>,
    conjugate: Conjugate,
) -> Number<S::Real, W> {
    let re = mul_add::<A, _, W>(a.re, b.re, c.re);
    if S::PARTS == 1 {
        return Number { re, im: c.im };
    }
    match conjugate {
        Conjugate::Neither => Number {
            re: mul_sub::<A, _, W>(a.im, b.im, re),
            im: mul_add::<A, _, W>(a.im, b.re, mul_add::<A, _, W>(a.re, b.im, c.im)),
        },
        Conjugate::Left => Number {
            re: mul_add::<A, _, W>(a.im, b.im, re),
            im: mul_sub::<A, _, W>(a.im, b.re, mul_add::<A, _, W>(a.re, b.im, c.im)),
        },
        Conjugate::Right => Number {
            re: mul_add::<A, _, W>(a.im, b.im, re),
            im: mul_add::<A, _, W>(a.im, b.re, mul_sub::<A, _, W>(a.re, b.im, c.im)),
        },
    }
}
