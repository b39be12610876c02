//! On how many threads a batch is worked on.

use std::sync::atomic::{AtomicU32, Ordering};

/// Work below which one thread is done before another has begun: about a tenth of a millisecond. In units of m·n·min(m, n).
const WORTH_A_THREAD: usize = 25_000;

/// The process that the pool of threads belongs to; 0 for none yet.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// How matrices are worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One that is no batch: as the core does a single one, since the lanes that it has for many would stay empty.
    Alone,
    /// A batch, on so many threads.
    Together(usize),
}

impl Way {
    pub(crate) fn threads(self) -> usize {
        match self {
            Way::Alone => 1,
            Way::Together(threads) => threads,
        }
    }

    /// How so many matrices of this shape are worked on: on as many threads as pay, but not more than `most`; 0 stands for all that there are.
    pub(crate) fn of_batch(count: usize, shape: (usize, usize), most: usize) -> Way {
        if count < 2 || most == 1 || !is_long(count, shape) || is_forked() {
            return Way::Together(1);
        }
        let most = if most == 0 { usize::MAX } else { most };
        Way::Together(rayon::current_num_threads().min(most).min(count))
    }
}

/// How matrices of this shape and these leading dimensions are worked on: see [`Way::of_batch`].
pub(crate) fn way(batch: &[usize], shape: (usize, usize), most: usize) -> Way {
    if batch.is_empty() { Way::Alone } else { Way::of_batch(batch.iter().product(), shape, most) }
}

/// Whether another thread can do something useful meanwhile.
pub(crate) fn is_long(count: usize, (m, n): (usize, usize)) -> bool {
    let each = m.saturating_mul(n).saturating_mul(m.min(n));
    each.saturating_mul(count) >= WORTH_A_THREAD
}

/// Whether this process was forked from the one that the threads live in: they did not come along, and to wait for them would never end.
fn is_forked() -> bool {
    let id = std::process::id();
    OWNER.compare_exchange(0, id, Ordering::Relaxed, Ordering::Relaxed).is_err_and(|owner| owner != id)
}
