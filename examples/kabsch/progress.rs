//! A progress bar on the terminal; nothing where the output is not one.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

const WIDTH: usize = 40;

pub(crate) struct Progress {
    total: usize,
    start: Instant,
    /// When it was drawn last.
    drawn: Option<Instant>,
    visible: bool,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Progress { total, start: Instant::now(), drawn: None, visible: stderr().is_terminal() }
    }

    /// `done` of the total are done: draws a few times a second.
    pub(crate) fn at(&mut self, done: usize) {
        let recent = self.drawn.is_some_and(|drawn| drawn.elapsed() < Duration::from_millis(100));
        if !self.visible || recent {
            return;
        }
        self.drawn = Some(Instant::now());
        let seconds = self.start.elapsed().as_secs_f64();
        let (filled, rate) = (done * WIDTH / self.total.max(1), done as f64 / seconds);
        let left = (self.total - done) as f64 / rate;
        eprint!(
            "\r[{}{}] {done}/{}  {:.2} million/s  {left:.0} s left ",
            "█".repeat(filled),
            "░".repeat(WIDTH - filled),
            self.total,
            rate / 1e6
        );
        // A bar that cannot be drawn is no reason to stop.
        let _ = stderr().flush();
    }

    pub(crate) fn finish(self) {
        if self.visible {
            eprint!("\r{:width$}\r", "", width = WIDTH + 60);
        }
    }
}
