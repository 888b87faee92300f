//! Every key below the sections of chips and of every study, with the place where it can stand: `keys.tsv`, which
//! `cargo xtask keys` makes of the types that presets are read into.

use toml::{Table, Value};

/// A line of the table: a key, or a kind that keys belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// `chips`, the name of a study, or the name of a table in brackets.
    pub of: &'static str,
    /// What has to be chosen for it to be there: `kind = gaussian`, or `sliced` for a table of that name; may be empty.
    pub kind: &'static str,
    /// The key; empty for the kind itself.
    pub key: &'static str,
    /// What is written, in words.
    pub value: &'static str,
    /// The name of the table that this is, or is a list of; may be empty.
    pub table: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// All of them, in the order of `docs/keys.md`.
pub fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let mut cells = line.split('\t');
        let mut next = || cells.next().expect("`cargo xtask keys` writes six cells a line");
        let [of, kind, key, value, table, meaning] = std::array::from_fn(|_| next());
        Row { of, kind, key, value, table, meaning }
    };
    include_str!("keys.tsv").lines().map(row).collect()
}

/// A step of a path into a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    key: &'static str,
    /// What another key beside it has to be.
    only: Option<(&'static str, &'static str)>,
}

/// A row at one of its places.
#[derive(Clone, Debug)]
pub struct Place {
    /// The row.
    pub row: Row,
    /// The study of whose presets it is; none for sections that make chips.
    pub study: Option<&'static str>,
    steps: Vec<Step>,
}

impl Place {
    /// The keys that lead to it, between dots.
    pub fn path(&self) -> String {
        let keys: Vec<&str> = self.steps.iter().map(|step| step.key).collect();
        keys.join(".")
    }

    /// What a preset has there, as written: several values where a list lies on the way.
    pub fn values(&self, preset: &Table) -> Vec<String> {
        let mut found: Vec<&Value> = Vec::new();
        let mut steps = self.steps.iter();
        for part in steps.next().into_iter().flat_map(|step| step.key.split('.')) {
            found = match found.as_slice() {
                [] => preset.get(part).into_iter().collect(),
                all => all.iter().filter_map(|value| value.get(part)).collect(),
            };
            if found.is_empty() {
                return Vec::new();
            }
        }
        for step in steps {
            let tables = found.into_iter().flat_map(|value| match value {
                Value::Array(all) => all.iter().collect(),
                one => vec![one],
            });
            let is_kind = |value: &&Value| {
                step.only
                    .is_none_or(|(tag, kind)| value.get(tag).and_then(Value::as_str) == Some(kind))
            };
            found = tables.filter(is_kind).filter_map(|value| value.get(step.key)).collect();
        }
        let mut texts: Vec<String> = found.into_iter().map(ToString::to_string).collect();
        texts.dedup();
        texts
    }
}

/// Every row at every place.
pub fn places() -> Vec<Place> {
    let rows = rows();
    let mut places = Vec::new();
    for row in rows.iter().filter(|row| !row.of.starts_with('[')) {
        let study = (row.of != "chips").then_some(row.of);
        let place = Place { row: *row, study, steps: vec![Step { key: row.key, only: None }] };
        // Keys of chips have an explanation of their own; here they lead to tables.
        if study.is_some() {
            places.push(place.clone());
        }
        below(&rows, &place, None, &mut Vec::new(), &mut places);
    }
    places
}

/// Rows of the table that `place` refers to, of which a key beside its own has to be `only`; `within` are the tables
/// that it lies in, so that one that holds itself is gone into once.
fn below(
    rows: &[Row],
    place: &Place,
    only: Option<(&'static str, &'static str)>,
    within: &mut Vec<&'static str>,
    places: &mut Vec<Place>,
) {
    let table = place.row.table;
    if table.is_empty() || within.contains(&table) {
        return;
    }
    within.push(table);
    let is_of =
        |row: &&Row| row.of.strip_prefix('[').and_then(|of| of.strip_suffix(']')) == Some(table);
    for row in rows.iter().filter(is_of) {
        let (tag, name) = row.kind.split_once(" = ").unwrap_or(("", row.kind));
        let only = if tag.is_empty() || name == OTHER { only } else { Some((tag, name)) };
        let mut steps = place.steps.clone();
        if tag.is_empty() && !name.is_empty() && name != OTHER {
            steps.push(Step { key: name, only });
        }
        let is_kind = row.key.is_empty();
        match (is_kind, tag.is_empty()) {
            (false, _) => steps.push(Step { key: row.key, only }),
            (true, false) => steps.push(Step { key: tag, only }),
            (true, true) => {}
        }
        let found = Place { row: *row, study: place.study, steps };
        places.push(found.clone());
        if is_kind && !tag.is_empty() {
            // What the kind has stands beside the key that names it.
            let mut beside = found;
            beside.steps.pop();
            below(rows, &beside, only, within, places);
        } else {
            below(rows, &found, None, within, places);
        }
    }
    within.pop();
}

/// The kind of whatever no other kind is.
const OTHER: &str = "any other";
