//! How U, s and V are differentiated, and what the backward pass tells.

use std::sync::{Arc, Mutex, PoisonError};

use diffsvd::Rule;

use crate::Gauge;

/// How U, s and V are differentiated.
#[derive(Clone, Debug, Default)]
pub struct Options {
    rule: Rule<f64>,
    report: Option<Report>,
}

impl Options {
    /// The rule at equal and at zero singular values; [`Rule::default`] unless this is called.
    #[must_use]
    pub fn rule(self, rule: Rule<f64>) -> Self {
        Options { rule, ..self }
    }

    /// Whom the backward pass tells whether a gradient existed.
    #[must_use]
    pub fn report(self, report: &Report) -> Self {
        Options { report: Some(report.clone()), ..self }
    }

    /// The rule, and whom to tell.
    #[must_use]
    pub fn into_parts(self) -> (Rule<f64>, Option<Report>) {
        (self.rule, self.report)
    }
}

/// What the backward pass through U, s and V tells of itself.
///
/// A backward pass returns gradients and nothing else, so the report goes to where the caller kept a clone of this: whether the loss depends on the arbitrary choice
/// of singular vectors, and how often values were treated as equal or as zero.
#[derive(Clone, Debug, Default)]
pub struct Report(Arc<Mutex<Option<Gauge>>>);

impl Report {
    /// Of the last backward pass; `None` before the first.
    #[must_use]
    pub fn gauge(&self) -> Option<Gauge> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called by the backward pass.
    pub fn put(&self, gauge: Option<Gauge>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = gauge;
    }
}
