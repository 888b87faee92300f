//! CIFAR-10's binary format: one byte of label and three planes of 32 × 32 pixels an image.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use ndarray::{Array2, Axis};

use crate::digest::sha256;
use crate::error::DataError;
use crate::found::found_below;
use crate::limits::{CLASSES, MAX_FILE_BYTES};
use crate::regular::open_regular;

/// Rows and columns of an image.
pub const SIDE: usize = 32;

/// Planes of an image: red, green and blue.
pub const PLANES: usize = 3;

/// Numbers of an image: planes of red, green and blue, row by row.
pub const PIXELS: usize = PLANES * SIDE * SIDE;

/// Names of the file of test images.
const TEST: [&str; 2] = ["test_batch.bin", "test_batch.bin.gz"];

/// Names of files of training images; there may be several.
const TRAIN: [&str; 6] = [
    "train_batch.bin",
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];

/// Images with labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cifar {
    /// Images × [`PIXELS`].
    pub pixels: Array2<u8>,
    /// 0 to 9, one an image.
    pub labels: Vec<u8>,
    /// SHA-256 of the uncompressed file, hexadecimal; of several files that of their sums.
    pub sha256: String,
}

impl Cifar {
    fn followed_by(mut self, next: Self) -> Self {
        self.pixels.append(Axis(0), next.pixels.view()).expect("images of one size");
        self.labels.extend(next.labels);
        self.sha256 = sha256((self.sha256 + &next.sha256).as_bytes());
        self
    }

    /// The images as numbers: `pixel / 255`, less the mean of its plane, over the deviation of its plane.
    pub fn normalised(&self, mean: [f32; 3], deviation: [f32; 3]) -> Array2<f32> {
        Array2::from_shape_fn(self.pixels.dim(), |(image, pixel)| {
            let plane = pixel / (32 * 32);
            (f32::from(self.pixels[(image, pixel)]) / 255.0 - mean[plane]) / deviation[plane]
        })
    }
}

/// Whether a folder, or one of those below it, holds the test images.
pub fn is_in(folder: &Path) -> bool {
    found_below(folder, &TEST).is_some()
}

/// Training and test images of a folder; those of several training files follow one another.
///
/// # Errors
/// [`DataError`] where a file is missing or says something else.
pub fn load_sets(folder: &Path) -> Result<[Cifar; 2], DataError> {
    let missing = |names: &[&str]| DataError::Missing {
        folder: folder.to_owned(),
        looked_for: names.iter().map(|&name| name.to_owned()).collect(),
    };
    let test = found_below(folder, &TEST).ok_or_else(|| missing(&TEST))?;
    let mut train: Option<Cifar> = None;
    for name in TRAIN {
        let Some(path) = found_below(folder, &[name, &format!("{name}.gz")]) else { continue };
        let next = load(&path)?;
        train = Some(match train {
            None => next,
            Some(so_far) => so_far.followed_by(next),
        });
    }
    Ok([train.ok_or_else(|| missing(&TRAIN))?, load(&test)?])
}

/// Reads a file of any number of images, plain or gzipped.
///
/// # Errors
/// [`DataError`] says what is wrong with the file.
pub fn load(path: &Path) -> Result<Cifar, DataError> {
    let read = |reason| DataError::Read { path: path.to_owned(), reason };
    let mut file: BufReader<File> = BufReader::new(open_regular(path).map_err(read)?);
    let is_gzipped = file.fill_buf().map_err(read)?.starts_with(&[0x1f, 0x8b]);
    let mut bytes = Vec::new();
    if is_gzipped {
        let unpacked = MultiGzDecoder::new(file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
        unpacked.map_err(|reason| DataError::Gzip { path: path.to_owned(), reason })?;
    } else {
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(read)?;
    }
    let records = bytes.chunks_exact(1 + PIXELS);
    let have = bytes.len() as u64;
    if !records.remainder().is_empty() || bytes.is_empty() {
        let need = (records.len() as u64 + 1) * (1 + PIXELS as u64);
        return Err(DataError::Truncated { path: path.to_owned(), have, need });
    }
    if MAX_FILE_BYTES < have {
        let (what, count) = ("images", u32::MAX);
        return Err(DataError::TooLarge { path: path.to_owned(), what, count, need: have });
    }
    let labels: Vec<u8> = records.clone().map(|record| record[0]).collect();
    if let Some(index) = labels.iter().position(|&label| CLASSES <= usize::from(label)) {
        return Err(DataError::Label { path: path.to_owned(), index, label: labels[index] });
    }
    let pixels = records.flat_map(|record| record[1..].iter().copied()).collect();
    let pixels = Array2::from_shape_vec((labels.len(), PIXELS), pixels).expect("whole records");
    Ok(Cifar { pixels, labels, sha256: sha256(&bytes) })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn images_are_read_plain_and_gzipped_and_broken_files_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let record = |label: u8| {
            let mut bytes = vec![label];
            bytes.extend((0..PIXELS).map(|k| (k % 256) as u8 ^ label));
            bytes
        };
        let file = [record(3), record(9)].concat();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).expect("written");
            path
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&file).expect("packed");
        let packed = gzip.finish().expect("packed");
        let plain = load(&write("plain", &file)).expect("two images");
        assert_eq!(plain, load(&write("packed", &packed)).expect("two images"));
        assert_eq!((plain.labels.as_slice(), plain.pixels[(1, 7)]), (&[3, 9][..], 7 ^ 9));
        let numbers = plain.normalised([0.0, 0.5, 1.0], [1.0, 0.5, 2.0]);
        assert_eq!(numbers[(0, 2)], 1.0 / 255.0);
        assert_eq!(numbers[(0, 1024 + 2)], (1.0 / 255.0 - 0.5) / 0.5);
        assert!(!is_in(folder.path()));
        write("test_batch.bin.gz", &packed);
        assert!(is_in(folder.path()));
        let said = load_sets(folder.path()).expect_err("no training images").to_string();
        assert!(said.contains("data_batch_1.bin"), "{said}");
        write("data_batch_2.bin", &record(4));
        write("data_batch_1.bin", &record(7));
        let [train, test] = load_sets(folder.path()).expect("both sets");
        assert_eq!((train.labels.as_slice(), test.labels.as_slice()), (&[7, 4][..], &[3, 9][..]));
        assert_eq!((train.pixels[(0, 9)], train.pixels[(1, 9)]), (7 ^ 9, 4 ^ 9));
        for (name, bytes, said) in [
            ("empty", Vec::new(), "truncated"),
            ("short", file[..5000].to_vec(), "truncated"),
            ("label", record(10), "label 10"),
            ("cut", packed[..packed.len() / 2].to_vec(), "gzip"),
        ] {
            let error = load(&write(name, &bytes)).expect_err(name).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
