//! MNIST and sets of its shape, from a folder of IDX files to two checked data sets.
//!
//! The `mnist` crate parses; it reads uncompressed files of 60,000 and 10,000 records and panics on
//! all others. So each file is checked here first, to its last byte, and handed over in pages of that size.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use cim_nn::dataset::{Dataset, DatasetError};
use flate2::bufread::MultiGzDecoder;
use mnist::MnistBuilder;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Rows and columns of every image that can be loaded.
pub const SIDE: usize = 28;

/// Labels are 0 to 9.
pub const CLASSES: usize = 10;

/// Why a folder does not hold a usable data set. The message holds the reason, so there is no chain of sources.
#[derive(Debug, Error)]
pub enum DataError {
    /// The folder itself is missing.
    #[error("no data folder {}: make it, or name another with --data", folder.display())]
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

/// Loads the training and the test set from the four IDX files in `folder`, plain or gzipped.
///
/// If the folder has a list `SHA256SUMS` (of the uncompressed data), every file must agree with it.
/// Any number of records can be loaded, of 28 × 28 pixels and with labels 0 to 9. The text is the
/// SHA-256 sum of the four uncompressed files one after the other: training images and labels, test
/// images and labels.
///
/// # Errors
/// [`DataError`] says which file, what is wrong with it, and what to do.
pub fn load(folder: &Path) -> Result<(Dataset, Dataset, String), DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: folder.to_path_buf() });
    }
    let sums = Sums::read(folder)?;
    let train = Part::read(folder, "train", sums.as_ref())?;
    let test = Part::read(folder, "t10k", sums.as_ref())?;
    tracing::debug!(train = train.labels.count, test = test.labels.count, "data set is intact");
    let sum =
        sha256([&train.images, &train.labels, &test.images, &test.labels].map(|f| &f.bytes[..]));
    let (train, test) = parse(&train, &test)?;
    let set = |(images, labels)| {
        Dataset::new(images, labels, SIDE, SIDE, CLASSES)
            .map_err(|reason| DataError::Set { folder: folder.to_path_buf(), reason })
    };
    Ok((set(train)?, set(test)?, sum))
}

/// SHA-256 sum of some bytes one after the other, in hexadecimal.
pub fn sha256<'b>(parts: impl IntoIterator<Item = &'b [u8]>) -> String {
    let mut sum = Sha256::new();
    parts.into_iter().for_each(|bytes| sum.update(bytes));
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name of the list of sums, in the format of `sha256sum`.
const SUMS: &str = "SHA256SUMS";

/// Enough for a million images.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// What the two kinds of IDX file have in common, and where they differ.
struct Kind {
    what: &'static str,
    /// Third part of the name, behind a dash or a dot.
    suffix: &'static str,
    /// Unsigned bytes in three dimensions, or in one.
    magic: u32,
    header_bytes: usize,
    record_bytes: usize,
}

const IMAGES: Kind = Kind {
    what: "images",
    suffix: "idx3-ubyte",
    magic: 0x0803,
    header_bytes: 16,
    record_bytes: SIDE * SIDE,
};

const LABELS: Kind =
    Kind { what: "labels", suffix: "idx1-ubyte", magic: 0x0801, header_bytes: 8, record_bytes: 1 };

/// Images and labels that belong together.
struct Part {
    images: Idx,
    labels: Idx,
}

impl Part {
    fn read(folder: &Path, name: &str, sums: Option<&Sums>) -> Result<Self, DataError> {
        let images = Idx::read(folder, name, &IMAGES, sums)?;
        let labels = Idx::read(folder, name, &LABELS, sums)?;
        if images.count != labels.count {
            return Err(DataError::Counts {
                images_path: images.path,
                images: images.count,
                labels_path: labels.path,
                labels: labels.count,
            });
        }
        if let Some(index) = labels.records().iter().position(|&l| usize::from(l) >= CLASSES) {
            let label = labels.records()[index];
            return Err(DataError::Label { path: labels.path, index, label });
        }
        Ok(Self { images, labels })
    }
}

/// An IDX file that is what it says: right magic, right size, right length.
struct Idx {
    path: PathBuf,
    kind: &'static Kind,
    count: usize,
    /// The uncompressed file, header included.
    bytes: Vec<u8>,
}

impl Idx {
    fn read(
        folder: &Path,
        name: &str,
        kind: &'static Kind,
        sums: Option<&Sums>,
    ) -> Result<Self, DataError> {
        let plain_names =
            ["-", "."].map(|dash| format!("{name}-{}{dash}{}", kind.what, kind.suffix));
        let looked_for: Vec<String> = ["", ".gz"]
            .iter()
            .flat_map(|gz| plain_names.iter().map(move |name| format!("{name}{gz}")))
            .collect();
        let Some(path) = looked_for.iter().map(|name| folder.join(name)).find(|p| p.is_file())
        else {
            return Err(DataError::Missing { folder: folder.to_path_buf(), looked_for });
        };
        let (count, bytes) = open(&path)?.records(kind)?;
        if let Some(sums) = sums {
            sums.check(&path, &plain_names, &bytes)?;
        }
        Ok(Self { path, kind, count, bytes })
    }

    fn records(&self) -> &[u8] {
        &self.bytes[self.kind.header_bytes..]
    }

    /// Writes records `page · capacity ..` as an IDX file of exactly `capacity` records, filled up with zeros.
    fn write_page(&self, to: &Path, page: usize, capacity: usize) -> io::Result<()> {
        let page_bytes = capacity * self.kind.record_bytes;
        let records = self.records();
        let from = (page * page_bytes).min(records.len());
        let records = &records[from..records.len().min(from + page_bytes)];
        let mut header = self.bytes[..self.kind.header_bytes].to_vec();
        let capacity = u32::try_from(capacity).expect("a page has at most 60,000 records");
        header[4..8].copy_from_slice(&capacity.to_be_bytes());
        let mut file = File::create(to)?;
        file.write_all(&header)?;
        file.write_all(records)?;
        let missing = (page_bytes - records.len()) as u64;
        io::copy(&mut io::repeat(0).take(missing), &mut file)?;
        Ok(())
    }

    /// How many records are in page `page`.
    fn page_len(&self, page: usize, capacity: usize) -> u32 {
        let len = self.count.saturating_sub(page * capacity).min(capacity);
        u32::try_from(len).expect("a page has at most 60,000 records")
    }
}

/// An open file, unpacked on the way if it is gzipped.
struct Source {
    path: PathBuf,
    gzipped: bool,
    bytes: Box<dyn Read>,
}

/// Looks at the content, not at the name: downloads are unpacked, or not, behind one's back.
fn open(path: &Path) -> Result<Source, DataError> {
    let failed = |reason| DataError::Read { path: path.to_path_buf(), reason };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let gzipped = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> =
        if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(Source { path: path.to_path_buf(), gzipped, bytes })
}

impl Source {
    /// Number of records and the whole uncompressed file, which is not read further than its header allows.
    fn records(mut self, kind: &Kind) -> Result<(usize, Vec<u8>), DataError> {
        let mut bytes = Vec::new();
        self.read_up_to(kind.header_bytes as u64, &mut bytes)?;
        let word = |at: usize| {
            let word = bytes.get(at..at + 4).ok_or_else(|| DataError::Truncated {
                path: self.path.clone(),
                have: bytes.len() as u64,
                need: kind.header_bytes as u64,
            })?;
            Ok(u32::from_be_bytes(word.try_into().expect("four bytes were asked for")))
        };

        let (path, what) = (self.path.clone(), kind.what);
        let found = word(0)?;
        if found != kind.magic {
            return Err(DataError::Magic { path, what, found, expected: kind.magic });
        }
        let count = word(4)?;
        if kind.record_bytes > 1 {
            let (rows, cols) = (word(8)?, word(12)?);
            if (rows, cols) != (SIDE as u32, SIDE as u32) {
                return Err(DataError::ImageSize { path, rows, cols });
            }
        }
        if count == 0 {
            return Err(DataError::Empty { path, what });
        }
        let need = kind.header_bytes as u64 + u64::from(count) * kind.record_bytes as u64;
        if need > MAX_FILE_BYTES {
            return Err(DataError::TooLarge { path, what, count, need });
        }
        // One byte more than needed, to see whether there is one and to have gzip compare its own sum.
        self.read_up_to(need + 1, &mut bytes)?;
        let have = bytes.len() as u64;
        if have < need {
            return Err(DataError::Truncated { path, have, need });
        }
        if have > need {
            return Err(DataError::TooLong { path, count, need });
        }
        Ok((count as usize, bytes))
    }

    fn read_up_to(&mut self, length: u64, bytes: &mut Vec<u8>) -> Result<(), DataError> {
        let rest = length - bytes.len() as u64;
        match self.bytes.by_ref().take(rest).read_to_end(bytes) {
            Ok(_) => Ok(()),
            Err(reason) if self.gzipped => Err(DataError::Gzip { path: self.path.clone(), reason }),
            Err(reason) => Err(DataError::Read { path: self.path.clone(), reason }),
        }
    }
}

/// The folder's own list of SHA-256 sums.
pub(crate) struct Sums {
    path: PathBuf,
    /// Name and lower-case sum, in the order of the list.
    lines: Vec<(String, String)>,
}

impl Sums {
    /// `None` if the folder has no list.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, DataError> {
        let path = folder.join(SUMS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(DataError::Read { path, reason }),
        };
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((sum, name)) = line
                .split_once(char::is_whitespace)
                .filter(|(sum, _)| sum.len() == 64 && sum.bytes().all(|b| b.is_ascii_hexdigit()))
            else {
                return Err(DataError::SumsLine { path, line: index + 1 });
            };
            // `sha256sum` marks a file that was read as binary with an asterisk.
            let name = name.trim_start().trim_start_matches('*');
            lines.push((name.to_owned(), sum.to_ascii_lowercase()));
        }
        Ok(Some(Self { path, lines }))
    }

    /// Compares the data with the line for either of its two uncompressed names.
    pub(crate) fn check(
        &self,
        path: &Path,
        plain_names: &[String],
        bytes: &[u8],
    ) -> Result<(), DataError> {
        let Some((_, expected)) = self.lines.iter().find(|(name, _)| plain_names.contains(name))
        else {
            let name = plain_names[0].clone();
            return Err(DataError::NotListed { path: self.path.clone(), name });
        };
        let found = sha256([bytes]);
        if found != *expected {
            let (path, expected) = (path.to_path_buf(), expected.clone());
            return Err(DataError::Checksum { path, expected, found });
        }
        Ok(())
    }
}

/// Records of a training and of a test file that the `mnist` crate accepts: these and no others.
const PAGE: (usize, usize) = (60_000, 10_000);

/// Images and labels without headers.
type Records = (Vec<u8>, Vec<u8>);

/// Hands both parts to the `mnist` crate, page by page. For a set of MNIST's size this is one page.
fn parse(train: &Part, test: &Part) -> Result<(Records, Records), DataError> {
    let refused = |reason| DataError::Temporary { folder: std::env::temp_dir(), reason };
    let folder = tempfile::tempdir().map_err(refused)?;
    let base_path = folder.path().to_str().ok_or_else(|| {
        refused(io::Error::new(io::ErrorKind::InvalidFilename, "its name is not UTF-8"))
    })?;
    let pages = train.labels.count.div_ceil(PAGE.0).max(test.labels.count.div_ceil(PAGE.1));
    let (mut train_records, mut test_records) = (Records::default(), Records::default());
    for page in 0..pages {
        for (idx, name, capacity) in [
            (&train.images, "train-images", PAGE.0),
            (&train.labels, "train-labels", PAGE.0),
            (&test.images, "test-images", PAGE.1),
            (&test.labels, "test-labels", PAGE.1),
        ] {
            idx.write_page(&folder.path().join(name), page, capacity).map_err(refused)?;
        }
        let train_len = train.labels.page_len(page, PAGE.0);
        let parsed = MnistBuilder::new()
            .base_path(base_path)
            .training_images_filename("train-images")
            .training_labels_filename("train-labels")
            .test_images_filename("test-images")
            .test_labels_filename("test-labels")
            .label_format_digit()
            .training_set_length(train_len)
            // The zeros that fill up the training page lie between both sets and are dropped with it.
            .validation_set_length(PAGE.0 as u32 - train_len)
            .test_set_length(test.labels.page_len(page, PAGE.1))
            .finalize();
        append(&mut train_records, (parsed.trn_img, parsed.trn_lbl));
        append(&mut test_records, (parsed.tst_img, parsed.tst_lbl));
    }
    Ok((train_records, test_records))
}

/// The first page is moved, not copied: it is nearly always the only one.
fn append(all: &mut Records, page: Records) {
    if all.1.is_empty() {
        *all = page;
    } else {
        all.0.extend(page.0);
        all.1.extend(page.1);
    }
}

#[cfg(test)]
mod tests;
