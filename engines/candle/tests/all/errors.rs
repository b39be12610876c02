//! What is wrong is said, with what to do.

use candle_core::{DType, Tensor, Var};
use diffsvd_candle::{Tolerance, low_rank, nuclear_norm, pinv, polar, svd, svdvals, svt};

use crate::common::*;

fn says<T>(result: candle_core::Result<T>, text: &str) {
    let error = result.err().expect("an error").to_string();
    assert!(error.contains(text), "{error}");
}

#[test]
fn entries_that_are_not_finite() {
    let x = |bad: f64| {
        let mut entries = random(12, 5);
        entries[7] = bad;
        tensor(&entries, &[2, 2, 3])
    };
    let (bad, nan) = (x(f64::NAN), "item 1: entry (0, 1) of the matrix is NaN");
    says(svd(&bad), nan);
    says(svdvals(&bad), nan);
    says(svt(&bad, 0.5), nan);
    says(pinv(&bad, Tolerance::Default), nan);
    says(polar(&bad), nan);
    says(low_rank(&bad, 1), nan);
    says(nuclear_norm(&bad), nan);
    let infinite = Var::from_tensor(&x(f64::INFINITY)).unwrap();
    says(svd(&infinite), "item 1: entry (0, 1) of the matrix is infinite");
    let x = Var::from_tensor(&x(0.5)).unwrap();
    let loss = (svt(&x, 0.1).unwrap().sum_all().unwrap() * f64::NAN).unwrap();
    says(loss.backward(), "the cotangent of the function is NaN");
}

#[test]
fn thresholds() {
    let x = tensor(&random(12, 5), &[2, 2, 3]);
    says(svt(&x, -0.5), "item 0: the threshold = -0.5: it must be finite and not negative");
    let three = "3 thresholds for 2 matrices: give one for all, or one for each";
    says(svt(&x, &tensor(&[0.1; 3], &[3])), three);
    let single = tensor(&[0.1], &[1]).to_dtype(DType::F32).unwrap();
    says(svt(&x, &single), "the thresholds are of F32 but the tensor is of F64: cast one of them");
}

#[test]
fn other_tensors() {
    let half = tensor(&random(4, 5), &[2, 2]).to_dtype(DType::F16).unwrap();
    says(svd(&half), "the tensor is of F16: cast it to f32 or f64");
    says(svd(&tensor(&[1.0], &[1])), "a tensor of 1 dimensions holds no matrices");
    says(svt(&Tensor::new(1.0, half.device()).unwrap(), 0.1), "a tensor of 0 dimensions holds no matrices");
}

/// Where there is no derivative the forward pass says so, but only if one is wanted.
#[test]
fn no_derivative() {
    let (rank_two, double) = (tensor(&degenerate(0.0), &[3, 3]), tensor(&degenerate(1.0), &[3, 3]));
    assert!(polar(&rank_two).is_ok() && low_rank(&double, 1).is_ok());
    let text = "item 0: the polar factor is not differentiable: singular value 2 (from 0) is zero";
    says(polar(&Var::from_tensor(&rank_two).unwrap()), text);
    let text = "not differentiable: singular values 0 and 1 (from 0) are both";
    says(low_rank(&Var::from_tensor(&double).unwrap(), 1), text);
}
