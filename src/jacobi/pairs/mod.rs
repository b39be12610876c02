//! One matrix of middle order: the pairs of a round side by side, one a lane.
//!
//! The n columns stand in a row of places and neighbours meet: (0, 1), (2, 3), … in an even round, (1, 2), (3, 4), … in an odd one. Two that have met
//! change places, so that after n rounds each has met each (the odd-even ordering of Luk & Park 1989). The rotation does that by
//! itself, x ← z x + c y and y ← c x − z̄ y; who meets nobody is kept by c = 0, z = 1.
//!
//! Lane l holds places 2 l and 2 l + 1. In an odd round place 2 l + 1 meets 2 l + 2: the even places move by one lane.

mod place;

use super::rotation::{Rotation, rotate};
use crate::kernel::vector::{Lane, Number, any, entry_by_entry, mul, mul_add, mul_sub, splat};
use crate::kernel::{Arith, LANES, Level, Task, each};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::scale::{reliable, to_unit};
use place::Place;
pub(crate) use place::{Given, Turned};

/// Sweeps allowed; 5 to 7 are needed. What takes more goes another way.
const SWEEPS: usize = 20;

/// Whether matrices of n columns go this way, with vectors, on a machine with these instructions.
pub(crate) fn serves<S: Scalar>(n: usize, level: Level) -> bool {
    let most = most((level.register_bytes(), level.bytes_at_once()), (size_of::<S::Real>(), S::PARTS));
    LANES > 1 && n <= most && level.has_vectors::<S::Real>()
}

/// Most columns, where registers have so many bytes and an instruction computes with so many at once, of numbers with so many bytes to a real and reals: up to
/// where it is faster (`docs/measurements.md`).
const fn most(registers: (usize, usize), (bytes, parts): (usize, usize)) -> usize {
    let single = bytes == size_of::<f32>();
    match (registers, single, parts) {
        ((64, 64), true, 1) => 32,
        ((64, 64), false, 2) => 14,
        ((64, 64), ..) | ((64, _), _, 1) | (_, true, 1) => 16,
        ((64, _), true, _) => 12,
        (_, true, _) => 10,
        (_, false, _) => 8,
    }
}

/// Entries of storage for an m×n matrix of such numbers; 0 where no machine sends it this way.
pub(crate) const fn room((m, n): (usize, usize), number: (usize, usize)) -> usize {
    if LANES == 1 || n > most((64, 64), number) { 0 } else { 2 * (m + n) * lanes(n) }
}

/// Pairs side by side.
const fn lanes(n: usize) -> usize {
    match n {
        ..=8 => 4,
        9..=16 => 8,
        _ => 16,
    }
}

/// U, s and V of an m×n matrix, m ≥ n, of which `largest` is the largest modulus of a part of an entry. False, and nothing written, if it is for somebody else: where a
/// column of U is zero or negligible, the sweeps do not suffice, s₁ is beyond the range, or the storage is too short.
pub(crate) fn decompose<S: Scalar>(
    ((m, n), largest): ((usize, usize), S::Real),
    place: &mut impl Place<S>,
    (storage, level): (&mut [S::Real], Level),
) -> bool {
    match lanes(n) {
        4 => by_lanes::<S, 4>(((m, n), largest), place, (storage, level)),
        8 => by_lanes::<S, 8>(((m, n), largest), place, (storage, level)),
        // More than one register of longer numbers.
        _ if const { size_of::<S::Real>() > size_of::<f32>() } => false,
        _ => by_lanes::<S, 16>(((m, n), largest), place, (storage, level)),
    }
}

fn by_lanes<S: Scalar, const W: usize>(
    ((m, n), largest): ((usize, usize), S::Real),
    place: &mut impl Place<S>,
    (storage, level): (&mut [S::Real], Level),
) -> bool {
    let of_v = if place.vectors() { n } else { 0 };
    let Some(rows) = storage.as_chunks_mut().0.as_chunks_mut().0.get_mut(..(m + of_v) * S::PARTS) else { return false };
    let (shift, factors) = to_unit(m, largest);
    let mut columns = Columns { rows, m, n, norms: [splat(S::Real::zero()); 2], waiting: None };
    columns.load(place, factors);
    let mut settled = false;
    level.run(Orthogonalize::<'_, '_, S, W> { columns: &mut columns, settled: &mut settled });
    settled && columns.write(-shift, place)
}

/// The columns of W = A V on their way to U, and those of V.
struct Columns<'a, S: Scalar, const W: usize> {
    /// Row by row, first of W, then of V where it is wanted, each part of an entry by itself: its even places and its odd ones.
    rows: &'a mut [[Lane<S::Real, W>; 2]],
    m: usize,
    n: usize,
    /// ‖x‖² of the columns of W.
    norms: [Lane<S::Real, W>; 2],
    /// What V waits for: its columns are turned while the roots of the next round are on their way.
    waiting: Option<Rotation<S::Real, W>>,
}

/// Turns until all columns are orthogonal.
struct Orthogonalize<'t, 'a, S: Scalar, const W: usize> {
    columns: &'t mut Columns<'a, S, W>,
    settled: &'t mut bool,
}

impl<S: Scalar, const W: usize> Task for Orthogonalize<'_, '_, S, W> {
    type Real = S::Real;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let columns = self.columns;
        let meet = [columns.n / 2, (columns.n - 1) / 2].map(first_lanes);
        for _ in 0..SWEEPS {
            if !columns.sweep::<A>(&meet) {
                columns.turn_v::<A, 1>();
                columns.measure::<A>();
                *self.settled = true;
                break;
            }
        }
    }
}

/// One in the first lanes, zero in the others.
fn first_lanes<R: Real, const W: usize>(count: usize) -> Lane<R, W> {
    // Not known to the compiler to come of a comparison, which it would branch on.
    core::hint::black_box(each(R::zero(), |l| if l < count { R::one() } else { R::zero() }))
}

impl<S: Scalar, const W: usize> Columns<'_, S, W> {
    /// Copies A times both factors, and sets V to the identity.
    fn load(&mut self, a: &impl Place<S>, [first, second]: [S::Real; 2]) {
        self.rows.fill([splat(S::Real::zero()); 2]);
        let (of_w, of_v) = self.rows.split_at_mut(self.m * S::PARTS);
        for (i, row) in of_w.chunks_exact_mut(S::PARTS).enumerate() {
            for j in 0..self.n {
                let x = a.entry(i, j).scale(first).scale(second);
                for (to, x) in row.iter_mut().zip([x.re(), x.im()]) {
                    to[j % 2][j / 2] = x;
                }
            }
        }
        for (j, row) in of_v.iter_mut().step_by(S::PARTS).enumerate() {
            row[j % 2][j / 2] = S::Real::one();
        }
    }

    /// Columns by descending norm.
    fn order(&self) -> [[usize; W]; 2] {
        let mut places = [[0; W]; 2];
        let order = &mut places.as_flattened_mut()[..self.n];
        for end in 0..self.n {
            order[end] = end;
            let mut j = end;
            while j > 0 && self.square(order[j - 1]) < self.square(order[j]) {
                order.swap(j - 1, j);
                j -= 1;
            }
        }
        places
    }

    /// ‖x‖² of column j of W.
    fn square(&self, j: usize) -> S::Real {
        self.norms[j % 2][j / 2]
    }

    /// U, s and V, descending; s times 2ᵖ. False, and nothing written, where a column of U has no direction of its own or s₁ is beyond the range.
    fn write(&self, p: i32, place: &mut impl Place<S>) -> bool {
        let order = self.order();
        let order = &order.as_flattened()[..self.n];
        let norm = |j: usize| self.square(j).sqrt();
        // Rotations of columns that are shorter still were not accurate.
        let least = self.square(order[self.n - 1]);
        if !(least * S::Real::EPSILON > reliable::<S::Real>() && norm(order[0]).mul_pow2(p).is_finite()) {
            return false;
        }
        let (of_w, of_v) = self.rows.split_at(self.m * S::PARTS);
        for (k, &j) in order.iter().enumerate() {
            let (side, lane) = (j % 2, j / 2);
            let entry = |row: &[[Lane<S::Real, W>; 2]]| {
                let [re, im] = [0, S::PARTS - 1].map(|part| row[part][side][lane]);
                S::from_parts(re, im)
            };
            let norm = norm(j);
            let reciprocal = norm.recip();
            let u = of_w.chunks_exact(S::PARTS).map(|row| entry(row).scale(reciprocal));
            place.write(k, norm.mul_pow2(p), (u, of_v.chunks_exact(S::PARTS).map(entry)));
        }
        true
    }

    /// ‖x‖² of all columns.
    #[inline(always)]
    fn measure<A: Arith>(&mut self) {
        let mut sums = [splat(S::Real::zero()); 2];
        for [even, odd] in &self.rows[..self.m * S::PARTS] {
            entry_by_entry();
            sums = [mul_add::<A, _, W>(*even, *even, sums[0]), mul_add::<A, _, W>(*odd, *odd, sums[1])];
        }
        self.norms = sums;
    }

    /// Each pair meets once. Whether a rotation was not small.
    #[inline(always)]
    fn sweep<A: Arith>(&mut self, meet: &[Lane<S::Real, W>; 2]) -> bool {
        self.measure::<A>();
        let mut unsettled = splat(S::Real::zero());
        for _ in 0..self.n.div_ceil(2) {
            self.round::<A, 0, 1>(&meet[0], &mut unsettled);
            self.round::<A, 1, 0>(&meet[1], &mut unsettled);
        }
        any(&unsettled)
    }

    /// An even round (X = 0, and Y = 1) or an odd one (1, 0): side X of each lane meets side Y.
    #[inline(always)]
    fn round<A: Arith, const X: usize, const Y: usize>(
        &mut self,
        meet: &Lane<S::Real, W>,
        unsettled: &mut Lane<S::Real, W>,
    ) {
        let (zero, meet) = (S::Real::zero(), *meet);
        let (mut a, mut b) = (self.norms[X], self.norms[Y]);
        let g = dot::<A, S, W, X>(&self.rows[..self.m * S::PARTS]);
        let rotation = angle::<A, S, W>((&g, self.m), (&mut a, &mut b), (&meet, unsettled));
        self.norms[X] = each(zero, |l| if meet[l] > zero { b[l] } else { a[l] });
        self.norms[Y] = each(zero, |l| if meet[l] > zero { a[l] } else { b[l] });
        self.norms[0] = moved::<_, W, X>(self.norms[0]);
        self.turn_v::<A, Y>();
        turn::<A, S, W, X>(&mut self.rows[..self.m * S::PARTS], &rotation);
        self.waiting = Some(rotation);
    }

    /// What V waits for, after a round of side X.
    #[inline(always)]
    fn turn_v<A: Arith, const X: usize>(&mut self) {
        if let Some(rotation) = self.waiting.take() {
            turn::<A, S, W, X>(&mut self.rows[self.m * S::PARTS..], &rotation);
        }
    }
}

/// The rotations that make the pairs orthogonal and exchange them; a = ‖x‖² and b = ‖y‖² become those of the columns that x and y become.
#[inline(always)]
fn angle<A: Arith, S: Scalar, const W: usize>(
    (g, m): (&Number<S::Real, W>, usize),
    (a, b): (&mut Lane<S::Real, W>, &mut Lane<S::Real, W>),
    (meet, unsettled): (&Lane<S::Real, W>, &mut Lane<S::Real, W>),
) -> Rotation<S::Real, W> {
    let (zero, m) = (S::Real::zero(), S::Real::from_f64(m as f64));
    let overlap = g.modulus_squared::<A, S>();
    let limit = S::Real::EPSILON * S::Real::EPSILON * m;
    let least: Lane<_, W> = each(zero, |l| limit * (a[l] * b[l]));
    let busy = each(zero, |l| if overlap[l] > least[l] { meet[l] } else { zero });
    let Rotation { c, z } = rotate::<A, S, W>((a, b), (g, &overlap), (&busy, unsettled), m);
    // Nobody to meet: c = 1 and z = 0 become 0 and 1.
    let alone: Lane<_, W> = each(zero, |l| S::Real::one() - meet[l]);
    Rotation { c: each(zero, |l| c[l] - alone[l]), z: Number { re: each(zero, |l| z.re[l] + alone[l]), im: z.im } }
}

/// xᴴy of the pairs, in two sums, since each product waits for the one before.
#[inline(always)]
fn dot<A: Arith, S: Scalar, const W: usize, const X: usize>(rows: &[[Lane<S::Real, W>; 2]]) -> Number<S::Real, W> {
    let mut sums = [Number::<S::Real, W>::zero(); 2];
    let mut rows = rows.chunks_exact(2 * S::PARTS);
    for two in &mut rows {
        entry_by_entry();
        let (one, other) = two.split_at(S::PARTS);
        add_product::<A, S, W, X>(&mut sums[0], one);
        add_product::<A, S, W, X>(&mut sums[1], other);
    }
    if !rows.remainder().is_empty() {
        add_product::<A, S, W, X>(&mut sums[0], rows.remainder());
    }
    sums[0].plus::<S>(sums[1])
}

/// sum + x̄ y of one row.
#[inline(always)]
fn add_product<A: Arith, S: Scalar, const W: usize, const X: usize>(
    sum: &mut Number<S::Real, W>,
    row: &[[Lane<S::Real, W>; 2]],
) {
    let (x, y) = (row[0][X], row[0][1 - X]);
    sum.re = mul_add::<A, _, W>(x, y, sum.re);
    if S::PARTS == 2 {
        let (x_im, y_im) = (row[1][X], row[1][1 - X]);
        sum.im = mul_add::<A, _, W>(x, y_im, sum.im);
        sum.re = mul_add::<A, _, W>(x_im, y_im, sum.re);
        sum.im = mul_sub::<A, _, W>(x_im, y, sum.im);
    }
}

/// x ← z x + c y, y ← c x − z̄ y, and the even places move.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const W: usize, const X: usize>(
    rows: &mut [[Lane<S::Real, W>; 2]],
    rotation: &Rotation<S::Real, W>,
) {
    let rotation = *rotation;
    for row in rows.chunks_exact_mut(S::PARTS) {
        entry_by_entry();
        turn_row::<A, S, W, X>(row, &rotation);
    }
}

#[inline(always)]
fn turn_row<A: Arith, S: Scalar, const W: usize, const X: usize>(
    row: &mut [[Lane<S::Real, W>; 2]],
    rotation: &Rotation<S::Real, W>,
) {
    let (c, z) = (rotation.c, rotation.z);
    let (x, y) = (row[0][X], row[0][1 - X]);
    let mut re = [mul_add::<A, _, W>(z.re, x, mul(c, y)), mul_sub::<A, _, W>(z.re, y, mul(c, x))];
    if S::PARTS == 2 {
        let (x_im, y_im) = (row[1][X], row[1][1 - X]);
        re = [mul_sub::<A, _, W>(z.im, x_im, re[0]), mul_sub::<A, _, W>(z.im, y_im, re[1])];
        let im = [mul_add::<A, _, W>(z.re, x_im, mul(c, y_im)), mul_sub::<A, _, W>(z.re, y_im, mul(c, x_im))];
        let im = [mul_add::<A, _, W>(z.im, x, im[0]), mul_add::<A, _, W>(z.im, y, im[1])];
        row[1] = [moved::<_, W, X>(im[X]), im[1 - X]];
    }
    row[0] = [moved::<_, W, X>(re[X]), re[1 - X]];
}

/// The even places after an even round (X = 0) move to the lane before, the first one to the last; after an odd round, back.
#[inline(always)]
fn moved<R: Real, const W: usize, const X: usize>(x: Lane<R, W>) -> Lane<R, W> {
    each(R::zero(), |l| x[(l + if X == 0 { 1 } else { W - 1 }) % W])
}

#[cfg(test)]
mod tests;
