//! How many sweeps the QR iteration takes: its budget is 30 a value, and nothing finite may reach it.
//!
//! `bash .ci/trust sweeps` runs the long count that `docs/testing.md` records; the test is a short one.

use crate::support::drawn::Bytes;
use crate::support::random::Random;
use crate::support::zoo::bidiagonal::bidiagonal;
use diffsvd::Real;
use diffsvd::paths::sweeps;

/// What no matrix was ever seen to need, in sweeps a value. Seen: see `docs/testing.md`.
const WORST: f64 = 6.0;

/// The most that was needed, in sweeps a value, and where.
#[derive(Clone, Debug, Default)]
struct Worst {
    count: usize,
    rate: f64,
    sweeps: usize,
    at: String,
}

impl Worst {
    fn visit<R: Real>(&mut self, d: &[R], e: &[R], what: impl Fn() -> String) {
        let (mut values, mut off) = (d.to_vec(), e.to_vec());
        let taken =
            sweeps(&mut values, &mut off).unwrap_or_else(|error| panic!("{}: {error}: d = {d:?}, e = {e:?}", what()));
        assert!(values.iter().all(|x| x.is_finite()), "{}: {values:?}", what());
        self.count += 1;
        // One value needs none; the budget allows one more than there are.
        let rate = taken as f64 / d.len() as f64;
        if rate > self.rate {
            (self.rate, self.sweeps, self.at) = (rate, taken, format!("{} of order {}", what(), d.len()));
        }
    }

    fn merge(&mut self, other: Worst) {
        let count = self.count + other.count;
        if other.rate > self.rate {
            *self = other;
        }
        self.count = count;
    }
}

/// Diagonals by the generator that property tests and fuzz targets use, or normal, or of any exponent.
fn draw<R: Real>(kind: usize, n: usize, random: &mut Random) -> (Vec<R>, Vec<R>) {
    let bytes: Vec<u8> = (0..8 * n).flat_map(|_| random.bits().to_le_bytes()).collect();
    let mut bytes = Bytes::new(&bytes);
    let mut entry = |_| match kind {
        0 => R::from_f64(random.normal()),
        1 => R::from_f64(10_f64.powf(random.between(-18.0, 18.0)) * random.sign()),
        2 => bytes.wild(),
        _ => bytes.entry::<R>(true).mul_pow2(-64),
    };
    ((0..n).map(&mut entry).collect(), (0..n).map(&mut entry).collect())
}

const KINDS: [&str; 4] = ["normal", "any exponent", "wild", "at the ends of the range"];

/// `count` matrices of orders `from..=to`, of each kind in turn.
fn random_matrices<R: Real>(count: usize, (from, to): (usize, usize), seed: u64) -> Worst {
    let (mut random, mut worst) = (Random::new(seed), Worst::default());
    for i in 0..count {
        let (kind, n) = (i % 4, from + random.below(to - from + 1));
        let (d, e) = draw::<R>(kind, n, &mut random);
        worst.visit(&d, &e, || format!("{} ({i})", KINDS[kind]));
    }
    worst
}

fn the_zoo<R: Real>(orders: impl Iterator<Item = usize>) -> Worst {
    let mut worst = Worst::default();
    for n in orders {
        for animal in bidiagonal::<R>(n + 1) {
            let d: Vec<R> = (0..n).map(|i| animal.matrix[(i, i)]).collect();
            let e: Vec<R> = (0..n).map(|i| animal.matrix[(i, i + 1)]).collect();
            worst.visit(&d, &e, || animal.name.clone());
        }
    }
    worst
}

#[test]
fn the_budget_is_far_away() {
    // Millions in the recorded run.
    let thousands: usize = std::env::var("DIFFSVD_SWEEPS").ok().map_or(20, |text| text.parse().expect("a number"));
    let small = 1000 * thousands;
    for (name, mut worst, large, zoo) in [
        (
            "f64",
            random_matrices::<f64>(small / 2, (2, 16), 1),
            random_matrices::<f64>(small / 200, (17, 200), 2),
            the_zoo::<f64>(2..120),
        ),
        (
            "f32",
            random_matrices::<f32>(small / 2, (2, 16), 3),
            random_matrices::<f32>(small / 200, (17, 200), 4),
            the_zoo::<f32>(2..120),
        ),
    ] {
        for part in [&worst, &large, &zoo] {
            println!(
                "{name}: {} matrices, at worst {} sweeps, {:.2} a value: {}",
                part.count, part.sweeps, part.rate, part.at
            );
        }
        worst.merge(large);
        worst.merge(zoo);
        assert!(worst.rate <= WORST, "{worst:?}");
    }
}
