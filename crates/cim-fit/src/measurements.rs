//! Measurements from a file: comma, semicolon or tabulator between columns, units in the header.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};

use crate::error::FitError;
use crate::header::{Column, Header, shown};
use crate::usable::Unusable;

/// One usable row, in SI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    /// Index of the cell, by first appearance.
    pub cell: u32,
    /// Number of the programming.
    pub cycle: u64,
    /// Conductance that was asked for (S).
    pub target: f64,
    /// Conductance that was read (S).
    pub achieved: f64,
    /// Time since programming (s).
    pub time: f64,
    /// Number of the read.
    pub read: u64,
    /// Bytes of the row.
    pub at: (usize, usize),
}

/// What was measured, one row a read.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurements {
    pub(crate) rows: Vec<Row>,
    pub(crate) cells: Vec<String>,
    /// Rows that are not used.
    pub unusable: Unusable,
    /// Temperature (K) of the rows that are used, if the file has a column of it.
    pub temperature_k: Option<f64>,
}

/// Conductance (S) above which a number is in another unit than its header says.
const MOST_S: f64 = 1.0;

/// Temperatures (K) that cells are read at: beyond, a number is in another unit than its header says.
const TEMPERATURES_K: std::ops::RangeInclusive<f64> = 1.0..=1000.0;

/// What is achieved is at most this many times the highest target: beyond, a contact or an instrument
/// was measured.
const MOST_OVER_TARGETS: f64 = 100.0;

/// Rows that cannot be used may be up to this share, or the file is not what it was taken for.
const MOST_UNUSABLE: f64 = 0.1;

impl Measurements {
    /// Reads a file: a header with the columns `target` and `achieved` and, where there are any,
    /// `time`, `temperature`, `cell`, `cycle` and `read`, in any order; those of quantities with their
    /// unit, as `target (uS)`, `target [uS]` or `target_uS`. Lines above the header that begin with `#` are comments.
    ///
    /// # Errors
    /// [`FitError`] for the first thing that is wrong, with its place.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, FitError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            FitError::NotText { span: at..(at + 1).min(bytes.len()) }
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = &text[comments(text)..];
        let skipped = bytes.len() - text.len();
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter(text))
            .from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        let mut next = |record: &mut StringRecord| -> Result<bool, FitError> {
            let read = reader.read_record(record);
            read.map_err(|_| FitError::NotText { span: 0..bytes.len().min(1) })
        };
        if !next(&mut record)? || record.iter().all(|name| name.trim().is_empty()) {
            return Err(FitError::Empty);
        }
        check_lines(&record, skipped)?;
        let names: Vec<(&str, Range<usize>)> =
            (0..record.len()).map(|idx| (&record[idx], span(&record, idx, skipped))).collect();
        let header = Header::of(&names)?;
        let mut found = Found::default();
        while next(&mut record)? {
            check_lines(&record, skipped)?;
            found.row(&Fields { header: &header, record: &record, skipped })?;
        }
        found.measurements()
    }

    /// Number of cells of the rows that are used.
    pub fn cells(&self) -> usize {
        let cells: BTreeSet<u32> = self.rows.iter().map(|row| row.cell).collect();
        cells.len()
    }

    /// Number of rows that are used.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// Bytes of the lines above the header that are comments or blank.
fn comments(text: &str) -> usize {
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        if !(line.trim().is_empty() || line.starts_with('#')) {
            break;
        }
        at += line.len();
    }
    at
}

/// What stands between columns: whatever the header has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.split(['\n', '\r']).next();
    let count = |mark: u8| header.map_or(0, |line| line.bytes().filter(|b| *b == mark).count());
    [b',', b'\t', b';'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

/// Refuses a field of two lines or more, which a quotation mark has made.
fn check_lines(record: &StringRecord, skipped: usize) -> Result<(), FitError> {
    match record.iter().position(|field| field.contains('\n')) {
        Some(idx) => {
            let start = span(record, idx, skipped).start;
            Err(FitError::OpenQuote { span: start..start + 1 })
        }
        None => Ok(()),
    }
}

/// Bytes of a field, exact where nothing before it is quoted.
fn span(record: &StringRecord, idx: usize, skipped: usize) -> Range<usize> {
    let start = record.position().map_or(0, |place| place.byte() as usize) + skipped;
    let before: usize = record.iter().take(idx).map(|field| field.len() + 1).sum();
    let length = record.get(idx).map_or(0, str::len);
    start + before..start + before + length
}

/// One row of the file.
struct Fields<'a> {
    header: &'a Header,
    record: &'a StringRecord,
    skipped: usize,
}

impl Fields<'_> {
    fn text(&self, idx: usize) -> &str {
        self.record[idx].trim()
    }

    fn span(&self, idx: usize) -> Range<usize> {
        span(self.record, idx, self.skipped)
    }

    fn number(&self, column: &'static str, idx: usize) -> Result<f64, FitError> {
        let text = self.text(idx);
        if text.is_empty() {
            return Err(FitError::EmptyField { column, span: self.span(idx) });
        }
        text.parse().map_err(|_| FitError::NotANumber {
            column,
            text: shown(text),
            span: self.span(idx),
        })
    }

    /// A number that is zero or positive, in SI.
    fn positive(&self, column: &'static str, place: Column) -> Result<f64, FitError> {
        let value = self.number(column, place.idx)?;
        if 0.0 <= value && value.is_finite() {
            return Ok(place.si(value));
        }
        let range = "zero or positive, and finite";
        Err(FitError::OutOfRange { column, value, range, span: self.span(place.idx) })
    }

    /// A temperature that cells are read at (K).
    fn temperature(&self, place: Column) -> Result<f64, FitError> {
        let kelvin = self.positive("temperature", place)?;
        if TEMPERATURES_K.contains(&kelvin) {
            return Ok(kelvin);
        }
        let (value, range) = (self.number("temperature", place.idx)?, "1 to 1000 K");
        let (column, span) = ("temperature", self.span(place.idx));
        Err(FitError::OutOfRange { column, value, range, span })
    }

    /// A conductance that cells can have (S).
    fn conductance(&self, column: &'static str, place: Column) -> Result<f64, FitError> {
        let found = self.positive(column, place)?;
        self.check_most(column, place, self.number(column, place.idx)?)?;
        Ok(found)
    }

    /// Refuses what no cell conducts: the unit of the header is another one.
    fn check_most(&self, column: &'static str, place: Column, value: f64) -> Result<(), FitError> {
        if value * place.unit <= MOST_S {
            return Ok(());
        }
        let range = "at most 1 S, as no cell conducts more (is the unit in the header right?)";
        Err(FitError::OutOfRange { column, value, range, span: self.span(place.idx) })
    }

    fn whole(&self, column: &'static str, idx: usize) -> Result<u64, FitError> {
        let value = self.number(column, idx)?;
        if (0.0..9e15).contains(&value) && value.fract() == 0.0 {
            return Ok(value as u64);
        }
        let range = "a whole number";
        Err(FitError::OutOfRange { column, value, range, span: self.span(idx) })
    }
}

/// Rows as far as they were read.
#[derive(Default)]
struct Found {
    rows: Vec<Row>,
    temperatures: Vec<f64>,
    cells: Vec<String>,
    idx_of: BTreeMap<String, u32>,
    unusable: Unusable,
    first: Option<Range<usize>>,
    read: u64,
}

impl Found {
    fn row(&mut self, fields: &Fields<'_>) -> Result<(), FitError> {
        let Fields { header, record, skipped } = fields;
        let start = record.position().map_or(0, |place| place.byte() as usize) + skipped;
        let whole = start..start + record.iter().map(|field| field.len() + 1).sum::<usize>() - 1;
        if record.len() != header.columns {
            let (fields, columns) = (record.len() as u64, header.columns as u64);
            return Err(FitError::Ragged { fields, columns, span: whole });
        }
        self.read += 1;
        let target = fields.conductance("target", header.target)?;
        let time = header.time.map(|place| fields.positive("time", place)).transpose()?;
        let temperature = header.temperature.map(|place| fields.temperature(place)).transpose()?;
        let cycle = header.cycle.map(|idx| fields.whole("cycle", idx)).transpose()?;
        let read = header.read.map(|idx| fields.whole("read", idx)).transpose()?;
        let name = match header.cell {
            Some(idx) if fields.text(idx).is_empty() => {
                return Err(FitError::EmptyField { column: "cell", span: fields.span(idx) });
            }
            Some(idx) => fields.text(idx).to_owned(),
            None => self.read.to_string(),
        };
        let place = header.achieved;
        let count = match fields.text(place.idx).is_empty() {
            true => &mut self.unusable.empty,
            false => match fields.number("achieved", place.idx)? {
                value if !value.is_finite() => &mut self.unusable.not_finite,
                value if value < 0.0 => &mut self.unusable.negative,
                value => {
                    fields.check_most("achieved", place, value)?;
                    let next = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
                    let cell = *self.idx_of.entry(name).or_insert_with_key(|name| {
                        self.cells.push(name.clone());
                        next
                    });
                    self.rows.push(Row {
                        cell,
                        cycle: cycle.unwrap_or(0),
                        target,
                        achieved: place.si(value),
                        time: time.unwrap_or(0.0),
                        read: read.unwrap_or(0),
                        at: (whole.start, whole.end),
                    });
                    self.temperatures.extend(temperature);
                    return Ok(());
                }
            },
        };
        *count += 1;
        self.first.get_or_insert_with(|| fields.span(place.idx));
        Ok(())
    }

    /// Leaves out what is far above every target.
    fn leave_out_far(&mut self) {
        let highest = self.rows.iter().map(|row| row.target).fold(0.0, f64::max);
        let is_far = |row: &Row| 0.0 < highest && MOST_OVER_TARGETS * highest < row.achieved;
        let far: Vec<bool> = self.rows.iter().map(is_far).collect();
        if let Some(first) = far.iter().position(|far| *far) {
            let (start, end) = self.rows[first].at;
            self.first.get_or_insert(start..end);
            self.unusable.far_above = far.iter().filter(|far| **far).count() as u64;
            let (mut of_row, mut of_temperature) = (far.iter(), far.iter());
            self.rows.retain(|_| of_row.next() == Some(&false));
            self.temperatures.retain(|_| of_temperature.next() == Some(&false));
        }
    }

    fn measurements(mut self) -> Result<Measurements, FitError> {
        self.leave_out_far();
        let impossible = self.unusable.impossible();
        if let Some(span) =
            self.first.filter(|_| MOST_UNUSABLE * (self.read as f64) < impossible as f64)
        {
            return Err(FitError::Unusable {
                unusable: impossible,
                rows: self.read,
                words: self.unusable.to_string(),
                span,
            });
        }
        if self.rows.is_empty() {
            return Err(FitError::Empty);
        }
        let temperature_k = most(&self.temperatures);
        if let Some(kept) = temperature_k {
            let mut temperatures = self.temperatures.iter();
            let before = self.rows.len();
            self.rows.retain(|_| temperatures.next() == Some(&kept));
            self.unusable.other_temperature = (before - self.rows.len()) as u64;
        }
        let Self { rows, cells, unusable, .. } = self;
        Ok(Measurements { rows, cells, unusable, temperature_k })
    }
}

/// The number that is there most often.
fn most(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map(|run| run[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, String) {
        let error = Measurements::from_csv(text.as_bytes()).expect_err(text);
        let marked = error.span().map_or("", |span| &text[span]);
        (error.to_string(), marked.to_owned())
    }

    #[test]
    fn units_are_read_from_the_header_however_they_are_written() {
        for (header, want) in [
            ("target (uS),achieved (uS)", [3e-6, 5e-6]),
            ("target_us,achieved_us", [3e-6, 5e-6]),
            ("Target [\u{b5}S];Achieved [\u{b5}S]", [3e-6, 5e-6]),
            ("achieved_mS\ttarget (mS)", [3e-3, 5e-3]),
        ] {
            let mark =
                [',', ';', '\t'].into_iter().find(|mark| header.contains(*mark)).expect("one");
            let text = format!("# a comment\n{header}\n3{mark}3\n5{mark}5\r\n");
            let found = Measurements::from_csv(text.as_bytes()).expect(header);
            let achieved: Vec<f64> = found.rows.iter().map(|row| row.achieved).collect();
            assert_eq!((&achieved[..], found.cells()), (&want[..], 2), "{header}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, said, at) in [
            ("", "no measurements", ""),
            ("target (uS),achieved (uS)\n", "no measurements", ""),
            ("target,achieved (uS)\n1,1\n", "'target' has no unit", "target"),
            ("target (uS),achieved (V)\n1,1\n", "'V' is no unit", "achieved (V)"),
            ("target (uS),achieved (S)\n1,1\n", "give both in one unit", "achieved (S)"),
            ("target (uS),volts (V)\n1,1\n", "'volts (V)' is not known", "volts (V)"),
            ("target (uS)\n1\n", "no column 'achieved'", "target (uS)"),
            ("target (uS),target (uS)\n1,1\n", "there twice", "target (uS)"),
            ("target_uS,achieved_uS,time_s\n1,1,1\n", "no column 'cell'", "time_s"),
            ("target_uS,achieved_uS\n1,1\n-2,1\n", "target is -2", "-2"),
            ("target_uS,achieved_uS\n1,1\n2 uS,1\n", "must be a number", "2 uS"),
            ("target_uS,achieved_uS\n1,1\n,1\n", "target is empty", ""),
            ("target_uS,achieved_uS\n1,1\n1\n", "1 fields, the header has 2", "1"),
            (
                "target_uS,achieved_uS\n1,1\n1,-3\n",
                "achieved cannot be used in 1 of 2 rows (1 negative)",
                "-3",
            ),
            ("cell,target_uS,achieved_uS,cycle\na,1,1,0.5\n", "a whole number", "0.5"),
            ("target_S,achieved_S\n1e-6,1e-6\n2e-6,2.5\n", "at most 1 S", "2.5"),
            ("target_uS,achieved_uS\n1e300,1\n", "at most 1 S", "1e300"),
            ("target_uS,achieved_uS\n1,1\n2,\"2\n3,3\n", "mark is not closed", "\""),
            ("cell,target_uS,achieved_uS,time\na,1,1,0\n", "'time' has no unit", "time"),
            ("cell,target_uS,achieved_uS,time_s\na,1,1,-1\n", "time is -1", "-1"),
            ("cell,target_uS,achieved_uS,time_s\na,1,1,inf\n", "time is inf", "inf"),
            ("cell,target_uS,achieved_uS,temperature_K\na,1,1,\n", "temperature is empty", ""),
            ("cell,target_uS,achieved_uS\n,1,1\n", "cell is empty", ""),
            ("target_uS,achieved_uS,temperature_K\n1,1,0\n", "temperature is 0", "0"),
            ("target_uS,achieved_uS,temperature_K\n1,1,1e9\n", "1 to 1000 K", "1e9"),
            ("target_uS,achieved_uS,\0\n1,1,1\n", "column '\\u{0}' is not known", "\0"),
        ] {
            let (message, marked) = refused(text);
            assert!(message.contains(said), "{text:?}: {message}");
            assert_eq!(marked, at, "{text:?}: {message}");
        }
    }

    #[test]
    fn rows_without_a_conductance_and_at_other_temperatures_are_counted() {
        let mut text = "cell,target_uS,achieved_uS,temperature_K\n".to_owned();
        for k in 0..40 {
            text += &format!("{k},{k},{k},{}\n", if k < 3 { 350 } else { 300 });
        }
        text += "a,1,inf,300\nb,1,,300\nc,1,-1,300\n";
        let found = Measurements::from_csv(text.as_bytes()).expect("readable");
        assert_eq!(found.rows(), 37);
        let want =
            Unusable { empty: 1, not_finite: 1, negative: 1, far_above: 0, other_temperature: 3 };
        assert_eq!((found.unusable, found.temperature_k), (want, Some(300.0)));
        assert_eq!(found.cells(), 37);
    }

    #[test]
    fn what_is_far_above_every_target_is_left_out_and_counted() {
        let mut text = "target_uS,achieved_uS\n".to_owned();
        (0..40).for_each(|k| text += &format!("{},{k}\n", 10 + k % 2));
        let found = Measurements::from_csv(format!("{text}10,9e5\n10,1100\n").as_bytes());
        let found = found.expect("readable");
        assert_eq!((found.rows(), found.unusable.far_above), (41, 1));
        assert_eq!(found.unusable.to_string(), "1 above 100 times the highest target");
    }

    #[test]
    fn cells_whose_names_begin_with_a_cross_are_no_comments() {
        let text = "# a;comment\n\n# another\ncell,target_uS,achieved_uS\n#1,1,1\n#2,2,3\n";
        let found = Measurements::from_csv(text.as_bytes()).expect("readable");
        assert_eq!((found.rows(), &found.cells[..]), (2, &["#1".to_owned(), "#2".to_owned()][..]));
        let (said, at) = refused("target_uS,achieved_uS\n1,1\n# a comment\n");
        assert!(said.contains("1 fields, the header has 2"), "{said}");
        assert_eq!(at, "# a comment");
    }

    #[test]
    fn numbers_are_those_of_other_units() {
        let of = |text: &str| Measurements::from_csv(text.as_bytes()).expect("readable").rows[0];
        let (micro, nano) =
            (of("target_uS,achieved_uS\n5,5.1\n"), of("target_nS,achieved_nS\n5000,5100\n"));
        assert_eq!((micro.target, nano.target), (5e-6, 5e-6));
        assert_eq!((micro.achieved, nano.achieved), (5.1e-6, 5.1e-6));
    }
}
