//! What is exact where: every cell of the table of `docs/derivatives.md`, section 2, and the identities that the rules keep.

use crate::support::derivatives::{
    Parts, Triplets, inner, jvp, leading, minus, mul, norm, plus, relative_error, scale_columns, vjp,
};
use crate::support::entry::Entry;
use crate::support::losses::{Function, Loss, reference_gradient};
use crate::support::random::Random;
use diffsvd::{AtEqual, Error, Mat, Rule, Scalar};
use num_complex::Complex;

/// The page that states the table; this test reads its expectations there.
const DOCS: &str = include_str!("../../docs/derivatives.md");

const DEGENERATE: [f64; 3] = [2.0, 2.0, 0.5];
const DISTINCT: [f64; 3] = [2.0, 1.0, 0.5];

/// The columns of the table: a loss and the singular values at which it is differentiated.
const COLUMNS: [(&str, Loss, [f64; 3]); 8] = [
    ("f(s) = s", Loss::Spectral(Function::Identity), DEGENERATE),
    ("f(s) = 1", Loss::Spectral(Function::One), DEGENERATE),
    ("f(s) = s + 0.1", Loss::Spectral(Function::Shifted), DEGENERATE),
    ("U alone", Loss::LeftProjector(2), DEGENERATE),
    ("V alone", Loss::RightProjector(2), DEGENERATE),
    ("block cotangent", Loss::Block(Function::Shifted), DEGENERATE),
    ("s alone", Loss::Values(Function::Cube), DEGENERATE),
    ("distinct, complex", Loss::Spectral(Function::Shifted), DISTINCT),
];

/// The rows.
const ROWS: [(&str, AtEqual<f64>); 8] = [
    ("`Reconstruct`", AtEqual::Reconstruct),
    ("`MinimumNorm`", AtEqual::MinimumNorm),
    ("`Published`", AtEqual::Published),
    ("`Plain`", AtEqual::Plain),
    ("`Zeroing`", AtEqual::Zeroing),
    ("`Clip(1e6)`", AtEqual::Clip(1e6)),
    ("`Taylor(9)`", AtEqual::Taylor(9)),
    ("`Lorentzian(1e-8)`", AtEqual::Lorentzian(1e-8)),
];

/// Relative errors that count as exact (a few dozen ε; measured: 3e-15), as close, and as wrong for at least one of the shapes.
const EXACT: f64 = 1e-14;
const CLOSE: f64 = 1e-5;
const WRONG: f64 = 1e-2;

/// The worst relative error over square, tall and wide matrices; `None` where all are refused.
fn worst_error<S: Entry<Real = f64>>(loss: Loss, s: [f64; 3], at_equal: AtEqual<f64>) -> Option<f64> {
    let mut random = Random::new(21);
    let mut errors = [(3, 3), (5, 3), (3, 5), (3, 3)].into_iter().map(|(m, n)| {
        let triplets = Triplets::<S>::random(m, n, &s, &mut random);
        let (rows, cols) = loss.weight_shape(m, n);
        let g = random.matrix::<S>(rows, cols);
        let reference = reference_gradient(loss, &g, &triplets.product());
        match vjp(&triplets.view(), &loss.cotangents(&g, &triplets), &Rule::new(at_equal)) {
            Ok(gradient) => Some(relative_error(&gradient.a, &reference)),
            Err(Error::EqualSingularValues { first: 0, second: 1, value: 2.0, .. }) => None,
            Err(error) => panic!("{at_equal:?} {loss:?}: {error}"),
        }
    });
    let first = errors.next().expect("four shapes")?;
    Some(errors.fold(first, |worst, error| worst.max(error.expect("all or none is refused"))))
}

fn check_cell(verdict: &str, loss: Loss, s: [f64; 3], at_equal: AtEqual<f64>) {
    let real = worst_error::<f64>(loss, s, at_equal);
    let complex = worst_error::<Complex<f64>>(loss, s, at_equal);
    println!("{at_equal:?} {loss:?} {s:?}: real {real:?}, complex {complex:?}: {verdict}");
    let holds = |error: Option<f64>, verdict: &str| match verdict {
        "exact" => error.is_some_and(|error| error <= EXACT),
        "close" => error.is_some_and(|error| error <= CLOSE),
        "wrong" => error.is_some_and(|error| error >= WRONG),
        "refused" => error.is_none(),
        other => panic!("the table says {other:?}"),
    };
    let (for_real, for_complex) = if verdict == "real" { ("exact", "wrong") } else { (verdict, verdict) };
    // The last column of the table is about complex matrices; real ones are never worse.
    assert!(s == DISTINCT || holds(real, for_real), "{at_equal:?} {loss:?}: {verdict} but real {real:?}");
    assert!(holds(complex, for_complex), "{at_equal:?} {loss:?}: {verdict} but complex {complex:?}");
}

#[test]
fn every_cell_of_the_table_holds() {
    let rows: Vec<Vec<&str>> = DOCS
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() == COLUMNS.len() + 1)
        .collect();
    let head = rows.iter().find(|row| row[0] == "rule").expect("the head of the table");
    assert_eq!(head[1..], COLUMNS.map(|column| column.0));
    for (name, at_equal) in ROWS {
        let row = rows.iter().find(|row| row[0] == name).unwrap_or_else(|| panic!("no row {name}"));
        for ((_, loss, s), verdict) in COLUMNS.into_iter().zip(&row[1..]) {
            check_cell(verdict, loss, s, at_equal);
        }
    }
}

/// L = Σ entries of U (S + 0.1 I) Vᴴ at A, with the factors in which U or V is a plain basis.
fn authors_example(s: [f64; 2], u: [[f64; 2]; 2], rule: Rule<f64>, block: bool) -> Mat<f64> {
    let triplets = Triplets { u: Mat::from_rows(&u), s: s.to_vec(), v: Mat::identity(2) };
    let ones = Mat::from_fn(2, 2, |_, _| 1.0);
    let loss = if block { Loss::Block(Function::Shifted) } else { Loss::Spectral(Function::Shifted) };
    vjp(&triplets.view(), &loss.cotangents(&ones, &triplets), &rule).expect("a gradient").a
}

fn assert_entries(a: &Mat<f64>, expected: [[f64; 2]; 2], tolerance: f64) {
    let error = norm(&minus(a, &Mat::from_rows(&expected)));
    assert!(error <= tolerance, "{a:?} is not {expected:?}");
}

/// The numbers of the authors' example at A = [2 4; −4 2], where both singular values are √20.
#[test]
fn the_authors_example_at_equal_values() {
    let (root, c) = (20_f64.sqrt(), 1.0 / 5_f64.sqrt());
    let u = [[c, 2.0 * c], [-2.0 * c, c]];
    let at = |rule, block| authors_example([root; 2], u, rule, block);
    let exact = [[1.0179, 0.9911], [1.0089, 1.0179]];
    assert_entries(&at(Rule::reconstruct(), true), exact, 1e-4);
    assert_entries(&at(Rule::minimum_norm(), true), exact, 1e-4);
    let published = [[1.0268, 0.9955], [1.0134, 1.0089]];
    assert_entries(&at(Rule::published(), false), published, 1e-4);
    assert_entries(&at(Rule::reconstruct(), false), published, 1e-4);
    // What the published code returns in double precision: the computed values are one unit in the last place apart, and its
    // equality test does not fire.
    let apart = [root.next_up(), root];
    let unmerged = authors_example(apart, u, Rule::published().with_gap_tolerance(0.0), false);
    println!("{unmerged:?}");
    assert!(norm(&minus(&unmerged, &Mat::from_rows(&exact))) > 0.1, "{unmerged:?}");
    let reference = reference_gradient(
        Loss::Spectral(Function::Shifted),
        &Mat::from_fn(2, 2, |_, _| 1.0),
        &Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]),
    );
    assert_entries(&reference, exact, 1e-4);
}

/// At A = [2 4; −4 2.0001] every rule is the plain rule, and *reconstruct* at equal values agrees with it to 2 %.
#[test]
fn the_authors_example_beside_equal_values() -> Result<(), Error> {
    let a = Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0001]]);
    let (ones, loss) = (Mat::from_fn(2, 2, |_, _| 1.0), Loss::Spectral(Function::Shifted));
    let triplets = Triplets::of(&a);
    let bar = loss.cotangents(&ones, &triplets);
    let reference = reference_gradient(loss, &ones, &a);
    for rule in [Rule::plain(), Rule::reconstruct(), Rule::minimum_norm(), Rule::published()] {
        let gradient = vjp(&triplets.view(), &bar, &rule)?;
        // ε‖g‖/gap with a gap of 4.5e-5: measured 2e-12.
        assert!(relative_error(&gradient.a, &reference) <= 2e-11, "{rule:?}");
        assert_eq!(gradient.report.equal_pairs, 0, "{rule:?}");
    }
    let equal = Triplets::of(&Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]));
    let guessed = vjp(&equal.view(), &loss.cotangents(&ones, &equal), &Rule::reconstruct())?;
    let exact = vjp(&equal.view(), &Loss::Block(Function::Shifted).cotangents(&ones, &equal), &Rule::reconstruct())?;
    assert_eq!((guessed.report.equal_pairs, exact.report.equal_pairs), (1, 1));
    assert!(relative_error(&guessed.a, &reference) <= 0.02, "{guessed:?}");
    assert!(relative_error(&exact.a, &reference) <= 1e-4, "{exact:?}");
    Ok(())
}

/// Shapes and spectra without zeros for the identities below.
const SHAPES: [(usize, usize); 3] = [(4, 4), (6, 4), (4, 6)];
const BLOCKS: [[f64; 4]; 4] = [[4.0, 3.0, 2.0, 1.0], [3.0, 3.0, 2.0, 1.0], [3.0, 2.0, 2.0, 2.0], [5.0, 5.0, 5.0, 5.0]];

/// The tangents of U, s and V along a random direction.
fn tangents<S: Scalar>(
    triplets: &Triplets<S>,
    a_dot: &Mat<S>,
    rule: AtEqual<S::Real>,
) -> (Mat<S>, Vec<S::Real>, Mat<S>) {
    let (m, n, k) = (triplets.u.rows(), triplets.v.rows(), triplets.s.len());
    let zeros = vec![num_traits::Zero::zero(); k];
    let like = Parts { u: Some(Mat::zeros(m, k)), s: Some(zeros), v: Some(Mat::zeros(n, k)), s_matrix: None };
    let dot = jvp(&triplets.view(), a_dot, &Rule::new(rule), &like).expect("tangents");
    (dot.u.expect("dU"), dot.s.expect("ds"), dot.v.expect("dV"))
}

/// *Reconstruct*: dU S Vᴴ + U dS Vᴴ + U S dVᴴ = dA, at every block of equal values, real and complex.
fn reconstruction<S: Entry<Real = f64>>(random: &mut Random) -> f64 {
    let mut worst = 0.0_f64;
    for ((m, n), s) in SHAPES.into_iter().flat_map(|shape| BLOCKS.map(|s| (shape, s))) {
        let triplets = Triplets::<S>::random(m, n, &s, random);
        let (u, v) = (&triplets.u, &triplets.v);
        let a_dot = random.matrix::<S>(m, n);
        let (du, ds, dv) = tangents(&triplets, &a_dot, AtEqual::Reconstruct);
        let middle = mul(&scale_columns(u, &ds), &v.adjoint());
        let left = mul(&scale_columns(&du, &triplets.s), &v.adjoint());
        let sum = plus(&plus(&left, 1.0, &middle), 1.0, &mul(&scale_columns(u, &triplets.s), &dv.adjoint()));
        worst = worst.max(relative_error(&sum, &a_dot));
    }
    worst
}

#[test]
fn reconstruct_keeps_the_derivative_of_the_product() {
    let mut random = Random::new(22);
    let worst = reconstruction::<f64>(&mut random).max(reconstruction::<Complex<f64>>(&mut random));
    // Measured: 1.1e-15.
    assert!(worst <= 4e-15, "{worst}");
}

/// *Minimum norm*: UᴴdU and VᴴdV are skew-Hermitian.
fn skewness<S: Entry<Real = f64>>(random: &mut Random) -> f64 {
    let mut worst = 0.0_f64;
    for ((m, n), s) in SHAPES.into_iter().flat_map(|shape| BLOCKS.map(|s| (shape, s))) {
        let triplets = Triplets::<S>::random(m, n, &s, random);
        let (du, _, dv) = tangents(&triplets, &random.matrix::<S>(m, n), AtEqual::MinimumNorm);
        for (basis, tangent) in [(&triplets.u, du), (&triplets.v, dv)] {
            let c = mul(&basis.adjoint(), &tangent);
            worst = worst.max(norm(&plus(&c, 1.0, &c.adjoint())) / norm(&tangent));
        }
    }
    worst
}

#[test]
fn minimum_norm_stays_tangent() {
    let mut random = Random::new(23);
    let worst = skewness::<f64>(&mut random).max(skewness::<Complex<f64>>(&mut random));
    // Measured: 6e-16.
    assert!(worst <= 2e-15, "{worst}");
}

/// How far the gradient at Aᴴ of the loss with U and V exchanged is from the adjoint of the gradient at A.
fn covariance_defect<S: Entry<Real = f64>>(rule: AtEqual<f64>, s: [f64; 4]) -> f64 {
    let mut random = Random::new(24);
    let mut worst = 0.0_f64;
    for (m, n) in SHAPES {
        let triplets = Triplets::<S>::random(m, n, &s, &mut random);
        let flipped = Triplets { u: triplets.v.clone(), s: triplets.s.clone(), v: triplets.u.clone() };
        let bar = Parts { u: Some(random.matrix(m, 4)), v: Some(random.matrix(n, 4)), ..Parts::default() };
        let exchanged = Parts { u: bar.v.clone(), v: bar.u.clone(), ..Parts::default() };
        let rule = Rule::new(rule);
        let gradient = vjp(&triplets.view(), &bar, &rule).expect("a gradient").a;
        let other = vjp(&flipped.view(), &exchanged, &rule).expect("a gradient").a;
        worst = worst.max(relative_error(&other.adjoint(), &gradient));
    }
    worst
}

#[test]
fn the_adjoint_of_the_matrix_gives_the_adjoint_of_the_gradient() {
    for rule in [AtEqual::Reconstruct, AtEqual::MinimumNorm, AtEqual::Zeroing] {
        for s in BLOCKS {
            // Measured: 6e-16.
            assert!(covariance_defect::<f64>(rule, s) <= 2e-15, "{rule:?} {s:?}");
            assert!(covariance_defect::<Complex<f64>>(rule, s) <= 2e-15, "{rule:?} {s:?}");
        }
    }
    assert!(covariance_defect::<f64>(AtEqual::Published, BLOCKS[0]) <= 2e-15, "no equal values: covariant");
    assert!(covariance_defect::<f64>(AtEqual::Published, BLOCKS[1]) >= 0.1, "T acts on U alone");
}

/// Rank-deficient matrices: what S⁺ takes for zero is lost to the factored rules, where U or V leaves a complement.
#[test]
fn zero_singular_values() {
    let error = |loss: Loss, m, n, s: [f64; 3], rule| {
        let mut random = Random::new(25);
        let triplets = Triplets::<Complex<f64>>::random(m, n, &s, &mut random);
        let (rows, cols) = loss.weight_shape(m, n);
        let g = random.matrix(rows, cols);
        let gradient = vjp(&triplets.view(), &loss.cotangents(&g, &triplets), &Rule::new(rule)).expect("a gradient");
        relative_error(&gradient.a, &reference_gradient(loss, &g, &triplets.product()))
    };
    let zeros = [[2.0, 1.0, 0.0], [2.0, 0.0, 0.0]];
    for rule in [AtEqual::Reconstruct, AtEqual::MinimumNorm] {
        for ((m, n), s) in [(3, 3), (5, 3), (3, 5)].into_iter().flat_map(|shape| zeros.map(|s| (shape, s))) {
            let rank = s.iter().filter(|&&s| s > 0.0).count();
            // Functions with f′(0) = 0, and whatever concerns the leading triplets alone.
            assert!(error(Loss::Spectral(Function::Cube), m, n, s, rule) <= EXACT);
            assert!(error(Loss::LeftProjector(rank), m, n, s, rule) <= EXACT);
            assert!(error(Loss::RightProjector(rank), m, n, s, rule) <= EXACT);
        }
        for s in zeros {
            // With f′(0) ≠ 0 the block cotangent is exact for square matrices; for others the complement needs section 3.
            assert!(error(Loss::Block(Function::Tikhonov), 3, 3, s, rule) <= EXACT);
            assert!(error(Loss::Spectral(Function::Tikhonov), 5, 3, s, rule) >= WRONG);
        }
    }
}

/// The part of the gradient that keeps the rank is right at zero values too: the setting of the theorems.
#[test]
fn compact_factors_differentiate_along_the_matrices_of_the_same_rank() {
    let mut random = Random::new(26);
    for (m, n) in [(5, 4), (4, 4), (4, 5)] {
        let triplets = Triplets::<Complex<f64>>::random(m, n, &[2.0, 2.0], &mut random);
        let (u, v) = (&triplets.u, &triplets.v);
        // A direction X Vᴴ + U Yᴴ is tangent to the matrices of rank 2.
        let (x, y) = (random.matrix(m, 2), random.matrix(n, 2));
        let a_dot = plus(&mul(&x, &v.adjoint()), 1.0, &mul(u, &y.adjoint()));
        let g = random.matrix(m, n);
        let loss = Loss::Spectral(Function::Identity);
        let gradient =
            vjp(&triplets.view(), &loss.cotangents(&g, &triplets), &Rule::reconstruct()).expect("a gradient");
        let error = (inner(&gradient.a, &a_dot) - inner(&g, &a_dot)).abs() / (norm(&g) * norm(&a_dot));
        assert!(error <= EXACT, "{error}");
        let thin = Triplets::of(&triplets.product());
        let thin = Triplets { u: leading(&thin.u, 4), s: thin.s.clone(), v: leading(&thin.v, 4) };
        let thick = vjp(&thin.view(), &loss.cotangents(&g, &thin), &Rule::reconstruct()).expect("a gradient");
        assert_eq!(thick.report.zeros, 2);
        let error = (inner(&thick.a, &a_dot) - inner(&g, &a_dot)).abs() / (norm(&g) * norm(&a_dot));
        assert!(error <= EXACT, "{error}");
    }
}
