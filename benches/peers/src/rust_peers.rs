//! The two Rust libraries: faer, preallocated, and nalgebra, with dynamic and with fixed sizes.

use crate::number::Number;
use crate::problem::{Contestant, Problem, Shape, Slot, Task};
use rivals::{Fixed, Out, Plan};

fn out<S: Number>(slot: Slot<'_, S>) -> Out<'_, S, S::R> {
    Out { u: slot.u, s: slot.s, v: slot.v }
}

fn size(shape: Shape) -> (usize, usize) {
    (shape.rows, shape.cols)
}

pub struct Faer<S: Number>(Plan<S>);

impl<S: Number> Faer<S> {
    pub fn new(problem: &Problem<S>) -> Self {
        Faer(S::faer_plan(size(problem.shape), problem.task == Task::Thin))
    }
}

impl<S: Number> Contestant<S> for Faer<S> {
    fn name(&self) -> String {
        "faer".into()
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, slot: Slot<'_, S>) -> bool {
        S::faer(&mut self.0, problem.matrix(i), out(slot))
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
    fn run(&mut self, problem: &Problem<S>, i: usize, slot: Slot<'_, S>) -> bool {
        S::nalgebra(size(problem.shape), problem.matrix(i), problem.task == Task::Thin, out(slot));
        true
    }
}

pub struct Static<S: Number>(Fixed<S, S::R>);

impl<S: Number> Static<S> {
    /// For the square sizes that there are.
    pub fn new(shape: Shape) -> Option<Self> {
        S::nalgebra_static(shape.rows).filter(|_| shape.rows == shape.cols).map(Static)
    }
}

impl<S: Number> Contestant<S> for Static<S> {
    fn name(&self) -> String {
        "nalgebra-static".into()
    }
    fn stores_adjoint(&self) -> bool {
        true
    }
    fn run(&mut self, problem: &Problem<S>, i: usize, slot: Slot<'_, S>) -> bool {
        (self.0)(problem.matrix(i), problem.task == Task::Thin, out(slot));
        true
    }
}
