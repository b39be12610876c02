//! Tensors that do not lie in row-major order, empty ones, and other types.

use burn_tensor::{DType, Device, Tensor};
use diffsvd_burn::{Tolerance, low_rank, nuclear_norm, pinv, polar, svd, svdvals, svt};

use crate::common::*;

/// Every layout that the engine makes without copying, against the same numbers in order.
#[test]
fn any_strides() {
    let x = tensor(&random(2 * 3 * 4 * 5, 2), [2, 3, 4, 5]);
    let layouts = [
        x.clone().transpose(),
        x.clone().permute([2, 3, 1, 0]),
        x.clone().permute([3, 1, 0, 2]),
        x.clone().slice([0..2, 1..3, 1..4, 2..5]),
        x.clone().slice([0..1, 0..3, 0..4, 0..5]).expand([6, 3, 4, 5]),
        x.clone().slice([0..2, 0..3, 0..4, 0..1]).expand([2, 3, 4, 3]),
        x.clone().flip([0, 3]),
    ];
    for layout in layouts {
        let shape = layout.dims();
        let ordered = tensor(&entries(layout.clone()), shape);
        let same = |f: &dyn Fn(Tensor<4>) -> Tensor<4>| {
            assert_eq!(entries(f(layout.clone())), entries(f(ordered.clone())), "{shape:?}");
        };
        same(&|x| svt(x, 0.2).unwrap());
        same(&|x| svd(x).unwrap().0);
        same(&|x| pinv(x, Tolerance::Default).unwrap());
    }
}

/// The cotangents come in any layout too.
#[test]
fn cotangents_of_any_strides() {
    check(|x: Tensor<3>| weighted(svt(x, 0.2).unwrap().transpose()), [2, 4, 3]);
    check(|x: Tensor<3>| weighted(svt(x, 0.2).unwrap().permute([2, 0, 1])), [2, 4, 3]);
    check(|x: Tensor<3>| svt(x, 0.2).unwrap().sum(), [2, 4, 3]);
    check(|x: Tensor<3>| weighted(pinv(x, Tolerance::Default).unwrap().transpose()), [2, 4, 3]);
    check(|x: Tensor<3>| weighted(svdvals(x).unwrap().transpose()), [2, 4, 3]);
}

#[test]
fn empty_batches_and_matrices() {
    for shape in [[0, 3, 2], [2, 0, 3], [2, 3, 0], [0, 0, 0]] {
        let k = shape[1].min(shape[2]);
        let x = tensor(&[], shape).require_grad();
        let (u, s, v) = svd(x.clone()).unwrap();
        assert_eq!(u.dims(), [shape[0], shape[1], k]);
        assert_eq!(s.dims(), [shape[0], k]);
        assert_eq!(v.dims(), [shape[0], shape[2], k]);
        assert_eq!(svdvals(x.clone()).unwrap().dims(), [shape[0], k]);
        let thresholded = svt(x.clone(), 0.5).unwrap();
        assert_eq!((thresholded.dims(), polar(x.clone()).unwrap().dims()), (shape, shape));
        assert_eq!(low_rank(x.clone(), 1).unwrap().dims(), shape);
        assert_eq!(pinv(x.clone(), Tolerance::Default).unwrap().dims(), [shape[0], shape[2], shape[1]]);
        let norms = nuclear_norm(x.clone()).unwrap();
        assert_eq!(norms.dims(), [shape[0], 1]);
        let gradients = (thresholded.sum() + norms.sum()).backward();
        assert_eq!(x.grad(&gradients).unwrap().dims(), shape);
    }
}

/// f32 to its own precision, through the same functions.
#[test]
fn single_precision() {
    let x = random(24, 12);
    let loss = |x: Tensor<3>| {
        let (u, s, v) = svd(x.clone()).unwrap();
        let again = (u * s.unsqueeze_dim::<3>(1)).matmul(v.transpose());
        again.powi_scalar(3).sum() + svt(x.clone(), 0.2).unwrap().powi_scalar(2).sum() + nuclear_norm(x).unwrap().sum()
    };
    let double = gradient(loss, &x, [2, 4, 3]);
    let single = tensor(&x, [2, 4, 3]).cast(DType::F32).detach();
    let single = single.require_grad();
    let gradients = loss(single.clone()).backward();
    let single = single.grad(&gradients).unwrap().into_data().iter::<f32>().map(f64::from).collect::<Vec<_>>();
    assert_close(&single, &double, 2e-5);
}

/// With checkpointing the nodes are those of another backend type.
#[test]
fn gradient_checkpointing() {
    let checkpointing = Device::flex().autodiff().gradient_checkpointing();
    let x = random(12, 5);
    let expected = gradient(|x: Tensor<2>| weighted(svt(x, 0.2).unwrap()), &x, [4, 3]);
    let data = burn_tensor::TensorData::new(x, [4, 3]);
    let x = Tensor::<2>::from_data(data, (&checkpointing, DType::F64)).require_grad();
    let tau = tensor(&[0.2], [1]).inner();
    let weights = tensor(&random(12, 77), [4, 3]).inner();
    let gradients = (svt(x.clone(), tau).unwrap() * weights).sum().backward();
    assert_close(&entries(x.grad(&gradients).unwrap()), &expected, 1e-14);
}

/// A tensor without a graph gives the same value as one with it.
#[test]
fn without_a_graph() {
    let x = tensor(&random(12, 5), [4, 3]);
    assert!(!svt(x.clone().inner(), 0.2).unwrap().is_autodiff());
    assert_close(&entries(svdvals(x.clone().inner()).unwrap()), &entries(svd(x.require_grad()).unwrap().1), 1e-14);
}
