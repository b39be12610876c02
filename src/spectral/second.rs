//! The second derivative of X = U f(S) Vᴴ, exact at equal and at zero singular values.
//!
//! f of \[0 A; Aᴴ 0\] has the block X, and its eigenvalues are ±sᵢ and zeros. Of a direction Z take P = Uᴴ Z V = H + K, R = (I − `UUᴴ`) Z V and
//! T = (I − `VVᴴ`) Zᴴ U; a second direction has the same with a bar. Then the formula that heads `curvature` reads, with "…" for the
//! same with the two directions exchanged,
//!
//!   D²X\[Z, Z̄\] = U (H′ + K′) Vᴴ + R′ Vᴴ + U T′ᴴ + N′,
//!   H′ᵢⱼ = Σₗ f\[sᵢ, sₗ, sⱼ\] Hᵢₗ H̄ₗⱼ − f\[sᵢ, −sₗ, sⱼ\] Kᵢₗ K̄ₗⱼ + f\[sᵢ, 0, sⱼ\] (Rᴴ R̄ + Tᴴ T̄)ᵢⱼ/2 + …,
//!   K′ᵢⱼ = Σₗ f\[−sᵢ, sₗ, sⱼ\] Kᵢₗ H̄ₗⱼ + f\[sᵢ, sₗ, −sⱼ\] Hᵢₗ K̄ₗⱼ + f\[−sᵢ, 0, sⱼ\] (Tᴴ T̄ − Rᴴ R̄)ᵢⱼ/2 + …,
//!   R′ = R (C₊∘H̄ − C₋∘K̄) + (I − `UUᴴ`) Z T̄ diag(c) + …,   T′ = T (C₊∘H̄ + C₋∘K̄) + (I − `VVᴴ`) Zᴴ R̄ diag(c) + …,
//!   N′ = R diag(c) T̄ᴴ + …,   (C±)ₗⱼ = f\[0, ±sₗ, sⱼ\],   cⱼ = f\[0, 0, sⱼ\].

use super::curvature::{Curvature, curvature_len};
use super::frame::Direct;
use super::lowering::{lower, require_lowering};
use super::projected::{Blocks, Given, Projected};
use super::spectrum::{Direction, Eigenvalue, SecondOrderMap};
use super::values::Values;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar};
use crate::workspace::Arena;

/// Length of the workspace of [`map_second_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn map_second_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let reals = triplets.saturating_mul(2).div_ceil(S::PARTS);
    second_len(rows, cols, triplets).saturating_add(reals)
}

/// Two directions, a result, and what is between them.
pub(super) const fn second_len(rows: usize, cols: usize, triplets: usize) -> usize {
    let side = rows.saturating_add(cols).saturating_add(triplets);
    triplets.saturating_mul(side).saturating_mul(3).saturating_add(curvature_len(triplets))
}

/// The second derivative D²X\[Z, Z̄\] of X = U f(S) Vᴴ, bilinear and symmetric in the two directions.
///
/// The tangent of the forward map: as A moves along Z̄ and Z along dZ, DX\[Z\] changes by D²X\[Z, Z̄\] + DX\[dZ\]. For the backward map see
/// [`map_vjp_tangent_into`].
///
/// **Shapes.** `factors` k triplets; both directions and `target` m×n.
///
/// **Accuracy.** Second divided differences, not differences of derivatives: for the provided functions the relative error stays below 16 max(m, n) ε at every gap
/// (singular values within a factor of ten; most functions stay below 5).
///
/// **Cost.** 2 k³ evaluations of f\[x, y, z\] beside about twelve products. Workspace [`map_second_workspace_len`].
///
/// # Errors
/// What the function reports where it is not twice differentiable; [`Error::NonFinite`] where an argument or what the function gives is not finite;
/// [`Error::Shape`], [`Error::Workspace`], [`Error::Parameter`]. The target is untouched then.
///
/// ```
/// use diffsvd::{Mat, Svd, Target, spectral::{Power, map_second_into, map_second_workspace_len}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
/// let z = Mat::identity(2);
/// let (mut second, mut work) = (Mat::zeros(2, 2), [0.0; map_second_workspace_len::<f64>(2, 2, 2)]);
/// let (directions, target) = ([z.as_ref(), z.as_ref()], Target::Overwrite(second.as_mut()));
/// map_second_into(&svd.factors(), &Power(3.0), directions, target, &mut work)?; // (A Aᴴ A)″ = 6 A along I
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
/// use diffsvd::{Mat, Svd, Target, spectral::{RelativeSoftThreshold, map_second_workspace_len, map_vjp_tangent_into}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]]))?;
/// let (a_dot, x_bar) = (Mat::from_rows(&[[0.0, 1.0], [1.0, 0.0]]), Mat::identity(2));
/// let (mut change, mut work) = (Mat::zeros(2, 2), [0.0; map_second_workspace_len::<f64>(2, 2, 2)]);
/// let (directions, target) = ([a_dot.as_ref(), x_bar.as_ref()], Target::Overwrite(change.as_mut()));
/// // L = ⟨I, X⟩ = s₁ + s₂ − 2 s₁/4, of which s₁ has the second derivative 2/(s₁ − s₂).
/// map_vjp_tangent_into(&svd.factors(), &RelativeSoftThreshold(0.25), directions, target, &mut work)?;
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
    let lowering = require_lowering(f, &at, arena.take_reals(k))?;
    let [first, second] = directions.map(|z| Given::Across(Direct::new(z)));
    let second = Projected::new(factors, second, &mut arena, &mut [])?;
    let pair = [&Projected::new(factors, first, &mut arena, &mut [])?, &second];
    let curvature = Curvature { second: |points| f.second(&at, points), pair, across: true };
    let mut result = Blocks::carve(factors, &mut arena)?;
    curvature.apply(&mut result, &mut arena, &mut [])?;
    if let Some(lowering) = lowering {
        lower(&mut result, &at, lowering, pair, direction);
    }
    let (x, keep) = target.into_parts();
    write_across(&curvature, result, (x, keep), Scaled { by: S::Real::one(), flipped: false });
    Ok(())
}

/// How a result is written.
#[derive(Clone, Copy)]
pub(super) struct Scaled<R> {
    pub(super) by: R,
    /// Whether the target is the adjoint.
    pub(super) flipped: bool,
}

impl<R> Scaled<R> {
    /// X ← scale · A Bᴴ, or added to what is there.
    pub(super) fn add<S: Scalar<Real = R>>(self, (x, keep): (MatMut<'_, S>, bool), a: MatRef<'_, S>, b: MatRef<'_, S>) {
        let (a, b) = if self.flipped { (b, a) } else { (a, b) };
        gemm(x, keep, self.by, Operand::plain(a), Operand::adjoint(b));
    }
}

/// X ← scale · (\[U P + R\] Vᴴ + U Tᴴ + N′), the blocks (1, 2) of a result.
pub(super) fn write_across<S: Scalar, F: Fn([Eigenvalue; 3]) -> S::Real>(
    curvature: &Curvature<'_, '_, '_, S, F>,
    mut result: Blocks<'_, '_, S>,
    (mut x, keep): (MatMut<'_, S>, bool),
    scaled: Scaled<S::Real>,
) {
    let (above, beside, one) = (result.above(), result.beside(), S::Real::one());
    gemm(result.r.reborrow(), true, one, Operand::plain(result.u), Operand::plain(result.p.as_ref()));
    scaled.add((x.reborrow(), keep), result.r.as_ref(), result.v);
    if beside {
        scaled.add((x.reborrow(), true), result.u, result.t.as_ref());
    }
    if above && beside {
        let [first, second] = curvature.pair;
        for (y, z) in [(first, second), (second, first)] {
            result.r.fill_scaled(y.blocks.r.as_ref(), |j| curvature.outermost(j));
            scaled.add((x.reborrow(), true), result.r.as_ref(), z.blocks.t.as_ref());
        }
    }
}
