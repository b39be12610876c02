//! The driver: copy and scale, reduce to bidiagonal form, diagonalize, write U, s and V.

use crate::banded::{self, Frame};
use crate::bidiagonal::{self, Bidiagonal, Scratch, Start};
use crate::diagonalize::{self, Wave};
use crate::error::Error;
use crate::kernel::cast;
use crate::matrix::{MatMut, MatRef};
use crate::rotation::Columns;
use crate::scalar::{Real, Scalar};
use crate::scale;
use crate::workspace::{Arena, Plan, Vectors, check_outputs};

/// Where the factors of an m×n matrix go. With [`Vectors::None`], `u` and `v` are not looked at.
#[derive(Debug)]
pub struct FactorsMut<'a, S: Scalar> {
    /// U: m×k, m×m or m×r.
    pub u: MatMut<'a, S>,
    /// s: k values, or r.
    pub s: &'a mut [S::Real],
    /// V (not Vᴴ): n×k, n×n or n×r.
    pub v: MatMut<'a, S>,
}

/// A = U diag(s) Vᴴ for any m×n matrix, real or complex, on the caller's memory.
///
/// - `a` may have any strides and is only read. The outputs may have any strides too.
/// - s is descending and non-negative; it is the same to the last bit whether or not vectors are asked for.
/// - U and V have orthonormal columns. Their signs (phases) are those that fall out; see
///   [`fix_phases`](crate::fix_phases) for a convention.
///
/// **Accuracy.** ‖A − U diag(s) Vᴴ‖, ‖`UᴴU` − I‖ s₁, ‖`VᴴV` − I‖ s₁ and the error of each sᵢ are at most 3 max(m, n) ε s₁, over the whole
/// exponent range of the type. For diagonal and bidiagonal `a` every sᵢ has high *relative* accuracy, however small.
///
/// **Cost.** About 8/3 n³ + 4 m n² flops for the values and as much again for each of U and V (four times that for a complex
/// type); workspace [`svd_workspace_len`](crate::svd_workspace_len), no allocation.
///
/// # Errors
/// [`Error::Shape`], [`Error::Parameter`], [`Error::Workspace`], [`Error::NonFinite`] (where), [`Error::Overflow`] if s₁ is not representable,
/// [`Error::NoConvergence`] (never seen). The outputs are untouched then.
///
/// ```
/// use diffsvd::{FactorsMut, MatMut, MatRef, Vectors, svd_into, svd_workspace_len};
///
/// let a = [3.0, 0.0, 4.0, 5.0];
/// let (mut u, mut s, mut v) = ([0.0; 4], [0.0; 2], [0.0; 4]);
/// let mut work = [0.0; svd_workspace_len::<f64>(2, 2, Vectors::Thin)];
/// svd_into(
///     MatRef::row_major(&a, 2, 2)?,
///     Vectors::Thin,
///     FactorsMut { u: MatMut::row_major(&mut u, 2, 2)?, s: &mut s, v: MatMut::row_major(&mut v, 2, 2)? },
///     &mut work,
/// )?;
/// assert!((s[0] - 45_f64.sqrt()).abs() < 1e-14 && (s[1] - 5_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Golub & Kahan 1965; Demmel & Kahan 1990; Chan 1982.
pub fn svd_into<S: Scalar>(
    a: MatRef<'_, S>,
    vectors: Vectors,
    out: FactorsMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    check_outputs(a.shape(), vectors, out.u.shape(), out.s.len(), out.v.shape())?;
    let plan = Plan::new(a.rows(), a.cols(), vectors);
    let mut arena = Arena::new(work, plan.workspace::<S>())?;
    if plan.cols == 0 {
        // Nothing to decompose: the complete bases of `Full` are the identity.
        for mut basis in [out.u, out.v] {
            basis.fill_with(|i, j| if i == j { S::one() } else { S::zero() });
        }
        return Ok(());
    }
    let largest = scale::largest_part(a)?;
    let mut core = Core::carve(&plan, &mut arena);
    let p = if let Some(band) = banded::detect(a, plan.transposed) {
        // Scaling up loses nothing: small entries gain, and a few bits are left for the growth of the sweeps.
        let p = scale::exponent(largest) - (S::Real::MAX_EXPONENT - 8);
        core.solve_band(a, band, p, &plan, arena)?;
        p
    } else {
        let p = scale::exponent(largest);
        let copy = arena.take(plan.rows * plan.cols);
        scale::load(a, plan.transposed, p, copy);
        if plan.tall {
            core.solve_tall(copy, &plan, arena)?;
        } else {
            core.solve(copy, plan.rows, &plan, arena)?;
        }
        p
    };
    core.write(p, &plan, out)
}

/// The singular values of `a` alone, descending, to the last bit those of [`svd_into`].
///
/// The workspace has [`svd_workspace_len`](crate::svd_workspace_len) entries for [`Vectors::None`].
///
/// # Errors
/// As [`svd_into`].
///
/// ```
/// use diffsvd::{MatRef, singular_values_into};
/// let (mut s, mut work) = ([0.0; 2], [0.0; 100]);
/// singular_values_into(MatRef::row_major(&[0.0, 2.0, -1.0, 0.0], 2, 2)?, &mut s, &mut work)?;
/// assert_eq!(s, [2.0, 1.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn singular_values_into<S: Scalar>(a: MatRef<'_, S>, s: &mut [S::Real], work: &mut [S]) -> Result<(), Error> {
    svd_into(a, Vectors::None, FactorsMut { u: MatMut::empty(), s, v: MatMut::empty() }, work)
}

/// The bidiagonal matrix, on its way to the singular values, and the two bases, on their way to U and V.
struct Core<'w, S: Scalar> {
    d: &'w mut [S::Real],
    e: &'w mut [S::Real],
    wave: Wave<'w, S::Real>,
    /// Column-major, of the taller side; empty when no vectors are wanted.
    left: &'w mut [S],
    /// Column-major n×n, or empty.
    right: &'w mut [S],
}

impl<'w, S: Scalar> Core<'w, S> {
    fn carve(plan: &Plan, arena: &mut Arena<'w, S>) -> Self {
        let [d, e, left_c, left_s, right_c, right_s] = arena.take_reals(plan.cols);
        let wave = Wave { left_c, left_s, right_c, right_s };
        let right_len = if plan.vectors { plan.cols * plan.cols } else { 0 };
        Core { d, e, wave, left: arena.take(plan.rows * plan.left_cols), right: arena.take(right_len) }
    }

    /// Dense A of `rows` rows, column-major, overwritten by its reflectors.
    fn solve(&mut self, a: &mut [S], rows: usize, plan: &Plan, mut arena: Arena<'_, S>) -> Result<(), Error> {
        let n = plan.cols;
        let (tau_q, tau_p, x) = (arena.take(n), arena.take(n), arena.take(n));
        let (w, z) = (arena.take(rows), arena.take(rows));
        let mut b = Bidiagonal { d: self.d, e: self.e, tau_q, tau_p };
        bidiagonal::reduce(a, rows, &mut b, Scratch { x: &mut *x, w, z });
        if plan.vectors {
            let left = left_basis(self.left, rows, plan);
            set_identity(left, rows);
            bidiagonal::apply_q(a, rows, tau_q, left, Start::Identity);
            set_identity(self.right, n);
            bidiagonal::apply_p(a, rows, tau_p, self.right, x, Start::Identity);
        }
        self.diagonalize(rows, plan)
    }

    /// A = Q R first; then the singular value decomposition of the n×n matrix R, and U = Q `U_R`.
    fn solve_tall(&mut self, a: &mut [S], plan: &Plan, mut arena: Arena<'_, S>) -> Result<(), Error> {
        let (m, n) = (plan.rows, plan.cols);
        let (r, tau) = (arena.take(n * n), arena.take(n));
        bidiagonal::triangularize(a, m, tau);
        for (j, (target, source)) in r.chunks_exact_mut(n).zip(a.chunks_exact(m)).enumerate() {
            let (upper, lower) = target.split_at_mut(j + 1);
            upper.copy_from_slice(&source[..=j]);
            lower.fill(S::zero());
        }
        self.solve(r, n, plan, arena)?;
        if plan.vectors {
            extend(self.left, n, m);
            bidiagonal::apply_q(a, m, tau, self.left, Start::Dense);
        }
        Ok(())
    }

    /// Bidiagonal A: no reflectors.
    fn solve_band(
        &mut self,
        a: MatRef<'_, S>,
        band: banded::Band,
        p: i32,
        plan: &Plan,
        mut arena: Arena<'_, S>,
    ) -> Result<(), Error> {
        let (row_phases, col_phases) = (arena.take(plan.rows), arena.take(plan.cols));
        let (c, s) = (&mut *self.wave.left_c, &mut *self.wave.left_s);
        let mut frame = Frame { row_phases, col_phases, c, s };
        banded::extract(a, plan.transposed, band, p, (&mut *self.d, &mut *self.e), &mut frame);
        if plan.vectors {
            set_identity(self.left, plan.rows);
            set_identity(self.right, plan.cols);
            frame.apply(self.left, self.right);
        }
        self.diagonalize(plan.rows, plan)
    }

    /// Turns d, e into singular values and the bases into singular vectors.
    fn diagonalize(&mut self, rows: usize, plan: &Plan) -> Result<(), Error> {
        if plan.vectors {
            let u = (cast::as_reals(left_basis(self.left, rows, plan)), rows * S::PARTS);
            let v = (cast::as_reals(self.right), plan.cols * S::PARTS);
            diagonalize::qr_iteration(self.d, self.e, &mut self.wave, &mut Columns { u, v })
        } else {
            diagonalize::qr_iteration(self.d, self.e, &mut self.wave, &mut ())
        }
    }

    /// Copies the results out; nothing is written before the last possible error.
    fn write(&self, p: i32, plan: &Plan, out: FactorsMut<'_, S>) -> Result<(), Error> {
        let unscale = |d: &S::Real| d.mul_pow2(p);
        if self.d.first().is_some_and(|d| !unscale(d).is_finite()) {
            return Err(Error::Overflow);
        }
        for (s, d) in out.s.iter_mut().zip(&*self.d) {
            *s = unscale(d);
        }
        if plan.vectors {
            let (tall, short) = if plan.transposed { (out.v, out.u) } else { (out.u, out.v) };
            copy_out(self.left, plan.rows, tall);
            copy_out(self.right, plan.cols, short);
        }
        Ok(())
    }
}

/// The columns that are rotated: those of the whole matrix, or those of R, which lie at the start.
fn left_basis<'a, S>(left: &'a mut [S], rows: usize, plan: &Plan) -> &'a mut [S] {
    let cols = if rows == plan.rows { plan.left_cols } else { plan.cols };
    &mut left[..rows * cols]
}

/// The leading columns of a column-major basis.
fn copy_out<S: Scalar>(basis: &[S], rows: usize, mut to: MatMut<'_, S>) {
    for j in 0..to.cols() {
        let column = basis.get(j * rows..(j + 1) * rows).unwrap_or(&[]);
        match to.contiguous_col(j) {
            Some(target) if target.len() == column.len() => target.copy_from_slice(column),
            _ => column.iter().enumerate().for_each(|(i, &x)| to.put(i, j, x)),
        }
    }
}

/// Column-major identity, as many columns as there are.
fn set_identity<S: Scalar>(columns: &mut [S], rows: usize) {
    columns.fill(S::zero());
    columns.iter_mut().step_by(rows + 1).for_each(|x| *x = S::one());
}

/// Spreads the n×n matrix at the start of `columns` over columns of `rows` rows, in place: [X 0; 0 I].
fn extend<S: Scalar>(columns: &mut [S], n: usize, rows: usize) {
    for j in (0..n).rev() {
        columns.copy_within(j * n..(j + 1) * n, j * rows);
        columns[j * rows + n..(j + 1) * rows].fill(S::zero());
    }
    let (_, rest) = columns.split_at_mut(n * rows);
    for (j, column) in rest.chunks_exact_mut(rows).enumerate() {
        column.fill(S::zero());
        column[n + j] = S::one();
    }
}
