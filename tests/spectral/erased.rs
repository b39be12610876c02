//! Functions behind a pointer, so that a check and what it calls are compiled once for each scalar type and not for each function too.
//!
//! What is tested is the same: every method of every function is called, by way of the pointer.

use std::marker::PhantomData;

use diffsvd::spectral::{Direction, Eigenvalue, Order, SecondOrderMap, SpectralLoss, SpectralMap, Values, Whole};
use diffsvd::{Error, Real};

/// Any function U f(S) Vᴴ with a second derivative. It lives as long as the program.
#[derive(Clone, Copy)]
pub(crate) struct AnyMap<R: Real>(&'static dyn SecondOrderMap<R, Whole>);

impl<R: Real> AnyMap<R> {
    pub(crate) fn new<M: 'static, F: SecondOrderMap<R, M> + 'static>(f: F) -> Self {
        AnyMap(Box::leak(Box::new(Marked(f, PhantomData))))
    }
}

/// A function with whichever marker, as one with the marker [`Whole`].
struct Marked<F, M>(F, PhantomData<M>);

/// The gradient of [`AnyLoss`].
pub(crate) struct AnyGradient<'f, R: Real>(Box<dyn SpectralMap<R, Whole> + 'f>);

/// `SpectralMap` of a type by that of what it holds.
macro_rules! forward {
    ([$($generics:tt)*] $type:ty, $marker:ty, $this:ident => $inner:expr) => {
        impl<$($generics)*> SpectralMap<R, Whole> for $type {
            fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
                let $this = self;
                SpectralMap::<R, $marker>::check_at($inner, at, order)
            }
            fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
                let $this = self;
                SpectralMap::<R, $marker>::value_at($inner, at, i)
            }
            fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
                let $this = self;
                SpectralMap::<R, $marker>::difference($inner, at, i, j)
            }
            fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
                let $this = self;
                SpectralMap::<R, $marker>::sum($inner, at, i, j)
            }
            fn at_zero(&self, at: &Values<'_, R>) -> R {
                let $this = self;
                SpectralMap::<R, $marker>::at_zero($inner, at)
            }
            fn couple(&self, at: &Values<'_, R>, w: &[R], direction: Direction, out: &mut [R]) {
                let $this = self;
                SpectralMap::<R, $marker>::couple($inner, at, w, direction, out);
            }
        }
    };
    (second [$($generics:tt)*] $type:ty, $marker:ty, $this:ident => $inner:expr) => {
        forward!([$($generics)*] $type, $marker, $this => $inner);
        impl<$($generics)*> SecondOrderMap<R, Whole> for $type {
            fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
                let $this = self;
                SecondOrderMap::<R, $marker>::check_second($inner, at)
            }
            fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
                let $this = self;
                SecondOrderMap::<R, $marker>::second($inner, at, points)
            }
            fn lowering(&self, at: &Values<'_, R>) -> Option<(usize, R)> {
                let $this = self;
                SecondOrderMap::<R, $marker>::lowering($inner, at)
            }
        }
    };
}
forward!(second [R: Real, M, F: SecondOrderMap<R, M>] Marked<F, M>, M, this => &this.0);
forward!(second [R: Real] AnyMap<R>, Whole, this => this.0);
forward!([R: Real] AnyGradient<'_, R>, Whole, this => &*this.0);

/// Any function of the singular values alone.
#[derive(Clone, Copy)]
pub(crate) struct AnyLoss<'f, R: Real>(pub(crate) &'f dyn BoxedGradient<'f, R>);

/// [`SpectralLoss`] with the type of the gradient forgotten.
pub(crate) trait BoxedGradient<'f, R: Real> {
    fn value(&self, at: &Values<'_, R>) -> Result<R, Error>;
    fn gradient(&self, at: &Values<'_, R>) -> Result<AnyGradient<'f, R>, Error>;
}

impl<'f, R: Real, L: SpectralLoss<R>> BoxedGradient<'f, R> for L
where
    L::Gradient: 'f,
{
    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        SpectralLoss::value(self, at)
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<AnyGradient<'f, R>, Error> {
        Ok(AnyGradient(Box::new(SpectralLoss::gradient(self, at)?)))
    }
}

impl<'f, R: Real> SpectralLoss<R> for AnyLoss<'f, R> {
    type Gradient = AnyGradient<'f, R>;
    fn value(&self, at: &Values<'_, R>) -> Result<R, Error> {
        BoxedGradient::value(self.0, at)
    }
    fn gradient(&self, at: &Values<'_, R>) -> Result<AnyGradient<'f, R>, Error> {
        BoxedGradient::gradient(self.0, at)
    }
}
