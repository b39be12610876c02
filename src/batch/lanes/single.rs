//! The way of one matrix, for the items that the lanes leave to it: those that fail, and rare ones.

use super::derivative::{Cotangent, Factors};
use super::items::Items;
use super::tile::MOST;
use crate::derivative::{self, Report, Rule, TangentMut, Target, jvp_into, vjp_into};
use crate::error::Error;
use crate::matrix::MatRef;
use crate::scalar::Scalar;

/// k numbers of one item.
fn reals<R: Scalar>(items: &Items<'_, R>, item: usize, k: usize) -> [R; MOST] {
    let column = items.get(item, (k, 1));
    core::array::from_fn(|i| column.get(i, 0).unwrap_or_else(R::zero))
}

/// One item of a batch of factors, with its s at hand.
pub(super) struct One<'a, S: Scalar> {
    u: MatRef<'a, S>,
    s: [S::Real; MOST],
    v: MatRef<'a, S>,
    k: usize,
}

impl<'a, S: Scalar> One<'a, S> {
    pub(super) fn new(factors: &Factors<'a, S>, item: usize, (m, n): (usize, usize)) -> Self {
        let k = m.min(n);
        let (u, v) = (factors.u.get(item, (m, k)), factors.v.get(item, (n, k)));
        One { u, s: reals(&factors.s, item, k), v, k }
    }

    fn factors(&self) -> crate::factors::Factors<'_, S> {
        crate::factors::Factors { u: self.u, s: &self.s[..self.k], v: self.v }
    }

    pub(super) fn vjp(
        &self,
        cotangent: &Cotangent<'_, S>,
        (item, rule): (usize, &Rule<S::Real>),
        target: Target<'_, S>,
        work: &mut [S],
    ) -> Result<Report<S::Real>, Error> {
        let (k, rows) = (self.k, (self.u.rows(), self.v.rows()));
        let s = cotangent.s.as_ref().map(|s| reals(s, item, k));
        let given = derivative::Cotangent {
            u: cotangent.u.as_ref().map(|u| u.get(item, (rows.0, k))),
            s: s.as_ref().map(|s| &s[..k]),
            v: cotangent.v.as_ref().map(|v| v.get(item, (rows.1, k))),
            s_matrix: None,
        };
        vjp_into(&self.factors(), &given, rule, target, work)
    }

    pub(super) fn jvp(
        &self,
        a_dot: MatRef<'_, S>,
        rule: &Rule<S::Real>,
        tangent: TangentMut<'_, S>,
        work: &mut [S],
    ) -> Result<(), Error> {
        jvp_into(&self.factors(), a_dot, rule, tangent, work)
    }
}
