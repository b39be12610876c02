//! faer and nalgebra for the four scalars, behind functions that are not generic: they are compiled here, once, and not
//! again with every change of diffsvd.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{ColMut, MatMut, MatRef, Par, Spec};
use nalgebra::{DMatrix, SMatrix};
use num_complex::Complex;

/// Where U, s and V (faer) or Vᴴ (nalgebra) go, column-major.
pub struct Out<'a, S, R> {
    pub u: &'a mut [S],
    pub s: &'a mut [R],
    pub v: &'a mut [S],
}

/// An SVD of fixed size: the column-major matrix, whether vectors are wanted, and the place for them.
pub type Fixed<S, R> = fn(&[S], bool, Out<'_, S, R>);

/// Everything that faer needs, allocated beforehand.
pub struct Plan<S> {
    shape: (usize, usize),
    vectors: bool,
    memory: MemBuffer,
    /// faer's singular values have the type of the entries.
    s: Vec<S>,
}

/// A scalar of both libraries.
pub trait Rival: Sized + 'static {
    type Value;
    fn faer_plan(shape: (usize, usize), vectors: bool) -> Plan<Self>;
    /// False if it did not converge.
    fn faer(plan: &mut Plan<Self>, a: &[Self], out: Out<'_, Self, Self::Value>) -> bool;
    fn nalgebra(shape: (usize, usize), a: &[Self], vectors: bool, out: Out<'_, Self, Self::Value>);
    /// nalgebra with sizes known to the compiler: 2, 3, 4, 8, 16 and 32.
    fn nalgebra_static(n: usize) -> Option<Fixed<Self, Self::Value>>;
}

macro_rules! rival {
    ($($scalar:ty, $real:ty, $re:expr;)*) => {$(
        impl Rival for $scalar {
            type Value = $real;

            fn faer_plan((m, n): (usize, usize), vectors: bool) -> Plan<Self> {
                let compute = || if vectors { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
                let need = svd_scratch::<$scalar>(m, n, compute(), compute(), Par::Seq, Spec::default());
                Plan { shape: (m, n), vectors, memory: MemBuffer::new(need), s: vec![Default::default(); m.min(n)] }
            }

            fn faer(plan: &mut Plan<Self>, a: &[Self], out: Out<'_, Self, Self::Value>) -> bool {
                let (m, n) = plan.shape;
                let k = m.min(n);
                let a = MatRef::from_column_major_slice(a, m, n);
                let (u, v) = if plan.vectors {
                    let u = MatMut::from_column_major_slice_mut(out.u, m, k);
                    (Some(u), Some(MatMut::from_column_major_slice_mut(out.v, n, k)))
                } else {
                    (None, None)
                };
                let s = ColMut::from_slice_mut(&mut plan.s).as_diagonal_mut();
                let done = svd(a, s, u, v, Par::Seq, MemStack::new(&mut plan.memory), Spec::default());
                out.s.iter_mut().zip(&plan.s).for_each(|(to, from)| *to = ($re)(from));
                done.is_ok()
            }

            fn nalgebra((m, n): (usize, usize), a: &[Self], vectors: bool, out: Out<'_, Self, Self::Value>) {
                let svd = nalgebra::SVD::new(DMatrix::from_column_slice(m, n, a), vectors, vectors);
                store(svd.u.as_ref().map(|u| u.as_slice()), svd.singular_values.as_slice(), svd.v_t.as_ref().map(|v| v.as_slice()), out);
            }

            fn nalgebra_static(n: usize) -> Option<Fixed<Self, Self::Value>> {
                rival!(@fixed n, $scalar, $real, 2 3 4 8 16 32)
            }
        }
    )*};
    (@fixed $size:ident, $scalar:ty, $real:ty, $($n:literal)*) => {
        match $size {
            $($n => {
                fn fixed(a: &[$scalar], vectors: bool, out: Out<'_, $scalar, $real>) {
                    let svd = nalgebra::SVD::new(SMatrix::<$scalar, $n, $n>::from_column_slice(a), vectors, vectors);
                    store(svd.u.as_ref().map(|u| u.as_slice()), svd.singular_values.as_slice(), svd.v_t.as_ref().map(|v| v.as_slice()), out);
                }
                Some(fixed)
            })*
            _ => None,
        }
    };
}

rival! {
    f32, f32, |x: &f32| *x;
    f64, f64, |x: &f64| *x;
    Complex<f32>, f32, |x: &Complex<f32>| x.re;
    Complex<f64>, f64, |x: &Complex<f64>| x.re;
}

#[inline]
fn store<S: Copy, R: Copy>(u: Option<&[S]>, s: &[R], v: Option<&[S]>, out: Out<'_, S, R>) {
    out.s.copy_from_slice(s);
    if let (Some(u), Some(v)) = (u, v) {
        out.u.copy_from_slice(u);
        out.v.copy_from_slice(v);
    }
}
