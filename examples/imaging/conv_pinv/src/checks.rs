//! What makes a matrix the pseudoinverse, and its gradient the gradient, as numbers at rounding level.

use std::time::Instant;

use imaging::{Result, random};
use ndarray::Array4;

use crate::circular::{Circular, loss, loss_gradient};
use crate::grid::{Field, dot, norm, relative};
use crate::kernel::Kernel;

/// Penrose's conditions on random fields, and what there is to know beside.
#[derive(Clone, Copy, Debug)]
pub struct Penrose {
    /// ‖A A⁺ y − y‖/‖y‖: at rounding level where A reaches every y.
    pub reaches: f64,
    /// ‖A A⁺ A x − A x‖/‖A x‖.
    pub inner: f64,
    /// ‖A⁺ A A⁺ y − A⁺ y‖/‖A⁺ y‖.
    pub outer: f64,
    /// ‖P P x − P x‖/‖x‖ for P = A⁺A.
    pub projector: f64,
    /// The larger of |⟨P x, z⟩ − ⟨x, P z⟩| for P = A⁺A and for P = A A⁺, over the norms.
    pub symmetry: f64,
    /// The largest over the smallest singular value that does not count as zero, over all frequencies.
    pub condition: f64,
    /// Singular values that do not count as zero, and how many there are.
    pub rank: (usize, usize),
    /// Of the pseudoinverses of all frequencies, the transforms of the kernel included.
    pub seconds: f64,
}

/// The conditions for the periodic convolution with this kernel.
pub fn penrose(kernel: &Kernel, size: (usize, usize), seed: u64) -> Result<Penrose> {
    let start = Instant::now();
    let a = Circular::new(kernel, size)?;
    let seconds = start.elapsed().as_secs_f64();
    let (out, into) = kernel.channels();
    let mut random = random::stream(seed, 0x6368_6563);
    let mut field = |channels| random::normals((channels, size.0, size.1), 1.0, &mut random);
    let (x, z, y, w) = (field(into), field(into), field(out), field(out));
    let (ax, xy) = (a.apply(&x), a.pinv(&y));
    let (px, pz, qy, qw) = (a.pinv(&ax), a.pinv(&a.apply(&z)), a.apply(&xy), a.apply(&a.pinv(&w)));
    let symmetry = |a: &Field, pb: &Field, pa: &Field, b: &Field| (dot(a, pb) - dot(pa, b)).abs() / (norm(a) * norm(b));
    Ok(Penrose {
        reaches: relative(&qy, &y),
        inner: relative(&a.apply(&px), &ax),
        outer: relative(&a.pinv(&qy), &xy),
        projector: norm(&(&a.pinv(&a.apply(&px)) - &px)) / norm(&x),
        symmetry: symmetry(&x, &pz, &px, &z).max(symmetry(&y, &qw, &qy, &w)),
        condition: a.extremes.0 / a.extremes.1,
        rank: (a.rank, size.0 * (size.1 / 2 + 1) * out.min(into)),
        seconds,
    })
}

/// A derivative of the loss ½ ‖A⁺ y − t‖² along one direction in the taps.
#[derive(Clone, Debug)]
pub struct Slope {
    /// Which direction.
    pub name: String,
    /// By the gradient.
    pub analytic: f64,
    /// By central differences.
    pub numeric: f64,
}

impl Slope {
    /// Of the two.
    pub fn error(&self) -> f64 {
        (self.analytic - self.numeric).abs() / self.analytic.abs()
    }
}

/// Of the differences, along directions of length 1.
const STEP: f64 = 1e-5;

/// The gradient with respect to the kernel beside differences: along the gradient itself, along a random direction, and along one tap.
pub fn slopes(kernel: &Kernel, size: (usize, usize), seed: u64, step: &mut dyn FnMut()) -> Result<Vec<Slope>> {
    let (out, into) = kernel.channels();
    let mut random = random::stream(seed, 0x736c_6f70);
    let y = random::normals((out, size.0, size.1), 1.0, &mut random);
    let target = random::normals((into, size.0, size.1), 1.0, &mut random);
    let (_, gradient) = loss_gradient(kernel, &y, &target)?;
    let unit = |direction: Array4<f64>| {
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction / length
    };
    let single = |at: (usize, usize, usize, usize)| {
        let mut direction = Array4::zeros(gradient.dim());
        direction[at] = 1.0;
        direction
    };
    let directions = [
        ("the gradient".to_owned(), unit(gradient.clone())),
        ("random".to_owned(), unit(random::normals(gradient.dim(), 1.0, &mut random))),
        ("a corner tap of the last channels".to_owned(), single((out - 1, into - 1, kernel.taps() - 1, 0))),
    ];
    let mut slopes = Vec::new();
    for (name, direction) in directions {
        let analytic = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let at = |h: f64| loss(&Kernel(&kernel.0 + &(&direction * h)), &y, &target);
        let numeric = (at(STEP)? - at(-STEP)?) / (2.0 * STEP);
        slopes.push(Slope { name, analytic, numeric });
        step();
    }
    Ok(slopes)
}
