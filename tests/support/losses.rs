//! Losses that do not depend on the gauge, with their cotangents and a derivative that is known to full precision.

use diffsvd::{Mat, Real, Scalar};
use num_traits::{One, Zero};

use super::bounds::larger;
use super::derivatives::{Parts, Triplets, inner, leading, mul, norm, plus, scale_columns, times, wide};
use super::double_double::Dd;
use super::entry::Entry;

/// A function of a singular value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    /// s: U f(S) Vᴴ is A itself.
    Identity,
    /// s + 0.1: the authors' example.
    Shifted,
    /// 1: the polar factor.
    One,
    /// s³.
    Cube,
    /// s/(s² + 1): Tikhonov's regularised inverse.
    Tikhonov,
}

impl Function {
    pub(crate) const ALL: [Function; 5] =
        [Function::Identity, Function::Shifted, Function::One, Function::Cube, Function::Tikhonov];

    /// Those that are odd, so that U f(S) Vᴴ is smooth at zero singular values too.
    pub(crate) const ODD: [Function; 3] = [Function::Identity, Function::Cube, Function::Tikhonov];

    pub(crate) fn value<R: Real>(self, s: R) -> R {
        let one = R::one();
        match self {
            Function::Identity => s,
            Function::Shifted => s + one / R::from_f64(10.0),
            Function::One => one,
            Function::Cube => s * s * s,
            Function::Tikhonov => s / (s * s + one),
        }
    }

    pub(crate) fn derivative<R: Real>(self, s: R) -> R {
        let one = R::one();
        match self {
            Function::Identity | Function::Shifted => one,
            Function::One => R::zero(),
            Function::Cube => R::from_f64(3.0) * s * s,
            Function::Tikhonov => (one - s * s) / ((s * s + one) * (s * s + one)),
        }
    }

    fn values<R: Real>(self, s: &[R]) -> Vec<R> {
        s.iter().map(|&s| self.value(s)).collect()
    }
}

/// A loss of U, s and V, linear in a weight G.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Loss {
    /// Re⟨G, U f(S) Vᴴ⟩, handed over as gU, gs and gV.
    Spectral(Function),
    /// The same, handed over as gU, gV and the block cotangent gS of S as a matrix.
    Block(Function),
    /// Re⟨G, U_r f(S_r) V_rᴴ⟩ of the leading r triplets.
    Truncated(Function, usize),
    /// Re⟨G, U_r U_rᴴ⟩: a loss of U alone.
    LeftProjector(usize),
    /// Re⟨G, V_r V_rᴴ⟩: a loss of V alone.
    RightProjector(usize),
    /// g₁ Σ f(sᵢ) with g₁ the real part of the one entry of G: a loss of s alone, symmetric as any smooth one is.
    Values(Function),
}

impl Loss {
    /// The shape of G for an m×n matrix.
    pub(crate) fn weight_shape(self, m: usize, n: usize) -> (usize, usize) {
        match self {
            Loss::LeftProjector(_) => (m, m),
            Loss::RightProjector(_) => (n, n),
            Loss::Values(_) => (1, 1),
            _ => (m, n),
        }
    }

    /// L.
    pub(crate) fn value<S: Scalar>(self, g: &Mat<S>, svd: &Triplets<S>) -> S::Real {
        let (u, s, v) = (&svd.u, &svd.s[..], &svd.v);
        match self {
            Loss::Spectral(f) | Loss::Block(f) => inner(g, &mul(&scale_columns(u, &f.values(s)), &v.adjoint())),
            Loss::Truncated(f, r) => inner(g, &mul(&scale_columns(u, &f.values(&s[..r])), &leading(v, r).adjoint())),
            Loss::LeftProjector(r) => inner(g, &mul(&leading(u, r), &leading(u, r).adjoint())),
            Loss::RightProjector(r) => inner(g, &mul(&leading(v, r), &leading(v, r).adjoint())),
            Loss::Values(f) => s.iter().fold(S::Real::zero(), |sum, &s| sum + g[(0, 0)].re() * f.value(s)),
        }
    }

    /// Its cotangents: dL = ⟨gU, dU⟩ + ⟨gs, ds⟩ + ⟨gV, dV⟩.
    pub(crate) fn cotangents<S: Scalar>(self, g: &Mat<S>, svd: &Triplets<S>) -> Parts<S> {
        let (k, s) = (svd.s.len(), &svd.s[..]);
        let gram = |basis: &Mat<S>, r: usize| mul(&plus(g, S::Real::one(), &g.adjoint()), &leading(basis, r));
        match self {
            Loss::Spectral(f) => of_product(f, k, g, svd),
            Loss::Truncated(f, r) => of_product(f, r, g, svd),
            Loss::Block(f) => {
                // The divided difference of f would stand beside each entry; inside a block it is f′.
                let m = mul(&svd.u.adjoint(), &mul(g, &svd.v));
                let half = S::Real::from_f64(0.5);
                let slope = |i: usize, j: usize| f.derivative((s[i] + s[j]) * half);
                let s_matrix = Mat::from_fn(k, k, |i, j| m[(i, j)].scale(slope(i, j)));
                Parts { s: None, s_matrix: Some(s_matrix), ..of_product(f, k, g, svd) }
            }
            Loss::LeftProjector(r) => Parts { u: Some(gram(&svd.u, r)), ..Parts::default() },
            Loss::RightProjector(r) => Parts { v: Some(gram(&svd.v, r)), ..Parts::default() },
            Loss::Values(f) => {
                let gs = s.iter().map(|&s| g[(0, 0)].re() * f.derivative(s)).collect();
                Parts { s: Some(gs), ..Parts::default() }
            }
        }
    }
}

/// gU = G V f(S), gV = GᴴU f(S), gsᵢ = f′(sᵢ) Re uᵢᴴG vᵢ, of the leading r triplets.
fn of_product<S: Scalar>(f: Function, r: usize, g: &Mat<S>, svd: &Triplets<S>) -> Parts<S> {
    let s = &svd.s[..r];
    let (u, v, values) = (leading(&svd.u, r), leading(&svd.v, r), f.values(s));
    let gv = mul(g, &v);
    let slopes = (0..r).map(|i| {
        let m = (0..u.rows()).fold(S::Real::zero(), |sum, row| sum + (u[(row, i)].conj() * gv[(row, i)]).re());
        m * f.derivative(s[i])
    });
    Parts {
        s: Some(slopes.collect()),
        u: Some(scale_columns(&gv, &values)),
        v: Some(scale_columns(&mul(&g.adjoint(), &u), &values)),
        s_matrix: None,
    }
}

/// The derivative of L along B by central differences in the arithmetic of `S`.
pub(crate) fn central_difference<S: Scalar>(loss: Loss, g: &Mat<S>, a: &Mat<S>, b: &Mat<S>, h: S::Real) -> S::Real {
    let at = |t| loss.value(g, &Triplets::of(&plus(a, t, b)));
    (at(h) - at(-h)) / (h + h)
}

/// The derivative of L along B, to about 18 digits: central differences in double-double arithmetic, extrapolated once (Richardson).
///
/// With h = 2⁻²⁴ the error is O(h⁴) + O(2⁻¹⁰⁴/h), both below 1e-24 for a loss whose derivatives are of unit size.
pub(crate) fn reference<S: Entry>(loss: Loss, g: &Mat<S>, a: &Mat<S>, b: &Mat<S>) -> f64 {
    let (g, a, b) = (wide(g), wide(a), wide(b));
    let h = Dd::one().mul_pow2(-24);
    let coarse = central_difference(loss, &g, &a, &b, h + h);
    let fine = central_difference(loss, &g, &a, &b, h);
    (fine + (fine - coarse) / 3.0.into()).to_f64()
}

/// The whole gradient, entry by entry, with dL = Re tr(gAᴴ dA): as [`reference`].
pub(crate) fn reference_gradient<S: Entry>(loss: Loss, g: &Mat<S>, a: &Mat<S>) -> Mat<S> {
    let along = |i: usize, j: usize, direction: S| {
        let mut b = Mat::zeros(a.rows(), a.cols());
        b[(i, j)] = direction;
        S::Real::from_f64(reference(loss, g, a, &b))
    };
    let imaginary = S::from_parts(S::Real::zero(), S::Real::one());
    Mat::from_fn(a.rows(), a.cols(), |i, j| {
        let im = if S::PARTS == 2 { along(i, j, imaginary) } else { S::Real::zero() };
        S::from_parts(along(i, j, S::one()), im)
    })
}

/// ‖gA − reference‖ relative to ‖G‖, over a random set of directions that spans nothing in particular.
pub(crate) fn directional_error<S: Entry>(
    loss: Loss,
    g: &Mat<S>,
    a: &Mat<S>,
    gradient: &Mat<S>,
    directions: &[Mat<S>],
) -> f64 {
    let size = norm(g).to_f64();
    let error = |b: &Mat<S>| {
        let b = times(S::Real::one() / norm(b), b);
        (inner(gradient, &b).to_f64() - reference(loss, g, a, &b)).abs() / size
    };
    directions.iter().map(error).fold(0.0, larger)
}
