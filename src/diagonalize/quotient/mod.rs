//! The singular values alone, from the squares q of the diagonal and e of the superdiagonal of B: all at the same time, one to a lane (`laguerre`),
//! and where that does not find them one after another, by transforms (`solver`).

mod laguerre;
mod places;
mod polynomial;
mod segment;
mod shift;
mod solver;
#[cfg(test)]
mod tests;
mod transform;

use crate::kernel::team::Workers;
use crate::kernel::{Arith, Task};
use crate::rotation::tiny;
use crate::scalar::Real;
use solver::Solver;
use transform::Quotients;

/// Orders below which the QR iteration is as fast.
const SMALLEST: usize = 3;

/// What the values have cost.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "the tests count"))]
pub(super) enum Work {
    /// So many evaluations of the polynomial, each at as many places as there are values.
    Evaluations(usize),
    Transforms(usize),
}

/// Overwrites `d` by the singular values of the bidiagonal matrix with diagonal `d` and superdiagonal `e` (of the same length, its last entry
/// unused), descending, with the relative accuracy of [`qr_iteration`](super::qr_iteration). With some 7 n numbers of `memory` it is
/// faster.
///
/// `None`, and nothing changed but the scratch, if squares of these entries leave the range, an entry of the diagonal is zero, the budget
/// is used up, or there is nothing to do but to sort: all that is for the QR iteration.
pub(super) fn singular_values<R: Real>(
    d: &mut [R],
    e: &[R],
    scratch: &mut [&mut [R]; 4],
    memory: &mut [R],
    workers: Workers<'_>,
) -> Option<Work> {
    let n = d.len();
    if n < SMALLEST {
        return None;
    }
    let off = &e[..n - 1];
    let size = |list: &[R]| list.iter().fold(R::zero(), |max, x| max.larger(x.abs()));
    let (beside, along) = (size(off), size(d));
    if beside == R::zero() {
        return None;
    }
    let p = beside.larger(along).exponent();
    let [q0, q1, e0, e1] = scratch.each_mut().map(|array| &mut array[..n]);
    let (q, e) = ([q0, q1], [e0, e1]);
    let least = tiny::<R>();
    let square = |x: R| {
        let x = x.mul_pow2(-p);
        x * x
    };
    let mut in_range = true;
    for (q, d) in q[0].iter_mut().zip(&*d) {
        *q = square(*d);
        in_range &= *q >= least;
    }
    for (to, from) in e[0].iter_mut().zip(off) {
        *to = square(*from);
        in_range &= *to >= least || *from == R::zero();
    }
    if !in_range {
        return None;
    }
    e[0][n - 1] = R::zero();
    // ‖B‖² and rounding.
    let norm = (beside + along).mul_pow2(-p);
    let largest = norm * norm * (R::one() + R::from_f64(8.0) * R::EPSILON);
    let level = workers.1;
    let memory = if level.has_vectors::<R>() { memory } else { &mut [] };
    let (mut squares, mut work) = (Squares { q, e }, None);
    level.run(Solve { workers, squares: &mut squares, largest, memory, work: &mut work });
    let work = work?;
    for (d, q) in d.iter_mut().zip(&*squares.q[0]) {
        *d = q.sqrt().mul_pow2(p);
    }
    sort(d);
    Some(work)
}

/// Descending order by insertion: they come nearly in order.
fn sort<R: Real>(d: &mut [R]) {
    for i in 1..d.len() {
        let x = d[i];
        let mut j = i;
        while j > 0 && d[j - 1] < x {
            d[j] = d[j - 1];
            j -= 1;
        }
        d[j] = x;
    }
}

/// The squares of the diagonal and of the superdiagonal, and as many numbers beside them.
struct Squares<'a, R> {
    q: [&'a mut [R]; 2],
    e: [&'a mut [R]; 2],
}

/// Overwrites `q[0]` by the squares of the singular values, with the instructions of a level.
struct Solve<'s, 'a, R> {
    workers: Workers<'s>,
    squares: &'s mut Squares<'a, R>,
    /// None of them is larger.
    largest: R,
    memory: &'s mut [R],
    work: &'s mut Option<Work>,
}

impl<R: Real> Task for Solve<'_, '_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let Squares { q: [q0, q1], e: [e0, e1] } = self.squares;
        *self.work = laguerre::eigenvalues::<A, R>(
            self.workers,
            (Quotients { q: q0, e: e0 }, self.largest),
            self.memory,
            [q1, e1],
        )
        .map(|count| {
            // They come in ascending order.
            q0.iter_mut().zip(q1.iter().rev()).for_each(|(to, from)| *to = *from);
            Work::Evaluations(count)
        });
        if self.work.is_none() {
            e1.fill(R::zero());
            *self.work = Solver::new([q0, q1], [e0, e1]).solve::<A>().map(Work::Transforms);
        }
    }
}
