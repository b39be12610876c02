//! The two Rust libraries: faer, preallocated, and nalgebra, with dynamic and with fixed sizes.

use crate::number::Number;
use crate::problem::{Contestant, Problem, Slot, Task};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::svd::{ComputeSvdVectors, svd, svd_scratch};
use faer::{ColMut, MatMut, MatRef, Par, Spec};
use nalgebra::{DMatrix, SMatrix};

pub struct Faer<S: Number> {
    vectors: bool,
    memory: MemBuffer,
    /// faer's singular values have the type of the entries.
    s: Vec<S>,
}

impl<S: Number> Faer<S> {
    pub fn new(problem: &Problem<S>) -> Self {
        let vectors = problem.task == Task::Thin;
        let compute = || if vectors { ComputeSvdVectors::Thin } else { ComputeSvdVectors::No };
        let (m, n) = (problem.shape.rows, problem.shape.cols);
        let need = svd_scratch::<S>(m, n, compute(), compute(), Par::Seq, Spec::default());
        Faer { vectors, memory: MemBuffer::new(need), s: vec![S::default(); m.min(n)] }
    }
}

impl<S: Number> Contestant<S> for Faer<S> {
    fn name(&self) -> String {
        "faer".into()
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
        let (m, n, k) = (problem.shape.rows, problem.shape.cols, problem.shape.short());
        let a = MatRef::from_column_major_slice(problem.matrix(i), m, n);
        let (u, v) = if self.vectors {
            let u = MatMut::from_column_major_slice_mut(out.u, m, k);
            (Some(u), Some(MatMut::from_column_major_slice_mut(out.v, n, k)))
        } else {
            (None, None)
        };
        let s = ColMut::from_slice_mut(&mut self.s).as_diagonal_mut();
        let done = svd(a, s, u, v, Par::Seq, MemStack::new(&mut self.memory), Spec::default());
        for (to, from) in out.s.iter_mut().zip(&self.s) {
            *to = diffsvd::Scalar::re(*from);
        }
        done.is_ok()
    }
}

pub struct Dynamic;

impl<S: Number> Contestant<S> for Dynamic {
    fn name(&self) -> String {
        "nalgebra".into()
    }
    fn stores_adjoint(&self) -> bool {
        true
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
        let vectors = problem.task == Task::Thin;
        let a = DMatrix::from_column_slice(problem.shape.rows, problem.shape.cols, problem.matrix(i));
        let svd = nalgebra::SVD::new(a, vectors, vectors);
        out.s.copy_from_slice(svd.singular_values.as_slice());
        if let (Some(u), Some(v)) = (&svd.u, &svd.v_t) {
            out.u.copy_from_slice(u.as_slice());
            out.v.copy_from_slice(v.as_slice());
        }
        true
    }
}

pub struct Static<const N: usize>;

macro_rules! fixed_sizes {
    ($($n:literal)*) => {
        $(impl<S: Number> Contestant<S> for Static<$n> {
            fn name(&self) -> String {
                "nalgebra-static".into()
            }
            fn stores_adjoint(&self) -> bool {
                true
            }
            fn run(&mut self, problem: &Problem<S>, i: usize, out: Slot<'_, S>) -> bool {
                let vectors = problem.task == Task::Thin;
                let a = SMatrix::<S, $n, $n>::from_column_slice(problem.matrix(i));
                let svd = nalgebra::SVD::new(a, vectors, vectors);
                out.s.copy_from_slice(svd.singular_values.as_slice());
                if let (Some(u), Some(v)) = (&svd.u, &svd.v_t) {
                    out.u.copy_from_slice(u.as_slice());
                    out.v.copy_from_slice(v.as_slice());
                }
                true
            }
        })*

        /// The contestant of that fixed size, if there is one.
        pub fn fixed<S: Number>(rows: usize, cols: usize) -> Option<Box<dyn Contestant<S>>> {
            match rows {
                _ if rows != cols => None,
                $($n => Some(Box::new(Static::<$n>)),)*
                _ => None,
            }
        }
    };
}
fixed_sizes!(2 3 4 8 16 32);
