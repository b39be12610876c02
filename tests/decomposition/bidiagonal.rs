//! High relative accuracy: every singular value of a diagonal or bidiagonal matrix, however small, is right to c · n · ε of
//! **itself** (Demmel & Kahan 1990). The reference is bisection in double-double arithmetic, which shares nothing with the crate.

use diffsvd::{Mat, Real, Svd, Vectors};
use num_complex::Complex;
use proptest::prelude::*;

use crate::support::banded::{FORMS, Form, arrange, promised_alone, relative_errors};
use crate::support::bounds::{RELATIVE_CONSTANT, RELATIVE_CONSTANT_OF_SWEEPS};
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::zoo::{bidiagonal::bidiagonal, turn_phases};

/// The larger of [`relative_errors`].
fn worst_of<S: Entry>(a: &Mat<S>) -> f64 {
    let [alone, with_vectors] = relative_errors(a);
    alone.max(with_vectors)
}

/// The worst over every kind of the zoo in every form, in units of n · ε.
pub(crate) fn worst_of_zoo<S: Entry>(sizes: &[usize]) -> f64 {
    let mut random = Random::new(0xb1d);
    let mut worst = 0.0_f64;
    for &n in sizes {
        for animal in bidiagonal::<S>(n + 1) {
            let d: Vec<S> = (0..n).map(|i| animal.matrix[(i, i)]).collect();
            let e: Vec<S> = (0..n).map(|i| animal.matrix[(i, i + 1)]).collect();
            for form in FORMS {
                let mut a = arrange(&d, &e, form);
                turn_phases(&mut a, &mut random);
                let error = worst_of(&a);
                assert!(error <= RELATIVE_CONSTANT, "{} {} {form:?}: {error} n ε", S::NAME, animal.name);
                worst = worst.max(error);
            }
        }
    }
    worst
}

const SIZES: &[usize] = &[1, 2, 3, 4, 5, 8, 13, 24];

#[test]
fn zoo_in_f32() {
    worst_of_zoo::<f32>(SIZES);
    worst_of_zoo::<Complex<f32>>(SIZES);
}

#[test]
fn zoo_in_f64() {
    worst_of_zoo::<f64>(SIZES);
    worst_of_zoo::<Complex<f64>>(SIZES);
}

/// Diagonal input: sorted moduli, to the last bit where the entries are real; U and V are signed (turned) axes.
fn diagonal<S: Entry>() {
    let mut random = Random::new(0xd1a6);
    for n in 1..12 {
        let d: Vec<S> = (0..n)
            .map(|_| random.phase::<S>().scale(S::Real::from_f64(10_f64.powf(random.between(-18.0, 18.0)))))
            .collect();
        for form in FORMS {
            let a = arrange(&d, &vec![S::zero(); n], form);
            let svd = Svd::new(a.as_ref(), Vectors::Full).expect("a finite matrix");
            let mut expected: Vec<S::Real> = d.iter().map(|d| d.modulus()).collect();
            expected.sort_by(|a, b| b.partial_cmp(a).expect("finite moduli"));
            assert_eq!(svd.s(), expected);
            for basis in [svd.u(), svd.v()] {
                let axes = basis.as_slice().iter().filter(|x| **x != S::zero()).count();
                assert_eq!(axes, basis.cols(), "{form:?}: every column is an axis");
            }
        }
    }
}

#[test]
fn diagonal_of_every_type() {
    diagonal::<f32>();
    diagonal::<f64>();
    diagonal::<Complex<f32>>();
    diagonal::<Complex<f64>>();
}

/// Values alone come by the sweeps too where squares of the entries leave the range; found by fuzzing, as a value 53 decades below the largest one was
/// right to 9.9 n ε of itself.
#[test]
fn squares_out_of_range_are_left_to_the_sweeps() {
    let d = [
        (-0.671_448_95, -0.741_050_9),
        (3.647_352e-27, -2.815_206_7e-26),
        (6.887_615e27, 3.604_217_5e27),
        (-0.582_241_8, 0.028_554_54),
    ];
    let e = [(2.574_292, -1.425_715), (-1.120_320_4e13, -3.760_870_5e13), (0.0, 0.0), (0.0, 0.0)];
    let [d, e] = [d, e].map(|list| list.map(|(re, im)| Complex::<f32>::new(re, im)));
    let a = arrange(&d, &e, Form::UpperTrapezoid);
    assert!((promised_alone(&a) - RELATIVE_CONSTANT_OF_SWEEPS).abs() < 1e-9);
    let [alone, with_vectors] = relative_errors(&a);
    assert!(alone <= promised_alone(&a), "{alone} n ε");
    assert!(with_vectors <= RELATIVE_CONSTANT_OF_SWEEPS, "{with_vectors} n ε");
    assert!((promised_alone(&arrange(&[1.0, 1e-60], &[0.5, 0.0], Form::Upper)) - RELATIVE_CONSTANT).abs() < 1e-9);
}

/// Zeros on the diagonal, or values so small that their squares are not in the range, are left to the sweeps too, by which one of a hundred thousand
/// matrices has a value wrong by 38 ε; found by fuzzing.
#[test]
fn zeros_and_tiny_values_are_left_to_the_sweeps() {
    let d = [-8.3e-5, 0.0, -2.44e-4, -1.28e-4, 1.24e-4, 0.0, 0.0, 2.44e-4, 5.39e13];
    let e = [4.67e-31, -1.41e-4, 2.44e-4, 1.9e-6, 1.66e-4, -2.44e-4, 8.9e17, 1.7e21, -2.44e-4];
    let mut a = arrange(&d, &e, Form::Lower);
    assert!((promised_alone(&a) - RELATIVE_CONSTANT_OF_SWEEPS).abs() < 1e-9);
    let [alone, _] = relative_errors(&a);
    assert!(alone <= RELATIVE_CONSTANT_OF_SWEEPS, "{alone} n ε");
    a = arrange(&[1.0, 1e-30, 1e-30, 1e-30], &[1.0, 1.0, 1.0, 0.0], Form::Upper);
    assert!((promised_alone(&a) - RELATIVE_CONSTANT_OF_SWEEPS).abs() < 1e-9);
}

/// Two rows that are coupled to no others and whose smaller value is 21 decades below the larger one, so that its square is not in the range of `f32`; in
/// `f64` the same beyond 154 decades. Found by fuzzing.
#[test]
fn a_pair_whose_smaller_square_underflows() {
    let (d, e) = ([0.0, 0.0, 0.0, -35_226_948_000.0], [1.0, -1.0, -0.734_375, 1.0]);
    let errors = relative_errors(&arrange(&d.map(f32::from_f64), &e.map(f32::from_f64), Form::UpperTrapezoid));
    assert!(errors.iter().all(|error| *error <= RELATIVE_CONSTANT), "f32: {errors:?} n ε");
    let a = arrange(&[1.0_f64, 1.0, 0.7, 1.0], &[1.0, 0.0, 1e90, 0.0], Form::Upper);
    let s = Svd::values(&a).unwrap();
    assert!(f64::abs(s[3] / 0.7e-90 - 1.0) <= 1e-14, "{s:?}");
}

/// A value 45 decades below the largest one, where a cosine is subnormal: right to what that is worth; found by fuzzing.
#[test]
fn values_beyond_the_range_of_cosines() {
    let d = [-1.0, 1.0, -1.0, 3.162_277_7e22];
    let e = [3.162_277_7e22, -1.074_607_9e-23, -0.007_812_5, -0.0];
    let a = arrange(&d.map(f32::from_f64), &e.map(f32::from_f64), Form::UpperTrapezoid);
    let errors = relative_errors(&a);
    assert!(errors.iter().all(|error| *error <= RELATIVE_CONSTANT), "{errors:?} n ε");
    let s = Svd::new(a.as_ref(), Vectors::None).unwrap();
    assert!((s.s()[3] - 3.162_277_7e-23).abs() <= 1e-2 * s.s()[3], "{:?}", s.s());
}

/// One entry of a diagonal: of any size within 60 decades, now and then zero.
fn wild() -> impl Strategy<Value = f64> {
    prop_oneof![
        12 => (-30.0..30.0_f64, any::<bool>()).prop_map(|(p, sign)| 10_f64.powf(p) * if sign { 1.0 } else { -1.0 }),
        6 => -1.0..1.0_f64,
        3 => Just(1.0),
        1 => Just(0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn entries_of_any_size(entries in prop::collection::vec((wild(), wild()), 1..14), form in 0..FORMS.len(), seed in any::<u64>()) {
        let (d, e): (Vec<f64>, Vec<f64>) = entries.into_iter().unzip();
        let a = arrange(&d, &e, FORMS[form]);
        let error = worst_of(&a);
        prop_assert!(error <= RELATIVE_CONSTANT, "real: {error} n ε");
        let mut turned = Mat::from_fn(a.rows(), a.cols(), |i, j| Complex::new(a[(i, j)], 0.0));
        turn_phases(&mut turned, &mut Random::new(seed));
        let error = worst_of(&turned);
        prop_assert!(error <= RELATIVE_CONSTANT, "complex: {error} n ε");
    }
}
