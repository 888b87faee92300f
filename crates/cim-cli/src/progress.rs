//! Progress on a terminal; silence elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `len` steps called `label`, with the time left; hidden where stderr is no terminal.
pub fn bar(label: &str, len: usize) -> ProgressBar {
    let bar = ProgressBar::new(len as u64);
    let style = ProgressStyle::with_template("{prefix:24} {bar:28} {pos}/{len}  {eta} left  {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_prefix(label.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
