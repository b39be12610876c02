//! The tensors that are batches of matrices.

use burn_tensor::Tensor;

mod sealed {
    pub trait Sealed {}
}

/// A tensor of two to eight dimensions, of which the last two are rows and columns. It names the type of the tensors with one dimension less, such as the singular values, so
/// that nobody has to write the number.
pub trait Matrices: sealed::Sealed {
    /// `Tensor<{D - 1}>`: one vector for each matrix.
    type Vectors;

    #[doc(hidden)]
    fn vectors(entries: Tensor<1>, shape: &[usize]) -> Self::Vectors;

    #[doc(hidden)]
    fn vectors_of(value: burn_dispatch::DispatchTensor) -> Self::Vectors;
}

macro_rules! matrices {
    ($($D:literal, $vectors:literal);+) => {$(
        impl sealed::Sealed for Tensor<$D> {}
        impl Matrices for Tensor<$D> {
            type Vectors = Tensor<$vectors>;
            fn vectors(entries: Tensor<1>, shape: &[usize]) -> Tensor<$vectors> {
                let mut dims = [1; $vectors];
                dims.copy_from_slice(shape);
                shaped(entries, dims)
            }
            fn vectors_of(value: burn_dispatch::DispatchTensor) -> Tensor<$vectors> {
                Tensor::from_dispatch(value)
            }
        }
    )+};
}
matrices!(2, 1; 3, 2; 4, 3; 5, 4; 6, 5; 7, 6; 8, 7);

/// These entries in another shape. For burn a 0 in a shape to be taken means the dimension that was there, so that an empty tensor is made anew.
pub(crate) fn shaped<const D: usize>(entries: Tensor<1>, shape: [usize; D]) -> Tensor<D> {
    if shape.contains(&0) { Tensor::empty(shape, (&entries.device(), entries.dtype())) } else { entries.reshape(shape) }
}
