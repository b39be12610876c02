//! The contract of the decomposition, written once and run for every scalar type, shape, layout and choice of vectors:
//! residual, orthogonality, order, singular values against the double-double reference, the same singular values to the
//! last bit whichever vectors are asked for, and not one place written outside of the outputs and the workspace.
//! `accuracy.rs` holds the zoo to the same contract.

use crate::support::bounds::Reference;
use crate::support::double_double::Dd;
use crate::support::entry::Entry;
use crate::support::layout::Layout;
use crate::support::random::Random;
use crate::support::run::{check, check_all_vectors, check_any};
use crate::support::spectra::Spectrum;
use crate::support::strategies::{drawn, recipe};
use diffsvd::{Mat, Vectors};
use num_complex::Complex;
use proptest::prelude::*;

/// A matrix of one of ten kinds, in turn.
fn of_kind<S: Entry>(m: usize, n: usize, turn: usize) -> Mat<S> {
    let mut random = Random::new(turn as u64);
    let kind = match turn % 10 {
        0..=2 => return random.matrix(m, n),
        3 => Spectrum::AllEqual,
        4 => Spectrum::Clusters { size: 2, gap: 0.0 },
        5 => Spectrum::Clusters { size: 3, gap: 1e-7 },
        6 => Spectrum::LowRank { rank: n / 2 },
        7 => Spectrum::Geometric { cond: 1e20 },
        8 => Spectrum::TwoScales { tiny: 1e-12 },
        _ => Spectrum::Zero,
    };
    let values = kind.values(m.min(n), &mut random);
    random.with_singular_values(m, n, &values)
}

/// Every shape up to `largest` × `largest`, empty ones among them; kinds and layouts in turn.
fn small_shapes<S: Entry>(largest: usize) {
    for m in 0..=largest {
        for n in 0..=largest {
            let turn = m * (largest + 2) + n;
            check_all_vectors("of a kind in turn", &of_kind::<S>(m, n, turn), turn);
        }
    }
}

/// A few shapes of each form in every pair of layouts.
fn layouts<S: Entry>() {
    for (m, n) in [(0, 3), (3, 0), (0, 0), (1, 1), (1, 4), (4, 1), (4, 4), (6, 5), (5, 6), (11, 4), (4, 11)] {
        let a = of_kind::<S>(m, n, m + n);
        let reference = Reference::new(a.as_ref());
        for input in Layout::ALL {
            for output in Layout::ALL {
                for vectors in [Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(m.min(n) / 2)] {
                    check("of a kind in turn", &a, &reference, vectors, (input, output));
                }
            }
        }
    }
}

/// Tall, very tall, wide and square matrices up to 200 rows or columns.
fn large_shapes<S: Entry>(shapes: &[(usize, usize)]) {
    for (turn, &(m, n)) in shapes.iter().enumerate() {
        let a = of_kind::<S>(m, n, turn);
        let reference = Reference::new(a.as_ref());
        let vectors = if m.max(n) > 60 { Vectors::Thin } else { Vectors::Full };
        check("of a kind in turn", &a, &reference, vectors, (Layout::turn(turn), Layout::turn(turn / 2)));
        check("of a kind in turn", &a, &reference, Vectors::None, (Layout::turn(turn + 1), Layout::ColMajor));
    }
}

/// Of the real types only: the reference for a complex one takes four times as long.
const LARGEST: &[(usize, usize)] = &[(200, 200), (140, 140), (200, 120), (110, 160), (150, 150), (130, 130)];

const LARGE: &[(usize, usize)] =
    &[(200, 1), (1, 200), (200, 3), (3, 200), (64, 64), (65, 63), (40, 100), (100, 41), (33, 34), (90, 60), (50, 83)];

/// The contract of one scalar type.
macro_rules! contract {
    ($($module:ident: $scalar:ty, shapes up to $largest:expr, $large:expr;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn small_shapes() {
                super::small_shapes::<$scalar>($largest);
            }
            #[test]
            fn layouts() {
                super::layouts::<$scalar>();
            }
            #[test]
            fn large_shapes() {
                super::large_shapes::<$scalar>($large);
            }
            proptest! {
                #![proptest_config(ProptestConfig::with_cases(200))]
                /// Spectra that are equal, nearly equal, zero or hugely spread on purpose.
                #[test]
                fn degenerate_spectra(recipe in recipe(10)) {
                    check_all_vectors("by recipe", &recipe.matrix::<$scalar>(), usize::try_from(recipe.seed % 64)?);
                }
                /// Entries at both ends of the range, equal, zero, NaN and infinite on purpose.
                #[test]
                fn hostile_entries(
                    (a, turn) in drawn(|bytes| (bytes.matrix::<$scalar>(8, false), bytes.below(64)))
                ) {
                    let vectors = [Vectors::Thin, Vectors::None, Vectors::Full, Vectors::Leading(a.rows().min(a.cols()) / 2)];
                    check_any(&a, vectors[turn % 4], (Layout::turn(turn), Layout::turn(turn / 4)));
                }
            }
        }
    )*};
}
contract! {
    real_single: f32, shapes up to 20, &[LARGE, LARGEST].concat();
    real_double: f64, shapes up to 20, &[LARGE, LARGEST].concat();
    complex_single: Complex<f32>, shapes up to 20, LARGE;
    complex_double: Complex<f64>, shapes up to 20, LARGE;
    real_reference: Dd, shapes up to 8, &[(30, 2), (3, 25)];
    complex_reference: Complex<Dd>, shapes up to 7, &[(30, 2)];
}
