//! The secular equation, all of its roots to full accuracy.
//!
//! The singular values of the matrix with first row z and diagonal σ, 0 = σ₀ < σ₁ < … < σ_{k−1}, are the roots of
//!
//!   f(s) = 1 + Σᵢ zᵢ² / (σᵢ² − s²),   σⱼ < sⱼ < σⱼ₊₁,   s²_{k−1} < σ²_{k−1} + ‖z‖².
//!
//! A root is kept as the nearer of its two poles, the *origin* o, and the offset μ = s² − o². So every difference
//! σᵢ² − sⱼ² = (σᵢ − o)(σᵢ + o) − μ has high relative accuracy, which is what the singular vectors are made of.
//!
//! One step fits c + S/(σⱼ² − x) + T/(σⱼ₊₁² − x) to f, f′ and f″ and goes to its root: cubic convergence (Gragg, Thornton & Warner 1992);
//! the root stays bracketed all the time. Roots are found [`LANES`] at a time, one in each lane.

#[cfg(test)]
mod tests;

use crate::kernel::team::Halves;
use crate::kernel::{Arith, LANES, Lane, Task};
use crate::scalar::Real;

/// Steps before only bisection is allowed; 3 or 4 are needed.
const FREE_STEPS: usize = 16;

/// Steps altogether: enough to bisect the exponent and then the significand of any f64.
pub(super) const BUDGET: usize = 160;

/// Finds the roots from `first` on. `sigma` is ascending from zero, distinct to the tolerance of the deflation.
pub(super) struct Roots<'a, R> {
    pub(super) sigma: &'a [R],
    /// zᵢ².
    pub(super) weight: &'a [R],
    /// The origins o.
    pub(super) origin: &'a mut [R],
    /// The offsets μ; NaN where the budget was not enough.
    pub(super) offset: &'a mut [R],
    /// A multiple of [`LANES`].
    pub(super) first: usize,
}

impl<R: Real> Task for Roots<'_, R> {
    type Real = R;

    #[inline(always)]
    fn run<A: Arith>(self) {
        let equation = Equation::new(self.sigma, self.weight);
        let mut first = self.first;
        for (origin, offset) in self.origin.chunks_mut(LANES).zip(self.offset.chunks_mut(LANES)) {
            let (lanes, steps) = equation.solve::<A>(first);
            origin.copy_from_slice(&lanes.origin[..origin.len()]);
            offset.copy_from_slice(&lanes.offset[..offset.len()]);
            if steps.is_none() {
                offset.fill(R::zero() / R::zero());
            }
            first += LANES;
        }
    }
}

impl<R: Real> Halves for Roots<'_, R> {
    fn size(&self) -> usize {
        self.origin.len()
    }

    fn halve(self) -> (Self, Self) {
        let middle = (self.size() / 2).next_multiple_of(LANES);
        let (origin, more_origin) = self.origin.split_at_mut(middle);
        let (offset, more_offset) = self.offset.split_at_mut(middle);
        let rest = Roots { origin: more_origin, offset: more_offset, first: self.first + middle, ..self };
        (Roots { origin, offset, ..self }, rest)
    }
}

/// The function f.
struct Equation<'a, R> {
    sigma: &'a [R],
    weight: &'a [R],
    /// ‖z‖².
    total: R,
    /// |f| below this times the sum of the moduli of its terms is rounding.
    tolerance: R,
    /// A step of this relative size is the last: its cube is below ε.
    close: R,
}

/// The state of one root in each lane. All but the origin are squares relative to that of the origin.
#[derive(Clone, Copy)]
struct Lanes<R> {
    origin: Lane<R>,
    offset: Lane<R>,
    /// The pole before the root, and the pole after it.
    left: Lane<R>,
    right: Lane<R>,
    /// The bracket.
    low: Lane<R>,
    high: Lane<R>,
}

impl<R: Real> Lanes<R> {
    /// Whether this may be the offset of the root of lane `l`: it is in the bracket, of which an end may be the root if it is not the pole.
    #[inline(always)]
    fn admits(&self, l: usize, offset: R) -> bool {
        offset >= self.low[l] && offset <= self.high[l] && offset != R::zero()
    }
}

/// f, the sum of the moduli of its terms, f′, and c of the fitted function.
struct Values<R> {
    f: Lane<R>,
    size: Lane<R>,
    slope: Lane<R>,
    rest: Lane<R>,
}

impl<'a, R: Real> Equation<'a, R> {
    fn new(sigma: &'a [R], weight: &'a [R]) -> Self {
        let fourth = R::EPSILON.sqrt().sqrt();
        Equation {
            sigma,
            weight,
            total: weight.iter().fold(R::zero(), |sum, w| sum + *w),
            tolerance: R::EPSILON * (R::from_f64(4.0) + R::from_f64(sigma.len() as f64).sqrt()),
            close: fourth * fourth.sqrt(),
        }
    }

    /// The roots from `first` on, one a lane, the last one again where there are no more; and the last of their steps, from zero on, if there are enough.
    #[inline(always)]
    fn solve<A: Arith>(&self, first: usize) -> (Lanes<R>, Option<usize>) {
        let mut lanes = self.start(first);
        let middle = self.evaluate::<A>(&lanes);
        for l in 0..LANES {
            self.guess(self.root(first, l), l, &mut lanes, middle.f[l]);
        }
        let mut done = [false; LANES];
        for step in 0..BUDGET {
            let values = self.evaluate::<A>(&lanes);
            for (l, done) in done.iter_mut().enumerate() {
                if !*done {
                    *done = self.advance(&mut lanes, &values, l, step);
                }
            }
            if done.iter().all(|done| *done) {
                return (lanes, Some(step));
            }
        }
        (lanes, None)
    }

    /// Number of the root in lane `l`.
    #[inline(always)]
    fn root(&self, first: usize, l: usize) -> usize {
        (first + l).min(self.sigma.len() - 1)
    }

    /// Halfway between the poles, in squares. The last root has no pole after it: twice its bound stands for one, of weight zero.
    #[inline(always)]
    fn start(&self, first: usize) -> Lanes<R> {
        let zero = [R::zero(); LANES];
        let mut lanes = Lanes { origin: zero, offset: zero, left: zero, right: zero, low: zero, high: zero };
        for l in 0..LANES {
            let j = self.root(first, l);
            let sigma = self.sigma[j];
            let gap = match self.sigma.get(j + 1) {
                Some(next) => (*next - sigma) * (*next + sigma),
                None => self.total + self.total,
            };
            lanes.origin[l] = sigma;
            lanes.offset[l] = gap * R::from_f64(0.5);
            (lanes.right[l], lanes.high[l]) = (gap, gap);
        }
        lanes
    }

    /// Chooses the origin from the sign of f halfway, and solves the equation with all but the two poles next to the root held constant.
    #[inline(always)]
    fn guess(&self, j: usize, l: usize, lanes: &mut Lanes<R>, f: R) {
        let (gap, half) = (lanes.right[l], lanes.offset[l]);
        let weights = (self.weight[j], self.weight.get(j + 1).copied().unwrap_or(R::zero()));
        let rest = f + (weights.0 - weights.1) / half;
        let (a, b) = match self.sigma.get(j + 1) {
            Some(next) if f < R::zero() => {
                lanes.origin[l] = *next;
                (lanes.left[l], lanes.right[l]) = (-gap, R::zero());
                (lanes.low[l], lanes.high[l]) = (-half, R::zero());
                (weights.0 + weights.1 - rest * gap, -weights.1 * gap)
            }
            _ => {
                // The last root is not beyond its bound: f is negative there by rounding alone.
                lanes.high[l] = half;
                (weights.0 + weights.1 + rest * gap, weights.0 * gap)
            }
        };
        let guess = smaller_root(rest, a, b);
        lanes.offset[l] = if lanes.admits(l, guess) { guess } else { bisect(lanes.low[l], lanes.high[l]) };
    }

    /// One step of lane `l`. Whether it was the last.
    #[inline(always)]
    fn advance(&self, lanes: &mut Lanes<R>, values: &Values<R>, l: usize, step: usize) -> bool {
        let (offset, f) = (lanes.offset[l], values.f[l]);
        if f < R::zero() {
            lanes.low[l] = offset;
        } else {
            lanes.high[l] = offset;
        }
        let (low, high) = (lanes.low[l], lanes.high[l]);
        let (left, right) = (lanes.left[l] - offset, lanes.right[l] - offset);
        let a = (left + right) * f - left * right * values.slope[l];
        let next = offset + smaller_root(values.rest[l], a, left * right * f);
        let inside = lanes.admits(l, next);
        if f.abs() <= self.tolerance * values.size[l] {
            // Good enough; the step that is known already makes it better.
            lanes.offset[l] = if inside { next } else { offset };
            return true;
        }
        let free = inside && step < FREE_STEPS;
        let next = if free { next } else { bisect(low, high) };
        lanes.offset[l] = next;
        // What a free step leaves over is its cube in units of the distance of the poles, of which the nearest is the origin.
        let moved = (next - offset).abs();
        (free && moved <= self.close * offset.abs()) || high - low <= R::EPSILON * offset.abs()
    }

    /// f and what the next step needs, in every lane.
    #[inline(always)]
    fn evaluate<A: Arith>(&self, lanes: &Lanes<R>) -> Values<R> {
        let (zero, one) = ([R::zero(); LANES], [R::one(); LANES]);
        let mut values = Values { f: one, size: one, slope: zero, rest: one };
        for (sigma, weight) in self.sigma.iter().zip(self.weight) {
            values.add::<A>(lanes, *sigma, *weight);
        }
        values
    }
}

impl<R: Real> Values<R> {
    /// Adds the term of one pole. (That of a pole next to the root belongs to S or T of the fitted function: in c it has a factor that is zero or rounding.)
    #[inline(always)]
    fn add<A: Arith>(&mut self, lanes: &Lanes<R>, sigma: R, weight: R) {
        for l in 0..LANES {
            let origin = lanes.origin[l];
            let inverse = R::one() / A::mul_add(sigma - origin, sigma + origin, -lanes.offset[l]);
            let term = weight * inverse;
            self.f[l] += term;
            self.size[l] += term.abs();
            self.slope[l] = A::mul_add(term, inverse, self.slope[l]);
            let left = A::mul_add(lanes.offset[l] - lanes.left[l], inverse, R::one());
            let right = A::mul_add(lanes.offset[l] - lanes.right[l], inverse, R::one());
            self.rest[l] = A::mul_add(term, left * right, self.rest[l]);
        }
    }
}

/// The root 2b/(a + √(a² − 4bc)) of c x² − a x + b, without cancellation.
#[inline(always)]
fn smaller_root<R: Real>(c: R, a: R, b: R) -> R {
    let two = R::one() + R::one();
    let root = (a * a - two * two * b * c).abs().sqrt();
    if a > R::zero() { two * b / (a + root) } else { (a - root) / (two * c) }
}

/// A point between the ends of a bracket, which have one sign: their geometric mean, or a fraction of the one where the other is zero.
#[inline(always)]
fn bisect<R: Real>(low: R, high: R) -> R {
    if low == R::zero() || high == R::zero() {
        return (low + high) * R::from_f64(1.0 / 64.0);
    }
    (low.abs().sqrt() * high.abs().sqrt()).with_sign(high)
}
