//! Hermitian functions of the singular values, Y = V g(S) Vᴴ (or U g(S) Uᴴ), g continued to negative s as an even function.
//!
//! With P = `UᴴdA` V, H and K its parts, G1ᵢⱼ = (gᵢ − gⱼ)/(sᵢ − sⱼ), G2ᵢⱼ = (gᵢ − gⱼ)/(sᵢ + sⱼ), q = gᵢ/sᵢ and g(0) = 0:
//!
//!   dY = V (G1∘H + G2∘K) Vᴴ + R + Rᴴ,   R = (I − `VVᴴ`) dAᴴ U diag(q) Vᴴ,
//!
//! and backward, with Q = Vᴴ herm(gY) V:   gA = U ((G1 + G2)∘Q) Vᴴ + 2 U diag(q) Vᴴ herm(gY) (I − `VVᴴ`).

use super::divided::quotient_of_sums;
use super::frame::Direct;
use super::function::SpectralFunction;
use super::pinv::mirrored;
use super::shrink::SoftThreshold;
use super::spectrum::DIFFERENCES;
use super::values::{Order, Values, require_finite};
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::{Arena, larger};

/// Which singular vectors.
///
/// ```
/// use diffsvd::{Mat, Svd, spectral::{Hermitian, Side}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[0.0, 3.0]]))?; // 1×2
/// let [left, right] = [Side::Left, Side::Right].map(|side| svd.hermitian(&Hermitian::factor(side)));
/// assert_eq!((left?, right?), (Mat::from_rows(&[[3.0]]), Mat::from_rows(&[[0.0, 0.0], [0.0, 3.0]])));
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// U: an m×m matrix, of the columns of A.
    Left,
    /// V: an n×n matrix, of the rows of A.
    Right,
}

/// V g(S) Vᴴ or U g(S) Uᴴ for a function with g(0) = 0, or the identity minus it.
///
/// [`Hermitian::factor`] is the Hermitian factor of the polar decomposition, [`Hermitian::range`] and [`Hermitian::null_space`] are the
/// orthogonal projectors of A.
///
/// ```
/// use diffsvd::{Mat, Svd, Tolerance, spectral::{Hermitian, Side}};
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[0.0, -3.0], [2.0, 0.0]]))?; // a rotation times diag(2, 3)
/// let h = svd.hermitian(&Hermitian::factor(Side::Right))?;
/// assert!((h[(0, 0)] - 2.0).abs() < 1e-14 && (h[(1, 1)] - 3.0).abs() < 1e-14 && h[(0, 1)].abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hermitian<F> {
    /// Whether U or V stands on both sides.
    pub side: Side,
    /// g, with g(0) = 0 where A has more columns (rows) than triplets.
    pub f: F,
    /// Whether the result is the identity minus V g(S) Vᴴ.
    pub complement: bool,
}

impl<R: Real> Hermitian<SoftThreshold<R>> {
    /// g = s: (`AᴴA`)^½ on the right, (`AAᴴ`)^½ on the left, the positive semidefinite factors of A = (U Vᴴ)(V S Vᴴ) = (U S Uᴴ)(U Vᴴ). Not
    /// differentiable where one of the min(m, n) singular values is zero: [`Error::ZeroSingularValue`].
    #[must_use]
    pub fn factor(side: Side) -> Self {
        Hermitian { side, f: SoftThreshold(R::zero()), complement: false }
    }
}

/// Length of the workspace of the methods of [`Hermitian`] for an m×n matrix and k triplets.
#[must_use]
pub const fn hermitian_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    triplets.saturating_mul(larger(rows, cols).saturating_add(triplets))
}

/// The bases, in the order that makes the result V g(S) Vᴴ, and the memory.
struct Prepared<'f, 'w, S> {
    other: MatRef<'f, S>,
    /// The basis on both sides.
    basis: MatRef<'f, S>,
    arena: Arena<'w, S>,
}

impl<F> Hermitian<F> {
    /// Rows and columns of the result.
    pub(super) fn dimension(&self, (m, n): (usize, usize)) -> usize {
        if self.side == Side::Left { m } else { n }
    }

    /// Y = V g(S) Vᴴ or U g(S) Uᴴ, Hermitian up to rounding. One product.
    ///
    /// # Errors
    /// [`Error::NonFinite`] where an argument, or a value or divided difference of g, is not finite; [`Error::Shape`], [`Error::Workspace`],
    /// [`Error::Parameter`]. The target is untouched then.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, spectral::{Hermitian, Side, hermitian_workspace_len}};
    /// let svd = Svd::thin(&Mat::from_rows(&[[0.0, -3.0], [2.0, 0.0]]))?;
    /// let (mut h, mut work) = (Mat::zeros(2, 2), [0.0; hermitian_workspace_len::<f64>(2, 2, 2)]);
    /// Hermitian::factor(Side::Left).value_into(&svd.factors(), Target::Overwrite(h.as_mut()), &mut work)?;
    /// assert_eq!(h, Mat::from_rows(&[[3.0, 0.0], [0.0, 2.0]])); // (AAᴴ)^½
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn value_into<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: SpectralFunction<S::Real>,
    {
        let d = self.dimension(factors.shape());
        check_shape("the Hermitian function", target.shape(), (d, d))?;
        let Prepared { basis, mut arena, .. } = self.prepare(factors, Order::Value, work)?;
        for (j, &s) in factors.s.iter().enumerate() {
            require_finite("the values of the function", (j, 0), self.f.value(s))?;
        }
        let k = basis.cols();
        let mut scaled = MatMut::col_major(arena.take(d * k), d, k)?;
        scaled.fill_scaled(basis, |j| self.sign::<S>() * self.f.value(factors.s[j]));
        let (y, keep) = if self.complement {
            (target.begin(|i, j| if i == j { S::one() } else { S::zero() }), true)
        } else {
            target.into_parts()
        };
        gemm(y, keep, S::Real::one(), Operand::plain(scaled.as_ref()), Operand::adjoint(basis));
        Ok(())
    }

    /// dY along dA. Three products of the size of A by k columns, two of the size of Y.
    ///
    /// # Errors
    /// As [`Self::value_into`]; [`Error::ZeroSingularValue`] where a singular value is zero and g′ is not; what g reports.
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, spectral::{Hermitian, Side, hermitian_workspace_len}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 2.0]]))?;
    /// let a_dot = Mat::from_rows(&[[0.0, 1.0], [0.0, 0.0]]);
    /// let (mut tangent, mut work) = (Mat::zeros(2, 2), [0.0; hermitian_workspace_len::<f64>(2, 2, 2)]);
    /// let target = Target::Overwrite(tangent.as_mut());
    /// Hermitian::factor(Side::Right).jvp_into(&svd.factors(), a_dot.as_ref(), target, &mut work)?;
    /// assert!((tangent[(0, 1)] - 0.5).abs() < 1e-15 && (tangent[(1, 0)] - 0.5).abs() < 1e-15); // herm(dA) at A = s I
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn jvp_into<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        a_dot: MatRef<'_, S>,
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: SpectralFunction<S::Real>,
    {
        let (d, k, one) = (self.dimension(factors.shape()), factors.triplets(), S::Real::one());
        check_shape("the tangent of the Hermitian function", target.shape(), (d, d))?;
        a_dot.check_shape("the tangent of A", factors.shape())?;
        a_dot.check_finite("the tangent of A")?;
        let Prepared { other, basis, mut arena } = self.prepare(factors, Order::Derivative, work)?;
        let z = Direct::new(a_dot);
        let z = if self.side == Side::Left { z } else { z.adjoint() };
        let (t, p) = (arena.take(d * k), arena.take(k * k));
        let mut t = MatMut::col_major(t, d, k)?;
        gemm(t.reborrow(), false, one, z.operand(), Operand::plain(other));
        let mut p = MatMut::col_major(p, k, k)?;
        gemm(p.reborrow(), false, one, Operand::adjoint(basis), Operand::plain(t.as_ref()));
        // p is Pᴴ: its Hermitian part is that of P, its skew part has the other sign.
        self.between(factors.s, &mut p, |g1, g2, p, mirror| (p + mirror).scale(g1) - (p - mirror).scale(g2), d > k)?;
        self.beside(factors.s, &mut t, (basis, p.as_ref()));
        let (mut y, keep) = target.into_parts();
        let sign = self.sign::<S>();
        gemm(y.reborrow(), keep, sign, Operand::plain(t.as_ref()), Operand::adjoint(basis));
        gemm(y, true, sign, Operand::plain(basis), Operand::adjoint(t.as_ref()));
        Ok(())
    }

    /// gA from the cotangent of Y, which need not be Hermitian: the exact adjoint of [`Self::jvp_into`].
    ///
    /// # Errors
    /// As [`Self::jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Mat, Svd, Target, spectral::{Hermitian, Side, hermitian_workspace_len}};
    /// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[0.0, 3.0], [2.0, 0.0]]))?;
    /// let (mut ga, mut work) = (Mat::zeros(2, 2), [0.0; hermitian_workspace_len::<f64>(2, 2, 2)]);
    /// let (y_bar, target) = (Mat::identity(2), Target::Overwrite(ga.as_mut())); // L = tr H = s₁ + s₂
    /// Hermitian::factor(Side::Right).vjp_into(&svd.factors(), y_bar.as_ref(), target, &mut work)?;
    /// assert!((ga[(0, 1)] - 1.0).abs() < 1e-15 && (ga[(1, 0)] - 1.0).abs() < 1e-15); // U Vᴴ
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp_into<S: Scalar>(
        &self,
        factors: &Factors<'_, S>,
        y_bar: MatRef<'_, S>,
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error>
    where
        F: SpectralFunction<S::Real>,
    {
        let (d, k) = (self.dimension(factors.shape()), factors.triplets());
        check_shape("the gradient of A", target.shape(), factors.shape())?;
        y_bar.check_shape("the cotangent of the Hermitian function", (d, d))?;
        y_bar.check_finite("the cotangent of the Hermitian function")?;
        let Prepared { other, basis, mut arena } = self.prepare(factors, Order::Derivative, work)?;
        let half = S::Real::from_f64(0.5);
        let (t, p) = (arena.take(d * k), arena.take(k * k));
        let mut t = MatMut::col_major(t, d, k)?;
        gemm(t.reborrow(), false, half, Operand::plain(y_bar), Operand::plain(basis));
        gemm(t.reborrow(), true, half, Operand::adjoint(y_bar), Operand::plain(basis));
        let mut p = MatMut::col_major(p, k, k)?;
        gemm(p.reborrow(), false, S::Real::one(), Operand::adjoint(basis), Operand::plain(t.as_ref()));
        // Cᴴ/2 with C = (G1 + G2)∘Q and Q Hermitian: G2 changes sign.
        self.between(factors.s, &mut p, |g1, g2, p, mirror| (p + mirror).scale(g1 - g2), d > k)?;
        self.beside(factors.s, &mut t, (basis, p.as_ref()));
        let two = S::Real::from_f64(2.0) * self.sign::<S>();
        let (a, keep) = target.into_parts();
        let (left, right) = if self.side == Side::Left { (t.as_ref(), other) } else { (other, t.as_ref()) };
        gemm(a, keep, two, Operand::plain(left), Operand::adjoint(right));
        Ok(())
    }

    pub(super) fn sign<S: Scalar>(&self) -> S::Real {
        if self.complement { -S::Real::one() } else { S::Real::one() }
    }

    /// Everything that can fail.
    fn prepare<'f, 'w, S: Scalar>(
        &self,
        factors: &Factors<'f, S>,
        order: Order,
        work: &'w mut [S],
    ) -> Result<Prepared<'f, 'w, S>, Error>
    where
        F: SpectralFunction<S::Real>,
    {
        self.check(factors, order)?;
        let (m, n) = factors.shape();
        let arena = Arena::new(work, hermitian_workspace_len::<S>(m, n, factors.triplets()))?;
        let oriented = self.oriented(factors);
        Ok(Prepared { other: oriented.u, basis: oriented.v, arena })
    }

    /// Whether what is asked for exists.
    pub(super) fn check<S: Scalar>(&self, factors: &Factors<'_, S>, order: Order) -> Result<(), Error>
    where
        F: SpectralFunction<S::Real>,
    {
        factors.check()?;
        let at = Values::of(factors);
        self.f.check(&at, order)?;
        if order == Order::Derivative && self.f.derivative(S::Real::zero()) != S::Real::zero() {
            // The even continuation has a kink at zero.
            at.require_above("the Hermitian function", at.noise())?;
        }
        Ok(())
    }

    /// The factors that make the result V g(S) Vᴴ.
    pub(super) fn oriented<'a, S: Scalar>(&self, factors: &Factors<'a, S>) -> Factors<'a, S> {
        if self.side == Side::Left { mirrored(factors) } else { *factors }
    }

    /// Entry by entry pᵢⱼ ← entry(G1, G2, pᵢⱼ, conj(pⱼᵢ))/4, so that the result and its adjoint make the whole; and what the projection on the
    /// complement takes, −P diag(q).
    fn between<S: Scalar>(
        &self,
        s: &[S::Real],
        p: &mut MatMut<'_, S>,
        entry: impl Fn(S::Real, S::Real, S, S) -> S,
        projected: bool,
    ) -> Result<(), Error>
    where
        F: SpectralFunction<S::Real>,
    {
        let quarter = S::Real::from_f64(0.25);
        let zero = S::Real::zero();
        let quotient = |j: usize| if projected { self.f.quotient(s[j]) } else { zero };
        for j in 0..s.len() {
            for i in 0..=j {
                let g1 = if i == j { self.f.derivative(s[i]) } else { self.f.divided_difference(s[i], s[j]) };
                require_finite(DIFFERENCES, (i, j), g1 + quotient(j))?;
                let g2 = if s[i] == s[j] { zero } else { g1 * quotient_of_sums([s[i], -s[j]], [s[i], s[j]]) };
                let (upper, lower) = (p.at(i, j), p.at(j, i));
                let value = entry(g1, g2, upper, lower.conj()).scale(quarter) - upper.scale(quotient(j));
                let mirror = entry(g1, -g2, lower, upper.conj()).scale(quarter) - lower.scale(quotient(i));
                p.put(i, j, value);
                p.put(j, i, mirror);
            }
        }
        Ok(())
    }

    /// T ← T diag(q) + V P, the first only where the basis leaves a complement.
    fn beside<S: Scalar>(&self, s: &[S::Real], t: &mut MatMut<'_, S>, (basis, p): (MatRef<'_, S>, MatRef<'_, S>))
    where
        F: SpectralFunction<S::Real>,
    {
        let complement = basis.rows() > basis.cols();
        if complement {
            for (j, &s) in s.iter().enumerate() {
                let quotient = self.f.quotient(s);
                for i in 0..basis.rows() {
                    t.put(i, j, t.at(i, j).scale(quotient));
                }
            }
        }
        gemm(t.reborrow(), complement, S::Real::one(), Operand::plain(basis), Operand::plain(p));
    }
}
