//! Matrices at both ends of the exponent range of their type.

use diffsvd::{Mat, Real, Scalar};

use super::super::random::Random;
use super::super::spectra::Spectrum;
use super::{Named, named};

/// All kinds, about n×n. No singular value overflows.
pub(crate) fn extreme<S: Scalar>(n: usize) -> Vec<Named<S>> {
    const XDRVBD: &str = "LAPACK xDRVBD, kinds 4 and 5: near underflow and overflow";
    let mut random = Random::new(0xe87 + n as u64);
    let one = <S::Real as num_traits::One>::one();
    let smallest = one.mul_pow2(S::Real::MIN_EXPONENT) * S::Real::EPSILON;
    // Double-double has no more exponent than f64, and the phases that a complex matrix is turned by may round its moduli up.
    let below = S::Real::EPSILON.larger(S::Real::from_f64(f64::EPSILON)).smaller(S::Real::EPSILON.mul_pow2(60));
    let below = if S::PARTS == 1 { below } else { below.mul_pow2(3) };
    let largest = S::from_real((one + (one - below)).mul_pow2(S::Real::MAX_EXPONENT));
    // Their phases may turn the sum of four entries by a few roundings.
    let half = S::from_real((one - below.mul_pow2(4)).mul_pow2(S::Real::MAX_EXPONENT));
    let digits = -S::Real::EPSILON.exponent();
    let even = Spectrum::Arithmetic { cond: 1.0 / S::Real::EPSILON.to_f64() }.values(n, &mut random);
    let even = random.with_singular_values::<S>(n, n, &even);
    let evenly = |p: i32| Mat::from_fn(n, n, |i, j| even[(i, j)].scale_pow2(p));
    let b = random.matrix::<S>(n, n);
    let scaled = |p: i32| Mat::from_fn(n, n, |i, j| b[(i, j)].scale_pow2(p));
    let ones = |x: S| Mat::from_fn(n, n, |_, _| x);
    let diagonal = |x: S| Mat::from_fn(n, n, |i, j| if i == j { x } else { S::zero() });
    let ends = |i: usize, j: usize| {
        let p = if (i + j).is_multiple_of(2) { S::Real::MAX_EXPONENT - 16 } else { S::Real::MIN_EXPONENT };
        b[(i, j)].scale_pow2(p)
    };
    let graded = |i: usize, j: usize| b[(i, j)].scale_pow2(-20 * i32::try_from(i + j).expect("a small matrix"));
    vec![
        named("evenly spaced, near underflow", XDRVBD, evenly(S::Real::MIN_EXPONENT + digits)),
        named("evenly spaced, near overflow", XDRVBD, evenly(S::Real::MAX_EXPONENT - digits)),
        named(
            "2×2 of nearly half the largest number",
            "0.9e308 for f64; s₁ is twice an entry",
            Mat::from_fn(2, 2, |_, _| half),
        ),
        named("near overflow", XDRVBD, scaled(S::Real::MAX_EXPONENT - 16)),
        named("near underflow", XDRVBD, scaled(S::Real::MIN_EXPONENT + 8)),
        named("subnormal", "entries of a few bits", scaled(S::Real::MIN_EXPONENT - 8)),
        named("all the smallest number", "5e-324 for f64", ones(S::from_real(smallest))),
        named("diagonal of the smallest number", "5e-324 for f64", diagonal(S::from_real(smallest))),
        named("diagonal of the largest number", "1.8e308 for f64", diagonal(largest)),
        named(
            "largest number alone",
            "1.8e308 for f64",
            Mat::from_fn(n, n, |i, j| if i + j == 1 { largest } else { S::zero() }),
        ),
        named("both ends", "entries of 1e303 and 1e-308 for f64", Mat::from_fn(n, n, ends)),
        named("graded dense", "Stewart, graded matrices (1991)", Mat::from_fn(n, n, graded)),
        named("beside the unit", "scale 2^−500 as in LAPACK's DLASCL path", scaled(S::Real::MIN_EXPONENT / 2)),
    ]
}
