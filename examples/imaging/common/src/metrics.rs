//! How near a picture is to another.

use ndarray::{Array2, ArrayView2, Axis, Zip};

use crate::picture::Picture;

/// Root of the mean squared difference, over the entries for which `of` is true.
pub fn rmse_where(a: &Picture, b: &Picture, of: impl Fn(usize, usize) -> bool) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    Zip::indexed(a).and(b).for_each(|(_, i, j), a, b| {
        if of(i, j) {
            sum += (a - b) * (a - b);
            count += 1;
        }
    });
    if count == 0 { 0.0 } else { (sum / count as f64).sqrt() }
}

/// Root of the mean squared difference.
pub fn rmse(a: &Picture, b: &Picture) -> f64 {
    rmse_where(a, b, |_, _| true)
}

/// Peak signal-to-noise ratio in decibels, for a peak of 1.
pub fn decibels(rmse: f64) -> f64 {
    -20.0 * rmse.log10()
}

/// Peak signal-to-noise ratio of a picture, cut off at 0 and 1.
pub fn psnr(a: &Picture, reference: &Picture) -> f64 {
    decibels(rmse(&a.mapv(|x| x.clamp(0.0, 1.0)), reference))
}

/// Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004): Gaussian window of 11×11 with σ = 1.5, constants 0.01 and 0.03, over
/// the places where the window fits; the mean over the channels. 1 for equal pictures.
pub fn ssim(a: &Picture, b: &Picture) -> f64 {
    let planes = a.axis_iter(Axis(0)).zip(b.axis_iter(Axis(0)));
    let (sum, count) = planes.fold((0.0, 0), |(sum, count), (a, b)| (sum + ssim_plane(&a, &b), count + 1));
    sum / f64::from(count.max(1))
}

const RADIUS: usize = 5;
const SIGMA: f64 = 1.5;
const LUMINANCE: f64 = 0.01 * 0.01;
const CONTRAST: f64 = 0.03 * 0.03;

fn ssim_plane(a: &ArrayView2<'_, f64>, b: &ArrayView2<'_, f64>) -> f64 {
    let (mean_a, mean_b) = (blur(&a.to_owned()), blur(&b.to_owned()));
    let (aa, bb, ab) = (blur(&(a * a)), blur(&(b * b)), blur(&(a * b)));
    let mut sum = 0.0;
    Zip::from(&mean_a).and(&mean_b).and(&aa).and(&bb).and(&ab).for_each(|&a, &b, &aa, &bb, &ab| {
        let (var_a, var_b, covariance) = (aa - a * a, bb - b * b, ab - a * b);
        sum += (2.0 * a * b + LUMINANCE) * (2.0 * covariance + CONTRAST)
            / ((a * a + b * b + LUMINANCE) * (var_a + var_b + CONTRAST));
    });
    sum / mean_a.len() as f64
}

/// Weighted means over the window, where it fits: first down the columns, then along the rows.
fn blur(plane: &Array2<f64>) -> Array2<f64> {
    let weights: Vec<f64> =
        (0..=2 * RADIUS).map(|i| (-0.5 * ((i as f64 - RADIUS as f64) / SIGMA).powi(2)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let pass = |plane: &Array2<f64>, axis: Axis| {
        let windows = plane.windows(if axis.0 == 0 { (2 * RADIUS + 1, 1) } else { (1, 2 * RADIUS + 1) });
        Zip::from(windows).map_collect(|window| window.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() / total)
    };
    pass(&pass(plane, Axis(0)), Axis(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psnr_of_a_known_difference() {
        let (a, b) = (Picture::from_elem((3, 12, 12), 0.5), Picture::from_elem((3, 12, 12), 0.6));
        assert!((psnr(&b, &a) - 20.0).abs() < 1e-9);
        assert!((rmse_where(&a, &b, |i, _| i == 0) - 0.1).abs() < 1e-12);
    }

    /// For constant pictures the window does not matter: (2ab + C₁)/(a² + b² + C₁).
    #[test]
    fn ssim_of_constants_and_of_equal_pictures() {
        let (a, b) = (Picture::from_elem((1, 16, 20), 0.5), Picture::from_elem((1, 16, 20), 0.6));
        assert!((ssim(&a, &b) - (0.6 + 1e-4) / (0.61 + 1e-4)).abs() < 1e-9);
        let scene = crate::scene::landscape(32, 32, 1);
        assert!((ssim(&scene, &scene) - 1.0).abs() < 1e-9);
    }
}
