//! What is sensed of an array.

/// A sensed current: one column, or the difference of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensed {
    /// Column whose current counts positively.
    pub plus: usize,
    /// Column whose current is subtracted, if any.
    pub minus: Option<usize>,
}
