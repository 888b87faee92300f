//! What a study is.

use std::path::Path;

use cim_chip::sections::{DataSpec, EvaluationSpec};
use cim_report::{Report, Timing};
use serde::{Serialize, de::DeserializeOwned};

use crate::context::Context;
use crate::error::StudyError;
use crate::shared::foreign::ForeignSpec;

/// A study of a published system.
///
/// [`Entry`](crate::Entry) calls these in one order for all: parse, `check` as written with its lists, `quick`,
/// `resize`, `check` again, `open`, and only then `run`.
pub trait Study: 'static {
    /// The study as written in a file.
    type Spec: StudySpec;
    /// What it learns from and is measured on.
    type Data: StudyData;
    /// Name, also of the built-in preset and the value of its key `experiment`.
    const NAME: &'static str;
    /// The built-in preset, as written.
    const PRESET: &'static str;
    /// The system, in a few words.
    const SYSTEM: &'static str;
    /// Where it was published.
    const PAPER: &'static str;
    /// How long it takes.
    const TIME: Time;

    /// Reads the data set and checks that it fits.
    ///
    /// # Errors
    /// [`StudyError`] for data that are missing, broken or of another shape.
    fn open(spec: &Self::Spec, folder: &Path) -> Result<Self::Data, StudyError>;

    /// Runs the study. Whose report it is, of which preset and from which seed, is filled in by
    /// [`Entry`](crate::Entry).
    ///
    /// # Errors
    /// [`StudyError`] for what shows only on the way.
    fn run(
        spec: &Self::Spec,
        data: &Self::Data,
        context: &Context<'_>,
    ) -> Result<Found, StudyError>;
}

/// Another built-in preset of a study.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Name of the preset.
    pub name: &'static str,
    /// The preset, as written; its key `experiment` names the study.
    pub preset: &'static str,
    /// The system, in a few words.
    pub system: &'static str,
    /// How long it takes.
    pub time: Time,
}

/// A study as written in a file.
pub trait StudySpec: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Keys, with dots, of lists or of sections of lists in which every value is measured or tried: none may come twice in one,
    /// which [`Entry`](crate::Entry) checks for all studies.
    const ONCE: &'static [&'static str] = &[];

    /// The same study within about a minute.
    fn quick(self) -> Self;

    /// Checks everything that the study needs, before any work is done.
    ///
    /// # Errors
    /// [`StudyError`] for the first value that cannot be.
    fn check(&self) -> Result<(), StudyError>;

    /// The keys that every study has.
    fn shared(&mut self) -> Shared<'_>;

    /// Where networks of others are looked for, if it takes any.
    fn foreign(&mut self) -> Option<&mut ForeignSpec> {
        None
    }

    /// Sets another seed or another number of chips.
    fn resize(&mut self, seed: Option<u64>, chips: Option<usize>) {
        let Shared { seed: own_seed, evaluation, .. } = self.shared();
        *own_seed = seed.unwrap_or(*own_seed);
        evaluation.chips = chips.unwrap_or(evaluation.chips);
    }
}

/// Keys that every study has.
pub struct Shared<'a> {
    /// Seed of all randomness.
    pub seed: &'a mut u64,
    /// Chips and images.
    pub evaluation: &'a mut EvaluationSpec,
    /// Where its data lie.
    pub data: &'a DataSpec,
}

/// [`StudySpec::shared`] of a specification with the fields `seed`, `evaluation` and `data`.
macro_rules! shared_keys {
    () => {
        fn shared(&mut self) -> $crate::study::Shared<'_> {
            let Self { seed, evaluation, data, .. } = self;
            $crate::study::Shared { seed, evaluation, data }
        }
    };
}
pub(crate) use shared_keys;

/// What a study learns from and is measured on.
pub trait StudyData: Send + Sync {
    /// What it is.
    fn source(&self) -> Source;
}

/// About how long a study takes on two cores (s).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// As written.
    pub full_s: u32,
    /// With `quick`.
    pub quick_s: u32,
}

/// What a study found.
pub struct Found {
    /// The report.
    pub report: Report,
    /// How long it took.
    pub timing: Timing,
}

/// What a data set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name in reports, with its size.
    pub name: String,
    /// SHA-256 of the content, hexadecimal.
    pub sha256: String,
}
