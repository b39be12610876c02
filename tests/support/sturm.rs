//! Singular values of a bidiagonal matrix by bisection: a reference that shares nothing with the crate.
//!
//! The singular values of B with diagonal d and superdiagonal e are the positive eigenvalues of the tridiagonal matrix T with zero
//! diagonal and off-diagonal entries d₁, e₁, d₂, e₂, … (Golub & Kahan 1965). The number of negative pivots of T − x I counts the eigenvalues
//! below x, each pivot with a relative error of a few units: so every singular value comes out to high relative accuracy (Fernando 1998).

use diffsvd::Real;
use num_traits::{One, Zero};

use super::double_double::Dd;

/// Number of singular values below x > 0. `chain` is d₁, e₁, d₂, …; `n` the number of singular values.
fn count_below(chain: &[Dd], n: usize, x: Dd) -> usize {
    let one = Dd::one();
    let mut pivot = -one;
    let mut negative = 1;
    for &b in chain {
        let ratio = b / x;
        pivot = -one - ratio * ratio / pivot;
        if pivot == Dd::zero() {
            pivot = -Dd::MIN_POSITIVE;
        }
        negative += usize::from(pivot < Dd::zero());
    }
    // T has one row more than `chain` entries; its eigenvalues are ±sᵢ and zeros, of which all but the n positive ones are below x.
    negative + n - (chain.len() + 1)
}

/// |s/σ − 1| for the singular value σ that `s`, the `index`-th from below, stands for; to about 1e-25.
///
/// Infinite where σ is not within a factor of 2 of `s`, or where s is zero and σ is above `floor`.
pub(crate) fn relative_error(chain: &[Dd], n: usize, index: usize, s: Dd, floor: Dd) -> f64 {
    let half = Dd::from(0.5);
    if s < floor {
        return if count_below(chain, n, floor) > index { 0.0 } else { f64::INFINITY };
    }
    let (mut low, mut high) = (s * half, s + s);
    if count_below(chain, n, low) > index || count_below(chain, n, high) <= index {
        return f64::INFINITY;
    }
    while (high - low).to_f64() > 1e-25 * high.to_f64() {
        let middle = (low + high) * half;
        if count_below(chain, n, middle) > index { high = middle } else { low = middle }
    }
    (s / high - Dd::one()).abs().to_f64()
}
