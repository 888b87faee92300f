//! The studies as a reader of a list meets them, and the folders that their data lie in.

use std::fmt;

use serde::Serialize;
use toml::{Table, Value};

use crate::STUDIES;
use crate::entry::{Entry, Request};
use crate::study::Time;

/// All studies.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// In the order of [`STUDIES`].
    pub studies: Vec<Line>,
}

/// A study in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Name, also of the built-in preset.
    pub name: &'static str,
    /// The system, in a few words.
    pub system: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// About how long it takes as written (s).
    pub full_s: u32,
    /// About how long it takes with `quick` (s).
    pub quick_s: u32,
}

/// A folder of data that built-in presets name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataFolder {
    /// The folder, as the presets name it.
    pub folder: String,
    /// Studies that read it.
    pub studies: Vec<&'static str>,
    /// Why the first of them cannot; nothing where its data are whole.
    pub missing: Option<String>,
}

impl Listing {
    /// Of [`STUDIES`].
    pub fn of_all() -> Self {
        let line = |study: &Entry| {
            let Entry { name, system, paper, time: Time { full_s, quick_s }, .. } = *study;
            Line { name, system, paper, full_s, quick_s }
        };
        Self { studies: STUDIES.iter().map(line).collect() }
    }
}

/// Two lines a study: name and system, paper and time.
impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = |seconds: u32| match seconds {
            0..60 => format!("{seconds} s"),
            _ => format!("{} min", seconds.div_ceil(60)),
        };
        for Line { name, system, paper, full_s, quick_s } in &self.studies {
            let (full, quick) = (minutes(*full_s), minutes(*quick_s));
            writeln!(f, "{name:10} {system}")?;
            writeln!(f, "{:10} {paper}; about {full}, {quick} with --quick", "")?;
        }
        Ok(())
    }
}

impl DataFolder {
    /// Those of [`STUDIES`], each read once from where its presets say, in the order in which studies name
    /// them.
    pub fn of_all() -> Vec<Self> {
        let mut folders: Vec<Self> = Vec::new();
        for study in STUDIES {
            let table: Table = toml::from_str(study.preset).expect("built-in presets are TOML");
            let folder = table.get("data").and_then(|data| data.get("folder"));
            let Some(folder) = folder.and_then(Value::as_str) else { continue };
            match folders.iter_mut().find(|known| known.folder == folder) {
                Some(known) => known.studies.push(study.name),
                None => {
                    let request = Request {
                        preset: study.name,
                        text: study.preset,
                        quick: true,
                        seed: None,
                        chips: None,
                        data: None,
                        networks: &[],
                    };
                    let missing = study.open(request).err().map(|error| error.to_string());
                    let (folder, studies) = (folder.to_owned(), vec![study.name]);
                    folders.push(Self { folder, studies, missing });
                }
            }
        }
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_study_is_listed_once_and_reads_one_folder() {
        let listed = Listing::of_all().studies;
        let names: Vec<&str> = listed.iter().map(|line| line.name).collect();
        assert_eq!(names, STUDIES.iter().map(|study| study.name).collect::<Vec<_>>());
        assert_eq!(Listing::of_all().to_string().lines().count(), 2 * STUDIES.len());
        let mut reading: Vec<&str> =
            DataFolder::of_all().into_iter().flat_map(|folder| folder.studies).collect();
        reading.sort_unstable();
        let mut all = names;
        all.sort_unstable();
        assert_eq!(reading, all);
    }
}
