//! Which function of the singular values each item gets.

use crate::error::Error;
use crate::factors::Factors;
use crate::scalar::{Real, Scalar};
use crate::spectral::Rotation;

/// The function of item i: [`Same`], [`PerItem`], [`ByFactors`], [`Rotations`], or a rule of your own.
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
