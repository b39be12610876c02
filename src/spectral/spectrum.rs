//! Functions of a whole spectrum: fᵢ may depend on the index i and on all singular values.

use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values, require_finite};
use crate::error::Error;
use crate::scalar::Real;

/// What [`map_into`](crate::spectral::map_into) and its derivatives ask of fᵢ(s₁, …, sₖ).
///
/// Every [`SpectralFunction`] is one, with the marker [`Pointwise`]; functions of the index or of the whole spectrum implement this
/// trait itself, with the marker [`Whole`]. The marker `M` only keeps the two apart and is never written by a caller.
///
/// ```
/// use diffsvd::{Error, Mat, Svd};
/// use diffsvd::spectral::{Direction, Order, SpectralMap, Values, Whole};
///
/// /// fᵢ = sᵢ/s₁: A over its spectral norm, where s₁ is simple.
/// #[derive(Clone, Copy)]
/// struct Normalized;
/// impl SpectralMap<f64, Whole> for Normalized {
///     fn check_at(&self, at: &Values<'_, f64>, order: Order) -> Result<(), Error> {
///         at.require_above("the norm", f64::MIN_POSITIVE)?;
///         if order == Order::Value { Ok(()) } else { at.require_distinct("the norm", 0, 1) }
///     }
///     fn value_at(&self, at: &Values<'_, f64>, i: usize) -> f64 { at.get(i) / at.largest() }
///     fn difference(&self, at: &Values<'_, f64>, _i: usize, _j: usize) -> f64 { 1.0 / at.largest() }
///     fn sum(&self, at: &Values<'_, f64>, _i: usize, _j: usize) -> f64 { 1.0 / at.largest() }
///     fn at_zero(&self, at: &Values<'_, f64>) -> f64 { 1.0 / at.largest() }
///     fn couple(&self, at: &Values<'_, f64>, w: &[f64], direction: Direction, out: &mut [f64]) {
///         let c = |i: usize| -at.get(i) / (at.largest() * at.largest()); // ∂fᵢ/∂s₁ beside the above
///         match direction {
///             Direction::Forward => out.iter_mut().enumerate().for_each(|(i, out)| *out += c(i) * w[0]),
///             Direction::Backward => out[0] += w.iter().enumerate().map(|(i, w)| c(i) * w).sum::<f64>(),
///         }
///     }
/// }
/// let svd = Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
/// let gradient = svd.map_vjp(Normalized, &Mat::identity(2))?; // L = tr X = 1 + s₂/s₁
/// assert_eq!((gradient[(0, 0)], gradient[(1, 1)]), (-0.25, 0.5));
/// # Ok::<(), Error>(())
/// ```
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
///
/// ```
/// # use diffsvd::spectral::{Direction, RelativeSoftThreshold, SpectralMap, Values};
/// let at = Values { s: &[4.0, 3.0], shape: (2, 2) };
/// let coupled = |w: [f64; 2], direction| {
///     let mut out = [0.0; 2];
///     RelativeSoftThreshold(0.5).couple(&at, &w, direction, &mut out); // max(sᵢ − s₁/2, 0)
///     out
/// };
/// assert_eq!(coupled([1.0, 0.0], Direction::Forward), [-0.5, -0.5]); // what ds₁ does to both values
/// assert_eq!(coupled([1.0, 1.0], Direction::Backward), [-1.0, 0.0]); // its transpose
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Tangents: dA ↦ dX.
    Forward,
    /// Cotangents: gX ↦ gA.
    Backward,
}

/// A [`SpectralMap`] with a second derivative; every [`TwiceDifferentiable`] function is one.
///
/// ```
/// use diffsvd::spectral::{Eigenvalue, Pointwise, Power, SecondOrderMap, Values};
/// let at = Values { s: &[3.0, 1.0], shape: (2, 2) };
/// let points = [Eigenvalue::Plus(0), Eigenvalue::Minus(1), Eigenvalue::Zero];
/// let second = SecondOrderMap::<f64, Pointwise>::second(&Power(3.0), &at, points);
/// assert!((second - (3.0 - 1.0 + 0.0)).abs() < 1e-14); // of x³: x₀ + x₁ + x₂
/// assert!(SecondOrderMap::<f64, Pointwise>::check_second(&Power(3.0), &at).is_ok());
/// ```
pub trait SecondOrderMap<R: Real, M>: SpectralMap<R, M> {
    /// Whether the second derivative exists at these values.
    ///
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
///
/// ```
/// # use diffsvd::spectral::{Eigenvalue, Values};
/// let at = Values { s: &[3.0, 1.0], shape: (3, 2) };
/// let all = [Eigenvalue::Plus(0), Eigenvalue::Plus(1), Eigenvalue::Zero, Eigenvalue::Minus(1), Eigenvalue::Minus(0)];
/// assert_eq!(all.map(|eigenvalue| eigenvalue.of(&at)), [3.0, 1.0, 0.0, -1.0, -3.0]);
/// ```
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

/// fᵢ.
///
/// # Errors
/// [`Error::NonFinite`] where that is no finite number.
pub(crate) fn value_of<R: Real, M, F: SpectralMap<R, M>>(f: &F, at: &Values<'_, R>, i: usize) -> Result<R, Error> {
    require_finite("the values of the function", (i, 0), f.value_at(at, i))
}

/// (D1, D2) at (i, j), or (f′, q) for i = j, where q is zero unless it is `used`: where it is not it may be infinite.
///
/// # Errors
/// [`Error::NonFinite`] where one is no finite number.
#[cfg_attr(not(target_os = "none"), inline(always))]
pub(crate) fn differences_of<R: Real, M, F: SpectralMap<R, M>>(
    f: &F,
    at: &Values<'_, R>,
    (i, j): (usize, usize),
    used: bool,
) -> Result<[R; 2], Error> {
    let sum = if i != j || used { f.sum(at, i, j) } else { R::zero() };
    let finite = |x| require_finite(DIFFERENCES, (i, j), x);
    Ok([finite(f.difference(at, i, j))?, finite(sum)?])
}

/// What is not finite where a derivative is none.
pub(super) const DIFFERENCES: &str = "the divided differences of the function";

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
