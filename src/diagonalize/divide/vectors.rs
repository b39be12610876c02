//! The singular vectors of a merge, orthogonal to working precision however close the singular values are.
//!
//! The computed roots are the exact singular values of a matrix with the same σ and a slightly different first row ẑ. By Löwner's formula
//!
//!   ẑᵢ² = (s²_{k−1} − σᵢ²) Π_{j<i} (sⱼ² − σᵢ²)/(σⱼ² − σᵢ²) Π_{i≤j<k−1} (sⱼ² − σᵢ²)/(σⱼ₊₁² − σᵢ²),
//!
//! every factor of which is known to high relative accuracy, and so are ẑ and the vectors of *that* matrix (Gu & Eisenstat 1995, section 3):
//!
//!   vⱼ ∝ (ẑᵢ/(σᵢ² − sⱼ²))ᵢ,   uⱼ ∝ (−1, σᵢ ẑᵢ/(σᵢ² − sⱼ²))ᵢ.

use crate::kernel::team::Halves;
use crate::kernel::{Arith, LANES, Lane, Task};
use crate::scalar::Real;

/// σᵢ² − sⱼ² for the root of this origin and offset.
#[inline(always)]
fn difference<A: Arith, R: Real>(sigma: R, origin: R, offset: R) -> R {
    A::mul_add(sigma - origin, sigma + origin, -offset)
}

/// Overwrites |z| by |ẑ|, from entry `first` on. All arrays are in the ascending order of the poles; `sigma` and `z` are padded to whole lanes.
pub(super) struct Lowner<'a, R> {
    pub(super) sigma: &'a [R],
    pub(super) origin: &'a [R],
    pub(super) offset: &'a [R],
    pub(super) z: &'a mut [R],
    /// A multiple of [`LANES`].
    pub(super) first: usize,
}

impl<R: Real> Task for Lowner<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let last = self.origin.len() - 1;
        let (sigmas, _) = self.sigma.as_chunks::<LANES>();
        let (zs, _) = self.z.as_chunks_mut::<LANES>();
        let blocks = self.first / LANES;
        for (block, (sigma, z)) in (blocks..).zip(sigmas[blocks..].iter().zip(zs)) {
            let mut product = [R::zero(); LANES];
            for l in 0..LANES {
                product[l] = difference::<A, R>(sigma[l], self.origin[last], self.offset[last]);
            }
            let first = block * LANES;
            // Roots before all poles of the block, among them, after them.
            for j in 0..last.min(first) {
                multiply::<A, R>(&mut product, sigma, [self.sigma[j]; LANES], (self.origin[j], self.offset[j]));
            }
            for j in first..last.min(first + LANES) {
                let mut pole = [self.sigma[j]; LANES];
                for pole in pole.iter_mut().take(j + 1 - first) {
                    *pole = self.sigma[j + 1];
                }
                multiply::<A, R>(&mut product, sigma, pole, (self.origin[j], self.offset[j]));
            }
            for j in first + LANES..last {
                multiply::<A, R>(&mut product, sigma, [self.sigma[j + 1]; LANES], (self.origin[j], self.offset[j]));
            }
            for l in 0..LANES {
                z[l] = product[l].abs().sqrt();
            }
        }
    }
}

impl<R: Real> Halves for Lowner<'_, R> {
    fn size(&self) -> usize {
        self.z.len()
    }

    fn halve(self) -> (Self, Self) {
        let middle = (self.size() / 2).next_multiple_of(LANES);
        let (z, rest) = self.z.split_at_mut(middle);
        (Lowner { z, ..self }, Lowner { z: rest, first: self.first + middle, ..self })
    }
}

/// product ← product (σ² − s²)/(pole² − σ²): of the other sign, which makes no difference to |ẑ|.
#[inline(always)]
fn multiply<A: Arith, R: Real>(product: &mut Lane<R>, sigma: &Lane<R>, pole: Lane<R>, root: (R, R)) {
    for l in 0..LANES {
        let numerator = difference::<A, R>(sigma[l], root.0, root.1);
        let denominator = (pole[l] - sigma[l]) * (pole[l] + sigma[l]);
        product[l] *= numerator / denominator;
    }
}

/// The right singular vectors, unit columns of `v`, for the roots in descending order. `sigma` and `z`, in the order of the rows of `v`, end with padding.
pub(super) struct Right<'a, R> {
    pub(super) sigma: &'a [Lane<R>],
    pub(super) z: &'a [Lane<R>],
    pub(super) origin: &'a [R],
    pub(super) offset: &'a [R],
    pub(super) v: &'a mut [Lane<R>],
    /// Receives 1/‖(ẑᵢ/(σᵢ² − sⱼ²))ᵢ‖, column by column.
    pub(super) head: &'a mut [R],
}

impl<R: Real> Task for Right<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let roots = self.origin.iter().zip(self.offset).rev();
        let columns = self.v.chunks_exact_mut(self.sigma.len());
        for (((origin, offset), column), head) in roots.zip(columns).zip(self.head) {
            // The largest entries are about z/μ: brought to the size of z, their squares stay in the range.
            let unit = R::one().mul_pow2(offset.exponent());
            let mut squares = [R::zero(); LANES];
            for ((v, sigma), z) in column.iter_mut().zip(self.sigma).zip(self.z) {
                for l in 0..LANES {
                    v[l] = z[l] / difference::<A, R>(sigma[l], *origin, *offset) * unit;
                    squares[l] = A::mul_add(v[l], v[l], squares[l]);
                }
            }
            let inverse = R::one() / squares.iter().fold(R::zero(), |sum, x| sum + *x).sqrt();
            for v in column.iter_mut() {
                for v in v {
                    *v *= inverse;
                }
            }
            *head = unit * inverse;
        }
    }
}

impl<R: Real> Halves for Right<'_, R> {
    fn size(&self) -> usize {
        self.origin.len()
    }

    fn halve(self) -> (Self, Self) {
        // The first columns belong to the last roots.
        let (columns, roots) = (self.size() / 2, self.size() - self.size() / 2);
        let (v, more_v) = self.v.split_at_mut(columns * self.sigma.len());
        let (head, more_head) = self.head.split_at_mut(columns);
        let ((others, origin), (more_offset, offset)) = (self.origin.split_at(roots), self.offset.split_at(roots));
        (
            Right { origin, offset, v, head, ..self },
            Right { origin: others, offset: more_offset, v: more_v, head: more_head, ..self },
        )
    }
}

/// Turns the right singular vectors into the left ones, in place.
pub(super) struct Left<'a, R> {
    pub(super) sigma: &'a [Lane<R>],
    /// Row of the middle pole.
    pub(super) middle: usize,
    pub(super) head: &'a [R],
    pub(super) u: &'a mut [Lane<R>],
}

impl<R: Real> Task for Left<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        for (column, head) in self.u.chunks_exact_mut(self.sigma.len()).zip(self.head) {
            column[self.middle / LANES][self.middle % LANES] = R::zero();
            let mut squares = [R::zero(); LANES];
            for (u, sigma) in column.iter_mut().zip(self.sigma) {
                for l in 0..LANES {
                    u[l] *= sigma[l];
                    squares[l] = A::mul_add(u[l], u[l], squares[l]);
                }
            }
            let inverse = R::one() / squares.iter().fold(*head * *head, |sum, x| sum + *x).sqrt();
            for u in column.iter_mut() {
                for u in u {
                    *u *= inverse;
                }
            }
            column[self.middle / LANES][self.middle % LANES] = -*head * inverse;
        }
    }
}

impl<R: Real> Halves for Left<'_, R> {
    fn size(&self) -> usize {
        self.head.len()
    }

    fn halve(self) -> (Self, Self) {
        let (head, more_head) = self.head.split_at(self.size() / 2);
        let (u, more_u) = self.u.split_at_mut(head.len() * self.sigma.len());
        (Left { head, u, ..self }, Left { head: more_head, u: more_u, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Level, padded};
    use crate::scalar::Real;
    use std::vec;
    use std::vec::Vec;

    use super::super::secular::Roots;

    /// Does a task as a whole, or in pieces.
    fn run<T: Task + Halves>(task: T, level: Level, in_pieces: bool) {
        if in_pieces && task.size() >= 2 * LANES {
            let (one, other) = task.halve();
            run(one, level, in_pieces);
            run(other, level, in_pieces);
        } else {
            level.run(task);
        }
    }

    /// ẑ, and the columns of U and V with the row of the middle pole first.
    fn factors(sigma: &[f64], z: &[f64], (level, in_pieces): (Level, bool)) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (k, rows) = (sigma.len(), padded(sigma.len()));
        let pad = |list: &[f64]| (0..rows).map(|i| list.get(i).copied().unwrap_or(0.0)).collect::<Vec<f64>>();
        let weight: Vec<f64> = z.iter().map(|z| z * z).collect();
        let (mut origin, mut offset) = (vec![0.0; k], vec![0.0; k]);
        let roots = Roots { sigma, weight: &weight, origin: &mut origin, offset: &mut offset, first: 0 };
        run(roots, level, in_pieces);
        let (padded_sigma, mut exact) = (pad(sigma), pad(z));
        let (origin, offset) = (&origin[..], &offset[..]);
        run(Lowner { sigma: &padded_sigma, origin, offset, z: &mut exact, first: 0 }, level, in_pieces);
        let exact = pad(&(0..k).map(|i| exact[i].with_sign(z[i])).collect::<Vec<f64>>());
        let lanes = padded_sigma.as_chunks().0;
        let mut v = vec![[0.0; LANES]; rows / LANES * k];
        let mut head = vec![0.0; k];
        let right = Right { sigma: lanes, z: exact.as_chunks().0, origin, offset, v: &mut v, head: &mut head };
        run(right, level, in_pieces);
        let mut u = v.clone();
        run(Left { sigma: lanes, middle: 0, head: &head, u: &mut u }, level, in_pieces);
        (exact, u.as_flattened().to_vec(), v.as_flattened().to_vec())
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let sigma: Vec<f64> = (0..45).map(|i| f64::from(i).sqrt()).collect();
        let z: Vec<f64> = (0..45).map(|i| f64::from(i).sin() + 1e-3).collect();
        for level in Level::all() {
            assert_eq!(factors(&sigma, &z, (level, true)), factors(&sigma, &z, (level, false)), "{level:?}");
        }
    }

    #[test]
    fn orthonormal_whatever_the_distance_of_the_poles() {
        for gap in [1e-1, 1e-6, 4e-15] {
            for k in [1_usize, 2, 7, 8, 9, 20] {
                let sigma: Vec<f64> = (0..k).map(|i| if i == 0 { 0.0 } else { 0.3 + gap * i as f64 }).collect();
                let z: Vec<f64> = (0..k).map(|i| if i % 4 == 1 { 1e-13 } else { (1.0 + i as f64).sin() }).collect();
                for level in Level::all() {
                    let (exact, u, v) = factors(&sigma, &z, (level, false));
                    let bound = 4.0 * (k as f64 + 3.0) * f64::EPSILON;
                    let distance = z.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                    assert!(distance <= bound, "{level:?} {k} {gap:e}: |z − ẑ| = {distance:e}");
                    for (i, j) in (0..k).flat_map(|i| (0..=i).map(move |j| (i, j))) {
                        let columns = |q: &[f64]| {
                            let rows = padded(k);
                            dot(&q[i * rows..][..rows], &q[j * rows..][..rows])
                        };
                        let identity = f64::from(i == j);
                        let error = (columns(&u) - identity).abs().max((columns(&v) - identity).abs());
                        assert!(error <= bound, "{level:?} {k} {gap:e} ({i}, {j}): {error:e}");
                    }
                }
            }
        }
    }
}
