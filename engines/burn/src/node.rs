//! A function as a node of the graph: what is saved, and the backward pass.

use burn_autodiff::Autodiff;
use burn_autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn_backend::{DType, TensorMetadata, tensor::FloatTensor};
use diffsvd_strided::{Function, Report};

use crate::Error;
use crate::host::{Host, Number};

/// A function, and who is told of its backward pass.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) function: Function,
    pub(crate) report: Option<Report>,
}

/// Chooses the type at run time.
macro_rules! by_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $T = f32;
                $body
            }
            DType::F64 => {
                type $T = f64;
                $body
            }
            other => Err(Error::DType(other)),
        }
    };
}

/// A value, and the factors where they are wanted.
struct Computed<B: Host> {
    value: FloatTensor<B>,
    factors: Option<FloatTensor<B>>,
}

/// A tensor of one dimension.
fn vector<B: Host, T: Number>(entries: Vec<T>, like: &FloatTensor<B>) -> FloatTensor<B> {
    let shape = vec![entries.len()];
    B::write(entries, shape, like)
}

impl Call {
    fn compute<B: Host>(&self, x: &FloatTensor<B>, keep: bool) -> Result<Computed<B>, Error> {
        by_type!(x.dtype(), T => self.compute_of::<B, T>(x, keep))
    }

    fn compute_of<B: Host, T: Number>(&self, x: &FloatTensor<B>, keep: bool) -> Result<Computed<B>, Error> {
        let forward = B::read::<T, _>(x, |view| self.function.forward(view, keep))??;
        let value = B::write::<T>(forward.value, forward.shape, x);
        let factors = match forward.factors {
            Some(factors) => Some(vector::<B, T>(factors, x)),
            None => keep.then(|| value.clone()), // The packed factors are the value.
        };
        Ok(Computed { value, factors })
    }

    /// The function of a tensor without a graph.
    pub(crate) fn value<B: Host>(&self, x: &FloatTensor<B>) -> Result<FloatTensor<B>, Error> {
        Ok(self.compute::<B>(x, false)?.value)
    }

    /// The function of a tensor of a graph, and of its thresholds where there are two inputs.
    pub(crate) fn node<B: Host, C: CheckpointStrategy, const N: usize>(
        self,
        x: &FloatTensor<B>,
        guards: [NodeGuard; N],
    ) -> Result<FloatTensor<Autodiff<B, C>>, Error> {
        // A decomposition is never computed twice to save memory: it is bound by computation.
        match Backward::<B, N>::prepare::<C>(Step, guards).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let Computed { value, factors } = self.compute::<B>(x, true)?;
                let factors = factors.unwrap_or_else(|| value.clone());
                let shape = x.shape().to_vec();
                Ok(prepared.finish(State { call: self, shape, factors }, value))
            }
            OpsKind::UnTracked(prepared) => Ok(prepared.finish(self.value::<B>(x)?)),
        }
    }
}

/// What the backward pass needs: U, s and V, and nothing else.
#[derive(Clone, Debug)]
struct State<B: Host> {
    call: Call,
    shape: Vec<usize>,
    factors: FloatTensor<B>,
}

impl<B: Host> State<B> {
    /// The gradients of the tensor and of the thresholds.
    fn gradients(&self, cotangent: &FloatTensor<B>) -> Result<[Option<FloatTensor<B>>; 2], Error> {
        by_type!(cotangent.dtype(), T => self.gradients_of::<T>(cotangent))
    }

    fn gradients_of<T: Number>(&self, cotangent: &FloatTensor<B>) -> Result<[Option<FloatTensor<B>>; 2], Error> {
        let backward = B::read::<T, _>(cotangent, |cotangent| {
            B::read::<T, _>(&self.factors, |factors| {
                self.call.function.backward(&self.shape, &factors.entries(), cotangent)
            })
        })???;
        if let Some(report) = &self.call.report {
            report.put(backward.gauge);
        }
        let thresholds = backward.thresholds;
        let thresholds = Some(thresholds).filter(|thresholds| !thresholds.is_empty());
        Ok([
            Some(B::write::<T>(backward.x, self.shape.clone(), cotangent)),
            thresholds.map(|thresholds| vector::<B, T>(thresholds, cotangent)),
        ])
    }
}

/// The step of the backward pass.
#[derive(Clone, Copy, Debug)]
struct Step;

impl<B: Host, const N: usize> Backward<B, N> for Step {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let cotangent = gradients.consume::<B>(&ops.node);
        let of_inputs = match ops.state.gradients(&cotangent) {
            Ok(of_inputs) => of_inputs,
            // burn's backward pass has no errors.
            Err(error) => panic!("the backward pass of {:?}: {error}", ops.state.call.function),
        };
        for (parent, gradient) in ops.parents.into_iter().zip(of_inputs) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<B>(parent.id, gradient);
            }
        }
    }
}
