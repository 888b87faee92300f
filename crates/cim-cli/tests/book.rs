//! What the book and the README show is what the commands beside it print: line by line the same words. Numbers are
//! not compared, since those of products may differ in their last digits between processors, and files of the
//! reader's own have stand-ins here.

mod desk;

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use ndarray_npy::WriteNpyExt;

use crate::desk::Desk;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a page")
}

/// Commands that take a second at most, with the page that shows what they print, in an order in which each finds
/// the files of those before it.
const SHOWN: [(&str, &str); 8] = [
    ("docs/start.md", "cim device describe hfo2-milo"),
    ("docs/start.md", "cim eval data/networks/mlp.onnx --data data/networks/digits.npz --chips 20"),
    (
        "docs/concepts/devices.md",
        "cim device sample --preset pcm --target 5uS --count 20000 --after 1day --seed 1 --out g.npy",
    ),
    (
        "docs/concepts/wires.md",
        "cim solve --conductances G.npy --volts V.npy --r-row 2 --r-col 2 --out I.npy --plot array.svg",
    ),
    (
        "docs/recipes/cells.md",
        "cim device fit cells.csv --out fitted.toml --source \"bench, May 2026\"",
    ),
    (
        "docs/recipes/cells.md",
        "cim eval data/networks/mlp.onnx --data data/networks/digits.npz --preset ./fitted.toml --chips 20",
    ),
    (
        "docs/recipes/cells.md",
        "cim program --targets T.npy --programmer ispva --preset synaptogen --out held.npy --report program.json",
    ),
    (
        "docs/recipes/network.md",
        "cim eval net.onnx --data test.npz --calibration calibration.npz --chips 20",
    ),
];

/// The first block of text behind a command of a page.
fn shown<'a>(page: &'a str, command: &str) -> &'a str {
    let (_, behind) = page.split_once(command).expect("the command is on the page");
    let (_, block) = behind.split_once("```text\n").expect("its output follows");
    block.split("```").next().unwrap_or_default()
}

/// Lines of `cim` in the blocks of shell of a text, block by block, without comments.
fn blocks_of_lines(text: &str) -> Vec<Vec<&str>> {
    let blocks = text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .map(|block| {
            let lines = block.lines().filter(|line| line.starts_with("cim "));
            lines.filter_map(|line| line.split(" #").next()).collect()
        })
        .collect()
}

impl Desk {
    /// A desk with the files that pages take for the reader's own.
    fn of_a_reader() -> Self {
        let desk = Self::new();
        let cells = |of: (usize, usize), low: f64, high: f64| {
            let step = (high - low) / 10.0;
            Array2::from_shape_fn(of, |(row, col)| low + step * ((row * 7 + col * 3) % 11) as f64)
        };
        let file = |name: &str| fs::File::create(desk.path(name)).expect("a file");
        let written = cells((128, 64), 1e-6, 100e-6).write_npy(file("G.npy"));
        let written = written.and(Array1::from_elem(128, 0.2).write_npy(file("V.npy")));
        written.and(cells((16, 16), 30e-6, 150e-6).write_npy(file("T.npy"))).expect("written");
        let cells = page("docs/recipes/cells.md");
        let (_, table) = cells.split_once("```csv\n").expect("a table");
        fs::write(desk.path("cells.csv"), table.split("```").next().expect("its end"))
            .expect("written");
        let networks = root().join("data/networks");
        for (from, to) in [
            ("mlp.onnx", "net.onnx"),
            ("digits.npz", "test.npz"),
            ("digits.npz", "calibration.npz"),
            ("digits.npz", "train.npz"),
        ] {
            fs::copy(networks.join(from), desk.path(to)).expect("copied");
        }
        desk
    }

    /// What a command as a page has it prints.
    fn says(&self, command: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        for (idx, part) in command.split('"').enumerate() {
            match idx % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        for word in words.iter_mut().filter(|word| word.starts_with("data/")) {
            *word = root().join(&*word).display().to_string();
        }
        let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        let output = self.cim(&words);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {error}");
        assert!(!output.stdout.is_empty(), "{command}");
        String::from_utf8(output.stdout).expect("text")
    }
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
    let desk = Desk::of_a_reader();
    for (name, command) in SHOWN {
        let said = desk.says(command);
        let said: Vec<String> = said.lines().map(words).collect();
        for line in shown(&page(name), command).lines() {
            assert!(said.contains(&words(line)), "{name}: {command} does not print: {line}");
        }
    }
}

/// The lines of the README are what a newcomer types: all of them run, and do what they say.
#[test]
fn the_lines_of_the_readme_run() {
    let desk = Desk::new();
    let readme = page("README.md");
    let section = readme.split("## Your network").nth(1).expect("the section");
    let blocks = blocks_of_lines(section);
    let [measured, tuned] = &blocks[..2] else { panic!("two blocks") };
    let first = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next());
    let count = first.expect("a block").lines().filter(|line| !line.trim().is_empty()).count();
    assert!(count <= 10, "{count} lines");
    assert!(4 <= measured.len() && tuned.len() == 2, "{blocks:?}");
    measured.iter().chain(tuned).for_each(|line| drop(desk.says(line)));
    for made in ["design.toml", "runs/cnn/report.html", "tuned.safetensors"] {
        assert!(desk.path(made).exists(), "{made}");
    }
}

/// All of the recipe but its line of safetensors, which the tests of the Python module run beside PyTorch.
#[test]
fn the_lines_of_the_recipe_of_a_network_run() {
    let desk = Desk::of_a_reader();
    let recipe = page("docs/recipes/network.md");
    let lines = blocks_of_lines(&recipe).concat();
    let (left, ran): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.contains("net.safetensors"));
    assert!(left.len() == 1 && 7 <= ran.len(), "{left:?} {ran:?}");
    ran.iter().for_each(|line| drop(desk.says(line)));
    assert!(desk.path("tuned.safetensors").exists() && desk.path("runs/net/report.html").exists());
}

#[test]
fn numbers_are_left_out_and_spaces_are_single() {
    assert_eq!(words("76.85 ± 3.38 %   of 1,072"), "# ± # % of #");
    assert_eq!(words("  a  12"), "a #");
    assert_eq!(
        blocks_of_lines("a\n```sh\ncim b  # c\nd\n```\n\n```sh\ncim e\n```\n"),
        [["cim b "], ["cim e"]]
    );
}
