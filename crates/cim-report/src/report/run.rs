//! What was run, so that it can be run again.

use serde::{Deserialize, Serialize};

/// What was run on what: nothing here depends on the machine, its folders or its threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInfo {
    /// Command line with every option that the results depend on; empty if there was none.
    pub command: String,
    /// Whether effort was cut for a quick look: reports then carry a banner that says so.
    pub quick: bool,
    /// Name of the data set with its size; empty if there is none.
    pub data_name: String,
    /// SHA-256 of the data, in hexadecimal; empty if there are none.
    pub data_sha256: String,
}
