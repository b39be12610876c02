//! The rule as Zhang & Hu published it (arXiv:2411.14141, Theorems 3.1 and 3.2), transcribed literally, against `Rule::published()`.

use crate::support::derivatives::{Parts, Triplets, jvp, minus, mul, norm, plus, relative_error, scale_columns, vjp};
use crate::support::losses::{Function, Loss, reference_gradient};
use crate::support::random::Random;
use diffsvd::{Mat, Rule};
use num_complex::Complex;

/// The entrywise product.
fn entrywise(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)] * b[(i, j)])
}

/// F, T and S⁺ of the paper.
struct Paper {
    f: Mat<f64>,
    t: Mat<f64>,
    s_plus: Vec<f64>,
    s: Mat<f64>,
}

impl Paper {
    fn new(s: &[f64]) -> Self {
        let k = s.len();
        let square = |entry: &dyn Fn(usize, usize) -> f64| Mat::from_fn(k, k, entry);
        Paper {
            f: square(&|i, j| if s[i] == s[j] { 0.0 } else { 1.0 / (s[j] * s[j] - s[i] * s[i]) }),
            t: square(&|i, j| if s[i] == s[j] && s[i] != 0.0 && i != j { 1.0 / s[j] } else { 0.0 }),
            s_plus: s.iter().map(|&s| if s == 0.0 { 0.0 } else { 1.0 / s }).collect(),
            s: square(&|i, j| if i == j { s[i] } else { 0.0 }),
        }
    }

    /// (I − B Bᵀ) Z.
    fn outside(basis: &Mat<f64>, z: &Mat<f64>) -> Mat<f64> {
        minus(z, &mul(basis, &mul(&basis.adjoint(), z)))
    }

    /// Theorem 3.1: dU = U (F∘(P S + S Pᵀ) + T∘P) + (I − U Uᵀ) dA V S⁺, dV = V F∘(S P + Pᵀ S) + (I − V Vᵀ) dAᵀ U S⁺.
    fn forward(&self, x: &Triplets<f64>, a_dot: &Mat<f64>) -> (Mat<f64>, Mat<f64>) {
        let p = mul(&x.u.adjoint(), &mul(a_dot, &x.v));
        let (ps, sp) = (mul(&p, &self.s), mul(&self.s, &p));
        let left = plus(&entrywise(&self.f, &plus(&ps, 1.0, &ps.adjoint())), 1.0, &entrywise(&self.t, &p));
        let right = entrywise(&self.f, &plus(&sp, 1.0, &sp.adjoint()));
        let beside_u = scale_columns(&Self::outside(&x.u, &mul(a_dot, &x.v)), &self.s_plus);
        let beside_v = scale_columns(&Self::outside(&x.v, &mul(&a_dot.adjoint(), &x.u)), &self.s_plus);
        (plus(&mul(&x.u, &left), 1.0, &beside_u), plus(&mul(&x.v, &right), 1.0, &beside_v))
    }

    /// Theorem 3.2.
    fn backward(&self, x: &Triplets<f64>, gu: &Mat<f64>, gs: &[f64], gv: &Mat<f64>) -> Mat<f64> {
        let (g, q) = (mul(&x.u.adjoint(), gu), mul(&x.v.adjoint(), gv));
        let diagonal = Mat::from_fn(gs.len(), gs.len(), |i, j| if i == j { gs[i] } else { 0.0 });
        let of_u = mul(&entrywise(&self.f, &minus(&g, &g.adjoint())), &self.s);
        let of_v = mul(&self.s, &entrywise(&self.f, &minus(&q, &q.adjoint())));
        let middle = plus(&plus(&of_u, 1.0, &entrywise(&self.t, &g)), 1.0, &plus(&of_v, 1.0, &diagonal));
        let beside_u = scale_columns(&Self::outside(&x.u, gu), &self.s_plus);
        let beside_v = scale_columns(&Self::outside(&x.v, gv), &self.s_plus);
        let inside = mul(&mul(&x.u, &middle), &x.v.adjoint());
        plus(&plus(&inside, 1.0, &mul(&beside_u, &x.v.adjoint())), 1.0, &mul(&x.u, &beside_v.adjoint()))
    }
}

const SHAPES: [(usize, usize); 3] = [(4, 4), (6, 4), (4, 6)];

/// For distinct values, at exact duplicates and at exact zeros.
#[test]
fn the_published_rule_is_the_paper_s_formula() {
    let mut random = Random::new(31);
    let spectra = [
        [4.0, 3.0, 2.0, 1.0],
        [3.0, 3.0, 2.0, 1.0],
        [3.0, 2.0, 2.0, 2.0],
        [3.0, 3.0, 0.0, 0.0],
        [0.5, 0.5, 0.25, 0.0],
        [0.0; 4],
    ];
    for ((m, n), s) in SHAPES.into_iter().flat_map(|shape| spectra.map(|s| (shape, s))) {
        let x = Triplets::<f64>::random(m, n, &s, &mut random);
        let paper = Paper::new(&s);
        let gs: Vec<f64> = (0..4).map(|_| random.normal()).collect();
        let (gu, gv) = (random.matrix(m, 4), random.matrix(n, 4));
        let expected = paper.backward(&x, &gu, &gs, &gv);
        let bar = Parts { u: Some(gu), s: Some(gs), v: Some(gv), s_matrix: None };
        let gradient = vjp(&x.view(), &bar, &Rule::published()).expect("a gradient").a;
        // Measured: 4e-16.
        assert!(relative_error(&gradient, &expected) <= 2e-15, "{m}×{n} {s:?}");

        let a_dot = random.matrix(m, n);
        let (du, dv) = paper.forward(&x, &a_dot);
        let dot = jvp(&x.view(), &a_dot, &Rule::published(), &bar).expect("tangents");
        for (ours, theirs) in [(dot.u, du), (dot.v, dv)] {
            let error = minus(&ours.expect("a tangent"), &theirs);
            let size = 1.0 + norm(&theirs);
            assert!(norm(&error) <= 1e-14 * size, "{m}×{n} {s:?}");
        }
    }
}

/// For distinct values and real matrices it is the same as every other rule.
#[test]
fn for_distinct_values_and_real_matrices_all_rules_agree() {
    let mut random = Random::new(32);
    for (m, n) in SHAPES {
        let x = Triplets::<f64>::random(m, n, &[4.0, 3.0, 2.0, 1.0], &mut random);
        let gs = (0..4).map(|_| random.normal()).collect();
        let bar = Parts { u: Some(random.matrix(m, 4)), s: Some(gs), v: Some(random.matrix(n, 4)), s_matrix: None };
        let gradient = |rule| vjp(&x.view(), &bar, &rule).expect("a gradient").a;
        for rule in [Rule::reconstruct(), Rule::minimum_norm(), Rule::plain()] {
            assert_eq!(gradient(rule), gradient(Rule::published()), "{rule:?}");
        }
    }
}

/// For complex matrices it is wrong by tens of percent even at distinct values, for losses that do not depend on the gauge.
/// What is missing is the phase term U diag(i Im diag(UᴴgU)) S⁺ Vᴴ.
#[test]
fn the_published_rule_lacks_the_phase_of_complex_triplets() {
    let mut random = Random::new(33);
    let mut worst = 0.0_f64;
    for (m, n) in [(4, 3), (3, 3), (3, 4)] {
        let a = random.matrix::<Complex<f64>>(m, n);
        let x = Triplets::of(&a);
        let g = random.matrix(m, n);
        let loss = Loss::Spectral(Function::Shifted);
        let reference = reference_gradient(loss, &g, &a);
        let bar = loss.cotangents(&g, &x);
        let published = vjp(&x.view(), &bar, &Rule::published()).expect("a gradient").a;
        let error = relative_error(&published, &reference);
        worst = worst.max(error);
        assert!(error >= 0.1, "{m}×{n}: {error}");

        let ugu = mul(&x.u.adjoint(), bar.u.as_ref().expect("gU"));
        let k = x.s.len();
        let phase = |i: usize, j: usize| if i == j { Complex::new(0.0, ugu[(i, i)].im / x.s[i]) } else { 0.0.into() };
        let term = mul(&mul(&x.u, &Mat::from_fn(k, k, phase)), &x.v.adjoint());
        let repaired = plus(&published, 1.0, &term);
        assert!(relative_error(&repaired, &reference) <= 1e-14, "{m}×{n}");
        let ours = vjp(&x.view(), &bar, &Rule::default()).expect("a gradient").a;
        assert!(relative_error(&ours, &reference) <= 1e-14, "{m}×{n}");
    }
    println!("without the phase term: relative error up to {worst:.2}");
}
