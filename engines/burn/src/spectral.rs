//! Functions of the singular values.

use burn_tensor::Tensor;
use diffsvd::Tolerance;
use diffsvd_strided::Function;

use crate::dispatch::{Request, apply};
use crate::node::Call;
use crate::{Error, Matrices};

fn of(function: Function) -> Request {
    Request::Of(Call { function, report: None })
}

/// What [`svt`] takes: a number, or a tensor that is differentiated too.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is moved once, into the call")]
pub enum Threshold {
    /// The same for every matrix.
    Constant(f64),
    /// One for all matrices, or one for each (in row-major order of the leading dimensions).
    Tensor(Tensor<1>),
}

impl From<f64> for Threshold {
    fn from(tau: f64) -> Self {
        Threshold::Constant(tau)
    }
}

impl From<Tensor<1>> for Threshold {
    fn from(tau: Tensor<1>) -> Self {
        Threshold::Tensor(tau)
    }
}

/// Singular value thresholding, U max(S − τ, 0) Vᵀ: the proximal map of τ times the nuclear norm.
///
/// The gradients with respect to `x` and `tau` are exact at equal and at zero singular values; where a singular value is τ, the derivative of values below is taken.
///
/// # Errors
/// As [`svd`](crate::svd); for a τ that is negative or not finite, and for a number of them that is neither one nor that of the matrices.
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// use diffsvd_burn::svt;
///
/// let device = Device::flex().autodiff();
/// let x = Tensor::<2>::from_floats([[2.0, 4.0], [-4.0, 2.0]], &device).require_grad(); // both singular values are √20
/// let tau = Tensor::<1>::from_floats([0.5], &device).require_grad();
/// let gradients = svt(x.clone(), tau.clone())?.sum().backward();
/// let of_x = x.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap();
/// assert!((of_x[1] - 1.04472).abs() < 1e-5);
/// let of_tau = tau.grad(&gradients).unwrap().into_scalar::<f32>();
/// assert!((of_tau + 4.0 / 20_f32.sqrt()).abs() < 1e-5);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn svt<const D: usize>(x: Tensor<D>, tau: impl Into<Threshold>) -> Result<Tensor<D>, Error> {
    let request = match tau.into() {
        Threshold::Constant(tau) => of(Function::SoftThreshold(vec![tau])),
        Threshold::Tensor(tau) => Request::Threshold(tau),
    };
    Ok(Tensor::from_dispatch(apply(x, request)?))
}

/// The singular values, […, k], descending. No singular vector is differentiated.
///
/// At equal and at zero singular values, where they have kinks, the gradient is U diag(gs) Vᵀ for the U and V that were computed.
///
/// # Errors
/// As [`svd`](crate::svd).
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// let x = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, -4.0]], &Device::flex());
/// let s = diffsvd_burn::svdvals(x)?.into_data().try_to_vec::<f32>().unwrap();
/// assert!((s[0] - 4.0).abs() < 1e-6 && (s[1] - 3.0).abs() < 1e-6);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn svdvals<const D: usize>(x: Tensor<D>) -> Result<<Tensor<D> as Matrices>::Vectors, Error>
where
    Tensor<D>: Matrices,
{
    Ok(<Tensor<D> as Matrices>::vectors_of(apply(x, of(Function::SingularValues))?))
}

/// The nuclear norm Σ sᵢ of each matrix, […, 1]. Its gradient is U Vᵀ, exact at equal singular values; where some are zero it is the subgradient of smallest Frobenius norm.
///
/// # Errors
/// As [`svd`](crate::svd).
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// let device = Device::flex().autodiff();
/// let x = Tensor::<2>::zeros([2, 2], &device).require_grad(); // the norm has a kink here
/// let gradients = diffsvd_burn::nuclear_norm(x.clone())?.backward();
/// assert_eq!(x.grad(&gradients).unwrap().into_data().try_to_vec::<f32>().unwrap(), [0.0; 4]);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn nuclear_norm<const D: usize>(x: Tensor<D>) -> Result<<Tensor<D> as Matrices>::Vectors, Error>
where
    Tensor<D>: Matrices,
{
    Ok(<Tensor<D> as Matrices>::vectors_of(apply(x, of(Function::NuclearNorm))?))
}

/// The pseudoinverse A⁺, […, n, m]. Singular values up to `cutoff` (relative to the largest; (max(m, n) + 10) ε by default) count as zero.
///
/// The gradient of a matrix of lower rank is that at constant rank: A⁺ is not continuous in other directions.
///
/// # Errors
/// As [`svd`](crate::svd); for a cut-off that is negative or not finite.
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite, or a singular value is at a cut-off of your own.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// use diffsvd_burn::{Tolerance, pinv};
/// let x = Tensor::<2>::from_floats([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]], &Device::flex());
/// let inverse = pinv(x, Tolerance::Default)?;
/// assert_eq!(inverse.dims(), [3, 2]);
/// assert_eq!(inverse.into_data().try_to_vec::<f32>().unwrap(), [0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn pinv<const D: usize>(x: Tensor<D>, cutoff: Tolerance<f64>) -> Result<Tensor<D>, Error> {
    Ok(Tensor::from_dispatch(apply(x, of(Function::PseudoInverse(cutoff)))?))
}

/// The polar factor U Vᵀ: the matrix with orthonormal columns (rows, where wide) nearest to each matrix. Its gradient is exact at equal singular values.
///
/// # Errors
/// As [`svd`](crate::svd); and where `x` is differentiated and a singular value is zero, where there is no derivative.
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// let x = Tensor::<2>::from_floats([[0.0, -3.0], [3.0, 0.0]], &Device::flex());
/// let rotation = diffsvd_burn::polar(x)?.into_data().try_to_vec::<f32>().unwrap();
/// assert!((rotation[1] + 1.0).abs() < 1e-6);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn polar<const D: usize>(x: Tensor<D>) -> Result<Tensor<D>, Error> {
    Ok(Tensor::from_dispatch(apply(x, of(Function::Polar))?))
}

/// The best approximation of each matrix by one of rank at most `rank`: the leading triplets. Its gradient is exact at equal singular values on either side of the cut.
///
/// # Errors
/// As [`svd`](crate::svd); and where `x` is differentiated and the singular values on the two sides of the cut are equal, where there is no derivative.
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// use diffsvd_burn::low_rank;
/// let x = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 2.0]], &Device::flex().autodiff()).require_grad();
/// let error = low_rank(x, 1).unwrap_err();
/// assert!(error.to_string().contains("not differentiable: singular values 0 and 1 (from 0) are both 2"));
/// ```
pub fn low_rank<const D: usize>(x: Tensor<D>, rank: usize) -> Result<Tensor<D>, Error> {
    Ok(Tensor::from_dispatch(apply(x, of(Function::LowRank(rank)))?))
}
