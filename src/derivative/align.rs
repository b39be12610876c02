//! Two decompositions of matrices close to each other, brought as close as their freedom allows.

use super::blocks::{blocks, mix_columns, nearest_unitary, small_workspace_len};
use super::invariant::{PairMut, gauge_workspace_len, tolerances};
use super::rule::Rule;
use crate::error::Error;
use crate::factors::Factors;
use crate::kernel::{Operand, gemm};
use crate::matrix::{MatMut, MatRef};
use crate::scalar::{One, Real, Scalar};
use crate::workspace::Arena;

/// Turns U and V of one decomposition, in place, as close as possible to those of another, by the freedom that they have:
/// a phase for a simple value of `reference`, a unitary matrix inside a block of equal ones, one for each side where they are zero.
///
/// The orthogonal Procrustes problem of each block: min ‖U Q − `U_ref`‖² + ‖V Q − `V_ref`‖². Returns the smallest cosine between
/// the two, over all blocks of non-zero values: 1 where the decompositions are the same but for the freedom, 0 where
/// some direction is lost (then the values have crossed, or the step was too long). Null-space vectors can only be turned among
/// themselves, and do not count.
///
/// Of `rule` the two tolerances count. Shapes: `reference` k triplets, `pair` m×k and n×k; workspace [`gauge_workspace_len`].
///
/// # Errors
/// [`Error::Shape`], [`Error::NonFinite`], [`Error::Parameter`], [`Error::Workspace`]; nothing is changed then.
///
/// ```
/// use diffsvd::{Mat, PairMut, Rule, Svd, align, gauge_workspace_len};
/// let svd = Svd::thin(&Mat::from_rows(&[[3.0, 1.0], [0.0, 2.0]]))?;
/// let turn = |x: &Mat<f64>| Mat::from_fn(2, 2, |i, j| if j == 0 { -x[(i, j)] } else { x[(i, j)] });
/// let (mut u, mut v) = (turn(svd.u()), turn(svd.v()));
/// let mut work = [0.0; gauge_workspace_len::<f64>(2)];
/// let cosine = align(&svd.factors(), PairMut { u: u.as_mut(), v: v.as_mut() }, &Rule::default(), &mut work)?;
/// assert!((cosine - 1.0).abs() < 1e-15 && (u[(0, 0)] - svd.u()[(0, 0)]).abs() < 1e-15);
/// # Ok::<(), diffsvd::Error>(())
/// ```
pub fn align<S: Scalar>(
    reference: &Factors<'_, S>,
    mut pair: PairMut<'_, S>,
    rule: &Rule<S::Real>,
    work: &mut [S],
) -> Result<S::Real, Error> {
    reference.check()?;
    let k = reference.triplets();
    for (name, part, basis) in [("U", &pair.u, reference.u), ("V", &pair.v, reference.v)] {
        part.check_shape(name, basis.shape())?;
        part.as_ref().check_finite(name)?;
    }
    let spectrum = tolerances(reference, rule)?;
    let mut arena = Arena::new(work, gauge_workspace_len::<S>(k))?;
    let (mut overlap, row) = (MatMut::col_major(arena.take(k * k), k, k)?, arena.take(k));
    let small = arena.take(small_workspace_len::<S>(k));
    let half = S::Real::from_f64(0.5);
    let mut cosine = S::Real::one();
    for block in blocks(&spectrum, k) {
        let mut turn = |sides: &mut [(&mut MatMut<'_, S>, MatRef<'_, S>)]| -> Result<S::Real, Error> {
            let mut w = overlap.reborrow().block(0, 0, block.len, block.len)?;
            w.fill_with(|_, _| S::zero());
            for (part, basis) in sides.iter() {
                let (mine, other) = (block.columns(part.as_ref())?, block.columns(*basis)?);
                gemm(w.reborrow(), true, S::Real::one(), Operand::adjoint(mine), Operand::plain(other));
            }
            let smallest = nearest_unitary(&mut w, small)?;
            for (part, _) in sides.iter_mut() {
                mix_columns(&mut block.columns_mut(part.reborrow())?, w.as_ref(), row);
            }
            Ok(smallest)
        };
        if block.zero {
            turn(&mut [(&mut pair.u, reference.u)])?;
            turn(&mut [(&mut pair.v, reference.v)])?;
        } else {
            let both = turn(&mut [(&mut pair.u, reference.u), (&mut pair.v, reference.v)])?;
            cosine = cosine.smaller(both * half);
        }
    }
    Ok(cosine)
}
