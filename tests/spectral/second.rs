//! The second derivative of U f(S) Vᴴ, also with equal and missing singular values, against double-double references.

use crate::erased::AnyMap;
use crate::support::derivatives::{inner, norm, plus, wide};
use crate::support::double_double::Dd;
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectral::{Point, error, scaled, sweep};
use diffsvd::spectral::{Polar, Power, Tikhonov, Wiener, map_second_into, map_second_workspace_len};
use diffsvd::{Error, Factors, Mat, MatRef, Real, Svd, Target};
use num_complex::Complex;

/// What every error stays below, in units of max(m, n) ε (measured: 10 for the reciprocal square, of condition 8³, over 400 drawn matrices of at least four
/// columns; 3.9 over the sweep).
const BOUND: f64 = 16.0;
/// Of the central differences of the first derivative.
const STEP: f64 = 1e-14;

#[test]
fn of_f64() {
    Point::<f64>::sweep(|at| every_function!(check, f64, at));
}
#[test]
fn of_complex_f64() {
    Point::<Complex<f64>>::sweep(|at| every_function!(check, Complex<f64>, at));
}
#[test]
fn of_f32() {
    Point::<f32>::sweep(|at| every_function!(check, f32, at));
}
#[test]
fn of_complex_f32() {
    Point::<Complex<f32>>::sweep(|at| every_function!(check, Complex<f32>, at));
}

/// Against central differences of the double-double backward map, and against the same code in double-double arithmetic.
pub(crate) fn check<S: Entry>(
    (name, _): (&str, f64),
    f: &dyn Fn(i32) -> AnyMap<S::Real>,
    in_dd: AnyMap<Dd>,
    at: &Point<S>,
) {
    let (a, what, f, mut random) = (&at.a, &at.what, f(0), at.random(17));
    let (y, z) = (random.matrix::<S>(a.rows(), a.cols()), random.matrix::<S>(a.rows(), a.cols()));
    let (svd, reference) = (Svd::thin(a).unwrap(), Svd::thin(&wide(a)).unwrap());
    let second = svd.map_second(f, &y, &z).unwrap();
    let exact = reference.map_second(in_dd, &wide(&y), &wide(&z)).unwrap();
    let gradient = |h: f64| {
        let moved = Svd::thin(&plus(&wide(a), h.into(), &wide(&y))).unwrap();
        moved.map_vjp(in_dd, &wide(&z)).unwrap()
    };
    let difference = scaled(&plus(&gradient(STEP), Dd::from(-1.0), &gradient(-STEP)), 0.5 / STEP);
    let symmetric = svd.map_second(f, &z, &y).unwrap();
    // Of the identity it is zero.
    let size = norm(&second).to_f64();
    let floor = if size == 0.0 { (norm(&y) * norm(&z)).to_f64() } else { size };
    for (kind, error) in [
        ("second reference", error(&second, &exact, floor)),
        ("second difference", error(&second, &difference, floor)),
        ("symmetry", error(&symmetric, &wide(&second), floor)),
    ] {
        println!("{name}: {kind} {error:.2} at {what}");
        assert!(error <= BOUND, "{name}: error of {kind} is {error:.1} max(m, n) ε at {what}");
    }
}

/// Fewer triplets than min(m, n): the same as with the zeros and their vectors.
fn missing_triplets<S: Entry>() {
    let mut random = Random::new(3);
    for (m, n) in [(6, 5), (5, 6), (5, 5)] {
        let a = random.with_singular_values::<S>(m, n, &[1.0, 1.0, 0.25]);
        let (y, z) = (random.matrix::<S>(m, n), random.matrix::<S>(m, n));
        let whole = Svd::thin(&a).unwrap();
        let compact = whole.clone().truncate(3);
        let f = Tikhonov(S::Real::from_f64(0.5));
        let pairs = [
            (whole.map(f).unwrap(), compact.map(f).unwrap()),
            (whole.map_jvp(f, &z).unwrap(), compact.map_jvp(f, &z).unwrap()),
            (whole.map_second(f, &y, &z).unwrap(), compact.map_second(f, &y, &z).unwrap()),
        ];
        for (order, (whole, compact)) in pairs.into_iter().enumerate() {
            let error = error(&compact, &wide(&whole), 0.0);
            assert!(error <= 4.0, "{} {m}×{n}: derivative {order} of the compact form is {error:.1} off", S::NAME);
        }
    }
}

#[test]
fn compact_factors_need_no_null_space_vectors() {
    missing_triplets::<f64>();
    missing_triplets::<Complex<f64>>();
    missing_triplets::<f32>();
    missing_triplets::<Complex<f32>>();
}

#[test]
fn at_zero_singular_values() {
    let a = Mat::<f64>::zeros(3, 2);
    let z = Random::new(8).matrix::<f64>(3, 2);
    let svd = Svd::thin(&a).unwrap();
    // Of A AᴴA: D² vanishes at 0. Of s²/(s² + λ²): a kink in the derivative.
    assert!(norm(&svd.map_second(Power(3.0), &z, &z).unwrap()) == 0.0);
    let refused = svd.map_second(Wiener(1.0), &z, &z);
    assert!(matches!(refused, Err(Error::ZeroSingularValue { index: 0, .. })), "{refused:?}");
    let refused = svd.map_second(Polar, &z, &z);
    assert!(matches!(refused, Err(Error::ZeroSingularValue { .. })), "{refused:?}");
}

#[test]
fn the_third_direction_may_stand_anywhere() {
    // ⟨X, D²[Y, Z]⟩ is symmetric in all three, since D is self-adjoint.
    let mut random = Random::new(23);
    sweep::<Complex<f64>>(|a, what| {
        let (m, n) = (a.rows(), a.cols());
        let [x, y, z] = [(); 3].map(|()| random.matrix::<Complex<f64>>(m, n));
        let svd = Svd::thin(a).unwrap();
        let form = |x: &Mat<_>, y: &Mat<_>, z: &Mat<_>| inner(x, &svd.map_second(Tikhonov(0.5), y, z).unwrap());
        let (one, other) = (form(&x, &y, &z), form(&z, &x, &y));
        let size = norm(&x) * norm(&y) * norm(&z);
        assert!((one - other).abs() <= 40.0 * f64::EPSILON * size, "{what}: {one} {other}");
    });
}

#[test]
fn adds_to_its_target_and_reports_short_memory() {
    let a = Random::new(2).matrix::<f64>(3, 2);
    let svd = Svd::thin(&a).unwrap();
    let factors: Factors<'_, f64> = svd.factors();
    let direction = a.as_ref();
    let expected = svd.map_second(Tikhonov(1.0), &a, &a).unwrap();
    let mut target = Mat::from_fn(3, 2, |_, _| 1.0);
    let needed = map_second_workspace_len::<f64>(3, 2, 2);
    let mut work = vec![f64::NAN; needed];
    map_second_into(&factors, &Tikhonov(1.0), [direction; 2], Target::Add(target.as_mut()), &mut work).unwrap();
    assert!(norm(&plus(&plus(&target, -1.0, &expected), -1.0, &Mat::from_fn(3, 2, |_, _| 1.0))) < 1e-15);
    let short = map_second_into(
        &factors,
        &Tikhonov(1.0),
        [MatRef::col_major(a.as_slice(), 3, 2).unwrap(); 2],
        Target::Overwrite(target.as_mut()),
        &mut work[1..],
    );
    assert_eq!(short, Err(Error::Workspace { needed, got: needed - 1 }));
}

/// Both orientations; with equal values among those that do not matter.
#[test]
fn of_the_nearest_rotation() {
    for s in [[1.0, 1.0, 1.0, 0.25], [1.0, 0.5, 0.5, 0.25], [1.0, 1.0, 0.5, 0.0]] {
        for flip in [1.0, -1.0] {
            let mut random = Random::new(50);
            let mut a = random.with_singular_values::<f64>(4, 4, &s);
            (0..4).for_each(|j| a[(0, j)] *= flip);
            let (y, z) = (random.matrix::<f64>(4, 4), random.matrix::<f64>(4, 4));
            let svd = Svd::thin(&a).unwrap();
            let gradient = |h: f64| {
                let svd = Svd::thin(&plus(&wide(&a), h.into(), &wide(&y))).unwrap();
                svd.map_vjp(svd.rotation().unwrap(), &wide(&z)).unwrap()
            };
            let exact = scaled(&plus(&gradient(STEP), Dd::from(-1.0), &gradient(-STEP)), 0.5 / STEP);
            let error = error(&svd.map_second(svd.rotation().unwrap(), &y, &z).unwrap(), &exact, 0.0);
            assert!(error <= 2.0 * BOUND, "{s:?} {flip}: {error:.1} max(m, n) ε");
        }
    }
}
