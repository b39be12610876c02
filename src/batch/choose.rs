//! Which function of the singular values each item gets.

use crate::error::Error;
use crate::factors::Factors;
use crate::scalar::{Real, Scalar};
use crate::spectral::Rotation;

/// The function of item i: [`Same`], [`PerItem`], [`ByFactors`], [`Rotations`], or a rule of your own.
///
/// ```
/// use diffsvd::{Error, Factors, batch::{Batch, BatchSvd, Choose}, spectral::SoftThreshold};
///
/// /// The threshold of each item is a share of its largest singular value, and does not move with it.
/// struct Share(f64);
/// impl Choose<f64> for Share {
///     type Map = SoftThreshold<f64>;
///     fn choose(&self, _item: usize, factors: &Factors<'_, f64>, _work: &mut [f64]) -> Result<SoftThreshold<f64>, Error> {
///         Ok(SoftThreshold(self.0 * factors.largest()))
///     }
/// }
/// let a = Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 });
/// let x = BatchSvd::thin(&a)?.map(&Share(0.5))?;
/// assert_eq!((x.get(0, 0, 0), x.get(2, 0, 0)), (Some(0.5), Some(1.5)));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub trait Choose<S: Scalar>: Sync {
    /// A [`SpectralMap`](crate::spectral::SpectralMap).
    type Map;

    /// The function of item number `item`, whose factors are these; `work` is the workspace of the map, free until then.
    ///
    /// # Errors
    /// Those of the item.
    fn choose(&self, item: usize, factors: &Factors<'_, S>, work: &mut [S]) -> Result<Self::Map, Error>;

    /// The function, where it is the same for every item.
    fn same(&self) -> Option<Self::Map> {
        None
    }
}

/// The same function for every item. What cannot be copied is passed as a reference.
#[derive(Clone, Copy, Debug)]
pub struct Same<F>(pub F);

impl<S: Scalar, F: Copy + Sync> Choose<S> for Same<F> {
    type Map = F;
    fn choose(&self, _item: usize, _factors: &Factors<'_, S>, _work: &mut [S]) -> Result<F, Error> {
        Ok(self.0)
    }
    fn same(&self) -> Option<F> {
        Some(self.0)
    }
}

/// A function for each item, from its number: `PerItem(|i| SoftThreshold(tau[i]))`.
#[derive(Clone, Copy, Debug)]
pub struct PerItem<G>(pub G);

impl<S: Scalar, F, G: Fn(usize) -> F + Sync> Choose<S> for PerItem<G> {
    type Map = F;
    fn choose(&self, item: usize, _factors: &Factors<'_, S>, _work: &mut [S]) -> Result<F, Error> {
        Ok((self.0)(item))
    }
}

/// A function for each item, from its factors: `ByFactors(|factors| Inverse::relative(factors, cutoff))`.
///
/// ```
/// # use diffsvd::{Tolerance, batch::{Batch, BatchSvd, ByFactors}, spectral::Inverse};
/// let a = Batch::from_fn(2, 2, 2, |i, row, col| if row == col { [2.0, 1e-9][row * i] } else { 0.0 }); // 2 I, diag(2, 1e-9)
/// let cutoff = Tolerance::Relative(1e-6); // of s₁ of each item
/// let x = BatchSvd::thin(&a)?.map(&ByFactors(|factors: &diffsvd::Factors<'_, f64>| Inverse::relative(factors, cutoff)))?;
/// assert_eq!((x.get(0, 1, 1), x.get(1, 1, 1)), (Some(0.5), Some(0.0)));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ByFactors<G>(pub G);

impl<S: Scalar, F, G: Fn(&Factors<'_, S>) -> F + Sync> Choose<S> for ByFactors<G> {
    type Map = F;
    fn choose(&self, _item: usize, factors: &Factors<'_, S>, _work: &mut [S]) -> Result<F, Error> {
        Ok((self.0)(factors))
    }
}

/// The nearest rotation of each item, det = +1: [`Rotation`] with the orientation of the item.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rotations;

impl<R: Real> Choose<R> for Rotations {
    type Map = Rotation;
    fn choose(&self, _item: usize, factors: &Factors<'_, R>, work: &mut [R]) -> Result<Rotation, Error> {
        Rotation::of(factors, work)
    }
}
