//! Random numbers: one seed, and a stream of its own for each use, so that no use disturbs another.

use ndarray::{Array, Dimension, ShapeBuilder};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Stream number `stream` of the seed.
pub fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

/// One normal number of mean 0 and variance 1.
pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

/// An array of normal numbers with this standard deviation.
pub fn normals<D: Dimension, Sh: ShapeBuilder<Dim = D>>(
    shape: Sh,
    deviation: f64,
    random: &mut ChaCha8Rng,
) -> Array<f64, D> {
    Array::from_shape_simple_fn(shape, || deviation * normal(random))
}
