//! What the cells of an array were to hold and do hold, as a table with units.
//!
//! A table is comma-separated text: a header that names each column with its unit, and one line a cell, in
//! any order. Numbers are written so that reading gives them back to the bit.

use std::fmt::Write;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ndarray::Array2;
use thiserror::Error;

use crate::regular::open_regular;

/// The largest table that is read (bytes).
pub const MAX_BYTES: u64 = 1 << 30;

/// Targets and held conductances of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// What the cells were to hold, rows × columns (S).
    pub target_s: Array2<f64>,
    /// What they hold, rows × columns (S).
    pub held_s: Array2<f64>,
}

/// Why a file holds no table of cells that can be used. Lines count from 1, rows and columns from 0.
#[derive(Debug, Error)]
pub enum CellsError {
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
    /// A header that does not name the four columns with their units.
    #[error("{}:1: {reason}", path.display())]
    Header {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A line that is not one cell.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A cell comes twice.
    #[error("{}:{line}: the cell at row {row}, column {column} stands on line {first} already", path.display())]
    Twice {
        /// Which file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// The line before.
        first: usize,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
    },
    /// A cell does not come.
    #[error("{} has no line for the cell at row {row}, column {column}", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
        /// Row of the cell.
        row: usize,
        /// Column of the cell.
        column: usize,
    },
}

impl CellsError {
    /// What the user can do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Read { .. } => "give the path of a table of cells",
            Self::TooLong { .. } => "give a table for each tile",
            Self::Header { .. } => {
                "begin with row,column,target (S),held (S); units are S, mS, uS, nS and pS"
            }
            Self::Line { .. } => "a line is a row and a column from 0 on and two conductances",
            Self::Twice { .. } | Self::Missing { .. } => {
                "give every cell of the array once, in any order"
            }
        }
    }
}

/// The columns, in the order in which they are written.
const NAMES: [&str; 4] = ["row", "column", "target", "held"];

/// Units and how many of them are a siemens. Dividing by a power of ten rounds once, so that 25 µS are the
/// number that 25e-6 is.
const UNITS: [(&str, f64); 7] =
    [("S", 1.0), ("mS", 1e3), ("uS", 1e6), ("µS", 1e6), ("μS", 1e6), ("nS", 1e9), ("pS", 1e12)];

/// A table of `cells`, in siemens.
///
/// # Panics
/// If targets and held conductances have different shapes.
pub fn encode(cells: &Cells) -> String {
    let Cells { target_s, held_s } = cells;
    assert_eq!(target_s.dim(), held_s.dim(), "two numbers for every cell");
    let mut text = String::from("row,column,target (S),held (S)\n");
    for (((row, column), target_s), held_s) in target_s.indexed_iter().zip(held_s) {
        writeln!(text, "{row},{column},{target_s:e},{held_s:e}").expect("text takes any");
    }
    text
}

/// Reads a table of cells.
///
/// # Errors
/// [`CellsError`] for a file that cannot be read, a header without names or units, a line that is not one
/// cell, and cells that come twice or not at all. Numbers are read as they are: whether a conductance can
/// be is for whoever uses it.
pub fn read(path: &Path) -> Result<Cells, CellsError> {
    let failed = |reason| CellsError::Read { path: path.to_owned(), reason };
    let mut text = String::new();
    let file = open_regular(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if MAX_BYTES < text.len() as u64 {
        return Err(CellsError::TooLong { path: path.to_owned() });
    }
    decode(path, &text)
}

/// Where a column stands and how many of its unit make a siemens.
#[derive(Clone, Copy)]
struct Column {
    place: usize,
    per_siemens: f64,
}

/// One line.
#[derive(Clone, Copy)]
struct Cell {
    place: (usize, usize),
    line: usize,
    conductances_s: [f64; 2],
}

fn decode(path: &Path, text: &str) -> Result<Cells, CellsError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    let columns =
        columns(header).map_err(|reason| CellsError::Header { path: path.to_owned(), reason })?;
    let mut cells = Vec::new();
    for (idx, text) in lines.enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line = idx + 2;
        let cell = cell(&columns, text, line);
        cells.push(cell.map_err(|reason| CellsError::Line {
            path: path.to_owned(),
            line,
            reason,
        })?);
    }
    matrices(path, cells)
}

fn columns(header: &str) -> Result<[Column; 4], String> {
    let titles: Vec<&str> = header.split(',').map(str::trim).collect();
    let mut columns = [Column { place: 0, per_siemens: 1.0 }; 4];
    for (kind, (column, name)) in columns.iter_mut().zip(NAMES).enumerate() {
        let named = |title: &&str| {
            title
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '(']))
        };
        let mut places = (0..titles.len()).filter(|&place| named(&titles[place]));
        let Some(place) = places.next() else {
            return Err(format!("the header has no column {name}"));
        };
        if places.next().is_some() {
            return Err(format!("the header has two columns {name}"));
        }
        column.place = place;
        let unit = titles[place][name.len()..].trim();
        let is_count = kind < 2;
        match (is_count, unit.strip_prefix('(').and_then(|unit| unit.strip_suffix(')'))) {
            (true, None) if unit.is_empty() => {}
            (true, _) => {
                return Err(format!("column {name} has no unit, and the header says {unit}"));
            }
            (false, None) => {
                return Err(format!("column {name} needs its unit, such as {name} (S)"));
            }
            (false, Some(unit)) => match UNITS.iter().find(|(known, _)| *known == unit.trim()) {
                Some((_, per_siemens)) => column.per_siemens = *per_siemens,
                None => return Err(format!("column {name}: {unit:?} is no unit of conductance")),
            },
        }
    }
    if titles.len() != NAMES.len() {
        let known = |place| columns.iter().any(|column| column.place == place);
        let other = (0..titles.len()).find(|&place| !known(place)).map(|place| titles[place]);
        return Err(format!("the header has a column {:?} too many", other.unwrap_or_default()));
    }
    Ok(columns)
}

fn cell(columns: &[Column; 4], text: &str, line: usize) -> Result<Cell, String> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    if fields.len() != NAMES.len() {
        return Err(format!("{} fields where the header has {}", fields.len(), NAMES.len()));
    }
    let [row, column, target, held] = columns;
    let index = |column: &Column, name: &str| {
        let text = fields[column.place];
        text.parse::<usize>().map_err(|_| format!("{name} {text:?} is no whole number from 0 on"))
    };
    let conductance = |column: &Column, name: &str| {
        let text = fields[column.place];
        let value = text.parse::<f64>().map_err(|_| format!("{name} {text:?} is no number"))?;
        Ok::<_, String>(value / column.per_siemens)
    };
    Ok(Cell {
        place: (index(row, "row")?, index(column, "column")?),
        line,
        conductances_s: [conductance(target, "target")?, conductance(held, "held")?],
    })
}

/// Cells in their places, each exactly once. Memory grows with the lines that are there, not with the
/// places that they name.
fn matrices(path: &Path, mut cells: Vec<Cell>) -> Result<Cells, CellsError> {
    cells.sort_by_key(|cell| (cell.place, cell.line));
    if let Some(pair) = cells.windows(2).find(|pair| pair[0].place == pair[1].place) {
        let ((row, column), line, first) = (pair[1].place, pair[1].line, pair[0].line);
        return Err(CellsError::Twice { path: path.to_owned(), line, first, row, column });
    }
    let columns =
        cells.iter().map(|cell| cell.place.1).max().map_or(1, |last| last.saturating_add(1));
    for (idx, cell) in cells.iter().enumerate() {
        let (row, column) = (idx / columns, idx % columns);
        if cell.place != (row, column) {
            return Err(CellsError::Missing { path: path.to_owned(), row, column });
        }
    }
    if cells.is_empty() || !cells.len().is_multiple_of(columns) {
        let (row, column) = (cells.len() / columns, cells.len() % columns);
        return Err(CellsError::Missing { path: path.to_owned(), row, column });
    }
    let matrix = |kind: usize| {
        let numbers = cells.iter().map(|cell| cell.conductances_s[kind]).collect();
        Array2::from_shape_vec((cells.len() / columns, columns), numbers).expect("whole rows")
    };
    Ok(Cells { target_s: matrix(0), held_s: matrix(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Cells, CellsError> {
        decode(Path::new("t.csv"), text)
    }

    fn said(text: &str) -> String {
        of(text).expect_err("must be refused").to_string()
    }

    /// Numbers of every size, among them those that decimals do not have.
    fn some() -> Cells {
        let of = |salt: u64| {
            Array2::from_shape_fn((3, 4), |(row, column)| {
                let bits =
                    (row as u64 * 4 + column as u64 + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                f64::from_bits(0x3EB0_0000_0000_0000 | (bits >> 12))
            })
        };
        Cells { target_s: of(1), held_s: of(7) }
    }

    #[test]
    fn what_is_written_is_read_back_to_the_bit_in_any_order() {
        let cells = some();
        let text = encode(&cells);
        assert_eq!(of(&text).expect("readable"), cells);
        let (header, body) = text.split_once('\n').expect("lines");
        let mut lines: Vec<&str> = body.lines().collect();
        lines.reverse();
        let turned = format!("\u{feff}{header}\r\n{}\r\n\r\n", lines.join("\r\n"));
        assert_eq!(of(&turned).expect("readable"), cells);
        let mut zero = cells;
        zero.held_s.fill(0.0);
        assert_eq!(of(&encode(&zero)).expect("readable"), zero);
    }

    #[test]
    fn every_column_has_its_own_unit_and_place() {
        let table = "held (nS),column,target (µS),row\n25000,0,25,0\n0,1, 1.5e2 ,0\n";
        let Cells { target_s, held_s } = of(table).expect("readable");
        assert_eq!(target_s, ndarray::arr2(&[[25e-6, 150e-6]]));
        assert_eq!(held_s, ndarray::arr2(&[[25e-6, 0.0]]));
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line_and_cell() {
        let table = |lines: &str| format!("row,column,target (S),held (S)\n{lines}");
        for (text, words) in [
            (String::new(), "t.csv:1: the header has no column row"),
            ("row,column,target,held\n0,0,1,1".into(), "column target needs its unit"),
            ("row,column,target (S),held (V)\n".into(), "\"V\" is no unit of conductance"),
            ("row (m),column,target (S),held (S)\n".into(), "column row has no unit"),
            ("row,column,target (S),held (S),held (uS)\n".into(), "two columns held"),
            ("row,column,target (S),held (S),time\n".into(), "a column \"time\" too many"),
            (table(""), "no line for the cell at row 0, column 0"),
            (table("0,0,1e-6,1e-6\n0,1,1e-6"), "t.csv:3: 3 fields"),
            (table("0,-1,1e-6,1e-6"), "t.csv:2: column \"-1\" is no whole number"),
            (table("0,0,1e-6,25 uS"), "t.csv:2: held \"25 uS\" is no number"),
            (
                table("0,0,1,1\n0,1,1,1\n0,0,1,1"),
                "t.csv:4: the cell at row 0, column 0 stands on line 2",
            ),
            (table("0,0,1,1\n0,1,1,1\n1,1,1,1"), "no line for the cell at row 1, column 0"),
            (table("0,0,1,1\n0,1,1,1\n1,0,1,1"), "no line for the cell at row 1, column 1"),
            (
                table("18446744073709551615,18446744073709551615,1,1"),
                "no line for the cell at row 0",
            ),
        ] {
            assert!(said(&text).contains(words), "{text:?}: {}", said(&text));
        }
    }

    #[test]
    fn damaged_tables_never_panic() {
        let good = encode(&some());
        for end in 0..good.len() {
            let _ = of(&good[..end]);
        }
        for place in 0..good.len() {
            for byte in [b',', b'\n', b'9', b'-', b'('] {
                let mut bad = good.clone().into_bytes();
                bad[place] = byte;
                let _ = of(&String::from_utf8_lossy(&bad));
            }
        }
    }
}
