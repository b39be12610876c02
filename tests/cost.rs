//! What the documentation says of costs, counted: products, quotients and roots of a scalar type that counts them.

#[path = "support/counted.rs"]
mod counted;

use counted::{Counted, operations};
use diffsvd::spectral::{
    MapGradient, SoftThreshold, Tikhonov, TwiceDifferentiable, map_derivative_workspace_len, map_into, map_second_into,
    map_second_workspace_len, map_vjp_into, map_workspace_len,
};
use diffsvd::{
    Cotangent, Factors, Mat, Rule, SecondOrder, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into,
    vjp_tangent_into, vjp_tangent_workspace_len, vjp_workspace_len,
};

/// Multiples of every tile of the kernels, so that no operation is spent on padding.
const M: usize = 256;
const N: usize = 128;

/// Columns of smooth numbers: costs depend on no value.
fn panel(rows: usize, cols: usize, seed: f64) -> Mat<Counted> {
    Mat::from_fn(rows, cols, |i, j| Counted((0.37 * (i + 1) as f64 * (j as f64 + seed)).sin() * 0.1))
}

/// k distinct values.
fn values(k: usize) -> Vec<Counted> {
    (0..k).map(|i| Counted(2.0 - i as f64 / k as f64)).collect()
}

/// Operations of the backward rule, of the forward rule and of the tangent of the backward rule, for a loss of r of the N triplets.
fn truncated(r: usize) -> [u64; 3] {
    let (u, s, v) = (panel(M, N, 0.1), values(N), panel(N, N, 0.2));
    let factors = Factors { u: u.as_ref(), s: &s, v: v.as_ref() };
    let (gu, gs, gv, a_dot) = (panel(M, r, 0.3), values(r), panel(N, r, 0.4), panel(M, N, 0.5));
    let cotangent = Cotangent { u: Some(gu.as_ref()), s: Some(&gs), v: Some(gv.as_ref()), s_matrix: None };
    let rule = Rule::default();
    let lengths = [
        vjp_workspace_len::<Counted>(M, N, N),
        jvp_workspace_len::<Counted>(M, N, N),
        vjp_tangent_workspace_len::<Counted>(M, N, N),
    ];
    let mut work = vec![Counted(0.0); lengths.into_iter().max().unwrap_or(0)];
    let mut a = Mat::zeros(M, N);
    let backward =
        operations(|| vjp_into(&factors, &cotangent, &rule, Target::Overwrite(a.as_mut()), &mut work).unwrap());
    let (mut du, mut ds, mut dv) = (gu.clone(), gs.clone(), gv.clone());
    let tangent = TangentMut { u: Some(du.as_mut()), s: Some(&mut ds), v: Some(dv.as_mut()), s_matrix: None };
    let forward = operations(|| jvp_into(&factors, a_dot.as_ref(), &rule, tangent, &mut work).unwrap());
    let point = SecondOrder { cotangent, a_dot: a_dot.as_ref(), cotangent_dot: cotangent };
    let second = operations(|| {
        vjp_tangent_into(&factors, &point, &rule, Target::Overwrite(a.as_mut()), &mut work).unwrap();
    });
    [backward, forward, second]
}

/// Twice as many columns take twice as many operations, and one column takes a few products of A with a vector: nothing of the
/// order of the k columns is left.
#[test]
fn truncated_rules_take_columns_of_work() {
    let counts = [4, 8, 16, 32].map(|r| (r, truncated(r)));
    let products = |count: u64, r: usize| count as f64 / (M * N * r) as f64;
    for (i, (name, bound)) in [("backward", 6.0), ("forward", 6.0), ("second order", 24.0)].into_iter().enumerate() {
        for (r, count) in &counts {
            println!("{name}: {r} columns, each {:.2} products of A with a vector", products(count[i], *r));
            assert!(products(count[i], *r) <= bound, "{name}, {r} columns: {} operations", count[i]);
        }
        for ((r, count), (_, twice)) in counts.iter().zip(&counts[1..]) {
            let ratio = twice[i] as f64 / count[i] as f64;
            println!("{name}: twice {r} columns take {ratio:.3} times as much");
            assert!((1.85..2.15).contains(&ratio), "{name}: {} operations for {r} columns, {}", count[i], twice[i]);
        }
    }
}

/// Operations of value, backward map and Hessian-vector product of U f(S) Vᴴ.
fn spectral(m: usize, n: usize, k: usize, f: &impl TwiceDifferentiable<Counted>) -> [u64; 3] {
    let (u, s, v) = (panel(m, k, 0.1), values(k), panel(n, k, 0.2));
    let factors = Factors { u: u.as_ref(), s: &s, v: v.as_ref() };
    let (x_bar, a_dot, mut a) = (panel(m, n, 0.3), panel(m, n, 0.4), Mat::zeros(m, n));
    let mut work = vec![Counted(0.0); map_second_workspace_len::<Counted>(m, n, k)];
    let value = operations(|| map_into(&factors, f, Target::Overwrite(a.as_mut()), &mut work).unwrap());
    let backward = operations(|| {
        let gradient = MapGradient { a: Target::Overwrite(a.as_mut()), f: None };
        map_vjp_into(&factors, f, x_bar.as_ref(), gradient, &mut work).unwrap();
    });
    let directions = [a_dot.as_ref(), x_bar.as_ref()];
    let target = Target::Overwrite(a.as_mut());
    let second = operations(|| map_second_into(&factors, f, directions, target, &mut work).unwrap());
    [value, backward, second]
}

/// Terms of the products that the derivative consists of: Z V, Uᴴ (Z V), U M and (…) Vᴴ; Zᴴ U and U Wᴴ where triplets are missing.
fn products((m, n, k): (usize, usize, usize)) -> usize {
    let (tall, short) = (m.max(n), m.min(n));
    2 * m * n * k + 2 * tall * k * k + if k < short { 2 * m * n * k } else { 0 }
}

/// What is beyond the products is of the order of their operands and results: a few operations an entry of A, of U, of V and of M.
#[test]
fn a_spectral_map_takes_its_products_and_nothing_of_their_order() {
    for (m, n, k) in [(64, 64, 64), (128, 64, 64), (64, 128, 64), (128, 128, 32), (256, 128, 128)] {
        let entries = m * n + (m + n) * k + k * k;
        for (name, [value, backward, _]) in [
            ("soft threshold", spectral(m, n, k, &SoftThreshold(Counted(1.317)))),
            ("Tikhonov", spectral(m, n, k, &Tikhonov(Counted(0.5)))),
        ] {
            for (what, count, products) in [("value", value, m * n * k), ("backward", backward, products((m, n, k)))] {
                let rest = (count as f64 - products as f64) / entries as f64;
                println!("{name} {m}×{n}, {k} triplets: {what} {products} + {rest:.1} an entry");
                assert!(
                    (0.0..BESIDE).contains(&rest),
                    "{name} {m}×{n}, {k}: {what} takes {count}, products {products}"
                );
            }
        }
    }
}

/// Operations an entry, beside the products.
const BESIDE: f64 = 8.0;

/// The workspace is one panel of A's taller side, one k×k matrix and two rows of k; where triplets are missing a panel of the other side.
#[test]
fn a_spectral_map_has_one_square_temporary() {
    for (m, n) in [(7, 5), (5, 7), (64, 64), (1, 9)] {
        let k = m.min(n);
        assert_eq!(map_derivative_workspace_len::<f64>(m, n, k), k * (m.max(n) + k + 2));
        assert_eq!(map_derivative_workspace_len::<f64>(m, n, k - 1), (k - 1) * (m + n + k - 1 + 2));
        assert_eq!(map_workspace_len::<f64>(m, n, k), k * k);
    }
}

/// The second derivative: at most 2 k³ second divided differences and sixteen products, so of the order of the products too.
#[test]
fn a_second_derivative_is_of_the_order_of_its_products() {
    for n in [32, 64] {
        let [_, _, second] = spectral(2 * n, n, n, &Tikhonov(Counted(0.5)));
        let cube = second as f64 / (n * n * n) as f64;
        println!("{n}: {cube:.1} n³ for 2n×n");
        assert!(cube < 130.0, "{n}: {second} operations");
    }
}
