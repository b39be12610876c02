//! The functions of the C interface as C calls them: pointers with layouts, whatever the scalar type.

use std::ptr;

use crate::support::entry::Entry;
use diffsvd::batch::Layout;
#[allow(clippy::wildcard_imports, reason = "the names that C knows, of every scalar type")]
use diffsvd_c::*;
use num_complex::Complex;

/// One argument of matrices; which scalars they have is known to the function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arg {
    pub(crate) data: *mut u8,
    pub(crate) layout: Layout,
}

/// Which function, with its arguments of matrices in the order of the header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Which {
    /// A; U, s, V.
    Svd,
    /// U, s, V, the cotangents of U, s, V and S; gA.
    Vjp,
    /// U, s, V, dA; dU, ds, dV, dS.
    Jvp,
    /// U, s, V; X.
    Map,
    /// U, s, V, dA; dX.
    MapJvp,
    /// U, s, V, gX; gA and the cotangents of the values.
    MapVjp,
}

/// The other arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choices {
    pub(crate) vectors: diffsvd_vectors,
    pub(crate) rule: Option<diffsvd_rule>,
    pub(crate) accumulate: diffsvd_accumulate,
    pub(crate) function: diffsvd_function,
}

/// A scalar type with its functions of C.
pub(crate) trait Abi: Entry {
    /// # Safety
    /// As the manual of the C interface says.
    unsafe fn call(which: Which, args: &[Arg], by: &Choices, work: &mut [Self], status: &mut [i32]) -> diffsvd_status;
}

macro_rules! abi {
    ($(
        $scalar:ty: $in:ident $out:ident $real_in:ident $real_out:ident $factors:ident $cotangent:ident $tangent:ident
        $svd:ident $vjp:ident $jvp:ident $map:ident $map_jvp:ident $map_vjp:ident;
    )*) => {$(
        impl Abi for $scalar {
            unsafe fn call(which: Which, args: &[Arg], by: &Choices, work: &mut [Self], status: &mut [i32]) -> i32 {
                let read = |i: usize| $in { data: args[i].data.cast(), layout: args[i].layout.into() };
                let read_real = |i: usize| $real_in { data: args[i].data.cast(), layout: args[i].layout.into() };
                let write = |i: usize| $out { data: args[i].data.cast(), layout: args[i].layout.into() };
                let write_real = |i: usize| $real_out { data: args[i].data.cast(), layout: args[i].layout.into() };
                let of = || $factors { u: read(0), s: read_real(1), v: read(2) };
                let (len, work) = (work.len(), if work.is_empty() { ptr::null_mut() } else { work.as_mut_ptr().cast() });
                let status = if status.is_empty() { ptr::null_mut() } else { status.as_mut_ptr() };
                let rule = by.rule.as_ref().map_or(ptr::null(), ptr::from_ref);
                // SAFETY: the caller's promise.
                unsafe {
                    match which {
                        Which::Svd => $svd(read(0), by.vectors, write(1), write_real(2), write(3), work, len, status),
                        Which::Vjp => {
                            let bar = $cotangent { u: read(3), s: read_real(4), v: read(5), s_matrix: read(6) };
                            $vjp(of(), bar, rule, write(7), by.accumulate, ptr::null_mut(), work, len, status)
                        }
                        Which::Jvp => {
                            let dot = $tangent { u: write(4), s: write_real(5), v: write(6), s_matrix: write(7) };
                            $jvp(of(), read(3), rule, dot, work, len, status)
                        }
                        Which::Map => $map(of(), &by.function, write(3), work, len, status),
                        Which::MapJvp => $map_jvp(of(), &by.function, read(3), write(4), work, len, status),
                        Which::MapVjp => {
                            let (a, f) = (write(4), write_real(5));
                            $map_vjp(of(), &by.function, read(3), a, by.accumulate, f, work, len, status)
                        }
                    }
                }
            }
        }
    )*};
}
abi! {
    f32: diffsvd_in_s diffsvd_out_s diffsvd_in_s diffsvd_out_s diffsvd_factors_s diffsvd_cotangent_s diffsvd_tangent_s
        diffsvd_svd_s diffsvd_vjp_s diffsvd_jvp_s diffsvd_map_s diffsvd_map_jvp_s diffsvd_map_vjp_s;
    f64: diffsvd_in_d diffsvd_out_d diffsvd_in_d diffsvd_out_d diffsvd_factors_d diffsvd_cotangent_d diffsvd_tangent_d
        diffsvd_svd_d diffsvd_vjp_d diffsvd_jvp_d diffsvd_map_d diffsvd_map_jvp_d diffsvd_map_vjp_d;
    Complex<f32>: diffsvd_in_c diffsvd_out_c diffsvd_in_s diffsvd_out_s diffsvd_factors_c diffsvd_cotangent_c diffsvd_tangent_c
        diffsvd_svd_c diffsvd_vjp_c diffsvd_jvp_c diffsvd_map_c diffsvd_map_jvp_c diffsvd_map_vjp_c;
    Complex<f64>: diffsvd_in_z diffsvd_out_z diffsvd_in_d diffsvd_out_d diffsvd_factors_z diffsvd_cotangent_z diffsvd_tangent_z
        diffsvd_svd_z diffsvd_vjp_z diffsvd_jvp_z diffsvd_map_z diffsvd_map_jvp_z diffsvd_map_vjp_z;
}
