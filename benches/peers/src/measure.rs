//! Interleaved timing: in every round each contestant has one slice of CPU time, in turn.

use crate::number::Number;
use crate::options::Options;
use crate::problem::{Contestant, Output, Problem};

/// CPU time of this process, all threads, in seconds.
fn cpu_time() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Seconds per matrix, one entry a round, for each contestant in order.
pub fn interleaved<S: Number>(
    contestants: &mut [Box<dyn Contestant<S>>],
    problem: &Problem<S>,
    out: &mut Output<S>,
    options: &Options,
) -> Vec<Vec<f64>> {
    let mut slice = |contestant: &mut Box<dyn Contestant<S>>, times: usize| {
        let start = cpu_time();
        contestant.sweep(problem, out, times);
        cpu_time() - start
    };
    let mut all = 0.0;
    let times: Vec<usize> = contestants
        .iter_mut()
        .map(|contestant| {
            let mut times = 1;
            loop {
                let took = slice(contestant, times);
                if took >= options.slice / 2.0 {
                    all += took.max(options.slice);
                    return (times as f64 * options.slice / took).ceil() as usize;
                }
                times *= 4;
            }
        })
        .collect();
    let rounds = ((options.budget / all) as usize).clamp(options.rounds.0, options.rounds.1);
    let mut series = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..rounds {
        for place in 0..contestants.len() {
            // The start moves on, so that nobody always follows the same neighbour.
            let who = (place + round) % contestants.len();
            let took = slice(&mut contestants[who], times[who]);
            series[who].push(took / (times[who] * problem.shape.count) as f64);
        }
    }
    series
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
