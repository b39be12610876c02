//! Every target on random bytes for a while, without a fuzzer and without a nightly compiler: what `.ci/trust` runs with every change. Nothing is learned from an
//! input, and none is kept but one that fails; `bash .ci/fuzz` does both.
//!
//! `DIFFSVD_FUZZ_SECONDS` (2 unless given) for each target, from the random number `DIFFSVD_FUZZ_SEED` (the clock's unless given).

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, panic};

use crate::support::random::Random;

/// Longest input, as for the fuzzer.
const LONGEST: usize = 4096;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    env::var(name)
        .ok()
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

/// Inputs: new ones, and the last one with a few changes.
struct Inputs {
    random: Random,
    last: Vec<u8>,
}

impl Inputs {
    fn byte(&mut self) -> u8 {
        self.random.below(256) as u8
    }

    /// One of `seeds`, a new one or the last one; changed, but for the new one.
    fn next(&mut self, seeds: &[Vec<u8>]) -> &[u8] {
        match self.random.below(4) {
            0 if !seeds.is_empty() => self.last = seeds[self.random.below(seeds.len())].clone(),
            0 | 1 => {
                // Half of them short; of some every byte is one of a few.
                let longest = if self.random.below(2) == 0 { 64 } else { LONGEST };
                let (len, kinds) = (self.random.below(longest), [256, 256, 4, 1][self.random.below(4)]);
                let few: Vec<u8> = (0..kinds).map(|_| self.byte()).collect();
                self.last = (0..len).map(|_| few[self.random.below(kinds)]).collect();
                return &self.last;
            }
            _ => {}
        }
        for _ in 0..=self.random.below(4) {
            let (at, byte) = (self.random.below(self.last.len()), self.byte());
            match self.random.below(4) {
                0 => self.last.truncate(at),
                1 if self.last.len() < LONGEST => self.last.insert(at, byte),
                _ if !self.last.is_empty() => self.last[at] = byte,
                _ => {}
            }
        }
        &self.last
    }
}

/// Calls the target until the time is over; an input that fails goes to where cargo-fuzz has those.
fn short(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let state = from_environment("DIFFSVD_FUZZ_SEED", clock);
    let (start, time) = (Instant::now(), Duration::from_secs(from_environment("DIFFSVD_FUZZ_SECONDS", 2)));
    let (mut inputs, mut count) = (Inputs { random: Random::new(state), last: Vec::new() }, 0);
    while count == 0 || start.elapsed() < time {
        let input = inputs.next(seeds).to_vec();
        if let Err(failure) = panic::catch_unwind(|| target(&input)) {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/artifacts/");
            let path = format!("{folder}{name}/short");
            let written = fs::create_dir_all(format!("{folder}{name}")).and_then(|()| fs::write(&path, &input));
            println!(
                "input {count} from {state} fails; {path} has it ({written:?}): cargo +nightly fuzz run {name} {path}"
            );
            panic::resume_unwind(failure);
        }
        count += 1;
    }
    println!("{name}: {count} inputs from {state}");
}

macro_rules! of_bytes_alone {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            short(stringify!($target), &[], crate::$target);
        }
    )*};
}
of_bytes_alone! { driver bidiagonal divide derivatives spectral lanes views c }

/// From the matrices of the tour, behind the byte that chooses the format.
#[test]
fn files() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/tour/data");
    let formats = ["npy", "mtx", "csv"];
    let seed = |entry: fs::DirEntry| {
        let extension = entry.path().extension()?.to_str()?.to_owned();
        let format = formats.iter().position(|&format| format == extension)?;
        let bytes = fs::read(entry.path()).expect("a matrix of the tour");
        (bytes.len() < LONGEST).then(|| [vec![format as u8], bytes].concat())
    };
    let seeds: Vec<_> = fs::read_dir(folder).expect("the tour").flatten().filter_map(seed).collect();
    assert!(!seeds.is_empty());
    short("files", &seeds, crate::files);
}
