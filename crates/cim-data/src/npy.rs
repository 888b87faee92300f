//! Arrays of numbers from `.npy` files: one reader for every command, with one voice.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Ix2, IxDyn, ShapeBuilder};
use thiserror::Error;

use crate::npy_header::{Header, parse};
use crate::regular::open_regular;

/// The largest file that is read (bytes).
pub const MAX_BYTES: u64 = 4 << 30;

/// Why a file holds no array that can be used: which file, what is wrong, what to do.
#[derive(Debug, Error)]
pub enum NpyError {
    /// The operating system would not read it.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The operating system's reason.
        reason: io::Error,
    },
    /// It is longer than what is read.
    #[error("{} has more than {MAX_BYTES} bytes", path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
    /// Another kind of file.
    #[error("{} is {what}, not an .npy file", path.display())]
    OtherKind {
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// It does not follow the format.
    #[error("{} is not an .npy file that can be read: {reason}", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Elements that are no floats.
    #[error("{} holds elements of type {found}", path.display())]
    Elements {
        /// Which file.
        path: PathBuf,
        /// The type, as numpy writes it.
        found: String,
    },
    /// The header asks for another number of bytes than there are.
    #[error("{} says it holds {} numbers of {size} bytes, but {have} bytes follow", path.display(), dims(shape))]
    Length {
        /// Which file.
        path: PathBuf,
        /// Sizes by the header.
        shape: Vec<usize>,
        /// Bytes of an element.
        size: usize,
        /// Bytes behind the header.
        have: usize,
    },
    /// Not a matrix.
    #[error("{} holds {}, not a matrix", path.display(), dims(shape))]
    NotAMatrix {
        /// Which file.
        path: PathBuf,
        /// Sizes by the header.
        shape: Vec<usize>,
    },
}

impl NpyError {
    /// What the user can do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "give the path of an .npy file",
            Self::TooLong { .. } => "give an array of fewer numbers",
            Self::OtherKind { .. } => {
                "save a single array with numpy.save; of a PyTorch model, save \
                 weight.detach().numpy().T of each layer (PyTorch holds outputs × inputs)"
            }
            Self::Format { .. } => "save an array of 64-bit floats with numpy.save",
            Self::Elements { .. } => {
                "save it as 64-bit floats, little-endian: numpy.save(path, array.astype('<f8'))"
            }
            Self::Length { .. } => "the file is cut off or damaged: save it again",
            Self::NotAMatrix { .. } => "give a two-dimensional array, rows × columns",
        }
    }
}

/// A shape, for a reader.
pub fn dims(shape: &[usize]) -> String {
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    if dims.is_empty() { "a single number, not".into() } else { dims.join(" × ") }
}

/// An array of 64-bit or 32-bit floats of either byte order, C or Fortran order, as `f64`.
///
/// # Errors
/// [`NpyError`] for anything else; the length of the file is compared with what its header asks for
/// before anything is allocated.
pub fn read(path: &Path) -> Result<ArrayD<f64>, NpyError> {
    decode(path, &bytes_of(path)?)
}

/// As [`read`], for a matrix.
///
/// # Errors
/// As [`read`]; [`NpyError::NotAMatrix`].
pub fn read_matrix(path: &Path) -> Result<Array2<f64>, NpyError> {
    let array = read(path)?;
    let shape = array.shape().to_vec();
    array
        .into_dimensionality::<Ix2>()
        .map_err(|_| NpyError::NotAMatrix { path: path.to_owned(), shape })
}

/// A matrix of floats or of whole numbers of any width, as `f64`.
///
/// # Errors
/// As [`read_matrix`].
pub fn read_numbers(path: &Path) -> Result<Array2<f64>, NpyError> {
    let number = |descr: &str| Element::of(descr).filter(|element| element.kind != Kind::Bool);
    let (array, _) = decode_as(path, &bytes_of(path)?, number, |number| number)?;
    let shape = array.shape().to_vec();
    array
        .into_dimensionality::<Ix2>()
        .map_err(|_| NpyError::NotAMatrix { path: path.to_owned(), shape })
}

/// Reads the whole file, but not more than [`MAX_BYTES`]: a path may lead to a device without an end.
fn bytes_of(path: &Path) -> Result<Vec<u8>, NpyError> {
    let failed = |reason| NpyError::Read { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let file = open_regular(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if MAX_BYTES < bytes.len() as u64 {
        return Err(NpyError::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<ArrayD<f64>, NpyError> {
    let float = |descr: &str| Element::of(descr).filter(|element| element.kind == Kind::Float);
    decode_as(path, bytes, float, |number| number).map(|(array, _)| array)
}

/// What the elements of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Floating-point numbers.
    Float,
    /// Whole numbers.
    Integer,
    /// True or false.
    Bool,
}

/// A type of elements and how one is read.
#[derive(Clone, Copy)]
pub(crate) struct Element {
    pub kind: Kind,
    size: usize,
    number: fn(&[u8]) -> f64,
}

/// The element of one native type in either byte order.
macro_rules! element {
    ($native:ty, $kind:expr, $big:expr) => {{
        const SIZE: usize = size_of::<$native>();
        let number: fn(&[u8]) -> f64 = if $big {
            |b| <$native>::from_be_bytes(b.try_into().expect("bytes of one element")) as f64
        } else {
            |b| <$native>::from_le_bytes(b.try_into().expect("bytes of one element")) as f64
        };
        Some(Element { kind: $kind, size: SIZE, number })
    }};
}

impl Element {
    /// The element that numpy calls `descr`.
    pub(crate) fn of(descr: &str) -> Option<Self> {
        let (order, name) = descr.split_at_checked(1)?;
        let big = match order {
            ">" => true,
            "<" | "=" => false,
            "|" if name.ends_with('1') => false,
            _ => return None,
        };
        match name {
            "f8" => element!(f64, Kind::Float, big),
            "f4" => element!(f32, Kind::Float, big),
            "i8" => element!(i64, Kind::Integer, big),
            "i4" => element!(i32, Kind::Integer, big),
            "i2" => element!(i16, Kind::Integer, big),
            "i1" => element!(i8, Kind::Integer, big),
            "u8" => element!(u64, Kind::Integer, big),
            "u4" => element!(u32, Kind::Integer, big),
            "u2" => element!(u16, Kind::Integer, big),
            "u1" => element!(u8, Kind::Integer, big),
            "b1" => Some(Self { kind: Kind::Bool, size: 1, number: |b| f64::from(b[0] != 0) }),
            _ => None,
        }
    }
}

/// An array of the elements that `accept` takes, each turned into what `convert` makes of it.
pub(crate) fn decode_as<T>(
    path: &Path,
    bytes: &[u8],
    accept: impl Fn(&str) -> Option<Element>,
    convert: impl Fn(f64) -> T,
) -> Result<(ArrayD<T>, Kind), NpyError> {
    let path = || path.to_owned();
    let kinds: [(&[u8], &str); 3] = [
        (b"PK", "an .npz archive (or a PyTorch file)"),
        (b"\x80", "a Python pickle"),
        (b"\x89HDF", "an HDF5 file"),
    ];
    if let Some((_, what)) = kinds.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(NpyError::OtherKind { path: path(), what });
    }
    let Header { descr, fortran, shape, begins } =
        parse(bytes).map_err(|reason| NpyError::Format { path: path(), reason })?;
    let Some(Element { kind, size, number }) = accept(&descr) else {
        return Err(NpyError::Elements { path: path(), found: descr });
    };
    let data = &bytes[begins..];
    // Every partial product must be countable, so that no zero hides a size that cannot be.
    let whole = shape.iter().filter(|&&n| n != 0).try_fold(size, |all, &n| all.checked_mul(n));
    let need = if shape.contains(&0) { whole.map(|_| 0) } else { whole };
    if need != Some(data.len()) || whole.is_none_or(|all| isize::MAX as usize / 8 < all) {
        return Err(NpyError::Length { path: path(), shape, size, have: data.len() });
    }
    let numbers = data.chunks_exact(size).map(|bytes| convert(number(bytes))).collect();
    let dim = IxDyn(&shape).set_f(fortran);
    ArrayD::from_shape_vec(dim, numbers)
        .map(|array| (array, kind))
        .map_err(|error| NpyError::Format { path: path(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn said(bytes: &[u8]) -> String {
        decode(Path::new("w.npy"), bytes).expect_err("must be refused").to_string()
    }

    #[test]
    fn both_orders_both_widths_and_both_byte_orders_hold_the_same_matrix() {
        let want = ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn();
        for (kind, fortran) in
            ["<f8", ">f8", "<f4", ">f4"].iter().flat_map(|kind| [(kind, false), (kind, true)])
        {
            let order: [f64; 6] =
                if fortran { [1., 4., 2., 5., 3., 6.] } else { [1., 2., 3., 4., 5., 6.] };
            let data: Vec<u8> = order
                .iter()
                .flat_map(|&v| match *kind {
                    "<f8" => v.to_le_bytes().to_vec(),
                    ">f8" => v.to_be_bytes().to_vec(),
                    "<f4" => (v as f32).to_le_bytes().to_vec(),
                    _ => (v as f32).to_be_bytes().to_vec(),
                })
                .collect();
            let order = if fortran { "True" } else { "False" };
            let header =
                format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': (2, 3), }}\n");
            let got = decode(Path::new("w.npy"), &file(&header, &data)).expect("readable");
            assert_eq!(got, want, "{header}");
        }
    }

    #[test]
    fn what_ndarray_npy_writes_is_read() {
        use ndarray::Dimension;
        use ndarray_npy::WriteNpyExt;
        for shape in [vec![], vec![5], vec![2, 0], vec![2, 3, 4]] {
            let array =
                ArrayD::from_shape_fn(IxDyn(&shape), |at| at.slice().iter().sum::<usize>() as f64);
            let mut bytes = Vec::new();
            array.write_npy(&mut bytes).expect("written");
            assert_eq!(decode(Path::new("w.npy"), &bytes).expect("readable"), array);
        }
    }

    #[test]
    fn headers_that_lie_are_refused_at_once() {
        let of =
            |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}");
        for (shape, words) in [
            ("(0, 18446744073709551615)", "0 bytes follow"),
            ("(1000000000000,)", "0 bytes follow"),
            ("(4294967296, 4294967296)", "0 bytes follow"),
            ("(1, 99999999999999999999999)", "no list of sizes"),
            ("(-1,)", "no list of sizes"),
        ] {
            assert!(
                said(&file(&of(shape), &[])).contains(words),
                "{shape}: {}",
                said(&file(&of(shape), &[]))
            );
        }
        let nested = format!("{{'descr': {}'<f8'{}", "[(".repeat(1500), ")]".repeat(400));
        assert!(said(&file(&nested, &[])).contains("structured"));
        assert!(
            said(&file(&of(&format!("({})", "1,".repeat(999))), &[])).contains("64 dimensions")
        );
        assert!(said(b"PK\x03\x04").contains(".npz archive"));
        assert!(said(b"0.1 0.2").contains("not an .npy file"));
        assert!(said(b"\x93NUMPY\x09\x00").contains("version 9"));
        assert!(said(&file(&of("(2,)"), &[0; 15])).contains("15 bytes follow"));
        assert!(
            said(&file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", &[0; 8]))
                .contains("<i8")
        );
    }

    /// Every prefix of a good file, and every byte of its header changed, is read or refused, never a panic.
    #[test]
    fn no_change_of_a_header_panics() {
        let good = file("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", &[0; 16]);
        for end in 0..good.len() {
            assert!(decode(Path::new("w.npy"), &good[..end]).is_err(), "{end}");
        }
        for place in 0..good.len() - 16 {
            for byte in [0, 1, b'(', b')', b'{', b'\'', b'9', 0xff] {
                let mut bad = good.clone();
                bad[place] = byte;
                let _ = decode(Path::new("w.npy"), &bad);
            }
        }
    }
}
