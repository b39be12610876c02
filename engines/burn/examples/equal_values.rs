//! The gradients of functions of a matrix with two equal singular values, beside central differences.

use burn_tensor::{DType, Device, Tensor, TensorData};
use diffsvd_burn::{Error, Tolerance, nuclear_norm, pinv, polar, svd, svt};

type Loss = fn(Tensor<2>) -> Result<Tensor<1>, Error>;

/// A loss of the entries of a matrix that is not symmetric in them.
fn weighted(x: Tensor<2>) -> Tensor<1> {
    let weights = tensor(&[0.5, -1.0, 2.0, 0.3]);
    (x * weights).sum()
}

fn tensor(entries: &[f64]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(entries.to_vec(), [2, 2]), (&Device::flex().autodiff(), DType::F64))
}

fn main() -> Result<(), Error> {
    let x = [2.0, 4.0, -4.0, 2.0]; // √20 twice
    let losses: [(&str, Loss); 5] = [
        ("U S² Vᵀ through U, s, V", |x| {
            let (u, s, v) = svd(x)?;
            Ok(weighted((u * s.powi_scalar(2).unsqueeze()).matmul(v.transpose())))
        }),
        ("thresholding, τ = 0.5", |x| Ok(weighted(svt(x, 0.5)?))),
        ("polar factor", |x| Ok(weighted(polar(x)?))),
        ("pseudoinverse", |x| Ok(weighted(pinv(x, Tolerance::Default)?))),
        ("nuclear norm", nuclear_norm),
    ];
    for (name, loss) in losses {
        let at = tensor(&x).require_grad();
        let gradients = loss(at.clone())?.backward();
        println!("{name}");
        println!("  gradient    {:?}", at.grad(&gradients).map(|x| x.into_data().iter::<f64>().collect::<Vec<_>>()));
        let mut differences = Vec::new();
        for entry in 0..4 {
            let at = |step: f64| {
                let mut moved = x;
                moved[entry] += step;
                loss(tensor(&moved)).map(Tensor::into_scalar::<f64>)
            };
            differences.push((at(1e-5)? - at(-1e-5)?) / 2e-5);
        }
        println!("  differences {differences:?}");
    }
    println!("The first is a function of s through U, s and V: there the default rule is exact for f(s) ∝ s only.");
    Ok(())
}

#[test]
fn it_runs() {
    main().expect("the example");
}
