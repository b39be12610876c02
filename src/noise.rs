//! Numbers for the unit tests, the same on every run.

use crate::scalar::Real;

/// Where the sequence is: a linear congruence modulo 2⁶⁴ (Knuth's MMIX).
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [−1, 1).
    pub(crate) fn signed<R: Real>(&mut self) -> R {
        R::from_f64(2.0 * self.unit() - 1.0)
    }
}
