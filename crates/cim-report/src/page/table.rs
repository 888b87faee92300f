//! A table as every rendering takes it: text, alignment, marks.

use crate::report::Table;

/// A table; every row has one cell per column.
pub struct TextTable {
    /// What it shows.
    pub title: String,
    /// Names of the columns, with units.
    pub columns: Vec<Column>,
    /// Rows of cells.
    pub rows: Vec<Vec<Cell>>,
    /// Whether a page may fold it away.
    pub folded: bool,
}

/// One column.
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether it holds numbers and so is set flush right.
    pub numeric: bool,
}

/// One cell.
pub struct Cell {
    /// What it says.
    pub text: String,
    /// How it is marked.
    pub mark: Mark,
}

/// How a cell is marked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not at all.
    None,
    /// A target met.
    Good,
    /// A target missed.
    Bad,
    /// A choice of our own.
    Own,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, mark: Mark::None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// A table of marked cells, all set flush left; nothing if there is no row.
pub fn marked(title: &str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Option<TextTable> {
    let columns =
        columns.iter().map(|name| Column { name: (*name).to_owned(), numeric: false }).collect();
    (!rows.is_empty()).then(|| TextTable { title: title.to_owned(), columns, rows, folded: false })
}

/// A table of text; columns after the first that hold numbers are set flush right. Nothing if there
/// is no row.
pub fn plain(table: &Table) -> Option<TextTable> {
    let Table { title, columns, rows, folded } = table;
    let columns = columns
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let cells = || rows.iter().filter_map(|row| row.get(index)).filter(|c| !is_blank(c));
            let numeric = index > 0 && cells().next().is_some() && cells().all(|c| is_number(c));
            Column { name: name.clone(), numeric }
        })
        .collect();
    let rows: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.as_str().into()).collect()).collect();
    (!rows.is_empty()).then(|| TextTable { title: title.clone(), columns, rows, folded: *folded })
}

fn is_blank(cell: &str) -> bool {
    matches!(cell.trim(), "" | "–" | "—" | "−" | "-")
}

/// Whether a cell looks like a number: a digit, after signs if need be.
fn is_number(cell: &str) -> bool {
    let sign = |c: char| c.is_whitespace() || "+-−±<>≤≥≈~".contains(c);
    cell.trim_start_matches(sign).starts_with(|c: char| c.is_ascii_digit())
}
