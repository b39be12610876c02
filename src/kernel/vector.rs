//! Arithmetic on W lanes at once: plain loops over arrays, which the compiler turns into the vectors of the instruction set.
//!
//! An entry of a matrix is one array, or two for a complex type, real parts first.

use super::Arith;
use crate::scalar::{Real, Scalar};

/// One real number of each of W matrices.
pub(crate) type Lane<R, const W: usize> = [R; W];

/// One number of each of W matrices; the imaginary part of a real type is zero and never looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<R, const W: usize> {
    pub(crate) re: Lane<R, W>,
    pub(crate) im: Lane<R, W>,
}

// Stands in each loop over the entries of a tile, whose lanes these arrays are.
pub(crate) use super::lanes::lane_by_lane as entry_by_entry;

/// f(x), lane by lane.
#[inline(always)]
pub(crate) fn map<R: Real, const W: usize>(x: Lane<R, W>, f: impl Fn(R) -> R) -> Lane<R, W> {
    let mut y = x;
    for l in 0..W {
        y[l] = f(x[l]);
    }
    y
}

/// f(x, y), lane by lane.
#[inline(always)]
pub(crate) fn zip<R: Real, const W: usize>(x: Lane<R, W>, y: Lane<R, W>, f: impl Fn(R, R) -> R) -> Lane<R, W> {
    let mut z = x;
    for l in 0..W {
        z[l] = f(x[l], y[l]);
    }
    z
}

/// x y + z.
#[inline(always)]
pub(crate) fn mul_add<A: Arith, R: Real, const W: usize>(x: Lane<R, W>, y: Lane<R, W>, z: Lane<R, W>) -> Lane<R, W> {
    let mut sum = z;
    for l in 0..W {
        sum[l] = A::mul_add(x[l], y[l], z[l]);
    }
    sum
}

/// z − x y.
#[inline(always)]
pub(crate) fn mul_sub<A: Arith, R: Real, const W: usize>(x: Lane<R, W>, y: Lane<R, W>, z: Lane<R, W>) -> Lane<R, W> {
    let mut rest = z;
    for l in 0..W {
        rest[l] = A::mul_add(-x[l], y[l], z[l]);
    }
    rest
}

/// x y.
#[inline(always)]
pub(crate) fn mul<R: Real, const W: usize>(x: Lane<R, W>, y: Lane<R, W>) -> Lane<R, W> {
    zip(x, y, |x, y| x * y)
}

/// Whether any lane is not zero.
#[inline(always)]
pub(crate) fn any<R: Real, const W: usize>(x: &Lane<R, W>) -> bool {
    let mut found = false;
    for x in x {
        found |= *x != R::zero();
    }
    found
}

/// All lanes alike.
#[inline(always)]
pub(crate) fn splat<R: Real, const W: usize>(x: R) -> Lane<R, W> {
    [x; W]
}

impl<R: Real, const W: usize> Number<R, W> {
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Number { re: [R::zero(); W], im: [R::zero(); W] }
    }

    /// x + y.
    #[inline(always)]
    pub(crate) fn plus<S: Scalar<Real = R>>(self, other: Self) -> Self {
        let im = if S::PARTS == 2 { zip(self.im, other.im, |x, y| x + y) } else { self.im };
        Number { re: zip(self.re, other.re, |x, y| x + y), im }
    }

    /// x − y.
    #[inline(always)]
    pub(crate) fn minus<S: Scalar<Real = R>>(self, other: Self) -> Self {
        let im = if S::PARTS == 2 { zip(self.im, other.im, |x, y| x - y) } else { self.im };
        Number { re: zip(self.re, other.re, |x, y| x - y), im }
    }

    /// x a for real a.
    #[inline(always)]
    pub(crate) fn scale<S: Scalar<Real = R>>(self, a: Lane<R, W>) -> Self {
        Number { re: mul(self.re, a), im: if S::PARTS == 2 { mul(self.im, a) } else { self.im } }
    }

    /// x a for real a, and zero where a is zero.
    #[inline(always)]
    pub(crate) fn share<S: Scalar<Real = R>>(self, a: Lane<R, W>) -> Self {
        let of = |x| zip(x, a, |x: R, a: R| if a == R::zero() { a } else { x * a });
        Number { re: of(self.re), im: if S::PARTS == 2 { of(self.im) } else { self.im } }
    }

    /// The complex conjugate.
    #[inline(always)]
    pub(crate) fn conj<S: Scalar<Real = R>>(self) -> Self {
        Number { re: self.re, im: if S::PARTS == 2 { map(self.im, |x| -x) } else { self.im } }
    }

    /// |x|².
    #[inline(always)]
    pub(crate) fn modulus_squared<A: Arith, S: Scalar<Real = R>>(self) -> Lane<R, W> {
        let re = mul(self.re, self.re);
        if S::PARTS == 2 { mul_add::<A, _, W>(self.im, self.im, re) } else { re }
    }

    /// Entry number `e` of a matrix.
    #[inline(always)]
    pub(crate) fn load<S: Scalar<Real = R>>(matrix: &[Lane<R, W>], e: usize) -> Self {
        let im = if S::PARTS == 2 { matrix[2 * e + 1] } else { [R::zero(); W] };
        Number { re: matrix[S::PARTS * e], im }
    }

    /// Writes entry number `e` of a matrix.
    #[inline(always)]
    pub(crate) fn store<S: Scalar<Real = R>>(self, matrix: &mut [Lane<R, W>], e: usize) {
        matrix[S::PARTS * e] = self.re;
        if S::PARTS == 2 {
            matrix[2 * e + 1] = self.im;
        }
    }
}

/// xᴴy of two columns.
#[inline(always)]
pub(crate) fn dot<A: Arith, S: Scalar, const W: usize>(
    x: &[Lane<S::Real, W>],
    y: &[Lane<S::Real, W>],
) -> Number<S::Real, W> {
    let mut sum = Number::zero();
    if S::PARTS == 1 {
        for (&x, &y) in x.iter().zip(y) {
            entry_by_entry();
            sum.re = mul_add::<A, _, W>(x, y, sum.re);
        }
        return sum;
    }
    for (&[x_re, x_im], &[y_re, y_im]) in x.as_chunks().0.iter().zip(y.as_chunks().0) {
        entry_by_entry();
        sum.re = mul_add::<A, _, W>(x_re, y_re, sum.re);
        sum.im = mul_add::<A, _, W>(x_re, y_im, sum.im);
        sum.re = mul_add::<A, _, W>(x_im, y_im, sum.re);
        sum.im = mul_sub::<A, _, W>(x_im, y_re, sum.im);
    }
    sum
}

/// ‖x‖² of a column.
#[inline(always)]
pub(crate) fn squares<A: Arith, R: Real, const W: usize>(x: &[Lane<R, W>]) -> Lane<R, W> {
    x.iter().fold([R::zero(); W], |sum, &x| {
        entry_by_entry();
        mul_add::<A, _, W>(x, x, sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Level, Task};
    use crate::noise::Noise;
    use crate::scalar::{One, Zero};
    use core::marker::PhantomData;

    const W: usize = 4;
    const ENTRIES: usize = 4;

    struct Check<S>(PhantomData<S>);

    impl<S: Scalar> Task for Check<S> {
        type Real = S::Real;

        fn run<A: Arith>(self) {
            let mut noise = Noise(1);
            let [x, y]: [std::vec::Vec<Lane<S::Real, W>>; 2] = core::array::from_fn(|_| {
                (0..ENTRIES * S::PARTS).map(|_| core::array::from_fn(|_| noise.signed())).collect()
            });
            let [p, q] = [&x, &y].map(|x| Number::load::<S>(x, 1));
            let a = [0.0, -2.0, 0.5, 3.0].map(S::Real::from_f64);
            let (product, sum, total) = (p.modulus_squared::<A, S>(), dot::<A, S, W>(&x, &y), squares::<A, _, W>(&x));
            for l in 0..W {
                let of = |x: Number<S::Real, W>| S::from_parts(x.re[l], x.im[l]);
                let entry = |x: &[Lane<S::Real, W>], e| of(Number::load::<S>(x, e));
                let parts = &x[S::PARTS..2 * S::PARTS];
                assert_eq!(entry(&x, 1), S::from_parts(parts[0][l], parts[S::PARTS - 1][l]));
                assert_eq!(of(p.plus::<S>(q)), of(p) + of(q));
                assert_eq!(of(p.minus::<S>(q)), of(p) - of(q));
                assert_eq!(of(p.conj::<S>()), of(p).conj());
                assert_eq!(of(p.scale::<S>(a)), of(p).scale(a[l]));
                assert_eq!(of(p.share::<S>(a)), of(p).scale(a[l]));
                let close = |x: S, y: S| (x - y).modulus() <= S::Real::EPSILON * S::Real::from_f64(16.0);
                assert!(close(S::from_real(product[l]), S::from_real(of(p).modulus_squared())));
                let overlap = (0..ENTRIES).fold(S::zero(), |sum, e| sum + entry(&x, e).conj() * entry(&y, e));
                assert!(close(of(sum), overlap), "{sum:?} for {overlap:?}");
                let norm = (0..ENTRIES).fold(S::zero(), |sum, e| sum + entry(&x, e).conj() * entry(&x, e));
                assert!(close(S::from_real(total[l]), norm));
            }
            // A share of zero, of what is not finite too.
            let infinite = Number { re: [S::Real::one() / S::Real::zero(); W], ..p };
            assert_eq!(infinite.share::<S>(a).re[0], a[0]);
            let mut stored = x.clone();
            Number::load::<S>(&y, 3).store::<S>(&mut stored, 3);
            for (e, from) in [&x, &x, &x, &y].into_iter().enumerate() {
                let parts = e * S::PARTS..(e + 1) * S::PARTS;
                assert_eq!(stored[parts.clone()], from[parts]);
            }
            let (zero, one) = (splat::<S::Real, W>(S::Real::zero()), splat(S::Real::one()));
            assert!(!any(&zero) && any(&one) && any(&a));
            assert_eq!(map(a, |x| x + one[0]), zip(a, one, |x, y| x + y));
            assert_eq!(
                [mul(a, a), mul_add::<A, _, W>(a, a, one), mul_sub::<A, _, W>(a, a, one)],
                [
                    [0.0, 4.0, 0.25, 9.0].map(S::Real::from_f64),
                    [1.0, 5.0, 1.25, 10.0].map(S::Real::from_f64),
                    [1.0, -3.0, 0.75, -8.0].map(S::Real::from_f64),
                ]
            );
        }
    }

    #[test]
    fn every_level_agrees_with_the_definition() {
        for level in Level::all() {
            level.run(Check::<f64>(PhantomData));
            level.run(Check::<num_complex::Complex<f32>>(PhantomData));
        }
    }
}
