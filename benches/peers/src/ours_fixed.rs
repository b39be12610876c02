//! diffsvd with sizes known to the compiler, as nalgebra-static has them.

use crate::number::Number;
use crate::problem::{Contestant, Problem, Shape, Slot, Task};
use diffsvd::fixed::{self, Svd};

pub const NAME: &str = "diffsvd-fixed";

/// An SVD of fixed size: the column-major matrix, whether vectors are wanted, and the place for them.
type Run<S> = fn(&[S], bool, Slot<'_, S>) -> Result<(), diffsvd::Error>;

pub struct Fixed<S: Number>(Run<S>);

impl<S: Number> Fixed<S> {
    /// For the square sizes for which that is made.
    pub fn new(shape: Shape) -> Option<Self> {
        let run: Run<S> = match (shape.rows, shape.cols, shape.count) {
            (2, 2, 1) => run::<S, 2>,
            (3, 3, 1) => run::<S, 3>,
            (4, 4, 1) => run::<S, 4>,
            (8, 8, 1) => run::<S, 8>,
            _ => return None,
        };
        Some(Fixed(run))
    }
}

fn run<S: Number, const N: usize>(a: &[S], vectors: bool, out: Slot<'_, S>) -> Result<(), diffsvd::Error> {
    let a: [[S; N]; N] = std::array::from_fn(|i| std::array::from_fn(|j| a[j * N + i]));
    if !vectors {
        out.s.copy_from_slice(&fixed::singular_values::<S, N, N, N>(&a)?);
        return Ok(());
    }
    let svd = Svd::<S, N, N, N>::tall(&a)?;
    out.s.copy_from_slice(&svd.s);
    for (to, from) in [(out.u, &svd.u), (out.v, &svd.v)] {
        for (j, column) in to.chunks_exact_mut(N).enumerate() {
            column.iter_mut().zip(from).for_each(|(x, row)| *x = row[j]);
        }
    }
    Ok(())
}

impl<S: Number> Contestant<S> for Fixed<S> {
    fn name(&self) -> String {
        NAME.into()
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, slot: Slot<'_, S>) -> bool {
        (self.0)(problem.matrix(i), problem.task == Task::Thin, slot).is_ok()
    }
}
