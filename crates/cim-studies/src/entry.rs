//! A study without its types: what a registry can hold, and the one order of checks.

use std::path::{Path, PathBuf};

use cim_chip::sections::{MappingSpec, NetworkSpec};
use cim_chip::{ChipError, check_layers};
use cim_report::RunInfo;
use serde::Deserialize;

use crate::as_run::as_run;
use crate::context::Context;
use crate::error::StudyError;
use crate::experiment::is_of;
use crate::known::with_readers;
use crate::listed::need_once;
use crate::parse::parse;
use crate::place::{located, within_reason};
use crate::study::{Found, Source, Study, StudyData, StudySpec, Time, Variant};

/// A study as the registry lists it.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Name of the built-in preset.
    pub name: &'static str,
    /// The study that it is a preset of: its own name, or that of the study for a further preset.
    pub study: &'static str,
    /// The built-in preset, as written.
    pub preset: &'static str,
    /// The system, in a few words.
    pub system: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// How long it takes.
    pub time: Time,
    check: fn(&str) -> Result<(), StudyError>,
    open: for<'a> fn(Request<'a>) -> Result<Box<dyn Ready + 'a>, StudyError>,
}

/// What is asked of a study.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Name of the preset, for the report.
    pub preset: &'a str,
    /// Its text.
    pub text: &'a str,
    /// Within about a minute.
    pub quick: bool,
    /// Another seed than the preset's.
    pub seed: Option<u64>,
    /// Another number of chips than the preset's.
    pub chips: Option<usize>,
    /// Another folder of the data set than the preset's.
    pub data: Option<&'a Path>,
    /// Folders that networks of others are looked for in, before the preset's.
    pub networks: &'a [PathBuf],
}

/// A study that was checked, with its data: all that is left is to run it.
pub trait Ready: Send + Sync {
    /// The folder that its data were read from.
    fn folder(&self) -> &Path;

    /// Runs it. The report says what was run on what, but not by which command: that the caller knows.
    ///
    /// # Errors
    /// [`StudyError`] for what shows only on the way.
    fn run(&self, context: &Context<'_>) -> Result<Found, StudyError>;
}

impl Entry {
    /// The entry of a study.
    pub const fn of<S: Study>() -> Self {
        Self {
            name: S::NAME,
            study: S::NAME,
            preset: S::PRESET,
            system: S::SYSTEM,
            paper: S::PAPER,
            time: S::TIME,
            check: |text| checked(text, &parsed::<S>(text)?),
            open: |request| open::<S>(request),
        }
    }

    /// The entry of another preset of a study.
    pub const fn variant<S: Study>(variant: Variant) -> Self {
        let Variant { name, preset, system, time } = variant;
        Self { name, preset, system, time, ..Self::of::<S>() }
    }

    /// Checks the text of a preset of this study, without data and without any work.
    ///
    /// # Errors
    /// [`StudyError`] for the first thing that cannot be.
    pub fn check(&self, text: &str) -> Result<(), StudyError> {
        (self.check)(text)
    }

    /// Checks everything that can be known before any work, as written first, and reads the data.
    ///
    /// # Errors
    /// [`StudyError`] for the first thing that cannot be.
    pub fn open<'a>(&self, request: Request<'a>) -> Result<Box<dyn Ready + 'a>, StudyError> {
        (self.open)(request)
    }
}

/// A text of this study, and of no other.
fn parsed<S: Study>(text: &str) -> Result<S::Spec, StudyError> {
    is_of(S::NAME, text)?;
    parse(text).map_err(|error| with_readers(S::NAME, text, error))
}

/// Checks a specification; what it refuses is shown where it stands in the text. What no section has a
/// range for is refused if it is beyond every range, and what is measured twice in any study.
fn checked<S: StudySpec>(text: &str, spec: &S) -> Result<(), StudyError> {
    let once = |()| Ok::<_, StudyError>(need_once(spec, S::ONCE)?);
    let layers = |()| Ok::<_, StudyError>(need_products(text)?);
    match spec.check().and_then(once).and_then(layers).map_err(|error| located(text, error)) {
        Err(StudyError::Value { message, help, span }) => {
            Err(StudyError::Value { message, help, span })
        }
        other => within_reason(text).and(other),
    }
}

fn open<S: Study>(request: Request<'_>) -> Result<Box<dyn Ready + '_>, StudyError> {
    let written = parsed::<S>(request.text)?;
    let at_its_place = |error| located(request.text, error);
    checked(request.text, &written)?;
    let mut spec = written.clone();
    if request.quick {
        spec = spec.quick();
    }
    spec.resize(request.seed, request.chips);
    match (spec.foreign(), request.networks) {
        (_, []) => {}
        (Some(foreign), folders) => foreign.before = folders.to_vec(),
        (None, [first, ..]) => {
            return Err(StudyError::Refused {
                what: format!("{} takes no networks of others, as in {}", S::NAME, first.display()),
                help: "leave --networks out".to_owned(),
            });
        }
    }
    spec.check()?;
    let written_folder = PathBuf::from(&spec.shared().data.folder);
    let folder = request.data.map_or(written_folder, Path::to_owned);
    let data = S::open(&spec, &folder).map_err(at_its_place)?;
    let text = as_run(request.text, &written, &spec);
    let seed = *spec.shared().seed;
    Ok(Box::new(Opened::<S> { request, text, spec, seed, data, folder }))
}

/// Refuses more layers with a mapping of their own than the network of a study has products.
fn need_products(text: &str) -> Result<(), ChipError> {
    #[derive(Deserialize)]
    struct Sections {
        mapping: MappingSpec,
        network: NetworkSpec,
    }
    // Studies without both, or with others of their own, have nothing to compare.
    let Ok(Sections { mapping, network }) = toml::from_str(text) else { return Ok(()) };
    let (Ok(mapping), Ok(outline)) = (mapping.build(), network.outline()) else { return Ok(()) };
    check_layers(mapping.as_ref(), outline.products)
}

/// What to say of effects that act with time in a study in which none passes: without a section `[drift]`.
fn without_time(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let is_telegraph = |effect: &toml::Value| {
        effect.get("kind").and_then(toml::Value::as_str) == Some("telegraph")
    };
    // Effects around one cell, and around each of those that are compared.
    let sections = ["device", "devices"].into_iter().filter_map(|section| table.get(section));
    let mut lists = sections.filter_map(|section| section.get("effects")?.as_array());
    let waits = !table.contains_key("drift") && lists.any(|list| list.iter().any(is_telegraph));
    waits.then(|| {
        "Telegraph noise acts with time, and none passes in this study: the effect moves no figure here.".to_owned()
    })
}

struct Opened<'a, S: Study> {
    request: Request<'a>,
    text: String,
    spec: S::Spec,
    seed: u64,
    data: S::Data,
    folder: PathBuf,
}

impl<S: Study> Ready for Opened<'_, S> {
    fn folder(&self) -> &Path {
        &self.folder
    }

    fn run(&self, context: &Context<'_>) -> Result<Found, StudyError> {
        let Self { request: Request { preset, quick, .. }, text, spec, seed, data, .. } = self;
        let found = S::run(spec, data, context);
        let mut found = found.map_err(|error| located(self.request.text, error))?;
        found.report.seed = *seed;
        found.report.preset = (*preset).to_owned();
        found.report.revision = env!("CARGO_PKG_VERSION").to_owned();
        found.report.spec.clone_from(text);
        found.report.notes.extend(without_time(text));
        let Source { name, sha256 } = data.source();
        found.report.run =
            RunInfo { command: String::new(), quick: *quick, data_name: name, data_sha256: sha256 };
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::without_time;

    #[test]
    fn an_effect_that_needs_time_is_spoken_of_where_none_passes() {
        let with = |effects: &str, rest: &str| {
            without_time(&format!("[device]\neffects = {effects}\n{rest}"))
        };
        let telegraph = "[{ kind = 'telegraph', share = 0.5 }]";
        assert!(with(telegraph, "").is_some_and(|note| note.contains("no figure")));
        assert_eq!(with(telegraph, "[drift]\ntimes = ['1 s']"), None);
        assert_eq!(with("[{ kind = 'stuck' }]", ""), None);
        assert_eq!(with("[]", ""), None);
        let compared = format!("[devices]\neffects = {telegraph}\n");
        assert!(without_time(&compared).is_some());
    }
}
