//! The backends whose tensors lie in the memory of the host: reading them where they lie.

use burn_backend::{Backend, Element as BurnElement, TensorData, TensorMetadata, tensor::FloatTensor};
use diffsvd_strided::{Element, View};

/// The numbers of burn that are those of the SVD too.
pub(crate) trait Number: Element + BurnElement {
    /// The entries of a tensor of flex, from its first on.
    #[cfg(feature = "flex")]
    fn flex(x: &burn_flex::FlexTensor) -> &[Self];
    /// The array of a tensor of ndarray; none where it is of another type.
    #[cfg(feature = "ndarray")]
    fn ndarray(x: &burn_ndarray::NdArrayTensor) -> Option<ndarray::ArrayViewD<'_, Self>>;
}

macro_rules! number {
    ($($T:ty, $variant:ident);+) => {$(
        impl Number for $T {
            #[cfg(feature = "flex")]
            fn flex(x: &burn_flex::FlexTensor) -> &[Self] {
                x.storage::<$T>().get(x.layout().start_offset()..).unwrap_or_default()
            }
            #[cfg(feature = "ndarray")]
            fn ndarray(x: &burn_ndarray::NdArrayTensor) -> Option<ndarray::ArrayViewD<'_, Self>> {
                match x {
                    burn_ndarray::NdArrayTensor::$variant(storage) => Some(storage.view()),
                    _ => None,
                }
            }
        }
    )+};
}
number!(f32, F32; f64, F64);

/// A backend whose tensors can be read as views.
pub(crate) trait Host: Backend {
    /// Calls `f` with the tensor, whose entries are `T`. They are copied only where a stride is negative, or the backend does not say where they lie.
    fn read<T: Number, R>(x: &FloatTensor<Self>, f: impl FnOnce(View<'_, T>) -> R)
    -> Result<R, diffsvd_strided::Error>;

    /// A tensor from its entries in row-major order.
    fn write<T: Number>(value: Vec<T>, shape: Vec<usize>, like: &FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_from_data(TensorData::new(value, shape), &like.device())
    }
}

/// Strides that are not negative; none where one is.
fn unsigned(strides: &[isize]) -> Option<Vec<usize>> {
    strides.iter().map(|&stride| usize::try_from(stride).ok()).collect()
}

#[cfg(feature = "flex")]
impl Host for burn_flex::Flex {
    fn read<T: Number, R>(
        x: &FloatTensor<Self>,
        f: impl FnOnce(View<'_, T>) -> R,
    ) -> Result<R, diffsvd_strided::Error> {
        let Some(strides) = unsigned(x.layout().strides()) else {
            return Self::read(&x.to_contiguous(), f);
        };
        Ok(f(View::new(T::flex(x), x.layout().shape(), &strides)?))
    }
}

#[cfg(feature = "ndarray")]
impl Host for burn_ndarray::NdArray {
    fn read<T: Number, R>(
        x: &FloatTensor<Self>,
        f: impl FnOnce(View<'_, T>) -> R,
    ) -> Result<R, diffsvd_strided::Error> {
        let array = T::ndarray(x).unwrap_or_else(|| ndarray::ArrayViewD::from_shape(vec![0], &[]).unwrap());
        if let (Some(data), Some(strides)) = (array.as_slice_memory_order(), unsigned(array.strides())) {
            return Ok(f(View::new(data, array.shape(), &strides)?));
        }
        let array = array.as_standard_layout();
        let strides = unsigned(array.strides()).unwrap_or_default();
        Ok(f(View::new(array.as_slice().unwrap_or_default(), array.shape(), &strides)?))
    }
}
