//! The powers of two that a matrix is divided by, and the copy passes: A, or Aᴴ, into the work storage, and the bases out of it.
//!
//! Every later stage may then square entries freely. The division is exact but for entries 2¹⁰²² times smaller than
//! the largest one, and it makes the result independent of the scale of A to the last bit.

mod rows;

use crate::error::Error;
use crate::kernel::{Arith, LANES, Level, Planes, Task, cast, each, lane_by_lane};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};
use rows::Blocks;

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
    let blocks = if whole { Blocks::of::<S>(view.shape(), view.col_stride(), level) } else { Blocks::NONE };
    for j in 0..view.cols() {
        let (re, im) = work.column(j).as_flattened_mut().split_at_mut(depth * LANES);
        re[rows..].fill(S::Real::zero());
        im.iter_mut().skip(rows).for_each(|x| *x = S::Real::zero());
        match view.contiguous_col(j) {
            Some(from) if whole => level.run(Load { from, re, im, scale: (factor, sign) }),
            _ => {
                for i in blocks.of_column(j)..rows {
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
    if blocks != Blocks::NONE {
        level.run(rows::Load { a: view, work, scale: (factor, sign) });
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
    let blocks = Blocks::of::<S>(to.shape(), to.col_stride(), level);
    for (j, column) in basis.data.chunks_exact(stride).take(to.cols()).enumerate() {
        let (re, im) = column.as_flattened().split_at(basis.depth * LANES);
        match to.contiguous_col(j) {
            Some(to) => level.run(Unload { re, im, to }),
            None => {
                for i in blocks.of_column(j)..to.rows() {
                    to.put(i, j, S::from_parts(re[i], if S::PARTS == 2 { im[i] } else { re[i] }));
                }
            }
        }
    }
    if blocks != Blocks::NONE {
        level.run(rows::Unload { basis, to });
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

#[cfg(test)]
mod tests {
    use num_complex::Complex;
    use std::vec;
    use std::vec::Vec;

    use super::*;
    use crate::kernel::padded;

    /// Real ones and imaginary ones.
    fn number<S: Scalar>(re: f64, im: f64) -> S {
        S::from_parts(S::Real::from_f64(re), S::Real::from_f64(im))
    }

    /// Shapes and strides, and how many entries hold them: in one piece and not, shorter and longer than what is looked at at once.
    fn layouts() -> impl Iterator<Item = ((usize, usize), (usize, usize), usize)> {
        let shapes =
            [(1, 1), (3, 2), (1, 2 * WIDTH + 1), (WIDTH, 2), (WIDTH + 3, 2), (3 * WIDTH - 1, 3), (4, 4), (11, 9)];
        shapes.into_iter().flat_map(|(m, n)| {
            let strides = [(1, m), (n, 1), (n + 3, 1), (1, m + 2), (2, 2 * m)];
            strides.map(|(down, right)| ((m, n), (down, right), (m - 1) * down + (n - 1) * right + 1))
        })
    }

    /// Wherever the largest part is, and the first that is not finite; what lies between the entries is not looked at.
    fn looks_everywhere<S: Scalar>() {
        for ((m, n), (down, right), len) in layouts() {
            let mut entries: Vec<S> = vec![number(f64::NAN, f64::NAN); len];
            for at in 0..m * n {
                entries[at / n * down + at % n * right] = number(1.0, -1.0);
            }
            for (i, j) in (0..m * n).map(|at| (at / n, at % n)) {
                let mut with = |entry| {
                    let place = &mut entries[i * down + j * right];
                    let before = core::mem::replace(place, entry);
                    let found = largest_part(MatRef::new(&entries, m, n, down, right).unwrap(), "A");
                    entries[i * down + j * right] = before;
                    found
                };
                let what = (m, n, down, right, i, j);
                assert_eq!(with(number(-2.0, 1.0)), Ok(S::Real::from_f64(2.0)), "{what:?}");
                let error = |nan| Err(Error::NonFinite { argument: "A", row: i, column: j, nan });
                assert_eq!(with(number(f64::INFINITY, 0.0)), error(false), "{what:?}");
                assert_eq!(with(number(f64::NAN, 0.0)), error(true), "{what:?}");
                if S::PARTS == 2 {
                    assert_eq!(with(number(0.5, 3.0)), Ok(S::Real::from_f64(3.0)), "{what:?}");
                    assert_eq!(with(number(0.0, -f64::INFINITY)), error(false), "{what:?}");
                }
            }
        }
    }

    #[test]
    fn every_entry_is_looked_at() {
        looks_everywhere::<f32>();
        looks_everywhere::<f64>();
        looks_everywhere::<Complex<f32>>();
        looks_everywhere::<Complex<f64>>();
    }

    /// By powers of two, also where one of them alone is no number; with zeros below, and out again.
    fn copies<S: Scalar>() {
        let entry = |i: usize, j: usize| number::<S>((i + 1) as f64 / 128.0, (j as f64 - 0.5) / 128.0);
        let other = number::<S>(7.0, 7.0);
        for (((m, n), (down, right), len), adjoint) in layouts().flat_map(|layout| [(layout, false), (layout, true)]) {
            let (rows, cols) = if adjoint { (n, m) } else { (m, n) };
            let expected = |i, j| if adjoint { entry(j, i).conj() } else { entry(i, j) };
            let depth = padded(rows) / LANES;
            let mut data = vec![[S::Real::from_f64(f64::NAN); LANES]; depth * S::PARTS * cols];
            let mut work = Planes { data: &mut data, depth, parts: S::PARTS };
            for p in [0, 5, -7, S::Real::MAX_EXPONENT, S::Real::MIN_EXPONENT - 3] {
                let mut entries: Vec<S> = vec![other; len];
                for (i, j) in (0..m * n).map(|at| (at / n, at % n)) {
                    entries[i * down + j * right] = entry(i, j).scale_pow2(p);
                }
                load(MatRef::new(&entries, m, n, down, right).unwrap(), adjoint, p, work.reborrow());
                for (i, j) in (0..padded(rows) * cols).map(|at| (at / cols, at % cols)) {
                    let found = work.get(i, j);
                    let wanted = if i < rows { expected(i, j) } else { S::zero() };
                    assert!(found.re == wanted.re() && found.im == wanted.im(), "{rows}×{cols}, 2^{p}: ({i}, {j})");
                }
            }
            for (down, right) in [(1, rows), (cols, 1), (cols + 2, 1), (1, rows + 1), (2, 2 * rows)] {
                let mut out = vec![other; (rows - 1) * down + (cols - 1) * right + 1];
                unload(&work, MatMut::new(&mut out, rows, cols, down, right).unwrap());
                for (i, j) in (0..rows * cols).map(|at| (at / cols, at % cols)) {
                    let found = core::mem::replace(&mut out[i * down + j * right], other);
                    assert!(found == expected(i, j), "{rows}×{cols} out: ({i}, {j}) is {found:?}");
                }
                assert!(out.iter().all(|&x| x == other), "{rows}×{cols}: written in between");
            }
        }
    }

    #[test]
    fn copies_are_exact() {
        copies::<f32>();
        copies::<f64>();
        copies::<Complex<f32>>();
        copies::<Complex<f64>>();
    }

    /// The fourth power of the norm of a column that is full of the largest entry is finite, for as many rows as there may be.
    fn leaves_room<R: Real>() {
        for growth in 0..if usize::BITS == 64 { 45 } else { 30 } {
            let p = unit_exponent::<R>(1 << growth);
            let (shift, [one, other]) = to_unit(1 << growth, R::from_f64(0.75));
            assert!(shift == p + 1 && one * other == R::one().mul_pow2(shift), "2^{growth} rows");
            // The entries are below 2ᵖ⁺¹ in both parts.
            let square = R::one().mul_pow2(2 * (p + 1) + 1 + growth);
            assert!((square * square).is_finite(), "2^{growth} rows");
            assert!(p + growth + 6 >= R::MAX_EXPONENT / 4, "2^{growth} rows: {p} leaves more room than is needed");
        }
    }

    #[test]
    fn squares_of_squares_are_finite() {
        leaves_room::<f32>();
        leaves_room::<f64>();
        assert_eq!((exponent(0.0_f64), exponent(-3.0_f32), exponent(0.75_f64)), (0, 1, -1));
        assert_eq!((reliable::<f64>(), reliable::<f32>()), (1.0_f64.mul_pow2(-459), 1.0_f32.mul_pow2(-40)));
    }
}
