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

/// Functions given by their values and derivatives at the k singular values.
///
/// The divided differences are quotients, or the mean of the two derivatives where |sᵢ − sⱼ| ≤ ∛ε s₁: with error ε^⅔ there
/// at most, since nothing is known about f in between. Give a [`SpectralFunction`] for full accuracy.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::PerValue};
/// let svd = Svd::thin(&Mat::from_rows(&[[3.0, 0.0], [0.0, 1.0]]))?;
/// let x = svd.map(PerValue { value: &[5.0, 7.0], derivative: &[0.0, 0.0] })?;
/// assert_eq!((x[(0, 0)], x[(1, 1)]), (5.0, 7.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PerValue<'a, R> {
    /// fᵢ, k values.
    pub value: &'a [R],
    /// ∂fᵢ/∂sᵢ, k values.
    pub derivative: &'a [R],
}

impl<R: Real> PerValue<'_, R> {
    /// Whether the mean of the derivatives stands for the quotient.
    fn close(at: &Values<'_, R>, i: usize, j: usize) -> bool {
        let gap = (at.get(i) - at.get(j)).abs();
        // ε^(1/3) as a power of two.
        gap <= at.largest().mul_pow2(R::EPSILON.exponent() / 3)
    }
}

impl<R: Real> SpectralMap<R, Whole> for PerValue<'_, R> {
    /// [`Error::EqualSingularValues`] where two values are equal and their fᵢ are not, to 16 ∛ε; [`Error::Shape`].
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        let k = at.s.len();
        crate::matrix::check_shape("the values of the function", (self.value.len(), 1), (k, 1))?;
        crate::matrix::check_shape("the derivatives of the function", (self.derivative.len(), 1), (k, 1))?;
        let size = self.value.iter().fold(R::zero(), |size, f| size.larger(f.abs()));
        for j in 1..k {
            let differ = (self.value[j] - self.value[j - 1]).abs() > size.mul_pow2(4 + R::EPSILON.exponent() / 3);
            if order == Order::Derivative && differ {
                at.require_distinct("the function of the singular values", j - 1, j)?;
            }
        }
        Ok(())
    }
    fn value_at(&self, _at: &Values<'_, R>, i: usize) -> R {
        self.value[i]
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let (s, t, f, g) = (at.get(i), at.get(j), self.value[i], self.value[j]);
        let mean = (self.derivative[i] + self.derivative[j]).mul_pow2(-1);
        let gap = s - t;
        // Where fᵢ − fⱼ is far from what the derivatives say, the two belong to different functions.
        let consistent =
            (f - g - gap * mean).abs() <= (gap * mean).abs() + R::EPSILON.mul_pow2(2) * (f.abs() + g.abs());
        if i == j || (Self::close(at, i, j) && consistent) { mean } else { (f - g) / gap }
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        let sum = at.get(i) + at.get(j);
        if sum == R::zero() { self.derivative[i] } else { (self.value[i] + self.value[j]) / sum }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
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
