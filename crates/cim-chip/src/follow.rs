//! How far a search is.

/// Is told how far a search is. Nothing that is found depends on it.
pub trait Follow: Sync {
    /// Another stage of so many steps begins, and the one before it is over.
    fn begins(&self, stage: &'static str, steps: usize);

    /// A step of the stage is done, on whatever thread.
    fn step(&self);
}

/// Nobody.
pub struct Unfollowed;

impl Follow for Unfollowed {
    fn begins(&self, _stage: &'static str, _steps: usize) {}

    fn step(&self) {}
}
