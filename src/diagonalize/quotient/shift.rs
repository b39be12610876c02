//! Where the smallest eigenvalue lies, and when the last entry is as good as it.
//!
//! With rₖ = eₖ/qₖ and γ = rₙ₋₁ (1 + rₙ₋₂ (1 + rₙ₋₃ (1 + …))) the last difference at the shift t is
//! f(t) = qₙ − (1 + γ) t − O(t²), a concave function whose first zero is the smallest eigenvalue; and the last row of B Bᵀ, whose
//! diagonal entry is qₙ, moves all eigenvalues together by γ qₙ if it is split off (Parlett & Marques 2000 call γ ‖z‖²).

use crate::scalar::Real;

/// What is known of the smallest eigenvalue λ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<R> {
    /// qₙ, an upper bound.
    pub(super) last: R,
    /// γ.
    pub(super) coupling: R,
    /// The root of γ.
    pub(super) root: R,
    /// Another upper bound, which comes close to the second smallest eigenvalue where qₙ comes close to the smallest.
    pub(super) others: R,
}

impl<R: Real> Known<R> {
    /// The shift: an estimate of λ if the last row belongs to it, a fraction of a bound otherwise.
    ///
    /// f(t) = qₙ + γ μ − t − γ μ²/(μ − t) if all its poles are at μ, and its smaller zero is below λ if they are at μ or above. It is taken with
    /// a little less than `others` for μ, which may still be too much; the transform tells. The residual of the last row says that there is an
    /// eigenvalue not below qₙ (1 − √γ)/(1 + γ): λ, if the last row belongs to it.
    #[inline(always)]
    pub(super) fn shift(&self, fraction: R) -> R {
        let Known { last, coupling, root, others } = *self;
        let one = R::one();
        let slope = one + coupling;
        if last > others {
            return fraction * others.smaller(last / slope);
        }
        let pole = R::from_f64(0.875) * others;
        let sum = last + pole * slope;
        let product = R::from_f64(4.0) * last * pole;
        let zero = (product / (sum + (sum * sum - product).larger(R::zero()).sqrt())) * R::from_f64(0.5);
        zero.larger(last * ((one - root) / slope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the zero of f with all its poles at μ: (qₙ − t)(μ − t) = γ μ t.
    #[test]
    fn estimates_are_below_the_smallest_eigenvalue() {
        for coupling in [1e-6, 0.01, 0.1, 0.25, 0.5, 1.0, 4.0, 1e3_f64] {
            for pole in [1.0, 1.1, 2.0, 10.0, 1e6] {
                let sum = 1.0 + pole * (1.0 + coupling);
                let smallest = 2.0 * pole / (sum + (sum * sum - 4.0 * pole).sqrt());
                let shift = Known { last: 1.0, coupling, root: coupling.sqrt(), others: pole }.shift(0.5);
                assert!(shift <= smallest && shift >= 0.7 * smallest, "{coupling} {pole}: {shift} {smallest}");
            }
        }
    }

    #[test]
    fn a_fraction_of_the_bound_where_the_last_row_is_not_the_smallest() {
        let known = |coupling: f64| Known { last: 2.0, coupling, root: coupling.sqrt(), others: 1.5 };
        // f(0)/f′(0), or the other bound.
        assert_eq!(known(3.0).shift(0.25), 0.125);
        assert_eq!(known(0.0).shift(0.25), 0.375);
    }
}
