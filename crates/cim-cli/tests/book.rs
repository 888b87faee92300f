//! What the book shows is what the commands beside it print: line by line the same words. Numbers are
//! not compared, since those of products may differ in their last digits between processors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Commands that take a second at most, with the page that shows what they print.
const SHOWN: [(&str, &str); 3] = [
    ("start.md", "cim device describe hfo2-milo"),
    ("start.md", "cim eval data/networks/mlp.onnx --data data/networks/digits.npz --chips 20"),
    (
        "concepts/devices.md",
        "cim device sample --preset pcm --target 5uS --count 20000 --after 1day --seed 1 --out g.npy",
    ),
];

/// The first block of text behind a command of a page.
fn shown<'a>(page: &'a str, command: &str) -> &'a str {
    let (_, behind) = page.split_once(command).expect("the command is on the page");
    let (_, block) = behind.split_once("```text\n").expect("its output follows");
    block.split("```").next().unwrap_or_default()
}

/// A line without its numbers and with single spaces.
fn words(line: &str) -> String {
    let mut text = String::new();
    for letter in line.chars() {
        match letter {
            '0'..='9' | '.' | ',' if text.ends_with('#') => {}
            '0'..='9' => text.push('#'),
            _ if letter.is_whitespace() && (text.is_empty() || text.ends_with(' ')) => {}
            _ if letter.is_whitespace() => text.push(' '),
            _ => text.push(letter),
        }
    }
    text.trim_end().to_owned()
}

#[test]
fn the_book_shows_what_commands_print() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (page, command) in SHOWN {
        let text = fs::read_to_string(root().join("docs").join(page)).expect("a page");
        let args = command.split(' ').skip(1).map(|word| match word.starts_with("data/") {
            true => root().join(word).display().to_string(),
            false => word.to_owned(),
        });
        let mut cim = Command::new(env!("CARGO_BIN_EXE_cim"));
        let output = cim.args(args).current_dir(&folder).output().expect("the binary starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).expect("text");
        let said: Vec<String> = said.lines().map(words).collect();
        for line in shown(&text, command).lines() {
            assert!(said.contains(&words(line)), "{page}: {command} does not print: {line}");
        }
    }
}

#[test]
fn numbers_are_left_out_and_spaces_are_single() {
    assert_eq!(words("76.85 ± 3.38 %   of 1,072"), "# ± # % of #");
    assert_eq!(words("  a  12"), "a #");
}
