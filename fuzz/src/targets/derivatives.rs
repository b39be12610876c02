//! The backward and the forward rule.

use super::in_any_type;
use crate::adjoint::{ADJOINT, cotangents, defect};
use crate::support::derivatives::{Triplets, all_rules, vjp};
use crate::support::drawn::Bytes;
use crate::support::entry::{Entry, from_f64};
use crate::support::random::Random;
use diffsvd::{Error, Mat, Real, Svd};

/// For any factors, given or computed, and any parts of the cotangent: adjoint to each other and finite by every rule; what is not finite is refused.
pub fn derivatives(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let recipe = bytes.recipe(9);
    let (mask, rule) = (bytes.byte() % 16, bytes.below(8));
    let (compact, truncated, poisoned) = (bytes.below(3), bytes.below(4), bytes.below(8));
    let mut random = Random::new(recipe.seed);
    let triplets = if bytes.below(2) == 0 {
        // 1/s² must not overflow in the norms that the check takes.
        let floor = if S::Real::MAX_EXPONENT < 200 { 1e-12 } else { 1e-100 };
        let s: Vec<f64> = recipe.values().into_iter().map(|s| if s < floor { 0.0 } else { s }).collect();
        Triplets::<S>::random(recipe.rows, recipe.cols, &s[..s.len() - compact.min(s.len())], &mut random)
    } else {
        computed(&recipe.matrix())
    };
    let rule = all_rules()[rule].with_gap_tolerance(gap_tolerance(bytes));
    let r = triplets.s.len() - truncated.min(triplets.s.len());
    let mut bar = cotangents(recipe.rows, recipe.cols, r, mask, &mut random);
    let defect = defect(&triplets.view(), &bar, &rule, &mut random);
    assert!(defect <= ADJOINT, "{} {recipe:?} {mask:04b} {rule:?}: {defect} max(m, n) ε", S::NAME);
    if let Some(first) = bar.u.as_mut().filter(|u| poisoned == 0 && u.rows() * u.cols() > 0) {
        first[(0, 0)] = from_f64(f64::NAN);
        let refused = vjp(&triplets.view(), &bar, &rule).map(|gradient| gradient.report);
        assert!(matches!(refused, Err(Error::NonFinite { row: 0, column: 0, nan: true, .. })), "{refused:?}");
    }
}

/// Its thin factors, the subnormal values as zeros.
fn computed<S: Entry>(a: &Mat<S>) -> Triplets<S> {
    let svd = Svd::thin(a).expect("a finite matrix");
    let floor = S::Real::from_f64(if S::Real::MAX_EXPONENT < 200 { 1e-12 } else { 1e-100 });
    let zero = S::Real::from_f64(0.0);
    let s = svd.s().iter().map(|&s| if s < floor { zero } else { s }).collect();
    Triplets { u: svd.u().clone(), s, v: svd.v().clone() }
}

fn gap_tolerance<R: Real>(bytes: &mut Bytes<'_>) -> R {
    R::from_f64(if bytes.below(2) == 0 { 1e-14 } else { bytes.gap() })
}
