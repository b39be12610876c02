//! Times of single operations: `cargo bench --bench core [-- FILTER...]`, for instance `-- thin/f64 128`.
//!
//! Wall-clock time, one matrix again and again, the answer checked first. For a comparison with other libraries see
//! `benches/peers`; for figures that do not depend on the clock, `benches/instructions.rs`.
//! `cargo test --bench core` runs and checks every case once.

mod cases;

use cases::Case;
use std::time::{Duration, Instant};

/// A sample is long against the clock's resolution; all samples of a case take a tenth of a second or a little more.
const SAMPLE: Duration = Duration::from_millis(5);
const SAMPLES: usize = 21;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let filters: Vec<String> = arguments.into_iter().filter(|argument| !argument.starts_with('-')).collect();
    if timed {
        println!("{:<20}{:>12}{:>12}", "µs", "least", "median");
    }
    for name in cases::names(&filters) {
        let mut case = cases::build(&name).expect("a case of that name");
        case.check();
        if timed {
            let samples = measure(case.as_mut());
            println!("{name:<20}{:>12.3}{:>12.3}", samples[0], samples[samples.len() / 2]);
        }
    }
}

/// Microseconds of one operation, ascending.
fn measure(case: &mut dyn Case) -> Vec<f64> {
    let mut sample = |times: u32| {
        let start = Instant::now();
        for _ in 0..times {
            case.run().expect("the result that was checked");
        }
        start.elapsed()
    };
    let mut times = 1;
    while sample(times) < SAMPLE {
        times *= 2;
    }
    let mut samples: Vec<f64> = (0..SAMPLES).map(|_| sample(times).as_secs_f64() * 1e6 / f64::from(times)).collect();
    samples.sort_by(f64::total_cmp);
    samples
}
