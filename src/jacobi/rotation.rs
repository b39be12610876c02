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

#[cfg(test)]
mod tests {
    use num_complex::Complex;

    use super::*;
    use crate::kernel::Separate;

    const ROWS: f64 = 4.0;

    /// ‖x‖², ‖y‖² and xᴴy on the first lane, the same on a lane that is idle; their rotation, norms after it, and whether it was not small.
    fn turn<S: Scalar<Real = f64>>(a: f64, b: f64, g: Complex<f64>) -> (f64, Complex<f64>, [f64; 2], bool) {
        let (mut norms, mut unsettled) = ([[a; 2], [b; 2]], [0.0; 2]);
        let [of_x, of_y] = &mut norms;
        let g = (&Number { re: [g.re; 2], im: [g.im; 2] }, &[g.norm_sqr(); 2]);
        let busy = (&[1.0, 0.0], &mut unsettled);
        let Rotation { c, z } = rotate::<Separate, S, 2>((of_x, of_y), g, busy, ROWS);
        assert_eq!((c[1], z.re[1], z.im[1], norms[0][1], norms[1][1]), (1.0, 0.0, 0.0, a, b), "an idle lane");
        assert_eq!(unsettled[1], 0.0);
        (c[0], Complex::new(z.re[0], z.im[0]), norms.map(|of| of[0]), unsettled[0] > 0.0)
    }

    fn annihilates<S: Scalar<Real = f64>>(phase: Complex<f64>) {
        for (a, b, cosine) in [(1.0, 4.0, 0.5), (4.0, 1.0, 0.5), (1.0, 1.0, 0.9), (9.0, 2.0, 1e-3), (1.0, 1e6, 0.99)] {
            let g = phase * (cosine * (a * b).sqrt());
            let (c, z, [of_x, of_y], _) = turn::<S>(a, b, g);
            let (small, size) = (8.0 * f64::EPSILON, (a * b).sqrt());
            assert!((c * c + z.norm_sqr() - 1.0).abs() <= small && c * c >= 0.5 - small, "{a} {b} {g}: {c} {z}");
            // Of c x − z̄ y and c y + z x.
            let overlap = g * (c * c) + z * (c * (a - b)) - z * z * g.conj();
            assert!(overlap.norm() <= small * (a + b), "{a} {b} {g}: {overlap} of {size}");
            let cross = 2.0 * c * (z.conj() * g).re;
            let expected = [c * c * a + z.norm_sqr() * b - cross, c * c * b + z.norm_sqr() * a + cross];
            for (found, expected) in [of_x, of_y].iter().zip(expected) {
                assert!((found - expected).abs() <= small * (a + b), "{a} {b} {g}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn rotations_make_columns_orthogonal() {
        annihilates::<f64>(Complex::new(1.0, 0.0));
        annihilates::<f64>(Complex::new(-1.0, 0.0));
        annihilates::<Complex<f64>>(Complex::new(0.6, -0.8));
    }

    /// |z|² = |g|²/9 against ε/(16 · 4 rows · 4), the quotient of the norms.
    #[test]
    fn rotations_are_small_where_others_keep_what_they_have() {
        let unsettled = |a, b, g| turn::<f64>(a, b, Complex::new(g, 0.0)).3;
        assert_eq!([1e-12, 2.5e-9, 3e-9, 0.1].map(|g| unsettled(1.0, 4.0, g)), [false, false, true, true]);
        assert_eq!([1e-8, 1.2e-8].map(|g| unsettled(4.0, 16.0, g)), [false, true]);
    }
}
