//! The tour without a file: one loss, five matrices, every rule, and finite differences as the judge.

use std::fmt::Write;

use diffsvd::{AtEqual, Error, Factors, Mat, MatMut, Rule, Scalar, Svd, Target, vjp_into, vjp_workspace_len};
use num_complex::Complex;

use crate::loss::{Affine, Cotangents, distance, finite_differences};
use crate::text;

/// f of the loss: U (S + 0.1 I) Vᴴ.
const F: Affine = Affine { slope: 1.0, shift: 0.1 };

/// A rule and what it answered.
struct Row<S> {
    rule: &'static str,
    gradient: Result<Mat<S>, Error>,
}

/// One matrix with all that was computed for it.
struct Stop<S: Scalar> {
    a: Mat<S>,
    svd: Svd<S>,
    /// By the default rule.
    ours: Mat<S>,
    rows: Vec<Row<S>>,
    differences: Mat<S>,
}

pub(crate) fn tour() -> Result<String, Error> {
    let c = Complex::new;
    let distinct = Mat::from_rows(&[
        [5.0, 8.0, 6.0, 7.0, 2.0],
        [8.0, 5.0, 7.0, 4.0, 3.0],
        [6.0, 7.0, 5.0, 3.0, 8.0],
        [7.0, 4.0, 3.0, 5.0, 9.0],
    ]);
    let complex = Mat::from_rows(&[
        [c(1.0, 2.0), c(0.0, -1.0), c(3.0, 1.0)],
        [c(-2.0, 1.0), c(2.0, 2.0), c(1.0, 0.0)],
        [c(0.0, 3.0), c(-1.0, 1.0), c(2.0, -2.0)],
        [c(1.0, -1.0), c(3.0, 0.0), c(0.0, 1.0)],
    ]);
    let stops = [
        Stop::new(distinct)?.at_distinct_values("1. Distinct singular values", DISTINCT),
        Stop::new(Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0]]))?.at_two_by_two("2. Equal singular values", EQUAL),
        Stop::new(Mat::from_rows(&[[2.0, 4.0], [-4.0, 2.0001]]))?
            .at_two_by_two("3. Nearly equal singular values", NEARLY_EQUAL),
        Stop::new(complex)?.at_distinct_values("4. Complex, distinct singular values", COMPLEX),
        Stop::new(Mat::from_rows(&[[c(2.0, 0.0), c(0.0, 4.0)], [c(0.0, 4.0), c(2.0, 0.0)]]))?
            .at_two_by_two("5. Complex, equal singular values", COMPLEX_EQUAL),
    ];
    Ok(INTRODUCTION.to_owned() + &stops.concat() + CLOSING)
}

const INTRODUCTION: &str = "\
The gradient of L = Σ Re of the entries of U (S + 0.1 I) Vᴴ with respect to A = U S Vᴴ, by each rule.
L does not depend on the choice of singular vectors and is smooth wherever A has full rank, also where singular values
are equal. \"error\" is the distance from finite differences, relative.
";

const DISTINCT: &str = "\
Every rule is the textbook rule here, but for the Taylor series; what is left is the error of the finite differences.
";

const EQUAL: &str = "\
Whether the computed values come out equal is chance. Where they do not, the plain rule divides by rounding noise, and
so does the published rule, whose equality test does not fire; where they do, the plain rule has no answer.
\"published, within tolerance\" and \"reconstruct\" are finite and within 2 % of the truth; the block cotangent is exact.
";

const NEARLY_EQUAL: &str = "\
The values are far enough apart for the textbook rule to be right, and every rule that keeps the gap is that rule.
";

const COMPLEX: &str = "\
The published rule leaves out the phase of complex singular vectors: it is wrong although the values are distinct.
";

const COMPLEX_EQUAL: &str = "\
The published rule leaves out the phase here too; the block cotangent is exact again.
";

const CLOSING: &str = "\
\nTo see the singular values, the gradient of the nuclear norm and the gauge of your own matrix:
    cargo run --release --example tour -- FILE.npy|FILE.mtx|FILE.csv
";

impl<S: Scalar<Real = f64>> Stop<S> {
    fn new(a: Mat<S>) -> Result<Self, Error> {
        let svd = Svd::thin(&a)?;
        let cotangents = Cotangents::new(&svd, F)?;
        let by = |rule: &'static str, r: Rule<f64>| Row {
            rule,
            gradient: svd.vjp(&cotangents.vector(), &r).map(|gradient| gradient.a),
        };
        let mut rows = vec![by("plain", Rule::plain())];
        let equality_test = Rule::published().with_gap_tolerance(0.0);
        rows.push(by("published, equality test", equality_test));
        if let Some(s) = merged(&svd) {
            let by = |rule, r| Row { rule, gradient: with_values(&svd, &s, &cotangents, &r) };
            rows.insert(1, by("plain, values made equal", Rule::plain()));
            rows.push(by("published, values made equal", equality_test));
        }
        rows.extend([
            by("published, within tolerance", Rule::published()),
            by("zeroing (TensorFlow)", Rule::new(AtEqual::Zeroing)),
            by("clipping, |F| s₁² ≤ 1e6", Rule::new(AtEqual::Clip(1e6))),
            by("Taylor series, order 9", Rule::new(AtEqual::Taylor(9))),
            by("Lorentzian, width 1e-6", Rule::new(AtEqual::Lorentzian(1e-6))),
            by("minimum norm", Rule::minimum_norm()),
            by("reconstruct (the default)", Rule::reconstruct()),
            Row { rule: "block cotangent", gradient: svd.vjp(&cotangents.block(), &Rule::default()).map(|g| g.a) },
        ]);
        let ours = svd.vjp(&cotangents.vector(), &Rule::default())?.a;
        let differences = finite_differences(&a, F)?;
        Ok(Stop { a, svd, ours, rows, differences })
    }

    /// The matrix, its singular values and their smallest gap.
    fn head(&self, title: &str) -> String {
        let s = self.svd.s();
        let gap = s.windows(2).map(|pair| pair[0] - pair[1]).fold(f64::INFINITY, f64::min);
        format!(
            "\n{title}\n{}\nsingular values {}; smallest gap {}\n\n",
            if self.a.rows() > 2 {
                format!("A =\n{}", text::paragraph(&text::matrix(&self.a)))
            } else {
                format!("A = {}\n", text::inline(&self.a))
            },
            s.iter().map(|&s| text::significant(s, 7)).collect::<Vec<_>>().join(", "),
            text::significant(gap, 2),
        )
    }

    /// The gradient by the default rule beside finite differences, then the errors of all.
    fn at_distinct_values(&self, title: &str, remark: &str) -> String {
        let mut out = self.head(title);
        let (left, right) = (text::matrix(&self.ours), text::matrix(&self.differences));
        let width = left.first().map_or(0, |line| line.chars().count()).max(24);
        let _ = writeln!(out, "  {:<width$}    finite differences", "gA, rule reconstruct");
        for (left, right) in left.iter().zip(&right) {
            let _ = writeln!(out, "{left:<width$}  {right}");
        }
        let _ = writeln!(out, "\n{:<32}error", "rule");
        self.rows.iter().for_each(|row| out += &self.line(row, |_| String::new()));
        out + remark
    }

    /// Each gradient on one line.
    fn at_two_by_two(&self, title: &str, remark: &str) -> String {
        let exact = text::inline(&self.differences);
        let width = exact.chars().count() + 4;
        let mut out = self.head(title);
        let _ = writeln!(out, "{:<32}{:<width$}error", "rule", "gA");
        for row in &self.rows {
            out += &self.line(row, |gradient| format!("{:<width$}", text::inline(gradient)));
        }
        let _ = writeln!(out, "{:<32}{exact}", "finite differences");
        out + remark
    }

    /// Rule, what `cell` makes of its gradient, error; or the reason why there is none.
    fn line(&self, row: &Row<S>, cell: impl Fn(&Mat<S>) -> String) -> String {
        match &row.gradient {
            Ok(gradient) => {
                let error = distance(gradient, &self.differences);
                format!("{:<32}{}{error:.0e}\n", row.rule, cell(gradient))
            }
            Err(error) => format!("{:<32}refused:\n    {error}\n", row.rule),
        }
    }
}

/// The values with neighbours that differ by rounding made exactly equal; `None` where there are none such.
fn merged<S: Scalar<Real = f64>>(svd: &Svd<S>) -> Option<Vec<f64>> {
    let tolerance = Rule::<f64>::default().gap.absolute((svd.u().rows(), svd.v().rows()), svd.factors().largest());
    let mut s = svd.s().to_vec();
    let mut found = false;
    for i in 1..s.len() {
        if s[i] != s[i - 1] && s[i - 1] - s[i] <= tolerance {
            (s[i], found) = (s[i - 1], true);
        }
    }
    found.then_some(s)
}

/// The gradient with `s` in place of the computed singular values.
fn with_values<S: Scalar<Real = f64>>(
    svd: &Svd<S>,
    s: &[f64],
    cotangents: &Cotangents<S>,
    rule: &Rule<f64>,
) -> Result<Mat<S>, Error> {
    let factors = Factors { s, ..svd.factors() };
    let (m, n) = factors.shape();
    let mut gradient = vec![S::zero(); m * n];
    let mut work = vec![S::zero(); vjp_workspace_len::<S>(m, n, s.len())];
    let target = Target::Overwrite(MatMut::col_major(&mut gradient, m, n)?);
    vjp_into(&factors, &cotangents.vector(), rule, target, &mut work)?;
    Ok(Mat::from_fn(m, n, |i, j| gradient[i + j * m]))
}
