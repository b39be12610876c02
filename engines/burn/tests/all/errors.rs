//! What is wrong is said, with what to do.

use burn_tensor::{DType, Tensor};
use diffsvd_burn::{Error, Tolerance, low_rank, nuclear_norm, pinv, polar, svd, svdvals, svt};

use crate::common::*;

#[test]
fn entries_that_are_not_finite() {
    let x = |bad: f64| {
        let mut entries = random(12, 5);
        entries[7] = bad;
        tensor(&entries, [2, 2, 3])
    };
    let nan = "item 1: entry (0, 1) of the matrix is NaN";
    assert_eq!(svd(x(f64::NAN)).unwrap_err().to_string(), nan);
    assert_eq!(svdvals(x(f64::NAN)).unwrap_err().to_string(), nan);
    assert_eq!(svt(x(f64::NAN), 0.5).unwrap_err().to_string(), nan);
    assert_eq!(pinv(x(f64::NAN), Tolerance::Default).unwrap_err().to_string(), nan);
    assert_eq!(polar(x(f64::NAN)).unwrap_err().to_string(), nan);
    assert_eq!(low_rank(x(f64::NAN), 1).unwrap_err().to_string(), nan);
    assert_eq!(nuclear_norm(x(f64::NAN)).unwrap_err().to_string(), nan);
    let infinite = "item 1: entry (0, 1) of the matrix is infinite";
    assert_eq!(svd(x(f64::INFINITY).require_grad()).unwrap_err().to_string(), infinite);
}

#[test]
fn thresholds() {
    let x = tensor(&random(12, 5), [2, 2, 3]);
    let negative = svt(x.clone(), -0.5).unwrap_err().to_string();
    assert_eq!(negative, "item 0: the threshold = -0.5: it must be finite and not negative");
    let three = svt(x.clone(), tensor(&[0.1; 3], [3])).unwrap_err().to_string();
    assert_eq!(three, "3 thresholds for 2 matrices: give one for all, or one for each");
    let single = Tensor::<1>::from_data([0.1_f32], (&device(), DType::F32));
    let error = svt(x, single).unwrap_err();
    assert_eq!(error, Error::ThresholdType { got: DType::F32, expected: DType::F64 });
    assert_eq!(error.to_string(), "the thresholds are of F32 but the tensor is of F64: cast one of them");
}

#[test]
fn other_numbers() {
    let half = tensor(&random(4, 5), [2, 2]).cast(DType::F16);
    let error = svd(half).unwrap_err();
    assert_eq!(error.to_string(), "the tensor is of F16: cast it to f32 or f64");
}

/// Where there is no derivative the forward pass says so, but only if one is wanted.
#[test]
fn no_derivative() {
    let rank_two = tensor(&degenerate(0.0), [3, 3]);
    assert!(polar(rank_two.clone()).is_ok());
    let error = polar(rank_two.require_grad()).unwrap_err().to_string();
    assert!(
        error.starts_with("item 0: the polar factor is not differentiable: singular value 2 (from 0) is zero"),
        "{error}"
    );
    let double = tensor(&degenerate(1.0), [3, 3]);
    assert!(low_rank(double.clone(), 1).is_ok());
    let error = low_rank(double.require_grad(), 1).unwrap_err().to_string();
    assert!(error.contains("not differentiable: singular values 0 and 1 (from 0) are both"), "{error}");
}

#[test]
#[should_panic(expected = "the cotangent of the function is NaN")]
fn a_loss_that_is_nan() {
    let loss = |x: Tensor<2>| svt(x, 0.1).unwrap().sum() * f64::NAN;
    gradient(loss, &random(4, 5), [2, 2]);
}
