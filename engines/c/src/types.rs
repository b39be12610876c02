//! What C passes: layouts, views, choices. The names are those of the header.
#![expect(non_camel_case_types, reason = "the names that C knows")]

use diffsvd::batch::Layout;
use diffsvd::{AtEqual, Real, Rule, Tolerance, Vectors};
use num_complex::Complex;

use crate::status::{DIFFSVD_UNKNOWN_CHOICE, Fault};

/// Changes whenever a program that was compiled against an older header would no longer work.
pub const DIFFSVD_ABI_VERSION: u32 = 1;

/// A complex number of two floats, laid out as `float _Complex` and `std::complex<float>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct diffsvd_complex_float {
    /// Real part.
    pub re: f32,
    /// Imaginary part.
    pub im: f32,
}

/// A complex number of two doubles, laid out as `double _Complex` and `std::complex<double>`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct diffsvd_complex_double {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

/// `count` matrices of one shape: entry (i, j) of matrix b is `data[b * batch_stride + i * row_stride + j * col_stride]`. A vector
/// is a matrix of one column.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct diffsvd_layout {
    /// Number of matrices.
    pub count: usize,
    /// Rows of each.
    pub rows: usize,
    /// Columns of each.
    pub cols: usize,
    /// Distance from one matrix to the next, in entries; 0 reads the same matrix again and again.
    pub batch_stride: usize,
    /// Distance from one row to the next, in entries.
    pub row_stride: usize,
    /// Distance from one column to the next, in entries.
    pub col_stride: usize,
}

impl From<diffsvd_layout> for Layout {
    fn from(of: diffsvd_layout) -> Self {
        let diffsvd_layout { count, rows, cols, batch_stride, row_stride, col_stride } = of;
        Layout { count, rows, cols, batch_stride, row_stride, col_stride }
    }
}

impl From<Layout> for diffsvd_layout {
    fn from(of: Layout) -> Self {
        let Layout { count, rows, cols, batch_stride, row_stride, col_stride } = of;
        diffsvd_layout { count, rows, cols, batch_stride, row_stride, col_stride }
    }
}

/// Matrices that are read, of any scalar type.
#[derive(Clone, Copy)]
pub(crate) struct In<S> {
    pub(crate) data: *const S,
    pub(crate) layout: Layout,
}

/// Matrices that are written.
#[derive(Clone, Copy)]
pub(crate) struct Out<S> {
    pub(crate) data: *mut S,
    pub(crate) layout: Layout,
}

macro_rules! views {
    ($($in:ident $out:ident: $entry:ty as $scalar:ty;)+) => {$(
        /// Matrices that are read. Where an argument is optional, `data` = NULL leaves it out.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $in {
            /// Entry (0, 0) of the first matrix.
            pub data: *const $entry,
            /// Where the others are.
            pub layout: diffsvd_layout,
        }

        /// Matrices that are written; their span of memory is met by no other argument. Where an argument is optional, `data` = NULL leaves it out.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $out {
            /// Entry (0, 0) of the first matrix.
            pub data: *mut $entry,
            /// Where the others are.
            pub layout: diffsvd_layout,
        }

        impl From<$in> for In<$scalar> {
            fn from(of: $in) -> Self {
                In { data: of.data.cast(), layout: of.layout.into() }
            }
        }

        impl From<$out> for Out<$scalar> {
            fn from(of: $out) -> Self {
                Out { data: of.data.cast(), layout: of.layout.into() }
            }
        }
    )+};
}

views! {
    diffsvd_in_s diffsvd_out_s: f32 as f32;
    diffsvd_in_d diffsvd_out_d: f64 as f64;
    diffsvd_in_c diffsvd_out_c: diffsvd_complex_float as Complex<f32>;
    diffsvd_in_z diffsvd_out_z: diffsvd_complex_double as Complex<f64>;
}

/// U, s and V of every matrix, of any scalar type, as they are read.
#[derive(Clone, Copy)]
pub(crate) struct Parts<S, R> {
    pub(crate) u: S,
    pub(crate) s: R,
    pub(crate) v: S,
    pub(crate) s_matrix: Option<S>,
}

macro_rules! factors {
    ($($factors:ident $cotangent:ident $tangent:ident: $in:ident $out:ident $real_in:ident $real_out:ident;)+) => {$(
        /// U (m by k), s (k) and V (n by k, not its adjoint) of every matrix: what the decomposition wrote, and all that derivatives read.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $factors {
            /// U.
            pub u: $in,
            /// The singular values, descending.
            pub s: $real_in,
            /// V.
            pub v: $in,
        }

        /// The gradients of a loss with respect to U, s and V; each may be left out.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $cotangent {
            /// gU, m by r.
            pub u: $in,
            /// gs, r values.
            pub s: $real_in,
            /// gV, n by r.
            pub v: $in,
            /// The block cotangent, r by r: with it the gradient of a loss of U f(S) V^H is exact at equal singular values.
            pub s_matrix: $in,
        }

        /// Where dU, ds and dV go; each may be left out.
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $tangent {
            /// dU, m by r.
            pub u: $out,
            /// ds, r values.
            pub s: $real_out,
            /// dV, n by r.
            pub v: $out,
            /// dS, r by r.
            pub s_matrix: $out,
        }

        impl<S, R> From<$factors> for Parts<In<S>, In<R>>
        where
            In<S>: From<$in>,
            In<R>: From<$real_in>,
        {
            fn from(of: $factors) -> Self {
                Parts { u: of.u.into(), s: of.s.into(), v: of.v.into(), s_matrix: None }
            }
        }

        impl<S, R> From<$cotangent> for Parts<In<S>, In<R>>
        where
            In<S>: From<$in>,
            In<R>: From<$real_in>,
        {
            fn from(of: $cotangent) -> Self {
                Parts { u: of.u.into(), s: of.s.into(), v: of.v.into(), s_matrix: Some(of.s_matrix.into()) }
            }
        }

        impl<S, R> From<$tangent> for Parts<Out<S>, Out<R>>
        where
            Out<S>: From<$out>,
            Out<R>: From<$real_out>,
        {
            fn from(of: $tangent) -> Self {
                Parts { u: of.u.into(), s: of.s.into(), v: of.v.into(), s_matrix: Some(of.s_matrix.into()) }
            }
        }
    )+};
}

factors! {
    diffsvd_factors_s diffsvd_cotangent_s diffsvd_tangent_s: diffsvd_in_s diffsvd_out_s diffsvd_in_s diffsvd_out_s;
    diffsvd_factors_d diffsvd_cotangent_d diffsvd_tangent_d: diffsvd_in_d diffsvd_out_d diffsvd_in_d diffsvd_out_d;
    diffsvd_factors_c diffsvd_cotangent_c diffsvd_tangent_c: diffsvd_in_c diffsvd_out_c diffsvd_in_s diffsvd_out_s;
    diffsvd_factors_z diffsvd_cotangent_z diffsvd_tangent_z: diffsvd_in_z diffsvd_out_z diffsvd_in_d diffsvd_out_d;
}

/// Which singular vectors are wanted; k = min(m, n).
pub type diffsvd_vectors = i32;
/// The singular values alone.
pub const DIFFSVD_VALUES: diffsvd_vectors = 0;
/// U m by k and V n by k.
pub const DIFFSVD_THIN: diffsvd_vectors = 1;
/// Complete bases: U m by m and V n by n.
pub const DIFFSVD_FULL: diffsvd_vectors = 2;
/// The leading r triplets; r is the number of rows of s.
pub const DIFFSVD_LEADING: diffsvd_vectors = 3;

pub(crate) fn vectors(choice: diffsvd_vectors, leading: usize) -> Result<Vectors, Fault> {
    Ok(match choice {
        DIFFSVD_VALUES => Vectors::None,
        DIFFSVD_THIN => Vectors::Thin,
        DIFFSVD_FULL => Vectors::Full,
        DIFFSVD_LEADING => Vectors::Leading(leading),
        _ => return Err(unknown("vectors", choice, "DIFFSVD_VALUES, DIFFSVD_THIN, DIFFSVD_FULL or DIFFSVD_LEADING")),
    })
}

/// What becomes of what stands in an output already.
pub type diffsvd_accumulate = i32;
/// It is overwritten.
pub const DIFFSVD_OVERWRITE: diffsvd_accumulate = 0;
/// The result is added to it.
pub const DIFFSVD_ADD: diffsvd_accumulate = 1;

/// The choice at equal singular values.
pub type diffsvd_at_equal = i32;
/// Keeps dA = d(U S V^H): the default.
pub const DIFFSVD_RECONSTRUCT: diffsvd_at_equal = 0;
/// The Moore-Penrose solution.
pub const DIFFSVD_MINIMUM_NORM: diffsvd_at_equal = 1;
/// As published by Zhang & Hu.
pub const DIFFSVD_PUBLISHED: diffsvd_at_equal = 2;
/// No remedy: an error where singular values are equal.
pub const DIFFSVD_PLAIN: diffsvd_at_equal = 3;
/// Equal pairs contribute nothing.
pub const DIFFSVD_ZEROING: diffsvd_at_equal = 4;
/// Bounded by `parameter`.
pub const DIFFSVD_CLIP: diffsvd_at_equal = 5;
/// A series up to order `parameter`.
pub const DIFFSVD_TAYLOR: diffsvd_at_equal = 6;
/// Broadened by the relative width `parameter`.
pub const DIFFSVD_LORENTZIAN: diffsvd_at_equal = 7;

/// The rule for derivatives of U and V. All zero but the tolerances, which are negative, is the default; so is a NULL pointer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct diffsvd_rule {
    /// The choice at equal singular values.
    pub at_equal: diffsvd_at_equal,
    /// That of DIFFSVD_CLIP, DIFFSVD_TAYLOR or DIFFSVD_LORENTZIAN; not looked at otherwise.
    pub parameter: f64,
    /// Neighbours that differ by at most this times the largest singular value are equal; negative for the default.
    pub gap_tolerance: f64,
    /// Singular values up to this times the largest are zero; negative for the default.
    pub rank_tolerance: f64,
}

impl diffsvd_rule {
    pub(crate) fn get<R: Real>(self) -> Result<Rule<R>, Fault> {
        let parameter = R::from_f64(self.parameter);
        let at_equal = match self.at_equal {
            DIFFSVD_RECONSTRUCT => AtEqual::Reconstruct,
            DIFFSVD_MINIMUM_NORM => AtEqual::MinimumNorm,
            DIFFSVD_PUBLISHED => AtEqual::Published,
            DIFFSVD_PLAIN => AtEqual::Plain,
            DIFFSVD_ZEROING => AtEqual::Zeroing,
            DIFFSVD_CLIP => AtEqual::Clip(parameter),
            DIFFSVD_TAYLOR => AtEqual::Taylor(order(self.parameter)),
            DIFFSVD_LORENTZIAN => AtEqual::Lorentzian(parameter),
            other => return Err(unknown("at_equal", other, "DIFFSVD_RECONSTRUCT to DIFFSVD_LORENTZIAN")),
        };
        Ok(Rule { at_equal, gap: tolerance(self.gap_tolerance), rank: tolerance(self.rank_tolerance) })
    }
}

/// The order of a series; what is no such number becomes one that the core refuses.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number from 0 to 10⁶")]
fn order(parameter: f64) -> usize {
    if (0.0..1e6).contains(&parameter) && parameter.fract() == 0.0 { parameter as usize } else { usize::MAX }
}

/// A tolerance relative to the largest singular value; the default where it is negative.
pub(crate) fn tolerance<R: Real>(relative: f64) -> Tolerance<R> {
    if relative < 0.0 { Tolerance::Default } else { Tolerance::Relative(R::from_f64(relative)) }
}

pub(crate) fn unknown(argument: &str, got: i32, known: &str) -> Fault {
    Fault::new(DIFFSVD_UNKNOWN_CHOICE, format!("{argument} = {got} is not one of the choices: {known}"))
}

/// What the backward rule met.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct diffsvd_report {
    /// At rounding level exactly where the gradient exists: the relative norm of what depends on the arbitrary choice of vectors.
    pub gauge_residual: f64,
    /// Pairs of singular values that were treated as equal.
    pub equal_pairs: usize,
    /// Singular values that count as zero.
    pub zeros: usize,
}
