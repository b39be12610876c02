//! Shapes, spectra and entries from bytes: the one generator of the property tests, which take random bytes, and of the fuzz targets.
//!
//! Equal, nearly equal, zero, tiny and huge numbers come up on purpose. Bytes of zero stand for the simplest case, and every slice is an
//! input, so both shrink well: a failure of one is a regression test for the other.

use diffsvd::{Mat, Real, Scalar};
use num_traits::Zero;

use super::entry::largest_number;
use super::random::Random;
use super::spectra::Spectrum;
use super::spectral::{Case, Pattern};

/// Everything that a random matrix follows from. Small on purpose: a failing one prints as a line that can be pasted into a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recipe {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) spectrum: Spectrum,
    pub(crate) seed: u64,
}

impl Recipe {
    /// min(m, n).
    pub(crate) fn k(&self) -> usize {
        self.rows.min(self.cols)
    }

    /// The singular values that are meant.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.spectrum.values(self.k(), &mut Random::new(self.seed))
    }

    /// A random matrix with these singular values, but for rounding.
    pub(crate) fn matrix<S: Scalar>(&self) -> Mat<S> {
        Random::new(!self.seed).with_singular_values(self.rows, self.cols, &self.values())
    }
}

/// The bytes that are left. Once they are used up, zeros.
#[derive(Clone, Debug)]
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Bytes(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All that are left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub(crate) fn bits(&mut self) -> u64 {
        u64::from_le_bytes(core::array::from_fn(|_| self.byte()))
    }

    /// In 0..count, for a count of at most 256.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count.max(1)
    }

    /// In −1..1, by 1/128.
    pub(crate) fn signed_unit(&mut self) -> f64 {
        f64::from(self.byte().cast_signed()) / 128.0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// From the first of these with the weight of each.
    fn weighted<T: Copy>(&mut self, all: &[(usize, T)]) -> T {
        let mut left = self.below(all.iter().map(|(weight, _)| weight).sum());
        for &(weight, item) in all {
            if left < weight {
                return item;
            }
            left -= weight;
        }
        all[0].1
    }

    /// 10⁻¹ to 10⁻ˡᵃˢᵗ.
    fn decades(&mut self, last: usize) -> f64 {
        0.1_f64.powi(i32::try_from(1 + self.below(last)).expect("a small number"))
    }

    /// 0, or 10⁻¹, …, 10⁻¹⁶: the relative gaps of the sweeps.
    pub(crate) fn gap(&mut self) -> f64 {
        if self.below(7) < 2 { 0.0 } else { self.decades(16) }
    }

    /// Condition numbers, most of them beyond what the type resolves.
    fn condition(&mut self) -> f64 {
        match self.below(3) {
            0 => 1.0,
            1 => 10.0,
            _ => 1.0 / self.decades(30),
        }
    }

    /// Any [`Spectrum`], the degenerate ones as often as the others.
    pub(crate) fn spectrum(&mut self) -> Spectrum {
        type Kind = fn(&mut Bytes<'_>) -> Spectrum;
        const KINDS: [(usize, Kind); 10] = [
            (1, |_| Spectrum::Zero),
            (2, |_| Spectrum::AllEqual),
            (1, |bytes| Spectrum::OneLarge { cond: bytes.condition() }),
            (1, |bytes| Spectrum::OneSmall { cond: bytes.condition() }),
            (2, |bytes| Spectrum::Geometric { cond: bytes.condition() }),
            (2, |bytes| Spectrum::Arithmetic { cond: bytes.condition() }),
            (2, |bytes| Spectrum::LogUniform { cond: bytes.condition() }),
            (6, |bytes| Spectrum::Clusters { size: 2 + bytes.below(3), gap: bytes.gap() }),
            (3, |bytes| Spectrum::LowRank { rank: bytes.below(6) }),
            (2, |bytes| Spectrum::TwoScales { tiny: bytes.decades(30) }),
        ];
        self.weighted(&KINDS)(self)
    }

    /// A recipe of at most `largest` rows and columns, empty ones among them.
    pub(crate) fn recipe(&mut self, largest: usize) -> Recipe {
        let (rows, cols) = (self.below(largest + 1), self.below(largest + 1));
        self.recipe_of(rows, cols)
    }

    /// A recipe of this shape.
    pub(crate) fn recipe_of(&mut self, rows: usize, cols: usize) -> Recipe {
        Recipe { rows, cols, spectrum: self.spectrum(), seed: self.bits() }
    }

    /// Shapes, gaps, degeneracies and scales for the functions of the singular values: between `fewest` and `most` of them, up to four more rows or
    /// columns.
    pub(crate) fn case(&mut self, fewest: usize, most: usize) -> Case {
        let k = fewest + self.below(most + 1 - fewest);
        let (longer, side) = (self.below(5), self.below(3));
        let patterns = [(3, Pattern::Pairs), (1, Pattern::Triple), (1, Pattern::Quadruple), (1, Pattern::Pair)];
        Case {
            shape: [(k, k), (k + longer, k), (k, k + longer)][side],
            pattern: self.weighted(&patterns),
            gap: if self.below(17) == 1 { 1.0 } else { self.gap() },
            seed: self.bits(),
            scale: self.signed_unit(),
        }
    }

    /// A part of an entry of the type `R`: the numbers at which algorithms break, and any other.
    fn part<R: Real>(&mut self, finite: bool) -> R {
        let (one, sign) = (R::one(), R::from_f64(if self.byte() & 1 == 0 { 1.0 } else { -1.0 }));
        let smallest = one.mul_pow2(R::MIN_EXPONENT) * R::EPSILON;
        let steps = R::from_f64(f64::from(self.byte() % 8));
        let x = match self.below(if finite { 14 } else { 16 }) {
            0..3 => R::zero(),
            3..5 => one,
            5 => one + steps * R::EPSILON,
            6 => smallest * (one + steps),
            7 => one.mul_pow2(R::MIN_EXPONENT) * (one + steps),
            8 => largest_number::<R>().mul_pow2(-i32::from(self.byte() % 4)),
            9 => one.mul_pow2((i32::from(self.byte()) - 128) * (R::MAX_EXPONENT / 128)),
            10..14 => R::from_f64(self.signed_unit()),
            14 => R::from_f64(f64::NAN),
            _ => R::from_f64(f64::INFINITY),
        };
        x * sign
    }

    pub(crate) fn entry<S: Scalar>(&mut self, finite: bool) -> S {
        let re = self.part(finite);
        S::from_parts(re, if S::PARTS == 2 { self.part(finite) } else { S::Real::zero() })
    }

    /// A matrix of at most `largest` rows and columns: by a recipe, or entry by entry from a few different ones. Unless `finite` is asked for, now
    /// and then with entries that are not.
    pub(crate) fn matrix<S: Scalar>(&mut self, largest: usize, finite: bool) -> Mat<S> {
        let (rows, cols) = (self.below(largest + 1), self.below(largest + 1));
        self.matrix_of(rows, cols, finite)
    }

    /// The same of this shape.
    pub(crate) fn matrix_of<S: Scalar>(&mut self, rows: usize, cols: usize, finite: bool) -> Mat<S> {
        let kind = self.below(4);
        // One entry for each byte would spend all of them on large matrices: a palette of a few, and which goes where.
        let palette: Vec<S> = (0..=self.below(8)).map(|_| self.entry(finite)).collect();
        let mut a = if kind < 2 {
            let p = (i32::from(self.byte().cast_signed())) * (S::Real::MAX_EXPONENT / 132);
            let a = self.recipe_of(rows, cols).matrix::<S>();
            Mat::from_fn(rows, cols, |i, j| if kind == 0 { a[(i, j)] } else { a[(i, j)].scale_pow2(p) })
        } else {
            let mut turn = Random::new(self.bits());
            Mat::from_fn(rows, cols, |_, _| palette[turn.below(palette.len())])
        };
        // A few entries of it at given places.
        for _ in 0..self.below(4) {
            let (i, j) = (self.below(rows), self.below(cols));
            if i < rows && j < cols {
                a[(i, j)] = self.one_of(&palette);
            }
        }
        a
    }

    /// An entry of a bidiagonal matrix: of any size within 60 decades, now and then zero.
    pub(crate) fn wild<R: Real>(&mut self) -> R {
        let sign = self.byte() & 1 == 0;
        let x = match self.below(22) {
            0 => 0.0,
            1..4 => 1.0,
            4..10 => self.signed_unit(),
            _ => 10_f64.powf(self.signed_unit() * 30.0),
        };
        R::from_f64(if sign { x } else { -x })
    }
}
