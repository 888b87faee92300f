//! What can be wrong with measurements.

use std::ops::Range;

use cim_device::DeviceError;
use thiserror::Error;

/// Errors of reading and fitting measurements.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum FitError {
    /// Nothing there.
    #[error("there are no measurements: a header and one row for each of them are needed")]
    Empty,
    /// Bytes that are no text.
    #[error("this is no text in UTF-8")]
    NotText {
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A quotation mark that is not closed in its line.
    #[error("a quotation mark is not closed in this line")]
    OpenQuote {
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A column that is not known.
    #[error(
        "column '{name}' is not known; known: target, achieved, time, temperature, cell, cycle, read"
    )]
    UnknownColumn {
        /// Its name as given.
        name: String,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A column that is there twice.
    #[error("column '{name}' is there twice")]
    Twice {
        /// Its name.
        name: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A column that has to be there.
    #[error("there is no column '{name}'")]
    MissingColumn {
        /// Its name.
        name: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A column of quantities whose header names no unit.
    #[error("column '{name}' has no unit")]
    NoUnit {
        /// Its name.
        name: &'static str,
        /// A header as it could be.
        example: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A unit of something else, or none at all.
    #[error("'{unit}' is no unit of column '{name}'")]
    WrongUnit {
        /// Name of the column.
        name: &'static str,
        /// The unit as given.
        unit: String,
        /// A header as it could be.
        example: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// Targets and what was achieved in different units.
    #[error("targets are in {target}, what was achieved is in {achieved}: give both in one unit")]
    MixedUnits {
        /// Unit of the targets.
        target: String,
        /// Unit of what was achieved.
        achieved: String,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// Rows that look at a cell again, and no column that says at which.
    #[error("column '{column}' looks at cells more than once, and no column 'cell' says at which")]
    NoCells {
        /// The column that needs cells.
        column: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A row of another length than the header.
    #[error("this row has {fields} fields, the header has {columns}")]
    Ragged {
        /// Fields of the row.
        fields: u64,
        /// Columns of the header.
        columns: u64,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A field that is no number.
    #[error("{column} is '{text}': it must be a number, its unit stands in the header")]
    NotANumber {
        /// Name of the column.
        column: &'static str,
        /// The field.
        text: String,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A field that is empty.
    #[error("{column} is empty")]
    EmptyField {
        /// Name of the column.
        column: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// A number that cannot be.
    #[error("{column} is {value}: it must be {range}")]
    OutOfRange {
        /// Name of the column.
        column: &'static str,
        /// The number as given.
        value: f64,
        /// What can be.
        range: &'static str,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// Rows of one programming with two targets.
    #[error("cell {cell} has another target here than before in the same cycle")]
    TwoTargets {
        /// The cell as given.
        cell: String,
        /// Where (bytes).
        span: Range<usize>,
    },
    /// So many rows cannot be used that the file says something else than was thought.
    #[error("achieved cannot be used in {unusable} of {rows} rows ({words})")]
    Unusable {
        /// Rows that cannot be used.
        unusable: u64,
        /// All rows.
        rows: u64,
        /// Why, in words.
        words: String,
        /// The first of them (bytes).
        span: Range<usize>,
    },
    /// Too few cells for any law.
    #[error("{what}: {cells} cells are too few, {least} are needed")]
    TooFew {
        /// What was to be fitted.
        what: &'static str,
        /// Cells there are.
        cells: usize,
        /// Cells needed.
        least: usize,
    },
    /// Targets of one value only.
    #[error("all targets are the same: a window needs two conductances or more")]
    OneTarget,
    /// A law that the measurements do not determine.
    #[error("{what}: the measurements do not determine the law (they are all the same)")]
    Undetermined {
        /// What was to be fitted.
        what: &'static str,
    },
    /// No law of which parameters were found.
    #[error("{what}: the search for the parameters of its laws comes to no end")]
    Unsettled {
        /// What was to be fitted.
        what: &'static str,
    },
    /// Cells that do not differ, or few that are far from all others.
    #[error("{what}: cells do not spread, so that there is no interval")]
    NoSpread {
        /// What was to be fitted.
        what: &'static str,
    },
    /// More exact values than cells have, at more targets than there are.
    #[error(
        "achieved takes {achieved} values at {targets} targets: these columns seem to be exchanged"
    )]
    Exchanged {
        /// Different values that were achieved.
        achieved: usize,
        /// Different targets.
        targets: usize,
    },
    /// A device that has no text.
    #[error("the fitted device cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
    /// The fitted laws are no device.
    #[error("the fitted laws are no device: {0}")]
    Device(#[from] DeviceError),
}

impl FitError {
    /// The bytes of the file that it is about, if it is about some.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::NotText { span }
            | Self::OpenQuote { span }
            | Self::UnknownColumn { span, .. }
            | Self::Twice { span, .. }
            | Self::MissingColumn { span, .. }
            | Self::NoUnit { span, .. }
            | Self::WrongUnit { span, .. }
            | Self::MixedUnits { span, .. }
            | Self::NoCells { span, .. }
            | Self::Ragged { span, .. }
            | Self::NotANumber { span, .. }
            | Self::EmptyField { span, .. }
            | Self::OutOfRange { span, .. }
            | Self::TwoTargets { span, .. }
            | Self::Unusable { span, .. } => Some(span.clone()),
            Self::Empty
            | Self::TooFew { .. }
            | Self::OneTarget
            | Self::Undetermined { .. }
            | Self::Unsettled { .. }
            | Self::NoSpread { .. }
            | Self::Exchanged { .. }
            | Self::Unwritable { .. }
            | Self::Device(_) => None,
        }
    }

    /// What to do.
    pub fn help(&self) -> String {
        match self {
            Self::NoUnit { example, .. } | Self::WrongUnit { example, .. } => {
                format!("write the unit behind the name, such as \"{example}\"")
            }
            Self::NoCells { .. } => {
                "add a column cell: any name, the same in every row of one cell".to_owned()
            }
            Self::TwoTargets { .. } => {
                "number the times that a cell was programmed in a column cycle".to_owned()
            }
            Self::Exchanged { .. } => {
                "name the column of what was asked for target, that of what was read achieved".to_owned()
            }
            Self::Unsettled { .. } | Self::NoSpread { .. } => {
                "look for cells that are far from all others, or that all read the same, and leave them out"
                    .to_owned()
            }
            Self::TooFew { .. }
            | Self::OneTarget
            | Self::Undetermined { .. }
            | Self::Unwritable { .. } => {
                "measure more cells, at several targets".to_owned()
            }
            Self::NotANumber { .. } | Self::EmptyField { .. } | Self::OutOfRange { .. } => {
                "correct this number, or leave the row out".to_owned()
            }
            Self::Unusable { .. } => {
                "correct these rows: where more than a tenth is unusable, a file may say something else than it \
                 seems to"
                    .to_owned()
            }
            Self::MixedUnits { .. } => "write numbers and headers of both in the same unit".to_owned(),
            Self::OpenQuote { .. } => {
                "close it, or leave it out: names and numbers need none".to_owned()
            }
            Self::Ragged { .. } => {
                "give every row as many fields as the header has, empty ones too; comments (#) stand above the header"
                    .to_owned()
            }
            _ => "a file has one row a measurement below a header such as \
                  \"cell,target (uS),achieved (uS),time (s)\""
                .to_owned(),
        }
    }
}
