//! The one table of what the decomposition is held to: c · max(m, n) · ε, relative to s₁.
//!
//! Every c is the worst that was measured over the whole suite (`docs/accuracy.md`), rounded up.

use diffsvd::{Factors, Mat, MatRef, Real, Scalar, Vectors};
use num_complex::Complex;
use num_traits::{One, Zero};

use super::double_double::Dd;
use super::entry::{Entry, at, largest_number, largest_part, widen, widen_real};

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// ‖A − U diag(s) Vᴴ‖, relative to s₁.
    Residual,
    /// ‖`UᴴU` − I‖.
    Left,
    /// ‖`VᴴV` − I‖.
    Right,
    /// max |sᵢ − σᵢ|, relative to s₁.
    Values,
}

impl Check {
    pub(crate) const ALL: [Check; 4] = [Check::Residual, Check::Left, Check::Right, Check::Values];

    /// c of c · max(m, n) · ε.
    pub(crate) fn constant(self) -> f64 {
        match self {
            Check::Residual | Check::Left | Check::Right => 3.0,
            Check::Values => 2.0,
        }
    }
}

/// c of c · n · ε for the relative error of each singular value of a bidiagonal matrix with n of them.
pub(crate) const RELATIVE_CONSTANT: f64 = 3.0;

/// The same for values that come with vectors, and for those alone where the squares of the entries are not in the range of the type (`svd_into`).
pub(crate) const RELATIVE_CONSTANT_OF_SWEEPS: f64 = 100.0;

/// c · max(m, n) · ε for an m×n matrix of a type with real type `R`.
pub(crate) fn bound<R: Real>(check: Check, m: usize, n: usize) -> f64 {
    check.constant() * m.max(n).max(1) as f64 * R::EPSILON.to_f64()
}

/// The larger one, or NaN, which `f64::max` passes over.
pub(crate) fn larger(x: f64, y: f64) -> f64 {
    if x.is_nan() || x > y { x } else { y }
}

/// The errors of one decomposition, each in units of max(m, n) · ε, to be compared with [`Check::constant`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Errors {
    pub(crate) residual: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) values: f64,
}

impl Errors {
    pub(crate) fn get(&self, check: Check) -> f64 {
        match check {
            Check::Residual => self.residual,
            Check::Left => self.left,
            Check::Right => self.right,
            Check::Values => self.values,
        }
    }

    /// The worse of two, check by check.
    pub(crate) fn worse(self, other: Self) -> Self {
        Errors {
            residual: larger(self.residual, other.residual),
            left: larger(self.left, other.left),
            right: larger(self.right, other.right),
            values: larger(self.values, other.values),
        }
    }

    /// # Panics
    /// If one of the errors is above its bound, or is NaN.
    pub(crate) fn assert(&self, what: impl Fn() -> String) {
        for check in Check::ALL {
            let (error, c) = (self.get(check), check.constant());
            assert!(error <= c, "{}: {check:?} is {error:.3} · max(m, n) · ε, allowed {c}", what());
        }
    }
}

/// A with its largest entry brought to unit size, and what its singular values are.
#[derive(Clone, Debug)]
pub(crate) struct Reference<S: Entry> {
    /// 2⁻ᵖ A.
    a: Mat<S::Wide>,
    /// p.
    exponent: i32,
    /// The singular values of 2⁻ᵖ A.
    pub(crate) s: Vec<Dd>,
}

impl<S: Entry> Reference<S> {
    /// By the crate's own code in double-double arithmetic.
    pub(crate) fn new(a: MatRef<'_, S>) -> Self {
        let largest = largest_part(a);
        let exponent = if largest == S::Real::zero() { 0 } else { largest.exponent() };
        let a = widen(a, -exponent);
        let s = diffsvd::Svd::new(a.as_ref(), Vectors::None).expect("a finite matrix of unit size").s().to_vec();
        Reference { a, exponent, s }
    }

    /// max(m, n) · ε.
    pub(crate) fn unit(&self) -> f64 {
        self.a.rows().max(self.a.cols()).max(1) as f64 * S::Real::EPSILON.to_f64()
    }

    /// s₁, or 1 where it is zero.
    pub(crate) fn largest(&self) -> Dd {
        self.s.first().copied().filter(|s| *s > Dd::zero()).unwrap_or_else(Dd::one)
    }

    /// Whether the largest singular value is beyond the range of the type; `None` where rounding decides.
    pub(crate) fn overflows(&self) -> Option<bool> {
        if self.exponent < S::Real::MAX_EXPONENT - 40 {
            return Some(false);
        }
        let limit = self.scaled(largest_number());
        let excess = ((self.largest() - limit) / limit).to_f64() / self.unit();
        (excess.abs() > Check::Values.constant()).then_some(excess > 0.0)
    }

    /// A computed singular value on the scale of the reference.
    pub(crate) fn scaled(&self, s: S::Real) -> Dd {
        widen_real(s).mul_pow2(-self.exponent)
    }

    /// Rounding to a subnormal result costs half of the smallest positive number, whatever the algorithm; relative to s₁.
    fn granularity(&self) -> f64 {
        let epsilon = widen_real(S::Real::EPSILON);
        (epsilon.mul_pow2(S::Real::MIN_EXPONENT - 1 - self.exponent) / self.largest()).to_f64()
    }

    /// max |sᵢ − σᵢ| of the leading values, in units of max(m, n) ε s₁.
    pub(crate) fn values(&self, s: &[S::Real]) -> f64 {
        let error = |(&s, &reference): (&S::Real, &Dd)| ((self.scaled(s) - reference).abs() / self.largest()).to_f64();
        let worst = s.iter().zip(&self.s).map(error).fold(0.0, larger);
        larger(worst - self.granularity(), 0.0) / self.unit()
    }

    /// ‖A − U diag(s) Vᴴ‖ in units of max(m, n) ε s₁. Of fewer than k triplets: the larger of ‖A V − U diag(s)‖ and ‖Aᴴ U − V diag(s)‖.
    pub(crate) fn residual(&self, factors: &Factors<'_, S>) -> f64 {
        let (u, v) = (widen(factors.u, 0), widen(factors.v, 0));
        let s: Vec<Dd> = factors.s.iter().map(|&s| self.scaled(s)).collect();
        let error = if s.len() == self.s.len() {
            let u = scale_columns(&u, &s);
            norm(minus_product(&self.a, &u, &v.adjoint()).as_ref())
        } else {
            let left = norm(minus_product(&scale_columns(&u, &s), &self.a, &v).as_ref());
            let right = norm(minus_product(&scale_columns(&v, &s), &self.a.adjoint(), &u).as_ref());
            larger(left, right)
        };
        let granularity = self.granularity() * (s.len() as f64).sqrt();
        larger(error / self.largest().to_f64() - granularity, 0.0) / self.unit()
    }

    /// All checks of one decomposition.
    pub(crate) fn errors(&self, factors: &Factors<'_, S>) -> Errors {
        let unit = self.unit();
        Errors {
            residual: self.residual(factors),
            left: orthogonality(factors.u) / unit,
            right: orthogonality(factors.v) / unit,
            values: self.values(factors.s),
        }
    }
}

/// C − A B, by its definition.
fn minus_product<S: Scalar>(c: &Mat<S>, a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
    let mut rest = c.clone();
    for j in 0..b.cols() {
        for k in 0..b.rows() {
            for i in 0..a.rows() {
                let product = a[(i, k)] * b[(k, j)];
                rest[(i, j)] -= product;
            }
        }
    }
    rest
}

/// A diag(s).
fn scale_columns<S: Scalar>(a: &Mat<S>, s: &[S::Real]) -> Mat<S> {
    Mat::from_fn(a.rows(), s.len(), |i, j| a[(i, j)].scale(s[j]))
}

/// ‖A‖₂, from above and within a factor of k^(1/16): (Σ sᵢ¹⁶)^(1/16) = ‖(AᴴA)⁴‖ (Frobenius) ^(1/8), which needs no decomposition.
pub(crate) fn norm<S: Scalar>(a: MatRef<'_, S>) -> f64 {
    let entries = || (0..a.cols()).flat_map(|j| (0..a.rows()).map(move |i| at(a, i, j)));
    let frobenius = entries().fold(S::Real::zero(), |sum, x| sum + x.modulus_squared()).sqrt();
    if frobenius == S::Real::zero() {
        return 0.0;
    }
    // The shape alone, at unit size, is enough in `f64`.
    let unit = S::Real::one() / frobenius;
    let part = |x: S| Complex { re: (x.re() * unit).to_f64(), im: (x.im() * unit).to_f64() };
    let a = Mat::from_fn(a.rows(), a.cols(), |i, j| part(at(a, i, j)));
    let adjoint = a.adjoint();
    let mut power = if a.rows() < a.cols() { product(&a, &adjoint) } else { product(&adjoint, &a) };
    for _ in 0..2 {
        power = product(&power, &power);
    }
    let squares: f64 = power.as_slice().iter().map(Complex::norm_sqr).sum();
    frobenius.to_f64() * squares.powf(1.0 / 16.0)
}

/// A B.
fn product<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
    let mut product = minus_product(&Mat::zeros(a.rows(), b.cols()), a, b);
    for j in 0..product.cols() {
        for i in 0..product.rows() {
            product[(i, j)] = -product[(i, j)];
        }
    }
    product
}

/// ‖`QᴴQ` − I‖, computed in double-double arithmetic.
pub(crate) fn orthogonality<S: Entry>(q: MatRef<'_, S>) -> f64 {
    let q = widen(q, 0);
    let mut defect = Mat::zeros(q.cols(), q.cols());
    for j in 0..q.cols() {
        for k in 0..=j {
            let start = if j == k { -S::Wide::one() } else { S::Wide::zero() };
            let dot = (0..q.rows()).fold(start, |dot, i| dot + q[(i, k)].conj() * q[(i, j)]);
            (defect[(k, j)], defect[(j, k)]) = (dot, dot.conj());
        }
    }
    norm(defect.as_ref())
}
