//! Bidiagonal matrices in every form, and the error of each of their singular values **relative to itself**, by bisection in double-double
//! arithmetic, which shares nothing with the crate.

use diffsvd::{Mat, Real, Scalar, Svd};
use num_traits::{One, Zero};

use super::bounds::{RELATIVE_CONSTANT, RELATIVE_CONSTANT_OF_SWEEPS, larger};
use super::double_double::Dd;
use super::entry::{Entry, largest_part, widen_real};
use super::sturm::relative_error;

/// Where the two diagonals lie in a matrix of how many rows and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    Upper,
    /// n×(n + 1), with one more superdiagonal entry.
    UpperTrapezoid,
    /// Rows of zeros below.
    UpperTall,
    Lower,
    LowerTrapezoid,
    LowerWide,
}

pub(crate) const FORMS: [Form; 6] =
    [Form::Upper, Form::UpperTrapezoid, Form::UpperTall, Form::Lower, Form::LowerTrapezoid, Form::LowerWide];

/// d and e, of the same length, in the given form.
pub(crate) fn arrange<S: Scalar>(d: &[S], e: &[S], form: Form) -> Mat<S> {
    let n = d.len();
    let (rows, cols) = match form {
        Form::Upper | Form::Lower => (n, n),
        Form::UpperTrapezoid | Form::LowerTrapezoid => (n, n + 1),
        Form::UpperTall | Form::LowerWide => (2 * n + 3, n),
    };
    let upper = Mat::from_fn(rows, cols, |i, j| match j.checked_sub(i) {
        Some(0) => d[i],
        Some(1) => e[i],
        _ => S::zero(),
    });
    if matches!(form, Form::Lower | Form::LowerTrapezoid | Form::LowerWide) { upper.adjoint() } else { upper }
}

/// d₁, e₁, d₂, …, the moduli of a bidiagonal matrix, 2ᵖ of them, in double-double precision.
fn chain<S: Entry>(a: &Mat<S>, p: i32) -> Vec<Dd> {
    let (m, n) = (a.rows(), a.cols());
    let modulus = |i: usize, j: usize| Scalar::modulus(a[(i, j)].widen().scale_pow2(p));
    let below = (0..n.min(m - 1)).any(|j| a[(j + 1, j)] != S::zero());
    let mut chain = Vec::new();
    for i in 0..m.min(n) {
        chain.push(modulus(i, i));
        let beside = if below { (i + 1, i) } else { (i, i + 1) };
        if beside.0 < m && beside.1 < n {
            chain.push(modulus(beside.0, beside.1));
        }
    }
    chain
}

/// The largest relative error of a singular value, in units of n · ε: of those alone, and of those that come with vectors, by QR iteration.
pub(crate) fn relative_errors<S: Entry>(a: &Mat<S>) -> [f64; 2] {
    let alone = Svd::values(a).expect("a finite matrix");
    let svd = Svd::thin(a).expect("a finite matrix");
    [error_of(a, &alone), error_of(a, svd.s())]
}

/// What is promised of the first of [`relative_errors`]: by quotients and differences, or by sweeps where the diagonal has a zero, where a value is below
/// s₁ times the fourth root of the smallest normal number, or where the squares of the entries, beside that of the largest, are not in the range of
/// the type with its precision to spare.
pub(crate) fn promised_alone<S: Entry>(a: &Mat<S>) -> f64 {
    let largest = largest_part(a.as_ref());
    let spread = |x: &S| if *x == S::zero() { 0 } else { largest.exponent() - x.modulus().exponent() };
    let spread = a.as_slice().iter().map(spread).max().unwrap_or(0);
    let spare = 2 * f64::MANTISSA_DIGITS.cast_signed();
    let no_zero = (0..a.rows().min(a.cols())).all(|i| a[(i, i)] != S::zero());
    let s = Svd::values(a).expect("a finite matrix");
    let least = largest.mul_pow2(S::Real::MIN_EXPONENT / 4 + 4);
    let in_range = 2 * spread + spare < -S::Real::MIN_EXPONENT && s.last().is_none_or(|s| *s >= least);
    if no_zero && in_range { RELATIVE_CONSTANT } else { RELATIVE_CONSTANT_OF_SWEEPS }
}

fn error_of<S: Entry>(a: &Mat<S>, s: &[S::Real]) -> f64 {
    let largest = largest_part(a.as_ref());
    if largest == S::Real::zero() {
        return s.iter().fold(0.0, |worst, s| worst.max(s.to_f64()));
    }
    let (n, p) = (s.len(), -largest.exponent());
    let chain = chain(a, p);
    // Below this a value has lost bits to the end of the range: of the reference, of the type, or of the cosines of the rotations between it and the
    // largest one.
    let floor = Dd::from_f64(1e-140).larger(Dd::one().mul_pow2(S::Real::MIN_EXPONENT + 4 + p.max(0)));
    let error = |(i, &s): (usize, &S::Real)| relative_error(&chain, n, n - 1 - i, widen_real(s).mul_pow2(p), floor);
    let worst = s.iter().enumerate().map(error).fold(0.0, larger);
    worst / (n as f64 * S::Real::EPSILON.to_f64())
}
