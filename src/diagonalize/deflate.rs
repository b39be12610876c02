//! When an off-diagonal entry may be set to zero without changing any singular value by more than a few ε of itself.

use crate::scalar::Real;

/// |e| ≤ this times the running lower bound of the smallest singular value is negligible (Demmel & Kahan 1990, section 4).
pub(super) fn tolerance<R: Real>() -> R {
    R::EPSILON
}

/// An off-diagonal entry below this is negligible wherever it stands: ε/n of a lower bound of the smallest singular
/// value of the whole matrix, or, where that is zero, a few times the underflow threshold.
pub(super) fn negligible<R: Real>(d: &[R], e: &[R]) -> R {
    let mut mu = d.first().map_or(R::zero(), |d| d.abs());
    let mut smallest = mu;
    for (d, e) in d.iter().skip(1).zip(e) {
        if smallest == R::zero() {
            break;
        }
        mu = d.abs() * (mu / (mu + e.abs()));
        smallest = smallest.smaller(mu);
    }
    let n = R::from_f64(d.len() as f64);
    (tolerance::<R>() * smallest / n).larger(n * R::MIN_POSITIVE)
}

/// Start of the unreduced block that ends at `hi`; the entry before it is set to zero.
pub(super) fn block_start<R: Real>(e: &mut [R], hi: usize, negligible: R) -> usize {
    for l in (0..hi).rev() {
        if e[l].abs() <= negligible {
            e[l] = R::zero();
            return l + 1;
        }
    }
    0
}

/// Looks for a negligible entry inside of the block. `None` if one was found and set to zero; otherwise the
/// lower bound of the smallest singular value of the block, for the choice of the shift.
pub(super) fn converged<R: Real>(d: &[R], e: &mut [R], lo: usize, hi: usize, flipped: bool) -> Option<R> {
    let tol = tolerance::<R>();
    let (first, last) = if flipped { (hi, lo) } else { (lo, hi) };
    // The entry at the far end, where a shifted sweep converges.
    let far = if flipped { lo } else { hi - 1 };
    if e[far].abs() <= tol * d[last].abs() {
        e[far] = R::zero();
        return None;
    }
    let mut mu = d[first].abs();
    let mut smallest = mu;
    for i in 0..hi - lo {
        let (off, next) = if flipped { (hi - 1 - i, hi - 1 - i) } else { (lo + i, lo + i + 1) };
        let size = e[off].abs();
        if size <= tol * mu {
            e[off] = R::zero();
            return None;
        }
        mu = d[next].abs() * (mu / (mu + size));
        smallest = smallest.smaller(mu);
    }
    Some(smallest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_negligible_is_small_beside_the_smallest_singular_value() {
        // [x 1; 0 x] has the singular values 1 and x², nearly; diagonal matrices have their entries.
        for (d, e, smallest) in
            [([1e-10, 1e-10], [1.0], 1e-20), ([1.0, 1e-20], [0.0], 1e-20), ([1e-20, 1.0], [0.0], 1e-20)]
        {
            let bound = negligible::<f64>(&d, &e) / (f64::EPSILON * smallest);
            assert!(bound > 0.2 && bound < 1.001, "{d:?} {e:?}: {bound}");
        }
        assert_eq!(negligible::<f64>(&[0.0, 1.0, 2.0], &[1.0, 1.0]), 3.0 * f64::MIN_POSITIVE);
    }

    #[test]
    fn only_the_block_is_looked_at() {
        for flipped in [false, true] {
            let (d, mut e) = ([1.0; 5], [0.0, 0.0, 1.0, 1.0]);
            // 1 → 1/2 → 1/3, whichever end it starts from.
            let smallest = converged::<f64>(&d, &mut e, 2, 4, flipped).unwrap();
            assert!((smallest - 1.0 / 3.0).abs() < 1e-15 && e == [0.0, 0.0, 1.0, 1.0], "{smallest} {e:?}");
        }
    }
}
