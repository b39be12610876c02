//! A progress bar on the terminal; nothing where the output is not one.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `steps` steps of `what`, with the time that is left.
pub fn bar(what: &str, steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    let template = "{msg:28} {wide_bar} {pos}/{len}  {elapsed} + {eta}  {prefix}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
