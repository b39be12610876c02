//! How long it takes: `cargo test --release --lib lanes -- --ignored --nocapture`.

use super::*;
use crate::batch::lanes::{Cotangent, Factors, Gradient, Tangent, jvp, vjp};
use crate::derivative::{Report, Rule};
use num_complex::Complex;
use std::println;

fn time<S: Scalar>(name: &str, m: usize, n: usize, vectors: bool) {
    let count = 1000;
    let mut seed = 1_u64;
    let mut part = || {
        let mut x = 0.0;
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            x += (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
        }
        S::Real::from_f64(x)
    };
    let k = m.min(n);
    let a: Vec<S> = (0..count * m * n).map(|_| S::from_parts(part(), part())).collect();
    let mut u = vec![S::zero(); count * m * k];
    let mut v = vec![S::zero(); count * n * k];
    let mut s = vec![S::Real::from_f64(0.0); count * k];
    let mut work = vec![S::zero(); workspace_len::<S>(m, n)];
    for level in Level::all() {
        let mut best = f64::MAX;
        for _ in 0..200 {
            let start = std::time::Instant::now();
            let mut failed = |_, _| ControlFlow::Continue(());
            let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level };
            let vectors = vectors.then_some((
                ItemsMut { data: &mut u, item: m * k, row: 1, col: m },
                ItemsMut { data: &mut v, item: n * k, row: 1, col: n },
            ));
            svd(
                job,
                Items { data: &a, item: m * n, row: 1, col: m },
                ItemsMut { data: &mut s, item: k, row: 1, col: k },
                vectors,
            )
            .unwrap();
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name} {m}x{n} {vectors} {level:?}: {:.1} ns", best / count as f64 * 1e9);
    }
    derivatives::<S>(name, (m, n), (&u, &s, &v, &a));
    let mut worst = 0.0_f64;
    for b in 0..count {
        let s1 = s[b * k].to_f64();
        for i in 0..m {
            for j in 0..n {
                let mut x = a[b * m * n + j * m + i];
                for l in 0..k {
                    x -= (u[b * m * k + l * m + i] * v[b * n * k + l * n + j].conj()).scale(s[b * k + l]);
                }
                worst = worst.max(x.modulus().to_f64() / s1);
            }
        }
    }
    println!("   worst {:.2}", worst / S::Real::EPSILON.to_f64() / m.max(n) as f64);
}

fn derivatives<S: Scalar>(name: &str, (m, n): (usize, usize), (u, s, v, a): (&[S], &[S::Real], &[S], &[S])) {
    let k = m.min(n);
    let count = s.len() / k;
    let factors = Factors { u: packed(u, m, k), s: packed(s, k, 1), v: packed(v, n, k) };
    let cotangent = Cotangent { u: Some(packed(u, m, k)), s: Some(packed(s, k, 1)), v: Some(packed(v, n, k)) };
    let mut work = vec![S::zero(); workspace_len::<S>(m, n)];
    let (mut du, mut ds, mut dv, mut da) = (u.to_vec(), s.to_vec(), v.to_vec(), a.to_vec());
    for level in Level::all() {
        let mut best = [f64::MAX; 3];
        for _ in 0..100 {
            for (kind, best) in best.iter_mut().enumerate() {
                let mut failed = |_, _| ControlFlow::Continue(());
                let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level };
                let start = std::time::Instant::now();
                let rule = Rule::default();
                let mut report = |_, _| ();
                if kind == 2 {
                    let tangent = Tangent {
                        u: Some(packed_mut(&mut du, m, k)),
                        s: Some(packed_mut(&mut ds, k, 1)),
                        v: Some(packed_mut(&mut dv, n, k)),
                    };
                    jvp(job, factors, packed(a, m, n), &rule, tangent).unwrap();
                } else {
                    let report: Option<&mut dyn FnMut(usize, Report<S::Real>)> =
                        if kind == 1 { Some(&mut report) } else { None };
                    vjp(job, factors, cotangent, &rule, Gradient { a: packed_mut(&mut da, m, n), keep: false, report })
                        .unwrap();
                }
                *best = best.min(start.elapsed().as_secs_f64());
            }
        }
        let [vjp, told, jvp] = best.map(|best| best / count as f64 * 1e9);
        println!("{name} {m}x{n} {level:?}: vjp {vjp:.1} ns, with report {told:.1}, jvp {jvp:.1}");
    }
}

#[test]
#[ignore]
fn timing() {
    for (m, n) in [(2, 2), (3, 3), (4, 4), (8, 8), (16, 4)] {
        time::<f64>("f64", m, n, true);
        time::<f32>("f32", m, n, true);
        time::<Complex<f64>>("c64", m, n, true);
        time::<Complex<f32>>("c32", m, n, true);
    }
}
