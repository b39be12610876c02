//! What further threads gain on one large matrix: `cargo bench --features rayon --bench threads [-- FILTER...]`, for instance `-- thin/f64/512`.
//!
//! Pools of one thread and of several take turns, round by round; wall-clock time and CPU time of the process, the least of all rounds. The results must be the same
//! to the last bit. `cargo test --features rayon --bench threads` compares the results once, of small matrices, without timing.

use diffsvd::{FactorsMut, MatMut, MatRef, Real, Scalar, Vectors, svd_into, svd_workspace_len};
use num_complex::Complex;
use rayon::ThreadPool;
use std::time::{Duration, Instant};

/// Rounds at most, and how long they may take together.
const ROUNDS: usize = 15;
const PATIENCE: Duration = Duration::from_secs(6);
const ORDERS: [usize; 4] = [256, 512, 724, 1024];
const TASKS: [(&str, Vectors); 2] = [("thin", Vectors::Thin), ("values", Vectors::None)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let timed = arguments.iter().any(|argument| argument == "--bench");
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let most = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let pools: Vec<ThreadPool> = (1..=most).map(pool).collect();
    if timed {
        println!("{:<18}{:>9}{:>12}{:>12}{:>8}", "ms", "threads", "wall", "CPU", "gain");
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

/// One matrix of order `n` in every pool.
fn compare<S: Scalar>(name: &str, n: usize, vectors: Vectors, pools: &[ThreadPool], timed: bool) {
    let a: Vec<S> = random(n * n);
    let mut work = vec![S::zero(); svd_workspace_len::<S>(n, n, vectors)];
    let mut run = |pool: &ThreadPool| {
        let (mut u, mut v) = (vec![S::zero(); n * n], vec![S::zero(); n * n]);
        let mut s = vec![S::Real::from_f64(0.0); n];
        let matrix = MatRef::col_major(&a, n, n).expect("a matrix");
        let basis = |entries| MatMut::col_major(entries, n, n).expect("a matrix");
        let (wall, busy) = (Instant::now(), cpu());
        let out = FactorsMut { u: basis(&mut u), s: &mut s, v: basis(&mut v) };
        pool.install(|| svd_into(matrix, vectors, out, &mut work)).expect("a decomposition");
        (wall.elapsed().as_secs_f64() * 1e3, (cpu() - busy) * 1e-6, (u, s, v))
    };
    let (_, _, expected) = run(&pools[0]);
    let start = Instant::now();
    let mut least = vec![(f64::INFINITY, f64::INFINITY); pools.len()];
    for round in 0..if timed { ROUNDS } else { 1 } {
        for (pool, least) in pools.iter().zip(&mut least) {
            let (wall, busy, results) = run(pool);
            assert!(results == expected, "{name}: the results depend on the number of threads");
            *least = (least.0.min(wall), least.1.min(busy));
        }
        if round > 1 && start.elapsed() > PATIENCE {
            break;
        }
    }
    for (i, (wall, busy)) in least.iter().enumerate().filter(|_| timed) {
        println!("{name:<18}{:>9}{wall:>12.2}{busy:>12.2}{:>8.2}", i + 1, least[0].0 / wall);
    }
}
