//! The driver: copy and scale, reduce to bidiagonal form, diagonalize, write U, s and V.

use crate::banded::{self, Band};
use crate::direct;
use crate::error::Error;
use crate::instances::Instances;
use crate::jacobi::pairs;
use crate::kernel::Level;
use crate::kernel::team::join;
use crate::matrix::{MatMut, MatRef};
use crate::plan::{Plan, Vectors, check_outputs};
use crate::scalar::{Real, Scalar};
use crate::scale;
use crate::stages::Core;
use crate::workspace::Store;

/// Where the factors of an m×n matrix go. With [`Vectors::None`], `u` and `v` are not looked at.
#[derive(Debug)]
pub struct FactorsMut<'a, S: Scalar> {
    /// U: m×k, m×m or m×r.
    pub u: MatMut<'a, S>,
    /// s: k values, or r.
    pub s: &'a mut [S::Real],
    /// V (not Vᴴ): n×k, n×n or n×r.
    pub v: MatMut<'a, S>,
}

/// A = U diag(s) Vᴴ for any m×n matrix, real or complex, on the caller's memory.
///
/// - `a` may have any strides and is only read. The outputs may have any strides too.
/// - s is descending and non-negative. It is the same to the last bit whichever vectors come with it. Without vectors it may come by another
///   algorithm (Laguerre's iteration or dqds instead of Jacobi, QR iteration or divide and conquer), within the same bounds.
/// - U and V have orthonormal columns. Their signs (phases) are those that fall out; see
///   [`fix_phases`](crate::fix_phases) for a convention.
///
/// **Accuracy.** ‖A − U diag(s) Vᴴ‖, ‖`UᴴU` − I‖ s₁, ‖`VᴴV` − I‖ s₁ and the error of each sᵢ are at most 3 max(m, n) ε s₁, over the whole
/// exponent range of the type. For diagonal and bidiagonal `a` every sᵢ has high *relative* accuracy, however small: 100 max(m, n) ε. (If `a` is
/// not diagonal, down to 16 s₁ times the smallest normal number, 2·10⁻³⁷ s₁ in `f32`: below that the cosines of rotations underflow.) Alone
/// it is 3 max(m, n) ε, but where the diagonal has a zero, where the squares of the entries, beside that of the largest, leave the range of the type, or
/// where a value is below s₁ times the fourth root of the smallest normal number (10⁻⁷⁷ s₁, in `f32` 3·10⁻¹⁰ s₁).
///
/// **Cost.** About 8/3 n³ + 4 m n² flops for the values and as much again for each of U and V (four times that for a complex
/// type); workspace [`svd_workspace_len`](crate::svd_workspace_len), no allocation.
///
/// **Threads.** With the feature `rayon`, called on a thread of a pool (`rayon::scope`, `ThreadPool::install`), the work on a matrix of 256 KiB or more (of
/// its triangular factor, where A = Q R comes first) is shared among the threads of that pool. The results are those of one thread to the last bit. Elsewhere it is one thread.
///
/// # Errors
/// [`Error::Shape`], [`Error::Parameter`], [`Error::Workspace`], [`Error::NonFinite`] (where), [`Error::Overflow`] if s₁ is not representable,
/// [`Error::NoConvergence`] (never seen). The outputs are untouched then.
///
/// ```
/// use diffsvd::{FactorsMut, MatMut, MatRef, Vectors, svd_into, svd_workspace_len};
///
/// let a = [3.0, 0.0, 4.0, 5.0];
/// let (mut u, mut s, mut v) = ([0.0; 4], [0.0; 2], [0.0; 4]);
/// let mut work = [0.0; svd_workspace_len::<f64>(2, 2, Vectors::Thin)];
/// svd_into(
///     MatRef::row_major(&a, 2, 2)?,
///     Vectors::Thin,
///     FactorsMut { u: MatMut::row_major(&mut u, 2, 2)?, s: &mut s, v: MatMut::row_major(&mut v, 2, 2)? },
///     &mut work,
/// )?;
/// assert!((s[0] - 45_f64.sqrt()).abs() < 1e-14 && (s[1] - 5_f64.sqrt()).abs() < 1e-14);
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// Golub & Kahan 1965; Demmel & Kahan 1990; Chan 1982; Fernando & Parlett 1994; Li & Zeng 1994.
pub fn svd_into<S: Scalar>(
    a: MatRef<'_, S>,
    vectors: Vectors,
    out: FactorsMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    S::Real::svd(a, vectors, out, work)
}

/// [`svd_into`], compiled with this crate for the common types.
pub(crate) fn decompose<S: Scalar>(
    a: MatRef<'_, S>,
    vectors: Vectors,
    mut out: FactorsMut<'_, S>,
    work: &mut [S],
) -> Result<(), Error> {
    check_outputs(a.shape(), vectors, out.u.shape(), out.s.len(), out.v.shape())?;
    let plan = Plan::new::<S>(a.rows(), a.cols(), vectors);
    let direct = direct::is_direct(plan.rows, plan.cols);
    let needed = if direct { direct::Workspace::<S>::needed(&plan) } else { plan.workspace::<S>() };
    let mut store = Store::new(work, needed)?;
    if plan.cols == 0 {
        // Nothing to decompose: the complete bases of `Full` are the identity.
        for mut basis in [out.u, out.v] {
            basis.fill_with(|i, j| if i == j { S::one() } else { S::zero() });
        }
        return Ok(());
    }
    if direct && let Some(done) = direct::solve(a, vectors, &mut out) {
        return done;
    }
    by_stages(a, &plan, out, &mut store)
}

/// The largest part of an entry, and which entries there are if that is a band.
///
/// # Errors
/// [`Error::NonFinite`].
pub(crate) fn look<S: Scalar>(a: MatRef<'_, S>, plan: &Plan) -> Result<(S::Real, Option<Band>), Error> {
    let shared = plan.shared(size_of::<S>());
    let [one, other] = plan.halves(a)?;
    let largest =
        match join(shared, || scale::largest_part(one, "the matrix"), || scale::largest_part(other, "the matrix")) {
            (Ok(one), Ok(other)) => one.larger(other),
            // With the position in the whole.
            _ => scale::largest_part(a, "the matrix")?,
        };
    Ok((largest, if plan.limits.banded { banded::detect(a, plan.transposed) } else { None }))
}

/// Jacobi in pairs where that serves, otherwise the stages in their order, for a matrix that is not empty.
pub(crate) fn by_stages<S: Scalar>(
    a: MatRef<'_, S>,
    plan: &Plan,
    mut out: FactorsMut<'_, S>,
    store: &mut Store<'_, S::Real>,
) -> Result<(), Error> {
    let (largest, band) = look(a, plan)?;
    let level = Level::detect();
    let whole = band.is_none() && plan.whole_in_pairs((size_of::<S::Real>(), S::PARTS));
    if whole && pairs::serves::<S>(plan.cols, level) {
        let mut place = pairs::Given { a, adjoint: plan.transposed, vectors: plan.vectors, out: &mut out };
        let shape = (plan.rows, plan.cols);
        if pairs::decompose((shape, largest), &mut place, (store.reborrow().all(), level)) {
            return complete(if plan.transposed { out.v } else { out.u }, plan, store);
        }
    }
    let mut core = Core::carve(plan, S::PARTS, store);
    let p = if let Some(band) = band {
        let p = band.scaling(largest);
        core.solve_band(a, band, p)?;
        p
    } else {
        let p = scale::exponent(largest);
        core.load(a, p)?;
        core.solve_dense()?;
        p
    };
    core.write(p, out)
}

/// The columns behind the first ones, which span the range, where the basis is to be complete.
fn complete<S: Scalar>(basis: MatMut<'_, S>, plan: &Plan, store: &mut Store<'_, S::Real>) -> Result<(), Error> {
    if plan.thin() {
        return Ok(());
    }
    let (rows, cols) = (plan.rows, plan.cols);
    let mut core = Core::carve(&plan.completing(), S::PARTS, store);
    core.load(basis.as_ref().leading_cols(cols), 0)?;
    core.complete(basis.block(0, cols, rows, rows - cols)?);
    Ok(())
}

/// The singular values of `a` alone, descending: within the bounds of [`svd_into`], not to the last bit those that come with vectors, since the
/// algorithm is as a rule a faster one (Laguerre's iteration, dqds), which knows no vectors.
///
/// The workspace has [`svd_workspace_len`](crate::svd_workspace_len) entries for [`Vectors::None`].
///
/// # Errors
/// As [`svd_into`].
///
/// ```
/// use diffsvd::{MatRef, singular_values_into};
/// let (mut s, mut work) = ([0.0; 2], [0.0; 100]);
/// singular_values_into(MatRef::row_major(&[0.0, 2.0, -1.0, 0.0], 2, 2)?, &mut s, &mut work)?;
/// assert_eq!(s, [2.0, 1.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn singular_values_into<S: Scalar>(a: MatRef<'_, S>, s: &mut [S::Real], work: &mut [S]) -> Result<(), Error> {
    svd_into(a, Vectors::None, FactorsMut { u: MatMut::empty(), s, v: MatMut::empty() }, work)
}
