//! The second order of what is not of the form U f(S) Vᴴ: Hermitian factor, projectors, least squares.

use super::factors::{CUT, ConstantRank};
use crate::support::derivatives::{inner, norm, plus, wide};
use crate::support::double_double::Dd;
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectral::{Point, SHAPES, error, scaled};
use diffsvd::spectral::{
    Hermitian, Indicator, Inverse, LeastSquares, LeastSquaresGradient, LeastSquaresSecondOrder, LeastSquaresTangent,
    Power, Side, SoftThreshold, Tikhonov, TwiceDifferentiable, hermitian_second_workspace_len,
};
use diffsvd::{Error, Mat, Real, Svd, Target, Tolerance};

/// What every error stays below, in units of max(m, n) ε (measured: 11 over 500 drawn matrices, 6.2 over the sweep).
const BOUND: f64 = 20.0;
/// Of the central differences of the first derivative.
const STEP: f64 = 1e-14;

for_every_type! {
    over_the_sweep: every_point;
    of_compact_factors: missing_triplets;
    below_full_rank: every_rank_three;
}

fn every_point<S: Entry>() {
    Point::<S>::sweep(every_second);
}

fn every_rank_three<S: Entry>() {
    for shape in SHAPES {
        of_rank_three::<S>(shape, 31);
    }
}

/// All that is differentiated twice at full rank.
pub(crate) fn every_second<S: Entry>(at: &Point<S>) {
    every_hermitian(at);
    least_squares(at);
}

/// The central difference of `value` along A + h Z.
fn slope<S: Entry>(a: &Mat<S>, z: &Mat<S>, value: impl Fn(&Svd<S::Wide>) -> Mat<S::Wide>) -> Mat<S::Wide> {
    let at = |h: f64| value(&Svd::thin(&plus(&wide(a), h.into(), &wide(z))).unwrap());
    scaled(&plus(&at(STEP), Dd::from(-1.0), &at(-STEP)), 0.5 / STEP)
}

fn hermitian<F>(side: Side, f: F, complement: bool) -> Hermitian<F> {
    Hermitian { side, f, complement }
}

/// Every function on both sides.
fn every_hermitian<S: Entry>(at: &Point<S>) {
    let c = S::Real::from_f64;
    for side in [Side::Left, Side::Right] {
        let pair = |x| (SoftThreshold(c(x)), SoftThreshold(Dd::from(x)));
        check_hermitian("factor", side, pair(0.0), at);
        check_hermitian("threshold", side, pair(0.3125), at);
        check_hermitian("filter", side, (Tikhonov(c(0.5)), Tikhonov(0.5.into())), at);
        check_hermitian("Gram matrix", side, (Square, Square), at);
        check_hermitian("inverse", side, (Inverse::above(c(0.0)), Inverse::above(0.0.into())), at);
        let cut = |x| (Indicator { cut: c(x) }, Indicator { cut: Dd::from(x) });
        check_hermitian("projector", side, cut(0.3125), at);
    }
}

/// AᴴA and AAᴴ, by nothing but value and two derivatives.
#[derive(Clone, Copy, Debug)]
struct Square;
impl<R: Real> diffsvd::spectral::SpectralFunction<R> for Square {
    fn value(&self, s: R) -> R {
        s * s
    }
    fn derivative(&self, s: R) -> R {
        s + s
    }
}
impl<R: Real> TwiceDifferentiable<R> for Square {
    fn second_derivative(&self, _s: R) -> R {
        R::from_f64(2.0)
    }
}

/// D² and the tangent of the backward map at A, against central differences of the double-double derivatives and against the same code in
/// double-double arithmetic; both symmetric, and adjoint to each other.
fn check_hermitian<S: Entry, F: TwiceDifferentiable<S::Real>, W: TwiceDifferentiable<Dd>>(
    name: &str,
    side: Side,
    (f, in_dd): (F, W),
    at: &Point<S>,
) {
    let (a, what) = (&at.a, &at.what);
    let complement = name == "projector";
    let (g, in_dd) = (hermitian(side, f, complement), hermitian(side, in_dd, complement));
    let d = if side == Side::Left { a.rows() } else { a.cols() };
    let mut random = at.random(19);
    let [y, z] = [(); 2].map(|()| random.matrix::<S>(a.rows(), a.cols()));
    let bar = random.matrix::<S>(d, d);
    let svd = Svd::thin(a).unwrap();
    let reference = Svd::thin(&wide(a)).unwrap();
    let (second, tangent) =
        (svd.hermitian_second(&g, &y, &z).unwrap(), svd.hermitian_vjp_tangent(&g, &y, &bar).unwrap());
    let errors = [
        ("reference", error(&second, &reference.hermitian_second(&in_dd, &wide(&y), &wide(&z)).unwrap(), 0.0)),
        ("difference", error(&second, &slope(a, &y, |svd| svd.hermitian_jvp(&in_dd, &wide(&z)).unwrap()), 0.0)),
        ("symmetry", error(&svd.hermitian_second(&g, &z, &y).unwrap(), &wide(&second), 0.0)),
        (
            "backward reference",
            error(&tangent, &reference.hermitian_vjp_tangent(&in_dd, &wide(&y), &wide(&bar)).unwrap(), 0.0),
        ),
        (
            "backward difference",
            error(&tangent, &slope(a, &y, |svd| svd.hermitian_vjp(&in_dd, &wide(&bar)).unwrap()), 0.0),
        ),
    ];
    for (kind, error) in errors {
        println!("{name} {kind} {error:.2} at {side:?} {what}");
        assert!(error <= BOUND, "{name} {side:?}, {what}: error of {kind} is {error:.1} max(m, n) ε");
    }
    // ⟨Ḡ, D²[Y, Z]⟩ = ⟨tangent along Y, Z⟩, and the Hessian Y ↦ tangent is symmetric.
    let other = svd.hermitian_vjp_tangent(&g, &z, &bar).unwrap();
    for (left, right, size) in [
        (inner(&bar, &second), inner(&tangent, &z), norm(&bar) * norm(&second)),
        (inner(&tangent, &z), inner(&other, &y), norm(&tangent) * norm(&z)),
    ] {
        let defect = (left - right).abs() / size / S::Real::EPSILON;
        assert!(defect.to_f64() <= 20.0, "{name} {side:?}, {what}: adjoint or symmetric to {defect:?} ε only");
    }
}

fn missing_triplets<S: Entry>() {
    for (m, n) in SHAPES {
        let mut random = Random::new(3);
        let a = random.with_singular_values::<S>(m, n, &[1.0, 1.0, 0.25]);
        let [y, z] = [(); 2].map(|()| random.matrix::<S>(m, n));
        let whole = Svd::thin(&a).unwrap();
        let compact = whole.clone().truncate(3);
        for side in [Side::Left, Side::Right] {
            let projector = Hermitian::range(&whole.factors(), side, Tolerance::Relative(S::Real::from_f64(1e-3)));
            let d = if side == Side::Left { m } else { n };
            let bar = random.matrix::<S>(d, d);
            for (whole, compact) in [
                (whole.hermitian_second(&projector, &y, &z), compact.hermitian_second(&projector, &y, &z)),
                (
                    whole.hermitian_vjp_tangent(&projector, &y, &bar),
                    compact.hermitian_vjp_tangent(&projector, &y, &bar),
                ),
            ] {
                let error = error(&compact.unwrap(), &wide(&whole.unwrap()), 0.0);
                println!("{} {m}×{n} {side:?} {error:.2}", S::NAME);
                assert!(error <= BOUND, "{} {m}×{n} {side:?}: the compact form is {error:.1} off", S::NAME);
            }
        }
    }
}

/// b, gx and what the two and A change by.
struct Directions<S: diffsvd::Scalar> {
    b: Mat<S>,
    x_bar: Mat<S>,
    a_dot: Mat<S>,
    b_dot: Mat<S>,
    x_bar_dot: Mat<S>,
}

impl<S: Entry> Directions<S> {
    fn random(a_dot: Mat<S>, columns: usize, mut random: Random) -> Self {
        let [b, b_dot] = [(); 2].map(|()| random.matrix(a_dot.rows(), columns));
        let [x_bar, x_bar_dot] = [(); 2].map(|()| random.matrix(a_dot.cols(), columns));
        Directions { b, x_bar, a_dot, b_dot, x_bar_dot }
    }
    fn wide(&self) -> Directions<S::Wide> {
        let Directions { b, x_bar, a_dot, b_dot, x_bar_dot } = self;
        let [a_dot, x_bar, b_dot, x_bar_dot] = [a_dot, x_bar, b_dot, x_bar_dot].map(wide);
        Directions { b: wide(b), x_bar, a_dot, b_dot, x_bar_dot }
    }
    fn tangent(&self, svd: &Svd<S>, cutoff: Tolerance<S::Real>) -> [Mat<S>; 2] {
        let Directions { b, x_bar, a_dot, b_dot, x_bar_dot } = self;
        svd.solve_vjp_tangent(b, cutoff, (x_bar, x_bar_dot), (a_dot, b_dot)).unwrap().into()
    }
}

fn least_squares<S: Entry>(at: &Point<S>) {
    let (a, what) = (&at.a, &at.what);
    let a_dot = at.random(23).matrix::<S>(a.rows(), a.cols());
    let curve = |h: f64| plus(&wide(a), h.into(), &wide(&a_dot));
    for columns in [1, 3] {
        let directions = Directions::random(a_dot.clone(), columns, at.random(37));
        check_least_squares(&Svd::thin(a).unwrap(), &directions, curve, what);
    }
    check_hessian(at);
}

/// Along a curve of rank 3.
pub(crate) fn of_rank_three<S: Entry>(shape: (usize, usize), seed: u64) {
    let curve = ConstantRank::<S>::new(shape, seed);
    let svd = Svd::thin(&curve.a).unwrap();
    for svd in [svd.clone(), svd.truncate(3)] {
        let what = format!("{} {shape:?}, {} triplets", S::NAME, svd.s().len());
        let directions = Directions::random(curve.tangent(), 2, Random::new(seed));
        check_least_squares(&svd, &directions, |h| curve.curve(h), &what);
    }
}

/// The tangent of the backward map along a curve, against central differences of the double-double one, and against the same code
/// in double-double arithmetic.
fn check_least_squares<S: Entry>(svd: &Svd<S>, at: &Directions<S>, curve: impl Fn(f64) -> Mat<S::Wide>, what: &str) {
    let (cut, cut_dd) = (Tolerance::Relative(S::Real::from_f64(CUT)), Tolerance::Relative(CUT.into()));
    let got = at.tangent(svd, cut);
    let exact = at.wide();
    let gradient = |h: f64| {
        let (b, x_bar) = (plus(&exact.b, h.into(), &exact.b_dot), plus(&exact.x_bar, h.into(), &exact.x_bar_dot));
        let moved = Svd::thin(&curve(h)).unwrap().solve_vjp(&b, cut_dd, &x_bar).unwrap();
        <[_; 2]>::from(moved)
    };
    let (ahead, behind) = (gradient(STEP), gradient(-STEP));
    let reference = exact.tangent(&Svd::thin(&curve(0.0)).unwrap(), cut_dd);
    let condition = svd.s()[0].to_f64() / svd.s().iter().filter(|&&s| s.to_f64() > 1e-3).last().unwrap().to_f64();
    for (i, got) in got.iter().enumerate() {
        let difference = scaled(&plus(&ahead[i], Dd::from(-1.0), &behind[i]), 0.5 / STEP);
        for (kind, exact) in [("reference", &reference[i]), ("difference", &difference)] {
            let error = error(got, exact, 0.0) / condition;
            println!("least squares {i} {kind} {error:.2} at {what}");
            assert!(error <= BOUND, "{what}: error {i} of {kind} is {error:.1} max(m, n) ε");
        }
    }
}

/// Of L = ‖A⁺ b‖²/2, gx = x and dgx = dx: the Hessian over A and b together is symmetric.
fn check_hessian<S: Entry>(at: &Point<S>) {
    let (a, what) = (&at.a, &at.what);
    let (svd, cut) = (Svd::thin(a).unwrap(), Tolerance::Relative(S::Real::from_f64(CUT)));
    let mut random = at.random(29);
    let b = random.matrix::<S>(a.rows(), 2);
    let x = svd.solve(&b, cut).unwrap();
    let directions = [(); 2].map(|()| (random.matrix::<S>(a.rows(), a.cols()), random.matrix::<S>(a.rows(), 2)));
    let product = |(da, db): &(Mat<S>, Mat<S>)| {
        let dx = svd.solve_jvp(&b, cut, da, db).unwrap();
        svd.solve_vjp_tangent(&b, cut, (&x, &dx), (da, db)).unwrap()
    };
    let pair = |x: &(Mat<S>, Mat<S>), y: &(Mat<S>, Mat<S>)| inner(&x.0, &y.0) + inner(&x.1, &y.1);
    let [y, z] = &directions;
    let (hy, hz) = (product(y), product(z));
    let defect = (pair(&hy, z) - pair(y, &hz)).abs() / (norm(&hy.0) * norm(&z.0)) / S::Real::EPSILON;
    println!("least squares Hessian {:.2} at {what}", defect.to_f64());
    assert!(defect.to_f64() <= 40.0, "{what}: the Hessian is symmetric to {defect:?} ε only");
}

/// Targets that are added to, memory of exactly the stated length, and every refusal.
#[test]
fn on_the_callers_memory() {
    for (m, n) in [(5, 3), (3, 5)] {
        let mut random = Random::new(6);
        let a = random.with_singular_values::<f64>(m, n, &[2.0, 1.0]);
        let svd = Svd::thin(&a).unwrap().truncate(2);
        let (factors, cut) = (svd.factors(), Tolerance::Relative(1e-3));
        let y = random.matrix::<f64>(m, n);
        let projector = Hermitian::null_space(&factors, Side::Left, cut);
        let bar = random.matrix::<f64>(m, m);
        let ones = |rows, cols| Mat::from_fn(rows, cols, |_, _| 1.0);
        let rest =
            |x: &Mat<f64>, expected: &Mat<f64>| norm(&plus(&plus(x, -1.0, &ones(x.rows(), x.cols())), -1.0, expected));

        let len = hermitian_second_workspace_len::<f64>(m, n, 2);
        let (mut second, mut tangent) = (ones(m, m), ones(m, n));
        let mut work = vec![f64::NAN; len];
        projector.second_into(&factors, [y.as_ref(); 2], Target::Add(second.as_mut()), &mut work).unwrap();
        work.fill(f64::NAN);
        let pair = (y.as_ref(), bar.as_ref());
        projector.vjp_tangent_into(&factors, pair, Target::Add(tangent.as_mut()), &mut work).unwrap();
        assert!(rest(&second, &svd.hermitian_second(&projector, &y, &y).unwrap()) < 1e-13);
        assert!(rest(&tangent, &svd.hermitian_vjp_tangent(&projector, &y, &bar).unwrap()) < 1e-13);
        let short = projector.vjp_tangent_into(&factors, pair, Target::Add(tangent.as_mut()), &mut work[1..]);
        assert_eq!(short, Err(Error::Workspace { needed: len, got: len - 1 }));

        let at = Directions::random(y.clone(), 2, Random::new(37));
        let problem = LeastSquares { b: at.b.as_ref(), cutoff: cut };
        let tangent = LeastSquaresTangent { a: at.a_dot.as_ref(), b: at.b_dot.as_ref() };
        let point = LeastSquaresSecondOrder { x_bar: at.x_bar.as_ref(), tangent, x_bar_dot: at.x_bar_dot.as_ref() };
        let len = LeastSquares::<f64>::second_workspace_len(m, n, 2, 2);
        let (mut ga, mut gb) = (ones(m, n), ones(m, 2));
        let mut attempt = |work: &mut [f64]| {
            let gradient = LeastSquaresGradient { a: Target::Add(ga.as_mut()), b: Target::Add(gb.as_mut()) };
            problem.vjp_tangent_into(&factors, &point, gradient, work)
        };
        assert_eq!(attempt(&mut vec![0.0; len - 1]), Err(Error::Workspace { needed: len, got: len - 1 }));
        attempt(&mut vec![f64::NAN; len]).unwrap();
        let [a_expected, b_expected] = at.tangent(&svd, cut);
        assert!(rest(&ga, &a_expected) < 1e-13 && rest(&gb, &b_expected) < 1e-13);
    }
}

#[test]
fn what_has_no_second_derivative_is_reported() {
    let (a, z) = (Mat::<f64>::from_rows(&[[2.0, 0.0], [0.0, 0.0]]), Mat::identity(2));
    let svd = Svd::thin(&a).unwrap();
    let zero = svd.hermitian_second(&Hermitian::factor(Side::Right), &z, &z);
    assert!(matches!(zero, Err(Error::ZeroSingularValue { index: 1, .. })), "{zero:?}");
    // AᴴA is twice differentiable everywhere, but its curvature at the missing zeros needs their vectors; |s|³ᐟ² bends infinitely at zero.
    let gram = hermitian(Side::Right, Square, false);
    let second = svd.hermitian_second(&gram, &z, &z).unwrap();
    assert!(norm(&plus(&second, -2.0, &z)) < 1e-15, "{second:?}");
    let missing = svd.clone().truncate(1).hermitian_second(&gram, &z, &z);
    assert!(matches!(missing, Err(Error::ZeroSingularValue { index: 1, .. })), "{missing:?}");
    let bent = svd.hermitian_vjp_tangent(&hermitian(Side::Right, Power(1.5), false), &z, &z);
    assert!(matches!(bent, Err(Error::ZeroSingularValue { index: 1, .. })), "{bent:?}");
    let at_the_cut = Hermitian::range(&svd.factors(), Side::Left, Tolerance::Relative(1.0));
    assert!(matches!(svd.hermitian_second(&at_the_cut, &z, &z), Err(Error::Parameter { value: 2.0, .. })));
    let wrong = svd.hermitian_vjp_tangent(&gram, &Mat::zeros(2, 3), &z);
    assert!(matches!(wrong, Err(Error::Shape { got: (2, 3), expected: (2, 2), .. })), "{wrong:?}");
}
