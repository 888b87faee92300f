//! Every command that the book and the README print is one that this program takes, with presets, keys,
//! devices and files that exist.

use std::fs;
use std::path::{Path, PathBuf};

use cim_device::program::{CellsPreset, PROGRAMMERS};
use cim_studies::{Explained, named};
use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Cli, Command, Device};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Pages of the book, the README and the page for contributors, by name.
fn pages() -> Vec<(String, String)> {
    let mut files = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of pages") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a text");
        (path.strip_prefix(root()).expect("below").display().to_string(), text)
    };
    files.into_iter().map(read).collect()
}

/// Lines of shell in fenced blocks with their numbers; what goes on behind a backslash is one line.
fn shell_lines(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut is_shell, mut open) = (Vec::new(), false, false);
    let mut begun: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            open = !open;
            is_shell = open && ["sh", "console"].contains(&language.trim());
        } else if is_shell {
            let (first, before) = begun.take().unwrap_or((number, String::new()));
            let line = line.trim();
            match line.strip_suffix('\\') {
                Some(part) => begun = Some((first, before + part)),
                None => lines.push((first, before + line)),
            }
        }
    }
    lines
}

/// Commands of a line as a shell takes it apart: words, without comments and files of redirections.
fn commands(line: &str) -> Vec<Vec<String>> {
    let (mut all, mut words, mut word): (Vec<_>, Vec<String>, _) = (Vec::new(), Vec::new(), None);
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(end), _) if letter == end => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_with(String::new);
            }
            (None, '#') if word.is_none() => break,
            (None, '&' | '|' | ';' | '>' | ' ') => {
                words.extend(word.take());
                match letter {
                    ' ' => {}
                    // The file of a redirection is a word that no command sees.
                    '>' => words.push(">".to_owned()),
                    _ => all.push(std::mem::take(&mut words)),
                }
            }
            _ => word.get_or_insert_with(String::new).push(letter),
        }
    }
    words.extend(word);
    all.push(words);
    for words in &mut all {
        if let Some(at) = words.iter().position(|word| word == ">") {
            words.truncate(at);
        }
    }
    all.into_iter().filter(|words| words.first().is_some_and(|word| word == "cim")).collect()
}

/// Whether a preset is a file of the reader's or a name that is known.
fn is_preset(name: &str) -> bool {
    name.ends_with(".toml") || named(name).is_ok()
}

/// What is wrong with a command, if anything is.
fn refused(words: &[String]) -> Option<String> {
    let missing =
        words.iter().find(|word| word.starts_with("data/") && !root().join(word).exists());
    if let Some(missing) = missing {
        return Some(format!("there is no {missing}"));
    }
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(shown)
            if [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion].contains(&shown.kind()) =>
        {
            return None;
        }
        Err(error) => return Some(error.to_string()),
    };
    let (known, what) = match &cli.command {
        Command::Reproduce(args) => (is_preset(&args.preset), &args.preset),
        Command::Eval(args) => (is_preset(&args.on.preset), &args.on.preset),
        Command::Finetune(args) => (is_preset(&args.on.preset), &args.on.preset),
        Command::Optimise(args) => (is_preset(&args.preset), &args.preset),
        Command::Preset { name } => (named(name).is_ok(), name),
        Command::Explain { key: Some(key) } => (!Explained::of(Some(key)).is_empty(), key),
        Command::Device(Device::Describe { name }) => (cim_device::published(name).is_ok(), name),
        Command::Device(Device::Sample(args)) => {
            (cim_device::published(&args.preset).is_ok(), &args.preset)
        }
        Command::Program(args) if !PROGRAMMERS.contains(&&*args.programmer) => {
            (args.programmer == "gdp", &args.programmer)
        }
        Command::Program(args) => (CellsPreset::named(&args.preset).is_ok(), &args.preset),
        _ => return None,
    };
    (!known).then(|| format!("nothing is called {what}"))
}

#[test]
fn every_command_that_is_printed_is_taken() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (page, text) in pages() {
        for (number, line) in shell_lines(&text) {
            for words in commands(&line) {
                count += 1;
                if let Some(what) = refused(&words) {
                    wrong.push(format!("{page}:{number}: {}: {what}", words.join(" ")));
                }
            }
        }
    }
    assert!(40 < count, "{count} commands are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In sentences and tables, too.
#[test]
fn every_preset_that_is_named_exists() {
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        for (number, line) in (1..).zip(text.lines()) {
            for behind in line.split("--preset ").skip(1) {
                let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_./$".contains(c);
                let name = behind.split(|c| !is_of_name(c)).next().unwrap_or_default();
                let placeholder = name.chars().all(|c| !c.is_ascii_lowercase());
                let known = is_preset(name) || CellsPreset::named(name).is_ok();
                if !placeholder && !known {
                    wrong.push(format!("{page}:{number}: {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "no preset is called so:\n{}", wrong.join("\n"));
}

#[test]
fn lines_are_taken_apart_as_by_a_shell() {
    let text = "cim no\n```sh\ncim a 'b c' \\\n  --d \"5 uS\"  # cim e\n```\ncim no\n```text\ncim no\n```\n";
    let lines = shell_lines(text);
    assert_eq!(lines, [(3, "cim a 'b c' --d \"5 uS\"  # cim e".to_owned())]);
    assert_eq!(commands(&lines[0].1), [["cim", "a", "b c", "--d", "5 uS"]]);
    let two = commands("cim preset paper > mine.toml && echo cim; cim device list | head");
    assert_eq!(two, [["cim", "preset", "paper"], ["cim", "device", "list"]]);
    assert!(refused(&commands("cim reproduce --preset papr")[0]).is_some());
    assert!(refused(&commands("cim solve --no-such-option")[0]).is_some());
    assert!(refused(&commands("cim explain adc_bits")[0]).is_none());
    assert!(refused(&commands("cim eval data/no.onnx --data x.npz")[0]).is_some());
}
