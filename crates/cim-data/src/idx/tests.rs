//! Folders of IDX files, good and bad.

use std::fs;

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::*;
use crate::SUMS;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn images(count: u32, fill: impl Fn(usize) -> u8) -> Vec<u8> {
    let header = [0x0803, count, 28, 28].map(u32::to_be_bytes).concat();
    [header, (0..count as usize * SIDE * SIDE).map(fill).collect()].concat()
}

fn labels(of: &[u8]) -> Vec<u8> {
    let header = [0x0801, of.len() as u32].map(u32::to_be_bytes).concat();
    [header, of.to_vec()].concat()
}

/// Three training and two test images, in the order of `NAMES`.
fn small() -> [Vec<u8>; 4] {
    let (train, test) = (images(3, |at| (at % 251) as u8), images(2, |at| (at % 13) as u8));
    [train, labels(&[5, 0, 9]), test, labels(&[7, 2])]
}

fn folder_of(files: &[Vec<u8>; 4]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in NAMES.iter().zip(files) {
        fs::write(folder.path().join(name), bytes).expect("writable");
    }
    folder
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn sums(files: &[Vec<u8>; 4]) -> String {
    let line = |(name, bytes): (&&str, &Vec<u8>)| {
        let sum = crate::sha256(bytes);
        format!("{sum}  {name}\n")
    };
    NAMES.iter().zip(files).map(line).collect()
}

fn error(folder: &TempDir) -> DataError {
    load(folder.path()).expect_err("this folder is bad on purpose")
}

#[track_caller]
fn assert_is_small(folder: &TempDir) {
    let (train, test) = load(folder.path()).expect("a good folder");
    assert_eq!((train.len(), train.labels()), (3, &[5, 0, 9][..]));
    assert_eq!((test.len(), test.labels()), (2, &[7, 2][..]));
    let pixel = |image: usize, at: usize| ((image * SIDE * SIDE + at) % 251) as u8;
    for image in 0..3 {
        assert!((0..784).all(|at| train.image(image)[at] == pixel(image, at)));
    }
    assert_eq!(test.image(1)[..2], [(784 % 13) as u8, (785 % 13) as u8]);
}

#[test]
fn mnist_itself_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/mnist");
    let (train, test) = load(&folder).expect("the set in the repository is intact");
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!(train.labels()[..5], [5, 0, 4, 1, 9]);
    assert_eq!(test.labels()[..5], [7, 2, 1, 0, 4]);
    assert_eq!((train.pixels(), train.classes()), (784, 10));
    // Mean ink of the training set, a known constant of MNIST: 0.1307 of full scale.
    let ink: u64 = (0..train.len()).flat_map(|i| train.image(i)).map(|&p| u64::from(p)).sum();
    let mean = ink as f64 / (60_000.0 * 784.0 * 255.0);
    assert!((mean - 0.1307).abs() < 5e-5, "{mean}");
}

#[test]
fn plain_files_load() {
    assert_is_small(&folder_of(&small()));
}

#[test]
fn gzipped_files_load_whatever_they_are_called() {
    let folder = folder_of(&small().map(|bytes| gzip(&bytes)));
    assert_is_small(&folder);
    for name in NAMES {
        let (from, to) = (folder.path().join(name), folder.path().join(format!("{name}.gz")));
        fs::rename(from, to).expect("writable");
    }
    assert_is_small(&folder);
}

#[test]
fn names_with_a_dot_load() {
    let folder = folder_of(&small());
    for name in NAMES {
        let dotted = name.replace("-idx", ".idx");
        fs::rename(folder.path().join(name), folder.path().join(dotted)).expect("writable");
    }
    assert_is_small(&folder);
    // Sums may be of either spelling too.
    fs::write(folder.path().join(SUMS), sums(&small())).expect("writable");
    assert_is_small(&folder);
}

#[test]
fn a_set_larger_than_a_page_loads_in_order() {
    let test_labels: Vec<u8> = (0..10_003).map(|at| (at % 7) as u8).collect();
    let mut files = small();
    files[2] = images(10_003, |at| (at / 784 % 241) as u8);
    files[3] = labels(&test_labels);
    let (train, test) = load(folder_of(&files).path()).expect("a good folder");
    assert_eq!((train.labels(), test.labels()), (&[5, 0, 9][..], &test_labels[..]));
    assert!((0..test.len()).all(|i| test.image(i) == [(i % 241) as u8; 784]));
}

#[test]
fn a_missing_folder_is_named() {
    let error = load(Path::new("/nowhere/mnist")).expect_err("not there").to_string();
    assert_eq!(
        error,
        "there is no data folder /nowhere/mnist here: MNIST ships as data/mnist in the repository of cim; \
         start there, or name the folder with --data"
    );
}

#[test]
fn a_missing_file_lists_what_was_looked_for() {
    let folder = folder_of(&small());
    fs::remove_file(folder.path().join(NAMES[2])).expect("writable");
    assert_eq!(
        error(&folder).to_string(),
        format!(
            "{} has none of t10k-images-idx3-ubyte, t10k-images.idx3-ubyte, \
             t10k-images-idx3-ubyte.gz, t10k-images.idx3-ubyte.gz: \
             put one of them there, or name another folder with --data",
            folder.path().display()
        )
    );
}

#[test]
fn every_truncation_is_an_error_with_numbers() {
    for (file, header) in [(0, 16), (1, 8), (2, 16), (3, 8)] {
        let length = small()[file].len();
        for have in [0, 3, 4, 7, header - 1, header, header + 1, length - 1] {
            let mut files = small();
            files[file].truncate(have);
            let error = error(&folder_of(&files));
            let expected = if have < header { header } else { length };
            let DataError::Truncated { path, have: found, need } = error else {
                panic!("file {file} of {have} bytes: {error}")
            };
            assert!(path.ends_with(NAMES[file]));
            assert_eq!((found, need), (have as u64, expected as u64));
        }
    }
}

#[test]
fn every_truncation_of_a_gzipped_file_is_an_error() {
    let packed = gzip(&small()[1]);
    for have in 0..packed.len() {
        let mut files = small();
        files[1] = packed[..have].to_vec();
        let error = error(&folder_of(&files));
        let known = matches!(error, DataError::Gzip { .. } | DataError::Truncated { .. });
        assert!(known, "{have} bytes: {error}");
    }
}

#[test]
fn gzip_compares_its_own_sum() {
    let mut files = small();
    files[3] = gzip(&files[3]);
    let sum_at = files[3].len() - 8;
    files[3][sum_at] ^= 1;
    assert!(matches!(error(&folder_of(&files)), DataError::Gzip { .. }));
}

#[test]
fn a_long_file_is_an_error() {
    let mut files = small();
    files[1].push(0);
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::TooLong { count: 3, need: 11, .. }), "{error}");
}

#[test]
fn swapped_files_are_an_error() {
    let mut files = small();
    files.swap(0, 1);
    let error = error(&folder_of(&files)).to_string();
    assert!(
        error.ends_with(
            "train-images-idx3-ubyte: not an IDX file of images: begins with 0x00000801, \
             should begin with 0x00000803: are files swapped?"
        ),
        "{error}"
    );
}

#[test]
fn counts_must_agree() {
    let mut files = small();
    files[3] = labels(&[7, 2, 1]);
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::Counts { images: 2, labels: 3, .. }), "{error}");
}

#[test]
fn an_empty_set_is_an_error() {
    let mut files = small();
    (files[2], files[3]) = (images(0, |_| 0), labels(&[]));
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::Empty { what: "images", .. }), "{error}");
}

#[test]
fn other_sizes_are_an_error() {
    let mut files = small();
    files[0][11] = 32;
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::ImageSize { rows: 32, cols: 28, .. }), "{error}");
}

#[test]
fn a_header_that_promises_too_much_is_refused_before_anything_is_read() {
    let mut files = small();
    files[0][4..8].fill(0xff);
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::TooLarge { count: u32::MAX, .. }), "{error}");
}

#[test]
fn other_classes_are_an_error() {
    let mut files = small();
    files[1] = labels(&[5, 10, 9]);
    let error = error(&folder_of(&files));
    assert!(matches!(error, DataError::Label { index: 1, label: 10, .. }), "{error}");
}

#[test]
fn a_wrong_sum_is_an_error_that_shows_both() {
    let mut files = small();
    let folder = folder_of(&files);
    fs::write(folder.path().join(SUMS), sums(&files)).expect("writable");
    assert_is_small(&folder);

    files[2][20] ^= 1;
    fs::write(folder.path().join(NAMES[2]), &files[2]).expect("writable");
    let error = error(&folder);
    let text = error.to_string();
    let DataError::Checksum { path, expected, found } = error else { panic!("{error}") };
    assert!(path.ends_with(NAMES[2]));
    assert!(sums(&small()).contains(&expected) && sums(&files).contains(&found));
    assert!(text.contains(&expected) && text.contains(&found), "{text}");
}

#[test]
fn a_list_of_sums_must_be_complete_and_readable() {
    let folder = folder_of(&small());
    let list = folder.path().join(SUMS);
    let all = sums(&small());
    fs::write(&list, all.replace(NAMES[3], "something-else")).expect("writable");
    let missing = error(&folder);
    assert!(matches!(&missing, DataError::NotListed { name, .. } if name == NAMES[3]), "{missing}");

    fs::write(&list, format!("# by sha256sum\n\n{all}nonsense\n")).expect("writable");
    let nonsense = error(&folder);
    assert!(matches!(nonsense, DataError::SumsLine { line: 7, .. }), "{nonsense}");

    let shouted = all.lines().map(|line| {
        let (sum, name) = line.split_once("  ").expect("written above");
        format!("{} *{name}\r\n", sum.to_uppercase())
    });
    fs::write(&list, shouted.collect::<String>()).expect("writable");
    assert_is_small(&folder);
}
