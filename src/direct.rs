//! The direct path of small square matrices: sizes that the compiler knows, columns in registers, no work storage. With vectors by one-sided Jacobi, the
//! singular values alone of complex 3×3 and 4×4 by way of the bidiagonal form, real 2×2 in closed form.

use crate::bidiagonal::bidiagonalize;
use crate::closed;
use crate::diagonalize;
use crate::error::Error;
use crate::jacobi::{Triplets, decompose, largest_of};
use crate::kernel::Level;
use crate::kernel::team::Team;
use crate::matrix::{MatMut, MatRef};
use crate::plan::{Plan, Vectors};
use crate::scalar::{Real, Scalar, Zero};
use crate::scale::to_unit;
use crate::svd::FactorsMut;

/// Largest order for which one-sided Jacobi is faster than the reduction to bidiagonal form (`docs/measurements.md`).
const LARGEST: usize = 4;

/// Whether a matrix of this shape goes this way.
#[inline]
pub(crate) const fn is_direct(rows: usize, cols: usize) -> bool {
    rows == cols && rows <= LARGEST
}

/// [`svd_workspace_len`](crate::svd_workspace_len) of the shapes of this path, without and with vectors: looked up, as
/// working it out takes as long as a 2×2 matrix.
pub(crate) struct Workspace<S>(core::marker::PhantomData<S>);

impl<S: Scalar> Workspace<S> {
    const LEN: [[usize; 2]; LARGEST + 1] = {
        let mut len = [[0; 2]; LARGEST + 1];
        let mut n = 0;
        while n <= LARGEST {
            len[n] = [
                Plan::new::<S>(n, n, Vectors::None).workspace::<S>(),
                Plan::new::<S>(n, n, Vectors::Thin).workspace::<S>(),
            ];
            n += 1;
        }
        len
    };

    /// Of a plan of this path.
    #[inline]
    pub(crate) fn needed(plan: &Plan) -> usize {
        Self::LEN.get(plan.cols).map_or(0, |len| len[usize::from(plan.vectors)])
    }
}

/// The decomposition of an n×n matrix, n = 1 to 4; the outputs have been checked.
/// `None`, and nothing written, if `a` is for somebody else: bidiagonal, or with an entry that is not finite.
#[inline]
pub(crate) fn solve<S: Scalar>(
    a: MatRef<'_, S>,
    vectors: Vectors,
    out: &mut FactorsMut<'_, S>,
) -> Option<Result<(), Error>> {
    match (a.cols(), vectors) {
        (0 | 1, Vectors::None) => attempt::<S, 1, 0>(a, out),
        (0 | 1, _) => attempt::<S, 1, 1>(a, out),
        (2, Vectors::None) => attempt::<S, 2, 0>(a, out),
        (2, _) => attempt::<S, 2, 2>(a, out),
        (3, Vectors::None) => attempt::<S, 3, 0>(a, out),
        (3, _) => attempt::<S, 3, 3>(a, out),
        (_, Vectors::None) => attempt::<S, 4, 0>(a, out),
        (..) => attempt::<S, 4, 4>(a, out),
    }
}

fn attempt<S: Scalar, const K: usize, const C: usize>(
    a: MatRef<'_, S>,
    out: &mut FactorsMut<'_, S>,
) -> Option<Result<(), Error>> {
    let columns: [[S; K]; K] = core::array::from_fn(|j| core::array::from_fn(|i| a.at(i, j)));
    let largest = largest_of(columns.as_flattened())?;
    if K > 1 && is_bidiagonal(&columns) {
        return None;
    }
    if K == 2 && S::PARTS == 1 {
        // `None` is for the iteration.
        if let Some(triplets) = closed::two_by_two::<S, K, C, K>(|i, j| columns[j][i], largest) {
            write(&triplets, out);
            return Some(Ok(()));
        }
    }
    if C == 0 && K > 2 && S::PARTS == 2 {
        return Some(values_alone(columns, largest).map(|s| out.s.copy_from_slice(&s)));
    }
    Some(decompose::<S, K, K, C>(|i, j| columns[j][i], largest).map(|triplets| write(&triplets, out)))
}

/// By way of the bidiagonal form: without vectors that is less work than to turn complex columns until they are orthogonal (real ones take as long either way).
fn values_alone<S: Scalar, const K: usize>(mut columns: [[S; K]; K], largest: S::Real) -> Result<[S::Real; K], Error> {
    let (shift, [first, second]) = to_unit(K, largest);
    columns.as_flattened_mut().iter_mut().for_each(|x| *x = x.scale(first).scale(second));
    let (mut d, mut e) = bidiagonalize(columns);
    let mut scratch = [[S::Real::zero(); K]; 4];
    let scratch = &mut scratch.each_mut().map(|array| &mut array[..]);
    Team::lead(false, |team| diagonalize::values_alone(&mut d, &mut e, scratch, &mut [], (team, Level::detect())))?;
    let s = d.map(|s| s.mul_pow2(-shift));
    if s[0].is_finite() { Ok(s) } else { Err(Error::Overflow) }
}

/// Whether all entries below the diagonal and above its neighbour are zero, or the same of the transpose.
fn is_bidiagonal<S: Scalar, const K: usize>(columns: &[[S; K]; K]) -> bool {
    let band = |kept: fn(usize, usize) -> bool| {
        columns
            .iter()
            .enumerate()
            .all(|(j, column)| column.iter().enumerate().all(|(i, &x)| i == j || kept(i, j) || x == S::zero()))
    };
    band(|i, j| i + 1 == j) || band(|i, j| i == j + 1)
}

fn write<S: Scalar, const K: usize, const C: usize>(triplets: &Triplets<S, K, C, K>, out: &mut FactorsMut<'_, S>) {
    out.s.iter_mut().zip(triplets.s).for_each(|(out, s)| *out = s);
    if C == K {
        let basis = |to: &mut MatMut<'_, S>, from: [&[S]; K]| to.fill_with(|i, j| from[j][i]);
        basis(&mut out.u, triplets.columns.each_ref().map(|column| &column.u[..]));
        basis(&mut out.v, triplets.columns.each_ref().map(|column| &column.v[..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_complex::Complex;
    use std::vec;
    use std::vec::Vec;

    fn looked_up<S: Scalar>() {
        for n in 0..=LARGEST {
            for vectors in [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(n)] {
                let plan = Plan::new::<S>(n, n, vectors);
                assert_eq!(Workspace::<S>::needed(&plan), plan.workspace::<S>(), "order {n}, {vectors:?}");
            }
        }
    }

    #[test]
    fn the_workspace_that_is_looked_up_is_that_of_the_plan() {
        looked_up::<f32>();
        looked_up::<Complex<f64>>();
    }

    #[test]
    fn small_square_matrices_go_this_way() {
        assert!((0..=4).all(|n| is_direct(n, n)));
        assert!(!is_direct(5, 5) && !is_direct(3, 4) && !is_direct(4, 3));
    }

    type Solved<S, R> = Option<Result<(Vec<S>, Vec<R>, Vec<S>), Error>>;

    /// U, s and V by columns; zero where they are not asked for.
    fn solved<S: Scalar>(n: usize, vectors: Vectors, entry: impl Fn(usize, usize) -> S) -> Solved<S, S::Real> {
        let a: Vec<S> = (0..n * n).map(|at| entry(at % n, at / n)).collect();
        let (mut u, mut v, mut s) = (vec![S::zero(); n * n], vec![S::zero(); n * n], vec![S::Real::zero(); n]);
        let mut out = FactorsMut {
            u: MatMut::new(&mut u, n, n, 1, n).unwrap(),
            s: &mut s,
            v: MatMut::new(&mut v, n, n, 1, n).unwrap(),
        };
        let done = solve(MatRef::new(&a, n, n, 1, n).unwrap(), vectors, &mut out)?;
        Some(done.map(|()| (u, s, v)))
    }

    fn dense<S: Scalar>(i: usize, j: usize) -> S {
        let part = |x: usize| S::Real::from_f64((x as f64).sin());
        S::from_parts(part(7 * i + 5 * j + 1), part(3 * i + 8 * j + 2))
    }

    fn decomposes<S: Scalar>() {
        for n in 1..=LARGEST {
            for p in [-20, 0, 30] {
                let a = |i, j| dense::<S>(i, j).scale_pow2(p);
                let (u, s, v) = solved(n, Vectors::Thin, a).unwrap().unwrap();
                let (zeros, alone, _) = solved(n, Vectors::None, a).unwrap().unwrap();
                let bound = S::Real::from_f64(20.0) * S::Real::EPSILON * s[0];
                assert!(zeros.iter().all(|&x| x == S::zero()));
                assert!(s.iter().zip(&alone).all(|(x, y)| (*x - *y).abs() <= bound), "order {n}: {s:?}, {alone:?}");
                for at in 0..n * n {
                    let (i, j) = (at % n, at / n);
                    let term = |l: usize| u[i + n * l].scale(s[l]) * v[j + n * l].conj();
                    let sum = (0..n).fold(S::zero(), |sum, l| sum + term(l));
                    assert!((sum - a(i, j)).max_part() <= bound, "order {n}, entry ({i}, {j})");
                }
            }
        }
    }

    #[test]
    fn is_a_decomposition() {
        decomposes::<f32>();
        decomposes::<f64>();
        decomposes::<Complex<f32>>();
        decomposes::<Complex<f64>>();
    }

    /// Whether a matrix with ones where `pattern` says is left to the stages, without and with vectors.
    fn is_left<S: Scalar>(n: usize, pattern: impl Fn(usize, usize) -> bool) -> bool {
        let entry = |i, j| if pattern(i, j) { S::one() } else { S::zero() };
        let [alone, thin] = [Vectors::None, Vectors::Thin].map(|vectors| solved(n, vectors, entry).is_none());
        assert_eq!(alone, thin, "order {n}");
        thin
    }

    #[test]
    fn bidiagonal_matrices_go_another_way() {
        type C = Complex<f64>;
        assert!(!is_left::<f64>(1, |_, _| true));
        for n in 2..=LARGEST {
            assert!(is_left::<f64>(n, |i, j| i == j) && is_left::<C>(n, |_, _| false));
            for (row, col) in (0..n * n).map(|at| (at / n, at % n)).filter(|(row, col)| row != col) {
                let with = |band: usize| move |i: usize, j: usize| i == j || i + band == j || (i, j) == (row, col);
                assert_eq!(is_left::<f64>(n, with(1)), row + 1 == col, "order {n}, ({row}, {col})");
                assert_eq!(is_left::<C>(n, |i, j| with(1)(j, i)), row + 1 == col, "order {n}, ({row}, {col})");
            }
        }
    }

    #[test]
    fn what_has_no_singular_values_says_so() {
        for (n, vectors) in (2..=LARGEST).flat_map(|n| [(n, Vectors::None), (n, Vectors::Thin)]) {
            let largest = |_, _| Complex::new(f64::MAX, 0.0);
            assert_eq!(solved(n, vectors, largest), Some(Err(Error::Overflow)), "order {n}, {vectors:?}");
            assert_eq!(solved(n, vectors, |i, _| if i == 1 { f64::NAN } else { 1.0 }), None);
        }
    }
}
