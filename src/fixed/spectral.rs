//! Functions of the singular values of matrices on the stack: those of [`spectral`](crate::spectral) in a few lines each.
#![expect(clippy::needless_pass_by_value, reason = "a function is a small value, and a reference to it is one too")]

use super::Svd;
use crate::derivative::Target;
use crate::error::Error;
use crate::factors::Tolerance;
use crate::kernel::cast::Blocks;
use crate::matrix::MatRef;
use crate::scalar::{Real, Scalar};
use crate::spectral::{
    LeastSquares, MapGradient, Polar, Rotation, SpectralMap, map_derivative_workspace_len, map_into, map_vjp_into,
    map_workspace_len, pinv_into,
};

impl<S: Scalar, const M: usize, const N: usize, const K: usize> Svd<S, M, N, K> {
    /// X = U f(S) Vᴴ for any map of [`spectral`](crate::spectral): see [`map_into`].
    ///
    /// # Errors
    /// As [`map_into`].
    ///
    /// ```
    /// use diffsvd::{fixed::Svd, spectral::SoftThreshold};
    /// let x = Svd::tall(&[[3.0, 0.0], [0.0, 1.0]])?.map(SoftThreshold(2.0))?;
    /// assert_eq!(x, [[1.0, 0.0], [0.0, 0.0]]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map<Kind, F: SpectralMap<S::Real, Kind>>(&self, f: F) -> Result<[[S; N]; M], Error> {
        const { assert!(map_workspace_len::<S>(M, N, K) <= Blocks::<S, M, N, K>::LEN) };
        let mut x = [[S::zero(); N]; M];
        let mut work = Blocks::<S, M, N, K>::zeros();
        map_into(&self.factors(), &f, Target::Overwrite((&mut x).into()), work.entries())?;
        Ok(x)
    }

    /// The gradient with respect to A from that with respect to U f(S) Vᴴ: see [`map_vjp_into`].
    ///
    /// # Errors
    /// As [`map_vjp_into`].
    ///
    /// ```
    /// # use diffsvd::{fixed::Svd, spectral::SoftThreshold};
    /// let svd = Svd::tall(&[[3.0, 0.0], [0.0, 0.0]])?; // one value above the threshold, one at zero
    /// let gradient = svd.map_vjp(SoftThreshold(1.0), &[[1.0, 1.0], [1.0, 1.0]])?;
    /// assert!((gradient[0][1] - 2.0_f64 / 3.0).abs() < 1e-15); // f(s)/s between the two
    /// assert!((gradient[0][0] - 1.0).abs() < 1e-15 && gradient[1][1] == 0.0);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn map_vjp<Kind, F: SpectralMap<S::Real, Kind>>(
        &self,
        f: F,
        x_bar: &[[S; N]; M],
    ) -> Result<[[S; N]; M], Error> {
        const { assert!(map_derivative_workspace_len::<S>(M, N, K) <= Blocks::<S, M, N, K>::LEN) };
        let mut a = [[S::zero(); N]; M];
        let mut work = Blocks::<S, M, N, K>::zeros();
        let gradient = MapGradient { a: Target::Overwrite((&mut a).into()), f: None };
        map_vjp_into(&self.factors(), &f, x_bar.into(), gradient, work.entries())?;
        Ok(a)
    }

    /// The pseudoinverse A⁺: see [`pinv_into`].
    ///
    /// # Errors
    /// As [`pinv_into`].
    ///
    /// ```
    /// # use diffsvd::{Tolerance, fixed::Svd};
    /// let a = [[0.0, 2.0], [0.0, 0.0], [0.0, 0.0]];
    /// let pinv = Svd::tall(&a)?.pinv(Tolerance::Default)?; // A A⁺ A = A
    /// assert_eq!(pinv, [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn pinv(&self, cutoff: Tolerance<S::Real>) -> Result<[[S; M]; N], Error> {
        let mut x = [[S::zero(); M]; N];
        let mut work = Blocks::<S, M, N, K>::zeros();
        pinv_into(&self.factors(), cutoff, Target::Overwrite((&mut x).into()), work.entries())?;
        Ok(x)
    }

    /// x = A⁺ b, the shortest of the vectors that minimize ‖A x − b‖: see [`LeastSquares`].
    ///
    /// # Errors
    /// As [`LeastSquares::solve_into`].
    ///
    /// ```
    /// use diffsvd::{Tolerance, fixed::Svd};
    /// let [mean] = Svd::tall(&[[1.0], [1.0]])?.solve(&[1.0, 3.0], Tolerance::Default)?;
    /// assert!((mean - 2.0_f64).abs() < 1e-15);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn solve(&self, b: &[S; M], cutoff: Tolerance<S::Real>) -> Result<[S; N], Error> {
        const { assert!(LeastSquares::<S>::workspace_len(M, N, K, 1) <= Blocks::<S, M, N, K>::LEN) };
        let mut x = [[S::zero(); 1]; N];
        let mut work = Blocks::<S, M, N, K>::zeros();
        let problem = LeastSquares { b: MatRef::col_major(b, M, 1)?, cutoff };
        problem.solve_into(&self.factors(), Target::Overwrite((&mut x).into()), work.entries())?;
        Ok(x.map(|[x]| x))
    }

    /// U Vᴴ, the matrix of orthonormal columns (rows) nearest to A: see [`Polar`].
    ///
    /// # Errors
    /// As [`map_into`].
    ///
    /// ```
    /// # use diffsvd::fixed::Svd;
    /// let q = Svd::tall(&[[0.0, -2.0], [3.0, 0.0]])?.polar()?;
    /// assert_eq!(q, [[0.0, -1.0], [1.0, 0.0]]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    pub fn polar(&self) -> Result<[[S; N]; M], Error> {
        self.map(Polar)
    }
}

impl<R: Real, const N: usize> Svd<R, N, N, N> {
    /// The rotation nearest to A (Procrustes, Kabsch) as a map, for [`map`](Self::map) and [`map_vjp`](Self::map_vjp): see [`Rotation`].
    ///
    /// ```
    /// use diffsvd::fixed::Svd;
    /// let svd = Svd::tall(&[[0.0, -2.0], [1.0, 0.0]])?;
    /// assert_eq!(svd.map(svd.rotation()?)?, [[0.0, -1.0], [1.0, 0.0]]);
    /// # Ok::<(), diffsvd::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Rotation::of`].
    pub fn rotation(&self) -> Result<Rotation, Error> {
        const { assert!(Rotation::workspace_len(N) <= Blocks::<R, N, N, N>::LEN) };
        Rotation::of(&self.factors(), Blocks::<R, N, N, N>::zeros().entries())
    }
}
