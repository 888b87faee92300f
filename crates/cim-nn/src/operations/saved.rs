//! What is kept from a forward to a backward pass: by an operation, and by a list of them.

/// What an operation keeps from its forward to its backward pass.
pub struct Saved<T> {
    /// Numbers, as the operation likes.
    pub values: [Vec<T>; 8],
    /// One more buffer of numbers.
    pub spare: Vec<T>,
    /// Random draws.
    pub draws: Vec<f32>,
    /// Indices, as the operation likes.
    pub indices: Vec<u32>,
    /// Passes of the lists of operations inside.
    pub tapes: Vec<Tape<T>>,
}

impl<T> Default for Saved<T> {
    fn default() -> Self {
        Self {
            values: Default::default(),
            spare: vec![],
            draws: vec![],
            indices: vec![],
            tapes: vec![],
        }
    }
}

/// Memory of one pass through a list of operations; grows on first use.
pub struct Tape<T> {
    pub(super) values: Vec<Vec<T>>,
    /// The gradient on its way back, and that of the operation before it: two buffers that take turns
    /// stay closer to the processor than one for each operation.
    pub(super) slopes: [Vec<T>; 2],
    pub(super) saved: Vec<Saved<T>>,
}

impl<T> Default for Tape<T> {
    fn default() -> Self {
        Self { values: vec![], slopes: [vec![], vec![]], saved: vec![] }
    }
}
