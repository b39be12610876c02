//! One operation per build, chosen by the environment variable `OPERATION`, so that the size of the program is its size:
//! `svd f32 3`, `vjp c32 4`, `nalgebra f32 3`, …, and `nothing` for what every program contains.
#![no_std]

use core::hint::black_box;

use diffsvd::fixed::Svd;
use diffsvd::spectral::{Polar, SoftThreshold};
use diffsvd::{Cotangent, Error, FactorsMut, Real, Rule, Scalar, Tolerance, Vectors, svd_into, svd_workspace_len};
use num_complex::{Complex32, Complex64};

/// The operation of this build.
pub const OPERATION: &str = match option_env!("OPERATION") {
    Some(name) => name,
    None => "nothing",
};

/// What a machine can tell about itself.
pub trait Machine {
    /// Instructions executed so far, modulo 2³².
    fn instructions(&self) -> u32;
    /// Lowest address of the stack.
    fn stack_end(&self) -> usize;
}

/// What the operation took.
pub struct Figures {
    /// Instructions.
    pub instructions: u32,
    /// Bytes of stack below the frame of the caller.
    pub stack: usize,
}

/// Runs the operation of this build once and measures it.
pub fn measure(machine: &impl Machine) -> Figures {
    let top = stack::paint(machine.stack_end());
    let start = machine.instructions();
    operate();
    let instructions = machine.instructions().wrapping_sub(start);
    Figures { instructions, stack: stack::used(machine.stack_end(), top) }
}

/// Without the feature `nalgebra`: nothing.
#[cfg(not(feature = "nalgebra"))]
macro_rules! peer {
    ($scalar:ty, $n:literal) => {
        ()
    };
}

/// nalgebra's decomposition: the bounds of its generic form are longer than the function.
#[cfg(feature = "nalgebra")]
macro_rules! peer {
    ($scalar:ty, $n:literal) => {{
        let a = black_box(nalgebra::SMatrix::<$scalar, $n, $n>::from_fn(|i, j| entry(i, j)));
        black_box(a.svd(true, true));
    }};
}
/// The operation of this build.
#[inline(never)]
pub fn operate() {
    match OPERATION {
        "svd f32 2" => svd::<f32, 2>(),
        "svd f32 3" => svd::<f32, 3>(),
        "svd f32 4" => svd::<f32, 4>(),
        "svd c32 3" => svd::<Complex32, 3>(),
        "svd c32 4" => svd::<Complex32, 4>(),
        "vjp f32 3" => vjp::<f32, 3>(),
        "vjp f32 4" => vjp::<f32, 4>(),
        "vjp c32 3" => vjp::<Complex32, 3>(),
        "vjp c32 4" => vjp::<Complex32, 4>(),
        "svd f64 4" => svd::<f64, 4>(),
        "svd c64 8" => svd::<Complex64, 8>(),
        "vjp c64 8" => vjp::<Complex64, 8>(),
        "jvp f32 3" => jvp::<f32, 3>(),
        "jvp c32 4" => jvp::<Complex32, 4>(),
        "polar f32 3" => spectral::<f32, 3>(|svd| svd.polar()),
        "polar vjp c32 4" => spectral::<Complex32, 4>(|svd| svd.map_vjp(Polar, &svd.u)),
        "pinv c32 4" => spectral::<Complex32, 4>(|svd| svd.pinv(Tolerance::Default)),
        "solve f32 4" => spectral::<f32, 4>(|svd| svd.solve(&svd.s, Tolerance::Default).map(|x| [x; 4])),
        "rotation f32 3" => spectral::<f32, 3>(|svd| svd.map(svd.rotation()?)),
        "rotation vjp f32 3" => spectral::<f32, 3>(|svd| svd.map_vjp(svd.rotation()?, &svd.u)),
        "soft threshold f32 4" => spectral::<f32, 4>(|svd| svd.map(SoftThreshold(0.5))),
        "caller's memory" => callers_memory::<Complex32>(),
        "values f32 3" => values::<f32, 3>(),
        "values c32 4" => values::<Complex32, 4>(),
        "nalgebra f32 3" => peer!(f32, 3),
        "nalgebra f32 4" => peer!(f32, 4),
        "nalgebra c32 3" => peer!(Complex32, 3),
        "nalgebra c32 4" => peer!(Complex32, 4),
        "a panic" => assert!(black_box(true), "left on purpose"),
        _ => {}
    }
}

/// A full matrix with distinct singular values, the same for every library.
fn entry<S: Scalar>(i: usize, j: usize) -> S {
    let part = |x: usize| S::Real::from_f64((x % 17) as f64 / 8.0 - 1.0);
    S::from_parts(part(7 * i + 5 * j + i * i * j + 3), part(11 * i + 3 * j + 2 * i * j * j + 1))
}

fn matrix<S: Scalar, const N: usize>() -> [[S; N]; N] {
    core::array::from_fn(|i| core::array::from_fn(|j| entry(i, j)))
}

fn svd<S: Scalar, const N: usize>() {
    black_box(Svd::tall(&black_box(matrix::<S, N>())).ok());
}

fn values<S: Scalar, const N: usize>() {
    black_box(diffsvd::fixed::singular_values::<S, N, N, N>(&black_box(matrix::<S, N>())).ok());
}

/// The factors of a diagonal matrix.
fn factors<S: Scalar, const N: usize>() -> Svd<S, N, N, N> {
    let identity: [[S; N]; N] =
        core::array::from_fn(|i| core::array::from_fn(|j| if i == j { S::one() } else { S::zero() }));
    black_box(Svd { u: identity, s: core::array::from_fn(|i| S::Real::from_f64((N - i) as f64)), v: identity })
}

fn jvp<S: Scalar, const N: usize>() {
    black_box(factors::<S, N>().jvp(&black_box(matrix::<S, N>()), &Rule::default()).ok());
}

/// A function of the factors.
fn spectral<S: Scalar, const N: usize>(function: impl Fn(&Svd<S, N, N, N>) -> Result<[[S; N]; N], Error>) {
    black_box(function(&factors::<S, N>()).ok());
}

/// The bidiagonal way, on memory of the caller.
fn callers_memory<S: Scalar>() {
    let (a, mut svd) = (black_box(matrix::<S, 4>()), factors::<S, 4>());
    let out = FactorsMut { u: (&mut svd.u).into(), s: &mut svd.s, v: (&mut svd.v).into() };
    let mut work = [S::zero(); svd_workspace_len::<Complex32>(4, 4, Vectors::Thin)];
    black_box(svd_into((&a).into(), Vectors::Thin, out, &mut work).ok());
    black_box(svd);
}

/// A loss of all three factors.
fn vjp<S: Scalar, const N: usize>() {
    let svd = factors::<S, N>();
    let s = svd.s;
    let (u, v) = black_box((matrix::<S, N>(), matrix::<S, N>()));
    let cotangent = Cotangent { u: Some((&u).into()), s: Some(&s), v: Some((&v).into()), ..Cotangent::default() };
    black_box(svd.vjp(&cotangent, &Rule::default()).ok());
}

mod stack {
    const PAINT: u32 = 0xA5A5_5A5A;
    /// Room for the frame that paints.
    const MARGIN: usize = 128;

    /// Fills the free stack; returns the place from which the use is counted.
    #[inline(never)]
    pub fn paint(end: usize) -> usize {
        let here = 0_u32;
        let top = (core::ptr::addr_of!(here) as usize - MARGIN) & !3;
        let mut place = end;
        while place < top {
            // SAFETY: the words between the end of the stack and this frame belong to nobody.
            unsafe { (place as *mut u32).write_volatile(PAINT) };
            place += 4;
        }
        top
    }

    /// Bytes below `top` that were written since, and the margin.
    #[inline(never)]
    pub fn used(end: usize, top: usize) -> usize {
        let mut place = end;
        // SAFETY: as above; only read.
        while place < top && unsafe { (place as *const u32).read_volatile() } == PAINT {
            place += 4;
        }
        top + MARGIN - place
    }
}
