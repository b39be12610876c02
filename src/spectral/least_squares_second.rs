//! Second order of the least-squares solution of minimum norm: the tangent of its backward map.
//!
//! With X = A⁺ᴴ = U f(S) Vᴴ the backward map is gA = DX\[b gxᴴ\], gb = X gx. Along (dA, db, dgx)
//!
//!   dgA = D²X\[dA, b gxᴴ\] + DX\[db gxᴴ\] + DX\[b dgxᴴ\],   dgb = DX\[dA\] gx + X dgx.

use super::curvature::Curvature;
use super::frame::Direct;
use super::hermitian::Side;
use super::inverse::Inverse;
use super::least_squares::{Derivative, LeastSquares, LeastSquaresGradient, LeastSquaresTangent};
use super::projected::{Blocks, Given, Projected};
use super::second::{Scaled, second_len, write_across};
use super::spectrum::{Eigenvalue, SecondOrderMap};
use super::values::{Order, Values};
use crate::error::Error;
use crate::factors::Factors;
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar};
use crate::workspace::Arena;

/// A cotangent of x = A⁺ b, and the direction along which the backward map is differentiated.
#[derive(Clone, Copy, Debug)]
pub struct LeastSquaresSecondOrder<'a, S> {
    /// gx, n×p.
    pub x_bar: MatRef<'a, S>,
    /// dA and db.
    pub tangent: LeastSquaresTangent<'a, S>,
    /// dgx, n×p: for a loss L(x) its second derivative applied to dx, which [`LeastSquares::jvp_into`] gives.
    pub x_bar_dot: MatRef<'a, S>,
}

impl<S: Scalar> LeastSquares<'_, S> {
    /// Length of the workspace of [`vjp_tangent_into`](Self::vjp_tangent_into) for an m×n matrix, k triplets and p right-hand sides.
    #[must_use]
    pub const fn second_workspace_len(rows: usize, cols: usize, triplets: usize, right_hand_sides: usize) -> usize {
        // More than `workspace_len`, of which the first order is made.
        second_len(rows, cols, triplets).saturating_add(triplets.saturating_mul(right_hand_sides))
    }

    /// The tangent of [`vjp_into`](Self::vjp_into) along (dA, db, dgx): (dgA, dgb), the Hessian-vector product of a loss of x
    /// with respect to A and b.
    ///
    /// Below full rank the second derivative at constant rank. Neither A⁺ nor b gxᴴ is formed.
    ///
    /// **Accuracy.** Relative error at most 20 max(m, n) ε times the condition number of the kept part.
    ///
    /// **Cost.** 2 k³ second divided differences and about twenty products; those with b and gx have p columns.
    /// Workspace [`second_workspace_len`](Self::second_workspace_len).
    ///
    /// # Errors
    /// As [`vjp_into`](Self::vjp_into). The targets are untouched then.
    ///
    /// ```
    /// use diffsvd::{Mat, MatRef, Svd, Target, Tolerance};
    /// use diffsvd::spectral::{LeastSquares, LeastSquaresGradient, LeastSquaresSecondOrder, LeastSquaresTangent};
    /// // x = b/a for numbers: L = x has ∂L/∂a = −b/a², ∂L/∂b = 1/a.
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0]]))?;
    /// let [b, one, none] = [&[[3.0]], &[[1.0]], &[[0.0]]].map(MatRef::from);
    /// let point = LeastSquaresSecondOrder { x_bar: one, tangent: LeastSquaresTangent { a: one, b: none }, x_bar_dot: none };
    /// let ([mut ga, mut gb], mut work) = ([[[0.0]]; 2], [0.0; LeastSquares::<f64>::second_workspace_len(1, 1, 1, 1)]);
    /// let [a, b_bar] = [&mut ga, &mut gb].map(|x| Target::Overwrite(x.into()));
    /// let problem = LeastSquares { b, cutoff: Tolerance::Default };
    /// problem.vjp_tangent_into(&svd.factors(), &point, LeastSquaresGradient { a, b: b_bar }, &mut work)?;
    /// assert!((ga[0][0] - 2.0 * 3.0 / 8.0).abs() < 1e-15 && (gb[0][0] + 0.25_f64).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp_tangent_into(
        &self,
        factors: &Factors<'_, S>,
        point: &LeastSquaresSecondOrder<'_, S>,
        gradient: LeastSquaresGradient<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let (shape @ (m, n), k, p) = (factors.shape(), factors.triplets(), self.b.cols());
        let LeastSquaresSecondOrder { x_bar, tangent, x_bar_dot } = *point;
        for (name, part, expected) in [
            ("the cotangent of the solution", x_bar, (n, p)),
            ("the tangent of the cotangent of the solution", x_bar_dot, (n, p)),
            ("the tangent of A", tangent.a, shape),
            ("the tangent of b", tangent.b, (m, p)),
        ] {
            part.check_shape(name, expected)?;
            part.check_finite(name)?;
        }
        check_shape("the gradient of A", gradient.a.shape(), shape)?;
        check_shape("the gradient of b", gradient.b.shape(), (m, p))?;
        let f = self.check(factors, Order::Derivative)?;
        let len = Self::second_workspace_len(m, n, k, p);
        let work = Arena::new(work, len)?.take(len);

        let (mut a, keep) = gradient.a.into_parts();
        self.curved((factors, &f), point, (a.reborrow(), keep), &mut *work)?;
        let mut derivative = Derivative { factors, f, work };
        derivative.gradient((tangent.b, x_bar), (a.reborrow(), true))?;
        derivative.gradient((self.b, x_bar_dot), (a, true))?;
        let b = derivative.along(tangent.a, Side::Left, x_bar, gradient.b.into_parts())?;
        derivative.inverse(Side::Left, x_bar_dot, (b, true))
    }

    /// D²X\[dA, b gxᴴ\].
    fn curved(
        &self,
        (factors, f): (&Factors<'_, S>, &Inverse<S::Real>),
        point: &LeastSquaresSecondOrder<'_, S>,
        x: (MatMut<'_, S>, bool),
        work: &mut [S],
    ) -> Result<(), Error> {
        let (at, needed) = (Values::of(factors), work.len());
        let mut arena = Arena::new(work, needed)?;
        let scratch = arena.take(factors.triplets() * self.b.cols());
        let given = [Given::Across(Direct::new(point.tangent.a)), Given::Product(self.b, point.x_bar)];
        let [first, second] = given.map(|given| Projected::new(factors, given, &mut arena, &mut *scratch));
        let (first, second) = (first?, second?);
        let g = |points: [Eigenvalue; 3]| SecondOrderMap::second(f, &at, points);
        let curvature = Curvature { second: g, pair: [&first, &second], across: true };
        let mut result = Blocks::carve(factors, &mut arena)?;
        curvature.apply(&mut result, &mut arena, scratch)?;
        write_across(&curvature, result, x, Scaled { by: S::Real::one(), flipped: false });
        Ok(())
    }
}
