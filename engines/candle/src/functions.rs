//! The functions.

use candle_core::{D, Error, Result, Tensor};
use diffsvd::Tolerance;
use diffsvd_strided::{Dims, Function, Options};

use crate::op::{apply, threshold};

/// The thin singular value decomposition of every matrix of `x`, differentiable, by the default rule: U, […, m, k], s, […, k], and V (not Vᵀ), […, n, k], of
/// A = U diag(s) Vᵀ; k = min(m, n), s descending.
///
/// # Errors
/// For numbers other than f32 and f64, for a tensor that is not on the CPU, and where an entry is NaN or infinite; the backward pass where a cotangent is.
///
/// ```
/// use candle_core::{Device, Var};
///
/// let x = Var::new(&[[2.0, 4.0], [-4.0, 2.0]], &Device::Cpu)?; // both singular values are √20
/// let (u, s, v) = diffsvd_candle::svd(&x)?;
/// let loss = u.broadcast_mul(&s.sqr()?)?.matmul(&v.t()?)?.sum_all()?; // of U S² Vᵀ
/// let gradients = loss.backward()?;
/// assert!(gradients.get(&x).unwrap().flatten_all()?.to_vec1::<f64>()?.iter().all(|x| x.is_finite()));
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn svd(x: &Tensor) -> Result<(Tensor, Tensor, Tensor)> {
    svd_with(x, &Options::default())
}

/// [`svd`] by a rule of your choice, with a report of the backward pass.
///
/// # Errors
/// As [`svd`]; the backward pass also where the rule refuses equal singular values ([`Rule::plain`](crate::Rule::plain)).
///
/// ```
/// use candle_core::{Device, Var};
/// use diffsvd_candle::{Options, Report, Rule, svd_with};
///
/// let x = Var::new(&[[1.0, 0.0], [0.0, 1.0]], &Device::Cpu)?;
/// let report = Report::default();
/// let (u, _, _) = svd_with(&x, &Options::default().rule(Rule::minimum_norm()).report(&report))?;
/// u.narrow(0, 0, 1)?.sum_all()?.backward()?; // any orthogonal matrix is a U of the identity: this loss has no gradient
/// assert!(report.gauge().unwrap().residual > 0.1);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn svd_with(x: &Tensor, options: &Options) -> Result<(Tensor, Tensor, Tensor)> {
    let dims @ Dims { rows: m, cols: n, .. } = Dims::of(x.dims()).map_err(Error::wrap)?;
    let (rule, report) = options.clone().into_parts();
    // One node with U, s and V one after another: its slices are the engine's own differentiable ones.
    let packed = apply(x, Function::Svd(rule), report)?;
    let leading = &x.dims()[..x.rank() - 2];
    let k = dims.triplets();
    let shapes = [[leading, &[m, k]].concat(), [leading, &[k]].concat(), [leading, &[n, k]].concat()];
    let [u, s, v] = dims.packed();
    let [of_u, of_s, of_v] = shapes;
    let part =
        |part: std::ops::Range<usize>, shape: Vec<usize>| packed.narrow(0, part.start, part.len())?.reshape(shape);
    Ok((part(u, of_u)?, part(s, of_s)?, part(v, of_v)?))
}

/// The singular values, […, k], descending. No singular vector is differentiated.
///
/// At equal and at zero singular values, where they have kinks, the gradient is U diag(gs) Vᵀ for the U and V that were computed.
///
/// # Errors
/// As [`svd`].
///
/// ```
/// use candle_core::{Device, Tensor};
/// let s = diffsvd_candle::svdvals(&Tensor::new(&[[3.0, 0.0], [0.0, -4.0]], &Device::Cpu)?)?;
/// assert_eq!(s.to_vec1::<f64>()?, [4.0, 3.0]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn svdvals(x: &Tensor) -> Result<Tensor> {
    apply(x, Function::SingularValues, None)
}

/// What [`svt`] takes: a number, or a tensor that is differentiated too.
#[derive(Clone, Debug)]
pub enum Threshold {
    /// The same for every matrix.
    Constant(f64),
    /// One for all matrices, or one for each (in row-major order of the leading dimensions).
    Tensor(Tensor),
}

impl From<f64> for Threshold {
    fn from(tau: f64) -> Self {
        Threshold::Constant(tau)
    }
}

impl From<&Tensor> for Threshold {
    fn from(tau: &Tensor) -> Self {
        Threshold::Tensor(tau.clone())
    }
}

/// Singular value thresholding, U max(S − τ, 0) Vᵀ: the proximal map of τ times the nuclear norm.
///
/// The gradients with respect to `x` and `tau` are exact at equal and at zero singular values; where a singular value is τ, the derivative of values below is taken.
///
/// # Errors
/// As [`svd`]; for a τ that is negative or not finite, and for a number of them that is neither one nor that of the matrices.
///
/// ```
/// use candle_core::{Device, Var};
/// use diffsvd_candle::svt;
///
/// let x = Var::new(&[[2.0, 4.0], [-4.0, 2.0]], &Device::Cpu)?; // both singular values are √20
/// let tau = Var::new(0.5, &Device::Cpu)?;
/// let gradients = svt(&x, tau.as_tensor())?.sum_all()?.backward()?;
/// assert!((gradients.get(&x).unwrap().to_vec2::<f64>()?[0][1] - 1.04472).abs() < 1e-5);
/// assert!((gradients.get(&tau).unwrap().to_scalar::<f64>()? + 4.0 / 20_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn svt(x: &Tensor, tau: impl Into<Threshold>) -> Result<Tensor> {
    match tau.into() {
        Threshold::Constant(tau) => apply(x, Function::SoftThreshold(vec![tau]), None),
        Threshold::Tensor(tau) => threshold(x, &tau),
    }
}

/// The nuclear norm Σ sᵢ of each matrix, of the shape of the leading dimensions. Its gradient is U Vᵀ, exact at equal singular values; where some are zero it is the subgradient of
/// smallest Frobenius norm.
///
/// # Errors
/// As [`svd`].
///
/// ```
/// use candle_core::{DType, Device, Var};
/// let x = Var::zeros((2, 2), DType::F32, &Device::Cpu)?; // the norm has a kink here
/// let gradients = diffsvd_candle::nuclear_norm(&x)?.backward()?;
/// assert_eq!(gradients.get(&x).unwrap().to_vec2::<f32>()?, [[0.0, 0.0], [0.0, 0.0]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn nuclear_norm(x: &Tensor) -> Result<Tensor> {
    apply(x, Function::NuclearNorm, None)?.squeeze(D::Minus1)
}

/// The pseudoinverse A⁺, […, n, m]. Singular values up to `cutoff` (relative to the largest; (max(m, n) + 10) ε by default) count as zero.
///
/// The gradient of a matrix of lower rank is that at constant rank: A⁺ is not continuous in other directions.
///
/// # Errors
/// As [`svd`]; for a cut-off that is negative or not finite; the backward pass also where a singular value is at a cut-off of your own.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use diffsvd_candle::{Tolerance, pinv};
/// let inverse = pinv(&Tensor::new(&[[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]], &Device::Cpu)?, Tolerance::Default)?;
/// assert_eq!(inverse.to_vec2::<f64>()?, [[0.5, 0.0], [0.0, 0.0], [0.0, 0.0]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn pinv(x: &Tensor, cutoff: Tolerance<f64>) -> Result<Tensor> {
    apply(x, Function::PseudoInverse(cutoff), None)
}

/// The polar factor U Vᵀ: the matrix with orthonormal columns (rows, where wide) nearest to each matrix. Its gradient is exact at equal singular values.
///
/// # Errors
/// As [`svd`]; and where `x` is differentiated and a singular value is zero, where there is no derivative.
///
/// ```
/// use candle_core::{Device, Tensor};
/// let rotation = diffsvd_candle::polar(&Tensor::new(&[[0.0, -3.0], [3.0, 0.0]], &Device::Cpu)?)?;
/// assert_eq!(rotation.to_vec2::<f64>()?, [[0.0, -1.0], [1.0, 0.0]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn polar(x: &Tensor) -> Result<Tensor> {
    apply(x, Function::Polar, None)
}

/// The best approximation of each matrix by one of rank at most `rank`: the leading triplets. Its gradient is exact at equal singular values on either side of the cut.
///
/// # Errors
/// As [`svd`]; and where `x` is differentiated and the singular values on the two sides of the cut are equal, where there is no derivative.
///
/// ```
/// use candle_core::{Device, Var};
/// let x = Var::new(&[[2.0, 0.0], [0.0, 2.0]], &Device::Cpu)?;
/// let error = diffsvd_candle::low_rank(&x, 1).unwrap_err();
/// assert!(error.to_string().contains("not differentiable: singular values 0 and 1 (from 0) are both 2"));
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn low_rank(x: &Tensor, rank: usize) -> Result<Tensor> {
    apply(x, Function::LowRank(rank), None)
}
