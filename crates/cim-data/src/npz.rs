//! Named arrays from `.npz` archives: what `numpy.savez` and `numpy.savez_compressed` write.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use thiserror::Error;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::npy::{self, Element, Kind, NpyError};
use crate::regular::open_regular;

/// Most bytes that all arrays of an archive may have unpacked.
pub const MAX_BYTES: u64 = 2 << 30;

/// Most arrays of an archive.
pub const MAX_ARRAYS: usize = 256;

/// Most arrays of an archive of tiles.
pub const MAX_TILE_ARRAYS: usize = 1 << 16;

/// An array of an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its name, without `.npy`.
    pub name: String,
    /// What its elements are in the file.
    pub kind: Kind,
    /// The numbers in single precision; whole numbers are exact.
    pub values: ArrayD<f32>,
}

/// An array of an archive in double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubles {
    /// Its name, without `.npy`.
    pub name: String,
    /// The numbers; floats are exact.
    pub values: ArrayD<f64>,
}

/// Why an archive holds no arrays that can be used.
#[derive(Debug, Error)]
pub enum NpzError {
    /// The operating system would not read it.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// It is no archive, or a damaged one.
    #[error("{} is not an .npz archive that can be read: {reason}", path.display())]
    Archive {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It unpacks to more than is read.
    #[error("{}: its arrays have {bytes} bytes, more than {MAX_BYTES}", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Bytes of all arrays.
        bytes: u64,
    },
    /// A whole number that single precision does not have.
    #[error("{}: {number} is no whole number below 2²⁴, nor is it read exactly", path.display())]
    Inexact {
        /// Which file and array.
        path: PathBuf,
        /// The number.
        number: f64,
    },
    /// One of its arrays cannot be.
    #[error(transparent)]
    Array(#[from] NpyError),
}

impl NpzError {
    /// What the user can do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "give the path of an .npz file",
            Self::Archive { .. } => "save it with numpy.savez(path, x=x, y=y)",
            Self::TooLarge { .. } => "give fewer samples",
            Self::Inexact { .. } => "give labels and tokens below 16777216",
            Self::Array(NpyError::Elements { .. }) => {
                "save numbers: numpy.savez(path, x=x.astype('<f4'), y=y.astype('<i8'))"
            }
            Self::Array(error) => error.help(),
        }
    }
}

/// Every array of an archive, in its order: floats of 64 or 32 bits, whole numbers of any size, truth
/// values; of either byte order and in C or Fortran order.
///
/// # Errors
/// [`NpzError`] for anything else. Sizes are added up before anything is unpacked, and no array is
/// unpacked further than the archive says.
pub fn read(path: &Path) -> Result<Vec<Named>, NpzError> {
    unpack(path, open(path)?, (MAX_ARRAYS, &|_| true), array)
}

/// As [`read`], in double precision, of up to [`MAX_TILE_ARRAYS`] arrays, and only those whose names are
/// `wanted`; the others are not looked into.
///
/// # Errors
/// As [`read`].
pub fn read_doubles(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<Doubles>, NpzError> {
    unpack(path, open(path)?, (MAX_TILE_ARRAYS, &wanted), |path, name, bytes| {
        let (values, _) = npy::decode_as(path, bytes, Element::of, |number| number)?;
        Ok(Doubles { name, values })
    })
}

fn open(path: &Path) -> Result<io::BufReader<File>, NpzError> {
    let failed = |reason| NpzError::Read { path: path.to_owned(), reason };
    Ok(io::BufReader::new(open_regular(path).map_err(failed)?))
}

fn unpack<T>(
    path: &Path,
    file: impl Read + Seek,
    (most, wanted): (usize, &dyn Fn(&str) -> bool),
    array: impl Fn(&Path, String, &[u8]) -> Result<T, NpzError>,
) -> Result<Vec<T>, NpzError> {
    let broken = |reason: String| NpzError::Archive { path: path.to_owned(), reason };
    let in_zip = |error: ZipError| match error {
        ZipError::Io(error) => broken(error.to_string()),
        other => broken(other.to_string()),
    };
    let mut archive = ZipArchive::new(file).map_err(in_zip)?;
    if archive.is_empty() || most < archive.len() {
        return Err(broken(format!("it has {} arrays, not 1 to {most}", archive.len())));
    }
    let mut sizes = Vec::with_capacity(archive.len());
    let is_wanted = |full: &str| full.strip_suffix(".npy").is_none_or(wanted);
    for idx in 0..archive.len() {
        let member = archive.by_index_raw(idx).map_err(in_zip)?;
        sizes.push(if is_wanted(member.name()) { member.size() } else { 0 });
    }
    let bytes = sizes.iter().fold(0u64, |sum, &size| sum.saturating_add(size));
    if MAX_BYTES < bytes {
        return Err(NpzError::TooLarge { path: path.to_owned(), bytes });
    }
    let (mut arrays, mut names) = (Vec::new(), BTreeSet::new());
    for (idx, size) in sizes.into_iter().enumerate() {
        let member = archive.by_index(idx).map_err(in_zip)?;
        let full = member.name().to_owned();
        let Some(name) = full.strip_suffix(".npy").map(str::to_owned) else {
            return Err(broken(format!("it holds {full:?}, which is no .npy array")));
        };
        if !names.insert(name.clone()) {
            return Err(broken(format!("it holds {name:?} twice")));
        }
        if !is_wanted(&full) {
            continue;
        }
        // Memory grows with what is there, not with what the archive promises.
        let mut bytes = Vec::new();
        member.take(size + 1).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
        if bytes.len() as u64 != size {
            let have = bytes.len();
            return Err(broken(format!("{full:?} has {have} bytes where {size} are promised")));
        }
        arrays.push(array(&path.join(&full), name, &bytes)?);
    }
    Ok(arrays)
}

fn array(path: &Path, name: String, bytes: &[u8]) -> Result<Named, NpzError> {
    let (values, kind) = npy::decode_as(path, bytes, Element::of, |number| number as f32)?;
    // Where whole numbers became even larger ones, some may have been rounded.
    const WHOLE: f32 = 16_777_216.0;
    if kind == Kind::Integer
        && let Some(&large) = values.iter().find(|value| WHOLE <= value.abs())
    {
        return Err(NpzError::Inexact { path: path.to_owned(), number: f64::from(large) });
    }
    Ok(Named { name, kind, values })
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use ndarray::{ArrayD, IxDyn, arr1, arr2};
    use ndarray_npy::{NpzWriter, WriteNpyExt};
    use zip::CompressionMethod;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive(compressed: bool) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let method =
            if compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        let options = SimpleFileOptions::default().compression_method(method);
        let mut writer = NpzWriter::new_with_options(&mut bytes, options);
        writer.add_array("x", &arr2(&[[0.5f64, -1.5], [2.0, 1e-3]])).expect("written");
        writer.add_array("y", &arr1(&[7i64, -3])).expect("written");
        writer.add_array("m", &arr1(&[true, false])).expect("written");
        writer.add_array("u", &arr1(&[255u8])).expect("written");
        writer.finish().expect("whole");
        bytes.into_inner()
    }

    fn of(bytes: &[u8]) -> Result<Vec<Named>, NpzError> {
        unpack(Path::new("d.npz"), Cursor::new(bytes), (MAX_ARRAYS, &|_| true), array)
    }

    #[test]
    fn what_numpy_writes_is_read_packed_or_not() {
        for compressed in [false, true] {
            let arrays = of(&archive(compressed)).expect("readable");
            let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
            assert_eq!(names, ["x", "y", "m", "u"]);
            let kinds: Vec<Kind> = arrays.iter().map(|array| array.kind).collect();
            assert_eq!(kinds, [Kind::Float, Kind::Integer, Kind::Bool, Kind::Integer]);
            assert_eq!(arrays[0].values, arr2(&[[0.5f32, -1.5], [2.0, 1e-3]]).into_dyn());
            assert_eq!(arrays[1].values, arr1(&[7.0f32, -3.0]).into_dyn());
            assert_eq!(arrays[2].values, arr1(&[1.0f32, 0.0]).into_dyn());
        }
    }

    #[test]
    fn doubles_are_read_to_the_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("d.npz");
        std::fs::write(&path, archive(true)).expect("written");
        let arrays = read_doubles(&path, |name| name == "x").expect("readable");
        let values = arr2(&[[0.5f64, -1.5], [2.0, 1e-3]]).into_dyn();
        assert_eq!(arrays, [Doubles { name: "x".into(), values }]);
    }

    fn member(name: &str, content: &[u8]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default();
        writer.start_file(name, options).expect("begun");
        writer.write_all(content).expect("written");
        writer.finish().expect("whole").into_inner()
    }

    #[test]
    fn what_cannot_be_used_is_refused_in_one_line() {
        let mut large = Vec::new();
        let whole = ArrayD::from_elem(IxDyn(&[1]), 16_777_217i64);
        whole.write_npy(&mut large).expect("written");
        for (bytes, words) in [
            (member("x.npy", b"nonsense"), "does not begin"),
            (member("readme.txt", b"hello"), "no .npy array"),
            (member("x.npy", &large), "2²⁴"),
            (b"not a zip at all".to_vec(), "not an .npz archive"),
            (Vec::new(), "not an .npz archive"),
        ] {
            let said = of(&bytes).expect_err("must be refused").to_string();
            assert!(said.contains(words) && !said.contains('\n'), "{said}");
        }
    }

    /// Cut anywhere or changed anywhere in its directory, an archive is refused or read, never a panic.
    #[test]
    fn damaged_archives_never_panic() {
        for compressed in [false, true] {
            let good = archive(compressed);
            for end in 0..good.len() {
                assert!(of(&good[..end]).is_err(), "{end}");
            }
            for place in 0..good.len() {
                for byte in [0, 0xff, good[place] ^ 1] {
                    let mut bad = good.clone();
                    bad[place] = byte;
                    let _ = of(&bad);
                }
            }
        }
    }
}
