//! The functions that XLA calls. Which of the cotangents are there stands in an attribute as letters, "usv".

use std::ffi::c_int;
use std::ops::Range;

use diffsvd::batch::{BatchMut, BatchRef, Cotangent, Factors, FactorsMut, Failure, TangentMut};
use diffsvd::{Real, Rule, Scalar, Vectors};
use num_complex::Complex;

use super::abi::{C64, C128, CallFrame, Error, F32, F64};
use super::frame::{Answer, Call, Typed, dimension, handle};
use crate::arguments::at_equal;
use crate::errors::message;
use crate::function::{Functions, Kind};
use crate::operations;
use crate::threads::Way;
use crate::workspace::Workspace;

/// A type of entries.
trait Entry: Workspace + Scalar<Real: Typed> + Typed {
    /// Whether conjugation changes anything.
    const IS_COMPLEX: bool = size_of::<Self>() > size_of::<Self::Real>();
}
impl<S: Workspace + Scalar<Real: Typed> + Typed> Entry for S {}

/// A function that XLA can call, for each type of entries.
macro_rules! handler {
    ($name:ident, $of:ident) => {
        /// Called by XLA.
        ///
        /// # Safety
        /// `frame` is what XLA calls a handler with.
        #[expect(unsafe_code, reason = "the boundary to XLA")]
        pub(crate) unsafe extern "C" fn $name(frame: *mut CallFrame) -> *mut Error {
            // SAFETY: that of the caller.
            unsafe {
                handle(frame, |call| match call.dtype(0)? {
                    F32 => $of::<f32>(call),
                    F64 => $of::<f64>(call),
                    C64 => $of::<Complex<f32>>(call),
                    C128 => $of::<Complex<f64>>(call),
                    other => Err(unsupported(other)),
                })
            }
        }
    };
}

fn unsupported(dtype: c_int) -> String {
    format!("matrices must be float32, float64, complex64 or complex128, not XLA's type {dtype}")
}

handler!(svd, svd_of);
handler!(svdvals, svdvals_of);
handler!(svd_jvp, svd_jvp_of);
handler!(svd_vjp, svd_vjp_of);
handler!(spectral_map, map_of);

/// An argument as a batch of matrices.
struct Matrices<'a, S> {
    data: &'a [S],
    /// The leading dimensions.
    batch: &'a [i64],
    shape: (usize, usize),
}

impl<'a, S: Entry> Matrices<'a, S> {
    fn new(call: &Call<'a>, index: usize) -> Result<Self, String> {
        match call.argument::<S>(index)? {
            (data, &[ref batch @ .., rows, cols]) => {
                Ok(Matrices { data, batch, shape: (dimension(rows), dimension(cols)) })
            }
            _ => Err(format!("argument {index} is not a batch of matrices")),
        }
    }
    fn count(&self) -> usize {
        self.batch.iter().map(|&len| dimension(len)).product()
    }
    fn view(&self) -> Result<BatchRef<'a, S>, Failure> {
        Ok(BatchRef::row_major(self.data, self.count(), self.shape.0, self.shape.1)?)
    }
    /// How matrices of this shape are worked on.
    fn way(&self, shape: (usize, usize)) -> Way {
        if self.batch.is_empty() { Way::Alone } else { Way::of_batch(self.count(), shape, 0) }
    }
    /// Runs the core; a failure is told with the indices of its item.
    fn run(&self, f: impl FnOnce() -> Result<(), Failure>) -> Answer {
        f().map_err(|failure| message(&failure, &self.batch.iter().map(|&len| dimension(len)).collect::<Vec<_>>()))
    }
}

fn svd_of<S: Entry>(call: &Call<'_>) -> Answer {
    let a = Matrices::<S>::new(call, 0)?;
    let (count, (m, n), k) = (a.count(), a.shape, a.shape.0.min(a.shape.1));
    let (u, s, v) = (call.result::<S>(0)?, call.result::<S::Real>(1)?, call.result::<S>(2)?);
    a.run(|| {
        let (u, v) = (BatchMut::row_major(u, count, m, k)?, BatchMut::row_major(v, count, n, k)?);
        let out = FactorsMut { u, s: BatchMut::vectors(s, count, k)?, v };
        operations::svd(a.view()?, Vectors::Thin, out, a.way(a.shape))
    })
}

fn svdvals_of<S: Entry>(call: &Call<'_>) -> Answer {
    let a = Matrices::<S>::new(call, 0)?;
    let (count, k) = (a.count(), a.shape.0.min(a.shape.1));
    let s = call.result::<S::Real>(0)?;
    a.run(|| {
        let (u, v) = (BatchMut::empty(count), BatchMut::empty(count));
        let out = FactorsMut { u, s: BatchMut::vectors(s, count, k)?, v };
        operations::svd(a.view()?, Vectors::None, out, a.way(a.shape))
    })
}

/// U, s and V are arguments number 0, 1 and 2.
struct FactorsIn<'a, S: Entry> {
    u: Matrices<'a, S>,
    s: &'a [S::Real],
    v: Matrices<'a, S>,
}

impl<'a, S: Entry> FactorsIn<'a, S> {
    fn new(call: &Call<'a>) -> Result<Self, String> {
        Ok(FactorsIn { u: Matrices::new(call, 0)?, s: call.argument(1)?.0, v: Matrices::new(call, 2)? })
    }
    fn view(&self) -> Result<Factors<'a, S>, Failure> {
        let s = BatchRef::vectors(self.s, self.u.count(), self.u.shape.1)?;
        Ok(Factors { u: self.u.view()?, s, v: self.v.view()? })
    }
    /// (m, n), and k.
    fn shape(&self) -> ((usize, usize), usize) {
        ((self.u.shape.0, self.v.shape.0), self.u.shape.1)
    }
}

/// The rule in the attributes; where there is none, the default one.
fn rule<R: Real>(call: &Call<'_>) -> Result<Rule<R>, String> {
    let Some(name) = call.string_if_there("rule") else { return Ok(Rule::default()) };
    let mut rule =
        Rule::new(at_equal(name, call.number("parameter")?).ok_or_else(|| format!("{name:?} is not a rule"))?);
    let (gap, rank) = (call.number("gap_tolerance")?, call.number("rank_tolerance")?);
    if gap >= 0.0 {
        rule = rule.with_gap_tolerance(R::from_f64(gap));
    }
    if rank >= 0.0 {
        rule = rule.with_rank_tolerance(R::from_f64(rank));
    }
    Ok(rule)
}

/// Arguments U, s, V, dA; results dU, ds, dV.
fn svd_jvp_of<S: Entry>(call: &Call<'_>) -> Answer {
    let (factors, a_dot, rule) = (FactorsIn::<S>::new(call)?, Matrices::new(call, 3)?, rule(call)?);
    let (((m, n), k), count) = (factors.shape(), a_dot.count());
    let (u, s, v) = (call.result::<S>(0)?, call.result::<S::Real>(1)?, call.result::<S>(2)?);
    a_dot.run(|| {
        let tangent = TangentMut {
            u: Some(BatchMut::row_major(u, count, m, k)?),
            s: Some(BatchMut::vectors(s, count, k)?),
            v: Some(BatchMut::row_major(v, count, n, k)?),
            s_matrix: None,
        };
        operations::jvp(factors.view()?, a_dot.view()?, &rule, tangent, a_dot.way((m, n)))
    })
}

/// Arguments U, s, V and the cotangents that are there; result gA. All of them are JAX's: the conjugates of those of the core.
fn svd_vjp_of<S: Entry>(call: &Call<'_>) -> Answer {
    let (factors, rule, given) = (FactorsIn::<S>::new(call)?, rule(call)?, call.string("given")?);
    let position = |letter| given.find(letter).map(|place| 3 + place);
    let matrices = |letter| position(letter).map(|index| Ok::<_, String>(call.argument::<S>(index)?.0)).transpose();
    let (of_u, of_v) = (matrices('u')?, matrices('v')?);
    let of_s = position('s').map(|index| Ok::<_, String>(call.argument::<S::Real>(index)?.0)).transpose()?;
    let (((m, n), k), count, a) = (factors.shape(), factors.u.count(), call.result::<S>(0)?);
    let way = factors.u.way((m, n));
    let (mut conj_u, mut conj_v) = (Vec::new(), Vec::new());
    factors.u.run(|| {
        let step = at_once::<S>(m.max(n) * k, way.threads()).min(count.max(1));
        for items in (0..count).step_by(step).map(|first| first..count.min(first + step)) {
            let len = items.len();
            let part = |all, rows| BatchRef::row_major(cut(all, rows * k, &items), len, rows, k);
            let numbers = |all| BatchRef::vectors(cut(all, k, &items), len, k);
            let at = Factors { u: part(factors.u.data, m)?, s: numbers(factors.s)?, v: part(factors.v.data, n)? };
            let of_u = of_u.map(|all| conjugated(cut(all, m * k, &items), &mut conj_u));
            let of_v = of_v.map(|all| conjugated(cut(all, n * k, &items), &mut conj_v));
            let cotangent = Cotangent {
                u: of_u.map(|u| BatchRef::row_major(u, len, m, k)).transpose()?,
                s: of_s.map(numbers).transpose()?,
                v: of_v.map(|v| BatchRef::row_major(v, len, n, k)).transpose()?,
                s_matrix: None,
            };
            let a = a.get_mut(items.start * m * n..items.end * m * n).unwrap_or_default();
            let target = BatchMut::row_major(&mut *a, len, m, n)?;
            operations::vjp(at, cotangent, &rule, (target, None), way)
                .map_err(|failure| beyond(items.start, failure))?;
            a.iter_mut().filter(|_| S::IS_COMPLEX).for_each(|x| *x = x.conj());
        }
        Ok(())
    })
}

/// Matrices of which the cotangents are conjugated at a time: as many as stay in the cache for each thread; all where nothing is to be done.
fn at_once<S: Entry>(entries: usize, threads: usize) -> usize {
    const CACHED: usize = 128 * 1024;
    if S::IS_COMPLEX { (CACHED / (entries.max(1) * size_of::<S>())).max(1) * threads } else { usize::MAX }
}

/// These items of a batch with `each` entries an item.
fn cut<'a, T>(all: &'a [T], each: usize, items: &Range<usize>) -> &'a [T] {
    all.get(items.start * each..items.end * each).unwrap_or_default()
}

/// The conjugates, in this memory; what is real stays where it is.
fn conjugated<'a, S: Entry>(entries: &'a [S], memory: &'a mut Vec<S>) -> &'a [S] {
    if !S::IS_COMPLEX {
        return entries;
    }
    memory.clear();
    memory.extend(entries.iter().map(|x| x.conj()));
    memory
}

/// A failure among the items from `first` on.
fn beyond(first: usize, mut failure: Failure) -> Failure {
    failure.item = failure.item.map(|item| first + item);
    failure
}

/// Arguments U, s, V, the thresholds, and as many directions as the derivative has; result X or its derivative.
fn map_of<S: Entry>(call: &Call<'_>) -> Answer {
    let (factors, name) = (FactorsIn::<S>::new(call)?, call.string("name")?);
    let kind = Kind::named(name).ok_or_else(|| format!("{name:?} is not a function"))?;
    let f = Functions { kind, number: call.number("number")?, thresholds: (call.argument::<S::Real>(3)?.0, 1) };
    let directions =
        (4..call.arguments()).map(|index| Matrices::<S>::new(call, index)).collect::<Result<Vec<_>, _>>()?;
    let (((m, n), _), count) = (factors.shape(), factors.u.count());
    let x = call.result::<S>(0)?;
    factors.u.run(|| {
        let directions = directions.iter().map(Matrices::view).collect::<Result<Vec<_>, _>>()?;
        let target = BatchMut::row_major(x, count, m, n)?;
        operations::map(factors.view()?, &f, &directions, target, factors.u.way((m, n)))
    })
}
