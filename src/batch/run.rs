//! One walk over a batch, which every function of this module is a use of: items, workspace, what happened to each.

use core::cell::RefCell;
use core::fmt;
use core::ops::ControlFlow;

use super::parts::Batched;
use crate::error::Error;
use crate::scalar::Scalar;

/// How a batch is run: with which memory, what is kept of each item, and whether a failure ends it.
///
/// ```
/// use diffsvd::batch::{self, BatchMut, BatchRef, Run};
/// let a = [3.0, 0.0, 0.0, 4.0, f64::NAN, 0.0, 0.0, 1.0]; // two matrices, the second with a NaN
/// let (mut s, mut status) = ([0.0; 4], [Ok(()); 2]);
/// let mut work = vec![0.0; batch::singular_values_workspace_len::<f64>(2, 2)];
/// let done = batch::singular_values_into(
///     BatchRef::row_major(&a, 2, 2, 2)?,
///     BatchMut::vectors(&mut s, 2, 2)?,
///     Run::new(&mut work).record(&mut status),
/// )?;
/// assert_eq!((done.succeeded, done.failed), (1, 1));
/// assert!(status[0].is_ok() && status[1].is_err());
/// assert_eq!(done.all().unwrap_err().to_string(), "item 1: entry (0, 0) of the matrix is NaN");
/// assert_eq!(s, [4.0, 3.0, 0.0, 0.0]); // nothing was written for the item that failed
/// # Ok::<(), diffsvd::Error>(())
/// ```
#[derive(Debug)]
pub struct Run<'a, S, T = ()> {
    work: &'a mut [S],
    status: Option<&'a mut [Result<T, Error>]>,
    stop: bool,
    #[cfg(feature = "rayon")]
    pub(super) threads: Threads,
}

/// On how many threads, and what a piece of one is a multiple of.
#[cfg(feature = "rayon")]
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads {
    pub(super) count: usize,
    /// Items that an engine takes at once, the most there are; 1 where each is worth a piece of its own.
    pub(super) grain: usize,
}

impl<'a, S: Scalar, T> Run<'a, S, T> {
    /// All items, one after another, on this workspace; failures are counted and the first is kept.
    #[must_use]
    pub fn new(work: &'a mut [S]) -> Self {
        Run {
            work,
            status: None,
            stop: false,
            #[cfg(feature = "rayon")]
            threads: Threads { count: 1, grain: 16 },
        }
    }

    /// Writes to `status[i]` what happened to item i: what the function of one matrix returns.
    #[must_use]
    pub fn record(self, status: &'a mut [Result<T, Error>]) -> Self {
        Run { status: Some(status), ..self }
    }

    /// Ends at the first item that fails: it is [`Summary::first`]. Those before it are done; whether any behind it are is
    /// not specified, and the status of those that were not reached is left as it is.
    ///
    /// ```
    /// # use diffsvd::{Error, batch::{Run, for_each}};
    /// let run = Run::<f64>::new(&mut []).stop_at_first_failure();
    /// let done = for_each(0..1000, 0, run, |_, i, _| if i == 2 { Err(Error::Overflow) } else { Ok(()) })?;
    /// assert_eq!((done.succeeded, done.failed, done.first.and_then(|first| first.item)), (2, 1, Some(2)));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn stop_at_first_failure(self) -> Self {
        Run { stop: true, ..self }
    }

    /// Cuts the batch into pieces for this many threads of the current pool of rayon; the workspace must have this many times the length
    /// that one thread needs. The results are the same to the last bit. Outputs whose matrices interleave are written by one thread.
    ///
    /// ```
    /// use diffsvd::batch::{self, Batch, Run};
    /// let a = Batch::from_fn(1000, 2, 2, |i, row, col| (i * (row + 2 * col) % 7) as f64);
    /// let singular_values = |threads| {
    ///     let mut s = Batch::zeros(1000, 2, 1);
    ///     let mut work = vec![0.0; threads * batch::singular_values_workspace_len::<f64>(2, 2)];
    ///     batch::singular_values_into(a.as_ref(), s.as_mut(), Run::new(&mut work).threads(threads))?.all()?;
    ///     Ok::<_, batch::Failure>(s)
    /// };
    /// assert_eq!(singular_values(1)?, singular_values(4)?); // to the last bit
    /// # Ok::<(), batch::Failure>(())
    /// ```
    #[cfg(feature = "rayon")]
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Run { threads: Threads { count: threads.max(1), ..self.threads }, ..self }
    }

    /// The items are taken so many at a time.
    #[cfg_attr(not(feature = "rayon"), expect(unused_variables, reason = "there is one piece"))]
    pub(super) fn in_groups(self, grain: usize) -> Self {
        Run {
            #[cfg(feature = "rayon")]
            threads: Threads { grain, ..self.threads },
            ..self
        }
    }
}

/// What became of a batch.
///
/// ```
/// use diffsvd::{Error, batch::{Failure, Run, Summary, for_each}};
/// let done: Summary = for_each(0..3, 0, Run::<f64>::new(&mut []), |_, i, _| if i == 1 { Err(Error::Overflow) } else { Ok(()) })?;
/// assert_eq!((done.succeeded, done.failed), (2, 1));
/// assert_eq!(done.all(), Err(Failure { item: Some(1), error: Error::Overflow }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[must_use]
pub struct Summary {
    /// Number of items without an error.
    pub succeeded: usize,
    /// Number of items with one.
    pub failed: usize,
    /// The first of them, and why.
    pub first: Option<Failure>,
}

impl Summary {
    /// Whether every item succeeded.
    ///
    /// # Errors
    /// The first that did not.
    pub fn all(self) -> Result<(), Failure> {
        self.first.map_or(Ok(()), Err)
    }

    /// Both together.
    #[cfg(feature = "rayon")]
    pub(super) fn merged(self, other: Self) -> Self {
        let first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(if b.item < a.item { b } else { a }),
            (a, b) => a.or(b),
        };
        Summary { succeeded: self.succeeded + other.succeeded, failed: self.failed + other.failed, first }
    }
}

/// What failed, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Failure {
    /// The number of the item, from 0; `None` for the call as a whole.
    pub item: Option<usize>,
    /// Why.
    pub error: Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "item {item}: {}", self.error),
            None => self.error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { item: None, error }
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Calls `f(&mut items, i, workspace)` for every item i: the one way in which this module walks over a batch, and the way to do with a
/// batch what it has no name for.
///
/// `items` is a tuple of whatever has a part for each item ([`Batched`]); `f` takes part i of each by `item(i)?` and calls the function of one matrix
/// with `len` entries of workspace. On several threads the tuple is cut, and i counts from the beginning of the piece: an `f` that must know
/// the number of the item adds a range `0..count` to the tuple and asks that.
///
/// # Errors
/// An error of an item that has to do with the call and not with the entries ([`Error::Shape`], [`Error::Layout`], [`Error::Workspace`],
/// [`Error::Count`], [`Error::BatchLength`], [`Error::BatchOverlap`]) is one of the whole batch and ends it; every other error belongs to its item and is recorded.
///
/// ```
/// use diffsvd::batch::{BatchMut, BatchRef, Layout, Run, for_each};
/// // Each of two matrices into another layout.
/// let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// let mut b = [0.0; 8];
/// let columns = Layout::col_major(2, 2, 2);
/// let items = (BatchRef::row_major(&a, 2, 2, 2)?, BatchMut::new(&mut b, columns)?);
/// let done = for_each(items, 0, Run::<f64>::new(&mut []), |(a, b), i, _| {
///     let (a, mut b) = (a.item(i)?, b.item(i)?);
///     (0..4).for_each(|e| b.set(e / 2, e % 2, a.get(e / 2, e % 2).unwrap_or(0.0)));
///     Ok(())
/// })?;
/// assert!(done.succeeded == 2 && b == [1.0, 3.0, 2.0, 4.0, 5.0, 7.0, 6.0, 8.0]);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn for_each<S: Scalar, I: Batched + Send, T: Send>(
    items: I,
    len: usize,
    run: Run<'_, S, T>,
    f: impl Fn(&mut I, usize, &mut [S]) -> Result<T, Error> + Sync,
) -> Result<Summary, Error> {
    for_each_piece(items, len, run.in_groups(1), |piece| {
        for i in 0..piece.log.count {
            let outcome = f(&mut piece.items, i, piece.work);
            if !piece.log.record(i, outcome)? {
                break;
            }
        }
        Ok(())
    })
}

/// The items of one thread, some or all.
pub(super) struct Piece<'a, I, S, T> {
    pub(super) items: I,
    pub(super) log: Log<'a, T>,
    pub(super) work: &'a mut [S],
}

impl<I, S, T> Piece<'_, I, S, T> {
    /// Runs an engine that takes all items at once. It tells `Told` of every item that fails, and of each that does not what is to be recorded, unless
    /// that is `same` for all.
    pub(super) fn at_once(
        &mut self,
        same: Option<T>,
        engine: impl FnOnce(&mut I, &mut [S], &Told<'_, '_, T>) -> Result<(), Error>,
    ) -> Result<(), Error>
    where
        T: Clone,
    {
        let told = Told { log: RefCell::new((&mut self.log, 0)), same };
        engine(&mut self.items, self.work, &told)?;
        let ended = told.log.borrow().0.ended();
        if !ended {
            let count = told.log.borrow().0.count;
            told.succeed_before(count);
        }
        Ok(())
    }
}

/// Whom an engine tells what happened to the items, in order.
pub(super) struct Told<'t, 'a, T> {
    /// The log, and the first item that is not in it.
    log: RefCell<(&'t mut Log<'a, T>, usize)>,
    same: Option<T>,
}

impl<T: Clone> Told<'_, '_, T> {
    /// Item i failed; whether to go on.
    pub(super) fn failed(&self, i: usize, error: Error) -> ControlFlow<()> {
        self.succeed_before(i);
        let (log, next) = &mut *self.log.borrow_mut();
        *next = i + 1;
        match log.record(i, Err(error)) {
            Ok(true) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    }

    /// Whether anybody reads what is told of items that succeed.
    pub(super) fn is_recorded(&self) -> bool {
        self.log.borrow().0.status.is_some()
    }

    /// What is to be recorded for item i.
    pub(super) fn report(&self, i: usize, report: T) {
        let (log, _) = &mut *self.log.borrow_mut();
        if let Some(status) = log.status.as_mut().and_then(|status| status.get_mut(i)) {
            *status = Ok(report);
        }
    }

    /// All items up to this one that have not been told of succeeded.
    fn succeed_before(&self, end: usize) {
        let (log, next) = &mut *self.log.borrow_mut();
        log.summary.succeeded += end - *next;
        if let (Some(same), Some(status)) = (&self.same, &mut log.status) {
            status.get_mut(*next..end).unwrap_or_default().fill(Ok(same.clone()));
        }
        *next = end;
    }
}

/// What happened to the items of a piece.
pub(super) struct Log<'a, T> {
    /// Number of its items.
    pub(super) count: usize,
    /// The number of the first in the whole batch.
    first: usize,
    status: Option<&'a mut [Result<T, Error>]>,
    stop: bool,
    summary: Summary,
}

impl<T> Log<'_, T> {
    /// Whether a failure ended the piece, and with it the batch.
    pub(super) fn ended(&self) -> bool {
        self.stop && self.summary.failed > 0
    }
}

#[cfg(feature = "rayon")]
impl<T> Log<'_, T> {
    /// What became of the items so far.
    pub(super) fn summary(&self) -> Summary {
        self.summary
    }

    /// The first `at` items and the others.
    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let (status, later) = self.status.split(at);
        let (first, stop, summary) = (self.first + at, self.stop, Summary::default());
        (Log { count: at, status, ..self }, Log { count: self.count - at, first, status: later, stop, summary })
    }
}

impl<T> Log<'_, T> {
    /// Notes what happened to item i of the piece. Whether to go on.
    ///
    /// # Errors
    /// An error that is not that of the item.
    pub(super) fn record(&mut self, i: usize, outcome: Result<T, Error>) -> Result<bool, Error> {
        let mut on = true;
        match outcome {
            Ok(_) => self.summary.succeeded += 1,
            Err(error) if concerns_all(error) => return Err(error),
            Err(error) => {
                self.summary.failed += 1;
                self.summary.first.get_or_insert(Failure { item: Some(self.first + i), error });
                on = !self.stop;
            }
        }
        if let Some(status) = self.status.as_mut().and_then(|status| status.get_mut(i)) {
            *status = outcome;
        }
        Ok(on)
    }
}

/// Whether an error has to do with the call, and so holds for every item.
fn concerns_all(error: Error) -> bool {
    matches!(
        error,
        Error::Shape { .. }
            | Error::Layout { .. }
            | Error::Workspace { .. }
            | Error::Count { .. }
            | Error::BatchLength { .. }
            | Error::BatchOverlap { .. }
    )
}

/// Runs `body` on all items, in one piece or in several; `len` is the length of the workspace of a piece.
pub(super) fn for_each_piece<S: Scalar, I: Batched + Send, T: Send>(
    items: I,
    len: usize,
    run: Run<'_, S, T>,
    body: impl Fn(&mut Piece<'_, I, S, T>) -> Result<(), Error> + Sync,
) -> Result<Summary, Error> {
    let count = items.items()?.unwrap_or(0);
    if let Some(status) = &run.status
        && status.len() != count
    {
        return Err(Error::Count { argument: "the status", got: status.len(), expected: count });
    }
    let log = Log { count, first: 0, status: run.status, stop: run.stop, summary: Summary::default() };
    #[cfg(feature = "rayon")]
    if run.threads.count > 1 && count > 1 && items.can_split() {
        return super::threads::spread((items, log), (len, run.threads), run.work, &body);
    }
    let work = workspace(run.work, len)?;
    let mut piece = Piece { items, log, work };
    body(&mut piece)?;
    Ok(piece.log.summary)
}

/// The first `needed` entries.
pub(super) fn workspace<S>(work: &mut [S], needed: usize) -> Result<&mut [S], Error> {
    let got = work.len();
    work.get_mut(..needed).ok_or(Error::Workspace { needed, got })
}
