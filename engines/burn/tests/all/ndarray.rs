//! The same on the backend that burn has deprecated.
#![allow(deprecated)]

use burn_tensor::{DType, Device, Tensor, TensorData};
use diffsvd_burn::{Tolerance, pinv, svd, svt};

use crate::common::*;

fn there(entries: &[f64], shape: [usize; 3]) -> Tensor<3> {
    Tensor::from_data(TensorData::new(entries.to_vec(), shape), (&Device::ndarray().autodiff(), DType::F64))
}

#[test]
fn values_and_gradients_on_ndarray_are_those_on_flex() {
    let loss = |x: Tensor<3>| {
        let (u, s, v) = svd(x.clone()).unwrap();
        let again = (u * s.powi_scalar(2).unsqueeze_dim::<3>(1)).matmul(v.transpose());
        again.powi_scalar(2).sum() + svt(x, 0.2).unwrap().powi_scalar(3).sum()
    };
    let entries_of_x = random(24, 3);
    let x = there(&entries_of_x, [2, 4, 3]).require_grad();
    let gradients = loss(x.clone()).backward();
    let expected = gradient(loss, &entries_of_x, [2, 4, 3]);
    assert_close(&entries(x.grad(&gradients).unwrap()), &expected, 1e-13);
}

#[test]
fn layouts_on_ndarray() {
    let x = there(&random(60, 2), [3, 4, 5]);
    let layouts = [
        x.clone().transpose(),
        x.clone().permute([2, 0, 1]),
        x.clone().slice([0..2, 1..3, 2..5]),
        x.clone().slice([1..2, 0..4, 0..5]).expand([3, 4, 5]),
        x.clone().flip([0, 2]),
    ];
    for layout in layouts {
        let ordered = there(&entries(layout.clone()), layout.dims());
        assert_eq!(
            entries(pinv(layout, Tolerance::Default).unwrap()),
            entries(pinv(ordered, Tolerance::Default).unwrap())
        );
    }
}

#[test]
fn an_ndarray_threshold_of_a_flex_tensor_is_refused() {
    let tau = Tensor::<1>::from_data(TensorData::from([0.5]), (&Device::ndarray(), DType::F64));
    let error = svt(tensor(&random(4, 1), [2, 2]), tau).unwrap_err().to_string();
    assert!(error.contains("and its thresholds on"), "{error}");
}
