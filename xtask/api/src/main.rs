//! The public API of every library crate as text, one file each below `docs/api/`: written, or with
//! `--check` compared, so that no change of it goes unseen.
//!
//! The text comes from rustdoc's JSON, whose layout follows the compiler: it is made by the compiler that
//! runs this, and a compiler whose layout the `public-api` crate does not know is told as such.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks")]
#![expect(clippy::disallowed_methods, reason = "a build tool reads its environment")]

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use cargo_metadata::{Metadata, MetadataCommand, TargetKind};

/// Set where this program stands in for rustdoc.
const AS_RUSTDOC: &str = "CIM_API_AS_RUSTDOC";

fn main() -> ExitCode {
    if env::var_os(AS_RUSTDOC).is_some() {
        return rustdoc();
    }
    let args: Vec<String> = env::args().skip(1).collect();
    let check = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--check"] => true,
        _ => {
            eprintln!("error: takes `--check` or nothing");
            return ExitCode::from(2);
        }
    };
    match run(check) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(changed) => {
            eprintln!(
                "error: the public API of {changed} crates differs from docs/api; if that is meant, run \
                 `cargo xtask api`, commit the text, and say it in CHANGELOG.md"
            );
            ExitCode::FAILURE
        }
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}

/// Writes or compares the text of every library; returns how many differ.
fn run(check: bool) -> Result<usize, String> {
    let workspace = MetadataCommand::new()
        .no_deps()
        .exec()
        .map_err(|error| format!("cannot read the workspace: {error}"))?;
    let folder = workspace.workspace_root.join("docs/api");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {folder}: {error}"))?;
    let names = libraries(&workspace);
    document()?;
    let mut changed = 0;
    for name in names {
        let text = public_api(&name, workspace.target_directory.as_std_path())?;
        let path = folder.join(format!("{name}.txt"));
        if check {
            let kept = fs::read_to_string(&path).unwrap_or_default();
            if kept != text {
                changed += 1;
                difference(&name, &kept, &text);
            }
        } else {
            fs::write(&path, text).map_err(|error| format!("cannot write {path}: {error}"))?;
            println!("{path}");
        }
    }
    Ok(changed)
}

/// Names of the published library crates, in alphabetical order.
fn libraries(workspace: &Metadata) -> Vec<String> {
    let mut names: Vec<String> = workspace
        .workspace_packages()
        .into_iter()
        .filter(|package| package.publish.as_ref().is_none_or(|to| !to.is_empty()))
        .filter(|package| package.targets.iter().any(|t| t.kind.contains(&TargetKind::Lib)))
        .map(|package| package.name.to_string())
        .collect();
    names.sort();
    names
}

/// Has rustdoc write the JSON of all libraries at once, with what clippy has compiled: Cargo gets the same
/// packages and the same environment, and calls us for rustdoc.
fn document() -> Result<(), String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let us = env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let done = Command::new(cargo)
        .args(["doc", "--quiet", "--workspace", "--no-deps", "--lib"])
        .env("RUSTDOC", us)
        .env(AS_RUSTDOC, "1")
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json --cap-lints allow")
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if done.success() { Ok(()) } else { Err(format!("rustdoc failed: {done}")) }
}

/// Rustdoc with what is not stable. The JSON of rustdoc is not; a stable compiler writes it if its
/// environment asks so, which is not set for all of Cargo: build scripts look at it, and everything
/// would be compiled once more.
fn rustdoc() -> ExitCode {
    let done =
        Command::new("rustdoc").args(env::args_os().skip(1)).env("RUSTC_BOOTSTRAP", "1").status();
    match done {
        Ok(done) if done.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: cannot run rustdoc: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The public API of one crate, one item a line, from its JSON.
fn public_api(name: &str, target: &Path) -> Result<String, String> {
    let json = target.join("doc").join(format!("{}.json", name.replace('-', "_")));
    let api = public_api::Builder::from_rustdoc_json(&json)
        .sorted(true)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|error| format!("cannot read {} by this compiler: {error}", json.display()))?;
    Ok(format!("{api}\n"))
}

/// Prints what went and what came.
fn difference(name: &str, kept: &str, text: &str) {
    let lines =
        |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    let (kept, text) = (lines(kept), lines(text));
    println!("{name}:");
    kept.difference(&text).for_each(|line| println!("- {line}"));
    text.difference(&kept).for_each(|line| println!("+ {line}"));
}
