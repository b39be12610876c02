//! Which pixels are known.

use ndarray::Array2;
use rand::RngExt;

use crate::random;

/// True where a pixel is known.
pub type Mask = Array2<bool>;

/// Each pixel is missing with this probability.
pub fn scattered((rows, cols): (usize, usize), missing: f64, seed: u64) -> Mask {
    let mut random = random::stream(seed, 0x6d61_736b);
    Mask::from_shape_simple_fn((rows, cols), || random.random::<f64>() >= missing)
}

/// One square of `pixels` pixels is missing, a little above and to the left of the middle.
pub fn block((rows, cols): (usize, usize), pixels: usize) -> Mask {
    let side = (pixels as f64).sqrt().round() as usize;
    let (top, left) = ((rows - side.min(rows)) * 2 / 5, (cols - side.min(cols)) * 2 / 5);
    Mask::from_shape_fn((rows, cols), |(i, j)| !((top..top + side).contains(&i) && (left..left + side).contains(&j)))
}

/// Of the known pixels, those that are kept back to choose parameters by.
pub fn held_out(known: &Mask, share: f64, seed: u64) -> Mask {
    let mut random = random::stream(seed, 0x6865_6c64);
    known.map(|&known| {
        let drawn = random.random::<f64>() < share;
        known && drawn
    })
}

/// How many pixels the mask lets through.
pub fn count(mask: &Mask) -> usize {
    mask.iter().filter(|&&known| known).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_leave_out_what_they_say() {
        let scattered = scattered((100, 120), 0.4, 5);
        assert!((count(&scattered) as f64 / 12e3 - 0.6).abs() < 0.02);
        assert_eq!(count(&block((64, 50), 900)), 64 * 50 - 900);
        let held = held_out(&scattered, 0.1, 6);
        assert!(held.iter().zip(&scattered).all(|(&held, &known)| known || !held));
        assert!((count(&held) as f64 / count(&scattered) as f64 - 0.1).abs() < 0.02);
    }
}
