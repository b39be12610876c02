//! What goes into the backward rule, and where its result goes.

use crate::error::Error;
use crate::factors::{Factors, check_finite_values};
use crate::kernel::{Arith, LANES, Level, Task, cast, each, lane_by_lane};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{Real, Scalar, Zero};
use crate::scale::largest_part;

/// The cotangents of the factors: dL = Re tr(gUᴴ dU) + Σ gsᵢ dsᵢ + Re tr(gVᴴ dV). What is `None` is zero.
///
/// All parts have the same number r ≤ k of columns (entries); r < k means a loss of the leading r triplets alone.
///
/// ```
/// use diffsvd::{Cotangent, Mat, Rule, Svd};
/// // L = ⟨G, U S² Vᴴ⟩ at A = 2 I: gU = G V S², gV = Gᴴ U S², and of the matrix S: gS = M S + S M, M = UᴴG V.
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
/// let g = Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]);
/// let (gu, gv) = (g.product(svd.v())?, g.adjoint().product(svd.u())?);
/// let gs = svd.u().adjoint().product(&gu)?;
/// let four = |x: &Mat<f64>| Mat::from_fn(2, 2, |i, j| 4.0 * x[(i, j)]); // S² = 4 I, and M S + S M = 4 M
/// let (gu, gv, gs) = (four(&gu), four(&gv), four(&gs));
/// let cotangent = Cotangent { u: Some(gu.as_ref()), v: Some(gv.as_ref()), s_matrix: Some(gs.as_ref()), ..Cotangent::default() };
/// let gradient = svd.vjp(&cotangent, &Rule::default())?.a; // exact: f′ herm(G) + (f/s) skew(G)
/// assert!((gradient[(0, 1)] - 3.0).abs() < 1e-14 && (gradient[(1, 0)] - 1.0).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cotangent<'a, S: Scalar> {
    /// gU, m×r.
    pub u: Option<MatRef<'a, S>>,
    /// gs, r values.
    pub s: Option<&'a [S::Real]>,
    /// gV, n×r.
    pub v: Option<MatRef<'a, S>>,
    /// The *block cotangent* gS, r×r: the cotangent of S as the diagonal matrix that it is in U S Vᴴ. Its diagonal adds to
    /// `s`; inside a block of equal singular values its Hermitian part is used whole, inside the block of zeros the whole of
    /// it, and the rule is exact there for every function of S. Beside it [`AtEqual::Reconstruct`](crate::AtEqual::Reconstruct) acts as `MinimumNorm`.
    pub s_matrix: Option<MatRef<'a, S>>,
}

impl<S: Scalar> Default for Cotangent<'_, S> {
    fn default() -> Self {
        Cotangent { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> Cotangent<'_, S> {
    /// Number of triplets that the loss depends on.
    pub(super) fn triplets(&self, k: usize) -> usize {
        let cols = |m: Option<MatRef<'_, S>>| m.map(|m| m.cols());
        cols(self.u).or(cols(self.v)).or(self.s.map(<[_]>::len)).or(cols(self.s_matrix)).unwrap_or(k)
    }

    /// ‖gU‖² + ‖gV‖², the entries times `unit`.
    pub(super) fn squares(&self, unit: S::Real) -> S::Real {
        let parts = [self.u, self.v].into_iter().flatten();
        parts.fold(<S::Real as Zero>::zero(), |sum, part| sum + squares(part, unit))
    }

    /// Whether U or V is differentiated.
    pub(super) fn has_vectors(&self) -> bool {
        self.u.is_some() || self.v.is_some()
    }

    /// Shapes and finiteness; returns r, and the largest part of an entry of gU and gV.
    pub(super) fn check(&self, factors: &Factors<'_, S>) -> Result<(usize, S::Real), Error> {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        let r = self.triplets(k).min(k);
        let mut largest = <S::Real as Zero>::zero();
        for (name, part, rows) in [("the cotangent of U", self.u, m), ("the cotangent of V", self.v, n)] {
            if let Some(part) = part {
                part.check_shape(name, (rows, r))?;
                largest = largest.larger(largest_part(part, name)?);
            }
        }
        if let Some(part) = self.s_matrix {
            part.check_shape("the cotangent of S", (r, r))?;
            part.check_finite("the cotangent of S")?;
        }
        if let Some(s) = self.s {
            check_shape("the cotangent of s", (s.len(), 1), (r, 1))?;
            check_finite_values("the cotangent of s", s)?;
        }
        Ok((r, largest))
    }
}

/// Partial sums, each of which waits for its own predecessor only.
const PLACES: usize = 2 * LANES;

/// One instance for both parts. The reals of a column go to the places in turn, so that the result does not depend on the strides.
#[cfg_attr(target_os = "none", inline(never))]
fn squares<S: Scalar>(part: MatRef<'_, S>, unit: S::Real) -> S::Real {
    let (mut sums, level) = ([<S::Real as Zero>::zero(); PLACES], Level::detect());
    let together = part.as_one_column().filter(|_| (part.rows() * S::PARTS).is_multiple_of(PLACES));
    let view = together.unwrap_or(part);
    for j in 0..view.cols() {
        // (Where there are no lanes, one loop is enough.)
        match view.contiguous_col(j).filter(|_| LANES > 1 && cast::is_reals::<S>()) {
            Some(column) => level.run(Squares { sums: &mut sums, reals: cast::reals_of(column), unit }),
            None => {
                for i in 0..view.rows() {
                    let x = view.at(i, j);
                    for (l, part) in [x.re(), x.im()].into_iter().enumerate().take(S::PARTS) {
                        sums[(S::PARTS * i + l) % PLACES] += square(part * unit);
                    }
                }
            }
        }
    }
    sums.into_iter().fold(<S::Real as Zero>::zero(), |sum, x| sum + x)
}

#[inline(always)]
fn square<R: Real>(x: R) -> R {
    x * x
}

/// Adds a contiguous column to the partial sums.
struct Squares<'a, R> {
    sums: &'a mut [R; PLACES],
    reals: &'a [R],
    unit: R,
}

impl<R: Real> Task for Squares<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let mut sums = *self.sums;
        let (whole, rest) = self.reals.as_chunks::<PLACES>();
        for reals in whole {
            lane_by_lane();
            sums = each(sums[0], |l| sums[l] + square(reals[l] * self.unit));
        }
        sums.iter_mut().zip(rest).for_each(|(sum, &x)| *sum += square(x * self.unit));
        *self.sums = sums;
    }
}

/// Where a gradient goes.
///
/// ```
/// use diffsvd::{Mat, Svd, Target, spectral::{KyFan, loss_gradient_into}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
/// let (mut gradient, mut work) = (Mat::zeros(2, 2), [0.0; 4]);
/// loss_gradient_into(&svd.factors(), &KyFan::nuclear(), Target::Overwrite(gradient.as_mut()), &mut work)?; // U Vᴴ
/// loss_gradient_into(&svd.factors(), &KyFan::spectral(), Target::Add(gradient.as_mut()), &mut work)?; // and u₁ v₁ᴴ
/// assert_eq!(gradient, Mat::from_rows(&[[2.0, 0.0], [0.0, 1.0]]));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub enum Target<'a, S> {
    /// gA is written.
    Overwrite(MatMut<'a, S>),
    /// gA is added to what is there.
    Add(MatMut<'a, S>),
}

impl<'a, S: Scalar> Target<'a, S> {
    /// The matrix, and whether its old content stays.
    pub(crate) fn into_parts(self) -> (MatMut<'a, S>, bool) {
        match self {
            Target::Overwrite(matrix) => (matrix, false),
            Target::Add(matrix) => (matrix, true),
        }
    }

    /// Writes, or adds, `entry(i, j)`; the matrix, to which all else is added.
    pub(crate) fn begin(self, entry: impl Fn(usize, usize) -> S) -> MatMut<'a, S> {
        let (mut matrix, keep) = self.into_parts();
        for j in 0..matrix.cols() {
            for i in 0..matrix.rows() {
                let old = if keep { matrix.at(i, j) } else { S::zero() };
                matrix.put(i, j, old + entry(i, j));
            }
        }
        matrix
    }

    pub(crate) fn shape(&self) -> (usize, usize) {
        match self {
            Target::Overwrite(matrix) | Target::Add(matrix) => matrix.shape(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_target_is_overwritten_or_added_to() {
        for (keep, expected) in [(false, [1.0, 2.0, 3.0, 4.0]), (true, [6.0, 7.0, 8.0, 9.0])] {
            let mut entries = [5.0; 4];
            let matrix = MatMut::row_major(&mut entries, 2, 2).unwrap();
            let target = if keep { Target::Add(matrix) } else { Target::Overwrite(matrix) };
            target.begin(|i, j| (1 + 2 * i + j) as f64);
            assert_eq!(entries, expected);
        }
    }

    /// ‖x‖² to a few units, in every layout.
    fn of_every_layout<S: Scalar>() {
        for (rows, cols) in [(1, 1), (3, 2), (8, 3), (16, 2), (17, 3), (40, 2)] {
            let value = |i: usize, j: usize| {
                let [re, im] = [0, 1].map(|part| S::Real::from_f64(((2 * (i + rows * j) + part) as f64).sin()));
                S::from_parts(re, im)
            };
            let all = |entries: &[S]| entries.iter().fold(0.0, |sum, x| sum + x.modulus_squared().to_f64());
            let by_columns: Vec<S> =
                (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| value(i, j)).collect();
            let by_rows: Vec<S> =
                (0..rows).flat_map(|i| (0..cols).map(move |j| (i, j))).map(|(i, j)| value(i, j)).collect();
            let mut with_gaps = std::vec![S::from_real(S::Real::from_f64(f64::NAN)); (rows + 1) * cols];
            for j in 0..cols {
                with_gaps[(rows + 1) * j..][..rows].copy_from_slice(&by_columns[rows * j..][..rows]);
            }
            let expected = 0.25 * all(&by_columns);
            let bound = 16.0 * S::Real::EPSILON.to_f64() * expected;
            for view in [
                MatRef::col_major(&by_columns, rows, cols).unwrap(),
                MatRef::row_major(&by_rows, rows, cols).unwrap(),
                MatRef::new(&with_gaps, rows, cols, 1, rows + 1).unwrap(),
            ] {
                let found = squares(view, S::Real::from_f64(0.5)).to_f64();
                assert!((found - expected).abs() <= bound, "{rows}×{cols}, {} reals: {found} for {expected}", S::PARTS);
            }
        }
    }

    #[test]
    fn squares_of_every_layout() {
        of_every_layout::<f64>();
        of_every_layout::<f32>();
        of_every_layout::<num_complex::Complex<f64>>();
    }
}
