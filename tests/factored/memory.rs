//! How much memory the functions ask for: that it suffices is shown where they are tested, here that it is not much more.

use diffsvd::{branches_workspace_len, full_workspace_len, partial_workspace_len};

/// Of a long matrix with few columns, or a flat one with few rows, a few columns of its longer side; and where the bases are complete, the square
/// of the null space.
#[test]
fn a_few_columns_of_the_longer_side() {
    const LONGER: usize = 1000;
    for (m, n) in [(LONGER, 2), (2, LONGER)] {
        let columns = |len: usize| len.div_ceil(m + n);
        assert!(columns(branches_workspace_len::<f64>(m, n)) <= 24, "{m}×{n}");
        assert!(columns(partial_workspace_len::<f64>(m, n, 2)) <= 14, "{m}×{n}");
        let null_space = (LONGER - 2) * (LONGER - 2);
        assert!(columns(full_workspace_len::<f64>(m, n) - null_space) <= 5, "{m}×{n}");
    }
}
