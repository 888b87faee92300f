//! Long work beside the interpreter: its lock is released, and Ctrl-C is heard.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::PythonError;

/// How often signals are looked at.
const LOOK: Duration = Duration::from_millis(50);

/// Whether the one who asked is gone.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

/// What a worker is ended with whose answer nobody waits for.
struct Stopped;

impl Stop {
    /// Ends the work here if nobody waits for it any more. What it works on is its own, so nothing is
    /// left half done.
    pub fn check(&self) {
        if self.0.load(Ordering::Relaxed) {
            panic::resume_unwind(Box::new(Stopped));
        }
    }
}

/// Runs `work` on a thread of its own without the interpreter's lock. On Ctrl-C it returns at once with
/// `KeyboardInterrupt`; the work ends where it next looks at its [`Stop`], or when it is done.
///
/// # Errors
/// Those of the work, and what a handler of signals raises.
pub fn beside<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Stop) -> Result<T, PythonError> + Send + 'static,
) -> Result<T, PythonError> {
    let stop = Stop::default();
    let (sender, mut receiver) = mpsc::sync_channel(1);
    let own = stop.clone();
    let worker = thread::Builder::new().name("cim".into()).spawn(move || {
        let done = panic::catch_unwind(AssertUnwindSafe(|| work(&own)));
        // Nobody takes the answer of work that was interrupted.
        let _ = sender.send(done);
    });
    worker.map_err(|error| PythonError::input(format!("no thread: {error}"), "use fewer"))?;
    loop {
        // A receiver is for one thread at a time: it goes there and comes back.
        let (back, got) = py.detach(move || {
            let got = receiver.recv_timeout(LOOK);
            (receiver, got)
        });
        receiver = back;
        match got {
            Ok(Ok(answer)) => return answer,
            Ok(Err(our_bug)) => panic::resume_unwind(our_bug),
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| {
                stop.0.store(true, Ordering::Relaxed);
            })?,
            Err(RecvTimeoutError::Disconnected) => {
                let help = "ask again; if it stays so, this is a fault of the module";
                return Err(PythonError::input("the work ended without an answer", help));
            }
        }
    }
}

/// Runs `work` without the interpreter's lock: here if it is `short`, else [`beside`].
///
/// # Errors
/// As [`beside`].
pub fn run<T: Send + 'static>(
    py: Python<'_>,
    short: bool,
    work: impl FnOnce() -> Result<T, PythonError> + Send + 'static,
) -> Result<T, PythonError> {
    if short { py.detach(work) } else { beside(py, |_| work()) }
}
