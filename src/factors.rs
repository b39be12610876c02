//! The factors U, s and V: all that is saved for the backward pass.

use crate::complex::phase;
use crate::error::Error;
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{Real, Scalar};

/// U (m×k), s (k) and V (n×k) of A ≈ U diag(s) Vᴴ: what [`svd_into`](crate::svd_into) wrote, and what every derivative reads.
///
/// s must be descending and non-negative. k may be smaller than min(m, n): then the missing singular values count as
/// zero (the *compact* SVD, the setting of Zhang & Hu's theorems).
///
/// ```
/// use diffsvd::{Factors, MatRef, Tolerance};
/// // A = e₁ 3 e₁ᴴ + e₂ 10⁻⁹ e₂ᴴ, 4×3, by two triplets.
/// let (u, v) = ([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]);
/// let factors = Factors { u: MatRef::from(&u), s: &[3.0, 1e-9], v: MatRef::from(&v) };
/// assert_eq!((factors.shape(), factors.triplets(), factors.largest()), ((4, 3), 2, 3.0));
/// assert_eq!((factors.rank(Tolerance::Default), factors.rank(Tolerance::Relative(1e-6))), (2, 1));
/// assert_eq!((factors.leading(1).s, factors.leading(1).u.shape()), (&[3.0][..], (4, 1)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a, S: Scalar> {
    /// U, m×k with orthonormal columns.
    pub u: MatRef<'a, S>,
    /// s, descending and non-negative.
    pub s: &'a [S::Real],
    /// V (not Vᴴ), n×k with orthonormal columns.
    pub v: MatRef<'a, S>,
}

impl<'a, S: Scalar> Factors<'a, S> {
    /// (m, n): the shape of A.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        (self.u.rows(), self.v.rows())
    }

    /// Number of triplets, k.
    #[must_use]
    pub fn triplets(&self) -> usize {
        self.s.len()
    }

    /// s₁, or zero if there is none.
    #[must_use]
    pub fn largest(&self) -> S::Real {
        self.s.first().copied().unwrap_or_else(num_traits::Zero::zero)
    }

    /// The leading `r` triplets, all where there are fewer.
    #[must_use]
    pub fn leading(&self, r: usize) -> Factors<'a, S> {
        let r = r.min(self.s.len());
        Factors { u: self.u.leading_cols(r), s: &self.s[..r], v: self.v.leading_cols(r) }
    }

    /// Number of singular values above the tolerance, which is relative to s₁.
    #[must_use]
    pub fn rank(&self, tolerance: Tolerance<S::Real>) -> usize {
        let cut = tolerance.absolute(self.shape(), self.largest());
        self.s.iter().filter(|&&s| s > cut).count()
    }

    /// # Errors
    /// [`Error::Shape`] unless U, s and V have the same number of columns, at most min(m, n);
    /// [`Error::NonFinite`]; [`Error::Parameter`] if s is not descending and non-negative.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let (k, (m, n)) = (self.s.len(), self.shape());
        self.u.check_shape("U", (m, k))?;
        self.v.check_shape("V", (n, k))?;
        if k > m.min(n) {
            return Err(Error::Shape { argument: "s", got: (k, 1), expected: (m.min(n), 1) });
        }
        check_values(self.s)
    }
}

/// Numbers of which there is one for each triplet.
pub(crate) fn check_finite_values<R: Real>(argument: &'static str, values: &[R]) -> Result<(), Error> {
    MatRef::col_major(values, values.len(), 1)?.check_finite(argument)
}

/// A tolerance, a width or a cut-off.
///
/// # Errors
/// [`Error::Parameter`] unless the value is finite and not negative.
pub(crate) fn require_non_negative<R: Real>(name: &'static str, value: R) -> Result<(), Error> {
    if value >= R::zero() && value.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter { name, value: value.to_f64(), must: "be finite and not negative" })
}

/// s must be finite, descending and non-negative.
fn check_values<R: Real>(s: &[R]) -> Result<(), Error> {
    check_finite_values("s", s)?;
    let mut bound = None;
    for &value in s {
        if value < R::zero() || bound.is_some_and(|bound| value > bound) {
            return Err(Error::Parameter {
                name: "a singular value",
                value: value.to_f64(),
                must: "be non-negative and not exceed the one before it",
            });
        }
        bound = Some(value);
    }
    Ok(())
}

/// A threshold for singular values or for their differences, relative to s₁.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Tolerance<R> {
    /// (max(m, n) + 10) ε. A backward-stable SVD moves every singular value by a few ε s₁, so exact duplicates (and zeros) come out
    /// up to 6 ε s₁ apart in small matrices and 20 ε s₁ in 200×200 ones: less than half of this (`tests/derivatives/tolerance.rs` measures it
    /// for every scalar type). A cut-off far above would cut true gaps: one of ε^(3/4) costs all digits at a gap of 10⁻¹².
    #[default]
    Default,
    /// This multiple of s₁.
    Relative(R),
}

/// What small matrices need beyond max(m, n): the spread of duplicates does not vanish with their size (measured, twice the worst).
const SMALL_SIZE_ALLOWANCE: usize = 10;

impl<R: Real> Tolerance<R> {
    /// The threshold itself for an m×n matrix with largest singular value `largest`.
    ///
    /// ```
    /// let cut = diffsvd::Tolerance::Relative(1e-3).absolute((4, 3), 20.0);
    /// assert_eq!(cut, 0.02);
    /// assert_eq!(diffsvd::Tolerance::Default.absolute((4, 3), 20.0), 14.0 * f64::EPSILON * 20.0);
    /// ```
    pub fn absolute(self, shape: (usize, usize), largest: R) -> R {
        let relative = match self {
            Tolerance::Default => R::EPSILON * R::from_usize(shape.0.max(shape.1).saturating_add(SMALL_SIZE_ALLOWANCE)),
            Tolerance::Relative(relative) => relative,
        };
        relative * largest
    }
}

/// Makes the entry of largest modulus in each column of U real and positive, V following, so that U diag(s) Vᴴ stays as it is.
///
/// Of several entries that are largest the first counts. This fixes the sign (the phase) of simple singular vectors; it
/// does not, and nothing can, choose a continuous basis through equal singular values. Columns of V beyond those of U are left alone.
///
/// # Errors
/// [`Error::Shape`] where V has fewer columns than U and neither basis is complete.
///
/// ```
/// use diffsvd::{MatMut, fix_phases};
/// let (mut u, mut v) = ([0.6, -0.8], [-1.0, 0.0]);
/// fix_phases(MatMut::col_major(&mut u, 2, 1)?, MatMut::col_major(&mut v, 2, 1)?)?;
/// assert_eq!((u, v), ([-0.6, 0.8], [1.0, 0.0]));
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn fix_phases<S: Scalar>(mut u: MatMut<'_, S>, mut v: MatMut<'_, S>) -> Result<(), Error> {
    let paired = u.rows().min(v.rows());
    if u.cols() != v.cols() && u.cols().min(v.cols()) < paired {
        check_shape("V", v.shape(), (v.rows(), u.cols()))?;
    }
    for j in 0..u.cols() {
        let mut largest = (S::Real::from_f64(-1.0), S::one());
        for i in 0..u.rows() {
            let x = u.at(i, j);
            let size = x.modulus();
            if size > largest.0 {
                largest = (size, x);
            }
        }
        let turn = phase(largest.1).conj();
        if turn == S::one() {
            continue;
        }
        for i in 0..u.rows() {
            u.put(i, j, u.at(i, j) * turn);
        }
        if j < v.cols().min(paired) {
            for i in 0..v.rows() {
                v.put(i, j, v.at(i, j) * turn);
            }
        }
    }
    Ok(())
}
