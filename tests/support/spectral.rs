//! Matrices and comparisons for the functions of the singular values.

use diffsvd::spectral::SpectralMap;
use diffsvd::{Mat, Real, Scalar, Svd};
use num_traits::One;

use super::derivatives::{norm, plus, times, wide};
use super::double_double::Dd;
use super::entry::Entry;
use super::random::Random;

/// Relative gaps: from wide to none.
pub(crate) const GAPS: [f64; 12] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-15, 0.0];

pub(crate) const SHAPES: [(usize, usize); 3] = [(5, 5), (7, 5), (5, 8)];

/// ‖X − reference‖ over ‖reference‖, or over `floor` if that is larger; in units of max(m, n) ε.
pub(crate) fn error<S: Entry>(x: &Mat<S>, reference: &Mat<S::Wide>, floor: f64) -> f64 {
    let difference = norm(&plus(&wide(x), -Dd::one(), reference)).hi;
    let unit = x.rows().max(x.cols()) as f64 * S::Real::EPSILON.to_f64();
    difference / norm(reference).hi.max(floor) / unit
}

/// Singular values 1 and 0.5 in pairs of the given relative gap, and a single one, 0.125.
pub(crate) fn paired(gap: f64) -> [f64; 5] {
    [1.0, 1.0 - 0.3 * gap, 0.5, 0.5 - 0.3 * gap, 0.125]
}

/// The matrices of the sweep: pairs of every gap (no gap: equal up to the rounding of A), and exactly equal ones.
pub(crate) fn sweep<S: Entry>(mut visit: impl FnMut(&Mat<S>, String)) {
    for (seed, &(m, n)) in SHAPES.iter().enumerate() {
        for gap in GAPS {
            let a = Random::new(7 + seed as u64).with_singular_values::<S>(m, n, &paired(gap));
            visit(&a, format!("{} {m}×{n}, relative gap {gap:e}", S::NAME));
        }
        visit(&exactly_equal(m, n), format!("{} {m}×{n}, exactly equal", S::NAME));
    }
}

/// Which of the large singular values are equal up to the gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pattern {
    /// 1 and 1, 0.5 and 0.5.
    Pairs,
    /// 1 alone, 0.5 three times.
    Triple,
    /// 1 four times.
    Quadruple,
    /// 1 and 1, then 0.6 and 0.4.
    Pair,
}

/// What a test matrix follows from: at most four large singular values by the pattern, and small ones at 0.125, equal up to the gap too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) shape: (usize, usize),
    pub(crate) pattern: Pattern,
    pub(crate) gap: f64,
    pub(crate) seed: u64,
    /// Of c in A → cA: from −1, the smallest number of the type, to 1, the largest.
    pub(crate) scale: f64,
}

impl Case {
    /// Number of large values.
    pub(crate) fn large(&self) -> usize {
        4.min(self.shape.0.min(self.shape.1) - 1).max(1)
    }

    pub(crate) fn values(&self) -> Vec<f64> {
        let gap = self.gap;
        let large = match self.pattern {
            Pattern::Pairs => [1.0, 1.0 - 0.3 * gap, 0.5, 0.5 - 0.1 * gap],
            Pattern::Triple => [1.0, 0.5, 0.5 - 0.05 * gap, 0.5 - 0.1 * gap],
            Pattern::Quadruple => [1.0, 1.0 - 0.1 * gap, 1.0 - 0.2 * gap, 1.0 - 0.3 * gap],
            Pattern::Pair => [1.0, 1.0 - 0.2 * gap, 0.6, 0.4],
        };
        let small = (0..self.shape.0.min(self.shape.1) - self.large()).map(|i| 0.125 - 0.01 * gap * i as f64);
        large[..self.large()].iter().copied().chain(small).collect()
    }

    pub(crate) fn point<S: Entry>(&self) -> Point<S> {
        let a = Random::new(!self.seed).with_singular_values(self.shape.0, self.shape.1, &self.values());
        Point { a, what: format!("{} {self:?}", S::NAME), seed: self.seed, scale: self.scale }
    }
}

/// Where a check is made.
#[derive(Clone, Debug)]
pub(crate) struct Point<S> {
    pub(crate) a: Mat<S>,
    pub(crate) what: String,
    /// Of the directions.
    pub(crate) seed: u64,
    /// As in [`Case`].
    pub(crate) scale: f64,
}

impl<S: Entry> Point<S> {
    /// The points of the sweep.
    pub(crate) fn sweep(mut visit: impl FnMut(&Self)) {
        sweep::<S>(|a, what| visit(&Point { a: a.clone(), what, seed: 0, scale: 0.7 }));
    }

    pub(crate) fn random(&self, number: u64) -> Random {
        Random::new(self.seed.wrapping_add(number))
    }

    /// An even exponent p so that 2^(p degree) is within the range of the type.
    pub(crate) fn exponent(&self, degree: f64) -> i32 {
        let largest = 0.9 * f64::from(S::Real::MAX_EXPONENT) / degree.abs().max(1.0);
        2 * whole(0.5 * self.scale * largest)
    }
}

/// Towards zero.
#[expect(clippy::cast_possible_truncation, reason = "an exponent of a floating-point type")]
pub(crate) fn whole(x: f64) -> i32 {
    x as i32
}

/// Half of a Hadamard matrix and a number beside it: singular values 1 (four times) and 0.125, without any rounding.
pub(crate) fn exactly_equal<S: Entry>(m: usize, n: usize) -> Mat<S> {
    Mat::from_fn(m, n, |i, j| match (i, j) {
        (0..4, 0..4) => {
            let sign = if (i & j).count_ones() % 2 == 0 { 0.5 } else { -0.5 };
            super::entry::from_f64(sign)
        }
        (4, 4) => super::entry::from_f64(0.125),
        _ => S::zero(),
    })
}

/// The derivative of A ↦ U f(S) Vᴴ along Z by central differences in double-double arithmetic.
pub(crate) fn difference<W: Scalar<Real = Dd>, M, F: SpectralMap<Dd, M> + Copy>(
    f: F,
    a: &Mat<W>,
    z: &Mat<W>,
    step: f64,
) -> Mat<W> {
    let value = |h: f64| Svd::thin(&plus(a, h.into(), z)).expect("a finite matrix").map(f).expect("a value");
    scaled(&plus(&value(step), -Dd::one(), &value(-step)), 0.5 / step)
}

/// c X.
pub(crate) fn scaled<S: Scalar>(x: &Mat<S>, c: f64) -> Mat<S> {
    times(S::Real::from_f64(c), x)
}
