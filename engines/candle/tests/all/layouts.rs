//! Tensors that do not lie in row-major order, empty ones, and other types.

use candle_core::{DType, Tensor, Var};
use diffsvd_candle::{Tolerance, low_rank, nuclear_norm, pinv, polar, svd, svdvals, svt};

use crate::common::*;

/// Every layout that the engine makes without copying, against the same numbers in order.
#[test]
fn any_strides_and_offsets() {
    let x = tensor(&random(2 * 3 * 4 * 5, 2), &[2, 3, 4, 5]);
    let layouts = [
        x.transpose(2, 3),
        x.permute((2, 3, 1, 0)),
        x.permute((3, 1, 0, 2)),
        x.narrow(1, 1, 2).and_then(|x| x.narrow(2, 1, 3)).and_then(|x| x.narrow(3, 2, 3)),
        x.narrow(0, 1, 1).and_then(|x| x.broadcast_as((6, 3, 4, 5))),
        x.narrow(3, 2, 1).and_then(|x| x.broadcast_as((2, 3, 4, 3))),
    ];
    for layout in layouts {
        let layout = layout.unwrap();
        assert!(!layout.is_contiguous());
        let ordered = layout.contiguous().unwrap();
        let same = |f: &dyn Fn(&Tensor) -> Tensor| {
            assert_eq!(entries(&f(&layout)), entries(&f(&ordered)), "{:?}", layout.layout());
        };
        same(&|x| svt(x, 0.2).unwrap());
        same(&|x| svd(x).unwrap().0);
        same(&|x| pinv(x, Tolerance::Default).unwrap());
        same(&|x| nuclear_norm(x).unwrap());
    }
}

/// A tensor that is differentiated through its layout, and cotangents of any strides.
#[test]
fn gradients_through_layouts() {
    let x = random(24, 3);
    check_at(|x| weighted(&svt(&x.transpose(1, 2)?, 0.2)?), &x, &[2, 4, 3]);
    check_at(|x| weighted(&svd(&x.narrow(0, 1, 1)?.broadcast_as((3, 4, 3))?)?.1.sqr()?), &x, &[2, 4, 3]);
    check_at(|x| weighted(&svt(x, 0.2)?.transpose(1, 2)?), &x, &[2, 4, 3]);
    check_at(|x| weighted(&svt(x, 0.2)?.permute((2, 0, 1))?), &x, &[2, 4, 3]);
    check_at(|x| svt(x, 0.2)?.sum_all(), &x, &[2, 4, 3]);
    check_at(|x| weighted(&pinv(x, Tolerance::Default)?.transpose(1, 2)?), &x, &[2, 4, 3]);
    check_at(|x| weighted(&svdvals(x)?.t()?), &x, &[2, 4, 3]);
}

#[test]
fn empty_batches_and_matrices() {
    for shape in [[0, 3, 2], [2, 0, 3], [2, 3, 0], [0, 0, 0]] {
        let k = shape[1].min(shape[2]);
        let x = Var::from_tensor(&Tensor::zeros(&shape, DType::F64, &candle_core::Device::Cpu).unwrap()).unwrap();
        let (u, s, v) = svd(&x).unwrap();
        assert_eq!((u.dims(), s.dims()), ([shape[0], shape[1], k].as_slice(), [shape[0], k].as_slice()));
        assert_eq!(v.dims(), [shape[0], shape[2], k]);
        assert_eq!(svdvals(&x).unwrap().dims(), [shape[0], k]);
        let thresholded = svt(&x, 0.5).unwrap();
        assert_eq!((thresholded.dims(), polar(&x).unwrap().dims()), (shape.as_slice(), shape.as_slice()));
        assert_eq!(low_rank(&x, 1).unwrap().dims(), shape);
        assert_eq!(pinv(&x, Tolerance::Default).unwrap().dims(), [shape[0], shape[2], shape[1]]);
        let norms = nuclear_norm(&x).unwrap();
        assert_eq!(norms.dims(), [shape[0]]);
        let loss = (thresholded.sum_all().unwrap() + norms.sum_all().unwrap()).unwrap();
        let gradients = loss.backward().unwrap();
        assert_eq!(gradients.get(&x).unwrap().dims(), shape);
    }
}

/// f32 to its own precision, through the same functions.
#[test]
fn single_precision() {
    let loss = |x: &Tensor| {
        let (u, s, v) = svd(x)?;
        let again = u.broadcast_mul(&s.unsqueeze(1)?)?.matmul(&v.transpose(1, 2)?.contiguous()?)?;
        let powers = (again.powf(2.0)?.sum_all()? + svt(x, 0.2)?.sqr()?.sum_all()?)?;
        powers + nuclear_norm(x)?.sum_all()?
    };
    let x = random(24, 12);
    let double = gradient(loss, &x, &[2, 4, 3]);
    let single = Var::from_tensor(&tensor(&x, &[2, 4, 3]).to_dtype(DType::F32).unwrap()).unwrap();
    let gradients = loss(&single).unwrap().backward().unwrap();
    let single = gradients.get(&single).unwrap().to_dtype(DType::F64).unwrap();
    assert_close(&entries(&single), &double, 2e-5);
}
