//! Soft thresholding with a derivative everywhere.

use diffsvd::spectral::{Order, SoftThreshold, SpectralFunction, Values};

use crate::{Dims, Element, Error};

/// [`SoftThreshold`] with the derivative of values below where a singular value is τ to working precision, as engines take relu to have at zero. Among the
/// thousands of singular values of a batch in `f32` one is always near τ, and a step of training must not end there.
#[derive(Clone, Copy)]
pub(crate) struct Shrink<T>(SoftThreshold<T>);

impl<T: Element> SpectralFunction<T> for Shrink<T> {
    const PARAMETERS: usize = 1;

    fn value(&self, s: T) -> T {
        self.0.value(s)
    }
    fn derivative(&self, s: T) -> T {
        self.0.derivative(s)
    }
    fn divided_difference(&self, a: T, b: T) -> T {
        self.0.divided_difference(a, b)
    }
    fn parameter_derivative(&self, s: T, parameter: usize) -> T {
        self.0.parameter_derivative(s, parameter)
    }
    fn check(&self, at: &Values<'_, T>, _order: Order) -> Result<(), diffsvd::Error> {
        self.0.check(at, Order::Value)
    }
}

/// A threshold for each matrix, or one for all.
pub(crate) struct Thresholds<T>(Vec<T>);

impl<T: Element> Thresholds<T> {
    /// # Errors
    /// [`Error::Thresholds`] for another number of them.
    pub(crate) fn new(tau: &[f64], dims: Dims) -> Result<Self, Error> {
        if tau.len() == 1 || tau.len() == dims.count {
            Ok(Thresholds(tau.iter().map(|&tau| T::from_f64(tau)).collect()))
        } else {
            Err(Error::Thresholds { got: tau.len(), matrices: dims.count })
        }
    }

    pub(crate) fn is_one(&self) -> bool {
        self.0.len() == 1
    }

    /// That of a matrix.
    pub(crate) fn of(&self, number: usize) -> Shrink<T> {
        let tau = self.0.get(if self.is_one() { 0 } else { number }).copied();
        Shrink(SoftThreshold(tau.unwrap_or_else(T::zero)))
    }
}
