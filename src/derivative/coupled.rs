//! The coupled equations of triplets that come without the rest, by the method of conjugate gradients.
//!
//! With U, S, V the r triplets and A⟂ = A − U S Vᴴ, each column of X and Y solves, with σ = sⱼ and x₀, y₀ the compact solution,
//!
//!   σ x − A⟂ y = σ x₀,   σ y − A⟂ᴴ x = σ y₀.
//!
//! With T = A⟂/σ: (I − T Tᴴ) x = x₀ + T y₀ and y = y₀ + Tᴴ x. Where σ > s_{r+1}, the matrix is Hermitian with eigenvalues between
//! 1 − (s_{r+1}/σ)² and 1, so that the method of conjugate gradients converges, each step by the factor
//! (√κ − 1)/(√κ + 1), κ = σ²/(σ² − s_{r+1}²), and in at most as many steps as A⟂ has distinct singular values but for
//! rounding. All columns step together: A is read twice per iteration (`docs/derivatives.md`, section 4).

use super::blocks::project_out;
use super::partial::{Convergence, Iteration, Partial};
use super::rule::Rule;
use super::spectrum::{Need, Spectrum};
use super::vector::{add_scaled, inner, norm, scale};
use crate::error::Error;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;

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
pub(super) struct Solver<'a, 'w, S: Scalar> {
    operator: Operator<'a, S>,
    /// The right-hand sides as given, then x₀ and y₀: m×r and n×r.
    pub(super) given: [&'w mut [S]; 2],
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
    pub(super) fn carve(
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
    pub(super) fn beyond(&self) -> Result<[MatRef<'_, S>; 2], Error> {
        let ((m, n), r) = (self.operator.partial.factors.shape(), self.size.len());
        Ok([MatRef::col_major(self.x, m, r)?, MatRef::col_major(self.y, n, r)?])
    }

    pub(super) fn solve(&mut self) -> Result<Convergence<S::Real>, Error> {
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
