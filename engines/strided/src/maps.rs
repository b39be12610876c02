//! U f(S) Vᵀ, the pseudoinverse and the nuclear norm, from the factors.

use diffsvd::Tolerance;
use diffsvd::batch::{self, BatchMut, MapGradient, PerItem, Target};
use diffsvd::spectral::{KyFan, Order, SpectralMap, Values, map_derivative_workspace_len};

use crate::factors::{Pieces, all, factors, run, workspace};
use crate::shrink::Thresholds;
use crate::{Dims, Element, Error, View};

/// The packed factors of all matrices.
pub(crate) type At<'a, T> = (&'a [T], Dims);

fn work<T: Element>(dims: Dims) -> Vec<T> {
    workspace(map_derivative_workspace_len::<T>(dims.rows, dims.cols, dims.triplets()))
}

/// The values of the functions that `f` gives by number; with `derivative` it is checked that there is one.
pub(crate) fn value<T: Element, M, F: SpectralMap<T, M>>(
    (packed, dims): At<'_, T>,
    f: impl Fn(usize) -> F + Sync,
    derivative: bool,
) -> Result<Vec<T>, Error> {
    let (mut x, factors) = (vec![T::zero(); dims.entries()], factors(packed, dims, &(0..dims.count))?);
    for number in (0..dims.count).take_while(|_| derivative) {
        let values = Values::of(&factors.item(number)?);
        f(number).check_at(&values, Order::Derivative).map_err(|error| of_matrix(number, error))?;
    }
    let target = Target::Overwrite(BatchMut::row_major(&mut x, dims.count, dims.rows, dims.cols)?);
    all(batch::map_into(factors, &PerItem(f), target, run(&mut work(dims))), 0)?;
    Ok(x)
}

fn of_matrix(number: usize, error: diffsvd::Error) -> Error {
    Error::Matrix(batch::Failure { item: Some(number), error })
}

/// gA of a loss of U f(S) Vᵀ.
pub(crate) fn gradient<T: Element, M, F: SpectralMap<T, M>>(
    at: At<'_, T>,
    f: impl Fn(usize) -> F + Sync,
    cotangent: &View<'_, T>,
) -> Result<Vec<T>, Error> {
    gradients(at, f, cotangent, false).map(|(x, _)| x)
}

/// gA, and with `of_values` the cotangents of the values of f.
fn gradients<T: Element, M, F: SpectralMap<T, M>>(
    (packed, dims @ Dims { rows: m, cols: n, .. }): At<'_, T>,
    f: impl Fn(usize) -> F + Sync,
    cotangent: &View<'_, T>,
    of_values: bool,
) -> Result<(Vec<T>, Vec<T>), Error> {
    let (k, mut work) = (dims.triplets(), work(dims));
    let mut x = vec![T::zero(); dims.entries()];
    let mut values = vec![T::zero(); if of_values { dims.count * k } else { 0 }];
    let (mut of_x, mut rest) = (Pieces(&mut x), Pieces(&mut values));
    for (numbers, x_bar) in cotangent.batches()? {
        let count = numbers.len();
        let a = Target::Overwrite(BatchMut::row_major(of_x.take(count * m * n), count, m, n)?);
        let values = if of_values { Some(BatchMut::vectors(rest.take(count * k), count, k)?) } else { None };
        let f = PerItem(|item| f(numbers.start + item));
        let gradient = MapGradient { a, f: values };
        let factors = factors(packed, dims, &numbers)?;
        all(batch::map_vjp_into(factors, &f, x_bar, gradient, run(&mut work)), numbers.start)?;
    }
    Ok((x, values))
}

/// gA and the gradients of the thresholds, as many as there are.
pub(crate) fn threshold_gradient<T: Element>(
    at @ (packed, dims): At<'_, T>,
    tau: &Thresholds<T>,
    cotangent: &View<'_, T>,
) -> Result<(Vec<T>, Vec<T>), Error> {
    let (x, values) = gradients(at, |number| tau.of(number), cotangent, true)?;
    let mut each = vec![T::zero(); dims.count];
    let factors = factors(packed, dims, &(0..dims.count))?;
    let of_values = batch::BatchRef::vectors(&values, dims.count, dims.triplets())?;
    let out = BatchMut::vectors(&mut each, dims.count, 1)?;
    let tau_of = PerItem(|number| tau.of(number));
    all(batch::parameter_cotangents(factors, &tau_of, of_values, out, run(&mut [])), 0)?;
    Ok((x, if tau.is_one() { vec![each.into_iter().fold(T::zero(), |sum, x| sum + x)] } else { each }))
}

/// A⁺.
pub(crate) fn pinv<T: Element>((packed, dims): At<'_, T>, cutoff: Tolerance<T>) -> Result<Vec<T>, Error> {
    let mut inverse = vec![T::zero(); dims.entries()];
    let target = Target::Overwrite(BatchMut::row_major(&mut inverse, dims.count, dims.cols, dims.rows)?);
    let factors = factors(packed, dims, &(0..dims.count))?;
    all(batch::pinv_into(factors, cutoff, target, run(&mut work(dims))), 0)?;
    Ok(inverse)
}

/// gA of a loss of A⁺.
pub(crate) fn pinv_gradient<T: Element>(
    (packed, dims @ Dims { rows: m, cols: n, .. }): At<'_, T>,
    cutoff: Tolerance<T>,
    cotangent: &View<'_, T>,
) -> Result<Vec<T>, Error> {
    let (mut x, mut work) = (vec![T::zero(); dims.entries()], work(dims));
    let mut of_x = Pieces(&mut x);
    for (numbers, x_bar) in cotangent.batches()? {
        let count = numbers.len();
        let target = Target::Overwrite(BatchMut::row_major(of_x.take(count * m * n), count, m, n)?);
        let factors = factors(packed, dims, &numbers)?;
        all(batch::pinv_vjp_into(factors, cutoff, x_bar, target, run(&mut work)), numbers.start)?;
    }
    Ok(x)
}

/// Σ s of each.
pub(crate) fn nuclear_norm<T: Element>((packed, dims): At<'_, T>) -> Result<Vec<T>, Error> {
    let mut norms = vec![T::zero(); dims.count];
    let factors = factors(packed, dims, &(0..dims.count))?;
    all(batch::loss_values(factors, &KyFan::nuclear(), &mut norms, run(&mut [])), 0)?;
    Ok(norms)
}

/// U Vᵀ of the values that are not zero, times the cotangent of the norm.
pub(crate) fn nuclear_norm_gradient<T: Element>(
    (packed, dims @ Dims { rows: m, cols: n, .. }): At<'_, T>,
    cotangent: &[T],
) -> Result<Vec<T>, Error> {
    let mut x = vec![T::zero(); dims.entries()];
    let target = Target::Overwrite(BatchMut::row_major(&mut x, dims.count, m, n)?);
    let factors = factors(packed, dims, &(0..dims.count))?;
    all(batch::loss_gradient_into(factors, &KyFan::nuclear(), target, run(&mut work(dims))), 0)?;
    for (of_x, &factor) in x.chunks_exact_mut((m * n).max(1)).zip(cotangent) {
        for x in of_x {
            *x *= factor;
        }
    }
    Ok(x)
}
