//! diffsvd itself.

use crate::number::Number;
use crate::problem::{Contestant, Problem, Slot, Task};
use diffsvd::{
    Cotangent, Factors, FactorsMut, MatMut, MatRef, Rule, TangentMut, Target, Vectors, jvp_into, jvp_workspace_len,
    singular_values_into, svd_into, svd_workspace_len, vjp_into, vjp_workspace_len,
};

pub struct Diffsvd<S> {
    task: Task,
    /// With `Task::Gradient`: whether the VJP follows.
    backward: bool,
    work: Vec<S>,
}

impl<S: Number> Diffsvd<S> {
    pub fn new(problem: &Problem<S>, backward: bool) -> Self {
        let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
        let svd = |vectors| svd_workspace_len::<S>(m, n, vectors);
        let len = match problem.task {
            Task::Thin => svd(Vectors::Thin),
            Task::Values => svd(Vectors::None),
            Task::Vjp => vjp_workspace_len::<S>(m, n, k),
            Task::Jvp => jvp_workspace_len::<S>(m, n, k),
            Task::Gradient => svd(Vectors::Thin).max(vjp_workspace_len::<S>(m, n, k)),
        };
        Diffsvd { task: problem.task, backward, work: vec![S::default(); len] }
    }

    fn try_run(&mut self, p: &Problem<S>, i: usize, out: Slot<'_, S>) -> Result<(), diffsvd::Error> {
        let (m, n, k) = (p.shape.rows, p.shape.cols, p.shape.short());
        let a = MatRef::col_major(p.matrix(i), m, n)?;
        let (u, v) = (i * m * k..(i + 1) * m * k, i * n * k..(i + 1) * n * k);
        let s = i * k..(i + 1) * k;
        let given = || -> Result<Factors<'_, S>, diffsvd::Error> {
            Ok(Factors {
                u: MatRef::col_major(&p.factors.u[u.clone()], m, k)?,
                s: &p.factors.s[s.clone()],
                v: MatRef::col_major(&p.factors.v[v.clone()], n, k)?,
            })
        };
        let cotangent = || -> Result<Cotangent<'_, S>, diffsvd::Error> {
            Ok(Cotangent {
                u: Some(MatRef::col_major(&p.cotangent.u[u.clone()], m, k)?),
                s: Some(&p.cotangent.s[s.clone()]),
                v: Some(MatRef::col_major(&p.cotangent.v[v.clone()], n, k)?),
                s_matrix: None,
            })
        };
        let rule = Rule::default();
        match self.task {
            Task::Values => singular_values_into(a, out.s, &mut self.work)?,
            Task::Thin | Task::Gradient => {
                let (u, v) = (MatMut::col_major(out.u, m, k)?, MatMut::col_major(out.v, n, k)?);
                let factors = FactorsMut { u, s: &mut *out.s, v };
                svd_into(a, Vectors::Thin, factors, &mut self.work)?;
                if self.backward {
                    let (u, v) = (MatRef::col_major(out.u, m, k)?, MatRef::col_major(out.v, n, k)?);
                    let target = Target::Overwrite(MatMut::col_major(out.a, m, n)?);
                    vjp_into(&Factors { u, s: out.s, v }, &cotangent()?, &rule, target, &mut self.work)?;
                }
            }
            Task::Vjp => {
                let target = Target::Overwrite(MatMut::col_major(out.a, m, n)?);
                vjp_into(&given()?, &cotangent()?, &rule, target, &mut self.work)?;
            }
            Task::Jvp => {
                let a_dot = MatRef::col_major(&p.cotangent.a[i * m * n..(i + 1) * m * n], m, n)?;
                let tangent = TangentMut {
                    u: Some(MatMut::col_major(out.u, m, k)?),
                    s: Some(out.s),
                    v: Some(MatMut::col_major(out.v, n, k)?),
                    s_matrix: None,
                };
                jvp_into(&given()?, a_dot, &rule, tangent, &mut self.work)?;
            }
        }
        Ok(())
    }
}

impl<S: Number> Contestant<S> for Diffsvd<S> {
    fn name(&self) -> String {
        let name = match (self.task, self.backward) {
            (Task::Gradient, true) => "diffsvd+vjp",
            _ => "diffsvd",
        };
        name.into()
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
        self.try_run(problem, i, out).is_ok()
    }
}
