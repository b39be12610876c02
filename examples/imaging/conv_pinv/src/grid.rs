//! Real fields of several channels, and the matrices of a kernel, over the frequencies of a grid. Of a pair of conjugate frequencies
//! only one is kept: columns 0 to cols/2.

use diffsvd::batch::Batch;
use imaging::fourier::Fourier;
use ndarray::{Array2, Array3, Axis, s};
use num_complex::Complex;
use rayon::prelude::*;

/// A complex number.
pub(crate) type C = Complex<f64>;

/// Channels, rows, columns.
pub type Field = Array3<f64>;

/// The frequencies of fields of one size.
#[derive(Clone)]
pub(crate) struct Grid {
    fourier: Fourier,
}

impl Grid {
    pub(crate) fn new(size: (usize, usize)) -> Self {
        Grid { fourier: Fourier::new(size) }
    }

    pub(crate) fn size(&self) -> (usize, usize) {
        self.fourier.size()
    }

    fn half(&self) -> usize {
        self.size().1 / 2 + 1
    }

    /// Number of frequencies that are kept.
    pub(crate) fn count(&self) -> usize {
        self.size().0 * self.half()
    }

    /// One matrix of `shape` for each frequency: entry (o, c) from plane o + c·rows. A field is a batch of columns.
    pub(crate) fn forward(&self, planes: &Field, (rows, cols): (usize, usize)) -> Batch<C> {
        let (half, entries) = (self.half(), rows * cols);
        let spectra: Vec<Array2<C>> = (0..entries)
            .into_par_iter()
            .map(|entry| self.fourier.forward(&planes.index_axis(Axis(0), entry)))
            .collect();
        let mut batch = Batch::zeros(self.count(), rows, cols);
        let mut view = batch.as_mut();
        view.data_mut().par_chunks_mut(entries.max(1)).enumerate().for_each(|(f, item)| {
            item.iter_mut().zip(&spectra).for_each(|(entry, spectrum)| *entry = spectrum[(f / half, f % half)]);
        });
        batch
    }

    /// The fields of one channel each that have these entries as their frequencies.
    pub(crate) fn inverse(&self, batch: &Batch<C>) -> Field {
        let ((rows, cols), half) = (self.size(), self.half());
        let (entries, data) = (batch.shape().0 * batch.shape().1, batch.as_slice());
        let plane = |entry: usize| {
            let at = |i: usize, j: usize| data[(i * half + j) * entries + entry];
            let spectrum = Array2::from_shape_fn((rows, cols), |(i, j)| {
                if j < half { at(i, j) } else { at((rows - i) % rows, cols - j).conj() }
            });
            self.fourier.unscaled_inverse(spectrum) / (rows * cols) as f64
        };
        let planes: Vec<Array2<f64>> = (0..entries).into_par_iter().map(plane).collect();
        let mut field = Field::zeros((entries, rows, cols));
        field.outer_iter_mut().zip(planes).for_each(|(mut out, plane)| out.assign(&plane));
        field
    }
}

/// M x at every frequency, or Mᴴ x.
pub(crate) fn product(matrices: &Batch<C>, x: &Batch<C>, adjoint: bool) -> Batch<C> {
    let (rows, cols) = matrices.shape();
    let (into, from) = if adjoint { (cols, rows) } else { (rows, cols) };
    let mut y = Batch::zeros(matrices.count(), into, 1);
    let mut view = y.as_mut();
    let items = matrices.as_slice().par_chunks(rows * cols).zip(x.as_slice().par_chunks(from));
    view.data_mut().par_chunks_mut(into).zip(items).for_each(|(y, (matrix, x))| {
        for (j, column) in matrix.chunks(rows).enumerate() {
            if adjoint {
                y[j] = column.iter().zip(x).map(|(m, x)| m.conj() * x).sum();
            } else {
                y.iter_mut().zip(column).for_each(|(y, m)| *y += m * x[j]);
            }
        }
    });
    y
}

/// The field in the corner (top, left) of one of zeros.
pub(crate) fn embed(field: &Field, (rows, cols): (usize, usize), (top, left): (usize, usize)) -> Field {
    let (channels, m, n) = field.dim();
    let mut out = Field::zeros((channels, rows, cols));
    out.slice_mut(s![.., top..top + m, left..left + n]).assign(field);
    out
}

/// The part of this size from (top, left) on.
pub(crate) fn crop(field: &Field, (rows, cols): (usize, usize), (top, left): (usize, usize)) -> Field {
    field.slice(s![.., top..top + rows, left..left + cols]).to_owned()
}

/// ⟨a, b⟩.
pub fn dot(a: &Field, b: &Field) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// ‖a‖.
pub fn norm(a: &Field) -> f64 {
    dot(a, a).sqrt()
}

/// ‖a − b‖/‖b‖.
pub fn relative(a: &Field, b: &Field) -> f64 {
    norm(&(a - b)) / norm(b)
}
