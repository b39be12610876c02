//! The backward rule: (gU, gs, gV) ↦ gA, Theorem 3.2.

use super::rule::{Class, Need, Pair, Rule, Spectrum};
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef, check_shape};
use crate::scalar::{One, Real, Scalar, Zero};
use crate::workspace::Arena;

/// The cotangents of the factors: dL = Re tr(gUᴴ dU) + Σ gsᵢ dsᵢ + Re tr(gVᴴ dV). What is `None` is zero.
///
/// All parts have the same number r ≤ k of columns (entries); r < k means a loss of the leading r triplets alone.
#[derive(Clone, Copy, Debug)]
pub struct Cotangent<'a, S: Scalar> {
    /// gU, m×r.
    pub u: Option<MatRef<'a, S>>,
    /// gs, r values.
    pub s: Option<&'a [S::Real]>,
    /// gV, n×r.
    pub v: Option<MatRef<'a, S>>,
    /// The *block cotangent* gS, r×r: the cotangent of S as the diagonal matrix that it is in U S Vᴴ. Its diagonal adds to
    /// `s`; inside a block of equal singular values its Hermitian part is used whole, and the rule is exact there for
    /// every function of S. Beside it [`AtEqual::Reconstruct`](crate::AtEqual::Reconstruct) acts as `MinimumNorm`.
    pub s_matrix: Option<MatRef<'a, S>>,
}

impl<S: Scalar> Default for Cotangent<'_, S> {
    fn default() -> Self {
        Cotangent { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> Cotangent<'_, S> {
    /// Number of triplets that the loss depends on.
    fn triplets(&self, k: usize) -> usize {
        let cols = |m: Option<MatRef<'_, S>>| m.map(|m| m.cols());
        cols(self.u).or(cols(self.v)).or(self.s.map(<[_]>::len)).or(cols(self.s_matrix)).unwrap_or(k)
    }

    /// Whether U or V is differentiated.
    fn has_vectors(&self) -> bool {
        self.u.is_some() || self.v.is_some()
    }

    fn check(&self, factors: &Factors<'_, S>) -> Result<usize, Error> {
        let ((m, n), k) = (factors.shape(), factors.triplets());
        let r = self.triplets(k);
        let r = r.min(k);
        for (name, part, rows) in [
            ("the cotangent of U", self.u, m),
            ("the cotangent of V", self.v, n),
            ("the cotangent of S", self.s_matrix, r),
        ] {
            if let Some(part) = part {
                part.check_shape(name, (rows, r))?;
                part.check_finite(name)?;
            }
        }
        if let Some(s) = self.s {
            check_shape("the cotangent of s", (s.len(), 1), (r, 1))?;
            if let Some(row) = s.iter().position(|s| !s.is_finite()) {
                let nan = s[row].partial_cmp(&s[row]).is_none();
                return Err(Error::NonFinite { argument: "the cotangent of s", row, column: 0, nan });
            }
        }
        Ok(r)
    }
}

/// Where a gradient goes.
#[derive(Debug)]
pub enum Target<'a, S> {
    /// gA is written.
    Overwrite(MatMut<'a, S>),
    /// gA is added to what is there.
    Add(MatMut<'a, S>),
}

impl<'a, S: Scalar> Target<'a, S> {
    /// The matrix, and whether its old content stays.
    pub(crate) fn into_parts(self) -> (MatMut<'a, S>, bool) {
        match self {
            Target::Overwrite(matrix) => (matrix, false),
            Target::Add(matrix) => (matrix, true),
        }
    }
    pub(crate) fn shape(&self) -> (usize, usize) {
        match self {
            Target::Overwrite(matrix) | Target::Add(matrix) => matrix.shape(),
        }
    }
}

/// What the backward rule met and what it left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report<R> {
    /// Norm of the part of the cotangents that the pseudoinverse discarded, relative to ‖(gU, gV)‖: at rounding level exactly
    /// when the loss does not depend on the arbitrary choice of phases, of bases inside blocks of equal values, and of
    /// null-space vectors. Where it is not small, no gradient exists.
    pub gauge_residual: R,
    /// Pairs of equal, non-zero singular values met.
    pub equal_pairs: usize,
    /// Singular values met that count as zero.
    pub zeros: usize,
}

/// Length of the workspace of [`vjp_into`] for an m×n matrix and k triplets.
#[must_use]
pub const fn vjp_workspace_len<S: Scalar>(rows: usize, cols: usize, triplets: usize) -> usize {
    let longer = if rows > cols { rows } else { cols };
    triplets.saturating_mul(longer.saturating_add(triplets.saturating_mul(2)))
}

/// The gradient of a loss of U, s and V with respect to A:
///
///   gA = U [ Gap∘(X + Y) + Sum∘(X − Y) + diag(gs) ] Vᴴ + (I − `UUᴴ`) gU S⁺ Vᴴ + U S⁺ gVᴴ (I − `VVᴴ`),
///
/// X = skew(UᴴgU), Y = skew(VᴴgV), Gapᵢⱼ = 1/(sⱼ − sᵢ), Sumᵢⱼ = 1/(sⱼ + sᵢ), each replaced by what the rule says where
/// singular values are equal or zero. Finite for every A; the exact adjoint of [`jvp_into`](crate::jvp_into) by the same rule.
///
/// For complex matrices gA is the cotangent with dL = Re tr(gAᴴ dA), as in `PyTorch`; JAX uses its conjugate.
///
/// **Shapes.** `factors` k triplets, the cotangents r ≤ k columns, `target` m×n. `factors` with fewer than min(m, n)
/// triplets means that the remaining singular values are zero.
///
/// **Accuracy.** Relative error ε‖g‖/gap where singular values are distinct. What is exact at equal ones is in the table of
/// `docs/derivatives.md`, section 2.
///
/// **Cost.** Four products of the size of A by r columns for a square matrix, up to seven otherwise.
///
/// # Errors
/// [`Error::Shape`], [`Error::Workspace`], [`Error::NonFinite`], [`Error::Parameter`]; for the plain rule
/// [`Error::EqualSingularValues`] and [`Error::ZeroSingularValue`]. The target is untouched then.
///
/// Zhang & Hu, arXiv:2411.14141, Theorem 3.2, in the form of `docs/derivatives.md`, section 1.
///
/// ```
/// use diffsvd::{Cotangent, Factors, MatMut, MatRef, Rule, Target, vjp_into};
///
/// // A = [2 4; −4 2] = U S Vᴴ with both singular values √20; L = s₁ + s₂.
/// let c = 1.0 / 5_f64.sqrt();
/// let (u, s, v) = ([c, -2.0 * c, 2.0 * c, c], [20_f64.sqrt(); 2], [1.0, 0.0, 0.0, 1.0]);
/// let factors = Factors { u: MatRef::col_major(&u, 2, 2)?, s: &s, v: MatRef::col_major(&v, 2, 2)? };
/// let cotangent = Cotangent { s: Some(&[1.0, 1.0]), ..Cotangent::default() };
/// let (mut ga, mut work) = ([0.0; 4], [0.0; 16]);
/// vjp_into(&factors, &cotangent, &Rule::default(), Target::Overwrite(MatMut::col_major(&mut ga, 2, 2)?), &mut work)?;
/// assert!(ga.iter().zip(&u).all(|(g, u)| (g - u).abs() < 1e-15)); // gA = U Vᴴ
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn vjp_into<S: Scalar>(
    factors: &Factors<'_, S>,
    cotangent: &Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    target: Target<'_, S>,
    work: &mut [S],
) -> Result<Report<S::Real>, Error> {
    factors.check()?;
    let r = cotangent.check(factors)?;
    let ((m, n), k) = (factors.shape(), factors.triplets());
    check_shape("the gradient of A", target.shape(), (m, n))?;
    let vectors = cotangent.has_vectors();
    let need = if vectors { Need::vectors(factors, r) } else { Need::NOTHING };
    let mut spectrum = Spectrum::new(factors, rule, need)?;
    if cotangent.s_matrix.is_some() {
        spectrum = spectrum.beside_block_cotangent();
    }
    let mut arena = Arena::new(work, vjp_workspace_len::<S>(m, n, k))?;

    let (g, q, l) = (arena.take(k * r), arena.take(k * r), arena.take(m.max(n) * r));
    let mut middle = Middle { k, r, g, q, left: m > k, right: n > k };
    let null_space = middle.project(factors, cotangent, &spectrum, l)?;
    let mut discarded = Discarded { squares: null_space, equal_pairs: 0 };
    middle.combine(&spectrum, cotangent, &mut discarded);
    middle.expand(factors, cotangent, &spectrum, target.into_parts(), l)?;
    Ok(report(&spectrum, factors, cotangent, &discarded))
}

/// The k×r matrices between the bases.
struct Middle<'w, S> {
    k: usize,
    r: usize,
    /// G = `UᴴgU`, then what stands between U and `V_rᴴ`.
    g: &'w mut [S],
    /// Q = `VᴴgV`, then, in its rows from r on, what stands between V and `U_rᴴ`.
    q: &'w mut [S],
    /// Whether U leaves a complement, and V.
    left: bool,
    right: bool,
}

/// What was met on the way.
struct Discarded<R> {
    squares: R,
    equal_pairs: usize,
}

impl<S: Scalar> Middle<'_, S> {
    /// G = Uᴴ gU and Q = Vᴴ gV. Returns ‖(I − `UUᴴ`) gU‖² + ‖(I − `VVᴴ`) gV‖² over the columns whose singular value is zero:
    /// what S⁺ is about to discard.
    fn project(
        &mut self,
        factors: &Factors<'_, S>,
        cotangent: &Cotangent<'_, S>,
        spectrum: &Spectrum<'_, S::Real>,
        scratch: &mut [S],
    ) -> Result<S::Real, Error> {
        let (k, r, one) = (self.k, self.r, S::Real::one());
        let nonzero = (0..r).filter(|&j| !spectrum.is_zero(j)).count();
        let mut discarded = S::Real::zero();
        for (target, basis, part) in [(&mut *self.g, factors.u, cotangent.u), (&mut *self.q, factors.v, cotangent.v)] {
            let Some(part) = part else {
                target.fill(S::zero());
                continue;
            };
            let mut product = MatMut::col_major(target, k, r)?;
            gemm(product.reborrow(), false, one, Operand::adjoint(basis), Operand::plain(part));
            if nonzero < r && basis.rows() > k {
                let (rows, count) = (basis.rows(), r - nonzero);
                let mut rest = MatMut::col_major(&mut scratch[..rows * count], rows, count)?;
                let part = part.trailing_cols(nonzero);
                rest.fill_with(|i, j| part.at(i, j));
                let inside = product.as_ref().trailing_cols(nonzero);
                gemm(rest, true, -one, Operand::plain(basis), Operand::plain(inside));
                discarded += scratch[..rows * count].iter().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared());
            }
        }
        Ok(discarded)
    }

    /// Replaces G and Q, pair by pair, by what stands between the bases.
    fn combine(
        &mut self,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        let (k, r) = (self.k, self.r);
        for j in 0..r {
            self.combine_diagonal(j, spectrum, cotangent, discarded);
            let mut linked = true;
            for i in j + 1..k {
                linked &= spectrum.linked_to_next(i - 1);
                let pair = spectrum.pair(j, i, linked);
                discarded.equal_pairs += usize::from(pair.class == Class::Equal);
                self.combine_pair(j, i, &pair, spectrum, cotangent, discarded);
            }
        }
    }

    /// Entry (j, j): the cotangent of the singular value, and of the phase of a complex triplet.
    fn combine_diagonal(
        &mut self,
        j: usize,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        let at = j * self.k + j;
        let (g, q, reciprocal) = (self.g[at], self.q[at], spectrum.reciprocal(j));
        let (x, y) = (g.im(), q.im());
        if spectrum.is_zero(j) {
            discarded.squares += x * x + y * y;
        } else {
            discarded.squares += (x + y) * (x + y);
        }
        let mut value = S::from_parts(S::Real::zero(), spectrum.phase(j) * (x - y));
        if let Some(gs) = cotangent.s {
            value += S::from_real(gs[j]);
        }
        if let Some(gs) = cotangent.s_matrix {
            let gs = gs.at(j, j);
            value += if spectrum.is_zero(j) { gs } else { S::from_real(gs.re()) };
        }
        if self.left {
            value -= g.scale(reciprocal);
        }
        if self.right {
            value -= q.conj().scale(reciprocal);
        }
        self.g[at] = value;
    }

    /// Entries (a, b) and (b, a), a < b, a < r.
    fn combine_pair(
        &mut self,
        a: usize,
        b: usize,
        pair: &Pair<S::Real>,
        spectrum: &Spectrum<'_, S::Real>,
        cotangent: &Cotangent<'_, S>,
        discarded: &mut Discarded<S::Real>,
    ) {
        let (k, inside) = (self.k, b < self.r);
        let (low, high) = (a * k + b, b * k + a);
        // Row b of column a, and its mirror image, which is zero beyond the r columns of the cotangents.
        let at = |m: &[S], inside: bool| (m[low], if inside { m[high] } else { S::zero() });
        let ((g, g_mirror), (q, q_mirror)) = (at(self.g, inside), at(self.q, inside));
        let half = S::Real::from_f64(0.5);
        let skew = |x: S, mirror: S| (x - mirror.conj()).scale(half);
        let herm = |x: S, mirror: S| (x + mirror.conj()).scale(half);
        let (x, y) = (skew(g, g_mirror), skew(q, q_mirror));
        let hermitian = herm(g, g_mirror) + herm(q, q_mirror);
        let two = S::Real::from_f64(2.0);
        discarded.squares += match pair.class {
            Class::Distinct => S::Real::zero(),
            Class::Equal => two * (x + y).modulus_squared(),
            Class::Zero => two * (x.modulus_squared() + y.modulus_squared()),
        };
        // `pair` is that of (a, b); this is entry (b, a), where the gap has the other sign.
        let mut even = (x + y).scale(-pair.gap) + hermitian.scale(pair.block);
        let mut odd = (x - y).scale(pair.sum);
        let (mut extra, mut extra_mirror) = (g.scale(pair.left), g_mirror.scale(pair.left));
        if let (Some(gs), true, true) = (cotangent.s_matrix, inside, pair.class != Class::Distinct) {
            let (gs, mirror) = (gs.at(b, a), gs.at(a, b));
            match pair.class {
                Class::Zero => (extra, extra_mirror) = (extra + gs, extra_mirror + mirror),
                _ => even += herm(gs, mirror),
            }
        }
        let entry = even + odd + extra;
        (even, odd) = (even.conj(), -odd.conj());
        let mirror = even + odd + extra_mirror;

        let (reciprocal_a, reciprocal_b) = (spectrum.reciprocal(a), spectrum.reciprocal(b));
        let if_left = |x: S| if self.left { x } else { S::zero() };
        let if_right = |x: S| if self.right { x } else { S::zero() };
        self.g[low] = entry - if_left(g.scale(reciprocal_a)) - if_right(q_mirror.conj().scale(reciprocal_b));
        if inside {
            self.g[high] = mirror - if_left(g_mirror.scale(reciprocal_b)) - if_right(q.conj().scale(reciprocal_a));
        } else {
            self.q[low] = mirror.conj() - if_right(q.scale(reciprocal_a));
        }
    }

    /// gA = (U G + gU S⁺) `V_rᴴ` + `U_r` (V Q + gV S⁺)ᴴ, with the parts that are not there left out.
    fn expand(
        &mut self,
        factors: &Factors<'_, S>,
        cotangent: &Cotangent<'_, S>,
        spectrum: &Spectrum<'_, S::Real>,
        (mut ga, keep): (MatMut<'_, S>, bool),
        scratch: &mut [S],
    ) -> Result<(), Error> {
        let ((m, n), (k, r), one) = (factors.shape(), (self.k, self.r), S::Real::one());
        let (u, v) = (factors.u, factors.v);
        let mut l = MatMut::col_major(&mut *scratch, m, r)?;
        let kept = scaled_by_reciprocals(&mut l, cotangent.u.filter(|_| self.left), spectrum);
        gemm(l.reborrow(), kept, one, Operand::plain(u), Operand::plain(MatRef::col_major(self.g, k, r)?));
        gemm(ga.reborrow(), keep, one, Operand::plain(l.as_ref()), Operand::adjoint(v.leading_cols(r)));

        let beyond = r < k && cotangent.has_vectors();
        if beyond || (self.right && cotangent.v.is_some()) {
            let mut l = MatMut::col_major(scratch, n, r)?;
            let kept = scaled_by_reciprocals(&mut l, cotangent.v.filter(|_| self.right), spectrum);
            if beyond {
                let rest = MatRef::col_major(self.q, k, r)?.block(r, 0, k - r, r)?;
                gemm(l.reborrow(), kept, one, Operand::plain(v.trailing_cols(r)), Operand::plain(rest));
            }
            gemm(ga, true, one, Operand::plain(u.leading_cols(r)), Operand::adjoint(l.as_ref()));
        }
        Ok(())
    }
}

/// L ← part S⁺; says whether there was a part.
fn scaled_by_reciprocals<S: Scalar>(
    l: &mut MatMut<'_, S>,
    part: Option<MatRef<'_, S>>,
    spectrum: &Spectrum<'_, S::Real>,
) -> bool {
    if let Some(part) = part {
        for j in 0..l.cols() {
            let reciprocal = spectrum.reciprocal(j);
            for i in 0..l.rows() {
                l.put(i, j, part.at(i, j).scale(reciprocal));
            }
        }
    }
    part.is_some()
}

/// The residual and the counts, for the caller.
fn report<S: Scalar>(
    spectrum: &Spectrum<'_, S::Real>,
    factors: &Factors<'_, S>,
    cotangent: &Cotangent<'_, S>,
    discarded: &Discarded<S::Real>,
) -> Report<S::Real> {
    let zero = S::Real::zero();
    let squares = |part: Option<MatRef<'_, S>>| {
        let part = part.unwrap_or(MatRef::empty());
        let column = |j| (0..part.rows()).fold(zero, |sum, i| sum + part.at(i, j).modulus_squared());
        (0..part.cols()).fold(zero, |sum, j| sum + column(j))
    };
    let size = squares(cotangent.u) + squares(cotangent.v);
    Report {
        gauge_residual: if size > zero { (discarded.squares / size).sqrt() } else { zero },
        equal_pairs: discarded.equal_pairs,
        zeros: (0..factors.triplets()).filter(|&i| spectrum.is_zero(i)).count(),
    }
}
