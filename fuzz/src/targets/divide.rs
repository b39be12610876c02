//! Divide and conquer, on bidiagonal forms that are hard on purpose.

use super::in_any_type;
use crate::along::along;
use crate::support::banded::{Form, arrange};
use crate::support::bounds::Reference;
use crate::support::drawn::Bytes;
use crate::support::entry::Entry;
use diffsvd::paths::Path;
use diffsvd::{Mat, Scalar, Vectors};

/// Orders that are cut in two, and some in four or more: beyond that of a leaf. By its shape a matrix comes here from 96 columns on.
const LEAST: usize = 21;

/// All that any other decomposition is held to, beside the double-double reference.
pub fn divide(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    in_any_type!(check(&mut bytes));
}

fn check<S: Entry>(bytes: &mut Bytes<'_>) {
    let (path, vectors) =
        (bytes.one_of(&[Path::Divide, Path::DivideTriangularBlocks]), bytes.one_of(&[Vectors::Thin, Vectors::Full]));
    // A large one takes the time of twenty that are not.
    let more = bytes.one_of(&[4, 8, 8, 23, 44]);
    let n = LEAST + bytes.below(more);
    let a = if bytes.below(4) == 0 {
        let rows = n + bytes.below(8);
        let a = bytes.recipe_of(rows, n).matrix::<S>();
        if bytes.below(2) == 0 { a } else { a.adjoint() }
    } else {
        band::<S>(bytes, n)
    };
    along(path, &a, &Reference::new(a.as_ref()), vectors, "drawn");
}

/// A bidiagonal matrix in which a few kinds of entries take turns, split where the bytes say. On these paths it is reduced as any other, which
/// changes little.
fn band<S: Scalar>(bytes: &mut Bytes<'_>, n: usize) -> Mat<S> {
    let (period, palette) = (1 + bytes.below(32), 1 + bytes.below(6));
    let kinds: Vec<[S; 2]> = (0..palette).map(|_| [bytes.wild(), bytes.wild()].map(S::from_real)).collect();
    let turns: Vec<usize> = (0..period).map(|_| bytes.below(palette)).collect();
    let ratio = bytes.one_of(&[1.0, 1.0, 0.9, 0.5, 1.1]);
    let grade = |i: usize| <S::Real as diffsvd::Real>::from_f64(f64::powf(ratio, i as f64));
    let part = |part: usize| -> Vec<S> { (0..n).map(|i| kinds[turns[i % period]][part].scale(grade(i))).collect() };
    arrange(&part(0), &part(1), Form::Upper)
}
