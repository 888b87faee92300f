//! Instructions of hot kernels, counted by Valgrind and compared with those committed.
//!
//! Counts do not depend on how busy a machine is, nor on its cores (one thread is used), nor much on its
//! processor: programs see the one that Valgrind shows them, which has AVX2 and no AVX-512, and always the
//! same caches. What AVX-512 does is timed by `cargo xtask bench` alone. They do depend on the compiler,
//! which is committed with them: counts of another are told and not judged.
//!
//! Valgrind is called directly. A harness such as `gungraun` would separate a kernel from what prepares
//! it by client requests, which need its own runner and a crate; here a kernel runs once and three times,
//! and the difference is the kernel.

use std::{env, fs, path::Path, process::Command, thread};

use crate::built;
use crate::debian::succeeds;
use crate::step::{Failure, Step};

/// Where the counts are committed.
const FILE: &str = "benches/instructions.txt";

/// More instructions than committed that are let pass, as a share.
const SLACK: f64 = 0.03;

/// Whether Valgrind can be called.
pub fn valgrind_is_found() -> bool {
    succeeds(Command::new("valgrind").arg("--version"))
}

/// Counts all kernels; `check` compares with the file and does not write it.
///
/// # Errors
/// [`Failure`] if a kernel cannot be counted or, with `check`, takes more than it may.
pub fn run(check: bool) -> Result<(), Failure> {
    let build = ["build", "--release", "-p", "cim-benches", "--bin", "cim-kernels"];
    Step::cargo("kernels", &build).run()?;
    judge(check)
}

/// As [`run`], with the kernels as they are built.
///
/// # Errors
/// As [`run`].
pub fn judge(check: bool) -> Result<(), Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is in the root");
    let kernels = built("cim-kernels");
    let committed = fs::read_to_string(root.join(FILE)).unwrap_or_default();
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiler = format!("# {}", output(Command::new(rustc).arg("--version"))?.0.trim());
    let (mut text, mut worse) = (format!("{compiler}\n"), Vec::new());
    for name in output(&mut Command::new(&kernels))?.0.lines() {
        // Side by side: instructions are those of a process, whoever else runs.
        let (once, thrice) = thread::scope(|scope| {
            let once = scope.spawn(|| count(&kernels, name, "1"));
            let thrice = count(&kernels, name, "3");
            (once.join().expect("counting does not panic"), thrice)
        });
        let each = thrice?.saturating_sub(once?) / 2;
        let line = committed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let before = line.and_then(|count| count.trim().parse::<u64>().ok());
        let change = before.map_or(0.0, |before| each as f64 / before as f64 - 1.0);
        println!("{name:28} {each:>12} {:+.2} %", 100.0 * change);
        if SLACK < change || (check && before.is_none()) {
            worse.push(name.to_owned());
        }
        text += &format!("{name} {each}\n");
    }
    if !check {
        return fs::write(root.join(FILE), text).map_err(|reason| {
            Failure::of("instructions", format!("cannot write {FILE}: {reason}"))
        });
    }
    if worse.is_empty() {
        return Ok(());
    }
    let counted = committed.lines().next().unwrap_or_default();
    if counted != compiler {
        println!("xtask: {FILE} is of `{counted}`, this is `{compiler}`: counts are not judged");
        return Ok(());
    }
    let what = format!(
        "more than 3 % above {FILE}, or not in it: {}; `cargo xtask instructions` writes it anew",
        worse.join(", ")
    );
    Err(Failure::of("instructions", what))
}

/// Instructions of a process that runs a kernel so often.
fn count(kernels: &Path, name: &str, repeats: &str) -> Result<u64, Failure> {
    let mut valgrind = Command::new("valgrind");
    valgrind.env("RAYON_NUM_THREADS", "1");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let (_, told) = output(valgrind.arg(kernels).args([name, repeats]))?;
    let line =
        told.lines().find_map(|line| line.split_once("I refs:").or(line.split_once("I   refs:")));
    let digits =
        line.map(|(_, count)| count.chars().filter(char::is_ascii_digit).collect::<String>());
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Failure::of("instructions", format!("no count of {name} in: {told}")))
}

/// What a command says on both channels.
fn output(command: &mut Command) -> Result<(String, String), Failure> {
    let failed = |what: String| Failure::of("instructions", what);
    let program = command.get_program().display().to_string();
    let done =
        command.output().map_err(|reason| failed(format!("cannot run {program}: {reason}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if done.status.success() {
        Ok((text(&done.stdout), text(&done.stderr)))
    } else {
        Err(failed(format!("{program}: {}\n{}", done.status, text(&done.stderr))))
    }
}
