//! The least-squares solution of minimum norm, x = A⁺ b.

use super::frame::{Direct, Frame};
use super::function::SpectralFunction;
use super::hermitian::Side;
use super::inverse::Inverse;
use super::values::{Order, Values, require_finite};
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
    /// Length of the workspace of the three methods of first order for an m×n matrix, k triplets and p right-hand sides.
    #[must_use]
    pub const fn workspace_len(rows: usize, cols: usize, triplets: usize, right_hand_sides: usize) -> usize {
        Frame::<S>::len(rows, cols, triplets).saturating_add(triplets.saturating_mul(right_hand_sides))
    }

    /// x = V f(S) Uᴴ b, n×p. Two products with the bases.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`], [`Error::Parameter`]. The target is untouched then.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, Tolerance, spectral::LeastSquares};
    /// let (svd, b) = (Svd::thin(&Mat::from_rows(&[[2.0, 0.0], [0.0, 0.0]]))?, Mat::from_rows(&[[6.0], [1.0]]));
    /// let problem = LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default };
    /// let (mut x, mut work) = (Mat::zeros(2, 1), [0.0; LeastSquares::<f64>::workspace_len(2, 2, 2, 1)]);
    /// problem.solve_into(&svd.factors(), Target::Overwrite(x.as_mut()), &mut work)?;
    /// assert_eq!(x, Mat::from_rows(&[[3.0], [0.0]])); // the shortest
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn solve_into(&self, factors: &Factors<'_, S>, x: Target<'_, S>, work: &mut [S]) -> Result<(), Error> {
        check_shape("the solution", x.shape(), (factors.shape().1, self.b.cols()))?;
        let (f, work) = self.prepare(factors, Order::Value, work)?;
        Derivative { factors, f, work }.inverse(Side::Right, self.b, x.into_parts())
    }

    /// dx = A⁺ db + dA⁺ b, n×p.
    ///
    /// # Errors
    /// As [`Self::solve_into`]; [`Error::Parameter`] where a singular value is the cut-off.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, Tolerance, spectral::{LeastSquares, LeastSquaresTangent}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[2.0]]))?; // x = b/a
    /// let [b, a_dot, b_dot] = [3.0, 1.0, 4.0].map(|x| Mat::from_rows(&[[x]]));
    /// let (mut x_dot, mut work) = (Mat::zeros(1, 1), [0.0; LeastSquares::<f64>::workspace_len(1, 1, 1, 1)]);
    /// let problem = LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default };
    /// let tangent = LeastSquaresTangent { a: a_dot.as_ref(), b: b_dot.as_ref() };
    /// problem.jvp_into(&svd.factors(), &tangent, Target::Overwrite(x_dot.as_mut()), &mut work)?;
    /// assert_eq!(x_dot[(0, 0)], 4.0 / 2.0 - 3.0 / 4.0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn jvp_into(
        &self,
        factors: &Factors<'_, S>,
        tangent: &LeastSquaresTangent<'_, S>,
        x_dot: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), p) = (factors.shape(), self.b.cols());
        check_shape("the tangent of the solution", x_dot.shape(), (n, p))?;
        for (name, part, shape) in [("the tangent of A", tangent.a, (m, n)), ("the tangent of b", tangent.b, (m, p))] {
            part.check_shape(name, shape)?;
            part.check_finite(name)?;
        }
        let (f, work) = self.prepare(factors, Order::Derivative, work)?;
        let (x, keep) = x_dot.into_parts();
        let mut problem = Derivative { factors, f, work };
        let x = problem.along(tangent.a, Side::Right, self.b, (x, keep))?;
        problem.inverse(Side::Right, tangent.b, (x, true))
    }

    /// gA and gb from gx, n×p: gb = A⁺ᴴ gx, and gA the backward map of A⁺ applied to gx bᴴ.
    ///
    /// # Errors
    /// As [`Self::jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, Tolerance, spectral::{LeastSquares, LeastSquaresGradient}};
    /// let (svd, b, x_bar) = (Svd::thin(&Mat::from_rows(&[[2.0]]))?, Mat::from_rows(&[[3.0]]), Mat::identity(1)); // x = b/a
    /// let [mut ga, mut gb] = [(); 2].map(|()| Mat::zeros(1, 1));
    /// let mut work = [0.0; LeastSquares::<f64>::workspace_len(1, 1, 1, 1)];
    /// let problem = LeastSquares { b: b.as_ref(), cutoff: Tolerance::Default };
    /// let gradient = LeastSquaresGradient { a: Target::Overwrite(ga.as_mut()), b: Target::Overwrite(gb.as_mut()) };
    /// problem.vjp_into(&svd.factors(), x_bar.as_ref(), gradient, &mut work)?;
    /// assert_eq!((ga[(0, 0)], gb[(0, 0)]), (-3.0 / 4.0, 1.0 / 2.0));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp_into(
        &self,
        factors: &Factors<'_, S>,
        x_bar: MatRef<'_, S>,
        gradient: LeastSquaresGradient<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), p) = (factors.shape(), self.b.cols());
        x_bar.check_shape("the cotangent of the solution", (n, p))?;
        x_bar.check_finite("the cotangent of the solution")?;
        check_shape("the gradient of A", gradient.a.shape(), (m, n))?;
        check_shape("the gradient of b", gradient.b.shape(), (m, p))?;
        let (f, work) = self.prepare(factors, Order::Derivative, work)?;
        let mut problem = Derivative { factors, f, work };
        problem.gradient((self.b, x_bar), gradient.a.into_parts())?;
        problem.inverse(Side::Left, x_bar, gradient.b.into_parts())
    }

    /// Everything that can fail for every use.
    fn prepare<'w>(
        &self,
        factors: &Factors<'_, S>,
        order: Order,
        work: &'w mut [S],
    ) -> Result<(Inverse<S::Real>, &'w mut [S]), Error> {
        let ((m, n), k, p) = (factors.shape(), factors.triplets(), self.b.cols());
        let f = self.check(factors, order)?;
        let len = Self::workspace_len(m, n, k, p);
        Ok((f, Arena::new(work, len)?.take(len)))
    }

    /// The same without the memory.
    pub(super) fn check(&self, factors: &Factors<'_, S>, order: Order) -> Result<Inverse<S::Real>, Error> {
        factors.check()?;
        self.b.check_shape("the right-hand side", (factors.shape().0, self.b.cols()))?;
        self.b.check_finite("the right-hand side")?;
        let f = Inverse::relative(factors, self.cutoff);
        f.check(&Values::of(factors), order)?;
        Ok(f)
    }
}

/// X = U f(S) Vᴴ = A⁺ᴴ and its derivative DX, applied to a few columns.
pub(super) struct Derivative<'a, 'f, S: Scalar> {
    pub(super) factors: &'a Factors<'f, S>,
    pub(super) f: Inverse<S::Real>,
    pub(super) work: &'a mut [S],
}

impl<S: Scalar> Derivative<'_, '_, S> {
    /// G ← DX\[B Cᴴ\], or added to what is there.
    pub(super) fn gradient(
        &mut self,
        (b, c): (MatRef<'_, S>, MatRef<'_, S>),
        (g, keep): (MatMut<'_, S>, bool),
    ) -> Result<(), Error> {
        let needed = self.work.len();
        let mut arena = Arena::new(&mut *self.work, needed)?;
        let mut frame = Frame::new(self.factors, &mut arena);
        frame.project_product((b, c), arena.take(self.factors.triplets() * b.cols()))?;
        let at = Values::of(self.factors);
        frame.combine(&at, &self.f, None)?;
        frame.complete(&at, &self.f)?;
        frame.write(g, keep)
    }

    /// Y ← DX\[Z\] C (left) or DX\[Z\]ᴴ C (right), or added to what is there.
    pub(super) fn along<'y>(
        &mut self,
        z: MatRef<'_, S>,
        side: Side,
        c: MatRef<'_, S>,
        (mut y, keep): (MatMut<'y, S>, bool),
    ) -> Result<MatMut<'y, S>, Error> {
        let (k, p, one, needed) = (self.factors.triplets(), c.cols(), S::Real::one(), self.work.len());
        let mut arena = Arena::new(&mut *self.work, needed)?;
        let mut frame = Frame::new(self.factors, &mut arena);
        frame.project(&Direct::new(z))?;
        let at = Values::of(self.factors);
        frame.combine(&at, &self.f, None)?;
        frame.complete(&at, &self.f)?;
        let mut t = MatMut::col_major(arena.take(k * p), k, p)?;
        for (i, (before, behind)) in frame.terms()?.into_iter().flatten().enumerate() {
            let (first, last) = if side == Side::Left { (behind, before) } else { (before, behind) };
            gemm(t.reborrow(), false, one, Operand::adjoint(first), Operand::plain(c));
            gemm(y.reborrow(), keep || i > 0, one, Operand::plain(last), Operand::plain(t.as_ref()));
        }
        Ok(y)
    }

    /// Y ← X C (left) or Xᴴ C (right), or added to what is there.
    pub(super) fn inverse(
        &mut self,
        side: Side,
        c: MatRef<'_, S>,
        (y, keep): (MatMut<'_, S>, bool),
    ) -> Result<(), Error> {
        let Factors { u, s, v } = *self.factors;
        let (before, behind) = if side == Side::Left { (u, v) } else { (v, u) };
        let (k, p, one) = (s.len(), c.cols(), S::Real::one());
        let mut t = MatMut::col_major(&mut *self.work, k, p)?;
        gemm(t.reborrow(), false, one, Operand::adjoint(behind), Operand::plain(c));
        for j in 0..p {
            for (i, &s) in s.iter().enumerate() {
                let value = require_finite("the values of the function", (i, 0), self.f.value(s))?;
                // Not 0 · ∞: what is cut may stand against anything.
                t.put(i, j, if value == S::Real::zero() { S::zero() } else { t.at(i, j).scale(value) });
            }
        }
        gemm(y, keep, one, Operand::plain(before), Operand::plain(t.as_ref()));
        Ok(())
    }
}
