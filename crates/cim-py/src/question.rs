//! What chips are asked, with all that it takes to answer beside the interpreter.

use std::sync::Arc;
use std::time::Instant;

use cim_chip::{ChipPreset, Chips, Foreign, HeldChip, Metric, Moment, WrittenDesign};
use cim_data::npz::Named;
use cim_studies::own::{self, Samples};
use cim_studies::{Clock, Context, NoSimulator, NoStore, Progress, Source, Steps};

use crate::error::PythonError;
use crate::evaluation::Evaluation;
use crate::interrupt::Stop;
use crate::network::NetworkFile;
use crate::preset::Preset;

/// A question.
pub struct Asked {
    /// The network.
    pub network: Arc<NetworkFile>,
    /// Samples, and answers as `y`.
    pub arrays: Vec<Named>,
    /// How answers are judged.
    pub metric: Option<Metric>,
    /// Where designs are set.
    pub calibration: Calibration,
    /// The preset, for the report.
    pub preset: Arc<Preset>,
    /// The chip: the preset's with the seed of the question.
    pub chip: ChipPreset,
    /// A design in place of the preset's policy.
    pub written: Option<WrittenDesign>,
    /// When chips are looked at.
    pub moment: Moment,
    /// What the cells of one chip were measured to hold, in place of programming.
    pub held: Option<HeldChip>,
    /// How many are made.
    pub chips: Chips,
    /// Whether the loss is told effect by effect.
    pub budget: bool,
    /// Threads; 0 for all cores.
    pub threads: usize,
}

/// Samples on which designs are set.
pub enum Calibration {
    /// As many of the question's as the preset says.
    Preset,
    /// So many of the question's.
    First(usize),
    /// Samples of their own.
    Own(Vec<Named>),
}

impl Asked {
    /// The answer, unless `stop` ends it.
    ///
    /// # Errors
    /// [`PythonError`] for samples that the network cannot take, and chips that cannot be.
    pub fn answer(self, stop: &Stop) -> Result<Evaluation, PythonError> {
        let sha256 = hash(&self.arrays);
        let graph = self.network.network()?;
        let data = Samples::of(self.arrays, &graph, usize::MAX)?;
        let calibration = match self.calibration {
            Calibration::Preset => own::Calibration::Preset,
            Calibration::First(count) => own::Calibration::First(count),
            Calibration::Own(own) => {
                own::Calibration::Own(Box::new(Samples::of(own, &graph, usize::MAX)?))
            }
        };
        let (calibration, calibration_name) = calibration.take(&data, &self.chip)?;
        let row = data.rows.row(0).to_vec();
        let network = Foreign::new(graph, &data.shapes, &row)?;
        let task = data.task(&network, self.metric)?;
        let width = self.chips.until.map(own::Width::of_any);
        width.map_or(Ok(()), |width| width.check(task.metric(), self.chips))?;
        let question = own::Question {
            name: &self.network.name,
            network: &network,
            task: &task,
            data: Source { name: data.described("arrays"), sha256 },
            calibration,
            calibration_name,
            preset: &self.preset.name,
            text: &self.preset.text,
            chip: self.chip,
            written: self.written,
            moment: self.moment,
            held: self.held,
            chips: self.chips,
            budget: self.budget,
            paces: false,
        };
        let answer = within(self.threads, stop, |context| own::run(question, context))??;
        Ok(Evaluation::new(answer, task.metric()))
    }
}

/// What `work` gives on so many threads, unless `stop` ends it.
///
/// # Errors
/// As [`pool`].
pub fn within<T: Send>(
    threads: usize,
    stop: &Stop,
    work: impl FnOnce(&Context<'_>) -> T + Send,
) -> Result<T, PythonError> {
    let pool = pool(threads)?;
    let (progress, clock) = (&Listening(stop.clone()), &Watch::start());
    let (store, simulator, threads) = (&NoStore, &NoSimulator, pool.current_num_threads());
    let context = Context { store, progress, clock, simulator, threads };
    Ok(pool.install(|| work(&context)))
}

/// Threads for one call; 0 for all cores.
///
/// # Errors
/// [`PythonError::Input`] for more than can be started.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, PythonError> {
    /// Far beyond any machine, far below what starting them would take for ever.
    const MOST: usize = 1024;
    let help = || format!("give 0 for all cores, or up to {MOST}");
    if MOST < threads {
        return Err(PythonError::input(format!("threads is {threads}"), help()));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| PythonError::input(format!("no {threads} threads: {error}"), help()))
}

/// SHA-256 of arrays: names, shapes and numbers (32 bits, the least byte first).
fn hash(arrays: &[Named]) -> String {
    let mut bytes = Vec::new();
    for Named { name, values, .. } in arrays {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend(values.shape().iter().flat_map(|&size| (size as u64).to_le_bytes()));
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    cim_data::sha256(&bytes)
}

/// Progress that is not shown, and the place where work ends that nobody waits for.
struct Listening(Stop);

impl Progress for Listening {
    fn begin(&self, _label: &str, _steps: usize) -> Box<dyn Steps> {
        Box::new(Self(self.0.clone()))
    }
}

impl Steps for Listening {
    fn step(&self, _steps: usize) {
        self.0.check();
    }

    fn say(&self, _words: &str) {}
}

/// Time since the call.
struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "timing of a report, on which nothing depends")]
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Watch {
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
