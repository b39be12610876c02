//! Functions of the singular values.

use burn_tensor::Tensor;
use diffsvd_burn::{Matrices, Tolerance, low_rank, nuclear_norm, pinv, polar, svt};

use crate::common::*;

fn thresholded<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    weighted(svt(x, 0.3).unwrap())
}

#[test]
fn thresholding() {
    for_shapes!(thresholded);
}

#[test]
fn thresholding_at_equal_and_at_zero_values() {
    check_at(thresholded, &degenerate(1.0), [3, 3]);
    check_at(thresholded, &degenerate(0.0), [3, 3]);
    check_at(thresholded, &[0.0; 12], [4, 3]);
    check_at(thresholded, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [4, 3]);
}

/// One threshold for all, and one for each.
#[test]
fn the_thresholds_have_gradients_too() {
    let x = [degenerate(1.0), random(9, 4)].concat();
    for tau in [vec![0.4], vec![0.4, 0.2]] {
        let loss = |tau: Tensor<1>| weighted(svt(tensor(&x, [2, 3, 3]), tau).unwrap());
        check_at(loss, &tau, [tau.len()]);
        // As a constant beside a tensor that is differentiated, and the other way round.
        let constant = |x: Tensor<3>| weighted(svt(x, tensor(&tau, [tau.len()]).inner()).unwrap());
        check_at(constant, &x, [2, 3, 3]);
        let of_tau = |tau: Tensor<1>| weighted(svt(tensor(&x, [2, 3, 3]).inner(), tau).unwrap());
        assert_close(&gradient(of_tau, &tau, [tau.len()]), &gradient(loss, &tau, [tau.len()]), 0.0);
    }
}

/// Both in one backward pass, with a product that uses the tensor twice.
#[test]
fn gradients_of_both_at_once() {
    let x = random(12, 9);
    let at = |x: &[f64], tau: f64| {
        let (x, tau) = (tensor(x, [4, 3]).require_grad(), tensor(&[tau], [1]).require_grad());
        let loss = weighted(svt(x.clone() * 2.0, tau.clone()).unwrap() * x.clone());
        (x, tau, loss)
    };
    let (a, tau, loss) = at(&x, 0.5);
    let gradients = loss.backward();
    let value = |x: &[f64], tau| at(x, tau).2.into_scalar::<f64>();
    let of_tau = (value(&x, 0.5 + 1e-5) - value(&x, 0.5 - 1e-5)) / 2e-5;
    assert_close(&entries(tau.grad(&gradients).unwrap()), &[of_tau], 1e-8);
    let of_x = differences(|a| weighted(svt(a.clone() * 2.0, 0.5).unwrap() * a), &x, [4, 3]);
    assert_close(&entries(a.grad(&gradients).unwrap()), &of_x, 1e-8);
}

/// A singular value that is the threshold: the derivative of values below, and no end of the training.
#[test]
fn a_singular_value_at_the_threshold() {
    let loss = |x: Tensor<2>| svt(x, 1.0).unwrap().sum();
    assert_eq!(gradient(loss, &[1.0, 0.0, 0.0, 0.5], [2, 2]), [0.0; 4]);
}

fn oriented<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    weighted(polar(x).unwrap())
}

#[test]
fn the_polar_factor() {
    for_shapes!(oriented);
    check_at(oriented, &degenerate(1.0), [3, 3]);
}

fn leading<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    weighted(low_rank(x, 1).unwrap())
}

#[test]
fn low_rank_approximation() {
    for_shapes!(leading);
    check_at(|x: Tensor<2>| weighted(low_rank(x, 2).unwrap()), &degenerate(1.0), [3, 3]);
    check_at(|x: Tensor<2>| weighted(low_rank(x, 3).unwrap()), &degenerate(0.0), [3, 3]);
    assert_eq!(gradient(|x: Tensor<2>| low_rank(x, 0).unwrap().sum(), &degenerate(0.0), [3, 3]), [0.0; 9]);
}

fn inverted<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    weighted(pinv(x, Tolerance::Default).unwrap())
}

#[test]
fn the_pseudoinverse() {
    check(inverted, [4, 3]);
    check(inverted, [3, 5]);
    check(inverted, [2, 2, 4, 3]);
    check_at(inverted, &degenerate(1.0), [3, 3]);
    assert_eq!(pinv(tensor(&random(24, 1), [2, 4, 3]), Tolerance::Default).unwrap().dims(), [2, 3, 4]);
}

/// A = b cᵀ stays of rank 1 as b and c change: there the pseudoinverse has a derivative.
#[test]
fn the_pseudoinverse_at_constant_rank() {
    let c = random(3, 21);
    let loss = |b: Tensor<2>| inverted(b.matmul(tensor(&c, [1, 3])));
    check(loss, [4, 1]);
}

fn norm<const D: usize>(x: Tensor<D>) -> Tensor<1>
where
    Tensor<D>: Matrices<Vectors: Weighted>,
{
    nuclear_norm(x).unwrap().weighted()
}

trait Weighted {
    fn weighted(self) -> Tensor<1>;
}
impl<const D: usize> Weighted for Tensor<D> {
    fn weighted(self) -> Tensor<1> {
        weighted(self)
    }
}

#[test]
fn the_nuclear_norm() {
    for_shapes!(norm);
    check_at(norm, &degenerate(1.0), [3, 3]);
    // The subgradient of smallest norm where values are zero: that of the two that are not.
    let weight = random(1, 77)[0];
    let expected: Vec<f64> = degenerate(0.0).iter().map(|x| weight * x / 2.0).collect();
    assert_close(&gradient(norm, &degenerate(0.0), [3, 3]), &expected, 1e-13);
    assert_eq!(nuclear_norm(tensor(&random(24, 1), [2, 2, 3, 2])).unwrap().dims(), [2, 2, 1]);
}
