//! U, s and V with their tangents, and the singular values alone.

use diffsvd::spectral::KyFan;
use diffsvd::{Error, Mat, Real, Rule, Scalar, TangentMut, jvp_into, jvp_workspace_len};
use nalgebra::{DMatrix, DVector};

use crate::entry::Entry;
use crate::split::{Point, matrix, vector};

/// The scalar that the singular values of a matrix of `E` are.
type Modulus<E> = <<E as Entry>::Value as Scalar>::Real;

/// A = U diag(s) Vᴴ, each factor with its tangents.
#[derive(Clone, Debug, PartialEq)]
pub struct Svd<E: Entry> {
    /// U, m×k.
    pub u: DMatrix<E>,
    /// s, k values, descending.
    pub s: DVector<E::Real>,
    /// V (not Vᴴ), n×k.
    pub v: DMatrix<E>,
}

/// The thin decomposition. Where singular values are equal, dU and dV are what the rule says; what is made of them is exact where
/// the table of [`Rule`](diffsvd::Rule) says so, above all the reconstruction U diag(s) Vᴴ by the default rule.
///
/// # Errors
/// As [`svd_into`](diffsvd::svd_into) and [`jvp_into`](diffsvd::jvp_into); [`Error::Count`] where entries carry different numbers of directions.
///
/// ```
/// use diffsvd_num_dual::svd;
/// use nalgebra::dmatrix;
/// use num_dual::Dual64;
/// let x = |re, eps| Dual64::new(re, eps);
/// let a = dmatrix![x(3.0, 1.0), x(0.0, 0.0); x(0.0, 0.0), x(2.0, -1.0)];
/// let svd = svd(&a, &Default::default())?;
/// assert_eq!((svd.s[0].eps, svd.s[1].eps), (1.0, -1.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn svd<E: Entry>(a: &DMatrix<E>, rule: &Rule<Modulus<E>>) -> Result<Svd<E>, Error> {
    let point = Point::new(a)?;
    let tangents = point.directions.iter().map(|a_dot| point.svd.jvp(a_dot, rule)).collect::<Result<Vec<_>, _>>()?;
    let (mut u, mut s, mut v) = (Vec::new(), Vec::new(), Vec::new());
    for tangent in tangents {
        u.push(tangent.u);
        s.push(tangent.s);
        v.push(tangent.v);
    }
    Ok(Svd { u: matrix(point.svd.u(), &u), s: vector(point.svd.s(), &s), v: matrix(point.svd.v(), &v) })
}

/// The singular values, with their tangents: no singular vector is differentiated. Where some are equal, a symmetric function of them is exact.
///
/// # Errors
/// As [`svd`].
pub fn singular_values<E: Entry>(a: &DMatrix<E>) -> Result<DVector<E::Real>, Error> {
    let point = Point::new(a)?;
    let ((m, n), k) = (a.shape(), point.svd.s().len());
    let mut work = vec![zero::<E::Value>(); jvp_workspace_len::<E::Value>(m, n, k)];
    let mut along = |a_dot: &Mat<E::Value>| {
        let mut s = vec![zero::<Modulus<E>>(); k];
        let out = TangentMut { s: Some(&mut s), ..TangentMut::default() };
        jvp_into(&point.svd.factors(), a_dot.as_ref(), &Rule::default(), out, &mut work)?;
        Ok::<_, Error>(s)
    };
    let tangents = point.directions.iter().map(&mut along).collect::<Result<Vec<_>, _>>()?;
    Ok(vector(point.svd.s(), &tangents))
}

/// ‖A‖₊ = Σ sᵢ. Exact at equal singular values; at zero ones, where it has a kink, by the subgradient U Vᴴ without them.
///
/// # Errors
/// As [`svd`].
pub fn nuclear_norm<E: Entry>(a: &DMatrix<E>) -> Result<E::Real, Error> {
    let point = Point::<E::Value>::new(a)?;
    let (value, gradient) = (point.svd.loss(&KyFan::nuclear())?, point.svd.loss_gradient(&KyFan::nuclear())?);
    let inner = |a_dot: &Mat<E::Value>| {
        let terms = gradient.as_slice().iter().zip(a_dot.as_slice()).map(|(&g, &d)| (g.conj() * d).re());
        terms.fold(zero::<Modulus<E>>(), |sum, term| sum + term)
    };
    Ok(E::Real::with_tangents(value, point.directions.len(), |d| inner(&point.directions[d])))
}

fn zero<S: Scalar>() -> S {
    S::from_real(Real::from_f64(0.0))
}
