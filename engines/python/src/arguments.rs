//! What Python hands over: factors, cotangents, rules.

use diffsvd::batch::{Cotangent, Factors};
use diffsvd::{AtEqual, Real, Rule};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Entry, Home, Input};
use crate::layout::Item;

pub(crate) type Any<'py> = Bound<'py, PyAny>;

/// U, s and V as they come from Python.
pub(crate) type FactorsAny<'py> = (Any<'py>, Any<'py>, Any<'py>);

pub(crate) struct FactorsIn<'py, S: Entry<Real: Entry>> {
    u: Input<'py, S>,
    s: Input<'py, S::Real>,
    v: Input<'py, S>,
}

impl<'py, S: Entry<Real: Entry>> FactorsIn<'py, S> {
    pub(crate) fn new((u, s, v): &FactorsAny<'py>) -> PyResult<Self> {
        let u = Input::new("U", u, Item::Matrix)?;
        let s = Input::new("s", s, Item::Vector)?.expect_batch("s", u.batch())?;
        let v = Input::new("V", v, Item::Matrix)?.expect_batch("V", u.batch())?;
        Ok(FactorsIn { u, s, v })
    }
    pub(crate) fn batch(&self) -> &[usize] {
        self.u.batch()
    }
    pub(crate) fn home(&self) -> Home {
        self.u.home()
    }
    pub(crate) fn view(&self) -> Factors<'_, S> {
        Factors { u: self.u.view(), s: self.s.view(), v: self.v.view() }
    }
    /// Matrices of the batch, and their shape.
    pub(crate) fn size(&self) -> (usize, (usize, usize)) {
        (self.view().u.count(), self.view().shape().0)
    }
    pub(crate) fn matrices(&self, name: &str, array: &Any<'py>) -> PyResult<Input<'py, S>> {
        Input::new(name, array, Item::Matrix)?.expect_batch(name, self.batch())
    }
}

/// What belongs to each item of the batch, where there is such a thing.
fn given<'py, T: Entry>(
    name: &str,
    array: Option<&Any<'py>>,
    item: Item,
    batch: &[usize],
) -> PyResult<Option<Input<'py, T>>> {
    array.map(|array| Input::new(name, array, item)?.expect_batch(name, batch)).transpose()
}

/// gU, gs, gV and the block cotangent, those that are given.
pub(crate) type CotangentAny<'py> = (Option<Any<'py>>, Option<Any<'py>>, Option<Any<'py>>, Option<Any<'py>>);

pub(crate) struct CotangentIn<'py, S: Entry<Real: Entry>> {
    u: Option<Input<'py, S>>,
    s: Option<Input<'py, S::Real>>,
    v: Option<Input<'py, S>>,
    s_matrix: Option<Input<'py, S>>,
}

impl<'py, S: Entry<Real: Entry>> CotangentIn<'py, S> {
    pub(crate) fn new(batch: &[usize], (u, s, v, s_matrix): &CotangentAny<'py>) -> PyResult<Self> {
        Ok(CotangentIn {
            u: given("the cotangent of U", u.as_ref(), Item::Matrix, batch)?,
            s: given("the cotangent of s", s.as_ref(), Item::Vector, batch)?,
            v: given("the cotangent of V", v.as_ref(), Item::Matrix, batch)?,
            s_matrix: given("the cotangent of S", s_matrix.as_ref(), Item::Matrix, batch)?,
        })
    }
    pub(crate) fn view(&self) -> Cotangent<'_, S> {
        Cotangent {
            u: self.u.as_ref().map(Input::view),
            s: self.s.as_ref().map(Input::view),
            v: self.v.as_ref().map(Input::view),
            s_matrix: self.s_matrix.as_ref().map(Input::view),
        }
    }
}

/// The choice at equal singular values and the tolerances: a `diffsvd.Rule`.
#[derive(FromPyObject)]
pub(crate) struct RuleIn {
    name: String,
    parameter: f64,
    gap_tolerance: Option<f64>,
    rank_tolerance: Option<f64>,
}

impl RuleIn {
    /// The rule that is given, else the default one.
    ///
    /// # Errors
    /// That of [`RuleIn::rule`].
    pub(crate) fn or_default<R: Real>(rule: Option<&Self>) -> PyResult<Rule<R>> {
        rule.map_or_else(|| Ok(Rule::default()), Self::rule)
    }

    /// # Errors
    /// `ValueError` for a name that is none.
    pub(crate) fn rule<R: Real>(&self) -> PyResult<Rule<R>> {
        let RuleIn { name, parameter, .. } = self;
        let mut rule = Rule::new(
            at_equal(name, *parameter).ok_or_else(|| PyValueError::new_err(format!("{name:?} is not a rule")))?,
        );
        if let Some(gap) = self.gap_tolerance {
            rule = rule.with_gap_tolerance(R::from_f64(gap));
        }
        if let Some(rank) = self.rank_tolerance {
            rule = rule.with_rank_tolerance(R::from_f64(rank));
        }
        Ok(rule)
    }
}

/// The choice of this name.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // An order beyond 1000 is an error all the same.
pub(crate) fn at_equal<R: Real>(name: &str, parameter: f64) -> Option<AtEqual<R>> {
    Some(match name {
        "reconstruct" => AtEqual::Reconstruct,
        "minimum_norm" => AtEqual::MinimumNorm,
        "published" => AtEqual::Published,
        "plain" => AtEqual::Plain,
        "zeroing" => AtEqual::Zeroing,
        "clip" => AtEqual::Clip(R::from_f64(parameter)),
        "taylor" => AtEqual::Taylor(parameter as usize),
        "lorentzian" => AtEqual::Lorentzian(R::from_f64(parameter)),
        _ => return None,
    })
}
