//! The second derivative of a function of B = \[0 A; Aᴴ 0\] along two directions, in the bases of the singular vectors.
//!
//! For directions D and D̄ and eigenvalues λ, μ, ν of B (Daleckii & Krein 1965)
//!
//!   ⟨λ|D²f\[D, D̄\]|ν⟩ = Σ_μ f\[λ, μ, ν\] (⟨λ|D|μ⟩⟨μ|D̄|ν⟩ + ⟨λ|D̄|μ⟩⟨μ|D|ν⟩).
//!
//! With the letters of `projected`, and "…" for the same with the two directions exchanged, the entries of the result W are
//!
//!   ⟨+i|W|+j⟩ = Σₗ f\[sᵢ, sₗ, sⱼ\] aᵢₗ āₗⱼ + ζ f\[sᵢ, −sₗ, sⱼ\] bᵢₗ b̄ₗⱼ + f\[sᵢ, 0, sⱼ\] (Rᴴ R̄ + Tᴴ T̄)ᵢⱼ/2 + …,
//!   ⟨−i|W|+j⟩ = Σₗ f\[−sᵢ, sₗ, sⱼ\] bᵢₗ āₗⱼ + ζ f\[−sᵢ, −sₗ, sⱼ\] aᵢₗ b̄ₗⱼ + ζ f\[−sᵢ, 0, sⱼ\] (Rᴴ R̄ − Tᴴ T̄)ᵢⱼ/2 + …,
//!   R′ = √2 ⟨u⟂|W|+j⟩ = R (C₊∘ā + ζ C₋∘b̄) + D_u D̄ diag(c) + …,   (C±)ₗⱼ = f\[0, ±sₗ, sⱼ\],
//!   T′ = √2 ⟨v⟂|W|+j⟩ = T (C₊∘ā − ζ C₋∘b̄) + D_v D̄ diag(c) + …,   cⱼ = f\[0, 0, sⱼ\],
//!
//! where D_u D̄ and D_v D̄ are the paths through both complements. W has the parity ρ = ζ ζ̄ for an even f and −ζ ζ̄ for an odd one.

use super::projected::{Blocks, Projected, square};
use super::spectrum::Eigenvalue;
use crate::error::Error;
use crate::kernel::{Operand, gemm};
use crate::matrix::MatMut;
use crate::scalar::{One, Real, Scalar};
use crate::workspace::Arena;
use Eigenvalue::{Minus, Plus};

/// Length of what [`Curvature::apply`] takes from its arena.
pub(super) const fn curvature_len(triplets: usize) -> usize {
    triplets.saturating_mul(triplets).saturating_mul(3)
}

/// A function by its second divided differences, and two directions.
pub(super) struct Curvature<'a, 'f, 'w, S, F> {
    pub(super) second: F,
    pub(super) pair: [&'a Projected<'f, 'w, S>; 2],
    /// Whether the result has the blocks (1, 2) and (2, 1), ρ = −1, and not those on the diagonal.
    pub(super) across: bool,
}

impl<'f, 'w, S: Scalar, F: Fn([Eigenvalue; 3]) -> S::Real> Curvature<'_, 'f, 'w, S, F> {
    /// Of the block (1, 2) of W: P ← Uᴴ W V, R ← R′ and T ← T′; of the block (2, 2) where W has that: P ← Vᴴ W V and T ← T′.
    /// `scratch` as in [`Projected::new`].
    ///
    /// # Errors
    /// [`Error::NonFinite`] where a second divided difference makes an entry infinite or NaN.
    pub(super) fn apply(
        &self,
        result: &mut Blocks<'f, 'w, S>,
        arena: &mut Arena<'w, S>,
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let k = result.p.cols();
        let (above, beside) = (result.above(), result.beside());
        let grams =
            [gram(arena, self.pair.map(|x| &x.blocks.r), above)?, gram(arena, self.pair.map(|x| &x.blocks.t), beside)?];
        self.inside(result, &grams);
        result.r.fill_with(|_, _| S::zero());
        result.t.fill_with(|_, _| S::zero());
        if beside {
            self.through(result, &grams, scratch)?;
        }
        let mut coefficients = square(arena, k)?;
        for [x, y] in self.orders() {
            self.beyond(result, [x, y], &mut coefficients);
        }
        for (part, wanted) in [(&result.p, true), (&result.r, above), (&result.t, beside)] {
            if wanted {
                part.as_ref().check_finite("the second derivative in the bases of U and V")?;
            }
        }
        Ok(())
    }

    /// The directions in both orders.
    fn orders(&self) -> [[&Projected<'f, 'w, S>; 2]; 2] {
        let [x, y] = self.pair;
        [[x, y], [y, x]]
    }

    /// cⱼ.
    pub(super) fn outermost(&self, j: usize) -> S::Real {
        (self.second)([Eigenvalue::Zero, Eigenvalue::Zero, Plus(j)])
    }

    /// The k×k block. ⟨+i|W|+j⟩ is Hermitian, ⟨−i|W|+j⟩ is ρ times its adjoint.
    fn inside(&self, result: &mut Blocks<'f, 'w, S>, [gram_r, gram_t]: &[MatMut<'w, S>; 2]) {
        let half = S::Real::from_f64(0.5);
        let complement = result.above() || result.beside();
        let [zeta, zeta_bar] = self.pair.map(Projected::parity);
        for j in 0..result.p.cols() {
            for i in 0..=j {
                let (mut even, mut odd) = self.inner_sum(i, j);
                if complement {
                    let (r, r_bar) = (gram_r.at(i, j), gram_r.at(j, i).conj());
                    let (t, t_bar) = (gram_t.at(i, j), gram_t.at(j, i).conj());
                    let zeros = |first| (self.second)([first, Eigenvalue::Zero, Plus(j)]) * half;
                    even += (r + r_bar + t + t_bar).scale(zeros(Plus(i)));
                    odd += ((r - t).scale(zeta) + (r_bar - t_bar).scale(zeta_bar)).scale(zeros(Minus(i)));
                }
                let (entry, mirror) = if self.across { (even + odd, even - odd) } else { (even - odd, even - odd) };
                result.p.put(i, j, entry);
                result.p.put(j, i, mirror.conj());
            }
        }
    }

    /// The sums over l in ⟨+i|W|+j⟩ and ⟨−i|W|+j⟩.
    fn inner_sum(&self, i: usize, j: usize) -> (S, S) {
        let (mut even, mut odd) = (S::zero(), S::zero());
        let [x, y] = self.pair;
        let [zeta, zeta_bar] = self.pair.map(Projected::parity);
        for l in 0..x.blocks.p.cols() {
            let ((a, b), (a_bar, b_bar)) = (x.parts(i, l), y.parts(l, j));
            let ((c, d), (c_bar, d_bar)) = (y.parts(i, l), x.parts(l, j));
            even += (a * a_bar + c * c_bar).scale((self.second)([Plus(i), Plus(l), Plus(j)]));
            even += ((b * b_bar).scale(zeta) + (d * d_bar).scale(zeta_bar)).scale((self.second)([
                Plus(i),
                Minus(l),
                Plus(j),
            ]));
            odd += (b * a_bar + d * c_bar).scale((self.second)([Minus(i), Plus(l), Plus(j)]));
            odd += ((a * b_bar).scale(zeta) + (c * d_bar).scale(zeta_bar)).scale((self.second)([
                Minus(i),
                Minus(l),
                Plus(j),
            ]));
        }
        (even, odd)
    }

    /// The paths through two vectors of the complements: D_u D̄ diag(c) and D_v D̄ diag(c).
    fn through(
        &self,
        result: &mut Blocks<'f, 'w, S>,
        [gram_r, gram_t]: &[MatMut<'w, S>; 2],
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let one = S::Real::one();
        let (above, u, v) = (result.above(), Operand::plain(result.u), Operand::plain(result.v));
        for (step, [x, y]) in self.orders().into_iter().enumerate() {
            let ordered = |gram| if step == 0 { Operand::plain(gram) } else { Operand::adjoint(gram) };
            let (r, t) = (y.blocks.r.as_ref(), y.blocks.t.as_ref());
            if !x.given.across() {
                x.given.times(t, (&mut result.t, true), scratch)?;
                gemm(result.t.reborrow(), true, -one, v, ordered(gram_t.as_ref()));
            } else if above {
                if self.across {
                    x.given.times(t, (&mut result.r, true), scratch)?;
                    gemm(result.r.reborrow(), true, -one, u, ordered(gram_t.as_ref()));
                }
                x.given.adjoint().times(r, (&mut result.t, true), scratch)?;
                gemm(result.t.reborrow(), true, -one, v, ordered(gram_r.as_ref()));
            }
        }
        for j in 0..result.p.cols() {
            let c = self.outermost(j);
            for matrix in [&mut result.r, &mut result.t] {
                (0..matrix.rows()).for_each(|i| matrix.put(i, j, matrix.at(i, j).scale(c)));
            }
        }
        Ok(())
    }

    /// R (C₊∘ā + ζ C₋∘b̄) and T (C₊∘ā − ζ C₋∘b̄).
    fn beyond(
        &self,
        result: &mut Blocks<'f, 'w, S>,
        [x, y]: [&Projected<'f, 'w, S>; 2],
        coefficients: &mut MatMut<'w, S>,
    ) {
        let zeta = x.parity();
        // The diagonal blocks of a result are those of V.
        let (above, beside) = (result.above() && self.across && x.given.across(), result.beside());
        for (sign, wanted, target, source) in
            [(zeta, above, &mut result.r, &x.blocks.r), (-zeta, beside, &mut result.t, &x.blocks.t)]
        {
            if !wanted {
                continue;
            }
            coefficients.fill_with(|l, j| {
                let (a, b) = y.parts(l, j);
                let between = |middle| (self.second)([Eigenvalue::Zero, middle, Plus(j)]);
                a.scale(between(Plus(l))) + b.scale(sign * between(Minus(l)))
            });
            let (source, coefficients) = (Operand::plain(source.as_ref()), Operand::plain(coefficients.as_ref()));
            gemm(target.reborrow(), true, S::Real::one(), source, coefficients);
        }
    }
}

/// Xᴴ Y, or zero.
fn gram<'w, S: Scalar>(
    arena: &mut Arena<'w, S>,
    [x, y]: [&MatMut<'_, S>; 2],
    wanted: bool,
) -> Result<MatMut<'w, S>, Error> {
    let mut c = square(arena, x.cols())?;
    if wanted {
        gemm(c.reborrow(), false, S::Real::one(), Operand::adjoint(x.as_ref()), Operand::plain(y.as_ref()));
    } else {
        c.fill_with(|_, _| S::zero());
    }
    Ok(c)
}
