//! A small seeded generator, so that every failure can be repeated without a further dependency.

use diffsvd::{Mat, Real, Scalar};

use super::entry::from_pair;

/// splitmix64 (Steele, Lea & Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..count.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count.max(1)).expect("a small count");
        usize::try_from(self.bits() % count).expect("a small count")
    }

    /// 1 or −1.
    pub(crate) fn sign(&mut self) -> f64 {
        if self.bits() >> 63 == 0 { 1.0 } else { -1.0 }
    }

    /// Normally distributed (Box & Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (core::f64::consts::TAU * self.unit()).cos()
    }

    /// An entry with normally distributed parts.
    pub(crate) fn entry<S: Scalar>(&mut self) -> S {
        let (re, im) = (self.normal(), self.normal());
        from_pair(re, im)
    }

    /// An entry of modulus 1: a sign, or a phase.
    pub(crate) fn phase<S: Scalar>(&mut self) -> S {
        if S::PARTS == 1 {
            return from_pair(self.sign(), 0.0);
        }
        let z: S = self.entry();
        z.scale(<S::Real as num_traits::One>::one() / z.modulus())
    }

    /// A matrix with normally distributed entries.
    pub(crate) fn matrix<S: Scalar>(&mut self, rows: usize, cols: usize) -> Mat<S> {
        Mat::from_fn(rows, cols, |_, _| self.entry())
    }

    /// `cols` orthonormal columns of `rows` entries, uniformly distributed: Gram & Schmidt, twice, on normal columns.
    pub(crate) fn orthonormal<S: Scalar>(&mut self, rows: usize, cols: usize) -> Mat<S> {
        assert!(cols <= rows, "no {cols} orthonormal columns of {rows} entries");
        let mut q = self.matrix::<S>(rows, cols);
        for j in 0..cols {
            let (before, rest) = q.as_mut().into_data().split_at_mut(j * rows);
            let column = &mut rest[..rows];
            for other in before.chunks_exact(rows.max(1)).chain(before.chunks_exact(rows.max(1))) {
                let dot = other.iter().zip(&*column).fold(S::zero(), |sum, (&x, &y)| sum + x.conj() * y);
                column.iter_mut().zip(other).for_each(|(y, &x)| *y -= x * dot);
            }
            let zero = <S::Real as num_traits::Zero>::zero();
            let norm = column.iter().fold(zero, |sum, x| sum + x.modulus_squared()).sqrt();
            for x in column {
                *x = x.scale(<S::Real as num_traits::One>::one() / norm);
            }
        }
        q
    }

    /// U diag(s) Vᴴ with random orthonormal U (m×k) and V (n×k), rounded to the type.
    pub(crate) fn with_singular_values<S: Scalar>(&mut self, rows: usize, cols: usize, s: &[f64]) -> Mat<S> {
        let (u, v) = (self.orthonormal::<S>(rows, s.len()), self.orthonormal::<S>(cols, s.len()));
        let mut a = Mat::zeros(rows, cols);
        // Column by column, as the entries lie: the larger matrices would take seconds otherwise.
        for (j, column) in a.as_mut().into_data().chunks_exact_mut(rows.max(1)).enumerate() {
            for (k, (u, &s)) in u.as_slice().chunks_exact(rows.max(1)).zip(s).enumerate() {
                let (s, v) = (S::Real::from_f64(s), v[(j, k)].conj());
                column.iter_mut().zip(u).for_each(|(a, u)| *a += u.scale(s) * v);
            }
        }
        a
    }
}
