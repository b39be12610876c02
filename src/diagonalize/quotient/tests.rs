use super::segment::Segment;
use super::transform::{Pivots, by_fractions, by_quotients, transform};
use super::*;
use crate::kernel::team::Team;
use crate::kernel::{Level, Separate};
use crate::noise::Noise;
use std::string::String;
use std::vec;
use std::vec::Vec;

type Bidiagonal = (Vec<f64>, Vec<f64>);

/// Bidiagonal matrices of order n, all in the range.
fn zoo(n: usize, seed: u64) -> Vec<(&'static str, Bidiagonal)> {
    let mut noise = Noise(seed);
    let mut all = Vec::new();
    let mut add = |name, d: &dyn Fn(usize, f64) -> f64, e: &dyn Fn(usize, f64) -> f64| {
        let mut list = |entry: &dyn Fn(usize, f64) -> f64| (0..n).map(|i| entry(i, noise.unit())).collect();
        all.push((name, (list(d), list(e))));
    };
    let order = n as f64;
    let step = 10_f64.powf(-30.0 / order);
    let power = |i: usize| step.powf(i as f64);
    let middle = (order - 1.0) / 2.0;
    // What a square and a tall matrix of normal entries are reduced to, but for small fluctuations.
    let chi = |i: usize, x: f64| ((n - i) as f64).sqrt() + 1.4 * (x - 0.5);
    add("square normal", &chi, &|i, x| chi(i + 1, x).max(0.3 * x));
    add("tall normal", &|i, x| (3.0 * order - i as f64).sqrt() + x - 0.5, &|i, x| chi(i + 1, x).max(0.3 * x));
    add("uniform", &|_, x| x + 1e-3, &|_, x| x + 1e-3);
    add("signs", &|_, x| x - 0.5, &|_, x| 0.5 - x);
    add("ones", &|_, _| 1.0, &|_, _| 1.0);
    add("graded down", &|i, _| power(i), &|i, _| power(i));
    add("graded up", &|i, _| power(n - i), &|i, _| power(n - i));
    add("graded to the middle", &|i, _| power(i.min(n - i)), &|i, _| power(i.min(n - i)));
    add("graded from the middle", &|i, _| power(i.abs_diff(n / 2)), &|i, _| power(i.abs_diff(n / 2)));
    add("Wilkinson", &|i, _| (i as f64 - middle).abs() + 0.1, &|_, _| 1.0);
    add("glued", &|i, _| (i % 7).abs_diff(3) as f64 + 0.5, &|i, _| if i % 7 == 6 { 1e-7 } else { 1.0 });
    add("equal", &|_, _| 1.0, &|_, x| 1e-10 * x + 1e-13);
    add("nearly equal", &|_, _| 1.0, &|_, x| 1e-5 * x + 1e-8);
    add("clusters", &|i, _| 1.0 + (i % 3) as f64, &|_, x| 1e-3 * x + 1e-6);
    add("wild", &|_, x| 10_f64.powf(6.0 * x - 3.0), &|_, x| 10_f64.powf(6.0 * x - 3.0));
    add("tiny at the end", &|i, _| if i + 1 == n { 1e-20 } else { 1.0 }, &|_, _| 1.0);
    add("tiny at the start", &|i, _| if i == 0 { 1e-20 } else { 1.0 }, &|_, _| 1.0);
    add("Kahan", &|i, _| 0.9_f64.powf(i as f64), &|i, _| 0.43 * 0.9_f64.powf(i as f64));
    add("split", &|i, _| 1.0 + i as f64, &|i, _| (i % 2) as f64);
    all
}

/// The singular values by transforms on one level, and how many they took.
fn solve<R: Real>(b: &Bidiagonal, level: Level) -> Option<(Vec<R>, usize)> {
    match solve_within(b, level, 0)? {
        (s, Work::Transforms(count)) => Some((s, count)),
        (_, work) => panic!("{work:?} without memory"),
    }
}

/// All at the same time, on one level, and the number of evaluations.
fn solve_together<R: Real>(b: &Bidiagonal, level: Level) -> Option<(Vec<R>, usize)> {
    match solve_within(b, level, laguerre::memory_len(b.0.len()))? {
        (s, Work::Evaluations(count)) => Some((s, count)),
        _ => None,
    }
}

fn solve_within<R: Real>((d, e): &Bidiagonal, level: Level, len: usize) -> Option<(Vec<R>, Work)> {
    let n = d.len();
    let convert = |list: &[f64]| list.iter().map(|x| R::from_f64(*x)).collect::<Vec<R>>();
    let (mut d, e) = (convert(d), convert(e));
    let before = d.clone();
    let mut scratch = vec![R::from_f64(f64::NAN); 4 * n];
    let mut parts = scratch.chunks_exact_mut(n);
    let scratch = &mut core::array::from_fn(|_| parts.next().unwrap());
    let memory = &mut vec![R::from_f64(f64::NAN); len];
    let result = Team::lead(true, |team| singular_values(&mut d, &e, scratch, memory, (team, level)));
    if result.is_none() {
        let same = |(a, b): (&R, &R)| a == b || (a.partial_cmp(a).is_none() && b.partial_cmp(b).is_none());
        assert!(d.iter().zip(&before).all(same), "nothing is written");
    }
    result.map(|work| (d, work))
}

/// Number of singular values below x: Sturm counts of the matrix with d₁, e₁, d₂, … beside a zero diagonal (Fernando 1998).
fn count_below((d, e): &Bidiagonal, x: f64) -> usize {
    let n = d.len();
    let mut pivot = -1.0_f64;
    let mut negative = 1;
    for i in 0..2 * n - 1 {
        let ratio = if i % 2 == 0 { d[i / 2] } else { e[i / 2] } / x;
        pivot = -1.0 - ratio * ratio / pivot;
        pivot = if pivot == 0.0 { -f64::MIN_POSITIVE } else { pivot };
        negative += usize::from(pivot < 0.0);
    }
    negative - n
}

/// The largest relative error, in units of n · ε of f64.
fn worst_error(b: &Bidiagonal, s: &[f64]) -> f64 {
    let n = s.len();
    let error = |(i, s): (usize, &f64)| {
        let (mut low, mut high) = (0.5 * s, 2.0 * s);
        if count_below(b, low) > n - 1 - i || count_below(b, high) < n - i {
            return f64::INFINITY;
        }
        while high - low > 1e-16 * high {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if count_below(b, middle) > n - 1 - i { high = middle } else { low = middle }
        }
        (s / high - 1.0).abs()
    };
    s.iter().enumerate().map(error).fold(0.0, f64::max) / (n as f64 * f64::EPSILON)
}

const SIZES: [usize; 9] = [4, 5, 6, 7, 8, 13, 24, 50, 101];

#[test]
fn relative_accuracy_over_the_zoo() {
    let mut worst = (0.0, String::new());
    for level in Level::all() {
        for n in SIZES {
            for seed in 0..=64 / n as u64 {
                for (name, b) in zoo(n, seed) {
                    let (s, _) = solve::<f64>(&b, level).unwrap_or_else(|| panic!("{name} {n} fell back"));
                    assert!(s.is_sorted_by(|a, b| a >= b), "{name} {n}");
                    let error = worst_error(&b, &s);
                    if error > worst.0 {
                        worst = (error, std::format!("{name} {n} {level:?}"));
                    }
                }
            }
        }
    }
    std::println!("{worst:?}");
    assert!(worst.0 <= 1.0, "{worst:?}");
}

/// To what single precision can hold.
fn single(x: f64) -> f64 {
    <f32 as Real>::from_f64(x).into()
}

#[test]
fn single_precision_beside_double() {
    let mut worst = (0.0, String::new());
    for level in Level::all() {
        for n in SIZES {
            for (name, (d, e)) in zoo(n, 3) {
                // What single precision can hold, and its squares.
                let b: Bidiagonal = (d.iter().map(|x| single(*x)).collect(), e.iter().map(|x| single(*x)).collect());
                let Some((s, _)) = solve::<f32>(&b, level) else { continue };
                let (exact, _) = solve::<f64>(&b, level).unwrap();
                let error = s.iter().zip(exact).map(|(s, t)| (f64::from(*s) / t - 1.0).abs()).fold(0.0, f64::max);
                let error = error / (n as f64 * f64::from(f32::EPSILON));
                if error > worst.0 {
                    worst = (error, std::format!("{name} {n} {level:?}"));
                }
            }
        }
    }
    std::println!("{worst:?}");
    assert!(worst.0 <= 0.5, "{worst:?}");
}

#[test]
fn few_transforms_are_needed() {
    for (name, most) in [("square normal", 3.0), ("tall normal", 3.6), ("graded down", 0.7), ("graded up", 0.7)] {
        let count = |seed| {
            let b = zoo(64, seed).into_iter().find(|b| b.0 == name).unwrap().1;
            solve::<f64>(&b, Level::Portable).unwrap().1
        };
        let average = (0..20).map(count).sum::<usize>() as f64 / (20.0 * 64.0);
        std::println!("{name}: {average:.2}");
        assert!(average <= most, "{name}: {average}");
    }
    let mut worst = (0.0, "", 0);
    for n in SIZES {
        for seed in 0..=256 / n as u64 {
            for (name, b) in zoo(n, seed) {
                let per_value = solve::<f64>(&b, Level::Portable).unwrap().1 as f64 / n as f64;
                if per_value > worst.0 {
                    worst = (per_value, name, n);
                }
            }
        }
    }
    std::println!("{worst:?}");
    assert!(worst.0 <= 16.0, "{worst:?}");
}

#[test]
fn what_is_out_of_range_is_left_to_the_qr_iteration() {
    let ones = || (vec![1.0; 6], vec![1.0; 6]);
    let with = |change: &dyn Fn(&mut Bidiagonal)| {
        let mut b = ones();
        change(&mut b);
        solve::<f64>(&b, Level::detect()).is_some()
    };
    assert!(with(&|_| ()));
    assert!(!with(&|b| b.0[2] = 0.0), "a zero on the diagonal");
    assert!(!with(&|b| b.0[5] = 1e-160), "a square that would underflow");
    assert!(!with(&|b| b.0[5] = 1e-154), "a square with few digits");
    assert!(!with(&|b| b.1[3] = 1e-200));
    assert!(with(&|b| b.1[5] = f64::NAN), "not an entry of the matrix");
    assert!(with(&|b| b.1[3] = 0.0));
    assert!(!with(&|b| b.0.fill(1e-60)), "a singular value of 1e-360");
    assert!(!with(&|b| b.0[1] = f64::NAN));
    assert!(!with(&|b| b.1.fill(0.0)), "a diagonal, to be sorted exactly");
    assert!(!with(&|b| *b = (vec![0.0; 6], vec![0.0; 6])));
    let huge = (vec![1e300; 6], vec![-1e300; 6]);
    let (s, _) = solve::<f64>(&huge, Level::detect()).unwrap();
    let (t, _) = solve::<f64>(&ones(), Level::detect()).unwrap();
    assert!(s.iter().zip(t).all(|(s, t)| (s / 1e300 / t - 1.0).abs() < 8.0 * f64::EPSILON));
}

/// Both forms of the transform, on every level.
#[test]
fn fractions_agree_with_quotients() {
    for n in [2, 3, 5, 6, 7, 9, 10, 33] {
        for (name, (d, e)) in zoo(n, 5) {
            let squares = |list: &[f64]| list.iter().map(|x| x * x / 16.0).collect::<Vec<f64>>();
            let (q, mut e) = (squares(&d), squares(&e));
            e[n - 1] = 0.25;
            let from = Quotients { q: &q, e: &e };
            let mut expected = (vec![0.0; n], vec![0.0; n]);
            let wanted = by_quotients(from, &mut expected.0, &mut expected.1, 0.0);
            let mut got = (vec![0.0; n], vec![0.0; n]);
            let pivots = transform::<Separate, f64>(from, &mut got.0, &mut got.1, 0.0);
            let close = |a: f64, b: f64| (a - b).abs() <= 8.0 * n as f64 * f64::EPSILON * a.abs();
            assert!(got.0.iter().zip(&expected.0).all(|(a, b)| close(*a, *b)), "{name} {n}: q");
            assert!(got.1.iter().zip(&expected.1).all(|(a, b)| close(*a, *b)), "{name} {n}: e");
            assert!(close(pivots.couplings[0], wanted.couplings[0]), "{name} {n}: γ");
            assert!(close(pivots.smallest_but(1), wanted.smallest_but(1)), "{name} {n}: d");
            assert_eq!(pivots.smallest_e, wanted.smallest_e, "{name} {n}: the smallest e");
        }
    }
}

/// The transform of an array of (qₖ, eₖ) without a shift: q̂ and ê in one list.
fn transformed<R: Real>(
    array: &[(R, R)],
    transform: impl Fn(Quotients<'_, R>, &mut [R], &mut [R]) -> Option<Pivots<R>>,
) -> Option<Vec<R>> {
    let n = array.len();
    let (q, e): (Vec<R>, Vec<R>) = array.iter().copied().unzip();
    let mut result = vec![R::zero(); 2 * n];
    let (to_q, to_e) = result.split_at_mut(n);
    transform(Quotients { q: &q, e: &e }, to_q, to_e)?;
    Some(result)
}

/// That the way by fractions, or the one in its place, gives what quotients do, to 8 ε a row.
fn check_fractions<R: Real>(array: &[(R, R)], needed: bool) {
    let zero = R::zero();
    let wanted = transformed(array, |from, q, e| Some(by_quotients(from, q, e, zero))).unwrap();
    let got = transformed(array, |from, q, e| by_fractions::<Separate, R>(from, q, e, zero));
    assert!(got.is_some() || !needed, "{:?}", array[0]);
    let bound = R::from_f64(8.0 * array.len() as f64) * R::EPSILON;
    for (k, (got, wanted)) in got.iter().flatten().zip(&wanted).enumerate() {
        assert!((*got - *wanted).abs() <= bound * wanted.abs(), "{k}: {got:?} {wanted:?} of {array:?}");
    }
}

/// Every row multiplies x and y by the same number: they are brought back to unit size in time.
#[test]
fn fractions_that_grow_or_shrink_stay_in_the_range() {
    fn check<R: Real>() {
        for quarters in -8..R::MIN_EXPONENT / -4 {
            let entry = R::from_f64(2_f64.powf(-0.25 * f64::from(quarters)));
            check_fractions(&[(entry, entry); 200], true);
        }
    }
    check::<f32>();
    check::<f64>();
}

/// x, or x and y, underflow on the way, more and more of their digits, and grow again until the end; or x does in the last step.
#[test]
fn fractions_that_have_left_the_range_are_not_taken() {
    let small = 2_f32.powi(-10);
    for both in 0..20 {
        for one in 0..12 {
            let dip = [vec![(1.0, small); 1], vec![(small, small); both], vec![(small, 1.0); one]].concat();
            check_fractions(&[&dip[..], &[(4.0, 1.0); 90]].concat(), both + one < 6);
            check_fractions(&[&dip[..], &[(2_f32.powi(-50), 0.0)]].concat(), false);
        }
    }
}

/// B of n rows with ones on and above its diagonal, and the smallest eigenvalue of B Bᵀ.
fn ones(n: usize) -> (Vec<(f64, f64)>, f64) {
    let mut array = vec![(1.0, 1.0); n];
    array[n - 1].1 = 0.0;
    (array, 4.0 * (core::f64::consts::FRAC_PI_2 / (2 * n + 1) as f64).sin().powi(2))
}

#[test]
fn fractions_tell_of_a_shift_that_is_too_large() {
    for n in 2..14 {
        let (array, smallest) = ones(n);
        for s in [1.001 * smallest, 2.0 * smallest, 0.9, 3.1, 10.3] {
            let result = transformed(&array, |from, q, e| {
                let pivots = by_fractions::<Separate, f64>(from, q, e, s);
                assert!(pivots.is_some_and(|pivots| pivots.smallest_but(0) < 0.0), "{n} {s}");
                pivots
            });
            assert!(result.is_some());
        }
        let below = transformed(&array, |from, q, e| {
            by_fractions::<Separate, f64>(from, q, e, 0.999 * smallest).filter(|pivots| pivots.smallest_but(0) > 0.0)
        });
        assert!(below.is_some(), "{n}");
    }
}

/// One transform with the shift `s` of an array from which σ has been taken already: the segment, what is in `q[0]` then, and the number of attempts.
fn attempt(array: &[(f64, f64)], sigma: f64, s: f64, fraction: f64) -> (Segment<f64>, Vec<f64>, usize) {
    let n = array.len();
    let (mut q, mut e): (Vec<f64>, Vec<f64>) = array.iter().copied().unzip();
    let (mut q1, mut e1) = (vec![0.0; n], vec![0.0; n]);
    let mut segment = Segment::new(0, n, sigma);
    segment.fraction = fraction;
    let mut solver = Solver::new([&mut q, &mut q1], [&mut e, &mut e1]);
    let budget = solver.budget;
    solver.transform::<Separate>(&mut segment, s).unwrap();
    let attempts = budget - solver.budget;
    (segment, q, attempts)
}

#[test]
fn a_shift_that_is_too_large_is_replaced() {
    let (array, smallest) = ones(8);
    // By a lower bound, if only the last difference is negative.
    let (segment, _, attempts) = attempt(&array, 0.0, 1.01 * smallest, 0.5);
    assert_eq!(attempts, 2);
    assert!(segment.sigma <= smallest && segment.sigma >= 0.95 * smallest, "{}", segment.sigma / smallest);
    // By smaller and smaller parts of it: 1/4, 1/8, 1/16, 1/32 of the one before, and at last by zero.
    let (segment, _, attempts) = attempt(&array, 0.0, 300.0 * smallest, 0.5);
    assert_eq!((segment.sigma, attempts), (300.0 * smallest / 512.0, 4));
    let (segment, _, attempts) = attempt(&array, 0.0, 1e9 * smallest, 0.5);
    assert_eq!((segment.sigma, attempts), (0.0, 6));
}

#[test]
fn a_row_is_split_off_where_a_shift_was_too_large_by_little() {
    // Coupled by 2e-9, and beyond its eigenvalue by 1e-8.
    let array = [(2.0, 1.0), (2.0, 4e-9), (0.5, 0.0)];
    let (segment, q, attempts) = attempt(&array, 1.0, 0.5 + 1e-8, 0.5);
    assert_eq!((segment.end, attempts), (2, 1));
    let exact = 1.5 - 4e-9 * 0.5 / 1.5;
    assert!((q[2] - exact).abs() < 1e-8, "{} {exact}", q[2]);
}

#[test]
fn what_is_tried_first_comes_back_to_one_half() {
    let (array, _) = ones(8);
    let mut fraction = 0.125;
    for _ in 0..20 {
        let (segment, ..) = attempt(&array, 0.0, 0.0, fraction);
        fraction = segment.fraction;
    }
    assert!((fraction - 0.5).abs() < 0.01, "{fraction}");
}

/// Two rows with q and the trace of their block are coupled to the others by γ: what is negligible beside σ is the root of γ q tr.
#[test]
fn two_rows_are_apart_where_their_coupling_is_negligible() {
    for (factor, apart) in [(0.97, true), (1.03, false)] {
        // The trace is 2 + 0.5 + 0.25.
        let (mut q, mut e) = ([1.0, 1.0, 1.0, 2.0, 0.25], [1.0, 1.0, 1.0, 0.5, 0.0]);
        let root = factor * 0.5 * f64::EPSILON * 3.0 / (2_f64 * 2.75).sqrt();
        let mut segment = Segment::new(0, 5, 3.0);
        segment.since = 0;
        segment.pivots.couplings = [0.3, root * root, 0.2];
        let (mut q1, mut e1) = ([0.0; 5], [0.0; 5]);
        let solver = Solver::new([&mut q, &mut q1], [&mut e, &mut e1]);
        assert_eq!(solver.pair_is_apart(&segment, 0.25), apart, "{factor}");
    }
}

/// Levels that have registers for it.
fn levels_with_vectors<R: Real>() -> Vec<Level> {
    Level::all()
        .into_iter()
        .filter(|level| level.has_vectors::<R>() && level.register_bytes() > 2 * size_of::<R>())
        .collect()
}

/// Random matrices, whose values are what is asked for most; the others may be found so or not, but what is found is right.
#[test]
fn values_found_together_are_accurate() {
    let mut worst = [(0.0, String::new()), (0.0, String::new())];
    for n in [6, 7, 8, 9, 13, 16, 17, 33, 50, 101] {
        for seed in 0..=256 / n as u64 {
            for (name, b) in zoo(n, seed) {
                let single: Bidiagonal =
                    (b.0.iter().map(|x| single(*x)).collect(), b.1.iter().map(|x| single(*x)).collect());
                let mut note = |which: usize, error: f64, level| {
                    if error > worst[which].0 {
                        worst[which] = (error, std::format!("{name} {n} {level:?}"));
                    }
                };
                for level in levels_with_vectors::<f64>() {
                    let Some((s, _)) = solve_together::<f64>(&b, level) else { continue };
                    assert!(s.is_sorted_by(|a, b| a >= b), "{name} {n}");
                    note(0, worst_error(&b, &s), level);
                }
                for level in levels_with_vectors::<f32>() {
                    let Some((s, _)) = solve_together::<f32>(&single, level) else { continue };
                    assert!(s.is_sorted_by(|a, b| a >= b), "{name} {n}");
                    let s: Vec<f64> = s.into_iter().map(f64::from).collect();
                    note(1, worst_error(&single, &s) * f64::EPSILON / f64::from(f32::EPSILON), level);
                }
            }
        }
    }
    std::println!("{worst:?}");
    assert!(worst.iter().all(|(error, _)| *error <= 1.0), "{worst:?}");
}

#[test]
fn few_evaluations_are_needed() {
    for (name, n, most) in
        [("square normal", 8, 5.0), ("square normal", 24, 5.4), ("tall normal", 8, 5.0), ("tall normal", 24, 5.5)]
    {
        for level in levels_with_vectors::<f64>() {
            let (mut found, mut sum) = (0, [0; 2]);
            for seed in 0..100 {
                let b = zoo(n, seed).into_iter().find(|b| b.0 == name).unwrap().1;
                if let Some((_, count)) = solve_together::<f64>(&b, level) {
                    found += 1;
                    sum[0] += count;
                }
                sum[1] += solve_together::<f32>(&b, level).map_or(0, |(_, count)| count);
            }
            let average = sum[0] as f64 / f64::from(found);
            std::println!("{name} {n} {level:?}: {found}, {average:.2}, {:.2}", sum[1] as f64 / 100.0);
            assert!(found >= 96 && average <= most && sum[1] <= sum[0], "{name} {n} {level:?}: {found}, {average}");
        }
    }
}

/// The polynomial of ones at 16 places, divided by its value: t p′/p, t² p″/2p and the count.
struct Evaluate<'a>(&'a [(f64, f64)], [f64; 16], &'a mut [[f64; 3]; 16]);

impl Task for Evaluate<'_> {
    type Real = f64;

    fn run<A: Arith>(self) {
        let (q, e): (Vec<f64>, Vec<f64>) = self.0.iter().copied().unzip();
        let (array, t) = (
            (
                Quotients { q: &q, e: &e },
                polynomial::stride(q.iter().chain(&e[..q.len() - 1]).fold(1.0, |min: f64, x| min.min(*x))),
            ),
            &[self.1],
        );
        let p = polynomial::at::<A, f64, 16, 1, true>(array, t);
        let alone = polynomial::at::<A, f64, 16, 1, false>(array, t);
        assert_eq!((p.below, p.value), (alone.below, alone.value));
        for (l, to) in self.2.iter_mut().enumerate() {
            *to = [p.first[0][l] / p.value[0][l], p.second[0][l] / p.value[0][l], p.below[0][l]];
        }
    }
}

#[test]
fn the_polynomial_is_the_product_of_its_factors() {
    for n in [2, 3, 5, 9, 17, 40] {
        let (array, _) = ones(n);
        let angle = |k: usize| core::f64::consts::FRAC_PI_2 * (2 * k + 1) as f64 / (2 * n + 1) as f64;
        let eigenvalues: Vec<f64> = (0..n).map(|k| 4.0 * angle(k).sin().powi(2)).collect();
        let t = core::array::from_fn(|l| 1e-3 + 0.28 * l as f64);
        for level in Level::all() {
            let mut got = [[f64::NAN; 3]; 16];
            level.run(Evaluate(&array, t, &mut got));
            for (t, got) in t.iter().zip(got) {
                let factors: Vec<f64> = eigenvalues.iter().map(|x| t / (t - x)).collect();
                let sum: f64 = factors.iter().sum();
                let pairs = (0..n).map(|j| factors[j] * factors[..j].iter().sum::<f64>()).sum::<f64>();
                let size = factors.iter().map(|x| x.abs()).sum::<f64>();
                assert!((got[0] - sum).abs() <= 1e-12 * size * size, "{n} {t} {level:?}: {got:?} {sum}");
                assert!((got[1] - pairs).abs() <= 1e-12 * size * size * size, "{n} {t} {level:?}: {got:?} {pairs}");
                assert_eq!(got[2], eigenvalues.iter().filter(|x| *x < t).count() as f64, "{n} {t} {level:?}");
            }
        }
    }
}

/// Too few numbers of memory, entries whose products might leave the range, clusters and wide ranges: all that goes by transforms.
#[test]
fn what_is_not_found_together() {
    let long = |b: &Bidiagonal, len: usize| match solve_within::<f64>(b, Level::detect(), len).unwrap().1 {
        Work::Evaluations(_) => true,
        Work::Transforms(_) => false,
    };
    let has = !levels_with_vectors::<f64>().is_empty();
    let ones = (vec![1.0; 12], vec![1.0; 12]);
    // Three numbers to a place, of which there are whole registers, and four to an eigenvalue.
    assert_eq!((long(&ones, 3 * 16 + 4 * 12), long(&ones, 3 * 16 + 4 * 12 - 1)), (has, false));
    let len = laguerre::memory_len(12);
    for place in [0, 5, 10] {
        let mut b = ones.clone();
        b.1[place] = 2_f64.powi(-128);
        assert!(!long(&b, len), "{place}");
    }
    for (name, b) in zoo(32, 1) {
        if ["Wilkinson", "graded down", "graded up", "split", "equal", "clusters", "glued"].contains(&name) {
            assert!(!long(&b, laguerre::memory_len(32)), "{name}");
        }
    }
    assert!(!long(&(vec![1.0; 5], vec![1.0; 5]), len), "five by transforms");
}

/// Half of the range for eight rows at most, and for one at least.
#[test]
fn rows_between_two_looks() {
    assert_eq!([1.0, 2_f64.powi(-60), 2_f64.powi(-61), 2_f64.powi(-255), 0.0].map(polynomial::stride), [8, 8, 7, 1, 1]);
    assert_eq!([1.0, 2_f32.powi(-4), 2_f32.powi(-5), 2_f32.powi(-31)].map(polynomial::stride), [8, 8, 7, 1]);
}

/// The count of eigenvalues where each row takes as much of the range as it may: products of them would underflow.
#[test]
fn the_count_of_small_squares() {
    for level in Level::all() {
        for p in [-255, -200, -130] {
            let mut array = vec![(2_f64.powi(p), 2_f64.powi(p)); 30];
            (array[0], array[29].1) = ((1.0, 2_f64.powi(p)), 0.0);
            // Apart from 1 those of the others, which are as those of ones.
            let t = core::array::from_fn(|l| 2_f64.powi(p) * (0.3 + 0.28 * l as f64));
            let mut got = [[f64::NAN; 3]; 16];
            level.run(Evaluate(&array, t, &mut got));
            let (ones, _) = ones(29);
            let mut expected = [[f64::NAN; 3]; 16];
            level.run(Evaluate(&ones, t.map(|t| t / 2_f64.powi(p)), &mut expected));
            assert_eq!(got.map(|x| x[2]), expected.map(|x| x[2]), "{p} {level:?}");
        }
    }
}

/// So many places that they are cut into pieces: the same to the last bit, whoever does them.
#[cfg(feature = "rayon")]
#[test]
fn several_threads_find_the_same() {
    fn compare<R: Real>(b: &Bidiagonal) {
        let solve = || solve_together::<R>(b, Level::detect());
        let alone = solve();
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(solve) == alone, "{threads} threads");
        }
        if let Some((s, _)) = alone {
            let s: Vec<f64> = s.iter().map(|s| s.to_f64()).collect();
            assert!(worst_error(b, &s) <= 0.5 * R::EPSILON.to_f64() / f64::EPSILON);
        }
    }
    let random = &zoo(600, 5)[0].1;
    let wide = cfg!(target_arch = "x86_64") && Level::detect().has_vectors::<f32>();
    assert!(!wide || solve_together::<f32>(random, Level::detect()).is_some());
    compare::<f32>(random);
    compare::<f64>(random);
}
