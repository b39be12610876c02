//! Input that is bidiagonal already keeps its relative accuracy: no Householder reflector ever touches it.
//!
//! Unit diagonal matrices Φ and Ψ make the two diagonals real and non-negative, A = Φ B Ψᴴ; a lower bidiagonal B is
//! turned into an upper one by plane rotations of its rows from the top, which multiply and never subtract.

use num_complex::Complex;

use crate::complex::phase;
use crate::kernel::Planes;
use crate::matrix::MatRef;
use crate::rotation::{Rotation, annihilate};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::scale::exponent;

/// Where the second non-zero diagonal lies, seen from the taller orientation of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    /// Nowhere: the matrix is diagonal.
    Nowhere,
    /// Above the diagonal.
    Upper,
    /// Below the diagonal.
    Lower,
}

impl Band {
    /// The p by which A is divided as 2ᵖ: nothing where nothing is computed. Otherwise up to the end of the range, which loses
    /// nothing and gains precision for small entries, but for a few exponents for the growth of the sweeps.
    pub(crate) fn scaling<R: Real>(self, largest: R) -> i32 {
        if self == Band::Nowhere { 0 } else { exponent(largest) - (R::MAX_EXPONENT - 8) }
    }
}

/// Whether the matrix, at least as tall as wide after `adjoint`, is bidiagonal. Dense input is recognised at once.
pub(crate) fn detect<S: Scalar>(a: MatRef<'_, S>, adjoint: bool) -> Option<Band> {
    let view = if adjoint { a.transpose() } else { a };
    let only = |off: fn(usize, usize) -> bool| {
        (0..view.cols()).all(|j| (0..view.rows()).all(|i| i == j || off(i, j) || view.at(i, j) == S::zero()))
    };
    if only(|i, j| i + 1 == j) {
        let diagonal = (1..view.cols()).all(|j| view.at(j - 1, j) == S::zero());
        Some(if diagonal { Band::Nowhere } else { Band::Upper })
    } else if only(|i, j| i == j + 1) {
        Some(Band::Lower)
    } else {
        None
    }
}

/// What turns B into A: the phases of rows and columns, and the rotations of a lower band (zero sines otherwise).
pub(crate) struct Frame<'a, R> {
    /// Φ: a column of the work storage, 1 beyond the band.
    pub(crate) left: Planes<'a, R>,
    /// Ψ, likewise.
    pub(crate) right: Planes<'a, R>,
    /// Cosines and sines of the rotations of the rows (i, i + 1).
    pub(crate) c: &'a mut [R],
    pub(crate) s: &'a mut [R],
}

/// Reads the two diagonals of 2⁻ᵖ A, or of its adjoint, into `d` and `e` as a real upper bidiagonal matrix.
pub(crate) fn extract<S: Scalar>(
    (a, adjoint): (MatRef<'_, S>, bool),
    band: Band,
    p: i32,
    (d, e): (&mut [S::Real], &mut [S::Real]),
    frame: &mut Frame<'_, S::Real>,
) {
    let view = if adjoint { a.transpose() } else { a };
    let entry = |i: usize, j: usize| {
        let x = view.get(i, j).unwrap_or_else(S::zero).scale_pow2(-p);
        if adjoint { x.conj() } else { x }
    };
    let n = view.cols();
    let (zero, one) = (S::Real::zero(), S::Real::one());
    let store = |x: S| Complex { re: x.re(), im: x.im() };
    let (mut row, mut col) = (S::one(), S::one());
    for i in 0..view.rows() {
        frame.left.set(i, 0, one.into());
    }
    for j in 0..n {
        let diagonal = entry(j, j);
        let off = if band == Band::Lower { entry(j + 1, j) } else { entry(j, j + 1) };
        (d[j], e[j]) = (diagonal.modulus(), off.modulus());
        // A_jj = φ |A_jj| conj(ψ), and the same for the other diagonal: each phase follows from the one before.
        match band {
            Band::Nowhere | Band::Upper => row = phase(phase(diagonal) * col),
            Band::Lower => col = phase(row * phase(diagonal).conj()),
        }
        frame.left.set(j, 0, store(row));
        frame.right.set(j, 0, store(col));
        match band {
            Band::Nowhere | Band::Upper => col = phase(row * phase(off).conj()),
            Band::Lower => row = phase(phase(off) * col),
        }
    }
    if band == Band::Lower && n < view.rows() {
        frame.left.set(n, 0, store(row));
    }
    frame.c.fill(one);
    frame.s.fill(zero);
    if band == Band::Lower {
        for j in 0..n {
            let (Rotation { c, s }, r) = annihilate(d[j], e[j]);
            (frame.c[j], frame.s[j], d[j]) = (c, s, r);
            if j + 1 < n {
                e[j] = s * d[j + 1];
                d[j + 1] *= c;
            }
        }
    }
}

impl<R: Real> Frame<'_, R> {
    /// Writes the factors Q and P of A = Q B Pᴴ, m rows and n rows: the rotations undone, then the phases.
    pub(crate) fn write(&self, (left, m): (&mut Planes<'_, R>, usize), (right, n): (&mut Planes<'_, R>, usize)) {
        left.set_unit_columns(0);
        right.set_unit_columns(0);
        for k in 0..left.data.len() / left.stride() {
            for (j, (&c, &s)) in self.c.iter().zip(self.s.iter()).enumerate().rev() {
                if s != R::zero() {
                    let (x, y) = (left.get(j, k), left.get(j + 1, k));
                    left.set(j, k, x * c - y * s);
                    left.set(j + 1, k, x * s + y * c);
                }
            }
            for i in 0..m {
                left.set(i, k, left.get(i, k) * self.left.get(i, 0));
            }
        }
        for j in 0..n {
            right.set(j, j, self.right.get(j, 0));
        }
    }
}
