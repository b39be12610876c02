//! The gradients of functions of a matrix with two equal singular values, beside central differences.

use candle_core::{Device, Result, Tensor, Var};
use diffsvd_candle::{Tolerance, nuclear_norm, pinv, polar, svd, svt};

type Loss = fn(&Tensor) -> Result<Tensor>;

/// A loss of the entries of a matrix that is not symmetric in them.
fn weighted(x: &Tensor) -> Result<Tensor> {
    (x * Tensor::new(&[[0.5, -1.0], [2.0, 0.3]], &Device::Cpu)?)?.sum_all()
}

fn main() -> Result<()> {
    let x = [2.0, 4.0, -4.0, 2.0]; // √20 twice
    let losses: [(&str, Loss); 5] = [
        ("U S² Vᵀ through U, s, V", |x| {
            let (u, s, v) = svd(x)?;
            weighted(&u.broadcast_mul(&s.sqr()?)?.matmul(&v.t()?)?)
        }),
        ("thresholding, τ = 0.5", |x| weighted(&svt(x, 0.5)?)),
        ("polar factor", |x| weighted(&polar(x)?)),
        ("pseudoinverse", |x| weighted(&pinv(x, Tolerance::Default)?)),
        ("nuclear norm", nuclear_norm),
    ];
    for (name, loss) in losses {
        let at = Var::from_slice(&x, (2, 2), &Device::Cpu)?;
        let gradients = loss(&at)?.backward()?;
        let Some(gradient) = gradients.get(&at) else { continue };
        println!("{name}\n  gradient    {:?}", gradient.flatten_all()?.to_vec1::<f64>()?);
        let mut differences = Vec::new();
        for entry in 0..4 {
            let at = |step: f64| {
                let mut moved = x;
                moved[entry] += step;
                loss(&Tensor::from_slice(&moved, (2, 2), &Device::Cpu)?)?.to_scalar::<f64>()
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
