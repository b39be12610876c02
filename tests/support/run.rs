//! One decomposition in given layouts, with every promise checked that needs no reference.

use diffsvd::{Error, Factors, FactorsMut, Mat, MatRef, Real, Scalar, Vectors, svd_into, svd_workspace_len};
use num_traits::Zero;

use super::bounds::{Errors, Reference, orthogonality};
use super::entry::Entry;
use super::layout::{Buffer, Layout, Workspace};

/// The layout of the matrix and that of the factors.
pub(crate) type Layouts = (Layout, Layout);

/// The factors in their memory.
#[derive(Clone, Debug)]
pub(crate) struct Run<S: Scalar> {
    pub(crate) u: Buffer<S>,
    pub(crate) s: Vec<S::Real>,
    pub(crate) v: Buffer<S>,
    pub(crate) vectors: Vectors,
}

/// (columns of U, length of s, columns of V).
pub(crate) fn lengths(m: usize, n: usize, vectors: Vectors) -> (usize, usize, usize) {
    let k = m.min(n);
    match vectors {
        Vectors::None => (0, k, 0),
        Vectors::Thin => (k, k, k),
        Vectors::Full => (m, k, n),
        Vectors::Leading(r) => (r, r, r),
    }
}

impl<S: Scalar> Run<S> {
    /// Outputs for an m×n matrix that nobody has written yet.
    pub(crate) fn unwritten(m: usize, n: usize, vectors: Vectors, layout: Layout) -> Self {
        let (u_cols, s_len, v_cols) = lengths(m, n, vectors);
        Run {
            u: Buffer::unwritten(m, u_cols, layout),
            s: vec![S::Real::from_f64(f64::NAN); s_len],
            v: Buffer::unwritten(n, v_cols, layout),
            vectors,
        }
    }

    pub(crate) fn decompose(&mut self, a: MatRef<'_, S>, work: &mut [S]) -> Result<(), Error> {
        let out = FactorsMut { u: self.u.as_mut(), s: &mut self.s, v: self.v.as_mut() };
        svd_into(a, self.vectors, out, work)
    }

    /// The factors as derivatives read them: the leading k columns.
    pub(crate) fn factors(&self) -> Factors<'_, S> {
        let k = self.s.len();
        Factors { u: self.u.as_ref().leading_cols(k), s: &self.s, v: self.v.as_ref().leading_cols(k) }
    }

    /// # Panics
    /// If anything has been written since [`Run::unwritten`].
    pub(crate) fn assert_unwritten(&self) {
        self.u.assert_unwritten();
        self.v.assert_unwritten();
        assert!(self.s.iter().all(|s| s.partial_cmp(s).is_none()), "s has become {:?}", self.s);
    }

    /// # Panics
    /// If s is not descending and non-negative (−0 counts as negative), or anything outside of the outputs was written.
    fn assert_in_order(&self) {
        self.u.assert_outside_untouched();
        self.v.assert_outside_untouched();
        let mut last = None;
        for &s in &self.s {
            assert!(s >= S::Real::zero() && s.to_f64().is_sign_positive(), "{s:?} is not non-negative");
            assert!(last.is_none_or(|last| s <= last), "{s:?} comes after {last:?}");
            last = Some(s);
        }
    }

    /// All checks, after those of the order and of the memory outside.
    pub(crate) fn check(&self, reference: &Reference<S>) -> Errors
    where
        S: Entry,
    {
        self.assert_in_order();
        self.errors(reference)
    }

    /// All checks against the reference, those of the complete bases included.
    fn errors(&self, reference: &Reference<S>) -> Errors
    where
        S: Entry,
    {
        if self.vectors == Vectors::None {
            return Errors { values: reference.values(&self.s), ..Errors::default() };
        }
        let mut errors = reference.errors(&self.factors());
        if self.vectors == Vectors::Full {
            errors.left = orthogonality(self.u.as_ref()) / reference.unit();
            errors.right = orthogonality(self.v.as_ref()) / reference.unit();
        }
        errors
    }
}

/// Decomposes `a` and checks everything. Returns the errors, to be recorded, and the singular values.
///
/// # Panics
/// If a promise is broken.
pub(crate) fn check<S: Entry>(
    name: &str,
    a: &Mat<S>,
    reference: &Reference<S>,
    vectors: Vectors,
    layouts: Layouts,
) -> (Errors, Vec<S::Real>) {
    let (m, n) = (a.rows(), a.cols());
    let input = Buffer::holding(a, layouts.0);
    let mut run = Run::unwritten(m, n, vectors, layouts.1);
    let mut work = Workspace::new(svd_workspace_len::<S>(m, n, vectors));
    let result = run.decompose(input.as_ref(), work.as_mut());
    let what = || format!("{} {m}×{n} {name} {vectors:?} {layouts:?}", S::NAME);
    assert_eq!(result, Ok(()), "{}", what());
    work.assert_end_untouched();
    let errors = run.check(reference);
    errors.assert(what);
    (errors, run.s)
}

/// The singular values must be the same to the last bit whichever vectors are asked for; those of [`Vectors::None`], which come by an algorithm of
/// their own, are within the bound that `check` holds both to.
///
/// # Panics
/// If they are not, or a promise is broken.
pub(crate) fn check_all_vectors<S: Entry>(name: &str, a: &Mat<S>, turn: usize) -> Errors {
    let reference = Reference::new(a.as_ref());
    let k = a.rows().min(a.cols());
    let mut kinds = vec![Vectors::None, Vectors::Thin, Vectors::Full, Vectors::Leading(k / 2)];
    if k > 0 && turn.is_multiple_of(4) {
        kinds.extend([Vectors::Leading(0), Vectors::Leading(1), Vectors::Leading(k)]);
    }
    let mut worst = Errors::default();
    let mut first: Option<Vec<S::Real>> = None;
    for (i, &vectors) in kinds.iter().enumerate() {
        let layouts = (Layout::turn(turn + i), Layout::turn((turn + i) / Layout::ALL.len() + i));
        let (errors, s) = check(name, a, &reference, vectors, layouts);
        worst = worst.worse(errors);
        if vectors == Vectors::None {
            continue;
        }
        let expected = first.get_or_insert_with(|| s.clone());
        assert!(s == expected[..s.len()], "{} {name} {vectors:?}: {s:?} is not {expected:?}", S::NAME);
    }
    worst
}

/// The first entry that is not finite, in the order of the rows, as the error that the decomposition must give.
fn first_not_finite<S: Scalar>(a: &Mat<S>) -> Option<Error> {
    let places = (0..a.rows()).flat_map(|row| (0..a.cols()).map(move |column| (row, column)));
    places.into_iter().find(|&place| !a[place].is_finite()).map(|(row, column)| {
        let nan = [a[(row, column)].re(), a[(row, column)].im()].into_iter().any(|x| x.to_f64().is_nan());
        Error::NonFinite { argument: "the matrix", row, column, nan }
    })
}

/// The contract for any matrix at all: factors within the bounds, or the right error and nothing written.
///
/// # Panics
/// If it is broken.
pub(crate) fn check_any<S: Entry>(a: &Mat<S>, vectors: Vectors, layouts: Layouts) {
    let Some(error) = first_not_finite(a) else {
        let reference = Reference::new(a.as_ref());
        match reference.overflows() {
            Some(true) => refused(a, vectors, layouts, Error::Overflow),
            Some(false) => drop(check("any", a, &reference, vectors, layouts)),
            None => {}
        }
        return;
    };
    refused(a, vectors, layouts, error);
}

fn refused<S: Entry>(a: &Mat<S>, vectors: Vectors, layouts: Layouts, error: Error) {
    let (m, n) = (a.rows(), a.cols());
    let input = Buffer::holding(a, layouts.0);
    let mut run = Run::unwritten(m, n, vectors, layouts.1);
    let mut work = Workspace::new(svd_workspace_len::<S>(m, n, vectors));
    assert_eq!(run.decompose(input.as_ref(), work.as_mut()), Err(error), "{} {a:?} {vectors:?}", S::NAME);
    work.assert_end_untouched();
    run.assert_unwritten();
}
