//! L(A) = Σ Re of the entries of X = U f(S) Vᴴ: its cotangents for the rules, and its finite differences.

use diffsvd::{Cotangent, Error, Mat, Scalar, Svd};

/// What a loss of the form above hands to the backward rule. With W the matrix of ones:
/// gU = W V f(S), gS = f′(S)∘(Uᴴ W V), gV = Wᴴ U f(S); f(s) = slope·s + shift.
pub(crate) struct Cotangents<S: Scalar> {
    u: Mat<S>,
    s: Vec<S::Real>,
    v: Mat<S>,
    s_matrix: Mat<S>,
}

/// f(s) = slope·s + shift.
#[derive(Clone, Copy)]
pub(crate) struct Affine {
    pub(crate) slope: f64,
    pub(crate) shift: f64,
}

impl Affine {
    fn at(self, s: f64) -> f64 {
        self.slope * s + self.shift
    }
}

impl<S: Scalar<Real = f64>> Cotangents<S> {
    pub(crate) fn new(svd: &Svd<S>, f: Affine) -> Result<Self, Error> {
        let k = svd.s().len();
        let w = Mat::from_fn(svd.u().rows(), svd.v().rows(), |_, _| S::one());
        let middle = Mat::from_fn(k, k, |i, j| if i == j { S::from_real(f.at(svd.s()[i])) } else { S::zero() });
        let s_matrix = svd.u().adjoint().product(&w)?.product(svd.v())?;
        Ok(Cotangents {
            u: w.product(svd.v())?.product(&middle)?,
            s: (0..k).map(|i| f.slope * s_matrix[(i, i)].re()).collect(),
            v: w.adjoint().product(svd.u())?.product(&middle)?,
            s_matrix: Mat::from_fn(k, k, |i, j| s_matrix[(i, j)].scale(f.slope)),
        })
    }

    /// With the cotangent of the vector s: all that most engines hand over.
    pub(crate) fn vector(&self) -> Cotangent<'_, S> {
        Cotangent { u: Some(self.u.as_ref()), s: Some(&self.s), v: Some(self.v.as_ref()), s_matrix: None }
    }

    /// With the cotangent of S as the k×k matrix that it is.
    pub(crate) fn block(&self) -> Cotangent<'_, S> {
        Cotangent { s: None, s_matrix: Some(self.s_matrix.as_ref()), ..self.vector() }
    }
}

/// L. The sum over the triplets does not depend on which singular vectors the decomposition happened to choose.
fn value<S: Scalar<Real = f64>>(a: &Mat<S>, f: Affine) -> Result<f64, Error> {
    let svd = Svd::thin(a)?;
    let column_sum = |basis: &Mat<S>, j| (0..basis.rows()).fold(S::zero(), |sum, i| sum + basis[(i, j)]);
    let term = |(j, &s)| f.at(s) * (column_sum(svd.u(), j) * column_sum(svd.v(), j).conj()).re();
    Ok(svd.s().iter().enumerate().map(term).sum())
}

/// The gradient by central differences of fourth order: error O(h⁴) + O(ε/h), about 1e-11 here.
pub(crate) fn finite_differences<S: Scalar<Real = f64>>(a: &Mat<S>, f: Affine) -> Result<Mat<S>, Error> {
    const STEP: f64 = 1e-3;
    let mut gradient = Mat::zeros(a.rows(), a.cols());
    for i in 0..a.rows() {
        for j in 0..a.cols() {
            let along = |direction: S| -> Result<f64, Error> {
                let at = |steps: f64| {
                    let mut moved = a.clone();
                    moved[(i, j)] += direction.scale(steps * STEP);
                    value(&moved, f)
                };
                Ok((8.0 * (at(1.0)? - at(-1.0)?) - (at(2.0)? - at(-2.0)?)) / (12.0 * STEP))
            };
            let im = if S::PARTS == 2 { along(S::from_parts(0.0, 1.0))? } else { 0.0 };
            gradient[(i, j)] = S::from_parts(along(S::one())?, im);
        }
    }
    Ok(gradient)
}

/// ‖x‖, Frobenius.
fn norm<S: Scalar<Real = f64>>(x: &Mat<S>) -> f64 {
    x.as_slice().iter().fold(0.0, |sum, entry| f64::hypot(sum, entry.modulus()))
}

/// ‖x − reference‖ / ‖reference‖.
pub(crate) fn distance<S: Scalar<Real = f64>>(x: &Mat<S>, reference: &Mat<S>) -> f64 {
    norm(&Mat::from_fn(x.rows(), x.cols(), |i, j| x[(i, j)] - reference[(i, j)])) / norm(reference)
}
