//! Tangents of dual numbers against finite differences, in closed form at equal singular values, and what dual numbers may be.
#![expect(clippy::cast_precision_loss, reason = "small numbers of rows and columns")]

use diffsvd::spectral::{Power, Wiener};
use diffsvd::{Error, Real, Rule, Scalar, Tolerance};
use diffsvd_num_dual::{Entry, low_rank, map, nuclear_norm, pinv, polar, singular_values, svd, svt};
use nalgebra::{Const, DMatrix, Dyn, U1, dmatrix};
use num_complex::Complex;
use num_dual::{Derivative, Dual, Dual32, Dual64, DualDVec64, DualSVec64};

/// Shapes: tall, wide, square, one entry, none.
const SHAPES: [(usize, usize); 6] = [(5, 3), (3, 5), (4, 4), (1, 1), (0, 3), (3, 0)];

/// Entries without a pattern, the same in every run. A (salt 0) has 2, 3, … added to its diagonal: its singular values lie between 2.5 and
/// 6.5, at least 0.3 apart and 0.1 away from the threshold below.
fn entry<S: Scalar>(i: usize, j: usize, salt: usize) -> S {
    let part = |k: usize| ((1 + i * 7 + j * 13 + salt * 29 + k * 31).pow(2) as f64 * 0.7).sin();
    let shift = if salt == 0 && i == j { 2.0 + i as f64 } else { 0.0 };
    S::from_parts(Real::from_f64(part(0) + shift), Real::from_f64(part(1)))
}

/// A dual matrix with value A + h Z and tangent Z.
fn dual<E: Entry>(rows: usize, cols: usize, h: f64) -> DMatrix<E> {
    DMatrix::from_fn(rows, cols, |i, j| {
        let z: E::Value = entry(i, j, 1);
        E::with_tangents(entry::<E::Value>(i, j, 0) + z.scale(Real::from_f64(h)), 1, |_| z)
    })
}

fn distance<E: Entry>(a: &DMatrix<E>, part: impl Fn(&E) -> E::Value, b: impl Fn(usize, usize) -> E::Value) -> f64 {
    let differences = (0..a.nrows()).flat_map(|i| (0..a.ncols()).map(move |j| (i, j)));
    differences.map(|(i, j)| (part(&a[(i, j)]) - b(i, j)).modulus().to_f64()).fold(0.0, f64::max)
}

/// The tangent that `f` gives is the central difference of its values.
fn agrees<E: Entry>(name: &str, f: impl Fn(&DMatrix<E>) -> Result<DMatrix<E>, Error>) {
    let (h, bound) =
        if <<E::Value as Scalar>::Real as Real>::EPSILON.to_f64() > 1e-10 { (1e-2, 5e-3) } else { (1e-5, 1e-8) };
    for (rows, cols) in SHAPES {
        let (x, up, down) = (f(&dual(rows, cols, 0.0)), f(&dual(rows, cols, h)), f(&dual(rows, cols, -h)));
        let (x, up, down) = (x.unwrap(), up.unwrap(), down.unwrap());
        let half: <E::Value as Scalar>::Real = Real::from_f64(0.5 / h);
        let error = distance(&x, |x| x.tangent(0), |i, j| (up[(i, j)].value() - down[(i, j)].value()).scale(half));
        assert!(error <= bound, "{name} of {rows}×{cols}: {error}");
        assert!(x.iter().all(|x| x.directions() == 1), "{name} of {rows}×{cols}: a tangent got lost");
    }
}

fn functions_agree_with_differences<E: Entry>()
where
    E::Real: Entry<Real = E::Real>,
{
    let real = |x: f64| -> <E::Value as Scalar>::Real { Real::from_f64(x) };
    agrees::<E>("svt", |a| svt(a, &E::Real::with_tangents(real(3.4), 0, |_| real(0.0))));
    agrees::<E>("map", |a| map(a, Wiener(real(3.0))));
    agrees::<E>("polar", |a| polar(a));
    agrees::<E>("low_rank", |a| low_rank(a, 1));
    agrees::<E>("pinv", |a| pinv(a, Tolerance::Default));
    agrees::<E>("the reconstruction", |a| {
        let out = svd(a, &Rule::default())?;
        Ok(a.map_with_location(|i, j, _| {
            let k = out.s.len();
            let term = |t: usize| {
                let (u, s, v) = (&out.u[(i, t)], &out.s[t], &out.v[(j, t)]);
                let value = u.value() * v.value().conj().scale(s.value());
                let tangent = u.tangent(0) * v.value().conj().scale(s.value())
                    + u.value() * v.tangent(0).conj().scale(s.value())
                    + u.value() * v.value().conj().scale(s.tangent(0));
                (value, tangent)
            };
            let zero = E::Value::from_real(real(0.0));
            let (value, tangent) = (0..k).map(term).fold((zero, zero), |sum, term| (sum.0 + term.0, sum.1 + term.1));
            E::with_tangents(value, 1, |_| tangent)
        }))
    });
}

fn values_agree_with_differences<E: Entry>()
where
    E::Real: Entry<Real = E::Real>,
{
    let (h, bound) =
        if <<E::Value as Scalar>::Real as Real>::EPSILON.to_f64() > 1e-10 { (1e-2, 5e-3) } else { (1e-5, 1e-8) };
    for (rows, cols) in SHAPES {
        let (a, up, down) = (dual::<E>(rows, cols, 0.0), dual::<E>(rows, cols, h), dual::<E>(rows, cols, -h));
        let (s, above, below) =
            (singular_values(&a).unwrap(), singular_values(&up).unwrap(), singular_values(&down).unwrap());
        for i in 0..s.len() {
            let estimate = (above[i].value().to_f64() - below[i].value().to_f64()) / (2.0 * h);
            assert!((s[i].tangent(0).to_f64() - estimate).abs() <= bound, "singular value {i} of {rows}×{cols}");
        }
        let sum = s.iter().map(|s| s.tangent(0).to_f64()).sum::<f64>();
        assert!(
            (nuclear_norm(&a).unwrap().tangent(0).to_f64() - sum).abs() <= bound * 1e-2,
            "nuclear norm of {rows}×{cols}"
        );
    }
}

#[test]
fn real_and_complex_of_both_precisions() {
    functions_agree_with_differences::<Dual64>();
    functions_agree_with_differences::<Dual32>();
    functions_agree_with_differences::<Complex<Dual64>>();
    functions_agree_with_differences::<Complex<Dual32>>();
    values_agree_with_differences::<Dual64>();
    values_agree_with_differences::<Dual32>();
    values_agree_with_differences::<Complex<Dual64>>();
    values_agree_with_differences::<Complex<Dual32>>();
}

/// A = [2 4; −4 2], along dA = [0 1; 0 0]; both singular values are √20 and W = A/√20 is orthogonal.
fn equal() -> DMatrix<Dual64> {
    let still = |x: f64| Dual::from_re(x);
    dmatrix![still(2.0), Dual::new(4.0, 1.0); still(-4.0), still(2.0)]
}

/// For f with f(s) = f and f′ = g at s = √20: dX = W (g Hermitian part + f/s skew part), in closed form.
fn in_closed_form(f: f64, g: f64) -> [[f64; 2]; 2] {
    let s = 20_f64.sqrt();
    let (w, z) = ([[2.0 / s, 4.0 / s], [-4.0 / s, 2.0 / s]], [[0.0, 1.0], [0.0, 0.0]]);
    let product =
        |a: [[f64; 2]; 2], b: [[f64; 2]; 2]| [0, 1].map(|i| [0, 1].map(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j]));
    let zt = [[z[0][0], z[1][0]], [z[0][1], z[1][1]]];
    let reflected = product(product(w, zt), w);
    [0, 1].map(|i| [0, 1].map(|j| g * (z[i][j] + reflected[i][j]) / 2.0 + f / s * (z[i][j] - reflected[i][j]) / 2.0))
}

#[test]
fn exact_at_equal_singular_values() {
    let (a, s) = (equal(), 20_f64.sqrt());
    let check = |name: &str, x: DMatrix<Dual64>, f: f64, g: f64| {
        let expected = in_closed_form(f, g);
        let error = distance(&x, |x| x.eps, |i, j| expected[i][j]);
        assert!(error < 1e-14 * (1.0 + g.abs()), "{name}: {error}");
    };
    check("svt", svt(&a, &Dual::from_re(0.5)).unwrap(), s - 0.5, 1.0);
    check("polar", polar(&a).unwrap(), 1.0, 0.0);
    check("power", map(&a, Power(3.0)).unwrap(), s * s * s, 3.0 * s * s);
    check("pinv", pinv(&a, Tolerance::Default).unwrap().transpose(), 1.0 / s, -1.0 / (s * s));
    assert!((nuclear_norm(&a).unwrap().eps - 4.0 / s).abs() < 1e-15);
    let out = svd(&a, &Rule::default()).unwrap();
    let b = &out.u * DMatrix::from_diagonal(&out.s) * out.v.transpose();
    assert!(distance(&b, |x| x.eps, |i, j| a[(i, j)].eps) < 1e-14, "the reconstruction has the tangent of A");
    assert!(matches!(low_rank(&a, 1), Err(Error::EqualSingularValues { .. })));
}

#[test]
fn zero_singular_values() {
    let a = dmatrix![Dual64::new(2.0, 1.0), Dual64::new(0.0, 3.0); Dual64::new(0.0, 5.0), Dual64::new(0.0, 7.0)];
    let x = svt(&a, &Dual::from_re(0.5)).unwrap();
    let expected = [[1.0, 3.0 * 0.75], [5.0 * 0.75, 0.0]]; // between s = 2 and s = 0 the factor is f(2)/2
    assert!(distance(&x, |x| x.eps, |i, j| expected[i][j]) < 1e-15);
    assert!(matches!(polar(&a), Err(Error::ZeroSingularValue { .. })));
}

#[test]
fn many_directions_are_as_many_tangents() {
    // d(A A⁺ A) along each of four entries, and a constant among them.
    let a = DMatrix::from_fn(2, 2, |i, j| {
        let x = DualSVec64::<4>::from(entry::<f64>(i, j, 0));
        if (i, j) == (1, 1) { x } else { x.derivative(2 * i + j) }
    });
    let x = svt(&a, &DualSVec64::<4>::from(0.3).derivative(3)).unwrap();
    for d in 0..4 {
        let one = a.map(|x| Dual64::new(x.re, x.eps.0.map_or(0.0, |eps| eps[d])));
        let tau = Dual64::new(0.3, if d == 3 { 1.0 } else { 0.0 });
        let along = svt(&one, &tau).unwrap();
        assert!(distance(&along, |x| x.eps, |i, j| x[(i, j)].tangent(d)) < 1e-15, "direction {d}");
    }
    let dynamic = a.map(|x| {
        let eps = x.eps.0.map(|eps| nalgebra::OVector::from_fn_generic(Dyn(4), U1, |i, _| eps[i]));
        DualDVec64::new(x.re, Derivative::new(eps))
    });
    let y = svt(&dynamic, &DualDVec64::from(0.3).derivative(4, 3)).unwrap();
    assert!(y.iter().zip(x.iter()).all(|(y, x)| (0..4).all(|d| y.tangent(d) == x.tangent(d))));
    assert_eq!(x[(0, 0)].eps.unwrap_generic(Const::<4>, U1).len(), 4);
}

#[test]
fn plain_numbers_and_constants_pass() {
    let a = equal().map(|x| x.re);
    assert_eq!(svt(&a, &0.5).unwrap(), svt(&equal(), &Dual::from_re(0.5)).unwrap().map(|x| x.re));
    let constant = a.map(DualDVec64::from);
    assert!(svt(&constant, &DualDVec64::from(0.5)).unwrap().iter().all(|x| x.eps.0.is_none()));
    let moving = svt(&constant, &DualDVec64::from(0.5).derivative(3, 1)).unwrap();
    assert!((moving[(0, 0)].tangent(1) + 2.0 / 20_f64.sqrt()).abs() < 1e-15 && moving[(0, 0)].tangent(2) == 0.0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let a = dmatrix![DualDVec64::from(1.0).derivative(2, 0), DualDVec64::from(2.0).derivative(3, 0)];
    let error = svt(&a, &DualDVec64::from(0.5)).unwrap_err();
    assert_eq!(error.to_string(), "the derivative part of a dual number has 3 items but must have 2");
    let a = dmatrix![DualDVec64::from(1.0).derivative(2, 0)];
    assert!(matches!(svt(&a, &DualDVec64::from(0.5).derivative(3, 0)), Err(Error::Count { got: 3, expected: 2, .. })));
    assert!(matches!(svt(&a, &DualDVec64::from(1.0)), Err(Error::Parameter { .. })), "at the kink");
    let nan = dmatrix![Dual64::new(f64::NAN, 0.0)];
    assert!(matches!(polar(&nan), Err(Error::NonFinite { .. })));
    let nan = dmatrix![Dual64::new(1.0, f64::NAN)];
    assert!(matches!(polar(&nan), Err(Error::NonFinite { argument: "the tangent of A", .. })));
}

/// What nalgebra's own SVD, run on dual numbers, makes of equal singular values: the README's table says so.
#[test]
fn nalgebra_over_dual_numbers_at_equal_singular_values() {
    let out = equal().svd(true, true);
    let (u, v_t) = (out.u.unwrap(), out.v_t.unwrap());
    let threshold = out.singular_values.map(|s| if s.re > 0.5 { s - 0.5 } else { Dual::from_re(0.0) });
    let x = u * DMatrix::from_diagonal(&threshold) * v_t;
    let expected = in_closed_form(20_f64.sqrt() - 0.5, 1.0);
    let error = distance(&x, |x| x.eps, |i, j| expected[i][j]);
    println!("nalgebra over dual numbers: error {error}");
    assert!(error.is_nan() || error > 1e-3, "the README says that this is not exact: {error}");
}
