//! The slice form that engines with shadow memory (Enzyme and its like) call: beside each primal slice stands a shadow slice of the same
//! length. Forward, it carries the tangent; in reverse, it gathers the cotangent. Nothing is allocated.
//!
//! Such an engine takes a derivative of its own for everything that it sees compiled. An SVD inside must be given to it as these functions instead: its
//! iteration converges for the values, not for what an engine makes of their shadows.

use diffsvd::spectral::{
    MapGradient, MapTangent, SoftThreshold, map_derivative_workspace_len, map_into, map_jvp_into, map_vjp_into,
};
use diffsvd::{Error, Factors, FactorsMut, MatMut, MatRef, Target, Vectors, svd_into, svd_workspace_len};

const M: usize = 3;
const N: usize = 2;
const WORK: usize = {
    let (svd, map) = (svd_workspace_len::<f64>(M, N, Vectors::Thin), map_derivative_workspace_len::<f64>(M, N, N));
    if svd < map { map } else { svd }
};

/// U, s and V: what a reverse pass needs of the forward one. An engine calls it the tape.
struct Saved {
    u: [f64; M * N],
    s: [f64; N],
    v: [f64; N * N],
}

impl Saved {
    fn new(x: &[f64], work: &mut [f64]) -> Result<Self, Error> {
        let mut saved = Saved { u: [0.0; M * N], s: [0.0; N], v: [0.0; N * N] };
        let (u, v) = (MatMut::col_major(&mut saved.u, M, N)?, MatMut::col_major(&mut saved.v, N, N)?);
        svd_into(MatRef::row_major(x, M, N)?, Vectors::Thin, FactorsMut { u, s: &mut saved.s, v }, work)?;
        Ok(saved)
    }

    fn factors(&self) -> Result<Factors<'_, f64>, Error> {
        Ok(Factors { u: MatRef::col_major(&self.u, M, N)?, s: &self.s, v: MatRef::col_major(&self.v, N, N)? })
    }
}

/// The primal: y = U max(S − τ, 0) Vᴴ of x.
fn svt(x: &[f64], y: &mut [f64], tau: f64, work: &mut [f64]) -> Result<Saved, Error> {
    let saved = Saved::new(x, work)?;
    map_into(&saved.factors()?, &SoftThreshold(tau), Target::Overwrite(MatMut::row_major(y, M, N)?), work)?;
    Ok(saved)
}

/// Forward: (x, dx) ↦ (y, dy). The shadow of y is overwritten.
fn svt_forward(x: &[f64], dx: &[f64], y: &mut [f64], dy: &mut [f64], tau: f64, work: &mut [f64]) -> Result<(), Error> {
    let saved = svt(x, y, tau, work)?;
    let tangent = MapTangent { a: MatRef::row_major(dx, M, N)?, f: None };
    let target = Target::Overwrite(MatMut::row_major(dy, M, N)?);
    map_jvp_into(&saved.factors()?, &SoftThreshold(tau), &tangent, target, work)
}

/// Reverse: the shadow of x gains what the shadow of y passes on, and the shadow of y, which is spent, becomes zero.
fn svt_reverse(saved: &Saved, dx: &mut [f64], dy: &mut [f64], tau: f64, work: &mut [f64]) -> Result<(), Error> {
    let gradient = MapGradient { a: Target::Add(MatMut::row_major(dx, M, N)?), f: None };
    map_vjp_into(&saved.factors()?, &SoftThreshold(tau), MatRef::row_major(dy, M, N)?, gradient, work)?;
    dy.fill(0.0);
    Ok(())
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn main() -> Result<(), Error> {
    let (x, tau, mut work) = ([2.0, 4.0, -4.0, 2.0, 0.0, 0.0], 0.5, [0.0; WORK]); // both singular values are √20
    let (dx, weights) = ([0.3, -0.1, 0.2, 0.5, -0.4, 0.1], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let (mut y, mut dy) = ([0.0; M * N], [0.0; M * N]);
    svt_forward(&x, &dx, &mut y, &mut dy, tau, &mut work)?;

    let saved = svt(&x, &mut y, tau, &mut work)?;
    let (mut x_shadow, mut y_shadow) = ([1.0; M * N], weights); // what stands in the shadow of x already stays in the sum
    svt_reverse(&saved, &mut x_shadow, &mut y_shadow, tau, &mut work)?;
    let gradient = x_shadow.map(|shadow| shadow - 1.0);

    let h = 1e-6;
    let mut moved = |sign: f64| -> Result<f64, Error> {
        let at: [f64; M * N] = std::array::from_fn(|i| x[i] + sign * h * dx[i]);
        svt(&at, &mut y, tau, &mut work)?;
        Ok(inner(&weights, &y))
    };
    let estimate = (moved(1.0)? - moved(-1.0)?) / (2.0 * h);
    let (forward, reverse) = (inner(&weights, &dy), inner(&gradient, &dx));
    println!("forward {forward:.15}\nreverse {reverse:.15}\ndifferences {estimate:.9}");
    assert!((forward - reverse).abs() < 1e-14 && (forward - estimate).abs() < 1e-8 && y_shadow == [0.0; M * N]);
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example");
}
