//! What a matrix may hold: plain numbers, dual numbers with one direction or many, and complex numbers of them.

use std::fmt::Debug;

use diffsvd::{Real, Scalar};
use nalgebra::allocator::Allocator;
use nalgebra::{DefaultAllocator, Dim, OVector, U1};
use num_complex::Complex;
use num_dual::{Derivative, Dual, DualNum, DualVec};

/// A number with a value and its tangents along some directions.
///
/// `f32` and `f64` have none, [`Dual`] has one, [`DualVec`] as many as its vector, `Complex` of these as many as its parts. What is generic over it
/// is a plain function for plain numbers, and its own derivative for dual ones.
pub trait Entry: Clone + PartialEq + Debug + 'static {
    /// What the decomposition sees.
    type Value: Scalar;
    /// The type of singular values, with their tangents.
    type Real: Entry<Value = <Self::Value as Scalar>::Real, Real = Self::Real>;

    /// The value.
    fn value(&self) -> Self::Value;

    /// Number of directions; 0 for a constant.
    fn directions(&self) -> usize;

    /// The tangent along one of them; zero beyond.
    fn tangent(&self, direction: usize) -> Self::Value;

    /// The number with this value and these tangents.
    fn with_tangents(value: Self::Value, directions: usize, tangent: impl FnMut(usize) -> Self::Value) -> Self;
}

macro_rules! plain {
    ($($real:ty)+) => {$(
        impl Entry for $real {
            type Value = $real;
            type Real = $real;
            fn value(&self) -> $real {
                *self
            }
            fn directions(&self) -> usize {
                0
            }
            fn tangent(&self, _direction: usize) -> $real {
                0.0
            }
            fn with_tangents(value: $real, _directions: usize, _tangent: impl FnMut(usize) -> $real) -> $real {
                value
            }
        }
    )+};
}

plain!(f32 f64);

impl<R: Real + DualNum> Entry for Dual<R>
where
    Dual<R>: PartialEq,
{
    type Value = R;
    type Real = Self;
    fn value(&self) -> R {
        self.re
    }
    fn directions(&self) -> usize {
        1
    }
    fn tangent(&self, direction: usize) -> R {
        if direction == 0 { self.eps } else { <R as Scalar>::from_real(Real::from_f64(0.0)) }
    }
    fn with_tangents(value: R, directions: usize, mut tangent: impl FnMut(usize) -> R) -> Self {
        if directions == 0 { Dual::from_re(value) } else { Dual::new(value, tangent(0)) }
    }
}

impl<R: Real + DualNum, D: Dim> Entry for DualVec<R, D>
where
    DefaultAllocator: Allocator<D>,
    DualVec<R, D>: PartialEq,
{
    type Value = R;
    type Real = Self;
    fn value(&self) -> R {
        self.re
    }
    fn directions(&self) -> usize {
        self.eps.0.as_ref().map_or(0, OVector::len)
    }
    fn tangent(&self, direction: usize) -> R {
        self.eps.0.as_ref().and_then(|eps| eps.get(direction).copied()).unwrap_or(Real::from_f64(0.0))
    }
    fn with_tangents(value: R, directions: usize, mut tangent: impl FnMut(usize) -> R) -> Self {
        // A constant has no vector at all, as everywhere in num-dual.
        let eps = (directions > 0).then(|| OVector::from_fn_generic(D::from_usize(directions), U1, |i, _| tangent(i)));
        DualVec::new(value, Derivative::new(eps))
    }
}

/// The parts may carry tangents each for itself; one of them may be a constant.
impl<D: Entry<Real = D>> Entry for Complex<D>
where
    D::Value: Real,
{
    type Value = Complex<D::Value>;
    type Real = D;
    fn value(&self) -> Self::Value {
        Complex::new(self.re.value(), self.im.value())
    }
    fn directions(&self) -> usize {
        self.re.directions().max(self.im.directions())
    }
    fn tangent(&self, direction: usize) -> Self::Value {
        Complex::new(self.re.tangent(direction), self.im.tangent(direction))
    }
    fn with_tangents(value: Self::Value, directions: usize, mut tangent: impl FnMut(usize) -> Self::Value) -> Self {
        Complex::new(
            D::with_tangents(value.re, directions, |i| tangent(i).re),
            D::with_tangents(value.im, directions, |i| tangent(i).im),
        )
    }
}
