//! The Python module: its wheel, built and tried as a user would, in environments of its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::built;
use crate::debian::succeeds;
use crate::step::{Failure, Step};

/// The largest wheel that is shipped (bytes).
const MOST_BYTES: u64 = 15_000_000;

/// Whether there is a Python that can build and try the wheel: 3.9 or newer, with environments.
pub fn is_found() -> bool {
    asked("import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))")
}

/// Builds the command line, too, then as [`check`].
pub fn run() -> Result<(), Failure> {
    // Of the whole workspace, so that the wheel takes what is compiled for it.
    Step::cargo("command line", &["build", "--release", "--workspace", "--bin", "cim"]).run()?;
    check(&built("cim"))
}

/// Builds the wheel, installs it beside NumPy alone, and runs its tests there, also against the command line
/// `binary`; one notebook runs once more beside badcrossbar where that can be installed, and what takes PyTorch
/// where PyTorch is installed.
pub fn check(binary: &Path) -> Result<(), Failure> {
    let crate_file = "crates/cim-py/Cargo.toml";
    let wheels = folder().join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(|error| failure(format!("old wheels: {error}")))?;
    }
    let builder = environment("build", &[])?;
    pip(&builder, &["maturin>=1.8,<2"])?;
    Step::new("wheel", builder.join("bin/maturin"), &["build", "--release", "--locked"])
        .args(&["--manifest-path", crate_file, "--target-dir", "target", "--out"])
        .args(&[&wheels])
        .run()?;
    let wheel = only_file(&wheels)?;
    let bytes = fs::metadata(&wheel).map_err(|error| failure(error.to_string()))?.len();
    println!("xtask: the wheel has {:.1} MB", bytes as f64 / 1e6);
    if MOST_BYTES < bytes {
        return Err(failure(format!("the wheel has {bytes} bytes, more than {MOST_BYTES}")));
    }
    let wheel = wheel.display().to_string();
    let user = environment("user", &[])?;
    pip(&user, &["numpy", "pytest", &wheel])?;
    pytest("Python tests", &user, binary, "crates/cim-py/tests")?;
    match badcrossbar(&user) {
        Ok(()) => {
            let tests = "crates/cim-py/tests/test_notebooks.py";
            pytest("notebooks beside badcrossbar", &user, binary, tests)?;
        }
        Err(failure) => println!("xtask: {failure}: going on without badcrossbar"),
    }
    if !asked("import torch") {
        println!(
            "xtask: PyTorch is not installed: the layer of the README, the recipe of a network and fine-tuned \
             weights are not tried"
        );
        return Ok(());
    }
    let torch = environment("torch", &["--system-site-packages"])?;
    pip(&torch, &["pytest", "onnx", "safetensors", &wheel])?;
    for (name, tests) in [
        ("Python README with PyTorch", "crates/cim-py/tests/test_readme.py"),
        ("recipes with PyTorch", "crates/cim-py/tests/test_book.py"),
        ("weights in PyTorch", "crates/cim-py/tests/test_finetune.py"),
    ] {
        pytest(name, &torch, binary, tests)?;
    }
    Ok(())
}

/// Installs badcrossbar with what its solver needs: for its pictures it names Cairo, too, which nothing has built.
fn badcrossbar(environment: &Path) -> Result<(), Failure> {
    pip(environment, &["scipy", "pathvalidate"])?;
    pip(environment, &["--no-deps", "badcrossbar==1.1.0"])
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/python")
}

fn failure(what: String) -> Failure {
    Failure::of("Python module", what)
}

fn asked(program: &str) -> bool {
    succeeds(Command::new("python3").args(["-c", program]))
}

/// A fresh environment.
fn environment(name: &str, options: &[&str]) -> Result<PathBuf, Failure> {
    let folder = folder().join(name);
    Step::new("Python environment", "python3", &["-m", "venv", "--clear"])
        .args(options)
        .args(&[&folder])
        .run()?;
    Ok(folder)
}

/// Installs packages that are built already: nothing here may need a compiler.
fn pip(environment: &Path, packages: &[&str]) -> Result<(), Failure> {
    let options = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:"];
    Step::new("pip install", environment.join("bin/python"), &options).args(packages).run()
}

fn pytest(name: &str, environment: &Path, binary: &Path, tests: &str) -> Result<(), Failure> {
    let options = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", tests];
    Step::new(name, environment.join("bin/python"), &options)
        .env("CIM_BINARY", &binary.display().to_string())
        .run()
}

fn only_file(folder: &Path) -> Result<PathBuf, Failure> {
    let files = fs::read_dir(folder).map_err(|error| failure(format!("no wheel: {error}")))?;
    let files: Vec<PathBuf> = files.flatten().map(|file| file.path()).collect();
    match files.as_slice() {
        [wheel] => Ok(wheel.clone()),
        other => Err(failure(format!("{} wheels", other.len()))),
    }
}
