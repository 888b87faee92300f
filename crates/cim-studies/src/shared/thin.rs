//! Less of what is varied, for quick runs.

/// Leaves the first, the middle and the last of four or more values.
pub fn thin<T: Copy>(values: &mut Vec<T>) {
    if let [first, _, _, .., last] = values[..] {
        *values = vec![first, values[values.len() / 2], last];
    }
}
