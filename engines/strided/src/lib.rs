//! Functions of the SVD of every matrix of an n-dimensional strided view, and their backward passes, as functions of slices: what the bindings of diffsvd to autodiff engines
//! share.
//!
//! An engine brings a [`View`] of its tensor, of f32 or f64, known at run time; a [`Function`] gives the value and the packed factors, and later, from those and a view of the cotangent,
//! the gradient. [`Options`] and [`Report`] are what such a package lets its users choose and read.
//!
//! ```
//! use diffsvd_strided::{Function, View};
//! // The singular values of a matrix that lies column by column.
//! let x = [3.0, 0.0, 0.0, 0.0, 0.0, 4.0];
//! let s = Function::SingularValues.forward(View::new(&x, &[3, 2], &[1, 3])?, false)?;
//! assert_eq!((s.value.as_slice(), s.shape.as_slice()), ([4.0, 3.0].as_slice(), [2].as_slice()));
//! # Ok::<(), diffsvd_strided::Error>(())
//! ```

mod error;
mod factors;
mod function;
mod maps;
mod options;
mod shrink;
mod view;

pub use error::Error;
pub use function::{Backward, Forward, Function, Gauge};
pub use options::{Options, Report};
pub use view::{Dims, Numbered, View};

/// The numbers that tensors are made of here: `f32` and `f64`.
pub trait Element: diffsvd::Real + function::Compiled {}
impl Element for f32 {}
impl Element for f64 {}

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
