//! Functions of a whole spectrum: fᵢ may depend on the index i and on all singular values.

use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values};
use crate::error::Error;
use crate::scalar::Real;

/// What [`map_into`](crate::spectral::map_into) and its derivatives ask of fᵢ(s₁, …, sₖ).
///
/// Every [`SpectralFunction`] is one, with the marker [`Pointwise`]; functions of the index or of the whole spectrum implement this
/// trait itself, with the marker [`Whole`]. The marker `M` only keeps the two apart and is never written by a caller.
pub trait SpectralMap<R: Real, M> {
    /// Whether what is asked for exists at these values.
    ///
    /// # Errors
    /// [`Error::EqualSingularValues`], [`Error::ZeroSingularValue`] or [`Error::Parameter`].
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error>;

    /// fᵢ.
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R;

    /// (fᵢ − fⱼ)/(sᵢ − sⱼ), or its limit where they are equal; ∂fᵢ/∂sᵢ for i = j.
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R;

    /// (fᵢ + fⱼ)/(sᵢ + sⱼ), or its limit where both are zero; fᵢ/sᵢ for i = j.
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R;

    /// f′(0) for the singular values that are not among the k given ones.
    fn at_zero(&self, at: &Values<'_, R>) -> R;

    /// Adds to `out` what the derivatives ∂fᵢ/∂sⱼ, i ≠ j, and the part of ∂fᵢ/∂sᵢ that is not in
    /// [`difference`](Self::difference), make of `w`: outᵢ += Σⱼ cᵢⱼ wⱼ, or Σⱼ cⱼᵢ wⱼ for `Direction::Backward`.
    fn couple(&self, at: &Values<'_, R>, w: &[R], direction: Direction, out: &mut [R]) {
        let _ = (at, w, direction, out);
    }
}

/// Which of two adjoint maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Tangents: dA ↦ dX.
    Forward,
    /// Cotangents: gX ↦ gA.
    Backward,
}

/// A [`SpectralMap`] with a second derivative; every [`TwiceDifferentiable`] function is one.
pub trait SecondOrderMap<R: Real, M>: SpectralMap<R, M> {
    /// # Errors
    /// As [`SpectralMap::check_at`], for the second derivative.
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error>;

    /// f\[λ₀, λ₁, λ₂\], the second divided difference of the odd continuation at three eigenvalues of \[0 A; Aᴴ 0\].
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R;

    /// What [`couple`](SpectralMap::couple) adds to the first derivative, where it is of the one kind whose second derivative is known: (r, c)
    /// says that each of the first r values falls by c ds₁, and that no other coupling exists. `None` says that there is no coupling.
    ///
    /// Checked: [`map_second_into`](crate::spectral::map_second_into) compares it with what `couple` does to each unit vector, and reports
    /// [`Error::Parameter`] where they differ.
    fn lowering(&self, at: &Values<'_, R>) -> Option<(usize, R)> {
        let _ = at;
        None
    }
}

/// An eigenvalue of the Hermitian matrix \[0 A; Aᴴ 0\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eigenvalue {
    /// sᵢ.
    Plus(usize),
    /// −sᵢ.
    Minus(usize),
    /// One of the zeros that belong to no given triplet.
    Zero,
}

impl Eigenvalue {
    /// Its value.
    #[must_use]
    pub fn of<R: Real>(self, at: &Values<'_, R>) -> R {
        match self {
            Eigenvalue::Plus(i) => at.get(i),
            Eigenvalue::Minus(i) => -at.get(i),
            Eigenvalue::Zero => R::zero(),
        }
    }
}

/// Marks maps whose fᵢ is f(sᵢ).
#[derive(Clone, Copy, Debug)]
pub enum Pointwise {}

/// Marks maps whose fᵢ depends on more than sᵢ.
#[derive(Clone, Copy, Debug)]
pub enum Whole {}

impl<R: Real, F: SpectralFunction<R>> SpectralMap<R, Pointwise> for F {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        SpectralFunction::check(self, at, order)
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        SpectralFunction::value(self, at.get(i))
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if i == j { self.derivative(at.get(i)) } else { self.divided_difference(at.get(i), at.get(j)) }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        if i == j { self.quotient(at.get(i)) } else { self.divided_sum(at.get(i), at.get(j)) }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        self.derivative(R::zero())
    }
}

impl<R: Real, F: TwiceDifferentiable<R>> SecondOrderMap<R, Pointwise> for F {
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        TwiceDifferentiable::check_second(self, at)
    }
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        self.second_difference(points.map(|point| point.of(at)))
    }
}

/// The first divided difference of the odd continuation between two eigenvalues.
pub(super) fn between<R: Real, F: SpectralMap<R, Whole>>(f: &F, at: &Values<'_, R>, a: Eigenvalue, b: Eigenvalue) -> R {
    use Eigenvalue::{Minus, Plus, Zero};
    match (a, b) {
        (Plus(i), Plus(j)) | (Minus(i), Minus(j)) => f.difference(at, i, j),
        (Plus(i), Minus(j)) | (Minus(i), Plus(j)) => f.sum(at, i, j),
        (Plus(i) | Minus(i), Zero) | (Zero, Plus(i) | Minus(i)) => f.sum(at, i, i),
        (Zero, Zero) => f.at_zero(at),
    }
}
