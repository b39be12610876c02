//! Matrices large enough for divide and conquer and for blocked reflectors, all four scalar types: residual and orthogonality
//! by products in the type itself, for which the reference would take too long, and singular values beside those without vectors.

use crate::support::random::Random;
use crate::support::spectra::Spectrum;
use diffsvd::{Mat, Real, Scalar, Svd, Vectors};
use num_complex::Complex;

/// ‖X‖, Frobenius.
fn norm<S: Scalar>(x: &Mat<S>) -> f64 {
    x.as_slice().iter().map(|x| x.modulus().to_f64().powi(2)).sum::<f64>().sqrt()
}

/// X − Y.
fn difference<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> Mat<S> {
    Mat::from_fn(x.rows(), x.cols(), |i, j| x[(i, j)] - y[(i, j)])
}

pub(crate) fn holds<S: Scalar>(name: &str, a: &Mat<S>, vectors: Vectors) {
    let (m, n) = (a.rows(), a.cols());
    let svd = Svd::new(a.as_ref(), vectors).expect(name);
    let largest = svd.s()[0].to_f64();
    let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64();
    let values = Svd::values(a).expect(name);
    let apart = svd.s().iter().zip(&values).map(|(&s, &t)| (s - t).to_f64().abs()).fold(0.0, f64::max);
    // The Frobenius norm is up to √n times the 2-norm that the contract is about, so these are no weaker than its constant 3.
    let mut errors =
        vec![("residual", norm(&difference(&svd.reconstruct(), a)) / largest), ("values", apart / largest)];
    for (name, basis) in [("UᴴU − I", svd.u()), ("VᴴV − I", svd.v())] {
        let gram = basis.adjoint().product(basis).expect("shapes that fit");
        errors.push((name, norm(&difference(&gram, &Mat::identity(basis.cols())))));
    }
    for (check, error) in errors {
        assert!(error <= 3.0 * unit, "{name} {m}×{n} {vectors:?}, {check}: {} max(m, n) ε", error / unit);
    }
    assert!(svd.s().windows(2).all(|pair| pair[0] >= pair[1]), "{name}: not in order");
}

fn all_kinds<S: Scalar>() {
    let kinds = [
        ("all equal", Spectrum::AllEqual),
        ("pairs", Spectrum::Clusters { size: 2, gap: 0.0 }),
        ("near triples", Spectrum::Clusters { size: 3, gap: 1e-7 }),
        ("rank 40", Spectrum::LowRank { rank: 40 }),
        ("geometric", Spectrum::Geometric { cond: 1e20 }),
        ("two scales", Spectrum::TwoScales { tiny: 1e-12 }),
    ];
    let shapes = [(96, 96), (101, 97), (130, 128), (100, 170), (250, 100), (97, 220)];
    for (turn, ((name, kind), (m, n))) in kinds.into_iter().zip(shapes).enumerate() {
        let mut random = Random::new(turn as u64);
        let vectors = if turn % 2 == 0 { Vectors::Thin } else { Vectors::Full };
        let values = kind.values(m.min(n), &mut random);
        holds(name, &random.with_singular_values::<S>(m, n, &values), vectors);
        holds("normal entries", &random.matrix::<S>(n, m), vectors);
    }
}

/// So many rows that they are taken block by block: one column, one panel, a ragged last block, more than one block of columns.
fn many_rows<S: Scalar>() {
    for (turn, (m, n)) in [(1041_usize, 1_usize), (1100, 11), (530, 33), (540, 40), (777, 100)].into_iter().enumerate()
    {
        let mut random = Random::new(turn as u64);
        let values = Spectrum::LowRank { rank: n.div_ceil(2) }.values(n, &mut random);
        let deficient = random.with_singular_values::<S>(m, n, &values);
        for vectors in [Vectors::Thin, Vectors::Full] {
            holds("many rows", &random.matrix::<S>(m, n), vectors);
            holds("many columns", &random.matrix::<S>(n, m), vectors);
            holds("half the rank", &deficient, vectors);
        }
        // Blocks of zeros, and of a size whose squares are out of the range.
        let tiny = S::Real::MIN_POSITIVE.mul_pow2(40);
        let split = Mat::from_fn(m, n, |i, j| match i / 520 {
            0 => S::zero(),
            1 => deficient[(i, j)],
            _ => deficient[(i, j)].scale(tiny),
        });
        holds("blocks of zeros and of tiny entries", &split, Vectors::Thin);
    }
}

#[test]
fn f32() {
    all_kinds::<f32>();
    many_rows::<f32>();
}

#[test]
fn f64() {
    all_kinds::<f64>();
    many_rows::<f64>();
}

#[test]
fn complex_f32() {
    all_kinds::<Complex<f32>>();
    many_rows::<Complex<f32>>();
}

#[test]
fn complex_f64() {
    all_kinds::<Complex<f64>>();
    many_rows::<Complex<f64>>();
}

/// Of more than 3 MiB: the reduction begins with blocks of columns.
#[test]
fn beyond_the_cache() {
    let mut random = Random::new(1);
    let values = Spectrum::Geometric { cond: 1e20 }.values(450, &mut random);
    holds("geometric", &random.with_singular_values::<Complex<f64>>(460, 450, &values), Vectors::Thin);
    let values = Spectrum::LowRank { rank: 40 }.values(640, &mut random);
    holds("rank 40", &random.with_singular_values::<f64>(650, 640, &values), Vectors::Thin);
    // A row of zeros is no reflector.
    holds("two columns", &Mat::from_fn(640, 640, |i, j| if j < 2 { (i * j) as f64 } else { 0.0 }), Vectors::Thin);
}
