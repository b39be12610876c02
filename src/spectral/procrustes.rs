//! The rotation nearest to a real square matrix, det = +1 (Kabsch's and Wahba's problem).
//!
//! R = U diag(1, …, 1, d) Vᵀ with d = det(U Vᵀ). It is the spectral map with fₖ = d: where A has the orientation of a reflection (d = −1) the divided
//! difference 2/(sᵢ − sₖ) stands where 2/(sᵢ + sₖ) stands for a rotation.

use super::divided::{quotient_of_sums, second_of_pieces};
use super::spectrum::{Eigenvalue, SecondOrderMap, SpectralMap, Whole, between};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::entry::{read, write};
use crate::matrix::{MatRef, check_shape};
use crate::scalar::Real;
use crate::workspace::Arena;

/// The map A ↦ R that maximizes tr(RᵀA) over rotations, for one matrix whose orientation is known.
///
/// Smooth through det A = 0. Not differentiable, because R is not unique, where det A < 0 and the two smallest singular values are equal
/// ([`Error::EqualSingularValues`]), or where both are zero ([`Error::ZeroSingularValue`]); both within (max(m, n) + 10) ε s₁. Without the restriction to
/// det = +1, and for complex matrices, the map is [`Polar`](crate::spectral::Polar).
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Rotation};
/// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, -1.0]]))?; // a reflection
/// let rotation = Rotation::of(&svd.factors(), &mut [0.0; Rotation::workspace_len(2)])?;
/// assert!(rotation.is_reflected());
/// assert_eq!(svd.map(rotation)?, Mat::identity(2)); // the nearest rotation
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Kabsch 1976; Umeyama 1991.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    reflected: bool,
    size: usize,
}

impl Rotation {
    /// Length of the workspace of [`Rotation::of`].
    #[must_use]
    pub const fn workspace_len(size: usize) -> usize {
        size.saturating_mul(size).saturating_mul(2)
    }

    /// Looks at the orientation of U Vᵀ. O(n³).
    ///
    /// # Errors
    /// [`Error::Shape`] unless A is square with all of its triplets; [`Error::Workspace`].
    pub fn of<R: Real>(factors: &Factors<'_, R>, work: &mut [R]) -> Result<Self, Error> {
        factors.check()?;
        let size = factors.triplets();
        check_shape("the matrix", factors.shape(), (size, size))?;
        let mut arena = Arena::new(work, Self::workspace_len(size))?;
        let mut negative = |basis: MatRef<'_, R>| {
            let copy = arena.take(size * size);
            for (j, column) in copy.chunks_exact_mut(size.max(1)).enumerate() {
                column.iter_mut().enumerate().for_each(|(i, x)| *x = basis.at(i, j));
            }
            has_negative_determinant(copy, size)
        };
        Ok(Rotation { reflected: negative(factors.u) != negative(factors.v), size })
    }

    /// Whether A has the orientation of a reflection, so that the smallest singular direction is reversed.
    #[must_use]
    pub fn is_reflected(&self) -> bool {
        self.reflected
    }

    /// Whether exactly one of the two is the direction that is reversed.
    fn opposed(self, i: usize, j: usize) -> bool {
        self.reflected && i != j && i.max(j) + 1 == self.size
    }
}

impl<R: Real> SpectralMap<R, Whole> for Rotation {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        const OPERATION: &str = "the nearest rotation";
        let n = self.size;
        check_shape("the matrix", at.shape, (n, n))?;
        check_shape("s", (at.s.len(), 1), (n, 1))?;
        if order == Order::Value || n < 2 {
            return Ok(());
        }
        if at.get(n - 2) <= at.noise() {
            let value = at.get(n - 2).to_f64();
            return Err(Error::ZeroSingularValue { operation: OPERATION, index: n - 2, value });
        }
        if self.reflected { at.require_distinct(OPERATION, n - 2, n - 1) } else { Ok(()) }
    }
    fn value_at(&self, _at: &Values<'_, R>, i: usize) -> R {
        if self.reflected && i + 1 == self.size { -R::one() } else { R::one() }
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if self.opposed(i, j) { R::from_f64(2.0) / (at.get(i.min(j)) - at.get(i.max(j))) } else { R::zero() }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if self.opposed(i, j) { R::zero() } else { quotient_of_sums([R::one(); 2], [at.get(i), at.get(j)]) }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for Rotation {
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        self.check_at(at, Order::Derivative)
    }
    /// 1 and −1, the last singular value with its sign.
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        let reversed = |i: usize| self.reflected && i + 1 == self.size;
        let positive = |point| match point {
            Eigenvalue::Plus(i) => !reversed(i),
            Eigenvalue::Minus(i) => reversed(i),
            Eigenvalue::Zero => false,
        };
        second_of_pieces(points, |point: Eigenvalue| point.of(at), positive, |a, b| between(self, at, a, b))
    }
}

/// The sign of the determinant of a column-major orthogonal matrix, by elimination with pivoting, in place.
fn has_negative_determinant<R: Real>(a: &mut [R], n: usize) -> bool {
    let mut negative = false;
    for step in 0..n {
        let at = |row: usize, column: usize| column * n + row;
        let mut pivot = step;
        for row in step + 1..n {
            if read(a, at(row, step)).abs() > read(a, at(pivot, step)).abs() {
                pivot = row;
            }
        }
        if pivot != step {
            negative = !negative;
            for column in step..n {
                let (below, above) = (read(a, at(pivot, column)), read(a, at(step, column)));
                write(a, at(step, column), below);
                write(a, at(pivot, column), above);
            }
        }
        negative ^= read(a, at(step, step)) < R::zero();
        for row in step + 1..n {
            let factor = read(a, at(row, step)) / read(a, at(step, step));
            for column in step + 1..n {
                let left = read(a, at(row, column)) - factor * read(a, at(step, column));
                write(a, at(row, column), left);
            }
        }
    }
    negative
}
