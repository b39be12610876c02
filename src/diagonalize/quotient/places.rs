//! What is done at every place by itself, so that several threads can each take some of the places: a step of the iteration, and the counts that
//! prove where it has led.

use super::super::index;
use super::polynomial::{self, Group};
use super::transform::Quotients;
use crate::kernel::team::Workers;
use crate::kernel::{Arith, Task, lane_by_lane};
use crate::scalar::Real;

/// Pieces that an evaluation is cut into where it is worth it.
pub(super) const PIECES: usize = 8;

/// Groups times rows of the matrix from which on it is: some 50 µs, of which each piece gets six.
const WORTH_SHARING: usize = 4096;

/// The entries, and the rows between two looks at the size of the numbers.
pub(super) type Array<'a, R> = (Quotients<'a, R>, usize);

/// How many of `groups` are in a piece.
pub(super) fn in_a_piece(groups: usize, rows: usize) -> usize {
    if groups * rows < WORTH_SHARING { groups } else { groups.div_ceil(PIECES) }
}

/// Does the pieces, of which there are no more than [`PIECES`].
#[inline(never)]
pub(super) fn share<T: Task + Send>((team, level): Workers<'_>, mut pieces: impl Iterator<Item = T>) {
    let mut tasks: [Option<T>; PIECES] = core::array::from_fn(|_| pieces.next());
    let count = tasks.iter().flatten().count();
    team.share(level, &mut tasks[..count]);
}

/// A step from each of the places.
pub(super) struct Steps<'a, R, const W: usize, const G: usize> {
    pub(super) array: Array<'a, R>,
    pub(super) largest: R,
    /// The number of the first place.
    pub(super) first: usize,
    pub(super) t: &'a [Group<R, W, G>],
    /// Where each place goes, and to which eigenvalue.
    pub(super) next: &'a mut [Group<R, W, G>],
    pub(super) target: &'a mut [Group<R, W, G>],
    pub(super) seen: &'a mut Seen,
}

/// What an evaluation has seen.
#[derive(Clone, Copy)]
pub(super) struct Seen {
    /// Places that go to the eigenvalue of their number.
    pub(super) own: usize,
    /// Whether no place goes far.
    pub(super) near: bool,
}

impl Seen {
    pub(super) const NOTHING: Self = Seen { own: 0, near: true };

    pub(super) fn and(self, other: Self) -> Self {
        Seen { own: self.own + other.own, near: self.near && other.near }
    }
}

impl<R: Real, const W: usize, const G: usize> Task for Steps<'_, R, W, G> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let count = self.array.0.q.len();
        let n = R::from_usize(count);
        let (last, twice) = (n - R::one(), n + n);
        let (mut own, mut longest) = ([[R::zero(); W]; G], [[R::zero(); W]; G]);
        let places = self.t.iter().zip(self.next).zip(self.target);
        for (j, ((t, next), target)) in places.enumerate() {
            let p = polynomial::at::<A, R, W, G, true>(self.array, t);
            for g in 0..G {
                lane_by_lane();
                let (value, first, second) = (p.value[g], p.first[g], p.second[g]);
                let mut root = value;
                for l in 0..W {
                    root[l] = last * (last * first[l] * first[l] - twice * value[l] * second[l]);
                }
                for x in &mut root {
                    *x = x.larger(R::zero());
                }
                for x in &mut root {
                    *x = x.sqrt();
                }
                let mut way = value;
                for l in 0..W {
                    // The nearest root is on the side that makes the denominator large.
                    way[l] = -(n * value[l]) / (first[l] + if first[l] < R::zero() { -root[l] } else { root[l] });
                }
                let before = self.first + (j * G + g) * W;
                for l in 0..W {
                    next[g][l] = t[g][l] + t[g][l] * way[l];
                }
                for l in 0..W {
                    // Also at a root, whose sign counts as positive.
                    let down = (first[l] < R::zero()) == (value[l] < R::zero());
                    target[g][l] = p.below[g][l] - if down { R::one() } else { R::zero() };
                    longest[g][l] = longest[g][l].larger(if before + l < count { way[l].abs() } else { R::zero() });
                    #[expect(clippy::needless_bitwise_bool, reason = "lanes without branches")]
                    let here = (target[g][l] == R::from_usize(before + l))
                        & (next[g][l] > R::zero())
                        & (next[g][l] <= self.largest);
                    own[g][l] += if here { R::one() } else { R::zero() };
                }
            }
        }
        let near = R::one().mul_pow2(R::EPSILON.exponent() / 3);
        let longest = longest.as_flattened().iter().fold(R::zero(), |max, x| max.larger(*x));
        *self.seen = Seen { own: sum(own), near: longest <= near };
    }
}

/// The counts at both sides of each place.
pub(super) struct Proof<'a, R, const W: usize, const G: usize> {
    pub(super) array: Array<'a, R>,
    /// The number of the first place.
    pub(super) first: usize,
    pub(super) t: &'a [Group<R, W, G>],
    /// Places that are next to the eigenvalue of their number, but for a few rounding errors.
    pub(super) proved: &'a mut usize,
}

impl<R: Real, const W: usize, const G: usize> Task for Proof<'_, R, W, G> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let n = self.array.0.q.len();
        let delta = R::EPSILON * R::from_usize(8 + n / 8);
        let mut proved = [[R::zero(); W]; G];
        for (j, t) in self.t.iter().enumerate() {
            let (mut low, mut high) = (*t, *t);
            for g in 0..G {
                for l in 0..W {
                    low[g][l] -= t[g][l] * delta;
                    high[g][l] += t[g][l] * delta;
                }
            }
            let below = polynomial::at::<A, R, W, G, false>(self.array, &low).below;
            let up_to = polynomial::at::<A, R, W, G, false>(self.array, &high).below;
            for g in 0..G {
                lane_by_lane();
                for l in 0..W {
                    let i = R::from_usize(self.first + (j * G + g) * W + l);
                    proved[g][l] += if below[g][l] <= i && up_to[g][l] > i { R::one() } else { R::zero() };
                }
            }
        }
        *self.proved = sum(proved);
    }
}

/// The sum of counts that are kept among the numbers.
#[inline(always)]
fn sum<R: Real, const W: usize, const G: usize>(counts: Group<R, W, G>) -> usize {
    index(counts.as_flattened().iter().fold(R::zero(), |sum, x| sum + *x))
}
