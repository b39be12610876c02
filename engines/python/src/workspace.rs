//! The memory that the core works in. Each thread keeps its own for the next call: at 256×256, to ask for it and to write its zeros
//! takes 3 % of the time.

use std::cell::Cell;
use std::thread::LocalKey;

use diffsvd::Scalar;
use num_complex::Complex;

/// Bytes beyond which nothing is kept.
const MOST: usize = 16 << 20;

/// A type of entries of which a thread keeps memory.
pub(crate) trait Workspace: Scalar {
    fn kept() -> &'static LocalKey<Cell<Vec<Self>>>;
}

macro_rules! workspace {
    ($($T:ty),*) => {$(
        impl Workspace for $T {
            fn kept() -> &'static LocalKey<Cell<Vec<Self>>> {
                thread_local!(static KEPT: Cell<Vec<$T>> = const { Cell::new(Vec::new()) });
                &KEPT
            }
        }
    )*};
}
workspace!(f32, f64, Complex<f32>, Complex<f64>);

/// Runs `f` with `len` entries of no particular value.
pub(crate) fn with<S: Workspace, T>(len: usize, f: impl FnOnce(&mut [S]) -> T) -> T {
    let mut memory = S::kept().take();
    if memory.len() < len {
        memory = vec![S::zero(); len];
    }
    let result = f(memory.get_mut(..len).unwrap_or_default());
    if memory.len() * size_of::<S>() <= MOST {
        S::kept().set(memory);
    }
    result
}
