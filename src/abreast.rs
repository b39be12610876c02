//! Matrices of middle size, as many at a time as a lane has places: each is reduced and written alone, and between the two their bidiagonal matrices are
//! diagonalized side by side. What becomes of a matrix is to the last bit what [`svd_into`](crate::svd_into) makes of it.

use crate::diagonalize::{Matrix, Memory, abreast_lanes, qr_iterations};
use crate::error::Error;
use crate::jacobi::pairs;
use crate::kernel::{LANES, Level};
use crate::matrix::MatRef;
use crate::plan::{Plan, Vectors};
use crate::scalar::Scalar;
use crate::scale;
use crate::stages::Core;
use crate::svd::{FactorsMut, by_stages, decompose, look};
use crate::workspace::{ALIGNMENT, Store};

/// Matrices of one shape, and where their factors go.
pub(crate) trait Several<S: Scalar> {
    /// How many.
    fn count(&self) -> usize;

    /// Matrix i, and the place for its factors.
    ///
    /// # Errors
    /// Where there is none.
    fn item(&mut self, i: usize) -> Result<(MatRef<'_, S>, FactorsMut<'_, S>), Error>;

    /// Says what became of matrix i; whether to go on.
    ///
    /// # Errors
    /// Where what became of it ends all.
    fn tell(&mut self, i: usize, outcome: Result<(), Error>) -> Result<bool, Error>;
}

/// Fewer columns than this, and more bytes of one matrix, are left to themselves (`docs/measurements.md`).
const COLUMNS: usize = 9;
const BYTES: usize = 48 << 10;
/// Fewer of them, too: an empty place costs what a full one does.
const FEWEST: usize = 3;

/// Whether so many matrices of this shape are diagonalized side by side, if their columns are not turned in pairs.
pub(crate) const fn serves<S: Scalar>(count: usize, (rows, cols): (usize, usize), vectors: Vectors) -> bool {
    let plan = Plan::new::<S>(rows, cols, vectors);
    let bytes = plan.rows.saturating_mul(plan.cols).saturating_mul(size_of::<S>());
    let served = plan.vectors && !plan.tall && !plan.divided() && plan.cols >= COLUMNS && bytes <= BYTES;
    LANES > 1 && count >= FEWEST && served
}

/// Length of the workspace of [`decompose_several`].
pub(crate) const fn workspace_len<S: Scalar>(rows: usize, cols: usize, vectors: Vectors) -> usize {
    let plan = Plan::new::<S>(rows, cols, vectors);
    let reals = LANES.saturating_mul(abreast_lanes(plan.cols).saturating_add(reals_of_one::<S>(&plan)));
    reals.div_ceil(S::PARTS).saturating_add(ALIGNMENT.div_ceil(size_of::<S>()))
}

/// Reals of the work storage of one matrix: whole lines of the cache.
const fn reals_of_one<S: Scalar>(plan: &Plan) -> usize {
    plan.workspace::<S>().saturating_mul(S::PARTS).next_multiple_of(ALIGNMENT / size_of::<S::Real>())
}

/// [`svd_into`](crate::svd_into) of each matrix, m×n, on [`workspace_len`] entries.
///
/// # Errors
/// Those that end all; others are told.
pub(crate) fn decompose_several<S: Scalar>(
    items: &mut dyn Several<S>,
    ((rows, cols), vectors): ((usize, usize), Vectors),
    work: &mut [S],
) -> Result<(), Error> {
    let count = items.count();
    let plan = Plan::new::<S>(rows, cols, vectors);
    let needed = workspace_len::<S>(rows, cols, vectors);
    let in_pairs = pairs::serves::<S>(plan.cols, Level::detect());
    let mut first = 0;
    while count - first >= FEWEST && !in_pairs {
        let group = LANES.min(count - first);
        if !decompose_group(items, (first, group), &plan, Store::new(work, needed)?)? {
            return Ok(());
        }
        first += group;
    }
    for i in first..count {
        let (a, out) = items.item(i)?;
        let outcome = decompose(a, vectors, out, work);
        if !items.tell(i, outcome)? {
            break;
        }
    }
    Ok(())
}

/// No more matrices than a lane has places, from the first on. Whether to go on.
fn decompose_group<S: Scalar>(
    items: &mut dyn Several<S>,
    (first, count): (usize, usize),
    plan: &Plan,
    store: Store<'_, S::Real>,
) -> Result<bool, Error> {
    let mut store = store;
    let mut memory = Memory::carve(store.planes(LANES, abreast_lanes(plan.cols), 1).data, plan.cols);
    let mut outcomes = [Ok(()); LANES];
    let mut begun = [const { None }; LANES];
    for place in 0..count {
        let (a, out) = items.item(first + place)?;
        match begin(a, plan, out, store.part(reals_of_one::<S>(plan))) {
            Ok(state) => begun[place] = state,
            Err(error) => outcomes[place] = Err(error),
        }
    }
    let matrices: [Option<Matrix<'_, S::Real>>; LANES] =
        begun.each_mut().map(|begun| begun.as_mut().map(|begun| begun.core.matrix()));
    for (outcome, found) in outcomes.iter_mut().zip(qr_iterations(matrices, &mut memory, Level::detect())) {
        *outcome = outcome.and(found);
    }
    for place in 0..count {
        let mut outcome = outcomes[place];
        if let (Ok(()), Some(Begun { core, p })) = (outcome, &mut begun[place]) {
            outcome = core.write(*p, items.item(first + place)?.1);
        }
        if !items.tell(first + place, outcome)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A matrix on the way, divided by 2ᵖ.
struct Begun<'w, R> {
    core: Core<'w, R>,
    p: i32,
}

/// Up to the bidiagonal matrix; `None` where all is done, since the matrix was bidiagonal.
fn begin<'w, S: Scalar>(
    a: MatRef<'_, S>,
    plan: &Plan,
    out: FactorsMut<'_, S>,
    store: Store<'w, S::Real>,
) -> Result<Option<Begun<'w, S::Real>>, Error> {
    let mut store = store;
    let (largest, band) = look(a, plan)?;
    if band.is_some() {
        by_stages(a, plan, out, &mut store)?;
        return Ok(None);
    }
    let p = scale::exponent(largest);
    let mut core = Core::carve(plan, S::PARTS, &mut store);
    core.load(a, p)?;
    core.begin();
    Ok(Some(Begun { core, p }))
}
