//! The factored rules: second order, truncation, complete bases, the line through equal values, gauge.

#[allow(dead_code)]
#[path = "support/double_double.rs"]
mod double_double;
#[path = "factored/support.rs"]
mod support;

#[path = "factored/complete.rs"]
mod complete;
#[path = "factored/covariance.rs"]
mod covariance;
#[path = "factored/gauge.rs"]
mod gauge;
#[path = "factored/line.rs"]
mod line;
#[path = "factored/memory.rs"]
mod memory;
#[path = "factored/properties.rs"]
mod properties;
#[path = "factored/second.rs"]
mod second;
#[path = "factored/truncated.rs"]
mod truncated;
