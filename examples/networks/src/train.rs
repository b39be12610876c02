//! Training: Adam with a decaying rate, steps that fail left out and counted.

use std::time::Instant;

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW};
use imaging::Result;

/// How long, how fast.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Steps.
    pub steps: usize,
    /// Learning rate of the first step.
    pub rate: f64,
    /// What the rate has decayed to at the end, as a share of the first.
    pub decay: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Of every step; NaN where there was none.
    pub losses: Vec<f64>,
    /// Steps without a finite loss and a finite gradient. They change nothing.
    pub failed: usize,
    /// What the first of them said.
    pub reason: Option<String>,
    /// Time.
    pub seconds: f64,
}

impl Trained {
    /// The mean loss of the last tenth of the steps, of those that had one.
    pub fn last(&self) -> f64 {
        let tail = &self.losses[self.losses.len() - self.losses.len().div_ceil(10)..];
        let finite: Vec<f64> = tail.iter().copied().filter(|loss| loss.is_finite()).collect();
        finite.iter().sum::<f64>() / finite.len() as f64
    }

    /// Means of `width` steps, for a figure.
    pub fn curve(&self, width: usize) -> Vec<(f64, f64)> {
        let mean = |(at, losses): (usize, &[f64])| {
            ((at * width + losses.len()) as f64, losses.iter().sum::<f64>() / losses.len() as f64)
        };
        self.losses.chunks(width.max(1)).enumerate().map(mean).collect()
    }
}

/// Trains these parameters on the loss of every step.
pub fn train(
    parameters: &[Var],
    schedule: Schedule,
    mut loss: impl FnMut() -> Result<Tensor>,
    done: &dyn Fn(),
) -> Result<Trained> {
    let start = Instant::now();
    let params = ParamsAdamW { lr: schedule.rate, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut adam = AdamW::new(parameters.to_vec(), params)?;
    let (mut losses, mut failed, mut reason) = (Vec::with_capacity(schedule.steps), 0, None);
    for step in 0..schedule.steps {
        adam.set_learning_rate(schedule.rate * schedule.decay.powf(step as f64 / schedule.steps as f64));
        match gradients(parameters, &mut loss) {
            Ok((value, gradients)) => {
                adam.step(&gradients)?;
                losses.push(value);
            }
            Err(error) => {
                losses.push(f64::NAN);
                failed += 1;
                reason.get_or_insert(error.to_string());
            }
        }
        done();
    }
    Ok(Trained { losses, failed, reason, seconds: start.elapsed().as_secs_f64() })
}

/// The loss and the gradients, all of them finite.
fn gradients(parameters: &[Var], loss: &mut impl FnMut() -> Result<Tensor>) -> Result<(f64, GradStore)> {
    let loss = loss()?;
    let value = number(&loss)?;
    if !value.is_finite() {
        return Err("the loss is not finite".into());
    }
    let gradients = loss.backward()?;
    for gradient in parameters.iter().filter_map(|parameter| gradients.get(parameter)) {
        if !number(&gradient.sqr()?.sum_all()?)?.is_finite() {
            return Err("a gradient is not finite".into());
        }
    }
    Ok((value, gradients))
}

/// All gradients one after another, in double precision, in the order of the parameters.
pub fn flat_gradient(parameters: &[Var], loss: &Tensor) -> Result<Vec<f64>> {
    let gradients = loss.backward()?;
    let mut all = Vec::new();
    for parameter in parameters {
        let gradient =
            gradients.get(parameter).map_or_else(|| parameter.zeros_like(), |gradient| Ok(gradient.clone()))?;
        all.extend(gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?);
    }
    Ok(all)
}

/// The entry of a tensor that has one.
pub fn number(x: &Tensor) -> Result<f64> {
    Ok(x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?.first().copied().ok_or("a tensor without entries")?)
}
