//! Names and sizes that readers and their messages share.

/// Rows and columns of every image that can be loaded.
pub const SIDE: usize = 28;

/// Labels are 0 to 9.
pub const CLASSES: usize = 10;

/// Name of the list of sums, in the format of `sha256sum`.
pub const SUMS: &str = "SHA256SUMS";

/// Largest file of a data set, uncompressed: enough for a million images.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
