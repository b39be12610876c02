//! Work on one matrix by several threads (feature `rayon`).
//!
//! Pieces are cut by the shape alone, and no sum runs over more than one of them, so the results are the same to the last bit whatever the
//! number of threads. Two ways: [`join`] for pieces of work that take a tenth of a millisecond, and a [`Team`] for the steps of a reduction, of which each takes
//! ten microseconds: less than it takes to wake a thread. Its members stay awake, take what pieces the leader has not come to, and what is joined; a member that
//! does not come at all is not waited for, so that nothing depends on how many threads the pool has to spare.
#![cfg_attr(
    feature = "rayon",
    expect(unsafe_code, reason = "pieces of one array are handed to several threads, each to one")
)]

use super::{Level, Task};

/// `a` and `b`, at the same time where that is `wanted` and there are threads.
pub(crate) fn join<A: Send, B: Send>(
    wanted: bool,
    a: impl FnOnce() -> A + Send,
    b: impl FnOnce() -> B + Send,
) -> (A, B) {
    #[cfg(feature = "rayon")]
    if wanted && threads() > 1 {
        return rayon::join(a, b);
    }
    let _ = wanted;
    (a(), b())
}

/// Work that can be cut in two that have nothing in common.
pub(crate) trait Halves: Task + Send + Sized {
    /// How much there is.
    fn size(&self) -> usize;
    /// About one half, and the other.
    fn halve(self) -> (Self, Self);
}

/// Does the work in pieces of not much less than `grain`, if that is `wanted` and there are threads.
pub(crate) fn spread<T: Halves>(wanted: bool, level: Level, grain: usize, task: T) {
    if wanted && task.size() >= 2 * grain && threads() > 1 {
        let (one, other) = task.halve();
        join(true, || spread(true, level, grain, one), || spread(true, level, grain, other));
    } else {
        level.run(task);
    }
}

/// Threads of the pool that the caller is in; 1 outside of any. Nobody is drawn into the global pool: a program may have forked, or want one thread.
pub(crate) fn threads() -> usize {
    #[cfg(feature = "rayon")]
    if rayon::current_thread_index().is_some() {
        return rayon::current_num_threads();
    }
    1
}

pub(crate) use members::Team;

/// Who does the pieces of a piece of work, and with which instructions.
pub(crate) type Workers<'a> = (&'a Team, Level);

/// Does the piece of work in each place.
fn alone<T: Task>(level: Level, tasks: &mut [Option<T>]) {
    for task in tasks {
        run(level, task);
    }
}

fn run<T: Task>(level: Level, task: &mut Option<T>) {
    if let Some(task) = task.take() {
        level.run(task);
    }
}

#[cfg(not(feature = "rayon"))]
mod members {
    use super::{Level, Task, alone};

    /// One thread.
    pub(crate) struct Team;

    impl Team {
        /// `body` with its team.
        pub(crate) fn lead<T>(_: bool, body: impl FnOnce(&Team) -> T) -> T {
            body(&Team)
        }

        /// Does the piece of work in each place.
        #[allow(clippy::unused_self, reason = "there is one with more threads")]
        pub(crate) fn share<T: Task + Send>(&self, level: Level, tasks: &mut [Option<T>]) {
            alone(level, tasks);
        }
    }
}

#[cfg(feature = "rayon")]
mod members {
    use core::cell::UnsafeCell;
    use core::mem::transmute;
    use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
    use core::sync::atomic::{AtomicU64, AtomicUsize};

    use super::{Level, Task, alone, run, threads};

    /// Members beside the leader: no step has more pieces.
    const MOST: usize = 7;

    /// Looks at the board before a thread lets others run: about ten microseconds.
    const PATIENCE: u32 = 256;
    /// Looks at the board between two for work that was joined.
    const OFTEN: u32 = 8;

    /// A leader, and members that do what pieces they get hold of.
    pub(crate) struct Team {
        /// What is to be done now: see [`Board`].
        board: Apart<AtomicU64>,
        /// Pieces of it that the members have done.
        done: Apart<AtomicUsize>,
        /// Does the piece of that number. Written by the leader while no piece is to be had, read by who has taken one.
        work: UnsafeCell<Option<&'static (dyn Fn(usize) + Sync)>>,
        members: usize,
    }

    /// In cache lines of its own: who writes to it does not take anything else from who reads that.
    #[repr(align(128))]
    struct Apart<T>(T);

    // SAFETY: `work` is the one field that is not `Sync`. The leader alone writes it, in `share`, which is left when all pieces are
    // done; a member reads it between taking a piece and reporting that it is done. What is reached by it is `Sync`.
    unsafe impl Sync for Team {}

    /// The round, how many pieces it has, and how many have been taken from the front and from the back: one word, so that who takes a piece
    /// knows that it belongs to the round it was read of.
    #[derive(Clone, Copy)]
    struct Board {
        round: u32,
        pieces: u16,
        front: u8,
        back: u8,
    }

    impl Board {
        /// Everybody may go.
        const END: u64 = u64::MAX;

        fn of(word: u64) -> Self {
            let [a, b, c, d, e, f, front, back] = word.to_be_bytes();
            Board { round: u32::from_be_bytes([a, b, c, d]), pieces: u16::from_be_bytes([e, f]), front, back }
        }

        fn word(self) -> u64 {
            let ([a, b, c, d], [e, f]) = (self.round.to_be_bytes(), self.pieces.to_be_bytes());
            u64::from_be_bytes([a, b, c, d, e, f, self.front, self.back])
        }

        /// Whether all pieces have been taken.
        fn empty(self) -> bool {
            u16::from(self.front) + u16::from(self.back) >= self.pieces
        }
    }

    /// Waits: first in place, then by letting other threads run.
    #[derive(Default)]
    struct Wait(u32);

    impl Wait {
        fn once(&mut self) {
            self.0 += 1;
            if self.0 < PATIENCE {
                core::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    impl Team {
        /// `body` with its team: of the threads of the current pool, if that is `wanted`.
        pub(crate) fn lead<T: Send>(wanted: bool, body: impl FnOnce(&Team) -> T + Send) -> T {
            let members = if wanted { (threads() - 1).min(MOST) } else { 0 };
            let (board, done) = (Apart(AtomicU64::new(0)), Apart(AtomicUsize::new(0)));
            let team = Team { board, done, work: UnsafeCell::new(None), members };
            if members == 0 {
                return body(&team);
            }
            rayon::scope(|scope| {
                for _ in 0..members {
                    scope.spawn(|_| team.help());
                }
                // Also where `body` panics: the scope waits for the members.
                let _end = Ending(&team);
                body(&team)
            })
        }

        /// Does the piece of work in each place, together with the members.
        pub(crate) fn share<T: Task + Send>(&self, level: Level, tasks: &mut [Option<T>]) {
            let count = tasks.len();
            let (Ok(pieces), true) = (u16::try_from(count).map(|count| count.min(255)), self.members > 0 && count > 1)
            else {
                return alone(level, tasks);
            };
            let (some, rest) = tasks.split_at_mut(usize::from(pieces));
            let first = Tasks(some.as_mut_ptr());
            let work = |i: usize| {
                // SAFETY: `i` is less than the number of tasks, and is handed out once: the board counts from both ends up to where
                // they meet. So this is the only reference to the task; tasks may be sent to other threads.
                run(level, unsafe { &mut *first.place(i) });
            };
            let work: &(dyn Fn(usize) + Sync) = &work;
            // SAFETY: nobody calls it after `share` has returned: a piece is taken before, and `Finish` waits for all that were, also
            // where one panics.
            let work: &'static (dyn Fn(usize) + Sync) = unsafe { transmute(work) };
            // SAFETY: no piece is to be had, and all of the last round are done: nobody reads it.
            unsafe { *self.work.get() = Some(work) };
            self.done.0.store(0, Relaxed);
            let round = Board::of(self.board.0.load(Relaxed)).round.wrapping_add(1) & (u32::MAX >> 1);
            self.board.0.store(Board { round, pieces, front: 0, back: 0 }.word(), Release);
            let mut finish = Finish { team: self, others: usize::from(pieces) };
            while let Taken::Piece(i) = self.take(true) {
                finish.others -= 1;
                work(i);
            }
            drop(finish);
            alone(level, rest);
        }

        /// The next piece from the front or the back.
        fn take(&self, front: bool) -> Taken {
            let mut word = self.board.0.load(Acquire);
            loop {
                if word == Board::END {
                    return Taken::End;
                }
                let mut board = Board::of(word);
                if board.empty() {
                    return Taken::Nothing;
                }
                let piece = if front {
                    board.front += 1;
                    usize::from(board.front) - 1
                } else {
                    board.back += 1;
                    usize::from(board.pieces) - usize::from(board.back)
                };
                match self.board.0.compare_exchange_weak(word, board.word(), AcqRel, Acquire) {
                    Ok(_) => return Taken::Piece(piece),
                    Err(now) => word = now,
                }
            }
        }

        /// What a member does until the end.
        fn help(&self) {
            let mut wait = Wait::default();
            loop {
                match self.take(false) {
                    Taken::End => return,
                    Taken::Nothing => {
                        wait.once();
                        // What is joined meanwhile needs no thread to be woken either.
                        if wait.0.is_multiple_of(OFTEN) && rayon::yield_now() == Some(rayon::Yield::Executed) {
                            wait = Wait::default();
                        }
                    }
                    Taken::Piece(i) => {
                        let _done = Done(self);
                        // SAFETY: the piece that was taken is not done before `_done` is dropped.
                        if let Some(work) = unsafe { *self.work.get() } {
                            work(i);
                        }
                        wait = Wait::default();
                    }
                }
            }
        }
    }

    enum Taken {
        Piece(usize),
        Nothing,
        End,
    }

    /// The first of the tasks.
    struct Tasks<T>(*mut Option<T>);

    impl<T> Tasks<T> {
        /// The place of task `i`, which there is.
        fn place(&self, i: usize) -> *mut Option<T> {
            self.0.wrapping_add(i)
        }
    }

    // SAFETY: it is used only to hand each task to one thread, and tasks may be sent.
    unsafe impl<T: Send> Sync for Tasks<T> {}

    /// Reports a piece as done, also one that panics.
    struct Done<'a>(&'a Team);

    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.done.0.fetch_add(1, Release);
        }
    }

    /// Takes what nobody has, undone if a piece has panicked, and waits for the others.
    struct Finish<'a> {
        team: &'a Team,
        /// Pieces that the leader has not taken.
        others: usize,
    }

    impl Drop for Finish<'_> {
        fn drop(&mut self) {
            while let Taken::Piece(_) = self.team.take(true) {
                self.others -= 1;
            }
            let mut wait = Wait::default();
            while self.team.done.0.load(Acquire) < self.others {
                wait.once();
            }
        }
    }

    /// Lets the members go.
    struct Ending<'a>(&'a Team);

    impl Drop for Ending<'_> {
        fn drop(&mut self) {
            self.0.board.0.store(Board::END, Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Arith;
    #[cfg(feature = "rayon")]
    use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    #[cfg(feature = "rayon")]
    use std::time::{Duration, Instant};
    use std::vec::Vec;

    struct Square<'a>(&'a mut f64);

    impl Task for Square<'_> {
        type Real = f64;

        fn run<A: Arith>(self) {
            *self.0 *= *self.0;
        }
    }

    /// Every piece of every round once.
    fn squares(wanted: bool) {
        let mut numbers: Vec<f64> = (0..300).map(f64::from).collect();
        Team::lead(wanted, |team| {
            for count in [0, 1, 2, 3, 8, 300, 5] {
                let mut tasks: Vec<_> = numbers[..count].iter_mut().map(|x| Some(Square(x))).collect();
                team.share(Level::detect(), &mut tasks);
                numbers[..count].iter_mut().for_each(|x| *x = x.sqrt());
            }
        });
        assert!(numbers.iter().enumerate().all(|(i, &x)| x == i as f64));
    }

    #[test]
    fn each_piece_is_done_once() {
        squares(false);
        squares(true);
        assert_eq!(join(true, || 1, || 2), (1, 2));
    }

    #[cfg(feature = "rayon")]
    #[test]
    fn also_by_more_threads_than_there_are_processors() {
        for threads in [1, 2, 3, 9] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| squares(true));
            assert_eq!(pool.install(|| join(true, || 1, || 2)), (1, 2));
        }
    }

    /// A piece that ends only when the other one has begun, and reports so; the second takes longer.
    #[cfg(feature = "rayon")]
    struct Meeting<'a> {
        begun: &'a AtomicUsize,
        ended: &'a AtomicUsize,
        second: bool,
    }

    #[cfg(feature = "rayon")]
    impl Task for Meeting<'_> {
        type Real = f64;

        fn run<A: Arith>(self) {
            self.begun.fetch_add(1, SeqCst);
            let start = Instant::now();
            while self.begun.load(SeqCst) < 2 && start.elapsed() < Duration::from_secs(20) {
                std::thread::yield_now();
            }
            if self.begun.load(SeqCst) == 2 {
                std::thread::sleep(Duration::from_millis(if self.second { 50 } else { 0 }));
                self.ended.fetch_add(1, SeqCst);
            }
        }
    }

    /// Two pieces are worked on at the same time, and nobody goes on before both are done.
    #[cfg(feature = "rayon")]
    #[test]
    fn the_leader_waits_for_what_a_member_does() {
        let (begun, ended) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let met = pool.install(|| {
            Team::lead(true, |team| {
                let piece = |second| Some(Meeting { begun: &begun, ended: &ended, second });
                team.share(Level::detect(), &mut [piece(false), piece(true)]);
                ended.load(SeqCst)
            })
        });
        assert_eq!(met, 2);
    }
}
