//! The functions that Python calls with numpy's arrays. `diffsvd/__init__.py` has their documentation and checks their types.

use diffsvd::batch::{BatchMut, FactorsMut, SecondOrder, TangentMut};
use diffsvd::{Scalar, Vectors};
use num_complex::Complex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arguments::{Any, CotangentAny, CotangentIn, FactorsAny, FactorsIn, RuleIn};
use crate::arrays::{Entries, Entry, Input, Output};
use crate::errors::exception;
use crate::function::{Functions, Kind};
use crate::layout::Item;
use crate::operations::{self, Outcome};
use crate::threads::{is_long, way};

/// The body once for each type of entries, chosen by that of the array.
macro_rules! by_type {
    (of $T:ty, $S:ident, $body:expr) => {{
        type $S = $T;
        $body
    }};
    ($array:expr, $S:ident => $body:expr) => {
        match Entries::of($array)? {
            Entries::F32 => by_type!(of f32, $S, $body),
            Entries::F64 => by_type!(of f64, $S, $body),
            Entries::C64 => by_type!(of Complex<f32>, $S, $body),
            Entries::C128 => by_type!(of Complex<f64>, $S, $body),
        }
    };
}

/// Runs the core, without Python's lock where it takes long.
pub(crate) fn unlocked<T: Send>(
    py: Python<'_>,
    batch: &[usize],
    is_long: bool,
    f: impl Send + FnOnce() -> Result<T, diffsvd::batch::Failure>,
) -> PyResult<T> {
    let done = if is_long { py.detach(f) } else { f() };
    done.map_err(|failure| exception(py, &failure, batch))
}

/// (m, n) and k of the thin factors of these matrices.
pub(crate) fn thin((m, n): (usize, usize)) -> (usize, usize, usize) {
    (m, n, m.min(n))
}

/// U, s and V (`full`: complete bases).
#[pyfunction]
pub(crate) fn svd<'py>(
    py: Python<'py>,
    a: &Any<'py>,
    full: bool,
    threads: usize,
) -> PyResult<(Any<'py>, Any<'py>, Any<'py>)> {
    by_type!(a, S => svd_of::<S>(py, a, full, threads))
}

fn svd_of<'py, S: Entry>(
    py: Python<'py>,
    a: &Any<'py>,
    full: bool,
    most: usize,
) -> PyResult<(Any<'py>, Any<'py>, Any<'py>)>
where
    S::Real: Entry,
{
    let (u, s, v) = decompose(py, &Input::<S>::new("the matrix", a, Item::Matrix)?, full, most)?;
    Ok((u.into_any(py)?, s.into_any(py)?, v.into_any(py)?))
}

/// The factors of a batch, where they belong.
type Outputs<'py, S> = (Output<'py, S>, Output<'py, <S as Scalar>::Real>, Output<'py, S>);

/// U, s and V on at most so many threads (`full`: complete bases).
pub(crate) fn decompose<'py, S: Entry<Real: Entry>>(
    py: Python<'py>,
    a: &Input<'py, S>,
    full: bool,
    most: usize,
) -> PyResult<Outputs<'py, S>> {
    let (home, batch) = (a.home(), a.batch());
    let (view, (m, n, k)) = (a.view(), thin(a.view().shape()));
    let (p, q, vectors) = if full { (m, n, Vectors::Full) } else { (k, k, Vectors::Thin) };
    let mut u = Output::<S>::new(py, home, batch, &[m, p]);
    let mut s = Output::<S::Real>::new(py, home, batch, &[k]);
    let mut v = Output::<S>::new(py, home, batch, &[n, q]);
    let (count, way) = (view.count(), way(batch, (m, n), most));
    let (u_out, s_out, v_out) = (u.slice(), s.slice(), v.slice());
    unlocked(py, batch, is_long(count, (m, n)), || {
        let (u, v) = (BatchMut::row_major(u_out, count, m, p)?, BatchMut::row_major(v_out, count, n, q)?);
        let out = FactorsMut { u, s: BatchMut::vectors(s_out, count, k)?, v };
        operations::svd(view, vectors, out, way)
    })?;
    Ok((u, s, v))
}

/// The singular values alone.
#[pyfunction]
pub(crate) fn svdvals<'py>(py: Python<'py>, a: &Any<'py>, threads: usize) -> PyResult<Any<'py>> {
    by_type!(a, S => svdvals_of::<S>(py, a, threads))
}

fn svdvals_of<'py, S: Entry>(py: Python<'py>, a: &Any<'py>, most: usize) -> PyResult<Any<'py>>
where
    S::Real: Entry,
{
    let a = Input::<S>::new("the matrix", a, Item::Matrix)?;
    let (home, batch) = (a.home(), a.batch());
    let (view, (m, n, k)) = (a.view(), thin(a.view().shape()));
    let mut s = Output::<S::Real>::new(py, home, batch, &[k]);
    let (count, way) = (view.count(), way(batch, (m, n), most));
    let s_out = s.slice();
    unlocked(py, batch, is_long(count, (m, n)), || {
        let s = BatchMut::vectors(s_out, count, k)?;
        operations::svd(
            view,
            Vectors::None,
            FactorsMut { u: BatchMut::empty(count), s, v: BatchMut::empty(count) },
            way,
        )
    })?;
    s.into_any(py)
}

/// gA, and the gauge residual of each matrix if it is wanted.
#[pyfunction]
pub(crate) fn svd_vjp<'py>(
    py: Python<'py>,
    factors: FactorsAny<'py>,
    cotangent: CotangentAny<'py>,
    residual: bool,
    rule: Option<RuleIn>,
    threads: usize,
) -> PyResult<(Any<'py>, Option<Any<'py>>)> {
    by_type!(&factors.0, S => svd_vjp_of::<S>(py, &factors, (&cotangent, residual), rule.as_ref(), threads))
}

fn svd_vjp_of<'py, S: Entry<Real: Entry>>(
    py: Python<'py>,
    factors: &FactorsAny<'py>,
    (cotangent, residual): (&CotangentAny<'py>, bool),
    rule: Option<&RuleIn>,
    most: usize,
) -> PyResult<(Any<'py>, Option<Any<'py>>)> {
    let factors = FactorsIn::<S>::new(factors)?;
    let (cotangent, rule) = (CotangentIn::new(factors.batch(), cotangent)?, RuleIn::or_default(rule)?);
    let (count, (m, n)) = factors.size();
    let (home, batch) = (factors.home(), factors.batch());
    let mut a = Output::<S>::new(py, home, batch, &[m, n]);
    let (view, cotangent, out, way) = (factors.view(), cotangent.view(), a.slice(), way(batch, (m, n), most));
    let mut residual = residual.then(|| Output::<S::Real>::new(py, home, batch, &[]));
    let residuals = residual.as_mut().map(Output::slice);
    unlocked(py, batch, is_long(count, (m, n)), || {
        operations::vjp(view, cotangent, &rule, (BatchMut::row_major(out, count, m, n)?, residuals), way)
    })?;
    let residual = residual.map(|residual| residual.into_any(py));
    Ok((a.into_any(py)?, residual.transpose()?))
}

/// dU, ds, dV and, if it is wanted, dS.
#[pyfunction]
pub(crate) fn svd_jvp<'py>(
    py: Python<'py>,
    factors: FactorsAny<'py>,
    a_dot: &Any<'py>,
    s_matrix: bool,
    rule: Option<RuleIn>,
    threads: usize,
) -> PyResult<(Any<'py>, Any<'py>, Any<'py>, Option<Any<'py>>)> {
    by_type!(&factors.0, S => svd_jvp_of::<S>(py, &factors, (a_dot, s_matrix), rule.as_ref(), threads))
}

fn svd_jvp_of<'py, S: Entry<Real: Entry>>(
    py: Python<'py>,
    factors: &FactorsAny<'py>,
    (a_dot, block): (&Any<'py>, bool),
    rule: Option<&RuleIn>,
    most: usize,
) -> PyResult<(Any<'py>, Any<'py>, Any<'py>, Option<Any<'py>>)> {
    let factors = FactorsIn::<S>::new(factors)?;
    let (a_dot, rule) = (factors.matrices("the tangent of A", a_dot)?, RuleIn::or_default(rule)?);
    let (count, (m, n)) = factors.size();
    let (view, k, home, batch) = (factors.view(), factors.view().shape().1, factors.home(), factors.batch());
    let (mut u, mut v) = (Output::<S>::new(py, home, batch, &[m, k]), Output::<S>::new(py, home, batch, &[n, k]));
    let (mut s, mut s_matrix) =
        (Output::<S::Real>::new(py, home, batch, &[k]), block.then(|| Output::<S>::new(py, home, batch, &[k, k])));
    let (u_out, s_out, v_out, block_out) = (u.slice(), s.slice(), v.slice(), s_matrix.as_mut().map(Output::slice));
    let (a_dot, way) = (a_dot.view(), way(batch, (m, n), most));
    unlocked(py, batch, is_long(count, (m, n)), || {
        let tangent = TangentMut {
            u: Some(BatchMut::row_major(u_out, count, m, k)?),
            s: Some(BatchMut::vectors(s_out, count, k)?),
            v: Some(BatchMut::row_major(v_out, count, n, k)?),
            s_matrix: block_out.map(|out| BatchMut::row_major(out, count, k, k)).transpose()?,
        };
        operations::jvp(view, a_dot, &rule, tangent, way)
    })?;
    let s_matrix = s_matrix.map(|s_matrix| s_matrix.into_any(py)).transpose()?;
    Ok((u.into_any(py)?, s.into_any(py)?, v.into_any(py)?, s_matrix))
}

/// What gA changes by along dA and a change of the cotangents.
#[pyfunction]
pub(crate) fn svd_vjp_tangent<'py>(
    py: Python<'py>,
    factors: FactorsAny<'py>,
    cotangent: CotangentAny<'py>,
    a_dot: &Any<'py>,
    cotangent_dot: CotangentAny<'py>,
    rule: Option<RuleIn>,
    threads: usize,
) -> PyResult<Any<'py>> {
    by_type!(&factors.0, S => svd_vjp_tangent_of::<S>(py, &factors, (&cotangent, a_dot, &cotangent_dot), rule.as_ref(), threads))
}

fn svd_vjp_tangent_of<'py, S: Entry<Real: Entry>>(
    py: Python<'py>,
    factors: &FactorsAny<'py>,
    (cotangent, a_dot, cotangent_dot): (&CotangentAny<'py>, &Any<'py>, &CotangentAny<'py>),
    rule: Option<&RuleIn>,
    most: usize,
) -> PyResult<Any<'py>> {
    let factors = FactorsIn::<S>::new(factors)?;
    let (cotangent, cotangent_dot) =
        (CotangentIn::new(factors.batch(), cotangent)?, CotangentIn::new(factors.batch(), cotangent_dot)?);
    let (a_dot, rule) = (factors.matrices("the tangent of A", a_dot)?, RuleIn::or_default(rule)?);
    let (count, (m, n)) = factors.size();
    let mut a = Output::<S>::new(py, factors.home(), factors.batch(), &[m, n]);
    let point = SecondOrder { cotangent: cotangent.view(), a_dot: a_dot.view(), cotangent_dot: cotangent_dot.view() };
    let (view, out, way) = (factors.view(), a.slice(), way(factors.batch(), (m, n), most));
    unlocked(py, factors.batch(), is_long(count, (m, n)), || {
        operations::vjp_tangent(view, &point, &rule, BatchMut::row_major(out, count, m, n)?, way)
    })?;
    a.into_any(py)
}

/// U f(S) Vᴴ, or its first or second derivative along as many directions.
#[pyfunction]
pub(crate) fn spectral_map<'py>(
    py: Python<'py>,
    name: &str,
    factors: FactorsAny<'py>,
    directions: Vec<Any<'py>>,
    threshold: Option<Any<'py>>,
    number: f64,
    threads: usize,
) -> PyResult<Any<'py>> {
    let kind = Kind::named(name).ok_or_else(|| PyValueError::new_err(format!("{name:?} is not a function")))?;
    by_type!(&factors.0, S => map_of::<S>(py, (kind, threshold.as_ref(), number), &factors, &directions, threads))
}

fn map_of<'py, S: Entry<Real: Entry>>(
    py: Python<'py>,
    (kind, threshold, number): (Kind, Option<&Any<'py>>, f64),
    factors: &FactorsAny<'py>,
    directions: &[Any<'py>],
    most: usize,
) -> PyResult<Any<'py>> {
    let factors = FactorsIn::<S>::new(factors)?;
    let (name, home, batch) = ("the threshold", factors.home(), factors.batch());
    let threshold = threshold.map(|tau| Input::<S::Real>::new(name, tau, Item::Number)?.expect_batch(name, batch));
    let (threshold, name) = (threshold.transpose()?, "a direction");
    let directions = directions.iter().map(|z| factors.matrices(name, z)).collect::<PyResult<Vec<_>>>()?;
    let (count, (m, n)) = factors.size();
    let mut x = Output::<S>::new(py, home, batch, &[m, n]);
    let thresholds = threshold.as_ref().map_or((&[][..], 0), Input::numbers);
    let (f, directions) =
        (Functions { kind, number, thresholds }, directions.iter().map(Input::view).collect::<Vec<_>>());
    let (view, out, way) = (factors.view(), x.slice(), way(batch, (m, n), most));
    let run = || -> Outcome { operations::map(view, &f, &directions, BatchMut::row_major(out, count, m, n)?, way) };
    unlocked(py, batch, is_long(count, (m, n)), run)?;
    x.into_any(py)
}
