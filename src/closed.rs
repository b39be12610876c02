//! The closed form of a real 2×2 matrix.
//!
//! A real 2×2 matrix is the sum of a rotation and of a reflection, each times a number:
//!
//!   A = ½ Q [cos α −sin α; sin α cos α] + ½ R [cos β sin β; sin β −cos β],
//!   Q (cos α, sin α) = (a₁₁ + a₂₂, a₂₁ − a₁₂),   R (cos β, sin β) = (a₁₁ − a₂₂, a₂₁ + a₁₂),
//!
//! and for rotations U and V by φ and ψ, U diag(x, y) Vᵀ is that with Q = x + y, R = x − y, α = φ − ψ, β = φ + ψ. So x = ½ (Q + R),
//! y = ½ (Q − R) = det A/x, and U and V are square roots of the unit complex numbers e^{i(β + α)} and e^{i(β − α)}, found without an angle; of the two of V the one that gives α, not α + π.

use crate::jacobi::{Column, Triplets};
use crate::scalar::{Real, Scalar, Zero};
use crate::scale::{reliable, to_unit};

/// The two parts of 2 A, and what they tell of s. No branch depends on a number, so that many matrices can go side by side.
pub(crate) struct Parts<R> {
    /// Q (cos α, sin α).
    q: [R; 2],
    /// R (cos β, sin β).
    r: [R; 2],
    /// Q² R². Where that is not [`reliable`], one of the two has no reliable direction, as for multiples of orthogonal matrices.
    pub(crate) product: R,
    /// x and |y|.
    pub(crate) values: [R; 2],
    /// Of y.
    sign: R,
}

impl<R: Real> Parts<R> {
    /// Of [a b; c d], at unit size.
    #[inline(always)]
    pub(crate) fn of([a, b, c, d]: [R; 4]) -> Self {
        let (e, f, g, h) = (a + d, a - d, c + b, c - b);
        let (q_squared, r_squared) = (e * e + h * h, f * f + g * g);
        let large = R::from_f64(0.5) * (q_squared.sqrt() + r_squared.sqrt());
        // ½ (Q − R), where nothing cancels that is not in the determinant.
        let small = (a * d - b * c) / large;
        let (product, sign) = (q_squared * r_squared, R::one().with_sign(small));
        Parts { q: [e, h], r: [f, g], product, values: [large, small.abs().smaller(large)], sign }
    }

    /// The columns of U, and those of V.
    #[inline(always)]
    pub(crate) fn bases(&self) -> [[[R; 2]; 2]; 2] {
        let Parts { q: [e, h], r: [f, g], product, sign, .. } = *self;
        let size = product.sqrt();
        let (u_cos, u_sin) = half_angle(size, e * f - h * g, e * g + h * f);
        let (v_cos, v_sin) = half_angle(size, e * f + h * g, e * g - h * f);
        let (cos, sin) = (u_cos * v_cos + u_sin * v_sin, u_sin * v_cos - u_cos * v_sin);
        let one = R::one().with_sign(cos * e + sin * h);
        let (v_cos, v_sin) = (v_cos * one, v_sin * one);
        [[[u_cos, u_sin], [-u_sin, u_cos]], [[v_cos, v_sin], [-v_sin * sign, v_cos * sign]]]
    }
}

/// U, s and V of the matrix whose entry (i, j) is `entry(i, j)`; `R` and `K` are 2. `largest` is the largest modulus of an entry, finite.
/// `None` where Q or R is so small that its direction is not reliable, as for multiples of orthogonal matrices, or where s₁ overflows.
#[inline]
pub(crate) fn two_by_two<S: Scalar, const R: usize, const C: usize, const K: usize>(
    entry: impl Fn(usize, usize) -> S,
    largest: S::Real,
) -> Option<Triplets<S, R, C, K>> {
    let (shift, [first, second]) = to_unit(K, largest);
    let parts = Parts::of([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| entry(i, j).re() * first * second));
    let s = parts.values.map(|s| s.mul_pow2(-shift));
    if !(parts.product > reliable() && s[0].is_finite()) {
        return None;
    }
    let mut triplets =
        Triplets { columns: [Column { u: [S::zero(); R], v: [S::zero(); C] }; K], s: [S::Real::zero(); K] };
    triplets.s.copy_from_slice(&s[..K]);
    if C > 0 {
        let [u, v] = parts.bases();
        for (column, (u, v)) in triplets.columns.iter_mut().zip(u.iter().zip(&v)) {
            column.u.iter_mut().zip(u).for_each(|(x, &y)| *x = S::from_real(y));
            column.v.iter_mut().zip(v).for_each(|(x, &y)| *x = S::from_real(y));
        }
    }
    Some(triplets)
}

/// The square root of (x + i y)/size, of modulus 1 for size = |x + i y|, in the right half plane.
#[inline(always)]
fn half_angle<R: Real>(size: R, x: R, y: R) -> (R, R) {
    let sum = size + x.abs();
    let h = (sum * sum + y * y).sqrt().recip();
    let (large, small) = (sum * h, y.abs() * h);
    // A Newton step for the modulus, as for every rotation that bases are made of.
    let half = ((R::one() - large * large) - small * small) * R::from_f64(0.5);
    let (large, small) = (large + large * half, small + small * half);
    if x < R::zero() { (small, large.with_sign(y)) } else { (large, small.with_sign(y)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Noise;

    /// Of one size, graded, nearly a multiple of a rotation, nearly one of a reflection, nearly singular.
    fn matrix(trial: i32, [a, b, c, d]: [f64; 4]) -> [[f64; 2]; 2] {
        let near = 10_f64.powi(-(trial % 17));
        match trial % 5 {
            0 => [[a, b], [c, d]],
            1 => [[a, b * near], [c * near, d * near * near]],
            2 => [[a, b], [-b * (1.0 + near), a * (1.0 + c * near)]],
            3 => [[a, b], [b * (1.0 + near), -a * (1.0 + c * near)]],
            _ => [[a, b], [a * c, b * c * (1.0 + near)]],
        }
    }

    fn solve(a: [[f64; 2]; 2]) -> Option<Triplets<f64, 2, 2, 2>> {
        let largest = a.as_flattened().iter().fold(0.0, |max: f64, x| max.larger(x.abs()));
        two_by_two(|i, j| a[i][j], largest)
    }

    /// The largest entry of A − U diag(s) Vᵀ beside s₁, of UᵀU − I, of VᵀV − I.
    fn defect(a: [[f64; 2]; 2], found: &Triplets<f64, 2, 2, 2>) -> f64 {
        let Triplets { columns: [x, y], s } = found;
        assert!(s[0] >= s[1] && s[1] >= 0.0);
        let mut worst = 0.0_f64;
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let sum = x.u[i] * s[0] * x.v[j] + y.u[i] * s[1] * y.v[j];
            worst = worst.larger((sum - a[i][j]).abs() / s[0]);
        }
        let dot = |p: [f64; 2], q: [f64; 2]| p[0] * q[0] + p[1] * q[1];
        for (p, q) in [(x.u, y.u), (x.v, y.v)] {
            worst = worst.larger(dot(p, q).abs()).larger((dot(p, p) - 1.0).abs()).larger((dot(q, q) - 1.0).abs());
        }
        worst
    }

    #[test]
    fn is_a_decomposition() {
        let mut noise = Noise(1);
        let (mut worst, mut found) = (0.0_f64, 0);
        for trial in 0..20_000 {
            let a = matrix(trial, core::array::from_fn(|_| noise.signed()));
            let Some(triplets) = solve(a) else { continue };
            found += 1;
            worst = worst.larger(defect(a, &triplets));
        }
        assert!(found > 19_000 && worst <= 4.0 * f64::EPSILON, "{found}, {}", worst / f64::EPSILON);
    }

    /// With every pattern of zeros and signs. The multiples of orthogonal matrices are for the iteration, and what overflows.
    #[test]
    fn matrices_of_small_integers() {
        let entry = |number: i32, at: u32| f64::from(number / 5_i32.pow(at) % 5 - 2);
        for number in 0..5_i32.pow(4) {
            let [p, q, r, t] = [0, 1, 2, 3].map(|at| entry(number, at));
            let a = [[p, q], [r, t]];
            if a == [[0.0; 2]; 2] {
                continue;
            }
            let found = solve(a);
            assert_eq!(found.is_none(), (p, q) == (t, -r) || (p, q) == (-t, r), "{a:?}");
            assert!(found.is_none_or(|found| defect(a, &found) <= 4.0 * f64::EPSILON), "{a:?}");
        }
        assert!(solve([[f64::MAX, f64::MAX], [f64::MAX, f64::MAX / 2.0]]).is_none());
    }

    /// As Jacobi has it: of the columns of a well-conditioned matrix, however unlike their sizes, both values to their own size.
    #[test]
    fn a_small_value_of_columns_of_unlike_sizes_is_accurate() {
        let close = |x: f64, y: f64| (x - y).abs() <= 8.0 * f64::EPSILON * y;
        for p in (-1000..=1000).step_by(50) {
            let a = [[3.0, 1.0_f64.mul_pow2(p)], [1.0, -2.0_f64.mul_pow2(p)]];
            let largest = a.as_flattened().iter().fold(0.0, |max: f64, x| max.larger(x.abs()));
            let exact = crate::jacobi::decompose::<f64, 2, 2, 0>(|i, j| a[i][j], largest).unwrap().s;
            for a in [a, [[a[0][0], a[1][0]], [a[0][1], a[1][1]]]] {
                let s = two_by_two::<f64, 2, 0, 2>(|i, j| a[i][j], largest).unwrap().s;
                assert!(close(s[0], exact[0]) && close(s[1], exact[1]), "2^{p}: {s:?}, {exact:?}");
            }
        }
    }
}
