//! The second derivative of X = U f(S) Vᴴ, exact at equal and at zero singular values.
//!
//! f of \[0 A; Aᴴ 0\] has the block X, and its eigenvalues are ±sᵢ and zeros. Of a direction Z take P = Uᴴ Z V = H + K, R = (I − `UUᴴ`) Z V and
//! T = (I − `VVᴴ`) Zᴴ U; a second direction has the same with a bar. Then (Daleckii & Krein 1965, in that basis), with "…" for the
//! same with the two directions exchanged,
//!
//!   D²X\[Z, Z̄\] = U (H′ + K′) Vᴴ + R′ Vᴴ + U T′ᴴ + N′,
//!   H′ᵢⱼ = Σₗ f\[sᵢ, sₗ, sⱼ\] Hᵢₗ H̄ₗⱼ − f\[sᵢ, −sₗ, sⱼ\] Kᵢₗ K̄ₗⱼ + f\[sᵢ, 0, sⱼ\] (Rᴴ R̄ + Tᴴ T̄)ᵢⱼ/2 + …,
//!   K′ᵢⱼ = Σₗ f\[−sᵢ, sₗ, sⱼ\] Kᵢₗ H̄ₗⱼ + f\[sᵢ, sₗ, −sⱼ\] Hᵢₗ K̄ₗⱼ + f\[−sᵢ, 0, sⱼ\] (Tᴴ T̄ − Rᴴ R̄)ᵢⱼ/2 + …,
//!   R′ = R (C₊∘H̄ − C₋∘K̄) + (I − `UUᴴ`) Z T̄ diag(c) + …,   T′ = T (C₊∘H̄ + C₋∘K̄) + (I − `VVᴴ`) Zᴴ R̄ diag(c) + …,
//!   N′ = R diag(c) T̄ᴴ + …,   (C±)ₗⱼ = f\[0, ±sₗ, sⱼ\],   cⱼ = f\[0, 0, sⱼ\].

use super::lowering::lower;
use super::projected::{Projected, square};
use super::spectrum::{Direction, Eigenvalue, SecondOrderMap};
use super::values::Values;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;
use Eigenvalue::{Minus, Plus};

/// Length of the workspace of [`map_second_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn map_second_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let k = triplets;
    let sides = rows.saturating_add(cols).saturating_mul(3);
    k.saturating_mul(sides.saturating_add(k.saturating_mul(6)))
}

/// The second derivative D²X\[Z, Z̄\] of X = U f(S) Vᴴ, bilinear and symmetric in the two directions.
///
/// The tangent of the forward map: as A moves along Z̄ and Z along dZ, DX\[Z\] changes by D²X\[Z, Z̄\] + DX\[dZ\]. For the backward map see
/// [`map_vjp_tangent_into`].
///
/// **Shapes.** `factors` k triplets; both directions and `target` m×n.
///
/// **Accuracy.** Second divided differences, not differences of derivatives: for the provided functions the relative error stays below 5 max(m, n) ε at every gap.
///
/// **Cost.** 2 k³ evaluations of f\[x, y, z\] beside about twelve products. Workspace [`map_second_workspace_len`].
///
/// # Errors
/// What the function reports where it is not twice differentiable; [`Error::Shape`], [`Error::Workspace`],
/// [`Error::NonFinite`], [`Error::Parameter`]. The target is untouched then.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::Power};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
/// let z = Mat::identity(2);
/// let second = svd.map_second(Power(3.0), &z, &z)?; // (A Aᴴ A)″ = 6 A along I
/// assert!((second[(0, 0)] - 12.0).abs() < 1e-13);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map_second_into<S: Scalar, M, F: SecondOrderMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    directions: [MatRef<'_, S>; 2],
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    second_into((factors, f, Direction::Forward), directions, target, work)
}

/// The tangent of the backward map along dA: for the directions \[dA, gX\] what gA changes by while gX stays. Where gX changes too,
/// [`map_vjp_into`](crate::spectral::map_vjp_into) of dgX with [`Target::Add`] adds the rest.
///
/// It is D²X\[dA, gX\] where the derivative is self-adjoint: always but for a map with
/// [`couple`](crate::spectral::SpectralMap::couple), whose second derivative has to be transposed.
///
/// **Shapes, accuracy, cost.** As [`map_second_into`].
///
/// # Errors
/// As [`map_second_into`].
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::RelativeSoftThreshold};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
/// let z = Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]);
/// // L = ⟨I, X⟩ = s₁ + s₂ − 2 s₁/4, of which s₁ has the second derivative 2/(s₁ − s₂).
/// let change = svd.map_vjp_tangent(RelativeSoftThreshold(0.25), &z, &Mat::identity(2))?;
/// assert!((change[(0, 1)] + 0.5).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map_vjp_tangent_into<S: Scalar, M, F: SecondOrderMap<S::Real, M>>(
    factors: &Factors<'_, S>,
    f: &F,
    directions: [MatRef<'_, S>; 2],
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    second_into((factors, f, Direction::Backward), directions, target, work)
}

fn second_into<S: Scalar, M, F: SecondOrderMap<S::Real, M>>(
    (factors, f, direction): (&Factors<'_, S>, &F, Direction),
    directions: [MatRef<'_, S>; 2],
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    factors.check()?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("the second derivative", target.shape(), (m, n))?;
    for direction in &directions {
        direction.check_shape("a direction", (m, n))?;
        direction.check_finite("a direction")?;
    }
    let at = Values::of(factors);
    f.check_second(&at)?;
    let mut arena = Arena::new(work, map_second_workspace_len::<S>(m, n, k))?;
    let [first, second] = directions;
    let pair = [&Projected::new(factors, first, &mut arena)?, &Projected::new(factors, second, &mut arena)?];
    let mut result = Projected::carve(factors, first, &mut arena)?;
    let (mut gram_r, mut gram_t) = (square(&mut arena, k)?, square(&mut arena, k)?);
    gram(&mut gram_r, pair.map(|z| z.r.as_ref()), m > k);
    gram(&mut gram_t, pair.map(|z| z.t.as_ref()), n > k);
    result.inside(&at, f, pair, [gram_r.as_ref(), gram_t.as_ref()]);
    result.outside(&at, f, pair, [gram_r.as_ref(), gram_t.as_ref()], &mut square(&mut arena, k)?);
    if let Some(lowering) = f.lowering(&at) {
        lower(&mut result, &at, lowering, pair, direction);
    }
    result.write(&at, f, pair, target);
    Ok(())
}

/// C ← Xᴴ Y + Yᴴ X, or zero.
fn gram<S: Scalar>(c: &mut MatMut<'_, S>, [x, y]: [MatRef<'_, S>; 2], wanted: bool) {
    if !wanted {
        return c.fill_with(|_, _| S::zero());
    }
    gemm(c.reborrow(), false, S::Real::one(), Operand::adjoint(x), Operand::plain(y));
    gemm(c.reborrow(), true, S::Real::one(), Operand::adjoint(y), Operand::plain(x));
}

impl<S: Scalar> Projected<'_, '_, S> {
    /// P ← H′ + K′.
    fn inside<M, F: SecondOrderMap<S::Real, M>>(
        &mut self,
        at: &Values<'_, S::Real>,
        f: &F,
        pair: [&Self; 2],
        [gram_r, gram_t]: [MatRef<'_, S>; 2],
    ) {
        let half = S::Real::from_f64(0.5);
        let complement = self.above() || self.beside();
        for j in 0..self.p.cols() {
            for i in 0..=j {
                let (mut even, mut odd) = inner_sum(at, f, pair, (i, j));
                if complement {
                    let (r, t) = (gram_r.at(i, j), gram_t.at(i, j));
                    even += (r + t).scale(half * f.second(at, [Plus(i), Eigenvalue::Zero, Plus(j)]));
                    odd += (t - r).scale(half * f.second(at, [Minus(i), Eigenvalue::Zero, Plus(j)]));
                }
                self.p.put(i, j, even + odd);
                self.p.put(j, i, (even - odd).conj());
            }
        }
    }

    /// R ← R′ and T ← T′.
    fn outside<M, F: SecondOrderMap<S::Real, M>>(
        &mut self,
        at: &Values<'_, S::Real>,
        f: &F,
        [first, second]: [&Self; 2],
        [gram_r, gram_t]: [MatRef<'_, S>; 2],
        coefficients: &mut MatMut<'_, S>,
    ) {
        let (above, beside, one) = (self.above(), self.beside(), S::Real::one());
        let both = above && beside;
        if both {
            // The path through both complements, where triplets are missing.
            for (x, y) in [(first, second), (second, first)] {
                let keep = core::ptr::eq(x, second);
                gemm(self.r.reborrow(), keep, one, Operand::plain(x.z), Operand::plain(y.t.as_ref()));
                gemm(self.t.reborrow(), keep, one, Operand::adjoint(x.z), Operand::plain(y.r.as_ref()));
            }
            gemm(self.r.reborrow(), true, -one, Operand::plain(self.u), Operand::plain(gram_t));
            gemm(self.t.reborrow(), true, -one, Operand::plain(self.v), Operand::plain(gram_r));
            for (j, matrix) in (0..self.p.cols()).flat_map(|j| [(j, 0), (j, 1)]) {
                let c = f.second(at, [Eigenvalue::Zero, Eigenvalue::Zero, Plus(j)]);
                let matrix = if matrix == 0 { &mut self.r } else { &mut self.t };
                for i in 0..matrix.rows() {
                    matrix.put(i, j, matrix.at(i, j).scale(c));
                }
            }
        }
        for (sign, wanted) in [(-one, above), (one, beside)] {
            for (step, (x, y)) in [(first, second), (second, first)].into_iter().enumerate() {
                if !wanted {
                    continue;
                }
                coefficients.fill_with(|l, j| {
                    let (even, odd) = y.parts(l, j);
                    let (plus, minus) = (
                        f.second(at, [Eigenvalue::Zero, Plus(l), Plus(j)]),
                        f.second(at, [Eigenvalue::Zero, Minus(l), Plus(j)]),
                    );
                    even.scale(plus) + odd.scale(sign * minus)
                });
                let (target, source) = if sign < S::Real::zero() { (&mut self.r, &x.r) } else { (&mut self.t, &x.t) };
                let keep = both || step > 0;
                gemm(
                    target.reborrow(),
                    keep,
                    one,
                    Operand::plain(source.as_ref()),
                    Operand::plain(coefficients.as_ref()),
                );
            }
        }
    }

    /// X ← \[U P + R\] Vᴴ + U Tᴴ + N′.
    fn write<M, F: SecondOrderMap<S::Real, M>>(
        mut self,
        at: &Values<'_, S::Real>,
        f: &F,
        [first, second]: [&Self; 2],
        target: Target<'_, S>,
    ) {
        let (above, beside, one) = (self.above(), self.beside(), S::Real::one());
        let (mut x, keep) = target.into_parts();
        gemm(self.r.reborrow(), above, one, Operand::plain(self.u), Operand::plain(self.p.as_ref()));
        gemm(x.reborrow(), keep, one, Operand::plain(self.r.as_ref()), Operand::adjoint(self.v));
        if beside {
            gemm(x.reborrow(), true, one, Operand::plain(self.u), Operand::adjoint(self.t.as_ref()));
        }
        if above && beside {
            for (y, z) in [(first, second), (second, first)] {
                for j in 0..y.r.cols() {
                    let c = f.second(at, [Eigenvalue::Zero, Eigenvalue::Zero, Plus(j)]);
                    for i in 0..y.r.rows() {
                        self.r.put(i, j, y.r.at(i, j).scale(c));
                    }
                }
                gemm(x.reborrow(), true, one, Operand::plain(self.r.as_ref()), Operand::adjoint(z.t.as_ref()));
            }
        }
    }
}

/// The sums over l in H′ᵢⱼ and K′ᵢⱼ.
fn inner_sum<S: Scalar, M, F: SecondOrderMap<S::Real, M>>(
    at: &Values<'_, S::Real>,
    f: &F,
    [first, second]: [&Projected<'_, '_, S>; 2],
    (i, j): (usize, usize),
) -> (S, S) {
    let (mut even, mut odd) = (S::zero(), S::zero());
    for l in 0..at.s.len() {
        let ((h, k), (h_bar, k_bar)) = (first.parts(i, l), second.parts(l, j));
        let ((g, q), (g_bar, q_bar)) = (second.parts(i, l), first.parts(l, j));
        even += (h * h_bar + g * g_bar).scale(f.second(at, [Plus(i), Plus(l), Plus(j)]));
        even -= (k * k_bar + q * q_bar).scale(f.second(at, [Plus(i), Minus(l), Plus(j)]));
        odd += (k * h_bar + q * g_bar).scale(f.second(at, [Minus(i), Plus(l), Plus(j)]));
        odd += (h * k_bar + g * q_bar).scale(f.second(at, [Plus(i), Plus(l), Minus(j)]));
    }
    (even, odd)
}
