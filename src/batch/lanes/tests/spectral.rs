//! Functions of the singular values against those of one matrix.

use super::contract::zoo;
use super::*;
use crate::batch::lanes::{Direction, Evaluate, Factors, Image, Numbers, map};
use crate::derivative::Target;
use crate::matrix::MatMut;
use crate::scalar::Zero;
use crate::spectral::{
    self, HardThreshold, MapGradient, Order, Polar, RelativeSoftThreshold, SoftThreshold, SpectralMap, Values,
};
use core::marker::PhantomData;
use num_complex::Complex;
use std::println;

/// The same function for every item.
struct Same<F, M>(F, PhantomData<M>);

impl<R: Real, M, F: SpectralMap<R, M>> Evaluate<R> for Same<F, M> {
    fn values(&mut self, _: usize, at: &Values<'_, R>, out: &mut [R]) -> Result<(), Error> {
        self.0.check_at(at, Order::Value)?;
        out.iter_mut().enumerate().for_each(|(i, f)| *f = self.0.value_at(at, i));
        Ok(())
    }
    fn differences(&mut self, _: usize, at: &Values<'_, R>, numbers: Numbers<'_, R>) -> Result<(), Error> {
        self.0.check_at(at, Order::Derivative)?;
        let (k, mut entries) = (at.s.len(), numbers.table.iter_mut());
        for j in 0..k {
            for (i, entry) in (j..k).zip(&mut entries) {
                *entry = [self.0.difference(at, i, j), self.0.sum(at, i, j)];
            }
        }
        self.0.couple(at, numbers.w, spectral::Direction::Backward, numbers.extra);
        Ok(())
    }
}

fn compare<S: Scalar, M, F: SpectralMap<S::Real, M> + Copy>((m, n): (usize, usize), level: Level, f: F) -> f64 {
    let (k, mut a) = (m.min(n), zoo::<S>((m, n)));
    a.truncate(a.len() / 5 / (m * n) * (m * n));
    let (factored, count) = (decompose(level, (m, n), &a, true), a.len() / (m * n));
    let x_bar: Vec<S> = Noise(3).scalars(count * m * n);
    let factors = Factors { u: packed(&factored.u, m, k), s: packed(&factored.s, k, 1), v: packed(&factored.v, n, k) };
    let mut worst = 0.0_f64;
    for derivative in [false, true] {
        let (mut x, mut failures): (Vec<S>, Vec<(usize, Error)>) = (Noise(9).scalars(count * m * n), vec![]);
        let (before, mut f_bar) = (x.clone(), vec![S::Real::zero(); count * k]);
        let mut work = vec![S::zero(); workspace_len::<S>(m, n)];
        let mut failed = |item, error| {
            failures.push((item, error));
            ControlFlow::Continue(())
        };
        let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level, far: true };
        let direction =
            derivative.then(|| Direction { z: packed(&x_bar, m, n), name: "Z", f: Some(packed_mut(&mut f_bar, k, 1)) });
        let image = Image { x: packed_mut(&mut x, m, n), keep: derivative };
        map(job, factors, &mut Same(f, PhantomData), direction, image).unwrap();
        let mut failures = failures.into_iter();
        for b in 0..count {
            let range = b * m * n..(b + 1) * m * n;
            let s = &factored.s[b * k..(b + 1) * k];
            let one = crate::factors::Factors {
                u: packed(&factored.u, m, k).get(b, (m, k)),
                s,
                v: packed(&factored.v, n, k).get(b, (n, k)),
            };
            let mut expected = before[range.clone()].to_vec();
            let mut f_expected = vec![S::Real::zero(); k];
            let target = MatMut::col_major(&mut expected, m, n).unwrap();
            let result = if derivative {
                let gradient = MapGradient { a: Target::Add(target), f: Some(&mut f_expected) };
                spectral::map_vjp_into(&one, &f, packed(&x_bar, m, n).get(b, (m, n)), gradient, &mut work)
            } else {
                spectral::map_into(&one, &f, Target::Overwrite(target), &mut work)
            };
            if let Err(error) = result {
                assert_eq!(failures.next(), Some((b, error)));
                assert!(same_bits(&x[range.clone()], &before[range]), "touched");
                continue;
            }
            let at = Values::of(&one);
            let slope = (0..k).flat_map(|i| (0..=i).map(move |j| (i, j))).fold(0.0_f64, |most, (i, j)| {
                most.max(f.difference(&at, i, j).to_f64().abs()).max(f.sum(&at, i, j).to_f64().abs())
            });
            let size = if derivative {
                1.0 + slope * (m * n) as f64
            } else {
                s.iter().enumerate().fold(0.0, |most: f64, (i, _)| most.max(f.value_at(&at, i).to_f64()))
            };
            let unit = m.max(n) as f64 * S::Real::EPSILON.to_f64() * size;
            for (x, y) in x[range].iter().zip(&expected) {
                let apart = (*x - *y).modulus().to_f64();
                assert!(apart <= unit, "{level:?} {m}×{n} item {b}: {x:?} {y:?}, {}", apart / unit);
                worst = worst.max(if unit > 0.0 { apart / unit } else { 0.0 });
            }
            if derivative {
                for (x, y) in f_bar[b * k..(b + 1) * k].iter().zip(&f_expected) {
                    assert!((*x - *y).abs().to_f64() <= (m * n) as f64 * S::Real::EPSILON.to_f64() * 8.0);
                }
            }
        }
        assert_eq!(failures.next(), None);
    }
    worst
}

fn all<S: Scalar>(name: &str) {
    let number = S::Real::from_f64;
    let mut worst = 0.0_f64;
    for shape in [(1, 1), (2, 2), (3, 3), (5, 3), (8, 8), (3, 5), (16, 4)] {
        for level in Level::all() {
            worst = worst.max(compare::<S, _, _>(shape, level, SoftThreshold(number(0.7))));
            worst = worst.max(compare::<S, _, _>(shape, level, HardThreshold(number(0.7))));
            worst = worst.max(compare::<S, _, _>(shape, level, Polar));
            worst = worst.max(compare::<S, _, _>(shape, level, RelativeSoftThreshold(number(0.25))));
        }
    }
    println!("{name}: {worst:.2}");
}

#[test]
fn each_function_is_that_of_one_matrix() {
    all::<f64>("f64");
    all::<f32>("f32");
    all::<Complex<f64>>("c64");
    all::<Complex<f32>>("c32");
}
