//! Tensors of f64, gradients of losses, and differences.

use candle_core::{Device, Result, Tensor, Var};

pub(crate) fn tensor(entries: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(entries, shape, &Device::Cpu).unwrap()
}

pub(crate) fn entries(x: &Tensor) -> Vec<f64> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// Numbers in (−1, 1), the same for the same seed.
pub(crate) fn random(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(1_u32 << 31) - 1.0
    };
    (0..count + 8).map(|_| next()).skip(8).collect()
}

/// Σ wᵢ xᵢ with weights that differ.
pub(crate) fn weighted(x: &Tensor) -> Result<Tensor> {
    let weights = tensor(&random(x.elem_count(), 77), x.dims());
    (x * weights)?.sum_all()
}

/// The gradient by the engine.
pub(crate) fn gradient(loss: impl Fn(&Tensor) -> Result<Tensor>, x: &[f64], shape: &[usize]) -> Vec<f64> {
    let x = Var::from_tensor(&tensor(x, shape)).unwrap();
    let gradients = loss(&x).unwrap().backward().unwrap();
    let gradient = gradients.get(&x).expect("a gradient");
    assert_eq!(gradient.dims(), shape);
    entries(gradient)
}

/// The same by central differences.
pub(crate) fn differences(loss: impl Fn(&Tensor) -> Result<Tensor>, x: &[f64], shape: &[usize]) -> Vec<f64> {
    let h = 1e-5;
    let at = |i: usize, step: f64| {
        let mut moved = x.to_vec();
        moved[i] += step;
        loss(&tensor(&moved, shape)).unwrap().to_scalar::<f64>().unwrap()
    };
    (0..x.len()).map(|i| (at(i, h) - at(i, -h)) / (2.0 * h)).collect()
}

pub(crate) fn assert_close(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    let scale = expected.iter().fold(1.0_f64, |scale, x| scale.max(x.abs()));
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "entry {i}: {a} but {b}");
    }
}

/// The engine against differences, at `x`.
pub(crate) fn check_at(loss: impl Fn(&Tensor) -> Result<Tensor>, x: &[f64], shape: &[usize]) {
    assert_close(&gradient(&loss, x, shape), &differences(&loss, x, shape), 1e-8);
}

/// The same at random places: tall, wide, square, and batches of them with one and two leading dimensions.
pub(crate) fn check(loss: impl Fn(&Tensor) -> Result<Tensor>) {
    for shape in [[3, 3].as_slice(), &[5, 3], &[3, 5], &[1, 4], &[2, 4, 3], &[2, 3, 2, 3]] {
        check_at(&loss, &random(shape.iter().product(), 3), shape);
    }
}

/// A 3×3 matrix with singular values 2, 2 and `last`.
pub(crate) fn degenerate(last: f64) -> Vec<f64> {
    let ((s, c), (t, d)) = (0.3_f64.sin_cos(), 1.1_f64.sin_cos());
    let u = [[c, -s, 0.0], [s * d, c * d, -t], [s * t, c * t, d]];
    let v = [[d, 0.0, t], [0.0, 1.0, 0.0], [-t, 0.0, d]];
    let values = [2.0, 2.0, last];
    let entry = |i: usize, j: usize| (0..3).map(|k| u[i][k] * values[k] * v[j][k]).sum::<f64>();
    (0..9).map(|e| entry(e / 3, e % 3)).collect()
}
