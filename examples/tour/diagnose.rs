//! The report on a matrix from a file.

use std::fmt::Write;

use diffsvd::{Cotangent, Error, Mat, Report, Rule, Scalar, Svd, Tolerance};

use crate::loss::{Affine, Cotangents};
use crate::read::Matrix;
use crate::text;

pub(crate) fn report(matrix: &Matrix) -> Result<String, Error> {
    match matrix {
        Matrix::Real(a) => of(a),
        Matrix::Complex(a) => of(a),
    }
}

fn of<S: Scalar<Real = f64>>(a: &Mat<S>) -> Result<String, Error> {
    let svd = Svd::thin(a)?;
    let kind = if S::PARTS == 2 { "complex" } else { "real" };
    let mut out = format!("{}×{}, {kind}\n", a.rows(), a.cols());
    if svd.s().is_empty() {
        return Ok(out + "The matrix is empty: it has no singular values, and its gradients are empty.\n");
    }
    out += &numbers(&svd);
    out += &nuclear_norm(&svd)?;
    out += &gauge(&svd)?;
    Ok(out)
}

fn numbers<S: Scalar<Real = f64>>(svd: &Svd<S>) -> String {
    let s = svd.s();
    let cut = Tolerance::Default.absolute(svd.factors().shape(), s[0]);
    let condition = svd.condition_number();
    let mut out = format!("\nsingular values ({})\n", s.len());
    out += &text::paragraph(&text::values(s));
    let _ = writeln!(
        out,
        "\nrank              {} of {} (values above the default tolerance, {}, count)",
        svd.rank(Tolerance::Default),
        s.len(),
        text::significant(cut, 2)
    );
    let _ = match condition {
        c if c.is_infinite() => writeln!(out, "condition number  infinite: the matrix is singular"),
        c => writeln!(out, "condition number  {}", text::significant(c, 5)),
    };
    let _ = writeln!(out, "nuclear norm      {}", text::significant(s.iter().sum(), 7));
    out
}

/// The gradient of Σ sᵢ: cotangents of the values alone, so that no singular vector is differentiated.
fn nuclear_norm<S: Scalar<Real = f64>>(svd: &Svd<S>) -> Result<String, Error> {
    let (k, rank) = (svd.s().len(), svd.rank(Tolerance::Default));
    let ones: Vec<f64> = (0..k).map(|i| f64::from(i < rank)).collect();
    let cotangent = Cotangent { s: Some(&ones), ..Cotangent::default() };
    let gradient = svd.vjp(&cotangent, &Rule::default())?;
    let heading = if rank == k {
        "\ngradient of the nuclear norm, U Vᴴ\n".to_owned()
    } else {
        format!(
            "\nsubgradient of the nuclear norm: no gradient exists below full rank; of all subgradients this is the one of\n\
             smallest norm, U Vᴴ of {rank} of the {k} triplets\n"
        )
    };
    Ok(heading + &text::paragraph(&text::matrix(&gradient.a)))
}

/// What stands between this matrix and a derivative of its singular vectors.
fn gauge<S: Scalar<Real = f64>>(svd: &Svd<S>) -> Result<String, Error> {
    let of_product = |slope, shift| -> Result<Report<f64>, Error> {
        let cotangents = Cotangents::new(svd, Affine { slope, shift })?;
        Ok(svd.vjp(&cotangents.vector(), &Rule::default())?.report)
    };
    let of_vectors = || -> Result<Report<f64>, Error> {
        let ones = Mat::from_fn(svd.u().rows(), svd.u().cols(), |_, _| S::one());
        let cotangent = Cotangent { u: Some(ones.as_ref()), ..Cotangent::default() };
        Ok(svd.vjp(&cotangent, &Rule::default())?.report)
    };
    let product = of_product(1.0, 0.0)?;
    let mut out = "\ngauge diagnosis (may U, s and V of this matrix be differentiated?)\n".to_owned();
    out += &degeneracies(svd, product);
    out += "  gauge residual of three losses; where it is not at rounding level, no gradient exists:\n";
    for (loss, report) in
        [("Σ Re of U S Vᴴ", product), ("Σ Re of U Vᴴ", of_product(0.0, 1.0)?), ("Σ Re of U alone", of_vectors()?)]
    {
        let residual = report.gauge_residual;
        let _ = writeln!(out, "    {loss:<18}{:<11}{}", text::significant(residual, 2), verdict::<S>(residual));
    }
    Ok(out)
}

fn verdict<S: Scalar<Real = f64>>(residual: f64) -> &'static str {
    match (residual < 1e-10, S::PARTS) {
        (true, _) => "a gradient exists",
        (false, 1) => "depends on the choice of a basis for equal or zero values",
        (false, _) => "depends on the choice of phases, or of a basis for equal or zero values",
    }
}

/// Equal values, zeros, and how near to equal the others come.
fn degeneracies<S: Scalar<Real = f64>>(svd: &Svd<S>, report: Report<f64>) -> String {
    let s = svd.s();
    let cut = Tolerance::Default.absolute(svd.factors().shape(), s[0]);
    let mut out = format!(
        "  {}, {} (within the default tolerance, {})\n",
        text::count(report.equal_pairs, "pair of equal values", "pairs of equal values"),
        text::count(report.zeros, "zero", "zeros"),
        text::significant(cut, 2),
    );
    let gaps = s.windows(2).enumerate().map(|(i, pair)| (pair[0] - pair[1], i + 1)).filter(|&(gap, _)| gap > cut);
    if let Some((gap, i)) = gaps.min_by(|a, b| a.0.total_cmp(&b.0)) {
        let relative = gap / s[0];
        let _ = write!(out, "  smallest other gap: s{i} − s{} = {} s₁", i + 1, text::significant(relative, 2));
        let lost = -relative.log10().round();
        if lost >= 1.0 {
            let _ = write!(out, "; derivatives of U and V lose about {lost} of 16 digits to it");
        }
        out.push('\n');
    }
    out
}
