//! Waves of plane rotations of neighbouring columns.

use super::lanes::{add_scaled, scaled};
use super::{Arith, LANES, Lane, Task};
use crate::scalar::Real;

/// The order in which a wave passes over the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Columns (0, 1) first.
    Ascending,
    /// Columns (0, 1) last.
    Descending,
}

/// Applies the rotation `(c[i], s[i])` to the columns `i` and `i + 1`, for all i in the given order:
///
///   xᵢ ← c xᵢ + s xᵢ₊₁,   xᵢ₊₁ ← c xᵢ₊₁ − s xᵢ.
///
/// A block of rows is carried through all columns at once, so that each entry is read and written once per wave,
/// not once per rotation.
pub(crate) struct Wave<'a, R> {
    /// Columns of `stride` lanes each.
    pub(crate) columns: &'a mut [Lane<R>],
    pub(crate) stride: usize,
    pub(crate) c: &'a [R],
    pub(crate) s: &'a [R],
    pub(crate) order: Order,
}

impl<R: Real> Task for Wave<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(mut self) {
        if self.c.is_empty() {
            return;
        }
        let mut start = 0;
        while start + 4 <= self.stride {
            self.carry::<A, 4>(start);
            start += 4;
        }
        if start + 2 <= self.stride {
            self.carry::<A, 2>(start);
            start += 2;
        }
        if start < self.stride {
            self.carry::<A, 1>(start);
        }
    }
}

impl<R: Real> Wave<'_, R> {
    /// Carries `DEPTH` lanes from `start` on through the columns.
    #[inline(always)]
    fn carry<A: Arith, const DEPTH: usize>(&mut self, start: usize) {
        let count = self.c.len().min(self.s.len());
        let ascending = self.order == Order::Ascending;
        // Read from the other end, a rotation is that of the opposite sine.
        let place = |step: usize| (if ascending { step } else { count - step }) * self.stride + start;
        let mut carried = load::<R, DEPTH>(self.columns, place(0));
        for step in 0..count {
            let i = if ascending { step } else { count - 1 - step };
            let (c, s) = (self.c[i], if ascending { self.s[i] } else { -self.s[i] });
            let next = load::<R, DEPTH>(self.columns, place(step + 1));
            let mut done = carried;
            for k in 0..DEPTH {
                done[k] = add_scaled::<A, R, _>(scaled(carried[k], c), next[k], s);
                carried[k] = add_scaled::<A, R, _>(scaled(next[k], c), carried[k], -s);
            }
            store(self.columns, place(step), &done);
        }
        store(self.columns, place(count), &carried);
    }
}

#[inline(always)]
fn load<R: Real, const DEPTH: usize>(columns: &[Lane<R>], at: usize) -> [Lane<R>; DEPTH] {
    let mut block = [[R::zero(); LANES]; DEPTH];
    block.copy_from_slice(&columns[at..at + DEPTH]);
    block
}

#[inline(always)]
fn store<R: Real, const DEPTH: usize>(columns: &mut [Lane<R>], at: usize, block: &[Lane<R>; DEPTH]) {
    columns[at..at + DEPTH].copy_from_slice(block);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Level;
    use std::vec::Vec;

    #[test]
    fn a_wave_is_its_rotations_one_after_another() {
        let (c, s) = ([0.6, 0.8, -0.28], [0.8, -0.6, 0.96]);
        for level in Level::all() {
            for (stride, order) in [(7, Order::Ascending), (7, Order::Descending), (1, Order::Descending)] {
                let value = |i: usize| core::array::from_fn(|l| ((i * LANES + l) as f64).sin());
                let mut a: Vec<Lane<f64>> = (0..4 * stride).map(value).collect();
                let mut b = a.clone();
                level.run(Wave { columns: &mut a, stride, c: &c, s: &s, order });
                let sequence: [usize; 3] = if order == Order::Ascending { [0, 1, 2] } else { [2, 1, 0] };
                for i in sequence {
                    let (left, right) = b.split_at_mut((i + 1) * stride);
                    let pairs = left[i * stride..].as_flattened_mut().iter_mut().zip(right.as_flattened_mut());
                    for (x, y) in pairs {
                        (*x, *y) = (c[i] * *x + s[i] * *y, c[i] * *y - s[i] * *x);
                    }
                }
                let difference = a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| (a - b).abs());
                assert!(difference.fold(0.0, f64::max) <= 4.0 * f64::EPSILON, "{level:?} {stride} {order:?}");
            }
        }
    }
}
