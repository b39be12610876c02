//! The derivatives of r triplets that come without the rest: from U, s, V with r columns and A itself.
//!
//! The triplets that are not there enter through A⟂ = A − U S Vᴴ alone: what they add to the rule of the compact
//! decomposition, which takes A⟂ for zero, solves two coupled equations ([`super::coupled`]; `docs/derivatives.md`, section 4).

use super::cotangent::{Cotangent, Target};
use super::coupled::Solver;
use super::gauge::Report;
use super::jvp::{TangentMut, jvp_into, jvp_workspace_len};
use super::rule::Rule;
use super::vjp::{vjp_into, vjp_workspace_len};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger};

/// When the iteration of [`partial_vjp_into`] and [`partial_jvp_into`] stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iteration<R> {
    /// Norm of the residual of a column relative to that of its right-hand side, at which it is solved.
    pub tolerance: R,
    /// Largest number of iterations; each multiplies A and Aᴴ by the r columns once.
    pub budget: usize,
}

impl<R: Real> Default for Iteration<R> {
    /// 8 ε and 1000 iterations: enough for a relative gap s_r − s_{r+1} of about 1e-3 s_r whatever the rest looks like.
    fn default() -> Self {
        Iteration { tolerance: R::EPSILON * R::from_f64(8.0), budget: 1000 }
    }
}

/// A matrix and its leading r triplets, as a Krylov or a randomized method gives them.
#[derive(Clone, Copy, Debug)]
pub struct Partial<'a, S: Scalar> {
    /// A, m×n.
    pub a: MatRef<'a, S>,
    /// The triplets: A V = U S and Aᴴ U = V S. What they lack in this goes into the derivatives, divided by s_r − s_{r+1}.
    pub factors: Factors<'a, S>,
    /// When to stop.
    pub iteration: Iteration<S::Real>,
}

/// How the iteration went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Convergence<R> {
    /// Iterations made.
    pub iterations: usize,
    /// The largest residual of a column relative to its right-hand side, as the iteration carries it along.
    pub residual: R,
}

/// What [`partial_vjp_into`] met.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PartialReport<R> {
    /// As of [`vjp_into`], for the triplets that are given.
    pub report: Report<R>,
    /// How the iteration went.
    pub convergence: Convergence<R>,
}

/// Length of the workspace of [`partial_vjp_into`] and of [`partial_jvp_into`] for an m×n matrix and r triplets.
#[must_use]
pub const fn partial_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let (vjp, jvp) = (vjp_workspace_len::<S>(rows, cols, triplets), jvp_workspace_len::<S>(rows, cols, triplets));
    let tall = rows.saturating_mul(5).saturating_add(cols.saturating_mul(3)).saturating_mul(triplets);
    let square = triplets.saturating_mul(triplets);
    let reals = triplets.saturating_mul(2).div_ceil(S::PARTS);
    tall.saturating_add(square).saturating_add(reals).saturating_add(larger(vjp, jvp))
}

/// The gradient with respect to A of a loss of its leading r triplets, from these and A alone: [`vjp_into`] as if the other
/// triplets were known. They are not negligible: without them (the projector terms of the compact decomposition alone) the gradient of
/// a random matrix is wrong by tens of percent.
///
/// **Shapes.** r triplets, A m×n, cotangents at most r columns, `target` m×n.
///
/// **Accuracy.** Relative error (ε + tolerance) σ²/(σ² − s_{r+1}²), σ the smallest singular value in the loss.
///
/// **Cost.** 4 m n r flops per iteration; a relative gap δ takes about 10/√δ iterations in double precision, fewer where few
/// singular values stand close to the cut.
///
/// # Errors
/// As [`vjp_into`], and [`Error::Stalled`] where a column was not solved within the budget or `factors` are not the leading triplets:
/// singular value s_{r+1} not below s_r. The target is untouched then.
///
/// ```
/// use diffsvd::{Cotangent, Mat, Rule, Svd, Target, Vectors};
/// use diffsvd::{Iteration, Partial, PartialReport, partial_vjp_into, partial_workspace_len};
///
/// let a = Mat::<f64>::from_rows(&[[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0], [0.2, 0.0, 0.1]]);
/// let (whole, first) = (Svd::thin(&a)?, Svd::new(a.as_ref(), Vectors::Leading(1))?);
/// let gu = Mat::from_rows(&[[1.0], [0.0], [0.0], [0.0]]); // L = u₁₁
/// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
/// let partial = Partial { a: a.as_ref(), factors: first.factors(), iteration: Iteration::default() };
/// let (mut ga, mut work) = (Mat::zeros(4, 3), [0.0; partial_workspace_len::<f64>(4, 3, 1)]);
/// let PartialReport { report, convergence } =
///     partial_vjp_into(&partial, &cotangent, &Rule::default(), Target::Overwrite(ga.as_mut()), &mut work)?;
/// let exact = whole.vjp(&cotangent, &Rule::default())?; // needs all three triplets
/// assert!((ga[(1, 0)] - exact.a[(1, 0)]).abs() < 1e-14 && convergence.iterations <= 3 && report.equal_pairs == 0);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn partial_vjp_into<S: Scalar>(
    partial: &Partial<'_, S>,
    cotangent: &Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<PartialReport<S::Real>, Error> {
    let factors = &partial.factors;
    let (m, n) = factors.shape();
    let k = factors.triplets();
    partial.check()?;
    let (r, _) = cotangent.check(factors)?;
    check_shape("the gradient of A", target.shape(), (m, n))?;
    let mut arena = Arena::new(work, partial_workspace_len::<S>(m, n, k))?;
    let mut solver = Solver::carve(partial, rule, r, &mut arena)?;
    for (side, part) in solver.given.iter_mut().zip([cotangent.u, cotangent.v]) {
        match part {
            Some(part) => MatMut::col_major(side, part.rows(), r)?.fill_with(|i, j| part.at(i, j)),
            None => side.fill(S::zero()),
        }
    }
    let convergence = solver.solve()?;

    let (mut ga, keep) = target.into_parts();
    let compact = if keep { Target::Add(ga.reborrow()) } else { Target::Overwrite(ga.reborrow()) };
    let report = vjp_into(factors, cotangent, rule, compact, arena.take(vjp_workspace_len::<S>(m, n, k)))?;
    let one = S::Real::one();
    let (u, v) = (factors.u.leading_cols(r), factors.v.leading_cols(r));
    let [x, y] = solver.beyond()?;
    gemm(ga.reborrow(), true, one, Operand::plain(x), Operand::adjoint(v));
    gemm(ga, true, one, Operand::plain(u), Operand::adjoint(y));
    Ok(PartialReport { report, convergence })
}

/// The tangents of the leading r triplets along dA, from these and A alone: [`jvp_into`] as if the other triplets were known.
///
/// Shapes as there; accuracy, cost and errors as [`partial_vjp_into`], of which this is the adjoint. The tangents are
/// untouched on an error.
///
/// # Errors
/// As [`jvp_into`] and [`partial_vjp_into`].
///
/// ```
/// use diffsvd::{Convergence, Iteration, Mat, Partial, Rule, Svd, TangentMut, partial_jvp_into, partial_workspace_len};
///
/// let a = Mat::<f64>::from_rows(&[[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0]]);
/// let (whole, a_dot) = (Svd::thin(&a)?, Mat::identity(3));
/// let first = whole.clone().truncate(1);
/// let partial = Partial { a: a.as_ref(), factors: first.factors(), iteration: Iteration { budget: 10, ..Iteration::default() } };
/// let (mut u_dot, mut work) = (Mat::zeros(3, 1), [0.0; partial_workspace_len::<f64>(3, 3, 1)]);
/// let tangent = TangentMut { u: Some(u_dot.as_mut()), ..TangentMut::default() };
/// let Convergence { residual, .. } = partial_jvp_into(&partial, a_dot.as_ref(), &Rule::default(), tangent, &mut work)?;
/// let exact = whole.jvp(&a_dot, &Rule::default())?.u;
/// assert!((u_dot[(2, 0)] - exact[(2, 0)]).abs() < 1e-14 && residual < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn partial_jvp_into<S: Scalar>(
    partial: &Partial<'_, S>,
    a_dot: MatRef<'_, S>,
    rule: &Rule<S::Real>,
    mut tangent: TangentMut<'_, S>,
    work: &mut [S],
) -> Result<Convergence<S::Real>, Error> {
    let factors = &partial.factors;
    let (m, n) = factors.shape();
    let k = factors.triplets();
    partial.check()?;
    let r = tangent.check(factors)?;
    a_dot.check_shape("the tangent of A", (m, n))?;
    a_dot.check_finite("the tangent of A")?;
    let mut arena = Arena::new(work, partial_workspace_len::<S>(m, n, k))?;
    let mut solver = Solver::carve(partial, rule, r, &mut arena)?;
    let one = S::Real::one();
    let [left, right] = &mut solver.given;
    let (u, v) = (factors.u.leading_cols(r), factors.v.leading_cols(r));
    gemm(MatMut::col_major(left, m, r)?, false, one, Operand::plain(a_dot), Operand::plain(v));
    gemm(MatMut::col_major(right, n, r)?, false, one, Operand::adjoint(a_dot), Operand::plain(u));
    let convergence = solver.solve()?;

    let compact = TangentMut {
        u: tangent.u.as_mut().map(MatMut::reborrow),
        s: tangent.s.as_deref_mut(),
        v: tangent.v.as_mut().map(MatMut::reborrow),
        s_matrix: tangent.s_matrix.as_mut().map(MatMut::reborrow),
    };
    jvp_into(factors, a_dot, rule, compact, arena.take(jvp_workspace_len::<S>(m, n, k)))?;
    for (part, beyond) in [tangent.u, tangent.v].into_iter().zip(solver.beyond()?) {
        if let Some(mut part) = part {
            for j in 0..r {
                (0..part.rows()).for_each(|i| part.put(i, j, part.at(i, j) + beyond.at(i, j)));
            }
        }
    }
    Ok(convergence)
}

impl<S: Scalar> Partial<'_, S> {
    fn check(&self) -> Result<(), Error> {
        self.factors.check()?;
        self.a.check_shape("A", self.factors.shape())?;
        self.a.check_finite("A")?;
        let tolerance = self.iteration.tolerance;
        if tolerance > S::Real::zero() && tolerance < S::Real::one() {
            return Ok(());
        }
        let value = tolerance.to_f64();
        Err(Error::Parameter { name: "the tolerance of the iteration", value, must: "lie between 0 and 1" })
    }
}
