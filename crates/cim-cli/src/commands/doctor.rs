//! `cim doctor`: what there is on this machine that results or comfort depend on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cim_report::{Check, Checkup};
use cim_studies::DataFolder;

use crate::error::CliError;
use crate::form::Form;
use crate::parsers::MOST_THREADS;
use crate::version::VERSION;

/// Variables of the environment that count, and for what.
const VARIABLES: [(&str, &str); 5] = [
    ("RAYON_NUM_THREADS", "threads where --threads is 0 or left out"),
    ("PATH", "where ngspice is looked for"),
    ("TMPDIR", "where netlists for ngspice are put"),
    ("NO_COLOR", "no colours"),
    ("COLUMNS", "width of --help"),
];

/// Looks at everything; what is missing is told and no error.
pub fn run(form: Form) -> Result<String, CliError> {
    let mut checks = vec![threads(), vectors()];
    checks.extend(
        [
            ("ngspice", "studies leave out what they compare with it"),
            ("valgrind", "only `cargo xtask instructions` uses it"),
        ]
        .map(program),
    );
    checks.extend(DataFolder::of_all().into_iter().map(data));
    checks.push(results(Path::new("target/reproduce")));
    checks.extend(VARIABLES.map(variable));
    form.print("doctor", &Checkup { version: VERSION.to_owned(), checks })
}

#[expect(clippy::disallowed_methods, reason = "the command line chooses the number of threads")]
fn threads() -> Check {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let used = rayon::current_num_threads();
    Check::new(
        "threads",
        true,
        format!("{used} on {cores} cores; --threads takes up to {MOST_THREADS}"),
    )
}

fn vectors() -> Check {
    Check::new("vectors", true, format!("{}, {}", std::env::consts::ARCH, cim_core::vectors()))
}

/// A program of the search path, and the line of its `--version` that names it.
fn program((name, used): (&str, &str)) -> Check {
    let output = Command::new(name).arg("--version").stdin(Stdio::null()).output();
    let Ok(output) = output else { return Check::new(name, false, format!("not found; {used}")) };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains(name)).unwrap_or_default();
    Check::new(name, true, line.trim_matches(['*', ' ']))
}

/// A folder of data, with the studies that read it.
fn data(folder: DataFolder) -> Check {
    let studies = folder.studies.join(", ");
    match folder.missing {
        None => Check::new(folder.folder, true, format!("whole; for {studies}")),
        Some(_) => {
            let ships = "not here: it ships in the repository; give --data its place";
            Check::new(folder.folder, false, format!("{ships}; for {studies}"))
        }
    }
}

/// Whether results can be written where they go if nothing is said.
fn results(folder: &Path) -> Check {
    let there = |folder: &&Path| folder.is_dir();
    let present = PathBuf::from(".");
    let nearest = folder.ancestors().find(there).unwrap_or(&present);
    match tempfile::tempfile_in(nearest) {
        Ok(_) => Check::new(folder.display().to_string(), true, "results can be written"),
        Err(reason) => Check::new(
            folder.display().to_string(),
            false,
            format!("{reason}: give --out a folder"),
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
fn variable((name, counts): (&str, &str)) -> Check {
    let value = std::env::var_os(name);
    let said = value.as_ref().map_or("not set".into(), |value| value.to_string_lossy());
    Check::new(name, value.is_some(), format!("{said}; {counts}"))
}
