//! Pairs of clouds: one random, the other turned by a random rotation, with noise.

/// Points of a cloud.
pub(crate) const POINTS: usize = 6;

/// Standard deviation of the noise on each coordinate.
const NOISE: f64 = 0.05;

type Matrix = [[f64; 3]; 3];

/// Many pairs; a cloud is `POINTS` rows of three coordinates.
pub(crate) struct Clouds {
    /// P.
    pub(crate) from: Vec<f64>,
    /// Q.
    pub(crate) to: Vec<f64>,
    /// R₀, row by row.
    pub(crate) rotations: Vec<f64>,
}

/// splitmix64, from the number of the pair.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 * 2_f64.powi(-53)
    }

    /// About normal: twelve uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A random rotation, from a quaternion.
    fn rotation(&mut self) -> Matrix {
        let q: [f64; 4] = std::array::from_fn(|_| self.normal());
        let norm = q.iter().map(|q| q * q).sum::<f64>().sqrt();
        let [w, x, y, z] = q.map(|q| q / norm);
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]
    }
}

impl Clouds {
    /// Whether pair number `item` is a flat cloud seen from behind: its noise makes M a reflection as often as not.
    pub(crate) fn mirrored(item: usize) -> bool {
        item % 4 == 3
    }

    pub(crate) fn generate(first: usize, count: usize) -> Self {
        let mut clouds = Clouds { from: vec![], to: vec![], rotations: vec![] };
        for item in first..first + count {
            let mut random = Random(item as u64 ^ 0x5eed);
            let rotation = random.rotation();
            for _ in 0..POINTS {
                let mut p: [f64; 3] = std::array::from_fn(|_| random.normal());
                // A thin cloud, whose last direction comes back with the other sign.
                p[2] *= if Self::mirrored(item) { 0.05 } else { 1.0 };
                let seen = if Self::mirrored(item) { [p[0], p[1], -p[2]] } else { p };
                clouds.from.extend(p);
                let turned = rotation.map(|row| row.iter().zip(&seen).map(|(r, p)| r * p).sum::<f64>());
                clouds.to.extend(turned.map(|x| x + NOISE * random.normal()));
            }
            clouds.rotations.extend(rotation.as_flattened());
        }
        clouds
    }

    /// M = Qᵀ P of every pair. (The centres are taken to be at the origin.)
    pub(crate) fn covariances(&self, m: &mut [f64]) {
        let pairs = self.from.chunks_exact(3 * POINTS).zip(self.to.chunks_exact(3 * POINTS));
        for ((from, to), m) in pairs.zip(m.chunks_exact_mut(9)) {
            for (entry, m) in m.iter_mut().enumerate() {
                let (i, j) = (entry / 3, entry % 3);
                *m = (0..POINTS).map(|point| to[3 * point + i] * from[3 * point + j]).sum();
            }
        }
    }

    /// gP = Q gM of one pair.
    pub(crate) fn point_gradients(&self, m_bar: &[f64], item: usize) -> [f64; 3 * POINTS] {
        let to = &self.to[3 * POINTS * item..];
        std::array::from_fn(|entry| {
            let (point, j) = (entry / 3, entry % 3);
            (0..3).map(|i| to[3 * point + i] * m_bar[9 * item + 3 * i + j]).sum()
        })
    }

    /// Σ ‖gP‖² over all pairs.
    pub(crate) fn gradient_squares(&self, m_bar: &[f64]) -> f64 {
        let items = 0..self.from.len() / (3 * POINTS);
        items.map(|item| self.point_gradients(m_bar, item).iter().map(|g| g * g).sum::<f64>()).sum()
    }
}
