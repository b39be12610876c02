//! Householder reflectors H = I − τ v vᴴ with v₁ = 1, chosen so that Hᴴx = (β, 0, …, 0)ᵀ with real β.
//!
//! As in LAPACK's `larfg`, H is unitary but for complex x not Hermitian: τ carries the phase that makes β real,
//! so that the bidiagonal matrix is real even where A is complex.

use num_complex::Complex;

use crate::complex;
use crate::kernel::columns::{scale, sum_squares};
use crate::kernel::{Arith, LANES, Lane, get, set};
use crate::rotation::tiny;
use crate::scalar::{Real, Scalar};

/// What is left of a vector x once it has become a reflector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reflector<R> {
    /// τ; zero where H is the identity.
    pub(crate) tau: Complex<R>,
    /// β, of modulus ‖x‖.
    pub(crate) beta: R,
}

/// Overwrites x, the entries from `row` on of a column of the work storage, by v and returns τ and β. The entries above `row`
/// that share a lane with it must be zero.
///
/// Holds over the whole exponent range. Where only the first entry is non-zero and real, H is exactly the identity.
#[inline(always)]
pub(crate) fn reflect<A: Arith, R: Real, const PARTS: usize>(
    x: &mut [Lane<R>],
    row: usize,
    depth: usize,
) -> Reflector<R> {
    let alpha = get(x, row, depth);
    set(x, row, depth, Complex { re: R::zero(), im: R::zero() });
    let reflector = reflect_below::<A, R, PARTS>(x, row, depth, alpha);
    set(x, row, depth, Complex { re: R::one(), im: R::zero() });
    reflector
}

/// The same where the first entry, α, stands elsewhere: x becomes v but for its one.
#[inline(always)]
pub(crate) fn reflect_below<A: Arith, R: Real, const PARTS: usize>(
    x: &mut [Lane<R>],
    row: usize,
    depth: usize,
    alpha: Complex<R>,
) -> Reflector<R> {
    let squared = squared_norm::<A, R, PARTS>(x, row, depth);
    let high = tiny::<R>().recip();
    // One root where x is real. A complex x has one for each modulus: with fewer the bases were off by more than is promised.
    let whole = squared + alpha.re * alpha.re;
    let size = if PARTS == 1 && squared > tiny() && whole < high {
        whole.sqrt()
    } else {
        let in_range = squared > tiny() && squared < high;
        let rest = if in_range { squared.sqrt() } else { safe_norm(x, row / LANES, depth) };
        if rest == R::zero() && alpha.im == R::zero() {
            return Reflector { tau: Complex { re: R::zero(), im: R::zero() }, beta: alpha.re };
        }
        let size = alpha.modulus().hypot(rest);
        if size < tiny() {
            return reflect_tiny::<A, R, PARTS>(x, row, depth, alpha, size);
        }
        size
    };
    let beta = -size.with_sign(alpha.re);
    let difference = Complex { re: alpha.re - beta, im: alpha.im };
    let factor = if PARTS == 1 { Complex::from(difference.re.recip()) } else { complex::recip(difference) };
    scale::<A, R, PARTS>(x, depth, row / LANES, factor);
    Reflector { tau: Complex { re: (beta - alpha.re) / beta, im: -alpha.im / beta }, beta }
}

/// Where 1/(α − β) could overflow or β be subnormal: the same at unit size, which is exact.
#[cold]
fn reflect_tiny<A: Arith, R: Real, const PARTS: usize>(
    x: &mut [Lane<R>],
    row: usize,
    depth: usize,
    alpha: Complex<R>,
    size: R,
) -> Reflector<R> {
    let p = size.exponent();
    for i in row..depth * LANES {
        let entry = get(x, i, depth);
        set(x, i, depth, entry.scale_pow2(-p));
    }
    let Reflector { tau, beta } = reflect_below::<A, R, PARTS>(x, row, depth, alpha.scale_pow2(-p));
    Reflector { tau, beta: beta.mul_pow2(p) }
}

/// ‖x‖² of the lanes from that of `row` on.
#[inline(always)]
fn squared_norm<A: Arith, R: Real, const PARTS: usize>(x: &[Lane<R>], row: usize, depth: usize) -> R {
    let from = row / LANES;
    let real = sum_squares::<A, R>(&x[from..depth]);
    if PARTS == 1 { real } else { real + sum_squares::<A, R>(&x[depth + from..]) }
}

/// ‖x‖ of the lanes from `from` on, without spurious overflow or underflow: entry by entry at unit size.
#[cold]
fn safe_norm<R: Real>(x: &[Lane<R>], from: usize, depth: usize) -> R {
    let entries = || x.chunks(depth).flat_map(|plane| plane[from..].as_flattened());
    let largest = entries().fold(R::zero(), |max, x| max.larger(x.abs()));
    if largest == R::zero() || !largest.is_finite() {
        return largest;
    }
    let p = largest.exponent();
    let squared = entries().fold(R::zero(), |sum, x| sum + x.mul_pow2(-p) * x.mul_pow2(-p));
    squared.sqrt().mul_pow2(p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::reflect::reflect_columns;
    use crate::kernel::{Level, Task};

    /// Hᴴx − β e₁ relative to β, the largest entry.
    struct Defect<'a>(&'a [Complex<f64>; 3], &'a mut f64);

    impl Task for Defect<'_> {
        type Real = f64;

        fn run<A: Arith>(self) {
            let depth = 3_usize.div_ceil(LANES);
            let p = self.0.iter().fold(0.0, |max: f64, x| max.max(x.max_part())).exponent();
            let (mut v, mut y) = ([[0.0; LANES]; 6], [[0.0; LANES]; 6]);
            let (v, y) = (&mut v[..2 * depth], &mut y[..2 * depth]);
            for (i, &x) in self.0.iter().enumerate() {
                set(v, i, depth, x);
                set(y, i, depth, x.scale_pow2(-p));
            }
            let Reflector { tau, beta } = reflect::<A, f64, 2>(v, 0, depth);
            reflect_columns::<A, f64, 2>(y, v, -tau.conj(), depth, 0);
            set(y, 0, depth, get(y, 0, depth) - Complex::from(beta.mul_pow2(-p)));
            *self.1 = (0..3).fold(0.0, |max, i| max.larger(get(y, i, depth).modulus()));
        }
    }

    #[test]
    fn annihilates_at_every_size_and_level() {
        let c = Complex::new;
        let cases = [1e-310, 1e-160, 1.0, 1e150, 1e307].map(|size| {
            // A subnormal β is itself rounded to a multiple of 5e-324.
            ([c(size, -size), c(0.5 * size, 2.0 * size), c(0.0, size)], 5e-324 / size)
        });
        let special = [
            ([c(0.0, 2.0), c(0.0, 0.0), c(0.0, 0.0)], 0.0),
            ([c(0.0, 0.0), c(3.0, 0.0), c(0.0, 4.0)], 0.0),
            ([c(1.0, 0.0), c(1e-170, 0.0), c(0.0, 1e-300)], 0.0),
        ];
        for level in Level::all() {
            for (x, rounding) in cases.iter().chain(&special) {
                let mut defect = f64::NAN;
                level.run(Defect(x, &mut defect));
                assert!(defect < 16.0 * f64::EPSILON + rounding, "{level:?} {x:?}: {defect:e}");
            }
        }
    }

    /// A column of subnormal numbers, in several lanes, has the reflector of the same column at an ordinary size, to the last bit.
    #[test]
    fn subnormal_columns_are_reflected_at_unit_size() {
        let depth = 3;
        let [(tiny, small), (large, ordinary)] = [-1070, -70].map(|p| {
            let mut x = [[0.0_f64; LANES]; 6];
            for i in 0..depth * LANES {
                let part = |k: usize| ((i * 7 + k * 5) % 16 + 1) as f64;
                set(&mut x, i, depth, Complex::new(part(1), -part(2)).scale_pow2(p));
            }
            let reflector = reflect::<crate::kernel::Separate, f64, 2>(&mut x, 0, depth);
            (x, reflector)
        });
        assert_eq!((tiny, small.tau), (large, ordinary.tau));
        assert!((small.beta.mul_pow2(1000) - ordinary.beta).abs() <= 2_f64.powi(-75), "β is a multiple of 2⁻¹⁰⁷⁴");
    }

    #[test]
    fn a_real_multiple_of_the_first_axis_is_left_alone() {
        let mut x = [[0.0_f64; LANES]; 1];
        x[0][0] = -3.0;
        let h = reflect::<crate::kernel::Separate, f64, 1>(&mut x, 0, 1);
        assert_eq!((h.tau.re, h.beta), (0.0, -3.0));
    }
}
