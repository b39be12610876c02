//! U, s and V.

use burn_tensor::Tensor;
use diffsvd_strided::{Dims, Function, Options};

use crate::dispatch::{Request, apply};
use crate::matrices::shaped;
use crate::node::Call;
use crate::{Error, Matrices};

/// U, […, m, k], s, […, k], and V (not Vᵀ), […, n, k], of each matrix A = U diag(s) Vᵀ; k = min(m, n), s descending.
pub type Factors<const D: usize> = (Tensor<D>, <Tensor<D> as Matrices>::Vectors, Tensor<D>);

/// The thin singular value decomposition of every matrix of `x`, differentiable, by the default rule. (Where they are empty, U, s and V are constants of the graph.)
///
/// # Errors
/// [`Error::Device`], [`Error::DType`]; [`Error::Function`] where an entry is NaN or infinite.
///
/// # Panics
/// The backward pass, where a cotangent is NaN or infinite.
///
/// ```
/// use burn_tensor::{Device, Tensor};
///
/// let device = Device::flex().autodiff();
/// let x = Tensor::<2>::from_floats([[2.0, 4.0], [-4.0, 2.0]], &device).require_grad(); // both singular values are √20
/// let (u, s, v) = diffsvd_burn::svd(x.clone())?;
/// let fourth_powers = u * s.powi_scalar(2).unsqueeze();
/// let gradients = fourth_powers.matmul(v.transpose()).sum().backward(); // of U S² Vᵀ
/// assert!(x.grad(&gradients).unwrap().to_data().iter::<f32>().all(f32::is_finite));
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn svd<const D: usize>(x: Tensor<D>) -> Result<Factors<D>, Error>
where
    Tensor<D>: Matrices,
{
    svd_with(x, &Options::default())
}

/// [`svd`] by a rule of your choice, with a report of the backward pass.
///
/// # Errors
/// As [`svd`].
///
/// # Panics
/// The backward pass, as that of [`svd`], and where the rule refuses equal singular values ([`Rule::plain`](crate::Rule::plain)).
///
/// ```
/// use burn_tensor::{Device, Tensor};
/// use diffsvd_burn::{Options, Report, Rule, svd_with};
///
/// let device = Device::flex().autodiff();
/// let x = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device).require_grad();
/// let report = Report::default();
/// let (u, _, _) = svd_with(x, &Options::default().rule(Rule::minimum_norm()).report(&report))?;
/// let _ = u.slice([0..1, 0..2]).sum().backward(); // any orthogonal matrix is a U of the identity: this loss has no gradient
/// assert!(report.gauge().unwrap().residual > 0.1);
/// # Ok::<(), diffsvd_burn::Error>(())
/// ```
pub fn svd_with<const D: usize>(x: Tensor<D>, options: &Options) -> Result<Factors<D>, Error>
where
    Tensor<D>: Matrices,
{
    let shape = x.dims();
    let dims @ Dims { rows: m, cols: n, .. } = Dims::of(&shape)?;
    let k = dims.triplets();
    let (rule, report) = options.clone().into_parts();
    let call = Call { function: Function::Svd(rule), report };
    // One node with U, s and V one after another: its slices are the engine's own differentiable ones.
    let packed = Tensor::<1>::from_dispatch(apply(x, Request::Of(call))?);
    let [u, s, v] = dims.packed().map(|part| packed.clone().slice(part));
    let matrices = |rows: usize| {
        let mut of = shape;
        (of[D - 2], of[D - 1]) = (rows, k);
        of
    };
    let vectors = [&shape[..D - 2], &[k]].concat();
    Ok((shaped(u, matrices(m)), <Tensor<D> as Matrices>::vectors(s, &vectors), shaped(v, matrices(n))))
}
