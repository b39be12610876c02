//! The poles of a merge, and which of them need not take part in it.
//!
//! The matrix of a merge has z as its first row and σ on its diagonal, σ₀ = 0. Setting an entry below
//! [`tolerance`] to zero changes no singular value by more than that (Gu & Eisenstat 1995, section 4):
//!
//! - |zᵢ| is tiny: σᵢ is a singular value and its columns are singular vectors already;
//! - |σⱼ − σᵢ| is tiny: a rotation of columns i and j carries zᵢ over to zⱼ and leaves (σⱼ − σᵢ) c s off the diagonal.

use core::cmp::Ordering;

use super::super::index;
use crate::scalar::Real;

/// What one column brings to the merge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pole<R> {
    /// σ ≥ 0.
    pub(super) sigma: R,
    /// Its entry of the first row.
    pub(super) z: R,
    /// Its column of X and of Y.
    pub(super) column: usize,
    pub(super) kind: Kind,
}

/// Where the column is not zero. The order is that of the rows of the matrix of vectors, so that
/// each half multiplies a contiguous range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// In the top half.
    Top,
    /// The row between the halves: σ = 0.
    Middle,
    /// In both, after a rotation across.
    Mixed,
    /// In the bottom half.
    Bottom,
    /// Does not take part.
    Deflated,
}

const KINDS: [Kind; 5] = [Kind::Top, Kind::Middle, Kind::Mixed, Kind::Bottom, Kind::Deflated];

/// A pole as it is stored. A workspace of reals has no room for integers: the column and the kind are reals, exactly.
pub(super) type Record<R> = [R; FIELDS];

/// σ, z, column, kind.
pub(super) const FIELDS: usize = 4;

impl<R: Real> Pole<R> {
    pub(super) fn load(record: &Record<R>) -> Self {
        let [sigma, z, column, kind] = *record;
        let kind = KINDS.get(index(kind)).copied().unwrap_or(Kind::Deflated);
        Pole { sigma, z, column: index(column), kind }
    }

    pub(super) fn store(self, record: &mut Record<R>) {
        let number = |i: usize| R::from_f64(i as f64);
        *record = [self.sigma, self.z, number(self.column), number(self.kind as usize)];
    }
}

/// What may be neglected in a matrix whose largest entry is between 1 and 2, and with it s₁ at least 1.
pub(super) fn tolerance<R: Real>() -> R {
    R::EPSILON * R::from_f64(4.0)
}

/// Marks the poles that do not take part. `records` starts with the middle one; the others are ascending.
///
/// `rotate(i, j, (c, s, both))` is told of every rotation xᵢ ← c xᵢ + s xⱼ, xⱼ ← c xⱼ − s xᵢ of the columns of Y and,
/// if `both`, of X.
pub(super) fn deflate<R: Real>(records: &mut [Record<R>], mut rotate: impl FnMut(usize, usize, (R, R), bool)) {
    let tolerance = tolerance::<R>();
    let Some((first, others)) = records.split_first_mut() else { return };
    let mut middle = Pole::load(first);
    let mut previous: Option<usize> = None;
    for j in 0..others.len() {
        let mut pole = Pole::load(&others[j]);
        if pole.z.abs() <= tolerance {
            pole.kind = Kind::Deflated;
        } else if let Some(i) = previous {
            let mut before = Pole::load(&others[i]);
            let length = before.z.hypot(pole.z);
            let (c, s) = (pole.z / length, before.z / length);
            let gap = pole.sigma - before.sigma;
            if (gap * c * s).abs() <= tolerance {
                rotate(pole.column, before.column, (c, s), true);
                before.sigma += s * s * gap;
                pole.sigma -= s * s * gap;
                pole.z = length;
                pole.kind = if pole.kind == before.kind { pole.kind } else { Kind::Mixed };
                before.kind = Kind::Deflated;
                before.store(&mut others[i]);
            }
            previous = Some(j);
        } else {
            // The middle pole has no row of its own: only the columns of Y turn, and σ s is left behind.
            let length = middle.z.hypot(pole.z);
            let (c, s) = (middle.z / length, pole.z / length);
            if (pole.sigma * s).abs() <= tolerance {
                rotate(middle.column, pole.column, (c, s), false);
                pole.sigma *= c;
                pole.kind = Kind::Deflated;
                middle.z = length;
            } else {
                previous = Some(j);
            }
        }
        pole.store(&mut others[j]);
    }
    // The smallest singular value is kept from zero, so that its offset stays in the range.
    middle.z = middle.z.larger(R::EPSILON);
    middle.store(first);
}

/// Ascending in σ.
pub(super) fn sort_by_sigma<R: Real>(records: &mut [Record<R>]) {
    records.sort_unstable_by(|a, b| compare(a[0], b[0]));
}

/// Those that take part first, ascending in σ. Returns their number.
pub(super) fn sort_out<R: Real>(records: &mut [Record<R>]) -> usize {
    let deflated = |record: &Record<R>| Pole::load(record).kind == Kind::Deflated;
    records.sort_unstable_by(|a, b| deflated(a).cmp(&deflated(b)).then(compare(a[0], b[0])));
    records.partition_point(|record| !deflated(record))
}

/// By kind.
pub(super) fn group<R: Real>(records: &mut [Record<R>]) {
    records.sort_unstable_by(|a, b| compare(a[3], b[3]));
}

fn compare<R: Real>(a: R, b: R) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn records(poles: &[(f64, f64, Kind)]) -> Vec<Record<f64>> {
        let mut records = std::vec![[0.0; FIELDS]; poles.len()];
        for (column, (record, &(sigma, z, kind))) in records.iter_mut().zip(poles).enumerate() {
            Pole { sigma, z, column, kind }.store(record);
        }
        records
    }

    #[test]
    fn tiny_entries_and_equal_poles_are_deflated_and_the_rest_stays() {
        let mut records = records(&[
            (0.0, 0.5, Kind::Middle),
            (1e-16, 0.5, Kind::Top),
            (0.25, 1e-16, Kind::Bottom),
            (0.5, 0.3, Kind::Top),
            (0.5, -0.4, Kind::Bottom),
            (0.75, 0.1, Kind::Bottom),
        ]);
        let mut rotations = Vec::new();
        deflate(&mut records, |i, j, (c, s), both| {
            assert!((c.hypot(s) - 1.0).abs() < 1e-15);
            rotations.push((i, j, both));
        });
        assert_eq!(rotations, [(0, 1, false), (4, 3, true)]);
        let count = sort_out(&mut records);
        let kept: Vec<_> = records[..count].iter().map(Pole::load).map(|p| (p.column, p.kind)).collect();
        assert_eq!(kept, [(0, Kind::Middle), (4, Kind::Mixed), (5, Kind::Bottom)]);
        let square = |records: &[Record<f64>]| records.iter().map(|r| r[1] * r[1]).sum::<f64>();
        assert!((square(&records[..count]) - (0.25 + 0.25 + 0.09 + 0.16 + 0.01)).abs() < 1e-15);
        group(&mut records[..count]);
        assert!(records[..count].is_sorted_by(|a, b| Pole::load(a).kind <= Pole::load(b).kind));
    }

    /// Although the poles themselves are apart: what counts is (σⱼ − σᵢ) c s, and σ s beside the middle.
    #[test]
    fn poles_are_deflated_by_what_is_left_off_the_diagonal() {
        let gap = 1e3 * f64::EPSILON;
        for (z, deflated) in [([1e-4, 1.0], true), ([1.0, 1e-4], true), ([0.1, 1.0], false), ([1.0, 0.1], false)] {
            let two = [(0.0, 1.0, Kind::Middle), (0.5, z[0], Kind::Top), (0.5 + gap, z[1], Kind::Bottom)];
            let mut beside = records(&two);
            deflate(&mut beside, |_, _, _, _| ());
            assert_eq!(sort_out(&mut beside) == 2, deflated, "{z:?}");
            let mut middle = records(&[(0.0, z[0], Kind::Middle), (gap, z[1], Kind::Top)]);
            deflate(&mut middle, |_, _, _, _| ());
            assert_eq!(sort_out(&mut middle) == 1, z[1] < 1e-3, "{z:?}");
        }
    }

    #[test]
    fn the_middle_pole_is_never_deflated_and_never_zero() {
        let mut records = records(&[(0.0, 0.0, Kind::Middle), (1.0, 0.0, Kind::Top)]);
        deflate(&mut records, |_, _, _, _| unreachable!());
        assert_eq!(sort_out(&mut records), 1);
        let middle = Pole::load(&records[0]);
        assert!(middle.kind == Kind::Middle && middle.z > 0.0);
    }
}
