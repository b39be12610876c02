//! A function of the singular values for each item, as the engine for small matrices asks for it.

use core::marker::PhantomData;

use super::choose::Choose;
use super::lanes::{Evaluate, Numbers};
use super::view::BatchRef;
use crate::error::Error;
use crate::factors::Factors;
use crate::scalar::Scalar;
use crate::spectral::{Direction, Order, SpectralMap, Values, differences_of, value_of};

/// The choice, the factors that it may look at, and what became of their decomposition.
pub(super) struct Chosen<'a, S: Scalar, M, C> {
    pub(super) choose: &'a C,
    /// Of item 0 here in the whole batch.
    pub(super) number: usize,
    pub(super) factors: (BatchRef<'a, S>, BatchRef<'a, S::Real>, BatchRef<'a, S>),
    pub(super) status: &'a [Result<(), Error>],
    pub(super) direction: Direction,
    pub(super) work: &'a mut [S],
    pub(super) marker: PhantomData<M>,
}

impl<S: Scalar, M, C: Choose<S, Map: SpectralMap<S::Real, M>>> Chosen<'_, S, M, C> {
    fn map(&mut self, item: usize) -> Result<C::Map, Error> {
        if let Some(map) = self.choose.same() {
            return Ok(map);
        }
        let (u, s, v) = &self.factors;
        let factors = Factors { u: u.item(item)?, s: s.vector(item)?, v: v.item(item)? };
        self.choose.choose(self.number + item, &factors, self.work)
    }
}

impl<S: Scalar, M, C: Choose<S, Map: SpectralMap<S::Real, M>>> Evaluate<S::Real> for Chosen<'_, S, M, C> {
    fn ready(&self, item: usize) -> Result<(), Error> {
        self.status.get(item).copied().unwrap_or(Ok(()))
    }

    fn values(&mut self, item: usize, at: &Values<'_, S::Real>, out: &mut [S::Real]) -> Result<(), Error> {
        let f = self.map(item)?;
        f.check_at(at, Order::Value)?;
        for (i, value) in out.iter_mut().enumerate() {
            *value = value_of(&f, at, i)?;
        }
        Ok(())
    }

    fn differences(
        &mut self,
        item: usize,
        at: &Values<'_, S::Real>,
        numbers: Numbers<'_, S::Real>,
    ) -> Result<(), Error> {
        let f = self.map(item)?;
        f.check_at(at, Order::Derivative)?;
        let mut entries = numbers.table.iter_mut();
        // Real square matrices take no quotient.
        let used = S::PARTS == 2 || at.shape.0 != at.shape.1;
        for j in 0..at.s.len() {
            for (i, entry) in (j..at.s.len()).zip(&mut entries) {
                *entry = differences_of(&f, at, (i, j), used)?;
            }
        }
        f.couple(at, numbers.w, self.direction, numbers.extra);
        Ok(())
    }
}
