//! A batch over the threads of rayon: each takes the next piece when it is done with the last one.

use std::sync::{Mutex, PoisonError};

use super::parts::Batched;
use super::run::{Log, Piece, Summary, Threads, workspace};
use crate::error::Error;
use crate::scalar::Scalar;

/// Pieces for each thread: enough to even out what the threads do beside, few enough to cost nothing.
const PIECES: usize = 32;

/// What is left of the batch.
struct Queue<'a, I, T> {
    rest: Mutex<Option<(I, Log<'a, T>)>>,
    /// Items of a piece.
    step: usize,
}

impl<'a, I: Batched, T> Queue<'a, I, T> {
    fn take(&self) -> Option<(I, Log<'a, T>)> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let (items, log) = rest.take()?;
        if log.count <= self.step {
            return Some((items, log));
        }
        let ((items, later), (log, later_log)) = (items.split(self.step), log.split(self.step));
        *rest = Some((later, later_log));
        Some((items, log))
    }

    /// Nothing more is begun. Pieces are taken in order, so all before the first failure have been.
    fn close(&self) {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Runs `body` on all items, on several threads with `len` entries of workspace each.
pub(super) fn spread<S, I, T, F>(
    (items, log): (I, Log<'_, T>),
    (len, Threads { count: threads, grain }): (usize, Threads),
    work: &mut [S],
    body: &F,
) -> Result<Summary, Error>
where
    S: Scalar,
    I: Batched + Send,
    T: Send,
    F: Fn(&mut Piece<'_, I, S, T>) -> Result<(), Error> + Sync,
{
    let work = workspace(work, len.saturating_mul(threads))?;
    // No more than there is work for.
    let threads = threads.min(log.count);
    let step =
        log.count.div_ceil(PIECES.saturating_mul(threads)).next_multiple_of(grain).min(log.count.div_ceil(threads));
    let queue = Queue { rest: Mutex::new(Some((items, log))), step };
    branch(&queue, threads, work, body)
}

/// Halves the threads and the workspace until one is left.
fn branch<S, I, T, F>(queue: &Queue<'_, I, T>, threads: usize, work: &mut [S], body: &F) -> Result<Summary, Error>
where
    S: Scalar,
    I: Batched + Send,
    T: Send,
    F: Fn(&mut Piece<'_, I, S, T>) -> Result<(), Error> + Sync,
{
    if threads > 1 {
        let left = threads / 2;
        let (left_work, right_work) = work.split_at_mut(work.len() / threads * left);
        let (a, b) =
            rayon::join(|| branch(queue, left, left_work, body), || branch(queue, threads - left, right_work, body));
        return Ok(a?.merged(b?));
    }
    let mut summary = Summary::default();
    while let Some((items, log)) = queue.take() {
        let mut piece = Piece { items, log, work: &mut *work };
        let outcome = body(&mut piece);
        if outcome.is_err() || piece.log.ended() {
            queue.close();
        }
        outcome?;
        summary = summary.merged(piece.log.summary());
    }
    Ok(summary)
}
