//! The opponent of the derivatives: the closed formula (docs/derivatives.md, section 1), without any care for equal or zero
//! singular values, written directly on a BLAS's `gemm`.

use crate::lapack::{Gemm, Library, Op};
use crate::number::Number;
use crate::problem::{Contestant, Problem, Slot, Task};
use diffsvd::{Real, Scalar};

pub struct Formula<S: Number> {
    name: String,
    gemm: Gemm<S>,
    /// k×k each.
    g: Vec<S>,
    q: Vec<S>,
    middle: Vec<S>,
    /// max(m, n)×k.
    tall: Vec<S>,
    reciprocals: Vec<S::R>,
}

impl<S: Number> Formula<S> {
    pub fn new(library: Library, problem: &Problem<S>) -> Result<Self, String> {
        let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
        let zeros = |len: usize| vec![S::default(); len];
        Ok(Formula {
            name: format!("formula on {}", library.name),
            gemm: Gemm::new(library)?,
            g: zeros(k * k),
            q: zeros(k * k),
            middle: zeros(k * k),
            tall: zeros(m.max(n) * k),
            reciprocals: vec![S::R::default(); k],
        })
    }

    /// G = Uᴴ gU, Q = Vᴴ gV, gA = (U [Gap∘(X+Y) + Sum∘(X−Y) + diag gs − G S⁻¹ − S⁻¹ Qᴴ] + gU S⁻¹) Vᴴ + U S⁻¹ gVᴴ, the terms with S⁻¹
    /// only where U or V has a complement.
    fn vjp(&mut self, p: &Problem<S>, i: usize, out: Slot<'_, S>) {
        let (m, n, k) = (p.shape.rows, p.shape.cols, p.shape.short());
        let (ubase, vbase) = (i * m * k..(i + 1) * m * k, i * n * k..(i + 1) * n * k);
        let (u, v, s) = (&p.factors.u[ubase.clone()], &p.factors.v[vbase.clone()], &p.factors.s[i * k..(i + 1) * k]);
        let (gu, gv, gs) = (&p.cotangent.u[ubase], &p.cotangent.v[vbase], &p.cotangent.s[i * k..(i + 1) * k]);
        let (one, zero) = (S::one(), S::zero());
        self.reciprocals.iter_mut().zip(s).for_each(|(r, s)| *r = S::R::from_f64(1.0) / *s);
        self.gemm.call(Op::Adjoint, Op::Plain, (k, k, m), one, u, gu, zero, &mut self.g);
        self.gemm.call(Op::Adjoint, Op::Plain, (k, k, n), one, v, gv, zero, &mut self.q);
        self.middle_of_vjp(s, gs, m > k, n > k);
        if m > k {
            scaled_columns(&mut self.tall, gu, &self.reciprocals, m);
        }
        let keep = if m > k { one } else { zero };
        self.gemm.call(Op::Plain, Op::Plain, (m, k, k), one, u, &self.middle, keep, &mut self.tall);
        self.gemm.call(Op::Plain, Op::Adjoint, (m, n, k), one, &self.tall, v, zero, out.a);
        if n > k {
            scaled_columns(&mut self.tall, u, &self.reciprocals, m);
            self.gemm.call(Op::Plain, Op::Adjoint, (m, n, k), one, &self.tall, gv, one, out.a);
        }
    }

    fn middle_of_vjp(&mut self, s: &[S::R], gs: &[S::R], left: bool, right: bool) {
        let (k, half) = (s.len(), S::R::from_f64(0.5));
        let r = &self.reciprocals;
        for j in 0..k {
            for i in 0..j {
                let (ij, ji) = (i + j * k, j + i * k);
                let x = Scalar::scale(self.g[ij] - Scalar::conj(self.g[ji]), half);
                let y = Scalar::scale(self.q[ij] - Scalar::conj(self.q[ji]), half);
                let (gap, sum) = reciprocals(s[i], s[j]);
                let (even, odd) = (Scalar::scale(x + y, gap), Scalar::scale(x - y, sum));
                self.middle[ij] = even + odd;
                self.middle[ji] = Scalar::conj(even - odd);
            }
            let jj = j + j * k;
            let phase = (Scalar::im(self.g[jj]) - Scalar::im(self.q[jj])) * half * r[j];
            self.middle[jj] = S::from_parts(gs[j], phase);
        }
        for j in (0..k).filter(|_| left) {
            for i in 0..k {
                self.middle[i + j * k] -= Scalar::scale(self.g[i + j * k], r[j]);
            }
        }
        for j in (0..k).filter(|_| right) {
            for i in 0..k {
                self.middle[i + j * k] -= Scalar::scale(Scalar::conj(self.q[j + i * k]), r[i]);
            }
        }
    }

    /// P = Uᴴ dA V, ds = Re diag P, dU = U (Gap∘H + Sum∘K − P S⁻¹) + dA V S⁻¹, dV = V (Gap∘H − Sum∘K − Pᴴ S⁻¹) + dAᴴ U S⁻¹.
    fn jvp(&mut self, p: &Problem<S>, i: usize, out: Slot<'_, S>) {
        let (m, n, k) = (p.shape.rows, p.shape.cols, p.shape.short());
        let (u, v) = (&p.factors.u[i * m * k..(i + 1) * m * k], &p.factors.v[i * n * k..(i + 1) * n * k]);
        let (s, da) = (&p.factors.s[i * k..(i + 1) * k], &p.cotangent.a[i * m * n..(i + 1) * m * n]);
        let (one, zero) = (S::one(), S::zero());
        self.reciprocals.iter_mut().zip(s).for_each(|(r, s)| *r = S::R::from_f64(1.0) / *s);
        self.gemm.call(Op::Plain, Op::Plain, (m, k, n), one, da, v, zero, &mut self.tall);
        self.gemm.call(Op::Adjoint, Op::Plain, (k, k, m), one, u, &self.tall, zero, &mut self.g);
        self.middle_of_jvp(s, out.s, m > k, n > k);
        if m > k {
            scaled_columns(out.u, &self.tall, &self.reciprocals, m);
        }
        let keep = |there: bool| if there { one } else { zero };
        self.gemm.call(Op::Plain, Op::Plain, (m, k, k), one, u, &self.middle, keep(m > k), out.u);
        if n > k {
            self.gemm.call(Op::Adjoint, Op::Plain, (n, k, m), one, da, u, zero, &mut self.tall);
            scaled_columns(out.v, &self.tall, &self.reciprocals, n);
        }
        self.gemm.call(Op::Plain, Op::Plain, (n, k, k), one, v, &self.q, keep(n > k), out.v);
    }

    fn middle_of_jvp(&mut self, s: &[S::R], ds: &mut [S::R], left: bool, right: bool) {
        let (k, half) = (s.len(), S::R::from_f64(0.5));
        let (r, p) = (&self.reciprocals, &self.g);
        for j in 0..k {
            for i in 0..j {
                let (ij, ji) = (i + j * k, j + i * k);
                let (gap, sum) = reciprocals(s[i], s[j]);
                let h = Scalar::scale(p[ij] + Scalar::conj(p[ji]), half * gap);
                let a = Scalar::scale(p[ij] - Scalar::conj(p[ji]), half * sum);
                (self.middle[ij], self.middle[ji]) = (h + a, -Scalar::conj(h + a));
                (self.q[ij], self.q[ji]) = (h - a, -Scalar::conj(h - a));
            }
            let jj = j + j * k;
            ds[j] = Scalar::re(p[jj]);
            let phase = S::from_parts(S::R::default(), Scalar::im(p[jj]) * half * r[j]);
            (self.middle[jj], self.q[jj]) = (phase, -phase);
        }
        for j in 0..k {
            for i in 0..k {
                if left {
                    self.middle[i + j * k] -= Scalar::scale(p[i + j * k], r[j]);
                }
                if right {
                    self.q[i + j * k] -= Scalar::scale(Scalar::conj(p[j + i * k]), r[j]);
                }
            }
        }
    }
}

/// 1/(sⱼ − sᵢ) and 1/(sⱼ + sᵢ) with one division.
fn reciprocals<R: Real>(si: R, sj: R) -> (R, R) {
    let (gap, sum) = (sj - si, sj + si);
    let both = R::from_f64(1.0) / (gap * sum);
    (sum * both, gap * both)
}

fn scaled_columns<S: Number>(to: &mut [S], from: &[S], factors: &[S::R], rows: usize) {
    for ((to, from), factor) in to.chunks_exact_mut(rows).zip(from.chunks_exact(rows)).zip(factors) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = Scalar::scale(*from, *factor));
    }
}

impl<S: Number> Contestant<S> for Formula<S> {
    fn name(&self) -> String {
        self.name.clone()
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
        match problem.task {
            Task::Vjp => self.vjp(problem, i, out),
            _ => self.jvp(problem, i, out),
        }
        true
    }
}
