//! The test vectors: matrices of exact numbers, the same on every machine, and what is computed from them.
//!
//! `build.rs` includes this file and runs it on the host; the target compares. All arithmetic is IEEE, one rounding an
//! operation, square roots included, so the results agree to the last bit.

use core::fmt;

use diffsvd::fixed::{Svd, singular_values};
use diffsvd::{
    Cotangent, Error, Factors, FactorsMut, MatMut, MatRef, Real, Rule, Scalar, Vectors, singular_values_into, svd_into,
};
use num_complex::Complex;

/// The sort of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Full, distinct singular values.
    General,
    /// Of half the rank.
    Deficient,
    /// Q diag(1, 1, ½, ½, …) with unitary Q.
    Equal,
    /// General, at the upper end of the exponent range.
    Large,
    /// General, at the lower end.
    Small,
}

const KINDS: [Kind; 5] = [Kind::General, Kind::Deficient, Kind::Equal, Kind::Large, Kind::Small];

/// What was decomposed.
pub struct Case {
    pub scalar: &'static str,
    pub shape: (usize, usize),
    pub kind: Kind,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}×{} {:?}", self.scalar, self.shape.0, self.shape.1, self.kind)
    }
}

/// What came of it.
#[derive(Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Digests of the bits of s, U and V, by one-sided Jacobi.
    pub factors: u64,
    /// Of the gradient and of the tangents.
    pub derivatives: u64,
    /// The distance of the singular values from those by the bidiagonal form, in hundredths of max(m, n) ε s₁. The order of
    /// its sums depends on the width of the machine's vectors, so it has no bits to compare.
    pub distance: u32,
    /// The worst defect of either decomposition in hundredths of max(m, n) ε s₁.
    pub defect: u32,
    /// |⟨ȳ, J ẋ⟩ − ⟨Jᴴ ȳ, ẋ⟩| in hundredths of max(m, n) ε ‖ȳ‖ ‖J ẋ‖.
    pub adjointness: u32,
}

/// Calls `visit` with every case.
///
/// # Errors
/// What a decomposition returned where it should not have.
pub fn all(visit: &mut dyn FnMut(Case, Outcome)) -> Result<(), Error> {
    of_type::<f32>("f32", visit)?;
    of_type::<f64>("f64", visit)?;
    of_type::<Complex<f32>>("Complex<f32>", visit)?;
    of_type::<Complex<f64>>("Complex<f64>", visit)
}

fn of_type<S: Scalar>(scalar: &'static str, visit: &mut dyn FnMut(Case, Outcome)) -> Result<(), Error> {
    macro_rules! shapes {
        ($($decompose:ident $m:literal $n:literal $k:literal,)*) => { $(
            for kind in KINDS {
                let a = matrix::<S, $m, $n>(kind);
                let outcome = outcome::<S, $m, $n, $k>(&a, &Svd::$decompose(&a)?, kind)?;
                visit(Case { scalar, shape: ($m, $n), kind }, outcome);
            }
        )* };
    }
    shapes!(
        tall 2 2 2, tall 3 3 3, tall 4 4 4, tall 5 5 5, tall 6 6 6, tall 7 7 7, tall 8 8 8, tall 6 3 3, wide 2 5 2,
    );
    Ok(())
}

/// Whether NaN and infinity are refused, with their place.
pub fn refuses<S: Scalar>() -> bool {
    let zero = S::Real::from_f64(0.0);
    let refused = |x: S::Real, expected: bool| {
        let mut a = matrix::<S, 4, 3>(Kind::General);
        a[3][1] = S::from_parts(x, zero);
        let place = Error::NonFinite { argument: "the matrix", row: 3, column: 1, nan: expected };
        Svd::tall(&a).err() == Some(place) && singular_values::<S, 4, 3, 3>(&a).err() == Some(place) && {
            let (mut s, mut work) = ([zero; 3], [S::zero(); 1024]);
            singular_values_into((&a).into(), &mut s, &mut work).err() == Some(place)
        }
    };
    let infinity = S::Real::from_f64(f64::INFINITY);
    refused(infinity - infinity, true) && refused(infinity, false)
}

/// Multiples of 1/64 below 1 in modulus, from a linear congruential generator.
fn random<S: Scalar>(seed: usize, entries: &mut [S]) {
    let mut state = (seed as u32).wrapping_mul(2_654_435_761);
    let mut part = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        S::Real::from_f64(f64::from(state >> 25) / 64.0 - 1.0)
    };
    entries.fill_with(|| S::from_parts(part(), part()));
}

fn random_rows<S: Scalar, const M: usize, const N: usize>(seed: usize) -> [[S; N]; M] {
    let mut a = [[S::zero(); N]; M];
    random(seed, a.as_flattened_mut());
    a
}

fn matrix<S: Scalar, const M: usize, const N: usize>(kind: Kind) -> [[S; N]; M] {
    let mut a = [[S::zero(); N]; M];
    fill(kind, (M, N), a.as_flattened_mut());
    a
}

/// Row-major.
fn fill<S: Scalar>(kind: Kind, (m, n): (usize, usize), a: &mut [S]) {
    random(16 * m + n, a);
    let mut factors = [S::zero(); 64];
    random(m + n, &mut factors);
    let rank = m.min(n) / 2;
    for (at, x) in a.iter_mut().enumerate() {
        let (i, j) = (at / n, at % n);
        *x = match kind {
            Kind::General => *x,
            Kind::Large => x.scale_pow2(S::Real::MAX_EXPONENT - 4),
            Kind::Small => x.scale_pow2(S::Real::MIN_EXPONENT + 2),
            Kind::Deficient => (0..rank).fold(S::zero(), |sum, l| sum + factors[4 * i + l] * factors[32 + 4 * j + l]),
            Kind::Equal => reflector_entry::<S>(i, j, m.min(n)).scale_pow2(-i32::try_from(j / 2).unwrap_or(0)),
        };
    }
}

/// Entry of I − 2 v vᴴ/‖v‖² for v of four entries of modulus 1, or two.
fn reflector_entry<S: Scalar>(i: usize, j: usize, k: usize) -> S {
    let (zero, one) = (S::Real::from_f64(0.0), S::Real::from_f64(1.0));
    let (count, factor) = if k < 4 { (2, 1.0) } else { (4, 0.5) };
    let v = |i: usize| match i {
        0 => S::one(),
        1 => S::from_parts(if S::PARTS == 2 { zero } else { -one }, one),
        _ if i < count => -S::one(),
        _ => S::zero(),
    };
    let identity = if i == j { S::one() } else { S::zero() };
    identity - (v(i) * v(j).conj()).scale(S::Real::from_f64(factor))
}

fn outcome<S: Scalar, const M: usize, const N: usize, const K: usize>(
    a: &[[S; N]; M],
    jacobi: &Svd<S, M, N, K>,
    kind: Kind,
) -> Result<Outcome, Error> {
    let mut other = Svd { u: [[S::zero(); K]; M], s: [S::Real::from_f64(0.0); K], v: [[S::zero(); K]; N] };
    let out = FactorsMut { u: MatMut::from(&mut other.u), s: &mut other.s, v: MatMut::from(&mut other.v) };
    svd_into(MatRef::from(a), Vectors::Thin, out, &mut [S::zero(); 1024])?;
    let mut digest = Digest::new();
    digest.reals(&jacobi.s);
    digest.entries(jacobi.u.as_flattened());
    digest.entries(jacobi.v.as_flattened());
    let (derivatives, adjointness) = derivatives(jacobi, kind)?;
    Ok(Outcome {
        factors: digest.0,
        derivatives,
        distance: hundredths(distance(&jacobi.s, &other.s, M.max(N))),
        defect: hundredths(defect(a.into(), jacobi.factors()).larger(defect(a.into(), other.factors()))),
        adjointness,
    })
}

fn hundredths<R: Real>(x: R) -> u32 {
    // NaN is the worst.
    if x < R::from_f64(1e6) { (x.to_f64() * 100.0) as u32 } else { u32::MAX }
}

/// The digest of the gradient and of the tangents, and how far they are from being adjoint.
fn derivatives<S: Scalar, const M: usize, const N: usize, const K: usize>(
    svd: &Svd<S, M, N, K>,
    kind: Kind,
) -> Result<(u64, u32), Error> {
    let (gu, gv) = (random_rows::<S, M, K>(3), random_rows::<S, N, K>(4));
    let gs: [S::Real; K] = core::array::from_fn(|i| S::Real::from_f64(1.0 + i as f64));
    // At the ends of the range 1/s is not representable: the singular values alone.
    let vectors = matches!(kind, Kind::General | Kind::Deficient | Kind::Equal);
    let cotangent = Cotangent {
        u: vectors.then_some(MatRef::from(&gu)),
        s: Some(&gs),
        v: vectors.then_some(MatRef::from(&gv)),
        ..Cotangent::default()
    };
    let gradient = svd.vjp(&cotangent, &Rule::default())?.a;
    let mut digest = Digest::new();
    digest.entries(gradient.as_flattened());
    if !vectors {
        return Ok((digest.0, 0));
    }
    let a_dot = random_rows::<S, M, N>(5);
    let tangent = svd.jvp(&a_dot, &Rule::default())?;
    let (du, dv) = (tangent.u.as_flattened(), tangent.v.as_flattened());
    digest.entries(du);
    digest.reals(&tangent.s);
    digest.entries(dv);
    let (gu, gv) = (gu.as_flattened(), gv.as_flattened());
    let forward = inner(gu, du) + inner(gv, dv) + inner(&gs, &tangent.s);
    let squares = (inner(gu, gu) + inner(gv, gv) + inner(&gs, &gs))
        * (inner(du, du) + inner(dv, dv) + inner(&tangent.s, &tangent.s));
    let unit = S::Real::EPSILON * S::Real::from_f64(M.max(N) as f64) * squares.sqrt();
    let backward = inner(gradient.as_flattened(), a_dot.as_flattened());
    Ok((digest.0, hundredths((forward - backward).abs() / unit)))
}

/// Re xᴴy.
fn inner<S: Scalar>(x: &[S], y: &[S]) -> S::Real {
    x.iter().zip(y).fold(S::Real::from_f64(0.0), |sum, (x, &y)| sum + (x.conj() * y).re())
}

/// The largest |xᵢ − yᵢ| in units of `size` ε x₁.
fn distance<R: Real>(x: &[R], y: &[R], size: usize) -> R {
    let worst = x.iter().zip(y).fold(R::from_f64(0.0), |worst, (&x, &y)| worst.larger((x - y).abs()));
    worst / x.iter().fold(worst, |max, &x| max.larger(x)) / (R::EPSILON * R::from_f64(size as f64))
}

/// The largest entry of A − U diag(s) Vᴴ (relative to s₁), UᴴU − I and VᴴV − I, in units of max(m, n) ε.
fn defect<S: Scalar>(a: MatRef<'_, S>, factors: Factors<'_, S>) -> S::Real {
    let at = |m: &MatRef<'_, S>, i, j| m.get(i, j).unwrap_or_else(S::zero);
    let (u, s, v) = (factors.u, factors.s, factors.v);
    let p = -factors.largest().exponent();
    let mut worst = skewness(u).larger(skewness(v));
    for i in 0..a.rows() {
        for j in 0..a.cols() {
            let term = |l: usize| at(&u, i, l).scale(s[l].mul_pow2(p)) * at(&v, j, l).conj();
            let rest = (0..s.len()).fold(at(&a, i, j).scale_pow2(p), |rest, l| rest - term(l));
            worst = worst.larger(rest.modulus());
        }
    }
    worst / (S::Real::EPSILON * S::Real::from_f64(a.rows().max(a.cols()) as f64))
}

fn skewness<S: Scalar>(basis: MatRef<'_, S>) -> S::Real {
    let at = |i, j| basis.get(i, j).unwrap_or_else(S::zero);
    let mut worst = S::Real::from_f64(0.0);
    for i in 0..basis.cols() {
        for j in 0..basis.cols() {
            let start = if i == j { -S::one() } else { S::zero() };
            let sum = (0..basis.rows()).fold(start, |sum, row| sum + at(row, i).conj() * at(row, j));
            worst = worst.larger(sum.modulus());
        }
    }
    worst
}

/// FNV-1a over the bits of the numbers as `f64`, which holds every `f32` exactly.
struct Digest(u64);

impl Digest {
    fn new() -> Self {
        Digest(0xcbf2_9ce4_8422_2325)
    }
    fn reals<R: Real>(&mut self, reals: &[R]) {
        for x in reals {
            for byte in x.to_f64().to_bits().to_le_bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
    }
    fn entries<S: Scalar>(&mut self, entries: &[S]) {
        for x in entries {
            self.reals(&[x.re(), x.im()]);
        }
    }
}
