//! The powers of two that a matrix is divided by, and the copy passes: A, or Aᴴ, into the work storage, and the bases out of it.
//!
//! Every later stage may then square entries freely. The division is exact but for entries 2¹⁰²² times smaller than
//! the largest one, and it makes the result independent of the scale of A to the last bit.

use crate::error::Error;
use crate::kernel::{Arith, LANES, Level, Planes, Task, cast, each, lane_by_lane};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};

/// Largest modulus of a part of any entry.
///
/// # Errors
/// [`Error::NonFinite`] with the position of the first entry that is infinite or NaN.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn largest_part<S: Scalar>(a: MatRef<'_, S>, argument: &'static str) -> Result<S::Real, Error> {
    // Along whichever side lies in one piece, and all at once if nothing lies between.
    let view = if a.row_stride() == 1 { a } else { a.transpose() };
    let view = view.as_one_column().unwrap_or(view);
    let in_lanes = LANES > 1 && view.rows() >= WIDTH && view.row_stride() == 1 && cast::is_reals::<S>();
    let (largest, finite) = if in_lanes { look_in_lanes(view) } else { look_at_each(view) };
    if finite != S::Real::zero() {
        a.check_finite(argument)?;
    }
    Ok(largest)
}

/// The largest modulus of a part, and zero if all are finite.
fn look_at_each<S: Scalar>(a: MatRef<'_, S>) -> (S::Real, S::Real) {
    let mut seen = Seen::<_, 1>::new();
    for j in 0..a.cols() {
        for i in 0..a.rows() {
            let x = a.at(i, j);
            seen.visit(&[x.re()]);
            if S::PARTS == 2 {
                seen.visit(&[x.im()]);
            }
        }
    }
    seen.total()
}

/// The same of contiguous columns of reals, or pairs of them.
fn look_in_lanes<S: Scalar>(a: MatRef<'_, S>) -> (S::Real, S::Real) {
    let mut found = (S::Real::zero(), S::Real::zero());
    Level::detect().run(Look { a, found: &mut found });
    found
}

/// Places at which the passes look at once: two lanes, since a sum waits for the one before.
const WIDTH: usize = 2 * LANES;

/// What was seen at each place: the largest modulus, and zero if all were finite.
#[derive(Clone, Copy)]
struct Seen<R, const W: usize> {
    largest: [R; W],
    finite: [R; W],
}

impl<R: Real, const W: usize> Seen<R, W> {
    #[inline(always)]
    fn new() -> Self {
        Seen { largest: [R::zero(); W], finite: [R::zero(); W] }
    }

    /// A real at each place.
    #[inline(always)]
    fn visit(&mut self, reals: &[R; W]) {
        // One kind of number after the other, which become vectors.
        self.largest = each(R::zero(), |l| self.largest[l].larger(reals[l].abs()));
        // NaN from an infinity or a NaN, and it stays.
        self.finite = each(R::zero(), |l| self.finite[l] + reals[l] * R::zero());
    }

    /// Both numbers over all places.
    #[inline(always)]
    fn total(&self) -> (R, R) {
        let largest = self.largest.iter().fold(R::zero(), |max, x| max.larger(*x));
        (largest, self.finite.iter().fold(R::zero(), |sum, x| sum + *x))
    }
}

/// Visits all of the reals.
struct Look<'a, S: Scalar> {
    a: MatRef<'a, S>,
    found: &'a mut (S::Real, S::Real),
}

impl<S: Scalar> Task for Look<'_, S> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let mut seen = Seen::<_, WIDTH>::new();
        for column in (0..self.a.cols()).filter_map(|j| self.a.contiguous_col(j)) {
            let (whole, rest) = cast::reals_of(column).as_chunks();
            for reals in whole {
                lane_by_lane();
                seen.visit(reals);
            }
            if !rest.is_empty() {
                seen.visit(&each(S::Real::zero(), |l| rest.get(l).copied().unwrap_or_else(S::Real::zero)));
            }
        }
        *self.found = seen.total();
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

/// The exponent that the largest entry is brought to: the fourth power of a column's norm is still finite, and
/// squares underflow only where the column is negligible.
#[inline]
pub(crate) fn unit_exponent<R: Real>(rows: usize) -> i32 {
    let growth = usize::BITS - rows.leading_zeros();
    R::MAX_EXPONENT / 4 - 3 - growth.cast_signed()
}

/// p for which 2ᵖ brings the largest entry to the [`unit_exponent`], and 2ᵖ as two factors, which reach over the whole exponent range: exact but for
/// entries that are negligible beside the largest.
#[inline]
pub(crate) fn to_unit<R: Real>(rows: usize, largest: R) -> (i32, [R; 2]) {
    let shift = unit_exponent::<R>(rows) - exponent(largest);
    (shift, [shift / 2, shift - shift / 2].map(|p| R::one().mul_pow2(p)))
}

/// ‖x‖² above this, relative errors of inner products are those of the roundings alone: 2⁻⁴⁵⁹ for `f64`.
#[inline]
pub(crate) fn reliable<R: Real>() -> R {
    R::one().mul_pow2(R::MIN_EXPONENT / 2) / R::EPSILON
}
