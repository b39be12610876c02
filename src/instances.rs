//! What is compiled with this crate for f32, f64 and complex numbers of them, so that a program that calls it does not compile it again.
//!
//! A generic function is compiled where it is called: in every program and in every test, and what is compiled for each instruction set
//! takes the better part of a minute. So these functions are provided methods of a trait. The four common types override
//! them by the same call, which is not generic any more; a type of the user's own inherits the generic one. `svd.rs`, `batch/decompose.rs`,
//! `kernel/product/mod.rs`, `derivative/vjp.rs` and `jvp.rs` call them by way of the type, which `scalar.rs` requires to have them:
//! what they use stands below them, against the layer rule.
#![allow(private_interfaces, reason = "only this crate calls these functions")]

use num_complex::Complex;

use crate::abreast::{Several, decompose_several};
use crate::derivative::pairs::{Backward, Forward};
use crate::error::Error;
use crate::kernel::{Level, Product, Task, compute};
use crate::matrix::MatRef;
use crate::plan::Vectors;
use crate::scalar::Scalar;
use crate::svd::{FactorsMut, decompose};

/// A name, the arguments, and the generic function behind it.
macro_rules! instances {
    (@trait $(
        fn $name:ident<$($l:lifetime),*>($($argument:ident: $type:ty),*) $(-> $result:ty)? = $generic:path;
    )*) => {
        /// What is compiled for each instruction set, for the scalar type `S` with moduli of this type.
        #[doc(hidden)]
        pub trait Instances<S: Scalar<Real = Self>>: Sized {
            $(#[doc(hidden)]
            fn $name<$($l),*>($($argument: $type),*) $(-> $result)? {
                $generic($($argument),*)
            })*
        }
    };
    // Where there is one instruction set, and a program is small, what it does not call is not worth compiling.
    (@of $scalar:ty, $real:ty: $(
        fn $name:ident<$($l:lifetime),*>($($argument:ident: $type:ty),*) $(-> $result:ty)? = $generic:path;
    )*) => {
        const _: () = {
            #[allow(dead_code, reason = "where nothing is overridden")]
            type S = $scalar;
            impl Instances<$scalar> for $real {
                $(#[cfg(not(any(target_os = "none", target_family = "wasm")))]
                fn $name<$($l),*>($($argument: $type),*) $(-> $result)? {
                    $generic($($argument),*)
                })*
            }
        };
    };
    ($($function:tt)*) => {
        instances!(@trait $($function)*);
        instances!(@of f32, f32: $($function)*);
        instances!(@of f64, f64: $($function)*);
        instances!(@of Complex<f32>, f32: $($function)*);
        instances!(@of Complex<f64>, f64: $($function)*);
    };
}

/// Does a task with the instructions of the given level.
fn run<T: Task>(task: T, level: Level) {
    level.run(task);
}

instances! {
    fn svd<'a>(a: MatRef<'a, S>, vectors: Vectors, out: FactorsMut<'a, S>, work: &mut [S]) -> Result<(), Error> = decompose;
    fn svd_of_several<'a>(
        items: &mut (dyn Several<S> + 'a),
        task: ((usize, usize), Vectors),
        work: &mut [S]
    ) -> Result<(), Error> = decompose_several;
    fn multiply<'a>(product: Product<'a, S>, level: Level) = compute;
    fn pairs_backward<'a>(pairs: Backward<'a, S>, level: Level) = run;
    fn pairs_forward<'a>(pairs: Forward<'a, S>, level: Level) = run;
}
