//! What further threads gain on one large matrix: `cargo bench --features rayon --bench threads [-- FILTER...]`, for instance `-- thin/f64/512`.
//!
//! Pools of one thread and of several take turns, round by round; wall-clock time and CPU time of the process, and the gain of the same round:
//! medians. The results must be the same to the last bit. `cargo test --features rayon --bench threads` compares the results once, of small matrices,
//! without timing.
//!
//! Two virtual processors of a rented machine can be one core that runs two threads, and that can change from one second to the next. So every round begins
//! and ends with arithmetic that shares nothing, on one thread and on all: only rounds count in which that gains what it should.

use diffsvd::{FactorsMut, MatMut, MatRef, Real, Scalar, Vectors, svd_into, svd_workspace_len};
use num_complex::Complex;
use rayon::ThreadPool;
use std::time::{Duration, Instant};

/// Rounds that count, and how long to try for them.
const ROUNDS: usize = 60;
const PATIENCE: Duration = Duration::from_secs(20);
/// Part of the number of threads that arithmetic must gain.
const UNDISTURBED: f64 = 0.92;
const ORDERS: [usize; 4] = [256, 512, 724, 1024];
const TASKS: [(&str, Vectors); 2] = [("thin", Vectors::Thin), ("values", Vectors::None)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let most = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let pools: Vec<ThreadPool> = (1..=most).map(pool).collect();
    if timed {
        println!("{:<18}{:>9}{:>12}{:>12}{:>8}{:>15}", "ms", "threads", "wall", "CPU", "gain", "rounds");
    }
    for (task, vectors) in TASKS {
        for n in ORDERS {
            let n = if timed { n } else { n / 4 };
            let wanted = |scalar: &str| {
                let name = format!("{task}/{scalar}/{n}");
                (filters.is_empty() || filters.iter().any(|filter| name.contains(&**filter))).then_some(name)
            };
            wanted("f32").inspect(|name| compare::<f32>(name, n, vectors, &pools, timed));
            wanted("f64").inspect(|name| compare::<f64>(name, n, vectors, &pools, timed));
            wanted("c32").inspect(|name| compare::<Complex<f32>>(name, n, vectors, &pools, timed));
            wanted("c64").inspect(|name| compare::<Complex<f64>>(name, n, vectors, &pools, timed));
        }
    }
}

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool of threads")
}

/// CPU time of the process; nothing where the system does not say.
fn cpu() -> f64 {
    let statistics = std::fs::read_to_string("/proc/self/schedstat");
    let of_threads = std::fs::read_dir("/proc/self/task").map(|tasks| {
        let run = |path: std::path::PathBuf| std::fs::read_to_string(path.join("schedstat")).ok();
        let first = |text: String| text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
        tasks.flatten().filter_map(|task| run(task.path()).and_then(first)).sum()
    });
    statistics.and(of_threads).unwrap_or(0.0)
}

/// Numbers in (−1, 1): a linear congruence modulo 2⁶⁴ (Knuth's MMIX).
fn random<S: Scalar>(len: usize) -> Vec<S> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        S::Real::from_f64((state >> 11) as f64 * 2_f64.powi(-52) - 1.0)
    };
    (0..len).map(|_| S::from_parts(next(), next())).collect()
}

/// The left vectors, the singular values, the right vectors.
type Results<S> = (Vec<S>, Vec<<S as Scalar>::Real>, Vec<S>);

/// One matrix of order `n` in every pool.
fn compare<S: Scalar>(name: &str, n: usize, vectors: Vectors, pools: &[ThreadPool], timed: bool) {
    let a: Vec<S> = random(n * n);
    let mut work = vec![S::zero(); svd_workspace_len::<S>(n, n, vectors)];
    let zeros = || (vec![S::zero(); n * n], vec![S::Real::from_f64(0.0); n], vec![S::zero(); n * n]);
    let mut run = |pool: &ThreadPool, results: &mut Results<S>| {
        let matrix = MatRef::col_major(&a, n, n).expect("a matrix");
        let basis = |entries| MatMut::col_major(entries, n, n).expect("a matrix");
        let (wall, busy) = (Instant::now(), cpu());
        let out = FactorsMut { u: basis(&mut results.0), s: &mut results.1, v: basis(&mut results.2) };
        pool.install(|| svd_into(matrix, vectors, out, &mut work)).expect("a decomposition");
        (wall.elapsed().as_secs_f64() * 1e3, (cpu() - busy) * 1e-6)
    };
    let (mut expected, mut results) = (zeros(), zeros());
    run(&pools[0], &mut expected);
    let start = Instant::now();
    let mut rounds = 0;
    let mut counted: Vec<Vec<[f64; 3]>> = vec![vec![]; pools.len()];
    while counted[0].len() < if timed { ROUNDS } else { 1 } && start.elapsed() < PATIENCE {
        let before = undisturbed(pools);
        let round: Vec<(f64, f64)> = pools
            .iter()
            .map(|pool| {
                let time = run(pool, &mut results);
                assert!(results == expected, "{name}: the results depend on the number of threads");
                time
            })
            .collect();
        rounds += 1;
        if before && undisturbed(pools) || !timed {
            for (counted, (wall, busy)) in counted.iter_mut().zip(&round) {
                counted.push([*wall, *busy, round[0].0 / wall]);
            }
        }
    }
    for (i, list) in counted.iter().enumerate().filter(|_| timed) {
        let of = format!("{} of {rounds}", list.len());
        let [wall, busy, gain] = [0, 1, 2].map(|k| median(list.iter().map(|times| times[k]).collect()));
        println!("{name:<18}{:>9}{wall:>12.2}{busy:>12.2}{gain:>8.2}{of:>15}", i + 1);
    }
}

fn median(mut list: Vec<f64>) -> f64 {
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Whether arithmetic with nothing shared gains in every pool what it should.
fn undisturbed(pools: &[ThreadPool]) -> bool {
    let seconds = |pool: &ThreadPool| {
        let start = Instant::now();
        pool.broadcast(|_| std::hint::black_box(arithmetic(std::hint::black_box(1.0))));
        start.elapsed().as_secs_f64()
    };
    let (first, others) = pools.split_first().expect("pools");
    let alone = seconds(first);
    others.iter().all(|pool| alone > UNDISTURBED * seconds(pool))
}

/// Some tenths of a millisecond in which every adder and multiplier has something to do, all of it in registers.
fn arithmetic(x: f32) -> f32 {
    let mut sums = [x; 32];
    for _ in 0..200_000 {
        for sum in &mut sums {
            *sum = *sum * 0.5 + x;
        }
    }
    sums.iter().sum()
}
