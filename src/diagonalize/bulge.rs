//! One step of a shifted sweep.

use crate::rotation::{Rotation, annihilate, tiny};
use crate::scalar::Real;

/// What a shifted sweep carries from row to row: (f, g), which the next rotation from the right turns to (r, 0), and the row
/// (diagonal, off) that it turns with them.
///
/// The rotation from the left that follows acts on (f d + g o, g b)/r, r = √(f² + g²), whose direction does not need r: the roots, and the quotients, are
/// taken side by side, and the chain from one step to the next is half as long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulge<R> {
    pub(super) diagonal: R,
    pub(super) off: R,
    pub(super) f: R,
    pub(super) g: R,
}

/// What a step does: two entries of the new matrix, r above the diagonal and ρ on it, by two rotations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<R> {
    pub(super) r: R,
    pub(super) rho: R,
    pub(super) right: Rotation<R>,
    pub(super) left: Rotation<R>,
}

/// What the second rotation turns, times r, and the squares of both lengths.
#[derive(Clone, Copy, Debug)]
pub(super) struct Squares<R> {
    near: R,
    far: R,
    first: R,
    second: R,
    turned: R,
    lower: R,
}

/// Squares between these have full precision.
#[inline(always)]
pub(super) fn limits<R: Real>() -> [R; 2] {
    let safe = tiny::<R>().sqrt();
    [safe, safe.recip()]
}

impl<R: Real> Squares<R> {
    /// Whether both have full precision.
    #[inline(always)]
    pub(super) fn fit(&self, [safe, huge]: [R; 2]) -> bool {
        self.first.smaller(self.second) > safe && self.first.larger(self.second) < huge
    }
}

impl<R: Real> Bulge<R> {
    /// Before the first row, (diagonal, off).
    #[inline(always)]
    pub(super) fn new(diagonal: R, off: R, shift: R) -> Self {
        let f = (diagonal.abs() - shift) * (R::one().with_sign(diagonal) + shift / diagonal);
        Bulge { diagonal, off, f, g: off }
    }

    /// Before the row whose diagonal entry is `below`.
    #[inline(always)]
    pub(super) fn squares(&self, below: R) -> Squares<R> {
        let &Bulge { diagonal, off, f, g } = self;
        let (near, far) = (f * diagonal + g * off, g * below);
        let (first, second) = (f * f + g * g, near * near + far * far);
        let (turned, lower) = (f * off - g * diagonal, f * below);
        Squares { near, far, first, second, turned, lower }
    }

    /// Down to the row (below, next), where the squares have full precision: by roots and quotients that do not wait for each other.
    #[inline(always)]
    pub(super) fn step(
        &self,
        &Squares { near, far, first, second, turned, lower }: &Squares<R>,
        next: R,
    ) -> (Step<R>, Self) {
        let &Bulge { f, g, .. } = self;
        let (r, rho) = (first.sqrt(), second.sqrt());
        let (per_r, per_rho) = (r * first.recip(), rho * second.recip());
        let both = per_r * per_rho;
        let right = Rotation { c: f * per_r, s: g * per_r };
        let left = Rotation { c: near * per_rho, s: far * per_rho };
        let scaled = next * per_rho;
        let after = Bulge {
            diagonal: (near * lower - far * turned) * both,
            off: near * scaled,
            f: (near * turned + far * lower) * both,
            g: far * scaled,
        };
        (Step { r, rho: rho * per_r, right, left }, after)
    }

    /// The same over the whole range: one rotation after the other.
    #[inline(always)]
    pub(super) fn careful_step(&self, below: R, next: R) -> (Step<R>, Self) {
        let &Bulge { diagonal, off, f, g } = self;
        let (right, r) = annihilate(f, g);
        let turned = right.c * off - right.s * diagonal;
        let (left, rho) = annihilate(right.c * diagonal + right.s * off, right.s * below);
        let lower = right.c * below;
        let after = Bulge {
            diagonal: left.c * lower - left.s * turned,
            off: left.c * next,
            f: left.c * turned + left.s * lower,
            g: left.s * next,
        };
        (Step { r, rho, right, left }, after)
    }
}
