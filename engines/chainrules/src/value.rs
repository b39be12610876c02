//! The values that the rules take and give, with their tangents and cotangents.

use std::ops::Deref;

use chainrules_core::Differentiable;
use diffsvd::{Cotangent, Mat, Scalar};

/// A matrix, real or complex. Tangent and cotangent are matrices of the same shape, paired by ⟨X, Y⟩ = Re tr(XᴴY).
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<S>(pub Mat<S>);

impl<S> Differentiable for Matrix<S> {
    type Tangent = Self;
    type Cotangent = Self;
}

impl<S> From<Mat<S>> for Matrix<S> {
    fn from(matrix: Mat<S>) -> Self {
        Matrix(matrix)
    }
}

impl<S> Deref for Matrix<S> {
    type Target = Mat<S>;
    fn deref(&self) -> &Mat<S> {
        &self.0
    }
}

/// U, s and V, or their tangents.
#[derive(Clone, Debug, PartialEq)]
pub struct Triplets<S: Scalar> {
    /// U, m×k.
    pub u: Mat<S>,
    /// s, k values, descending.
    pub s: Vec<S::Real>,
    /// V (not Vᴴ), n×k.
    pub v: Mat<S>,
}

impl<S: Scalar> Differentiable for Triplets<S> {
    type Tangent = Self;
    type Cotangent = TripletsCotangent<S>;
}

/// The cotangents of U, s and V; what is `None` is zero, and nothing is computed for it.
#[derive(Clone, Debug, PartialEq)]
pub struct TripletsCotangent<S: Scalar> {
    /// gU, m×r.
    pub u: Option<Mat<S>>,
    /// gs, r values.
    pub s: Option<Vec<S::Real>>,
    /// gV, n×r.
    pub v: Option<Mat<S>>,
    /// The block cotangent gS, r×r, with which a loss of U f(S) Vᴴ has its exact gradient at equal singular values.
    pub s_matrix: Option<Mat<S>>,
}

impl<S: Scalar> Default for TripletsCotangent<S> {
    fn default() -> Self {
        TripletsCotangent { u: None, s: None, v: None, s_matrix: None }
    }
}

impl<S: Scalar> TripletsCotangent<S> {
    pub(crate) fn views(&self) -> Cotangent<'_, S> {
        Cotangent {
            u: self.u.as_ref().map(Mat::as_ref),
            s: self.s.as_deref(),
            v: self.v.as_ref().map(Mat::as_ref),
            s_matrix: self.s_matrix.as_ref().map(Mat::as_ref),
        }
    }
}
