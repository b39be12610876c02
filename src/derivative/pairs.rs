//! The pairs of singular values, in an order that is kind to the caches.

use super::rule::Spectrum;
use crate::scalar::Real;

/// Side of a tile: whole cache lines of its columns, and of those of its mirror image.
const TILE: usize = 8;

impl<R: Real> Spectrum<'_, R> {
    /// Visits every pair (a, b) with a < r and a < b < k, tile by tile: a pair of entries (a, b) and (b, a) of a k×r matrix, one of
    /// which lies across its columns. `linked` is whether all neighbours between a and b are linked.
    #[inline]
    pub(super) fn each_pair(&self, (k, r): (usize, usize), mut visit: impl FnMut(usize, usize, bool)) {
        if cfg!(target_os = "none") {
            // No cache to be kind to, and half a kilobyte of code less.
            for a in 0..r {
                let mut linked = true;
                for b in a + 1..k {
                    linked &= self.linked_to_next(b - 1);
                    visit(a, b, linked);
                }
            }
            return;
        }
        for left in (0..r).step_by(TILE) {
            let columns = left..(left + TILE).min(r);
            let mut chains = [left; TILE];
            for (end, a) in chains.iter_mut().zip(columns.clone()) {
                *end = self.end_of_chain(a, k);
            }
            for top in (left..k).step_by(TILE) {
                for (&end, a) in chains.iter().zip(columns.clone()) {
                    for b in top.max(a + 1)..(top + TILE).min(k) {
                        visit(a, b, b <= end);
                    }
                }
            }
        }
    }

    /// The last of k singular values that `a` is linked to by way of its neighbours.
    fn end_of_chain(&self, a: usize, k: usize) -> usize {
        (a..k.saturating_sub(1)).find(|&i| !self.linked_to_next(i)).unwrap_or(k.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::{Need, Rule, Spectrum};
    use crate::factors::Factors;
    use crate::matrix::MatRef;
    use std::vec::Vec;

    #[test]
    fn every_pair_once_and_linked_through_its_neighbours() {
        // Two clusters among distinct values, one of them across tiles.
        let s: Vec<f64> = (0..21)
            .map(|i| if (5..12).contains(&i) || i > 18 { 100.0 - f64::from(i / 12) } else { 200.0 - f64::from(i) })
            .collect();
        let mut s = s;
        s.sort_by(|a, b| b.total_cmp(a));
        let basis: Vec<f64> = (0..21 * 21).map(|at| f64::from(u8::from(at % 22 == 0))).collect();
        let basis = MatRef::col_major(&basis, 21, 21).unwrap();
        let factors = Factors { u: basis, s: &s, v: basis };
        let spectrum = Spectrum::new(&factors, &Rule::default(), Need::vectors(&factors, 21)).unwrap();
        for r in [0, 1, 8, 13, 21] {
            let mut seen = Vec::new();
            spectrum.each_pair((21, r), |a, b, linked| {
                assert_eq!(linked, (a..b).all(|i| spectrum.linked_to_next(i)), "{a}, {b}");
                seen.push((a, b));
            });
            seen.sort_unstable();
            let expected: Vec<_> = (0..r).flat_map(|a| (a + 1..21).map(move |b| (a, b))).collect();
            assert_eq!(seen, expected);
        }
        assert!(s.windows(2).filter(|pair| pair[0] == pair[1]).count() > 5);
    }
}
