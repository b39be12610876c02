//! One file a target.

mod bidiagonal;
mod c;
mod derivatives;
mod divide;
mod driver;
mod files;
mod lanes;
mod spectral;
mod views;

pub use bidiagonal::bidiagonal;
pub use c::c;
pub use derivatives::derivatives;
pub use divide::divide;
pub use driver::driver;
pub use files::files;
pub use lanes::lanes;
pub use spectral::spectral;
pub use views::views;

/// Calls the generic function `$check` for the scalar type that the next byte chooses.
macro_rules! in_any_type {
    ($check:ident($bytes:expr)) => {
        match $bytes.below(4) {
            0 => $check::<f64>($bytes),
            1 => $check::<num_complex::Complex<f32>>($bytes),
            2 => $check::<num_complex::Complex<f64>>($bytes),
            _ => $check::<f32>($bytes),
        }
    };
}
use in_any_type;
