//! Matrices that are arrays on the stack: no allocation, no workspace to provide, shapes that the compiler knows.
//!
//! A matrix is `[[S; N]; M]`, its rows as they are read. The decomposition is one-sided Jacobi (real 2×2: in closed form), which for a few columns takes
//! fewer instructions than the reduction to bidiagonal form and a fraction of its code (`docs/embedded.md`); beyond some
//! 16 columns, or from eight on where it finds vector instructions, [`svd_into`](crate::svd_into) is faster. The derivatives are a few lines over those on the caller's memory,
//! with a workspace on the stack.
//!
//! **Accuracy.** That of [`svd_into`](crate::svd_into): ‖A − U diag(s) Vᴴ‖, ‖`UᴴU` − I‖ s₁, ‖`VᴴV` − I‖ s₁ and the error of each sᵢ are at most
//! 3 max(M, N) ε s₁ over the whole exponent range. Where A = B D with a well-conditioned B and a diagonal D, every sᵢ has high
//! *relative* accuracy, as long as it is at least ε²⁴ s₁ (ε⁶ s₁ for `f32`).
//!
//! ```
//! use diffsvd::{Cotangent, Rule, fixed::Svd};
//!
//! let svd = Svd::tall(&[[3.0_f64, 0.0], [0.0, 1.0], [4.0, 0.0]])?;
//! assert!((svd.s[0] - 5.0).abs() < 1e-15 && (svd.s[1] - 1.0).abs() < 1e-15);
//! // L = s₁: the gradient is u₁ v₁ᴴ.
//! let gradient = svd.vjp(&Cotangent { s: Some(&[1.0, 0.0]), ..Cotangent::default() }, &Rule::default())?;
//! assert!((gradient.a[2][0] - 0.8).abs() < 1e-15);
//! # Ok::<(), diffsvd::Error>(())
//! ```

mod spectral;

use crate::closed;
use crate::derivative::{
    Cotangent, Report, Rule, TangentMut, Target, jvp_into, jvp_workspace_len, vjp_into, vjp_workspace_len,
};
use crate::error::Error;
use crate::factors::Factors;
use crate::jacobi::{self, Triplets};
use crate::kernel::cast::Blocks;
use crate::scalar::{Scalar, Zero};

/// A = U diag(s) Vᴴ of an M×N matrix with K = min(M, N): [`Svd::tall`] for M ≥ N, [`Svd::wide`] for M ≤ N.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Svd<S: Scalar, const M: usize, const N: usize, const K: usize> {
    /// U, with orthonormal columns.
    pub u: [[S; K]; M],
    /// The singular values, descending.
    pub s: [S::Real; K],
    /// V (not Vᴴ), with orthonormal columns.
    pub v: [[S; K]; N],
}

/// A gradient, and what the rule met on the way: what [`Svd::vjp`] returns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient<S: Scalar, const M: usize, const N: usize> {
    /// gA.
    pub a: [[S; N]; M],
    /// Gauge residual and degeneracies.
    pub report: Report<S::Real>,
}

/// The tangents of the factors: what [`Svd::jvp`] returns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tangent<S: Scalar, const M: usize, const N: usize, const K: usize> {
    /// dU.
    pub u: [[S; K]; M],
    /// ds.
    pub s: [S::Real; K],
    /// dV.
    pub v: [[S; K]; N],
}

impl<S: Scalar, const M: usize, const N: usize> Svd<S, M, N, N> {
    /// The thin decomposition of a matrix with at least as many rows as columns; fewer do not compile.
    ///
    /// # Errors
    /// [`Error::NonFinite`] and [`Error::Overflow`], as [`svd_into`](crate::svd_into).
    ///
    /// ```
    /// # use diffsvd::{Complex, Error, fixed::Svd};
    /// let i = Complex::new(0.0, 1.0);
    /// let svd = Svd::tall(&[[i * 3.0], [i * 4.0]])?; // u: 2×1, v: 1×1
    /// assert!((svd.s[0] - 5.0_f64).abs() < 1e-15 && (svd.u[1][0] * svd.v[0][0].conj() - i * 0.8).norm() < 1e-15);
    /// assert!(matches!(Svd::tall(&[[f32::NAN]]), Err(Error::NonFinite { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn tall(a: &[[S; N]; M]) -> Result<Self, Error> {
        const { assert!(M >= N, "more columns than rows: `Svd::wide`") };
        decompose(a)
    }
}

impl<S: Scalar, const M: usize, const N: usize> Svd<S, M, N, M> {
    /// The thin decomposition of a matrix with at most as many rows as columns; more do not compile.
    ///
    /// # Errors
    /// [`Error::NonFinite`] and [`Error::Overflow`], as [`svd_into`](crate::svd_into).
    ///
    /// ```
    /// # use diffsvd::fixed::Svd;
    /// let svd = Svd::wide(&[[0.0_f64, 3.0, 4.0]])?; // u: 1×1, v: 3×1
    /// assert!((svd.s[0] - 5.0_f64).abs() < 1e-15 && (svd.u[0][0] * svd.v[2][0] - 0.8).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn wide(a: &[[S; N]; M]) -> Result<Self, Error> {
        const { assert!(M <= N, "more rows than columns: `Svd::tall`") };
        decompose(a)
    }
}

/// From the columns of A and their partners of V, or, for M < N, from the columns of Aᴴ.
fn decompose<S: Scalar, const M: usize, const N: usize, const K: usize>(
    a: &[[S; N]; M],
) -> Result<Svd<S, M, N, K>, Error> {
    let largest = jacobi::largest_part(a)?;
    if M >= N {
        let Triplets { columns, s } = triplets::<S, M, K, N>(|i, j| a[i][j], largest)?;
        Ok(Svd { u: rows(&columns, |c| &c.u), s, v: rows(&columns, |c| &c.v) })
    } else {
        let Triplets { columns, s } = triplets::<S, N, K, M>(|i, j| a[j][i].conj(), largest)?;
        Ok(Svd { u: rows(&columns, |c| &c.v), s, v: rows(&columns, |c| &c.u) })
    }
}

/// By the closed form of a real 2×2 matrix where it is reliable, otherwise by one-sided Jacobi.
#[inline]
fn triplets<S: Scalar, const R: usize, const K: usize, const C: usize>(
    entry: impl Fn(usize, usize) -> S,
    largest: S::Real,
) -> Result<Triplets<S, R, C, K>, Error> {
    if R == 2
        && K == 2
        && S::PARTS == 1
        && let Some(triplets) = closed::two_by_two(&entry, largest)
    {
        return Ok(triplets);
    }
    jacobi::decompose(entry, largest)
}

/// The matrix of which K columns are given.
fn rows<S: Scalar, T, const L: usize, const K: usize>(columns: &[T; K], part: impl Fn(&T) -> &[S; L]) -> [[S; K]; L] {
    core::array::from_fn(|i| core::array::from_fn(|j| part(&columns[j])[i]))
}

/// The singular values alone, descending, to the last bit those of [`Svd`]. K must be min(M, N); it follows from the use:
///
/// ```
/// let [first, second] = diffsvd::fixed::singular_values(&[[0.0, 2.0, 0.0], [-1.0, 0.0, 0.0]])?;
/// assert_eq!((first, second), (2.0, 1.0));
/// # Ok::<(), diffsvd::Error>(())
/// ```
///
/// # Errors
/// [`Error::NonFinite`] and [`Error::Overflow`], as [`svd_into`](crate::svd_into).
pub fn singular_values<S: Scalar, const M: usize, const N: usize, const K: usize>(
    a: &[[S; N]; M],
) -> Result<[S::Real; K], Error> {
    const { assert!(K <= M && K <= N && (K == M || K == N), "K is not min(M, N)") };
    let largest = jacobi::largest_part(a)?;
    if M >= N {
        Ok(triplets::<S, M, K, 0>(|i, j| a[i][j], largest)?.s)
    } else {
        Ok(triplets::<S, N, K, 0>(|i, j| a[j][i].conj(), largest)?.s)
    }
}

impl<S: Scalar, const M: usize, const N: usize, const K: usize> Svd<S, M, N, K> {
    /// The factors as views: what every function on the caller's memory reads.
    ///
    /// ```
    /// # use diffsvd::{Tolerance, fixed::Svd};
    /// let svd = Svd::tall(&[[3.0, 0.0], [0.0, 0.0]])?;
    /// assert_eq!((svd.factors().shape(), svd.factors().rank(Tolerance::Default)), ((2, 2), 1));
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    #[must_use]
    pub fn factors(&self) -> Factors<'_, S> {
        Factors { u: (&self.u).into(), s: &self.s, v: (&self.v).into() }
    }

    /// The gradient with respect to A of a loss of U, s and V: see [`vjp_into`].
    ///
    /// # Errors
    /// As [`vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{Cotangent, Rule, fixed::{Gradient, Svd}};
    /// let svd = Svd::tall(&[[2.0, 4.0], [-4.0, 2.0]])?; // √20 twice
    /// let nuclear = Cotangent { s: Some(&[1.0, 1.0]), ..Cotangent::default() };
    /// let Gradient { a, report } = svd.vjp(&nuclear, &Rule::default())?; // U Vᴴ = A/√20
    /// assert!((a[0][1] - 4.0 / 20_f64.sqrt()).abs() < 1e-15 && report.zeros == 0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn vjp(&self, cotangent: &Cotangent<'_, S>, rule: &Rule<S::Real>) -> Result<Gradient<S, M, N>, Error> {
        const { assert!(vjp_workspace_len::<S>(M, N, K) <= Blocks::<S, M, N, K>::LEN) };
        let mut a = [[S::zero(); N]; M];
        let target = Target::Overwrite((&mut a).into());
        let mut work = Blocks::<S, M, N, K>::zeros();
        let report = vjp_into(&self.factors(), cotangent, rule, target, work.entries())?;
        Ok(Gradient { a, report })
    }

    /// The tangents of U, s and V along `a_dot`: see [`jvp_into`].
    ///
    /// # Errors
    /// As [`jvp_into`].
    ///
    /// ```
    /// # use diffsvd::{Rule, fixed::{Svd, Tangent}};
    /// let svd = Svd::tall(&[[3.0, 0.0], [0.0, 1.0]])?;
    /// let Tangent { u, s, v } = svd.jvp(&[[0.5, 0.0], [1.0, 0.25]], &Rule::default())?;
    /// assert_eq!((s, u[0][0], v[0][0]), ([0.5, 0.25], 0.0, 0.0)); // u₁ and v₁ stay of length 1
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn jvp(&self, a_dot: &[[S; N]; M], rule: &Rule<S::Real>) -> Result<Tangent<S, M, N, K>, Error> {
        const { assert!(jvp_workspace_len::<S>(M, N, K) <= Blocks::<S, M, N, K>::LEN) };
        let mut tangent = Tangent { u: [[S::zero(); K]; M], s: [S::Real::zero(); K], v: [[S::zero(); K]; N] };
        let out = TangentMut {
            u: Some((&mut tangent.u).into()),
            s: Some(&mut tangent.s),
            v: Some((&mut tangent.v).into()),
            s_matrix: None,
        };
        jvp_into(&self.factors(), a_dot.into(), rule, out, Blocks::<S, M, N, K>::zeros().entries())?;
        Ok(tangent)
    }
}
