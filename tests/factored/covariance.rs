//! A → QAR, A → Aᴴ and A → cA for every factored rule, on the factors themselves: no phase and no basis of a block is chosen anew, and so
//! any cotangent serves, whether it belongs to a loss or not.

use super::support::*;
use diffsvd::{
    BranchesMut, Cotangent, Factors, Iteration, Mat, Partial, Rule, Scalar, SecondOrder, TangentMut, Target,
    branches_into, branches_workspace_len, full_vjp_into, full_workspace_len, jvp_into, jvp_workspace_len,
    partial_jvp_into, partial_vjp_into, partial_workspace_len, vjp_into, vjp_tangent_into, vjp_tangent_workspace_len,
    vjp_workspace_len,
};

/// What every change, relative to the result (or to 1, the size of A and of the cotangents) and times the smallest gap, stays below (measured over
/// 2000 problems: 6.8 ε).
const BOUND: f64 = 24.0 * f64::EPSILON;

/// A, its complete factors, and cotangents of the leading r triplets with their tangents.
#[derive(Clone)]
pub(crate) struct Problem<S: Scalar> {
    u: Mat<S>,
    s: Vec<f64>,
    v: Mat<S>,
    a_dot: Mat<S>,
    /// gU, dgU, then gV, dgV: of all columns, of which the rules of r triplets take the leading.
    left: [Mat<S>; 2],
    right: [Mat<S>; 2],
    gs: [Vec<f64>; 2],
    block: Mat<S>,
    r: usize,
}

impl<S: Scalar<Real = f64>> Problem<S> {
    pub(crate) fn random((m, n): (usize, usize), s: &[f64], r: usize, random: &mut Random) -> Self {
        let k = m.min(n);
        let (u, v, a_dot) = (random.basis(m, m), random.basis(n, n), random.matrix(m, n));
        let (left, right) = ([(); 2].map(|()| random.matrix(m, m)), [(); 2].map(|()| random.matrix(n, n)));
        let gs = [(); 2].map(|()| (0..k).map(|_| random.unit()).collect());
        Problem { u, s: s.to_vec(), v, a_dot, left, right, gs, block: random.matrix(r, r), r }
    }

    fn k(&self) -> usize {
        self.s.len()
    }

    fn turned(&self, q: &Mat<S>, r: &Mat<S>) -> Self {
        let (behind, product) = (r.adjoint(), |x: &Mat<S>, y: &Mat<S>| x.product(y).unwrap());
        Problem {
            u: product(q, &self.u),
            v: product(&behind, &self.v),
            a_dot: product(&product(q, &self.a_dot), r),
            left: self.left.each_ref().map(|x| product(q, x)),
            right: self.right.each_ref().map(|x| product(&behind, x)),
            ..self.clone()
        }
    }

    fn mirrored(&self) -> Self {
        Problem {
            u: self.v.clone(),
            v: self.u.clone(),
            a_dot: self.a_dot.adjoint(),
            left: self.right.clone(),
            right: self.left.clone(),
            block: self.block.adjoint(),
            ..self.clone()
        }
    }

    /// c A, c dA, and gs/c: every gradient is then that of A over c.
    fn scaled(&self, c: f64) -> Self {
        let times = |s: &[f64], c: f64| -> Vec<f64> { s.iter().map(|s| s * c).collect() };
        Problem {
            s: times(&self.s, c),
            a_dot: moved(&Mat::zeros(self.a_dot.rows(), self.a_dot.cols()), c, &self.a_dot),
            gs: self.gs.each_ref().map(|gs| times(gs, c.recip())),
            block: moved(&Mat::zeros(self.r, self.r), c.recip(), &self.block),
            ..self.clone()
        }
    }

    fn a(&self) -> Mat<S> {
        let k = self.k();
        let scaled = Mat::from_fn(self.u.rows(), k, |i, j| self.u[(i, j)].scale(self.s[j]));
        outer(&scaled, &leading(&self.v, k))
    }

    /// Every backward rule, the products of the tangents of the forward rules with cotangents, and the branches.
    fn results(&self, rule: &Rule<f64>) -> Vec<(&'static str, Mat<S>)> {
        let ((m, n), k, r) = ((self.u.rows(), self.v.rows()), self.k(), self.r);
        let a = self.a();
        let complete = Factors { u: self.u.as_ref(), s: &self.s, v: self.v.as_ref() };
        let thin = Factors { u: complete.u.leading_cols(k), s: &self.s, v: complete.v.leading_cols(k) };
        let [cotangent, cotangent_dot] = [0, 1].map(|i| Cotangent {
            u: Some(self.left[i].as_ref().leading_cols(r)),
            s: Some(&self.gs[i][..r]),
            v: Some(self.right[i].as_ref().leading_cols(r)),
            s_matrix: None,
        });
        let fill = |name, len: usize, write: &dyn Fn(Target<'_, S>, &mut [S])| {
            let (mut x, mut work) = (Mat::zeros(m, n), vec![S::zero(); len]);
            write(Target::Overwrite(x.as_mut()), &mut work);
            (name, x)
        };
        let point = SecondOrder { cotangent, a_dot: self.a_dot.as_ref(), cotangent_dot };
        let partial = Partial { a: a.as_ref(), factors: thin.leading(r), iteration: Iteration::default() };
        let mut results = vec![
            fill("backward", vjp_workspace_len::<S>(m, n, k), &|x, work| {
                vjp_into(&thin, &cotangent, rule, x, work).unwrap();
            }),
            fill("block cotangent", vjp_workspace_len::<S>(m, n, k), &|x, work| {
                let block = Cotangent { s: None, s_matrix: Some(self.block.as_ref()), ..cotangent };
                vjp_into(&thin, &block, rule, x, work).unwrap();
            }),
            fill("complete bases", full_workspace_len::<S>(m, n), &|x, work| {
                let (u, v) = (Some(self.left[0].as_ref()), Some(self.right[0].as_ref()));
                let whole = Cotangent { u, s: Some(&self.gs[0][..]), v, s_matrix: None };
                full_vjp_into(&complete, &whole, rule, x, work).unwrap();
            }),
            fill("second order", vjp_tangent_workspace_len::<S>(m, n, k), &|x, work| {
                vjp_tangent_into(&thin, &point, rule, x, work).unwrap();
            }),
            self.forward("forward", jvp_workspace_len::<S>(m, n, k), &|tangent, work| {
                jvp_into(&thin, self.a_dot.as_ref(), rule, tangent, work).unwrap();
            }),
        ];
        if r == k || self.s[r] < 0.95 * self.s[r - 1] {
            results.push(fill("r triplets and A, backward", partial_workspace_len::<S>(m, n, r), &|x, work| {
                partial_vjp_into(&partial, &cotangent, rule, x, work).unwrap();
            }));
            let forward =
                self.forward("r triplets and A, forward", partial_workspace_len::<S>(m, n, r), &|tangent, work| {
                    partial_jvp_into(&partial, self.a_dot.as_ref(), rule, tangent, work).unwrap();
                });
            results.push(forward);
        }
        results.push(self.line(&thin, rule));
        results
    }

    /// dU diag(1, 2, …) Vᴴ + U diag(1, 2, …) dVᴴ of the leading r triplets, over s₁: it turns with A, whatever the phases, and has the
    /// degree of a gradient.
    fn forward(
        &self,
        name: &'static str,
        len: usize,
        write: &dyn Fn(TangentMut<'_, S>, &mut [S]),
    ) -> (&'static str, Mat<S>) {
        let r = self.r;
        let (mut du, mut ds, mut dv) = (leading(&self.u, r), vec![0.0; r], leading(&self.v, r));
        let tangent = TangentMut { u: Some(du.as_mut()), s: Some(&mut ds), v: Some(dv.as_mut()), s_matrix: None };
        write(tangent, &mut vec![S::zero(); len]);
        (name, self.weigh([&leading(&self.u, r), &du, &leading(&self.v, r), &dv]))
    }

    /// The same of the branches, relative to the whole: the vectors of a block may turn fast.
    fn line(&self, thin: &Factors<'_, S>, rule: &Rule<f64>) -> (&'static str, Mat<S>) {
        let ((m, n), k) = ((self.u.rows(), self.v.rows()), self.k());
        let (mut u, mut v) = (Mat::zeros(m, k), Mat::zeros(n, k));
        let (mut u_dot, mut v_dot, mut s_dot) = (u.clone(), v.clone(), vec![0.0; k]);
        let out = BranchesMut {
            u: u.as_mut(),
            v: v.as_mut(),
            u_dot: u_dot.as_mut(),
            s_dot: &mut s_dot,
            v_dot: v_dot.as_mut(),
        };
        let mut work = vec![S::zero(); branches_workspace_len::<S>(m, n)];
        branches_into(thin, self.a_dot.as_ref(), rule, out, &mut work).unwrap();
        let size = 1.0 + norm(&u_dot) + norm(&v_dot);
        let relative = self.weigh([&u, &u_dot, &v, &v_dot]);
        ("branches", moved(&Mat::zeros(m, n), size.recip(), &relative))
    }

    fn weigh(&self, [u, du, v, dv]: [&Mat<S>; 4]) -> Mat<S> {
        let weighted = |x: &Mat<S>| Mat::from_fn(x.rows(), self.r, |i, j| x[(i, j)].scale((1 + j) as f64 / self.s[0]));
        let [v, dv] = [v, dv].map(|x| leading(x, self.r));
        moved(&outer(&weighted(du), &v), 1.0, &outer(&weighted(u), &dv))
    }
}

/// `gap` is the smallest that is divided by.
pub(crate) fn check<S: Scalar<Real = f64>>(problem: &Problem<S>, gap: f64, exponent: i32, random: &mut Random) {
    let (m, n) = (problem.u.rows(), problem.v.rows());
    let (q, r) = (random.basis::<S>(m, m), random.basis::<S>(n, n));
    let c = 2_f64.powi(exponent);
    let rule = Rule::default();
    let unit = problem.results(&rule);
    let turned = problem.turned(&q, &r).results(&rule);
    let (mirrored, scaled) = (problem.mirrored().results(&rule), problem.scaled(c).results(&rule));
    let names = format!("{m}×{n}, r = {}, s = {:?}", problem.r, problem.s);
    for (i, (name, x)) in unit.iter().enumerate() {
        let expected = q.product(x).unwrap().product(&r).unwrap();
        let back = moved(&Mat::zeros(m, n), c, &scaled[i].1);
        let size = norm(x).max(1.0);
        for (how, other, expected) in
            [("QAR", &turned[i].1, &expected), ("Aᴴ", &mirrored[i].1.adjoint(), x), ("cA", &back, x)]
        {
            let change = norm(&moved(other, -1.0, expected)) / size;
            println!("{name} {how} {:.2} at {names}", change * gap / f64::EPSILON);
            // The branches of a block also divide by the gaps of its derivatives, which are what was drawn.
            let bound = if *name == "branches" { 100.0 * BOUND } else { BOUND };
            assert!(change <= bound / gap, "{name}, A → {how}: {change:e} at {names}");
        }
    }
}
