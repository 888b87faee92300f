//! Motion of the arm during exercises, by subject: an array of numbers and a list of series.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, s};
use thiserror::Error;

use crate::digest::sha256;
use crate::error::DataError;
use crate::npy::{self, NpyError};
use crate::sums::Sums;

/// Names of the files in their folder.
pub const FILES: [&str; 2] = ["motion.npy", "series.csv"];

/// First line of the list.
const HEAD: &str = "subject,exercise,side,samples";

/// Why files do not hold motion by subject.
#[derive(Debug, Error)]
pub enum MotionError {
    /// A file cannot be read.
    #[error("cannot read {}: {reason}: name the folder that has {} and {} with --data", path.display(), FILES[0], FILES[1])]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// It is not the file that was checked in.
    #[error(transparent)]
    Sum(#[from] DataError),
    /// The array cannot be read.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// A line is not a series.
    #[error("{}, line {line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The array and the list do not fit.
    #[error("{}: series of {listed} samples for {found} rows", path.display())]
    Length {
        /// The list.
        path: PathBuf,
        /// Samples of all series.
        listed: usize,
        /// Rows of the array.
        found: usize,
    },
}

/// One exercise of one arm of a subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Number of the subject, from 0.
    pub subject: usize,
    /// Number of the exercise, from 0, in the order of their names.
    pub exercise: usize,
    /// Which arm, by the number that the list has for it: two sides are mirror images.
    pub side: u32,
    /// Samples × channels: acceleration and rates of turning, as recorded.
    pub samples: Array2<f64>,
}

/// All series.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// In the order of the list.
    pub series: Vec<Series>,
    /// Subjects as they are called, in the order of their numbers.
    pub subjects: Vec<String>,
    /// Exercises as they are called, in the order of their numbers.
    pub exercises: Vec<String>,
    /// SHA-256 of both files one after the other, hexadecimal.
    pub sha256: String,
}

/// Loads the series of a folder.
///
/// # Errors
/// [`MotionError`] for files that are missing or broken, or differ from the folder's list of sums.
pub fn load(folder: &Path) -> Result<Motion, MotionError> {
    let [array, list] = FILES.map(|name| folder.join(name));
    let read = |path: &Path| {
        fs::read(path).map_err(|reason| MotionError::Read { path: path.to_owned(), reason })
    };
    let (array_bytes, list_bytes) = (read(&array)?, read(&list)?);
    if let Some(sums) = Sums::read(folder)? {
        sums.check(&array, &[FILES[0].to_owned()], &array_bytes)?;
        sums.check(&list, &[FILES[1].to_owned()], &list_bytes)?;
    }
    let samples = npy::read_matrix(&array)?;
    let text = String::from_utf8_lossy(&list_bytes).into_owned();
    let sha256 = sha256(&[array_bytes, list_bytes].concat());
    parse(&list, &text, &samples, sha256)
}

fn parse(
    path: &Path,
    text: &str,
    samples: &Array2<f64>,
    sha256: String,
) -> Result<Motion, MotionError> {
    let wrong = |line: usize, what: String| MotionError::Line { path: path.to_owned(), line, what };
    let mut lines = text.lines();
    if lines.next() != Some(HEAD) {
        return Err(wrong(1, format!("is not {HEAD:?}")));
    }
    let mut rows: Vec<(u32, &str, u32, usize)> = Vec::new();
    for (index, line) in lines.enumerate() {
        let words: Vec<&str> = line.split(',').collect();
        let &[subject, exercise, side, length] = &words[..] else {
            return Err(wrong(index + 2, format!("has {} words, not 4", words.len())));
        };
        let number = |word: &str| {
            word.parse::<u32>()
                .map_err(|_| wrong(index + 2, format!("{word:?} is no whole number")))
        };
        rows.push((number(subject)?, exercise, number(side)?, number(length)? as usize));
    }
    let listed = rows.iter().map(|row| row.3).fold(0_usize, usize::saturating_add);
    if listed != samples.nrows() {
        let found = samples.nrows();
        return Err(MotionError::Length { path: path.to_owned(), listed, found });
    }
    let mut subjects: Vec<u32> = rows.iter().map(|row| row.0).collect();
    let mut exercises: Vec<&str> = rows.iter().map(|row| row.1).collect();
    subjects.sort_unstable();
    subjects.dedup();
    exercises.sort_unstable();
    exercises.dedup();
    let mut from = 0;
    let series = rows.into_iter().map(|(subject, exercise, side, length)| {
        let part = samples.slice(s![from..from + length, ..]).to_owned();
        from += length;
        Series {
            subject: subjects.binary_search(&subject).expect("listed"),
            exercise: exercises.binary_search(&exercise).expect("listed"),
            side,
            samples: part,
        }
    });
    Ok(Motion {
        series: series.collect(),
        subjects: subjects.iter().map(u32::to_string).collect(),
        exercises: exercises.iter().map(|name| (*name).to_owned()).collect(),
        sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_that_is_checked_in_is_ten_subjects_at_seven_exercises() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/seglearn");
        let motion = load(&folder).expect("checked in");
        assert_eq!(
            (motion.series.len(), motion.subjects.len(), motion.exercises.len()),
            (140, 10, 7)
        );
        // Both arms of every subject at every exercise.
        for subject in 0..10 {
            for exercise in 0..7 {
                for side in 0..2 {
                    let of =
                        |s: &&Series| (s.subject, s.exercise, s.side) == (subject, exercise, side);
                    assert_eq!(motion.series.iter().filter(of).count(), 1);
                }
            }
        }
        // The first numbers that the package prints.
        let first = motion.series[0].samples.row(0).to_vec();
        let want = [-1.083_608, -0.018_609, -0.027_26, 0.411_41, -1.603_097, -2.488_642];
        assert!(first.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{first:?}");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let samples = Array2::zeros((3, 2));
        let said = |text: &str| {
            parse(Path::new("list"), text, &samples, String::new()).expect_err("broken").to_string()
        };
        assert!(said("").contains("line 1"));
        assert!(said("subject,exercise,side,samples\n1,A,0").contains("3 words"));
        assert!(said("subject,exercise,side,samples\n1,A,0,x").contains("whole number"));
        assert!(said("subject,exercise,side,samples\n1,A,0,2").contains("2 samples for 3 rows"));
    }
}
