//! The application of one reflector to many columns.

use core::ops::Range;

use num_complex::Complex;

use super::columns::{PlanesMut, in_groups, multiply, planes, planes_mut, zero_entry};
use super::lanes::{add_product, add_scaled, each, lane_by_lane, registers, registers_mut, sub_product, total};
use super::tile::{PAIR, lanes_in_pairs};
use super::{Arith, LANES, Lane};
use crate::scalar::Real;

/// What v is multiplied by before it is added to a column. (A closure would not be inlined.)
pub(crate) trait Factor<R> {
    /// From the index of the column and vᴴa.
    fn of(&mut self, index: usize, dot: Complex<R>) -> Complex<R>;
}

/// t vᴴa.
struct Times<R, const PARTS: usize>(Complex<R>);

impl<R: Real, const PARTS: usize> Factor<R> for Times<R, PARTS> {
    #[inline(always)]
    fn of(&mut self, _: usize, dot: Complex<R>) -> Complex<R> {
        multiply::<R, PARTS>(self.0, dot)
    }
}

/// a ← a + (t vᴴa) v for every column.
#[inline(always)]
pub(crate) fn reflect_columns<A: Arith, R: Real, const PARTS: usize>(
    columns: &mut [Lane<R>],
    v: &[Lane<R>],
    t: Complex<R>,
    depth: usize,
    from: usize,
) {
    reflect_columns_by::<A, R, PARTS>(columns, v, depth, from, &mut Times::<R, PARTS>(t));
}

/// a ← a + f v for every column.
#[inline(always)]
pub(crate) fn reflect_columns_by<A: Arith, R: Real, const PARTS: usize>(
    columns: &mut [Lane<R>],
    v: &[Lane<R>],
    depth: usize,
    from: usize,
    factor: &mut impl Factor<R>,
) {
    in_groups!([next, next, next, next], columns, depth, from, |index, group, LANES| {
        reflect_group::<A, R, PARTS, _>(group, v, depth, from, (index, factor));
    });
}

#[inline(always)]
fn reflect_group<A: Arith, R: Real, const PARTS: usize, const COUNT: usize>(
    mut group: [PlanesMut<'_, R, LANES>; COUNT],
    v: &[Lane<R>],
    depth: usize,
    from: usize,
    (first, factor): (usize, &mut impl Factor<R>),
) {
    let v = planes::<PARTS, R, LANES>(v, depth, from);
    let mut dots = [zero_entry(); COUNT];
    let count = depth - from;
    let whole = if const { two_at_a_time::<A, R, PARTS>() } && count >= SHORT { count / 2 * 2 } else { 0 };
    if const { lanes_in_pairs::<A, R>() } {
        add_dots::<A, R, PARTS, COUNT, PAIR, 1>(&mut dots, &group, v, 0..whole);
    } else {
        add_dots::<A, R, PARTS, COUNT, LANES, 2>(&mut dots, &group, v, 0..whole);
    }
    add_dots::<A, R, PARTS, COUNT, LANES, 1>(&mut dots, &group, v, whole..count);
    let factors: [Complex<R>; COUNT] = each(zero_entry(), |c| factor.of(first + c, dots[c]));
    if const { lanes_in_pairs::<A, R>() } {
        add_multiples::<A, R, PARTS, COUNT, PAIR>(&mut group, v, &factors, 0..whole);
        add_multiples::<A, R, PARTS, COUNT, LANES>(&mut group, v, &factors, whole..count);
    } else {
        add_multiples::<A, R, PARTS, COUNT, LANES>(&mut group, v, &factors, 0..count);
    }
}

/// Lanes below which those that are left over, one by one, cost what pairs of them save.
const SHORT: usize = 8;

/// Whether one register has room for two lanes, or the sums of single ones wait for each other.
const fn two_at_a_time<A: Arith, R, const PARTS: usize>() -> bool {
    A::REGISTERS == 32 && LANES > 1 && (PARTS == 1 || lanes_in_pairs::<A, R>())
}

/// The planes of v.
type Vector<'a, R> = (&'a [Lane<R>], &'a [Lane<R>]);

/// vᴴa over these lanes for every column, N rows at a time in each of U sums.
#[inline(always)]
fn add_dots<A: Arith, R: Real, const PARTS: usize, const COUNT: usize, const N: usize, const U: usize>(
    dots: &mut [Complex<R>; COUNT],
    group: &[PlanesMut<'_, R, LANES>; COUNT],
    v: Vector<'_, R>,
    lanes: Range<usize>,
) {
    if lanes.is_empty() {
        return;
    }
    let zero = [[[R::zero(); N]; U]; COUNT];
    let (mut re, mut im) = (zero, zero);
    for i in (0..lanes.len() * LANES / N).step_by(U) {
        for u in 0..U {
            lane_by_lane();
            let vr = registers::<R, N>(&v.0[lanes.clone()])[i + u];
            for c in 0..COUNT {
                let (a_re, a_im) = &group[c];
                let ar = registers::<R, N>(&a_re[lanes.clone()])[i + u];
                re[c][u] = add_product::<A, R, _>(re[c][u], vr, ar);
                if PARTS == 2 {
                    let vi = registers::<R, N>(&v.1[lanes.clone()])[i + u];
                    let ai = registers::<R, N>(&a_im[lanes.clone()])[i + u];
                    re[c][u] = add_product::<A, R, _>(re[c][u], vi, ai);
                    im[c][u] = sub_product::<A, R, _>(add_product::<A, R, _>(im[c][u], vr, ai), vi, ar);
                }
            }
        }
    }
    for (c, dot) in dots.iter_mut().enumerate() {
        for u in 0..U {
            dot.re += total(re[c][u]);
            if PARTS == 2 {
                dot.im += total(im[c][u]);
            }
        }
    }
}

/// a ← a + f v over these lanes, N rows at a time.
#[inline(always)]
fn add_multiples<A: Arith, R: Real, const PARTS: usize, const COUNT: usize, const N: usize>(
    group: &mut [PlanesMut<'_, R, LANES>; COUNT],
    v: Vector<'_, R>,
    factors: &[Complex<R>; COUNT],
    lanes: Range<usize>,
) {
    for i in 0..lanes.len() * LANES / N {
        lane_by_lane();
        let vr = registers::<R, N>(&v.0[lanes.clone()])[i];
        for c in 0..COUNT {
            let (a_re, a_im) = &mut group[c];
            let a_re = &mut registers_mut::<R, N>(&mut a_re[lanes.clone()])[i];
            *a_re = add_scaled::<A, R, _>(*a_re, vr, factors[c].re);
            if PARTS == 2 {
                let vi = registers::<R, N>(&v.1[lanes.clone()])[i];
                let a_im = &mut registers_mut::<R, N>(&mut a_im[lanes.clone()])[i];
                *a_re = add_scaled::<A, R, _>(*a_re, vi, -factors[c].im);
                *a_im = add_scaled::<A, R, _>(add_scaled::<A, R, _>(*a_im, vi, factors[c].re), vr, factors[c].im);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{at, holds, noise, number, overlap, wide};
    use super::*;
    use crate::kernel::{Level, Task};
    use core::marker::PhantomData;

    /// As many times the overlap as the number of the column says.
    struct ByNumber;

    impl<R: Real> Factor<R> for ByNumber {
        fn of(&mut self, index: usize, dot: Complex<R>) -> Complex<R> {
            let factor = R::from_f64(0.1 * (index as f64 + 1.0));
            Complex { re: factor * dot.re, im: factor * dot.im }
        }
    }

    struct Check<R, const PARTS: usize>(PhantomData<R>);

    impl<R: Real, const PARTS: usize> Task for Check<R, PARTS> {
        type Real = R;

        fn run<A: Arith>(self) {
            let t = number::<R, PARTS>(0.3, -0.2);
            for (depth, from) in [(2, 2), (3, 1), (SHORT, 0), (SHORT + 2, 1), (SHORT + 4, 1), (SHORT + 4, 0)] {
                let stride = depth * PARTS;
                let (v, before) = (&noise::<R>(stride, 1), noise::<R>(6 * stride, 2));
                let [mut turned, mut numbered] = [before.clone(), before.clone()];
                reflect_columns::<A, R, PARTS>(&mut turned, v, t, depth, from);
                reflect_columns_by::<A, R, PARTS>(&mut numbered, v, depth, from, &mut ByNumber);
                for (c, a) in before.chunks_exact(stride).enumerate() {
                    let dot = overlap(v, |i| at(a, i, depth), (depth, from));
                    let after = |f: Complex<f64>| move |i: usize| at(a, i, depth) + f * at(v, i, depth);
                    let of = |all: &[Lane<R>], f| holds((&all[c * stride..][..stride], a), (depth, from), after(f));
                    of(&turned, wide(t) * dot);
                    of(&numbered, 0.1 * (c as f64 + 1.0) * dot);
                }
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        fn check<R: Real, const PARTS: usize>() {
            for level in Level::all() {
                level.run(Check::<R, PARTS>(PhantomData));
            }
        }
        check::<f64, 1>();
        check::<f64, 2>();
        check::<f32, 1>();
        check::<f32, 2>();
    }
}
