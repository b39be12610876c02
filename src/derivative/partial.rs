//! The derivatives of r triplets that come without the rest: from U, s, V with r columns and A itself.
//!
//! The triplets that are not there enter through A⟂ = A − U S Vᴴ alone. What they add to the rule of the compact
//! decomposition (which takes A⟂ for zero) solves, column by column with σ = sⱼ and x₀, y₀ the compact solution,
//!
//!   σ x − A⟂ y = σ x₀,   σ y − A⟂ᴴ x = σ y₀.
//!
//! With T = A⟂/σ: (I − T Tᴴ) x = x₀ + T y₀ and y = y₀ + Tᴴ x. Where σ > s_{r+1}, the matrix is Hermitian with eigenvalues between
//! 1 − (s_{r+1}/σ)² and 1, so that the method of conjugate gradients converges, each step by the factor
//! (√κ − 1)/(√κ + 1), κ = σ²/(σ² − s_{r+1}²), and in at most as many steps as A⟂ has distinct singular values but for
//! rounding. All columns step together: A is read twice per iteration (`docs/derivatives.md`, section 4).

use super::blocks::project_out;
use super::cotangent::{Cotangent, Target};
use super::gauge::Report;
use super::jvp::{TangentMut, jvp_into, jvp_workspace_len};
use super::rule::{Need, Rule, Spectrum};
use super::vector::{add_scaled, inner, norm, scale};
use super::vjp::{vjp_into, vjp_workspace_len};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;

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
    let compact = if vjp > jvp { vjp } else { jvp };
    tall.saturating_add(square).saturating_add(reals).saturating_add(compact)
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
/// use diffsvd::{Cotangent, Mat, Rule, Svd, Vectors};
///
/// let a = Mat::from_rows(&[[3.0, 1.0, 0.0], [1.0, 2.0, 0.5], [0.0, 0.5, 1.0], [0.2, 0.0, 0.1]]);
/// let (whole, first) = (Svd::thin(&a)?, Svd::new(a.as_ref(), Vectors::Leading(1))?);
/// let gu = Mat::from_rows(&[[1.0], [0.0], [0.0], [0.0]]); // L = u₁₁
/// let cotangent = Cotangent { u: Some(gu.as_ref()), ..Cotangent::default() };
/// let (gradient, convergence) = first.partial_vjp(&a, &cotangent, &Rule::default())?;
/// let exact = whole.vjp(&cotangent, &Rule::default())?; // needs all three triplets
/// assert!((gradient.a[(1, 0)] - exact.a[(1, 0)]).abs() < 1e-14 && convergence.iterations <= 3);
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
    let r = cotangent.check(factors)?;
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

/// T = P A Q S⁺ column by column: what stands behind the triplets, in units of their singular values.
struct Operator<'a, S: Scalar> {
    partial: &'a Partial<'a, S>,
    spectrum: Spectrum<'a, S::Real>,
}

impl<S: Scalar> Operator<'_, S> {
    /// target ← T source, for n×r `source` orthogonal to V; `inside` holds k×r.
    fn forward(&self, source: &[S], target: &mut [S], inside: &mut [S]) -> Result<(), Error> {
        let Partial { a, factors, .. } = self.partial;
        self.apply((Operand::plain(*a), factors.v.rows(), source), (factors.u, target), inside)
    }

    /// target ← Tᴴ source, for m×r `source` orthogonal to U.
    fn adjoint(&self, source: &[S], target: &mut [S], inside: &mut [S]) -> Result<(), Error> {
        let Partial { a, factors, .. } = self.partial;
        self.apply((Operand::adjoint(*a), factors.u.rows(), source), (factors.v, target), inside)
    }

    fn apply(
        &self,
        (a, rows, source): (Operand<'_, S>, usize, &[S]),
        (basis, target): (MatRef<'_, S>, &mut [S]),
        inside: &mut [S],
    ) -> Result<(), Error> {
        let r = source.len() / rows.max(1);
        let source = MatRef::col_major(source, rows, r)?;
        let product = MatMut::col_major(&mut *target, basis.rows(), r)?;
        gemm(product, false, S::Real::one(), a, Operand::plain(source));
        self.restrict(basis, target, r, inside)
    }

    /// Z ← (I − B Bᴴ) Z S⁺.
    fn restrict(&self, basis: MatRef<'_, S>, z: &mut [S], r: usize, inside: &mut [S]) -> Result<(), Error> {
        project_out(basis, MatMut::col_major(&mut *z, basis.rows(), r)?, inside)?;
        for (j, column) in z.chunks_exact_mut(basis.rows().max(1)).enumerate() {
            scale(self.spectrum.reciprocal(j), column);
        }
        Ok(())
    }
}

/// The method of conjugate gradients on (I − T Tᴴ) X = T (y₀ + Tᴴ x₀), all columns at once.
struct Solver<'a, 'w, S: Scalar> {
    operator: Operator<'a, S>,
    /// The right-hand sides as given, then x₀ and y₀: m×r and n×r.
    given: [&'w mut [S]; 2],
    /// What is added to them: x (in units of `size` until the end) and y.
    x: &'w mut [S],
    y: &'w mut [S],
    /// Residual, search direction and its image, m×r; Tᴴ of the direction, n×r.
    residual: &'w mut [S],
    direction: &'w mut [S],
    image: &'w mut [S],
    between: &'w mut [S],
    /// Coordinates of what is projected out, k×r.
    inside: &'w mut [S],
    /// ‖x₀‖ + ‖y₀‖ of each column, and the squared norm of its residual in this unit.
    size: &'w mut [S::Real],
    squared: &'w mut [S::Real],
}

impl<'a, 'w, S: Scalar> Solver<'a, 'w, S> {
    fn carve(
        partial: &'a Partial<'a, S>,
        rule: &Rule<S::Real>,
        r: usize,
        arena: &mut Arena<'w, S>,
    ) -> Result<Self, Error> {
        let ((m, n), k) = (partial.factors.shape(), partial.factors.triplets());
        let spectrum = Spectrum::new(&partial.factors, rule, Need::vectors(&partial.factors, r))?;
        let [size, squared] = arena.take_reals(r);
        let mut take = |rows: usize| arena.take(rows * r);
        let given = [take(m), take(n)];
        let (x, residual, direction, image) = (take(m), take(m), take(m), take(m));
        let (y, between, inside) = (take(n), take(n), take(k));
        let operator = Operator { partial, spectrum };
        Ok(Solver { operator, given, x, y, residual, direction, image, between, inside, size, squared })
    }

    /// The solution: x and y less the compact solution.
    fn beyond(&self) -> Result<[MatRef<'_, S>; 2], Error> {
        let ((m, n), r) = (self.operator.partial.factors.shape(), self.size.len());
        Ok([MatRef::col_major(self.x, m, r)?, MatRef::col_major(self.y, n, r)?])
    }

    fn solve(&mut self) -> Result<Convergence<S::Real>, Error> {
        let Iteration { tolerance, budget } = self.operator.partial.iteration;
        self.start()?;
        let mut iterations = 0;
        let unsolved = |squared: &[S::Real]| squared.iter().position(|&x| x > tolerance * tolerance);
        while let Some(column) = unsolved(self.squared) {
            if iterations == budget {
                return Err(self.stalled(column, iterations));
            }
            iterations += 1;
            self.operator.adjoint(self.direction, self.between, self.inside)?;
            self.operator.forward(self.between, self.image, self.inside)?;
            for column in 0..self.size.len() {
                if self.squared[column] > tolerance * tolerance && !self.step(column) {
                    return Err(self.stalled(column, iterations));
                }
            }
        }
        self.finish()?;
        let worst = self.squared.iter().fold(S::Real::zero(), |worst, &x| worst.larger(x));
        Ok(Convergence { iterations, residual: worst.sqrt() })
    }

    /// x₀, y₀, the first residual T (y₀ + Tᴴ x₀) and the first direction.
    fn start(&mut self) -> Result<(), Error> {
        let Partial { factors, .. } = self.operator.partial;
        let r = self.size.len();
        let [x, y] = &mut self.given;
        self.operator.restrict(factors.u, x, r, self.inside)?;
        self.operator.restrict(factors.v, y, r, self.inside)?;
        self.operator.adjoint(x, self.between, self.inside)?;
        add_scaled(S::Real::one(), y, self.between);
        self.operator.forward(self.between, self.residual, self.inside)?;
        self.x.fill(S::zero());
        let (m, n) = factors.shape();
        for (j, residual) in self.residual.chunks_exact_mut(m.max(1)).enumerate() {
            self.size[j] = norm(&x[j * m..(j + 1) * m]) + norm(&y[j * n..(j + 1) * n]);
            let unit = if self.size[j] > S::Real::zero() { self.size[j].recip() } else { S::Real::zero() };
            scale(unit, residual);
            self.squared[j] = inner(residual, residual);
        }
        self.direction.copy_from_slice(self.residual);
        Ok(())
    }

    /// One step of column j; false where the operator is not positive along its direction.
    fn step(&mut self, j: usize) -> bool {
        let m = self.operator.partial.factors.shape().0;
        let column = j * m..(j + 1) * m;
        let (direction, image) = (&mut self.direction[column.clone()], &mut self.image[column.clone()]);
        let residual = &mut self.residual[column.clone()];
        let curvature = inner(direction, direction) - inner(direction, image);
        let old = self.squared[j];
        let length = old / curvature;
        if !(curvature > S::Real::zero() && Scalar::is_finite(length)) {
            return false;
        }
        add_scaled(length, direction, &mut self.x[column]);
        add_scaled(-length, direction, residual);
        add_scaled(length, image, residual);
        self.squared[j] = inner(residual, residual);
        scale(self.squared[j] / old, direction);
        add_scaled(S::Real::one(), residual, direction);
        true
    }

    /// y = Tᴴ (x₀ + x), and x in the units of x₀.
    fn finish(&mut self) -> Result<(), Error> {
        let m = self.operator.partial.factors.shape().0;
        for (x, &size) in self.x.chunks_exact_mut(m.max(1)).zip(&*self.size) {
            scale(size, x);
        }
        let total = &mut *self.given[0];
        add_scaled(S::Real::one(), self.x, total);
        self.operator.adjoint(total, self.y, self.inside)
    }

    fn stalled(&self, column: usize, iterations: usize) -> Error {
        Error::Stalled { column, residual: self.squared[column].sqrt().to_f64(), iterations }
    }
}
