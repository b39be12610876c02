//! The least-squares solution of minimum norm, x = A⁺ b.

use super::frame::{Direct, Frame};
use super::function::SpectralFunction;
use super::inverse::Inverse;
use super::values::{Order, Values};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Scalar, Zero};
use crate::workspace::Arena;

/// Minimize ‖A x − b‖, and among the minimizers ‖x‖, for each of the p columns of b: x = A⁺ b.
///
/// Singular values up to `cutoff` (relative to s₁) count as zero. Neither A⁺ nor, in the backward pass, the m×n matrix b gxᴴ is formed.
///
/// ```
/// use diffsvd::{Mat, Svd, Tolerance};
/// let (a, b) = (Mat::<f64>::from_rows(&[[1.0], [1.0]]), Mat::from_rows(&[[1.0], [3.0]]));
/// let svd = Svd::thin(&a)?;
/// let x = svd.solve(&b, Tolerance::Default)?;
/// assert!((x[(0, 0)] - 2.0).abs() < 1e-14); // the mean
/// let (ga, gb) = svd.solve_vjp(&b, Tolerance::Default, &Mat::identity(1))?; // L = x = (a₁b₁ + a₂b₂)/(a₁² + a₂²)
/// assert!((gb[(0, 0)] - 0.5).abs() < 1e-14 && (ga[(0, 0)] + 1.5).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LeastSquares<'a, S: Scalar> {
    /// b, m×p.
    pub b: MatRef<'a, S>,
    /// Cut-off relative to s₁.
    pub cutoff: Tolerance<S::Real>,
}

/// Where the gradients of a loss of x = A⁺ b go.
#[derive(Debug)]
pub struct LeastSquaresGradient<'a, S> {
    /// gA, m×n.
    pub a: Target<'a, S>,
    /// gb, m×p.
    pub b: Target<'a, S>,
}

/// A direction in which A⁺ b is differentiated.
#[derive(Clone, Copy, Debug)]
pub struct LeastSquaresTangent<'a, S> {
    /// dA, m×n.
    pub a: MatRef<'a, S>,
    /// db, m×p.
    pub b: MatRef<'a, S>,
}

impl<S: Scalar> LeastSquares<'_, S> {
    /// Length of the workspace of all three methods for an m×n matrix, k triplets and p right-hand sides.
    #[must_use]
    pub const fn workspace_len(shape: (usize, usize), triplets: usize, columns: usize) -> usize {
        Frame::<S>::len(shape.0, shape.1, triplets).saturating_add(triplets.saturating_mul(columns))
    }

    /// x = V f(S) Uᴴ b, n×p. Two products with the bases.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`], [`Error::Parameter`]. The target is untouched then.
    pub fn solve_into(&self, factors: &Factors<'_, S>, x: Target<'_, S>, work: &mut [S]) -> Result<(), Error> {
        check_shape("the solution", x.shape(), (factors.shape().1, self.b.cols()))?;
        let (f, arena) = self.prepare(factors, Order::Value, work)?;
        apply((factors.v, factors.s, factors.u), &f, self.b, x.into_parts(), arena)
    }

    /// dx = A⁺ db + dA⁺ b, n×p.
    ///
    /// # Errors
    /// As [`Self::solve_into`]; [`Error::Parameter`] where a singular value is the cut-off.
    pub fn jvp_into(
        &self,
        factors: &Factors<'_, S>,
        tangent: &LeastSquaresTangent<'_, S>,
        x_dot: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), k, p, one) = (factors.shape(), factors.triplets(), self.b.cols(), S::Real::one());
        check_shape("the tangent of the solution", x_dot.shape(), (n, p))?;
        for (name, part, shape) in [("the tangent of A", tangent.a, (m, n)), ("the tangent of b", tangent.b, (m, p))] {
            part.check_shape(name, shape)?;
            part.check_finite(name)?;
        }
        let (f, mut arena) = self.prepare(factors, Order::Derivative, work)?;
        let mut frame = Frame::new(factors, &mut arena);
        frame.project(&Direct::new(tangent.a))?;
        let at = Values::of(factors);
        frame.combine(&at, &f, None);
        frame.complete(&at, &f)?;
        // dA⁺ b = (L Vᴴ + U Wᴴ)ᴴ b, or its mirror image where A is wide.
        let (mut x, keep) = x_dot.into_parts();
        let scratch = arena.take(k * p);
        for (i, (before, behind)) in frame.terms()?.into_iter().flatten().enumerate() {
            let mut t = MatMut::col_major(&mut *scratch, k, p)?;
            gemm(t.reborrow(), false, one, Operand::adjoint(before), Operand::plain(self.b));
            gemm(x.reborrow(), keep || i > 0, one, Operand::plain(behind), Operand::plain(t.as_ref()));
        }
        let arena = Arena::new(scratch, k * p)?;
        apply((factors.v, factors.s, factors.u), &f, tangent.b, (x, true), arena)
    }

    /// gA and gb from gx, n×p: gb = A⁺ᴴ gx, and gA the backward map of A⁺ applied to gx bᴴ.
    ///
    /// # Errors
    /// As [`Self::jvp_into`].
    pub fn vjp_into(
        &self,
        factors: &Factors<'_, S>,
        x_bar: MatRef<'_, S>,
        gradient: LeastSquaresGradient<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), k, p) = (factors.shape(), factors.triplets(), self.b.cols());
        x_bar.check_shape("the cotangent of the solution", (n, p))?;
        x_bar.check_finite("the cotangent of the solution")?;
        check_shape("the gradient of A", gradient.a.shape(), (m, n))?;
        check_shape("the gradient of b", gradient.b.shape(), (m, p))?;
        let (f, mut arena) = self.prepare(factors, Order::Derivative, work)?;
        let mut frame = Frame::new(factors, &mut arena);
        let scratch = arena.take(k * p);
        frame.project_product((self.b, x_bar), scratch)?;
        let at = Values::of(factors);
        frame.combine(&at, &f, None);
        frame.complete(&at, &f)?;
        let (x, keep) = gradient.a.into_parts();
        frame.write(x, keep)?;
        let arena = Arena::new(scratch, k * p)?;
        apply((factors.u, factors.s, factors.v), &f, x_bar, gradient.b.into_parts(), arena)
    }

    /// Everything that can fail for every use.
    fn prepare<'w>(
        &self,
        factors: &Factors<'_, S>,
        order: Order,
        work: &'w mut [S],
    ) -> Result<(Inverse<S::Real>, Arena<'w, S>), Error> {
        factors.check()?;
        let ((m, n), k, p) = (factors.shape(), factors.triplets(), self.b.cols());
        self.b.check_shape("the right-hand side", (m, p))?;
        self.b.check_finite("the right-hand side")?;
        let f = Inverse::relative(factors, self.cutoff);
        f.check(&Values::of(factors), order)?;
        Ok((f, Arena::new(work, Self::workspace_len((m, n), k, p))?))
    }
}

/// Y ← B f(S) Cᴴ Z, or added to what is there.
fn apply<S: Scalar>(
    (b, s, c): (MatRef<'_, S>, &[S::Real], MatRef<'_, S>),
    f: &Inverse<S::Real>,
    z: MatRef<'_, S>,
    (y, keep): (MatMut<'_, S>, bool),
    mut arena: Arena<'_, S>,
) -> Result<(), Error> {
    let (k, p, one) = (s.len(), z.cols(), S::Real::one());
    let mut t = MatMut::col_major(arena.take(k * p), k, p)?;
    gemm(t.reborrow(), false, one, Operand::adjoint(c), Operand::plain(z));
    for j in 0..p {
        for (i, &s) in s.iter().enumerate() {
            let value = f.value(s);
            // Not 0 · ∞: what is cut may stand against anything.
            t.put(i, j, if value == S::Real::zero() { S::zero() } else { t.at(i, j).scale(value) });
        }
    }
    gemm(y, keep, one, Operand::plain(b), Operand::plain(t.as_ref()));
    Ok(())
}
