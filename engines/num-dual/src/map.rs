//! X = U f(S) Vᴴ with its tangents, which are exact at equal and at zero singular values.

use diffsvd::spectral::{
    BestRank, MapTangent, Polar, SoftThreshold, SpectralFunction, SpectralMap, map_derivative_workspace_len,
    map_jvp_into,
};
use diffsvd::{Error, Mat, Real, Scalar, Target, Tolerance};
use nalgebra::DMatrix;

use crate::entry::Entry;
use crate::split::{Point, directions, matrix};

/// U f(S) Vᴴ for a function of [`diffsvd::spectral`] or one of your own, whose parameters are constants. What cannot be copied is passed as a reference.
///
/// # Errors
/// As [`map_into`](diffsvd::spectral::map_into) and [`map_jvp_into`]: among others where f is not differentiable.
///
/// ```
/// use diffsvd::spectral::Power;
/// use diffsvd_num_dual::map;
/// use nalgebra::dmatrix;
/// use num_dual::Dual64;
/// let x = Dual64::new(2.0, 1.0);
/// let a = dmatrix![x, x * 0.0; x * 0.0, x]; // both singular values are 2
/// assert!((map(&a, Power(3.0))?[(0, 0)].eps - 12.0).abs() < 1e-14); // 3 x²
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn map<E: Entry, M, F>(a: &DMatrix<E>, f: F) -> Result<DMatrix<E>, Error>
where
    F: SpectralMap<<E::Value as Scalar>::Real, M> + Copy,
{
    let point = Point::new(a)?;
    point.join(&point.svd.map(f)?, |a_dot| point.svd.map_jvp(f, a_dot))
}

/// Singular value thresholding, U max(S − τ, 0) Vᴴ; τ may be a dual number too.
///
/// # Errors
/// As [`map`]; [`Error::Parameter`] where a singular value is τ; [`Error::Count`] where τ carries another number of directions than A.
///
/// ```
/// use diffsvd_num_dual::svt;
/// use nalgebra::dmatrix;
/// use num_dual::Dual64;
/// let a = dmatrix![Dual64::from(3.0), Dual64::from(0.0); Dual64::from(0.0), Dual64::from(0.25)];
/// let x = svt(&a, &Dual64::from(0.5).derivative())?;
/// assert_eq!((x[(0, 0)].re, x[(0, 0)].eps, x[(1, 1)].eps), (2.5, -1.0, 0.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn svt<E: Entry>(a: &DMatrix<E>, tau: &E::Real) -> Result<DMatrix<E>, Error> {
    let point = Point::<E::Value>::new(a)?;
    let (f, svd) = (SoftThreshold(tau.value()), &point.svd);
    let count = match (point.directions.len(), directions(std::iter::once(tau))?) {
        (of_a, 0) => of_a,
        (0, of_tau) => of_tau,
        (of_a, of_tau) if of_a == of_tau => of_a,
        (expected, got) => {
            return Err(Error::Count { argument: "the derivative part of the threshold", got, expected });
        }
    };
    let ((m, n), k) = (a.shape(), svd.s().len());
    let still = Mat::zeros(m, n);
    let mut work = vec![E::Value::from_real(Real::from_f64(0.0)); map_derivative_workspace_len::<E::Value>(m, n, k)];
    let mut along = |d: usize| {
        let f_dot: Vec<_> = svd.s().iter().map(|&s| f.parameter_derivative(s, 0) * tau.tangent(d)).collect();
        let tangent = MapTangent { a: point.directions.get(d).unwrap_or(&still).as_ref(), f: Some(&f_dot) };
        let mut x_dot = Mat::zeros(m, n);
        map_jvp_into(&svd.factors(), &f, &tangent, Target::Overwrite(x_dot.as_mut()), &mut work)?;
        Ok::<_, Error>(x_dot)
    };
    let tangents = (0..count).map(&mut along).collect::<Result<Vec<_>, _>>()?;
    Ok(matrix(&svd.map(f)?, &tangents))
}

/// A⁺, n×m; singular values up to the cut-off (relative to s₁) count as zero. At constant rank below full rank too.
///
/// # Errors
/// As [`pinv_jvp_into`](diffsvd::spectral::pinv_jvp_into).
pub fn pinv<E: Entry>(a: &DMatrix<E>, cutoff: Tolerance<<E::Value as Scalar>::Real>) -> Result<DMatrix<E>, Error> {
    let point = Point::new(a)?;
    point.join(&point.svd.pinv(cutoff)?, |a_dot| point.svd.pinv_jvp(cutoff, a_dot))
}

/// U Vᴴ, the unitary polar factor: the nearest matrix with orthonormal columns.
///
/// # Errors
/// [`Error::ZeroSingularValue`] where there is none; otherwise as [`map`].
pub fn polar<E: Entry>(a: &DMatrix<E>) -> Result<DMatrix<E>, Error> {
    map(a, Polar)
}

/// The best approximation of this rank.
///
/// # Errors
/// [`Error::EqualSingularValues`] where the tangent does not exist, since sᵣ = sᵣ₊₁; otherwise as [`map`].
pub fn low_rank<E: Entry>(a: &DMatrix<E>, rank: usize) -> Result<DMatrix<E>, Error> {
    map(a, BestRank(rank))
}
