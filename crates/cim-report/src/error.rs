//! What can go wrong between the data and the files.

use std::path::PathBuf;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A number of the report is NaN or infinite.
    #[error("{field} is not a finite number; a report holds finite numbers only")]
    NotFinite {
        /// Where it is, such as `report.variants[3].accuracy.mean`.
        field: String,
    },
    /// The data could not be turned into JSON.
    #[error("failed to encode {file} as JSON")]
    Encode {
        /// Name of the file.
        file: &'static str,
        /// What the encoder said.
        #[source]
        source: serde_json::Error,
    },
    /// A picture could not be drawn.
    #[error("failed to draw {figure}: {reason}")]
    Draw {
        /// Name of the picture's file.
        figure: String,
        /// What the drawing library said.
        reason: String,
    },
    /// Two parts of a study, or a study and its files, do not fit together.
    #[error("{part}: {reason}")]
    Malformed {
        /// Where, such as `chart "accuracy"`.
        part: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The page's template failed.
    #[error("failed to render report.html: {reason}")]
    Render {
        /// What the template engine said.
        reason: String,
    },
    /// The folder could not be made, or something else has its name, or nothing can be written in it.
    #[error("failed to write into the folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another run writes into the folder.
    #[error("{} is in use: {who}", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Who has it, and since when.
        who: String,
    },
    /// Something that is no regular file has the name of a file to be written; it is as it was.
    #[error("{} is {kind}, not a regular file: it is not replaced", path.display())]
    NotAFile {
        /// The path, with all links followed.
        path: PathBuf,
        /// What is there, such as `a folder`.
        kind: &'static str,
    },
    /// A file could not be written; files of that name that were there are as they were.
    #[error(
        "failed to write {}, which is as it was: see that its folder exists, is writable and has room",
        path.display()
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
