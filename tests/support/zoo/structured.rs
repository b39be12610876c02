//! Matrices with many equal or zero singular values that are equal in exact arithmetic, and other structures.

use diffsvd::{Mat, Scalar};

use super::super::entry::from_f64;
use super::super::random::Random;
use super::{Named, dense, named};

/// The Sylvester-Hadamard matrix of the size of a power of two: orthogonal but for a factor, without rounding.
fn hadamard(i: usize, j: usize) -> f64 {
    if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 }
}

/// A random matrix in which every singular value is repeated exactly: B ⊗ H₂ for a random (n/2)×(n/2) matrix B.
pub(crate) fn exact_duplicates<S: Scalar>(rows: usize, cols: usize, times: usize, random: &mut Random) -> Mat<S> {
    assert!(times.is_power_of_two(), "a Hadamard matrix of the size of a power of two");
    let b = random.matrix::<S>(rows.div_ceil(times), cols.div_ceil(times));
    Mat::from_fn(b.rows() * times, b.cols() * times, |i, j| {
        b[(i / times, j / times)] * from_f64(hadamard(i % times, j % times))
    })
}

/// [A −B̄; B Ā] for random A and B: every singular value is there twice, and nothing was rounded.
pub(crate) fn exact_pairs<S: Scalar>(rows: usize, cols: usize, random: &mut Random) -> Mat<S> {
    let (a, b) = (random.matrix::<S>(rows, cols), random.matrix::<S>(rows, cols));
    Mat::from_fn(2 * rows, 2 * cols, |i, j| match (i / rows, j / cols) {
        (0, 0) => a[(i, j)],
        (0, _) => -b[(i, j - cols)].conj(),
        (_, 0) => b[(i - rows, j)],
        _ => a[(i - rows, j - cols)].conj(),
    })
}

/// Each column `times` times over: rank at most cols/times, and nothing was rounded.
pub(crate) fn exact_zeros<S: Scalar>(rows: usize, cols: usize, times: usize, random: &mut Random) -> Mat<S> {
    let b = random.matrix::<S>(rows, cols.div_ceil(times));
    Mat::from_fn(rows, cols, |i, j| b[(i, j / times)])
}

/// All kinds, about n×n.
pub(crate) fn structured<S: Scalar>(n: usize) -> Vec<Named<S>> {
    const DEGENERATE: &str = "exactly repeated singular values";
    let mut random = Random::new(0x57a + n as u64);
    let power = n.max(1).next_power_of_two();
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, random.below(i + 1));
    }
    let unit = |on: bool| f64::from(u8::from(on));
    let mut all = vec![
        named("all ones", "rank one", dense(n, n, |_, _| 1.0)),
        named("all ones wide", "rank one", dense(n, 2 * n + 1, |_, _| 1.0)),
        named("permutation", DEGENERATE, dense(n, n, |i, j| unit(order[i] == j))),
        named("signed weighted permutation", DEGENERATE, dense(n, n, |i, j| unit(order[i] == j) * (1 + i / 2) as f64)),
        named("identity", DEGENERATE, dense(n, n, |i, j| unit(i == j))),
        named("exchange", DEGENERATE, dense(n, n, |i, j| unit(i + j + 1 == n))),
        named("Hadamard", "Sylvester 1867; all singular values √n", dense(power, power, hadamard)),
        named("Hadamard columns", DEGENERATE, dense(power, power.div_ceil(2), hadamard)),
        named("circulant", "Davis, Circulant Matrices (1979)", dense(n, n, |i, j| ((i + n - j) % n.max(1)) as f64)),
        named("rank one outer product", "i j", dense(n, n + 1, |i, j| (i as f64 + 1.0) * (0.5 - j as f64))),
    ];
    for times in [2, 4] {
        all.push(named("B ⊗ H", DEGENERATE, exact_duplicates(n, n, times, &mut random)));
        all.push(named("B ⊗ H tall", DEGENERATE, exact_duplicates(3 * n, n, times, &mut random)));
        all.push(named("B ⊗ H wide", DEGENERATE, exact_duplicates(n, 2 * n, times, &mut random)));
    }
    let b = random.matrix::<S>(n, n);
    let holes = |i: usize, j: usize| if i % 3 == 1 || j % 4 == 2 { S::zero() } else { b[(i, j)] };
    all.push(named("zero rows and columns", "xDRVBD; rank-deficient by structure", Mat::from_fn(n, n, holes)));
    let triangle = |i: usize, j: usize| if j >= i { b[(i, j)] } else { S::zero() };
    all.push(named("triangular", "LAPACK xDRVBD", Mat::from_fn(n, n, triangle)));
    let arrow = |i: usize, j: usize| if i == j || i == 0 { b[(i, j)] } else { S::zero() };
    all.push(named("arrow", "update of a diagonal matrix by a row", Mat::from_fn(n, n, arrow)));
    all.push(named("twin columns", "exactly dependent columns", exact_zeros(n, n, 2, &mut random)));
    let turned = |a: &Mat<S>, random: &mut Random| {
        let (q, r) = (random.orthonormal::<S>(n, n), random.orthonormal::<S>(n, n));
        q.product(a).and_then(|qa| qa.product(&r)).expect("square matrices")
    };
    let kahan =
        |i: usize, j: usize| if i == j { 0.9_f64.powf(i as f64) } else { -0.4 * unit(j > i) * 0.9_f64.powf(i as f64) };
    all.push(named("unitary multiple of Kahan's", "Q K R", turned(&dense(n, n, kahan), &mut random)));
    all.push(named(
        "unitary multiple of a permutation",
        DEGENERATE,
        turned(&dense(n, n, |i, j| unit(order[i] == j)), &mut random),
    ));
    all.push(named("quaternions", DEGENERATE, exact_pairs(n.div_ceil(2), n.div_ceil(2), &mut random)));
    all
}
