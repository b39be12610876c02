//! What the package can do with a batch, on views: the one place that calls the core, whoever owns the memory.

use diffsvd::batch::{
    self, BatchMut, BatchRef, Cotangent, Factors, FactorsMut, Failure, Run, SecondOrder, Summary, TangentMut, Target,
};
use diffsvd::spectral::{map_derivative_workspace_len, map_second_workspace_len};
use diffsvd::{
    Error, Report, Rule, Vectors, jvp_into, jvp_workspace_len, svd_into, svd_workspace_len, vjp_into,
    vjp_tangent_workspace_len, vjp_workspace_len,
};

use crate::function::Functions;
use crate::threads::Way;
use crate::workspace::{self, Workspace};

/// What went wrong first, if anything did.
pub(crate) type Outcome = Result<(), Failure>;

/// Runs `f` on its threads with a workspace of `len` entries each, to the first failure.
fn with_workspace<S: Workspace, T>(
    (len, way): (usize, Way),
    f: impl FnOnce(Run<'_, S, T>) -> Result<Summary, Error>,
) -> Outcome {
    let threads = way.threads();
    workspace::with(len.saturating_mul(threads), |work| {
        f(Run::new(work).stop_at_first_failure().threads(threads))?.all()
    })
}

/// Runs `f`, what is done with one matrix, with a workspace of `len` entries.
fn alone<S: Workspace, T>(len: usize, f: impl FnOnce(&mut [S]) -> Result<T, Error>) -> Result<T, Failure> {
    workspace::with(len, f).map_err(|error| Failure { item: Some(0), error })
}

/// U, s and V, or s alone.
pub(crate) fn svd<S: Workspace>(a: BatchRef<'_, S>, vectors: Vectors, mut out: FactorsMut<'_, S>, way: Way) -> Outcome {
    let (m, n) = a.shape();
    if way == Way::Alone {
        let len = svd_workspace_len::<S>(m, n, vectors);
        return alone(len, |work| svd_into(a.item(0)?, vectors, out.item(0)?, work));
    }
    with_workspace((batch::svd_workspace_len::<S>(m, n, vectors), way), |run| batch::svd_into(a, vectors, out, run))
}

/// gA; the gauge residual of each item, where it is wanted.
pub(crate) fn vjp<S: Workspace>(
    factors: Factors<'_, S>,
    cotangent: Cotangent<'_, S>,
    rule: &Rule<S::Real>,
    (mut target, residuals): (BatchMut<'_, S>, Option<&mut [S::Real]>),
    way: Way,
) -> Outcome {
    let ((m, n), k) = factors.shape();
    if way == Way::Alone {
        let report = alone(vjp_workspace_len::<S>(m, n, k), |work| {
            let target = diffsvd::Target::Overwrite(target.item(0)?);
            vjp_into(&factors.item(0)?, &cotangent.item(0)?, rule, target, work)
        })?;
        residuals.into_iter().flatten().for_each(|residual| *residual = report.gauge_residual);
        return Ok(());
    }
    let nothing = Report { gauge_residual: S::zero().re(), equal_pairs: 0, zeros: 0 };
    let mut reports = vec![Ok(nothing); if residuals.is_some() { factors.u.count() } else { 0 }];
    with_workspace((batch::vjp_workspace_len::<S>(m, n, k), way), |run| {
        let run = if residuals.is_some() { run.record(&mut reports) } else { run };
        batch::vjp_into(factors, cotangent, rule, Target::Overwrite(target), run)
    })?;
    for (residual, report) in residuals.into_iter().flatten().zip(reports) {
        *residual = report.unwrap_or(nothing).gauge_residual;
    }
    Ok(())
}

/// dU, ds and dV.
pub(crate) fn jvp<S: Workspace>(
    factors: Factors<'_, S>,
    a_dot: BatchRef<'_, S>,
    rule: &Rule<S::Real>,
    mut tangent: TangentMut<'_, S>,
    way: Way,
) -> Outcome {
    let ((m, n), k) = factors.shape();
    if way == Way::Alone {
        return alone(jvp_workspace_len::<S>(m, n, k), |work| {
            jvp_into(&factors.item(0)?, a_dot.item(0)?, rule, tangent.item(0)?, work)
        });
    }
    with_workspace((batch::jvp_workspace_len::<S>(m, n, k), way), |run| {
        batch::jvp_into(factors, a_dot, rule, tangent, run)
    })
}

/// What gA changes by.
pub(crate) fn vjp_tangent<S: Workspace>(
    factors: Factors<'_, S>,
    point: &SecondOrder<'_, S>,
    rule: &Rule<S::Real>,
    target: BatchMut<'_, S>,
    way: Way,
) -> Outcome {
    let ((m, n), k) = factors.shape();
    with_workspace((vjp_tangent_workspace_len::<S>(m, n, k), way), |run| {
        batch::vjp_tangent_into(factors, *point, rule, Target::Overwrite(target), run)
    })
}

/// The value, the first or the second derivative of U f(S) Vᴴ: by the number of directions.
pub(crate) fn map<S: Workspace>(
    factors: Factors<'_, S>,
    f: &Functions<'_, S::Real>,
    directions: &[BatchRef<'_, S>],
    target: BatchMut<'_, S>,
    way: Way,
) -> Outcome {
    let ((m, n), k) = factors.shape();
    let target = Target::Overwrite(target);
    let first = map_derivative_workspace_len::<S>(m, n, k);
    match *directions {
        [] => with_workspace((first, way), |run| batch::map_into(factors, f, target, run)),
        [a] => with_workspace((first, way), |run| {
            batch::map_jvp_into(factors, f, batch::MapTangent { a, f: None }, target, run)
        }),
        [y, z, ..] => with_workspace((map_second_workspace_len::<S>(m, n, k), way), |run| {
            batch::map_second_into(factors, f, [y, z], target, run)
        }),
    }
}
