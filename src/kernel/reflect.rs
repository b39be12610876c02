//! The application of one reflector to many columns.

use num_complex::Complex;

use super::columns::{PlanesMut, in_groups, multiply, planes, planes_mut, zero_entry};
use super::lanes::{add_product, add_scaled, each, lane_by_lane, sub_product, total};
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
    let zero = [R::zero(); LANES];
    let (v_re, v_im) = planes::<PARTS, R, LANES>(v, depth, from);
    let count = depth - from;
    let mut dot_re = [zero; COUNT];
    let mut dot_im = [zero; COUNT];
    for i in 0..count {
        lane_by_lane();
        let vr = v_re[i];
        for c in 0..COUNT {
            let (a_re, a_im) = &group[c];
            dot_re[c] = add_product::<A, R, _>(dot_re[c], vr, a_re[i]);
            if PARTS == 2 {
                let vi = v_im[i];
                dot_re[c] = add_product::<A, R, _>(dot_re[c], vi, a_im[i]);
                dot_im[c] = sub_product::<A, R, _>(add_product::<A, R, _>(dot_im[c], vr, a_im[i]), vi, a_re[i]);
            }
        }
    }
    let factors: [Complex<R>; COUNT] = each(zero_entry(), |c| {
        let im = if PARTS == 2 { total(dot_im[c]) } else { R::zero() };
        factor.of(first + c, Complex { re: total(dot_re[c]), im })
    });
    for i in 0..count {
        lane_by_lane();
        let vr = v_re[i];
        for c in 0..COUNT {
            let (a_re, a_im) = &mut group[c];
            a_re[i] = add_scaled::<A, R, _>(a_re[i], vr, factors[c].re);
            if PARTS == 2 {
                let vi = v_im[i];
                a_re[i] = add_scaled::<A, R, _>(a_re[i], vi, -factors[c].im);
                a_im[i] = add_scaled::<A, R, _>(add_scaled::<A, R, _>(a_im[i], vi, factors[c].re), vr, factors[c].im);
            }
        }
    }
}
