//! One-sided Jacobi on W matrices at once: the formulas of `src/jacobi`, lane by lane and without branches.
//!
//! A column of the tile is one of W = A V on its way to U, and below it, where vectors are wanted, its column of V. A lane whose
//! pair is orthogonal, or whose matrix has converged, is turned by the angle zero, which changes no bit of it but the sign of a zero; the outputs
//! have no negative zeros, so what becomes of one matrix does not depend on its neighbours.

use super::ahead::Ahead;
use super::tile::MOST;
use crate::jacobi::rotation::Rotation;
use crate::kernel::Arith;
use crate::kernel::vector::{Lane, Number, any, dot, entry_by_entry, map, mul, mul_add, mul_sub, splat, squares, zip};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::scale::reliable;

/// Sweeps allowed. About 5 are needed.
pub(super) const SWEEPS: usize = 40;

/// The columns of a tile.
pub(super) struct Columns<'w, R, const W: usize> {
    /// One after another.
    pub(super) data: &'w mut [Lane<R, W>],
    /// Lanes in a column, both parts of it.
    pub(super) len: usize,
    /// Lanes of it that belong to U.
    pub(super) left: usize,
    /// ‖x‖² of each column while they are turned, then ‖x‖.
    pub(super) norms: &'w mut [Lane<R, W>],
}

impl<R: Real, const W: usize> Columns<'_, R, W> {
    /// Turns pairs until all columns are orthogonal, or the sweeps are used up. One for each lane that has not converged. What is needed
    /// afterwards is asked for, a piece a round.
    #[inline(always)]
    pub(super) fn orthogonalize<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        ahead: &mut Option<Ahead<'_, R>>,
    ) -> Lane<R, W> {
        let mut active = splat(R::one());
        for _ in 0..SWEEPS {
            let unsettled = self.sweep::<A, S>(&active, ahead);
            active = mul(active, unsettled);
            if !any(&active) {
                break;
            }
        }
        active
    }

    /// Turns each pair once. One for each lane in which a rotation was not small.
    #[inline(always)]
    fn sweep<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        active: &Lane<R, W>,
        ahead: &mut Option<Ahead<'_, R>>,
    ) -> Lane<R, W> {
        let (len, left) = (self.len, self.left);
        for (square, column) in self.norms.iter_mut().zip(self.data.chunks_exact(len)) {
            *square = squares::<A, R, W>(&column[..left]);
        }
        let mut unsettled = splat(R::zero());
        let count = self.norms.len();
        // A tournament: in each round every column meets one other, so that the angles of a round do not wait for each other.
        let rounds = rounds(count);
        for round in 0..rounds {
            if let Some(ahead) = ahead {
                ahead.ask();
            }
            let mut rotations = [None; MOST / 2];
            for (place, rotation) in rotations.iter_mut().enumerate().take(count.div_ceil(2)) {
                let (i, j) = opponents(rounds, round, place);
                if j < count {
                    *rotation = self.angle::<A, S>((i, j), (active, &mut unsettled));
                }
            }
            for (place, rotation) in rotations.iter().enumerate() {
                let Some(rotation) = rotation else { continue };
                let (i, j) = opponents(rounds, round, place);
                let (x, y) = self.data.split_at_mut(j * len);
                turn::<A, S, W>(&mut x[i * len..(i + 1) * len], &mut y[..len], rotation);
            }
        }
        unsettled
    }

    /// The rotation of columns i < j, unless all lanes are at rest.
    #[inline(always)]
    fn angle<A: Arith, S: Scalar<Real = R>>(
        &mut self,
        (i, j): (usize, usize),
        (active, unsettled): (&Lane<R, W>, &mut Lane<R, W>),
    ) -> Option<Rotation<R, W>> {
        let (len, left) = (self.len, self.left);
        let g = dot::<A, S, W>(&self.data[i * len..i * len + left], &self.data[j * len..j * len + left]);
        let rows = R::from_f64((left / S::PARTS) as f64);
        let overlap = g.modulus_squared::<A, S>();
        let limit = R::EPSILON * R::EPSILON * rows;
        let (mut a, mut b) = (self.norms[i], self.norms[j]);
        let mut busy = *active;
        for l in 0..W {
            busy[l] = if overlap[l] > limit * (a[l] * b[l]) { active[l] } else { R::zero() };
        }
        if !any(&busy) {
            return None;
        }
        let rotation = rotate::<A, S, W>((&mut a, &mut b), (&g, &overlap), (&busy, unsettled), rows);
        (self.norms[i], self.norms[j]) = (a, b);
        Some(rotation)
    }
}

/// Rounds of a tournament of `count` columns.
pub(super) fn rounds(count: usize) -> usize {
    count.next_multiple_of(2).max(2) - 1
}

/// Who meets at one of the places in a round: the last player stays, the others move on round by round.
#[inline(always)]
fn opponents(rounds: usize, round: usize, place: usize) -> (usize, usize) {
    if place == 0 {
        return (round, rounds);
    }
    let wrap = |place: usize| if place < rounds { place } else { place - rounds };
    let (i, j) = (wrap(round + place), wrap(round + rounds - place));
    (i.min(j), i.max(j))
}

/// The rotation, and what it makes of the norms: the formulas of [`rotation::rotate`](crate::jacobi::rotation::rotate) in one loop, as tiles are more than one register wide;
/// a loop for each step took a fifth longer (`docs/measurements.md`).
#[inline(always)]
fn rotate<A: Arith, S: Scalar, const W: usize>(
    (a, b): (&mut Lane<S::Real, W>, &mut Lane<S::Real, W>),
    (g, overlap): (&Number<S::Real, W>, &Lane<S::Real, W>),
    (busy, unsettled): (&Lane<S::Real, W>, &mut Lane<S::Real, W>),
    rows: S::Real,
) -> Rotation<S::Real, W> {
    let (zero, one) = (S::Real::zero(), S::Real::one());
    let (two, half) = (one + one, S::Real::from_f64(0.5));
    let tight = rows * S::Real::from_f64(16.0);
    // Only the direction of (p, 2 g) counts: where both columns are negligible it is brought to where it can be squared.
    let (least, enlarged) = (reliable::<S::Real>(), one.mul_pow2(-S::Real::MIN_EXPONENT / 2));
    let (mut c, mut z, mut moved) = (*a, *g, *a);
    for l in 0..W {
        let d = b[l] - a[l];
        let p = d.abs() + A::mul_add(d, d, two * two * overlap[l]).sqrt();
        let sign = if d < zero { -two } else { two };
        let unit = if p * p > least { one } else { enlarged };
        let (q, re, im) = (p * unit, g.re[l] * (sign * unit), g.im[l] * (sign * unit));
        let squared = if S::PARTS == 2 { A::mul_add(im, im, re * re) } else { re * re };
        let h = one / A::mul_add(q, q, squared).sqrt();
        let (c_near, re, im) = (q * h, re * h, im * h);
        // c² + |z|² = 1 but for one rounding, by a Newton step for its reciprocal root: what it misses would add up in V.
        let squared = if S::PARTS == 2 { A::mul_add(im, im, re * re) } else { re * re };
        let missing = ((one - c_near * c_near) - squared) * half;
        let turned = busy[l] > zero;
        c[l] = if turned { A::mul_add(c_near, missing, c_near) } else { one };
        z.re[l] = if turned { A::mul_add(re, missing, re) } else { zero };
        z.im[l] = if turned { A::mul_add(im, missing, im) } else { zero };
        let change = sign * overlap[l] / p;
        moved[l] = if turned { change } else { zero };
        // Each cosine between columns was at most 2δ and is changed by at most 2δ² a rotation, δ² = |z/c|² max(a, b)/min(a, b).
        let (larger, smaller) = (a[l].larger(b[l]), a[l].smaller(b[l]));
        let large = if squared * larger * tight <= S::Real::EPSILON * smaller { zero } else { busy[l] };
        unsettled[l] = unsettled[l].larger(large);
    }
    *a = zip(*a, moved, |a, moved| (a - moved).larger(zero));
    *b = zip(*b, moved, |b, moved| (b + moved).larger(zero));
    Rotation { c, z }
}

/// x ← c x − z̄ y, y ← c y + z x.
#[inline(always)]
fn turn<A: Arith, S: Scalar, const W: usize>(
    x: &mut [Lane<S::Real, W>],
    y: &mut [Lane<S::Real, W>],
    rotation: &Rotation<S::Real, W>,
) {
    let (c, z) = (rotation.c, rotation.z);
    if S::PARTS == 1 {
        for (x, y) in x.iter_mut().zip(y) {
            entry_by_entry();
            let (old_x, old_y) = (*x, *y);
            *x = mul_sub::<A, _, W>(z.re, old_y, mul(c, old_x));
            *y = mul_add::<A, _, W>(z.re, old_x, mul(c, old_y));
        }
        return;
    }
    for ([x_re, x_im], [y_re, y_im]) in x.as_chunks_mut().0.iter_mut().zip(y.as_chunks_mut().0) {
        entry_by_entry();
        let (a, b, p, q) = (*x_re, *x_im, *y_re, *y_im);
        *x_re = mul_sub::<A, _, W>(z.im, q, mul_sub::<A, _, W>(z.re, p, mul(c, a)));
        *x_im = mul_add::<A, _, W>(z.im, p, mul_sub::<A, _, W>(z.re, q, mul(c, b)));
        *y_re = mul_sub::<A, _, W>(z.im, b, mul_add::<A, _, W>(z.re, a, mul(c, p)));
        *y_im = mul_add::<A, _, W>(z.im, a, mul_add::<A, _, W>(z.re, b, mul(c, q)));
    }
}

impl<R: Real, const W: usize> Columns<'_, R, W> {
    /// Puts the columns into descending order of their norms, by a network of exchanges of neighbours.
    #[inline(always)]
    pub(super) fn sort(&mut self) {
        let count = self.norms.len();
        for round in 0..count {
            for j in (round % 2..count).step_by(2) {
                self.exchange(j);
            }
        }
    }

    /// Columns j and j + 1, where there are two, in the lanes where the second is longer.
    #[inline(always)]
    fn exchange(&mut self, j: usize) {
        let zero = R::zero();
        let ([.., a], [b, ..]) = self.norms.split_at_mut(j + 1) else { return };
        let swap = zip(*a, *b, |a, b| if a < b { R::one() } else { zero });
        if !any(&swap) {
            return;
        }
        exchange(a, b, &swap);
        let (left, right) = self.data.split_at_mut((j + 1) * self.len);
        for (x, y) in left[j * self.len..].iter_mut().zip(right) {
            exchange(x, y, &swap);
        }
    }
}

/// x and y change places in the lanes that are not zero in `swap`.
#[inline(always)]
fn exchange<R: Real, const W: usize>(x: &mut Lane<R, W>, y: &mut Lane<R, W>, swap: &Lane<R, W>) {
    entry_by_entry();
    let (old_x, old_y) = (*x, *y);
    for l in 0..W {
        x[l] = if swap[l] > R::zero() { old_y[l] } else { old_x[l] };
        y[l] = if swap[l] > R::zero() { old_x[l] } else { old_y[l] };
    }
}

/// 1/x, lane by lane.
#[inline(always)]
pub(super) fn reciprocals<R: Real, const W: usize>(x: Lane<R, W>) -> Lane<R, W> {
    map(x, |x| R::one() / x)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::kernel::{Level, Task};
    use crate::noise::Noise;

    struct Sweep<'c>(Columns<'c, f64, 8>);

    impl Task for Sweep<'_> {
        type Real = f64;
        fn run<A: Arith>(mut self) {
            self.0.sweep::<A, f64>(&splat(1.0), &mut None);
        }
    }

    /// Two columns are orthogonal after one rotation, and what is kept of them are the squares of their norms.
    #[test]
    fn one_rotation_does_for_two_columns() {
        for level in Level::all() {
            let mut noise = Noise(3);
            let mut data: [Lane<f64, 8>; 6] = core::array::from_fn(|_| core::array::from_fn(|_| noise.signed()));
            let mut norms = [splat(0.0); 2];
            level.run(Sweep(Columns { data: &mut data, len: 3, left: 3, norms: &mut norms }));
            let (x, y) = data.split_at(3);
            let dot = |x: &[Lane<f64, 8>], y: &[Lane<f64, 8>], l: usize| (0..3).map(|i| x[i][l] * y[i][l]).sum::<f64>();
            for (l, (of_x, of_y)) in norms[0].into_iter().zip(norms[1]).enumerate() {
                let (a, b) = (dot(x, x, l), dot(y, y, l));
                assert!(dot(x, y, l).abs() <= 4.0 * f64::EPSILON * (a * b).sqrt(), "{level:?}");
                assert!((of_x - a).abs() <= 8.0 * f64::EPSILON * (a + b), "{level:?}");
                assert!((of_y - b).abs() <= 8.0 * f64::EPSILON * (a + b), "{level:?}");
            }
        }
    }
}
