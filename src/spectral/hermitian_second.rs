//! Second order of the Hermitian functions Y = V g(S) Vᴴ, exact at equal singular values.
//!
//! g of B = \[0 A; Aᴴ 0\] has the block (2, 2) Y, g continued as an even function. Its second derivative along two directions of A is the block (2, 2) of
//! D²g\[\[0 Z; Zᴴ 0\], \[0 Z̄; Z̄ᴴ 0\]\], by the formula that heads `curvature`. Because ⟨G, D²g\[D, D̄\]⟩ is symmetric in all three,
//! the tangent of the backward map along dA is twice the block (1, 2) of D²g\[\[0 dA; dAᴴ 0\], \[0 0; 0 herm(gY)\]\]. With Q = Vᴴ herm(gY) V,
//! E = (I − `VVᴴ`) herm(gY) V and the letters H, K, R, T of dA
//!
//!   gA′ = U (Σₗ g\[i, l, j\] (HQ + QH) + g\[i, −l, j\] (KQ − QK) + g\[i, l, −j\] (HQ + QK) + g\[−i, l, j\] (KQ − QH)) Vᴴ + ….

use super::curvature::Curvature;
use super::frame::Direct;
use super::function::TwiceDifferentiable;
use super::hermitian::{Hermitian, Side};
use super::projected::{Blocks, Given, Projected};
use super::second::{Scaled, second_len, write_across};
use super::spectrum::Eigenvalue;
use super::values::{Order, Values};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar, Zero};
use crate::workspace::Arena;

/// Length of the workspace of [`Hermitian::second_into`] and [`Hermitian::vjp_tangent_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn hermitian_second_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    second_len(rows, cols, triplets)
}

impl<F> Hermitian<F> {
    /// The second derivative D²Y\[Z, Z̄\] along two directions of A, bilinear and symmetric: the tangent of
    /// [`jvp_into`](Self::jvp_into) as A moves along Z̄.
    ///
    /// **Shapes.** Both directions m×n, `target` as Y. **Accuracy.** Relative error at most 20 max(m, n) ε at every gap (singular values within a factor of
    /// ten, and none near the cut of a projector).
    ///
    /// **Cost.** 2 k³ second divided differences beside about twelve products. Workspace [`hermitian_second_workspace_len`].
    ///
    /// # Errors
    /// As [`jvp_into`](Self::jvp_into); [`Error::ZeroSingularValue`] where a singular value is zero and g″(0) is not finite, or where fewer than
    /// min(m, n) triplets are given and g″(0) ≠ 0; what g reports. The target is untouched then.
    ///
    /// ```
    /// use diffsvd::{Mat, Svd, Target, spectral::{Hermitian, Power, Side, hermitian_second_workspace_len}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let gram = Hermitian { side: Side::Right, f: Power(2.0), complement: false }; // AᴴA
    /// let z = Mat::from_rows(&[[1.0, 2.0], [0.0, 1.0]]);
    /// let (mut second, mut work) = (Mat::zeros(2, 2), [0.0; hermitian_second_workspace_len::<f64>(2, 2, 2)]);
    /// let (directions, target) = ([z.as_ref(), z.as_ref()], Target::Overwrite(second.as_mut()));
    /// gram.second_into(&svd.factors(), directions, target, &mut work)?; // 2 ZᴴZ
    /// assert!((second[(0, 1)] - 4.0).abs() < 1e-13 && (second[(1, 1)] - 10.0).abs() < 1e-13);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn second_into<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        directions: [MatRef<'_, S>; 2],
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: TwiceDifferentiable<S::Real>,
    {
        let d = self.dimension(factors.shape());
        check_shape("the second derivative of the Hermitian function", target.shape(), (d, d))?;
        for direction in &directions {
            direction.check_shape("a direction", factors.shape())?;
            direction.check_finite("a direction")?;
        }
        self.second(factors, directions.map(|z| self.across(z)), (target, false), work)
    }

    /// What [`vjp_into`](Self::vjp_into) of `y_bar` changes by along dA: the Hessian-vector product of a loss of Y, to which
    /// [`vjp_into`](Self::vjp_into) of the change of `y_bar` with [`Target::Add`] adds the rest.
    ///
    /// The adjoint of Z̄ ↦ D²Y\[dA, Z̄\] at `y_bar`, which need not be Hermitian. **Shapes.** `a_dot` and `target` m×n, `y_bar` as Y. **Accuracy, cost,
    /// workspace.** As [`second_into`](Self::second_into).
    ///
    /// # Errors
    /// As [`second_into`](Self::second_into).
    ///
    /// ```
    /// use diffsvd::{Mat, Svd, Target, spectral::{Hermitian, Side, hermitian_second_workspace_len}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?; // both singular values are equal
    /// let (h, identity) = (Hermitian::factor(Side::Right), Mat::identity(2));
    /// let (mut change, mut work) = (Mat::zeros(2, 2), [0.0; hermitian_second_workspace_len::<f64>(2, 2, 2)]);
    /// let turn = Mat::from_rows(&[[0.0, 1.0], [-1.0, 0.0]]);
    /// // Along 2 I + t J both are (4 + t²)^½, and the gradient of L = tr H = s₁ + s₂ is (2 I + t J)/(4 + t²)^½.
    /// let (pair, target) = ((turn.as_ref(), identity.as_ref()), Target::Overwrite(change.as_mut()));
    /// h.vjp_tangent_into(&svd.factors(), pair, target, &mut work)?;
    /// assert!((change[(0, 1)] - 0.5).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp_tangent_into<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        (a_dot, y_bar): (MatRef<'_, S>, MatRef<'_, S>),
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: TwiceDifferentiable<S::Real>,
    {
        let d = self.dimension(factors.shape());
        check_shape("the gradient of A", target.shape(), factors.shape())?;
        for (name, part, shape) in
            [("the tangent of A", a_dot, factors.shape()), ("the cotangent of the Hermitian function", y_bar, (d, d))]
        {
            part.check_shape(name, shape)?;
            part.check_finite(name)?;
        }
        self.second(factors, [self.across(a_dot), Given::Corner(y_bar)], (target, true), work)
    }

    /// \[0 Z; Zᴴ 0\], for A on the side that makes Y = V g(S) Vᴴ.
    fn across<'a, S: Scalar>(&self, z: MatRef<'a, S>) -> Given<'a, S> {
        let z = Direct::new(z);
        Given::Across(if self.side == Side::Left { z.adjoint() } else { z })
    }

    /// One block of D²g: (1, 2) where `across`, otherwise (2, 2).
    fn second<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        [first, second]: [Given<'_, S>; 2],
        (target, across): (Target<'_, S>, bool),
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: TwiceDifferentiable<S::Real>,
    {
        self.check_second(factors)?;
        let at = Values::of(factors);
        let ((m, n), factors) = (factors.shape(), self.oriented(factors));
        let mut arena = Arena::new(work, hermitian_second_workspace_len::<S>(m, n, factors.triplets()))?;
        let second = Projected::new(&factors, second, &mut arena, &mut [])?;
        let pair = [&Projected::new(&factors, first, &mut arena, &mut [])?, &second];
        let g = |points: [Eigenvalue; 3]| self.f.even_second_difference(points.map(|point| point.of(&at)));
        let curvature = Curvature { second: g, pair, across };
        let mut result = Blocks::carve(&factors, &mut arena)?;
        curvature.apply(&mut result, &mut arena, &mut [])?;
        let (x, keep) = target.into_parts();
        let sign = self.sign::<S>();
        if across {
            let scaled = Scaled { by: sign + sign, flipped: self.side == Side::Left };
            write_across(&curvature, result, (x, keep), scaled);
        } else {
            write_corner(&curvature, result, (x, keep), Scaled { by: sign, flipped: false });
        }
        Ok(())
    }

    /// Whether g is twice differentiable at these values. As the even continuation is, a second derivative at zero does no harm.
    fn check_second<S: Scalar>(&self, factors: &Factors<'_, S>) -> Result<(), Error>
    where
        F: TwiceDifferentiable<S::Real>,
    {
        const OPERATION: &str = "the second derivative of the Hermitian function";
        self.check(factors, Order::Derivative)?;
        let (at, zero) = (Values::of(factors), S::Real::zero());
        if at.require_above(OPERATION, zero).is_ok() {
            return self.f.check_second(&at);
        }
        let bend = self.f.second_derivative(zero);
        let all = at.s.len() == at.count();
        if bend == zero || (all && Scalar::is_finite(bend)) { Ok(()) } else { at.require_above(OPERATION, zero) }
    }
}

/// Y ← scale · (V P Vᴴ + T Vᴴ + V Tᴴ + T₁ diag(c) T₂ᴴ + …), the block (2, 2) of a result.
fn write_corner<S: Scalar, F: Fn([Eigenvalue; 3]) -> S::Real>(
    curvature: &Curvature<'_, '_, '_, S, F>,
    mut result: Blocks<'_, '_, S>,
    (mut y, keep): (MatMut<'_, S>, bool),
    scaled: Scaled<S::Real>,
) {
    let (beside, v) = (result.beside(), result.v);
    if beside {
        scaled.add((y.reborrow(), keep), v, result.t.as_ref());
    }
    gemm(result.t.reborrow(), true, S::Real::one(), Operand::plain(v), Operand::plain(result.p.as_ref()));
    scaled.add((y.reborrow(), keep || beside), result.t.as_ref(), v);
    if beside {
        let [first, second] = curvature.pair;
        for (x, z) in [(first, second), (second, first)] {
            result.t.fill_scaled(x.blocks.t.as_ref(), |j| curvature.outermost(j));
            scaled.add((y.reborrow(), true), result.t.as_ref(), z.blocks.t.as_ref());
        }
    }
}
