//! One-sided Jacobi: the columns of A are turned in pairs until all are orthogonal; then A V = W = U diag(s).
//!
//! For a pair of columns x, y with a = ‖x‖², b = ‖y‖², g = xᴴy, d = b − a and r = √(d² + 4|g|²):
//!
//!   p = |d| + r,   h = 1/√(p² + 4|g|²),   c = p h,   z = ± 2 g h with the sign of d,
//!   x ← c x − z̄ y,   y ← c y + z x,
//!
//! which is the smaller of the two rotations that make xᴴy = 0 (Hestenes 1958; Demmel & Veselić 1992, who show the high relative accuracy).
//! For a few columns it needs fewer instructions than the reduction to bidiagonal form, and far less code: what
//! counts on a microcontroller. Real and complex matrices take the same two square roots a pair.
//!
//! Here for sizes that the compiler knows; [`pairs`] does the same to the pairs of one larger matrix side by side, `batch::lanes` to those of many
//! small ones.

pub(crate) mod pairs;
pub(crate) mod rotation;

use crate::error::Error;
use crate::matrix::MatRef;
use crate::scalar::{One, Real, Scalar, Zero};
use crate::scale::{exponent, reliable, to_unit};

/// Sweeps allowed. About 5 are needed.
const SWEEPS: usize = 40;

/// A column of W, on its way to one of U, and the column of V that goes with it (`C` = 0: not wanted).
#[derive(Clone, Copy)]
pub(crate) struct Column<S, const R: usize, const C: usize> {
    pub(crate) u: [S; R],
    pub(crate) v: [S; C],
}

/// The columns of U and V, and the singular values.
pub(crate) struct Triplets<S: Scalar, const R: usize, const C: usize, const K: usize> {
    pub(crate) columns: [Column<S, R, C>; K],
    pub(crate) s: [S::Real; K],
}

/// Decomposes the R×K matrix whose entry (i, j) is `entry(i, j)`; R ≥ K.
/// `largest` is the largest modulus of a part of an entry, finite.
///
/// # Errors
/// [`Error::Overflow`], [`Error::NoConvergence`].
pub(crate) fn decompose<S: Scalar, const R: usize, const K: usize, const C: usize>(
    entry: impl Fn(usize, usize) -> S,
    largest: S::Real,
) -> Result<Triplets<S, R, C, K>, Error> {
    let (shift, [first, second]) = to_unit(R, largest);
    let mut columns: [Column<S, R, C>; K] = core::array::from_fn(|j| Column {
        u: core::array::from_fn(|i| entry(i, j).scale(first).scale(second)),
        v: core::array::from_fn(|i| if i == j { S::one() } else { S::zero() }),
    });
    let mut sweeps = 0;
    while !sweep(&mut columns) {
        sweeps += 1;
        if sweeps == SWEEPS {
            return Err(Error::NoConvergence { remaining: K, sweeps });
        }
    }
    let mut s = columns.each_ref().map(|column| norm(&column.u));
    sort(&mut s, &mut columns);
    normalize(&mut columns, &s);
    let s = s.map(|s| s.mul_pow2(-shift));
    if s.first().is_some_and(|s| !s.is_finite()) { Err(Error::Overflow) } else { Ok(Triplets { columns, s }) }
}

/// The pairs of K columns in rounds whose pairs have no column in common (a round-robin tournament), so that the long
/// chains of square roots of one round run side by side. A pair of equal numbers is no pair.
struct Tournament<const K: usize>;

impl<const K: usize> Tournament<K> {
    const PAIRS: [[(usize, usize); K]; K] = {
        let mut pairs = [[(0, 0); K]; K];
        // One player stays, the others, an odd number, go round: in round r, r meets the one that stays, r + i meets r − i.
        let moving = if K.is_multiple_of(2) { K.saturating_sub(1) } else { K };
        let mut round = 0;
        while round < moving {
            if K > moving {
                pairs[round][0] = (round, K - 1);
            }
            let mut i = 1;
            while 2 * i < moving {
                let (x, y) = ((round + i) % moving, (round + moving - i) % moving);
                pairs[round][i] = if x < y { (x, y) } else { (y, x) };
                i += 1;
            }
            round += 1;
        }
        pairs
    };
}

/// Turns each pair once. Whether all are orthogonal now.
fn sweep<S: Scalar, const R: usize, const C: usize, const K: usize>(columns: &mut [Column<S, R, C>; K]) -> bool {
    let mut settled = true;
    for &(i, j) in Tournament::<K>::PAIRS.as_flattened() {
        if let Ok([x, y]) = columns.get_disjoint_mut([i, j]) {
            settled &= orthogonalize(x, y);
        }
    }
    settled
}

/// Turns one pair. Whether the rotation was so small that what it leaves of other pairs' work is below rounding.
fn orthogonalize<S: Scalar, const R: usize, const C: usize>(x: &mut Column<S, R, C>, y: &mut Column<S, R, C>) -> bool {
    let (a, b, g) = (squares(&x.u), squares(&y.u), dot(&x.u, &y.u));
    let real = |x: usize| S::Real::from_f64(x as f64);
    let (epsilon, overlap) = (S::Real::EPSILON, g.modulus_squared());
    if overlap <= epsilon * epsilon * real(R) * (a * b) {
        return true;
    }
    let d = b - a;
    let p = d.abs() + (d * d + real(4) * overlap).sqrt();
    // Only the direction of (p, 2 g) counts: where both columns are negligible it is brought to where it can be squared.
    let (p, g) = if p * p > reliable() { (p, g) } else { enlarged(p, g) };
    let h = (p * p + real(4) * g.modulus_squared()).sqrt().recip();
    let (c, z) = unit(p * h, g.scale(real(2).with_sign(d) * h));
    turn(&mut x.u, &mut y.u, c, z);
    turn(&mut x.v, &mut y.v, c, z);
    // Each cosine between columns was at most 2δ and is changed by at most 2δ² a rotation, δ² = |z/c|² max(a, b)/min(a, b).
    z.modulus_squared() * a.larger(b) * real(16 * R) <= epsilon * a.smaller(b)
}

/// Brings c² + |z|² to 1 but for one rounding, by a Newton step for its reciprocal root: what it misses adds up in V.
fn unit<S: Scalar>(c: S::Real, z: S) -> (S::Real, S) {
    // c is the larger one: the first difference is exact.
    let half = ((S::Real::one() - c * c) - z.modulus_squared()) * S::Real::from_f64(0.5);
    (c + c * half, z + z.scale(half))
}

/// The same direction with 1 ≤ p < 2.
#[cold]
fn enlarged<S: Scalar>(p: S::Real, g: S) -> (S::Real, S) {
    let q = p.exponent();
    (p.mul_pow2(-q), g.scale_pow2(-q))
}

/// x ← c x − z̄ y, y ← c y + z x.
fn turn<S: Scalar, const L: usize>(x: &mut [S; L], y: &mut [S; L], c: S::Real, z: S) {
    for (x, y) in x.iter_mut().zip(y) {
        (*x, *y) = (x.scale(c) - z.conj() * *y, y.scale(c) + z * *x);
    }
}

/// xᴴy.
fn dot<S: Scalar, const L: usize>(x: &[S; L], y: &[S; L]) -> S {
    x.iter().zip(y).fold(S::zero(), |sum, (x, &y)| sum + x.conj() * y)
}

/// ‖x‖².
fn squares<S: Scalar, const L: usize>(x: &[S; L]) -> S::Real {
    x.iter().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared())
}

/// ‖x‖, also where the squares underflow.
fn norm<S: Scalar, const L: usize>(x: &[S; L]) -> S::Real {
    let squared = squares(x);
    if squared > reliable() {
        return squared.sqrt();
    }
    small_norm(x)
}

/// The exponent nearest to `p` of which 2ᵖ and 2⁻ᵖ are normal numbers.
fn normal<R: Real>(p: i32) -> i32 {
    p.clamp(R::MIN_EXPONENT, -R::MIN_EXPONENT)
}

#[cold]
#[inline(never)]
fn small_norm<S: Scalar>(x: &[S]) -> S::Real {
    let p = normal::<S::Real>(largest_of(x).map_or(0, exponent));
    let unit = S::Real::one().mul_pow2(-p);
    x.iter().fold(S::Real::zero(), |sum, x| sum + x.scale(unit).modulus_squared()).sqrt().mul_pow2(p)
}

/// Descending order.
fn sort<R: Real, T, const K: usize>(s: &mut [R; K], columns: &mut [T; K]) {
    for end in (1..K).rev() {
        for j in 0..end {
            if let ([x, y, ..], Some(columns)) = (s.split_at_mut(j).1, columns.get_mut(j..j + 2))
                && x < y
            {
                core::mem::swap(x, y);
                columns.swap(0, 1);
            }
        }
    }
}

/// Divides the columns of W by their norms; columns that are zero or negligible are replaced by unit vectors that
/// complete the basis.
fn normalize<S: Scalar, const R: usize, const C: usize>(columns: &mut [Column<S, R, C>], s: &[S::Real]) {
    for (j, &s) in s.iter().enumerate() {
        let (done, rest) = columns.split_at_mut(j);
        let Some(column) = rest.first_mut() else { return };
        if s * s > reliable() {
            let reciprocal = s.recip();
            column.u = column.u.map(|x| x.scale(reciprocal));
        } else {
            complete(&mut column.u, s, done.iter().map(|column| &column.u[..]));
        }
    }
}

/// A unit vector orthogonal to the columns before: along `u`, of norm `s`, where that has a direction of its own, otherwise
/// near a coordinate axis.
#[cold]
#[inline(never)]
pub(crate) fn complete<'d, S: Scalar>(u: &mut [S], s: S::Real, done: impl Iterator<Item = &'d [S]> + Clone) {
    if s > S::Real::zero() {
        scale(u, S::Real::one().mul_pow2(-normal::<S::Real>(s.exponent())));
    }
    for axis in 0..u.len() {
        if orthonormal(u, done.clone()) {
            return;
        }
        u.iter_mut().enumerate().for_each(|(i, x)| *x = if i == axis { S::one() } else { S::zero() });
    }
    orthonormal(u, done);
}

/// Takes the columns before out of `u` and normalizes what is left; not where that is less than 1/(2R) of a unit square.
/// One of the R axes always keeps 1/R.
#[inline(never)]
fn orthonormal<'d, S: Scalar>(u: &mut [S], done: impl Iterator<Item = &'d [S]> + Clone) -> bool {
    // Twice is enough (Kahan; Giraud, Langou & Rozložník 2005).
    for column in done.clone().chain(done) {
        project_out(column, u);
    }
    let left = u.iter().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared());
    let enough = left * S::Real::from_f64(2.0 * u.len() as f64) >= S::Real::one();
    if enough {
        scale(u, left.sqrt().recip());
    }
    enough
}

fn scale<S: Scalar>(u: &mut [S], factor: S::Real) {
    for x in u {
        *x = x.scale(factor);
    }
}

/// u ← u − x xᴴu. Not unrolled: of slices.
#[inline(never)]
fn project_out<S: Scalar>(x: &[S], u: &mut [S]) {
    let overlap = x.iter().zip(&*u).fold(S::zero(), |sum, (x, &u)| sum + x.conj() * u);
    u.iter_mut().zip(x).for_each(|(u, &x)| *u -= x * overlap);
}

/// The largest modulus of a part of an entry.
///
/// # Errors
/// [`Error::NonFinite`] with the position of the first entry that is infinite or NaN.
pub(crate) fn largest_part<S: Scalar, const M: usize, const N: usize>(a: &[[S; N]; M]) -> Result<S::Real, Error> {
    if let Some(largest) = largest_of(a.as_flattened()) {
        return Ok(largest);
    }
    MatRef::from(a).check_finite("the matrix").map(|()| S::Real::zero())
}

/// `None` where an entry is not finite. Not unrolled: of a slice.
#[inline(never)]
pub(crate) fn largest_of<S: Scalar>(entries: &[S]) -> Option<S::Real> {
    let mut largest = S::Real::zero();
    for x in entries {
        if !x.is_finite() {
            return None;
        }
        largest = largest.larger(x.max_part());
    }
    Some(largest)
}

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::noise::Noise;

    /// Each pair once, and none of a round with a column in common.
    fn meetings<const K: usize>() {
        let mut met = [[0; K]; K];
        for round in &Tournament::<K>::PAIRS {
            let mut busy = [false; K];
            for &(i, j) in round.iter().filter(|(i, j)| i != j) {
                assert!(i < j, "{K} columns: {i} and {j}");
                assert!(!busy[i] && !busy[j], "{K} columns: {i} and {j} in one round with others");
                (busy[i], busy[j]) = (true, true);
                met[i][j] += 1;
            }
        }
        for (i, met) in met.iter().enumerate() {
            assert!(met[i + 1..].iter().all(|&times| times == 1), "{K} columns: {i} meets {met:?}");
        }
    }

    #[test]
    fn every_two_columns_meet_once() {
        meetings::<1>();
        meetings::<2>();
        meetings::<3>();
        meetings::<4>();
        meetings::<5>();
        meetings::<6>();
        meetings::<7>();
        meetings::<8>();
    }

    /// U, s and V, within the bounds that are promised.
    fn decomposed<S: Scalar, const R: usize, const K: usize>(a: &[[S; K]; R]) -> Triplets<S, R, K, K> {
        let Triplets { columns, s } =
            decompose::<S, R, K, K>(|i, j| a[i][j], largest_part(a).expect("a finite matrix")).unwrap();
        let bound = S::Real::from_f64(3.0 * R as f64) * S::Real::EPSILON;
        assert!(s.is_sorted_by(|x, y| x >= y) && s[K - 1] >= S::Real::zero(), "{s:?}");
        for (i, j) in (0..K * K).map(|at| (at / K, at % K)) {
            let one = if i == j { S::one() } else { S::zero() };
            let of_u = (dot(&columns[i].u, &columns[j].u) - one).max_part();
            let of_v = (dot(&columns[i].v, &columns[j].v) - one).max_part();
            assert!(of_u <= bound && of_v <= bound, "{R}×{K}, columns {i} and {j}: {of_u:?}, {of_v:?}, {s:?}");
        }
        for (i, j) in (0..R * K).map(|at| (at / K, at % K)) {
            let term = |k: usize| columns[k].u[i].scale(s[k]) * columns[k].v[j].conj();
            let rest = (0..K).fold(a[i][j], |rest, k| rest - term(k)).max_part();
            assert!(rest <= bound * s[0], "{R}×{K}, entry ({i}, {j}): {rest:?}, {s:?}");
        }
        Triplets { columns, s }
    }

    /// Of full rank, with a column of zeros, with equal ones, and with columns so small that their squares, or the squares of these, are below the range.
    fn of_shape<S: Scalar, const R: usize, const K: usize>() {
        let mut noise = Noise((10 * R + K) as u64);
        for _ in 0..20 {
            let a: [[S; K]; R] =
                core::array::from_fn(|_| core::array::from_fn(|_| S::from_parts(noise.signed(), noise.signed())));
            decomposed(&a);
            decomposed(&a.map(|row| core::array::from_fn::<S, K, _>(|j| if j == 1 { S::zero() } else { row[j] })));
            decomposed(&a.map(|row| core::array::from_fn::<S, K, _>(|j| row[j / 2])));
            for part in [4, 2, 1] {
                let p = S::Real::MIN_EXPONENT / part;
                decomposed(
                    &a.map(|row| core::array::from_fn::<S, K, _>(|j| row[j].scale_pow2(if j > 0 { p } else { 0 }))),
                );
            }
        }
    }

    fn of_every_shape<S: Scalar>() {
        of_shape::<S, 2, 2>();
        of_shape::<S, 5, 3>();
        of_shape::<S, 4, 4>();
        of_shape::<S, 7, 6>();
    }

    #[test]
    fn decompositions_are_within_the_bounds() {
        of_every_shape::<f32>();
        of_every_shape::<f64>();
        of_every_shape::<Complex<f32>>();
        of_every_shape::<Complex<f64>>();
    }

    /// Two of size 2ᵖ beside one of size 1: their values are √45 and √5 times 2ᵖ.
    fn small_block<S: Scalar>(p: i32) {
        let entry = |x: f64| S::from_real(S::Real::from_f64(x).mul_pow2(p));
        let zero = S::zero();
        let a = [[S::one(), zero, zero], [zero, entry(3.0), zero], [zero, entry(4.0), entry(5.0)]];
        let Triplets { s, .. } = decomposed(&a);
        for (found, squared) in s[1..].iter().zip([45.0, 5.0]) {
            let error = found.mul_pow2(-p) / S::Real::from_f64(squared).sqrt() - S::Real::one();
            assert!(error.abs() <= S::Real::from_f64(9.0) * S::Real::EPSILON, "2^{p}: {s:?}");
        }
    }

    /// A column of size 2ᵖ: its direction.
    fn small_column<S: Scalar>(p: i32) {
        let entry = |x: f64| S::from_real(S::Real::from_f64(x).mul_pow2(p));
        let a = [[S::one(), S::zero()], [S::zero(), entry(3.0)], [S::zero(), entry(4.0)]];
        let Triplets { columns: [_, Column { u, v }], .. } = decomposed(&a);
        for (x, expected) in u.iter().zip([0.0, 0.6, 0.8]) {
            let expected = v[1].scale(S::Real::from_f64(expected));
            assert!((*x - expected).max_part() <= S::Real::from_f64(9.0) * S::Real::EPSILON, "2^{p}: {u:?}");
        }
    }

    #[test]
    fn small_columns_have_their_own_values_and_directions() {
        for part in [8, 6, 4, 3] {
            small_block::<f32>(f32::MIN_EXPONENT / part);
            small_block::<Complex<f64>>(f64::MIN_EXPONENT / part);
        }
        for part in [8, 4, 2] {
            small_column::<f32>(f32::MIN_EXPONENT / part);
            small_column::<Complex<f64>>(f64::MIN_EXPONENT / part);
        }
    }

    /// Of any two columns: what the angle is for.
    #[test]
    fn one_rotation_makes_two_columns_orthogonal() {
        let mut noise = Noise(5);
        for ratio in [0.01, 0.5, 1.0, 3.0] {
            let mut column = |size: f64| Column::<Complex<f64>, 4, 0> {
                u: core::array::from_fn(|_| Complex::new(noise.signed::<f64>(), noise.signed::<f64>()) * size),
                v: [],
            };
            let (mut x, mut y) = (column(1.0), column(ratio));
            orthogonalize(&mut x, &mut y);
            let (left, size) = (dot(&x.u, &y.u).norm(), (squares(&x.u) * squares(&y.u)).sqrt());
            assert!(left <= 20.0 * f64::EPSILON * size, "ratio {ratio}: {left:e} of {size:e}");
        }
    }

    #[test]
    fn rotations_are_brought_to_unit_length() {
        for off in [-1e-8, 1e-8] {
            let (c, z) = unit(0.8 + off, Complex::new(0.48, -0.36));
            assert!((c * c + z.norm_sqr() - 1.0).abs() < 1e-15, "{c}, {z}");
        }
    }

    /// Where the angle is far below rounding nothing is turned, and where its square is, other pairs keep what they have.
    #[test]
    fn what_is_small_is_left() {
        let turned = |overlap: f64| {
            let mut x = Column { u: [1.0, 0.0], v: [] };
            let mut y = Column { u: [overlap, 2.0], v: [] };
            let settled = orthogonalize(&mut x, &mut y);
            (y.u[0] != overlap, settled)
        };
        // ε √R ‖x‖‖y‖ is 6.3·10⁻¹⁶. Then |z|² = overlap²/9, and its limit ε/(16 R · 4).
        assert_eq!([5e-16, 8e-16].map(turned), [(false, true), (true, true)]);
        assert_eq!([3e-9, 5e-9].map(turned), [(true, true), (true, false)]);
    }
}
