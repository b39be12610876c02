//! One matrix along one path.

use crate::support::bounds::Reference;
use crate::support::entry::Entry;
use crate::support::layout::{Layout, Workspace};
use crate::support::run::Run;
use diffsvd::paths::{self, Path};
use diffsvd::{FactorsMut, Mat, Vectors};

/// Decomposes along the path, and checks all but the agreement with other paths.
pub(crate) fn along<S: Entry>(
    path: Path,
    a: &Mat<S>,
    reference: &Reference<S>,
    vectors: Vectors,
    what: &str,
) -> Run<S> {
    let (m, n) = (a.rows(), a.cols());
    let mut run = Run::unwritten(m, n, vectors, Layout::ColMajor);
    let mut work = Workspace::new(paths::workspace_len::<S>(path, m, n, vectors));
    let out = FactorsMut { u: run.u.as_mut(), s: &mut run.s, v: run.v.as_mut() };
    let done = paths::svd_into(path, a.as_ref(), vectors, out, work.as_mut());
    assert_eq!(done, Ok(()), "{what}");
    work.assert_end_untouched();
    run.check(reference).assert(|| what.to_owned());
    run
}
