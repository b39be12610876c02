//! Second order: the tangent of the backward rule, forward over reverse.
//!
//! With the r leading triplets in U, S, V and what the rule of section 1 puts between and beside them,
//!
//!   gA = U M Vᴴ + X Vᴴ + U Yᴴ,   X ⟂ U, Y ⟂ V,
//!
//! X and Y solve the coupled equations X S − A⟂ Y = P gU and Y S − A⟂ᴴ X = Q gV with A⟂ = A − U S Vᴴ, P = I − `UUᴴ`,
//! Q = I − `VVᴴ`. Their differential is the same system with another right-hand side, and so needs no gap among the
//! triplets that were left out (`docs/derivatives.md`, section 6).

use super::blocks::project_out;
use super::cotangent::{Cotangent, Target};
use super::jvp::{TangentMut, jvp_into, jvp_workspace_len};
use super::rule::{AtEqual, Rule};
use super::spectrum::{Need, Spectrum};

use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;

/// A cotangent of the factors, and the direction along which the backward rule is differentiated.
#[derive(Clone, Copy, Debug)]
pub struct SecondOrder<'a, S: Scalar> {
    /// (gU, gs, gV).
    pub cotangent: Cotangent<'a, S>,
    /// dA, m×n.
    pub a_dot: MatRef<'a, S>,
    /// (dgU, dgs, dgV), with as many columns as `cotangent`: for a loss L(U, s, V) the second derivatives of L applied to
    /// (dU, ds, dV), which [`jvp_into`](crate::jvp_into) gives. What is `None` is zero.
    pub cotangent_dot: Cotangent<'a, S>,
}

impl<S: Scalar> SecondOrder<'_, S> {
    /// The number of triplets that the loss depends on.
    fn check(&self, factors: &Factors<'_, S>) -> Result<usize, Error> {
        let (r, _) = self.cotangent.check(factors)?;
        self.cotangent_dot.check(factors)?;
        check_shape("the tangent of the cotangent", (self.cotangent_dot.triplets(r), 1), (r, 1))?;
        self.a_dot.check_shape("the tangent of A", factors.shape())?;
        self.a_dot.check_finite("the tangent of A")?;
        Ok(r)
    }
}

/// Length of the workspace of [`vjp_tangent_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn vjp_tangent_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let tall = rows.saturating_add(cols).saturating_mul(triplets).saturating_mul(3);
    let square = triplets.saturating_mul(triplets).saturating_mul(8);
    let rest = jvp_workspace_len::<S>(rows, cols, triplets);
    tall.saturating_add(square).saturating_add(rest).saturating_add(triplets.div_ceil(S::PARTS))
}

/// The tangent of [`vjp_into`](crate::vjp_into) along (dA, dgU, dgs, dgV): dgA, the Hessian-vector product of a loss of U, s and V.
///
/// In closed form: the product rule applied to gA = U [Gap∘(X + Y) + Sum∘(X − Y) + diag(gs)] Vᴴ + …, with d(1/x) = −dx/x².
/// It is the true second derivative where the r singular values that the loss depends on are distinct from each other and from
/// the rest, and the loss does not depend on phases. The rest may be equal, or zero, among themselves. Where the rule cuts a
/// gap, the cut counts as constant.
///
/// **Shapes.** As [`vjp_into`](crate::vjp_into).
///
/// **Accuracy.** Relative error ε‖g‖/gap².
///
/// **Cost.** About three times that of the backward rule.
///
/// # Errors
/// As [`vjp_into`](crate::vjp_into), and [`Error::Parameter`] for the rules that only serve comparison
/// (clipping, Taylor, Lorentzian). The target is untouched then.
///
/// ```
/// use diffsvd::{Cotangent, Mat, Rule, SecondOrder, Svd, Target, vjp_tangent_into, vjp_tangent_workspace_len};
///
/// // L = (s₁² + s₂²)/2 = ‖A‖²/2 has the gradient A, and its Hessian is the identity.
/// let svd = Svd::thin(&Mat::<f64>::from_rows(&[[3.0, 1.0], [0.0, 2.0], [1.0, 1.0]]))?;
/// let a_dot = Mat::from_rows(&[[0.1, 0.7], [-0.4, 0.2], [0.5, 0.3]]);
/// let s_dot = svd.jvp(&a_dot, &Rule::default())?.s;
/// let point = SecondOrder {
///     cotangent: Cotangent { s: Some(svd.s()), ..Cotangent::default() },
///     a_dot: a_dot.as_ref(),
///     cotangent_dot: Cotangent { s: Some(&s_dot), ..Cotangent::default() },
/// };
/// let (mut product, mut work) = (Mat::zeros(3, 2), [0.0; vjp_tangent_workspace_len::<f64>(3, 2, 2)]);
/// vjp_tangent_into(&svd.factors(), &point, &Rule::default(), Target::Overwrite(product.as_mut()), &mut work)?;
/// assert!((product[(0, 1)] - 0.7).abs() < 1e-13 && (product[(2, 0)] - 0.5).abs() < 1e-13);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn vjp_tangent_into<S: Scalar>(
    factors: &Factors<'_, S>,
    point: &SecondOrder<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    factors.check()?;
    let r = point.check(factors)?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("the gradient of A", target.shape(), (m, n))?;
    check_rule(rule)?;
    let mut spectrum = Spectrum::new(factors, rule, Need::vectors(factors, r))?;
    if point.cotangent.s_matrix.is_some() || point.cotangent_dot.s_matrix.is_some() {
        spectrum = spectrum.beside_block_cotangent();
    }
    let mut arena = Arena::new(work, vjp_tangent_workspace_len::<S>(m, n, k))?;

    let (u_dot, v_dot) = (arena.take(m * r), arena.take(n * r));
    let [s_dot] = arena.take_reals(r);
    let tangent = TangentMut {
        u: Some(MatMut::col_major(u_dot, m, r)?),
        s: Some(&mut *s_dot),
        v: Some(MatMut::col_major(v_dot, n, r)?),
        s_matrix: None,
    };
    jvp_into(factors, point.a_dot, rule, tangent, arena.take(jvp_workspace_len::<S>(m, n, k)))?;
    let (u_dot, v_dot) = (MatRef::col_major(u_dot, m, r)?, MatRef::col_major(v_dot, n, r)?);
    let problem = Problem { factors, spectrum: &spectrum, point, r, u_dot, s_dot, v_dot };
    let mut state = State::carve(&mut arena, &problem)?;
    problem.project(&mut state);
    problem.inner(&mut state);
    problem.outer(&mut state)?;
    problem.expand(&mut state, target.into_parts());
    Ok(())
}

/// The rules whose coefficients are not reciprocals have no closed second order here.
fn check_rule<R: Real>(rule: &Rule<R>) -> Result<(), Error> {
    match rule.at_equal {
        AtEqual::Clip(value) | AtEqual::Lorentzian(value) => Err(value.to_f64()),
        AtEqual::Taylor(order) => Err(order as f64),
        _ => Ok(()),
    }
    .map_err(|value| Error::Parameter {
        name: "the bound, order or width of the rule",
        value,
        must: "be absent at second order: choose another rule than clipping, Taylor or Lorentzian",
    })
}

/// What is given, and the first-order tangents of the r leading triplets.
pub(super) struct Problem<'a, S: Scalar> {
    factors: &'a Factors<'a, S>,
    pub(super) spectrum: &'a Spectrum<'a, S::Real>,
    pub(super) point: &'a SecondOrder<'a, S>,
    pub(super) r: usize,
    u_dot: MatRef<'a, S>,
    pub(super) s_dot: &'a [S::Real],
    v_dot: MatRef<'a, S>,
}

/// What is computed, named as at the head of the file; `_dot` marks the tangent.
pub(super) struct State<'w, S> {
    /// G = `UᴴgU`, `VᴴgV`, and M: r×r.
    pub(super) g: [MatMut<'w, S>; 3],
    pub(super) g_dot: [MatMut<'w, S>; 3],
    /// X and Y: m×r and n×r.
    x: [MatMut<'w, S>; 2],
    x_dot: [MatMut<'w, S>; 2],
    /// Coordinates in U and in V: k×r each.
    inside: [&'w mut [S]; 2],
}

impl<'w, S: Scalar> State<'w, S> {
    fn carve(arena: &mut Arena<'w, S>, problem: &Problem<'_, S>) -> Result<Self, Error> {
        let ((m, n), k, r) = (problem.factors.shape(), problem.factors.triplets(), problem.r);
        let mut take = |rows: usize| MatMut::col_major(arena.take(rows * r), rows, r);
        Ok(State {
            g: [take(r)?, take(r)?, take(r)?],
            g_dot: [take(r)?, take(r)?, take(r)?],
            x: [take(m)?, take(n)?],
            x_dot: [take(m)?, take(n)?],
            inside: [arena.take(k * r), arena.take(k * r)],
        })
    }
}

impl<'a, S: Scalar> Problem<'a, S> {
    /// U and V, their tangents, the cotangents and theirs, side by side.
    fn sides(&self) -> [Side<'a, S>; 2] {
        let (g, g_dot) = (&self.point.cotangent, &self.point.cotangent_dot);
        [
            Side { basis: self.factors.u, basis_dot: self.u_dot, g: g.u, g_dot: g_dot.u },
            Side { basis: self.factors.v, basis_dot: self.v_dot, g: g.v, g_dot: g_dot.v },
        ]
    }

    /// G = Uᴴ gU and dG = dUᴴ gU + Uᴴ dgU; the same for V.
    fn project(&self, state: &mut State<'_, S>) {
        let one = S::Real::one();
        for (side, (g, g_dot)) in self.sides().into_iter().zip(state.g.iter_mut().zip(&mut state.g_dot)) {
            let basis = Operand::adjoint(side.basis.leading_cols(self.r));
            g.fill_with(|_, _| S::zero());
            g_dot.fill_with(|_, _| S::zero());
            if let Some(part) = side.g {
                gemm(g.reborrow(), false, one, basis, Operand::plain(part));
                gemm(g_dot.reborrow(), false, one, Operand::adjoint(side.basis_dot), Operand::plain(part));
            }
            if let Some(part) = side.g_dot {
                gemm(g_dot.reborrow(), true, one, basis, Operand::plain(part));
            }
        }
    }

    /// X, Y and the parts of their tangents that are orthogonal to U and V.
    fn outer(&self, state: &mut State<'_, S>) -> Result<(), Error> {
        let one = S::Real::one();
        let sides = self.sides();
        for (side, x) in sides.iter().zip(&mut state.x) {
            x.fill_with(|i, j| side.g.map_or_else(S::zero, |g| g.at(i, j)));
        }
        self.solve(&mut state.x, &mut state.inside)?;
        // dgU − dU G + dA Y − X dS.
        let a_dot = self.point.a_dot;
        let [x, y] = &state.x;
        for (l, (side, (a_dot, other))) in
            sides.iter().zip([(Operand::plain(a_dot), y), (Operand::adjoint(a_dot), x)]).enumerate()
        {
            let (x, x_dot) = (&state.x[l], &mut state.x_dot[l]);
            let given = |i, j| side.g_dot.map_or_else(S::zero, |g| g.at(i, j));
            x_dot.fill_with(|i, j| given(i, j) - x.at(i, j).scale(self.s_dot[j]));
            gemm(x_dot.reborrow(), true, -one, Operand::plain(side.basis_dot), Operand::plain(state.g[l].as_ref()));
            gemm(x_dot.reborrow(), true, one, a_dot, Operand::plain(other.as_ref()));
        }
        self.solve(&mut state.x_dot, &mut state.inside)
    }

    /// X S − A⟂ Y = P (X as it comes), Y S − A⟂ᴴ X = Q (Y as it comes), in place.
    fn solve(&self, [x, y]: &mut [MatMut<'_, S>; 2], inside: &mut [&mut [S]; 2]) -> Result<(), Error> {
        let (k, r) = (self.factors.triplets(), self.r);
        let [in_u, in_v] = inside;
        for (z, basis, inside) in [(&mut *x, self.factors.u, &mut **in_u), (&mut *y, self.factors.v, &mut **in_v)] {
            project_out(basis, z.reborrow(), inside)?;
            // Without a complement what remains is rounding error.
            let complement = z.rows() > k;
            for j in 0..r {
                let reciprocal = if complement { self.spectrum.reciprocal(j) } else { S::Real::zero() };
                (0..z.rows()).for_each(|i| z.put(i, j, z.at(i, j).scale(reciprocal)));
            }
        }
        self.divide(in_u, in_v);
        for (z, basis, inside) in [(x, self.factors.u, &**in_u), (y, self.factors.v, &**in_v)] {
            let beyond = MatRef::col_major(inside, k, r)?.block(r, 0, k - r, r)?;
            gemm(z.reborrow(), true, S::Real::one(), Operand::plain(basis.trailing_cols(r)), Operand::plain(beyond));
        }
        Ok(())
    }

    /// The coupled equations in the coordinates of the triplets beyond r: sⱼ ξ − sᵢ η = α, sⱼ η − sᵢ ξ = β.
    fn divide(&self, in_u: &mut [S], in_v: &mut [S]) {
        let (k, half) = (self.factors.triplets(), S::Real::from_f64(0.5));
        for j in 0..self.r {
            let mut linked = (j + 1..self.r).all(|i| self.spectrum.linked_to_next(i - 1));
            for i in self.r..k {
                linked &= self.spectrum.linked_to_next(i - 1);
                let pair = self.spectrum.pair(j, i, linked);
                let (alpha, beta) = (&mut in_u[j * k + i], &mut in_v[j * k + i]);
                let even = (*alpha + *beta).scale(half * (pair.block - pair.gap));
                let odd = (*alpha - *beta).scale(half * pair.sum);
                (*alpha, *beta) = (even + odd + alpha.scale(pair.left), even - odd);
            }
        }
    }

    /// dgA = (dU M + U dM + dX) Vᴴ + (U M + X) dVᴴ + dU Yᴴ + U dYᴴ.
    fn expand(&self, state: &mut State<'_, S>, (mut ga, keep): (MatMut<'_, S>, bool)) {
        let one = S::Real::one();
        let [left, right] = self.sides();
        let ([x, y], [x_dot, y_dot]) = (&mut state.x, &mut state.x_dot);
        // dX = (its part orthogonal to U) − U dUᴴX, by the differential of UᴴX = 0. G and its tangent are no longer needed.
        let ([corner, corner_v, middle], [.., middle_dot]) = (&mut state.g, &mut state.g_dot);
        for (side, x, x_dot, corner) in [(&left, &*x, &mut *x_dot, corner), (&right, &*y, &mut *y_dot, corner_v)] {
            let basis = Operand::plain(side.basis.leading_cols(self.r));
            gemm(corner.reborrow(), false, one, Operand::adjoint(side.basis_dot), Operand::plain(x.as_ref()));
            gemm(x_dot.reborrow(), true, -one, basis, Operand::plain(corner.as_ref()));
        }
        let (u, v) = (left.basis.leading_cols(self.r), right.basis.leading_cols(self.r));
        gemm(x_dot.reborrow(), true, one, Operand::plain(left.basis_dot), Operand::plain(middle.as_ref()));
        gemm(x_dot.reborrow(), true, one, Operand::plain(u), Operand::plain(middle_dot.as_ref()));
        gemm(x.reborrow(), true, one, Operand::plain(u), Operand::plain(middle.as_ref()));
        for (keep, l, r) in [
            (keep, x_dot.as_ref(), v),
            (true, x.as_ref(), right.basis_dot),
            (true, left.basis_dot, y.as_ref()),
            (true, u, y_dot.as_ref()),
        ] {
            gemm(ga.reborrow(), keep, one, Operand::plain(l), Operand::adjoint(r));
        }
    }
}

/// One of the two bases, with its tangent and the cotangents.
struct Side<'a, S> {
    basis: MatRef<'a, S>,
    basis_dot: MatRef<'a, S>,
    g: Option<MatRef<'a, S>>,
    g_dot: Option<MatRef<'a, S>>,
}
