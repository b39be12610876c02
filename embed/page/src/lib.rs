//! The module behind `docs/page/index.html`: one matrix in, its singular values and a gradient by each rule out.
//!
//! The loss is ⟨G, U Vᵀ⟩ or ⟨G, U diag(s) Vᵀ⟩: one for which minimum norm is exact at equal singular values, and one for which the
//! default is. Everything passes through one block of numbers: `numbers()` says where it is. Row-major and in this order: A, G
//! (m×n each), s (k), then five gradients and the exact one (m×n each), with the five gauge residuals last.
#![no_std]

use core::cell::UnsafeCell;

use diffsvd::{
    AtEqual, Cotangent, Error, Factors, FactorsMut, MatMut, MatRef, Rule, Target, Vectors,
    spectral::{MapGradient, Polar, map_vjp_into},
    svd_into, vjp_into,
};

/// Largest side of a matrix.
const SIDE: usize = 8;
const AREA: usize = SIDE * SIDE;
const RULES: [AtEqual<f64>; 5] =
    [AtEqual::Reconstruct, AtEqual::MinimumNorm, AtEqual::Published, AtEqual::Zeroing, AtEqual::Plain];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Numbers(UnsafeCell<[f64; 8 * AREA + SIDE + 5]>);

// SAFETY: a module without threads.
unsafe impl Sync for Numbers {}

static NUMBERS: Numbers = Numbers(UnsafeCell::new([0.0; 8 * AREA + SIDE + 5]));

/// Where the numbers are.
#[unsafe(no_mangle)]
pub extern "C" fn numbers() -> *mut f64 {
    NUMBERS.0.get().cast()
}

/// Reads A and G; writes s, the gradients with respect to A of the loss and their residuals. NaN where a rule refuses.
/// `reconstruct` is 1 for ⟨G, U diag(s) Vᵀ⟩ and 0 for ⟨G, U Vᵀ⟩. Returns 0, or 1 for a matrix that is refused.
#[unsafe(no_mangle)]
pub extern "C" fn decompose(rows: usize, cols: usize, reconstruct: u32) -> u32 {
    if rows == 0 || cols == 0 || rows > SIDE || cols > SIDE {
        return 1;
    }
    // SAFETY: the page calls one function at a time.
    let numbers = unsafe { &mut *NUMBERS.0.get() };
    u32::from(work(numbers, (rows, cols), reconstruct == 1).is_err())
}

fn work(numbers: &mut [f64], (m, n): (usize, usize), reconstruct: bool) -> Result<(), Error> {
    let (k, area) = (m.min(n), m * n);
    let (mut u, mut v, mut scratch) = ([0.0; AREA], [0.0; AREA], [0.0; 2048]);
    let (a, rest) = numbers.split_at_mut(area);
    let (g, rest) = rest.split_at_mut(area);
    let (s, rest) = rest.split_at_mut(k);
    let (gradients, rest) = rest.split_at_mut(RULES.len() * area);
    let (exact, residuals) = rest.split_at_mut(area);
    let out = FactorsMut { u: MatMut::col_major(&mut u, m, k)?, s, v: MatMut::col_major(&mut v, n, k)? };
    svd_into(MatRef::row_major(a, m, n)?, Vectors::Thin, out, &mut scratch)?;
    // With w = 1 or s: dL = ⟨G, dU diag(w) Vᵀ + U diag(dw) Vᵀ + U diag(w) dVᵀ⟩, so gU = G V diag(w) and gV = Gᵀ U diag(w).
    let (mut gu, mut gs, mut gv) = ([0.0; AREA], [0.0; SIDE], [0.0; AREA]);
    for l in 0..k {
        let weight = if reconstruct { s[l] } else { 1.0 };
        for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let (x, y, z) = (g[i * n + j], u[l * m + i], v[l * n + j]);
            gu[l * m + i] += x * z * weight;
            gv[l * n + j] += x * y * weight;
            gs[l] += x * y * z;
        }
    }
    let factors = Factors { u: MatRef::col_major(&u, m, k)?, s, v: MatRef::col_major(&v, n, k)? };
    let cotangent = Cotangent {
        u: Some(MatRef::col_major(&gu, m, k)?),
        s: reconstruct.then_some(&gs[..k]),
        v: Some(MatRef::col_major(&gv, n, k)?),
        ..Cotangent::default()
    };
    for ((rule, gradient), residual) in RULES.into_iter().zip(gradients.chunks_exact_mut(area)).zip(residuals) {
        gradient.fill(f64::NAN);
        let target = Target::Overwrite(MatMut::row_major(gradient, m, n)?);
        let report = vjp_into(&factors, &cotangent, &Rule::new(rule), target, &mut scratch);
        *residual = report.map_or(f64::NAN, |report| report.gauge_residual);
    }
    if reconstruct {
        // U diag(s) Vᵀ is A.
        exact.copy_from_slice(g);
        return Ok(());
    }
    // U Vᵀ as a function of the singular values needs no basis: exact at every gap.
    exact.fill(f64::NAN);
    let target = MapGradient { a: Target::Overwrite(MatMut::row_major(exact, m, n)?), f: None };
    let _ = map_vjp_into(&factors, &Polar, MatRef::row_major(g, m, n)?, target, &mut scratch);
    Ok(())
}
