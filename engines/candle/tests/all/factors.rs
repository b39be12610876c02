//! U, s and V.

use candle_core::{D, Result, Tensor, Var};
use diffsvd_candle::{AtEqual, Options, Report, Rule, svd, svd_with, svdvals};

use crate::common::*;

/// U diag(f) Vᵀ.
fn product(u: &Tensor, f: &Tensor, v: &Tensor) -> Result<Tensor> {
    u.broadcast_mul(&f.unsqueeze(D::Minus2)?)?.matmul(&v.transpose(D::Minus1, D::Minus2)?.contiguous()?)
}

#[test]
fn the_factors_make_the_matrix() {
    for shape in [[3, 3], [5, 2], [2, 5]] {
        let x = random(shape[0] * shape[1], 5);
        let (u, s, v) = svd(&tensor(&x, &shape)).unwrap();
        let k = shape[0].min(shape[1]);
        assert_eq!(
            (u.dims(), s.dims(), v.dims()),
            ([shape[0], k].as_slice(), [k].as_slice(), [shape[1], k].as_slice())
        );
        assert!(entries(&s).windows(2).all(|pair| pair[0] >= pair[1]));
        assert_close(&entries(&product(&u, &s, &v).unwrap()), &x, 1e-14);
    }
}

#[test]
fn gradients_of_all_three_factors_agree_with_differences() {
    check(|x| {
        let (u, s, v) = svd(x)?;
        weighted(&product(&u, &(s.sqr()? + &s)?, &v)?)
    });
}

#[test]
fn gradients_of_single_vectors_agree_with_differences() {
    let projector = |x: &Tensor| {
        let (u, _, v) = svd(x)?;
        let (first, last) = (u.narrow(1, 0, 1)?, v.narrow(1, 2, 1)?);
        let of = |column: &Tensor| weighted(&column.matmul(&column.t()?)?);
        of(&first)? + of(&last)?
    };
    check_at(projector, &random(12, 3), &[4, 3]);
}

#[test]
fn the_singular_values_alone() {
    check(|x| weighted(&svdvals(x)?.sqr()?));
}

/// The loss is linear in A = U S Vᵀ, so its gradient is the weights, at every matrix.
#[test]
fn the_reconstruction_has_its_gradient_at_equal_and_at_zero_values() {
    let loss = |x: &Tensor| {
        let (u, s, v) = svd(x)?;
        weighted(&product(&u, &s, &v)?)
    };
    let weights = random(9, 77);
    assert_close(&gradient(loss, &degenerate(1.0), &[3, 3]), &weights, 1e-13);
    assert_close(&gradient(loss, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], &[3, 3]), &weights, 1e-13);
    assert!(gradient(loss, &degenerate(0.0), &[3, 3]).iter().all(|x| x.is_finite()));
    assert!(gradient(loss, &[0.0; 9], &[3, 3]).iter().all(|x| x.is_finite()));
}

#[test]
fn the_report_tells_whether_a_gradient_exists() {
    let residual = |x: &[f64], of_u: bool| {
        let report = Report::default();
        let x = Var::from_tensor(&tensor(x, &[3, 3])).unwrap();
        let (u, s, _) = svd_with(&x, &Options::default().report(&report)).unwrap();
        assert_eq!(report.gauge(), None);
        weighted(if of_u { &u } else { &s }).unwrap().backward().unwrap();
        report.gauge().unwrap()
    };
    assert!(residual(&random(9, 8), true).residual < 1e-12);
    let gauge = residual(&degenerate(1.0), true);
    assert!(gauge.residual > 1e-3 && gauge.equal_pairs == 1 && gauge.zeros == 0, "{gauge:?}");
    assert_eq!(residual(&degenerate(0.0), false).residual, 0.0);
}

#[test]
fn the_rule_is_the_one_that_was_asked_for() {
    let by = |rule: Rule<f64>| {
        let loss = move |x: &Tensor| {
            let (u, s, v) = svd_with(x, &Options::default().rule(rule))?;
            weighted(&product(&u, &s, &v)?)
        };
        gradient(loss, &degenerate(1.0), &[3, 3])
    };
    let (weights, zeroing) = (random(9, 77), by(Rule::new(AtEqual::Zeroing)));
    assert_close(&by(Rule::reconstruct()), &weights, 1e-13);
    assert!(zeroing.iter().zip(&weights).any(|(a, b)| (a - b).abs() > 1e-3));
}

#[test]
fn the_plain_rule_is_an_error_of_the_backward_pass_at_equal_values() {
    let x = Var::from_tensor(&tensor(&[1.0, 0.0, 0.0, 1.0], &[2, 2])).unwrap();
    let (u, _, _) = svd_with(&x, &Options::default().rule(Rule::plain())).unwrap();
    let error = weighted(&u).unwrap().backward().unwrap_err().to_string();
    assert!(error.contains("the plain rule is not differentiable: singular values"), "{error}");
}
