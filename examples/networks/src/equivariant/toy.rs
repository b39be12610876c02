//! The toy: triangular pulses anywhere on a circle, seen through fewer random measurements than entries.

use candle_core::{DType, Device, Result as Computed, Tensor, Var};
use imaging::{Result, metrics, random};
use ndarray::Array2;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::learn::Objective;
use super::physics::{Physics, Sensing};
use crate::layers::normal;
use crate::train::{Schedule, Trained, train};

/// Which transformations the equivariant loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Cyclic shifts: the set of pulses is the same after any of them.
    Shifts,
    /// Arbitrary permutations: a pulse that is permuted is no pulse, and what is learned is wrong.
    Permutations,
}

/// Sizes, and the training.
#[derive(Clone, Copy, Debug)]
pub struct Toy {
    /// Entries of a signal.
    pub size: usize,
    /// Measurements of it.
    pub measurements: usize,
    /// Signals in a step.
    pub batch: usize,
    /// Of the training.
    pub schedule: Schedule,
    /// Of all random numbers.
    pub seed: u64,
}

/// What came of it, for signals that no training saw.
pub struct Restored {
    /// Decibels over all of them.
    pub psnr: f64,
    /// A signal in each row.
    pub signals: Array2<f64>,
    /// The training.
    pub trained: Option<Trained>,
}

/// Layers of numbers that are all connected.
struct Dense(Vec<(Var, Var)>);

impl Dense {
    fn new(widths: &[usize], random: &mut ChaCha8Rng) -> Computed<Self> {
        let layer = |pair: &[usize]| {
            let weight = normal(pair, (2.0 / pair[0] as f64).sqrt(), DType::F32, random)?;
            Ok((Var::from_tensor(&weight)?, Var::zeros(pair[1], DType::F32, &Device::Cpu)?))
        };
        Ok(Dense(widths.windows(2).map(layer).collect::<Computed<_>>()?))
    }

    fn apply(&self, x: &Tensor) -> Computed<Tensor> {
        let layer = |x: Tensor, (at, (weight, bias)): (usize, &(Var, Var))| {
            let x = if at == 0 { x } else { x.relu()? };
            x.matmul(weight)?.broadcast_add(bias)
        };
        self.0.iter().enumerate().try_fold(x.clone(), layer)
    }

    fn parameters(&self) -> Vec<Var> {
        self.0.iter().flat_map(|(weight, bias)| [weight.clone(), bias.clone()]).collect()
    }
}

impl Toy {
    /// Pulses of height 1 and of half a width between a tenth and a fifth of the circle.
    pub fn draw(&self, count: usize, random: &mut ChaCha8Rng) -> Array2<f64> {
        let n = self.size as f64;
        let mut signals = Array2::zeros((count, self.size));
        for mut signal in signals.rows_mut() {
            let (middle, width) = (n * random.random::<f64>(), n * (0.1 + 0.1 * random.random::<f64>()));
            for (at, entry) in signal.iter_mut().enumerate() {
                let distance = (at as f64 - middle).abs();
                *entry = (1.0 - distance.min(n - distance) / width).max(0.0);
            }
        }
        signals
    }

    /// Signals to test with.
    pub fn tested(&self) -> Array2<f64> {
        self.draw(256, &mut random::stream(self.seed, 0x7465_7374))
    }

    fn physics(&self) -> Result<Sensing> {
        Ok(Sensing::new(self.measurements, self.size, self.seed)?)
    }

    /// A⁺ y alone.
    pub fn inverted(&self) -> Result<Restored> {
        self.test(&self.physics()?, |x| Ok(x.clone()), None)
    }

    /// A network trained on this loss, and tested. All start from the same weights and see the same signals.
    pub fn run(&self, objective: Objective, group: Group, done: &dyn Fn()) -> Result<Restored> {
        let (physics, n) = (self.physics()?, self.size);
        let network = Dense::new(&[n, 2 * n, 2 * n, n], &mut random::stream(self.seed, 0x6e65_7477))?;
        let mut signals = random::stream(self.seed, 0x7369_676e);
        let mut choice = random::stream(self.seed, 0x7472_616e);
        let loss = || {
            let x = tensor(&self.draw(self.batch, &mut signals))?;
            let mut transform = |x: &Tensor| group.transform(x, &mut choice);
            Ok(objective.loss(&x, &physics, &|x| network.apply(x), &mut transform)?)
        };
        let trained = train(&network.parameters(), self.schedule, loss, done)?;
        self.test(&physics, |x| network.apply(x), Some(trained))
    }

    fn test(
        &self,
        physics: &Sensing,
        network: impl Fn(&Tensor) -> Computed<Tensor>,
        trained: Option<Trained>,
    ) -> Result<Restored> {
        let truth = self.tested();
        let restored = network(&physics.invert(&physics.measure(&tensor(&truth)?)?)?)?;
        let entries = restored.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
        let signals = Array2::from_shape_vec(truth.dim(), entries)?;
        let square = (&signals - &truth).mapv(|x| x * x).sum() / truth.len() as f64;
        Ok(Restored { psnr: metrics::decibels(square.sqrt()), signals, trained })
    }
}

impl Group {
    fn transform(self, x: &Tensor, random: &mut ChaCha8Rng) -> Computed<Tensor> {
        let n = x.dim(1)?;
        match self {
            Group::Shifts => x.roll(random.random_range(1..n as i32), 1),
            Group::Permutations => {
                let mut order: Vec<u32> = (0..n as u32).collect();
                order.shuffle(random);
                x.index_select(&Tensor::new(order, &Device::Cpu)?, 1)
            }
        }
    }
}

fn tensor(signals: &Array2<f64>) -> Computed<Tensor> {
    let entries: Vec<f32> = signals.iter().map(|&x| x as f32).collect();
    Tensor::from_vec(entries, signals.dim(), &Device::Cpu)
}
