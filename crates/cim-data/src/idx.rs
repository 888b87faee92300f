//! MNIST and sets of its shape, from a folder of IDX files to two checked data sets.
//!
//! The `mnist` crate parses; it reads uncompressed files of 60,000 and 10,000 records and panics on
//! all others. So each file is checked here first, to its last byte, and handed over in pages of that size.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use cim_nn::dataset::Dataset;
use flate2::bufread::MultiGzDecoder;
use mnist::MnistBuilder;

use crate::error::DataError;
use crate::limits::{CLASSES, MAX_FILE_BYTES, SIDE};
use crate::regular::open_regular;
use crate::sums::Sums;

/// Loads the training and the test set from the four IDX files in `folder`, plain or gzipped.
///
/// If the folder has a list `SHA256SUMS` (of the uncompressed data), every file must agree with it.
/// Any number of records can be loaded, of 28 × 28 pixels and with labels 0 to 9.
///
/// # Errors
/// [`DataError`] says which file, what is wrong with it, and what to do.
pub fn load(folder: &Path) -> Result<(Dataset, Dataset), DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: folder.to_path_buf() });
    }
    let sums = Sums::read(folder)?;
    let train = Part::read(folder, "train", sums.as_ref())?;
    let test = Part::read(folder, "t10k", sums.as_ref())?;
    tracing::debug!(train = train.labels.count, test = test.labels.count, "data set is intact");
    let (train, test) = parse(&train, &test)?;
    let set = |(images, labels)| {
        Dataset::new(images, labels, SIDE, SIDE, CLASSES)
            .map_err(|reason| DataError::Set { folder: folder.to_path_buf(), reason })
    };
    Ok((set(train)?, set(test)?))
}

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
    let mut file = BufReader::new(open_regular(path).map_err(failed)?);
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
