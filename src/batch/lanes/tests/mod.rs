//! The lanes against the contract of the single path, at every level of instructions.

mod contract;
mod derivatives;
mod spectral;

use core::ops::ControlFlow;
use std::{vec, vec::Vec};

use super::{Items, ItemsMut, Job, svd, workspace_len};
use crate::error::Error;
use crate::kernel::Level;
use crate::noise::Noise;
use crate::scalar::{Real, Scalar};

impl Noise {
    /// With parts in [−1, 1).
    fn scalars<S: Scalar>(&mut self, count: usize) -> Vec<S> {
        (0..count).map(|_| S::from_parts(self.signed(), self.signed())).collect()
    }
}

/// The factors of a batch, column-major, and the failures.
pub(super) struct Factored<S: Scalar> {
    pub(super) u: Vec<S>,
    pub(super) s: Vec<S::Real>,
    pub(super) v: Vec<S>,
    pub(super) failures: Vec<(usize, Error)>,
}

/// Column-major matrices one after another.
pub(super) fn packed<S>(data: &[S], rows: usize, cols: usize) -> Items<'_, S> {
    Items { data, item: rows * cols, row: 1, col: rows }
}

pub(super) fn packed_mut<S>(data: &mut [S], rows: usize, cols: usize) -> ItemsMut<'_, S> {
    ItemsMut { data, item: rows * cols, row: 1, col: rows }
}

/// Decomposes column-major matrices.
pub(super) fn decompose<S: Scalar>(level: Level, (m, n): (usize, usize), a: &[S], vectors: bool) -> Factored<S> {
    let (k, count) = (m.min(n), a.len() / (m * n));
    let nan = S::from_real(S::Real::from_f64(f64::NAN));
    let (mut u, mut v) = (vec![nan; count * m * k], vec![nan; count * n * k]);
    let mut s = vec![nan.re(); count * k];
    let mut work = vec![nan; workspace_len::<S>(m, n)];
    let mut failures = vec![];
    let mut failed = |item, error| {
        failures.push((item, error));
        ControlFlow::Continue(())
    };
    let job = Job { shape: (m, n), count, work: &mut work, failed: &mut failed, level, far: true };
    let bases = vectors.then_some((packed_mut(&mut u, m, k), packed_mut(&mut v, n, k)));
    svd(job, packed(a, m, n), packed_mut(&mut s, k, 1), bases).unwrap();
    Factored { u, s, v, failures }
}

/// Equal to the last bit, the sign of zero included.
pub(super) fn same_bits<S: Scalar>(x: &[S], y: &[S]) -> bool {
    let bits = |x: &S| (x.re().to_f64().to_bits(), x.im().to_f64().to_bits());
    x.len() == y.len() && x.iter().zip(y).all(|(x, y)| bits(x) == bits(y))
}
