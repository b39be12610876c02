//! X ≈ W·H: by Adam on both factors at once, and by alternating least squares.

use std::time::Instant;

use diffsvd::Factors;
use diffsvd::batch::fused::{for_each_svd, for_each_workspace_len};
use diffsvd::batch::{Batch, Run};
use diffsvd::spectral::{SpectralFunction, Tikhonov};
use imaging::adam::Adam;
use imaging::mask::Mask;
use imaging::{Result, random};
use ndarray::{Array2, s};

use crate::problem::{Outcome, Problem};

/// Known and missing root mean squared error after a number of steps.
pub type Curve = Vec<(usize, f64, f64)>;

/// Both factors with normal entries, so that the entries of the product have this standard deviation.
fn start(shape: (usize, usize), rank: usize, seed: u64) -> (Array2<f32>, Array2<f32>) {
    const DEVIATION: f64 = 0.1;
    let (mut random, entry) = (random::stream(seed, rank as u64), (DEVIATION * DEVIATION / rank as f64).powf(0.25));
    let mut factor = |shape| random::normals(shape, entry, &mut random).mapv(|x| x as f32);
    (factor((shape.0, rank)), factor((rank, shape.1)))
}

/// Minimizes the squared error over the known entries by `steps` steps of Adam.
pub fn descend(problem: &Problem, rank: usize, steps: usize, seed: u64, tick: &dyn Fn()) -> (Outcome, Curve) {
    const RATE: f32 = 0.01;
    let begin = Instant::now();
    let data = problem.data(&problem.known).mapv(|x| x as f32);
    let known = problem.columns(&problem.known).mapv(|known| f32::from(u8::from(known)));
    let (mut w, mut h) = start(data.dim(), rank, seed);
    let (mut adam_w, mut adam_h) = (Adam::new(&w, RATE), Adam::new(&h, RATE));
    let mut curve = Vec::new();
    for step in 0..=steps {
        let product = w.dot(&h);
        if step % steps.div_ceil(40) == 0 || step == steps {
            let (of_known, missing) = problem.errors(&product.mapv(f64::from));
            curve.push((step, of_known, missing));
        }
        if step < steps {
            let error = (product - &data) * &known;
            let (of_w, of_h) = (error.dot(&h.t()), w.t().dot(&error));
            adam_w.step(&mut w, &of_w);
            adam_h.step(&mut h, &of_h);
        }
        tick();
    }
    let product = w.dot(&h).mapv(f64::from);
    (problem.outcome("W·H, Adam", Some(rank), &product, begin.elapsed().as_secs_f64()), curve)
}

/// Minimizes ½ ‖known entries of W·H − X‖² + ½ ridge (‖W‖² + ‖H‖²) over one factor after the other: each row of W, and each column of H, is a
/// least-squares problem of its own. For a sufficient rank this is the minimization of the nuclear norm of W·H with the weight `ridge`.
pub fn alternate(
    problem: &Problem,
    rank: usize,
    (sweeps, ridge): (usize, f64),
    seed: u64,
    tick: &dyn Fn(),
) -> Result<(Outcome, Curve)> {
    let begin = Instant::now();
    let data = problem.data(&problem.known).mapv(|x| x as f32);
    let known = problem.columns(&problem.known);
    let (transposed, known_transposed) = (data.t().to_owned(), known.t().to_owned());
    let (mut w, mut h) = start(data.dim(), rank, seed);
    let mut curve = Vec::new();
    for sweep in 1..=sweeps {
        w = rows(&h.t().to_owned(), &data, &known, ridge)?;
        h = rows(&w, &transposed, &known_transposed, ridge)?.t().to_owned();
        let (of_known, missing) = problem.errors(&w.dot(&h).mapv(f64::from));
        curve.push((sweep, of_known, missing));
        tick();
    }
    let product = w.dot(&h).mapv(f64::from);
    Ok((problem.outcome("W·H, least squares", Some(rank), &product, begin.elapsed().as_secs_f64()), curve))
}

/// Each row x of the result: min ½ ‖B x − d‖² + ½ ridge ‖x‖² over the known entries d of that row of the data, for a positive ridge.
pub fn rows(basis: &Array2<f32>, data: &Array2<f32>, known: &Mask, ridge: f64) -> Result<Array2<f32>> {
    // A batch of this many is in memory at a time.
    const TOGETHER: usize = 64;
    let mut out = Array2::zeros((data.nrows(), basis.ncols()));
    let places: Vec<Vec<usize>> = known
        .outer_iter()
        .map(|row| row.iter().enumerate().filter(|(_, known)| **known).map(|(j, _)| j).collect())
        .collect();
    let most = places.iter().map(Vec::len).max().unwrap_or(0);
    for (index, places) in places.chunks(TOGETHER).enumerate() {
        let first = index * TOGETHER;
        let chunk = data.slice(s![first..first + places.len(), ..]).to_owned();
        let solution = together(basis, &chunk, places, (most, ridge.sqrt() as f32))?;
        out.slice_mut(s![first..first + places.len(), ..]).assign(&solution);
    }
    Ok(out)
}

/// Some of them, as one batch: x = V f(S) Uᵀ d with f(s) = s/(s² + ridge), U, s and V of the known rows of B. They are never stored. Where an item knows
/// fewer entries than another, rows of zeros stand in B and d, which change nothing.
fn together(
    basis: &Array2<f32>,
    data: &Array2<f32>,
    places: &[Vec<usize>],
    (most, root): (usize, f32),
) -> Result<Array2<f32>> {
    let (count, rank) = (places.len(), basis.ncols());
    let entry = |item: usize, i: usize, of: &dyn Fn(usize) -> f32| places[item].get(i).map_or(0.0, |&place| of(place));
    let a = Batch::from_fn(count, most, rank, |item, i, j| entry(item, i, &|place| basis[(place, j)]));
    let d = Batch::from_fn(count, most, 1, |item, i, _| entry(item, i, &|place| data[(item, place)]));
    let mut x = Batch::zeros(count, rank, 1);
    let threads = rayon::current_num_threads();
    let mut work = vec![0.0; threads * for_each_workspace_len::<f32>(most, rank, 0)];
    let (items, run) = ((d.as_ref(), x.as_mut()), Run::new(&mut work).threads(threads));
    for_each_svd((a.as_ref(), items), 0, run, |(d, x), item, factors, _| {
        filtered(factors, Tikhonov(root), d.vector(item)?, x.vector(item)?);
        Ok(())
    })?
    .all()?;
    Ok(Array2::from_shape_vec((count, rank), x.as_slice().to_vec())?)
}

/// x = V f(S) Uᵀ d.
fn filtered(factors: &Factors<'_, f32>, f: impl SpectralFunction<f32>, d: &[f32], x: &mut [f32]) {
    let (u, v) = (|i, k| factors.u.get(i, k).unwrap_or(0.0), |j, k| factors.v.get(j, k).unwrap_or(0.0));
    x.fill(0.0);
    for (k, &s) in factors.s.iter().enumerate() {
        let along = f.value(s) * d.iter().enumerate().map(|(i, d)| u(i, k) * d).sum::<f32>();
        x.iter_mut().enumerate().for_each(|(j, x)| *x += along * v(j, k));
    }
}
