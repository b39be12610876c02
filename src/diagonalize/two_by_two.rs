//! The singular value decomposition of [f g; 0 h], every result to nearly full relative accuracy.
//!
//! With |f| ≥ |h|, ratios l = (|f| − |h|)/|f| and μ = g/f and t = 2 − l:
//!
//!   a = (√(t² + μ²) + √(l² + μ²))/2,   σ₁ = |f| a,   σ₂ = |h|/a,
//!
//! which is Kahan's form of ‖`B‖²_F` = σ₁² + σ₂², |det B| = σ₁σ₂ without cancellation
//! (Demmel & Kahan 1990, section 2; the contract is that of LAPACK's `lasv2`).

use crate::rotation::Rotation;
use crate::scalar::Real;

/// Xᵀ [f g; 0 h] Y = diag(large, small), X and Y as rotations of columns (0, 1); |large| ≥ |small|, signs as they come.
pub(crate) struct Pair<R> {
    pub(crate) large: R,
    pub(crate) small: R,
    pub(crate) left: Rotation<R>,
    pub(crate) right: Rotation<R>,
}

/// Decomposes [f g; 0 h]. Neither overflows nor underflows unless a result does.
pub(crate) fn two_by_two<R: Real>(f: R, g: R, h: R) -> Pair<R> {
    let turned = h.abs() > f.abs();
    let (p, q) = if turned { (h, f) } else { (f, h) };
    if g == R::zero() {
        return diagonal(f, h, turned);
    }
    // The smaller singular value is |q| over what the larger one is over |p|.
    let (large, small, left, right) = triangular(p, g, q);
    let (left, right) = if turned {
        // [h g; 0 f] is the transpose of [f g; 0 h] read backwards.
        (Rotation { c: right.s, s: right.c }, Rotation { c: left.s, s: left.c })
    } else {
        (left, right)
    };
    // Signs: those that make Xᵀ B Y diagonal with these rotations.
    let sign = |x: R| if x < R::zero() { -R::one() } else { R::one() };
    let dominant = if g.abs() > p.abs() {
        sign(right.s) * sign(left.c) * sign(g)
    } else if turned {
        sign(right.s) * sign(left.s) * sign(h)
    } else {
        sign(right.c) * sign(left.c) * sign(f)
    };
    let large = large * dominant;
    let small = small * dominant * sign(f) * sign(h);
    Pair { large, small, left, right }
}

/// The modulus of the smaller singular value of [f g; 0 h] alone, |h|/a with the a above.
pub(super) fn smaller_value<R: Real>(f: R, g: R, h: R) -> R {
    let (one, two) = (R::one(), R::from_f64(2.0));
    let (f, g, h) = (f.abs(), g.abs(), h.abs());
    let (large, small) = if f < h { (h, f) } else { (f, h) };
    if large == R::zero() {
        return R::zero();
    }
    let (ratio, m) = (small / large, g / large);
    let (t, l, mm) = (one + ratio, one - ratio, m * m);
    // m² = ∞ gives 0: a shift that small would not be used anyway.
    small * (two / ((t * t + mm).sqrt() + (l * l + mm).sqrt()))
}

/// g = 0: nothing to rotate, or an exchange.
fn diagonal<R: Real>(f: R, h: R, turned: bool) -> Pair<R> {
    let (zero, one) = (R::zero(), R::one());
    let (large, small) = if turned { (h, f) } else { (f, h) };
    let rotation = if turned { Rotation { c: zero, s: one } } else { Rotation { c: one, s: zero } };
    Pair { large, small, left: rotation, right: rotation }
}

/// Moduli of the singular values and the rotations of [f g; 0 h] with |f| ≥ |h| and g ≠ 0.
fn triangular<R: Real>(f: R, g: R, h: R) -> (R, R, Rotation<R>, Rotation<R>) {
    let (zero, one) = (R::zero(), R::one());
    let two = one + one;
    let (fa, ga, ha) = (f.abs(), g.abs(), h.abs());
    if fa < ga * R::EPSILON * R::from_f64(0.5) {
        // g dominates to working precision: σ₁ = |g| and σ₂ = |f h|/|g|. The quotient underflows only where |h| ≤ |f| < 4, and so σ₂ does too.
        return (ga, (fa / ga) * ha, Rotation { c: one, s: h / g }, Rotation { c: f / g, s: one });
    }
    let difference = fa - ha;
    let l = if difference == fa { one } else { difference / fa };
    let m = g / f;
    let t = two - l;
    let (mm, tt) = (m * m, t * t);
    let s = (tt + mm).sqrt();
    let r = if l == zero { m.abs() } else { (l * l + mm).sqrt() };
    let a = (s + r) / two;
    let tangent = if mm != zero {
        (m / (s + t) + m / (r + l)) * (one + a)
    } else if l == zero {
        // m² has underflowed and |f| = |h|.
        two.with_sign(f) * one.with_sign(g)
    } else {
        g / difference.with_sign(f) + m / t
    };
    let length = (tangent * tangent + two * two).sqrt();
    let right = Rotation { c: two / length, s: tangent / length };
    let left = Rotation { c: (right.c + right.s * m) / a, s: (h / f) * right.s / a };
    (fa * a, ha / a, left, right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest entry of Xᵀ B Y − diag, relative to σ₁.
    fn defect(f: f64, g: f64, h: f64) -> f64 {
        let Pair { large, small, left, right } = two_by_two(f, g, h);
        let unit = large.abs();
        let (f, g, h) = (f / unit, g / unit, h / unit);
        // Y has columns (c, s) and (−s, c).
        let b_y = [[f * right.c + g * right.s, g * right.c - f * right.s], [h * right.s, h * right.c]];
        let diag = |j: usize, c: f64, s: f64| c * b_y[0][j] + s * b_y[1][j];
        let orthogonal = (left.c.hypot(left.s) - 1.0).abs().max((right.c.hypot(right.s) - 1.0).abs());
        [
            (diag(0, left.c, left.s) - large / unit).abs(),
            diag(1, left.c, left.s).abs(),
            diag(0, -left.s, left.c).abs(),
            (diag(1, -left.s, left.c) - small / unit).abs(),
            orthogonal,
        ]
        .into_iter()
        .fold(0.0, f64::max)
    }

    #[test]
    fn diagonalizes_all_sizes_and_signs() {
        let sizes = [0.0, 1.0, -1.0, 0.5, -3.0, 1e-8, -1e8, 1e-20, 1e20, 1e-160, -1e160];
        for f in sizes {
            for g in sizes {
                for h in sizes {
                    if f == 0.0 && g == 0.0 && h == 0.0 {
                        continue;
                    }
                    let defect = defect(f, g, h);
                    assert!(defect < 6.0 * f64::EPSILON, "{f} {g} {h}: {defect}");
                }
            }
        }
    }

    #[test]
    fn the_smaller_value_alone() {
        for (f, g, h) in [(1.0, 1e10, 1e-5), (2.0, -3.0, 4.0), (1e-3, 1.0, 1e3), (1.0, 0.0, -1.0), (0.0, 1.0, 2.0)] {
            let expected = two_by_two::<f64>(f, g, h).small.abs();
            approx::assert_relative_eq!(smaller_value(f, g, h), expected, max_relative = 4.0 * f64::EPSILON);
        }
    }

    /// Whichever entry of the diagonal the ratios are taken of, no square of them may be out of the range.
    #[test]
    fn the_smaller_value_beside_an_entry_far_larger() {
        for (f, h) in [(1e-200, 1.0), (1.0, 1e-200)] {
            let relative = smaller_value::<f64>(f, 1.0, h) / (1e-200 / 2_f64.sqrt()) - 1.0;
            assert!(relative.abs() < 4.0 * f64::EPSILON, "{f} {h}: {relative:e}");
        }
    }

    #[test]
    fn a_diagonal_matrix_in_order_is_not_touched() {
        for (f, h) in [(2.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (1.0, 0.0)] {
            let Pair { large, small, left, right } = two_by_two::<f64>(f, 0.0, h);
            assert_eq!((large, small), (f, h));
            assert_eq!((left.c, left.s, right.c, right.s), (1.0, 0.0, 1.0, 0.0));
        }
    }

    /// tan φ = f g/(f² − h²) and h g/(f² − h²), where g² is nothing beside them.
    #[test]
    fn tiny_angles_have_all_their_digits() {
        for g in [1e-9, -1e-100, 1e-170, -1e-200] {
            for (f, h) in [(2.0, 1.0), (-1.0, 0.75), (1.5, -1e-3)] {
                let Pair { left, right, .. } = two_by_two::<f64>(f, g, h);
                for (rotation, entry) in [(right, f), (left, h)] {
                    let relative = rotation.s / rotation.c / (entry * g / (f * f - h * h)) - 1.0;
                    assert!(relative.abs() < 4.0 * f64::EPSILON, "{f} {g} {h}: {relative:e}");
                }
            }
        }
    }

    #[test]
    fn product_of_the_values_is_the_determinant() {
        let dominated = [(1e3, 1e30, 1e2), (1e-3, 1e30, 1e-4), (1e10, 1e300, 1e10)];
        let others = [(1.0, 1e10, 1e-5), (2.0, 3.0, 4.0), (1e-3, 1.0, 1e3), (1.0, 1e-9, 1.0)];
        for (f, g, h) in dominated.into_iter().chain(others) {
            let pair = two_by_two(f, g, h);
            let relative = pair.large * pair.small / (f * h) - 1.0;
            assert!(relative.abs() < 4.0 * f64::EPSILON, "{f} {g} {h}: {relative:e}");
        }
    }
}
