//! What this binary is.

/// Version and, where it is known, the revision that it was built from.
pub const VERSION: &str = env!("CIM_VERSION");
