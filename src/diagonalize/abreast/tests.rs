use std::vec::Vec;

use super::*;
use crate::diagonalize::qr_iteration;
use crate::kernel::{Planes, padded};
use crate::noise::Noise;

/// Diagonal and superdiagonal, the latter with one entry more.
type Bidiagonal<R> = (Vec<R>, Vec<R>);

/// Rows and parts of the bases, which are no multiple of anything.
const ROWS: usize = 11;

/// The bases: anything will do.
fn bases<R: Real>(n: usize) -> [Vec<Lane<R>>; 2] {
    let mut noise = Noise(n as u64);
    core::array::from_fn(|_| (0..n * padded(ROWS) / LANES).map(|_| core::array::from_fn(|_| noise.signed())).collect())
}

fn columns<'a, R: Real>(u: &'a mut [Lane<R>], v: &'a mut [Lane<R>], level: Level) -> Columns<'a, R> {
    let [u, v] = [u, v].map(|data| Planes { data, depth: padded(ROWS) / LANES, parts: 1 });
    Columns { u, v, level }
}

/// Every place of a group, or some, to the last bit as alone.
fn agrees<R: Real>(matrices: &[Bidiagonal<R>], level: Level, taken: impl Fn(usize) -> bool) {
    let n = matrices[0].0.len();
    let mut results: Vec<_> = matrices.iter().map(|(d, e)| (d.clone(), e.clone(), bases::<R>(n))).collect();
    let mut lanes = std::vec![[R::from_f64(f64::NAN); LANES]; abreast_lanes(n)];
    let mut group = [const { None }; LANES];
    for (place, (d, e, [u, v])) in results.iter_mut().enumerate() {
        if taken(place) {
            group[place] = Some(Matrix { d, e, bases: columns(u, v, level) });
        }
    }
    let outcomes = qr_iterations(group, &mut Memory::carve(&mut lanes, n), level);
    for (place, (result, (d, e))) in results.iter().zip(matrices).enumerate() {
        let (mut d, mut e, [mut u, mut v]) = (d.clone(), e.clone(), bases::<R>(n));
        let mut outcome = Ok(());
        if taken(place) {
            outcome = qr_iteration(&mut d, &mut e, &mut columns(&mut u, &mut v, level)).map(|_| ());
        }
        assert_eq!(outcomes[place], outcome, "{level:?}, place {place}");
        if outcome.is_ok() {
            assert_eq!((&result.0, &result.2), (&d, &[u, v]), "{level:?}, place {place}: {:?}", matrices[place]);
        }
    }
}

/// As different as they come: of one size, graded either way, spread over the range, with zeros, equal entries, a diagonal, and one that is at the end already.
fn matrices<R: Real>(n: usize, seed: u64) -> Vec<Bidiagonal<R>> {
    let mut noise = Noise(seed);
    let far = f64::from(R::MAX_EXPONENT) * 0.28;
    (0..LANES)
        .map(|place| {
            let grade = [0.0, 1.5, -1.5, 0.0, 0.0, 0.0, 0.0, 0.3][place % 8];
            let spread = [0.0, 0.0, 0.0, far, 2.0, 0.0, 0.0, 6.0][place % 8];
            let mut entry = |i: usize, beside: bool| {
                let x = noise.unit() - 0.5;
                let kind = noise.unit();
                match place % 8 {
                    4 if kind < 0.2 => 0.0,
                    5 if kind < 0.9 => 1.0,
                    6 if beside => 0.0,
                    _ => x * 2_f64.powf(spread * (2.0 * kind - 1.0) + grade * i as f64),
                }
            };
            (0..n).map(|i| (R::from_f64(entry(i, false)), R::from_f64(entry(i, true)))).unzip()
        })
        .collect()
}

fn all<R: Real>() {
    for level in Level::all() {
        for (n, seed) in (1..14).chain([33]).zip(1..) {
            if cfg!(miri) && n > 5 {
                break;
            }
            agrees(&matrices::<R>(n, seed), level, |_| true);
            agrees(&matrices::<R>(n, seed + 100), level, |place| place % 3 == 1);
        }
        agrees(&matrices::<R>(4, 1), level, |_| false);
    }
}

#[test]
fn every_place_is_as_alone() {
    all::<f64>();
    all::<f32>();
}

/// One that is swept far more often than the others, and is turned in between since pairs of its rows are finished.
#[test]
#[cfg_attr(miri, ignore = "minutes")]
fn one_goes_on_alone() {
    let n = 40;
    let mut group: Vec<Bidiagonal<f64>> = (0..LANES).map(|_| (std::vec![1.0; n], std::vec![0.0; n])).collect();
    let place = LANES / 2;
    group[place] = matrices(n, 3).remove(0);
    for (i, beside) in group[place].1.iter_mut().enumerate() {
        *beside *= if i % 5 == 4 { 0.0 } else { 1.0 };
    }
    group[LANES - 1].1[..3].fill(0.5);
    for level in Level::all() {
        agrees(&group, level, |_| true);
    }
}
