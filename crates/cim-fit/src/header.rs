//! The header: which columns there are, and what one unit of them is in SI.

use std::ops::Range;

use cim_core::{Kelvin, Seconds, Siemens};
use cim_report::echo::plain;
use cim_report::format::shortened;

use crate::error::FitError;

/// Letters of a text of the file that a message shows: a quotation mark that is not closed makes a field of all
/// that follows.
const MOST_LETTERS: usize = 40;

/// Columns of a file: where each is, and what its numbers are multiplied by to be in SI.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    /// Conductance that was asked for.
    pub target: Column,
    /// Conductance that was read.
    pub achieved: Column,
    /// Time since programming.
    pub time: Option<Column>,
    /// Temperature of the read.
    pub temperature: Option<Column>,
    /// Name of the cell.
    pub cell: Option<usize>,
    /// Number of the programming.
    pub cycle: Option<usize>,
    /// Number of the read.
    pub read: Option<usize>,
    /// Number of columns.
    pub columns: usize,
}

/// A column of quantities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Column {
    /// Index of the column.
    pub idx: usize,
    /// What one of its unit is in SI.
    pub unit: f64,
}

impl Column {
    /// A number of the column in SI, rounded once: 5000 nS are the number that 5 uS are.
    pub(crate) fn si(self, value: f64) -> f64 {
        let power = libm::log10(self.unit).round();
        let read = |text: String| text.parse::<f64>().ok();
        match read(format!("1e{power}")) {
            Some(unit) if unit == self.unit => read(format!("{value}e{power}")),
            _ => None,
        }
        .unwrap_or(value * self.unit)
    }
}

/// What a message shows of a text of the file: not all of it, and no marks that control a terminal.
pub(crate) fn shown(text: &str) -> String {
    shortened(&plain(&text.replace('\n', "\\n")), MOST_LETTERS)
}

/// The columns that are known, and how a header could be where they have a unit.
const KNOWN: [(&str, Option<&str>); 7] = [
    ("target", Some("target (uS)")),
    ("achieved", Some("achieved (uS)")),
    ("time", Some("time (s)")),
    ("temperature", Some("temperature (K)")),
    ("cell", None),
    ("cycle", None),
    ("read", None),
];

impl Header {
    /// Reads names of columns, each with the bytes where it stands.
    ///
    /// # Errors
    /// [`FitError`] for the first column that is not known, has no unit or lacks.
    pub(crate) fn of(names: &[(&str, Range<usize>)]) -> Result<Self, FitError> {
        let mut found: [Option<(Column, String, Range<usize>)>; 7] = Default::default();
        for (idx, (text, span)) in names.iter().enumerate() {
            let (name, unit) = split(text);
            let place = KNOWN.iter().position(|(known, _)| *known == name);
            let Some(place) = place else {
                return Err(FitError::UnknownColumn { name: shown(text), span: span.clone() });
            };
            let (name, example) = KNOWN[place];
            if found[place].is_some() {
                return Err(FitError::Twice { name, span: span.clone() });
            }
            let scale = match (example, unit) {
                (None, "") => 1.0,
                (Some(example), "") => {
                    return Err(FitError::NoUnit { name, example, span: span.clone() });
                }
                (example, unit) => scale(name, unit).ok_or_else(|| FitError::WrongUnit {
                    name,
                    unit: shown(unit),
                    example: example.unwrap_or(name),
                    span: span.clone(),
                })?,
            };
            found[place] = Some((Column { idx, unit: scale }, unit.to_owned(), span.clone()));
        }
        let whole = names.first().map_or(0, |(_, span)| span.start)
            ..names.last().map_or(0, |(_, span)| span.end);
        for (column, (name, _)) in found.iter().zip(KNOWN).take(2) {
            if column.is_none() {
                return Err(FitError::MissingColumn { name, span: whole });
            }
        }
        let [Some(target), Some(achieved), time, temperature, cell, cycle, read] = found else {
            return Err(FitError::MissingColumn { name: "target", span: whole });
        };
        if target.0.unit != achieved.0.unit {
            let (target, span) = (target.1, achieved.2);
            return Err(FitError::MixedUnits { target, achieved: achieved.1, span });
        }
        if cell.is_none() {
            for (column, (name, _)) in
                [&time, &cycle, &read].into_iter().zip([KNOWN[2], KNOWN[5], KNOWN[6]])
            {
                if let Some((_, _, span)) = column {
                    return Err(FitError::NoCells { column: name, span: span.clone() });
                }
            }
        }
        let idx =
            |found: Option<(Column, String, Range<usize>)>| found.map(|(column, ..)| column.idx);
        Ok(Self {
            target: target.0,
            achieved: achieved.0,
            time: time.map(|(column, ..)| column),
            temperature: temperature.map(|(column, ..)| column),
            cell: idx(cell),
            cycle: idx(cycle),
            read: idx(read),
            columns: names.len(),
        })
    }
}

/// `target (uS)`, `target [uS]` and `target_uS` as name and unit.
fn split(text: &str) -> (String, &str) {
    let text = text.trim();
    let (name, unit) = match text.find(['(', '[', '_']) {
        Some(at) => (&text[..at], text[at + 1..].trim_end_matches([')', ']']).trim()),
        None => (text, ""),
    };
    (name.trim().to_ascii_lowercase(), unit)
}

/// What one of a unit is in SI; nothing if it is no unit of the column.
fn scale(name: &str, unit: &str) -> Option<f64> {
    let one = format!("1 {unit}");
    let found = match name {
        "target" | "achieved" => one.parse::<Siemens>().map(|g| g.0),
        "time" => one.parse::<Seconds>().map(|t| t.0),
        "temperature" => one.parse::<Kelvin>().map(|t| t.0),
        _ => return None,
    };
    found.ok().or_else(|| micro(name, unit))
}

/// `us` in a header of small letters is microsiemens.
fn micro(name: &str, unit: &str) -> Option<f64> {
    let is_conductance = name == "target" || name == "achieved";
    match unit {
        "us" if is_conductance => Some(1e-6),
        "ns" if is_conductance => Some(1e-9),
        "ms" if is_conductance => Some(1e-3),
        "s" if is_conductance => Some(1.0),
        _ => None,
    }
}
