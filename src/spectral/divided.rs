//! The default divided differences: quotient or quadrature, whichever is known to be better.
//!
//! f\[a, b\] = (f(a) − f(b))/(a − b) = ∫₀¹ f′(b + t(a − b)) dt. The quotient loses log₂(a/(a − b)) bits; the integral loses none
//! but is only as good as the quadrature, which is excellent for a smooth f over a short interval and worthless across a kink. The
//! rounding error of the quotient is known, so the quotient can judge the quadrature: if they differ by more than
//! that, f is not smooth enough (or the interval too long) and the quotient stands. Second differences likewise.

use super::function::{SpectralFunction, TwiceDifferentiable};
use super::values::{Order, Values, require_finite};
use crate::error::Error;
use crate::scalar::Real;

pub(super) fn difference<R: Real, F: SpectralFunction<R> + ?Sized>(f: &F, a: R, b: R) -> R {
    let (a, b) = if a < b { (b, a) } else { (a, b) };
    let gap = a - b;
    if gap == R::zero() {
        return f.derivative(a);
    }
    let (fa, fb) = (f.value(a), f.value(b));
    let quotient = (fa - fb) / gap;
    if gap * R::from_f64(4.0) > a {
        return quotient;
    }
    let mean = mean_derivative(f, a, b);
    let bound = R::from_f64(2.0) * R::EPSILON * (fa.abs() / gap + fb.abs() / gap + mean.abs() * (a / gap));
    if (quotient - mean).abs() <= bound { mean } else { quotient }
}

/// ∫₀¹ f′ by Gauss's formula with five nodes: exact for polynomials f of degree 10.
fn mean_derivative<R: Real, F: SpectralFunction<R> + ?Sized>(f: &F, a: R, b: R) -> R {
    let c = R::from_f64;
    let half = (a - b) * c(0.5);
    let centre = b + half;
    // Nodes 0 and ±√(5 ± 2√(10/7))/3, weights (half of the usual ones) 64/225 and (322 ∓ 13√70)/1800.
    let (root, root70) = (c(2.0) * (c(10.0) / c(7.0)).sqrt(), c(70.0).sqrt());
    let mut mean = f.derivative(centre) * (c(64.0) / c(225.0));
    for (inner, sign) in [(c(5.0) - root, c(13.0)), (c(5.0) + root, c(-13.0))] {
        let (step, weight) = (half * (inner.sqrt() / c(3.0)), (c(322.0) + sign * root70) / c(1800.0));
        mean += (f.derivative(centre + step) + f.derivative(centre - step)) * weight;
    }
    mean
}

/// (f + g)/(a + b), also where a sum leaves the range of the type.
pub(super) fn quotient_of_sums<R: Real>([f, g]: [R; 2], [a, b]: [R; 2]) -> R {
    let (above, below) = (f + g, a + b);
    if above.is_finite() && below.is_finite() {
        return above / below;
    }
    let half = |x: R| x.mul_pow2(-1);
    (half(f) + half(g)) / (half(a) + half(b))
}

/// f\[a, b\] of the odd continuation.
pub(super) fn odd_difference<R: Real, F: SpectralFunction<R> + ?Sized>(f: &F, a: R, b: R) -> R {
    let zero = R::zero();
    let (x, y) = (a.abs(), b.abs());
    if (x == zero) != (y == zero) {
        // f(0) = 0 by continuation, whatever the function says of it.
        return f.quotient(x + y);
    }
    if (a < zero && b > zero) || (a > zero && b < zero) { f.divided_sum(x, y) } else { f.divided_difference(x, y) }
}

pub(super) fn second_difference<R: Real, F: TwiceDifferentiable<R> + ?Sized>(f: &F, x: [R; 3]) -> R {
    let [a, b, c] = descending(x);
    let spread = a - c;
    let mean = mean_second_derivative(f, [a, b, c]);
    if spread == R::zero() {
        return mean;
    }
    let (upper, lower) = (odd_difference(f, a, b), odd_difference(f, b, c));
    let quotient = (upper - lower) / spread;
    let bound = R::from_f64(4.0) * R::EPSILON * ((upper.abs() + lower.abs()) / spread);
    if (quotient - mean).abs() <= bound { mean } else { quotient }
}

/// g\[x₀, x₁, x₂\] of the even continuation: turned so that at most one argument −b is negative, where g differs from the odd f by 2 f(b).
///
/// g\[0, 0, x\] is (g(x) − g(0))/x², as if g′(0) = 0: where g has a kink at zero, its two slopes cancel in every sum over ±x.
pub(super) fn even_second_difference<R: Real, F: TwiceDifferentiable<R> + ?Sized>(f: &F, x: [R; 3]) -> R {
    let zero = R::zero();
    let count = |wanted: fn(&R, &R) -> bool| x.iter().filter(|x| wanted(*x, &zero)).count();
    if count(R::eq) == 2 {
        let x = x.iter().fold(zero, |sum, x| sum + x.abs());
        return f.quotient(x) / x;
    }
    let (negative, positive) = (count(R::lt), count(R::gt));
    let [a, b, c] = if negative > positive.min(1) { x.map(|x| -x) } else { x };
    let odd = f.second_difference([a, b, c]);
    for [one, middle, other] in [[a, b, c], [b, c, a], [c, a, b]] {
        if middle < zero {
            let b = -middle;
            let quotient = f.quotient(b) * quotient_of_sums([b, zero], [one, b]) / (b + other);
            return odd + quotient + quotient;
        }
    }
    odd
}

/// f\[x₀, x₁, x₂\] of a function that is made of linear pieces, by the quotient over the longest side that joins them, whose length
/// does not vanish; zero where all three lie in one.
pub(super) fn second_of_pieces<R: Real, P: Copy, Q: PartialEq>(
    x: [P; 3],
    position: impl Fn(P) -> R,
    piece: impl Fn(P) -> Q,
    first: impl Fn(P, P) -> R,
) -> R {
    let mut longest = (R::zero(), x);
    for [a, b, c] in [x, [x[1], x[2], x[0]], [x[2], x[0], x[1]]] {
        let side = (position(a) - position(c)).abs();
        if piece(a) != piece(c) && side > longest.0 {
            longest = (side, [a, b, c]);
        }
    }
    let (side, [a, b, c]) = longest;
    if side == R::zero() { side } else { (first(a, b) - first(b, c)) / (position(a) - position(c)) }
}

/// ∫∫ f″ over the triangle t₀ + t₁ + t₂ = 1 (of area ½) by Radon's formula: exact for polynomials f of degree 7.
fn mean_second_derivative<R: Real, F: TwiceDifferentiable<R> + ?Sized>(f: &F, [a, b, c]: [R; 3]) -> R {
    let number = R::from_f64;
    let odd = |x: R| if x < R::zero() { -f.second_derivative(-x) } else { f.second_derivative(x) };
    if a == c {
        return odd(a) * number(0.5);
    }
    // Relative to the middle value, so that three values close together stay between the extremes.
    let (up, down) = (a - b, c - b);
    let at = |t_up: R, t_down: R| odd(b + up * t_up + down * t_down);
    let third = number(1.0) / number(3.0);
    let mut mean = at(third, third) * (number(9.0) / number(80.0));
    for root in [number(15.0).sqrt(), -number(15.0).sqrt()] {
        let near = (number(6.0) + root) / number(21.0);
        let far = number(1.0) - near - near;
        let weight = (number(155.0) + root) / number(2400.0);
        mean += (at(near, near) + at(near, far) + at(far, near)) * weight;
    }
    mean
}

fn descending<R: Real>([a, b, c]: [R; 3]) -> [R; 3] {
    let (a, b) = if a < b { (b, a) } else { (a, b) };
    let (b, c) = if b < c { (c, b) } else { (b, c) };
    let (a, b) = if a < b { (b, a) } else { (a, b) };
    [a, b, c]
}

pub(super) fn check<R: Real, F: SpectralFunction<R> + ?Sized>(
    f: &F,
    at: &Values<'_, R>,
    order: Order,
) -> Result<(), Error> {
    const OPERATION: &str = "the function of the singular values";
    if order == Order::Value {
        return Ok(());
    }
    for index in 0..at.count() {
        let s = at.get(index);
        let slope = require_finite("the derivative of the function", (index, 0), f.derivative(s));
        if s > R::zero() {
            slope?;
        } else if slope.is_err() || f.value(s) != R::zero() {
            return Err(Error::ZeroSingularValue { operation: OPERATION, index, value: s.to_f64() });
        }
    }
    Ok(())
}

/// The default check, and for the second order f″(0) = 0 where a singular value is zero: elsewhere the odd continuation
/// has a kink in its derivative there.
pub(super) fn check_second<R: Real, F: TwiceDifferentiable<R> + ?Sized>(
    f: &F,
    at: &Values<'_, R>,
) -> Result<(), Error> {
    f.check(at, Order::Derivative)?;
    if f.second_derivative(R::zero()) == R::zero() {
        return Ok(());
    }
    at.require_above("the second derivative", R::zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spectral::{
        BestRank, Eigenvalue, PerValue, Polar, SecondOrderMap, SoftThreshold, SpectralMap, WeightedSoftThreshold,
        WeightedSum, Wiener,
    };

    /// s³ with a kink added at 1.
    struct Cubic {
        kink: f64,
    }
    impl SpectralFunction<f64> for Cubic {
        fn value(&self, s: f64) -> f64 {
            s * s * s + self.kink * f64::max(s - 1.0, 0.0)
        }
        fn derivative(&self, s: f64) -> f64 {
            3.0 * s * s + if s > 1.0 { self.kink } else { 0.0 }
        }
    }
    impl TwiceDifferentiable<f64> for Cubic {
        fn second_derivative(&self, s: f64) -> f64 {
            6.0 * s
        }
    }

    #[test]
    fn nothing_cancels_for_a_smooth_function_at_any_gap() {
        for p in 0..60 {
            let (a, b) = (3.0, 3.0 - 2.0 * 0.5_f64.powi(p));
            let exact = a * a + a * b + b * b;
            let error = (difference(&Cubic { kink: 0.0 }, a, b) - exact).abs() / exact;
            assert!(error <= 8.0 * f64::EPSILON, "gap 2^{}: {error:e}", 1 - p);
        }
    }

    #[test]
    fn a_kink_between_the_values_is_seen_at_every_gap() {
        for p in 1..40 {
            let half = 0.5_f64.powi(p);
            let (a, b) = (1.0 + half, 1.0 - half);
            let exact = a * a + a * b + b * b + 0.5;
            let error = (difference(&Cubic { kink: 1.0 }, a, b) - exact).abs();
            assert!(error <= 4.0 * f64::EPSILON / half, "half gap 2^-{p}: {error:e}");
        }
    }

    fn sum<M, F: SpectralMap<f64, M>>(f: &F, at: &Values<'_, f64>) -> f64 {
        f.sum(at, 0, 1)
    }

    #[test]
    fn sums_that_leave_the_range() {
        let small = [f64::MAX / 1.5, f64::MAX / 1.75].map(|s| s * 2_f64.powi(-500));
        let large = small.map(|s| s * 2_f64.powi(500));
        assert!((large[0] + large[1]).is_infinite());
        let [small, large] = [&small, &large].map(|s| Values { s, shape: (2, 2) });
        // Of functions of degree 1 they do not depend on the scale.
        assert_eq!(sum(&SoftThreshold(0.0), &large), 1.0);
        assert_eq!(sum(&BestRank(1), &large), sum(&BestRank(1), &small));
        assert_eq!(sum(&WeightedSoftThreshold(&[0.0; 2]), &large), 1.0);
        assert_eq!(sum(&PerValue { value: large.s, derivative: &[1.0; 2] }, &large), 1.0);
        // Of functions of degree 0 they fall, to subnormal numbers here.
        let falls = |small: f64, large: f64| (large * 2_f64.powi(500) - small).abs() <= 1e-15 * small;
        assert!(falls(sum(&Polar, &small), sum(&Polar, &large)));
        assert!(falls(sum(&Wiener(1.0), &small), sum(&Wiener(1.0), &large)));
        assert!(falls(sum(&WeightedSum(&[1.0, 0.0]), &small), sum(&WeightedSum(&[1.0, 0.0]), &large)));
    }

    /// c (sᵏ − 1), of which nothing is left near 1.
    struct Monomial(i32, f64);
    impl SpectralFunction<f64> for Monomial {
        fn value(&self, s: f64) -> f64 {
            self.1 * (s.powi(self.0) - 1.0)
        }
        fn derivative(&self, s: f64) -> f64 {
            self.1 * f64::from(self.0) * s.powi(self.0 - 1)
        }
    }
    impl TwiceDifferentiable<f64> for Monomial {
        fn second_derivative(&self, s: f64) -> f64 {
            self.1 * f64::from(self.0 * (self.0 - 1)) * s.powi(self.0 - 2)
        }
    }

    /// The sum of all monomials of that degree: the divided difference of sᵏ for k = degree + 1 and + 2.
    fn homogeneous(x: &[f64], degree: i32) -> f64 {
        match x {
            [x] => x.powi(degree),
            [first, rest @ ..] => (0..=degree).map(|i| first.powi(i) * homogeneous(rest, degree - i)).sum(),
            [] => 0.0,
        }
    }

    #[test]
    fn quadratures_are_exact_for_polynomials() {
        let close = |x: f64, exact: f64| (x - exact).abs() <= 4.0 * f64::EPSILON * exact;
        for k in 2..=10 {
            assert!(close(mean_derivative(&Monomial(k, 1.0), 3.0, 2.0), homogeneous(&[3.0, 2.0], k - 1)), "{k}");
        }
        for k in 2..=7 {
            let mean = |x| mean_second_derivative(&Monomial(k, 1.0), x);
            assert!(close(mean([3.0, 2.5, 1.0]), homogeneous(&[3.0, 2.5, 1.0], k - 2)), "{k}");
            // The odd continuation of an odd power is that power.
            if k % 2 == 1 {
                assert!(close(mean([2.0, 0.5, -1.0]), homogeneous(&[2.0, 0.5, -1.0], k - 2)), "{k}");
            }
        }
    }

    #[test]
    fn nothing_cancels_where_the_function_is_nearly_zero() {
        for (p, c) in (3..50).flat_map(|p| [(p, 1.0), (p, 1e6), (p, 1e-6)]) {
            let (a, b, f) = (1.0 + 0.5_f64.powi(p), 1.0 - 0.5_f64.powi(p), Monomial(4, c));
            let error = difference(&f, a, b) / (c * homogeneous(&[a, b], 3)) - 1.0;
            assert!(error.abs() <= 8.0 * f64::EPSILON, "2^-{p}: {error:e}");
            let error = second_difference(&f, [a, b, 1.0]) / (c * homogeneous(&[a, b, 1.0], 2)) - 1.0;
            assert!(error.abs() <= 16.0 * f64::EPSILON, "2^-{p}: {error:e}");
        }
    }

    /// Of the identity below a rank, and of the sign: by their definition at points of both signs, and at zero.
    #[test]
    fn second_differences_of_functions_in_pieces() {
        use Eigenvalue::{Minus, Plus, Zero};
        fn check<M, F: SecondOrderMap<f64, M>>(f: &F, value: impl Fn(f64) -> f64) {
            let at = Values { s: &[4.0, 3.0, 2.0, 1.0], shape: (6, 4) };
            let points = [Zero, Plus(0), Plus(1), Plus(2), Plus(3), Minus(0), Minus(1), Minus(2), Minus(3)];
            for x in points.iter().flat_map(|a| points.iter().map(move |b| (*a, *b))) {
                for c in points {
                    let (a, b) = x;
                    let [p, q, r] = [a, b, c].map(|point| point.of(&at));
                    if p == q || q == r || p == r {
                        continue;
                    }
                    let quotient = |p: f64, q: f64| (value(p) - value(q)) / (p - q);
                    let exact = (quotient(p, q) - quotient(q, r)) / (p - r);
                    let error = (f.second(&at, [a, b, c]) - exact).abs();
                    assert!(error <= 4.0 * f64::EPSILON, "{p} {q} {r}: {error:e}");
                }
                // Twice the same value, where the function does not change.
                let (a, b) = (x.0, x.1);
                let [p, q] = [a, b].map(|point| point.of(&at));
                if p != q {
                    let slope = if p == 0.0 { f.at_zero(&at) } else { (value(p + 0.25) - value(p - 0.25)) / 0.5 };
                    let exact = (slope - (value(p) - value(q)) / (p - q)) / (p - q);
                    let error = (f.second(&at, [a, b, a]) - exact).abs();
                    assert!(error <= 4.0 * f64::EPSILON, "{p} {q} {p}: {error:e}");
                }
            }
        }
        check(&Polar, |x| if x == 0.0 { x } else { x.signum() });
        check(&SoftThreshold(2.5), |x| (x.abs() - 2.5).max(0.0) * x.signum());
        for cut in 0..=3 {
            check(&BestRank(cut), |x| if x.abs() > 4.5 - cut as f64 { x } else { 0.0 });
        }
        check(&BestRank(4), |x| x);
    }

    #[test]
    fn second_differences_of_any_sign_and_spread() {
        let f = Cubic { kink: 0.0 };
        for p in 0..60 {
            let d = 0.5_f64.powi(p);
            for x in [[1.0, 1.0 - d, 1.0 - d / 3.0], [d, -d, d], [1.0, d, -d], [1.0, -1.0, -1.0 + d]] {
                // s³ has the second difference a + b + c.
                let exact = x[0] + x[1] + x[2];
                let scale = x.iter().fold(0.0, |m, x: &f64| f64::max(m, x.abs()));
                let error = (second_difference(&f, x) - exact).abs() / scale;
                assert!(error <= 16.0 * f64::EPSILON, "{x:?}: {error:e}");
            }
        }
    }
}
