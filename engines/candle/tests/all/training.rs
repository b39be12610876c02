//! Short trainings, by gradient descent, in single precision.

use candle_core::{DType, Tensor, Var};
use diffsvd_candle::{nuclear_norm, polar, svt};

use crate::common::*;

fn single(shape: &[usize], seed: u64) -> Tensor {
    tensor(&random(shape.iter().product(), seed), shape).to_dtype(DType::F32).unwrap()
}

/// A layer max(S − τ, 0) finds the τ that made its targets. The matrices have equal singular values.
#[test]
fn a_threshold_is_learned() -> candle_core::Result<()> {
    let x = (polar(&single(&[8, 4, 4], 3))? * 2.0)?;
    let target = svt(&x, 0.7)?;
    let tau = Var::new(0.1_f32, x.device())?;
    let mut loss = f32::INFINITY;
    for _ in 0..50 {
        let error = (svt(&x, tau.as_tensor())? - &target)?.sqr()?.mean_all()?;
        loss = error.to_scalar()?;
        let gradients = error.backward()?;
        tau.set(&(tau.as_tensor() - gradients.get(&tau).unwrap())?)?;
    }
    assert!(loss < 1e-10, "{loss}");
    assert!((tau.to_scalar::<f32>()? - 0.7).abs() < 1e-4);
    Ok(())
}

/// A matrix of rank 1 from three quarters of its entries: data term and nuclear norm, from zero, where all singular values are equal and zero.
#[test]
fn a_matrix_is_completed() -> candle_core::Result<()> {
    let truth = single(&[8, 1], 4).matmul(&single(&[1, 8], 6))?;
    let seen: Vec<f32> = (0..64).map(|e| f32::from(u8::from((e / 8 * 3 + e % 8 * 5) % 4 != 0))).collect();
    let mask = Tensor::from_vec(seen, (8, 8), truth.device())?;
    let x = Var::zeros((8, 8), DType::F32, truth.device())?;
    let error = || (x.as_tensor() - &truth)?.sqr()?.sum_all()?.to_scalar::<f32>();
    let at_first = error()?;
    let unseen = ((mask.ones_like()? - &mask)? * &truth)?.sqr()?.sum_all()?.to_scalar::<f32>()?;
    for _ in 0..400 {
        let data = ((x.as_tensor() - &truth)? * &mask)?.sqr()?.sum_all()?;
        let gradients = (data + (nuclear_norm(&x)? * 0.01)?)?.backward()?;
        x.set(&(x.as_tensor() - (gradients.get(&x).unwrap() * 0.2)?)?)?;
    }
    // The entries that are not seen stay zero without the norm.
    assert!(error()? < 0.1 * at_first && unseen > 0.2 * at_first, "{} of {at_first}, {unseen}", error()?);
    Ok(())
}
