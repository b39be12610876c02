//! Every error that the decomposition can return, with the numbers in it and the sentence it prints.

use diffsvd::{
    Cotangent, Error, Factors, FactorsMut, Mat, MatMut, MatRef, Rule, Scalar, Svd, Vectors, fix_phases,
    singular_values_into, svd_into, svd_workspace_len,
};
use num_complex::Complex;

use crate::support::layout::Layout;
use crate::support::random::Random;
use crate::support::run::{Run, lengths};

/// Asserts the error and its text.
#[track_caller]
fn assert_error<T: std::fmt::Debug>(result: Result<T, Error>, expected: Error, text: &str) {
    let error = result.expect_err("an error");
    assert_eq!(error, expected);
    assert_eq!(error.to_string(), text);
}

/// The decomposition of a 3×2 matrix into outputs of the given shapes.
fn into_shapes(vectors: Vectors, u: (usize, usize), s: usize, v: (usize, usize)) -> Result<(), Error> {
    let a = Mat::<f64>::identity(3);
    let (mut u_out, mut s_out, mut v_out) = (Mat::zeros(u.0, u.1), vec![0.0; s], Mat::zeros(v.0, v.1));
    let out = FactorsMut { u: u_out.as_mut(), s: &mut s_out, v: v_out.as_mut() };
    let result = svd_into(a.as_ref().leading_cols(2), vectors, out, &mut [0.0; 1000]);
    if result.is_err() {
        assert!(u_out.as_slice().iter().chain(v_out.as_slice()).chain(&s_out).all(|x| *x == 0.0), "outputs untouched");
    }
    result
}

#[test]
fn wrong_shapes() {
    let shape = |argument, got, expected| Error::Shape { argument, got, expected };
    let thin = |u, s, v| into_shapes(Vectors::Thin, u, s, v);
    assert_error(thin((3, 3), 2, (2, 2)), shape("U", (3, 3), (3, 2)), "U is 3×3 but must be 3×2");
    assert_error(thin((2, 3), 2, (2, 2)), shape("U", (2, 3), (3, 2)), "U is 2×3 but must be 3×2");
    assert_error(thin((3, 2), 3, (2, 2)), shape("s", (3, 1), (2, 1)), "s is 3×1 but must be 2×1");
    assert_error(thin((3, 2), 2, (2, 1)), shape("V", (2, 1), (2, 2)), "V is 2×1 but must be 2×2");
    let full = |u, s, v| into_shapes(Vectors::Full, u, s, v);
    assert_error(full((3, 2), 2, (2, 2)), shape("U", (3, 2), (3, 3)), "U is 3×2 but must be 3×3");
    let one = |u, s, v| into_shapes(Vectors::Leading(1), u, s, v);
    assert_error(one((3, 2), 1, (2, 1)), shape("U", (3, 2), (3, 1)), "U is 3×2 but must be 3×1");
    assert_error(one((3, 1), 2, (2, 1)), shape("s", (2, 1), (1, 1)), "s is 2×1 but must be 1×1");
    let none = |u, s, v| into_shapes(Vectors::None, u, s, v);
    assert_error(none((0, 0), 1, (0, 0)), shape("s", (1, 1), (2, 1)), "s is 1×1 but must be 2×1");
    assert_eq!(thin((3, 2), 2, (2, 2)), Ok(()));
    assert_eq!(full((3, 3), 2, (2, 2)), Ok(()));
    assert_eq!(one((3, 1), 1, (2, 1)), Ok(()));
    assert_eq!(none((7, 1), 2, (1, 5)), Ok(()), "with Vectors::None, U and V are not looked at");
}

#[test]
fn too_many_triplets() {
    let error = Error::Parameter {
        name: "the number of leading triplets",
        value: 3.0,
        must: "not exceed the smaller side of the matrix",
    };
    let text = "the number of leading triplets = 3: it must not exceed the smaller side of the matrix";
    assert_error(into_shapes(Vectors::Leading(3), (3, 3), 3, (2, 3)), error, text);
}

/// The announced length is enough, one entry less is not, and then nothing is written.
fn short_workspace<S: Scalar>() {
    let mut random = Random::new(1);
    for (m, n) in [(1, 1), (3, 2), (2, 3), (9, 2), (2, 9), (5, 5), (17, 16)] {
        let a = random.matrix::<S>(m, n);
        for vectors in [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(1), Vectors::Leading(m.min(n))] {
            let needed = svd_workspace_len::<S>(m, n, vectors);
            let mut run = Run::unwritten(m, n, vectors, Layout::ColMajor);
            let mut work = vec![S::zero(); needed];
            for got in [0, needed / 2, needed - 1] {
                let text = format!("workspace of {got} elements is too short: {needed} are needed");
                let result = run.decompose(a.as_ref(), &mut work[..got]);
                assert_error(result, Error::Workspace { needed, got }, &text);
                run.assert_unwritten();
            }
            assert_eq!(run.decompose(a.as_ref(), &mut work), Ok(()));
        }
    }
}

#[test]
fn workspace_one_too_short() {
    short_workspace::<f32>();
    short_workspace::<f64>();
    short_workspace::<Complex<f32>>();
    short_workspace::<Complex<f64>>();
}

#[test]
fn workspace_that_no_machine_has() {
    let needed = svd_workspace_len::<f64>(usize::MAX, usize::MAX / 2, Vectors::Full);
    assert_eq!(needed, usize::MAX, "saturates, so that no slice is long enough");
    // Of any shape: no overflow on the way, and at least the factors find room.
    let sizes = (0..usize::BITS).flat_map(|p| [1_usize << p, (1_usize << p).wrapping_sub(3), usize::MAX >> p]);
    for m in sizes.clone() {
        for n in sizes.clone() {
            for vectors in [Vectors::None, Vectors::Thin, Vectors::Full] {
                let (u, _, v) = lengths(m, n, vectors);
                let factors = m.saturating_mul(u).max(n.saturating_mul(v));
                assert!(svd_workspace_len::<f64>(m, n, vectors) >= factors, "{m}×{n} {vectors:?}");
                assert!(svd_workspace_len::<Complex<f32>>(m, n, vectors) >= factors, "{m}×{n} {vectors:?}");
            }
        }
    }
}

/// Values alone: the same errors, and the values of the other entry point.
#[test]
fn singular_values_alone() {
    let a = Random::new(2).matrix::<f64>(4, 3);
    let needed = svd_workspace_len::<f64>(4, 3, Vectors::None);
    let (mut s, mut work) = ([0.0; 3], vec![0.0; needed]);
    let error = Error::Shape { argument: "s", got: (2, 1), expected: (3, 1) };
    assert_eq!(singular_values_into(a.as_ref(), &mut s[..2], &mut work), Err(error));
    let error = Error::Workspace { needed, got: needed - 1 };
    assert_eq!(singular_values_into(a.as_ref(), &mut s, &mut work[1..]), Err(error));
    assert_eq!(singular_values_into(a.as_ref(), &mut s, &mut work), Ok(()));
    assert_eq!(s.to_vec(), Svd::values(&a).expect("a finite matrix"));
}

#[test]
fn layouts_that_do_not_fit() {
    let mut data = [0.0_f64; 6];
    let layout = |shape, strides| Error::Layout { shape, strides, len: 6 };
    let text = "a 2×4 view with strides (4, 1) does not fit a slice of 6 elements, or its entries overlap";
    assert_error(MatRef::row_major(&data, 2, 4), layout((2, 4), (4, 1)), text);
    let text = "a 2×3 view with strides (1, 1) does not fit a slice of 6 elements, or its entries overlap";
    assert_error(MatMut::new(&mut data, 2, 3, 1, 1), layout((2, 3), (1, 1)), text);
    let overlapping = [(3, 2, 0, 1), (3, 2, 1, 0), (2, 2, 1, 1), (3, 2, 1, 2)];
    for (rows, cols, row_stride, col_stride) in overlapping {
        let error = layout((rows, cols), (row_stride, col_stride));
        assert_eq!(MatMut::new(&mut data, rows, cols, row_stride, col_stride).err(), Some(error));
        assert!(MatRef::new(&data, rows, cols, row_stride, col_stride).is_ok(), "reading may overlap");
    }
    let error = layout((2, 2), (usize::MAX, 1));
    assert_eq!(MatRef::new(&data, 2, 2, usize::MAX, 1).err(), Some(error));
}

#[test]
fn blocks_that_reach_beyond() {
    let a = Mat::<f64>::identity(3);
    let error = Error::Shape { argument: "block (its end)", got: (4, 2), expected: (3, 3) };
    assert_error(a.as_ref().block(2, 0, 2, 2), error, "block (its end) is 4×2 but must be 3×3");
}

#[test]
fn entries_that_are_not_finite() {
    let (mut a, name) = (Mat::<f64>::identity(2), "the matrix");
    a[(1, 0)] = f64::NEG_INFINITY;
    let error = Error::NonFinite { argument: name, row: 1, column: 0, nan: false };
    assert_error(Svd::thin(&a), error, "entry (1, 0) of the matrix is infinite");
    a[(0, 1)] = f64::NAN;
    let error = Error::NonFinite { argument: name, row: 0, column: 1, nan: true };
    assert_error(Svd::thin(&a), error, "entry (0, 1) of the matrix is NaN");
}

#[test]
fn values_beyond_the_range() {
    let text = "the largest singular value exceeds the range of the type: scale the matrix down";
    assert_error(Svd::thin(&Mat::from_rows(&[[1.7e308; 2]; 2])), Error::Overflow, text);
}

/// No matrix is known that gives it.
#[test]
fn no_convergence_says_what_to_do() {
    let text = "no convergence after 90 sweeps: 1 off-diagonal entries remain; please report the matrix";
    assert_eq!(Error::NoConvergence { remaining: 1, sweeps: 90 }.to_string(), text);
}

/// Bases that cannot belong to one decomposition.
#[test]
fn phases_of_unpaired_bases() {
    let (mut u, mut v) = (Mat::<f64>::zeros(3, 1), Mat::zeros(2, 2));
    let error = Error::Shape { argument: "V", got: (2, 2), expected: (2, 1) };
    assert_error(fix_phases(u.as_mut(), v.as_mut()), error, "V is 2×2 but must be 2×1");
}

/// The plain rule at singular values where no derivative exists.
#[test]
fn derivatives_that_do_not_exist() {
    let plain = |d: &[f64]| {
        let a = Mat::from_fn(d.len() + 1, d.len(), |i, j| if i == j { d[i] } else { 0.0 });
        let svd = Svd::thin(&a).expect("a finite matrix");
        let g = Mat::from_fn(d.len() + 1, d.len(), |i, j| (i + 2 * j) as f64);
        svd.vjp(&Cotangent { u: Some(g.as_ref()), ..Cotangent::default() }, &Rule::plain())
    };
    match plain(&[3.0, 2.0, 2.0]) {
        Err(error @ Error::EqualSingularValues { first: 1, second: 2, value: 2.0, .. }) => {
            let text = error.to_string();
            assert!(text.ends_with("is not differentiable: singular values 1 and 2 (from 0) are both 2"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    match plain(&[3.0, 0.0]) {
        Err(error @ Error::ZeroSingularValue { index: 1, value: 0.0, .. }) => {
            let text = error.to_string();
            let end = "is not differentiable: singular value 1 (from 0) is zero to working precision (0e0)";
            assert!(text.ends_with(end), "{text}");
        }
        other => panic!("{other:?}"),
    }
}

/// Singular values that no decomposition gives.
#[test]
fn factors_out_of_order() {
    let identity = Mat::<f64>::identity(2);
    for (s, value) in [([1.0, 2.0], 2.0), ([1.0, -1.0], -1.0)] {
        let factors = Factors { u: identity.as_ref(), s: &s, v: identity.as_ref() };
        let mut work = [0.0; 100];
        let mut ga = Mat::zeros(2, 2);
        let target = diffsvd::Target::Overwrite(ga.as_mut());
        let result = diffsvd::vjp_into(&factors, &Cotangent::default(), &Rule::default(), target, &mut work);
        let must = "be non-negative and not exceed the one before it";
        assert_error(
            result,
            Error::Parameter { name: "a singular value", value, must },
            &format!("a singular value = {value}: it must be non-negative and not exceed the one before it"),
        );
    }
}

/// An error travels as any other does.
#[test]
fn an_ordinary_error() {
    fn travels<E: std::error::Error + Copy + Send + Sync + 'static>() {}
    travels::<Error>();
}
