//! Loops over a few columns at a time: the inside of the reduction and of the application of reflectors.
//!
//! Every vector here is a column of the work storage: planes of `depth` lanes, of which those from `from` on count.
//! What stands in the first of these lanes above the row in question is zero in v and w, so that whole lanes can be used.

use num_complex::Complex;

use super::lanes::{add_product, add_scaled, each, lane_by_lane, registers, registers_mut, scaled, sub_product, total};
use super::{Arith, HALF, LANES, Lane, RowPart};
use crate::scalar::Real;

/// `$body` with a constant of this name, the reals of a register: half of a lane, if that is `$wanted` and registers are so short, or all of it.
macro_rules! by_registers {
    ($wanted:expr, |$width:ident| $body:expr) => {
        if const { $wanted && A::REGISTERS == 8 && size_of::<R>() == 8 } {
            const $width: usize = HALF;
            $body
        } else {
            const $width: usize = LANES;
            $body
        }
    };
}
pub(super) use by_registers;

/// Calls `$body` with the planes of whole groups of columns, from lane `$from` on, and then of single ones: as many in a group as `next` is given.
/// The sums of a group hide each other's latency, and v, w and z are loaded once for all, as long as they fit the registers.
macro_rules! in_groups {
    ([$next:ident $(, $others:ident)*], $columns:expr, $depth:expr, $from:expr, |$index:ident, $group:ident, $width:ident| $body:expr) => {{
        const COUNT: usize = [stringify!($next) $(, stringify!($others))*].len();
        let mut $index = 0;
        let stride = $depth * PARTS;
        let mut groups = $columns.chunks_exact_mut(COUNT * stride);
        for group in &mut groups {
            let mut columns = group.chunks_exact_mut(stride);
            let mut $next = || planes_mut::<PARTS, R, $width>(columns.next().unwrap_or_default(), $depth, $from);
            let $group: [PlanesMut<'_, R, $width>; COUNT] = [$next() $(, $others())*];
            $body;
            $index += COUNT;
        }
        for column in groups.into_remainder().chunks_exact_mut(stride) {
            let $group = [planes_mut::<PARTS, R, $width>(column, $depth, $from)];
            $body;
            $index += 1;
        }
    }};
}
pub(super) use in_groups;

/// Real and imaginary plane of a column from lane `from` on; the latter is empty where there is none.
#[inline(always)]
pub(super) fn planes<const PARTS: usize, R, const W: usize>(
    column: &[Lane<R>],
    depth: usize,
    from: usize,
) -> (&[[R; W]], &[[R; W]]) {
    if PARTS == 1 {
        (registers(&column[from..depth]), &[])
    } else {
        let (re, im) = column.split_at(depth);
        (registers(&re[from..]), registers(&im[from..depth]))
    }
}

/// The same, to be written.
#[inline(always)]
pub(super) fn planes_mut<const PARTS: usize, R, const W: usize>(
    column: &mut [Lane<R>],
    depth: usize,
    from: usize,
) -> PlanesMut<'_, R, W> {
    if PARTS == 1 {
        (registers_mut(&mut column[from..depth]), &mut [])
    } else {
        let (re, im) = column.split_at_mut(depth);
        (registers_mut(&mut re[from..]), registers_mut(&mut im[from..depth]))
    }
}

/// Real and imaginary plane, to be written.
pub(super) type PlanesMut<'a, R, const W: usize> = (&'a mut [[R; W]], &'a mut [[R; W]]);

#[inline(always)]
pub(super) fn zero_entry<R: Real>() -> Complex<R> {
    Complex { re: R::zero(), im: R::zero() }
}

/// Σ |xᵢ|², which may overflow or underflow.
#[inline(always)]
pub(crate) fn sum_squares<A: Arith, R: Real>(x: &[Lane<R>]) -> R {
    let zero = [R::zero(); LANES];
    let (pairs, rest) = x.as_chunks::<2>();
    let (mut even, mut odd) = (zero, zero);
    for &[x, y] in pairs {
        even = add_product::<A, R, _>(even, x, x);
        odd = add_product::<A, R, _>(odd, y, y);
    }
    for &x in rest {
        even = add_product::<A, R, _>(even, x, x);
    }
    let mut sum = even;
    for l in 0..LANES {
        sum[l] += odd[l];
    }
    total(sum)
}

/// x ← a x.
#[inline(always)]
pub(crate) fn scale<A: Arith, R: Real, const PARTS: usize>(
    x: &mut [Lane<R>],
    depth: usize,
    from: usize,
    a: Complex<R>,
) {
    let (re, im) = planes_mut::<PARTS, R, LANES>(x, depth, from);
    if PARTS == 1 {
        for x in re {
            lane_by_lane();
            *x = scaled(*x, a.re);
        }
    } else {
        for (re, im) in re.iter_mut().zip(im) {
            lane_by_lane();
            let (x, y) = (*re, *im);
            *re = add_scaled::<A, R, _>(scaled(x, a.re), y, -a.im);
            *im = add_scaled::<A, R, _>(scaled(y, a.re), x, a.im);
        }
    }
}

/// y ← y + a x.
#[inline(always)]
pub(crate) fn axpy<A: Arith, R: Real, const PARTS: usize>(
    y: &mut [Lane<R>],
    a: Complex<R>,
    x: &[Lane<R>],
    depth: usize,
    from: usize,
) {
    let (x_re, x_im) = planes::<PARTS, R, LANES>(x, depth, from);
    let (y_re, y_im) = planes_mut::<PARTS, R, LANES>(y, depth, from);
    for i in 0..x_re.len().min(y_re.len()) {
        lane_by_lane();
        let im = if PARTS == 1 { x_re[i] } else { x_im[i] };
        let mut re = add_scaled::<A, R, _>(y_re[i], x_re[i], a.re);
        if PARTS == 2 {
            re = add_scaled::<A, R, _>(re, im, -a.im);
            y_im[i] = add_scaled::<A, R, _>(add_scaled::<A, R, _>(y_im[i], im, a.re), x_re[i], a.im);
        }
        y_re[i] = re;
    }
}

/// y ← y + x.
#[inline(always)]
pub(crate) fn add<R: Real, const PARTS: usize>(y: &mut [Lane<R>], x: &[Lane<R>], depth: usize, from: usize) {
    let (x_re, x_im) = planes::<PARTS, R, LANES>(x, depth, from);
    let (y_re, y_im) = planes_mut::<PARTS, R, LANES>(y, depth, from);
    for (y, x) in [(y_re, x_re), (y_im, x_im)] {
        y.as_flattened_mut().iter_mut().zip(x.as_flattened()).for_each(|(y, x)| *y += *x);
    }
}

/// One step of the reduction over the trailing columns, each read and written once: with the vectors of [`Step`],
///
///   a ← a + conj(x) w,   a ← a + (q vᴴa) v,   x ← conj(a_row),   z ← z + x a.
///
/// w finishes the previous right reflector, q v vᴴ is the current left one, and z collects the product of the
/// updated matrix with its own first row, from which the next right reflector is built.
#[inline(always)]
pub(crate) fn reduction_pass<A: Arith, R: Real, const PARTS: usize>(
    columns: &mut [Lane<R>],
    x: &mut RowPart<'_, R>,
    first: usize,
    step: &mut Step<'_, R>,
) {
    macro_rules! pass {
        ($next:tt, $width:ident) => {
            in_groups!($next, columns, step.depth, step.row / LANES, |index, group, $width| {
                pass_group::<A, R, $width, PARTS, _>(group, x, first + index, step);
            })
        };
    }
    by_registers!(true, |W| if const { PARTS == 2 && W < LANES } {
        pass!([next, next], W);
    } else {
        pass!([next, next, next, next], W);
    });
}

/// The vectors of one step of the reduction.
pub(crate) struct Step<'a, R> {
    pub(crate) w: &'a [Lane<R>],
    pub(crate) v: &'a [Lane<R>],
    pub(crate) z: &'a mut [Lane<R>],
    pub(crate) q: Complex<R>,
    /// Lanes in a plane of a column.
    pub(crate) depth: usize,
    /// The row of the diagonal entry.
    pub(crate) row: usize,
}

#[inline(always)]
fn pass_group<A: Arith, R: Real, const W: usize, const PARTS: usize, const COUNT: usize>(
    mut group: [PlanesMut<'_, R, W>; COUNT],
    x: &mut RowPart<'_, R>,
    first: usize,
    step: &mut Step<'_, R>,
) {
    let zero = [R::zero(); W];
    let (depth, from, lane) = (step.depth, step.row / LANES, step.row % LANES);
    let (w_re, w_im) = planes::<PARTS, R, W>(step.w, depth, from);
    let (v_re, v_im) = planes::<PARTS, R, W>(step.v, depth, from);
    let (z_re, z_im) = planes_mut::<PARTS, R, W>(step.z, depth, from);
    let count = (depth - from) * (LANES / W);

    let mut dot_re = [zero; COUNT];
    let mut dot_im = [zero; COUNT];
    let p: [Complex<R>; COUNT] = each(zero_entry(), |c| x.get(first + c));
    for i in 0..count {
        lane_by_lane();
        let (wr, vr) = (w_re[i], v_re[i]);
        for c in 0..COUNT {
            let (a_re, a_im) = &mut group[c];
            let mut re = add_scaled::<A, R, _>(a_re[i], wr, p[c].re);
            if PARTS == 2 {
                let (wi, vi) = (w_im[i], v_im[i]);
                re = add_scaled::<A, R, _>(re, wi, p[c].im);
                let im = add_scaled::<A, R, _>(add_scaled::<A, R, _>(a_im[i], wi, p[c].re), wr, -p[c].im);
                dot_re[c] = add_product::<A, R, _>(dot_re[c], vi, im);
                dot_im[c] = sub_product::<A, R, _>(add_product::<A, R, _>(dot_im[c], vr, im), vi, re);
                a_im[i] = im;
            }
            dot_re[c] = add_product::<A, R, _>(dot_re[c], vr, re);
            a_re[i] = re;
        }
    }
    if W < LANES {
        // What adds up half a lane is not to decide how the loop above holds it.
        (dot_re, dot_im) = core::hint::black_box((dot_re, dot_im));
    }
    let mut t = [zero_entry(); COUNT];
    let mut row = t;
    for c in 0..COUNT {
        let dot = Complex { re: total(dot_re[c]), im: if PARTS == 2 { total(dot_im[c]) } else { R::zero() } };
        t[c] = multiply::<R, PARTS>(step.q, dot);
        // v is 1 in this row.
        row[c].re = group[c].0[lane / W][lane % W] + t[c].re;
        if PARTS == 2 {
            row[c].im = -(group[c].1[lane / W][lane % W] + t[c].im);
        }
        x.set(first + c, row[c]);
    }
    for i in 0..count {
        lane_by_lane();
        let vr = v_re[i];
        let (mut zr, mut zi) = (z_re[i], zero);
        if PARTS == 2 {
            zi = z_im[i];
        }
        for c in 0..COUNT {
            let (a_re, a_im) = &mut group[c];
            let mut re = add_scaled::<A, R, _>(a_re[i], vr, t[c].re);
            if PARTS == 2 {
                let vi = v_im[i];
                re = add_scaled::<A, R, _>(re, vi, -t[c].im);
                let im = add_scaled::<A, R, _>(add_scaled::<A, R, _>(a_im[i], vi, t[c].re), vr, t[c].im);
                zr = add_scaled::<A, R, _>(zr, im, -row[c].im);
                zi = add_scaled::<A, R, _>(add_scaled::<A, R, _>(zi, im, row[c].re), re, row[c].im);
                a_im[i] = im;
            }
            zr = add_scaled::<A, R, _>(zr, re, row[c].re);
            a_re[i] = re;
        }
        z_re[i] = zr;
        if PARTS == 2 {
            z_im[i] = zi;
        }
    }
}

/// The product of two coefficients.
#[inline(always)]
pub(crate) fn multiply<R: Real, const PARTS: usize>(a: Complex<R>, b: Complex<R>) -> Complex<R> {
    if PARTS == 1 { Complex { re: a.re * b.re, im: R::zero() } } else { a * b }
}
