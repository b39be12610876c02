//! The functions of the singular values that have a name in C, as one type: the derivatives are compiled once for all of them.
#![expect(non_camel_case_types, reason = "the names that C knows")]

use diffsvd::Error;
use diffsvd::spectral::{
    BestRank, Direction, Elementary, HardThreshold, Log1p, Order, Polar, Power, SoftThreshold, SpectralFunction,
    SpectralMap, Tikhonov, Values, Whole, Wiener,
};

use crate::status::Fault;
use crate::types::unknown;

/// Which function f of the singular values.
pub type diffsvd_kind = i32;
/// max(s - parameter, 0): singular value thresholding.
pub const DIFFSVD_SVT: diffsvd_kind = 1;
/// s where s > parameter, else 0.
pub const DIFFSVD_HARD_THRESHOLD: diffsvd_kind = 2;
/// s / (s^2 + parameter^2): regularized inverse of the adjoint.
pub const DIFFSVD_TIKHONOV: diffsvd_kind = 3;
/// s^2 / (s^2 + parameter^2).
pub const DIFFSVD_WIENER: diffsvd_kind = 4;
/// s to the power of parameter.
pub const DIFFSVD_POWER: diffsvd_kind = 5;
/// log(1 + s / parameter).
pub const DIFFSVD_LOG1P: diffsvd_kind = 6;
/// 1: the unitary polar factor, the nearest matrix with orthonormal columns.
pub const DIFFSVD_POLAR: diffsvd_kind = 7;
/// The best approximation of this `rank`.
pub const DIFFSVD_LOW_RANK: diffsvd_kind = 8;
/// The pseudoinverse, n by m; singular values up to parameter times the largest count as zero (negative: the default).
pub const DIFFSVD_PINV: diffsvd_kind = 9;

/// A function of the singular values: X = U f(S) V^H.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct diffsvd_function {
    /// Which.
    pub kind: diffsvd_kind,
    /// Its parameter; not looked at where it has none.
    pub parameter: f64,
    /// That of DIFFSVD_LOW_RANK; not looked at otherwise.
    pub rank: usize,
}

/// Any of them but the pseudoinverse, whose result has another shape.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named<R> {
    Svt(SoftThreshold<R>),
    Hard(HardThreshold<R>),
    Tikhonov(Tikhonov<R>),
    Wiener(Wiener<R>),
    Power(Power<R>),
    Log1p(Log1p<R>),
    Polar(Polar),
    LowRank(BestRank),
}

macro_rules! each {
    ($named:expr, $f:ident => $result:expr) => {
        match $named {
            Named::Svt($f) => $result,
            Named::Hard($f) => $result,
            Named::Tikhonov($f) => $result,
            Named::Wiener($f) => $result,
            Named::Power($f) => $result,
            Named::Log1p($f) => $result,
            Named::Polar($f) => $result,
            Named::LowRank($f) => $result,
        }
    };
}

impl<R: Elementary> Named<R> {
    pub(crate) fn new(of: diffsvd_function) -> Result<Self, Fault> {
        let parameter = R::from_f64(of.parameter);
        Ok(match of.kind {
            DIFFSVD_SVT => Named::Svt(SoftThreshold(parameter)),
            DIFFSVD_HARD_THRESHOLD => Named::Hard(HardThreshold(parameter)),
            DIFFSVD_TIKHONOV => Named::Tikhonov(Tikhonov(parameter)),
            DIFFSVD_WIENER => Named::Wiener(Wiener(parameter)),
            DIFFSVD_POWER => Named::Power(Power(parameter)),
            DIFFSVD_LOG1P => Named::Log1p(Log1p(parameter)),
            DIFFSVD_POLAR => Named::Polar(Polar),
            DIFFSVD_LOW_RANK => Named::LowRank(BestRank(of.rank)),
            other => return Err(unknown("function.kind", other, "DIFFSVD_SVT to DIFFSVD_PINV")),
        })
    }

    /// df(s)/dp; zero for functions without a parameter.
    pub(crate) fn parameter_derivative(&self, s: R) -> R {
        match self {
            Named::Svt(f) => f.parameter_derivative(s, 0),
            Named::Hard(f) => f.parameter_derivative(s, 0),
            Named::Tikhonov(f) => f.parameter_derivative(s, 0),
            Named::Wiener(f) => f.parameter_derivative(s, 0),
            Named::Power(f) => f.parameter_derivative(s, 0),
            Named::Log1p(f) => f.parameter_derivative(s, 0),
            Named::Polar(_) | Named::LowRank(_) => R::zero(),
        }
    }
}

impl<R: Elementary> SpectralMap<R, Whole> for Named<R> {
    fn check_at(&self, at: &Values<'_, R>, order: Order) -> Result<(), Error> {
        each!(self, f => f.check_at(at, order))
    }
    fn value_at(&self, at: &Values<'_, R>, i: usize) -> R {
        each!(self, f => f.value_at(at, i))
    }
    fn difference(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        each!(self, f => f.difference(at, i, j))
    }
    fn sum(&self, at: &Values<'_, R>, i: usize, j: usize) -> R {
        each!(self, f => f.sum(at, i, j))
    }
    fn at_zero(&self, at: &Values<'_, R>) -> R {
        each!(self, f => f.at_zero(at))
    }
    fn couple(&self, at: &Values<'_, R>, w: &[R], direction: Direction, out: &mut [R]) {
        each!(self, f => f.couple(at, w, direction, out));
    }
}
