//! U, s and V.

use burn_tensor::Tensor;
use diffsvd_burn::{AtEqual, Matrices, Options, Report, Rule, svd, svd_with, svdvals};

use crate::common::*;

/// U f(S) Vᵀ with f = s² + s, as the engine composes it.
macro_rules! composed {
    ($D:literal) => {
        |x: Tensor<$D>| {
            let (u, s, v) = svd(x).unwrap();
            let f = s.clone().powi_scalar(2) + s;
            weighted((u * f.unsqueeze_dim::<$D>($D - 2)).matmul(v.transpose()))
        }
    };
}

#[test]
fn the_factors_make_the_matrix() {
    for shape in [[3, 3], [5, 2], [2, 5]] {
        let x = random(shape[0] * shape[1], 5);
        let (u, s, v) = svd(tensor(&x, shape)).unwrap();
        let k = shape[0].min(shape[1]);
        assert_eq!((u.dims(), s.dims(), v.dims()), ([shape[0], k], [k], [shape[1], k]));
        let descending = entries(s.clone()).windows(2).all(|pair| pair[0] >= pair[1]);
        assert!(descending);
        let product = (u * s.unsqueeze_dim::<2>(0)).matmul(v.transpose());
        assert_close(&entries(product), &x, 1e-14);
    }
}

#[test]
fn gradients_of_all_three_factors_agree_with_differences() {
    check(composed!(2), [3, 3]);
    check(composed!(2), [5, 3]);
    check(composed!(2), [3, 5]);
    check(composed!(3), [2, 4, 3]);
    check(composed!(4), [2, 2, 3, 4]);
}

/// U Uᵀ-like projectors depend on U and V beyond the reconstruction.
#[test]
fn gradients_of_single_vectors_agree_with_differences() {
    let projector = |x: Tensor<2>| {
        let (u, _, v) = svd(x).unwrap();
        let (first, last) = (u.slice([0..4, 0..1]), v.slice([0..3, 2..3]));
        weighted(first.clone().matmul(first.transpose())) + weighted(last.clone().matmul(last.transpose()))
    };
    check(projector, [4, 3]);
}

#[test]
fn the_singular_values_alone() {
    fn loss<const D: usize>(x: Tensor<D>) -> Tensor<1>
    where
        Tensor<D>: Matrices<Vectors: Sums>,
    {
        svdvals(x).unwrap().weighted_squares()
    }
    trait Sums {
        fn weighted_squares(self) -> Tensor<1>;
    }
    impl<const D: usize> Sums for Tensor<D> {
        fn weighted_squares(self) -> Tensor<1> {
            weighted(self.powi_scalar(2))
        }
    }
    for_shapes!(loss);
}

/// The loss is linear in A = U S Vᵀ, so its gradient is the weights, at every matrix.
#[test]
fn the_reconstruction_has_its_gradient_at_equal_and_at_zero_values() {
    let loss = |x: Tensor<2>| {
        let (u, s, v) = svd(x).unwrap();
        weighted((u * s.unsqueeze_dim::<2>(0)).matmul(v.transpose()))
    };
    let weights = random(9, 77);
    assert_close(&gradient(loss, &degenerate(1.0), [3, 3]), &weights, 1e-13);
    let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    assert_close(&gradient(loss, &identity, [3, 3]), &weights, 1e-13);
    // Of rank 2 the part of the gradient between the null spaces is not determined by U, s and V; it is finite.
    assert!(gradient(loss, &degenerate(0.0), [3, 3]).iter().all(|x| x.is_finite()));
    assert!(gradient(loss, &[0.0; 9], [3, 3]).iter().all(|x| x.is_finite()));
}

#[test]
fn the_report_tells_whether_a_gradient_exists() {
    let residual = |x: &[f64], entry: bool| {
        let report = Report::default();
        let x = tensor(x, [3, 3]).require_grad();
        let (u, s, _) = svd_with(x, &Options::default().report(&report)).unwrap();
        assert_eq!(report.gauge(), None);
        let loss = if entry { weighted(u) } else { weighted(s) };
        let _ = loss.backward();
        report.gauge().unwrap()
    };
    assert!(residual(&random(9, 8), true).residual < 1e-12);
    let gauge = residual(&degenerate(1.0), true);
    assert!(gauge.residual > 1e-3 && gauge.equal_pairs == 1 && gauge.zeros == 0, "{gauge:?}");
    assert_eq!(residual(&degenerate(0.0), false).residual, 0.0);
}

/// The rule reaches the backward pass: zeroing leaves something out that the default keeps.
#[test]
fn the_rule_is_the_one_that_was_asked_for() {
    let by = |rule: Rule<f64>| {
        let loss = move |x: Tensor<2>| {
            let (u, s, v) = svd_with(x, &Options::default().rule(rule)).unwrap();
            weighted((u * s.unsqueeze_dim::<2>(0)).matmul(v.transpose()))
        };
        gradient(loss, &degenerate(1.0), [3, 3])
    };
    let (weights, zeroing) = (random(9, 77), by(Rule::new(AtEqual::Zeroing)));
    assert_close(&by(Rule::reconstruct()), &weights, 1e-13);
    assert!(zeroing.iter().zip(&weights).any(|(a, b)| (a - b).abs() > 1e-3));
}

#[test]
#[should_panic(expected = "the plain rule is not differentiable: singular values")]
fn the_plain_rule_panics_in_the_backward_pass_at_equal_values() {
    let loss = |x: Tensor<2>| weighted(svd_with(x, &Options::default().rule(Rule::plain())).unwrap().0);
    gradient(loss, &[1.0, 0.0, 0.0, 1.0], [2, 2]);
}
