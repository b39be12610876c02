//! Adam (Kingma & Ba 2015): a step of each parameter by the size of its gradient's mean over that of its square.

use ndarray::{Array, Dimension, Zip};

/// The state for one array of parameters.
#[derive(Clone, Debug)]
pub struct Adam<D: Dimension> {
    rate: f32,
    step: i32,
    mean: Array<f32, D>,
    square: Array<f32, D>,
}

const KEEP_MEAN: f32 = 0.9;
const KEEP_SQUARE: f32 = 0.999;
const FLOOR: f32 = 1e-8;

impl<D: Dimension> Adam<D> {
    /// For parameters of this shape, at this learning rate.
    pub fn new(like: &Array<f32, D>, rate: f32) -> Self {
        let zeros = Array::zeros(like.raw_dim());
        Adam { rate, step: 0, mean: zeros.clone(), square: zeros }
    }

    /// The learning rate of the steps from now on.
    pub fn set_rate(&mut self, rate: f32) {
        self.rate = rate;
    }

    /// One step against the gradient.
    pub fn step(&mut self, parameters: &mut Array<f32, D>, gradient: &Array<f32, D>) {
        self.step += 1;
        let (of_mean, of_square) = (1.0 - KEEP_MEAN.powi(self.step), 1.0 - KEEP_SQUARE.powi(self.step));
        let rate = self.rate;
        Zip::from(parameters).and(gradient).and(&mut self.mean).and(&mut self.square).for_each(
            |parameter, &gradient, mean, square| {
                *mean = KEEP_MEAN * *mean + (1.0 - KEEP_MEAN) * gradient;
                *square = KEEP_SQUARE * *square + (1.0 - KEEP_SQUARE) * gradient * gradient;
                *parameter -= rate * (*mean / of_mean) / ((*square / of_square).sqrt() + FLOOR);
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_step_has_the_size_of_the_rate_and_many_reach_the_minimum() {
        let mut x = array![3.0_f32, -0.5];
        let mut adam = Adam::new(&x, 0.1);
        adam.step(&mut x, &array![2.0, -1.5]);
        assert!((x[0] - 2.9).abs() < 1e-5 && (x[1] + 0.4).abs() < 1e-5);
        for _ in 0..400 {
            let gradient = &x - &array![1.0, 1.0];
            adam.step(&mut x, &gradient);
        }
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-2), "{x}");
    }
}
