//! svd(c A) = c svd(A) over the whole exponent range, and what is not finite is refused.

use diffsvd::{Error, Mat, Real, Scalar, Vectors, svd_workspace_len};
use num_complex::Complex;
use num_traits::{One, Zero};

use crate::support::double_double::Dd;
use crate::support::entry::{Entry, at, from_f64, from_pair};
use crate::support::layout::{Buffer, Layout, Workspace};
use crate::support::random::Random;
use crate::support::run::{Run, check_all_vectors};
use crate::support::zoo::bidiagonal::with_diagonals;
use crate::support::zoo::turn_phases;

const KINDS: [Vectors; 4] = [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(1)];

fn decompose<S: Scalar>(a: &Mat<S>, vectors: Vectors) -> Result<Run<S>, Error> {
    let (m, n) = (a.rows(), a.cols());
    let mut run = Run::unwritten(m, n, vectors, Layout::RowMajor);
    let mut work = Workspace::new(svd_workspace_len::<S>(m, n, vectors));
    run.decompose(a.as_ref(), work.as_mut()).map(|()| run)
}

fn scaled<S: Scalar>(a: &Mat<S>, p: i32) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)].scale_pow2(p))
}

/// Dense, tall and bidiagonal matrices with entries of about unit size, none below 2⁻²⁰.
fn samples<S: Scalar>() -> Vec<Mat<S>> {
    let mut random = Random::new(0x5ca1e);
    let mut all = vec![random.matrix(4, 4), random.matrix(9, 3), random.matrix(3, 5), random.matrix(1, 1)];
    let mut bidiagonal = with_diagonals(&[1.0, 0.25, 3.0, 0.5], &[0.5, 1.5, 0.75, 0.0]);
    turn_phases(&mut bidiagonal, &mut random);
    all.push(bidiagonal);
    all
}

/// To the last bit, for every power of two that makes nothing subnormal.
fn powers_of_two<S: Scalar>() {
    for a in samples::<S>() {
        let unit = decompose(&a, Vectors::Full).expect("a finite matrix");
        let smallest = unit.s.last().expect("a singular value").exponent() - 53;
        for p in (S::Real::MIN_EXPONENT - smallest..S::Real::MAX_EXPONENT - 4).step_by(29) {
            let run = decompose(&scaled(&a, p), Vectors::Full).expect("a finite matrix");
            let s: Vec<S::Real> = unit.s.iter().map(|s| s.mul_pow2(p)).collect();
            assert_eq!(run.s, s, "2^{p}");
            for (ours, theirs) in [(run.u.as_ref(), unit.u.as_ref()), (run.v.as_ref(), unit.v.as_ref())] {
                let (rows, cols) = ours.shape();
                let same = |i, j| at(ours, i, j) == at(theirs, i, j);
                assert!((0..rows).all(|i| (0..cols).all(|j| same(i, j))), "2^{p}");
            }
        }
    }
}

/// From entries of a single bit to those beside overflow: the whole contract.
fn every_scale<S: Entry>() {
    let bits = S::Real::EPSILON.exponent();
    for (turn, a) in samples::<S>().iter().enumerate() {
        for p in (S::Real::MIN_EXPONENT + bits..S::Real::MAX_EXPONENT - 4).step_by(17) {
            check_all_vectors(&format!("scaled by 2^{p}"), &scaled(a, p), turn + 1);
        }
    }
}

/// A row that is negligible, down to single bits, beside ordinary ones: its reflector counts all the same, as it turns every other row.
/// Before it the matrix is diagonal, so that no reflector changes it.
fn tiny_rows<S: Entry>() {
    let mut random = Random::new(0x7001);
    for (turn, (row, p)) in [(0, 0), (0, 5), (9, 20), (9, 60)].into_iter().enumerate() {
        let dense = random.matrix::<S>(20, 19);
        let a = Mat::from_fn(20, 19, |i, j| match i.min(j) {
            least if least < row || j == row => {
                if i == j {
                    S::one()
                } else {
                    S::zero()
                }
            }
            _ if i == row => dense[(i, j)].scale_pow2(S::Real::MIN_EXPONENT - 10 + p),
            _ => dense[(i, j)],
        });
        check_all_vectors("tiny rows", &a, turn);
    }
}

/// The smallest and the largest number of a type.
fn ends<S: Scalar>() -> (S::Real, S::Real) {
    let one = S::Real::one();
    let largest = (one + (one - S::Real::EPSILON)).mul_pow2(S::Real::MAX_EXPONENT);
    (one.mul_pow2(S::Real::MIN_EXPONENT) * S::Real::EPSILON, largest)
}

/// Matrices of the smallest and of the largest numbers, whose singular values are known exactly.
fn both_ends<S: Scalar>() {
    let (smallest, largest) = ends::<S>();
    let zero = S::Real::zero();
    let entry = S::from_real;
    let values = |a: &Mat<S>| decompose(a, Vectors::Thin).map(|run| run.s);
    let constant = |x: S::Real| Mat::from_fn(2, 2, |_, _| entry(x));
    let diagonal = |d: &[S::Real]| Mat::from_fn(d.len(), d.len(), |i, j| if i == j { entry(d[i]) } else { S::zero() });

    assert_eq!(values(&constant(smallest)), Ok(vec![smallest + smallest, zero]));
    assert_eq!(values(&constant(largest)), Err(Error::Overflow));
    assert_eq!(values(&diagonal(&[smallest, largest, -largest, zero])), Ok(vec![largest, largest, smallest, zero]));
    assert_eq!(values(&diagonal(&[-smallest])), Ok(vec![smallest]));
    assert_eq!(
        values(&Mat::from_fn(2, 2, |i, j| if i == j { S::zero() } else { entry(largest) })),
        Ok(vec![largest; 2])
    );
    assert_eq!(values(&Mat::from_fn(3, 1, |i, _| entry(if i == 1 { -largest } else { zero }))), Ok(vec![largest]));
    // As near to overflow as rounding lets a computed value come.
    let half = largest.mul_pow2(-1) - largest * S::Real::EPSILON.mul_pow2(2);
    let s = values(&constant(half)).expect("a singular value just below the largest number");
    assert!(s[0] >= half && s[1] <= largest * S::Real::EPSILON.mul_pow2(1), "{s:?}");
}

/// Overflow leaves the outputs alone, whichever vectors are asked for.
fn overflow<S: Scalar>() {
    let (_, largest) = ends::<S>();
    let a = Mat::<S>::from_fn(3, 2, |_, _| S::from_real(largest));
    for vectors in KINDS {
        assert_refused(&Buffer::holding(&a, Layout::ColMajor), vectors, Error::Overflow);
    }
}

/// # Panics
/// Unless the decomposition fails with `error` and writes nothing but the workspace.
fn assert_refused<S: Scalar>(a: &Buffer<S>, vectors: Vectors, error: Error) {
    let (m, n) = a.as_ref().shape();
    let mut run = Run::unwritten(m, n, vectors, Layout::Strided);
    let mut work = Workspace::new(svd_workspace_len::<S>(m, n, vectors));
    assert_eq!(run.decompose(a.as_ref(), work.as_mut()), Err(error));
    work.assert_end_untouched();
    run.assert_unwritten();
}

/// NaN and ±∞ in every part of every entry, dense and bidiagonal, in every layout.
fn non_finite<S: Scalar>() {
    let infinity = f64::INFINITY;
    let mut bad = vec![(f64::NAN, 0.5), (infinity, 0.5), (-infinity, 0.5)];
    if S::PARTS == 2 {
        bad.extend([(0.5, f64::NAN), (0.5, infinity), (0.5, -infinity), (infinity, f64::NAN)]);
    }
    for (m, n) in [(3, 3), (4, 2), (2, 4), (8, 2), (1, 1), (1, 3), (3, 1)] {
        for band in [false, true] {
            let entry =
                |i: usize, j: usize| from_f64::<S>(if band && i.abs_diff(j) > 0 { 0.0 } else { (i + 2 * j) as f64 });
            for (place, &(re, im)) in (0..m * n).flat_map(|place| bad.iter().map(move |bad| (place, bad))) {
                let (row, column) = (place / n, place % n);
                let value = |i, j| if (i, j) == (row, column) { from_pair(re, im) } else { entry(i, j) };
                let a = Buffer::holding(&Mat::from_fn(m, n, value), Layout::turn(place));
                let nan = re.is_nan() || (im.is_nan() && S::PARTS == 2);
                let error = Error::NonFinite { argument: "the matrix", row, column, nan };
                assert_refused(&a, KINDS[place % KINDS.len()], error);
            }
        }
    }
}

/// Of several bad entries the first in the order of the rows is named.
#[test]
fn the_first_of_several() {
    let mut a = Mat::<f64>::identity(3);
    (a[(2, 0)], a[(1, 2)]) = (f64::NAN, f64::INFINITY);
    let error = Error::NonFinite { argument: "the matrix", row: 1, column: 2, nan: false };
    assert_refused(&Buffer::holding(&a, Layout::ColMajor), Vectors::Thin, error);
}

/// A complex number whose modulus overflows although its parts do not.
#[test]
fn modulus_beyond_the_range() {
    let a = Mat::from_rows(&[[Complex::new(1.7e308, 1.7e308)]]);
    assert_eq!(decompose(&a, Vectors::Thin).map(|run| run.s), Err(Error::Overflow));
    let a = Mat::from_rows(&[[Complex::new(1.2e308, -1.2e308), Complex::new(0.0, 0.0)]]);
    let s = decompose(&a, Vectors::Thin).expect("1.7e308 is a number").s[0];
    assert!((s / 1e308 - 1.2 * 2_f64.sqrt()).abs() < 4.0 * f64::EPSILON, "{s}");
}

/// The entries of the issue: 5e-324 and 1.7e308.
#[test]
fn named_numbers() {
    let values = |a: &Mat<f64>| decompose(a, Vectors::Thin).map(|run| run.s);
    assert_eq!(values(&Mat::from_rows(&[[1.7e308; 2]; 2])), Err(Error::Overflow));
    assert_eq!(values(&Mat::from_rows(&[[1.7e308, 0.0], [0.0, -1.7e308]])), Ok(vec![1.7e308; 2]));
    assert_eq!(values(&Mat::from_rows(&[[5e-324; 2]; 2])), Ok(vec![1e-323, 0.0]));
}

/// Every test of this file that is generic.
macro_rules! range {
    ($($module:ident: $scalar:ty;)*) => {$(
        mod $module {
            #[test]
            fn powers_of_two() {
                super::powers_of_two::<$scalar>();
            }
            #[test]
            fn every_scale() {
                super::every_scale::<$scalar>();
            }
            #[test]
            fn tiny_rows() {
                super::tiny_rows::<$scalar>();
            }
            #[test]
            fn both_ends() {
                super::both_ends::<$scalar>();
            }
            #[test]
            fn overflow() {
                super::overflow::<$scalar>();
            }
            #[test]
            fn non_finite() {
                super::non_finite::<$scalar>();
            }
        }
    )*};
}
range! {
    real_single: f32;
    real_double: f64;
    complex_single: num_complex::Complex<f32>;
    complex_double: num_complex::Complex<f64>;
}

/// The user's own type is checked as the others are.
#[test]
fn non_finite_in_double_double() {
    non_finite::<Dd>();
    non_finite::<Complex<Dd>>();
}
