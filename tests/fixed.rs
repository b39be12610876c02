//! Matrices on the stack: `fixed::Svd` against its own contract and against the functions on the caller's memory.

use diffsvd::fixed::{Svd, singular_values};
use diffsvd::spectral::{Polar, SoftThreshold};
use diffsvd::{Cotangent, Error, Mat, Real, Rule, Scalar, Tolerance};
use num_complex::Complex;

/// Uniform in [−1, 1), from a linear congruential generator.
struct Random(u64);

impl Random {
    fn part<R: Real>(&mut self) -> R {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        R::from_f64((self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0)
    }
    fn matrix<S: Scalar, const M: usize, const N: usize>(&mut self) -> [[S; N]; M] {
        core::array::from_fn(|_| core::array::from_fn(|_| S::from_parts(self.part(), self.part())))
    }
}

fn product<S: Scalar, const M: usize, const K: usize, const N: usize>(a: &[[S; K]; M], b: &[[S; N]; K]) -> [[S; N]; M] {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..K).fold(S::zero(), |sum, l| sum + a[i][l] * b[l][j])))
}

fn adjoint<S: Scalar, const M: usize, const N: usize>(a: &[[S; N]; M]) -> [[S; M]; N] {
    core::array::from_fn(|i| core::array::from_fn(|j| a[j][i].conj()))
}

fn largest<S: Scalar, const M: usize, const N: usize>(a: &[[S; N]; M]) -> f64 {
    a.iter().flatten().fold(0.0, |max, x| max.max(x.modulus().to_f64()))
}

/// Scales so that the checks themselves neither overflow nor underflow.
fn scaled<S: Scalar, const M: usize, const N: usize>(a: &[[S; N]; M], p: i32) -> [[S; N]; M] {
    a.map(|row| row.map(|x| x.scale_pow2(p)))
}

/// Residual, loss of orthogonality and order, in units of max(M, N) ε s₁; at most 3 by the contract, 2 as measured.
fn check<S: Scalar, const M: usize, const N: usize, const K: usize>(a: &[[S; N]; M], svd: &Svd<S, M, N, K>) -> f64 {
    assert!(svd.s.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", svd.s);
    assert!(svd.s.iter().all(|&s| s >= zero()), "{:?}", svd.s);
    // (`max` passes over NaN.)
    assert!(svd.u.as_flattened().iter().chain(svd.v.as_flattened()).all(|x| x.is_finite()), "{svd:?}");
    let p = if svd.s[0] == zero() { 0 } else { -svd.s[0].exponent() };
    let unit = M.max(N) as f64 * S::Real::EPSILON.to_f64();
    let us = core::array::from_fn::<_, M, _>(|i| core::array::from_fn(|j| svd.u[i][j].scale(svd.s[j].mul_pow2(p))));
    let usv = product(&us, &adjoint(&svd.v));
    let a = scaled(a, p);
    let residual: [[S; N]; M] = core::array::from_fn(|i| core::array::from_fn(|j| a[i][j] - usv[i][j]));
    let identity = |gram: [[S; K]; K]| -> [[S; K]; K] {
        core::array::from_fn(|i| core::array::from_fn(|j| if i == j { gram[i][j] - S::one() } else { gram[i][j] }))
    };
    let left = identity(product(&adjoint(&svd.u), &svd.u));
    let right = identity(product(&adjoint(&svd.v), &svd.v));
    [largest(&residual), largest(&left), largest(&right)].into_iter().fold(0.0, f64::max) / unit
}

fn zero<R: Real>() -> R {
    R::from_f64(0.0)
}

fn int(x: usize) -> i32 {
    i32::try_from(x).unwrap()
}

fn zoo<S: Scalar, const M: usize, const N: usize>() -> Vec<[[S; N]; M]> {
    let mut random = Random(7 * M as u64 + N as u64);
    let mut all: Vec<[[S; N]; M]> = (0..40).map(|_| random.matrix()).collect();
    for rank in 0..M.min(N) {
        let mut sum = [[S::zero(); N]; M];
        for _ in 0..rank {
            let (x, y) = (random.matrix::<S, M, 1>(), random.matrix::<S, 1, N>());
            let outer = product(&x, &y);
            sum = core::array::from_fn(|i| core::array::from_fn(|j| sum[i][j] + outer[i][j]));
        }
        all.push(sum);
    }
    // Equal values, signed permutations, one entry, graded columns and rows, almost everything lost.
    all.push(core::array::from_fn(|i| core::array::from_fn(|j| if i == j { S::one() } else { S::zero() })));
    all.push(core::array::from_fn(|i| core::array::from_fn(|j| if i + j == 1 { -S::one() } else { S::zero() })));
    all.push(core::array::from_fn(|i| {
        core::array::from_fn(|j| if (i, j) == (M - 1, N - 1) { S::one() } else { S::zero() })
    }));
    for step in [-5, -20, -60, 30] {
        let a = random.matrix::<S, M, N>();
        all.push(core::array::from_fn(|i| core::array::from_fn(|j| a[i][j].scale_pow2(step * int(j)))));
        all.push(core::array::from_fn(|i| core::array::from_fn(|j| a[i][j].scale_pow2(step * int(i)))));
        all.push(core::array::from_fn(|i| core::array::from_fn(|j| a[i][j].scale_pow2(step * int(i + j)))));
        all.push(core::array::from_fn(|i| core::array::from_fn(|j| a[i][0].scale_pow2(step * int(j)))));
    }
    all
}

fn contract<S: Scalar, const M: usize, const N: usize, const K: usize>(
    decompose: impl Fn(&[[S; N]; M]) -> Result<Svd<S, M, N, K>, Error>,
) -> f64 {
    let mut worst = 0.0_f64;
    for (index, a) in zoo::<S, M, N>().iter().enumerate() {
        for p in [0, S::Real::MAX_EXPONENT - 4 - int(M * N) / 2, S::Real::MIN_EXPONENT + 30, 17] {
            let a = scaled(a, p);
            if !a.iter().flatten().all(|x| x.is_finite()) {
                continue;
            }
            let svd = decompose(&a).unwrap_or_else(|error| panic!("case {index}, 2^{p}: {error}"));
            let defect = check(&a, &svd);
            assert!(defect < 2.5, "case {index}, 2^{p}, {M}×{N}: {defect}");
            worst = worst.max(defect);
            assert_eq!(singular_values::<S, M, N, K>(&a).unwrap(), svd.s, "values alone");
        }
    }
    worst
}

fn all_shapes<S: Scalar>() {
    let mut worst = 0.0_f64;
    macro_rules! shapes {
        ($(($m:literal, $n:literal)),*) => { $(
            worst = worst.max(contract::<S, $m, $n, $n>(|a| Svd::tall(a)));
            worst = worst.max(contract::<S, $n, $m, $n>(|a| Svd::wide(a)));
        )* };
    }
    shapes!((1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (5, 3), (4, 4), (8, 8));
    println!("{}: {worst:.2} max(m, n) ε s₁", core::any::type_name::<S>());
}

#[test]
fn residual_and_orthogonality_f64() {
    all_shapes::<f64>();
}

#[test]
fn residual_and_orthogonality_f32() {
    all_shapes::<f32>();
}

#[test]
fn residual_and_orthogonality_complex() {
    all_shapes::<Complex<f64>>();
    all_shapes::<Complex<f32>>();
}

#[test]
fn values_agree_with_the_bidiagonal_way() {
    for a in zoo::<Complex<f64>, 5, 4>() {
        let mat = Mat::from_rows(&a);
        let (fixed, owned) = (Svd::tall(&a).unwrap(), diffsvd::Svd::thin(&mat).unwrap());
        for (x, y) in fixed.s.iter().zip(owned.s()) {
            assert!((x - y).abs() <= 2.0 * 5.0 * f64::EPSILON * fixed.s[0], "{x} {y}");
        }
    }
}

#[test]
fn a_diagonal_matrix_keeps_every_bit() {
    let svd = Svd::tall(&[[0.0, 0.0, 3e-270], [0.0, -1e100, 0.0], [1.5e-200, 0.0, 0.0_f64]]).unwrap();
    assert_eq!(svd.s, [1e100, 1.5e-200, 3e-270]);
    assert_eq!(svd.v[1][0].abs() + svd.v[0][1].abs() + svd.v[2][2].abs(), 3.0);
    let zero = Svd::wide(&[[0.0_f32; 3]; 2]).unwrap();
    assert_eq!((zero.s, zero.u), ([0.0; 2], [[1.0, 0.0], [0.0, 1.0]]));
}

#[test]
fn graded_columns_keep_relative_accuracy() {
    // A = Q D with orthonormal Q: the singular values are the entries of D, whatever their ratio.
    let q = Svd::tall(&Random(3).matrix::<f64, 4, 4>()).unwrap().u;
    let d = [1e-60, 1e-20, 1.0, 1e-40];
    let a: [[f64; 4]; 4] = core::array::from_fn(|i| core::array::from_fn(|j| q[i][j] * d[j]));
    let svd = Svd::tall(&a).unwrap();
    for (s, d) in svd.s.iter().zip([1.0, 1e-20, 1e-40, 1e-60]) {
        assert!((s / d - 1.0).abs() < 8.0 * f64::EPSILON, "{s} {d}");
    }
}

#[test]
fn what_is_not_finite_is_refused_with_its_place() {
    let mut a = [[1.0; 3]; 4];
    a[2][1] = f64::NAN;
    let expected = Error::NonFinite { argument: "the matrix", row: 2, column: 1, nan: true };
    assert_eq!(Svd::tall(&a), Err(expected));
    assert_eq!(singular_values::<_, 4, 3, 3>(&a), Err(expected));
    a[2][1] = f64::INFINITY;
    assert_eq!(Svd::tall(&a), Err(Error::NonFinite { argument: "the matrix", row: 2, column: 1, nan: false }));
    assert_eq!(Svd::tall(&[[f32::MAX; 3]; 3]), Err(Error::Overflow));
}

#[test]
fn derivatives_are_those_of_the_caller_s_memory() {
    fn case<S: Scalar, const M: usize, const N: usize, const K: usize>(svd: &Svd<S, M, N, K>) {
        let mut random = Random(11);
        let (u, v) = (random.matrix::<S, M, K>(), random.matrix::<S, N, K>());
        let s: [S::Real; K] = core::array::from_fn(|_| random.part());
        let a_dot = random.matrix::<S, M, N>();
        let cotangent = Cotangent { u: Some((&u).into()), s: Some(&s), v: Some((&v).into()), ..Cotangent::default() };
        for rule in [Rule::reconstruct(), Rule::minimum_norm()] {
            let gradient = svd.vjp(&cotangent, &rule).unwrap();
            let tangent = svd.jvp(&a_dot, &rule).unwrap();
            // ⟨ȳ, J ẋ⟩ = ⟨Jᴴ ȳ, ẋ⟩.
            let inner = |x: &[S], y: &[S]| x.iter().zip(y).fold(0.0, |sum, (x, &y)| sum + (x.conj() * y).re().to_f64());
            let forward = inner(u.as_flattened(), tangent.u.as_flattened())
                + inner(v.as_flattened(), tangent.v.as_flattened())
                + s.iter().zip(&tangent.s).fold(0.0, |sum, (&x, &y)| sum + (x * y).to_f64());
            let backward = inner(gradient.a.as_flattened(), a_dot.as_flattened());
            let size = inner(gradient.a.as_flattened(), gradient.a.as_flattened()).sqrt();
            assert!((forward - backward).abs() < 16.0 * S::Real::EPSILON.to_f64() * size, "{forward} {backward}");
        }
    }
    let mut random = Random(5);
    case(&Svd::tall(&random.matrix::<f64, 4, 3>()).unwrap());
    case(&Svd::wide(&random.matrix::<Complex<f64>, 3, 5>()).unwrap());
    case(&Svd::tall(&random.matrix::<Complex<f32>, 4, 4>()).unwrap());
    case(&Svd::tall(&[[2.0_f64, 4.0], [-4.0, 2.0]]).unwrap());
}

#[test]
fn functions_are_those_of_owned_matrices() {
    /// The largest difference, in units of max(M, N) ε times the largest entry and the condition number.
    fn apart<S: Scalar, const P: usize, const Q: usize>(x: &[[S; Q]; P], y: &Mat<S>, condition: f64) -> f64 {
        assert_eq!((y.rows(), y.cols()), (P, Q));
        let differences: [[S; Q]; P] = core::array::from_fn(|i| core::array::from_fn(|j| x[i][j] - y[(i, j)]));
        largest(&differences) / (P.max(Q) as f64 * S::Real::EPSILON.to_f64() * largest(x) * condition)
    }

    fn case<S: Scalar, const M: usize, const N: usize, const K: usize>(a: &[[S; N]; M], fixed: &Svd<S, M, N, K>) {
        let owned = diffsvd::Svd::thin(&Mat::from_rows(a)).unwrap();
        let mut random = Random(3);
        let (x_bar, b) = (random.matrix::<S, M, N>(), random.matrix::<S, M, 1>());
        let gradient_of = Mat::from_rows(&x_bar);
        let condition = (fixed.s[0] / fixed.s[K - 1]).to_f64();
        let threshold = SoftThreshold(fixed.s[0] * S::Real::from_f64(0.4));
        let (cutoff, column) = (Tolerance::Default, b.map(|[x]| x));
        let worst = [
            apart(&fixed.map(threshold).unwrap(), &owned.map(threshold).unwrap(), 1.0),
            apart(&fixed.map_vjp(threshold, &x_bar).unwrap(), &owned.map_vjp(threshold, &gradient_of).unwrap(), 1.0),
            apart(&fixed.map_vjp(Polar, &x_bar).unwrap(), &owned.map_vjp(Polar, &gradient_of).unwrap(), condition),
            apart(&fixed.polar().unwrap(), &owned.map(Polar).unwrap(), condition),
            apart(&fixed.pinv(cutoff).unwrap(), &owned.pinv(cutoff).unwrap(), condition),
            apart(
                &fixed.solve(&column, cutoff).unwrap().map(|x| [x]),
                &owned.solve(&Mat::from_rows(&b), cutoff).unwrap(),
                condition,
            ),
        ];
        assert!(worst.into_iter().all(|c| c < 8.0), "{worst:?}, condition {condition}");
    }
    let mut random = Random(29);
    for _ in 0..5 {
        let (a, b, c) = (
            random.matrix::<f64, 5, 3>(),
            random.matrix::<Complex<f64>, 3, 5>(),
            random.matrix::<Complex<f32>, 4, 4>(),
        );
        case(&a, &Svd::tall(&a).unwrap());
        case(&b, &Svd::wide(&b).unwrap());
        case(&c, &Svd::tall(&c).unwrap());
    }
    let equal = [[2.0_f32, 4.0], [-4.0, 2.0]];
    case(&equal, &Svd::tall(&equal).unwrap());

    // A reflection: the rotation nearest to it differs from the polar factor.
    let reflection = Svd::tall(&[[3.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, -1.0]]).unwrap();
    assert_eq!(reflection.map(reflection.rotation().unwrap()).unwrap()[2], [0.0, 0.0, 1.0]);
    assert_eq!(reflection.polar().unwrap()[2], [0.0, 0.0, -1.0]);
}
