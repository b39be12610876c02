use num_complex::Complex;

use super::*;
use crate::jacobi::pairs;
use crate::plan::Vectors;
use crate::workspace::{ALIGNMENT, Store};

/// Of every kind of plan. (What is asked for beyond the end is refused in `Store`, by an assertion.)
fn pieces_of<S: Scalar>() {
    let lens = [1, 4, 5, 31, 32, 33, 59, 60, 61, 71, 72, 130, 256, 257, 400, 512, 520, 700, 1500];
    for (m, n) in lens.iter().flat_map(|&m| lens.map(|n| (m, n))) {
        for vectors in [Vectors::None, Vectors::Thin, Vectors::Full] {
            let plan = Plan::new::<S>(m, n, vectors);
            for plan in [plan, plan.completing()] {
                let needed = plan.stages_len::<S>();
                let mut work = std::vec![S::zero(); needed];
                let mut store = Store::new(&mut work, needed).unwrap();
                Core::carve(&plan, S::PARTS, &mut store);
                let (left, line) = (store.all().len(), ALIGNMENT / size_of::<S::Real>());
                assert!(left <= line + S::PARTS, "{plan:?}: {left} reals are left over");
            }
        }
    }
}

/// R of a tall matrix; those of many columns are left to QR iteration.
fn tall<S: Scalar>() {
    use Vectors::{Full, Thin};
    for (m, n, vectors) in [(300, 5, Thin), (70, 10, Full), (24, 5, Thin), (16, 2, Full), (70, 35, Thin)] {
        let entry = |i: usize| S::Real::from_f64((i as f64 * 0.7).sin());
        let a: std::vec::Vec<S> = (0..m * n).map(|i| S::from_parts(entry(i), entry(i + 7))).collect();
        let plan = Plan::new::<S>(m, n, vectors);
        let mut work = std::vec![S::zero(); plan.workspace::<S>()];
        let needed = work.len();
        let mut store = Store::new(&mut work, needed).unwrap();
        let mut core = Core::carve(&plan, S::PARTS, &mut store);
        core.load(MatRef::col_major(&a, m, n).unwrap(), 0).unwrap();
        core.factor();
        assert_eq!(core.turn_pairs(), pairs::serves::<S>(n, core.level), "{m}×{n}");
    }
}

#[test]
fn triangles_of_few_columns_are_turned_in_pairs() {
    tall::<f64>();
    tall::<f32>();
    tall::<Complex<f64>>();
    tall::<Complex<f32>>();
}

#[test]
fn the_pieces_take_the_whole_workspace() {
    pieces_of::<f32>();
    pieces_of::<f64>();
    pieces_of::<Complex<f32>>();
    pieces_of::<Complex<f64>>();
}
