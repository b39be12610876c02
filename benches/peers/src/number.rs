//! The four scalars, as every library here sees them.

use diffsvd::{Real, Scalar};
use num_complex::Complex;

/// A scalar of diffsvd, of the two Rust libraries and of LAPACK.
pub trait Number: Scalar<Real = <Self as Number>::R> + rivals::Rival<Value = <Self as Number>::R> + Default {
    type R: Real + Default;
    /// The name in the options and tables.
    const NAME: &'static str;
    /// LAPACK's letter.
    const LETTER: char;

    /// For the checks, which are done in double precision whatever the scalar.
    fn wide(self) -> Complex<f64> {
        Complex::new(Real::to_f64(Scalar::re(self)), Real::to_f64(Scalar::im(self)))
    }
}

macro_rules! number {
    ($($type:ty, $real:ty, $name:literal, $letter:literal;)*) => {$(
        impl Number for $type {
            type R = $real;
            const NAME: &'static str = $name;
            const LETTER: char = $letter;
        }
    )*};
}
number! {
    f32, f32, "f32", 's';
    f64, f64, "f64", 'd';
    Complex<f32>, f32, "c32", 'c';
    Complex<f64>, f64, "c64", 'z';
}

/// Standard-normal numbers from a seed (splitmix64 and Box-Muller); complex ones have two independent parts.
pub struct Normal(pub u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2_f64.powi(-53)
    }

    pub fn vector<S: Number>(&mut self, len: usize) -> Vec<S> {
        (0..len)
            .map(|_| {
                let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
                let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
                S::from_parts(S::R::from_f64(radius * cos), S::R::from_f64(radius * sin))
            })
            .collect()
    }
}
