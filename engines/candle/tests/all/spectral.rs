//! Functions of the singular values.

use candle_core::{Tensor, Var};
use diffsvd_candle::{Tolerance, low_rank, nuclear_norm, pinv, polar, svt};

use crate::common::*;

#[test]
fn thresholding() {
    let loss = |x: &Tensor| weighted(&svt(x, 0.3)?);
    check(loss);
    for matrix in [degenerate(1.0), degenerate(0.0), vec![0.0; 9]] {
        check_at(loss, &matrix, &[3, 3]);
    }
    check_at(loss, &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], &[3, 2]);
}

/// One threshold for all, and one for each.
#[test]
fn the_thresholds_have_gradients_too() {
    let x = tensor(&[degenerate(1.0), random(9, 4)].concat(), &[2, 3, 3]);
    for tau in [vec![0.4], vec![0.4, 0.2]] {
        check_at(|tau| weighted(&svt(&x, tau)?), &tau, &[tau.len()]);
        let constant = tensor(&tau, &[tau.len()]);
        check_at(|x| weighted(&svt(x, &constant)?), &entries(&x), &[2, 3, 3]);
    }
}

/// Both in one backward pass, with a product that uses the tensor twice.
#[test]
fn gradients_of_both_at_once() {
    let x = random(12, 9);
    let loss = |x: &Tensor, tau: &Tensor| weighted(&(svt(&(x * 2.0)?, tau)? * x)?);
    let (a, tau) = (Var::from_tensor(&tensor(&x, &[4, 3])).unwrap(), Var::from_tensor(&tensor(&[0.5], &[1])).unwrap());
    let gradients = loss(&a, &tau).unwrap().backward().unwrap();
    let of_x = differences(|a| loss(a, &tensor(&[0.5], &[1])), &x, &[4, 3]);
    assert_close(&entries(gradients.get(&a).unwrap()), &of_x, 1e-8);
    let of_tau = differences(|tau| loss(&tensor(&x, &[4, 3]), tau), &[0.5], &[1]);
    assert_close(&entries(gradients.get(&tau).unwrap()), &of_tau, 1e-8);
}

/// A singular value that is the threshold: the derivative of values below, and no end of the training.
#[test]
fn a_singular_value_at_the_threshold() {
    let loss = |x: &Tensor| svt(x, 1.0)?.sum_all();
    assert_eq!(gradient(loss, &[1.0, 0.0, 0.0, 0.5], &[2, 2]), [0.0; 4]);
}

#[test]
fn the_polar_factor() {
    let loss = |x: &Tensor| weighted(&polar(x)?);
    check(loss);
    check_at(loss, &degenerate(1.0), &[3, 3]);
}

#[test]
fn low_rank_approximation() {
    let to = |rank: usize| move |x: &Tensor| weighted(&low_rank(x, rank)?);
    check(to(1));
    check_at(to(2), &degenerate(1.0), &[3, 3]);
    check_at(to(3), &degenerate(0.0), &[3, 3]);
    assert_eq!(gradient(to(0), &degenerate(0.0), &[3, 3]), [0.0; 9]);
}

#[test]
fn the_pseudoinverse() {
    let loss = |x: &Tensor| weighted(&pinv(x, Tolerance::Default)?);
    check(loss);
    check_at(loss, &degenerate(1.0), &[3, 3]);
    // A = b cᵀ stays of rank 1 as b changes: there the pseudoinverse has a derivative.
    let c = tensor(&random(3, 21), &[1, 3]);
    check_at(|b| loss(&b.matmul(&c)?), &random(4, 3), &[4, 1]);
    let inverse = pinv(&tensor(&random(24, 1), &[2, 4, 3]), Tolerance::Default).unwrap();
    assert_eq!(inverse.dims(), [2, 3, 4]);
}

#[test]
fn the_nuclear_norm() {
    let loss = |x: &Tensor| weighted(&nuclear_norm(x)?);
    check(loss);
    check_at(loss, &degenerate(1.0), &[3, 3]);
    // The subgradient of smallest norm where values are zero: that of the two that are not.
    let weight = random(1, 77)[0];
    let expected: Vec<f64> = degenerate(0.0).iter().map(|x| weight * x / 2.0).collect();
    assert_close(&gradient(loss, &degenerate(0.0), &[3, 3]), &expected, 1e-13);
    assert_eq!(nuclear_norm(&tensor(&random(24, 1), &[2, 2, 3, 2])).unwrap().dims(), [2, 2]);
}
