//! The operations, over any scalar type.
#![expect(unsafe_code, reason = "the arguments are pointers of C, which `Memory` turns into views")]

use diffsvd::batch::{
    self, BatchMut, Cotangent, Factors, FactorsMut, MapGradient, MapTangent, Run, Same, Summary, TangentMut, Target,
};
use diffsvd::spectral::{Elementary, map_derivative_workspace_len};
use diffsvd::{Error, Real, Report, Rule, Scalar, Vectors};

use crate::function::{DIFFSVD_PINV, Named, diffsvd_function};
use crate::status::{DIFFSVD_OK, DIFFSVD_OUT_OF_MEMORY, DIFFSVD_POINTER, Fault, code, diffsvd_status};
use crate::types::{
    DIFFSVD_ADD, DIFFSVD_OVERWRITE, In, Out, Parts, diffsvd_accumulate, diffsvd_report, diffsvd_rule, tolerance,
    unknown, vectors,
};
use crate::view::Memory;

/// What every call brings along: a workspace, and where the status of each matrix goes.
pub(crate) struct Call<S> {
    pub(crate) work: *mut S,
    pub(crate) work_len: usize,
    pub(crate) status: *mut diffsvd_status,
}

/// Takes what is kept of matrix number i.
type Keep<'a, T> = &'a mut dyn FnMut(usize, &T);

/// How a call runs: the number of matrices, the workspace, and what is kept of each matrix that succeeds.
struct Items<'a, T> {
    count: usize,
    needed: usize,
    initial: T,
    keep: Option<Keep<'a, T>>,
}

impl Items<'_, ()> {
    fn new(count: usize, needed: usize) -> Self {
        Items { count, needed, initial: (), keep: None }
    }
}

impl<S: Scalar> Call<S> {
    /// # Safety
    /// As [`Memory::array`] for the workspace and for the status.
    unsafe fn run<T: Clone>(
        self,
        memory: &mut Memory,
        items: Items<'_, T>,
        operate: impl FnOnce(Run<'_, S, T>) -> Result<Summary, Error>,
    ) -> Result<Summary, Fault> {
        // SAFETY: the caller's promise.
        let lent = unsafe { memory.array("work", self.work, self.work_len) }?;
        let status_len = if self.status.is_null() { 0 } else { items.count };
        // SAFETY: the caller's promise.
        let status = unsafe { memory.array("status", self.status, status_len) }?;
        let mut own =
            if self.work.is_null() && self.work_len == 0 { reserve(items.needed, S::zero())? } else { Vec::new() };
        let work = if own.is_empty() { lent } else { &mut own };
        if status.is_empty() && items.keep.is_none() {
            return Ok(operate(Run::new(work))?);
        }
        let mut outcomes = reserve(items.count, Ok(items.initial))?;
        let summary = operate(Run::new(work).record(&mut outcomes));
        if let Some(keep) = items.keep {
            outcomes.iter().enumerate().for_each(|(i, outcome)| outcome.iter().for_each(|kept| keep(i, kept)));
        }
        for (status, outcome) in status.iter_mut().zip(&outcomes) {
            *status = summary.as_ref().err().or(outcome.as_ref().err()).map_or(DIFFSVD_OK, code);
        }
        Ok(summary?)
    }
}

fn reserve<T: Clone>(len: usize, value: T) -> Result<Vec<T>, Fault> {
    let mut memory = Vec::new();
    memory
        .try_reserve_exact(len)
        .map_err(|_| Fault::new(DIFFSVD_OUT_OF_MEMORY, format!("no memory for a workspace of {len} entries")))?;
    memory.resize(len, value);
    Ok(memory)
}

/// # Safety
/// As [`Memory::read`] for all parts.
unsafe fn factors<'a, S: Scalar>(memory: &mut Memory, of: Parts<In<S>, In<S::Real>>) -> Result<Factors<'a, S>, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        Ok(Factors { u: memory.read("U", of.u)?, s: memory.read("s", of.s)?, v: memory.read("V", of.v)? }.triplets())
    }
}

fn target<S>(batch: BatchMut<'_, S>, accumulate: diffsvd_accumulate) -> Result<Target<'_, S>, Fault> {
    match accumulate {
        DIFFSVD_OVERWRITE => Ok(Target::Overwrite(batch)),
        DIFFSVD_ADD => Ok(Target::Add(batch)),
        other => Err(unknown("accumulate", other, "DIFFSVD_OVERWRITE or DIFFSVD_ADD")),
    }
}

/// # Safety
/// As [`Memory`] for all pointers; so for all functions below.
pub(crate) unsafe fn svd<S: Scalar>(
    a: In<S>,
    choice: i32,
    out: Parts<Out<S>, Out<S::Real>>,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    let vectors = vectors(choice, out.s.layout.rows)?;
    // SAFETY: the caller's promise.
    let (a, s) = unsafe { (memory.read("a", a)?, memory.write("s", out.s)?) };
    let basis = |memory: &mut Memory, name, of| match vectors {
        Vectors::None => Ok(BatchMut::empty(a.count())),
        // SAFETY: the caller's promise.
        _ => unsafe { memory.write(name, of) },
    };
    let (u, v) = (basis(&mut memory, "u", out.u)?, basis(&mut memory, "v", out.v)?);
    let (rows, cols) = a.shape();
    let items = Items::new(a.count(), batch::svd_workspace_len_for::<S>(a.count(), rows, cols, vectors));
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::svd_into(a, vectors, FactorsMut { u, s, v }, run)) }
}

/// # Safety
/// `rule` is NULL or points to a rule.
unsafe fn rule<R: Real>(rule: *const diffsvd_rule) -> Result<Rule<R>, Fault> {
    // SAFETY: the caller's promise.
    unsafe { rule.as_ref() }.map_or(Ok(Rule::default()), |rule| rule.get())
}

/// # Safety
/// As [`svd`].
pub(crate) unsafe fn vjp<S: Scalar>(
    of: Parts<In<S>, In<S::Real>>,
    cotangent: Parts<In<S>, In<S::Real>>,
    by: *const diffsvd_rule,
    (a_bar, accumulate): (Out<S>, diffsvd_accumulate),
    report: *mut diffsvd_report,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (factors, by) = unsafe { (factors(&mut memory, of)?, rule(by)?) };
    // SAFETY: the caller's promise.
    let cotangent = unsafe {
        Cotangent {
            u: memory.read_given("the cotangent of U", cotangent.u)?,
            s: memory.read_given("the cotangent of s", cotangent.s)?,
            v: memory.read_given("the cotangent of V", cotangent.v)?,
            s_matrix: cotangent.s_matrix.map(|s| memory.read_given("the cotangent of S", s)).transpose()?.flatten(),
        }
    };
    // SAFETY: the caller's promise.
    let target = target(unsafe { memory.write("a_bar", a_bar) }?, accumulate)?;
    let (((m, n), k), count) = (factors.shape(), factors.u.count());
    // SAFETY: the caller's promise.
    let reports = unsafe { memory.array("report", report, if report.is_null() { 0 } else { count }) }?;
    let mut keep = |i: usize, of: &Report<S::Real>| reports[i] = c_report(of);
    let items = Items {
        count,
        needed: batch::vjp_workspace_len::<S>(m, n, k),
        initial: Report { gauge_residual: S::Real::from_f64(0.0), equal_pairs: 0, zeros: 0 },
        keep: if report.is_null() { None } else { Some(&mut keep) },
    };
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::vjp_into(factors, cotangent, &by, target, run)) }
}

fn c_report<R: Real>(of: &Report<R>) -> diffsvd_report {
    diffsvd_report { gauge_residual: of.gauge_residual.to_f64(), equal_pairs: of.equal_pairs, zeros: of.zeros }
}

/// # Safety
/// As [`svd`].
pub(crate) unsafe fn jvp<S: Scalar>(
    of: Parts<In<S>, In<S::Real>>,
    a_dot: In<S>,
    by: *const diffsvd_rule,
    tangent: Parts<Out<S>, Out<S::Real>>,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (factors, by, a_dot) = unsafe { (factors(&mut memory, of)?, rule(by)?, memory.read("a_dot", a_dot)?) };
    // SAFETY: the caller's promise.
    let tangent = unsafe {
        TangentMut {
            u: memory.write_given("the tangent of U", tangent.u)?,
            s: memory.write_given("the tangent of s", tangent.s)?,
            v: memory.write_given("the tangent of V", tangent.v)?,
            s_matrix: tangent.s_matrix.map(|s| memory.write_given("the tangent of S", s)).transpose()?.flatten(),
        }
    };
    let ((m, n), k) = factors.shape();
    let items = Items::new(factors.u.count(), batch::jvp_workspace_len::<S>(m, n, k));
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::jvp_into(factors, a_dot, &by, tangent, run)) }
}

fn map_items<S: Scalar>(factors: &Factors<'_, S>) -> Items<'static, ()> {
    let ((m, n), k) = factors.shape();
    Items::new(factors.u.count(), map_derivative_workspace_len::<S>(m, n, k))
}

/// # Safety
/// `function` is NULL, which is refused, or points to one.
unsafe fn function(function: *const diffsvd_function) -> Result<diffsvd_function, Fault> {
    // SAFETY: the caller's promise.
    let function = unsafe { function.as_ref() };
    function.copied().ok_or_else(|| Fault::new(DIFFSVD_POINTER, "function: the pointer is NULL".into()))
}

/// # Safety
/// As [`svd`].
pub(crate) unsafe fn map<S: Scalar<Real: Elementary>>(
    of: Parts<In<S>, In<S::Real>>,
    f: *const diffsvd_function,
    x: Out<S>,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (factors, f, x) =
        unsafe { (factors(&mut memory, of)?, function(f)?, Target::Overwrite(memory.write("x", x)?)) };
    let items = map_items(&factors);
    if f.kind == DIFFSVD_PINV {
        // SAFETY: the caller's promise.
        return unsafe {
            call.run(&mut memory, items, |run| batch::pinv_into(factors, tolerance(f.parameter), x, run))
        };
    }
    let named = Named::new(f)?;
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::map_into(factors, &Same(named), x, run)) }
}

/// # Safety
/// As [`svd`].
pub(crate) unsafe fn map_jvp<S: Scalar<Real: Elementary>>(
    of: Parts<In<S>, In<S::Real>>,
    f: *const diffsvd_function,
    a_dot: In<S>,
    x_dot: Out<S>,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (factors, f, a) = unsafe { (factors(&mut memory, of)?, function(f)?, memory.read("a_dot", a_dot)?) };
    // SAFETY: the caller's promise.
    let x = Target::Overwrite(unsafe { memory.write("x_dot", x_dot) }?);
    let items = map_items(&factors);
    if f.kind == DIFFSVD_PINV {
        let cutoff = tolerance(f.parameter);
        // SAFETY: the caller's promise.
        return unsafe { call.run(&mut memory, items, |run| batch::pinv_jvp_into(factors, cutoff, a, x, run)) };
    }
    let (named, tangent) = (Named::new(f)?, MapTangent { a, f: None });
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::map_jvp_into(factors, &Same(named), tangent, x, run)) }
}

/// # Safety
/// As [`svd`].
pub(crate) unsafe fn map_vjp<S: Scalar<Real: Elementary>>(
    of: Parts<In<S>, In<S::Real>>,
    f: *const diffsvd_function,
    x_bar: In<S>,
    (a_bar, accumulate): (Out<S>, diffsvd_accumulate),
    f_bar: Out<S::Real>,
    call: Call<S>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (factors, f, x) = unsafe { (factors(&mut memory, of)?, function(f)?, memory.read("x_bar", x_bar)?) };
    // SAFETY: the caller's promise.
    let (a, f_bar) = unsafe { (memory.write("a_bar", a_bar)?, memory.write_given("f_bar", f_bar)?) };
    let (a, items) = (target(a, accumulate)?, map_items(&factors));
    if f.kind == DIFFSVD_PINV {
        if f_bar.is_some() {
            return Err(Fault::new(DIFFSVD_POINTER, "f_bar: the pseudoinverse gives none; pass NULL".into()));
        }
        let cutoff = tolerance(f.parameter);
        // SAFETY: the caller's promise.
        return unsafe { call.run(&mut memory, items, |run| batch::pinv_vjp_into(factors, cutoff, x, a, run)) };
    }
    let (named, gradient) = (Named::new(f)?, MapGradient { a, f: f_bar });
    // SAFETY: the caller's promise.
    unsafe { call.run(&mut memory, items, |run| batch::map_vjp_into(factors, &Same(named), x, gradient, run)) }
}

/// The cotangent of the parameter of f from those of its values, one a matrix.
///
/// # Safety
/// As [`svd`].
pub(crate) unsafe fn parameter_vjp<R: Elementary>(
    s: In<R>,
    f: *const diffsvd_function,
    f_bar: In<R>,
    parameter_bar: Out<R>,
) -> Result<Summary, Fault> {
    let mut memory = Memory::default();
    // SAFETY: the caller's promise.
    let (named, s) = unsafe { (Named::new(function(f)?)?, memory.read("s", s)?) };
    // SAFETY: the caller's promise.
    let (f_bar, out) = unsafe { (memory.read("f_bar", f_bar)?, memory.write("parameter_bar", parameter_bar)?) };
    let run = Run::<R>::new(&mut []);
    Ok(batch::for_each((s, f_bar, out), 0, run, |(s, f_bar, out), i, _| {
        let ((s, f_bar), out) = ((s.vector(i)?, f_bar.vector(i)?), out.vector(i)?);
        if s.len() != f_bar.len() || out.len() != 1 {
            let argument = if out.len() == 1 { "f_bar" } else { "parameter_bar" };
            let (got, expected) = if out.len() == 1 { (f_bar.len(), s.len()) } else { (out.len(), 1) };
            return Err(Error::Shape { argument, got: (got, 1), expected: (expected, 1) });
        }
        let terms = s.iter().zip(f_bar).map(|(&s, &bar)| bar * named.parameter_derivative(s));
        out[0] = terms.fold(R::zero(), |sum, term| sum + term);
        Ok(())
    })?)
}
