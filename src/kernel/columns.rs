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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::kernel::{Level, Task, get, set};
    use crate::noise::Noise;
    use core::marker::PhantomData;
    use std::vec::Vec;

    /// Lanes in a plane, those before the first that counts among them.
    const DEPTH: usize = 5;

    /// Lanes of numbers between −1 and 1, other ones for each seed.
    pub(in super::super) fn noise<R: Real>(lanes: usize, seed: u64) -> Vec<Lane<R>> {
        let mut noise = Noise(seed);
        (0..lanes).map(|_| core::array::from_fn(|_| noise.signed())).collect()
    }

    /// The same numbers without those above `row`, which is 1.
    pub(in super::super) fn vector<R: Real>(depth: usize, parts: usize, row: usize, seed: u64) -> Vec<Lane<R>> {
        let mut v = noise(depth * parts, seed);
        (row / LANES * LANES..row).for_each(|i| set(&mut v, i, depth, zero_entry()));
        set(&mut v, row, depth, Complex { re: R::one(), im: R::zero() });
        v
    }

    /// A complex number, or its real part.
    pub(in super::super) fn number<R: Real, const PARTS: usize>(re: f64, im: f64) -> Complex<R> {
        Complex { re: R::from_f64(re), im: if PARTS == 2 { R::from_f64(im) } else { R::zero() } }
    }

    pub(in super::super) fn wide<R: Real>(x: Complex<R>) -> Complex<f64> {
        Complex::new(x.re.to_f64(), x.im.to_f64())
    }

    /// Entry `i` of a column.
    pub(in super::super) fn at<R: Real>(column: &[Lane<R>], i: usize, depth: usize) -> Complex<f64> {
        wide(get(column, i, depth))
    }

    /// vᴴa over the lanes from `from` on.
    pub(in super::super) fn overlap<R: Real>(
        v: &[Lane<R>],
        a: impl Fn(usize) -> Complex<f64>,
        (depth, from): (usize, usize),
    ) -> Complex<f64> {
        (from * LANES..depth * LANES).map(|i| at(v, i, depth).conj() * a(i)).sum()
    }

    pub(in super::super) fn close<R: Real>(x: Complex<R>, y: Complex<f64>) {
        let bound = R::EPSILON.to_f64() * 100.0 * (1.0 + y.norm());
        assert!((wide(x) - y).norm() <= bound, "{x:?} for {y}");
    }

    /// The rows of a column from lane `from` on have these values, and those before are as they were.
    pub(in super::super) fn holds<R: Real>(
        (after, before): (&[Lane<R>], &[Lane<R>]),
        (depth, from): (usize, usize),
        value: impl Fn(usize) -> Complex<f64>,
    ) {
        for i in 0..depth * LANES {
            let (after, before) = (get(after, i, depth), get(before, i, depth));
            if i < from * LANES { assert_eq!(after, before) } else { close(after, value(i)) }
        }
    }

    struct Vectors<R, const PARTS: usize>(PhantomData<R>);

    impl<R: Real, const PARTS: usize> Task for Vectors<R, PARTS> {
        type Real = R;

        fn run<A: Arith>(self) {
            let [x, y]: [Vec<Lane<R>>; 2] = [1, 2].map(|seed| noise(DEPTH * PARTS, seed));
            let (a, at) = (number::<R, PARTS>(0.6, -0.8), |x: &[Lane<R>], i| at(x, i, DEPTH));
            for from in [0, 2, DEPTH] {
                let [mut scaled, mut sum, mut plain] = [x.clone(), y.clone(), y.clone()];
                scale::<A, R, PARTS>(&mut scaled, DEPTH, from, a);
                axpy::<A, R, PARTS>(&mut sum, a, &x, DEPTH, from);
                add::<R, PARTS>(&mut plain, &x, DEPTH, from);
                holds((&scaled, &x), (DEPTH, from), |i| wide(a) * at(&x, i));
                holds((&sum, &y), (DEPTH, from), |i| at(&y, i) + wide(a) * at(&x, i));
                holds((&plain, &y), (DEPTH, from), |i| at(&y, i) + at(&x, i));
            }
            for len in 0..DEPTH {
                let squares = x[..len].as_flattened().iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>();
                close(Complex { re: sum_squares::<A, R>(&x[..len]), im: R::zero() }, squares.into());
            }
            let b = number::<R, PARTS>(0.3, 0.7);
            close(multiply::<R, PARTS>(a, b), wide(a) * wide(b));
        }
    }

    /// One step over seven columns, from number 2 on.
    struct Pass<R, const PARTS: usize>(PhantomData<R>);

    impl<R: Real, const PARTS: usize> Task for Pass<R, PARTS> {
        type Real = R;

        fn run<A: Arith>(self) {
            const FIRST: usize = 2;
            const COUNT: usize = 7;
            const WIDTH: usize = FIRST + COUNT + 1;
            let stride = DEPTH * PARTS;
            for row in 2 * LANES..3 * LANES {
                let (shape, q) = ((DEPTH, row / LANES), number::<R, PARTS>(0.3, -0.2));
                let [v, mut w] = [3, 4].map(|seed| vector::<R>(DEPTH, PARTS, row, seed));
                set(&mut w, row, DEPTH, number::<R, PARTS>(0.5, 0.1));
                let [z, x, a] =
                    [(stride, 5), (WIDTH * PARTS, 6), (stride * COUNT, 7)].map(|(lanes, seed)| noise::<R>(lanes, seed));
                let [mut z_after, mut x_after, mut a_after] = [z.clone(), x.clone(), a.clone()];
                let step = &mut Step { w: &w, v: &v, z: &mut z_after, q, depth: DEPTH, row };
                reduction_pass::<A, R, PARTS>(&mut a_after, &mut RowPart::whole(&mut x_after, WIDTH), FIRST, step);
                let mut sum: Vec<_> = (0..DEPTH * LANES).map(|i| at(&z, i, DEPTH)).collect();
                for (c, (a, a_after)) in a.chunks_exact(stride).zip(a_after.chunks_exact(stride)).enumerate() {
                    let p = at(&x, FIRST + c, WIDTH).conj();
                    let a_of = |i| at(a, i, DEPTH) + p * at(&w, i, DEPTH);
                    let t = wide(q) * overlap(&v, a_of, shape);
                    let a_of = |i| a_of(i) + t * at(&v, i, DEPTH);
                    holds((a_after, a), shape, a_of);
                    let entry = a_of(row).conj();
                    close(get(&x_after, FIRST + c, WIDTH), entry);
                    sum.iter_mut().enumerate().for_each(|(i, z)| *z += entry * a_of(i));
                }
                holds((&z_after, &z), shape, |i| sum[i]);
                let others = (0..FIRST).chain(FIRST + COUNT..WIDTH * LANES);
                others.for_each(|k| assert_eq!(get(&x_after, k, WIDTH), get(&x, k, WIDTH)));
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        fn check<R: Real, const PARTS: usize>() {
            for level in Level::all() {
                level.run(Vectors::<R, PARTS>(PhantomData));
                level.run(Pass::<R, PARTS>(PhantomData));
            }
        }
        check::<f64, 1>();
        check::<f64, 2>();
        check::<f32, 1>();
        check::<f32, 2>();
    }
}
