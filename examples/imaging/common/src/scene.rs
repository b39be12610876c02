//! The picture that is generated where the user has none: a landscape with smooth shades, edges at every angle, fine texture, repeated
//! patterns and colour, at any size.

use ndarray::Array3;

use crate::picture::Picture;

type Colour = [f64; 3];

/// A house and a tree by a lake below mountains.
pub fn landscape(rows: usize, cols: usize, seed: u64) -> Picture {
    let noise = Noise(seed);
    let mut picture = Array3::zeros((3, rows, cols));
    for i in 0..rows {
        for j in 0..cols {
            // Four points a pixel, so that edges are not jagged.
            for (di, dj) in [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)] {
                let at = ((j as f64 + dj) / cols as f64, (i as f64 + di) / rows as f64);
                let colour = scene(at, noise);
                (0..3).for_each(|c| picture[(c, i, j)] += colour[c].clamp(0.0, 1.0) / 4.0);
            }
        }
    }
    picture
}

/// The colour at (x, y), both from 0 to 1, y downwards: what is nearest hides the rest.
fn scene(at: (f64, f64), noise: Noise) -> Colour {
    fence(at, noise)
        .or_else(|| house(at, noise))
        .or_else(|| tree(at, noise))
        .or_else(|| meadow(at, noise))
        .or_else(|| lake(at, noise))
        .or_else(|| mountain(at, noise))
        .unwrap_or_else(|| sky(at, noise))
}

fn sky((x, y): (f64, f64), noise: Noise) -> Colour {
    let blue = mix([0.22, 0.42, 0.78], [0.96, 0.78, 0.60], (y / 0.55).powf(1.4));
    let cloud = step(0.5, 0.85, noise.fractal(3.0 * x + 0.3 * y, 7.0 * y, 5));
    let sun = step(0.075, 0.065, (x - 0.68).hypot(y - 0.2));
    mix(mix(blue, [0.97, 0.95, 0.93], 0.8 * cloud), [1.0, 0.93, 0.70], sun)
}

fn mountain((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    let ridge =
        |height: f64, roughness: f64, offset: f64| height - 0.3 * noise.fractal(roughness * x + offset, offset, 6);
    let (near, far) = (ridge(0.66, 4.0, 9.0), ridge(0.52, 2.5, 3.0));
    let rock = noise.fractal(40.0 * x + 20.0 * y, 60.0 * y, 4);
    if y > near {
        Some(mix([0.16, 0.22, 0.20], [0.36, 0.42, 0.34], rock))
    } else if y > far {
        let snow = step(0.07, 0.03, y - far - 0.05 * rock);
        Some(mix(mix([0.36, 0.38, 0.48], [0.58, 0.57, 0.62], rock), [0.95, 0.95, 0.98], snow))
    } else {
        None
    }
}

fn lake((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    const SHORE: f64 = 0.6;
    let ripple = 0.02 * noise.fractal(8.0 * x, 220.0 * y, 2) + 0.006 * (900.0 * y * y).sin();
    (y > SHORE).then(|| {
        let mirrored = (x + ripple, (2.0 * SHORE - y + ripple).max(0.0));
        let above = mountain(mirrored, noise).unwrap_or_else(|| sky(mirrored, noise));
        mix(above, [0.10, 0.22, 0.32], 0.35)
    })
}

fn meadow((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    let edge = 0.74 - 0.06 * (3.0 * x + 0.4).sin() + 0.02 * noise.fractal(12.0 * x, 1.0, 4);
    (y > edge).then(|| {
        let blades = noise.fractal(160.0 * x, 50.0 * y, 3);
        let grass =
            mix([0.16, 0.30, 0.08], [0.52, 0.64, 0.22], 0.6 * blades + 0.4 * noise.fractal(5.0 * x, 9.0 * y, 3));
        let (column, row) = ((x * 70.0).floor(), (y * 70.0).floor());
        let (dx, dy) = (x * 70.0 - column - 0.5, y * 70.0 - row - 0.5);
        let flower = if noise.at(column as i64, row as i64) > 0.86 { step(0.3, 0.2, dx.hypot(dy)) } else { 0.0 };
        mix(
            grass,
            if noise.at(row as i64, column as i64) > 0.5 { [0.93, 0.83, 0.25] } else { [0.85, 0.30, 0.45] },
            flower,
        )
    })
}

fn tree((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    let (dx, dy) = (x - 0.83, y - 0.50);
    let leaves = noise.fractal(26.0 * x, 26.0 * y, 4);
    let crown = (dx / 0.13).hypot(dy / 0.20) + 0.7 * (leaves - 0.5);
    let trunk = dx.abs() < 0.014 + 0.05 * (y - 0.80).max(0.0) && (0.5..0.86).contains(&y);
    if crown < 0.9 {
        Some(mix([0.07, 0.20, 0.06], [0.38, 0.56, 0.18], leaves * (1.0 - 0.8 * dx / 0.13).clamp(0.2, 1.2)))
    } else {
        trunk.then(|| mix([0.22, 0.14, 0.09], [0.42, 0.30, 0.20], noise.fractal(200.0 * x, 30.0 * y, 3)))
    }
}

fn house((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    let (left, right, eaves, ground) = (0.12, 0.42, 0.55, 0.82);
    let middle = f64::midpoint(left, right);
    let roof = 0.38 + 0.17 * ((x - middle) / (0.5 * (right - left) + 0.03)).abs();
    if y < eaves && y > roof {
        let tile = ((y * 60.0).floor() * 0.5 + x * 45.0).fract();
        return Some(mix(
            [0.30, 0.13, 0.11],
            [0.52, 0.25, 0.18],
            step(0.0, 0.25, tile) * (0.6 + 0.4 * (y * 60.0).fract()),
        ));
    }
    if !(left..right).contains(&x) || !(eaves..ground).contains(&y) {
        return None;
    }
    let inside = |l: f64, r: f64, t: f64, b: f64| (l..r).contains(&x) && (t..b).contains(&y);
    for (l, r) in [(0.155, 0.225), (0.315, 0.385)] {
        if inside(l, r, 0.60, 0.69) {
            let frame = inside(l + 0.008, r - 0.008, 0.608, 0.682);
            let cross = (x - f64::midpoint(l, r)).abs() < 0.004 || (y - 0.645).abs() < 0.004;
            let glass = mix([0.20, 0.28, 0.38], [0.75, 0.82, 0.88], step(0.1, -0.1, x - l - (y - 0.6)));
            return Some(if frame && !cross { glass } else { [0.94, 0.92, 0.88] });
        }
    }
    if inside(0.24, 0.30, 0.66, ground) {
        return Some(if (x * 100.0).fract() < 0.15 { [0.10, 0.17, 0.20] } else { [0.14, 0.30, 0.36] });
    }
    Some(brick((x, y), noise))
}

fn brick((x, y): (f64, f64), noise: Noise) -> Colour {
    let row = (y * 80.0).floor();
    let across = x * 36.0 + 0.5 * (row * 0.5).fract() * 2.0;
    let mortar = (y * 80.0).fract() < 0.15 || across.fract() < 0.07;
    let tone = noise.at(across.floor() as i64, row as i64);
    if mortar { [0.72, 0.68, 0.62] } else { mix([0.52, 0.22, 0.15], [0.74, 0.38, 0.26], tone) }
}

fn fence((x, y): (f64, f64), noise: Noise) -> Option<Colour> {
    let slant = y - 0.05 * x;
    let post = (x * 22.0).fract();
    let top = 0.86 + 0.012 * (post - 0.25).abs() / 0.25;
    let is_post = post < 0.5 && slant > top && slant < 0.97;
    let rail = (slant - 0.89).abs() < 0.006 || (slant - 0.94).abs() < 0.006;
    let shade = 0.8 + 0.2 * noise.fractal(30.0 * x, 300.0 * x + 4.0 * y, 2);
    let light = if is_post { 0.95 - 0.3 * post } else { 0.72 };
    (is_post || rail).then_some([shade * light, shade * light, shade * light * 0.94])
}

fn mix(a: Colour, b: Colour, t: f64) -> Colour {
    let t = t.clamp(0.0, 1.0);
    [0, 1, 2].map(|c| a[c] + t * (b[c] - a[c]))
}

/// From 0 at `from` to 1 at `to`, smoothly.
fn step(from: f64, to: f64, x: f64) -> f64 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Smooth noise from a hash of the integer lattice.
#[derive(Clone, Copy)]
struct Noise(u64);

impl Noise {
    /// Between 0 and 1, independent from point to point (the finalizer of SplitMix64).
    fn at(self, i: i64, j: i64) -> f64 {
        let mut h =
            self.0 ^ (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (j as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        h = (h ^ (h >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        h = (h ^ (h >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((h ^ (h >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn smooth(self, x: f64, y: f64) -> f64 {
        let (i, j) = (x.floor(), y.floor());
        let (s, t) = (step(0.0, 1.0, x - i), step(0.0, 1.0, y - j));
        let corner = |di, dj| self.at(i as i64 + di, j as i64 + dj);
        let along = |dj| corner(0, dj) + s * (corner(1, dj) - corner(0, dj));
        along(0) + t * (along(1) - along(0))
    }

    /// Octaves of it, each with half the size of the one before and half its strength; between 0 and 1.
    fn fractal(self, x: f64, y: f64, octaves: i32) -> f64 {
        let octave = |o: i32| {
            let (scale, weight) = (2_f64.powi(o), 0.5_f64.powi(o));
            (self.smooth(x * scale + 17.3 * f64::from(o), y * scale) * weight, weight)
        };
        let (sum, total) = (0..octaves).map(octave).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        sum / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same seed gives the same picture; it has colour, dark and light, and detail that a smaller picture has not.
    #[test]
    fn the_picture_is_one_to_test_with() {
        let picture = landscape(64, 64, 1);
        assert_eq!(picture, landscape(64, 64, 1));
        assert!(picture.iter().all(|x| (0.0..=1.0).contains(x)));
        let mean = picture.sum() / picture.len() as f64;
        let deviation = (picture.mapv(|x| (x - mean).powi(2)).sum() / picture.len() as f64).sqrt();
        assert!((0.3..0.6).contains(&mean) && deviation > 0.15, "{mean} {deviation}");
        let grey = crate::picture::luminance(&picture);
        assert!(
            picture
                .outer_iter()
                .any(|plane| (&plane - &grey.index_axis(ndarray::Axis(0), 0)).iter().any(|x| x.abs() > 0.2))
        );
    }
}
