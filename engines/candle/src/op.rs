//! A function as a custom operation of candle: its value from storage and layout, and its backward pass.

use std::sync::Mutex;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, DType, Error, Layout, Result, Shape, Storage, Tensor, WithDType};
use diffsvd_strided::{Element, Forward, Function, Report, View};

/// The numbers of candle that are those of the SVD too.
trait Number: Element + WithDType {
    fn storage(entries: Vec<Self>) -> CpuStorage;
    fn saved(factors: Vec<Self>) -> Saved;
    fn of_saved(saved: &Saved) -> Option<&[Self]>;
}

macro_rules! number {
    ($($T:ty, $variant:ident);+) => {$(
        impl Number for $T {
            fn storage(entries: Vec<Self>) -> CpuStorage {
                CpuStorage::$variant(entries)
            }
            fn saved(factors: Vec<Self>) -> Saved {
                Saved::$variant(factors)
            }
            fn of_saved(saved: &Saved) -> Option<&[Self]> {
                match saved {
                    Saved::$variant(factors) => Some(factors),
                    _ => None,
                }
            }
        }
    )+};
}
number!(f32, F32; f64, F64);

/// U, s and V: all that the backward pass needs.
enum Saved {
    F32(Vec<f32>),
    F64(Vec<f64>),
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
            other => Err(Error::msg(format!("the tensor is of {other:?}: cast it to f32 or f64"))),
        }
    };
}

/// A function that is applied once, to one tensor, or to one tensor and thresholds.
pub(crate) struct Op {
    function: Function,
    report: Option<Report>,
    /// Whether there will be a backward pass.
    keep: bool,
    /// The function with its thresholds and the factors, once it has been applied. Of [`Function::Svd`] the factors are the value, and are not saved twice.
    applied: Mutex<Option<(Function, Option<Saved>)>>,
}

/// The function of a tensor.
pub(crate) fn apply(x: &Tensor, function: Function, report: Option<Report>) -> Result<Tensor> {
    let op = Op { function, report, keep: x.track_op(), applied: Mutex::new(None) };
    if op.keep { x.apply_op1(op) } else { x.apply_op1_no_bwd(&op) }
}

/// Soft thresholding with thresholds that are a tensor too.
pub(crate) fn threshold(x: &Tensor, tau: &Tensor) -> Result<Tensor> {
    if x.dtype() != tau.dtype() {
        let (got, expected) = (tau.dtype(), x.dtype());
        let text = format!("the thresholds are of {got:?} but the tensor is of {expected:?}: cast one of them");
        return Err(Error::msg(text));
    }
    let (function, keep) = (Function::SoftThreshold(Vec::new()), x.track_op() || tau.track_op());
    let op = Op { function, report: None, keep, applied: Mutex::new(None) };
    if keep { x.apply_op2(tau, op) } else { x.apply_op2_no_bwd(tau, &op) }
}

/// Calls `f` with the entries where they lie.
fn view<T: Number, R>(
    storage: &CpuStorage,
    layout: &Layout,
    f: impl FnOnce(View<'_, T>) -> std::result::Result<R, diffsvd_strided::Error>,
) -> Result<R> {
    let entries = storage.as_slice::<T>()?.get(layout.start_offset()..).unwrap_or_default();
    View::new(entries, layout.dims(), layout.stride()).and_then(f).map_err(Error::wrap)
}

/// The same for a tensor.
fn read<T: Number, R>(
    x: &Tensor,
    f: impl FnOnce(View<'_, T>) -> std::result::Result<R, diffsvd_strided::Error>,
) -> Result<R> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => view(storage, layout, f),
        _ => Err(Error::msg("the tensor is not in the memory of the host: move it to Device::Cpu")),
    }
}

impl Op {
    fn forward<T: Number>(
        &self,
        function: Function,
        storage: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Forward { value, shape, factors } = view::<T, _>(storage, layout, |x| function.forward(x, self.keep))?;
        if self.keep {
            let mut applied = self.applied.lock().map_err(|_| Error::msg("an earlier call panicked"))?;
            *applied = Some((function, factors.map(T::saved)));
        }
        Ok((T::storage(value), Shape::from(shape)))
    }

    /// The gradients of the tensor and of the thresholds.
    fn backward<T: Number>(&self, x: &Tensor, value: &Tensor, cotangent: &Tensor) -> Result<[Tensor; 2]> {
        let applied = self.applied.lock().map_err(|_| Error::msg("an earlier call panicked"))?;
        let Some((function, saved)) = &*applied else {
            return Err(Error::msg("nothing was saved for the backward pass"));
        };
        let of = |factors: &[T]| read::<T, _>(cotangent, |cotangent| function.backward(x.dims(), factors, cotangent));
        let backward = match saved.as_ref().and_then(T::of_saved) {
            Some(factors) => of(factors)?,
            None => of(&read::<T, _>(value, |value| Ok(value.to_vec()))?)?,
        };
        if let Some(report) = &self.report {
            report.put(backward.gauge);
        }
        let thresholds = backward.thresholds.len();
        Ok([
            Tensor::from_vec(backward.x, x.shape(), x.device())?,
            Tensor::from_vec(backward.thresholds, thresholds, x.device())?,
        ])
    }
}

impl CustomOp1 for Op {
    fn name(&self) -> &'static str {
        "diffsvd"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        by_type!(storage.dtype(), T => self.forward::<T>(self.function.clone(), storage, layout))
    }

    fn bwd(&self, x: &Tensor, value: &Tensor, cotangent: &Tensor) -> Result<Option<Tensor>> {
        let [of_x, _] = by_type!(x.dtype(), T => self.backward::<T>(x, value, cotangent))?;
        Ok(Some(of_x))
    }
}

impl CustomOp2 for Op {
    fn name(&self) -> &'static str {
        "diffsvd soft thresholding"
    }

    fn cpu_fwd(&self, x: &CpuStorage, of_x: &Layout, tau: &CpuStorage, of_tau: &Layout) -> Result<(CpuStorage, Shape)> {
        by_type!(x.dtype(), T => {
            let tau = view::<T, _>(tau, of_tau, |tau| Ok(tau.to_vec()))?;
            let tau = tau.into_iter().map(diffsvd::Real::to_f64).collect();
            self.forward::<T>(Function::SoftThreshold(tau), x, of_x)
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        tau: &Tensor,
        value: &Tensor,
        cotangent: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let [of_x, of_tau] = by_type!(x.dtype(), T => self.backward::<T>(x, value, cotangent))?;
        Ok((Some(of_x), Some(of_tau.reshape(tau.shape())?)))
    }
}
