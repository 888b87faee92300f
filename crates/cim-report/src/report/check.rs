//! Whether the parts of a report fit together.

use std::collections::BTreeSet;

use super::chapter::Part;
use super::whole::{FIXED_KEYS, Report};
use crate::error::ReportError;

impl Report {
    /// Whether its parts fit together and its pictures can be files.
    ///
    /// # Errors
    /// [`ReportError::Malformed`] with the first part that does not.
    pub fn check(&self) -> Result<(), ReportError> {
        self.check_data()?;
        self.check_charts()?;
        self.check_tables()?;
        self.check_attachments()?;
        self.check_chapters()
    }

    fn check_attachments(&self) -> Result<(), ReportError> {
        let mut names = BTreeSet::new();
        for attachment in &self.attachments {
            let part = || format!("attachment {:?}", attachment.name);
            if let Some(reason) = attachment.flaw() {
                return malformed(part(), &reason);
            }
            if !names.insert(&attachment.name) {
                return malformed(part(), "another attachment has this name");
            }
        }
        Ok(())
    }

    fn check_data(&self) -> Result<(), ReportError> {
        match self.data.keys().find(|key| FIXED_KEYS.contains(&key.as_str())) {
            Some(key) => {
                malformed(format!("data {key:?}"), "the report has a key of this name already")
            }
            None => Ok(()),
        }
    }

    fn check_charts(&self) -> Result<(), ReportError> {
        let mut names = BTreeSet::new();
        for chart in self.charts.iter().chain(&self.cover) {
            let part = || format!("chart {:?}", chart.name);
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if chart.name.is_empty() || !chart.name.chars().all(letter) {
                return malformed(part(), "its name must be letters, digits, - and _");
            }
            if !names.insert(&chart.name) {
                return malformed(part(), "another chart has this name");
            }
            if let Some(reason) = chart.plot.flaw() {
                return malformed(part(), &reason);
            }
        }
        Ok(())
    }

    fn check_tables(&self) -> Result<(), ReportError> {
        for table in &self.tables {
            let (title, columns) = (&table.title, table.columns.len());
            if let Some(index) = table.rows.iter().position(|row| row.len() != columns) {
                let cells = table.rows[index].len();
                let reason = format!("row {index} has {cells} cells for {columns} columns");
                return malformed(format!("table {title:?}"), &reason);
            }
        }
        Ok(())
    }

    fn check_chapters(&self) -> Result<(), ReportError> {
        let mut named = BTreeSet::new();
        for chapter in &self.chapters {
            for part in &chapter.parts {
                let (there, what) = match part {
                    Part::Chart(name) => {
                        (self.charts.iter().any(|chart| chart.name == *name), ("chart", name))
                    }
                    Part::Table(title) => {
                        (self.tables.iter().any(|table| table.title == *title), ("table", title))
                    }
                };
                let place = || format!("chapter {:?}", chapter.title);
                let (kind, name) = what;
                if !there {
                    return malformed(place(), &format!("there is no {kind} {name:?}"));
                }
                if !named.insert(what) {
                    return malformed(place(), &format!("{kind} {name:?} is in a chapter already"));
                }
            }
        }
        Ok(())
    }
}

fn malformed(part: String, reason: &str) -> Result<(), ReportError> {
    Err(ReportError::Malformed { part, reason: reason.to_owned() })
}
