use super::Vectors::{Full, None, Thin};
use super::*;
use num_complex::Complex;

/// For real numbers of double precision.
fn plan(rows: usize, cols: usize, vectors: Vectors) -> Plan {
    Plan::new::<f64>(rows, cols, vectors)
}

#[test]
fn which_way_a_matrix_goes() {
    assert!(plan(60, 60, Thin).divided() && plan(60, 200, Full).divided());
    assert!(!plan(59, 59, Thin).divided() && !plan(200, 200, None).divided());
    let single = |n| [Plan::new::<f32>(n, n, Thin), Plan::new::<Complex<f32>>(n, n, Thin)].map(|plan| plan.divided());
    assert_eq!((single(71), single(72)), ([false; 2], [true; 2]));
    assert!(Plan::new::<Complex<f64>>(60, 60, Thin).divided());
    // Whether a tall matrix has blocks of reflectors depends on its columns.
    assert!(plan(200, 9, None).blocked() && plan(60, 60, Thin).blocked());
    assert!(!plan(100, 8, Thin).blocked() && !plan(40, 40, Thin).blocked() && !plan(12, 9, None).blocked());
    assert_eq!(plan(100_000, 5, Thin).blocked(), LANES > 1, "in blocks of rows");
    assert!(plan(5, 3, Thin).thin() && plan(3, 3, Full).thin() && !plan(3, 5, Full).thin());
}

#[test]
fn which_matrices_are_tall() {
    let tall = |m, n, vectors| plan(m, n, vectors).tall;
    // By operations: 5/3 as many rows, in threes.
    assert_eq!(
        (tall(16, 10, Thin), tall(17, 10, Thin), tall(836, 502, None), tall(837, 502, Thin)),
        (false, true, false, true)
    );
    // Small ones with lanes: three times as many, or with values alone twice as many and 96.
    let small = LANES == 1;
    assert_eq!((tall(51, 17, Thin), tall(52, 17, Thin), tall(300, 100, Full)), (small, true, small));
    assert_eq!((tall(116, 10, None), tall(117, 10, None), tall(296, 100, None)), (small, true, small));
    // Up to a hundred thousand entries, or sixty thousand.
    assert_eq!((tall(500, 200, Thin), tall(501, 200, Thin), tall(200, 500, Thin)), (small, true, small));
    assert_eq!((tall(375, 160, None), tall(376, 160, None)), (small, true));
}

/// Complex ones up to 2 n + 8 rows, real ones up to 3 n + 8; where nothing goes side by side, none.
#[test]
fn which_columns_are_turned() {
    let whole = |m, n, vectors, parts| plan(m, n, vectors).whole_in_pairs((8, parts));
    for (m, n) in [(6, 6), (7, 5), (5, 7), (18, 5)] {
        assert_eq!([1, 2].map(|parts| whole(m, n, Thin, parts) && whole(m, n, Full, parts)), [LANES > 1; 2], "{m}×{n}");
    }
    assert_eq!((whole(23, 5, Thin, 1), whole(24, 5, Thin, 1), whole(19, 5, Thin, 2)), (LANES > 1, false, false));
    assert!(!whole(6, 1, Thin, 1) && !whole(17, 17, Thin, 1));
    // Without vectors those of up to four reals to a row, that are not square.
    assert_eq!((whole(16, 4, None, 1), whole(3, 4, None, 1), whole(2, 5, None, 1)), (LANES > 1, LANES > 1, LANES > 1));
    assert!(!whole(4, 4, None, 1) && !whole(17, 4, None, 1) && !whole(6, 5, None, 1) && !whole(6, 3, None, 2));
    assert_eq!(whole(10, 2, None, 2), LANES > 1);
    let turned = |m, n| plan(m, n, Thin).turned((8, 1)) > 0;
    assert_eq!((turned(30, 5), turned(23, 5), turned(30, 1)), (LANES > 1, false, false));
}

/// Where the columns are turned themselves they have room, and so have those that complete the basis; elsewhere the stages alone.
#[test]
fn there_is_room_for_either_way() {
    for (m, n, vectors) in [(5, 5, Thin), (7, 5, Full), (23, 5, Full), (24, 5, Full), (60, 50, Thin), (6, 6, None)] {
        let plan = plan(m, n, vectors);
        let (len, stages) = (plan.workspace::<f64>(), plan.stages_len::<f64>());
        if plan.whole_in_pairs((8, 1)) {
            assert!(len >= pairs::room((m, n), (8, 1)) + ALIGNMENT / 8 && len >= stages, "{m}×{n}: {len}");
            assert!(plan.thin() || len >= plan.completing().stages_len::<f64>(), "{m}×{n}: {len}");
        } else {
            assert_eq!(len, stages, "{m}×{n}");
        }
    }
}

/// By A = Q R, whichever way the columns themselves went, and of the matrix that is decomposed.
#[test]
fn how_a_basis_is_completed() {
    let plan = plan(5, 7, Full);
    let completing = plan.completing();
    assert!(!plan.tall && plan.transposed && plan.limits.pairs);
    assert!(completing.tall && !completing.transposed && !completing.limits.pairs);
    assert_eq!((completing.rows, completing.cols, completing.left_cols), (7, 5, 7));
    assert_eq!(completing.turned((8, 1)), 0);
}

#[test]
fn what_is_left_of_a_matrix() {
    assert_eq!([(120, 100), (1000, 100)].map(|(m, n)| plan(m, n, Thin).reduced_rows()), [120, 100]);
    assert_eq!(plan(120, 100, Thin).trailing(20, 8), 100 * 80 * 8);
    assert_eq!(plan(120, 100, Thin).trailing(110, 8), 0);
}

/// 627² numbers of eight bytes are 3 MiB, 362² of them one.
#[test]
fn what_is_reduced_in_blocks() {
    assert_eq!(plan(627, 627, Thin).reduced_in_blocks(8), 0);
    let cols = plan(628, 628, Thin).reduced_in_blocks(8);
    assert_eq!(cols, (628_usize - 362).next_multiple_of(PUT_OFF));
}

/// 182² numbers of eight bytes are 256 KiB.
#[test]
fn what_is_cut_into_pieces() {
    let threads = cfg!(feature = "rayon") && LANES > 1;
    assert!(!plan(181, 181, Thin).shared(8) && plan(182, 182, Thin).shared(8) == threads);
    assert_eq!(plan(181, 181, Thin).more_pieces(8), 0);
    assert_eq!(plan(182, 182, Thin).more_pieces(8), if threads { PIECES - 1 } else { 0 });
}

#[test]
fn what_is_stored() {
    let columns = |m, n, vectors| {
        let Stores { copy, square, rows, left, right, middle, joint } = plan(m, n, vectors).stores();
        [copy, square, rows, left, right, middle, joint]
    };
    assert_eq!(columns(30, 30, None), [30, 0, 0, 0, 0, 0, 0]);
    assert_eq!(columns(30, 25, Full), [30, 0, 25, 0, 0, 0, 0]);
    assert_eq!(columns(60, 60, Thin), [60, 0, 60, 60, 60, 60, 0]);
    assert_eq!(columns(100, 10, Thin), [10, 10, 10, 10, 0, 0, 0]);
    assert_eq!(columns(100_000, 10, Thin)[6], if LANES > 1 { 10 } else { 0 });
}
