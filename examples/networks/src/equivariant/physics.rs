//! What measures: a linear map with its pseudoinverse.

use candle_core::{DType, Device, Result, Tensor};
use diffsvd_candle::{Tolerance, pinv};
use imaging::mask::Mask;
use imaging::random;

use crate::layers::normal;

/// A linear map A and A⁺.
pub trait Physics {
    /// A x for every signal x.
    fn measure(&self, x: &Tensor) -> Result<Tensor>;
    /// A⁺ y for all measurements y.
    fn invert(&self, y: &Tensor) -> Result<Tensor>;
}

/// Random compressed sensing: a matrix of normal numbers. Signals are rows.
pub struct Sensing {
    transposed: Tensor,
    pinv_transposed: Tensor,
}

impl Sensing {
    /// `measurements` of signals of `size` entries.
    pub fn new(measurements: usize, size: usize, seed: u64) -> Result<Self> {
        let mut random = random::stream(seed, 0x7365_6e73);
        let a = normal(&[measurements, size], 1.0 / (measurements as f64).sqrt(), DType::F32, &mut random)?;
        let pinv = pinv(&a, Tolerance::Default)?;
        Ok(Sensing { transposed: a.t()?.contiguous()?, pinv_transposed: pinv.t()?.contiguous()? })
    }
}

impl Physics for Sensing {
    fn measure(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.transposed)
    }

    fn invert(&self, y: &Tensor) -> Result<Tensor> {
        y.matmul(&self.pinv_transposed)
    }
}

/// Missing pixels, the same ones in every picture: a matrix for each row of pixels, and its pseudoinverse.
pub struct Inpainting {
    rows: Tensor,
    pinv: Tensor,
}

impl Inpainting {
    /// The pixels for which the mask is false are missing.
    pub fn new(mask: &Mask) -> Result<Self> {
        let (count, cols) = mask.dim();
        let entry = |at: usize| {
            let (i, j, k) = (at / (cols * cols), at / cols % cols, at % cols);
            if j == k && mask[(i, j)] { 1_f32 } else { 0.0 }
        };
        let entries: Vec<f32> = (0..count * cols * cols).map(entry).collect();
        let rows = Tensor::from_vec(entries, (count, cols, cols), &Device::Cpu)?;
        Ok(Inpainting { pinv: pinv(&rows, Tolerance::Default)?, rows })
    }
}

impl Physics for Inpainting {
    fn measure(&self, x: &Tensor) -> Result<Tensor> {
        by_row(&self.rows, x)
    }

    fn invert(&self, y: &Tensor) -> Result<Tensor> {
        by_row(&self.pinv, y)
    }
}

/// Row i of every picture times matrix i, transposed.
fn by_row(matrices: &Tensor, pictures: &Tensor) -> Result<Tensor> {
    let (count, channels, rows, cols) = pictures.dims4()?;
    let sorted = pictures.permute((2, 0, 1, 3))?.reshape((rows, count * channels, cols))?;
    let applied = sorted.matmul(&matrices.transpose(1, 2)?.contiguous()?)?;
    applied.reshape((rows, count, channels, cols))?.permute((1, 2, 0, 3))?.contiguous()
}

#[cfg(test)]
mod tests {
    use super::*;
    use imaging::mask;

    fn largest(x: &Tensor) -> Result<f32> {
        x.abs()?.max_all()?.to_scalar()
    }

    /// A A⁺ A = A, and A⁺ A leaves nothing of what A does not see.
    fn check(physics: &impl Physics, x: &Tensor) -> Result<Tensor> {
        let y = physics.measure(x)?;
        let seen = physics.invert(&y)?;
        assert!(largest(&(physics.measure(&seen)? - &y)?)? < 1e-5);
        assert!(largest(&(physics.invert(&physics.measure(&seen)?)? - &seen)?)? < 1e-5);
        Ok(seen)
    }

    #[test]
    fn pseudoinverses_are_right_inverses_on_the_range() -> Result<()> {
        let mut random = random::stream(1, 1);
        check(&Sensing::new(5, 16, 1)?, &normal(&[4, 16], 1.0, DType::F32, &mut random)?)?;
        let (mask, x) = (mask::scattered((6, 8), 0.4, 1), normal(&[2, 3, 6, 8], 1.0, DType::F32, &mut random)?);
        let seen = check(&Inpainting::new(&mask)?, &x)?;
        let shown =
            |(i, j): (usize, usize)| seen.narrow(2, i, 1)?.narrow(3, j, 1)?.abs()?.max_all()?.to_scalar::<f32>();
        for (at, &known) in mask.indexed_iter() {
            assert_eq!(shown(at)? > 0.0, known, "{at:?}");
        }
        Ok(())
    }
}
