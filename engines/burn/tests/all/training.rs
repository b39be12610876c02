//! Short trainings, by gradient descent, in single precision.

use burn_tensor::{DType, Device, Tensor};
use diffsvd_burn::{nuclear_norm, polar, svt};

use crate::common::*;

fn single<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    tensor(&random(shape.iter().product(), seed), shape).cast(DType::F32).detach()
}

/// A layer max(S − τ, 0) finds the τ that made its targets. The matrices have equal singular values.
#[test]
fn a_threshold_is_learned() {
    let x = polar(single([8, 4, 4], 3)).unwrap() * 2.0;
    let target = svt(x.clone(), 0.7).unwrap().detach();
    let mut tau = Tensor::<1>::from_floats([0.1], &Device::flex().autodiff()).require_grad();
    let mut loss = f32::INFINITY;
    for _ in 0..50 {
        let error = (svt(x.clone(), tau.clone()).unwrap() - target.clone()).powi_scalar(2).mean();
        loss = error.clone().into_scalar();
        let gradients = error.backward();
        let step = tau.grad(&gradients).unwrap();
        tau = Tensor::from_inner(tau.inner() - step).require_grad();
    }
    assert!(loss < 1e-10, "{loss}");
    assert!((tau.into_scalar::<f32>() - 0.7).abs() < 1e-4);
}

/// A matrix of rank 1 from three quarters of its entries: data term and nuclear norm, from zero, where all singular values are equal and zero.
#[test]
fn a_matrix_is_completed() {
    let (b, c) = (single([8, 1], 4), single([1, 8], 6));
    let truth = b.matmul(c);
    let mask = Tensor::<2>::from_floats(
        std::array::from_fn::<[f32; 8], 8, _>(|i| std::array::from_fn(|j| f32::from((i * 3 + j * 5) % 4 != 0))),
        &Device::flex().autodiff(),
    );
    let mut x = Tensor::<2>::zeros([8, 8], &Device::flex().autodiff()).require_grad();
    let error = |x: &Tensor<2>| (x.clone() - truth.clone()).powi_scalar(2).sum().into_scalar::<f32>();
    let at_first = error(&x);
    let unseen = ((mask.clone() * -1.0 + 1.0) * truth.clone()).powi_scalar(2).sum().into_scalar::<f32>();
    for _ in 0..400 {
        let data = ((x.clone() - truth.clone()) * mask.clone()).powi_scalar(2).sum();
        let gradients = (data + nuclear_norm(x.clone()).unwrap() * 0.01).backward();
        let step = x.grad(&gradients).unwrap() * 0.2;
        x = Tensor::from_inner(x.inner() - step).require_grad();
    }
    // The entries that are not seen stay zero without the norm.
    assert!(error(&x) < 0.1 * at_first && unseen > 0.2 * at_first, "{} of {at_first}, {unseen}", error(&x));
}
