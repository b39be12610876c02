//! Functions that are given by numbers: one value, and one derivative of each order, for every singular value.

use super::divided::quotient_of_sums;
use super::spectrum::{Eigenvalue, SecondOrderMap, SpectralMap, Whole, between};
use super::values::{Order, Values};
use crate::error::Error;
use crate::matrix::check_shape;
use crate::scalar::Real;
use Eigenvalue::{Minus, Plus, Zero};

const OPERATION: &str = "the function of the singular values";

/// Functions given by their values and derivatives at the k singular values.
///
/// The divided differences are quotients, or the mean of the two derivatives where |sᵢ − sⱼ| ≤ ∛ε s₁: with error ε^⅔ there
/// at most, since nothing is known about f in between; where fewer than min(m, n) triplets are given, f′(0) counts as 0. Give a
/// [`SpectralFunction`](super::SpectralFunction) for full accuracy, and [`PerValueTwice`] for the second derivative. Not differentiable where two
/// singular values are equal and their fᵢ are not ([`Error::EqualSingularValues`]), or where one is zero and its fᵢ is not
/// ([`Error::ZeroSingularValue`]).
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
        (at.get(i) - at.get(j)).abs() <= small(at, 3)
    }
}

impl<R: Real> SpectralMap<R, Whole> for PerValue<'_, R> {
    /// [`Error::EqualSingularValues`] where two values are equal and their fᵢ are not, to 16 ∛ε of the largest; [`Error::ZeroSingularValue`] where a value is
    /// zero and its fᵢ is not; [`Error::Shape`].
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        let k = at.s.len();
        check_shape("the values of the function", (self.value.len(), 1), (k, 1))?;
        check_shape("the derivatives of the function", (self.derivative.len(), 1), (k, 1))?;
        if order == Order::Value {
            return Ok(());
        }
        let size = self.value.iter().fold(R::zero(), |size, f| size.larger(f.abs()));
        let differ = |f: R, g: R| (f - g).abs() > size.mul_pow2(4 + R::EPSILON.exponent() / 3);
        for (i, &f) in self.value.iter().enumerate() {
            if i > 0 && differ(f, self.value[i - 1]) {
                at.require_distinct(OPERATION, i - 1, i)?;
            }
            // s and −s have the values f and −f.
            if differ(f, -f) && at.get(i) <= at.noise() {
                let value = at.get(i).to_f64();
                return Err(Error::ZeroSingularValue { operation: OPERATION, index: i, value });
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
        let values = [at.get(i), at.get(j)];
        if values == [R::zero(); 2] {
            self.derivative[i]
        } else {
            quotient_of_sums([self.value[i], self.value[j]], values)
        }
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

/// [`PerValue`] with the second derivatives, for [`map_second_into`](crate::spectral::map_second_into).
///
/// First divided differences over at most ε^⅕ s₁ are f′ by the trapezoidal rule with its end correction, second ones over at most
/// ∛ε s₁ are half the mean of the three f″, others quotients; with error ε^⅗ at most where the values are those of one smooth
/// function. Where they contradict the derivatives the quotient stands.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::{PerValue, PerValueTwice}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
/// let cube = PerValue { value: &[8.0; 2], derivative: &[12.0; 2] };
/// let z = Mat::identity(2);
/// let second = svd.map_second(PerValueTwice { first: cube, second: &[12.0; 2] }, &z, &z)?;
/// assert!((second[(0, 0)] - 12.0).abs() < 1e-13);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PerValueTwice<'a, R> {
    /// fᵢ and ∂fᵢ/∂sᵢ.
    pub first: PerValue<'a, R>,
    /// ∂²fᵢ/∂sᵢ², k values.
    pub second: &'a [R],
}

impl<R: Real> SpectralMap<R, Whole> for PerValueTwice<'_, R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        check_shape("the second derivatives of the function", (self.second.len(), 1), (at.s.len(), 1))?;
        self.first.check_at(at, order)
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        self.first.value_at(at, i)
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        self.first.difference(at, i, j)
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        self.first.sum(at, i, j)
    }
    fn at_zero(&self, at: &Values<'_, R>) -> R {
        self.first.at_zero(at)
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for PerValueTwice<'_, R> {
    /// Also [`Error::ZeroSingularValue`] where sᵢ = 0 and fᵢ″ is not: the odd continuation has a kink in its derivative there.
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        self.check_at(at, Order::Derivative)?;
        if at.s.iter().zip(self.second).any(|(&s, &second)| s == R::zero() && second != R::zero()) {
            return at.require_above("the second derivative", R::zero());
        }
        Ok(())
    }
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        let [a, b, c] = descending(at, points);
        let spread = a.of(at) - c.of(at);
        let smooth = [(a, b), (b, c), (a, c)].into_iter().all(|(x, y)| self.smooth_between(at, x, y).is_some());
        if spread == R::zero() || (spread <= small(at, 3) && smooth) {
            let sum = points.into_iter().fold(R::zero(), |sum, point| sum + self.jet(at, point)[3]);
            return sum / R::from_f64(6.0);
        }
        (self.first_between(at, a, b) - self.first_between(at, b, c)) / spread
    }
}

impl<R: Real> PerValueTwice<'_, R> {
    /// \[λ, f, f′, f″\] of the odd continuation.
    fn jet(&self, at: &Values<'_, R>, point: Eigenvalue) -> [R; 4] {
        let zero = R::zero();
        match point {
            Plus(i) => [at.get(i), self.first.value[i], self.first.derivative[i], self.second[i]],
            Minus(i) => [-at.get(i), -self.first.value[i], self.first.derivative[i], -self.second[i]],
            Zero => [zero; 4],
        }
    }

    /// The mean of f′ between two eigenvalues by the corrected trapezoidal rule, unless the values contradict it by more than the correction and
    /// their rounding. Of zero f′ is not known: the interval is then that between the other eigenvalue and its opposite.
    fn smooth_between(&self, at: &Values<'_, R>, a: Eigenvalue, b: Eigenvalue) -> Option<R> {
        let (a, b) = match (a, b) {
            (Zero, Zero) => return Some(self.at_zero(at)),
            (Zero, Plus(i) | Minus(i)) | (Plus(i) | Minus(i), Zero) => (Plus(i), Minus(i)),
            given => given,
        };
        let ([x, f, slope, bend], [y, g, other, turn]) = (self.jet(at, a), self.jet(at, b));
        let gap = x - y;
        let correction = gap * (bend - turn) / R::from_f64(12.0);
        let mean = (slope + other).mul_pow2(-1) - correction;
        // What rounding may have done to the given values: 64 ε.
        let rounding = R::EPSILON.mul_pow2(6) * (f.abs() + g.abs() + (gap * mean).abs());
        ((f - g - gap * mean).abs() <= (gap * correction).abs() + rounding).then_some(mean)
    }

    /// f\[a, b\]. Between opposite signs the quotient does not cancel.
    fn first_between(&self, at: &Values<'_, R>, a: Eigenvalue, b: Eigenvalue) -> R {
        let near = (a.of(at) - b.of(at)).abs() <= small(at, 5);
        match (a, b) {
            (Plus(_), Plus(_)) | (Minus(_), Minus(_)) if near => self.smooth_between(at, a, b),
            _ => None,
        }
        .unwrap_or_else(|| between(self, at, a, b))
    }
}

/// The root of ε of this order, as a power of two, times s₁.
fn small<R: Real>(at: &Values<'_, R>, root: i32) -> R {
    at.largest().mul_pow2(R::EPSILON.exponent() / root)
}

fn descending<R: Real>(at: &Values<'_, R>, [a, b, c]: [Eigenvalue; 3]) -> [Eigenvalue; 3] {
    let sorted = |x: Eigenvalue, y: Eigenvalue| if x.of(at) < y.of(at) { (y, x) } else { (x, y) };
    let (a, b) = sorted(a, b);
    let (b, c) = sorted(b, c);
    let (a, b) = sorted(a, b);
    [a, b, c]
}
