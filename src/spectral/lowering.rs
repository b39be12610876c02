//! The second derivative of what moves with s₁: X = F(A, τ) with τ = c s₁ and ∂F/∂τ = −N, N = Uᵣ Vᵣᴴ.
//!
//! N and E = ∂s₁/∂A = u₁ v₁ᴴ are values of spectral maps themselves, with self-adjoint derivatives DN and DE. With w(Z) = ⟨E, Z⟩
//!
//!   D²X\[Z, Z̄\] = D²F\[Z, Z̄\] − c (w(Z) DN\[Z̄\] + w(Z̄) DN\[Z\] + ⟨Z, DE\[Z̄\]⟩ N),
//!
//! and the adjoint of Z̄ ↦ D²X\[Z, Z̄\], which the backward map changes by along Z, takes a cotangent G to
//!
//!   D²F\[Z, G\] − c (w(Z) DN\[G\] + ⟨Z, DN\[G\]⟩ E + ⟨N, G⟩ DE\[Z\]).

use super::norms::LeadingWeights;
use super::projected::{Blocks, Projected};
use super::spectrum::{Direction, SecondOrderMap, SpectralMap, Whole};
use super::values::Values;
use crate::error::Error;
use crate::matrix::MatMut;
use crate::scalar::{Real, Scalar};

/// What [`couple`](SpectralMap::couple) adds to the first derivative, where the second derivative of it is known: nothing, or the
/// [`lowering`](SecondOrderMap::lowering) (r, c). Compared with what `couple` does to each unit vector.
///
/// # Errors
/// [`Error::Parameter`] where `couple` does anything else.
pub(super) fn require_lowering<R: Real, M, F: SecondOrderMap<R, M>>(
    f: &F,
    at: &Values<'_, R>,
    [unit, out]: [&mut [R]; 2],
) -> Result<Option<(usize, R)>, Error> {
    let lowering = f.lowering(at);
    for i in 0..unit.len() {
        unit.fill(R::zero());
        unit[i] = R::one();
        out.fill(R::zero());
        f.couple(at, unit, Direction::Forward, out);
        for (j, &coefficient) in out.iter().enumerate() {
            let known = lowering.filter(|&(r, _)| i == 0 && j < r).map_or_else(R::zero, |(_, c)| -c);
            if coefficient != known {
                return Err(Error::Parameter {
                    name: "the coupling of two singular values",
                    value: coefficient.to_f64(),
                    must: "be what `lowering` says, the one kind with a second derivative here",
                });
            }
        }
    }
    Ok(lowering)
}

/// The terms with c, for the first r values.
pub(super) fn lower<S: Scalar>(
    result: &mut Blocks<'_, '_, S>,
    at: &Values<'_, S::Real>,
    (r, c): (usize, S::Real),
    [z, other]: [&Projected<'_, '_, S>; 2],
    direction: Direction,
) {
    let (kept, largest) = (Bent { at, g: LeadingWeights::first(r) }, Bent { at, g: LeadingWeights::first(1) });
    kept.add_derivative(result, -c * largest.slope(z), other);
    match direction {
        Direction::Forward => {
            kept.add_derivative(result, -c * largest.slope(other), z);
            kept.add_value(result, -c * largest.form(z, other));
        }
        Direction::Backward => {
            largest.add_value(result, -c * kept.form(z, other));
            largest.add_derivative(result, -c * kept.slope(other), z);
        }
    }
}

/// The map U g(S) Vᴴ at these values.
struct Bent<'a, R, G> {
    at: &'a Values<'a, R>,
    g: G,
}

impl<R: Real, G: SpectralMap<R, Whole>> Bent<'_, R, G> {
    /// ⟨U g(S) Vᴴ, Z⟩.
    fn slope<S: Scalar<Real = R>>(&self, z: &Projected<'_, '_, S>) -> R {
        (0..z.blocks.p.cols()).fold(R::zero(), |sum, i| sum + self.g.value_at(self.at, i) * z.blocks.p.at(i, i).re())
    }

    /// ⟨Y, D\[Z\]⟩.
    fn form<S: Scalar<Real = R>>(&self, y: &Projected<'_, '_, S>, z: &Projected<'_, '_, S>) -> R {
        let mut sum = R::zero();
        for j in 0..y.blocks.p.cols() {
            for i in 0..y.blocks.p.rows() {
                let ((h, k), (even, odd)) = (y.parts(i, j), z.parts(i, j));
                sum += self.g.difference(self.at, i, j) * (h.conj() * even).re();
                sum += self.g.sum(self.at, i, j) * (k.conj() * odd).re();
            }
            let outside = |wanted: bool, a: &MatMut<'_, S>, b: &MatMut<'_, S>| {
                let rows = if wanted { 0..a.rows() } else { 0..0 };
                rows.fold(R::zero(), |sum, i| sum + (a.at(i, j).conj() * b.at(i, j)).re())
            };
            sum += self.g.sum(self.at, j, j)
                * (outside(y.blocks.above(), &y.blocks.r, &z.blocks.r)
                    + outside(y.blocks.beside(), &y.blocks.t, &z.blocks.t));
        }
        sum
    }

    /// Adds c U g(S) Vᴴ.
    fn add_value<S: Scalar<Real = R>>(&self, result: &mut Blocks<'_, '_, S>, c: R) {
        for i in 0..result.p.cols() {
            let value = S::from_real(c * self.g.value_at(self.at, i));
            result.p.put(i, i, result.p.at(i, i) + value);
        }
    }

    /// Adds c D\[Z\].
    fn add_derivative<S: Scalar<Real = R>>(&self, result: &mut Blocks<'_, '_, S>, c: R, z: &Projected<'_, '_, S>) {
        let (above, beside) = (result.above(), result.beside());
        for j in 0..z.blocks.p.cols() {
            for i in 0..z.blocks.p.rows() {
                let (even, odd) = z.parts(i, j);
                let (even, odd) = (even.scale(self.g.difference(self.at, i, j)), odd.scale(self.g.sum(self.at, i, j)));
                result.p.put(i, j, result.p.at(i, j) + (even + odd).scale(c));
            }
            let q = c * self.g.sum(self.at, j, j);
            for (wanted, target, source) in [(above, &mut result.r, &z.blocks.r), (beside, &mut result.t, &z.blocks.t)]
            {
                for i in (0..target.rows()).filter(|_| wanted) {
                    target.put(i, j, target.at(i, j) + source.at(i, j).scale(q));
                }
            }
        }
    }
}
