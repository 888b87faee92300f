//! The book in `docs/`: every page is in its table of contents, every link leads somewhere, and the
//! reference of keys is as the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use cim_studies::Explained;
use cim_tests::reference;
use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

/// Pages below a folder.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of pages") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            pages(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// Text outside of fenced blocks, line by line with its number.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

/// What links of a line lead to; what stands between backticks is no link.
fn links(line: &str) -> Vec<String> {
    let words: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let behind = words.split("](").skip(1);
    behind.filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.to_owned()).collect()
}

/// The anchors that a page has: those of its headings, as mdBook and code hosts make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut times = BTreeMap::<String, usize>::new();
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let Some(heading) = line.strip_prefix('#') else { continue };
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let slug: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let before = times.entry(slug.clone()).or_default();
        anchors.insert(if *before == 0 { slug } else { format!("{slug}-{before}") });
        *before += 1;
    }
    anchors
}

/// A path without `.` and `..`, whether or not anything is there.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).expect("the table of contents");
    let listed: Vec<PathBuf> =
        prose(&summary).flat_map(|(_, line)| links(line)).map(|link| docs.join(link)).collect();
    let mut there = Vec::new();
    pages(&docs, &mut there);
    there.retain(|page| *page != docs.join("SUMMARY.md"));
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "a page is there twice");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), there.into_iter().collect());
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let root = root();
    let mut all = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    pages(&root.join("docs"), &mut all);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for page in all {
        let text = fs::read_to_string(&page).expect("a page");
        for (number, link) in prose(&text)
            .flat_map(|(number, line)| links(line).into_iter().map(move |l| (number, l)))
        {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.parent().expect("in a folder");
            let to = if file.is_empty() { page.clone() } else { plain(&folder.join(file)) };
            let found = match fs::metadata(&to) {
                Ok(found) if found.is_dir() || anchor.is_empty() => true,
                Ok(_) => anchors(&fs::read_to_string(&to).expect("a page")).contains(anchor),
                Err(_) => false,
            };
            if !found {
                let page = page.strip_prefix(&root).expect("below").display();
                wrong.push(format!("{page}:{number}: {link}"));
            }
        }
    }
    assert!(100 < count, "{count} links are found");
    assert!(wrong.is_empty(), "these lead nowhere:\n{}", wrong.join("\n"));
}

#[test]
fn the_reference_of_keys_is_as_the_code() {
    let made = reference::reference();
    for (name, now) in [(reference::PAGE, &made.page), (reference::TABLE, &made.table)] {
        let written = fs::read_to_string(root().join(name)).expect("the reference");
        let differ = written.lines().zip(now.lines()).find(|(written, now)| written != now);
        assert!(
            written.replace("\r\n", "\n") == *now,
            "{name} is not as the code: `cargo xtask keys` writes it anew; first difference: {differ:?}"
        );
    }
    let now = made.page;
    let silent =
        |row: &&str| row.ends_with("|  |") || row.contains("): ;") || row.contains("):  |");
    let silent: Vec<&str> = now.lines().filter(silent).collect();
    assert!(silent.is_empty(), "keys without a word about them:\n{}", silent.join("\n"));
}

/// Keys of the reference, each with the words that the page has for it: what stands first in a row of a table, and
/// what a kind has in turn.
fn keys_of_the_page(page: &str) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (name, rest) = row.split_once('`').expect("closed");
        let cells: Vec<&str> = rest.split(" | ").collect();
        keys.push((name.to_owned(), cells.concat()));
        // `key` (unit): meaning; `key` (unit): meaning
        for further in cells.get(1).into_iter().flat_map(|cell| cell.split("; ")) {
            let named = further.strip_prefix('`').and_then(|rest| rest.split_once("` ("));
            if let Some((name, _)) = named.filter(|_| further.contains("): ")) {
                let meaning = further.split_once("): ").map_or("", |(_, meaning)| meaning);
                keys.push((name.to_owned(), meaning.to_owned()));
            }
        }
    }
    keys
}

/// `cim explain` knows every key that the reference has, under its own words.
#[test]
fn every_key_of_the_reference_is_explained() {
    let page = fs::read_to_string(root().join(reference::PAGE)).expect("the reference");
    let keys = keys_of_the_page(&page);
    assert!(500 < keys.len(), "{} keys", keys.len());
    let plain = |text: &str| text.replace("\\|", "|").replace("&lt;", "<");
    let mut wrong = Vec::new();
    for (name, words) in keys {
        let found = Explained::of(Some(&name));
        let words = plain(&words);
        let is_there = |own: &Explained| {
            // The key that says which of several a table is heads its column.
            if words.contains("further keys") {
                return own.meaning == "Which of these it is.";
            }
            let meaning = own.meaning.trim_end_matches('.').split("[`").next().unwrap_or_default();
            let first = meaning.split("; ").next().unwrap_or_default();
            words.contains(first)
        };
        // What has the word in its name, too, is looked for by its whole name.
        let by_path = || {
            found
                .iter()
                .flat_map(|own| &own.also)
                .any(|path| Explained::of(Some(path)).iter().any(is_there))
        };
        if !found.iter().any(is_there) && !by_path() {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "not explained: {wrong:?}");
}

/// Paths of all keys of a table, those of tables in lists too.
fn paths(prefix: &str, table: &Table, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        found.insert(path.clone());
        match value {
            Value::Table(inner) => paths(&path, inner, found),
            Value::Array(values) => {
                values.iter().filter_map(Value::as_table).for_each(|t| paths(&path, t, found));
            }
            _ => {}
        }
    }
}

#[test]
fn every_key_of_a_built_in_preset_is_declared_where_the_reference_looks() {
    for (study, declared) in reference::declared_keys() {
        let mut written = BTreeSet::new();
        paths("", &study.preset.parse().expect("TOML"), &mut written);
        let unknown: Vec<&String> = written.difference(&declared).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", study.name);
    }
}

#[test]
fn anchors_are_those_of_mdbook_and_code_hosts() {
    let text = "# A `b-c` d\n```sh\n# no heading\n```\n## x: 5 µS, y\n## Same\n## Same\n";
    let found = anchors(text);
    let want = ["a-b-c-d", "same", "same-1", "x-5-µs-y"].map(str::to_owned);
    assert_eq!(found, want.into());
    assert_eq!(links("[a](b.md#c) `[no](x)` ![p](q.svg)"), ["b.md#c", "q.svg"]);
}
