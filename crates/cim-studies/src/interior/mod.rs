//! The study of the paper on a published device, where window, read voltage and full scales of the design
//! in use are inside all their bounds: a preset, and nothing else.

mod study;
#[cfg(test)]
mod tests;

pub use study::Interior;
