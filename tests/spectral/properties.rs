//! Property tests: every check, with shapes, gaps, degeneracies, scales and directions drawn at random.

use super::{factors, losses, maps, second, second_factors, second_whole};
use crate::support::entry::Entry;
use crate::support::spectral::Case;
use crate::support::strategies::{case, gap};
use maps::{check_adjoint, check_covariance, check_reference, check_scaling};
use num_complex::Complex;
use proptest::prelude::*;
use second::check as check_second;

/// Calls `$check` for every function at the case in each scalar type.
macro_rules! in_every_type {
    ($check:ident, $case:expr) => {{
        let case: &Case = $case;
        every_function!($check, f64, &case.point());
        every_function!($check, Complex<f64>, &case.point());
        every_function!($check, f32, &case.point());
        every_function!($check, Complex<f32>, &case.point());
    }};
}

/// Each case is some sixty checks.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn values_and_derivatives(case in case(4, 7)) {
        in_every_type!(check_reference, &case);
    }

    #[test]
    fn adjointness(case in case(4, 7)) {
        in_every_type!(check_adjoint, &case);
    }

    #[test]
    fn covariance(case in case(4, 7)) {
        in_every_type!(check_covariance, &case);
        in_every_type!(check_scaling, &case);
    }

    #[test]
    fn scalar_functions(case in case(5, 5)) {
        losses::every_loss::<f64>(&case);
        losses::every_loss::<Complex<f64>>(&case);
        losses::every_loss::<f32>(&case);
        losses::every_loss::<Complex<f32>>(&case);
    }

    #[test]
    fn factors_and_inverses(case in case(4, 7)) {
        factors::every_factor(&case.point::<f64>());
        factors::every_factor(&case.point::<Complex<f64>>());
        factors::every_factor(&case.point::<f32>());
        factors::every_factor(&case.point::<Complex<f32>>());
    }

    #[test]
    fn second_derivatives_of_factors_and_inverses(case in case(4, 7)) {
        second_factors::every_second(&case.point::<f64>());
        second_factors::every_second(&case.point::<Complex<f64>>());
        second_factors::every_second(&case.point::<f32>());
        second_factors::every_second(&case.point::<Complex<f32>>());
    }

    #[test]
    fn thresholds_that_move_and_given_numbers(case in case(5, 5)) {
        fn at<S: Entry>(case: &Case) {
            let Case { shape, gap, seed, .. } = *case;
            maps::check_whole::<S>(shape, gap, seed);
            second_whole::weighted_at::<S>(shape, gap, seed);
            second_whole::relative_at::<S>(shape, gap, seed);
            let point = case.point::<S>();
            second_whole::given_at(&point.a, &point.what);
        }
        at::<f64>(&case);
        at::<Complex<f64>>(&case);
        at::<f32>(&case);
        at::<Complex<f32>>(&case);
    }

    #[test]
    fn below_full_rank(shape in (4_usize..9, 4_usize..9), seed in any::<u64>()) {
        factors::every_factor_of_rank_three::<f64>(shape, seed);
        factors::every_factor_of_rank_three::<Complex<f64>>(shape, seed);
        second_factors::of_rank_three::<f64>(shape, seed);
        second_factors::of_rank_three::<Complex<f64>>(shape, seed);
    }

    #[test]
    fn rotations(seed in any::<u64>(), gap in gap()) {
        factors::rotation_errors::<f64>(seed, gap);
        factors::rotation_errors::<f32>(seed, gap);
    }

    #[test]
    fn second_derivatives(case in case(4, 7)) {
        in_every_type!(check_second, &case);
    }
}
