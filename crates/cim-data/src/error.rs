//! Why a folder holds no usable data set.

use std::io;
use std::path::PathBuf;

use cim_nn::dataset::DatasetError;
use thiserror::Error;

use crate::limits::{CLASSES, MAX_FILE_BYTES, SIDE, SUMS};

/// Why a folder does not hold a usable data set. The message holds the reason, so there is no chain of sources.
#[derive(Debug, Error)]
pub enum DataError {
    /// The folder itself is missing.
    #[error(
        "there is no data folder {} here: MNIST ships as data/mnist in the repository of cim; start \
         there, or name the folder with --data",
        folder.display()
    )]
    NoFolder {
        /// What was asked for.
        folder: PathBuf,
    },
    /// One of the four files is missing under all its names.
    #[error(
        "{} has none of {}: put one of them there, or name another folder with --data",
        folder.display(), looked_for.join(", ")
    )]
    Missing {
        /// Where was looked.
        folder: PathBuf,
        /// What was looked for, in order.
        looked_for: Vec<String>,
    },
    /// The operating system would not read it.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// The gzip stream is cut off or damaged.
    #[error("{}: the gzip data is damaged or cut off ({reason}): get the file again", path.display())]
    Gzip {
        /// Which file.
        path: PathBuf,
        /// The decoder's reason.
        reason: io::Error,
    },
    /// The file ends too early.
    #[error(
        "{}: truncated: has {have} bytes uncompressed, needs {need}: get the file again",
        path.display()
    )]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// Bytes in it.
        have: u64,
        /// Bytes its header asks for, or those of the header itself.
        need: u64,
    },
    /// The file does not end where its header says.
    #[error(
        "{}: too long: its header says {need} bytes uncompressed for {count} records, but there are more: \
         get the file again",
        path.display()
    )]
    TooLong {
        /// Which file.
        path: PathBuf,
        /// Records by the header.
        count: u32,
        /// Bytes the header asks for.
        need: u64,
    },
    /// Another kind of file.
    #[error(
        "{}: not an IDX file of {what}: begins with {found:#010x}, should begin with {expected:#010x}: \
         are files swapped?",
        path.display()
    )]
    Magic {
        /// Which file.
        path: PathBuf,
        /// Images or labels.
        what: &'static str,
        /// First four bytes, big-endian.
        found: u32,
        /// What they should be.
        expected: u32,
    },
    /// No records.
    #[error("{}: the data set is empty: 0 {what}: get the file again", path.display())]
    Empty {
        /// Which file.
        path: PathBuf,
        /// Images or labels.
        what: &'static str,
    },
    /// Images of another size.
    #[error(
        "{}: images of {rows} × {cols} pixels: only {SIDE} × {SIDE} can be used; scale them first",
        path.display()
    )]
    ImageSize {
        /// Which file.
        path: PathBuf,
        /// Rows by the header.
        rows: u32,
        /// Columns by the header.
        cols: u32,
    },
    /// More records than we are prepared to hold.
    #[error(
        "{}: {count} {what} take {need} bytes, more than the limit of {MAX_FILE_BYTES}: use a part of the set",
        path.display()
    )]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Images or labels.
        what: &'static str,
        /// Records by the header.
        count: u32,
        /// Bytes the header asks for.
        need: u64,
    },
    /// Images and labels are not of one set.
    #[error(
        "{} has {images} images, but {} has {labels} labels: take both from the same set",
        images_path.display(), labels_path.display()
    )]
    Counts {
        /// File of images.
        images_path: PathBuf,
        /// Number of images.
        images: usize,
        /// File of labels.
        labels_path: PathBuf,
        /// Number of labels.
        labels: usize,
    },
    /// A class that the network has no output for.
    #[error(
        "{}: label {label} at record {index}: labels must be 0 to {}; use a set of {CLASSES} classes",
        path.display(), CLASSES - 1
    )]
    Label {
        /// Which file.
        path: PathBuf,
        /// Which record, from 0.
        index: usize,
        /// Its label.
        label: u8,
    },
    /// Not the data that the folder's own list promises.
    #[error(
        "{}: SHA-256 of the uncompressed data is {found}, but {SUMS} says {expected}: \
         get the file again, or correct {SUMS} if the data was changed on purpose",
        path.display()
    )]
    Checksum {
        /// Which file.
        path: PathBuf,
        /// Sum in the list, hexadecimal.
        expected: String,
        /// Sum of the data, hexadecimal.
        found: String,
    },
    /// The folder has a list of sums, but a file is not on it.
    #[error(
        "{}: no line for {name}: add the SHA-256 of its uncompressed data, or remove {SUMS}",
        path.display()
    )]
    NotListed {
        /// The list.
        path: PathBuf,
        /// Uncompressed name of the file.
        name: String,
    },
    /// A line of the list of sums that cannot be understood.
    #[error(
        "{}:{line}: not a SHA-256 sum: a line is 64 hexadecimal digits, two spaces and a file name",
        path.display()
    )]
    SumsLine {
        /// The list.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
    },
    /// Uncompressed copies could not be put into the folder for temporary files.
    #[error(
        "cannot unpack the data set into {}: {reason}: point TMPDIR to a folder with 100 MB free",
        folder.display()
    )]
    Temporary {
        /// The folder for temporary files.
        folder: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// The parsed set is refused.
    #[error("{}: {reason}", folder.display())]
    Set {
        /// The data folder.
        folder: PathBuf,
        /// The data set's reason.
        reason: DatasetError,
    },
}
