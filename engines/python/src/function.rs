//! The functions of the singular values that the package offers, as one type: what is compiled for one is compiled for all.

use diffsvd::batch::Choose;
use diffsvd::spectral::{
    BestRank, Eigenvalue, Inverse, Order, Polar, SecondOrderMap, SoftThreshold, SpectralFunction, SpectralMap, Values,
    Whole,
};
use diffsvd::{Error, Factors, Real, Scalar, Tolerance};

/// f of one matrix. The maps dA ↦ dX of all of them are self-adjoint, since none of them couples one value to another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function<R> {
    /// max(s − τ, 0).
    Soft(SoftThreshold<R>),
    /// 1 where s > τ: minus the derivative of [`Function::Soft`] by τ.
    Step(Step<R>),
    /// 1: the polar factor.
    Polar(Polar),
    /// 1 where s is not zero: the gradient of the nuclear norm.
    Sign(Sign),
    /// s for the leading r.
    BestRank(BestRank),
    /// 1/s above a cut-off: the adjoint of the pseudoinverse.
    Inverse(Inverse<R>),
}

/// 1 where s > τ, else 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<R>(R);

/// 1 where s is not zero to working precision, else 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sign;

impl<R: Real> SpectralFunction<R> for Step<R> {
    fn value(&self, s: R) -> R {
        SoftThreshold(self.0).derivative(s)
    }
    fn derivative(&self, _s: R) -> R {
        R::zero()
    }
    fn divided_difference(&self, a: R, b: R) -> R {
        let jump = self.value(a) - self.value(b);
        if jump == R::zero() { jump } else { jump / (a - b) }
    }
    fn check(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        SpectralFunction::check(&SoftThreshold(self.0), at, Order::Value)?;
        // Without a threshold this is the polar factor.
        if self.0 == R::zero() { SpectralFunction::check(&Polar, at, order) } else { Ok(()) }
    }
}

impl<R: Real> SpectralMap<R, Whole> for Sign {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        let operation = "the gradient of the nuclear norm";
        if order == Order::Value { Ok(()) } else { at.require_above(operation, at.noise()) }
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        if at.get(i) > at.noise() { R::one() } else { R::zero() }
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        SpectralMap::difference(&Polar, at, i, j)
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        SpectralMap::sum(&Polar, at, i, j)
    }
    fn at_zero(&self, _at: &Values<'_, R>) -> R {
        R::zero()
    }
}

/// The same expression for whichever function it is.
macro_rules! of_each {
    ($function:expr, $f:ident => $body:expr) => {
        match $function {
            Function::Soft($f) => $body,
            Function::Step($f) => $body,
            Function::Polar($f) => $body,
            Function::Sign($f) => $body,
            Function::BestRank($f) => $body,
            Function::Inverse($f) => $body,
        }
    };
}

impl<R: Real> SpectralMap<R, Whole> for Function<R> {
    /// A singular value that is the threshold counts as below it, as 0 does for the relu of engines: among the many of a training run one always
    /// comes close enough for the core to refuse.
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        let order = if matches!(self, Function::Soft(_)) { Order::Value } else { order };
        of_each!(self, f => SpectralMap::check_at(f, at, order))
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        of_each!(self, f => SpectralMap::value_at(f, at, i))
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        of_each!(self, f => SpectralMap::difference(f, at, i, j))
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        of_each!(self, f => SpectralMap::sum(f, at, i, j))
    }
    fn at_zero(&self, at: &Values<'_, R>) -> R {
        of_each!(self, f => SpectralMap::at_zero(f, at))
    }
}

impl<R: Real> SecondOrderMap<R, Whole> for Function<R> {
    /// The derivatives of a second derivative are not offered: of [`Function::Step`] and [`Function::Sign`] only the first is.
    fn check_second(&self, at: &Values<'_, R>) -> Result<(), Error> {
        let third = |name| Err(Error::Parameter { name, value: 3.0, must: "not exceed 2" });
        match self {
            Function::Soft(_) => self.check_at(at, Order::Value),
            Function::Polar(f) => SecondOrderMap::check_second(f, at),
            Function::BestRank(f) => SecondOrderMap::check_second(f, at),
            Function::Inverse(f) => SecondOrderMap::check_second(f, at),
            Function::Step(_) => third("the order of differentiation of singular value thresholding"),
            Function::Sign(_) => third("the order of differentiation of the nuclear norm"),
        }
    }
    fn second(&self, at: &Values<'_, R>, points: [Eigenvalue; 3]) -> R {
        match self {
            Function::Soft(f) => SecondOrderMap::second(f, at, points),
            Function::Polar(f) => SecondOrderMap::second(f, at, points),
            Function::BestRank(f) => SecondOrderMap::second(f, at, points),
            Function::Inverse(f) => SecondOrderMap::second(f, at, points),
            Function::Step(_) | Function::Sign(_) => R::zero(),
        }
    }
}

/// Which function, by the name or the number that Python gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Soft,
    Step,
    Polar,
    Sign,
    BestRank,
    Inverse,
}

impl Kind {
    const NAMED: [(&'static str, Kind); 6] = [
        ("soft", Kind::Soft),
        ("step", Kind::Step),
        ("polar", Kind::Polar),
        ("sign", Kind::Sign),
        ("best_rank", Kind::BestRank),
        ("inverse", Kind::Inverse),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|&(_, kind)| kind)
    }
}

/// The function of each matrix of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Functions<'a, R> {
    pub(crate) kind: Kind,
    /// The rank, or the relative cut-off (negative for the default).
    pub(crate) number: f64,
    /// The thresholds: that of matrix i at i times the stride.
    pub(crate) thresholds: (&'a [R], usize),
}

impl<R: Real> Functions<'_, R> {
    fn threshold(&self, item: usize) -> R {
        let (thresholds, stride) = self.thresholds;
        thresholds.get(item * stride).copied().unwrap_or_else(R::zero)
    }
    fn cutoff(&self) -> Tolerance<R> {
        if self.number < 0.0 { Tolerance::Default } else { Tolerance::Relative(R::from_f64(self.number)) }
    }
}

impl<S: Scalar> Choose<S> for Functions<'_, S::Real> {
    type Map = Function<S::Real>;
    // A rank is a small whole number, checked where it is read.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn choose(&self, item: usize, factors: &Factors<'_, S>, _work: &mut [S]) -> Result<Self::Map, Error> {
        Ok(match self.kind {
            Kind::Soft => Function::Soft(SoftThreshold(self.threshold(item))),
            Kind::Step => Function::Step(Step(self.threshold(item))),
            Kind::Polar => Function::Polar(Polar),
            Kind::Sign => Function::Sign(Sign),
            Kind::BestRank => Function::BestRank(BestRank(self.number as usize)),
            Kind::Inverse => Function::Inverse(Inverse::relative(factors, self.cutoff())),
        })
    }
}
