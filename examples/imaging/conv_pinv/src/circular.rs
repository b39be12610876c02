//! The periodic convolution: a c×c matrix for each frequency, and so its pseudoinverse one pseudoinverse for each.

use diffsvd::batch::fused::{for_each_svd, for_each_workspace_len};
use diffsvd::batch::{Batch, Run, Target};
use diffsvd::spectral::{LeastSquares, LeastSquaresGradient, map_derivative_workspace_len, pinv_into};
use diffsvd::{Factors, Tolerance};
use imaging::Result;
use ndarray::Array4;

use crate::grid::{C, Field, Grid, dot, product};
use crate::kernel::Kernel;

/// Singular values up to this, relative to the norm of the kernel over all frequencies, count as zero. A frequency that the kernel
/// suppresses as a whole is known to rounding only, and its own s₁ says nothing.
pub const CUTOFF: f64 = 1e-12;

/// The periodic convolution with its pseudoinverse.
#[derive(Clone)]
pub struct Circular {
    grid: Grid,
    matrices: Batch<C>,
    pinv: Batch<C>,
    /// The largest singular value over all frequencies, and the smallest that does not count as zero.
    pub extremes: (f64, f64),
    /// How many singular values over all frequencies do not count as zero.
    pub rank: usize,
}

impl Circular {
    /// For fields of this size.
    pub fn new(kernel: &Kernel, size: (usize, usize)) -> Result<Self> {
        let grid = Grid::new(size);
        let matrices = kernel.spectrum(&grid);
        let mut circular =
            Circular { pinv: Batch::zeros(0, 0, 0), grid, matrices, extremes: (0.0, f64::INFINITY), rank: 0 };
        circular.invert()?;
        Ok(circular)
    }

    /// The pseudoinverse at every frequency, on all threads; U, s and V are not stored.
    fn invert(&mut self) -> Result<()> {
        let (count, (out, into)) = (self.matrices.count(), self.matrices.shape());
        let cutoff = Cutoff::of(&self.matrices);
        let len = map_derivative_workspace_len::<C>(out, into, out.min(into));
        let mut pinv = Batch::zeros(count, into, out);
        let mut met = vec![(0.0, 0.0, 0_usize); count];
        let (mut work, threads) = workspace(for_each_workspace_len::<C>(out, into, len));
        let items = (self.matrices.as_ref(), (Target::Overwrite(pinv.as_mut()), met.as_mut_slice()));
        for_each_svd(items, len, Run::new(&mut work).threads(threads), |(target, met), i, factors, work| {
            let kept = factors.s.iter().filter(|&&s| s > cutoff.0);
            met[i] = (
                factors.s.first().copied().unwrap_or(0.0),
                kept.clone().next_back().copied().unwrap_or(f64::INFINITY),
                kept.count(),
            );
            pinv_into(factors, cutoff.relative(factors), target.item(i)?, work)
        })?
        .all()?;
        self.pinv = pinv;
        self.extremes = met.iter().fold((0.0, f64::INFINITY), |(a, b), m| (f64::max(a, m.0), f64::min(b, m.1)));
        self.rank = met.iter().map(|m| m.2).sum();
        Ok(())
    }

    /// Rows and columns of the fields.
    pub fn size(&self) -> (usize, usize) {
        self.grid.size()
    }

    fn map(&self, matrices: &Batch<C>, adjoint: bool, x: &Field) -> Field {
        let x = self.grid.forward(x, (x.dim().0, 1));
        self.grid.inverse(&product(matrices, &x, adjoint))
    }

    /// A x.
    pub fn apply(&self, x: &Field) -> Field {
        self.map(&self.matrices, false, x)
    }

    /// A⁺ y.
    pub fn pinv(&self, y: &Field) -> Field {
        self.map(&self.pinv, false, y)
    }

    /// A⁺ᴴ x.
    pub fn pinv_adjoint(&self, x: &Field) -> Field {
        self.map(&self.pinv, true, x)
    }
}

/// An absolute cut-off for all frequencies.
struct Cutoff(f64);

impl Cutoff {
    /// [`CUTOFF`] times the largest Frobenius norm.
    fn of(matrices: &Batch<C>) -> Self {
        let entries = (matrices.shape().0 * matrices.shape().1).max(1);
        let squares = matrices.as_slice().chunks(entries).map(|item| item.iter().map(C::norm_sqr).sum::<f64>());
        Cutoff(CUTOFF * squares.fold(0.0, f64::max).sqrt())
    }

    fn relative(&self, factors: &Factors<'_, C>) -> Tolerance<f64> {
        match factors.s.first() {
            Some(&largest) if largest > 0.0 => Tolerance::Relative(self.0 / largest),
            _ => Tolerance::Default,
        }
    }
}

/// Workspace for every thread of the pool.
pub(crate) fn workspace(len: usize) -> (Vec<C>, usize) {
    let threads = rayon::current_num_threads();
    (vec![C::ZERO; len * threads], threads)
}

/// L = ½ ‖A⁺ y − target‖².
pub fn loss(kernel: &Kernel, y: &Field, target: &Field) -> Result<f64> {
    let difference = Circular::new(kernel, (y.dim().1, y.dim().2))?.pinv(y) - target;
    Ok(0.5 * dot(&difference, &difference))
}

/// The same loss and its gradient with respect to the taps of the kernel: through one least-squares problem K̂ x̂ = ŷ for each frequency.
pub fn loss_gradient(kernel: &Kernel, y: &Field, target: &Field) -> Result<(f64, Array4<f64>)> {
    let circular = Circular::new(kernel, (y.dim().1, y.dim().2))?;
    let difference = circular.pinv(y) - target;
    let (grid, (out, into)) = (&circular.grid, kernel.channels());
    let (b, x_bar) = (grid.forward(y, (out, 1)), grid.forward(&difference, (into, 1)));
    let mut a_bar = Batch::zeros(grid.count(), out, into);
    let mut b_bar = Batch::zeros(grid.count(), out, 1);
    let cutoff = Cutoff::of(&circular.matrices);
    let len = LeastSquares::<C>::workspace_len(out, into, out.min(into), 1);
    let (mut work, threads) = workspace(for_each_workspace_len::<C>(out, into, len));
    let targets = (Target::Overwrite(a_bar.as_mut()), Target::Overwrite(b_bar.as_mut()));
    let items = (circular.matrices.as_ref(), ((b.as_ref(), x_bar.as_ref()), targets));
    for_each_svd(
        items,
        len,
        Run::new(&mut work).threads(threads),
        |((b, x_bar), (a_bar, b_bar)), i, factors, work| {
            let problem = LeastSquares { b: b.item(i)?, cutoff: cutoff.relative(factors) };
            let gradient = LeastSquaresGradient { a: a_bar.item(i)?, b: b_bar.item(i)? };
            problem.vjp_into(factors, x_bar.item(i)?, gradient, work)
        },
    )?
    .all()?;
    // x̄ is 1/(rows·cols) times its transform, and the taps gather without that factor: they cancel.
    Ok((0.5 * dot(&difference, &difference), kernel.gather(grid, &a_bar)))
}
