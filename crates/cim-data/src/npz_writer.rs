//! `.npz` archives, as `numpy.savez_compressed` writes them: the same arrays give the same bytes.

use std::io::{Cursor, Write};

use ndarray::ArrayView2;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::npz::NpzError;

/// An archive in memory, to which one matrix after the other is added.
pub struct NpzWriter {
    file: String,
    zip: ZipWriter<Cursor<Vec<u8>>>,
}

/// A number that arrays hold.
pub trait Number: Copy {
    /// The type, as numpy writes it.
    const DESCR: &'static str;

    /// Adds its bytes, the least first.
    fn put(self, bytes: &mut Vec<u8>);
}

impl Number for f64 {
    const DESCR: &'static str = "<f8";

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for f32 {
    const DESCR: &'static str = "<f4";

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl Number for i32 {
    const DESCR: &'static str = "<i4";

    fn put(self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }
}

impl NpzWriter {
    /// An empty archive; `file` is the name under which it will be kept, for messages.
    pub fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), zip: ZipWriter::new(Cursor::default()) }
    }

    /// Adds a list of numbers.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_list<T: Number>(&mut self, name: &str, numbers: &[T]) -> Result<(), NpzError> {
        self.add_shaped(name, &format!("({},)", numbers.len()), numbers.iter().copied())
    }

    /// Adds a matrix.
    ///
    /// # Errors
    /// [`NpzError::Archive`] for a name that is there already, and for what an archive cannot hold.
    pub fn add<T: Number>(
        &mut self,
        name: &str,
        matrix: ArrayView2<'_, T>,
    ) -> Result<(), NpzError> {
        let (rows, columns) = matrix.dim();
        self.add_shaped(name, &format!("({rows}, {columns})"), matrix.iter().copied())
    }

    fn add_shaped<T: Number>(
        &mut self,
        name: &str,
        shape: &str,
        numbers: impl ExactSizeIterator<Item = T>,
    ) -> Result<(), NpzError> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        let mut header =
            format!("{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}", T::DESCR);
        // Numbers begin at a multiple of 64 bytes, behind magic, length and the end of the line.
        let end = (10 + header.len() + 1).next_multiple_of(64);
        header.extend(std::iter::repeat_n(' ', end - 11 - header.len()));
        header.push('\n');
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.reserve(numbers.len() * size_of::<T>());
        numbers.for_each(|number| number.put(&mut bytes));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(u64::from(u32::MAX) / 2 < bytes.len() as u64);
        let begun = self.zip.start_file(format!("{name}.npy"), options);
        begun.map_err(|reason| refused(&self.file, &reason))?;
        self.zip.write_all(&bytes).map_err(|reason| refused(&self.file, &reason))
    }

    /// The archive.
    ///
    /// # Errors
    /// [`NpzError::Archive`] for what an archive cannot hold.
    pub fn finish(self) -> Result<Vec<u8>, NpzError> {
        let bytes = self.zip.finish().map_err(|reason| refused(&self.file, &reason))?;
        Ok(bytes.into_inner())
    }
}

fn refused(file: &str, reason: &dyn std::fmt::Display) -> NpzError {
    NpzError::Archive { path: file.into(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, arr2};
    use ndarray_npy::NpzReader;

    use super::*;

    /// Another reader finds what was put in, of any type, also of matrices that lie across.
    #[test]
    fn what_is_written_is_read_by_others() {
        let (wide, narrow) = (arr2(&[[1.5f64, -2e-9, 3.0], [0.1, 5.0, 6.0]]), arr2(&[[0.1f32]]));
        let made = || {
            let mut writer = NpzWriter::new("t.npz");
            writer.add("wide", wide.view()).expect("added");
            writer.add("across", wide.t()).expect("added");
            writer.add("narrow", narrow.view()).expect("added");
            writer.add_list("list", &[0.1f64, 0.2]).expect("added");
            writer.add("codes", arr2(&[[-7i32, 31]]).view()).expect("added");
            assert!(writer.add("wide", wide.view()).is_err(), "the name is taken");
            writer.finish().expect("whole")
        };
        let bytes = made();
        assert_eq!(bytes, made());
        let mut file = NpzReader::new(Cursor::new(bytes)).expect("an archive");
        let read: Array2<f64> = file.by_name("wide").expect("there");
        assert_eq!(read, wide);
        let read: Array2<f64> = file.by_name("across").expect("there");
        assert_eq!(read, wide.t());
        let read: Array2<f32> = file.by_name("narrow").expect("there");
        assert_eq!(read, narrow);
        let read: Array2<i32> = file.by_name("codes").expect("there");
        assert_eq!(read, arr2(&[[-7, 31]]));
        let read: Array1<f64> = file.by_name("list").expect("there");
        assert_eq!(read.to_vec(), [0.1, 0.2]);
    }
}
