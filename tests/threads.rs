//! One large matrix on several threads (feature `rayon`): the results are those of one thread to the last bit.

use diffsvd::{FactorsMut, MatMut, MatRef, Real, Scalar, Vectors, svd_into, svd_workspace_len};
use num_complex::Complex;

/// U, s and V.
#[derive(PartialEq)]
struct Results<S: Scalar>(Vec<S>, Vec<S::Real>, Vec<S>);

/// Numbers in (−1, 1): a linear congruence modulo 2⁶⁴ (Knuth's MMIX).
fn random<S: Scalar>(len: usize) -> Vec<S> {
    let mut state = 5_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        S::Real::from_f64((state >> 11) as f64 * 2_f64.powi(-52) - 1.0)
    };
    (0..len).map(|_| S::from_parts(next(), next())).collect()
}

fn decompose<S: Scalar>(a: &[S], (m, n): (usize, usize), vectors: Vectors) -> Results<S> {
    let k = m.min(n);
    let (u_cols, values, v_cols) = match vectors {
        Vectors::None => (0, k, 0),
        Vectors::Full => (m, k, n),
        Vectors::Leading(r) => (r, r, r),
        Vectors::Thin => (k, k, k),
    };
    let mut results =
        Results(vec![S::zero(); m * u_cols], vec![S::Real::from_f64(0.0); values], vec![S::zero(); n * v_cols]);
    let Results(u, s, v) = &mut results;
    let out = FactorsMut {
        u: MatMut::col_major(u, m, u_cols).unwrap(),
        s,
        // Rows, to have both layouts.
        v: MatMut::row_major(v, n, v_cols).unwrap(),
    };
    let mut work = vec![S::zero(); svd_workspace_len::<S>(m, n, vectors)];
    svd_into(MatRef::col_major(a, m, n).unwrap(), vectors, out, &mut work).unwrap();
    results
}

/// The same bits in pools of one, two and three threads, and outside of them all.
fn same<S: Scalar>(shape: (usize, usize), vectors: Vectors) {
    let mut a: Vec<S> = random(shape.0 * shape.1);
    compare(&a, shape, vectors);
    if size_of::<S>() != 8 {
        return;
    }
    // Equal columns: much is deflated.
    let rows = shape.0;
    let first = a[..rows].to_vec();
    a.chunks_exact_mut(rows).step_by(3).for_each(|column| column.copy_from_slice(&first));
    compare(&a, shape, vectors);
}

fn compare<S: Scalar>(a: &[S], shape: (usize, usize), vectors: Vectors) {
    let alone = decompose(a, shape, vectors);
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together = pool.install(|| decompose(a, shape, vectors));
        assert!(together == alone, "{} {shape:?} {vectors:?}: {threads} threads", core::any::type_name::<S>());
    }
}

/// Thin vectors and none, of all four scalars.
fn every_scalar(shape: (usize, usize)) {
    for vectors in [Vectors::Thin, Vectors::None] {
        same::<f32>(shape, vectors);
        same::<f64>(shape, vectors);
        same::<Complex<f32>>(shape, vectors);
        same::<Complex<f64>>(shape, vectors);
    }
}

#[test]
fn square() {
    every_scalar((264, 264));
}

#[test]
fn square_and_put_off() {
    for vectors in [Vectors::Thin, Vectors::None] {
        same::<Complex<f64>>((460, 450), vectors);
    }
}

#[test]
fn tall() {
    every_scalar((500, 270));
}

#[test]
fn wide() {
    every_scalar((270, 330));
}

#[test]
fn small() {
    every_scalar((7, 5));
    every_scalar((120, 130));
}

#[test]
fn complete_bases_and_leading_triplets() {
    for shape in [(300, 270), (270, 500)] {
        same::<f32>(shape, Vectors::Full);
        same::<Complex<f64>>(shape, Vectors::Full);
        same::<f64>(shape, Vectors::Leading(11));
    }
}

/// An error leaves nobody waiting.
#[test]
fn an_entry_that_is_no_number() {
    let mut a: Vec<f64> = random(300 * 300);
    a[777] = f64::NAN;
    let mut work = vec![0.0; svd_workspace_len::<f64>(300, 300, Vectors::None)];
    let a = MatRef::col_major(&a, 300, 300).unwrap();
    let error = rayon::scope(|_| diffsvd::singular_values_into(a, &mut [0.0; 300], &mut work));
    assert_eq!(error, Err(diffsvd::Error::NonFinite { argument: "the matrix", row: 177, column: 2, nan: true }));
}

/// Matrices on many threads at once, each of which wants help with its own.
#[test]
fn several_matrices_at_once() {
    let a: Vec<f64> = random(260 * 260);
    let alone = decompose(&a, (260, 260), Vectors::Thin);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(9).build().unwrap();
    pool.scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|_| assert!(decompose(&a, (260, 260), Vectors::Thin) == alone));
        }
    });
}
