//! The inner rule at second order: M, which stands between U and Vᴴ, and its tangent.

use super::cotangent::Cotangent;
use super::rule::{Class, Pair};
use super::second::{Problem, State};
use crate::matrix::MatMut;
use crate::scalar::{Real, Scalar, Zero};

impl<S: Scalar> Problem<'_, S> {
    /// M and dM. M is linear in the coefficients and in the cotangents, so that three times the same sum gives both.
    pub(super) fn inner(&self, state: &mut State<'_, S>) {
        let ([g, q, middle], [g_dot, q_dot, middle_dot]) = (&mut state.g, &mut state.g_dot);
        self.set_values(middle, &self.point.cotangent);
        self.set_values(middle_dot, &self.point.cotangent_dot);
        self.add_pairs(middle, Self::coefficients, (g, q));
        self.add_pairs(middle_dot, Self::coefficients, (g_dot, q_dot));
        self.add_pairs(middle_dot, Self::coefficients_dot, (g, q));
    }

    /// diag(gs), and the block cotangent where singular values are equal.
    fn set_values(&self, middle: &mut MatMut<'_, S>, cotangent: &Cotangent<'_, S>) {
        let matrix = |i, j| cotangent.s_matrix.map_or_else(S::zero, |gs| gs.at(i, j));
        let hermitian = |i, j| (matrix(i, j) + matrix(j, i).conj()).scale(S::Real::from_f64(0.5));
        for j in 0..self.r {
            let zero = self.spectrum.is_zero(j);
            let value = cotangent.s.map_or_else(S::zero, |gs| S::from_real(gs[j]));
            middle.put(j, j, value + if zero { matrix(j, j) } else { hermitian(j, j) });
        }
        self.spectrum.each_pair((self.r, self.r), |j, i, linked| {
            let (below, above) = match self.spectrum.pair(j, i, linked).class {
                Class::Distinct => (S::zero(), S::zero()),
                Class::Equal => (hermitian(i, j), hermitian(j, i)),
                Class::Zero => (matrix(i, j), matrix(j, i)),
            };
            middle.put(i, j, below);
            middle.put(j, i, above);
        });
    }

    /// M += Gap∘(X + Y) + Sum∘(X − Y), with what the rule puts for Gap and Sum.
    fn add_pairs(
        &self,
        middle: &mut MatMut<'_, S>,
        coefficients: fn(&Self, usize, usize, bool) -> Pair<S::Real>,
        (g, q): (&MatMut<'_, S>, &MatMut<'_, S>),
    ) {
        let half = S::Real::from_f64(0.5);
        for j in 0..self.r {
            let phase = coefficients(self, j, j, false).sum * (g.at(j, j).im() - q.at(j, j).im());
            middle.put(j, j, middle.at(j, j) + S::from_parts(S::Real::zero(), phase));
        }
        self.spectrum.each_pair((self.r, self.r), |j, i, linked| {
            let pair = coefficients(self, j, i, linked);
            for (row, col, gap) in [(i, j, -pair.gap), (j, i, pair.gap)] {
                let [left, right] = [g, q].map(|g| (g.at(row, col), g.at(col, row).conj()));
                let (x, y) = ((left.0 - left.1).scale(half), (right.0 - right.1).scale(half));
                let hermitian = (left.0 + left.1 + right.0 + right.1).scale(half);
                let entry = (x + y).scale(gap) + (x - y).scale(pair.sum);
                let extra = hermitian.scale(pair.block) + left.0.scale(pair.left);
                middle.put(row, col, middle.at(row, col) + entry + extra);
            }
        });
    }

    /// What the rule puts for 1/(sⱼ − sᵢ) and 1/(sⱼ + sᵢ); for i = j the coefficient of the phase.
    fn coefficients(&self, i: usize, j: usize, linked: bool) -> Pair<S::Real> {
        let zero = S::Real::zero();
        if i == j {
            let sum = self.spectrum.phase(i);
            return Pair { gap: zero, sum, block: zero, left: zero, class: Class::Distinct };
        }
        self.spectrum.pair(i, j, linked)
    }

    /// Their tangents, d(1/x) = −dx/x²; a coefficient that was cut stays cut.
    fn coefficients_dot(&self, i: usize, j: usize, linked: bool) -> Pair<S::Real> {
        let Pair { gap, sum, block, left, class } = self.coefficients(i, j, linked);
        let (first, second) = (self.s_dot[i], self.s_dot[j]);
        let sum_dot = -(first + second);
        Pair {
            gap: (first - second) * gap * gap,
            sum: sum_dot * sum * sum,
            block: sum_dot * block * block,
            left: -second * left * left,
            class,
        }
    }
}
