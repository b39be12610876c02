//! The driver: copy and scale, reduce to bidiagonal form, diagonalize, write U, s and V.

use crate::banded::{self, Frame};
use crate::bidiagonal::{Apply, Bidiagonal, Form, Reduce, Scratch, Tau, Triangularize};
use crate::diagonalize::{self, Rotations};
use crate::error::Error;
use crate::kernel::{LANES, Lane, Level, Planes};
use crate::matrix::{MatMut, MatRef};
use crate::rotation::Columns;
use crate::scalar::{Real, Scalar};
use crate::scale;
use crate::workspace::{Plan, Store, Vectors, check_outputs};

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
    let mut store = Store::new(work, plan.workspace::<S>())?;
    if plan.cols == 0 {
        // Nothing to decompose: the complete bases of `Full` are the identity.
        for mut basis in [out.u, out.v] {
            basis.fill_with(|i, j| if i == j { S::one() } else { S::zero() });
        }
        return Ok(());
    }
    let largest = scale::largest_part(a)?;
    let mut core = Core::carve(&plan, S::PARTS, &mut store);
    let p = if let Some(band) = banded::detect(a, plan.transposed) {
        // Scaling up loses nothing: small entries gain, and a few bits are left for the growth of the sweeps.
        let p = scale::exponent(largest) - (S::Real::MAX_EXPONENT - 8);
        core.solve_band(a, band, p)?;
        p
    } else {
        let p = scale::exponent(largest);
        scale::load(a, plan.transposed, p, &mut core.copy);
        if plan.tall {
            core.solve_tall()?;
        } else {
            core.solve(Basis::Copy)?;
        }
        p
    };
    core.write(p, out)
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

/// Which of the matrices below is rotated into the left singular vectors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basis {
    Copy,
    Square,
    Left,
}

/// The matrix on its way to U, s and V.
struct Core<'w, R> {
    plan: Plan,
    level: Level,
    d: &'w mut [R],
    e: &'w mut [R],
    rotations: Rotations<'w, R>,
    tau_q: &'w mut [Tau<R>],
    tau_p: &'w mut [Tau<R>],
    tau_r: &'w mut [Tau<R>],
    /// v, w and z.
    columns: [&'w mut [Lane<R>]; 3],
    /// x.
    row: &'w mut [Lane<R>],
    /// A, then its reflectors; the left basis is formed in its place unless A is tall.
    copy: Planes<'w, R>,
    /// R of a tall A = Q R, and its left basis; empty otherwise.
    square: Planes<'w, R>,
    /// The left basis of a tall A, if vectors are wanted.
    left: Planes<'w, R>,
    /// The right basis, if vectors are wanted.
    right: Planes<'w, R>,
}

impl<'w, R: Real> Core<'w, R> {
    fn carve(plan: &Plan, parts: usize, store: &mut Store<'w, R>) -> Self {
        let (m, n) = (plan.rows, plan.cols);
        let when = |wanted: bool, cols: usize| if wanted { cols } else { 0 };
        let copy_cols = if plan.tall { n } else { n.max(plan.left_cols) };
        let copy = store.planes(m, copy_cols, parts);
        let square = store.planes(n, when(plan.tall, n), parts);
        let left = store.planes(m, when(plan.tall, plan.left_cols), parts);
        let right = store.planes(n, when(plan.vectors, n), parts);
        let columns = core::array::from_fn(|_| store.planes(m, 1, parts).data);
        let row = store.planes(n, 1, parts).data;
        let [d, e, left_c, left_s, right_c, right_s] = store.reals(n);
        let taus = store.reals::<3>(2 * n).map(|taus| taus.as_chunks_mut().0);
        let [tau_q, tau_p, tau_r] = taus;
        let rotations = Rotations { left_c, left_s, right_c, right_s };
        let (plan, level) = (*plan, Level::detect());
        Core { plan, level, d, e, rotations, tau_q, tau_p, tau_r, columns, row, copy, square, left, right }
    }

    /// A dense matrix, or the R of a tall one: to bidiagonal form, to diagonal form.
    fn solve(&mut self, basis: Basis) -> Result<(), Error> {
        let (n, vectors, level) = (self.plan.cols, self.plan.vectors, self.level);
        let mut q = if basis == Basis::Square { self.square.reborrow() } else { self.copy.reborrow() };
        // The columns of the square matrix are shorter than those of A.
        let len = q.stride();
        let [v, w, z] = self.columns.each_mut().map(|column| &mut column[..len]);
        let scratch = Scratch { v: &mut *v, w, z, x: &mut *self.row };
        let p = if vectors { Some(self.right.reborrow()) } else { None };
        let mut b = Bidiagonal { d: self.d, e: self.e, tau_q: self.tau_q, tau_p: self.tau_p };
        level.run(Reduce { a: q.reborrow().split(n).0, p, b: &mut b, scratch });
        if vectors {
            q.reborrow().split(n).1.set_unit_columns(n);
            level.run(Form { q, tau: self.tau_q, v });
            level.run(Form { q: self.right.reborrow(), tau: self.tau_p, v: self.row });
        }
        self.diagonalize(basis)
    }

    /// A = Q R first; then the singular value decomposition of the n×n matrix R, and U = Q U_R.
    fn solve_tall(&mut self) -> Result<(), Error> {
        let [v, ..] = &mut self.columns;
        self.level.run(Triangularize { a: self.copy.reborrow(), diagonal: self.d, tau: self.tau_r, v });
        self.square.set_unit_columns(0);
        for (j, &d) in self.d.iter().enumerate() {
            for i in 0..j {
                self.square.set(i, j, self.copy.get(i, j));
            }
            self.square.set(j, j, d.into());
        }
        self.solve(Basis::Square)?;
        if self.plan.vectors {
            self.left.set_unit_columns(0);
            // Plane by plane: [U_R 0; 0 I].
            let planes = self.square.data.chunks_exact(self.square.depth);
            for (from, to) in planes.zip(self.left.data.chunks_exact_mut(self.left.depth)) {
                to[..from.len()].copy_from_slice(from);
            }
            let [v, ..] = &mut self.columns;
            self.level.run(Apply { a: self.copy.reborrow(), tau: self.tau_r, c: self.left.reborrow(), v });
        }
        Ok(())
    }

    /// A bidiagonal matrix: no reflectors, only phases and the rotations of a lower band.
    fn solve_band<S: Scalar<Real = R>>(&mut self, a: MatRef<'_, S>, band: banded::Band, p: i32) -> Result<(), Error> {
        let parts = self.copy.parts;
        let [left, ..] = &mut self.columns;
        let mut frame = Frame {
            left: Planes::from_column(left, parts),
            right: Planes::from_column(self.row, parts),
            c: &mut *self.rotations.left_c,
            s: &mut *self.rotations.left_s,
        };
        banded::extract(a, self.plan.transposed, band, p, (&mut *self.d, &mut *self.e), &mut frame);
        if self.plan.vectors {
            let basis = if self.plan.tall { &mut self.left } else { &mut self.copy };
            frame.write((basis, self.plan.rows), (&mut self.right, self.plan.cols));
        }
        self.diagonalize(if self.plan.tall { Basis::Left } else { Basis::Copy })
    }

    /// Turns d, e into singular values and the bases into singular vectors.
    fn diagonalize(&mut self, basis: Basis) -> Result<(), Error> {
        let (d, e, rotations) = (&mut *self.d, &mut *self.e, &mut self.rotations);
        if !self.plan.vectors {
            return diagonalize::qr_iteration(d, e, rotations, &mut ());
        }
        let u = match basis {
            Basis::Copy => self.copy.reborrow(),
            Basis::Square => self.square.reborrow(),
            Basis::Left => self.left.reborrow(),
        };
        diagonalize::qr_iteration(d, e, rotations, &mut Columns { u, v: self.right.reborrow(), level: self.level })
    }

    /// Copies the results out; nothing is written before the last possible error.
    fn write<S: Scalar<Real = R>>(&self, p: i32, out: FactorsMut<'_, S>) -> Result<(), Error> {
        let unscale = |d: &R| d.mul_pow2(p);
        if self.d.first().is_some_and(|d| !unscale(d).is_finite()) {
            return Err(Error::Overflow);
        }
        for (s, d) in out.s.iter_mut().zip(&*self.d) {
            *s = unscale(d);
        }
        if self.plan.vectors {
            let (tall, short) = if self.plan.transposed { (out.v, out.u) } else { (out.u, out.v) };
            let left = if self.plan.tall { &self.left } else { &self.copy };
            copy_out(left, tall);
            copy_out(&self.right, short);
        }
        Ok(())
    }
}

/// The leading columns of a basis.
fn copy_out<S: Scalar>(basis: &Planes<'_, S::Real>, mut to: MatMut<'_, S>) {
    let stride = basis.stride();
    for (j, column) in basis.data.chunks_exact(stride).take(to.cols()).enumerate() {
        let (re, im) = column.as_flattened().split_at(basis.depth * LANES);
        let entry = |i: usize| S::from_parts(re[i], if S::PARTS == 2 { im[i] } else { re[i] });
        match to.contiguous_col(j) {
            Some(target) => target.iter_mut().enumerate().for_each(|(i, x)| *x = entry(i)),
            None => (0..to.rows()).for_each(|i| to.put(i, j, entry(i))),
        }
    }
}
