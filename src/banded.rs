//! Input that is bidiagonal already keeps its relative accuracy: no Householder reflector ever touches it.
//!
//! Unit diagonal matrices Φ and Ψ make the two diagonals real and non-negative, A = Φ B Ψᴴ; a lower bidiagonal B is
//! turned into an upper one by plane rotations of its rows from the top, which multiply and never subtract.

use crate::complex::phase;
use crate::matrix::MatRef;
use crate::rotation::{Rotation, annihilate};
use crate::scalar::{One, Scalar, Zero};

/// Where the second non-zero diagonal lies, seen from the taller orientation of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    /// Above the diagonal; a diagonal matrix counts as this.
    Upper,
    /// Below the diagonal.
    Lower,
}

/// Whether the matrix, at least as tall as wide after `adjoint`, is bidiagonal. Dense input is recognised at once.
pub(crate) fn detect<S: Scalar>(a: MatRef<'_, S>, adjoint: bool) -> Option<Band> {
    let view = if adjoint { a.transpose() } else { a };
    let only = |off: fn(usize, usize) -> bool| {
        (0..view.cols()).all(|j| (0..view.rows()).all(|i| i == j || off(i, j) || view.at(i, j) == S::zero()))
    };
    if only(|i, j| i + 1 == j) {
        Some(Band::Upper)
    } else if only(|i, j| i == j + 1) {
        Some(Band::Lower)
    } else {
        None
    }
}

/// What turns B into A: the phases of rows and columns, and the rotations of a lower band (zero sines otherwise).
pub(crate) struct Frame<'a, S: Scalar> {
    /// Φ, one entry per row up to the last one that is not zero; the rest are set to 1.
    pub(crate) row_phases: &'a mut [S],
    /// Ψ, one entry per column.
    pub(crate) col_phases: &'a mut [S],
    /// Cosines and sines of the rotations of the rows (i, i + 1).
    pub(crate) c: &'a mut [S::Real],
    pub(crate) s: &'a mut [S::Real],
}

/// Reads the two diagonals of 2⁻ᵖ A into `d` and `e` as a real upper bidiagonal matrix.
pub(crate) fn extract<S: Scalar>(
    a: MatRef<'_, S>,
    adjoint: bool,
    band: Band,
    p: i32,
    (d, e): (&mut [S::Real], &mut [S::Real]),
    frame: &mut Frame<'_, S>,
) {
    let view = if adjoint { a.transpose() } else { a };
    let entry = |i: usize, j: usize| {
        if i >= view.rows() || j >= view.cols() {
            return S::zero();
        }
        let x = view.at(i, j).scale_pow2(-p);
        if adjoint { x.conj() } else { x }
    };
    let n = view.cols();
    frame.row_phases.fill(S::one());
    frame.col_phases.fill(S::one());
    let (rows, cols) = (&mut *frame.row_phases, &mut *frame.col_phases);
    for j in 0..n {
        let diagonal = entry(j, j);
        match band {
            Band::Upper => {
                rows[j] = phase(phase(diagonal) * cols[j]);
                let off = entry(j, j + 1);
                (d[j], e[j]) = (diagonal.modulus(), off.modulus());
                if j + 1 < n {
                    cols[j + 1] = phase(rows[j] * phase(off).conj());
                }
            }
            Band::Lower => {
                cols[j] = phase(rows[j] * phase(diagonal).conj());
                let off = entry(j + 1, j);
                (d[j], e[j]) = (diagonal.modulus(), off.modulus());
                if j + 1 < rows.len() {
                    rows[j + 1] = phase(phase(off) * cols[j]);
                }
            }
        }
    }
    frame.c.fill(S::Real::one());
    frame.s.fill(S::Real::zero());
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

impl<S: Scalar> Frame<'_, S> {
    /// Turns two column-major identities into the factors Q and P of A = Q B Pᴴ: the rotations undone, then the phases.
    pub(crate) fn apply(&self, left: &mut [S], right: &mut [S]) {
        let (m, n) = (self.row_phases.len(), self.col_phases.len());
        for column in left.chunks_exact_mut(m) {
            for (j, (&c, &s)) in self.c.iter().zip(self.s.iter()).enumerate().rev() {
                if s != S::Real::zero() {
                    let (x, y) = (column[j], column[j + 1]);
                    (column[j], column[j + 1]) = (x.scale(c) - y.scale(s), x.scale(s) + y.scale(c));
                }
            }
            for (x, &phase) in column.iter_mut().zip(self.row_phases.iter()) {
                *x *= phase;
            }
        }
        for (x, &phase) in right.iter_mut().step_by(n + 1).zip(self.col_phases.iter()) {
            *x = phase;
        }
    }
}
