//! The matrices: published ones, and random ones with the singular values that are asked for.

use diffsvd::{Mat, Real, Scalar, Svd};
use num_complex::Complex;

use imaging::{Result, random};

/// The scalar types that take part, with their names and the double precision of the same kind.
pub trait Number: Scalar {
    /// f64, or `Complex` of it.
    type Double: Scalar<Real = f64>;
    /// The same number.
    fn double(self) -> Self::Double;
    /// The nearest number.
    fn from_double(x: Self::Double) -> Self;
}

impl Number for f64 {
    type Double = f64;
    fn double(self) -> f64 {
        self
    }
    fn from_double(x: f64) -> f64 {
        x
    }
}

impl Number for f32 {
    type Double = f64;
    fn double(self) -> f64 {
        f64::from(self)
    }
    fn from_double(x: f64) -> f32 {
        x as f32
    }
}

impl Number for Complex<f64> {
    type Double = Complex<f64>;
    fn double(self) -> Self {
        self
    }
    fn from_double(x: Self) -> Self {
        x
    }
}

impl Number for Complex<f32> {
    type Double = Complex<f64>;
    fn double(self) -> Complex<f64> {
        Complex::new(f64::from(self.re), f64::from(self.im))
    }
    fn from_double(x: Complex<f64>) -> Self {
        Complex::new(x.re as f32, x.im as f32)
    }
}

/// Where the rules are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Case {
    /// [[2, 4], [−4, 2]], both singular values √20; complex: times a unitary diagonal matrix.
    Published,
    /// [[2, 4], [−4, 2.0001]].
    PublishedNear,
    /// 4×4, singular values 4, 3, 2, 1.
    Distinct,
    /// 6×4, singular values 3, 2, 2, 1.
    Equal,
    /// 4×6, all singular values 2.
    AllEqual,
    /// 4×4, singular values 3, 2, 1, 0.
    OneZero,
    /// 6×4, singular values 3, 1, 0, 0.
    TwoZeros,
    /// 6×4, singular values 1 + gap, 1, 1/2, 1/4.
    Gap(f64),
}

impl Case {
    /// The columns of the tables.
    pub const ALL: [Case; 9] = [
        Case::Published,
        Case::PublishedNear,
        Case::Distinct,
        Case::Gap(1e-3),
        Case::Gap(1e-10),
        Case::Equal,
        Case::AllEqual,
        Case::OneZero,
        Case::TwoZeros,
    ];

    /// The head of its column.
    pub fn name(self) -> String {
        match self {
            Case::Published => "[2 4; −4 2]".into(),
            Case::PublishedNear => "[2 4; −4 2.0001]".into(),
            Case::Distinct => "4×4 distinct".into(),
            Case::Equal => "6×4 two equal".into(),
            Case::AllEqual => "4×6 all equal".into(),
            Case::OneZero => "4×4 one zero".into(),
            Case::TwoZeros => "6×4 two zeros".into(),
            Case::Gap(gap) => format!("6×4 gap {gap:.0e}"),
        }
    }

    /// Whether there is only one matrix of it.
    pub fn is_single(self) -> bool {
        matches!(self, Case::Published | Case::PublishedNear)
    }

    /// The matrix number `seed`, entries rounded to the scalar type.
    pub fn matrix<S: Number>(self, seed: u64) -> Result<Mat<S>> {
        let last = if self == Case::PublishedNear { 2.0001 } else { 2.0 };
        let double = match self {
            Case::Published | Case::PublishedNear => published::<S::Double>(last),
            Case::Distinct => with_values((4, 4), &[4.0, 3.0, 2.0, 1.0], seed)?,
            Case::Equal => with_values((6, 4), &[3.0, 2.0, 2.0, 1.0], seed)?,
            Case::AllEqual => with_values((4, 6), &[2.0; 4], seed)?,
            Case::OneZero => with_values((4, 4), &[3.0, 2.0, 1.0, 0.0], seed)?,
            Case::TwoZeros => with_values((6, 4), &[3.0, 1.0, 0.0, 0.0], seed)?,
            Case::Gap(gap) => with_values((6, 4), &[1.0 + gap, 1.0, 0.5, 0.25], seed)?,
        };
        Ok(Mat::from_fn(double.rows(), double.cols(), |i, j| S::from_double(double[(i, j)])))
    }
}

/// The published matrix; its columns get phases where there are any.
fn published<S: Scalar<Real = f64>>(last: f64) -> Mat<S> {
    let real = Mat::from_rows(&[[2.0, 4.0], [-4.0, last]]);
    let phase = |j: usize| if j == 0 || S::PARTS == 1 { S::from_real(1.0) } else { S::from_parts(0.6, 0.8) };
    Mat::from_fn(2, 2, |i, j| phase(j).scale(real[(i, j)]))
}

/// A random matrix with these singular values.
pub(crate) fn with_values<S: Scalar<Real = f64>>((m, n): (usize, usize), s: &[f64], seed: u64) -> Result<Mat<S>> {
    let mut random = random::stream(seed, 0x6361_7365);
    let mut basis = |len: usize| {
        let mut entry = || random::normal(&mut random);
        let svd = Svd::thin(&Mat::from_fn(len, len, |_, _| S::from_parts(entry(), entry())))?;
        Ok::<_, diffsvd::Error>(svd.u().clone())
    };
    let (u, v) = (basis(m)?, basis(n)?);
    Ok(Mat::from_fn(m, n, |i, j| {
        s.iter().enumerate().fold(S::zero(), |sum, (l, &s)| sum + (u[(i, l)] * v[(j, l)].conj()).scale(s))
    }))
}

/// ‖A − B‖/‖B‖ in double precision.
pub(crate) fn distance<S: Number>(a: &Mat<S>, b: &Mat<S::Double>) -> f64 {
    let square = |x: S::Double| x.modulus_squared();
    let difference: f64 = a.as_slice().iter().zip(b.as_slice()).map(|(&a, &b)| square(a.double() - b)).sum();
    (difference / b.as_slice().iter().map(|&b| square(b)).sum::<f64>()).sqrt()
}

/// ε of the scalar type.
pub(crate) fn epsilon<S: Scalar>() -> f64 {
    S::Real::EPSILON.to_f64()
}
