//! Convolution that does not wrap around, and its pseudoinverse by conjugate gradients with the periodic one as preconditioner.

use imaging::Result;

use crate::circular::Circular;
use crate::grid::{C, Field, Grid, crop, dot, embed, norm, product};
use crate::kernel::Kernel;
use diffsvd::batch::Batch;

/// What is beyond the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Zeros, and as many rows and columns come out as went in.
    Zeros,
    /// Nothing: only the places where the whole kernel fits come out.
    Cropped,
}

/// A convolution with edges.
pub struct Edged {
    /// Large enough that what wraps around meets zeros.
    grid: Grid,
    matrices: Batch<C>,
    size: (usize, usize),
    radius: usize,
    edge: Edge,
    channels: (usize, usize),
    circular: Circular,
}

/// How an iteration ended.
#[derive(Clone, Debug)]
pub struct Solution {
    /// A⁺ y.
    pub x: Field,
    /// Relative residual of the normal equations before the first and after each step.
    pub residuals: Vec<f64>,
}

impl Edged {
    /// For fields of this size.
    pub fn new(kernel: &Kernel, size: (usize, usize), edge: Edge) -> Result<Self> {
        let grid = Grid::new((size.0 + kernel.taps() - 1, size.1 + kernel.taps() - 1));
        let (matrices, circular) = (kernel.spectrum(&grid), Circular::new(kernel, size)?);
        Ok(Edged { matrices, size, radius: kernel.taps() / 2, edge, channels: kernel.channels(), circular, grid })
    }

    /// Size and place of what comes out.
    fn window(&self) -> ((usize, usize), (usize, usize)) {
        match self.edge {
            Edge::Zeros => (self.size, (0, 0)),
            Edge::Cropped => {
                let r = self.radius;
                ((self.size.0 - 2 * r, self.size.1 - 2 * r), (r, r))
            }
        }
    }

    /// A x.
    pub fn apply(&self, x: &Field) -> Field {
        let padded = embed(x, self.grid.size(), (0, 0));
        let x = self.grid.forward(&padded, (x.dim().0, 1));
        let (size, corner) = self.window();
        crop(&self.grid.inverse(&product(&self.matrices, &x, false)), size, corner)
    }

    /// Aᴴ y.
    pub fn adjoint(&self, y: &Field) -> Field {
        let padded = embed(y, self.grid.size(), self.window().1);
        let y = self.grid.forward(&padded, (y.dim().0, 1));
        crop(&self.grid.inverse(&product(&self.matrices, &y, true)), self.size, (0, 0))
    }

    /// The naive method: the periodic pseudoinverse, as if the field wrapped around; what was cropped counts as zero.
    pub fn naive(&self, y: &Field) -> Field {
        self.circular.pinv(&embed(y, self.size, self.window().1))
    }

    /// A⁺ y by conjugate gradients on the smaller of the two normal equations: AᴴA x = Aᴴ y, or A Aᴴ z = y with x = Aᴴ z, which is the
    /// solution of minimum norm. `preconditioned`: with (KᴴK)⁺ or (K Kᴴ)⁺ of the periodic convolution.
    pub fn solve(&self, y: &Field, preconditioned: bool, (tolerance, most): (f64, usize)) -> Solution {
        let ((out, into), window) = (self.channels, self.window());
        let tall = out * window.0.0 * window.0.1 >= into * self.size.0 * self.size.1;
        if tall {
            let normal = |x: &Field| self.adjoint(&self.apply(x));
            let inverse = |x: &Field| {
                if preconditioned { self.circular.pinv(&self.circular.pinv_adjoint(x)) } else { x.clone() }
            };
            conjugate_gradients(normal, inverse, &self.adjoint(y), (tolerance, most))
        } else {
            let normal = |y: &Field| self.apply(&self.adjoint(y));
            let inverse = |y: &Field| {
                if !preconditioned {
                    return y.clone();
                }
                let wrapped = self.circular.pinv_adjoint(&self.circular.pinv(&embed(y, self.size, window.1)));
                crop(&wrapped, window.0, window.1)
            };
            let solution = conjugate_gradients(normal, inverse, y, (tolerance, most));
            Solution { x: self.adjoint(&solution.x), ..solution }
        }
    }
}

/// Solves a Hermitian positive definite system until the residual is `tolerance` times the right-hand side, or for `most` steps.
fn conjugate_gradients(
    matrix: impl Fn(&Field) -> Field,
    inverse: impl Fn(&Field) -> Field,
    b: &Field,
    (tolerance, most): (f64, usize),
) -> Solution {
    let (mut x, mut r) = (Field::zeros(b.raw_dim()), b.clone());
    let mut z = inverse(&r);
    let (mut p, mut rz) = (z.clone(), dot(&r, &z));
    let scale = norm(b);
    let mut residuals = vec![1.0];
    while residuals.len() <= most && residuals.last().is_some_and(|&residual| residual > tolerance) {
        let q = matrix(&p);
        let step = rz / dot(&p, &q);
        if !step.is_finite() {
            break;
        }
        x.scaled_add(step, &p);
        r.scaled_add(-step, &q);
        residuals.push(norm(&r) / scale);
        z = inverse(&r);
        let next = dot(&r, &z);
        p = &z + &(p * (next / rz));
        rz = next;
    }
    Solution { x, residuals }
}
