//! What runs are handed: threads, bars, a clock.

use cim_studies::{Context, NoSimulator, NoStore};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::CliError;
use crate::progress::{Bars, Watch};

/// So many threads; 0 for all cores.
///
/// # Errors
/// [`CliError::Usage`] for more than can be started.
pub fn pool(threads: usize) -> Result<ThreadPool, CliError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| CliError::Usage {
        what: format!("cannot start {threads} threads: {error}"),
        help: "choose fewer with --threads".into(),
    })
}

/// What `work` gives on so many threads, where nothing is kept.
///
/// # Errors
/// As [`pool`].
pub fn within<T: Send>(
    threads: usize,
    work: impl FnOnce(&Context<'_>) -> T + Send,
) -> Result<T, CliError> {
    let pool = pool(threads)?;
    let (progress, clock) = (&Bars::start(None), &Watch::start());
    let (store, simulator, threads) = (&NoStore, &NoSimulator, pool.current_num_threads());
    let context = Context { store, progress, clock, simulator, threads };
    Ok(pool.install(|| work(&context)))
}
