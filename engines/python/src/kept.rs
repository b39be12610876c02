//! U, s and V of a small matrix as PyTorch's graph keeps them: copies, for which no tensor has to be saved and none read again.

use diffsvd::batch::{BatchMut, BatchRef, Factors};
use diffsvd::{Error, Scalar};
use num_complex::Complex;
use pyo3::prelude::*;

use crate::arguments::{Any, CotangentAny, CotangentIn, RuleIn};
use crate::arrays::{Entries, Entry, Home, Input, Output};
use crate::layout::Item;
use crate::operations;
use crate::python_functions::{decompose, thin, unlocked};
use crate::threads::{Way, is_long};

/// Bytes of U, s and V up to which they are copied: about what is done while three saved tensors are unpacked.
const SMALL: usize = 48 * 1024;

/// The copies, row by row.
struct Copied<S: Scalar> {
    shape: (usize, usize),
    u: Vec<S>,
    s: Vec<S::Real>,
    v: Vec<S>,
}
impl<S: Scalar> Copied<S> {
    fn view(&self) -> Result<Factors<'_, S>, Error> {
        let (m, n, k) = thin(self.shape);
        Ok(Factors {
            u: BatchRef::row_major(&self.u, 1, m, k)?,
            s: BatchRef::vectors(&self.s, 1, k)?,
            v: BatchRef::row_major(&self.v, 1, n, k)?,
        })
    }
}

enum Stored {
    F32(Copied<f32>),
    F64(Copied<f64>),
    C64(Copied<Complex<f32>>),
    C128(Copied<Complex<f64>>),
}

/// A type of entries of which factors are kept.
trait Storable: Entry<Real: Entry> {
    const STORED: fn(Copied<Self>) -> Stored;
}

macro_rules! storable {
    ($($kind:ident: $T:ty),*) => {$(
        impl Storable for $T {
            const STORED: fn(Copied<Self>) -> Stored = Stored::$kind;
        }
    )*};
}
storable!(F32: f32, F64: f64, C64: Complex<f32>, C128: Complex<f64>);

/// Factors that belong to one node of the graph.
#[pyclass(frozen)]
pub(crate) struct Kept(Stored);

/// The same expression for whichever type of entries it is.
macro_rules! of_each {
    ($stored:expr, $factors:ident => $body:expr) => {
        match $stored {
            Stored::F32($factors) => $body,
            Stored::F64($factors) => $body,
            Stored::C64($factors) => $body,
            Stored::C128($factors) => $body,
        }
    };
}

#[pymethods]
impl Kept {
    /// gA from the cotangents of U, s and V.
    fn vjp<'py>(
        &self,
        py: Python<'py>,
        u: Option<Any<'py>>,
        s: Option<Any<'py>>,
        v: Option<Any<'py>>,
        rule: Option<RuleIn>,
    ) -> PyResult<Any<'py>> {
        of_each!(&self.0, factors => vjp_of(py, factors, &(u, s, v, None), rule.as_ref()))
    }

    /// U, s and V as new tensors.
    fn factors<'py>(&self, py: Python<'py>) -> PyResult<(Any<'py>, Any<'py>, Any<'py>)> {
        of_each!(&self.0, factors => {
            let (m, n, k) = thin(factors.shape);
            Ok((tensor(py, &factors.u, &[m, k])?, tensor(py, &factors.s, &[k])?, tensor(py, &factors.v, &[n, k])?))
        })
    }
}

fn tensor<'py, T: Entry>(py: Python<'py>, entries: &[T], shape: &[usize]) -> PyResult<Any<'py>> {
    let mut tensor = Output::new(py, Home::Torch, &[], shape);
    tensor.slice().copy_from_slice(entries);
    tensor.into_any(py)
}

fn vjp_of<'py, S: Storable>(
    py: Python<'py>,
    factors: &Copied<S>,
    cotangent: &CotangentAny<'py>,
    rule: Option<&RuleIn>,
) -> PyResult<Any<'py>> {
    let (shape, cotangent) = (factors.shape, CotangentIn::<S>::new(&[], cotangent)?);
    let rule = RuleIn::or_default(rule)?;
    let mut a = Output::<S>::new(py, Home::Torch, &[], &[shape.0, shape.1]);
    let (cotangent, out) = (cotangent.view(), a.slice());
    unlocked(py, &[], is_long(1, shape), || {
        operations::vjp(
            factors.view()?,
            cotangent,
            &rule,
            (BatchMut::row_major(out, 1, shape.0, shape.1)?, None),
            Way::Alone,
        )
    })?;
    a.into_any(py)
}

/// U, s and V of one small matrix, and what a node keeps of them; nothing for a batch or a larger matrix.
#[pyfunction]
pub(crate) fn svd_kept<'py>(py: Python<'py>, a: &Any<'py>) -> PyResult<Option<(Any<'py>, Any<'py>, Any<'py>, Kept)>> {
    match Entries::of(a)? {
        Entries::F32 => svd_kept_of::<f32>(py, a),
        Entries::F64 => svd_kept_of::<f64>(py, a),
        Entries::C64 => svd_kept_of::<Complex<f32>>(py, a),
        Entries::C128 => svd_kept_of::<Complex<f64>>(py, a),
    }
}

fn svd_kept_of<'py, S: Storable>(
    py: Python<'py>,
    a: &Any<'py>,
) -> PyResult<Option<(Any<'py>, Any<'py>, Any<'py>, Kept)>> {
    let a = Input::<S>::new("the matrix", a, Item::Matrix)?;
    let shape = a.view().shape();
    let entries = shape.0.saturating_add(shape.1).saturating_mul(shape.0.min(shape.1));
    if !a.batch().is_empty() || a.home() != Home::Torch || entries.saturating_mul(size_of::<S>()) > SMALL {
        return Ok(None);
    }
    let (mut u, mut s, mut v) = decompose(py, &a, false, 1)?;
    let kept = Copied { shape, u: u.slice().to_vec(), s: s.slice().to_vec(), v: v.slice().to_vec() };
    Ok(Some((u.into_any(py)?, s.into_any(py)?, v.into_any(py)?, Kept(S::STORED(kept)))))
}
