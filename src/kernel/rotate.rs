//! Plane rotations of neighbouring columns.

use super::lanes::{add_scaled, lane_by_lane, scaled};
use super::{Arith, Lane, Task};
use crate::rotation::Rotation;
use crate::scalar::Real;

/// `COUNT` columns, turned by the rotations of columns 0 and 1, of columns 1 and 2, and so on, brought to unit length, one after the other: [`turn`].
pub(crate) struct Rotate<'a, R, const COUNT: usize> {
    pub(crate) columns: [&'a mut [Lane<R>]; COUNT],
    /// One fewer than columns; c² + s² = 1 to a few units.
    pub(crate) rotations: &'a [Rotation<R>],
}

/// Brings c² + s² to 1 but for one rounding, by a Newton step for 1/√(c² + s²).
///
/// A sweep needs the rotations to a few units only, but the bases are multiplied by thousands of them: what c² + s² misses adds up, and not
/// by chance, since rounding is coarser above 1 than below. This halves the loss of orthogonality (`docs/accuracy.md`).
#[inline(always)]
pub(crate) fn normalized<A: Arith, R: Real>(Rotation { c, s }: Rotation<R>) -> Rotation<R> {
    let half = A::mul_add(-s, s, A::mul_add(-c, c, R::one())) * R::from_f64(0.5);
    Rotation { c: A::mul_add(c, half, c), s: A::mul_add(s, half, s) }
}

/// Turns `COUNT` columns by rotations of unit length, one fewer:
///
///   x ← c x + s y,   y ← c y − s x.
///
/// The rotations are real, so the planes of a complex column are just a longer one. Each entry is read and written once.
#[inline(always)]
pub(crate) fn turn<A: Arith, R: Real, const COUNT: usize>(columns: [&mut [Lane<R>]; COUNT], rotations: &[Rotation<R>]) {
    let mut columns = columns;
    let lanes = columns.iter().fold(usize::MAX, |least, column| least.min(column.len()));
    for column in &mut columns {
        *column = &mut core::mem::take(column)[..lanes];
    }
    #[expect(clippy::needless_range_loop, reason = "the same lane of neighbouring columns")]
    for l in 0..lanes {
        lane_by_lane();
        let mut carried = columns[0][l];
        for (k, &Rotation { c, s }) in rotations[..COUNT - 1].iter().enumerate() {
            let next = columns[k + 1][l];
            columns[k][l] = add_scaled::<A, R, _>(scaled(carried, c), next, s);
            carried = add_scaled::<A, R, _>(scaled(next, c), carried, -s);
        }
        columns[COUNT - 1][l] = carried;
    }
}

impl<R: Real, const COUNT: usize> Task for Rotate<'_, R, COUNT> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let mut rotations = [Rotation { c: R::one(), s: R::zero() }; COUNT];
        for (to, from) in rotations.iter_mut().zip(self.rotations) {
            *to = normalized::<A, R>(*from);
        }
        turn::<A, R, COUNT>(self.columns, &rotations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{LANES, Level, Separate};
    use std::vec::Vec;

    fn agrees<R: Real, const COUNT: usize>() {
        let numbers = [[0.6, -0.8], [-0.28, 0.96], [0.8, 0.6]].map(|rotation| rotation.map(R::from_f64));
        let rotations = numbers.map(|[c, s]| Rotation { c, s });
        for level in Level::all() {
            for lanes in [0, 1, 2, 7] {
                let value = |i: usize| R::from_f64((i as f64).sin());
                let lane = |i: usize| core::array::from_fn(|l| value(i * LANES + l));
                let mut data: Vec<Lane<R>> = (0..COUNT * lanes).map(lane).collect();
                let mut expected: Vec<R> = data.as_flattened().to_vec();
                let mut parts = data.chunks_exact_mut(lanes.max(1));
                let columns = core::array::from_fn(|_| parts.next().unwrap_or_default());
                level.run(Rotate::<R, COUNT> { columns, rotations: &rotations[..COUNT - 1] });
                let rows = lanes * LANES;
                for (k, Rotation { c, s }) in rotations.into_iter().enumerate().take(COUNT - 1) {
                    for i in k * rows..(k + 1) * rows {
                        let (x, y) = (expected[i], expected[i + rows]);
                        (expected[i], expected[i + rows]) = (c * x + s * y, c * y - s * x);
                    }
                }
                for (i, (x, y)) in data.as_flattened().iter().zip(expected).enumerate() {
                    assert!((*x - y).abs() <= R::EPSILON * R::from_f64(4.0), "{level:?} {COUNT} {lanes} {i}");
                }
            }
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        agrees::<f64, 2>();
        agrees::<f64, 3>();
        agrees::<f32, 3>();
        agrees::<f32, 4>();
    }

    /// What c² + s² misses is squared.
    #[test]
    fn rotations_are_brought_to_unit_length() {
        for missing in [1e-3, -1e-5, 1e-7] {
            let missed = Rotation { c: 0.6 * (1.0 + missing), s: -0.8 * (1.0 + missing) };
            let Rotation { c, s } = normalized::<Separate, f64>(missed);
            assert!((c * c + s * s - 1.0).abs() <= 4.0 * missing * missing + f64::EPSILON, "{missing}");
        }
    }
}
