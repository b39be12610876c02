//! The copy passes: A, or Aᴴ, into the work storage, divided by a power of two, and the bases out of it.
//!
//! Every later stage may then square entries freely. The division is exact but for entries 2¹⁰²² times smaller than
//! the largest one, and it makes the result independent of the scale of A to the last bit.

use crate::error::Error;
use crate::kernel::{Arith, LANES, Level, Planes, Task, cast};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};

/// Largest modulus of a part of any entry.
///
/// # Errors
/// [`Error::NonFinite`] with the position of the first entry that is infinite or NaN.
pub(crate) fn largest_part<S: Scalar>(a: MatRef<'_, S>) -> Result<S::Real, Error> {
    let mut seen = Seen { largest: [S::Real::zero(); WIDTH], finite: [S::Real::zero(); WIDTH] };
    let level = Level::detect();
    // Along whichever side lies in one piece.
    let view = if a.row_stride() == 1 { a } else { a.transpose() };
    for j in 0..view.cols() {
        match view.contiguous_col(j) {
            Some(column) if cast::is_reals::<S>() => level.run(Look { seen: &mut seen, reals: cast::reals_of(column) }),
            _ => (0..view.rows()).for_each(|i| seen.visit(&[view.at(i, j).re(), view.at(i, j).im()])),
        }
    }
    if seen.finite.iter().any(|x| *x != S::Real::zero()) {
        a.check_finite("the matrix")?;
    }
    Ok(seen.largest.iter().fold(S::Real::zero(), |max, x| max.larger(*x)))
}

/// Places at which the passes look at once: two lanes, since a sum waits for the one before.
const WIDTH: usize = 2 * LANES;

/// What was seen at each place: the largest modulus, and zero if all were finite.
struct Seen<R> {
    largest: [R; WIDTH],
    finite: [R; WIDTH],
}

impl<R: Real> Seen<R> {
    #[inline(always)]
    fn visit(&mut self, reals: &[R]) {
        for ((largest, finite), &x) in self.largest.iter_mut().zip(&mut self.finite).zip(reals) {
            *largest = largest.larger(x.abs());
            // NaN from an infinity or a NaN, and it stays.
            *finite += x * R::zero();
        }
    }
}

/// Visits all of the reals.
struct Look<'a, R> {
    seen: &'a mut Seen<R>,
    reals: &'a [R],
}

impl<R: Real> Task for Look<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let mut seen = Seen { ..*self.seen };
        let (whole, rest) = self.reals.as_chunks::<WIDTH>();
        for reals in whole {
            seen.visit(reals);
        }
        seen.visit(rest);
        *self.seen = seen;
    }
}

/// Writes 2⁻ᵖ A (or 2⁻ᵖ Aᴴ) to the leading columns of `work`, its padding included.
pub(crate) fn load<S: Scalar>(a: MatRef<'_, S>, adjoint: bool, p: i32, mut work: Planes<'_, S::Real>) {
    let view = if adjoint { a.transpose() } else { a };
    let (depth, rows) = (work.depth, view.rows());
    let sign = if adjoint { -S::Real::one() } else { S::Real::one() };
    // One factor, where that is a number of the type.
    let factor = S::Real::one().mul_pow2(-p);
    let whole = (S::Real::MIN_EXPONENT..=S::Real::MAX_EXPONENT).contains(&-p);
    let level = Level::detect();
    for j in 0..view.cols() {
        let (re, im) = work.column(j).as_flattened_mut().split_at_mut(depth * LANES);
        re[rows..].fill(S::Real::zero());
        im.iter_mut().skip(rows).for_each(|x| *x = S::Real::zero());
        match view.contiguous_col(j) {
            Some(from) if whole => level.run(Load { from, re, im, scale: (factor, sign) }),
            _ => {
                for i in 0..rows {
                    let x = view.at(i, j);
                    let x = if whole { x.scale(factor) } else { x.scale_pow2(-p) };
                    re[i] = x.re();
                    if S::PARTS == 2 {
                        im[i] = sign * x.im();
                    }
                }
            }
        }
    }
}

/// A column into its planes, times the first number of `scale`; the second is that of the imaginary parts beside it.
struct Load<'a, S: Scalar> {
    from: &'a [S],
    re: &'a mut [S::Real],
    im: &'a mut [S::Real],
    scale: (S::Real, S::Real),
}

impl<S: Scalar> Task for Load<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let (factor, sign) = self.scale;
        if S::PARTS == 1 {
            self.re.iter_mut().zip(self.from).for_each(|(re, x)| *re = x.re() * factor);
        } else {
            for ((re, im), x) in self.re.iter_mut().zip(self.im).zip(self.from) {
                (*re, *im) = (x.re() * factor, sign * (x.im() * factor));
            }
        }
    }
}

/// Copies the leading columns of a basis out.
pub(crate) fn unload<S: Scalar>(basis: &Planes<'_, S::Real>, mut to: MatMut<'_, S>) {
    let (stride, level) = (basis.stride(), Level::detect());
    for (j, column) in basis.data.chunks_exact(stride).take(to.cols()).enumerate() {
        let (re, im) = column.as_flattened().split_at(basis.depth * LANES);
        match to.contiguous_col(j) {
            Some(to) => level.run(Unload { re, im, to }),
            None => {
                for i in 0..to.rows() {
                    to.put(i, j, S::from_parts(re[i], if S::PARTS == 2 { im[i] } else { re[i] }));
                }
            }
        }
    }
}

/// A column from its planes.
struct Unload<'a, S: Scalar> {
    re: &'a [S::Real],
    im: &'a [S::Real],
    to: &'a mut [S],
}

impl<S: Scalar> Task for Unload<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let im = if S::PARTS == 2 { self.im } else { self.re };
        for ((x, &re), &im) in self.to.iter_mut().zip(self.re).zip(im) {
            *x = S::from_parts(re, im);
        }
    }
}

/// The exponent that brings `largest` to [1, 2); 0 for a matrix of zeros.
pub(crate) fn exponent<R: Real>(largest: R) -> i32 {
    if largest == R::zero() { 0 } else { largest.exponent() }
}
