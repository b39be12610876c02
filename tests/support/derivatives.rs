//! The little matrix algebra that the tests of the derivatives share, and owned cotangents and tangents.

use diffsvd::{
    AtEqual, Cotangent, Error, Factors, Gradient, Mat, Real, Rule, Scalar, Svd, TangentMut, Target, jvp_into,
    jvp_workspace_len, vjp_into, vjp_workspace_len,
};
use num_traits::{One, Zero};

use super::entry::{Entry, at};

/// Re tr(XᴴY).
pub(crate) fn inner<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> S::Real {
    assert_eq!((x.rows(), x.cols()), (y.rows(), y.cols()));
    x.as_slice().iter().zip(y.as_slice()).fold(S::Real::zero(), |sum, (&x, &y)| sum + (x.conj() * y).re())
}

/// ‖X‖ (Frobenius).
pub(crate) fn norm<S: Scalar>(x: &Mat<S>) -> S::Real {
    inner(x, x).sqrt()
}

/// A B.
pub(crate) fn mul<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
    a.product(b).expect("matching shapes")
}

/// A + t B.
pub(crate) fn plus<S: Scalar>(a: &Mat<S>, t: S::Real, b: &Mat<S>) -> Mat<S> {
    assert_eq!((a.rows(), a.cols()), (b.rows(), b.cols()));
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)] + b[(i, j)].scale(t))
}

/// A − B.
pub(crate) fn minus<S: Scalar>(a: &Mat<S>, b: &Mat<S>) -> Mat<S> {
    plus(a, -S::Real::one(), b)
}

/// t A.
pub(crate) fn times<S: Scalar>(t: S::Real, a: &Mat<S>) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| a[(i, j)].scale(t))
}

/// A diag(d).
pub(crate) fn scale_columns<S: Scalar>(a: &Mat<S>, d: &[S::Real]) -> Mat<S> {
    Mat::from_fn(a.rows(), d.len(), |i, j| a[(i, j)].scale(d[j]))
}

/// ‖X − Y‖/‖Y‖.
pub(crate) fn relative_error<S: Scalar>(x: &Mat<S>, y: &Mat<S>) -> f64 {
    (norm(&minus(x, y)) / norm(y)).to_f64()
}

/// (X + Xᴴ)/2.
pub(crate) fn herm<S: Scalar>(x: &Mat<S>) -> Mat<S> {
    times(S::Real::from_f64(0.5), &plus(x, S::Real::one(), &x.adjoint()))
}

/// The entries of a view.
pub(crate) fn owned<S: Scalar>(a: diffsvd::MatRef<'_, S>) -> Mat<S> {
    Mat::from_fn(a.rows(), a.cols(), |i, j| at(a, i, j))
}

/// The leading columns.
pub(crate) fn leading<S: Scalar>(a: &Mat<S>, r: usize) -> Mat<S> {
    owned(a.as_ref().leading_cols(r))
}

/// Every entry in double-double precision.
pub(crate) fn wide<S: Entry>(a: &Mat<S>) -> Mat<S::Wide> {
    super::entry::widen(a.as_ref(), 0)
}

/// Factors that own their entries; s can be given, not computed, so that equal and zero values are exact.
#[derive(Clone, Debug)]
pub(crate) struct Triplets<S: Scalar> {
    pub(crate) u: Mat<S>,
    pub(crate) s: Vec<S::Real>,
    pub(crate) v: Mat<S>,
}

impl<S: Scalar> Triplets<S> {
    pub(crate) fn random(m: usize, n: usize, s: &[f64], random: &mut super::random::Random) -> Self {
        let (u, v) = (random.orthonormal(m, s.len()), random.orthonormal(n, s.len()));
        Triplets { u, s: s.iter().map(|&s| S::Real::from_f64(s)).collect(), v }
    }

    /// The thin SVD of A.
    pub(crate) fn of(a: &Mat<S>) -> Self {
        let svd = Svd::thin(a).expect("a finite matrix");
        Triplets { u: svd.u().clone(), s: svd.s().to_vec(), v: svd.v().clone() }
    }

    pub(crate) fn view(&self) -> Factors<'_, S> {
        Factors { u: self.u.as_ref(), s: &self.s, v: self.v.as_ref() }
    }

    /// A = U diag(s) Vᴴ.
    pub(crate) fn product(&self) -> Mat<S> {
        mul(&scale_columns(&self.u, &self.s), &self.v.adjoint())
    }
}

/// Cotangents, or tangents, that own their entries.
#[derive(Clone, Debug)]
pub(crate) struct Parts<S: Scalar> {
    pub(crate) u: Option<Mat<S>>,
    pub(crate) s: Option<Vec<S::Real>>,
    pub(crate) v: Option<Mat<S>>,
    pub(crate) s_matrix: Option<Mat<S>>,
}

impl<S: Scalar> Default for Parts<S> {
    fn default() -> Self {
        Parts { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> Parts<S> {
    pub(crate) fn as_cotangent(&self) -> Cotangent<'_, S> {
        Cotangent {
            u: self.u.as_ref().map(Mat::as_ref),
            s: self.s.as_deref(),
            v: self.v.as_ref().map(Mat::as_ref),
            s_matrix: self.s_matrix.as_ref().map(Mat::as_ref),
        }
    }

    pub(crate) fn as_tangent(&mut self) -> TangentMut<'_, S> {
        TangentMut {
            u: self.u.as_mut().map(Mat::as_mut),
            s: self.s.as_deref_mut(),
            v: self.v.as_mut().map(Mat::as_mut),
            s_matrix: self.s_matrix.as_mut().map(Mat::as_mut),
        }
    }

    /// The same parts with the same shapes, of zeros.
    pub(crate) fn zeros_like(&self) -> Self {
        let zeros = |part: &Option<Mat<S>>| part.as_ref().map(|part| Mat::zeros(part.rows(), part.cols()));
        let s = self.s.as_ref().map(|s| vec![S::Real::zero(); s.len()]);
        Parts { u: zeros(&self.u), s, v: zeros(&self.v), s_matrix: zeros(&self.s_matrix) }
    }

    /// The sum of the inner products of the parts.
    pub(crate) fn inner(&self, other: &Self) -> S::Real {
        let matrices = [(&self.u, &other.u), (&self.v, &other.v), (&self.s_matrix, &other.s_matrix)];
        let pairs = matrices.into_iter().filter_map(|(x, y)| x.as_ref().zip(y.as_ref()));
        let matrices = pairs.fold(S::Real::zero(), |sum, (x, y)| sum + inner(x, y));
        let (x, y) = (self.s.as_deref().unwrap_or(&[]), other.s.as_deref().unwrap_or(&[]));
        x.iter().zip(y).fold(matrices, |sum, (&x, &y)| sum + x * y)
    }

    pub(crate) fn norm(&self) -> S::Real {
        self.inner(self).sqrt()
    }
}

/// The gradient, on workspace of exactly the announced length.
pub(crate) fn vjp<S: Scalar>(
    factors: &Factors<'_, S>,
    bar: &Parts<S>,
    rule: &Rule<S::Real>,
) -> Result<Gradient<S>, Error> {
    let (m, n) = factors.shape();
    let mut a = Mat::zeros(m, n);
    let mut work = vec![S::zero(); vjp_workspace_len::<S>(m, n, factors.triplets())];
    let report = vjp_into(factors, &bar.as_cotangent(), rule, Target::Overwrite(a.as_mut()), &mut work)?;
    Ok(Gradient { a, report })
}

/// The tangents of the parts that `like` has, on workspace of exactly the announced length.
pub(crate) fn jvp<S: Scalar>(
    factors: &Factors<'_, S>,
    a_dot: &Mat<S>,
    rule: &Rule<S::Real>,
    like: &Parts<S>,
) -> Result<Parts<S>, Error> {
    let (m, n) = factors.shape();
    let mut dot = like.zeros_like();
    let mut work = vec![S::zero(); jvp_workspace_len::<S>(m, n, factors.triplets())];
    jvp_into(factors, a_dot.as_ref(), rule, dot.as_tangent(), &mut work)?;
    Ok(dot)
}

/// One of each choice at equal values, with parameters that fit every scalar type.
pub(crate) fn all_rules<R: Real>() -> [Rule<R>; 8] {
    [
        AtEqual::Reconstruct,
        AtEqual::MinimumNorm,
        AtEqual::Published,
        AtEqual::Plain,
        AtEqual::Zeroing,
        AtEqual::Clip(R::from_f64(1e3)),
        AtEqual::Taylor(9),
        AtEqual::Lorentzian(R::from_f64(1e-2)),
    ]
    .map(Rule::new)
}
