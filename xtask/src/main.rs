//! `cargo xtask`: the project's jobs, each one command. Drives Cargo and the binaries; links no cim crate.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks")]
#![expect(
    clippy::disallowed_methods,
    reason = "a build tool reads its environment and times its steps; no result depends on either"
)]

use std::{
    borrow::Cow,
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::ExitCode,
};

mod instructions;
mod python;

use step::{Failure, Step};

const HELP: &str = "\
Jobs of the cim workspace.

Usage: cargo xtask <JOB> [ARGS]

Jobs:
  reproduce [ARGS]  build `cim` in release and run `cim reproduce [ARGS]`, the main job;
                    `cargo xtask reproduce --help` lists its options
  test              all tests of the workspace; with OpenBLAS installed, the LAPACK oracle too
  bench [ARGS]      end-to-end speed ratios (`cargo bench` times single functions)
  golden [--check]  make the golden numbers of ngspice again; with --check, compare 500 random
                    arrays with it
  api [--check]     write the text of every crate's public API to docs/api; with --check, compare it
  keys [--check]    write the reference of the keys of presets to docs/keys.md and, as a table, for
                    `cim explain`; with --check, compare both
  instructions [--check]
                    count the instructions of hot kernels with Valgrind and write them to benches/;
                    with --check, fail if one takes 3 % more with the same compiler
  format [--check]  format every source file, those of tables too, which `cargo fmt` does not find;
                    with --check, say which are not
  python            build the wheel of the Python module and run its tests beside NumPy alone; needs
                    Python 3.9 or newer
  ci                what continuous integration runs: format, lints, docs, tests, instructions,
                    accuracy gate
  help              this text

All jobs run from the root of the workspace and stop at the first step that fails, with its exit code.
";

const USAGE_ERROR: u8 = 2;

fn main() -> ExitCode {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    let job = args.first().map_or(Cow::Borrowed(""), |job| job.to_string_lossy());
    let rest = args.get(1..).unwrap_or_default();
    let done = match (&*job, rest) {
        ("reproduce", args) => reproduce(args),
        ("bench", args) => bench(args),
        ("golden", args @ ([] | [_])) if args.iter().all(|arg| arg == "--check") => golden(args),
        ("api", args @ ([] | [_])) if args.iter().all(|arg| arg == "--check") => api(args),
        ("keys", args @ ([] | [_])) if args.iter().all(|arg| arg == "--check") => keys(args),
        ("instructions", []) => instructions::run(false),
        ("instructions", [check]) if check == "--check" => instructions::run(true),
        ("format", []) => format(&[]),
        ("format", [check]) if check == "--check" => format(&["--check"]),
        ("test", []) => test(),
        ("python", []) => python::run(),
        ("ci", []) => ci(),
        ("help" | "-h" | "--help", _) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        ("", _) => {
            print!("{HELP}");
            return ExitCode::from(USAGE_ERROR);
        }
        (
            "test" | "ci" | "python" | "golden" | "api" | "keys" | "format" | "instructions",
            [unknown, ..],
        ) => {
            let unknown = unknown.display();
            eprintln!("error: `{job}` does not take `{unknown}`\n\n{HELP}");
            return ExitCode::from(USAGE_ERROR);
        }
        (unknown, _) => {
            eprintln!("error: no job is called `{unknown}`\n\n{HELP}");
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.code)
        }
    }
}

/// The main job. `cargo run` hands on the exit code of `cim`, wherever the target folder is.
fn reproduce<S: AsRef<OsStr>>(args: &[S]) -> Result<(), Failure> {
    Step::cargo("build", &["build", "--release", "-p", "cim-cli"]).run()?;
    Step::cargo("reproduce", &["run", "--quiet", "--release", "-p", "cim-cli", "--", "reproduce"])
        .args(args)
        .run()
}

fn test() -> Result<(), Failure> {
    Step::cargo("test", &["test", "--release", "--workspace"]).run()?;
    if openblas::is_found() {
        // Of the whole workspace, so that what it does not change is not built again.
        let args = ["test", "--release", "--workspace", "--features", "cim-crossbar/lapack"];
        Step::cargo("test LAPACK oracle", &args).args(&["--test", "dense_oracle"]).run()
    } else {
        println!("xtask: OpenBLAS is not installed: the LAPACK oracle is left out, all else ran");
        Ok(())
    }
}

fn bench(args: &[OsString]) -> Result<(), Failure> {
    Step::cargo("bench", &["run", "--release", "-p", "cim-benches", "--"]).args(args).run()
}

fn golden<S: AsRef<OsStr>>(args: &[S]) -> Result<(), Failure> {
    let cargo = ["run", "--release", "-p", "cim-tests", "--example", "golden", "--"];
    Step::cargo("golden", &cargo).args(args).run()
}

fn api<S: AsRef<OsStr>>(args: &[S]) -> Result<(), Failure> {
    Step::cargo("public API", &["run", "--quiet", "-p", "cim-api", "--"]).args(args).run()
}

/// Writes the reference of keys, or compares it: so does a test, so CI asks for nothing here.
fn keys<S: AsRef<OsStr>>(args: &[S]) -> Result<(), Failure> {
    let cargo = ["run", "--quiet", "--release", "-p", "cim-tests", "--example", "keys", "--"];
    Step::cargo("keys", &cargo).args(args).run()
}

/// Formats all source files by name: those that a line of a table declares are in no list of
/// `cargo fmt`.
fn format(args: &[&str]) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the root");
    let mut files = Vec::new();
    for folder in ["crates", "tests", "benches", "xtask"] {
        source_files(&root.join(folder), &mut files);
    }
    files.sort();
    Step::new("format", "rustfmt", &["--edition", "2024"]).args(args).args(&files).run()
}

/// Rust files below a folder, what was built left out.
fn source_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            source_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every crate that is published can be packed: its metadata and files are complete.
fn package() -> Result<(), Failure> {
    let mut args = vec!["package", "--quiet", "--workspace", "--no-verify", "--allow-dirty"];
    for unpublished in ["xtask", "cim-api", "cim-features", "cim-py", "cim-tests", "cim-benches"] {
        args.extend(["--exclude", unpublished]);
    }
    Step::cargo("package", &args).run()
}

fn ci() -> Result<(), Failure> {
    format(&["--check"])?;
    Step::cargo("clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
        .run()?;
    Step::cargo("docs", &["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    api(&["--check"])?;
    package()?;
    openblas::install_in_ci();
    debian::install_in_ci("ngspice", ngspice_is_found);
    debian::install_in_ci("libonnx-testdata", onnx_models_are_found);
    debian::install_in_ci("dataset-fashion-mnist", fashion_mnist_is_found);
    debian::install_in_ci("valgrind", instructions::valgrind_is_found);
    test()?;
    // What `test` has built is run as it is: of one package alone it would be built again, with that
    // package's features.
    if ngspice_is_found() {
        Step::new("golden", built("examples/golden"), &["--check"]).run()?;
    } else {
        println!("xtask: ngspice is not installed: random arrays are not compared with it");
    }
    if instructions::valgrind_is_found() {
        instructions::judge(true)?;
    } else {
        println!("xtask: Valgrind is not installed: instructions of hot kernels are not counted");
    }
    if python::is_found() {
        python::check(&built("cim"))?;
    } else {
        println!("xtask: no Python 3.9 with venv is found: the Python module is not tried");
    }
    for (preset, gate) in GATES {
        let out = format!("target/ci-{preset}");
        let args = ["reproduce", "--quick", "--preset", preset, "--out", &out, "--gate", gate];
        Step::new("reproduce", built("cim"), &args).run()?;
    }
    Ok(())
}

/// A program that Cargo has built in release.
fn built(name: &str) -> PathBuf {
    target().join("release").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// Cargo's target folder.
fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

/// Presets whose quick runs must keep their figures, and the intervals of these.
const GATES: [(&str, &str); 5] = [
    ("paper", "data/golden/quick.json"),
    ("ir-drop", "data/golden/quick-ir-drop.json"),
    ("pcm", "data/golden/quick-pcm.json"),
    ("openmena", "data/golden/quick-openmena.json"),
    ("log-domain", "data/golden/quick-log-domain.json"),
];

/// Where `crates/cim-graph` finds ONNX's conformance models.
fn onnx_models_are_found() -> bool {
    Path::new("/usr/share/libonnx-testdata/data").exists()
}

/// Where `tests/tests/spiking_images.rs` finds Fashion-MNIST.
fn fashion_mnist_is_found() -> bool {
    Path::new("/usr/share/datasets/fashion-mnist").exists()
}

fn ngspice_is_found() -> bool {
    debian::succeeds(std::process::Command::new("ngspice").arg("--version"))
}

/// One command of a job: named, timed, and run from the root of the workspace.
mod step {
    use std::{
        env,
        ffi::{OsStr, OsString},
        fmt,
        path::Path,
        process::Command,
        time::Instant,
    };

    /// A command to run.
    pub struct Step {
        name: String,
        command: Command,
    }

    /// The step that ended a job.
    pub struct Failure {
        step: String,
        seconds: f64,
        what: String,
        /// What to exit with: the step's own code, or 1 if it never had one.
        pub code: u8,
    }

    impl Failure {
        /// A step that took no time and failed.
        pub fn of(step: &str, what: String) -> Self {
            Self { step: step.to_owned(), seconds: 0.0, what, code: 1 }
        }
    }

    impl fmt::Display for Failure {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Self { step, seconds, what, .. } = self;
            write!(f, "step `{step}` failed after {seconds:.1} s: {what}")
        }
    }

    impl Step {
        /// The Cargo that runs us, with `args`.
        pub fn cargo(name: &str, args: &[&str]) -> Self {
            let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
            Self::new(name, cargo, args)
        }

        /// Any other program, with `args`.
        pub fn new(name: &str, program: impl Into<OsString>, args: &[&str]) -> Self {
            let root =
                Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the root");
            let mut command = Command::new(program.into());
            command.current_dir(root).args(args);
            Self { name: name.to_owned(), command }
        }

        /// More arguments.
        pub fn args<S: AsRef<OsStr>>(mut self, args: &[S]) -> Self {
            self.command.args(args);
            self
        }

        /// One environment variable.
        pub fn env(mut self, name: &str, value: &str) -> Self {
            self.command.env(name, value);
            self
        }

        /// Runs to the end and prints name and seconds.
        pub fn run(mut self) -> Result<(), Failure> {
            println!("xtask: {} …", self.name);
            let start = Instant::now();
            let status = self.command.status();
            let seconds = start.elapsed().as_secs_f64();
            let (what, code) = match status {
                Ok(status) if status.success() => {
                    println!("xtask: {} took {seconds:.1} s", self.name);
                    return Ok(());
                }
                Ok(status) => (status.to_string(), status.code()),
                Err(reason) => {
                    (format!("cannot run {}: {reason}", self.command.get_program().display()), None)
                }
            };
            let code = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
            Err(Failure { step: self.name, seconds, what, code })
        }
    }
}

/// OpenBLAS, which only the LAPACK oracle needs: is it there, and in CI, can it be had.
mod openblas {
    use std::{env, process::Command};

    use crate::debian::{self, succeeds};

    /// True if `openblas-src` will find the library: by `pkg-config`, or because the linker does.
    pub fn is_found() -> bool {
        succeeds(Command::new("pkg-config").args(["--exists", "openblas"])) || links()
    }

    /// On a CI machine where we may, tries to install it.
    pub fn install_in_ci() {
        debian::install_in_ci("libopenblas-dev", is_found);
    }

    /// Links a program that does nothing, and keeps nothing of it.
    fn links() -> bool {
        let Ok(folder) = temporary_folder() else { return false };
        let source = folder.join("probe.rs");
        let found = std::fs::write(&source, "fn main() {}").is_ok()
            && succeeds(
                Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
                    .args(["--crate-name", "probe", "-l", "dylib=openblas", "--out-dir"])
                    .arg(&folder)
                    .arg(&source),
            );
        // What cannot be removed is in the folder for temporary files and a few kilobytes long.
        let _ = std::fs::remove_dir_all(&folder);
        found
    }

    fn temporary_folder() -> std::io::Result<std::path::PathBuf> {
        let folder = env::temp_dir().join(format!("cim-xtask-openblas-{}", std::process::id()));
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }
}

/// Debian packages that only some checks need.
mod debian {
    use std::{
        env,
        process::{Command, Stdio},
    };

    use crate::step::Step;

    /// On a CI machine where we may, tries to install a package that is not found. Without it CI has one
    /// oracle less, so a failure is told and not fatal.
    pub fn install_in_ci(package: &str, is_found: fn() -> bool) {
        let in_ci = env::var("CI").is_ok_and(|ci| ci == "true");
        let has_apt = succeeds(Command::new("apt-get").arg("--version"));
        if !in_ci || is_found() || !has_apt || !is_root() {
            return;
        }
        let name = format!("install {package}");
        let install = || {
            let args = ["install", "-y", "--no-install-recommends", package];
            Step::new(&name, "apt-get", &args).env("DEBIAN_FRONTEND", "noninteractive")
        };
        // A fresh machine has no package lists yet; one that has them needs no update.
        let installed = install().run().or_else(|_| {
            Step::new("update package lists", "apt-get", &["update"]).run()?;
            install().run()
        });
        if let Err(failure) = installed {
            println!("xtask: {failure}: going on without {package}");
        }
    }

    fn is_root() -> bool {
        let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
        id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
    }

    /// Quietly. A program that is not there has not succeeded.
    pub fn succeeds(command: &mut Command) -> bool {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }
}
