//! Pseudoinverse, least squares, Hermitian factors, projectors and rotations.

use super::maps::times_power;
use crate::support::derivatives::{inner, norm, plus, wide};
use crate::support::double_double::Dd;
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectral::{GAPS, Point, SHAPES, error, scaled};
use diffsvd::spectral::{
    Hermitian, LeastSquares, LeastSquaresGradient, LeastSquaresTangent, Polar, Rotation, Side, Superposition,
    hermitian_workspace_len, map_derivative_workspace_len, map_workspace_len, pinv_into, pinv_jvp_into, pinv_vjp_into,
};
use diffsvd::{Error, Mat, Real, Scalar, Svd, Target, Tolerance};
use num_traits::{One, Zero};

/// What every error stays below, in units of max(m, n) ε (measured: 24 over 20,000 drawn matrices; the symmetries, of two computations, 15).
const BOUND: f64 = 40.0;
const STEP: f64 = 1e-15;
pub(super) const CUT: f64 = 1.0 / 1_048_576.0;

for_every_type! {
    at_full_rank: checks::at_full_rank;
    below_full_rank: checks::below_full_rank;
}

/// Of full rank: over the sweep of gaps.
pub(crate) fn every_factor<S: Entry>(at: &Point<S>) {
    checks::pseudoinverse_at_full_rank(at);
    checks::least_squares(at);
    checks::hermitian_factors(at);
    checks::procrustes(at);
    checks::symmetries(at);
}

/// Of a lower rank.
pub(crate) fn every_factor_of_rank_three<S: Entry>(shape: (usize, usize), seed: u64) {
    let curve = ConstantRank::<S>::new(shape, seed);
    checks::pseudoinverse_below_full_rank(&curve);
    checks::least_squares_is_the_pseudoinverse(&curve);
    checks::projectors(&curve);
}

/// The central difference of `value` along a curve `a`(h).
fn slope<W: Scalar<Real = Dd>>(a: impl Fn(f64) -> Mat<W>, value: impl Fn(&Mat<W>) -> Mat<W>) -> Mat<W> {
    scaled(&plus(&value(&a(STEP)), Dd::from(-1.0), &value(&a(-STEP))), 0.5 / STEP)
}

fn assert_close<S: Entry>(x: &Mat<S>, exact: &Mat<S::Wide>, floor: f64, what: &str) {
    let error = error(x, exact, floor);
    println!("{} {error:.2} at {what}", floor == 0.0);
    assert!(error <= BOUND, "{} {what}: {error:.1} max(m, n) ε", S::NAME);
}

/// ⟨ȳ, J z⟩ = ⟨Jᴴ ȳ, z⟩ to a few ε.
fn assert_adjoint<S: Entry>(y: &Mat<S>, jz: &Mat<S>, jty: &Mat<S>, z: &Mat<S>, what: &str) {
    let size = (norm(y) * norm(jz)).larger(norm(jty) * norm(z));
    let error = ((inner(y, jz) - inner(jty, z)).abs() / size).to_f64() / S::Real::EPSILON.to_f64();
    assert!(error <= 20.0, "{} {what}: adjoint to {error:.1} ε only", S::NAME);
}

/// A of rank 3 with two equal singular values, exactly so in the double-double sense, and a curve of the same rank through it:
/// (I + h E) A (I + h G), with its tangent.
pub(super) struct ConstantRank<S: Entry> {
    pub(super) a: Mat<S>,
    left: Mat<S::Wide>,
    right: Mat<S::Wide>,
}

impl<S: Entry> ConstantRank<S> {
    pub(super) fn new((m, n): (usize, usize), seed: u64) -> Self {
        let mut random = Random::new(seed);
        loop {
            // Entries that are small integers: the rank is exact.
            let mut small = |rows: usize, cols: usize| {
                Mat::from_fn(rows, cols, |_, _| {
                    let (re, im) = (random.below(7) as f64 - 3.0, random.below(7) as f64 - 3.0);
                    S::from_parts(S::Real::from_f64(re), S::Real::from_f64(im))
                })
            };
            let a = small(m, 3).product(&small(3, n)).unwrap();
            let s = Svd::thin(&a).unwrap().s().to_vec();
            if s[2].to_f64() > 0.1 * s[0].to_f64() {
                let (left, right) = (random.matrix(m, m), random.matrix(n, n));
                return ConstantRank { a, left, right };
            }
        }
    }
    pub(super) fn curve(&self, h: f64) -> Mat<S::Wide> {
        let step = |e: &Mat<S::Wide>| {
            let one = S::Wide::one();
            Mat::from_fn(e.rows(), e.cols(), |i, j| {
                e[(i, j)].scale(h.into()) + if i == j { one } else { S::Wide::zero() }
            })
        };
        step(&self.left).product(&wide(&self.a)).unwrap().product(&step(&self.right)).unwrap()
    }
    /// E A + A G, in the type under test and as it was rounded to it.
    pub(super) fn tangent(&self) -> Mat<S> {
        let a = wide(&self.a);
        let exact = plus(&self.left.product(&a).unwrap(), Dd::one(), &a.product(&self.right).unwrap());
        Mat::from_fn(exact.rows(), exact.cols(), |i, j| narrow::<S>(exact[(i, j)]))
    }
}

pub(super) fn narrow<S: Entry>(x: S::Wide) -> S {
    S::from_parts(S::Real::from_f64(x.re().hi), S::Real::from_f64(x.im().hi))
}

mod checks {
    use super::*;

    pub(super) fn at_full_rank<S: Entry>() {
        Point::<S>::sweep(every_factor);
    }

    pub(super) fn below_full_rank<S: Entry>() {
        for shape in SHAPES {
            every_factor_of_rank_three::<S>(shape, 31);
        }
    }

    pub(super) fn pseudoinverse_at_full_rank<S: Entry>(at: &Point<S>) {
        let (a, what) = (&at.a, &at.what);
        let mut random = at.random(1);
        let (y, z) = (random.matrix::<S>(a.cols(), a.rows()), random.matrix::<S>(a.rows(), a.cols()));
        let (svd, cutoff) = (Svd::thin(a).unwrap(), Tolerance::Default);
        let pinv = |a: &Mat<S::Wide>| Svd::thin(a).unwrap().pinv(Tolerance::Default).unwrap();
        assert_close(&svd.pinv(cutoff).unwrap(), &pinv(&wide(a)), 0.0, what);
        let jvp = svd.pinv_jvp(cutoff, &z).unwrap();
        let exact = slope(|h| plus(&wide(a), h.into(), &wide(&z)), pinv);
        assert_close(&jvp, &exact, 0.0, what);
        assert_adjoint(&y, &jvp, &svd.pinv_vjp(cutoff, &y).unwrap(), &z, what);
    }

    pub(super) fn pseudoinverse_below_full_rank<S: Entry>(curve: &ConstantRank<S>) {
        let (m, n) = (curve.a.rows(), curve.a.cols());
        let z = curve.tangent();
        let svd = Svd::thin(&curve.a).unwrap();
        let cut = Tolerance::Relative(S::Real::from_f64(CUT));
        let pinv = |a: &Mat<S::Wide>| Svd::thin(a).unwrap().pinv(Tolerance::Relative(CUT.into())).unwrap();
        let exact = slope(|h| curve.curve(h), pinv);
        let condition = (svd.s()[0] / svd.s()[2]).to_f64();
        let floor = norm(&exact).hi * condition;
        for svd in [svd.clone(), svd.clone().truncate(3)] {
            let jvp = svd.pinv_jvp(cut, &z).unwrap();
            assert_close(&jvp, &exact, floor, "of rank 3");
            let y = Random::new(4).matrix::<S>(n, m);
            assert_adjoint(&y, &jvp, &svd.pinv_vjp(cut, &y).unwrap(), &z, "of rank 3");
        }
    }

    pub(super) fn least_squares<S: Entry>(at: &Point<S>) {
        let (a, what) = (&at.a, &at.what);
        let (m, n, p) = (a.rows(), a.cols(), 2);
        let mut random = Random::new(2);
        let (z, b, db) = (random.matrix::<S>(m, n), random.matrix::<S>(m, p), random.matrix::<S>(m, p));
        let y = random.matrix::<S>(n, p);
        let (svd, cutoff) = (Svd::thin(a).unwrap(), Tolerance::Default);
        let solve = |h: f64| {
            let svd = Svd::thin(&plus(&wide(a), h.into(), &wide(&z))).unwrap();
            svd.solve(&plus(&wide(&b), h.into(), &wide(&db)), Tolerance::Default).unwrap()
        };
        assert_close(&svd.solve(&b, cutoff).unwrap(), &solve(0.0), 0.0, what);
        let jvp = svd.solve_jvp(&b, cutoff, &z, &db).unwrap();
        let exact = scaled(&plus(&solve(STEP), Dd::from(-1.0), &solve(-STEP)), 0.5 / STEP);
        assert_close(&jvp, &exact, 0.0, what);
        let (ga, gb) = svd.solve_vjp(&b, cutoff, &y).unwrap();
        let error = (inner(&y, &jvp) - inner(&ga, &z) - inner(&gb, &db)).abs().to_f64();
        let size = (norm(&y) * norm(&jvp)).larger(norm(&ga) * norm(&z)).to_f64();
        assert!(error <= 20.0 * S::Real::EPSILON.to_f64() * size, "{what}: adjoint to {:e} only", error / size);
    }

    pub(super) fn least_squares_is_the_pseudoinverse<S: Entry>(curve: &ConstantRank<S>) {
        let (m, n) = (curve.a.rows(), curve.a.cols());
        let cutoff = Tolerance::Relative(S::Real::from_f64(CUT));
        let mut random = Random::new(6);
        let (b, y, z) = (random.matrix::<S>(m, 3), random.matrix::<S>(n, 3), curve.tangent());
        for svd in [Svd::thin(&curve.a).unwrap(), Svd::thin(&curve.a).unwrap().truncate(3)] {
            let (ga, gb) = svd.solve_vjp(&b, cutoff, &y).unwrap();
            let by_pinv = svd.pinv_vjp(cutoff, &y.product(&b.adjoint()).unwrap()).unwrap();
            assert_close(&ga, &wide(&by_pinv), 0.0, "gA");
            assert_close(&gb, &wide(&svd.pinv(cutoff).unwrap().adjoint().product(&y).unwrap()), 0.0, "gb");
            let forward = svd.solve_jvp(&b, cutoff, &z, &Mat::zeros(m, 3)).unwrap();
            let by_pinv = svd.pinv_jvp(cutoff, &z).unwrap().product(&b).unwrap();
            assert_close(&forward, &wide(&by_pinv), 0.0, "dx");
        }
    }

    pub(super) fn hermitian_factors<S: Entry>(at: &Point<S>) {
        let (a, what) = (&at.a, &at.what);
        for side in [Side::Left, Side::Right] {
            let (m, n) = (a.rows(), a.cols());
            let d = if side == Side::Left { m } else { n };
            let mut random = Random::new(3);
            let (z, y) = (random.matrix::<S>(m, n), random.matrix::<S>(d, d));
            let svd = Svd::thin(a).unwrap();
            let in_dd = |a: &Mat<S::Wide>| Svd::thin(a).unwrap().hermitian(&Hermitian::factor(side)).unwrap();
            let factor = svd.hermitian(&Hermitian::factor(side)).unwrap();
            assert_close(&factor, &in_dd(&wide(a)), 0.0, what);
            let square = factor.product(&factor).unwrap();
            let gram = if side == Side::Left { a.product(&a.adjoint()) } else { a.adjoint().product(a) }.unwrap();
            assert_close(&square, &wide(&gram), 0.0, what);
            let jvp = svd.hermitian_jvp(&Hermitian::factor(side), &z).unwrap();
            let exact = slope(|h| plus(&wide(a), h.into(), &wide(&z)), in_dd);
            assert_close(&jvp, &exact, 0.0, &format!("{side:?} {what}"));
            let vjp = svd.hermitian_vjp(&Hermitian::factor(side), &y).unwrap();
            assert_adjoint(&y, &jvp, &vjp, &z, what);
        }
    }

    pub(super) fn projectors<S: Entry>(curve: &ConstantRank<S>) {
        let z = curve.tangent();
        let svd = Svd::thin(&curve.a).unwrap();
        let condition = (svd.s()[0] / svd.s()[2]).to_f64();
        let (cut, cut_dd) = (Tolerance::Relative(S::Real::from_f64(CUT)), Tolerance::Relative(CUT.into()));
        for (side, null) in [(Side::Left, false), (Side::Left, true), (Side::Right, false), (Side::Right, true)] {
            let in_dd = |a: &Mat<S::Wide>| {
                let svd = Svd::thin(a).unwrap();
                let range = Hermitian::range(&svd.factors(), side, cut_dd);
                svd.hermitian(&Hermitian { complement: null, ..range }).unwrap()
            };
            let exact = slope(|h| curve.curve(h), in_dd);
            let map = if null { Hermitian::null_space } else { Hermitian::range };
            for svd in [svd.clone(), svd.clone().truncate(3)] {
                let projector = map(&svd.factors(), side, cut);
                let value = svd.hermitian(&projector).unwrap();
                assert_close(&value, &in_dd(&wide(&curve.a)), condition, "projector");
                let jvp = svd.hermitian_jvp(&projector, &z).unwrap();
                assert_close(&jvp, &exact, norm(&exact).hi * condition, "projector");
                let y = Random::new(7).matrix::<S>(value.rows(), value.rows());
                let vjp = svd.hermitian_vjp(&projector, &y).unwrap();
                assert_adjoint(&y, &jvp, &vjp, &z, "projector");
            }
        }
    }

    /// A → QAR, A → Aᴴ and A → cA of pseudoinverse, least squares and Hermitian factor: of their backward maps and the tangents of these.
    pub(super) fn symmetries<S: Entry>(at: &Point<S>) {
        let (a, cut, mut random) = (&at.a, Tolerance::Default, at.random(8));
        let (m, n) = (a.rows(), a.cols());
        let (q, r, z) = (random.orthonormal::<S>(m, m), random.orthonormal::<S>(n, n), random.matrix::<S>(m, n));
        let (b, y, g) = (random.matrix::<S>(m, 2), random.matrix::<S>(n, 2), random.matrix::<S>(n, n));
        let product = |x: &Mat<S>, y: &Mat<S>| x.product(y).unwrap();
        let turn = |x: &Mat<S>| product(&product(&q, x), &r);
        let back = r.adjoint();
        let (svd, turned) = (Svd::thin(a).unwrap(), Svd::thin(&turn(a)).unwrap());
        let mirrored = Svd::thin(&a.adjoint()).unwrap();
        let p = at.exponent(3.0);
        let scaled = Svd::thin(&times_power(a, p)).unwrap();
        let same = |how: &str, other: &Mat<S>, expected: &Mat<S>| {
            let error = error(other, &wide(expected), 0.0);
            println!("{how} {error:.2} at {}", at.what);
            assert!(error <= 2.0 * BOUND, "{how}: {error:.1} max(m, n) ε at {}", at.what);
        };

        let (zero_b, zero_y) = (Mat::zeros(m, 2), Mat::zeros(n, 2));
        let solve = |svd: &Svd<S>, b: &Mat<S>, y: &Mat<S>, z: &Mat<S>| {
            let (ga, gb) = svd.solve_vjp(b, cut, y).unwrap();
            let (ha, hb) = svd.solve_vjp_tangent(b, cut, (y, &zero_y), (z, &zero_b)).unwrap();
            [ga, gb, ha, hb]
        };
        let [ga, gb, ha, hb] = solve(&svd, &b, &y, &z);
        let [other_ga, other_gb, other_ha, other_hb] = solve(&turned, &product(&q, &b), &product(&back, &y), &turn(&z));
        same("least squares, gA", &other_ga, &turn(&ga));
        same("least squares, gb", &other_gb, &product(&q, &gb));
        same("least squares, gA′", &other_ha, &turn(&ha));
        same("least squares, gb′", &other_hb, &product(&q, &hb));
        let [scaled_ga, scaled_gb, scaled_ha, scaled_hb] = solve(&scaled, &b, &y, &z);
        same("scaled gA", &times_power(&scaled_ga, 2 * p), &ga);
        same("scaled gb", &times_power(&scaled_gb, p), &gb);
        same("scaled gA′", &times_power(&scaled_ha, 3 * p), &ha);
        same("scaled gb′", &times_power(&scaled_hb, 2 * p), &hb);

        let bar = random.matrix::<S>(n, m);
        let gradient = svd.pinv_vjp(cut, &bar).unwrap();
        let turned_bar = product(&product(&back, &bar), &q.adjoint());
        same("pseudoinverse", &turned.pinv_vjp(cut, &turned_bar).unwrap(), &turn(&gradient));
        same("mirrored pseudoinverse", &mirrored.pinv_vjp(cut, &bar.adjoint()).unwrap().adjoint(), &gradient);

        let factor = Hermitian::factor;
        let both = |svd: &Svd<S>, side, z: &Mat<S>, g: &Mat<S>| {
            let f = factor(side);
            [svd.hermitian_vjp(&f, g).unwrap(), svd.hermitian_vjp_tangent(&f, z, g).unwrap()]
        };
        let unit = both(&svd, Side::Right, &z, &g);
        let moved = both(&turned, Side::Right, &turn(&z), &product(&product(&back, &g), &r));
        let other = both(&mirrored, Side::Left, &z.adjoint(), &g);
        let large = both(&scaled, Side::Right, &z, &g);
        for order in 0..2 {
            same("Hermitian factor", &moved[order], &turn(&unit[order]));
            same("mirrored Hermitian factor", &other[order].adjoint(), &unit[order]);
            let degree = if order == 0 { 0 } else { -1 };
            same("scaled Hermitian factor", &times_power(&large[order], -p * degree), &unit[order]);
        }
    }

    /// The unitary matrix nearest to M, and the Hermitian factor beside it.
    pub(super) fn procrustes<S: Entry>(at: &Point<S>) {
        let (a, what) = (&at.a, &at.what);
        let svd = Svd::thin(a).unwrap();
        let (w, h) = (svd.map(Polar).unwrap(), svd.hermitian(&Hermitian::factor(Side::Right)).unwrap());
        assert_close(&w.product(&h).unwrap(), &wide(a), 0.0, what);
        // dA = dW H + W dH.
        let z = Random::new(12).matrix::<S>(a.rows(), a.cols());
        let dw = svd.map_jvp(Polar, &z).unwrap();
        let dh = svd.hermitian_jvp(&Hermitian::factor(Side::Right), &z).unwrap();
        let sum = plus(&dw.product(&h).unwrap(), <S::Real as One>::one(), &w.product(&dh).unwrap());
        let scale = norm(&dw).to_f64() * norm(&h).to_f64();
        assert_close(&sum, &wide(&z), scale, what);
    }
}

pub(crate) fn rotation_errors<R: Real + Entry<Real = R, Wide = Dd>>(first: u64, gap: f64) {
    // Both orientations, pairs of equal values among those that do not matter, det A = 0.
    let near = 1.0 - 0.3 * gap;
    let spectra = [[1.0, near, near, 0.25], [1.0, 0.5, 0.5 * near, 0.25], [1.0, near, 0.5, 0.0]];
    for (seed, s) in spectra.into_iter().enumerate() {
        for flip in [1.0, -1.0] {
            let mut a = Random::new(first.wrapping_add(seed as u64)).with_singular_values::<R>(4, 4, &s);
            for j in 0..4 {
                a[(0, j)] *= R::from_f64(flip);
            }
            let mut random = Random::new(9);
            let (y, z) = (random.matrix::<R>(4, 4), random.matrix::<R>(4, 4));
            let svd = Svd::thin(&a).unwrap();
            let rotation = svd.rotation().unwrap();
            let nearest = |a: &Mat<Dd>| {
                let svd = Svd::thin(a).unwrap();
                svd.map(svd.rotation().unwrap()).unwrap()
            };
            let what = format!("{s:?} {flip}");
            assert_close(&svd.map(rotation).unwrap(), &nearest(&wide(&a)), 0.0, &what);
            let jvp = svd.map_jvp(rotation, &z).unwrap();
            assert_close(&jvp, &slope(|h| plus(&wide(&a), h.into(), &wide(&z)), nearest), 0.0, &what);
            assert_adjoint(&y, &jvp, &svd.map_vjp(rotation, &y).unwrap(), &z, &what);
        }
    }
}

#[test]
fn rotations_of_either_orientation() {
    for gap in GAPS {
        rotation_errors::<f64>(40, gap);
        rotation_errors::<f32>(40, gap);
    }
}

#[test]
fn rotations_are_proper_and_nearest() {
    let mut random = Random::new(77);
    for n in 1..6 {
        for _ in 0..20 {
            let a = random.matrix::<f64>(n, n);
            let svd = Svd::thin(&a).unwrap();
            let r = svd.map(svd.rotation().unwrap()).unwrap();
            assert!(determinant(&r) > 0.0, "{n}×{n}");
            let best = inner(&r, &a);
            for _ in 0..20 {
                let b = Svd::thin(&random.matrix::<f64>(n, n)).unwrap();
                let other = b.map(b.rotation().unwrap()).unwrap();
                assert!(inner(&other, &a) <= best + 1e-12);
            }
        }
    }
}

/// By the definition.
fn determinant(a: &Mat<f64>) -> f64 {
    let n = a.rows();
    if n == 0 {
        return 1.0;
    }
    (0..n)
        .map(|j| {
            let minor = Mat::from_fn(n - 1, n - 1, |i, l| a[(i + 1, if l < j { l } else { l + 1 })]);
            a[(0, j)] * determinant(&minor) * if j % 2 == 0 { 1.0 } else { -1.0 }
        })
        .sum()
}

#[test]
fn degenerate_rotations_are_reported() {
    let diagonal = |d: [f64; 3]| Mat::from_fn(3, 3, |i, j| if i == j { d[i] } else { 0.0 });
    let derivative = |a: &Mat<f64>| {
        let svd = Svd::thin(a).unwrap();
        svd.map_vjp(svd.rotation().unwrap(), &Mat::identity(3))
    };
    assert!(derivative(&diagonal([3.0, 1.0, 1.0])).is_ok());
    assert!(derivative(&diagonal([3.0, 1.0, 0.0])).is_ok());
    let equal = derivative(&diagonal([3.0, 1.0, -1.0]));
    assert!(matches!(equal, Err(Error::EqualSingularValues { first: 1, second: 2, value: 1.0, .. })), "{equal:?}");
    let zeros = derivative(&diagonal([3.0, 0.0, 0.0]));
    assert!(matches!(zeros, Err(Error::ZeroSingularValue { index: 1, .. })), "{zeros:?}");
    let tiny = derivative(&diagonal([3.0, 1e-17, 0.0]));
    assert!(matches!(tiny, Err(Error::ZeroSingularValue { index: 1, value: 1e-17, .. })), "{tiny:?}");
    for d in [[3.0, 1.0, -1.0], [3.0, 0.0, 0.0]] {
        let svd = Svd::thin(&diagonal(d)).unwrap();
        assert!(svd.map_second(svd.rotation().unwrap(), &Mat::identity(3), &Mat::identity(3)).is_err(), "{d:?}");
    }
    // The last but one of two, of five.
    let of = |d: &[f64]| {
        let svd = Svd::thin(&Mat::from_fn(d.len(), d.len(), |i, j| if i == j { d[i] } else { 0.0 })).unwrap();
        svd.map_vjp(svd.rotation().unwrap(), &Mat::identity(d.len()))
    };
    assert!(matches!(of(&[1.0, -1.0]), Err(Error::EqualSingularValues { first: 0, second: 1, .. })));
    assert!(matches!(of(&[0.0, 0.0]), Err(Error::ZeroSingularValue { index: 0, value: 0.0, .. })));
    let five = of(&[3.0, 2.0, 1.0, 1e-17, 0.0]);
    assert!(matches!(five, Err(Error::ZeroSingularValue { index: 3, value: 1e-17, .. })), "{five:?}");
    let wide = Svd::thin(&Mat::<f64>::zeros(2, 3)).unwrap();
    assert!(matches!(wide.rotation(), Err(Error::Shape { .. })));
    let short = Rotation::of(&Svd::thin(&diagonal([1.0; 3])).unwrap().factors(), &mut [0.0; 17]);
    assert_eq!(short, Err(Error::Workspace { needed: 18, got: 17 }));
}

#[test]
fn factors_and_cuts_that_have_no_derivative_are_reported() {
    let a = Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 0.0]]);
    let svd = Svd::thin(&a).unwrap();
    let factor = svd.hermitian_vjp(&Hermitian::factor(Side::Right), &a);
    assert!(matches!(factor, Err(Error::ZeroSingularValue { index: 1, .. })), "{factor:?}");
    assert!(svd.hermitian(&Hermitian::factor(Side::Right)).is_ok());
    let at_the_cut = Svd::thin(&Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 1.0]])).unwrap();
    let cut = Tolerance::Relative(0.5);
    assert!(matches!(at_the_cut.pinv_vjp(cut, &a), Err(Error::Parameter { value: 1.0, .. })));
    let projector = Hermitian::range(&at_the_cut.factors(), Side::Left, cut);
    assert!(matches!(at_the_cut.hermitian_vjp(&projector, &a), Err(Error::Parameter { value: 1.0, .. })));
    let bad = Svd::thin(&Mat::<f64>::zeros(3, 2)).unwrap().pinv_vjp(Tolerance::Default, &Mat::zeros(3, 2));
    assert!(matches!(bad, Err(Error::Shape { got: (3, 2), expected: (2, 3), .. })), "{bad:?}");
    let nan = at_the_cut.solve(&Mat::from_rows(&[[f64::NAN], [0.0]]), Tolerance::Default);
    assert!(matches!(nan, Err(Error::NonFinite { row: 0, column: 0, nan: true, .. })), "{nan:?}");
}

/// U₁U₁ᴴ by its definition, and I less that, whatever is in the target before.
#[test]
fn projectors_by_definition() {
    let mut random = Random::new(19);
    for (m, n) in [(5, 3), (3, 5), (1, 1)] {
        let svd = Svd::thin(&random.matrix::<f64>(m, n)).unwrap();
        let cut = Tolerance::Relative(1e-3);
        for (side, basis) in [(Side::Left, svd.u()), (Side::Right, svd.v())] {
            let range = basis.product(&basis.adjoint()).unwrap();
            let null_space = plus(&Mat::identity(range.rows()), -1.0, &range);
            let (factors, d) = (svd.factors(), range.rows());
            for (map, expected) in [
                (Hermitian::range(&factors, side, cut), range),
                (Hermitian::null_space(&factors, side, cut), null_space),
            ] {
                let mut sum = Mat::from_fn(d, d, |i, j| (i + 2 * j) as f64);
                let before = sum.clone();
                let mut work = vec![0.0; hermitian_workspace_len::<f64>(m, n, svd.s().len())];
                map.value_into(&factors, Target::Add(sum.as_mut()), &mut work).unwrap();
                for (got, before) in [(svd.hermitian(&map).unwrap(), Mat::zeros(d, d)), (sum, before)] {
                    assert!(norm(&plus(&plus(&got, -1.0, &before), -1.0, &expected)) < 1e-14, "{m}×{n}, {side:?}");
                }
            }
        }
    }
}

/// Rotation and translation between clouds, of which the second may be the mirror image of the first.
#[test]
fn superposition_of_two_clouds() {
    let mut random = Random::new(5);
    for (d, mirror) in [(3, 1.0), (3, -1.0), (2, -1.0), (1, 1.0)] {
        let p = random.matrix::<f64>(6, d);
        let noise = random.matrix::<f64>(6, d);
        let q =
            Mat::from_fn(6, d, |i, j| if j == 0 { mirror * p[(i, j)] } else { p[(i, j)] } + 0.1 * noise[(i, j)] + 2.0);
        let (y, t) = (random.matrix::<f64>(d, d), random.matrix::<f64>(d, 1));
        let motion = Superposition::new(&p, &q).unwrap();
        assert!(determinant(motion.rotation()) > 0.0);

        // No rotation about the centres and no shift is better.
        let misfit = |r: &Mat<f64>, shift: f64| {
            let moved = p.product(&r.adjoint()).unwrap();
            let rest = Mat::from_fn(6, d, |i, j| moved[(i, j)] + motion.translation()[j] + shift - q[(i, j)]);
            norm(&rest)
        };
        let best = misfit(motion.rotation(), 0.0);
        assert!(misfit(motion.rotation(), 1e-3) > best && misfit(motion.rotation(), -1e-3) > best);

        let (gp, gq) = motion.vjp(&y, t.as_slice()).unwrap();
        let (dp, dq) = (random.matrix::<f64>(6, d), random.matrix::<f64>(6, d));
        let loss = |h: f64| {
            let moved = Superposition::new(&plus(&p, h, &dp), &plus(&q, h, &dq)).unwrap();
            let shift: f64 = moved.translation().iter().zip(t.as_slice()).map(|(a, b)| a * b).sum();
            inner(&y, moved.rotation()) + shift
        };
        let slope = (loss(1e-6) - loss(-1e-6)) / 2e-6;
        assert!((slope - inner(&gp, &dp) - inner(&gq, &dq)).abs() < 1e-7 * slope.abs().max(1.0), "{d} {mirror}");
    }
    let refused = Superposition::new(&Mat::<f64>::zeros(6, 3), &Mat::zeros(5, 3));
    assert!(matches!(refused, Err(Error::Shape { got: (5, 3), expected: (6, 3), .. })));
}

/// Every function adds to its target, or overwrites it whatever is in it, and needs exactly the memory it says.
#[test]
fn targets_that_are_added_to() {
    type Fill<'a> = dyn Fn(Target<'_, f64>, &mut [f64]) -> Result<(), Error> + 'a;
    let check = |what: &str, shape: (usize, usize), len: usize, expected: &Mat<f64>, fill: &Fill<'_>| {
        let ones = Mat::from_fn(shape.0, shape.1, |_, _| 1.0);
        let mut x = ones.clone();
        fill(Target::Add(x.as_mut()), &mut vec![f64::NAN; len]).unwrap();
        let mut y = Mat::from_fn(shape.0, shape.1, |_, _| f64::NAN);
        fill(Target::Overwrite(y.as_mut()), &mut vec![f64::NAN; len]).unwrap();
        for rest in [plus(&plus(&x, -1.0, &ones), -1.0, expected), plus(&y, -1.0, expected)].map(|rest| norm(&rest)) {
            assert!(rest <= 1e-13 * (1.0 + norm(expected)), "{what}: {rest:e}");
        }
        let short = fill(Target::Overwrite(x.as_mut()), &mut vec![0.0; len - 1]);
        assert_eq!(short, Err(Error::Workspace { needed: len, got: len - 1 }), "{what}");
    };
    for (m, n) in [(5, 3), (3, 5)] {
        let mut random = Random::new(14);
        let a = random.with_singular_values::<f64>(m, n, &[2.0, 1.0]);
        for svd in [Svd::thin(&a).unwrap(), Svd::thin(&a).unwrap().truncate(2)] {
            let (factors, k, cut) = (svd.factors(), svd.s().len(), Tolerance::Default);
            let (z, b, db) = (random.matrix::<f64>(m, n), random.matrix::<f64>(m, 2), random.matrix::<f64>(m, 2));
            let (y, gp) = (random.matrix::<f64>(n, 2), random.matrix::<f64>(n, m));
            let problem = LeastSquares { b: b.as_ref(), cutoff: cut };
            let len = LeastSquares::<f64>::workspace_len(m, n, k, 2);
            let tangent = LeastSquaresTangent { a: z.as_ref(), b: db.as_ref() };
            check("solve", (n, 2), len, &svd.solve(&b, cut).unwrap(), &|x, w| problem.solve_into(&factors, x, w));
            let expected = svd.solve_jvp(&b, cut, &z, &db).unwrap();
            check("solve_jvp", (n, 2), len, &expected, &|x, w| problem.jvp_into(&factors, &tangent, x, w));
            let (ga, gb) = svd.solve_vjp(&b, cut, &y).unwrap();
            check("solve_vjp, gA", (m, n), len, &ga, &|a, w| {
                let mut other = Mat::zeros(m, 2);
                let gradient = LeastSquaresGradient { a, b: Target::Overwrite(other.as_mut()) };
                problem.vjp_into(&factors, y.as_ref(), gradient, w)
            });
            check("solve_vjp, gb", (m, 2), len, &gb, &|b, w| {
                let mut other = Mat::zeros(m, n);
                let gradient = LeastSquaresGradient { a: Target::Overwrite(other.as_mut()), b };
                problem.vjp_into(&factors, y.as_ref(), gradient, w)
            });

            let len = map_workspace_len::<f64>(m, n, k);
            check("pinv", (n, m), len, &svd.pinv(cut).unwrap(), &|x, w| pinv_into(&factors, cut, x, w));
            let len = map_derivative_workspace_len::<f64>(m, n, k);
            let (jvp, vjp) = (svd.pinv_jvp(cut, &z).unwrap(), svd.pinv_vjp(cut, &gp).unwrap());
            check("pinv_jvp", (n, m), len, &jvp, &|x, w| pinv_jvp_into(&factors, cut, z.as_ref(), x, w));
            check("pinv_vjp", (m, n), len, &vjp, &|x, w| pinv_vjp_into(&factors, cut, gp.as_ref(), x, w));

            let len = hermitian_workspace_len::<f64>(m, n, k);
            for (side, d) in [(Side::Left, m), (Side::Right, n)] {
                let null = Hermitian::null_space(&factors, side, cut);
                let bar = random.matrix::<f64>(d, d);
                let (value, jvp) = (svd.hermitian(&null).unwrap(), svd.hermitian_jvp(&null, &z).unwrap());
                let vjp = svd.hermitian_vjp(&null, &bar).unwrap();
                check("projector", (d, d), len, &value, &|x, w| null.value_into(&factors, x, w));
                check("its jvp", (d, d), len, &jvp, &|x, w| null.jvp_into(&factors, z.as_ref(), x, w));
                check("its vjp", (m, n), len, &vjp, &|x, w| null.vjp_into(&factors, bar.as_ref(), x, w));
            }
        }
    }
}
