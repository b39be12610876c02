//! The batches that are decomposed, and their factors in memory of every layout.

use diffsvd::batch::{self, FactorsMut, Run, Summary};
use diffsvd::{Error, Mat, Real, Vectors};

use crate::memory::{Many, Place};
use crate::support::entry::Entry;
use crate::support::random::Random;
use crate::support::spectra::Spectrum;

/// Matrices of many kinds: random, equal and zero singular values, huge ranges.
pub(crate) fn matrices<S: Entry>(count: usize, m: usize, n: usize) -> Vec<Mat<S>> {
    let mut random = Random::new((1000 * m + n) as u64);
    let kind = |i: usize, random: &mut Random| match i % 8 {
        0..=2 => random.matrix(m, n),
        3 => random_of(Spectrum::AllEqual, m, n, random),
        4 => random_of(Spectrum::LowRank { rank: m.min(n) / 2 }, m, n, random),
        5 => random_of(Spectrum::Geometric { cond: 1e20 }, m, n, random),
        6 => Mat::zeros(m, n),
        _ => {
            let (far, a) = (S::Real::MAX_EXPONENT - 8, random.matrix::<S>(m, n));
            let p = if i % 16 == 7 { far } else { -far };
            Mat::from_fn(m, n, |i, j| a[(i, j)].scale_pow2(p))
        }
    };
    (0..count).map(|i| kind(i, &mut random)).collect()
}

fn random_of<S: Entry>(spectrum: Spectrum, m: usize, n: usize, random: &mut Random) -> Mat<S> {
    let values = spectrum.values(m.min(n), random);
    random.with_singular_values(m, n, &values)
}

/// The factors of a batch in their memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Output<S: Entry> {
    pub(crate) u: Many<S>,
    pub(crate) s: Many<S::Real>,
    pub(crate) v: Many<S>,
    pub(crate) status: Vec<Result<(), Error>>,
    pub(crate) done: Summary,
}

/// Decomposes with outputs in this place.
pub(crate) fn decompose<S: Entry>(a: &Many<S>, vectors: Vectors, place: Place) -> Output<S> {
    let (count, (m, n)) = (a.as_ref().count(), a.as_ref().shape());
    let (u_cols, len, v_cols) = crate::support::run::lengths(m, n, vectors);
    let mut out = Output {
        u: Many::blank(count, (m, u_cols), place),
        s: Many::blank_vectors(count, len, place),
        v: Many::blank(count, (n, v_cols), place),
        status: vec![Err(Error::Overflow); count],
        done: Summary::default(),
    };
    let mut work = vec![S::zero(); batch::svd_workspace_len::<S>(m, n, vectors)];
    let factors = FactorsMut { u: out.u.as_mut(), s: out.s.as_mut(), v: out.v.as_mut() };
    let run = Run::new(&mut work).record(&mut out.status);
    out.done = batch::svd_into(a.as_ref(), vectors, factors, run).expect("shapes that match");
    out.u.assert_outside_untouched();
    out.s.assert_outside_untouched();
    out.v.assert_outside_untouched();
    out
}
