//! The singular values that a function is applied to, and the questions about them that every function asks.

use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::scalar::{Real, Scalar};

/// The singular values of an m×n matrix: what a [`SpectralMap`](crate::spectral::SpectralMap) reads.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Values};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))?.truncate(1);
/// let at = Values::of(&svd.factors()); // one of two values is given: the other counts as zero
/// assert_eq!((at.count(), at.largest(), at.get(0), at.get(1)), (2, 2.0, 2.0, 0.0));
/// assert_eq!(at.noise(), 13.0 * f64::EPSILON * 2.0); // (max(m, n) + 10) ε s₁
/// assert!(at.require_distinct("f", 0, 1).is_ok() && at.require_away_from("a kink", 1.0).is_ok());
/// let error = at.require_above("the inverse", 0.0).unwrap_err();
/// assert_eq!(error.to_string(), "the inverse is not differentiable: singular value 1 (from 0) is zero to working precision (0e0)");
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Values<'a, R> {
    /// The k given values, descending and non-negative; the missing min(m, n) − k are zero.
    pub s: &'a [R],
    /// (m, n).
    pub shape: (usize, usize),
}

/// What a function is about to be asked for.
///
/// ```
/// use diffsvd::spectral::{Order, SoftThreshold, SpectralFunction, Values};
/// let at = Values { s: &[2.0, 0.5], shape: (2, 2) };
/// assert!(SoftThreshold(0.5).check(&at, Order::Value).is_ok()); // (s − 0.5)₊ has a value at s = 0.5,
/// assert!(SoftThreshold(0.5).check(&at, Order::Derivative).is_err()); // and two slopes
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// The value alone: only parameters are checked.
    Value,
    /// A derivative.
    Derivative,
}

impl<'a, R: Real> Values<'a, R> {
    /// The values of a factorization.
    #[must_use]
    pub fn of<S: Scalar<Real = R>>(factors: &Factors<'a, S>) -> Self {
        Values { s: factors.s, shape: factors.shape() }
    }

    /// s₁, or zero if there is none.
    #[must_use]
    pub fn largest(&self) -> R {
        self.s.first().copied().unwrap_or_else(R::zero)
    }

    /// Value number i; zero for those that are missing.
    #[must_use]
    pub fn get(&self, i: usize) -> R {
        self.s.get(i).copied().unwrap_or_else(R::zero)
    }

    /// min(m, n): the number of values, the missing ones included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shape.0.min(self.shape.1)
    }

    /// What rounding may have moved a singular value by, with some room: (max(m, n) + 10) ε s₁, as [`Tolerance::Default`].
    #[must_use]
    pub fn noise(&self) -> R {
        Tolerance::Default.absolute(self.shape, self.largest())
    }

    /// Refuses two equal values. Both numbers must be below [`Self::count`].
    ///
    /// # Errors
    /// [`Error::EqualSingularValues`] where values i and j are equal to working precision.
    pub fn require_distinct(&self, operation: &'static str, i: usize, j: usize) -> Result<(), Error> {
        let value = self.get(j);
        if (self.get(i) - value).abs() > self.noise() {
            return Ok(());
        }
        Err(Error::EqualSingularValues { operation, first: i, second: j, value: value.to_f64() })
    }

    /// Refuses values up to `cut`, the missing ones included.
    ///
    /// # Errors
    /// [`Error::ZeroSingularValue`] where one of the min(m, n) values is at most `cut`.
    pub fn require_above(&self, operation: &'static str, cut: R) -> Result<(), Error> {
        match (0..self.count()).find(|&i| self.get(i) <= cut) {
            Some(index) => Err(Error::ZeroSingularValue { operation, index, value: self.get(index).to_f64() }),
            None => Ok(()),
        }
    }

    /// Refuses values at a kink.
    ///
    /// # Errors
    /// [`Error::Parameter`] where a singular value is `kink`, a point at which the function has two slopes, to working
    /// precision.
    pub fn require_away_from(&self, name: &'static str, kink: R) -> Result<(), Error> {
        if (0..self.count()).any(|i| (self.get(i) - kink).abs() <= self.noise()) {
            return Err(Error::Parameter { name, value: kink.to_f64(), must: "differ from every singular value" });
        }
        Ok(())
    }
}

/// What a function gives at (row, column) of its table.
///
/// # Errors
/// [`Error::NonFinite`] where it is infinite or NaN.
#[cfg_attr(not(target_os = "none"), inline)]
pub(super) fn require_finite<R: Real>(argument: &'static str, (row, column): (usize, usize), x: R) -> Result<R, Error> {
    if x.is_finite() {
        Ok(x)
    } else {
        Err(Error::NonFinite { argument, row, column, nan: x.partial_cmp(&x).is_none() })
    }
}

/// # Errors
/// [`Error::Parameter`] unless the value is finite and positive.
pub(super) fn require_positive<R: Real>(name: &'static str, value: R) -> Result<(), Error> {
    if value > R::zero() && value.is_finite() {
        return Ok(());
    }
    Err(Error::Parameter { name, value: value.to_f64(), must: "be finite and positive" })
}
