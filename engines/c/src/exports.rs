//! The functions that C calls. The letter at the end of a name is that of BLAS: s and d for float and double, c and z for complex.
#![expect(unsafe_code, reason = "exported functions take pointers from C")]
#![expect(
    clippy::missing_safety_doc,
    reason = "what C must keep is said once, in the README and at the head of `view`"
)]

use std::ffi::{CStr, c_char};

use diffsvd::batch::{self, Layout};
use diffsvd::spectral::map_derivative_workspace_len;
use num_complex::Complex;

pub use crate::function::{
    DIFFSVD_HARD_THRESHOLD, DIFFSVD_LOG1P, DIFFSVD_LOW_RANK, DIFFSVD_PINV, DIFFSVD_POLAR, DIFFSVD_POWER, DIFFSVD_SVT,
    DIFFSVD_TIKHONOV, DIFFSVD_WIENER, diffsvd_function, diffsvd_kind,
};
use crate::operate::{self, Call};
use crate::status::{diffsvd_status, guard, last_error};
#[allow(clippy::wildcard_imports, reason = "the types of every scalar")]
use crate::types::*;

/// Why the last call of this thread that failed did so, with the numbers in it; an empty string before any has. It stays valid until
/// the next call that fails in this thread, or until the thread ends.
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_last_error() -> *const c_char {
    last_error()
}

/// The version of the library, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_version() -> *const c_char {
    const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => c"",
    };
    VERSION.as_ptr()
}

/// DIFFSVD_ABI_VERSION of the library; a program compares it with that of the header it was compiled against.
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_abi_version() -> u32 {
    DIFFSVD_ABI_VERSION
}

/// Matrices one after another, each row by row.
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_row_major(count: usize, rows: usize, cols: usize) -> diffsvd_layout {
    Layout::row_major(count, rows, cols).into()
}

/// Matrices one after another, each column by column; vectors with `cols` = 1.
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_col_major(count: usize, rows: usize, cols: usize) -> diffsvd_layout {
    Layout::col_major(count, rows, cols).into()
}

/// The default rule.
#[unsafe(no_mangle)]
pub extern "C" fn diffsvd_default_rule() -> diffsvd_rule {
    diffsvd_rule { at_equal: DIFFSVD_RECONSTRUCT, parameter: 0.0, gap_tolerance: -1.0, rank_tolerance: -1.0 }
}

macro_rules! exports {
    ($(
        $scalar:ty, $entry:ty, $real:ty, $in:ident $out:ident $real_in:ident $real_out:ident
        $factors:ident $cotangent:ident $tangent:ident:
        $svd:ident $vjp:ident $jvp:ident $map:ident $map_jvp:ident $map_vjp:ident $parameter_vjp:ident
        $svd_len:ident $vjp_len:ident $jvp_len:ident $map_len:ident;
    )+) => {$(
        /// A = U diag(s) V^H for every matrix of `a`. `u` and `v` are not looked at for DIFFSVD_VALUES.
        ///
        /// `work` has `work_len` entries, at least what the function of the same name with `_workspace` says, or is NULL with length 0: then the
        /// library allocates. `status`, NULL or one for each matrix, says what became of each; a matrix that fails leaves the others as they
        /// would be without it, and the call returns the status of the first.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $svd(
            a: $in,
            vectors: diffsvd_vectors,
            u: $out,
            s: $real_out,
            v: $out,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let out = Parts { u: u.into(), s: s.into(), v: v.into(), s_matrix: None };
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::svd::<$scalar>(a.into(), vectors, out, Call { work: work.cast(), work_len, status }) })
        }

        /// The gradient with respect to A of a loss of U, s and V. `rule` may be NULL; `report` is NULL or one for each matrix.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $vjp(
            factors: $factors,
            cotangent: $cotangent,
            rule: *const diffsvd_rule,
            a_bar: $out,
            accumulate: diffsvd_accumulate,
            report: *mut diffsvd_report,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let call = Call { work: work.cast(), work_len, status };
            let (of, by) = (factors.into(), cotangent.into());
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::vjp::<$scalar>(of, by, rule, (a_bar.into(), accumulate), report, call) })
        }

        /// The tangents of U, s and V along `a_dot`. `rule` may be NULL.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $jvp(
            factors: $factors,
            a_dot: $in,
            rule: *const diffsvd_rule,
            tangent: $tangent,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let call = Call { work: work.cast(), work_len, status };
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::jvp::<$scalar>(factors.into(), a_dot.into(), rule, tangent.into(), call) })
        }

        /// X = U f(S) V^H; n by m for DIFFSVD_PINV.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $map(
            factors: $factors,
            function: *const diffsvd_function,
            x: $out,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let call = Call { work: work.cast(), work_len, status };
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::map::<$scalar>(factors.into(), function, x.into(), call) })
        }

        /// The tangent of X along `a_dot`, exact at equal and at zero singular values.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $map_jvp(
            factors: $factors,
            function: *const diffsvd_function,
            a_dot: $in,
            x_dot: $out,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let call = Call { work: work.cast(), work_len, status };
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::map_jvp::<$scalar>(factors.into(), function, a_dot.into(), x_dot.into(), call) })
        }

        /// The gradient with respect to A of a loss of X, exact at equal and at zero singular values. `f_bar` (k values a matrix; `data` =
        /// NULL leaves it out) gets the cotangents of the values of f.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $map_vjp(
            factors: $factors,
            function: *const diffsvd_function,
            x_bar: $in,
            a_bar: $out,
            accumulate: diffsvd_accumulate,
            f_bar: $real_out,
            work: *mut $entry,
            work_len: usize,
            status: *mut diffsvd_status,
        ) -> diffsvd_status {
            let call = Call { work: work.cast(), work_len, status };
            let (of, a_bar) = (factors.into(), (a_bar.into(), accumulate));
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::map_vjp::<$scalar>(of, function, x_bar.into(), a_bar, f_bar.into(), call) })
        }

        /// The gradient with respect to the parameter of the function, one a matrix, from the singular values and `f_bar`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $parameter_vjp(
            s: $real_in,
            function: *const diffsvd_function,
            f_bar: $real_in,
            parameter_bar: $real_out,
        ) -> diffsvd_status {
            // SAFETY: the pointers are as the caller promises in the manual.
            guard(|| unsafe { operate::parameter_vjp::<$real>(s.into(), function, f_bar.into(), parameter_bar.into()) })
        }

        /// Entries of the workspace of the decomposition; 0 for an unknown choice.
        #[unsafe(no_mangle)]
        pub extern "C" fn $svd_len(rows: usize, cols: usize, vectors: diffsvd_vectors) -> usize {
            crate::types::vectors(vectors, rows.min(cols)).map_or(0, |vectors| batch::svd_workspace_len::<$scalar>(rows, cols, vectors))
        }

        /// Entries of the workspace of the gradient, for k triplets.
        #[unsafe(no_mangle)]
        pub extern "C" fn $vjp_len(rows: usize, cols: usize, k: usize) -> usize {
            batch::vjp_workspace_len::<$scalar>(rows, cols, k)
        }

        /// Entries of the workspace of the tangents, for k triplets.
        #[unsafe(no_mangle)]
        pub extern "C" fn $jvp_len(rows: usize, cols: usize, k: usize) -> usize {
            batch::jvp_workspace_len::<$scalar>(rows, cols, k)
        }

        /// Entries of the workspace of the functions of the singular values and of their derivatives, for k triplets.
        #[unsafe(no_mangle)]
        pub extern "C" fn $map_len(rows: usize, cols: usize, k: usize) -> usize {
            map_derivative_workspace_len::<$scalar>(rows, cols, k)
        }
    )+};
}

exports! {
    f32, f32, f32, diffsvd_in_s diffsvd_out_s diffsvd_in_s diffsvd_out_s
    diffsvd_factors_s diffsvd_cotangent_s diffsvd_tangent_s:
    diffsvd_svd_s diffsvd_vjp_s diffsvd_jvp_s diffsvd_map_s diffsvd_map_jvp_s diffsvd_map_vjp_s diffsvd_parameter_vjp_s
    diffsvd_svd_workspace_s diffsvd_vjp_workspace_s diffsvd_jvp_workspace_s diffsvd_map_workspace_s;

    f64, f64, f64, diffsvd_in_d diffsvd_out_d diffsvd_in_d diffsvd_out_d
    diffsvd_factors_d diffsvd_cotangent_d diffsvd_tangent_d:
    diffsvd_svd_d diffsvd_vjp_d diffsvd_jvp_d diffsvd_map_d diffsvd_map_jvp_d diffsvd_map_vjp_d diffsvd_parameter_vjp_d
    diffsvd_svd_workspace_d diffsvd_vjp_workspace_d diffsvd_jvp_workspace_d diffsvd_map_workspace_d;

    Complex<f32>, diffsvd_complex_float, f32, diffsvd_in_c diffsvd_out_c diffsvd_in_s diffsvd_out_s
    diffsvd_factors_c diffsvd_cotangent_c diffsvd_tangent_c:
    diffsvd_svd_c diffsvd_vjp_c diffsvd_jvp_c diffsvd_map_c diffsvd_map_jvp_c diffsvd_map_vjp_c diffsvd_parameter_vjp_c
    diffsvd_svd_workspace_c diffsvd_vjp_workspace_c diffsvd_jvp_workspace_c diffsvd_map_workspace_c;

    Complex<f64>, diffsvd_complex_double, f64, diffsvd_in_z diffsvd_out_z diffsvd_in_d diffsvd_out_d
    diffsvd_factors_z diffsvd_cotangent_z diffsvd_tangent_z:
    diffsvd_svd_z diffsvd_vjp_z diffsvd_jvp_z diffsvd_map_z diffsvd_map_jvp_z diffsvd_map_vjp_z diffsvd_parameter_vjp_z
    diffsvd_svd_workspace_z diffsvd_vjp_workspace_z diffsvd_jvp_workspace_z diffsvd_map_workspace_z;
}
