//! Water-filling over the singular values of a channel.

use super::N;

/// pᵢ = max(0, μ − 1/(ρ sᵢ²)) with Σ pᵢ = N; s is descending, so the channels that are used are the first ones.
pub(crate) fn pour(s: &[f64], snr: f64) -> [f64; N] {
    let floor: [f64; N] = std::array::from_fn(|i| 1.0 / (snr * s[i] * s[i]));
    for used in (1..=N).rev() {
        let level = (N as f64 + floor[..used].iter().sum::<f64>()) / used as f64;
        if level > floor[used - 1] {
            return std::array::from_fn(|i| if i < used { level - floor[i] } else { 0.0 });
        }
    }
    // Nothing comes through at all.
    [1.0; N]
}

/// Σ log₂(1 + ρ pᵢ sᵢ²), bits per second and hertz.
pub(crate) fn capacity(s: &[f64], power: &[f64; N], snr: f64) -> f64 {
    s.iter().zip(power).map(|(s, p)| (snr * p * s * s).ln_1p()).sum::<f64>() / std::f64::consts::LN_2
}

/// dC/dsᵢ = 2 ρ pᵢ sᵢ/((1 + ρ pᵢ sᵢ²) ln 2) at the poured powers.
pub(crate) fn gradient(s: &[f64], snr: f64) -> [f64; N] {
    let power = pour(s, snr);
    std::array::from_fn(|i| {
        let gain = snr * power[i];
        2.0 * gain * s[i] / ((1.0 + gain * s[i] * s[i]) * std::f64::consts::LN_2)
    })
}
