//! The characteristic polynomial of B Bᵀ at many places at the same time, one to a lane.
//!
//! In the differences of the transform, as fractions x/y (see `transform`): yₖ is the determinant of the leading k − 1 rows of B Bᵀ − t I, and
//! xₙ that of all of them. The pivots yₖ₊₁/yₖ and xₙ/yₙ change their sign as often as there are eigenvalues below t, and each operation has
//! a relative error, so that the count is that of a B whose entries have moved by a few rounding errors (Fernando 1998).

use crate::kernel::vector::{map, zip};
use crate::kernel::{Arith, add_product, add_scaled, lane_by_lane, sub_product};
use crate::scalar::Real;

use super::transform::Quotients;

/// G registers of W places.
pub(super) type Group<R, const W: usize, const G: usize> = [[R; W]; G];

/// p(t), t p′(t) and t² p″(t)/2 up to a common factor, and the eigenvalues below t.
pub(super) struct Polynomial<R, const W: usize, const G: usize> {
    pub(super) value: Group<R, W, G>,
    pub(super) first: Group<R, W, G>,
    pub(super) second: Group<R, W, G>,
    pub(super) below: Group<R, W, G>,
}

/// The smallest squares of entries, beside the largest one, that is of size one, and the smallest place at which the count can be relied on.
pub(super) fn least<R: Real>() -> R {
    R::one().mul_pow2(R::MIN_EXPONENT / 4)
}

/// Rows between two looks at the size of the numbers, where `smallest` is the smallest square. From a row to the next the larger of |x| and |y| becomes
/// smaller by no more than that and a few bits: half of the range is left for what is multiplied after that.
#[expect(clippy::cast_sign_loss, reason = "the exponent of what is not above one")]
pub(super) fn stride<R: Real>(smallest: R) -> usize {
    let bits = 3 - smallest.exponent().min(0);
    ((-R::MIN_EXPONENT / 2 / bits) as usize).clamp(1, 8)
}

/// y and x of one row, and t times their derivatives, the second ones halved.
#[derive(Clone, Copy)]
struct Row<R, const W: usize> {
    y: [[R; W]; 3],
    x: [[R; W]; 3],
    /// The sign of the last y, and how much oftener it has been kept than changed.
    sign: [R; W],
    agreement: [R; W],
}

impl<R: Real, const W: usize> Row<R, W> {
    #[inline(always)]
    fn first(q: R, t: [R; W]) -> Self {
        let (one, zero) = ([R::one(); W], [R::zero(); W]);
        let x = [map(t, |t| q - t), map(t, |t| -t), zero];
        Row { y: [one, zero, zero], x, sign: one, agreement: zero }
    }

    /// Adds 1 where the sign is that of the row before, and −1 where it has changed.
    #[inline(always)]
    fn compare<A: Arith>(&mut self, with: [R; W]) {
        let sign = map(with, |x| if x < R::zero() { -R::one() } else { R::one() });
        self.agreement = add_product::<A, R, W>(self.agreement, self.sign, sign);
        self.sign = sign;
    }

    #[inline(always)]
    fn next<A: Arith, const DERIVATIVES: bool>(&mut self, e: R, q: R, t: [R; W]) {
        let ([y0, y1, y2], [x0, x1, x2]) = (self.y, self.x);
        let y = |x, y| add_scaled::<A, R, W>(x, y, e);
        let x = |x, y| sub_product::<A, R, W>(map(x, |x| x * q), t, y);
        let sum = |y, lower| zip(y, lower, |y, lower| y + lower);
        let y0 = y(x0, y0);
        (self.y[0], self.x[0]) = (y0, x(x0, y0));
        self.compare::<A>(y0);
        if DERIVATIVES {
            let (y1, y2) = (y(x1, y1), y(x2, y2));
            self.y = [y0, y1, y2];
            self.x = [self.x[0], x(x1, sum(y1, y0)), x(x2, sum(y2, y1))];
        }
    }

    /// All of them by a common factor, so that the larger of x and y is one.
    #[inline(always)]
    fn rescale<const DERIVATIVES: bool>(&mut self) {
        let ([y0, y1, y2], [x0, x1, x2]) = (self.y, self.x);
        let factor = zip(x0, y0, |x, y| x.abs().larger(y.abs()).recip());
        let scale = |x| zip(x, factor, |x, factor| x * factor);
        (self.y[0], self.x[0]) = (scale(y0), scale(x0));
        if DERIVATIVES {
            self.y = [self.y[0], scale(y1), scale(y2)];
            self.x = [self.x[0], scale(x1), scale(x2)];
        }
    }
}

/// The polynomial at the places of a group, with so many rows between two looks. Without `DERIVATIVES` only the value and the count mean anything.
#[inline(always)]
pub(super) fn at<A: Arith, R: Real, const W: usize, const G: usize, const DERIVATIVES: bool>(
    (array, stride): (Quotients<'_, R>, usize),
    t: &Group<R, W, G>,
) -> Polynomial<R, W, G> {
    let n = array.q.len();
    let (q, e) = (&array.q[..n], &array.e[..n]);
    let mut rows = [Row::first(q[0], t[0]); G];
    for g in 1..G {
        rows[g] = Row::first(q[0], t[g]);
    }
    let mut k = 0;
    while k + 1 < n {
        let stop = (k + stride).min(n - 1);
        for k in k..stop {
            for g in 0..G {
                lane_by_lane();
                rows[g].next::<A, DERIVATIVES>(e[k], q[k + 1], t[g]);
            }
        }
        k = stop;
        if k + 1 < n {
            for row in &mut rows {
                row.rescale::<DERIVATIVES>();
            }
        }
    }
    let order = R::from_usize(n);
    let mut p = Polynomial { value: *t, first: *t, second: *t, below: *t };
    for (g, row) in rows.iter_mut().enumerate() {
        row.compare::<A>(row.x[0]);
        [p.value[g], p.first[g], p.second[g]] = row.x;
        p.below[g] = map(row.agreement, |kept| (order - kept) * R::from_f64(0.5));
    }
    p
}
