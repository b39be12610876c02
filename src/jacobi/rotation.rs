//! The rotations of W pairs of columns at once, one pair a lane, without branches.

use crate::kernel::vector::{Lane, Number};
use crate::kernel::{Arith, each};
use crate::scalar::{One, Real, Scalar, Zero};

/// A rotation of two columns: x ← c x − z̄ y, y ← c y + z x.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation<R, const W: usize> {
    pub(crate) c: Lane<R, W>,
    pub(crate) z: Number<R, W>,
}

/// The rotations that make g = xᴴy zero in the lanes that are one in `busy`; by the angle zero in the others. a = ‖x‖² and b = ‖y‖² become
/// what they are afterwards, and `unsettled` one where a rotation was not small. Columns have `rows` entries, and `overlap` is |g|². Of columns whose
/// ‖x‖⁴ underflows they are not accurate.
///
/// Each step is a loop of its own: a longer one over few lanes is taken apart into lanes.
#[inline(always)]
pub(crate) fn rotate<A: Arith, S: Scalar, const W: usize>(
    (a, b): (&mut Lane<S::Real, W>, &mut Lane<S::Real, W>),
    (g, overlap): (&Number<S::Real, W>, &Lane<S::Real, W>),
    (busy, unsettled): (&Lane<S::Real, W>, &mut Lane<S::Real, W>),
    rows: S::Real,
) -> Rotation<S::Real, W> {
    let (zero, one) = (S::Real::zero(), S::Real::one());
    let (two, half) = (one + one, S::Real::from_f64(0.5));
    let squared = |re: &Lane<S::Real, W>, im: &Lane<S::Real, W>| -> Lane<S::Real, W> {
        each(zero, |l| if S::PARTS == 2 { A::mul_add(im[l], im[l], re[l] * re[l]) } else { re[l] * re[l] })
    };
    let d: Lane<_, W> = each(zero, |l| b[l] - a[l]);
    let root: Lane<_, W> = each(zero, |l| A::mul_add(d[l], d[l], two * two * overlap[l]).sqrt());
    let p: Lane<_, W> = each(zero, |l| d[l].abs() + root[l]);
    let sign: Lane<_, W> = each(zero, |l| if d[l] < zero { -two } else { two });
    let (re, im): (Lane<_, W>, Lane<_, W>) = (each(zero, |l| g.re[l] * sign[l]), each(zero, |l| g.im[l] * sign[l]));
    let length = squared(&re, &im);
    let length: Lane<_, W> = each(zero, |l| A::mul_add(p[l], p[l], length[l]).sqrt());
    let h: Lane<_, W> = each(zero, |l| one / length[l]);
    let c: Lane<_, W> = each(zero, |l| p[l] * h[l]);
    let (re, im): (Lane<_, W>, Lane<_, W>) = (each(zero, |l| re[l] * h[l]), each(zero, |l| im[l] * h[l]));
    // c² + |z|² = 1 but for one rounding, by a Newton step for its reciprocal root: what it misses would add up in V.
    let z_squared = squared(&re, &im);
    let missing: Lane<_, W> = each(zero, |l| ((one - c[l] * c[l]) - z_squared[l]) * half);
    let change: Lane<_, W> = each(zero, |l| sign[l] * overlap[l] / p[l]);
    let moved: Lane<_, W> = each(zero, |l| if busy[l] > zero { change[l] } else { zero });
    // Each cosine between columns was at most 2δ and is changed by at most 2δ² a rotation, δ² = |z/c|² max(a, b)/min(a, b).
    let tight = rows * S::Real::from_f64(16.0);
    let larger: Lane<_, W> = each(zero, |l| a[l].larger(b[l]) * tight * z_squared[l]);
    let smaller: Lane<_, W> = each(zero, |l| S::Real::EPSILON * a[l].smaller(b[l]));
    let large: Lane<_, W> = each(zero, |l| if larger[l] <= smaller[l] { zero } else { busy[l] });
    *unsettled = each(zero, |l| unsettled[l].larger(large[l]));
    *a = each(zero, |l| (a[l] - moved[l]).larger(zero));
    *b = each(zero, |l| (b[l] + moved[l]).larger(zero));
    let turned = |x: &Lane<S::Real, W>, rest: S::Real| -> Lane<S::Real, W> {
        each(zero, |l| if busy[l] > zero { A::mul_add(x[l], missing[l], x[l]) } else { rest })
    };
    let im = if S::PARTS == 2 { turned(&im, zero) } else { [zero; W] };
    Rotation { c: turned(&c, one), z: Number { re: turned(&re, zero), im } }
}
