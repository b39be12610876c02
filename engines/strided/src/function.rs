//! The functions, their values and their backward passes.

use diffsvd::spectral::{BestRank, Polar};
use diffsvd::{Report, Rule, Tolerance};

use crate::factors::{decompose, values, vjp};
use crate::maps;
use crate::shrink::Thresholds;
use crate::{Dims, Element, Error, View};

/// A function of every matrix of a tensor of shape […, m, n]; k = min(m, n).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Function {
    /// U, s and V, packed into one slice as [`Dims::packed`] says; differentiated by this rule.
    Svd(Rule<f64>),
    /// s, […, k].
    SingularValues,
    /// U max(S − τ, 0) Vᵀ, […, m, n]; one τ for all matrices, or one for each. Where a singular value is τ, the derivative is that of values below.
    SoftThreshold(Vec<f64>),
    /// U Vᵀ, […, m, n]. A derivative exists where no singular value is zero.
    Polar,
    /// The r leading triplets, […, m, n]. A derivative exists where sᵣ > sᵣ₊₁.
    LowRank(usize),
    /// A⁺, […, n, m]; singular values up to the tolerance (relative to s₁) count as zero.
    PseudoInverse(Tolerance<f64>),
    /// Σ s, […, 1]. At zero singular values the gradient is the subgradient of smallest norm.
    NuclearNorm,
}

/// A value, and what its backward pass needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward<T> {
    /// In row-major order.
    pub value: Vec<T>,
    /// Its shape.
    pub shape: Vec<usize>,
    /// U, s and V, packed; `None` where they were not to be kept, and for [`Function::Svd`], whose value they are.
    pub factors: Option<Vec<T>>,
}

/// What the backward pass brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Backward<T> {
    /// The gradient with respect to the tensor, of its shape, in row-major order.
    pub x: Vec<T>,
    /// That with respect to the thresholds, as many as there are; else empty.
    pub thresholds: Vec<T>,
    /// Of [`Function::Svd`]: whether a gradient exists.
    pub gauge: Option<Gauge>,
}

/// How much of the cotangents of U and V had to be left out, because no derivative corresponds to it. See [`diffsvd::Report`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauge {
    /// The largest residual of any matrix: at rounding level where the loss does not depend on the arbitrary choice of singular vectors.
    pub residual: f64,
    /// The number of that matrix.
    pub matrix: usize,
    /// Pairs of singular values that were treated as equal and not zero, in all matrices.
    pub equal_pairs: usize,
    /// Singular values that counted as zero, in all matrices.
    pub zeros: usize,
}

impl Gauge {
    fn of<T: Element>(reports: &[Report<T>]) -> Self {
        reports.iter().enumerate().fold(Gauge::default(), |mut gauge, (matrix, report)| {
            let residual = report.gauge_residual.to_f64();
            if residual > gauge.residual {
                (gauge.residual, gauge.matrix) = (residual, matrix);
            }
            gauge.equal_pairs += report.equal_pairs;
            gauge.zeros += report.zeros;
            gauge
        })
    }
}

impl Function {
    /// The value at `x`. With `keep` the factors are kept for the backward pass, and it is checked that a derivative exists.
    ///
    /// # Errors
    /// [`Error::Dimensions`], [`Error::Thresholds`]; [`Error::Matrix`] for an entry that is NaN or infinite, and with `keep` where there is no derivative.
    ///
    /// ```
    /// use diffsvd_strided::{Function, View};
    /// let x = [2.0, 4.0, -4.0, 2.0]; // √20 twice
    /// let f = Function::SoftThreshold(vec![0.5]);
    /// let forward = f.forward(View::new(&x, &[2, 2], &[2, 1])?, true)?;
    /// let (ones, factors) = ([1.0; 4], forward.factors.unwrap_or_default());
    /// let backward = f.backward(&[2, 2], &factors, View::new(&ones, &[2, 2], &[2, 1])?)?;
    /// assert!((backward.x[1] - 1.04472_f64).abs() < 1e-5); // exact, though both values are equal
    /// # Ok::<(), diffsvd_strided::Error>(())
    /// ```
    pub fn forward<T: Element>(&self, x: View<'_, T>, keep: bool) -> Result<Forward<T>, Error> {
        T::forward(self, x, keep)
    }

    fn forward_of<T: Element>(&self, x: View<'_, T>, keep: bool) -> Result<Forward<T>, Error> {
        let dims = Dims::of(x.shape())?;
        let shape = self.shape(x.shape(), dims);
        if let (Function::SingularValues, false) = (self, keep) {
            return Ok(Forward { value: values(&x)?, shape, factors: None });
        }
        let packed = decompose(&x)?;
        let at = (packed.as_slice(), dims);
        let value = match self {
            Function::Svd(_) => return Ok(Forward { value: packed, shape, factors: None }),
            Function::SingularValues => packed.get(dims.packed()[1].clone()).unwrap_or_default().to_vec(),
            Function::SoftThreshold(tau) => {
                let tau = Thresholds::new(tau, dims)?;
                maps::value(at, |number| tau.of(number), keep)?
            }
            Function::Polar => maps::value(at, |_| Polar, keep)?,
            Function::LowRank(rank) => maps::value(at, |_| BestRank(*rank), keep)?,
            Function::PseudoInverse(cutoff) => maps::pinv(at, cutoff.cast())?,
            Function::NuclearNorm => maps::nuclear_norm(at)?,
        };
        Ok(Forward { value, shape, factors: keep.then_some(packed) })
    }

    /// The gradient of a loss whose gradient with respect to the value is `cotangent`, at a tensor of the shape `shape` whose factors were kept.
    ///
    /// # Errors
    /// [`Error::Dimensions`], [`Error::Thresholds`], [`Error::Cotangent`]; [`Error::Matrix`] for a cotangent that is NaN or infinite, and where there is no derivative.
    pub fn backward<T: Element>(
        &self,
        shape: &[usize],
        factors: &[T],
        cotangent: View<'_, T>,
    ) -> Result<Backward<T>, Error> {
        T::backward(self, (shape, factors), cotangent)
    }

    fn backward_of<T: Element>(
        &self,
        (shape, factors): (&[usize], &[T]),
        cotangent: View<'_, T>,
    ) -> Result<Backward<T>, Error> {
        let dims = Dims::of(shape)?;
        let expected = self.shape(shape, dims).iter().product();
        if cotangent.len() != expected {
            return Err(Error::Cotangent { got: cotangent.len(), expected });
        }
        let at = (factors, dims);
        let (x, thresholds, gauge) = match self {
            Function::Svd(rule) => {
                let (x, reports) = vjp(at, &cotangent.entries(), rule)?;
                (x, Vec::new(), Some(Gauge::of(&reports)))
            }
            Function::SingularValues => (of_values(at, &cotangent)?, Vec::new(), None),
            Function::SoftThreshold(tau) => {
                let (x, tau) = maps::threshold_gradient(at, &Thresholds::new(tau, dims)?, &cotangent)?;
                (x, tau, None)
            }
            Function::Polar => (maps::gradient(at, |_| Polar, &cotangent)?, Vec::new(), None),
            Function::LowRank(rank) => (maps::gradient(at, |_| BestRank(*rank), &cotangent)?, Vec::new(), None),
            Function::PseudoInverse(cutoff) => (maps::pinv_gradient(at, cutoff.cast(), &cotangent)?, Vec::new(), None),
            Function::NuclearNorm => (maps::nuclear_norm_gradient(at, &cotangent.entries())?, Vec::new(), None),
        };
        Ok(Backward { x, thresholds, gauge })
    }

    /// The shape of the value at a tensor of this shape.
    fn shape(&self, of: &[usize], dims: Dims) -> Vec<usize> {
        let leading = of.get(..of.len().saturating_sub(2)).unwrap_or_default();
        match self {
            Function::Svd(_) => vec![dims.packed()[2].end],
            Function::SingularValues => [leading, &[dims.triplets()]].concat(),
            Function::NuclearNorm => [leading, &[1]].concat(),
            Function::PseudoInverse(_) => [leading, &[dims.cols, dims.rows]].concat(),
            Function::SoftThreshold(_) | Function::Polar | Function::LowRank(_) => of.to_vec(),
        }
    }
}

/// Of a loss of s alone.
fn of_values<T: Element>(at: (&[T], Dims), cotangent: &View<'_, T>) -> Result<Vec<T>, Error> {
    let [u, _, v] = at.1.packed().map(|part| vec![T::zero(); part.len()]);
    let packed = [&u, &*cotangent.entries(), &v].concat();
    Ok(vjp(at, &packed, &Rule::default())?.0)
}

/// The two passes as functions that are not generic, so that they are compiled once, here, and not in every package that uses them.
#[doc(hidden)]
pub trait Compiled: Sized {
    fn forward(f: &Function, x: View<'_, Self>, keep: bool) -> Result<Forward<Self>, Error>;
    fn backward(f: &Function, at: (&[usize], &[Self]), cotangent: View<'_, Self>) -> Result<Backward<Self>, Error>;
}

macro_rules! compiled {
    ($($T:ty),+) => {$(
        impl Compiled for $T {
            fn forward(f: &Function, x: View<'_, Self>, keep: bool) -> Result<Forward<Self>, Error> {
                f.forward_of(x, keep)
            }
            fn backward(
                f: &Function,
                at: (&[usize], &[Self]),
                cotangent: View<'_, Self>,
            ) -> Result<Backward<Self>, Error> {
                f.backward_of(at, cotangent)
            }
        }
    )+};
}
compiled!(f32, f64);
