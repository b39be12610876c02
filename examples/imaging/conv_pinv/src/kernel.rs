//! Kernels of several channels.

use imaging::random;
use ndarray::{Array2, Array4};

use crate::grid::{C, Grid};
use diffsvd::batch::Batch;

/// y(o, i, j) = Σ K(o, c, p, q) x(c, i − p + r, j − q + r) over c, p and q, with r = taps/2: out, in, taps, taps.
#[derive(Clone, Debug)]
pub struct Kernel(pub Array4<f64>);

impl Kernel {
    /// Normal taps, scaled so that the norm of the convolution is about 2; of this rank at every frequency, where one is given.
    pub fn random((out, into): (usize, usize), taps: usize, rank: Option<usize>, seed: u64) -> Self {
        let mut random = random::stream(seed, 0x6b65_726e);
        let deviation = 1.0 / ((out.max(into) * taps * taps) as f64).sqrt();
        let Some(rank) = rank else {
            return Kernel(random::normals((out, into, taps, taps), deviation, &mut random));
        };
        // Channels are mixed down to `rank` of them before the convolution.
        let inner = Self::random((out, rank), taps, None, seed + 1);
        let mix = random::normals((rank, into), 1.0 / (into as f64).sqrt(), &mut random);
        Kernel(Array4::from_shape_fn((out, into, taps, taps), |(o, c, p, q)| {
            (0..rank).map(|l| inner.0[(o, l, p, q)] * mix[(l, c)]).sum()
        }))
    }

    /// A layer of a network that keeps most of its input: the identity and `strength` times a random kernel.
    pub fn layer(channels: usize, taps: usize, strength: f64, seed: u64) -> Self {
        let mut kernel = Self::random((channels, channels), taps, None, seed);
        kernel.0 *= strength;
        (0..channels).for_each(|c| kernel.0[(c, c, taps / 2, taps / 2)] += 1.0);
        kernel
    }

    /// A Gaussian blur of width `sigma` that also mixes three channels.
    pub fn blur(taps: usize, sigma: f64) -> Self {
        let mix = [[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]];
        let weight = |p: usize| (-0.5 * ((p as f64 - (taps / 2) as f64) / sigma).powi(2)).exp();
        let plane = Array2::from_shape_fn((taps, taps), |(p, q)| weight(p) * weight(q));
        let total = plane.sum();
        Kernel(Array4::from_shape_fn((3, 3, taps, taps), |(o, c, p, q)| mix[o][c] * plane[(p, q)] / total))
    }

    /// (out, in).
    pub fn channels(&self) -> (usize, usize) {
        (self.0.dim().0, self.0.dim().1)
    }

    /// Rows, and columns, of each filter.
    pub fn taps(&self) -> usize {
        self.0.dim().2
    }

    /// Where tap (p, q) lies on a periodic grid, its middle at (0, 0).
    fn place(&self, (rows, cols): (usize, usize), (p, q): (usize, usize)) -> (usize, usize) {
        let r = self.taps() / 2;
        ((p + rows - r) % rows, (q + cols - r) % cols)
    }

    /// The out×in matrix of each frequency.
    pub(crate) fn spectrum(&self, grid: &Grid) -> Batch<C> {
        let ((out, into), size) = (self.channels(), grid.size());
        let mut planes = ndarray::Array3::zeros((out * into, size.0, size.1));
        for ((o, c, p, q), &tap) in self.0.indexed_iter() {
            let (i, j) = self.place(size, (p, q));
            planes[(o + c * out, i, j)] += tap;
        }
        grid.forward(&planes, (out, into))
    }

    /// The adjoint of [`Kernel::spectrum`] up to the number of frequencies: the taps of what `grid.inverse` makes of a cotangent.
    pub(crate) fn gather(&self, grid: &Grid, cotangent: &Batch<C>) -> Array4<f64> {
        let planes = grid.inverse(cotangent);
        Array4::from_shape_fn(self.0.dim(), |(o, c, p, q)| {
            let (i, j) = self.place(grid.size(), (p, q));
            planes[(o + c * self.channels().0, i, j)]
        })
    }
}
