use super::*;
use crate::kernel::{Level, Separate};
use std::vec;
use std::vec::Vec;

/// The steps of the root that takes most, but for one.
fn steps<R: Real>(sigma: &[R], z: &[R]) -> usize {
    let weight: Vec<R> = z.iter().map(|z| *z * *z).collect();
    let equation = Equation::new(sigma, &weight);
    let steps = (0..sigma.len()).step_by(LANES).map(|first| equation.solve::<Separate>(first).1.unwrap());
    steps.max().unwrap_or(0)
}

/// The roots as (origin, offset).
fn roots<R: Real>(sigma: &[R], z: &[R], level: Level) -> Vec<(R, R)> {
    let weight: Vec<R> = z.iter().map(|z| *z * *z).collect();
    let (mut origin, mut offset) = (vec![R::zero(); sigma.len()], vec![R::zero(); sigma.len()]);
    level.run(Roots { sigma, weight: &weight, origin: &mut origin, offset: &mut offset, first: 0 });
    assert!(offset.iter().all(|offset| offset.is_finite()));
    origin.into_iter().zip(offset).collect()
}

/// Every root is between its poles, and f changes its sign within a few ε of it, or is rounding there.
fn check<R: Real>(sigma: &[f64], z: &[f64]) {
    let real = |list: &[f64]| list.iter().map(|x| R::from_f64(*x)).collect::<Vec<R>>();
    let (sigma, z) = (real(sigma), real(z));
    for level in Level::all() {
        for (j, (origin, offset)) in roots(&sigma, &z, level).into_iter().enumerate() {
            let nearest = if offset > R::zero() { j } else { j + 1 };
            assert!(origin == sigma[nearest] && offset != R::zero(), "{level:?} {j}");
            // In double precision whatever R is: the differences of the poles are exact or nearly so.
            let (o, mu) = (origin.to_f64(), offset.to_f64());
            let (mut f, mut size) = (1.0, 1.0);
            let mut slope = 0.0;
            for (s, z) in sigma.iter().zip(&z) {
                let difference = (s.to_f64() - o) * (s.to_f64() + o) - mu;
                let term = z.to_f64() * z.to_f64() / difference;
                f += term;
                size += term.abs();
                slope += term / difference;
            }
            let k = sigma.len() as f64;
            let rounding = R::EPSILON.to_f64() * (4.0 + k.sqrt()) * size;
            let step = R::EPSILON.to_f64() * 4.0 * mu.abs() * slope;
            assert!(f.abs() <= rounding.max(step), "{level:?} {j} of {k}: {f:e} {rounding:e} {step:e}");
        }
    }
}

/// The equation with all but two poles constant is the equation where there are only two, or only one.
#[test]
fn the_guess_is_the_root_beside_two_poles() {
    for sizes in [[0.1, 0.2], [0.7, 0.1], [1e-3, 1e-6], [1e-3, 2.0], [2.0, 1e-3], [1e-6, 1e-6]] {
        let weight = sizes.map(|z: f64| z * z);
        let equation = Equation::new(&[0.0, 0.5], &weight);
        let mut lanes = equation.start(0);
        let middle = equation.evaluate::<Separate>(&lanes);
        equation.guess(0, 0, &mut lanes, middle.f[0]);
        let values = equation.evaluate::<Separate>(&lanes);
        assert!(values.f[0].abs() <= 8.0 * f64::EPSILON * values.size[0], "{sizes:?}: {}", values.f[0]);
        assert!((lanes.offset[0] < 0.0) == (middle.f[0] < 0.0), "{sizes:?}");
    }
}

#[test]
fn both_roots_of_a_quadratic_equation() {
    for c in [1.0, -2.0, 1e-3] {
        for (near, far) in [(1.0, 2.0), (-1.0, 2.0), (1e-9, -3.0), (-1e-9, 1.0_f64)] {
            // c (x − near)(x − far): of the one that 2b/(a + √…) gives, all digits.
            let (a, b) = (c * (near + far), c * near * far);
            let root = smaller_root(c, a, b);
            let expected = if c * (far - near) > 0.0 { near } else { far };
            assert!((root / expected - 1.0).abs() < 1e-15, "{c} {near} {far}: {root}");
        }
    }
}

#[test]
fn bisection_stays_inside() {
    for (low, high) in [(0.0, 1.0), (-1.0, 0.0), (1e-300, 1e300), (-2.0, -1e-200), (1.0, 1.1_f64)] {
        let middle = bisect(low, high);
        assert!(low < middle && middle < high, "{low} {high}: {middle}");
    }
}

#[test]
fn one_pole_gives_its_own_length() {
    for level in Level::all() {
        let [(origin, offset)] = roots(&[0.0], &[-0.3_f64], level)[..] else { unreachable!() };
        assert_eq!(origin, 0.0);
        assert!((offset.sqrt() - 0.3).abs() < 1e-16);
    }
}

/// Even, clustered and graded poles with large and tiny entries.
fn zoo(k: usize) -> Vec<(Vec<f64>, Vec<f64>)> {
    let list = |f: &dyn Fn(usize) -> f64| (0..k).map(f).collect::<Vec<f64>>();
    let poles = [
        list(&|i| i as f64 / k as f64),
        list(&|i| if i == 0 { 0.0 } else { 0.5 + 1e-5 * i as f64 }),
        list(&|i| if i == 0 { 0.0 } else { 1e-5 * 1.2_f64.powf(i as f64) }),
        list(&|i| (i / 2) as f64 / k as f64 + 2e-6 * (i % 2) as f64),
    ];
    let entries = [
        list(&|_| 0.2),
        list(&|i| if i % 3 == 0 { 1.0 } else { 1e-6 }),
        list(&|i| 1e-6 + (i as f64 * 0.7).sin().abs()),
        list(&|_| 1e-6),
        list(&|i| if i == 0 { 1e-6 } else { 1.0 }),
    ];
    poles.iter().flat_map(|sigma| entries.iter().map(|z| (sigma.clone(), z.clone()))).collect()
}

const SIZES: [usize; 8] = [2, 3, 7, 8, 9, 16, 17, 50];

#[test]
fn all_roots_of_the_zoo() {
    for (sigma, z) in SIZES.into_iter().flat_map(zoo) {
        check::<f64>(&sigma, &z);
        check::<f32>(&sigma, &z);
    }
}

#[test]
fn few_steps_are_needed() {
    fn average<R: Real>(list: impl Iterator<Item = (Vec<f64>, Vec<f64>)>) -> f64 {
        let real = |list: Vec<f64>| list.into_iter().map(R::from_f64).collect::<Vec<R>>();
        let steps: Vec<usize> = list.map(|(sigma, z)| steps(&real(sigma), &real(z))).collect();
        steps.iter().sum::<usize>() as f64 / steps.len() as f64
    }
    let even = || SIZES.into_iter().map(|k| zoo(k).swap_remove(0));
    let all = || SIZES.into_iter().flat_map(zoo);
    assert!(average::<f64>(even()) <= 2.4 && average::<f32>(even()) <= 1.5);
    assert!(average::<f64>(all()) <= 2.5 && average::<f32>(all()) <= 2.05);
}

#[test]
fn poles_and_entries_at_the_tolerance() {
    let tiny = 8.0 * f64::EPSILON;
    let sigma: Vec<f64> = (0..20).map(|i| f64::from(i) * tiny).collect();
    check::<f64>(&sigma, &[tiny; 20]);
    check::<f64>(&sigma, &[1.0; 20]);
    let mut z = [1.0; 20];
    z[0] = f64::EPSILON;
    check::<f64>(&sigma, &z);
    let sigma: Vec<f64> =
        (0..20).map(|i| if i < 10 { 1e-7 * f64::from(i) } else { 1.0 + 1e-15 * f64::from(i) }).collect();
    check::<f64>(&sigma, &z);
}
