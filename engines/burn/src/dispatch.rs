//! From the tensors of the interface, whose backend is known at run time, to those of a backend.

use burn_autodiff::Autodiff;
use burn_autodiff::checkpoint::strategy::{BalancedCheckpointing, CheckpointStrategy, NoCheckpointing};
use burn_backend::{Backend, DType, TensorMetadata, tensor::FloatTensor};
use burn_dispatch::{DispatchKindConversion, DispatchTensor, GradientCheckpointingStrategy};
use burn_tensor::Tensor;
use diffsvd_strided::Function;

use crate::Error;
use crate::host::{Host, Number};
use crate::node::Call;

/// What is asked for.
pub(crate) enum Request {
    /// A function of one tensor.
    Of(Call),
    /// Soft thresholding with thresholds that are a tensor too.
    Threshold(Tensor<1>),
}

/// The function of `x`, which may have another number of dimensions.
pub(crate) fn apply<const D: usize>(x: Tensor<D>, request: Request) -> Result<DispatchTensor, Error> {
    let (x, request) = in_one_graph(x, request);
    #[cfg(feature = "flex")]
    if let Some(value) = on::<burn_flex::Flex, D>(&x, &request) {
        return value;
    }
    #[cfg(feature = "ndarray")]
    if let Some(value) = on::<burn_ndarray::NdArray, D>(&x, &request) {
        return value;
    }
    Err(Error::Device(match request {
        Request::Of(_) => format!("{:?}", x.device()),
        Request::Threshold(tau) => format!("{:?} and its thresholds on {:?}", x.device(), tau.device()),
    }))
}

/// The tensor and its thresholds with a graph where one of them has one: the other is a constant of it.
fn in_one_graph<const D: usize>(x: Tensor<D>, request: Request) -> (Tensor<D>, Request) {
    let Request::Threshold(tau) = request else { return (x, request) };
    let (x, tau) = match (x.gradient_checkpointing_strategy(), tau.gradient_checkpointing_strategy()) {
        (Some(strategy), None) => (x, tau.autodiff().with_gradient_checkpointing_strategy(strategy)),
        (None, Some(strategy)) => (x.autodiff().with_gradient_checkpointing_strategy(strategy), tau),
        _ => (x, tau),
    };
    (x, Request::Threshold(tau))
}

/// The request on one backend; `None` where the tensors are not of it.
fn on<B: Host, const D: usize>(x: &Tensor<D>, request: &Request) -> Option<Result<DispatchTensor, Error>>
where
    DispatchTensor: DispatchKindConversion<B>
        + DispatchKindConversion<Autodiff<B, NoCheckpointing>>
        + DispatchKindConversion<Autodiff<B, BalancedCheckpointing>>,
{
    match x.gradient_checkpointing_strategy() {
        Some(GradientCheckpointingStrategy::Disabled) => in_graph::<B, NoCheckpointing, D>(x, request),
        Some(GradientCheckpointingStrategy::Balanced) => in_graph::<B, BalancedCheckpointing, D>(x, request),
        None => {
            let x = primitive::<B, D>(x)?;
            let value = match request {
                Request::Of(call) => call.value::<B>(&x),
                Request::Threshold(tau) => {
                    let tau = primitive::<B, 1>(tau)?;
                    soft_threshold::<B>(&x, &tau).and_then(|call| call.value::<B>(&x))
                }
            };
            Some(value.map(wrap::<B>))
        }
    }
}

/// The same for tensors that have a graph.
fn in_graph<B: Host, C: CheckpointStrategy, const D: usize>(
    x: &Tensor<D>,
    request: &Request,
) -> Option<Result<DispatchTensor, Error>>
where
    DispatchTensor: DispatchKindConversion<Autodiff<B, C>>,
{
    let (x, of_x) = primitive::<Autodiff<B, C>, D>(x)?.into_parts();
    let node = match request {
        Request::Of(call) => call.clone().node::<B, C, 1>(&x, [of_x]),
        Request::Threshold(tau) => {
            let (tau, of_tau) = primitive::<Autodiff<B, C>, 1>(tau)?.into_parts();
            soft_threshold::<B>(&x, &tau).and_then(|call| call.node::<B, C, 2>(&x, [of_x, of_tau]))
        }
    };
    Some(node.map(wrap::<Autodiff<B, C>>))
}

fn primitive<B: Backend, const D: usize>(x: &Tensor<D>) -> Option<FloatTensor<B>>
where
    DispatchTensor: DispatchKindConversion<B>,
{
    x.clone().try_into_primitive::<B>().ok()
}

fn wrap<B: Backend>(value: FloatTensor<B>) -> DispatchTensor
where
    DispatchTensor: DispatchKindConversion<B>,
{
    DispatchTensor::from_backend(burn_dispatch::BackendTensor::Float(value))
}

/// The function with these thresholds.
fn soft_threshold<B: Host>(x: &FloatTensor<B>, tau: &FloatTensor<B>) -> Result<Call, Error> {
    let (got, expected) = (tau.dtype(), x.dtype());
    if got != expected {
        return Err(Error::ThresholdType { got, expected });
    }
    let tau = match got {
        DType::F32 => numbers::<B, f32>(tau)?,
        DType::F64 => numbers::<B, f64>(tau)?,
        other => return Err(Error::DType(other)),
    };
    Ok(Call { function: Function::SoftThreshold(tau), report: None })
}

fn numbers<B: Host, T: Number>(tau: &FloatTensor<B>) -> Result<Vec<f64>, Error> {
    Ok(B::read::<T, _>(tau, |tau| tau.to_vec().into_iter().map(diffsvd::Real::to_f64).collect())?)
}
