//! What runs are handed: threads, bars, a clock.

use cim_studies::{Context, NoSimulator, NoStore, Simulator, Store};
use rayon::ThreadPoolBuilder;

use crate::error::CliError;
use crate::progress::{Bars, Watch};

/// What `work` gives on so many threads, where nothing is kept; 0 for all cores.
///
/// # Errors
/// [`CliError::Usage`] for more threads than can be started.
pub fn within<T: Send>(
    threads: usize,
    work: impl FnOnce(&Context<'_>) -> T + Send,
) -> Result<T, CliError> {
    surrounded(threads, &NoStore, &Bars::start(None), &NoSimulator, work)
}

/// The same where checkpoints are kept in `store`.
pub fn surrounded<T: Send>(
    threads: usize,
    store: &dyn Store,
    progress: &Bars,
    simulator: &dyn Simulator,
    work: impl FnOnce(&Context<'_>) -> T + Send,
) -> Result<T, CliError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {threads} threads: {error}"),
        help: "choose fewer with --threads".into(),
    })?;
    let (clock, threads) = (&Watch::start(), pool.current_num_threads());
    let context = Context { store, progress, clock, simulator, threads };
    Ok(pool.install(|| work(&context)))
}
