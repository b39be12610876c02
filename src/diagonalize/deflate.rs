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

/// Of a block of B: a lower bound of its smallest singular value, and its largest entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds<R> {
    pub(super) smallest: R,
    pub(super) largest: R,
}

/// Sees the rows of a block one after another, from the end that a sweep starts at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch<R> {
    pub(super) negligible: R,
    /// Distance of the last row from what is spanned by the others, of the rows so far.
    pub(super) mu: R,
    pub(super) bounds: Bounds<R>,
    /// Whether an entry that it has [seen](Watch::see) is negligible.
    pub(super) split: bool,
}

impl<R: Real> Watch<R> {
    #[inline(always)]
    pub(super) fn new(first: R, negligible: R) -> Self {
        let mu = first.abs();
        Watch { negligible, mu, bounds: Bounds { smallest: mu, largest: mu }, split: false }
    }

    /// Row `i`, the next one: the entry before its diagonal, and that on it.
    #[inline(always)]
    pub(super) fn see(&mut self, i: usize, beside: R, diagonal: R) {
        if i == 0 {
            *self = Watch::new(diagonal, self.negligible);
        } else {
            self.split |= self.next(beside, diagonal);
        }
    }

    /// Whether the next entry beside the diagonal is negligible. The next one on the diagonal belongs to the block only if it is not.
    #[inline(always)]
    pub(super) fn next(&mut self, beside: R, diagonal: R) -> bool {
        let (beside, diagonal) = (beside.abs(), diagonal.abs());
        let negligible = beside <= (tolerance::<R>() * self.mu).larger(self.negligible);
        self.mu = diagonal * (self.mu / (self.mu + beside));
        let Bounds { smallest, largest } = self.bounds;
        self.bounds = Bounds { smallest: smallest.smaller(self.mu), largest: largest.larger(beside).larger(diagonal) };
        negligible
    }
}

/// Whether the entry at the far end is negligible, where a shifted sweep converges.
pub(super) fn far_end_converged<R: Real>(d: &[R], e: &[R], (lo, hi): (usize, usize), flipped: bool) -> bool {
    let (far, last) = if flipped { (lo, lo) } else { (hi - 1, hi) };
    last_converged(e[far], d[last])
}

/// The same of a last entry on the diagonal and the one beside it.
pub(super) fn last_converged<R: Real>(beside: R, diagonal: R) -> bool {
    beside.abs() <= tolerance::<R>() * diagonal.abs()
}

/// Looks for a negligible entry inside of the block. `None` if one was found and set to zero.
pub(super) fn bounds<R: Real>(
    d: &[R],
    e: &mut [R],
    (lo, hi): (usize, usize),
    flipped: bool,
    negligible: R,
) -> Option<Bounds<R>> {
    if far_end_converged(d, e, (lo, hi), flipped) {
        e[if flipped { lo } else { hi - 1 }] = R::zero();
        return None;
    }
    let mut watch = Watch::new(d[if flipped { hi } else { lo }], negligible);
    for i in 0..hi - lo {
        let (off, next) = if flipped { (hi - 1 - i, hi - 1 - i) } else { (lo + i, lo + i + 1) };
        if watch.next(e[off], d[next]) {
            e[off] = R::zero();
            return None;
        }
    }
    Some(watch.bounds)
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
            let Bounds { smallest, largest } = bounds::<f64>(&d, &mut e, (2, 4), flipped, 0.0).unwrap();
            assert_eq!(largest, 1.0);
            assert!((smallest - 1.0 / 3.0).abs() < 1e-15 && e == [0.0, 0.0, 1.0, 1.0], "{smallest} {e:?}");
        }
    }
}
