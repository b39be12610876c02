//! A few columns whose number the compiler knows, in registers: for the singular values alone.

use core::array::from_fn;

use crate::scalar::{Real, Scalar, Zero};
use crate::scale::reliable;

/// The diagonal and the superdiagonal (its last entry is 0) of a bidiagonal matrix with the singular values of the one with these columns. Their
/// signs mean nothing. The largest entry must be about 2 to the [`unit_exponent`](crate::scale::unit_exponent); what is negligible beside it may be
/// taken for zero.
#[inline]
pub(crate) fn bidiagonalize<S: Scalar, const K: usize>(mut columns: [[S; K]; K]) -> ([S::Real; K], [S::Real; K]) {
    let (mut d, mut e) = ([S::Real::zero(); K], [S::Real::zero(); K]);
    for j in 0..K {
        let left = reflect(columns[j], j);
        d[j] = left.size;
        if let Some(factor) = left.factor {
            for y in &mut columns[j + 1..] {
                let overlap =
                    left.w.iter().zip(&*y).skip(j).fold(S::zero(), |sum, (w, &y)| sum + w.conj() * y) * factor;
                y.iter_mut().zip(left.w).skip(j).for_each(|(y, w)| *y += w * overlap);
            }
        }
        if j + 1 == K {
            break;
        }
        // The row that is left, as the column that it is of the adjoint.
        let right: Reflection<S, K> = reflect(from_fn(|k| if k > j { columns[k][j].conj() } else { S::zero() }), j + 1);
        e[j] = right.size;
        if let Some(factor) = right.factor {
            let entries = || columns.iter().zip(right.w).skip(j + 1);
            let overlaps: [S; K] = from_fn(|i| entries().fold(S::zero(), |sum, (y, w)| sum + y[i] * w) * factor.conj());
            for (y, w) in columns.iter_mut().zip(right.w).skip(j + 1) {
                y.iter_mut().zip(overlaps).skip(j + 1).for_each(|(y, overlap)| *y += overlap * w.conj());
            }
        }
    }
    (d, e)
}

/// What turns x, from an entry on, into a multiple β of the first unit vector: y + w wᴴ y/(β w₁) with w = x − β e and |β| = ‖x‖.
struct Reflection<S: Scalar, const K: usize> {
    /// ‖x‖.
    size: S::Real,
    w: [S; K],
    /// 1/(β w₁); `None` where nothing is left but one entry, whose phase means nothing, or nothing at all.
    factor: Option<S>,
}

#[inline(always)]
fn reflect<S: Scalar, const K: usize>(x: [S; K], row: usize) -> Reflection<S, K> {
    let squared = x[row..].iter().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared());
    let (size, mut w) = (squared.sqrt(), x);
    if row + 1 == K || squared < reliable() {
        return Reflection { size, w, factor: None };
    }
    let beta = -size.with_sign(x[row].re());
    w[row] -= S::from_real(beta);
    let factor = w[row].conj().scale((w[row].modulus_squared() * beta).recip());
    Reflection { size, w, factor: Some(factor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jacobi::decompose;
    use crate::scale::unit_exponent;
    use num_complex::Complex;

    /// Singular values of both by another algorithm.
    fn check<S: Scalar, const K: usize>(entry: impl Fn(usize, usize) -> S) {
        let p = unit_exponent::<S::Real>(K);
        let largest = (0..K * K).fold(S::Real::zero(), |max, at| max.larger(entry(at / K, at % K).max_part()));
        let p = if largest == S::Real::zero() { 0 } else { p - largest.exponent() };
        let (d, e) = bidiagonalize::<S, K>(from_fn(|j| from_fn(|i| entry(i, j).scale_pow2(p))));
        let band = |i: usize, j: usize| match j.wrapping_sub(i) {
            0 => S::from_real(d[i].mul_pow2(-p)),
            1 => S::from_real(e[i].mul_pow2(-p)),
            _ => S::zero(),
        };
        assert_eq!(e[K - 1], S::Real::zero());
        let values = |entry: &dyn Fn(usize, usize) -> S| decompose::<S, K, K, 0>(entry, largest).unwrap().s;
        let (got, expected) = (values(&band), values(&entry));
        for (got, expected) in got.iter().zip(expected) {
            assert!(
                (*got - expected).abs() <= S::Real::from_f64(20.0) * S::Real::EPSILON * largest,
                "{got:?} {expected:?}"
            );
        }
    }

    fn checks<S: Scalar>() {
        let real = |x: f64| S::from_real(S::Real::from_f64(x));
        let dense = |i: usize, j: usize| {
            S::from_parts(
                S::Real::from_f64(((7 * i + 5 * j) as f64).sin()),
                S::Real::from_f64(((3 * i + 8 * j) as f64).cos()),
            )
        };
        check::<S, 1>(dense);
        check::<S, 2>(dense);
        check::<S, 3>(dense);
        check::<S, 4>(dense);
        check::<S, 4>(|_, _| real(1.0));
        check::<S, 4>(|_, _| S::zero());
        check::<S, 3>(|i, j| if i == j { -S::one() } else { S::zero() });
        check::<S, 3>(|i, j| if (i, j) == (2, 0) { real(1.0) } else { S::zero() });
        check::<S, 4>(|i, j| dense(i, j).scale_pow2(-40 * i32::try_from(j).unwrap()));
        check::<S, 4>(|i, j| dense(i, j).scale_pow2(-40 * i32::try_from(i).unwrap()));
        for size in [S::Real::MIN_EXPONENT + 2, S::Real::MAX_EXPONENT - 3] {
            check::<S, 3>(|i, j| dense(i, j).scale_pow2(size));
        }
    }

    #[test]
    fn the_singular_values_are_those_of_the_matrix() {
        checks::<f32>();
        checks::<f64>();
        checks::<Complex<f32>>();
        checks::<Complex<f64>>();
    }
}
