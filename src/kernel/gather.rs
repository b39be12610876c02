//! Loops that read many columns and write one: the inside of a reduction whose updates are put off.
//!
//! Every vector is a column of the work storage, as in [`columns`](super::columns); a matrix is the slice of its columns.

use num_complex::Complex;

use super::columns::{by_registers, multiply, planes, planes_mut, zero_entry};
use super::lanes::{add_product, add_scaled, each, lane_by_lane, sub_product, total};
use super::{Arith, HALF, LANES, Lane, RowPart};
use crate::scalar::Real;

/// Columns that a loop carries at once.
const GROUP: usize = 4;

/// Calls `$body` with the planes of whole groups of columns, then of single ones.
macro_rules! in_groups {
    ($columns:expr, $depth:expr, $from:expr, |$index:ident, $group:ident, $width:ident| $body:expr) => {
        by_registers!(PARTS == 2, |$width| {
            let mut $index = 0;
            let mut groups = $columns.chunks_exact(GROUP * $depth * PARTS);
            for group in &mut groups {
                let mut $group = [planes::<PARTS, R, $width>(&group[..$depth * PARTS], $depth, $from); GROUP];
                for (planes_of, column) in $group.iter_mut().zip(group.chunks_exact($depth * PARTS)) {
                    *planes_of = planes::<PARTS, R, $width>(column, $depth, $from);
                }
                $body;
                $index += GROUP;
            }
            for column in groups.remainder().chunks_exact($depth * PARTS) {
                let $group = [planes::<PARTS, R, $width>(column, $depth, $from)];
                $body;
                $index += 1;
            }
        })
    };
}

/// Real and imaginary plane of a column.
type Parts<'a, R, const W: usize> = (&'a [[R; W]], &'a [[R; W]]);

/// y ← y + Σ aₖ xₖ over the columns xₖ of `x`, lanes from `from` on.
#[inline(always)]
pub(crate) fn combine<A: Arith, R: Real, const PARTS: usize>(
    y: &mut [Lane<R>],
    x: &[Lane<R>],
    a: impl Fn(usize) -> Complex<R>,
    depth: usize,
    from: usize,
) {
    in_groups!(x, depth, from, |index, group, W| {
        let factors = each(zero_entry(), |c| a(index + c));
        combine_group::<A, R, W, PARTS, _>(y, group, factors, depth, from);
    });
}

#[inline(always)]
fn combine_group<A: Arith, R: Real, const W: usize, const PARTS: usize, const COUNT: usize>(
    y: &mut [Lane<R>],
    group: [Parts<'_, R, W>; COUNT],
    a: [Complex<R>; COUNT],
    depth: usize,
    from: usize,
) {
    let (y_re, y_im) = planes_mut::<PARTS, R, W>(y, depth, from);
    for l in 0..(depth - from) * (LANES / W) {
        lane_by_lane();
        let mut re = y_re[l];
        let mut im = if PARTS == 2 { y_im[l] } else { re };
        for c in 0..COUNT {
            let (x_re, x_im) = group[c];
            re = add_scaled::<A, R, _>(re, x_re[l], a[c].re);
            if PARTS == 2 {
                re = add_scaled::<A, R, _>(re, x_im[l], -a[c].im);
                im = add_scaled::<A, R, _>(add_scaled::<A, R, _>(im, x_im[l], a[c].re), x_re[l], a[c].im);
            }
        }
        y_re[l] = re;
        if PARTS == 2 {
            y_im[l] = im;
        }
    }
}

/// vᴴxₖ for the columns xₖ of `x`, lanes from `from` on.
#[inline(always)]
pub(crate) fn overlaps<A: Arith, R: Real, const PARTS: usize>(
    v: &[Lane<R>],
    x: &[Lane<R>],
    depth: usize,
    from: usize,
    out: &mut [Complex<R>],
) {
    in_groups!(x, depth, from, |index, group, W| {
        for (c, value) in overlap_group::<A, R, W, PARTS, _>(v, group, depth, from).into_iter().enumerate() {
            out[index + c] = value;
        }
    });
}

#[inline(always)]
fn overlap_group<A: Arith, R: Real, const W: usize, const PARTS: usize, const COUNT: usize>(
    v: &[Lane<R>],
    group: [Parts<'_, R, W>; COUNT],
    depth: usize,
    from: usize,
) -> [Complex<R>; COUNT] {
    let (v_re, v_im) = planes::<PARTS, R, W>(v, depth, from);
    let mut re = [[R::zero(); W]; COUNT];
    let mut im = re;
    for l in 0..(depth - from) * (LANES / W) {
        lane_by_lane();
        for c in 0..COUNT {
            let (x_re, x_im) = group[c];
            re[c] = add_product::<A, R, _>(re[c], v_re[l], x_re[l]);
            if PARTS == 2 {
                re[c] = add_product::<A, R, _>(re[c], v_im[l], x_im[l]);
                im[c] = sub_product::<A, R, _>(add_product::<A, R, _>(im[c], v_re[l], x_im[l]), v_im[l], x_re[l]);
            }
        }
    }
    if W < LANES {
        // What adds up half a lane is not to decide how the loop above holds it.
        (re, im) = core::hint::black_box((re, im));
    }
    let mut sums = [Complex { re: R::zero(), im: R::zero() }; COUNT];
    for c in 0..COUNT {
        sums[c].re = total(re[c]);
        if PARTS == 2 {
            sums[c].im = total(im[c]);
        }
    }
    sums
}

/// The vectors of one step of a reduction whose updates are put off.
pub(crate) struct Reading<'a, R> {
    pub(crate) v: &'a [Lane<R>],
    pub(crate) z: &'a mut [Lane<R>],
    /// Row vectors: what the updates put off add to vᴴa and to the row, on entry; t and the updated row, on return.
    pub(crate) t: RowPart<'a, R>,
    pub(crate) r: RowPart<'a, R>,
    pub(crate) q: Complex<R>,
    /// Lanes in a plane of a column.
    pub(crate) depth: usize,
    /// The row of the diagonal entry.
    pub(crate) row: usize,
}

/// Reads the trailing columns once: tₖ ← q (vᴴaₖ + tₖ), rₖ ← a_row,k + rₖ + tₖ, z ← z + Σ r̄ₖ aₖ; `first` is the index of the first column.
#[inline(always)]
pub(crate) fn reading_pass<A: Arith, R: Real, const PARTS: usize>(
    columns: &[Lane<R>],
    first: usize,
    step: &mut Reading<'_, R>,
) {
    let (depth, from, lane) = (step.depth, step.row / LANES, step.row % LANES);
    in_groups!(columns, depth, from, |index, group, W| {
        let dots = overlap_group::<A, R, W, PARTS, _>(step.v, group, depth, from);
        let mut factors = dots;
        for (c, dot) in dots.into_iter().enumerate() {
            let k = first + index + c;
            let t = multiply::<R, PARTS>(step.q, dot + step.t.get(k));
            // v is 1 in this row.
            let im = if PARTS == 2 { group[c].1[lane / W][lane % W] } else { R::zero() };
            let r = step.r.get(k) + t + Complex { re: group[c].0[lane / W][lane % W], im };
            step.t.set(k, t);
            step.r.set(k, r);
            factors[c] = r.conj();
        }
        combine_group::<A, R, W, PARTS, _>(step.z, group, factors, depth, from);
    });
}

#[cfg(test)]
mod tests {
    use super::super::columns::tests::{at, close, holds, noise, number, overlap, vector, wide};
    use super::*;
    use crate::kernel::{Level, Task, get};
    use core::marker::PhantomData;

    const DEPTH: usize = 4;
    /// A group and two that are single.
    const COUNT: usize = GROUP + 2;

    struct Sums<R, const PARTS: usize>(PhantomData<R>);

    impl<R: Real, const PARTS: usize> Task for Sums<R, PARTS> {
        type Real = R;

        fn run<A: Arith>(self) {
            let stride = DEPTH * PARTS;
            let [v, x, factors] =
                [(stride, 1), (stride * COUNT, 2), (COUNT * PARTS, 3)].map(|(n, seed)| noise::<R>(n, seed));
            let columns = || x.chunks_exact(stride).enumerate();
            for from in [0, 1] {
                let (mut sum, mut overlaps_of) = (v.clone(), [zero_entry(); COUNT + 1]);
                combine::<A, R, PARTS>(&mut sum, &x, |k| get(&factors, k, COUNT), DEPTH, from);
                let product = |i, (k, x): (usize, &[Lane<R>])| at(&factors, k, COUNT) * at(x, i, DEPTH);
                holds((&sum, &v), (DEPTH, from), |i| columns().fold(at(&v, i, DEPTH), |sum, x| sum + product(i, x)));
                overlaps::<A, R, PARTS>(&v, &x, DEPTH, from, &mut overlaps_of);
                columns().for_each(|(k, x)| close(overlaps_of[k], overlap(&v, |i| at(x, i, DEPTH), (DEPTH, from))));
                assert_eq!(overlaps_of[COUNT], zero_entry());
            }
        }
    }

    struct Read<R, const PARTS: usize>(PhantomData<R>);

    impl<R: Real, const PARTS: usize> Task for Read<R, PARTS> {
        type Real = R;

        fn run<A: Arith>(self) {
            const FIRST: usize = 2;
            const WIDTH: usize = FIRST + COUNT + 1;
            let stride = DEPTH * PARTS;
            for row in LANES..2 * LANES {
                let (shape, q, v) = ((DEPTH, 1), number::<R, PARTS>(0.3, -0.2), vector::<R>(DEPTH, PARTS, row, 1));
                let [z, a] = [(stride, 2), (stride * COUNT, 3)].map(|(lanes, seed)| noise::<R>(lanes, seed));
                let [t, r] = [4, 5].map(|seed| noise::<R>(WIDTH * PARTS, seed));
                let [mut z_after, mut t_after, mut r_after] = [z.clone(), t.clone(), r.clone()];
                let [t_row, r_row] = [&mut t_after, &mut r_after].map(|x| RowPart::whole(x, WIDTH));
                let step = &mut Reading { v: &v, z: &mut z_after, t: t_row, r: r_row, q, depth: DEPTH, row };
                reading_pass::<A, R, PARTS>(&a, FIRST, step);
                let mut sum: std::vec::Vec<_> = (0..DEPTH * LANES).map(|i| at(&z, i, DEPTH)).collect();
                for (c, a) in a.chunks_exact(stride).enumerate() {
                    let (k, a) = (FIRST + c, |i| at(a, i, DEPTH));
                    let t = wide(q) * (overlap(&v, a, shape) + at(&t, k, WIDTH));
                    let r = a(row) + at(&r, k, WIDTH) + t;
                    close(get(&t_after, k, WIDTH), t);
                    close(get(&r_after, k, WIDTH), r);
                    sum.iter_mut().enumerate().for_each(|(i, z)| *z += r.conj() * a(i));
                }
                holds((&z_after, &z), shape, |i| sum[i]);
                for k in (0..FIRST).chain(FIRST + COUNT..WIDTH * LANES) {
                    assert_eq!([&t_after, &r_after].map(|x| get(x, k, WIDTH)), [&t, &r].map(|x| get(x, k, WIDTH)));
                }
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        fn check<R: Real, const PARTS: usize>() {
            for level in Level::all() {
                level.run(Sums::<R, PARTS>(PhantomData));
                level.run(Read::<R, PARTS>(PhantomData));
            }
        }
        check::<f64, 1>();
        check::<f64, 2>();
        check::<f32, 1>();
        check::<f32, 2>();
    }
}
