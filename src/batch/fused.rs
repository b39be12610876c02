//! From the matrices to a function of their singular values, or to its gradient, in one pass: U, s and V live in the workspace and are never stored,
//! unless they are asked for.
//!
//! The functions bear the names of those of [`batch`](super) that start from the factors, and compute the same; workspace [`workspace_len`].

use core::marker::PhantomData;
use core::ops::ControlFlow;

use super::choose::Choose;
use super::chosen::Chosen;
use super::decompose::svd_workspace_len;
use super::lanes;
use super::map::{MapGradient, MapTangent};
use super::parts::{Batched, FactorsMut, Target};
use super::run::{Piece, Run, Summary, for_each_piece};
use super::view::{BatchMut, BatchRef};
use crate::abreast;
use crate::error::Error;
use crate::factors::{Factors, Tolerance};
use crate::kernel::{LANES, Level};
use crate::plan::Vectors;
use crate::scalar::Scalar;
use crate::spectral::{self, SpectralMap, map_derivative_workspace_len};
use crate::svd::FactorsMut as SingleMut;
use crate::workspace::{Arena, larger, smaller};

/// Length of the workspace of the functions of this module for m×n matrices, times the threads.
#[must_use]
pub const fn workspace_len<S: Scalar>(rows: usize, cols: usize) -> usize {
    let k = smaller(rows, cols);
    let side_by_side = if lanes::serves(rows, cols) { lanes::workspace_len::<S>(rows, cols) } else { 0 };
    let one = map_derivative_workspace_len::<S>(rows, cols, k);
    for_each_workspace_len::<S>(rows, cols, one.saturating_add(side_by_side))
}

/// Length of the workspace of [`for_each_svd`] for m×n matrices and a function that needs `len` entries, times the threads.
#[must_use]
pub const fn for_each_workspace_len<S: Scalar>(rows: usize, cols: usize, len: usize) -> usize {
    let k = smaller(rows, cols);
    let svd = svd_workspace_len::<S>(rows, cols, Vectors::Thin);
    let shared = larger(svd, len);
    let items = tile::<S>(rows, cols);
    let reals = items.saturating_mul(k).div_ceil(S::PARTS);
    rows.saturating_add(cols).saturating_mul(k).saturating_mul(items).saturating_add(reals).saturating_add(shared)
}

/// Matrices that are decomposed together: as many as are taken at once.
const fn tile<S: Scalar>(rows: usize, cols: usize) -> usize {
    if lanes::serves(rows, cols) {
        lanes::together::<S>(rows, cols)
    } else if abreast::serves::<S>(LANES, (rows, cols), Vectors::Thin) {
        LANES
    } else {
        1
    }
}

/// The most.
const TILE: usize = 16;

/// Decomposes each matrix of `a` in the workspace and calls `f(&mut items, i, factors, workspace)` with its thin factors: for whatever has no name here. See
/// [`for_each`](super::for_each) for `items`; `f` gets `len` entries.
///
/// # Errors
/// As [`for_each`](super::for_each) and [`svd_into`](super::svd_into).
///
/// ```
/// use diffsvd::batch::{Batch, Run, fused::{for_each_svd, for_each_workspace_len}};
/// // The condition number of a thousand matrices.
/// let a = Batch::from_fn(1000, 2, 2, |i, row, col| if row == col { 1.0 + (row * i) as f64 } else { 0.0 });
/// let mut condition = vec![0.0; 1000];
/// let mut work = vec![0.0; for_each_workspace_len::<f64>(2, 2, 0)];
/// for_each_svd((a.as_ref(), condition.as_mut_slice()), 0, Run::new(&mut work), |condition, i, factors, _| {
///     condition[i] = factors.s[0] / factors.s[1];
///     Ok(())
/// })?.all()?;
/// assert_eq!(condition[999], 1000.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn for_each_svd<S: Scalar, I: Batched + Send, T: Send>(
    (a, items): (BatchRef<'_, S>, I),
    len: usize,
    run: Run<'_, S, T>,
    f: impl Fn(&mut I, usize, &Factors<'_, S>, &mut [S]) -> Result<T, Error> + Sync,
) -> Result<Summary, Error> {
    let (m, n) = a.shape();
    let needed = for_each_workspace_len::<S>(m, n, len);
    for_each_piece((a, items), needed, run, |Piece { items: (a, items), log, work }| {
        let (mut tile, work) = Tile::carve(a.shape(), needed, work)?;
        for first in (0..log.count).step_by(tile.count) {
            let count = tile.count.min(log.count - first);
            let status = tile.decompose(a.range(first, count), work)?;
            for (l, status) in status.into_iter().take(count).enumerate() {
                let outcome = status.and_then(|()| f(items, first + l, &tile.factors(l)?, work));
                if !log.record(first + l, outcome)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    })
}

/// U, s and V.
type Views<'a, S> = (BatchRef<'a, S>, BatchRef<'a, <S as Scalar>::Real>, BatchRef<'a, S>);

/// The factors of a few matrices in the workspace.
struct Tile<'w, S: Scalar> {
    count: usize,
    shape: (usize, usize),
    u: &'w mut [S],
    s: &'w mut [S::Real],
    v: &'w mut [S],
}

impl<'w, S: Scalar> Tile<'w, S> {
    /// The tile, and what is left of the workspace.
    fn carve(shape: (usize, usize), needed: usize, work: &'w mut [S]) -> Result<(Self, &'w mut [S]), Error> {
        let ((m, n), k, count) = (shape, shape.0.min(shape.1), tile::<S>(shape.0, shape.1));
        let mut arena = Arena::new(work, needed)?;
        let (u, v, [s]) = (arena.take(count * m * k), arena.take(count * n * k), arena.take_reals(count * k));
        Ok((Tile { count, shape, u, s, v }, arena.rest()))
    }

    /// U, s and V of these matrices; what happened to each.
    fn decompose(&mut self, a: BatchRef<'_, S>, work: &mut [S]) -> Result<[Result<(), Error>; TILE], Error> {
        let ((m, n), k, count) = (self.shape, self.shape.0.min(self.shape.1), a.count());
        let u = BatchMut::col_major(self.u, count, m, k)?;
        let (s, v) = (BatchMut::vectors(self.s, count, k)?, BatchMut::col_major(self.v, count, n, k)?);
        let mut status = [Ok(()); TILE];
        let run = Run::new(work).record(status.get_mut(..count).unwrap_or_default());
        let _ = super::svd_into(a, Vectors::Thin, FactorsMut { u, s, v }, run)?;
        Ok(status)
    }

    /// All of them.
    fn views(&self) -> Result<Views<'_, S>, Error> {
        let ((m, n), k) = (self.shape, self.shape.0.min(self.shape.1));
        let (u, v) = (BatchRef::col_major(self.u, self.count, m, k)?, BatchRef::col_major(self.v, self.count, n, k)?);
        Ok((u, BatchRef::vectors(self.s, self.count, k)?, v))
    }

    /// The factors of matrix number `l`.
    fn factors(&self, l: usize) -> Result<Factors<'_, S>, Error> {
        let (u, s, v) = self.views()?;
        Ok(Factors { u: u.item(l)?, s: s.vector(l)?, v: v.item(l)? })
    }
}

/// What [`side_by_side`] makes of each item.
struct Images<'a, S: Scalar> {
    /// gX or dA with its name; none for X itself.
    direction: Option<(BatchRef<'a, S>, &'static str)>,
    kind: spectral::Direction,
    target: Target<'a, S>,
    f: Option<BatchMut<'a, S::Real>>,
}

impl<S: Scalar> Images<'_, S> {
    /// Whether the engine for small matrices takes this. What it does not goes one by one, which is where wrong shapes are named.
    fn fit(&self, shape @ (m, n): (usize, usize)) -> bool {
        lanes::serves(m, n)
            && self.target.shape() == shape
            && self.direction.as_ref().is_none_or(|(z, _)| z.shape() == shape)
            && self.f.as_ref().is_none_or(|f| f.shape() == (m.min(n), 1))
    }
}

/// The functions of this module for small matrices: a few are decomposed side by side, then their functions are applied side by side.
fn side_by_side<S: Scalar, M, C>(
    a: BatchRef<'_, S>,
    f: &C,
    images: Images<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let (shape @ (m, n), level) = (a.shape(), Level::detect());
    let (needed, one, kind) = (workspace_len::<S>(m, n), len::<S>(shape), images.kind);
    let (z, name) = images.direction.unzip();
    let items = (a, (z, images.target, images.f, 0..a.count()));
    for_each_piece(items, needed, run, |piece| {
        let total = piece.log.count;
        piece.at_once(Some(()), |(a, (z, target, of_f, numbers)), work, told| {
            let (mut tile, work) = Tile::carve(shape, needed, work)?;
            for first in (0..total).step_by(tile.count) {
                let count = tile.count.min(total - first);
                let status = tile.decompose(a.range(first, count), work)?;
                let (work, single) = work.split_at_mut(work.len() - one);
                let factors = tile.views()?;
                let (choose, number, marker) = (f, numbers.start + first, PhantomData);
                let mut f = Chosen { choose, number, factors, status: &status, direction: kind, work: single, marker };
                let mut on = ControlFlow::Continue(());
                let failed = &mut |i, error| {
                    on = told.failed(first + i, error);
                    on
                };
                let direction = z.zip(name).map(|(z, name)| lanes::Direction {
                    z: z.for_lanes().from(first),
                    name,
                    f: of_f.as_mut().map(|f| f.for_lanes().from(first)),
                });
                let keep = matches!(target, Target::Add(_));
                let (Target::Add(x) | Target::Overwrite(x)) = target;
                let image = lanes::Image { x: x.for_lanes().from(first), keep };
                let (u, s, v) = factors;
                let factors = lanes::Factors { u: u.for_lanes(), s: s.for_lanes(), v: v.for_lanes() };
                let job = lanes::Job { shape, count, work, failed, level, far: false };
                lanes::map(job, factors, &mut f, direction, image)?;
                if on.is_break() {
                    break;
                }
            }
            Ok(())
        })
    })
}

/// Workspace of a derivative of a function of m×n matrices.
fn len<S: Scalar>((rows, cols): (usize, usize)) -> usize {
    map_derivative_workspace_len::<S>(rows, cols, rows.min(cols))
}

/// X = U f(S) Vᴴ from A: thresholding, polar factor, nearest rotation, low rank and every other [`SpectralMap`]. `keep` takes U, s and V, if they are wanted.
///
/// Nothing is written for an item that fails, except the factors where the function has no value.
///
/// # Errors
/// As [`svd_into`](super::svd_into) and [`map_into`](super::map_into).
///
/// ```
/// use diffsvd::batch::{Batch, BatchMut, Rotations, Run, Target, fused};
/// // The rotations nearest to a thousand reflections.
/// let a = Batch::from_fn(1000, 2, 2, |_, row, col| if row != col { 0.0 } else if row == 0 { 2.0 } else { -1.0 });
/// let (mut r, mut work) = (vec![0.0; 4000], vec![0.0; fused::workspace_len::<f64>(2, 2)]);
/// let target = Target::Overwrite(BatchMut::row_major(&mut r, 1000, 2, 2)?);
/// fused::map_into(a.as_ref(), &Rotations, target, None, Run::new(&mut work))?.all()?;
/// assert_eq!(r[3996..], [1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn map_into<S: Scalar, M, C>(
    a: BatchRef<'_, S>,
    f: &C,
    target: Target<'_, S>,
    keep: Option<FactorsMut<'_, S>>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let images = Images { direction: None, kind: spectral::Direction::Forward, target, f: None };
    if keep.is_none() && images.fit(a.shape()) {
        return side_by_side(a, f, images, run);
    }
    let items = (a, (images.target, keep, 0..a.count()));
    for_each_svd(items, len::<S>(a.shape()), run, |(target, keep, numbers), i, factors, work| {
        if let Some(keep) = keep {
            store(factors, keep.item(i)?)?;
        }
        let f = f.choose(numbers.start + i, factors, work)?;
        spectral::map_into(factors, &f, target.item(i)?, work)
    })
}

/// Copies the factors out.
fn store<S: Scalar>(factors: &Factors<'_, S>, mut out: SingleMut<'_, S>) -> Result<(), Error> {
    let ((m, n), k) = (factors.shape(), factors.triplets());
    crate::plan::check_outputs((m, n), Vectors::Thin, out.u.shape(), out.s.len(), out.v.shape())?;
    debug_assert_eq!(k, m.min(n));
    out.u.fill_with(|i, j| factors.u.at(i, j));
    out.v.fill_with(|i, j| factors.v.at(i, j));
    out.s.copy_from_slice(factors.s);
    Ok(())
}

/// The tangents of U f(S) Vᴴ along dA, from A.
///
/// # Errors
/// As [`svd_into`](super::svd_into) and [`map_jvp_into`](super::map_jvp_into).
///
/// ```
/// use diffsvd::{batch::{Batch, MapTangent, Run, Same, Target, fused}, spectral::Polar};
/// let a = Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 });
/// let a_dot = Batch::from_fn(3, 2, 2, |_, row, col| if row < col { 1.0 } else { 0.0 });
/// let (mut turn, mut work) = (Batch::zeros(3, 2, 2), vec![0.0; fused::workspace_len::<f64>(2, 2)]);
/// let (tangent, target) = (MapTangent { a: a_dot.as_ref(), f: None }, Target::Overwrite(turn.as_mut()));
/// fused::map_jvp_into(a.as_ref(), &Same(Polar), tangent, target, Run::new(&mut work))?.all()?;
/// assert!(turn.get(1, 0, 1).is_some_and(|x| (x - 0.25).abs() < 1e-15)); // skew(dA)/s
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_jvp_into<S: Scalar, M, C>(
    a: BatchRef<'_, S>,
    f: &C,
    tangent: MapTangent<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let direction = Some((tangent.a, "the tangent of A"));
    let images = Images { direction, kind: spectral::Direction::Forward, target, f: None };
    if tangent.f.is_none() && images.fit(a.shape()) {
        return side_by_side(a, f, images, run);
    }
    let items = (a, (tangent, images.target, 0..a.count()));
    for_each_svd(items, len::<S>(a.shape()), run, |(tangent, target, numbers), i, factors, work| {
        let f = f.choose(numbers.start + i, factors, work)?;
        spectral::map_jvp_into(factors, &f, &tangent.item(i)?, target.item(i)?, work)
    })
}

/// The gradients with respect to A, and to the values of f, from A and gX: nothing is kept between forward and backward but A itself.
///
/// # Errors
/// As [`svd_into`](super::svd_into) and [`map_vjp_into`](super::map_vjp_into).
///
/// ```
/// use diffsvd::{batch::{Batch, MapGradient, Run, Same, Target, fused}, spectral::Polar};
/// let a = Batch::from_fn(3, 2, 2, |i, row, col| if row == col { 1.0 + i as f64 } else { 0.0 });
/// let x_bar = Batch::from_fn(3, 2, 2, |_, row, col| if row < col { 1.0 } else { 0.0 });
/// let (mut ga, mut work) = (Batch::zeros(3, 2, 2), vec![0.0; fused::workspace_len::<f64>(2, 2)]);
/// let gradient = MapGradient { a: Target::Overwrite(ga.as_mut()), f: None };
/// fused::map_vjp_into(a.as_ref(), &Same(Polar), x_bar.as_ref(), gradient, Run::new(&mut work))?.all()?;
/// assert!(ga.get(1, 1, 0).is_some_and(|x| (x + 0.25).abs() < 1e-15)); // skew(gX)/s
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn map_vjp_into<S: Scalar, M, C>(
    a: BatchRef<'_, S>,
    f: &C,
    x_bar: BatchRef<'_, S>,
    gradient: MapGradient<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error>
where
    C: Choose<S, Map: SpectralMap<S::Real, M>>,
{
    let direction = Some((x_bar, "the cotangent of the function"));
    let images = Images { direction, kind: spectral::Direction::Backward, target: gradient.a, f: gradient.f };
    if images.fit(a.shape()) {
        return side_by_side(a, f, images, run);
    }
    let items = (a, (x_bar, MapGradient { a: images.target, f: images.f }, 0..a.count()));
    for_each_svd(items, len::<S>(a.shape()), run, |(x_bar, gradient, numbers), i, factors, work| {
        let f = f.choose(numbers.start + i, factors, work)?;
        spectral::map_vjp_into(factors, &f, x_bar.item(i)?, gradient.item(i)?, work)
    })
}

/// A⁺ from A, n×m an item.
///
/// # Errors
/// As [`svd_into`](super::svd_into) and [`pinv_into`](super::pinv_into).
///
/// ```
/// use diffsvd::{Tolerance, batch::{Batch, Run, Target, fused}};
/// let a = Batch::from_fn(3, 2, 1, |i, row, _| if row == 0 { 1.0 + i as f64 } else { 0.0 });
/// let (mut pinv, mut work) = (Batch::zeros(3, 1, 2), vec![0.0; fused::workspace_len::<f64>(2, 1)]);
/// fused::pinv_into(a.as_ref(), Tolerance::Default, Target::Overwrite(pinv.as_mut()), Run::new(&mut work))?.all()?;
/// assert_eq!((pinv.get(1, 0, 0), pinv.get(1, 0, 1)), (Some(0.5), Some(0.0)));
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn pinv_into<S: Scalar>(
    a: BatchRef<'_, S>,
    cutoff: Tolerance<S::Real>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each_svd((a, target), len::<S>(a.shape()), run, |target, i, factors, work| {
        spectral::pinv_into(factors, cutoff, target.item(i)?, work)
    })
}

/// The gradients of losses of A⁺, from A and the n×m cotangents of A⁺.
///
/// # Errors
/// As [`svd_into`](super::svd_into) and [`pinv_vjp_into`](super::pinv_vjp_into).
///
/// ```
/// use diffsvd::{Tolerance, batch::{Batch, Run, Target, fused}};
/// let a = Batch::from_fn(3, 1, 1, |i, _, _| 1.0 + i as f64);
/// let pinv_bar = Batch::from_fn(3, 1, 1, |_, _, _| 1.0);
/// let (mut ga, mut work) = (Batch::zeros(3, 1, 1), vec![0.0; fused::workspace_len::<f64>(1, 1)]);
/// let (target, run) = (Target::Overwrite(ga.as_mut()), Run::new(&mut work));
/// fused::pinv_vjp_into(a.as_ref(), Tolerance::Default, pinv_bar.as_ref(), target, run)?.all()?;
/// assert_eq!(ga.get(1, 0, 0), Some(-0.25)); // −1/a²
/// # Ok::<(), diffsvd::batch::Failure>(())
/// ```
pub fn pinv_vjp_into<S: Scalar>(
    a: BatchRef<'_, S>,
    cutoff: Tolerance<S::Real>,
    pinv_bar: BatchRef<'_, S>,
    target: Target<'_, S>,
    run: Run<'_, S>,
) -> Result<Summary, Error> {
    for_each_svd((a, (pinv_bar, target)), len::<S>(a.shape()), run, |(pinv_bar, target), i, factors, work| {
        spectral::pinv_vjp_into(factors, cutoff, pinv_bar.item(i)?, target.item(i)?, work)
    })
}
