//! diffsvd itself, a whole batch in one call.

use crate::number::Number;
use crate::problem::{Contestant, Output, Problem, Slot, Task};
use diffsvd::batch::{self, BatchMut, BatchRef, Cotangent, Factors, FactorsMut, Run, TangentMut, Target};
use diffsvd::{Error, Rule, Vectors};

pub struct Batched<S: Number> {
    /// With `Task::Gradient`: whether the VJP follows.
    backward: bool,
    work: Vec<S>,
}

/// Some U, s and V, to be read.
fn factors<'a, S: Number>(p: &Problem<S>, of: &'a Output<S>) -> Result<Factors<'a, S>, Error> {
    let (m, n, k, count) = (p.shape.rows, p.shape.cols, p.shape.short(), p.shape.count);
    let (u, v) = (BatchRef::col_major(&of.u, count, m, k)?, BatchRef::col_major(&of.v, count, n, k)?);
    Ok(Factors { u, s: BatchRef::vectors(&of.s, count, k)?, v })
}

impl<S: Number> Batched<S> {
    pub fn new(problem: &Problem<S>, backward: bool) -> Self {
        let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
        let svd = |vectors| batch::svd_workspace_len::<S>(m, n, vectors);
        let len = match problem.task {
            Task::Thin => svd(Vectors::Thin),
            Task::Values => svd(Vectors::None),
            Task::Vjp => batch::vjp_workspace_len::<S>(m, n, k),
            Task::Jvp => batch::jvp_workspace_len::<S>(m, n, k),
            Task::Gradient => svd(Vectors::Thin).max(batch::vjp_workspace_len::<S>(m, n, k)),
        };
        Batched { backward, work: vec![S::default(); len] }
    }

    fn decompose(&mut self, p: &Problem<S>, out: &mut Output<S>) -> Result<bool, Error> {
        let (m, n, k, count) = (p.shape.rows, p.shape.cols, p.shape.short(), p.shape.count);
        let (a, run) = (BatchRef::col_major(&p.a, count, m, n)?, Run::new(&mut self.work));
        let s = BatchMut::vectors(&mut out.s, count, k)?;
        let done = if p.task == Task::Values {
            batch::singular_values_into(a, s, run)?
        } else {
            let u = BatchMut::col_major(&mut out.u, count, m, k)?;
            let factors = FactorsMut { u, s, v: BatchMut::col_major(&mut out.v, count, n, k)? };
            batch::svd_into(a, Vectors::Thin, factors, run)?
        };
        Ok(done.failed == 0)
    }

    fn vjp(&mut self, p: &Problem<S>, given: Factors<'_, S>, a: &mut [S]) -> Result<bool, Error> {
        let (m, n, count) = (p.shape.rows, p.shape.cols, p.shape.count);
        let Factors { u, s, v } = factors(p, &p.cotangent)?;
        let cotangent = Cotangent { u: Some(u), s: Some(s), v: Some(v), s_matrix: None };
        let target = Target::Overwrite(BatchMut::col_major(a, count, m, n)?);
        let run = Run::new(&mut self.work);
        Ok(batch::vjp_into(given, cotangent, &Rule::default(), target, run)?.failed == 0)
    }

    fn jvp(&mut self, p: &Problem<S>, out: &mut Output<S>) -> Result<bool, Error> {
        let (m, n, k, count) = (p.shape.rows, p.shape.cols, p.shape.short(), p.shape.count);
        let a_dot = BatchRef::col_major(&p.cotangent.a, count, m, n)?;
        let tangent = TangentMut {
            u: Some(BatchMut::col_major(&mut out.u, count, m, k)?),
            s: Some(BatchMut::vectors(&mut out.s, count, k)?),
            v: Some(BatchMut::col_major(&mut out.v, count, n, k)?),
            s_matrix: None,
        };
        let run = Run::new(&mut self.work);
        Ok(batch::jvp_into(factors(p, &p.factors)?, a_dot, &Rule::default(), tangent, run)?.failed == 0)
    }

    fn once(&mut self, p: &Problem<S>, out: &mut Output<S>) -> Result<bool, Error> {
        match p.task {
            Task::Thin | Task::Values => self.decompose(p, out),
            Task::Vjp => self.vjp(p, factors(p, &p.factors)?, &mut out.a),
            Task::Jvp => self.jvp(p, out),
            Task::Gradient => {
                let good = self.decompose(p, out)?;
                if !self.backward {
                    return Ok(good);
                }
                let mut a = std::mem::take(&mut out.a);
                let done = factors(p, out).and_then(|given| self.vjp(p, given, &mut a));
                out.a = a;
                Ok(good && done?)
            }
        }
    }
}

impl<S: Number> Contestant<S> for Batched<S> {
    fn name(&self) -> String {
        if self.backward { "diffsvd+vjp" } else { "diffsvd" }.into()
    }
    fn run(&mut self, _problem: &Problem<S>, _i: usize, _out: Slot<'_, S>) -> bool {
        false // A batch is swept as a whole.
    }
    fn sweep(&mut self, problem: &Problem<S>, out: &mut Output<S>, times: usize) -> bool {
        (0..times).all(|_| self.once(std::hint::black_box(problem), out) == Ok(true))
    }
}
